//! Reads template arguments, parameters and their declarations, and substitutions (Itanium C++ ABI,
//! 5.1.5.9, 5.1.7 and 5.1.10).
//!
//! ```text
//! <template-args>  ::= I <template-arg>* [Q <expression>] E
//! <template-arg>   ::= <type>
//!                  ::= X <expression> E
//!                  ::= L <literal> E | LZ <encoding> E
//!                  ::= J <template-arg>* E                   a pack
//!                  ::= <template-param-decl> <template-arg>
//! <template-param> ::= T [L <level - 1> _] [<number - 1>] _
//! <template-param-decl> ::= Ty | Tk <concept name> | Tn <type> | Tp <template-param-decl>
//!                       ::= Tt <template-param-decl>* [Q <expression>] E
//! <substitution>   ::= S [<seq-id>] _
//!                  ::= Sa | Sb | Ss | Si | So | Sd           names of std, with <abi-tag>*
//! ```

use super::cursor::Span;
use super::id::{List, NodeId, Traits, Tri};
use super::node::{Node, ParameterKind, StdName};
use super::parser::Parser;

/// In `typename T`, the name is the right half.
const DECLARATION: Traits = Traits::right(Tri::Yes);

impl Parser<'_> {
    /// Reads template arguments. Those of a function's name become the ones that `T_` refers to.
    pub(super) fn template_arguments(&mut self, are_outer: bool) -> Option<List> {
        if !self.cursor.eat(b'I') {
            return None;
        }
        if are_outer {
            self.start_outer();
        }
        let start = self.stack_len();
        while !self.cursor.eat(b'E') {
            let argument = self.template_argument()?;
            self.push(argument);
            if are_outer {
                let entry = self.table_entry(argument)?;
                self.push_outer(entry);
            }
            if self.cursor.eat(b'Q') {
                // LLVM reads the clause but does not print it.
                self.constraint()?;
                if !self.cursor.eat(b'E') {
                    return None;
                }
                break;
            }
        }
        Some(self.pop_list(start))
    }

    /// What a parameter refers to: for a pack, the element that is being printed.
    fn table_entry(&mut self, argument: NodeId) -> Option<NodeId> {
        match self.store.arena.get(argument) {
            Node::Declared(argument) => Some(argument),
            Node::ArgumentPack(items) => {
                let count = self.store.arena.items(items).count() as u32;
                let traits = self.store.arena.pack_traits(items);
                self.add_with(Node::Pack { items, count }, traits)
            }
            _ => Some(argument),
        }
    }

    pub(super) fn template_argument(&mut self) -> Option<NodeId> {
        match self.cursor.peek() {
            b'X' => self.nested(|it| {
                it.cursor.skip(1);
                let expression = it.expression()?;
                it.cursor.eat(b'E').then_some(expression)
            }),
            b'J' => self.nested(|it| {
                it.cursor.skip(1);
                let items = it.list_until(b'E', Self::template_argument)?;
                it.add(Node::ArgumentPack(items))
            }),
            b'L' if self.cursor.peek_at(1) == b'Z' => {
                self.cursor.skip(2);
                let function = self.encoding()?;
                self.cursor.eat(b'E').then_some(function)
            }
            b'L' => self.literal(),
            b'T' if self.is_parameter_declaration() => self.nested(|it| {
                it.parameter_declaration(None)?;
                let argument = it.template_argument()?;
                it.add(Node::Declared(argument))
            }),
            _ => self.type_(),
        }
    }

    pub(super) fn is_parameter_declaration(&self) -> bool {
        let kind = self.cursor.peek_at(1);
        self.cursor.peek() == b'T' && matches!(kind, b'y' | b'p' | b't' | b'n' | b'k')
    }

    /// Reads the declaration of a parameter, and adds the name that it gets to an open level.
    pub(super) fn parameter_declaration(&mut self, level: Option<usize>) -> Option<NodeId> {
        if !self.is_parameter_declaration() {
            return None;
        }
        let kind = self.cursor.peek_at(1);
        self.cursor.skip(2);
        self.nested(|it| match kind {
            b'y' => {
                let name = it.invent(ParameterKind::Type, level)?;
                it.add_with(Node::TypeParameter(name), DECLARATION)
            }
            b'k' => {
                let keeps_parameters = std::mem::replace(&mut it.keeps_parameters, true);
                let constraint = it.name(None)?;
                let name = it.invent(ParameterKind::Type, level)?;
                it.keeps_parameters = keeps_parameters;
                it.add_with(Node::ConstrainedParameter { constraint, name }, DECLARATION)
            }
            b'n' => {
                let name = it.invent(ParameterKind::Value, level)?;
                let of = it.type_()?;
                it.add_with(Node::ValueParameter { name, of }, DECLARATION)
            }
            b'p' => {
                let parameter = it.parameter_declaration(level)?;
                it.add_with(Node::PackParameter(parameter), DECLARATION)
            }
            _ => it.template_parameter_declaration(level),
        })
    }

    fn template_parameter_declaration(&mut self, level: Option<usize>) -> Option<NodeId> {
        let name = self.invent(ParameterKind::Template, level)?;
        let own = self.open_level();
        let start = self.stack_len();
        let mut requires = None;
        while !self.cursor.eat(b'E') {
            let parameter = self.parameter_declaration(Some(own))?;
            self.push(parameter);
            requires = self.requires_clause()?;
            if requires.is_some() {
                if !self.cursor.eat(b'E') {
                    return None;
                }
                break;
            }
        }
        self.close_level(own);
        let parameters = self.pop_list(start);
        self.add_with(Node::TemplateParameter { name, parameters, requires }, DECLARATION)
    }

    /// Makes the next name of a kind: `$T`, `$T0`, `$T1`.
    fn invent(&mut self, kind: ParameterKind, level: Option<usize>) -> Option<NodeId> {
        let next = self.invented.get_mut(kind as usize)?;
        let number = *next;
        *next += 1;
        let name = self.add(Node::Invented { kind, number })?;
        if let Some(level) = level {
            self.declare(level, name);
        }
        Some(name)
    }

    pub(super) fn template_parameter(&mut self) -> Option<NodeId> {
        let start = self.cursor.at();
        if !self.cursor.eat(b'T') {
            return None;
        }
        let mut level = 0;
        if self.cursor.eat(b'L') {
            level = self.cursor.decimal()?.wrapping_add(1);
            if !self.cursor.eat(b'_') {
                return None;
            }
        }
        let mut index = 0;
        if !self.cursor.eat(b'_') {
            index = self.cursor.decimal()?.wrapping_add(1);
            if !self.cursor.eat(b'_') {
                return None;
            }
        }
        if self.keeps_parameters {
            let whole = self.cursor.since(start);
            return self.add(Node::Text(Span { len: whole.len - 1, ..whole }));
        }
        if self.is_forward && level == 0 {
            return self.add_forward(index);
        }
        match self.parameter(level, index) {
            Some(argument) => Some(self.repeat(argument)),
            None => self.auto_parameter(level),
        }
    }

    pub(super) fn substitution(&mut self) -> Option<NodeId> {
        if !self.cursor.eat(b'S') {
            return None;
        }
        if self.cursor.peek().is_ascii_lowercase() {
            return self.std_name();
        }
        let index = match (self.cursor.peek(), self.cursor.peek_at(1)) {
            (b'_', _) => {
                self.cursor.skip(1);
                0
            }
            (digit @ b'0'..=b'9', b'_') => {
                self.cursor.skip(2);
                u64::from(digit - b'0') + 1
            }
            _ => {
                let id = self.cursor.sequence_id()?;
                if !self.cursor.eat(b'_') {
                    return None;
                }
                id.wrapping_add(1)
            }
        };
        let found = *self.store.substitutions.get(usize::try_from(index).ok()?)?;
        Some(self.repeat(found))
    }

    fn std_name(&mut self) -> Option<NodeId> {
        let name = match self.cursor.peek() {
            b'a' => StdName::Allocator,
            b'b' => StdName::BasicString,
            b's' => StdName::String,
            b'i' => StdName::Istream,
            b'o' => StdName::Ostream,
            b'd' => StdName::Iostream,
            _ => return None,
        };
        self.cursor.skip(1);
        let plain = self.add(Node::Std(name))?;
        let tagged = self.abi_tags(plain)?;
        // Only a name with a tag is new.
        if tagged != plain {
            self.remember(tagged);
        }
        Some(tagged)
    }

    /// Reads expressions up to `E`.
    pub(super) fn expressions(&mut self) -> Option<List> {
        self.list_until(b'E', Self::expression)
    }
}
