//! The state of the parser: the position, the parts that the name can refer back to, and the
//! template parameters that are in scope. The grammar's productions are in the modules beside it.
//!
//! A production is a function that returns the part that it read, or `None` if the name breaks the
//! grammar. There is no way back: each production is recognized by its first letters.

use super::super::limits::Budget;
use super::arena::{Arena, Forward, Printed};
use super::cursor::Cursor;
use super::id::{List, NodeId, Traits};
use super::node::{Node, Qualifiers, RefQualifier};

/// One list of template parameters.
#[derive(Clone, Copy, Debug)]
pub(super) enum Level {
    /// The arguments of the enclosing template.
    Outer,
    /// The invented names for a lambda's or a template template parameter's own parameters.
    Own { start: usize, count: usize },
    /// A generic lambda without a list, whose parameters are `auto`.
    Unlisted,
}

/// Where the lists of the encoding that is being read start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope {
    first_level: usize,
    outer_start: usize,
    outer_count: usize,
}

/// What a function needs to know about its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameState {
    /// A constructor, a destructor or a conversion: its result has no place in the mangling.
    pub(super) has_no_result: bool,
    pub(super) ends_with_arguments: bool,
    pub(super) qualifiers: Qualifiers,
    pub(super) reference: RefQualifier,
    pub(super) has_explicit_object: bool,
    /// The pending forward references before this name.
    first_forward: usize,
}

/// The memory of the parser, which one name leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) arena: Arena,
    /// Parts that `S_`, `S0_` … stand for.
    pub(super) substitutions: Vec<NodeId>,
    /// Parts of lists that are not complete.
    stack: Vec<NodeId>,
    /// The elements of the lists of template parameters.
    parameters: Vec<NodeId>,
    levels: Vec<Level>,
    /// Forward references without a target, by their index in the arena.
    pending: Vec<u32>,
}

impl Store {
    fn clear(&mut self) {
        self.arena.clear();
        self.substitutions.clear();
        self.stack.clear();
        self.parameters.clear();
        self.levels.clear();
        self.pending.clear();
    }
}

#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) store: &'a mut Store,
    pub(super) budget: &'a mut Budget,
    scope: Scope,
    /// Whether template arguments behind a template parameter belong to it. Those behind the type
    /// of a conversion operator belong to the operator.
    pub(super) takes_arguments: bool,
    /// Whether template parameters refer to arguments further ahead.
    pub(super) is_forward: bool,
    /// Whether parameters are printed by their number, since not all lists are known.
    pub(super) keeps_parameters: bool,
    /// The level that a generic lambda's `auto` parameters have; `usize::MAX` outside of one.
    pub(super) lambda_level: usize,
    /// The invented names so far, by kind.
    pub(super) invented: [u32; 3],
}

