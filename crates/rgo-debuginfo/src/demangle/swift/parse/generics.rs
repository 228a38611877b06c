//! Reads generic signatures, their requirements, and types that depend on them.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;

/// How a requirement names the type that it is for.
#[derive(Clone, Copy)]
enum Subject {
    Parameter,
    Associated,
    Compound,
    Substitution,
}

/// What a requirement asks for.
#[derive(Clone, Copy)]
enum Constraint {
    Protocol,
    BaseClass,
    SameType,
    SameShape,
    Layout,
    Pack,
    Inverse,
    Value,
}

use Constraint::{BaseClass, Inverse, Layout, Pack, Protocol, SameShape, SameType, Value};
use Subject::{Associated, Compound, Parameter, Substitution};

const REQUIREMENTS: [(u8, (Constraint, Subject)); 22] = [
    (b'V', (Value, Parameter)),
    (b'v', (Pack, Parameter)),
    (b'c', (BaseClass, Associated)),
    (b'C', (BaseClass, Compound)),
    (b'b', (BaseClass, Parameter)),
    (b'B', (BaseClass, Substitution)),
    (b't', (SameType, Associated)),
    (b'T', (SameType, Compound)),
    (b's', (SameType, Parameter)),
    (b'S', (SameType, Substitution)),
    (b'm', (Layout, Associated)),
    (b'M', (Layout, Compound)),
    (b'l', (Layout, Parameter)),
    (b'L', (Layout, Substitution)),
    (b'p', (Protocol, Associated)),
    (b'P', (Protocol, Compound)),
    (b'Q', (Protocol, Substitution)),
    (b'h', (SameShape, Parameter)),
    (b'i', (Inverse, Parameter)),
    (b'I', (Inverse, Substitution)),
    (b'j', (Inverse, Associated)),
    (b'J', (Inverse, Compound)),
];
/// Layouts without a size.
const LAYOUTS: [(u8, &str); 7] = [
    (b'U', "_UnknownLayout"),
    (b'R', "_RefCountedObject"),
    (b'N', "_NativeRefCountedObject"),
    (b'C', "AnyObject"),
    (b'D', "_NativeClass"),
    (b'T', "_Trivial"),
    (b'B', ""),
];
/// Layouts with a size, and whether they have an alignment.
const SIZED_LAYOUTS: [(u8, (&str, bool)); 5] = [
    (b'E', ("_Trivial", true)),
    (b'e', ("_Trivial", false)),
    (b'M', ("_TrivialAtMost", true)),
    (b'm', ("_TrivialAtMost", false)),
    (b'S', ("", false)),
];

