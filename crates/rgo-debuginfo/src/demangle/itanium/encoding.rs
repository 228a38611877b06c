//! Reads whole names: functions, data, and what a compiler generates (Itanium C++ ABI, 5.1.1 and
//! 5.1.4).
//!
//! ```text
//! <mangled-name> ::= [_] _Z <encoding> [. <suffix>]                    [_]: Mach-O adds one
//!                ::= [_] ___Z <encoding> _block_invoke [[_] <number>] [. <suffix>]
//! <encoding>     ::= <special-name>
//!                ::= <name>                                           data
//!                ::= <name> [Ua9enable_ifI <template-arg>* E] <type>+ [Q <expression>]
//!                    the result comes first if the name ends with template arguments
//! <special-name> ::= TV | TT | TI | TS <type>
//!                ::= TA <template-arg> | TC <type> <number> _ <type>
//!                ::= TW | TH | GV <name> | GR <name> [[<seq-id>] _] | GI <module-name>
//!                ::= Tc <call-offset> <call-offset> <encoding> | T <call-offset> <encoding>
//! <call-offset>  ::= h <number> _ | v <number> _ <number> _
//! ```

use super::id::{List, NodeId, Traits};
use super::node::{Node, Prototype, Word};
use super::parser::{NameState, Parser};

impl Parser<'_> {
    /// Reads the whole name.
    pub(super) fn mangled_name(&mut self) -> Option<NodeId> {
        if self.cursor.eat_all(b"_Z") || self.cursor.eat_all(b"__Z") {
            let name = self.encoding()?;
            if self.cursor.is_at_end() {
                return Some(name);
            }
            if self.cursor.peek() != b'.' {
                return None;
            }
            let suffix = self.cursor.rest();
            return self.add(Node::Suffixed { name, suffix });
        }
        if !self.cursor.eat_all(b"___Z") && !self.cursor.eat_all(b"____Z") {
            return None;
        }
        let function = self.encoding()?;
        if !self.cursor.eat_all(b"_block_invoke") {
            return None;
        }
        let has_number = self.cursor.eat(b'_');
        if self.cursor.digits().len == 0 && has_number {
            return None;
        }
        if !self.cursor.is_at_end() && self.cursor.peek() != b'.' {
            return None;
        }
        self.add(Node::Special { word: &"invocation function for block in ", of: function })
    }

    pub(super) fn encoding(&mut self) -> Option<NodeId> {
        self.nested(|it| {
            let outside = it.enter_scope();
            let found = match it.cursor.peek() {
                b'T' => it.special_by_t(),
                b'G' => it.special_by_g(),
                _ => it.function_or_data(),
            };
            it.leave_scope(outside);
            found
        })
    }

    fn function_or_data(&mut self) -> Option<NodeId> {
        let mut state = self.name_state();
        let name = self.name(Some(&mut state))?;
        self.resolve_forwards(&state)?;
        if self.is_end_of_encoding() {
            return Some(name);
        }
        let suffix = self.enable_if()?;
        let mut result = None;
        if !state.has_no_result && state.ends_with_arguments {
            result = Some(self.type_()?);
        }
        let parameters = self.parameters(&state)?;
        let requires = self.requires_clause()?;
        let NameState { qualifiers, reference, .. } = state;
        let prototype = Prototype { result, parameters, qualifiers, reference, suffix, requires };
        let index = self.store.arena.prototypes.len() as u32;
        self.store.arena.prototypes.push(prototype);
        self.add_with(Node::Encoding { name, prototype: index }, Traits::FUNCTION)
    }

    /// Whether no type follows. The bytes are those that can follow an encoding, and start no type.
    fn is_end_of_encoding(&self) -> bool {
        self.cursor.is_at_end() || matches!(self.cursor.peek(), b'E' | b'.' | b'_')
    }

    #[expect(clippy::option_option, reason = "the outer is the parser's failure")]
    fn enable_if(&mut self) -> Option<Option<NodeId>> {
        if !self.cursor.eat_all(b"Ua9enable_ifI") {
            return Some(None);
        }
        let conditions = self.list_until(b'E', Self::template_argument)?;
        Some(Some(self.add(Node::EnableIf(conditions))?))
    }

    fn parameters(&mut self, state: &NameState) -> Option<List> {
        let start = self.stack_len();
        if self.cursor.eat(b'v') {
            return Some(self.pop_list(start));
        }
        loop {
            let mut parameter = self.type_()?;
            if state.has_explicit_object && self.stack_len() == start {
                parameter = self.add(Node::ExplicitObject(parameter))?;
            }
            self.push(parameter);
            if self.is_end_of_encoding() || self.cursor.peek() == b'Q' {
                return Some(self.pop_list(start));
            }
        }
    }

    fn special(&mut self, word: Word, read: fn(&mut Self) -> Option<NodeId>) -> Option<NodeId> {
        self.cursor.skip(2);
        let of = read(self)?;
        self.add(Node::Special { word, of })
    }

    fn special_by_t(&mut self) -> Option<NodeId> {
        match self.cursor.peek_at(1) {
            b'V' => self.special(&"vtable for ", Self::type_),
            b'T' => self.special(&"VTT for ", Self::type_),
            b'I' => self.special(&"typeinfo for ", Self::type_),
            b'S' => self.special(&"typeinfo name for ", Self::type_),
            b'A' => self.special(&"template parameter object for ", Self::template_argument),
            b'W' => self.special(&"thread-local wrapper routine for ", |it| it.name(None)),
            b'H' => self.special(&"thread-local initialization routine for ", |it| it.name(None)),
            b'C' => self.construction_vtable(),
            b'c' => {
                self.cursor.skip(2);
                self.call_offset()?;
                self.call_offset()?;
                let of = self.encoding()?;
                self.add(Node::Special { word: &"covariant return thunk to ", of })
            }
            kind => {
                self.cursor.skip(1);
                self.call_offset()?;
                let of = self.encoding()?;
                let word: Word =
                    if kind == b'v' { &"virtual thunk to " } else { &"non-virtual thunk to " };
                self.add(Node::Special { word, of })
            }
        }
    }

    fn construction_vtable(&mut self) -> Option<NodeId> {
        self.cursor.skip(2);
        let inside = self.type_()?;
        if self.cursor.signed_digits().len == 0 || !self.cursor.eat(b'_') {
            return None;
        }
        let of = self.type_()?;
        self.add(Node::ConstructionVtable { of, inside })
    }

    /// Skips the adjustments of a thunk, which are not printed.
    fn call_offset(&mut self) -> Option<()> {
        let numbers = match self.cursor.peek() {
            b'h' => 1,
            b'v' => 2,
            _ => return None,
        };
        self.cursor.skip(1);
        for _ in 0..numbers {
            if self.cursor.signed_digits().len == 0 || !self.cursor.eat(b'_') {
                return None;
            }
        }
        Some(())
    }

    fn special_by_g(&mut self) -> Option<NodeId> {
        match self.cursor.peek_at(1) {
            b'V' => self.special(&"guard variable for ", |it| it.name(None)),
            b'R' => {
                self.cursor.skip(2);
                let of = self.name(None)?;
                let is_numbered = self.cursor.sequence_id().is_some();
                if !self.cursor.eat(b'_') && is_numbered {
                    return None;
                }
                self.add(Node::Special { word: &"reference temporary for ", of })
            }
            b'I' => {
                self.cursor.skip(2);
                let of = self.module_name(None)??;
                self.add(Node::Special { word: &"initializer for module ", of })
            }
            _ => None,
        }
    }
}
