//! Keeps the nodes of one name, their texts, and what is left of the limits.

use super::super::limits::{Budget, Limits};
use super::node::Kind;

/// Bytes of text whose copying takes as long as a step.
const BYTES_IN_STEP: usize = 64;
/// Steps for a node beside the first: it takes as long, and about 100 bytes.
const STEPS_OF_NODE: usize = 3;

/// Names a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u32);

/// What a node has beside its children.
#[derive(Clone, Copy, Debug, Default)]
enum Payload {
    #[default]
    Nothing,
    Index(u64),
    Static(&'static str),
    /// A part of [`Tree::text`].
    Text(usize, usize),
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    payload: Payload,
    children: Vec<Id>,
}

/// The nodes of a name. Each node and each child takes steps, so that the limits bound the memory.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    text: Vec<u8>,
    pub(super) budget: Budget,
    /// The longest text of a node.
    pub(super) text_bytes: usize,
}

impl Default for Tree {
    fn default() -> Self {
        let limits = Limits::default();
        Self { nodes: Vec::new(), text: Vec::new(), budget: Budget::new(&limits), text_bytes: 0 }
    }
}

impl Tree {
    /// Forgets all nodes, for the next name.
    pub(super) fn clear(&mut self, limits: &Limits) {
        self.nodes.clear();
        self.text.clear();
        self.budget = Budget::new(limits);
        self.text_bytes = limits.output_bytes;
    }

    fn push(&mut self, kind: Kind, payload: Payload) -> Option<Id> {
        self.budget.take(STEPS_OF_NODE);
        if !self.budget.step() {
            return None;
        }
        let id = Id(u32::try_from(self.nodes.len()).ok()?);
        self.nodes.push(Node { kind, payload, children: Vec::new() });
        Some(id)
    }

    pub(super) fn node(&mut self, kind: Kind) -> Option<Id> {
        self.push(kind, Payload::Nothing)
    }

    pub(super) fn with_index(&mut self, kind: Kind, index: u64) -> Option<Id> {
        self.push(kind, Payload::Index(index))
    }

    pub(super) fn with_word(&mut self, kind: Kind, word: &'static str) -> Option<Id> {
        self.push(kind, Payload::Static(word))
    }

    pub(super) fn with_text(&mut self, kind: Kind, text: &[u8]) -> Option<Id> {
        if text.len() > self.text_bytes {
            self.budget.stop();
            return None;
        }
        self.budget.take(text.len() / BYTES_IN_STEP);
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.push(kind, Payload::Text(start, self.text.len()))
    }

    pub(super) fn with_children(&mut self, kind: Kind, children: &[Id]) -> Option<Id> {
        let id = self.node(kind)?;
        for child in children {
            self.add(id, *child)?;
        }
        Some(id)
    }

    /// A copy with another kind.
    pub(super) fn with_kind(&mut self, id: Id, kind: Kind) -> Option<Id> {
        let payload = self.get(id)?.payload;
        let copy = self.push(kind, payload)?;
        self.add_all(copy, id, 0)?;
        Some(copy)
    }

    pub(super) fn add(&mut self, parent: Id, child: Id) -> Option<()> {
        if !self.budget.step() {
            return None;
        }
        self.get_mut(parent)?.children.push(child);
        Some(())
    }

    /// Adds the children of another node, from one of them on.
    pub(super) fn add_all(&mut self, parent: Id, other: Id, from: usize) -> Option<()> {
        for index in from..self.len(other) {
            let child = self.child(other, index)?;
            self.add(parent, child)?;
        }
        Some(())
    }

    /// Reverses the children from one of them on.
    pub(super) fn reverse(&mut self, id: Id, from: usize) {
        if let Some(children) = self.get_mut(id).and_then(|node| node.children.get_mut(from..)) {
            children.reverse();
        }
    }

    pub(super) fn remove(&mut self, id: Id, index: usize) {
        if let Some(node) = self.get_mut(id)
            && index < node.children.len()
        {
            node.children.remove(index);
        }
    }

    fn get(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    fn get_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(id.0 as usize)
    }

    pub(super) fn kind(&self, id: Id) -> Kind {
        self.get(id).map_or(Kind::ErrorType, |node| node.kind)
    }

    pub(super) fn is(&self, id: Id, kind: Kind) -> bool {
        self.kind(id) == kind
    }

    pub(super) fn len(&self, id: Id) -> usize {
        self.get(id).map_or(0, |node| node.children.len())
    }

    pub(super) fn child(&self, id: Id, index: usize) -> Option<Id> {
        self.get(id)?.children.get(index).copied()
    }

    pub(super) fn first(&self, id: Id) -> Option<Id> {
        self.child(id, 0)
    }

    pub(super) fn last(&self, id: Id) -> Option<Id> {
        self.get(id)?.children.last().copied()
    }

    pub(super) fn child_of_kind(&self, id: Id, kind: Kind) -> Option<Id> {
        self.get(id)?.children.iter().copied().find(|child| self.is(*child, kind))
    }

    pub(super) fn index(&self, id: Id) -> Option<u64> {
        match self.get(id)?.payload {
            Payload::Index(index) => Some(index),
            _ => None,
        }
    }

    pub(super) fn text(&self, id: Id) -> Option<&[u8]> {
        match self.get(id)?.payload {
            Payload::Static(word) => Some(word.as_bytes()),
            Payload::Text(start, end) => self.text.get(start..end),
            Payload::Nothing | Payload::Index(_) => None,
        }
    }

    pub(super) fn has_text(&self, id: Id, kind: Kind, text: &str) -> bool {
        self.is(id, kind) && self.text(id) == Some(text.as_bytes())
    }

    /// Whether it is a protocol, or a type that is one.
    pub(super) fn is_protocol(&self, id: Id) -> bool {
        let id = if self.is(id, Kind::Type) { self.first(id).unwrap_or(id) } else { id };
        self.is(id, Kind::Nominal(super::node::Nominal::Protocol))
    }
}
