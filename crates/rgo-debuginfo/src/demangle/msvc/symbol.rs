//! Reads whole symbols: variables, functions, and the names of types that `typeid` returns.
//!
//! ```text
//! <symbol>   ::= ? <special>
//!            ::= ? <name> <variable>
//!            ::= ? <name> <function>
//!            ::= ??@ <hash> @ [??_R4@]     a name that was too long: stays as it is
//!            ::= . <type>                  only at the start of all: the data of typeid
//! <variable> ::= <0-4> <type> <qualifiers of the type, or of what it points to>
//! <0-4>      ::= 0 private   1 protected   2 public   3 global   4 static in a function
//! ```

use super::name::Kind;
use super::node::{Access, List, Node, NodeId, Qualifiers};
use super::parser::Parser;
use super::types::Position;

/// A symbol that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol {
    pub(super) node: NodeId,
    /// The innermost identifier; a string literal has none.
    pub(super) identifier: Option<NodeId>,
}

/// A symbol with an ordinary name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declarator {
    pub(super) node: NodeId,
    pub(super) name: List,
    pub(super) identifier: NodeId,
    /// The index of a function; `None` for a variable.
    pub(super) function: Option<u32>,
}

impl Parser<'_> {
    /// Reads a whole mangled name.
    pub(super) fn whole(&mut self) -> Option<NodeId> {
        if !self.cursor.eat(b'.') {
            return self.symbol().map(|symbol| symbol.node);
        }
        let of = self.type_at(Position::Result)?;
        if !self.cursor.is_at_end() {
            return None;
        }
        self.described(of, &"`RTTI Type Descriptor Name'").map(|symbol| symbol.node)
    }

    /// Reads a symbol, also one within another.
    pub(super) fn symbol(&mut self) -> Option<Symbol> {
        self.nested(|it| {
            if it.cursor.rest().starts_with(b"??@") {
                return it.hashed();
            }
            if !it.cursor.eat(b'?') {
                return None;
            }
            if it.cursor.rest().starts_with(b"?_")
                && let Some(special) = it.special_code()
            {
                return it.special(special);
            }
            let Declarator { node, identifier, .. } = it.declarator()?;
            Some(Symbol { node, identifier: Some(identifier) })
        })
    }

    /// A type under a name that says what the symbol is.
    pub(super) fn described(&mut self, of: NodeId, word: &'static &'static str) -> Option<Symbol> {
        let identifier = self.add(Node::Word(word))?;
        let name = self.store.arena.add_list(&[identifier]);
        let node = self.add(Node::Variable { access: Access::None, name, of: Some(of) })?;
        Some(Symbol { node, identifier: Some(identifier) })
    }

    fn hashed(&mut self) -> Option<Symbol> {
        let start = self.cursor.at();
        self.cursor.skip(3);
        self.cursor.until_at()?;
        // A table for dynamic casts has its code behind the hash.
        self.cursor.eat_all(b"??_R4@");
        let node = self.add(Node::Text(self.cursor.since(start)))?;
        Some(Symbol { node, identifier: Some(node) })
    }

    /// Reads the name and the type of a variable or a function, behind the `?`.
    pub(super) fn declarator(&mut self) -> Option<Declarator> {
        let (name, identifier, kind) = self.symbol_name()?;
        if matches!(self.cursor.peek(), b'0'..=b'4') {
            let node = self.variable(name)?;
            // A conversion operator has its type from the function's result.
            let is_function = kind == Kind::Conversion;
            let variable = Declarator { node, name, identifier, function: None };
            return (!is_function).then_some(variable);
        }
        let function = self.function()?;
        if kind == Kind::Conversion {
            let result = self.store.arena.function(function)?.result?;
            if let Some(Node::Conversion { to, .. }) = self.store.arena.node_mut(identifier) {
                *to = Some(result);
            }
        }
        let node = self.add(Node::FunctionSymbol { name, function })?;
        Some(Declarator { node, name, identifier, function: Some(function) })
    }

    fn variable(&mut self, name: List) -> Option<NodeId> {
        let access = match self.cursor.next()? {
            b'0' => Access::Private,
            b'1' => Access::Protected,
            b'2' => Access::Public,
            _ => Access::None,
        };
        let of = self.type_at(Position::Plain)?;
        if let Node::Pointer { to, class, .. } = *self.store.arena.node(of) {
            let own = self.pointer_qualifiers();
            let qualifiers = self.qualifiers()?;
            self.store.arena.qualify(of, own);
            if class.is_some() {
                self.type_name()?;
            }
            self.store.arena.qualify(to, qualifiers);
        } else {
            let qualifiers: Qualifiers = self.qualifiers()?;
            self.store.arena.set_qualifiers(of, qualifiers);
        }
        self.add(Node::Variable { access, name, of: Some(of) })
    }
}
