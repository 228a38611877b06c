//! Reads the last part of a name: identifiers, operators, constructors, unnamed types and lambdas
//! (Itanium C++ ABI, 5.1.3 to 5.1.7).
//!
//! ```text
//! <unqualified-name> ::= [<module-name>] [F] [L] <what> <abi-tag>*   F: a friend, L: internal
//! <what>             ::= <source-name> | <operator-name> | <ctor-dtor-name> | <unnamed-type-name>
//!                    ::= DC <source-name>+ E                         a structured binding
//! <module-name>      ::= (W [P] <source-name>)*                      P: a partition
//! <abi-tag>          ::= B <source-name>
//! <operator-name>    ::= two letters | cv <type> | li <source-name> | v <digit> <source-name>
//! <ctor-dtor-name>   ::= C [I] <1-5> [<name>] | D <0-2, 4, 5>        I: inherited, with its base
//! <unnamed-type-name>::= Ut [<number>] _ | Ub [<number>] _           Ub: an Objective-C block
//!                    ::= Ul <template-param-decl>* [Q <expression>] <type>+ [Q <expression>] E
//!                        [<number>] _                                a lambda
//! ```

use super::arena::STD;
use super::cursor::{Span, is_anonymous};
use super::id::NodeId;
use super::node::{Closure, Node};
use super::operator::{Kind, Operator};
use super::parser::{Level, NameState, Parser};

/// How the nodes of identifiers in a row are built.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// The first, without a scope.
    Start,
    /// Those behind it.
    Plain,
    Std,
    /// In another scope.
    Scoped,
}