impl Parser<'_> {
    pub(super) fn parameter_type(&mut self, depth: u32, index: u32) -> Option<Id> {
        let depth = self.tree.with_index(Kind::Index, depth.into())?;
        let index = self.tree.with_index(Kind::Index, index.into())?;
        self.tree.with_children(Kind::GenericParameterType, &[depth, index])
    }

    pub(super) fn generic_parameter(&mut self) -> Option<Id> {
        match self.peek()? {
            b'd' => {
                self.at += 1;
                let depth = self.index()?.checked_add(1)?;
                let index = self.index()?;
                self.parameter_type(depth, index)
            }
            b'z' => {
                self.at += 1;
                self.parameter_type(0, 0)
            }
            b's' => {
                self.at += 1;
                self.tree.node(Kind::SelfType)
            }
            _ => {
                let index = self.index()?.checked_add(1)?;
                self.parameter_type(0, index)
            }
        }
    }

    pub(super) fn signature(&mut self, has_counts: bool) -> Option<Id> {
        let signature = self.tree.node(Kind::Signature)?;
        if has_counts {
            while !self.eat(b'l') {
                let count = if self.eat(b'z') { 0 } else { self.index()?.checked_add(1)? };
                let count = self.tree.with_index(Kind::ParameterCount, count.into())?;
                self.tree.add(signature, count)?;
            }
        } else {
            let count = self.tree.with_index(Kind::ParameterCount, 1)?;
            self.tree.add(signature, count)?;
        }
        let count = self.tree.len(signature);
        while let Some(requirement) = self.pop_if(Kind::is_requirement) {
            self.tree.add(signature, requirement)?;
        }
        self.tree.reverse(signature, count);
        Some(signature)
    }

    pub(super) fn generic_type(&mut self) -> Option<Id> {
        let signature = self.pop(Kind::Signature)?;
        let id = self.pop(Kind::Type)?;
        self.generic(signature, id)
    }

    pub(super) fn generic(&mut self, signature: Id, id: Id) -> Option<Id> {
        let id = self.tree.with_children(Kind::GenericType, &[signature, id])?;
        self.wrap(id)
    }

    pub(super) fn requirement(&mut self) -> Option<Id> {
        let (constraint, subject) = self.eat_of(&REQUIREMENTS).unwrap_or((Protocol, Parameter));
        let inverse = match constraint {
            Inverse => Some(self.index_node()?),
            _ => None,
        };
        let subject = match subject {
            Parameter => {
                let parameter = self.generic_parameter()?;
                self.wrap(parameter)?
            }
            Associated => {
                let base = self.generic_parameter()?;
                let id = self.associated_type(Some(base))?;
                self.remember(id)
            }
            Compound => {
                let base = self.generic_parameter()?;
                let id = self.compound_associated_type(Some(base))?;
                self.remember(id)
            }
            Substitution => self.pop(Kind::Type)?,
        };
        let (kind, other) = match constraint {
            Value => (Kind::ValueMarker, self.pop(Kind::Type)?),
            Pack => return self.tree.with_children(Kind::PackMarker, &[subject]),
            Protocol => (Kind::Requirement("{0}: {1}"), self.pop_protocol()?),
            Inverse => (Kind::InverseRequirement, inverse?),
            BaseClass => (Kind::Requirement("{0}: {1}"), self.pop(Kind::Type)?),
            SameType => (Kind::Requirement("{0} == {1}"), self.pop(Kind::Type)?),
            SameShape => (Kind::Requirement("{0}.shape == {1}.shape"), self.pop(Kind::Type)?),
            Layout => return self.layout(subject),
        };
        self.tree.with_children(kind, &[subject, other])
    }

    fn layout(&mut self, subject: Id) -> Option<Id> {
        if let Some(name) = self.eat_of(&LAYOUTS) {
            let name = self.tree.with_word(Kind::Identifier, name)?;
            return self.tree.with_children(Kind::LayoutRequirement, &[subject, name]);
        }
        let (name, has_alignment) = self.eat_of(&SIZED_LAYOUTS)?;
        let name = self.tree.with_word(Kind::Identifier, name)?;
        let size = self.index_node()?;
        let layout = self.tree.with_children(Kind::LayoutRequirement, &[subject, name, size])?;
        if has_alignment {
            let alignment = self.index_node()?;
            self.tree.add(layout, alignment)?;
        }
        Some(layout)
    }

    /// What follows a `Q`.
    pub(super) fn archetype(&mut self) -> Option<Id> {
        let id = match self.next()? {
            b'a' => {
                let name = self.pop(Kind::Identifier)?;
                let base = self.pop_inner_type()?;
                let id = self.tree.with_children(Kind::AssociatedTypeRef, &[base, name])?;
                self.wrap(id)?
            }
            b'O' => {
                let context = self.pop_context()?;
                return self.tree.with_children(Kind::OpaqueReturnTypeOf, &[context]);
            }
            b'o' => self.opaque_type()?,
            b'r' => {
                let id = self.tree.node(Kind::OpaqueReturnType)?;
                return self.wrap(id);
            }
            b'R' => {
                self.index()?;
                let id = self.tree.node(Kind::OpaqueReturnType)?;
                return self.wrap(id);
            }
            b'x' => self.associated_type(None)?,
            b'X' => self.compound_associated_type(None)?,
            b'y' => {
                let base = self.generic_parameter()?;
                self.associated_type(Some(base))?
            }
            b'Y' => {
                let base = self.generic_parameter()?;
                self.compound_associated_type(Some(base))?
            }
            b'z' => {
                let base = self.parameter_type(0, 0)?;
                self.associated_type(Some(base))?
            }
            b'Z' => {
                let base = self.parameter_type(0, 0)?;
                self.compound_associated_type(Some(base))?
            }
            letter @ (b'p' | b'e') => return self.pack_part(letter),
            b'P' => return self.pack("Pack{"),
            b'S' => match self.next()? {
                b'd' => return self.pack("@direct Pack{"),
                b'i' => return self.pack("@indirect Pack{"),
                _ => return None,
            },
            _ => return None,
        };
        Some(self.remember(id))
    }

    /// What stands for each element of a pack, or one element.
    fn pack_part(&mut self, letter: u8) -> Option<Id> {
        let (kind, children) = if letter == b'p' {
            let count = self.pop_inner_type()?;
            let pattern = self.pop_inner_type()?;
            (Kind::Form("repeat {0}"), [pattern, count])
        } else {
            let pack = self.pop_inner_type()?;
            let level = self.index_node()?;
            (Kind::Form("/* level: {1} */ each {0}"), [pack, level])
        };
        let id = self.tree.with_children(kind, &children)?;
        self.wrap(id)
    }

    fn pack(&mut self, before: &'static str) -> Option<Id> {
        let pack = self.pop_list(Kind::Pack(before), |parser| parser.pop(Kind::Type))?;
        self.wrap(pack)
    }

    fn opaque_type(&mut self) -> Option<Id> {
        let index = self.index_node()?;
        let (lists, conformances) = self.bound_generics()?;
        let name = self.pop_any()?;
        let arguments = self.tree.node(Kind::TypeList)?;
        for list in lists.iter().rev() {
            self.tree.add(arguments, *list)?;
        }
        let kind = Kind::Form("{0}.{1}");
        let opaque = self.tree.with_children(kind, &[name, index, arguments])?;
        if let Some(conformances) = conformances {
            self.tree.add(opaque, conformances)?;
        }
        self.wrap(opaque)
    }

    pub(super) fn pop_member_name(&mut self) -> Option<Id> {
        let protocol = self.pop(Kind::Type);
        if protocol.is_some_and(|it| !self.tree.is_protocol(it)) {
            return None;
        }
        let name = self.pop(Kind::Identifier)?;
        let member = self.tree.with_children(Kind::MemberName, &[name])?;
        if let Some(protocol) = protocol {
            self.tree.add(member, protocol)?;
        }
        Some(member)
    }

    pub(super) fn pop_member_path(&mut self) -> Option<Id> {
        let path = self.tree.node(Kind::AssociatedTypePath)?;
        self.pop_elements(path, &mut Self::pop_member_name)?;
        self.tree.reverse(path, 0);
        Some(path)
    }

    fn base_type(&mut self, base: Option<Id>) -> Option<Id> {
        match base {
            Some(base) => self.wrap(base),
            None => self.pop(Kind::Type),
        }
    }

    pub(super) fn associated_type(&mut self, base: Option<Id>) -> Option<Id> {
        let name = self.pop_member_name()?;
        let base = self.base_type(base)?;
        let id = self.tree.with_children(Kind::MemberType, &[base, name])?;
        self.wrap(id)
    }

    pub(super) fn compound_associated_type(&mut self, base: Option<Id>) -> Option<Id> {
        let path = self.pop_member_path()?;
        let mut id = self.base_type(base)?;
        for index in 0..self.tree.len(path) {
            let name = self.tree.child(path, index)?;
            let member = self.tree.with_children(Kind::MemberType, &[id, name])?;
            id = self.wrap(member)?;
        }
        Some(id)
    }
}
