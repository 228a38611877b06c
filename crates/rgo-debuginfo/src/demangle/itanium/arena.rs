//! Holds the parts of one name. Clearing keeps the memory for the next name.

use super::id::{List, NodeId, Traits, Tri};
use super::node::{Closure, New, Node, Prototype};

/// A template argument that the name gives further ahead: in `operator T*<int>`, `T` is known after
/// the arguments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forward {
    pub(super) index: u64,
    pub(super) target: Option<NodeId>,
    /// Set while it is printed. A broken name can make it a part of itself.
    pub(super) is_printing: bool,
}

/// Where the output already has the text of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Printed {
    start: u32,
    len: u32,
}

impl Printed {
    /// The name has the part only once.
    pub(super) const ONCE: Self = Self { start: u32::MAX, len: 0 };
    /// The name refers back to the part, which is not printed yet.
    pub(super) const NOT_YET: Self = Self { start: 0, len: 0 };

    /// An output from `start` on, unless it is empty or too long.
    pub(super) fn at(start: usize, len: usize) -> Self {
        match (u32::try_from(start), u32::try_from(len)) {
            (Ok(start), Ok(len)) if start != u32::MAX => Self { start, len },
            _ => Self::ONCE,
        }
    }

    /// The part of the output, if there is one.
    #[inline]
    pub(super) fn range(self) -> Option<std::ops::Range<usize>> {
        let start = self.start as usize;
        (self.len > 0).then(|| start..start + self.len as usize)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) node: Node,
    pub(super) printed: Printed,
}

/// Nodes for which the memory is kept. Names that need more are rare, and hostile.
const KEPT_NODES: usize = 1 << 16;

static NO_ENTRY: Entry = Entry { node: Node::Bool(false), printed: Printed::ONCE };

/// The texts of the nodes that every arena has, from index 1: the types for the letters a to z, and
/// `std`. A letter without a text is no type.
const FIXED: [&str; 27] = [
    "signed char",
    "bool",
    "char",
    "double",
    "long double",
    "float",
    "__float128",
    "unsigned char",
    "int",
    "unsigned int",
    "",
    "long",
    "unsigned long",
    "__int128",
    "unsigned __int128",
    "",
    "",
    "",
    "short",
    "unsigned short",
    "",
    "void",
    "wchar_t",
    "long long",
    "unsigned long long",
    "...",
    "std",
];

/// A bit for each letter that is a type.
const TYPES: u32 = {
    let (mut bits, mut letter) = (0, 0);
    while letter < 26 {
        if !FIXED[letter].is_empty() {
            bits |= 1 << letter;
        }
        letter += 1;
    }
    bits
};

/// The namespace `std`.
pub(super) const STD: NodeId = NodeId::fixed(FIXED.len() as u32);

/// The type of the language for one letter.
#[inline]
pub(super) fn type_by_letter(letter: u8) -> Option<NodeId> {
    let index = u32::from(letter.wrapping_sub(b'a'));
    (index < 26 && TYPES >> index & 1 == 1).then(|| NodeId::fixed(index + 1))
}

#[derive(Debug, Default)]
pub(super) struct Arena {
    nodes: Vec<Entry>,
    /// The items of each list, followed by `None`.
    items: Vec<Option<NodeId>>,
    pub(super) prototypes: Vec<Prototype>,
    pub(super) closures: Vec<Closure>,
    pub(super) news: Vec<New>,
    pub(super) forwards: Vec<Forward>,
}

impl Arena {
    /// Removes all nodes but the fixed ones. Index 0 stays unused, so that an id is never 0.
    pub(super) fn clear(&mut self) {
        if self.nodes.is_empty() {
            self.nodes.push(NO_ENTRY);
            static TEXTS: [&str; FIXED.len()] = FIXED;
            let fixed = TEXTS.iter().map(|text| Entry { node: Node::Word(text), ..NO_ENTRY });
            self.nodes.extend(fixed);
        }
        self.nodes.truncate(FIXED.len() + 1);
        self.nodes.shrink_to(KEPT_NODES);
        self.items.clear();
        self.items.push(None);
        self.prototypes.clear();
        self.closures.clear();
        self.news.clear();
        self.forwards.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    #[inline]
    pub(super) fn get(&self, id: NodeId) -> Node {
        self.entry(id).node
    }

    /// A node where it is: a copy would be written to the stack first.
    #[inline]
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.entry(id).node
    }

    #[inline]
    pub(super) fn entry(&self, id: NodeId) -> &Entry {
        self.nodes.get(id.index()).unwrap_or(&NO_ENTRY)
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index()).map(|it| &mut it.node)
    }

    #[inline]
    pub(super) fn set_printed(&mut self, id: NodeId, printed: Printed) {
        if let Some(entry) = self.nodes.get_mut(id.index()) {
            entry.printed = printed;
        }
    }

    /// Forgets where texts are, since the output lost some.
    pub(super) fn forget_printed(&mut self) {
        for entry in &mut self.nodes {
            if entry.printed.range().is_some() {
                entry.printed = Printed::NOT_YET;
            }
        }
    }

    /// Adds a node; `None` if the arena is full.
    #[inline]
    pub(super) fn add_with(&mut self, node: Node, traits: Traits) -> Option<NodeId> {
        let id = NodeId::new(self.nodes.len(), traits);
        self.nodes.push(Entry { node, printed: Printed::ONCE });
        id
    }

    /// A trait that no element has is known.
    pub(super) fn pack_traits(&self, items: List) -> Traits {
        let of = |ask: fn(NodeId) -> Tri| {
            if self.items(items).all(|item| ask(item) == Tri::No) { Tri::No } else { Tri::Unknown }
        };
        Traits::new(of(NodeId::right), of(NodeId::array), of(NodeId::function))
    }

    /// Adds a list with these items.
    pub(super) fn add_list(&mut self, items: &[NodeId]) -> List {
        if items.is_empty() {
            return List(0);
        }
        let start = self.items.len() as u32;
        self.items.extend(items.iter().copied().map(Some));
        self.items.push(None);
        List(start)
    }

    /// The item at an index, counted from the start of all lists; `None` at the end of a list.
    #[inline]
    pub(super) fn item(&self, index: usize) -> Option<NodeId> {
        self.items.get(index).copied().flatten()
    }

    pub(super) fn items(&self, list: List) -> impl Iterator<Item = NodeId> {
        let rest = self.items.get(list.0 as usize..).unwrap_or_default();
        rest.iter().map_while(|item| *item)
    }

    pub(super) fn is_empty(&self, list: List) -> bool {
        self.item(list.0 as usize).is_none()
    }
}
