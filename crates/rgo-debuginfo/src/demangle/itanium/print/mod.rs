//! Writes the parts of a C++ name as LLVM writes them.
//!
//! A declarator surrounds what it declares: a pointer to a function is `int (*` and `)(char)`. So a
//! part has a left half, and those with [`Traits::right`](super::id::Traits) a right half.
//!
//! Within a pack expansion, the printer prints its child once for each element; a pack below it
//! stands for the element whose number the printer keeps.

mod expression;
mod literal;
mod name;
mod template;
mod types;

use super::super::DemangleError;
use super::super::limits::Budget;
use super::arena::{Arena, Printed};
use super::cursor::{Span, is_anonymous, split_decimal};
use super::id::{List, NodeId, Tri};
use super::node::Node;
use super::operator::Precedence;

/// The element of the packs in an expansion, and the number of elements.
#[derive(Clone, Copy, Debug)]
struct PackPosition {
    index: u32,
    count: u32,
}

pub(super) struct Printer<'a> {
    /// The mangled name.
    name: &'a [u8],
    arena: &'a mut Arena,
    budget: Budget,
    out: &'a mut Vec<u8>,
    /// Where this name starts in the output.
    start: usize,
    /// Longest output.
    end: usize,
    /// `None` outside of an expansion, and in one until the first pack is found.
    pack: Option<PackPosition>,
    is_in_angles: bool,
    /// How often a text depended on where it is: an element of a pack, a `>` in parentheses,
    /// a part within itself.
    choices: u32,
    /// The parentheses around the position that are within template arguments. At 0, a `>` could
    /// end these.
    depth_in_angles: u32,
}

impl<'a> Printer<'a> {
    pub(super) fn new(
        name: &'a [u8],
        arena: &'a mut Arena,
        budget: Budget,
        out: &'a mut Vec<u8>,
        limit: usize,
    ) -> Self {
        let start = out.len();
        let end = start.saturating_add(limit);
        Self {
            name,
            arena,
            budget,
            out,
            start,
            end,
            pack: None,
            is_in_angles: false,
            choices: 0,
            depth_in_angles: 0,
        }
    }

    /// Prints a whole name.
    ///
    /// # Errors
    /// If the output or the work is beyond the limits.
    pub(super) fn whole(&mut self, root: NodeId) -> Result<(), DemangleError> {
        self.print(root);
        if self.out.len() > self.end {
            return Err(DemangleError::TooLong);
        }
        if self.budget.is_over() { Err(DemangleError::TooMuchWork) } else { Ok(()) }
    }

    #[inline]
    fn print(&mut self, id: NodeId) {
        self.walk(id, true);
    }

    /// Prints the left half; it is all of most parts.
    #[inline]
    fn left(&mut self, id: NodeId) {
        self.walk(id, false);
    }

    /// Prints the left half of a part, and with `is_whole` also the right one. The text of a part
    /// that the name repeats is copied from where it was printed first.
    fn walk(&mut self, id: NodeId, is_whole: bool) {
        let entry = self.arena.entry(id);
        let printed = entry.printed;
        match entry.node {
            Node::Text(text) => return self.text(text),
            Node::Word(word) => return self.word(word),
            _ => {}
        }
        if !self.enter() {
            return;
        }
        if let Some(range) = printed.range() {
            let range = self.start + range.start..self.start + range.end;
            self.out.extend_from_within(range);
            self.budget.leave();
            return;
        }
        let (start, choices) = (self.out.len(), self.choices);
        match *self.arena.node(id) {
            Node::Scoped { scope, name } => {
                self.print(scope);
                self.word("::");
                self.text(name);
            }
            Node::Path { at, last } => self.path(at, last),
            Node::StdPath { at, last } => {
                self.word("std::");
                self.path(at, last);
            }
            Node::Nested { scope, name } => {
                self.print(scope);
                self.word("::");
                self.print(name);
            }
            Node::WithArguments { name, arguments } => {
                self.print(name);
                self.in_angles(arguments);
            }
            Node::Pointer(to) => self.left_of_pointer(to),
            Node::Reference { to, is_right, .. } => self.left_of_reference(id, to, is_right),
            Node::Qualified { of, qualifiers } => {
                self.left(of);
                self.qualifiers(qualifiers);
            }
            Node::Encoding { name, prototype } => self.left_of_encoding(name, prototype),
            Node::Std(name) => self.std_name(name),
            node => self.left_of_name(node),
        }
        if printed == Printed::NOT_YET && self.choices == choices {
            self.note_printed(id, start);
        }
        if is_whole && id.right() != Tri::No {
            self.right(id);
        }
        self.budget.leave();
    }

    fn note_printed(&mut self, id: NodeId, start: usize) {
        if id.right() == Tri::No && !self.is_stopped() {
            let printed = Printed::at(start - self.start, self.out.len() - start);
            self.arena.set_printed(id, printed);
        }
    }

