//! Reads types.

use super::super::node::{FunctionType, INOUT, Kind, Nominal};
use super::super::tree::Id;
use super::Reader;

const BUILTIN: [(u8, &str); 7] = [
    (b'b', "Builtin.BridgeObject"),
    (b'B', "Builtin.UnsafeValueBuffer"),
    (b'O', "Builtin.UnknownObject"),
    (b'o', "Builtin.NativeObject"),
    (b'p', "Builtin.RawPointer"),
    (b't', "Builtin.SILToken"),
    (b'w', "Builtin.Word"),
];
const FUNCTIONS: [(u8, FunctionType); 5] = [
    (b'b', FunctionType::Block),
    (b'c', FunctionType::C),
    (b'F', FunctionType::Plain),
    (b'f', FunctionType::Uncurried),
    (b'K', FunctionType::AutoClosure),
];
const CALLEE: [(u8, &str); 4] = [
    (b't', "@convention(thin)"),
    (b'd', "@callee_unowned"),
    (b'g', "@callee_guaranteed"),
    (b'o', "@callee_owned"),
];
const CONVENTION: [(u8, &str); 5] = [
    (b'b', "@convention(block)"),
    (b'c', "@convention(c)"),
    (b'm', "@convention(method)"),
    (b'O', "@convention(objc_method)"),
    (b'w', "@convention(witness_method)"),
];
const PARAMETER: [(u8, &str); 6] = [
    (b'd', "@unowned"),
    (b'g', "@guaranteed"),
    (b'e', "@deallocating"),
    (b'i', "@in"),
    (b'l', "@inout"),
    (b'o', "@owned"),
];
const RESULT: [(u8, &str); 5] = [
    (b'a', "@autoreleased"),
    (b'd', "@unowned"),
    (b'D', "@unowned_inner_pointer"),
    (b'i', "@out"),
    (b'o', "@owned"),
];

