//! Writes types and functions: the two halves of a declarator, and qualifiers.

use super::super::node::{Access, Function, List, Node, NodeId, Pointing, Qualifiers, Tag, Thunk};
use super::Printer;

impl Printer<'_> {
    /// Prints the left half of a type. It is all of most types.
    pub(super) fn left(&mut self, id: NodeId) {
        let arena = self.arena;
        match arena.node(id) {
            Node::Primitive { .. } => self.print(id),
            node => {
                if self.enter() {
                    self.left_of(node);
                    self.budget.leave();
                }
            }
        }
    }

    pub(super) fn left_of(&mut self, node: &Node) {
        match *node {
            Node::Tagged { tag, qualifiers, name } => {
                self.word(match tag {
                    Tag::Class => "class ",
                    Tag::Struct => "struct ",
                    Tag::Union => "union ",
                    Tag::Enum => "enum ",
                });
                self.name(name);
                self.qualifiers(qualifiers, true);
            }
            Node::Pointer { .. } => self.left_of_pointer(node),
            Node::Array { qualifiers, of, .. } => {
                self.left(of);
                self.qualifiers(qualifiers, true);
            }
            Node::Function(function) => {
                if let Some(function) = self.arena.function(function) {
                    self.left_of_function(function);
                }
            }
            _ => self.identifier(node),
        }
    }

    /// Prints the right half of a type.
    pub(super) fn right(&mut self, id: NodeId) {
        let arena = self.arena;
        let node = arena.node(id);
        if matches!(node, Node::Pointer { .. } | Node::Array { .. } | Node::Function(_))
            && self.enter()
        {
            self.right_of(node);
            self.budget.leave();
        }
    }

    pub(super) fn right_of(&mut self, node: &Node) {
        match *node {
            Node::Pointer { to, .. } => {
                if matches!(self.arena.node(to), Node::Array { .. } | Node::Function(_)) {
                    self.word(")");
                }
                self.right(to);
            }
            Node::Array { of, dimensions, .. } => {
                self.dimensions(dimensions);
                self.right(of);
            }
            Node::Function(function) => {
                if let Some(function) = self.arena.function(function) {
                    self.right_of_function(function);
                }
            }
            _ => {}
        }
    }

    fn dimensions(&mut self, dimensions: List) {
        let arena = self.arena;
        for dimension in arena.numbers(dimensions) {
            self.word("[");
            // 0 is the unknown size.
            if *dimension != 0 {
                self.unsigned(*dimension);
            }
            self.word("]");
        }
    }

    fn left_of_pointer(&mut self, node: &Node) {
        let Node::Pointer { pointing, qualifiers, to, class, authentication } = *node else {
            return;
        };
        let arena = self.arena;
        let function = match arena.node(to) {
            Node::Function(function) => arena.function(*function),
            _ => None,
        };
        if let Some(function) = function {
            self.with_conventions(false, |it| it.before_convention(function));
        } else {
            self.left(to);
        }
        self.space();
        if qualifiers.has(Qualifiers::UNALIGNED) {
            self.word("__unaligned ");
        }
        if let Some(function) = function {
            // The convention belongs to the function, so it is in the parentheses.
            self.word("(");
            self.word(function.convention);
            self.word(" ");
        } else if matches!(arena.node(to), Node::Array { .. }) {
            self.word("(");
        }
        if let Some(class) = class {
            self.print(class);
            self.word("::");
        }
        self.word(match pointing {
            Pointing::Pointer => "*",
            Pointing::Reference => "&",
            Pointing::RightReference => "&&",
        });
        self.qualifiers(qualifiers, false);
        if let Some(start) = authentication {
            self.word("__ptrauth(");
            for (index, number) in
                arena.numbers(List { start: start.get(), count: 3 }).iter().enumerate()
            {
                self.word(if index > 0 { ", " } else { "" });
                self.unsigned(*number);
            }
            self.word(")");
        }
    }

    /// Prints qualifiers, the first one with a space before it if `is_apart`.
    #[inline]
    pub(super) fn qualifiers(&mut self, qualifiers: Qualifiers, is_apart: bool) {
        if qualifiers == Qualifiers::NONE {
            return;
        }
        let mut is_apart = is_apart;
        for (bit, word) in [
            (Qualifiers::CONST, "const"),
            (Qualifiers::VOLATILE, "volatile"),
            (Qualifiers::RESTRICT, "__restrict"),
        ] {
            if qualifiers.has(bit) {
                self.word(if is_apart { " " } else { "" });
                self.word(word);
                is_apart = true;
            }
        }
    }

    /// Prints what stands before the calling convention.
    fn before_convention(&mut self, function: &Function) {
        self.access(function.access);
        self.word(if function.is_static { "static " } else { "" });
        self.word(if function.is_virtual { "virtual " } else { "" });
        self.word(if function.is_extern_c { "extern \"C\" " } else { "" });
        if let Some(result) = function.result {
            self.left(result);
            self.word(" ");
        }
    }

    pub(super) fn access(&mut self, access: Access) {
        self.word(match access {
            Access::None => "",
            Access::Private => "private: ",
            Access::Protected => "protected: ",
            Access::Public => "public: ",
        });
    }

    pub(super) fn left_of_function(&mut self, function: &Function) {
        if function.thunk != Thunk::None {
            self.word("[thunk]: ");
        }
        self.before_convention(function);
        if !self.is_without_conventions {
            self.space();
            self.word(function.convention);
        }
    }

    pub(super) fn right_of_function(&mut self, function: &Function) {
        self.thunk(function.thunk);
        if !function.has_no_list {
            self.word("(");
            match function.parameters {
                Some(parameters) => self.list(parameters),
                None => self.word("void"),
            }
            if function.is_variadic {
                self.word(if self.out.last() == Some(&b'(') { "..." } else { ", ..." });
            }
            self.word(")");
        }
        self.qualifiers(function.qualifiers, true);
        if function.qualifiers.has(Qualifiers::UNALIGNED) {
            self.word(" __unaligned");
        }
        self.word(if function.is_noexcept { " noexcept" } else { "" });
        self.word(function.reference);
        if let Some(result) = function.result {
            self.right(result);
        }
    }

    fn thunk(&mut self, thunk: Thunk) {
        let (word, numbers) = match thunk {
            Thunk::None | Thunk::Virtual => return,
            Thunk::Adjustor(numbers) => ("`adjustor{", numbers),
            Thunk::Displacement(numbers) => ("`vtordisp{", numbers),
            Thunk::BaseDisplacement(numbers) => ("`vtordispex{", numbers),
        };
        self.word(word);
        self.signed_list(numbers);
        self.word("}'");
    }
}
