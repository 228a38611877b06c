//! The state of the parser: the position, and the parts that the name can refer back to. The
//! grammar's productions are in the modules beside it.
//!
//! A production is a function that returns the part that it read, or `None` if the name breaks the
//! grammar. There is no way back: each production is recognized by its first letters.

use super::super::limits::Budget;
use super::arena::Arena;
use super::cursor::Cursor;
use super::memorized::Memorized;
use super::node::{List, Node, NodeId};

/// The memory of the parser, which one name leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) arena: Arena,
    /// The identifiers that `0` to `9` stand for, those of the innermost template last.
    pub(super) names: Vec<Memorized>,
    /// The types of parameters that `0` to `9` stand for.
    pub(super) parameters: Vec<NodeId>,
    /// Parts of lists that are not complete.
    stack: Vec<NodeId>,
    /// The texts of templates that had to be compared.
    pub(super) rendered: Vec<u8>,
}

impl Store {
    fn clear(&mut self) {
        self.arena.clear();
        self.names.clear();
        self.parameters.clear();
        self.stack.clear();
        self.rendered.clear();
    }
}

/// Where the identifiers and types start that can be referred to. A template has its own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    pub(super) names: usize,
    pub(super) parameters: usize,
}

#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) store: &'a mut Store,
    pub(super) budget: &'a mut Budget,
    pub(super) context: Context,
    /// Whether what stands before a type is broken. LLVM forgets that before a pointer or a
    /// reference, and so it reads some names of Microsoft's C++/CX, where `$` marks an object that
    /// counts its references.
    pub(super) is_broken: bool,
    /// Longest text of a template, in bytes.
    pub(super) text_limit: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        name: &'a [u8],
        store: &'a mut Store,
        budget: &'a mut Budget,
        text_limit: usize,
    ) -> Self {
        store.clear();
        let cursor = Cursor::new(name);
        let context = Context::default();
        Self { cursor, store, budget, context, is_broken: false, text_limit }
    }

    /// Goes a level deeper for the time of one production.
    #[inline]
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if !self.budget.descend() {
            return None;
        }
        let result = read(self);
        self.budget.leave();
        result
    }

    /// Reads a template, which cannot refer to what is outside of it.
    pub(super) fn in_own_context<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let own =
            Context { names: self.store.names.len(), parameters: self.store.parameters.len() };
        let outer = std::mem::replace(&mut self.context, own);
        let result = self.nested(read);
        self.context = outer;
        self.store.names.truncate(own.names);
        self.store.parameters.truncate(own.parameters);
        result
    }

    #[inline]
    pub(super) fn add(&mut self, node: Node) -> Option<NodeId> {
        self.store.arena.add(node)
    }

    pub(super) fn set(&mut self, id: NodeId, node: Node) {
        if let Some(place) = self.store.arena.node_mut(id) {
            *place = node;
        }
    }

    /// Where a list starts, for [`Parser::end_list`].
    #[inline]
    pub(super) fn start_list(&self) -> usize {
        self.store.stack.len()
    }

    #[inline]
    pub(super) fn push(&mut self, item: NodeId) {
        self.store.stack.push(item);
    }

    #[inline]
    pub(super) fn end_list(&mut self, start: usize) -> List {
        let items = self.store.stack.get(start..).unwrap_or_default();
        let list = self.store.arena.add_list(items);
        self.store.stack.truncate(start);
        list
    }
}
