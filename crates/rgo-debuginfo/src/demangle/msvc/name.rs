//! Reads names: an identifier and its scopes, from the innermost to the outermost.
//!
//! ```text
//! <name>      ::= <symbol identifier> <scopes>
//! <type name> ::= <type identifier> <scopes>
//! <scopes>    ::= <scope>* @
//! <scope>     ::= <type identifier>
//!             ::= ?A <key> @                  a namespace without a name
//!             ::= ? <number> ? <symbol>       the number of a block in a function
//!
//! <type identifier>   ::= <0-9>               the identifier that was memorized
//!                     ::= ?$ <template>
//!                     ::= <identifier>
//! <symbol identifier> ::= <type identifier>
//!                     ::= ? <operator code>
//! <template>          ::= <symbol identifier> <template argument>* @
//! ```

use super::cursor::Number;
use super::node::{List, Node, NodeId};
use super::parser::Parser;

/// What the reader of a symbol has to add to its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Complete,
    /// A constructor or destructor, which needs its class.
    Structor,
    /// A conversion operator, which needs its type.
    Conversion,
}

impl Parser<'_> {
    /// Reads the name of a type.
    pub(super) fn type_name(&mut self) -> Option<List> {
        let identifier = self.type_identifier()?;
        self.scopes(identifier)
    }

    /// Reads the name of a symbol, and returns also its identifier.
    pub(super) fn symbol_name(&mut self) -> Option<(List, NodeId, Kind)> {
        let (identifier, kind) = self.symbol_identifier()?;
        let name = self.scopes(identifier)?;
        if kind == Kind::Structor {
            let class = *self.store.arena.items(name).get(1)?;
            // With template arguments, the identifier is their part.
            let structor = match *self.store.arena.node(identifier) {
                Node::WithArguments { name, .. } => name,
                _ => identifier,
            };
            if let Some(Node::Structor { of, .. }) = self.store.arena.node_mut(structor) {
                *of = Some(class);
            }
        }
        Some((name, identifier, kind))
    }

    pub(super) fn type_identifier(&mut self) -> Option<NodeId> {
        match *self.cursor.rest() {
            [b'0'..=b'9', ..] => self.memorized_name(),
            [b'?', b'$', ..] => self.type_template(),
            _ => self.simple_identifier(),
        }
    }

    fn symbol_identifier(&mut self) -> Option<(NodeId, Kind)> {
        match *self.cursor.rest() {
            [b'0'..=b'9', ..] => Some((self.memorized_name()?, Kind::Complete)),
            [b'?', b'$', ..] => self.template(),
            [b'?', ..] => self.operator(),
            _ => Some((self.simple_identifier()?, Kind::Complete)),
        }
    }

    #[inline]
    fn simple_identifier(&mut self) -> Option<NodeId> {
        let text = self.cursor.identifier()?;
        let node = self.add(Node::Text(text))?;
        self.memorize_text(node, text)?;
        Some(node)
    }

    /// Reads the scopes of an identifier, and returns it with them.
    pub(super) fn scopes(&mut self, identifier: NodeId) -> Option<List> {
        let start = self.start_list();
        self.push(identifier);
        while !self.cursor.eat(b'@') {
            let scope = self.scope()?;
            self.push(scope);
        }
        Some(self.end_list(start))
    }

    fn scope(&mut self) -> Option<NodeId> {
        match *self.cursor.rest() {
            [b'0'..=b'9', ..] => self.memorized_name(),
            [b'?', b'$', ..] => self.type_template(),
            [b'?', b'A', ..] => {
                self.cursor.skip(2);
                let key = self.cursor.until_at()?;
                // A digit stands for the key.
                let memorized = self.add(Node::Text(key))?;
                self.memorize_text(memorized, key)?;
                self.add(Node::Word(&"`anonymous namespace'"))
            }
            [b'?', ref rest @ ..] if starts_with_block(rest) => self.block(),
            _ => self.simple_identifier(),
        }
    }

    /// Reads the number of a block, and the function that it is in.
    fn block(&mut self) -> Option<NodeId> {
        self.cursor.skip(1);
        let Number { value: number, .. } = self.cursor.number()?;
        self.cursor.eat(b'?');
        let function = self.symbol()?.node;
        self.add(Node::Local { function, number })
    }

    /// Reads a template that is a type or a scope. It is memorized.
    fn type_template(&mut self) -> Option<NodeId> {
        let start = self.cursor.at();
        let (node, kind) = self.template()?;
        if kind != Kind::Complete {
            return None;
        }
        self.memorize(node, start)?;
        Some(node)
    }

    fn template(&mut self) -> Option<(NodeId, Kind)> {
        self.cursor.skip(2);
        self.in_own_context(|it| {
            let (name, kind) = it.symbol_identifier()?;
            let arguments = it.template_arguments()?;
            if let Some(Node::Conversion { arguments: place, .. }) = it.store.arena.node_mut(name) {
                *place = Some(arguments);
                return Some((name, kind));
            }
            // For LLVM, an identifier has one list: that of the outermost template.
            if let Some(Node::WithArguments { arguments: place, .. }) =
                it.store.arena.node_mut(name)
            {
                *place = arguments;
                return Some((name, kind));
            }
            Some((it.add(Node::WithArguments { name, arguments })?, kind))
        })
    }
}

/// Whether a scope, behind its `?`, is a block's number and a `?`. Only there, `@` alone is a 0, and
/// other numbers do not start with one.
fn starts_with_block(rest: &[u8]) -> bool {
    match *rest {
        [b'@' | b'0'..=b'9', b'?', ..] => true,
        [b'B'..=b'P', ref rest @ ..] => {
            let digits = rest.iter().take_while(|byte| matches!(byte, b'A'..=b'P')).count();
            matches!(rest.get(digits..), Some([b'@', b'?', ..]))
        }
        _ => false,
    }
}
