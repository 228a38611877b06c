//! Reads the symbols that compilers invent: tables of classes, data of `typeid`, guards of static
//! variables, functions that run before `main`, string literals.
//!
//! ```text
//! <special> ::= ?_7 <scopes> <table>               ?_8, ?_S, ?_R4 likewise
//!           ::= ?_9 <scopes> $B <number> A <convention>
//!           ::= ?_B <scopes> <guard>               ?__J for a thread
//!           ::= ?_C <string literal>
//!           ::= ?__E <dynamic>                     ?__F at exit
//!           ::= ?_R0 <type> @8
//!           ::= ?_R1 <number>{4} <scopes> [8]
//!           ::= ?_R2 <scopes> 8                    ?_R3 likewise
//! <table>   ::= (6|7) <qualifiers> <type name>* @  the bases that it is for
//! <guard>   ::= (4IA|5) [<number>]
//! <dynamic> ::= <name> <function>                  the function itself, for a variable's name
//!           ::= <variable> @ <function>
//!           ::= ? <variable> @@ <function>
//! ```

use super::node::{Access, Function, List, Node, NodeId, Thunk};
use super::parser::Parser;
use super::symbol::Symbol;
use super::types::Position;

#[derive(Clone, Copy, Debug)]
pub(super) enum Special {
    Table(&'static &'static str),
    Untyped(&'static &'static str),
    VirtualCall,
    Guard {
        is_of_thread: bool,
    },
    StringLiteral,
    Dynamic {
        is_destructor: bool,
    },
    TypeDescriptor,
    BaseClassDescriptor,
    /// A code for which no compiler is known.
    Unsupported,
}