impl Parser<'_> {
    pub(super) fn unqualified_name(
        &mut self,
        state: Option<&mut NameState>,
        mut scope: Option<NodeId>,
        module: Option<NodeId>,
    ) -> Option<NodeId> {
        if module.is_none() && matches!(self.cursor.peek(), b'1'..=b'9') {
            return self.identifiers(scope, false);
        }
        let module = self.module_name(module)?;
        let is_friend = scope.is_some() && self.cursor.eat(b'F');
        self.cursor.eat(b'L');
        let mut name = match self.cursor.peek() {
            b'1'..=b'9' => self.source_name()?,
            b'U' => self.unnamed_type(state)?,
            b'D' if self.cursor.peek_at(1) == b'C' => self.bindings()?,
            b'C' | b'D' => {
                let of = scope.filter(|_| module.is_none())?;
                let (name, of) = self.structor(of, state)?;
                scope = Some(of);
                name
            }
            _ => self.operator_name(state)?,
        };
        if let Some(module) = module {
            name = self.add(Node::InModule { module, name })?;
        }
        name = self.abi_tags(name)?;
        match scope {
            Some(scope) if is_friend => self.add(Node::Friend { scope, name }),
            Some(scope) => self.add(Node::Nested { scope, name }),
            None => Some(name),
        }
    }

    /// Reads an identifier in a scope, and with `is_run` also those in it that follow. All but the
    /// last can be referred back to. Most names consist of these alone.
    pub(super) fn identifiers(&mut self, scope: Option<NodeId>, is_run: bool) -> Option<NodeId> {
        let at = self.cursor.at() as u32;
        let mut scope = scope;
        let mut kind = match scope {
            None => Run::Start,
            Some(STD) => Run::Std,
            Some(_) => Run::Scoped,
        };
        // The compiler keeps a copy of the cursor in registers.
        let mut cursor = self.cursor;
        loop {
            let start = cursor;
            let name = cursor.counted()?;
            let next = cursor.peek();
            let is_plain = kind == Run::Plain || !is_anonymous(name.of(cursor.name()));
            if next == b'B' || !is_plain {
                self.cursor = start;
                return self.tagged_identifier(scope);
            }
            let node = match (kind, scope) {
                (Run::Scoped, Some(scope)) => Node::Scoped { scope, name },
                (Run::Std, _) => Node::StdPath { at, last: name },
                (Run::Plain, _) => Node::Path { at, last: name },
                _ => Node::Text(name),
            };
            let found = self.add(node)?;
            if !is_run || !matches!(next, b'1'..=b'9') {
                self.cursor = cursor;
                return Some(found);
            }
            scope = Some(self.remember(found));
            if kind == Run::Start {
                kind = Run::Plain;
            }
        }
    }

    fn tagged_identifier(&mut self, scope: Option<NodeId>) -> Option<NodeId> {
        let name = self.source_name()?;
        let name = self.abi_tags(name)?;
        match scope {
            Some(scope) => self.add(Node::Nested { scope, name }),
            None => Some(name),
        }
    }

    #[inline]
    fn is_anonymous(&self, name: Span) -> bool {
        is_anonymous(name.of(self.cursor.name()))
    }

    /// Reads module names behind `module`, and returns the innermost.
    #[expect(clippy::option_option, reason = "the outer is the parser's failure")]
    pub(super) fn module_name(&mut self, module: Option<NodeId>) -> Option<Option<NodeId>> {
        let mut parent = module;
        while self.cursor.eat(b'W') {
            let is_partition = self.cursor.eat(b'P');
            let name = self.source_name()?;
            let module = self.add(Node::Module { parent, name, is_partition })?;
            parent = Some(self.remember(module));
        }
        Some(parent)
    }

    pub(super) fn source_name(&mut self) -> Option<NodeId> {
        let name = self.cursor.counted()?;
        if self.is_anonymous(name) {
            return self.add(Node::Word(&"(anonymous namespace)"));
        }
        self.add(Node::Text(name))
    }

    pub(super) fn abi_tags(&mut self, mut base: NodeId) -> Option<NodeId> {
        while self.cursor.eat(b'B') {
            let tag = self.cursor.counted()?;
            base = self.add_with(Node::AbiTag { base, tag }, base.traits())?;
        }
        Some(base)
    }

    fn bindings(&mut self) -> Option<NodeId> {
        self.cursor.skip(2);
        let start = self.stack_len();
        loop {
            let name = self.source_name()?;
            self.push(name);
            if self.cursor.eat(b'E') {
                let names = self.pop_list(start);
                return self.add(Node::Bindings(names));
            }
        }
    }

    /// Takes the next two bytes if they are an operator.
    #[inline]
    pub(super) fn operator(&mut self) -> Option<Operator> {
        let operator = Operator::of(self.cursor.peek(), self.cursor.peek_at(1))?;
        self.cursor.skip(2);
        Some(operator)
    }

    pub(super) fn operator_name(&mut self, state: Option<&mut NameState>) -> Option<NodeId> {
        if let Some(operator) = self.operator() {
            if operator.kind() == Kind::Cast {
                return self.conversion(state);
            }
            return operator.has_name().then(|| self.add(Node::OperatorName(operator)))?;
        }
        if self.cursor.eat_all(b"li") {
            let name = self.source_name()?;
            return self.add(Node::LiteralOperator(name));
        }
        // A vendor's operator, with its number of operands.
        if self.cursor.eat(b'v') && self.cursor.peek().is_ascii_digit() {
            self.cursor.skip(1);
            let name = self.source_name()?;
            return self.add(Node::Conversion(name));
        }
        None
    }

    /// Reads the type of a conversion operator. In a function's name, it can refer to the template
    /// arguments that follow it.
    fn conversion(&mut self, state: Option<&mut NameState>) -> Option<NodeId> {
        let takes_arguments = std::mem::replace(&mut self.takes_arguments, false);
        let is_forward = self.is_forward;
        self.is_forward |= state.is_some();
        let to = self.type_()?;
        self.takes_arguments = takes_arguments;
        self.is_forward = is_forward;
        if let Some(state) = state {
            state.has_no_result = true;
        }
        self.add(Node::Conversion(to))
    }

    /// Reads a constructor's or destructor's name. Returns also its class, in which an abbreviation
    /// like `std::string` is written in full.
    fn structor(
        &mut self,
        of: NodeId,
        mut state: Option<&mut NameState>,
    ) -> Option<(NodeId, NodeId)> {
        let of = match self.store.arena.get(of) {
            Node::Std(name) => self.add(Node::StdInFull(name))?,
            _ => of,
        };
        let is_destructor = self.cursor.eat(b'D');
        let is_inherited = !is_destructor && self.cursor.eat(b'C') && self.cursor.eat(b'I');
        match self.cursor.peek() {
            b'0' if is_destructor => {}
            b'3' if is_destructor => return None,
            b'1'..=b'5' => {}
            _ => return None,
        }
        self.cursor.skip(1);
        if let Some(state) = state.as_deref_mut() {
            state.has_no_result = true;
        }
        if is_inherited {
            self.name(state)?;
        }
        Some((self.add(Node::Structor { of, is_destructor })?, of))
    }

    pub(super) fn unnamed_type(&mut self, state: Option<&mut NameState>) -> Option<NodeId> {
        if state.is_some() {
            self.forget_levels();
        }
        if self.cursor.eat_all(b"Ut") {
            let number = self.number_of_unnamed()?;
            return self.add(Node::Unnamed(number));
        }
        if self.cursor.eat_all(b"Ul") {
            return self.closure();
        }
        if self.cursor.eat_all(b"Ub") {
            self.number_of_unnamed()?;
            return self.add(Node::Word(&"'block-literal'"));
        }
        None
    }

    fn number_of_unnamed(&mut self) -> Option<Span> {
        let number = self.cursor.digits();
        self.cursor.eat(b'_').then_some(number)
    }

    fn closure(&mut self) -> Option<NodeId> {
        let enclosing = self.level_count();
        let lambda_level = std::mem::replace(&mut self.lambda_level, enclosing);
        let level = self.open_level();
        let start = self.stack_len();
        while self.is_parameter_declaration() {
            let parameter = self.parameter_declaration(Some(level))?;
            self.push(parameter);
        }
        let template_parameters = self.pop_list(start);
        if self.store.arena.is_empty(template_parameters) {
            self.close_level(level);
        }
        let requires = self.requires_clause()?;
        if !self.cursor.eat(b'v') {
            loop {
                let parameter = self.type_()?;
                self.push(parameter);
                if matches!(self.cursor.peek(), b'E' | b'Q') {
                    break;
                }
            }
        }
        let parameters = self.pop_list(start);
        let requires_behind = self.requires_clause()?;
        if !self.cursor.eat(b'E') {
            return None;
        }
        let number = self.number_of_unnamed()?;
        self.close_level(level);
        self.lambda_level = lambda_level;
        let index = self.store.arena.closures.len() as u32;
        let closure =
            Closure { template_parameters, requires, parameters, requires_behind, number };
        self.store.arena.closures.push(closure);
        self.add(Node::Closure(index))
    }

    /// Reads a requires clause if there is one. Its parameters can belong to any enclosing
    /// template, whose lists are not known: they are printed by their number.
    #[expect(clippy::option_option, reason = "the outer is the parser's failure")]
    pub(super) fn requires_clause(&mut self) -> Option<Option<NodeId>> {
        if self.cursor.eat(b'Q') { Some(Some(self.constraint()?)) } else { Some(None) }
    }

    pub(super) fn constraint(&mut self) -> Option<NodeId> {
        let keeps_parameters = std::mem::replace(&mut self.keeps_parameters, true);
        let expression = self.expression()?;
        self.keeps_parameters = keeps_parameters;
        Some(expression)
    }

    /// The `auto` that stands for a parameter of a generic lambda without a list.
    pub(super) fn auto_parameter(&mut self, level: u64) -> Option<NodeId> {
        let level = usize::try_from(level).ok()?;
        let count = self.level_count();
        if level != self.lambda_level || level > count {
            return None;
        }
        if level == count {
            self.push_level(Level::Unlisted);
        }
        self.add(Node::Word(&"auto"))
    }
}