    /// Prints the right half.
    fn right(&mut self, id: NodeId) {
        if !self.enter() {
            return;
        }
        match *self.arena.node(id) {
            Node::Pointer(to) => self.right_of_pointer(to),
            Node::Reference { to, is_right, .. } => self.right_of_reference(id, to, is_right),
            Node::Qualified { of, .. } => self.right(of),
            Node::Encoding { prototype, .. } => self.right_of_encoding(prototype),
            Node::Function(prototype) => self.right_of_function(prototype),
            Node::MemberPointer { member, .. } => self.right_of_member_pointer(member),
            Node::Array { of, size } => self.right_of_array(of, size),
            Node::Pack { items, count } => {
                if let Some(item) = self.element(items, count) {
                    self.right(item);
                }
            }
            Node::Forward(number) => {
                if let Some(target) = self.begin_forward(number) {
                    self.right(target);
                    self.end_forward(number);
                }
            }
            Node::TypeParameter(name) | Node::ConstrainedParameter { name, .. } => self.print(name),
            Node::ValueParameter { name, of } => {
                self.print(name);
                self.right(of);
            }
            Node::TemplateParameter { name, requires, .. } => {
                self.print(name);
                self.requires(requires);
            }
            Node::PackParameter(of) => self.right(of),
            // A tag behind a type hides the type's right half.
            _ => {}
        }
        self.budget.leave();
    }

    /// Goes a level deeper, unless a limit is reached.
    #[inline]
    fn enter(&mut self) -> bool {
        if self.out.len() > self.end {
            self.budget.stop();
        }
        self.budget.enter()
    }

    fn is_stopped(&self) -> bool {
        self.budget.is_over()
    }

    #[inline]
    fn word(&mut self, word: &str) {
        self.out.extend_from_slice(word.as_bytes());
    }

    #[inline]
    fn text(&mut self, text: Span) {
        self.out.extend_from_slice(text.of(self.name));
    }

    /// The last byte that was printed, 0 at the start.
    fn last(&self) -> u8 {
        self.out.get(self.start..).and_then(<[u8]>::last).copied().unwrap_or(0)
    }

    fn open(&mut self, bracket: u8) {
        self.depth_in_angles += u32::from(self.is_in_angles);
        self.out.push(bracket);
    }

    fn close(&mut self, bracket: u8) {
        self.depth_in_angles -= u32::from(self.is_in_angles);
        self.out.push(bracket);
    }

    fn in_parentheses(&mut self, id: NodeId) {
        self.open(b'(');
        self.print(id);
        self.close(b')');
    }

    fn list_in_parentheses(&mut self, list: List) {
        self.open(b'(');
        self.list(list);
        self.close(b')');
    }

    fn in_angles(&mut self, list: List) {
        let is_in_angles = std::mem::replace(&mut self.is_in_angles, true);
        self.out.push(b'<');
        self.list(list);
        self.out.push(b'>');
        self.is_in_angles = is_in_angles;
    }

    /// Prints the items with commas. An item without text, like an empty pack, gets none.
    fn list(&mut self, list: List) {
        let mut index = list.0 as usize;
        let mut is_first = true;
        while let Some(item) = self.arena.item(index) {
            index += 1;
            let before = self.out.len();
            if !is_first {
                self.word(", ");
            }
            let start = self.out.len();
            self.item(item);
            if self.out.len() == start {
                self.out.truncate(before);
            } else {
                is_first = false;
            }
            if !self.budget.step() {
                return;
            }
        }
    }

    /// Prints an item between commas. Only a comma operator needs parentheses there.
    #[inline]
    fn item(&mut self, id: NodeId) {
        match self.arena.node(id) {
            Node::Binary { .. } => self.operand(id, Precedence::Comma, false),
            _ => self.print(id),
        }
    }

    /// Prints an operand, in parentheses if it does not bind tighter than `precedence`; with
    /// `or_same`, if it binds less.
    fn operand(&mut self, id: NodeId, precedence: Precedence, or_same: bool) {
        let own = precedence_of(self.arena.get(id));
        if own > precedence || own == precedence && !or_same {
            self.in_parentheses(id);
        } else {
            self.print(id);
        }
    }

    /// Prints identifiers in a row, from `at` to the last.
    fn path(&mut self, at: u32, last: Span) {
        let end = (last.at + last.len) as usize;
        let mut rest = self.name.get(at as usize..end).unwrap_or_default();
        let out = &mut *self.out;
        let mut is_first = true;
        while let Some((identifier, behind)) = split_identifier(rest) {
            if !is_first {
                out.extend_from_slice(b"::");
            }
            is_first = false;
            rest = behind;
            let text = if is_anonymous(identifier) { b"(anonymous namespace)" } else { identifier };
            out.extend_from_slice(text);
        }
    }
}

/// Splits an identifier with its length from the start of a text.
#[inline]
fn split_identifier(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = split_decimal(text)?;
    rest.split_at_checked(usize::try_from(len).ok()?)
}

fn precedence_of(node: Node) -> Precedence {
    match node {
        Node::Binary { operator, .. }
        | Node::Prefix { operator, .. }
        | Node::Postfix { operator, .. }
        | Node::Member { operator, .. } => operator.precedence(),
        Node::Enclosing { precedence, .. } => precedence,
        Node::Subscript { .. } | Node::Call { .. } | Node::NamedCast { .. } => Precedence::Postfix,
        Node::Conditional { .. } => Precedence::Conditional,
        Node::Cast { .. } => Precedence::Cast,
        Node::New(_) | Node::Delete { .. } | Node::MemberPointerCast { .. } => Precedence::Unary,
        _ => Precedence::Primary,
    }
}
