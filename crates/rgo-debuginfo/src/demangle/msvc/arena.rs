//! Holds the parts of one name. Clearing keeps the memory for the next name.

use std::num::NonZeroU32;

use super::node::{Function, List, Node, NodeId, Qualifiers};

/// Nodes for which the memory is kept. Names that need more are rare, and hostile.
const KEPT_NODES: usize = 1 << 16;

static NO_NODE: Node = Node::Word(&"");

#[derive(Debug, Default)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    items: Vec<NodeId>,
    numbers: Vec<u64>,
    functions: Vec<Function>,
    /// The decoded text of string literals.
    pub(super) text: Vec<u8>,
}

impl Arena {
    /// Removes all nodes. Index 0 stays unused, so that an id is never 0.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.nodes.shrink_to(KEPT_NODES);
        self.nodes.push(NO_NODE);
        self.items.clear();
        self.items.shrink_to(KEPT_NODES);
        self.numbers.clear();
        self.numbers.push(0);
        self.functions.clear();
        self.text.clear();
    }

    /// Adds a node; `None` if the arena is full.
    #[inline]
    pub(super) fn add(&mut self, node: Node) -> Option<NodeId> {
        let index = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.push(node);
        NonZeroU32::new(index).map(NodeId)
    }

    #[inline]
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.index()).unwrap_or(&NO_NODE)
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    #[inline]
    pub(super) fn add_list(&mut self, items: &[NodeId]) -> List {
        let list = List { start: self.items.len() as u32, count: items.len() as u32 };
        self.items.extend_from_slice(items);
        list
    }

    #[inline]
    pub(super) fn items(&self, list: List) -> &[NodeId] {
        let start = list.start as usize;
        self.items.get(start..start + list.count as usize).unwrap_or_default()
    }

    pub(super) fn add_numbers(&mut self, numbers: &[u64]) -> List {
        let list = List { start: self.numbers.len() as u32, count: numbers.len() as u32 };
        self.numbers.extend_from_slice(numbers);
        list
    }

    pub(super) fn numbers(&self, list: List) -> &[u64] {
        let start = list.start as usize;
        self.numbers.get(start..start + list.count as usize).unwrap_or_default()
    }

    /// Adds the type of a function, and returns its index.
    pub(super) fn add_function(&mut self, function: Function) -> u32 {
        self.functions.push(function);
        (self.functions.len() - 1) as u32
    }

    pub(super) fn function(&self, index: u32) -> Option<&Function> {
        self.functions.get(index as usize)
    }

    pub(super) fn function_mut(&mut self, index: u32) -> Option<&mut Function> {
        self.functions.get_mut(index as usize)
    }

    /// The qualifiers of a type; a type by its name alone has none.
    fn qualifiers_mut(&mut self, id: NodeId) -> Option<&mut Qualifiers> {
        match self.nodes.get_mut(id.index())? {
            Node::Primitive { qualifiers, .. }
            | Node::Tagged { qualifiers, .. }
            | Node::Pointer { qualifiers, .. }
            | Node::Array { qualifiers, .. } => Some(qualifiers),
            Node::Function(function) => {
                self.functions.get_mut(*function as usize).map(|it| &mut it.qualifiers)
            }
            _ => None,
        }
    }

    /// Adds qualifiers to a type.
    #[inline]
    pub(super) fn qualify(&mut self, id: NodeId, added: Qualifiers) {
        if added != Qualifiers::NONE
            && let Some(qualifiers) = self.qualifiers_mut(id)
        {
            *qualifiers = qualifiers.with(added);
        }
    }

    /// Replaces the qualifiers of a type.
    pub(super) fn set_qualifiers(&mut self, id: NodeId, new: Qualifiers) {
        if let Some(qualifiers) = self.qualifiers_mut(id) {
            *qualifiers = new;
        }
    }
}
