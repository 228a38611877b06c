//! Writes the parts of a name as LLVM writes them.
//!
//! A declarator surrounds what it declares: a pointer to a function is `int (__cdecl *` and
//! `)(char)`. So a type has a left half, and pointers, arrays and functions also a right half.

mod name;
mod symbol;
mod types;

use super::super::limits::Budget;
use super::super::{DemangleError, append_formatted};
use super::arena::Arena;
use super::cursor::Span;
use super::node::{List, Node, NodeId};

pub(super) struct Printer<'a> {
    /// The mangled name.
    name: &'a [u8],
    arena: &'a Arena,
    budget: &'a mut Budget,
    out: &'a mut Vec<u8>,
    /// Where this text starts in the output.
    start: usize,
    /// Longest output.
    end: usize,
    /// Whether functions are printed without their calling conventions. LLVM does so in all that
    /// stands before a pointer to a function, except for texts that it has from the parser: scopes
    /// in functions, and memorized identifiers.
    is_without_conventions: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(
        name: &'a [u8],
        arena: &'a Arena,
        budget: &'a mut Budget,
        out: &'a mut Vec<u8>,
        limit: usize,
    ) -> Self {
        let start = out.len();
        let end = start.saturating_add(limit);
        Self { name, arena, budget, out, start, end, is_without_conventions: false }
    }

    /// Prints a whole name.
    ///
    /// # Errors
    /// If the output or the work is beyond the limits.
    pub(super) fn whole(mut self, root: NodeId) -> Result<(), DemangleError> {
        self.print(root);
        if self.out.len() > self.end {
            return Err(DemangleError::TooLong);
        }
        if self.budget.is_over() { Err(DemangleError::TooMuchWork) } else { Ok(()) }
    }

    /// Prints a part of a name; `None` if it is beyond the limits.
    pub(super) fn part(mut self, part: NodeId) -> Option<()> {
        self.print(part);
        if self.out.len() > self.end {
            self.budget.stop();
        }
        (!self.budget.is_over()).then_some(())
    }

    #[inline]
    fn print(&mut self, id: NodeId) {
        let arena = self.arena;
        match arena.node(id) {
            Node::Text(text) => self.text(*text),
            Node::Word(word) => self.word(word),
            Node::Primitive { word, qualifiers } => {
                self.word(word);
                self.qualifiers(*qualifiers, true);
            }
            node => {
                if self.enter() {
                    self.print_node(node);
                    self.budget.leave();
                }
            }
        }
    }

    fn print_node(&mut self, node: &Node) {
        match node {
            Node::Tagged { .. } => self.left_of(node),
            Node::Pointer { .. } | Node::Array { .. } | Node::Function(_) => {
                self.left_of(node);
                self.right_of(node);
            }
            Node::FunctionSymbol { name, function } => self.function_symbol(*name, *function),
            Node::Variable { access, name, of } => self.variable(*access, *name, *of),
            Node::Table { qualifiers, name, bases } => self.table(*qualifiers, *name, *bases),
            Node::Literal { characters, is_cut_off, text } => {
                self.literal(*characters, *is_cut_off, *text);
            }
            _ => self.identifier(node),
        }
    }

    /// Goes a level deeper, unless a limit is reached.
    #[inline]
    fn enter(&mut self) -> bool {
        if self.out.len() > self.end {
            self.budget.stop();
        }
        self.budget.enter()
    }

    #[inline]
    fn word(&mut self, word: &str) {
        self.out.extend_from_slice(word.as_bytes());
    }

    #[inline]
    fn text(&mut self, text: Span) {
        self.out.extend_from_slice(text.of(self.name));
    }

    /// Separates from a word before.
    #[inline]
    fn space(&mut self) {
        let last = self.out.get(self.start..).and_then(<[u8]>::last);
        if last.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'>') {
            self.out.push(b' ');
        }
    }

    /// Prints a part with conventions, or without.
    fn with_conventions(&mut self, is_with: bool, print: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.is_without_conventions, !is_with);
        print(self);
        self.is_without_conventions = outer;
    }

    fn list(&mut self, list: List) {
        let arena = self.arena;
        for (index, item) in arena.items(list).iter().enumerate() {
            if index > 0 {
                self.word(", ");
            }
            self.print(*item);
            if !self.budget.step() {
                return;
            }
        }
    }

    fn unsigned(&mut self, number: u64) {
        // Most numbers are sizes and indexes of one digit.
        if number < 10 {
            self.out.push(b'0' + number as u8);
        } else {
            append_formatted(self.out, format_args!("{number}"));
        }
    }

    fn signed(&mut self, number: u64) {
        append_formatted(self.out, format_args!("{}", number as i64));
    }

    fn signed_list(&mut self, list: List) {
        let arena = self.arena;
        for (index, number) in arena.numbers(list).iter().enumerate() {
            if index > 0 {
                self.word(", ");
            }
            self.signed(*number);
        }
    }
}
