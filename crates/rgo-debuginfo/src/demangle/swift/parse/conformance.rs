//! Reads how types conform to protocols.

use super::super::node::{Kind, OPAQUE_CONFORMANCE, PACK_CONFORMANCE};
use super::super::node::{REF_IN_PROTOCOL_MODULE, REF_IN_TYPE_MODULE};
use super::super::tree::Id;
use super::Parser;

impl Parser<'_> {
    pub(super) fn protocol_list(&mut self) -> Option<Id> {
        let types = self.pop_list(Kind::TypeList, Self::pop_protocol)?;
        self.tree.with_children(Kind::ProtocolList, &[types])
    }

    pub(super) fn pop_protocol_conformance(&mut self) -> Option<Id> {
        let signature = self.pop(Kind::Signature);
        let module = self.pop_module()?;
        let protocol = self.pop_protocol()?;
        let mut id = self.pop(Kind::Type);
        // The storage of a property.
        let property = if id.is_none() { self.pop(Kind::Identifier) } else { None };
        if property.is_some() {
            id = self.pop(Kind::Type);
        }
        let mut id = id?;
        if let Some(signature) = signature {
            id = self.generic(signature, id)?;
        }
        let list = [id, protocol, module];
        let conformance = self.tree.with_children(Kind::ProtocolConformance, &list)?;
        if let Some(property) = property {
            self.tree.add(conformance, property)?;
        }
        Some(conformance)
    }

    fn pop_conformances(&mut self) -> Option<Id> {
        self.pop_list(Kind::ConformanceList, |parser| parser.pop_if(Kind::is_conformance))
    }

    pub(super) fn concrete_conformance(&mut self) -> Option<Id> {
        let conditions = self.pop_conformances()?;
        let is_reference = |kind| kind == REF_IN_TYPE_MODULE || kind == REF_IN_PROTOCOL_MODULE;
        let reference = match self.pop_if(is_reference) {
            Some(reference) => reference,
            None => {
                let module = self.pop_module()?;
                let protocol = self.pop_protocol()?;
                let kind = Kind::Form("protocol conformance ref (retroactive) {*}");
                self.tree.with_children(kind, &[protocol, module])?
            }
        };
        let id = self.pop(Kind::Type)?;
        self.tree.with_children(Kind::ConcreteConformance, &[id, reference, conditions])
    }

    pub(super) fn pack_conformance(&mut self) -> Option<Id> {
        let patterns = self.pop_conformances()?;
        self.tree.with_children(PACK_CONFORMANCE, &[patterns])
    }

    /// The place of a conformance in a signature: 1 if it is not known.
    fn conformance_index(&mut self) -> Option<Id> {
        match self.index()? {
            0 => None,
            1 => self.tree.node(Kind::UnknownIndex),
            index => self.tree.with_index(Kind::Index, u64::from(index) - 2),
        }
    }

    fn pop_dependent_conformance(&mut self) -> Option<Id> {
        self.pop_if(Kind::is_dependent_conformance)
    }

    pub(super) fn root_conformance(&mut self) -> Option<Id> {
        let index = self.conformance_index()?;
        let protocol = self.pop_protocol()?;
        let id = self.pop(Kind::Type)?;
        let kind = Kind::DependentConformance("dependent root protocol conformance ");
        self.tree.with_children(kind, &[id, protocol, index])
    }

    pub(super) fn inherited_conformance(&mut self) -> Option<Id> {
        let index = self.conformance_index()?;
        let protocol = self.pop_protocol()?;
        let nested = self.pop_dependent_conformance()?;
        let kind = Kind::DependentConformance("dependent inherited protocol conformance ");
        self.tree.with_children(kind, &[nested, protocol, index])
    }

    pub(super) fn associated_conformance(&mut self) -> Option<Id> {
        let index = self.conformance_index()?;
        let protocol = self.pop_protocol()?;
        let id = self.pop(Kind::Type)?;
        let kind = Kind::Form("dependent associated conformance {*}");
        let associated = self.tree.with_children(kind, &[id, protocol])?;
        let nested = self.pop_dependent_conformance()?;
        let kind = Kind::DependentConformance("dependent associated protocol conformance ");
        self.tree.with_children(kind, &[nested, associated, index])
    }

    pub(super) fn opaque_conformance(&mut self) -> Option<Id> {
        let id = self.pop(Kind::Type)?;
        let conformance = self.pop_dependent_conformance()?;
        self.tree.with_children(OPAQUE_CONFORMANCE, &[conformance, id])
    }

    pub(super) fn retroactive_conformance(&mut self) -> Option<Id> {
        let index = self.index_node()?;
        let conformance = self.pop_if(Kind::is_conformance)?;
        self.tree.with_children(Kind::RetroactiveConformance, &[index, conformance])
    }
}
