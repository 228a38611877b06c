//! Parses the mangling of Swift before version 4, which is read from front to back. Names of classes
//! for Objective-C still have it.
//!
//! ```text
//! <name>    ::= _T <global> [<suffix>]
//! <global>  ::= t <type>                        a type
//!           ::= M <type> | W… | T…              what the compiler makes of a type or an entity
//!           ::= F <context> <name> <type>       a function; v: a variable, C, V, O: a type
//! <context> ::= <length> <module>               s: Swift; E: an extension; S: from before
//! ```
//!
//! Each method returns `None` if the name breaks the grammar or the limits.

mod entity;
mod generics;
mod global;
mod specialization;
mod types;

use super::super::punycode::{self, Alphabet};
use super::node::{Kind, Nominal};
use super::parse::identifier::operator_text;
use super::tree::{Id, Tree};

/// Parses a name that starts with `_T`.
pub(super) fn symbol(tree: &mut Tree, name: &[u8]) -> Option<Id> {
    Reader { tree, name, at: 0, substitutions: Vec::new() }.symbol()
}

struct Reader<'a> {
    tree: &'a mut Tree,
    name: &'a [u8],
    at: usize,
    substitutions: Vec<Id>,
}

/// Types of the standard library after an `S`.
const STANDARD: [(u8, (Nominal, &str)); 16] = [
    (b'a', (Nominal::Structure, "Array")),
    (b'b', (Nominal::Structure, "Bool")),
    (b'c', (Nominal::Structure, "UnicodeScalar")),
    (b'd', (Nominal::Structure, "Double")),
    (b'f', (Nominal::Structure, "Float")),
    (b'i', (Nominal::Structure, "Int")),
    (b'V', (Nominal::Structure, "UnsafeRawPointer")),
    (b'v', (Nominal::Structure, "UnsafeMutableRawPointer")),
    (b'P', (Nominal::Structure, "UnsafePointer")),
    (b'p', (Nominal::Structure, "UnsafeMutablePointer")),
    (b'q', (Nominal::Enum, "Optional")),
    (b'Q', (Nominal::Enum, "ImplicitlyUnwrappedOptional")),
    (b'R', (Nominal::Structure, "UnsafeBufferPointer")),
    (b'r', (Nominal::Structure, "UnsafeMutableBufferPointer")),
    (b'S', (Nominal::Structure, "String")),
    (b'u', (Nominal::Structure, "UInt")),
];

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.name.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn eat_all(&mut self, text: &[u8]) -> bool {
        let is_next = self.name.get(self.at..).is_some_and(|rest| rest.starts_with(text));
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    fn eat_of<T: Copy>(&mut self, table: &[(u8, T)]) -> Option<T> {
        let byte = self.peek()?;
        let (_, value) = table.iter().find(|(key, _)| *key == byte)?;
        self.at += 1;
        Some(*value)
    }

    fn natural(&mut self) -> Option<u64> {
        let mut value: Option<u64> = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit - b'0'))?);
            self.at += 1;
        }
        value
    }

    /// `_` is 0, `0_` is 1.
    fn index(&mut self) -> Option<u64> {
        if self.eat(b'_') {
            return Some(0);
        }
        let number = self.natural()?;
        if self.eat(b'_') { number.checked_add(1) } else { None }
    }

    fn index_node(&mut self) -> Option<Id> {
        let index = self.index()?;
        self.tree.with_index(Kind::Index, index)
    }

    /// Goes one level deeper while `read` runs.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Option<Id>) -> Option<Id> {
        if !self.tree.budget.enter() {
            return None;
        }
        let id = read(self);
        self.tree.budget.leave();
        id
    }

    /// Elements up to a `_`.
    fn list(&mut self, kind: Kind, mut read: impl FnMut(&mut Self) -> Option<Id>) -> Option<Id> {
        let list = self.tree.node(kind)?;
        while !self.eat(b'_') {
            let element = read(self)?;
            self.tree.add(list, element)?;
        }
        Some(list)
    }

    fn of_type(&mut self, kind: Kind) -> Option<Id> {
        let id = self.any_type()?;
        self.tree.with_children(kind, &[id])
    }

    fn remember(&mut self, id: Id) -> Id {
        self.substitutions.push(id);
        id
    }

    fn swift_module(&mut self) -> Option<Id> {
        self.tree.with_word(Kind::Module, "Swift")
    }

    /// What follows an `S`.
    fn substitution(&mut self) -> Option<Id> {
        if self.eat(b'o') {
            return self.tree.with_word(Kind::Module, "__C");
        }
        if self.eat(b'C') {
            return self.tree.with_word(Kind::Module, "__C_Synthesized");
        }
        if let Some((nominal, name)) = self.eat_of(&STANDARD) {
            let module = self.swift_module()?;
            let name = self.tree.with_word(Kind::Identifier, name)?;
            return self.tree.with_children(Kind::Nominal(nominal), &[module, name]);
        }
        let index = usize::try_from(self.index()?).ok()?;
        self.substitutions.get(index).copied()
    }

    /// A name as a node of a kind, if that is asked for; else it can be an operator.
    fn identifier(&mut self, wanted: Option<Kind>) -> Option<Id> {
        let is_punycode = self.eat(b'X');
        let mut kind = wanted.unwrap_or(Kind::Identifier);
        let is_operator = self.eat(b'o');
        if is_operator {
            if wanted.is_some() {
                return None;
            }
            kind = match self.next()? {
                b'p' => Kind::Operator(" prefix"),
                b'P' => Kind::Operator(" postfix"),
                b'i' => Kind::Operator(" infix"),
                _ => return None,
            };
        }
        let len = usize::try_from(self.natural()?).ok()?;
        let mut text = self.name.get(self.at..self.at.checked_add(len)?)?.to_vec();
        self.at += len;
        if is_punycode {
            let mut decoded = Vec::new();
            punycode::append(&text, Alphabet::Swift, &mut self.tree.budget, &mut decoded)?;
            text = decoded;
        }
        if text.is_empty() {
            return None;
        }
        if is_operator {
            text = operator_text(&text)?;
        }
        self.tree.with_text(kind, &text)
    }

    /// A name that can be local or private.
    fn declaration_name(&mut self) -> Option<Id> {
        if self.eat(b'L') {
            let discriminator = self.index_node()?;
            let name = self.identifier(None)?;
            return self.tree.with_children(Kind::LocalName, &[discriminator, name]);
        }
        if self.eat(b'P') {
            let discriminator = self.identifier(None)?;
            let name = self.identifier(None)?;
            return self.tree.with_children(Kind::PrivateName, &[discriminator, name]);
        }
        self.identifier(None)
    }

    fn module(&mut self) -> Option<Id> {
        if self.eat(b's') {
            return self.swift_module();
        }
        if self.eat(b'S') {
            return self.substitution().filter(|id| self.tree.is(*id, Kind::Module));
        }
        let module = self.identifier(Some(Kind::Module))?;
        Some(self.remember(module))
    }
}
