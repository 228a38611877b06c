//! Parses the mangling of Swift 4 and later
//! (<https://github.com/swiftlang/swift/blob/main/docs/ABI/Mangling.rst>).
//!
//! ```text
//! <name>     ::= <prefix> <operator>* [. <suffix>]
//! <operator> ::= <length> <identifier>          pushes a name
//!            ::= C | V | O | P | a              takes a name and a context: a type
//!            ::= y | _                          pushes the end of a list, its first element
//!            ::= S <letter> | A <letter>        a type of the standard library; a node from before
//!            ::= F | v <accessor> | f <kind>    takes a type, a name and a context: an entity
//!            ::= T… | W… | M…                   what the compiler makes of an entity or a type
//! ```
//!
//! Each method takes what its operator needs from the stack, and returns `None` if the name breaks
//! the grammar or the limits.

mod conformance;
mod entity;
mod functions;
mod generics;
pub(super) mod identifier;
mod impl_function;
mod metadata;
pub(super) mod specialization;
mod standard;
mod symbol;
mod thunk;
mod types;
pub(super) mod witness;

use super::node::{Kind, Nominal};
use super::tree::{Id, Tree};

/// Prefixes of the manglings that this parser reads. The first is that of Swift 4.
const PREFIXES: [&[u8]; 8] =
    [b"_T0", b"$s", b"_$s", b"$S", b"_$S", b"$e", b"_$e", b"@__swiftmacro_"];
/// Stands for a mangled name in an executable with an async `main`.
const ASYNC_MAIN: [&[u8]; 2] = [b"async_Main", b"_async_Main"];
/// Most repetitions of one substitution.
const REPETITIONS: u32 = 2048;

/// The length of a prefix of these manglings.
pub(super) fn prefix(name: &[u8]) -> Option<usize> {
    PREFIXES.iter().find(|prefix| name.starts_with(prefix)).map(|prefix| prefix.len())
}

/// The length of what stands for a mangled name in an executable with an async `main`.
pub(super) fn async_main(name: &[u8]) -> Option<usize> {
    let found = ASYNC_MAIN.iter().find(|prefix| name.starts_with(prefix))?;
    // What follows is mangled: such a name is also a good one for a function in C.
    let rest = name.get(found.len()..)?;
    (rest.is_empty() || rest.starts_with(b"T")).then_some(found.len())
}

