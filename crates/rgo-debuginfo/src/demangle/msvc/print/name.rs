//! Writes identifiers, scopes and template arguments.

use super::super::node::{List, Node, NodeId};
use super::Printer;

impl Printer<'_> {
    /// Prints an identifier behind its scopes.
    pub(super) fn name(&mut self, name: List) {
        let arena = self.arena;
        for (index, part) in arena.items(name).iter().rev().enumerate() {
            if index > 0 {
                self.word("::");
            }
            self.print(*part);
            if !self.budget.step() {
                return;
            }
        }
    }

    pub(super) fn identifier(&mut self, node: &Node) {
        match *node {
            Node::WithArguments { name, arguments } => {
                self.print(name);
                self.arguments(arguments);
            }
            Node::Structor { of, is_destructor } => {
                self.word(if is_destructor { "~" } else { "" });
                self.print_if_any(of);
            }
            Node::Conversion { to, arguments } => {
                self.word("operator");
                if let Some(arguments) = arguments {
                    self.arguments(arguments);
                }
                self.word(" ");
                self.print_if_any(to);
            }
            Node::LiteralOperator(suffix) => {
                self.word("operator \"\"");
                self.text(suffix);
            }
            Node::Local { function, number } => {
                self.word("`");
                self.with_conventions(true, |it| it.print(function));
                self.word("'::`");
                self.unsigned(number);
                self.word("'");
            }
            Node::Guard { is_of_thread, number } => self.guard(is_of_thread, number),
            Node::VirtualCall(offset) => {
                self.word("`vcall'{");
                self.unsigned(offset);
                self.word(", {flat}}");
            }
            Node::Dynamic { of, is_variable, is_destructor } => {
                self.word("`dynamic ");
                self.word(if is_destructor { "atexit destructor" } else { "initializer" });
                self.word(if is_variable { " for `" } else { " for '" });
                self.print(of);
                self.word("''");
            }
            Node::BaseClassDescriptor(numbers) => {
                self.word("`RTTI Base Class Descriptor at (");
                self.signed_list(numbers);
                self.word(")'");
            }
            Node::Memorized(name) => self.with_conventions(true, |it| it.print(name)),
            Node::Name(name) => self.name(name),
            Node::Custom(name) => self.print(name),
            _ => self.argument(node),
        }
    }

    /// Prints a template argument that is a value.
    fn argument(&mut self, node: &Node) {
        match *node {
            Node::Integer(number) => {
                self.word(if number.is_negative { "-" } else { "" });
                self.unsigned(number.value);
            }
            Node::Address { symbol, offsets, is_pointer } => {
                let has_offsets = offsets.count > 0;
                self.word(if has_offsets {
                    "{"
                } else if is_pointer {
                    "&"
                } else {
                    ""
                });
                self.print_if_any(symbol);
                if has_offsets {
                    self.word(if symbol.is_some() { ", " } else { "" });
                    self.signed_list(offsets);
                    self.word("}");
                }
            }
            _ => {}
        }
    }

    fn arguments(&mut self, arguments: List) {
        self.word("<");
        self.list(arguments);
        self.word(">");
    }

    fn guard(&mut self, is_of_thread: bool, number: u32) {
        self.word(if is_of_thread {
            "`local static thread guard'"
        } else {
            "`local static guard'"
        });
        if number > 0 {
            self.word("{");
            self.unsigned(u64::from(number));
            self.word("}");
        }
    }

    fn print_if_any(&mut self, part: Option<NodeId>) {
        if let Some(part) = part {
            self.print(part);
        }
    }
}
