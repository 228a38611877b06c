//! Reads a whole name, operator by operator.

use super::super::node::{INOUT, Kind, Nominal, REF_IN_PROTOCOL_MODULE, REF_IN_TYPE_MODULE};
use super::super::tree::Id;
use super::{Parser, async_main, prefix};

impl Parser<'_> {
    /// The whole name.
    pub(in super::super) fn symbol(&mut self) -> Option<Id> {
        if let Some(len) = prefix(self.name) {
            self.at = len;
        } else {
            self.at = async_main(self.name)?;
            let main = self.tree.node(Kind::Word("async main entry point"))?;
            self.push(main);
        }
        while self.at < self.name.len() {
            let id = self.operator()?;
            self.push(id);
        }
        let global = self.tree.node(Kind::Global)?;
        let suffix = self.pop(Kind::Suffix);
        // What a partial application is for is in it.
        let mut parent = global;
        while let Some(attribute) = self.pop_if(Kind::is_function_attribute) {
            self.tree.add(parent, attribute)?;
            if matches!(self.tree.kind(attribute), Kind::PartialApply(_)) {
                parent = attribute;
            }
        }
        for id in std::mem::take(&mut self.stack) {
            // Left over: some short name of another language. `swift demangle` prints the mark.
            if matches!(self.tree.kind(id), Kind::EmptyList | Kind::FirstElement | Kind::Variadic) {
                return None;
            }
            let inner = if self.tree.is(id, Kind::Type) { self.tree.first(id)? } else { id };
            self.tree.add(parent, inner)?;
        }
        if let Some(suffix) = suffix {
            self.tree.add(global, suffix)?;
        }
        (self.tree.len(global) > 0).then_some(global)
    }

    fn operator(&mut self) -> Option<Id> {
        // Filler, so that a relative reference is aligned.
        while self.eat(0xFF) {}
        let byte = self.next()?;
        match byte {
            b'A' => self.substitutions(),
            b'B' => self.builtin_type(),
            b'C' => self.nominal(Nominal::Class),
            b'D' => self.type_mangling(),
            b'E' => self.extension(),
            b'F' => self.plain_function(),
            b'G' => self.bound_generic_type(),
            b'H' => self.conformance(),
            b'I' => self.impl_function_type(),
            b'K' => self.tree.node(Kind::Throws),
            b'L' => self.local_identifier(),
            b'M' => self.metadata(),
            b'N' => self.of_type(Kind::Form("type metadata for {0}")),
            b'O' => self.nominal(Nominal::Enum),
            b'P' => self.nominal(Nominal::Protocol),
            b'Q' => self.archetype(),
            b'R' => self.requirement(),
            b'S' => self.standard_substitution(),
            b'T' => self.thunk(),
            b'V' => self.nominal(Nominal::Structure),
            b'W' => self.witness(),
            b'X' => self.special_type(),
            b'Y' => self.annotation(),
            b'Z' => self.of_entity(Kind::Static),
            b'a' => self.nominal(Nominal::Alias),
            b'.' => {
                self.at -= 1;
                let rest = self.name.get(self.at..)?;
                self.at = self.name.len();
                self.tree.with_text(Kind::Suffix, rest)
            }
            b'0'..=b'9' => {
                self.at -= 1;
                self.identifier()
            }
            _ => self.small_operator(byte),
        }
    }

    fn small_operator(&mut self, byte: u8) -> Option<Id> {
        match byte {
            b'c' => self.function_type(super::super::node::FunctionType::Plain),
            b'd' => self.tree.node(Kind::Variadic),
            b'f' => self.function_entity(),
            b'g' => self.retroactive_conformance(),
            b'h' => self.wrap_inner(Kind::Form("__shared {0}")),
            b'i' => self.subscript(),
            b'l' => self.signature(false),
            b'm' => self.wrap_type(Kind::Metatype),
            b'n' => self.wrap_inner(Kind::Form("__owned {0}")),
            b'o' => self.operator_identifier(),
            b'p' => {
                let protocols = self.protocol_list()?;
                self.wrap(protocols)
            }
            b'q' => {
                let parameter = self.generic_parameter()?;
                self.wrap(parameter)
            }
            b'r' => self.signature(true),
            b's' => self.tree.with_word(Kind::Module, "Swift"),
            b't' => self.tuple(),
            b'u' => self.generic_type(),
            b'v' => self.variable(),
            b'w' => self.value_witness(),
            b'x' => {
                let parameter = self.parameter_type(0, 0)?;
                self.wrap(parameter)
            }
            b'y' => self.tree.node(Kind::EmptyList),
            b'z' => self.wrap_inner(INOUT),
            b'_' => self.tree.node(Kind::FirstElement),
            b'$' => self.integer(),
            _ => None,
        }
    }

    /// A type with the labels of its parameters, in debug information.
    fn type_mangling(&mut self) -> Option<Id> {
        let id = self.pop(Kind::Type)?;
        let labels = self.labels(Some(id));
        let mangling = self.tree.node(Kind::TypeMangling)?;
        if let Some(labels) = labels {
            self.tree.add(mangling, labels)?;
        }
        self.tree.add(mangling, id)?;
        Some(mangling)
    }

    fn extension(&mut self) -> Option<Id> {
        let signature = self.pop(Kind::Signature);
        let module = self.pop_module()?;
        let extended = self.pop_any_generic()?;
        let extension = self.tree.with_children(Kind::Extension, &[module, extended])?;
        if let Some(signature) = signature {
            self.tree.add(extension, signature)?;
        }
        Some(extension)
    }

    /// What follows an `H`.
    fn conformance(&mut self) -> Option<Id> {
        match self.next()? {
            b'A' => self.associated_conformance(),
            b'C' => self.concrete_conformance(),
            b'D' => self.root_conformance(),
            b'I' => self.inherited_conformance(),
            b'O' => self.opaque_conformance(),
            b'P' => self.of_protocol(REF_IN_TYPE_MODULE),
            b'p' => self.of_protocol(REF_IN_PROTOCOL_MODULE),
            b'X' => self.pack_conformance(),
            b'c' => self.of_conformance(Kind::Form(
                "protocol conformance descriptor runtime record for {0}",
            )),
            b'n' => self.of_type(Kind::Form("nominal type descriptor runtime record for {0}")),
            b'o' => self.of_any(Kind::Form("opaque type descriptor runtime record for {0}")),
            b'r' => self.of_protocol(Kind::Form("protocol descriptor runtime record for {0}")),
            b'F' => self.tree.node(Kind::Attribute("accessible function runtime record for ")),
            _ => None,
        }
    }

    /// An integer as a generic argument.
    fn integer(&mut self) -> Option<Id> {
        let integer = if self.eat(b'n') {
            let value = i64::from(self.index()?);
            self.tree.with_index(Kind::NegativeInteger, value.unsigned_abs())?
        } else {
            let value = self.index()?;
            self.tree.with_index(Kind::Integer, value.into())?
        };
        self.wrap(integer)
    }
}