impl Reader<'_> {
    pub(super) fn any_type(&mut self) -> Option<Id> {
        let id = self.deeper(Self::bare_type)?;
        self.tree.with_children(Kind::Type, &[id])
    }

    fn bare_type(&mut self) -> Option<Id> {
        if let Some(kind) = self.eat_of(&FUNCTIONS) {
            return self.function_type(kind);
        }
        match self.next()? {
            b'B' => self.builtin_type(),
            b'a' => self.declaration(Nominal::Alias),
            b'C' => self.declaration(Nominal::Class),
            b'V' => self.declaration(Nominal::Structure),
            b'O' => self.declaration(Nominal::Enum),
            b'D' => self.of_type(Kind::SelfType),
            b'E' if self.eat_all(b"RR") => self.tree.node(Kind::ErrorType),
            b'G' => self.bound_generic_type(),
            b'M' => self.of_type(Kind::Metatype),
            b'P' if self.eat(b'M') => self.of_type(Kind::ExistentialMetatype),
            b'P' => self.protocol_list(),
            b'Q' if self.eat(b'u') => self.tree.node(Kind::OpaqueReturnType),
            b'Q' if self.eat(b'U') => {
                self.index()?;
                self.tree.node(Kind::OpaqueReturnType)
            }
            b'Q' => self.archetype(),
            b'q' => self.dependent_type(),
            b'x' => self.parameter_type(0, 0),
            b'w' => self.associated_type(),
            b'W' => self.compound_associated_type(),
            b'R' => {
                let inner = self.deeper(Self::bare_type)?;
                self.tree.with_children(INOUT, &[inner])
            }
            b'k' => {
                let inner = self.deeper(Self::bare_type)?;
                self.tree.with_children(Kind::Form("@noDerivative {0}"), &[inner])
            }
            b'S' => self.substitution(),
            b'T' => self.tuple(false),
            b't' => self.tuple(true),
            b'u' => {
                let signature = self.signature()?;
                let id = self.any_type()?;
                self.tree.with_children(Kind::GenericType, &[signature, id])
            }
            b'X' => self.special_type(),
            _ => None,
        }
    }

    fn special_type(&mut self) -> Option<Id> {
        match self.next()? {
            b'b' => self.of_type(Kind::Box),
            b'B' => self.boxed(),
            b'M' => self.represented_metatype(Kind::Metatype),
            b'P' if self.eat(b'M') => self.represented_metatype(Kind::ExistentialMetatype),
            b'P' => self.protocol_list(),
            b'f' => self.function_type(FunctionType::Thin),
            b'o' => self.of_type(Kind::Form("unowned {0}")),
            b'u' => self.of_type(Kind::Form("unowned(unsafe) {0}")),
            b'w' => self.of_type(Kind::Form("weak {0}")),
            b'F' => self.impl_function_type(),
            _ => None,
        }
    }

    fn builtin_type(&mut self) -> Option<Id> {
        if let Some(name) = self.eat_of(&BUILTIN) {
            return self.tree.with_word(Kind::BuiltinName, name);
        }
        let count = if self.eat(b'v') {
            let count = self.natural()?;
            if !self.eat(b'B') {
                return None;
            }
            format!("Vec{count}x")
        } else {
            String::new()
        };
        let name = match self.next()? {
            b'p' if !count.is_empty() => "RawPointer".to_owned(),
            letter @ (b'f' | b'i') => {
                let size = self.natural()?;
                if !self.eat(b'_') {
                    return None;
                }
                format!("{}{size}", if letter == b'f' { "FPIEEE" } else { "Int" })
            }
            _ => return None,
        };
        self.tree.with_text(Kind::BuiltinName, format!("Builtin.{count}{name}").as_bytes())
    }

    fn function_type(&mut self, kind: FunctionType) -> Option<Id> {
        let function = self.tree.node(Kind::FunctionType(kind))?;
        for (letter, annotation) in
            [(b'z', Kind::Throws), (b'y', Kind::Sendable), (b'Z', Kind::Async)]
        {
            if self.eat(letter) {
                let annotation = self.tree.node(annotation)?;
                self.tree.add(function, annotation)?;
            }
        }
        if self.eat(b'D') {
            let letter = self.next().filter(|letter| b"frdl".contains(letter))?;
            let derivative = self.tree.with_index(Kind::Differentiable, letter.into())?;
            self.tree.add(function, derivative)?;
        }
        if self.eat(b'Y') {
            let actor = self.of_type(Kind::GlobalActor)?;
            self.tree.add(function, actor)?;
        }
        for kind in [Kind::Arguments, Kind::Returns] {
            let id = self.of_type(kind)?;
            self.tree.add(function, id)?;
        }
        Some(function)
    }

    pub(super) fn bound_generic_type(&mut self) -> Option<Id> {
        let nominal = self.nominal_type()?;
        self.bind(nominal)
    }

    /// Reads the generic arguments of a declaration, after those of what it is in.
    fn bind(&mut self, mut nominal: Id) -> Option<Id> {
        let parent = self.tree.first(nominal)?;
        if !matches!(self.tree.kind(parent), Kind::Module | Kind::Function | Kind::Extension) {
            let parent = self.deeper(|reader| reader.bind(parent))?;
            let bound = self.tree.with_children(self.tree.kind(nominal), &[parent])?;
            self.tree.add_all(bound, nominal, 1)?;
            nominal = bound;
        }
        let arguments = self.list(Kind::TypeList, Self::any_type)?;
        if self.tree.len(arguments) == 0 {
            return Some(nominal);
        }
        let Kind::Nominal(kind @ (Nominal::Class | Nominal::Structure | Nominal::Enum)) =
            self.tree.kind(nominal)
        else {
            return None;
        };
        let unbound = self.tree.with_children(Kind::Type, &[nominal])?;
        self.tree.with_children(Kind::Bound(kind), &[unbound, arguments])
    }

    fn protocol_list(&mut self) -> Option<Id> {
        let types = self.list(Kind::TypeList, Self::protocol_name)?;
        self.tree.with_children(Kind::ProtocolList, &[types])
    }

    fn tuple(&mut self, is_variadic: bool) -> Option<Id> {
        let tuple = self.list(Kind::Tuple, |reader| {
            let element = reader.tree.node(Kind::TupleElement)?;
            if matches!(reader.peek()?, b'0'..=b'9' | b'o') {
                let name = reader.identifier(Some(Kind::ElementName))?;
                reader.tree.add(element, name)?;
            }
            let id = reader.any_type()?;
            reader.tree.add(element, id)?;
            Some(element)
        })?;
        if is_variadic && let Some(last) = self.tree.last(tuple) {
            let marker = self.tree.node(Kind::Variadic)?;
            self.tree.add(last, marker)?;
        }
        Some(tuple)
    }

    fn represented_metatype(&mut self, kind: Kind) -> Option<Id> {
        let representation = match self.next()? {
            b't' => "@thin",
            b'T' => "@thick",
            b'o' => "@objc_metatype",
            _ => return None,
        };
        let representation = self.tree.with_word(Kind::MetatypeRepresentation, representation)?;
        let id = self.any_type()?;
        self.tree.with_children(kind, &[representation, id])
    }

    fn boxed(&mut self) -> Option<Id> {
        let signature = if self.eat(b'G') { Some(self.signature()?) } else { None };
        let layout = self.list(Kind::BoxLayout, |reader| {
            let kind = match reader.next()? {
                b'm' => Kind::BoxField("var "),
                b'i' => Kind::BoxField("let "),
                _ => return None,
            };
            reader.of_type(kind)
        })?;
        let boxed = self.tree.with_children(Kind::BoxWithLayout, &[layout])?;
        if let Some(signature) = signature {
            let arguments = self.list(Kind::TypeList, Self::any_type)?;
            self.tree.add(boxed, signature)?;
            self.tree.add(boxed, arguments)?;
        }
        Some(boxed)
    }

    fn impl_function_type(&mut self) -> Option<Id> {
        let function = self.tree.node(Kind::ImplFunction)?;
        let callee = self.eat_of(&CALLEE)?;
        self.word(function, callee)?;
        if self.eat(b'C') {
            let convention = self.eat_of(&CONVENTION)?;
            self.word(function, convention)?;
        }
        if self.eat(b'h') {
            self.word(function, "@Sendable")?;
        }
        if self.eat(b'H') {
            self.word(function, "@async")?;
        }
        if self.eat(b'G') || self.eat(b'g') {
            let signature = self.signature()?;
            self.tree.add(function, signature)?;
        }
        if !self.eat(b'_') {
            return None;
        }
        while !self.eat(b'_') {
            let convention = self.eat_of(&PARAMETER)?;
            self.value(function, Kind::ImplParameter, convention)?;
        }
        while !self.eat(b'_') {
            let kind = if self.eat(b'z') { Kind::ImplOther("@error ") } else { Kind::ImplResult };
            let convention = self.eat_of(&RESULT)?;
            self.value(function, kind, convention)?;
        }
        Some(function)
    }

    fn word(&mut self, function: Id, word: &'static str) -> Option<()> {
        let word = self.tree.node(Kind::Word(word))?;
        self.tree.add(function, word)
    }

    fn value(&mut self, function: Id, kind: Kind, convention: &'static str) -> Option<()> {
        let convention = self.tree.with_word(Kind::ImplConvention, convention)?;
        let id = self.any_type()?;
        let value = self.tree.with_children(kind, &[convention, id])?;
        self.tree.add(function, value)
    }
}
