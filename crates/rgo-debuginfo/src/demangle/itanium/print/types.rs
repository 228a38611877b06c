//! Writes types and functions: declarators with their two halves, qualifiers, exception
//! specifications.

use super::super::id::NodeId;
use super::super::node::{Node, Prototype, Qualifiers, RefQualifier};
use super::Printer;

impl Printer<'_> {
    pub(super) fn left_of_type(&mut self, node: Node) {
        match node {
            Node::Function(prototype) => {
                if let Some(result) = self.prototype(prototype).and_then(|it| it.result) {
                    self.left(result);
                    self.word(" ");
                }
            }
            Node::Array { of, .. } => self.left(of),
            Node::MemberPointer { class, member } => {
                self.left(member);
                let is_surrounded = self.is_array(member) || self.is_function(member);
                self.word(if is_surrounded { "(" } else { " " });
                self.print(class);
                self.word("::*");
            }
            Node::Noexcept(condition) => {
                self.word("noexcept");
                self.in_parentheses(condition);
            }
            Node::Throws(types) => {
                self.word("throw");
                self.list_in_parentheses(types);
            }
            Node::ExplicitObject(of) => {
                self.word("this ");
                self.print(of);
            }
            Node::Vector { of, size } => {
                self.print(of);
                self.word(" vector[");
                if let Some(size) = size {
                    self.print(size);
                }
                self.word("]");
            }
            Node::PixelVector(size) => {
                self.word("pixel vector[");
                self.print(size);
                self.word("]");
            }
            Node::BinaryFloat(bits) => {
                self.word("_Float");
                self.text(bits);
            }
            Node::BitInt { size, is_signed } => {
                self.word(if is_signed { "_BitInt" } else { "unsigned _BitInt" });
                self.in_parentheses(size);
            }
            _ => self.left_of_vendor_type(node),
        }
    }

    fn left_of_vendor_type(&mut self, node: Node) {
        match node {
            Node::Postfixed { of, word } => {
                self.left(of);
                self.word(word);
            }
            Node::Elaborated { of, word } => {
                self.word(word);
                self.print(of);
            }
            Node::Transformed { transform, of } => {
                self.text(transform);
                self.word("(");
                self.print(of);
                self.word(")");
            }
            Node::VendorQualified { of, qualifier } => {
                self.print(of);
                self.word(" ");
                self.print(qualifier);
            }
            Node::ObjcProtocol { of, protocol } => {
                self.print(of);
                self.word("<");
                self.text(protocol);
                self.word(">");
            }
            _ => self.left_of_expression(node),
        }
    }

    fn prototype(&self, index: u32) -> Option<Prototype> {
        self.arena.prototypes.get(index as usize).copied()
    }

    pub(super) fn qualifiers(&mut self, Qualifiers(bits): Qualifiers) {
        for (bit, word) in [
            (Qualifiers::CONST, " const"),
            (Qualifiers::VOLATILE, " volatile"),
            (Qualifiers::RESTRICT, " restrict"),
        ] {
            if bits & bit != 0 {
                self.word(word);
            }
        }
    }

    /// Whether a type is Objective-C's `objc_object` with a protocol, a pointer to which is `id`.
    fn is_objc_object(&self, id: NodeId) -> Option<super::super::cursor::Span> {
        let Node::ObjcProtocol { of, protocol } = self.arena.get(id) else {
            return None;
        };
        match self.arena.get(of) {
            Node::Text(name) if name.of(self.name) == b"objc_object" => Some(protocol),
            _ => None,
        }
    }

    /// Prints what is before the `*` or `&` of a declarator.
    fn left_of_declarator(&mut self, to: NodeId) {
        self.left(to);
        let is_array = self.is_array(to);
        if is_array {
            self.word(" ");
        }
        if is_array || self.is_function(to) {
            self.word("(");
        }
    }

    fn right_of_declarator(&mut self, to: NodeId) {
        if self.is_array(to) || self.is_function(to) {
            self.word(")");
        }
        self.right(to);
    }

    pub(super) fn left_of_pointer(&mut self, to: NodeId) {
        if let Some(protocol) = self.is_objc_object(to) {
            self.word("id<");
            self.text(protocol);
            self.word(">");
            return;
        }
        self.left_of_declarator(to);
        self.word("*");
    }

    pub(super) fn right_of_pointer(&mut self, to: NodeId) {
        if self.is_objc_object(to).is_none() {
            self.right_of_declarator(to);
        }
    }

    pub(super) fn left_of_reference(&mut self, id: NodeId, to: NodeId, is_right: bool) {
        let Some((to, is_right)) = self.begin_reference(id, to, is_right) else {
            return;
        };
        if let Some(to) = to {
            self.left_of_declarator(to);
            self.word(if is_right { "&&" } else { "&" });
        }
        self.set_printing(id, false);
    }

    pub(super) fn right_of_reference(&mut self, id: NodeId, to: NodeId, is_right: bool) {
        let Some((to, _)) = self.begin_reference(id, to, is_right) else {
            return;
        };
        if let Some(to) = to {
            self.right_of_declarator(to);
        }
        self.set_printing(id, false);
    }

    /// Finds what a reference to references refers to, and of which kind it is: `&&` if all are.
    /// Returns nothing if the reference is already being printed, and no type if the references
    /// form a circle.
    fn begin_reference(
        &mut self,
        id: NodeId,
        mut to: NodeId,
        mut is_right: bool,
    ) -> Option<(Option<NodeId>, bool)> {
        if let Node::Reference { is_printing: true, .. } = self.arena.get(id) {
            self.choices += 1;
            return None;
        }
        self.set_printing(id, true);
        for _ in 0..self.arena.len() {
            // What a pack or a forward reference stands for counts only if it is a reference.
            let Node::Reference { to: next, is_right: is_next_right, .. } = self.resolved_node(to)
            else {
                return Some((Some(to), is_right));
            };
            to = next;
            is_right &= is_next_right;
            if !self.budget.step() {
                break;
            }
        }
        Some((None, is_right))
    }

    fn resolved_node(&mut self, id: NodeId) -> Node {
        let node = self.arena.get(id);
        match node {
            Node::Pack { .. } | Node::Forward(_) => {
                let found = self.resolved(id);
                self.arena.get(found)
            }
            _ => node,
        }
    }

    fn set_printing(&mut self, id: NodeId, value: bool) {
        if let Some(Node::Reference { is_printing, .. }) = self.arena.get_mut(id) {
            *is_printing = value;
        }
    }

    pub(super) fn right_of_member_pointer(&mut self, member: NodeId) {
        self.right_of_declarator(member);
    }

    pub(super) fn right_of_array(&mut self, of: NodeId, size: Option<NodeId>) {
        if self.last() != b']' {
            self.word(" ");
        }
        self.word("[");
        if let Some(size) = size {
            self.print(size);
        }
        self.word("]");
        self.right(of);
    }

    /// Prints the parameters and what follows them.
    fn right_of_prototype(&mut self, prototype: &Prototype) {
        self.list_in_parentheses(prototype.parameters);
        if let Some(result) = prototype.result {
            self.right(result);
        }
        self.qualifiers(prototype.qualifiers);
        match prototype.reference {
            RefQualifier::None => {}
            RefQualifier::Left => self.word(" &"),
            RefQualifier::Right => self.word(" &&"),
        }
    }

    pub(super) fn right_of_function(&mut self, index: u32) {
        if let Some(prototype) = self.prototype(index) {
            self.right_of_prototype(&prototype);
            if let Some(exceptions) = prototype.suffix {
                self.word(" ");
                self.print(exceptions);
            }
        }
    }

    pub(super) fn left_of_encoding(&mut self, name: NodeId, index: u32) {
        if let Some(result) = self.prototype(index).and_then(|it| it.result) {
            self.left(result);
            if !self.has_right(result) {
                self.word(" ");
            }
        }
        self.print(name);
    }

    pub(super) fn right_of_encoding(&mut self, index: u32) {
        if let Some(prototype) = self.prototype(index) {
            self.right_of_prototype(&prototype);
            if let Some(conditions) = prototype.suffix {
                self.print(conditions);
            }
            self.requires(prototype.requires);
        }
    }
}
