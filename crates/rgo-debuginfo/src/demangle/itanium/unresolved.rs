//! Reads names that a template's arguments decide, requires expressions and literals (Itanium C++
//! ABI, 5.1.6.2 and 5.1.6.3).
//!
//! ```text
//! <unresolved-name> ::= srN <unresolved-type> [<template-args>] <simple-id>* E <base>
//!                   ::= [gs] sr <simple-id>+ E <base>
//!                   ::= sr <unresolved-type> [<template-args>] <base>
//!                   ::= [gs] <base>
//! <base>            ::= <simple-id> | [on] <operator-name> [<template-args>]
//!                   ::= dn <simple-id> | dn <unresolved-type>        a destructor
//! <simple-id>       ::= <source-name> [<template-args>]
//! <unresolved-type> ::= <template-param> | <decltype> | <substitution>
//! <requirement>     ::= X <expression> [N] [R <name>] | T <type> | Q <expression>
//! ```

use super::id::{List, NodeId};
use super::node::Node;
use super::parser::Parser;

impl Parser<'_> {
    pub(super) fn unresolved_name(&mut self, is_global: bool) -> Option<NodeId> {
        if self.cursor.eat_all(b"srN") {
            let mut scope = self.unresolved_type_with_arguments()?;
            while !self.cursor.eat(b'E') {
                let name = self.simple_id()?;
                scope = self.add(Node::Nested { scope, name })?;
            }
            return self.unresolved_base_in(scope);
        }
        if !self.cursor.eat_all(b"sr") {
            let base = self.unresolved_base()?;
            return if is_global { self.add(Node::Global(base)) } else { Some(base) };
        }
        if !self.cursor.peek().is_ascii_digit() {
            let scope = self.unresolved_type_with_arguments()?;
            return self.unresolved_base_in(scope);
        }
        let mut scope = self.simple_id()?;
        if is_global {
            scope = self.add(Node::Global(scope))?;
        }
        while !self.cursor.eat(b'E') {
            let name = self.simple_id()?;
            scope = self.add(Node::Nested { scope, name })?;
        }
        self.unresolved_base_in(scope)
    }

    fn unresolved_base_in(&mut self, scope: NodeId) -> Option<NodeId> {
        let name = self.unresolved_base()?;
        self.add(Node::Nested { scope, name })
    }

    fn unresolved_type_with_arguments(&mut self) -> Option<NodeId> {
        let found = self.unresolved_type()?;
        self.with_arguments(found)
    }

    fn with_arguments(&mut self, name: NodeId) -> Option<NodeId> {
        if self.cursor.peek() != b'I' {
            return Some(name);
        }
        let arguments = self.template_arguments(false)?;
        self.add(Node::WithArguments { name, arguments })
    }

    fn simple_id(&mut self) -> Option<NodeId> {
        let name = self.source_name()?;
        self.with_arguments(name)
    }

    fn unresolved_type(&mut self) -> Option<NodeId> {
        let found = match self.cursor.peek() {
            b'T' => self.template_parameter()?,
            b'D' => self.decltype()?,
            _ => return self.substitution(),
        };
        Some(self.remember(found))
    }

    fn unresolved_base(&mut self) -> Option<NodeId> {
        if self.cursor.peek().is_ascii_digit() {
            return self.simple_id();
        }
        if self.cursor.eat_all(b"dn") {
            let of = if self.cursor.peek().is_ascii_digit() {
                self.simple_id()?
            } else {
                self.unresolved_type()?
            };
            return self.add(Node::Destructor(of));
        }
        self.cursor.eat_all(b"on");
        let name = self.operator_name(None)?;
        self.with_arguments(name)
    }

    pub(super) fn requires_expression(&mut self) -> Option<NodeId> {
        let has_parameters = self.cursor.peek_at(1) == b'Q';
        self.cursor.skip(2);
        let parameters = if has_parameters { self.list_until(b'_', Self::type_)? } else { List(0) };
        let start = self.stack_len();
        loop {
            let requirement = self.requirement()?;
            self.push(requirement);
            if self.cursor.eat(b'E') {
                break;
            }
        }
        let requirements = self.pop_list(start);
        self.add(Node::Requires { parameters, requirements })
    }

    fn requirement(&mut self) -> Option<NodeId> {
        if self.cursor.eat(b'X') {
            let of = self.expression()?;
            let is_noexcept = self.cursor.eat(b'N');
            let constraint = if self.cursor.eat(b'R') { Some(self.name(None)?) } else { None };
            return self.add(Node::ExpressionRequirement { of, is_noexcept, constraint });
        }
        if self.cursor.eat(b'T') {
            let of = self.type_()?;
            return self.add(Node::TypeRequirement(of));
        }
        if self.cursor.eat(b'Q') {
            let of = self.expression()?;
            return self.add(Node::NestedRequirement(of));
        }
        None
    }
}
