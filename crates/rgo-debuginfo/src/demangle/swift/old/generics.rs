//! Reads generic signatures, and types that depend on them.

use super::super::node::{Kind, Nominal};
use super::super::tree::Id;
use super::Reader;

/// Layouts, and how many numbers they have.
const LAYOUTS: [(u8, (&str, usize)); 10] = [
    (b'U', ("_UnknownLayout", 0)),
    (b'R', ("_RefCountedObject", 0)),
    (b'N', ("_NativeRefCountedObject", 0)),
    (b'T', ("_Trivial", 0)),
    (b'B', ("", 0)),
    (b'E', ("_Trivial", 2)),
    (b'e', ("_Trivial", 1)),
    (b'M', ("_TrivialAtMost", 2)),
    (b'm', ("_TrivialAtMost", 1)),
    (b'S', ("", 1)),
];

impl Reader<'_> {
    pub(super) fn signature(&mut self) -> Option<Id> {
        let signature = self.tree.node(Kind::Signature)?;
        while !matches!(self.peek()?, b'R' | b'r') {
            let count = if self.eat(b'z') { 0 } else { self.index()?.checked_add(1)? };
            let count = self.tree.with_index(Kind::ParameterCount, count)?;
            self.tree.add(signature, count)?;
        }
        if self.tree.len(signature) == 0 {
            let count = self.tree.with_index(Kind::ParameterCount, 1)?;
            self.tree.add(signature, count)?;
        }
        if self.eat(b'r') {
            return Some(signature);
        }
        self.at += 1;
        while !self.eat(b'r') {
            let requirement = self.requirement()?;
            self.tree.add(signature, requirement)?;
        }
        Some(signature)
    }

    fn requirement(&mut self) -> Option<Id> {
        let subject = self.constrained_type()?;
        let subject = self.tree.with_children(Kind::Type, &[subject])?;
        if self.eat(b'z') {
            let other = self.any_type()?;
            return self.tree.with_children(Kind::Requirement("{0} == {1}"), &[subject, other]);
        }
        if self.eat(b'l') {
            let (name, count) = self.eat_of(&LAYOUTS)?;
            let name = self.tree.with_word(Kind::Identifier, name)?;
            let layout = self.tree.with_children(Kind::LayoutRequirement, &[subject, name])?;
            for index in 0..count {
                if index > 0 && !self.eat(b'_') {
                    return None;
                }
                let number = self.natural()?;
                let number = self.tree.with_index(Kind::Index, number)?;
                self.tree.add(layout, number)?;
            }
            return Some(layout);
        }
        let constraint = match self.peek()? {
            b'C' => self.any_type()?,
            b'S' => {
                self.at += 1;
                let id = self.substitution()?;
                let id = match self.tree.kind(id) {
                    Kind::Nominal(Nominal::Protocol | Nominal::Class) => id,
                    Kind::Module => self.protocol_in(id)?,
                    _ => return None,
                };
                self.tree.with_children(Kind::Type, &[id])?
            }
            _ => self.protocol_name()?,
        };
        self.tree.with_children(Kind::Requirement("{0}: {1}"), &[subject, constraint])
    }

    fn constrained_type(&mut self) -> Option<Id> {
        if self.eat(b'w') {
            return self.associated_type();
        }
        if self.eat(b'W') {
            return self.compound_associated_type();
        }
        self.parameter_index()
    }

    pub(super) fn parameter_type(&mut self, depth: u64, index: u64) -> Option<Id> {
        let depth = self.tree.with_index(Kind::Index, depth)?;
        let index = self.tree.with_index(Kind::Index, index)?;
        self.tree.with_children(Kind::GenericParameterType, &[depth, index])
    }

    fn parameter_index(&mut self) -> Option<Id> {
        if self.eat(b'd') {
            let depth = self.index()?.checked_add(1)?;
            let index = self.index()?;
            return self.parameter_type(depth, index);
        }
        if self.eat(b'x') {
            return self.parameter_type(0, 0);
        }
        let index = self.index()?.checked_add(1)?;
        self.parameter_type(0, index)
    }

    fn member(&mut self, base: Id) -> Option<Id> {
        let name = if self.eat(b'S') {
            self.substitution().filter(|id| self.tree.is(*id, Kind::MemberName))?
        } else {
            let protocol = if self.eat(b'P') { Some(self.protocol_name()?) } else { None };
            let name = self.identifier(None)?;
            let member = self.tree.with_children(Kind::MemberName, &[name])?;
            if let Some(protocol) = protocol {
                self.tree.add(member, protocol)?;
            }
            self.remember(member)
        };
        self.tree.with_children(Kind::MemberType, &[base, name])
    }

    pub(super) fn associated_type(&mut self) -> Option<Id> {
        let base = self.parameter_index()?;
        let base = self.tree.with_children(Kind::Type, &[base])?;
        self.member(base)
    }

    pub(super) fn compound_associated_type(&mut self) -> Option<Id> {
        let mut base = self.parameter_index()?;
        while !self.eat(b'_') {
            let id = self.tree.with_children(Kind::Type, &[base])?;
            base = self.member(id)?;
        }
        Some(base)
    }

    /// What follows a `q`.
    pub(super) fn dependent_type(&mut self) -> Option<Id> {
        if matches!(self.peek()?, b'd' | b'_' | b'0'..=b'9') {
            return self.parameter_index();
        }
        let base = self.any_type()?;
        self.member(base)
    }

    /// What follows a `Q`.
    pub(super) fn archetype(&mut self) -> Option<Id> {
        let root = match self.next()? {
            b'Q' => self.deeper(Self::archetype)?,
            b'S' => self.substitution()?,
            b's' => self.swift_module()?,
            _ => return None,
        };
        let name = self.identifier(None)?;
        let id = self.tree.with_children(Kind::AssociatedTypeRef, &[root, name])?;
        Some(self.remember(id))
    }
}
