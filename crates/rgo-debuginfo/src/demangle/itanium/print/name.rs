//! Writes names: scopes, constructors, unnamed types, and what a compiler generates.

use super::super::cursor::{Span, is_anonymous};
use super::super::id::NodeId;
use super::super::node::{Closure, Node, StdName};
use super::Printer;

impl Printer<'_> {
    pub(super) fn left_of_name(&mut self, node: Node) {
        match node {
            Node::OperatorName(operator) => {
                self.word("operator");
                if operator.symbol().starts_with(|it: char| it.is_ascii_lowercase()) {
                    self.word(" ");
                }
                self.word(operator.symbol());
            }
            Node::Friend { scope, name } => self.joined(scope, "::friend ", name),
            Node::Global(name) => {
                self.word("::");
                self.print(name);
            }
            Node::Local { function, entity } => self.joined(function, "::", entity),
            Node::InModule { module, name } => self.joined(name, "@", module),
            Node::Module { parent, name, is_partition } => {
                if let Some(parent) = parent {
                    self.print(parent);
                }
                if is_partition {
                    self.word(":");
                } else if parent.is_some() {
                    self.word(".");
                }
                self.print(name);
            }
            Node::AbiTag { base, tag } => {
                self.left(base);
                self.word("[abi:");
                self.text(tag);
                self.word("]");
            }
            Node::StdInFull(name) => self.std_in_full(name),
            Node::Structor { of, is_destructor } => {
                if is_destructor {
                    self.word("~");
                }
                self.base_name(of);
            }
            Node::Destructor(of) => {
                self.word("~");
                self.left(of);
            }
            Node::Conversion(to) => {
                self.word("operator ");
                self.print(to);
            }
            _ => self.left_of_special(node),
        }
    }

    fn left_of_special(&mut self, node: Node) {
        match node {
            Node::Special { word, of } => {
                self.word(word);
                self.print(of);
            }
            Node::ConstructionVtable { of, inside } => {
                self.word("construction vtable for ");
                self.joined(of, "-in-", inside);
            }
            Node::Suffixed { name, suffix } => {
                self.print(name);
                self.word(" (");
                self.text(suffix);
                self.word(")");
            }
            Node::LiteralOperator(name) => {
                self.word("operator\"\" ");
                self.print(name);
            }
            Node::Unnamed(number) => {
                self.word("'unnamed");
                self.text(number);
                self.word("'");
            }
            Node::Closure(index) => {
                if let Some(closure) = self.arena.closures.get(index as usize).copied() {
                    self.word("'lambda");
                    self.text(closure.number);
                    self.word("'");
                    self.declarator_of_closure(&closure);
                }
            }
            Node::Bindings(names) => {
                self.open(b'[');
                self.list(names);
                self.close(b']');
            }
            Node::EnableIf(conditions) => {
                self.word(" [enable_if:");
                self.list(conditions);
                self.word("]");
            }
            _ => self.left_of_template(node),
        }
    }

    fn joined(&mut self, first: NodeId, between: &str, second: NodeId) {
        self.print(first);
        self.word(between);
        self.print(second);
    }

    pub(super) fn declarator_of_closure(&mut self, closure: &Closure) {
        if !self.arena.is_empty(closure.template_parameters) {
            self.in_angles(closure.template_parameters);
        }
        if closure.requires.is_some() {
            self.requires(closure.requires);
            self.word(" ");
        }
        self.list_in_parentheses(closure.parameters);
        self.requires(closure.requires_behind);
    }

    /// Prints a requires clause if there is one.
    pub(super) fn requires(&mut self, clause: Option<NodeId>) {
        if let Some(clause) = clause {
            self.word(" requires ");
            self.print(clause);
        }
    }

    pub(super) fn std_name(&mut self, name: StdName) {
        self.word(match name {
            StdName::Allocator => "std::allocator",
            StdName::BasicString => "std::basic_string",
            StdName::String => "std::string",
            StdName::Istream => "std::istream",
            StdName::Ostream => "std::ostream",
            StdName::Iostream => "std::iostream",
        });
    }

    fn std_in_full(&mut self, name: StdName) {
        self.word(match name {
            StdName::Allocator => "std::allocator",
            StdName::BasicString => "std::basic_string",
            StdName::String => {
                "std::basic_string<char, std::char_traits<char>, std::allocator<char>>"
            }
            StdName::Istream => "std::basic_istream<char, std::char_traits<char>>",
            StdName::Ostream => "std::basic_ostream<char, std::char_traits<char>>",
            StdName::Iostream => "std::basic_iostream<char, std::char_traits<char>>",
        });
    }

    /// Prints the identifier of a class, which its constructors have as their name.
    fn base_name(&mut self, mut id: NodeId) {
        while self.budget.step() {
            id = match self.arena.get(id) {
                Node::Nested { name, .. }
                | Node::Friend { name, .. }
                | Node::InModule { name, .. }
                | Node::WithArguments { name, .. }
                | Node::Global(name)
                | Node::AbiTag { base: name, .. } => name,
                Node::Scoped { name, .. } => return self.text(name),
                Node::Path { last, .. } | Node::StdPath { last, .. } => return self.last_of(last),
                Node::Text(_) | Node::Word(_) | Node::OperatorName(_) => return self.left(id),
                Node::Std(name) => return self.word(base_of_std(name, false)),
                Node::StdInFull(name) => return self.word(base_of_std(name, true)),
                _ => return,
            };
        }
    }

    /// Prints the last identifier of a path.
    fn last_of(&mut self, last: Span) {
        if is_anonymous(last.of(self.name)) {
            self.word("(anonymous namespace)");
        } else {
            self.text(last);
        }
    }
}

fn base_of_std(name: StdName, is_in_full: bool) -> &'static str {
    match (name, is_in_full) {
        (StdName::Allocator, _) => "allocator",
        (StdName::BasicString, _) | (StdName::String, true) => "basic_string",
        (StdName::String, false) => "string",
        (StdName::Istream, false) => "istream",
        (StdName::Istream, true) => "basic_istream",
        (StdName::Ostream, false) => "ostream",
        (StdName::Ostream, true) => "basic_ostream",
        (StdName::Iostream, false) => "iostream",
        (StdName::Iostream, true) => "basic_iostream",
    }
}