impl Parser<'_> {
    /// Takes a code, if the next one is not of a function.
    pub(super) fn special_code(&mut self) -> Option<Special> {
        let (special, len) = match *self.cursor.rest() {
            [_, _, b'7', ..] => (Special::Table(&"`vftable'"), 3),
            [_, _, b'8', ..] => (Special::Table(&"`vbtable'"), 3),
            [_, _, b'9', ..] => (Special::VirtualCall, 3),
            [_, _, b'A' | b'P', ..] => (Special::Unsupported, 3),
            [_, _, b'B', ..] => (Special::Guard { is_of_thread: false }, 3),
            [_, _, b'C', ..] => (Special::StringLiteral, 3),
            [_, _, b'S', ..] => (Special::Table(&"`local vftable'"), 3),
            [_, _, b'R', b'0', ..] => (Special::TypeDescriptor, 4),
            [_, _, b'R', b'1', ..] => (Special::BaseClassDescriptor, 4),
            [_, _, b'R', b'2', ..] => (Special::Untyped(&"`RTTI Base Class Array'"), 4),
            [_, _, b'R', b'3', ..] => (Special::Untyped(&"`RTTI Class Hierarchy Descriptor'"), 4),
            [_, _, b'R', b'4', ..] => (Special::Table(&"`RTTI Complete Object Locator'"), 4),
            [_, _, b'_', b'E', ..] => (Special::Dynamic { is_destructor: false }, 4),
            [_, _, b'_', b'F', ..] => (Special::Dynamic { is_destructor: true }, 4),
            [_, _, b'_', b'J', ..] => (Special::Guard { is_of_thread: true }, 4),
            _ => return None,
        };
        self.cursor.skip(len);
        Some(special)
    }

    /// Reads the rest of a symbol, behind its code.
    pub(super) fn special(&mut self, special: Special) -> Option<Symbol> {
        match special {
            Special::Table(word) => self.table(word),
            Special::Untyped(word) => {
                let identifier = self.add(Node::Word(word))?;
                let symbol = self.untyped(identifier)?;
                self.cursor.eat(b'8').then_some(symbol)
            }
            Special::VirtualCall => self.virtual_call(),
            Special::Guard { is_of_thread } => self.guard(is_of_thread),
            Special::StringLiteral => {
                Some(Symbol { node: self.string_literal()?, identifier: None })
            }
            Special::Dynamic { is_destructor } => self.dynamic(is_destructor),
            Special::TypeDescriptor => {
                let of = self.type_at(Position::Result)?;
                if !self.cursor.eat_all(b"@8") || !self.cursor.is_at_end() {
                    return None;
                }
                self.described(of, &"`RTTI Type Descriptor'")
            }
            Special::BaseClassDescriptor => self.base_class_descriptor(),
            Special::Unsupported => None,
        }
    }

    /// A symbol without a type, in the scopes that follow.
    fn untyped(&mut self, identifier: NodeId) -> Option<Symbol> {
        let name = self.scopes(identifier)?;
        let node = self.add(Node::Variable { access: Access::None, name, of: None })?;
        Some(Symbol { node, identifier: Some(identifier) })
    }

    fn table(&mut self, word: &'static &'static str) -> Option<Symbol> {
        let identifier = self.add(Node::Word(word))?;
        let name = self.scopes(identifier)?;
        let name = self.add(Node::Name(name))?;
        if !matches!(self.cursor.next()?, b'6' | b'7') {
            return None;
        }
        let qualifiers = self.qualifiers()?;
        let start = self.start_list();
        while !self.cursor.eat(b'@') {
            let base = self.type_name()?;
            let base = self.add(Node::Name(base))?;
            self.push(base);
        }
        let bases = self.end_list(start);
        let node = self.add(Node::Table { qualifiers, name, bases })?;
        Some(Symbol { node, identifier: Some(identifier) })
    }

    fn virtual_call(&mut self) -> Option<Symbol> {
        let identifier = self.add(Node::VirtualCall(0))?;
        let name = self.scopes(identifier)?;
        if !self.cursor.eat_all(b"$B") {
            return None;
        }
        let offset = self.cursor.unsigned()?;
        self.set(identifier, Node::VirtualCall(offset));
        if !self.cursor.eat(b'A') {
            return None;
        }
        let convention = self.convention()?;
        let function = Function {
            convention,
            has_no_list: true,
            thunk: Thunk::Virtual,
            ..Function::default()
        };
        let function = self.store.arena.add_function(function);
        let node = self.add(Node::FunctionSymbol { name, function })?;
        Some(Symbol { node, identifier: Some(identifier) })
    }

    fn guard(&mut self, is_of_thread: bool) -> Option<Symbol> {
        let identifier = self.add(Node::Guard { is_of_thread, number: 0 })?;
        let symbol = self.untyped(identifier)?;
        if !self.cursor.eat_all(b"4IA") && !self.cursor.eat(b'5') {
            return None;
        }
        if !self.cursor.is_at_end() {
            let number = self.cursor.unsigned()? as u32;
            self.set(identifier, Node::Guard { is_of_thread, number });
        }
        Some(symbol)
    }

    fn dynamic(&mut self, is_destructor: bool) -> Option<Symbol> {
        let is_member = self.cursor.eat(b'?');
        let of = self.declarator()?;
        let (identifier, function) = if let Some(function) = of.function {
            if is_member {
                return None;
            }
            let name = self.add(Node::Name(of.name))?;
            let node = Node::Dynamic { of: name, is_variable: false, is_destructor };
            (self.add(node)?, function)
        } else {
            // Old versions of clang wrote neither the `?` nor the second `@`.
            if !self.cursor.eat_all(if is_member { b"@@" } else { b"@" }) {
                return None;
            }
            let node = Node::Dynamic { of: of.node, is_variable: true, is_destructor };
            (self.add(node)?, self.function()?)
        };
        let name = self.store.arena.add_list(&[identifier]);
        let node = self.add(Node::FunctionSymbol { name, function })?;
        Some(Symbol { node, identifier: Some(identifier) })
    }

    fn base_class_descriptor(&mut self) -> Option<Symbol> {
        // Each number has 32 bits; the second one has a sign.
        let offset = self.cursor.unsigned()? as u32;
        let pointer_offset = self.cursor.signed()? as i32;
        let table_offset = self.cursor.unsigned()? as u32;
        let flags = self.cursor.unsigned()? as u32;
        let numbers =
            [offset.into(), i64::from(pointer_offset) as u64, table_offset.into(), flags.into()];
        let numbers: List = self.store.arena.add_numbers(&numbers);
        let identifier = self.add(Node::BaseClassDescriptor(numbers))?;
        let symbol = self.untyped(identifier)?;
        self.cursor.eat(b'8');
        Some(symbol)
    }
}
