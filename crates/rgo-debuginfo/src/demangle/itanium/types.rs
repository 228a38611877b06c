//! Reads types (Itanium C++ ABI, 5.1.5).
//!
//! ```text
//! <type> ::= <builtin-type>                              not remembered for substitutions
//!        ::= <substitution>                              not remembered
//!        ::= P | R | O | C | G <type>                    pointer, &, &&, complex, imaginary
//!        ::= <CV-qualifiers> <type>
//!        ::= U <source-name> [<template-args>] <type>    a vendor's qualifier
//!        ::= <function-type> | A <size> _ <type> | M <class type> <member type>
//!        ::= [Ts | Tu | Te] <name>
//!        ::= <template-param> [<template-args>] | <substitution> <template-args>
//!        ::= Dp <type> | Dv <size> _ <type> | Dt <expression> E | DT <expression> E
//! <function-type> ::= [<CV-qualifiers>] [Do | DO <expression> E | Dw <type>+ E] [Dx]
//!                     F [Y] <type>+ [R | O] E            result, then parameters
//! <size>          ::= [<number> | <expression>]
//! ```

use super::arena::type_by_letter;
use super::id::{NodeId, Traits};
use super::node::{Node, Prototype, Qualifiers, RefQualifier, Word};
use super::parser::Parser;

