//! Reads names (Itanium C++ ABI, 5.1.2 and 5.1.6).
//!
//! ```text
//! <name>        ::= N <nested-name>
//!               ::= Z <local-name>
//!               ::= <unscoped-name> [<template-args>]
//!               ::= <substitution> <template-args>
//! <nested-name> ::= N [H | <CV-qualifiers> [R | O]] <prefix>+ E      H: explicit object parameter
//! <prefix>      ::= [<module-name>] <unqualified-name>
//!               ::= <template-args>                                  behind another prefix
//!               ::= <substitution> | <template-param> | <decltype>   only as the first
//! <local-name>  ::= Z <encoding> E s [<discriminator>]               a string literal
//!               ::= Z <encoding> E d [<number>] _ <name>             in a default argument
//!               ::= Z <encoding> E <name> [<discriminator>]
//! <discriminator> ::= _ <digit> | __ <number> _ | <number>           the last only at the end
//! ```

use super::arena::STD;
use super::id::NodeId;
use super::node::{Node, Qualifiers, RefQualifier};
use super::parser::{NameState, Parser};

impl Parser<'_> {
    pub(super) fn name(&mut self, state: Option<&mut NameState>) -> Option<NodeId> {
        self.nested(|it| match it.cursor.peek() {
            b'N' => it.nested_name(state),
            b'Z' => it.local_name(state),
            _ => it.unscoped_name_with_arguments(state),
        })
    }

    fn unscoped_name_with_arguments(
        &mut self,
        mut state: Option<&mut NameState>,
    ) -> Option<NodeId> {
        let (name, is_substitution) = self.unscoped_name(state.as_deref_mut(), true)?;
        if self.cursor.peek() != b'I' {
            // A bare substitution is no name.
            return (!is_substitution).then_some(name);
        }
        if !is_substitution {
            self.remember(name);
        }
        let arguments = self.template_arguments(state.is_some())?;
        if let Some(state) = state {
            state.ends_with_arguments = true;
        }
        self.add(Node::WithArguments { name, arguments })
    }

    /// Reads a name without a scope, or with the scope `std`, or a substitution if that is allowed.
    /// Returns also whether it is a substitution.
    ///
    /// ```text
    /// <unscoped-name> ::= [St] [<substitution of a module>] <unqualified-name>
    ///                 ::= <substitution>
    /// ```
    pub(super) fn unscoped_name(
        &mut self,
        state: Option<&mut NameState>,
        may_be_substitution: bool,
    ) -> Option<(NodeId, bool)> {
        let scope = if self.cursor.eat_all(b"St") { Some(STD) } else { None };
        let mut module = None;
        if self.cursor.peek() == b'S' {
            let found = self.substitution()?;
            if matches!(self.store.arena.get(found), Node::Module { .. }) {
                module = Some(found);
            } else if may_be_substitution && scope.is_none() {
                return Some((found, true));
            } else {
                return None;
            }
        }
        Some((self.unqualified_name(state, scope, module)?, false))
    }

    fn nested_name(&mut self, mut state: Option<&mut NameState>) -> Option<NodeId> {
        self.cursor.skip(1);
        self.member_qualifiers(state.as_deref_mut());
        let mut name: Option<NodeId> = None;
        while !self.cursor.eat(b'E') {
            if let Some(state) = state.as_deref_mut() {
                state.ends_with_arguments = false;
            }
            let next = match self.cursor.peek() {
                b'1'..=b'9' => self.identifiers(name, true)?,
                b'I' => self.arguments_in_nested(name?, state.as_deref_mut())?,
                b'S' => match self.substitution_in_nested(state.as_deref_mut(), name)? {
                    // It can already be referred back to.
                    (found, true) => {
                        name = Some(found);
                        continue;
                    }
                    (found, false) => found,
                },
                b'T' if name.is_none() => self.template_parameter()?,
                b'T' => return None,
                b'D' if matches!(self.cursor.peek_at(1), b't' | b'T') => {
                    if name.is_some() {
                        return None;
                    }
                    self.decltype()?
                }
                _ => self.unqualified_name(state.as_deref_mut(), name, None)?,
            };
            name = Some(self.remember(next));
            // Older compilers mark a data member so.
            self.cursor.eat(b'M');
        }
        // Only a type that has this name can be referred back to, and its production remembers it.
        let name = name?;
        self.store.substitutions.pop()?;
        Some(name)
    }

    fn member_qualifiers(&mut self, state: Option<&mut NameState>) {
        if !matches!(self.cursor.peek(), b'H' | b'r' | b'V' | b'K' | b'O' | b'R') {
            if let Some(state) = state {
                state.qualifiers = Qualifiers::default();
                state.reference = RefQualifier::None;
            }
            return;
        }
        let has_explicit_object = self.cursor.eat(b'H');
        let mut qualifiers = Qualifiers::default();
        let mut reference = RefQualifier::None;
        if !has_explicit_object {
            qualifiers = self.qualifiers();
            if self.cursor.eat(b'O') {
                reference = RefQualifier::Right;
            } else if self.cursor.eat(b'R') {
                reference = RefQualifier::Left;
            }
        }
        if let Some(state) = state {
            if has_explicit_object {
                state.has_explicit_object = true;
            } else {
                state.qualifiers = qualifiers;
                state.reference = reference;
            }
        }
    }

    fn arguments_in_nested(
        &mut self,
        name: NodeId,
        state: Option<&mut NameState>,
    ) -> Option<NodeId> {
        let arguments = self.template_arguments(state.is_some())?;
        if matches!(self.store.arena.get(name), Node::WithArguments { .. }) {
            return None;
        }
        if let Some(state) = state {
            state.ends_with_arguments = true;
        }
        self.add(Node::WithArguments { name, arguments })
    }

    /// Reads what starts with `S` in a nested name. The flag is set if the part is a substitution,
    /// and not a new part.
    fn substitution_in_nested(
        &mut self,
        state: Option<&mut NameState>,
        name: Option<NodeId>,
    ) -> Option<(NodeId, bool)> {
        let found = if self.cursor.eat_all(b"St") { STD } else { self.substitution()? };
        if matches!(self.store.arena.get(found), Node::Module { .. }) {
            return Some((self.unqualified_name(state, name, Some(found))?, false));
        }
        name.is_none().then_some((found, true))
    }

    fn local_name(&mut self, state: Option<&mut NameState>) -> Option<NodeId> {
        self.cursor.skip(1);
        let function = self.encoding()?;
        if !self.cursor.eat(b'E') {
            return None;
        }
        if self.cursor.eat(b's') {
            self.discriminator();
            let entity = self.add(Node::Word(&"string literal"))?;
            return self.add(Node::Local { function, entity });
        }
        // The parameters of the function are not those of the name inside of it.
        let outside = self.enter_scope();
        let entity = self.local_entity(state);
        self.leave_scope(outside);
        self.add(Node::Local { function, entity: entity? })
    }

    fn local_entity(&mut self, state: Option<&mut NameState>) -> Option<NodeId> {
        if self.cursor.eat(b'd') {
            self.cursor.signed_digits();
            if !self.cursor.eat(b'_') {
                return None;
            }
            return self.name(state);
        }
        let entity = self.name(state)?;
        self.discriminator();
        Some(entity)
    }

    /// Skips the number of a name among its like in one function, if there is one.
    fn discriminator(&mut self) {
        let mut ahead = self.cursor;
        let is_whole = if ahead.eat(b'_') {
            if ahead.eat(b'_') {
                ahead.digits();
                ahead.eat(b'_')
            } else {
                let is_digit = ahead.peek().is_ascii_digit();
                ahead.skip(1);
                is_digit
            }
        } else {
            ahead.digits().len > 0 && ahead.is_at_end()
        };
        if is_whole {
            self.cursor = ahead;
        }
    }
}