/// Reads one name.
pub(super) struct Parser<'a> {
    tree: &'a mut Tree,
    name: &'a [u8],
    at: usize,
    stack: Vec<Id>,
    substitutions: Vec<Id>,
    /// Where the words are that identifiers may have instead of letters.
    words: Vec<(usize, usize)>,
    /// Swift 4 has labels in the types of parameters.
    has_labels_in_types: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(tree: &'a mut Tree, name: &'a [u8]) -> Self {
        Self {
            tree,
            name,
            at: 0,
            stack: Vec::new(),
            substitutions: Vec::new(),
            words: Vec::new(),
            has_labels_in_types: name.starts_with(b"_T0"),
        }
    }

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

    /// Takes the next byte if it is in a table, and returns what is there for it.
    fn eat_of<T: Copy>(&mut self, table: &[(u8, T)]) -> Option<T> {
        let byte = self.peek()?;
        let (_, value) = table.iter().find(|(key, _)| *key == byte)?;
        self.at += 1;
        Some(*value)
    }

    /// A number within 31 bits.
    fn natural(&mut self) -> Option<u32> {
        let mut value: Option<u32> = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let next = value.unwrap_or(0).checked_mul(10)?.checked_add(u32::from(digit - b'0'))?;
            value = Some(next).filter(|it| *it <= i32::MAX as u32);
            value?;
            self.at += 1;
        }
        value
    }

    /// `_` is 0, `0_` is 1.
    fn index(&mut self) -> Option<u32> {
        if self.eat(b'_') {
            return Some(0);
        }
        let number = self.natural()?;
        if self.eat(b'_') { number.checked_add(1) } else { None }
    }

    fn index_node(&mut self) -> Option<Id> {
        let index = self.index()?;
        self.tree.with_index(Kind::Index, index.into())
    }

    fn push(&mut self, id: Id) {
        self.stack.push(id);
    }

    fn pop_any(&mut self) -> Option<Id> {
        self.stack.pop()
    }

    fn pop(&mut self, kind: Kind) -> Option<Id> {
        self.pop_if(|it| it == kind)
    }

    fn pop_if(&mut self, is_wanted: impl FnOnce(Kind) -> bool) -> Option<Id> {
        let id = *self.stack.last()?;
        if !is_wanted(self.tree.kind(id)) {
            return None;
        }
        self.stack.pop()
    }

    /// The type on top of the stack, without its wrapper.
    fn pop_inner_type(&mut self) -> Option<Id> {
        let id = self.pop(Kind::Type)?;
        if self.tree.len(id) == 1 { self.tree.first(id) } else { None }
    }

    fn pop_module(&mut self) -> Option<Id> {
        match self.pop(Kind::Identifier) {
            Some(id) => self.tree.with_kind(id, Kind::Module),
            None => self.pop(Kind::Module),
        }
    }

    fn pop_context(&mut self) -> Option<Id> {
        if let Some(module) = self.pop_module() {
            return Some(module);
        }
        if let Some(id) = self.pop(Kind::Type) {
            let inner = self.tree.first(id).filter(|_| self.tree.len(id) == 1)?;
            return Some(inner).filter(|inner| self.tree.kind(*inner).is_context());
        }
        self.pop_if(Kind::is_context)
    }

    fn pop_protocol(&mut self) -> Option<Id> {
        if let Some(id) = self.pop(Kind::Type) {
            return Some(id).filter(|id| self.tree.is_protocol(*id));
        }
        let name = self.pop_if(Kind::is_declaration_name)?;
        let context = self.pop_context()?;
        let protocol =
            self.tree.with_children(Kind::Nominal(Nominal::Protocol), &[context, name])?;
        self.wrap(protocol)
    }

    /// A list that ends with an empty list or a first element. `pop` takes one element.
    fn pop_list(&mut self, kind: Kind, mut pop: impl FnMut(&mut Self) -> Option<Id>) -> Option<Id> {
        let list = self.tree.node(kind)?;
        if self.pop(Kind::EmptyList).is_some() {
            return Some(list);
        }
        self.pop_elements(list, &mut pop)?;
        self.tree.reverse(list, 0);
        Some(list)
    }

    /// Adds elements up to the first one, from the last on.
    fn pop_elements(
        &mut self,
        list: Id,
        pop: &mut impl FnMut(&mut Self) -> Option<Id>,
    ) -> Option<()> {
        loop {
            let is_first = self.pop(Kind::FirstElement).is_some();
            let element = pop(self)?;
            self.tree.add(list, element)?;
            if is_first {
                return Some(());
            }
        }
    }

    fn pop_types(&mut self) -> Option<Id> {
        self.pop_list(Kind::TypeList, |parser| parser.pop(Kind::Type))
    }

    /// Marks a node as a type.
    fn wrap(&mut self, id: Id) -> Option<Id> {
        self.tree.with_children(Kind::Type, &[id])
    }

    /// A type of one type, such as `inout`.
    fn wrap_inner(&mut self, kind: Kind) -> Option<Id> {
        let inner = self.pop_inner_type()?;
        let id = self.tree.with_children(kind, &[inner])?;
        self.wrap(id)
    }

    fn wrap_type(&mut self, kind: Kind) -> Option<Id> {
        let id = self.of_type(kind)?;
        self.wrap(id)
    }

    fn of_type(&mut self, kind: Kind) -> Option<Id> {
        let id = self.pop(Kind::Type)?;
        self.tree.with_children(kind, &[id])
    }

    fn of_any(&mut self, kind: Kind) -> Option<Id> {
        let id = self.pop_any()?;
        self.tree.with_children(kind, &[id])
    }

    fn of_entity(&mut self, kind: Kind) -> Option<Id> {
        let id = self.pop_if(Kind::is_entity)?;
        self.tree.with_children(kind, &[id])
    }

    fn of_protocol(&mut self, kind: Kind) -> Option<Id> {
        let id = self.pop_protocol()?;
        self.tree.with_children(kind, &[id])
    }

    fn of_conformance(&mut self, kind: Kind) -> Option<Id> {
        let id = self.pop_protocol_conformance()?;
        self.tree.with_children(kind, &[id])
    }

    fn remember(&mut self, id: Id) -> Id {
        self.substitutions.push(id);
        id
    }

    /// Nodes from before: small letters push, a capital letter or `_` ends.
    fn substitutions(&mut self) -> Option<Id> {
        let mut number = None;
        loop {
            match self.peek()? {
                letter @ b'a'..=b'z' => {
                    self.at += 1;
                    let id = self.repeat(number.take(), usize::from(letter - b'a'))?;
                    self.push(id);
                }
                letter @ b'A'..=b'Z' => {
                    self.at += 1;
                    return self.repeat(number, usize::from(letter - b'A'));
                }
                b'_' => {
                    self.at += 1;
                    let index = number.map_or(26, |it: u32| it as usize + 27);
                    return self.substitutions.get(index).copied();
                }
                _ => number = Some(self.natural()?),
            }
        }
    }

    fn repeat(&mut self, count: Option<u32>, index: usize) -> Option<Id> {
        let id = self.substitutions.get(index).copied()?;
        self.push_again(count, id)
    }

    /// Pushes a node all times but the last.
    fn push_again(&mut self, count: Option<u32>, id: Id) -> Option<Id> {
        let count = count.unwrap_or(1);
        if count > REPETITIONS {
            return None;
        }
        for _ in 1..count {
            if !self.tree.budget.step() {
                return None;
            }
            self.push(id);
        }
        Some(id)
    }
}
