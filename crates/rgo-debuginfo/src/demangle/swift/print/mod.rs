//! Prints the nodes of a Swift name as `swift demangle` does.
//!
//! A method returns `None` if the nodes have no form, or the limits refuse it. An entity as the
//! context of another can leave its own context for the end: `closure #1 () -> () in a.f() -> ()`.

mod derivative;
mod entity;
mod function;
mod generics;
mod kinds;
mod specialization;
mod thunk;
mod types;

use std::fmt;
use std::io::Write as _;

use super::node::Kind;
use super::tree::{Id, Tree};

pub(super) struct Printer<'a> {
    tree: &'a mut Tree,
    out: &'a mut Vec<u8>,
    /// The longest output.
    end: usize,
    is_too_long: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(tree: &'a mut Tree, out: &'a mut Vec<u8>, end: usize) -> Self {
        Self { tree, out, end, is_too_long: false }
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long || self.out.len() > self.end
    }

    /// Prints a node that is not the context of another.
    pub(super) fn print(&mut self, id: Id) -> Option<()> {
        self.print_in(id, false).map(|_| ())
    }

    /// Prints a node, and returns what is left of its context to print after the entity in it.
    fn print_in(&mut self, id: Id, is_context: bool) -> Option<Option<Id>> {
        if self.out.len() > self.end {
            self.is_too_long = true;
            return None;
        }
        if !self.tree.budget.enter() {
            return None;
        }
        let kind = self.tree.kind(id);
        let result = if entity::is_entity(kind) {
            self.declared(id, kind, is_context)
        } else {
            self.by_kind(id, kind).map(|()| None)
        };
        self.tree.budget.leave();
        result
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn put_formatted(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a vector cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn put_text(&mut self, id: Id) -> Option<()> {
        self.out.extend_from_slice(self.tree.text(id)?);
        Some(())
    }

    fn print_child(&mut self, id: Id, index: usize) -> Option<()> {
        let child = self.tree.child(id, index)?;
        self.print(child)
    }

    fn print_children(&mut self, id: Id, from: usize, separator: &str) -> Option<()> {
        for index in from..self.tree.len(id) {
            if index > from {
                self.put(separator);
            }
            self.print_child(id, index)?;
        }
        Some(())
    }

    /// Prints a text with the children at their numbers in braces.
    fn form(&mut self, id: Id, form: &str) -> Option<()> {
        let mut parts = form.split('{');
        self.put(parts.next()?);
        for part in parts {
            match part.split_once('}') {
                Some(("*", rest)) => {
                    self.print_children(id, 0, "")?;
                    self.put(rest);
                }
                Some((index, rest)) => {
                    self.print_child(id, index.parse().ok()?)?;
                    self.put(rest);
                }
                // A brace of the text.
                None => {
                    self.put("{");
                    self.put(part);
                }
            }
        }
        Some(())
    }

    fn child_is(&self, id: Id, index: usize, kind: Kind) -> bool {
        self.tree.child(id, index).is_some_and(|child| self.tree.is(child, kind))
    }
}
