//! Writes template arguments, packs with their expansions, and declarations of parameters.

use super::super::super::append_formatted;
use super::super::id::{List, NodeId, Tri};
use super::super::node::{Node, ParameterKind};
use super::{PackPosition, Printer};

impl Printer<'_> {
    pub(super) fn left_of_template(&mut self, node: Node) {
        match node {
            Node::ArgumentPack(items) | Node::PackOf(items) => self.list(items),
            Node::Declared(argument) => self.print(argument),
            Node::Pack { items, count } => {
                if let Some(item) = self.element(items, count) {
                    self.left(item);
                }
            }
            Node::Expansion(of) => self.expansion(of),
            Node::Forward(number) => {
                if let Some(target) = self.begin_forward(number) {
                    self.left(target);
                    self.end_forward(number);
                }
            }
            Node::Invented { kind, number } => self.invented(kind, number),
            Node::TypeParameter(_) => self.word("typename "),
            Node::ConstrainedParameter { constraint, .. } => {
                self.print(constraint);
                self.word(" ");
            }
            Node::ValueParameter { of, .. } => {
                self.left(of);
                if !self.has_right(of) {
                    self.word(" ");
                }
            }
            Node::TemplateParameter { parameters, .. } => {
                self.word("template");
                self.in_angles(parameters);
                self.word(" typename ");
            }
            Node::PackParameter(of) => {
                self.left(of);
                self.word("...");
            }
            _ => self.left_of_type(node),
        }
    }

    fn invented(&mut self, kind: ParameterKind, number: u32) {
        self.word(match kind {
            ParameterKind::Type => "$T",
            ParameterKind::Value => "$N",
            ParameterKind::Template => "$TT",
        });
        if number > 0 {
            append_formatted(self.out, format_args!("{}", number - 1));
        }
    }

    /// The element of a pack that is being printed. The first pack in an expansion decides about
    /// the number of elements.
    pub(super) fn element(&mut self, items: List, count: u32) -> Option<NodeId> {
        self.choices += 1;
        let PackPosition { index, .. } = *self.pack.get_or_insert(PackPosition { index: 0, count });
        if index >= count {
            return None;
        }
        self.arena.item(items.0 as usize + index as usize)
    }

    /// Prints a part once for each element of the packs below it.
    pub(super) fn expansion(&mut self, of: NodeId) {
        let outside = self.pack.take();
        let start = self.out.len();
        self.print(of);
        match self.pack {
            // A pack of function parameters, which the mangling does not list.
            None => self.word("..."),
            Some(PackPosition { count: 0, .. }) => {
                if self.out.len() > start {
                    self.out.truncate(start);
                    self.arena.forget_printed();
                    self.budget.take(self.arena.len());
                }
            }
            Some(PackPosition { count, .. }) => {
                for index in 1..count {
                    if self.is_stopped() {
                        break;
                    }
                    self.word(", ");
                    self.pack = Some(PackPosition { index, count });
                    self.print(of);
                }
            }
        }
        self.pack = outside;
    }

    /// The target of a forward reference, unless it is already being printed.
    pub(super) fn begin_forward(&mut self, number: u32) -> Option<NodeId> {
        self.choices += 1;
        let forward = self.arena.forwards.get_mut(number as usize)?;
        if forward.is_printing {
            return None;
        }
        forward.is_printing = forward.target.is_some();
        forward.target
    }

    pub(super) fn end_forward(&mut self, number: u32) {
        if let Some(forward) = self.arena.forwards.get_mut(number as usize) {
            forward.is_printing = false;
        }
    }

    pub(super) fn has_right(&mut self, id: NodeId) -> bool {
        self.has(id, NodeId::right)
    }

    pub(super) fn is_array(&mut self, id: NodeId) -> bool {
        self.has(id, NodeId::array)
    }

    pub(super) fn is_function(&mut self, id: NodeId) -> bool {
        self.has(id, NodeId::function)
    }

    /// Answers one of the three questions about a part.
    #[inline]
    fn has(&mut self, id: NodeId, question: fn(NodeId) -> Tri) -> bool {
        match question(id) {
            Tri::No => false,
            Tri::Yes => true,
            Tri::Unknown => self.has_unknown(id, question),
        }
    }

    fn has_unknown(&mut self, id: NodeId, question: fn(NodeId) -> Tri) -> bool {
        if !self.enter() {
            return false;
        }
        let answer = match self.arena.get(id) {
            Node::Qualified { of, .. }
            | Node::Pointer(of)
            | Node::Reference { to: of, .. }
            | Node::MemberPointer { member: of, .. } => self.has(of, question),
            Node::Pack { items, count } => {
                self.element(items, count).is_some_and(|item| self.has(item, question))
            }
            Node::Forward(number) => self.begin_forward(number).is_some_and(|target| {
                let answer = self.has(target, question);
                self.end_forward(number);
                answer
            }),
            _ => false,
        };
        self.budget.leave();
        answer
    }

    /// The part that a pack or a forward reference stands for.
    pub(super) fn resolved(&mut self, id: NodeId) -> NodeId {
        if !self.enter() {
            return id;
        }
        let found = match self.arena.get(id) {
            Node::Pack { items, count } => {
                self.element(items, count).map_or(id, |item| self.resolved(item))
            }
            Node::Forward(number) => self.begin_forward(number).map_or(id, |target| {
                let found = self.resolved(target);
                self.end_forward(number);
                found
            }),
            _ => id,
        };
        self.budget.leave();
        found
    }
}