impl Parser<'_> {
    pub(super) fn type_(&mut self) -> Option<NodeId> {
        let first = self.cursor.peek();
        if let Some(found) = type_by_letter(first) {
            self.cursor.skip(1);
            return Some(found);
        }
        self.nested(|it| match first {
            b'S' if it.cursor.peek_at(1) != b't' => it.type_of_substitution(),
            b'D' => it.type_by_d(),
            _ => {
                let found = it.new_type(first)?;
                Some(it.remember(found))
            }
        })
    }

    /// Reads a type that can be referred back to.
    fn new_type(&mut self, first: u8) -> Option<NodeId> {
        match first {
            b'P' => {
                self.cursor.skip(1);
                let to = self.type_()?;
                self.add_with(Node::Pointer(to), Traits::right(to.right()))
            }
            b'R' | b'O' => {
                self.cursor.skip(1);
                let to = self.type_()?;
                let node = Node::Reference { to, is_right: first == b'O', is_printing: false };
                self.add_with(node, Traits::right(to.right()))
            }
            b'r' | b'V' | b'K' if self.is_function_behind_qualifiers() => self.function_type(),
            b'r' | b'V' | b'K' | b'U' => self.qualified_type(),
            b'C' => self.postfixed(&" complex"),
            b'G' => self.postfixed(&" imaginary"),
            b'F' => self.function_type(),
            b'A' => self.array_type(),
            b'M' => {
                self.cursor.skip(1);
                let class = self.type_()?;
                let member = self.type_()?;
                let traits = Traits::right(member.right());
                self.add_with(Node::MemberPointer { class, member }, traits)
            }
            b'T' if !matches!(self.cursor.peek_at(1), b's' | b'u' | b'e') => {
                self.template_parameter_type()
            }
            b'u' => self.vendor_type(),
            _ => self.class_or_enum(),
        }
    }

    fn is_function_behind_qualifiers(&self) -> bool {
        let mut ahead = self.cursor;
        for qualifier in *b"rVK" {
            ahead.eat(qualifier);
        }
        match ahead.peek() {
            b'F' => true,
            b'D' => matches!(ahead.peek_at(1), b'o' | b'O' | b'w' | b'x'),
            _ => false,
        }
    }

    pub(super) fn qualifiers(&mut self) -> Qualifiers {
        let mut bits = 0;
        for (letter, bit) in
            [(b'r', Qualifiers::RESTRICT), (b'V', Qualifiers::VOLATILE), (b'K', Qualifiers::CONST)]
        {
            if self.cursor.eat(letter) {
                bits |= bit;
            }
        }
        Qualifiers(bits)
    }

    fn qualified_type(&mut self) -> Option<NodeId> {
        self.nested(|it| {
            if it.cursor.eat(b'U') {
                return it.vendor_qualified();
            }
            let qualifiers = it.qualifiers();
            let of = it.type_()?;
            if qualifiers == Qualifiers::default() {
                return Some(of);
            }
            it.add_with(Node::Qualified { of, qualifiers }, of.traits())
        })
    }

    /// Reads `U <source-name>`, where the name `objcproto<source-name>` is an Objective-C protocol.
    fn vendor_qualified(&mut self) -> Option<NodeId> {
        const PROTOCOL: &[u8] = b"objcproto";
        let qualifier = self.cursor.counted()?;
        if qualifier.of(self.cursor.name()).starts_with(PROTOCOL) {
            let protocol = self.cursor.within(qualifier, PROTOCOL.len()).counted()?;
            let of = self.qualified_type()?;
            return self.add(Node::ObjcProtocol { of, protocol });
        }
        let mut qualifier = self.add(Node::Text(qualifier))?;
        if self.cursor.peek() == b'I' {
            let arguments = self.template_arguments(false)?;
            qualifier = self.add(Node::WithArguments { name: qualifier, arguments })?;
        }
        let of = self.qualified_type()?;
        self.add(Node::VendorQualified { of, qualifier })
    }

    fn postfixed(&mut self, word: Word) -> Option<NodeId> {
        self.cursor.skip(1);
        let of = self.type_()?;
        self.add(Node::Postfixed { of, word })
    }

    fn vendor_type(&mut self) -> Option<NodeId> {
        self.cursor.skip(1);
        let name = self.cursor.counted()?;
        if !self.cursor.eat(b'I') {
            return self.add(Node::Text(name));
        }
        let of = self.type_()?;
        if !self.cursor.eat(b'E') {
            return None;
        }
        self.add(Node::Transformed { transform: name, of })
    }

    fn class_or_enum(&mut self) -> Option<NodeId> {
        let word: Word = match (self.cursor.peek(), self.cursor.peek_at(1)) {
            (b'T', b's') => &"struct ",
            (b'T', b'u') => &"union ",
            (b'T', b'e') => &"enum ",
            _ => return self.name(None),
        };
        self.cursor.skip(2);
        let of = self.name(None)?;
        self.add(Node::Elaborated { of, word })
    }

    fn template_parameter_type(&mut self) -> Option<NodeId> {
        let name = self.template_parameter()?;
        if !self.takes_arguments || self.cursor.peek() != b'I' {
            return Some(name);
        }
        self.remember(name);
        let arguments = self.template_arguments(false)?;
        self.add(Node::WithArguments { name, arguments })
    }

    fn type_of_substitution(&mut self) -> Option<NodeId> {
        let (name, is_substitution) = self.unscoped_name(None, true)?;
        let found = if self.cursor.peek() == b'I' && (!is_substitution || self.takes_arguments) {
            if !is_substitution {
                self.remember(name);
            }
            let arguments = self.template_arguments(false)?;
            self.add(Node::WithArguments { name, arguments })?
        } else if is_substitution {
            return Some(name);
        } else {
            name
        };
        Some(self.remember(found))
    }

    /// Reads a type that starts with `D`.
    fn type_by_d(&mut self) -> Option<NodeId> {
        let found = match self.cursor.peek_at(1) {
            b't' | b'T' => self.decltype()?,
            b'v' => self.vector_type()?,
            b'p' => {
                self.cursor.skip(2);
                let of = self.type_()?;
                self.add(Node::Expansion(of))?
            }
            b'o' | b'O' | b'w' | b'x' => self.function_type()?,
            kind @ (b'B' | b'U') => self.bit_int(kind == b'B')?,
            _ => return self.builtin_by_d(),
        };
        Some(self.remember(found))
    }

    pub(super) fn decltype(&mut self) -> Option<NodeId> {
        if self.cursor.peek() != b'D' || !matches!(self.cursor.peek_at(1), b't' | b'T') {
            return None;
        }
        self.cursor.skip(2);
        let of = self.expression()?;
        if !self.cursor.eat(b'E') {
            return None;
        }
        let precedence = super::operator::Precedence::Primary;
        self.add(Node::Enclosing { word: &"decltype", of, precedence })
    }

    fn array_type(&mut self) -> Option<NodeId> {
        self.cursor.skip(1);
        let size = self.size(self.cursor.peek().is_ascii_digit())?;
        let of = self.type_()?;
        self.add_with(Node::Array { of, size }, Traits::ARRAY)
    }

    /// Reads the number of elements and the `_` behind it.
    #[expect(clippy::option_option, reason = "the outer is the parser's failure")]
    fn size(&mut self, is_number: bool) -> Option<Option<NodeId>> {
        if is_number {
            let digits = self.cursor.digits();
            let size = self.add(Node::Text(digits))?;
            return self.cursor.eat(b'_').then_some(Some(size));
        }
        if self.cursor.eat(b'_') {
            return Some(None);
        }
        let size = self.expression()?;
        self.cursor.eat(b'_').then_some(Some(size))
    }

    fn vector_type(&mut self) -> Option<NodeId> {
        self.cursor.skip(2);
        let is_number = matches!(self.cursor.peek(), b'1'..=b'9');
        let size = self.size(is_number)?;
        if let Some(size) = size
            && is_number
            && self.cursor.eat(b'p')
        {
            return self.add(Node::PixelVector(size));
        }
        let of = self.type_()?;
        self.add(Node::Vector { of, size })
    }

    fn function_type(&mut self) -> Option<NodeId> {
        let qualifiers = self.qualifiers();
        let suffix = self.exception_specification()?;
        // Transaction-safe: LLVM does not print it.
        self.cursor.eat_all(b"Dx");
        if !self.cursor.eat(b'F') {
            return None;
        }
        // A C function: LLVM does not print it.
        self.cursor.eat(b'Y');
        let result = self.type_()?;
        let start = self.stack_len();
        let mut reference = RefQualifier::None;
        loop {
            if self.cursor.eat(b'E') {
                break;
            }
            if self.cursor.eat(b'v') {
                continue;
            }
            if self.cursor.eat_all(b"RE") {
                reference = RefQualifier::Left;
                break;
            }
            if self.cursor.eat_all(b"OE") {
                reference = RefQualifier::Right;
                break;
            }
            let parameter = self.type_()?;
            self.push(parameter);
        }
        let parameters = self.pop_list(start);
        let result = Some(result);
        let prototype =
            Prototype { result, parameters, qualifiers, reference, suffix, requires: None };
        let index = self.store.arena.prototypes.len() as u32;
        self.store.arena.prototypes.push(prototype);
        self.add_with(Node::Function(index), Traits::FUNCTION)
    }

    #[expect(clippy::option_option, reason = "the outer is the parser's failure")]
    fn exception_specification(&mut self) -> Option<Option<NodeId>> {
        if self.cursor.eat_all(b"Do") {
            return Some(Some(self.add(Node::Word(&"noexcept"))?));
        }
        if self.cursor.eat_all(b"DO") {
            let condition = self.expression()?;
            if !self.cursor.eat(b'E') {
                return None;
            }
            return Some(Some(self.add(Node::Noexcept(condition))?));
        }
        if self.cursor.eat_all(b"Dw") {
            let types = self.list_until(b'E', Self::type_)?;
            return Some(Some(self.add(Node::Throws(types))?));
        }
        Some(None)
    }
}