impl<'a> Parser<'a> {
    pub(super) fn new(name: &'a [u8], store: &'a mut Store, budget: &'a mut Budget) -> Self {
        store.clear();
        Self {
            cursor: Cursor::new(name),
            store,
            budget,
            scope: Scope::default(),
            takes_arguments: true,
            is_forward: false,
            keeps_parameters: false,
            lambda_level: usize::MAX,
            invented: [0; 3],
        }
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

    #[inline]
    pub(super) fn add(&mut self, node: Node) -> Option<NodeId> {
        self.add_with(node, Traits::NONE)
    }

    #[inline]
    pub(super) fn add_with(&mut self, node: Node, traits: Traits) -> Option<NodeId> {
        let id = self.store.arena.add_with(node, traits);
        if id.is_none() {
            self.budget.stop();
        }
        id
    }

    /// Lets later parts of the name refer back to a part.
    #[inline]
    pub(super) fn remember(&mut self, id: NodeId) -> NodeId {
        self.store.substitutions.push(id);
        id
    }

    /// Notes that the name has a part once more.
    #[inline]
    pub(super) fn repeat(&mut self, id: NodeId) -> NodeId {
        self.store.arena.set_printed(id, Printed::NOT_YET);
        id
    }

    /// Reads items up to `end`.
    pub(super) fn list_until(
        &mut self,
        end: u8,
        mut read: impl FnMut(&mut Self) -> Option<NodeId>,
    ) -> Option<List> {
        let start = self.stack_len();
        while !self.cursor.eat(end) {
            let item = read(self)?;
            self.push(item);
        }
        Some(self.pop_list(start))
    }

    pub(super) fn stack_len(&self) -> usize {
        self.store.stack.len()
    }

    #[inline]
    pub(super) fn push(&mut self, item: NodeId) {
        self.store.stack.push(item);
    }

    /// Makes a list of what was pushed since the stack had this length.
    #[inline]
    pub(super) fn pop_list(&mut self, start: usize) -> List {
        let items = self.store.stack.get(start..).unwrap_or_default();
        let list = self.store.arena.add_list(items);
        self.store.stack.truncate(start);
        list
    }

    /// Hides the template parameters in scope; [`Parser::leave_scope`] shows them again.
    #[inline]
    pub(super) fn enter_scope(&mut self) -> Scope {
        let inner = Scope {
            first_level: self.store.levels.len(),
            outer_start: self.store.parameters.len(),
            outer_count: 0,
        };
        std::mem::replace(&mut self.scope, inner)
    }

    #[inline]
    pub(super) fn leave_scope(&mut self, outside: Scope) {
        self.store.levels.truncate(self.scope.first_level);
        self.store.parameters.truncate(self.scope.outer_start);
        self.scope = outside;
    }

    /// Forgets the levels in scope: the arguments that follow belong to the innermost template.
    pub(super) fn forget_levels(&mut self) {
        self.store.levels.truncate(self.scope.first_level);
    }

    /// Starts the list of the enclosing template's arguments.
    pub(super) fn start_outer(&mut self) {
        self.forget_levels();
        self.store.levels.push(Level::Outer);
        self.store.parameters.truncate(self.scope.outer_start);
        self.scope.outer_count = 0;
    }

    pub(super) fn push_outer(&mut self, argument: NodeId) {
        let end = self.scope.outer_start + self.scope.outer_count;
        self.store.parameters.truncate(end);
        self.store.parameters.push(argument);
        self.scope.outer_count += 1;
    }

    pub(super) fn level_count(&self) -> usize {
        self.store.levels.len() - self.scope.first_level
    }

    pub(super) fn push_level(&mut self, level: Level) {
        self.store.levels.push(level);
    }

    /// Opens a list of parameters, and returns its level for [`Parser::declare`] and
    /// [`Parser::close_level`].
    pub(super) fn open_level(&mut self) -> usize {
        let start = self.store.parameters.len();
        self.store.levels.push(Level::Own { start, count: 0 });
        self.level_count() - 1
    }

    /// Adds a parameter to an open list.
    pub(super) fn declare(&mut self, level: usize, name: NodeId) {
        let index = self.scope.first_level + level;
        if let Some(Level::Own { start, count }) = self.store.levels.get_mut(index) {
            self.store.parameters.truncate(*start + *count);
            *count += 1;
            self.store.parameters.push(name);
        }
    }

    /// Removes a list and all levels behind it.
    pub(super) fn close_level(&mut self, level: usize) {
        self.store.levels.truncate(self.scope.first_level + level);
    }

    /// The argument or the invented name of a template parameter.
    pub(super) fn parameter(&self, level: u64, index: u64) -> Option<NodeId> {
        let level = self.scope.first_level.checked_add(usize::try_from(level).ok()?)?;
        let (start, count) = match *self.store.levels.get(level)? {
            Level::Outer => (self.scope.outer_start, self.scope.outer_count),
            Level::Own { start, count } => (start, count),
            Level::Unlisted => return None,
        };
        let index = usize::try_from(index).ok().filter(|index| *index < count)?;
        self.store.parameters.get(start + index).copied()
    }

    pub(super) fn name_state(&self) -> NameState {
        NameState {
            has_no_result: false,
            ends_with_arguments: false,
            qualifiers: Qualifiers::default(),
            reference: RefQualifier::None,
            has_explicit_object: false,
            first_forward: self.store.pending.len(),
        }
    }

    /// Adds a reference to a template argument that follows in the name.
    pub(super) fn add_forward(&mut self, index: u64) -> Option<NodeId> {
        let number = self.store.arena.forwards.len() as u32;
        self.store.arena.forwards.push(Forward { index, target: None, is_printing: false });
        self.store.pending.push(number);
        self.add_with(Node::Forward(number), Traits::UNKNOWN)
    }

    /// Finds the targets of the forward references in a name that is now complete. `None` if one
    /// has no target.
    pub(super) fn resolve_forwards(&mut self, state: &NameState) -> Option<()> {
        for pending in state.first_forward..self.store.pending.len() {
            let number = *self.store.pending.get(pending)? as usize;
            let index = self.store.arena.forwards.get(number)?.index;
            let target = self.parameter(0, index)?;
            self.store.arena.forwards.get_mut(number)?.target = Some(target);
        }
        self.store.pending.truncate(state.first_forward);
        Some(())
    }
}
