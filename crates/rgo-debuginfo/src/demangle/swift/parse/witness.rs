//! Reads witness tables, outlined operations, and more that follows a `W`; and value witnesses.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;
use super::functions::differentiability;

const OF_CONFORMANCE: [(u8, &str); 6] = [
    (b'P', "protocol witness table for {0}"),
    (b'p', "protocol witness table pattern for {0}"),
    (b'G', "generic protocol witness table for {0}"),
    (b'I', "instantiation function for generic protocol witness table for {0}"),
    (b'r', "resilient protocol witness table for {0}"),
    (b'a', "protocol witness table accessor for {0}"),
];
/// Operations on a value of a type. The last two name a case of an enum.
const OUTLINED: [(u8, Kind); 17] = [
    (b'B', Kind::Form("outlined init with take of {0}")),
    (b'C', Kind::Form("outlined init with copy of {0}")),
    (b'D', Kind::Form("outlined assign with take of {0}")),
    (b'F', Kind::Form("outlined assign with copy of {0}")),
    (b'H', Kind::Form("outlined destroy of {0}")),
    (b'y', Kind::Outlined("outlined copy of ")),
    (b'e', Kind::Outlined("outlined consume of ")),
    (b'r', Kind::Form("outlined retain of {0}")),
    (b's', Kind::Form("outlined release of {0}")),
    (b'b', Kind::Form("outlined init with take of {0}")),
    (b'c', Kind::Form("outlined init with copy of {0}")),
    (b'd', Kind::Form("outlined assign with take of {0}")),
    (b'f', Kind::Form("outlined assign with copy of {0}")),
    (b'h', Kind::Form("outlined destroy of {0}")),
    (b'g', Kind::Form("outlined enum get tag of {0}")),
    (b'i', Kind::Form("outlined enum tag store of {0}")),
    (b'j', Kind::Form("outlined enum project data for load of {0}")),
];
/// Value witnesses, by two letters.
const VALUE_WITNESSES: [(&[u8; 2], &str); 24] = [
    (b"al", "allocateBuffer"),
    (b"ca", "assignWithCopy"),
    (b"ta", "assignWithTake"),
    (b"de", "deallocateBuffer"),
    (b"xx", "destroy"),
    (b"XX", "destroyBuffer"),
    (b"Xx", "destroyArray"),
    (b"CP", "initializeBufferWithCopyOfBuffer"),
    (b"Cp", "initializeBufferWithCopy"),
    (b"cp", "initializeWithCopy"),
    (b"Tk", "initializeBufferWithTake"),
    (b"tk", "initializeWithTake"),
    (b"pr", "projectBuffer"),
    (b"TK", "initializeBufferWithTakeOfBuffer"),
    (b"Cc", "initializeArrayWithCopy"),
    (b"Tt", "initializeArrayWithTakeFrontToBack"),
    (b"tT", "initializeArrayWithTakeBackToFront"),
    (b"xs", "storeExtraInhabitant"),
    (b"xg", "getExtraInhabitantIndex"),
    (b"ug", "getEnumTag"),
    (b"up", "destructiveProjectEnumData"),
    (b"ui", "destructiveInjectEnumTag"),
    (b"et", "getEnumTagSinglePayload"),
    (b"st", "storeEnumTagSinglePayload"),
];

/// The value witness of two letters.
pub(in super::super) fn value_witness(letters: &[u8]) -> Option<&'static str> {
    let found = VALUE_WITNESSES.iter().find(|(key, _)| key.as_slice() == letters)?;
    Some(found.1)
}

impl Parser<'_> {
    pub(super) fn value_witness(&mut self) -> Option<Id> {
        let name = value_witness(self.name.get(self.at..self.at + 2)?)?;
        self.at += 2;
        let witness = self.tree.with_word(Kind::ValueWitness, name)?;
        let id = self.pop(Kind::Type)?;
        self.tree.add(witness, id)?;
        Some(witness)
    }

    pub(super) fn witness(&mut self) -> Option<Id> {
        if let Some(form) = self.eat_of(&OF_CONFORMANCE) {
            return self.of_conformance(Kind::Form(form));
        }
        match self.next()? {
            b'C' => self.of_entity(Kind::Form("enum case for {0}")),
            b'V' => self.of_type(Kind::Form("value witness table for {0}")),
            b'v' => match self.next()? {
                b'd' => self.of_entity(Kind::Form("direct field offset for {0}")),
                b'i' => self.of_entity(Kind::Form("indirect field offset for {0}")),
                _ => None,
            },
            b'S' => self.of_protocol(Kind::Form("protocol self-conformance witness table for {0}")),
            b'l' => self.lazy_table(
                "lazy protocol witness table accessor for type {0} and conformance {1}",
            ),
            b'L' => self.lazy_table(
                "lazy protocol witness table cache variable for type {0} and conformance {1}",
            ),
            b't' => {
                let name = self.pop_if(Kind::is_declaration_name)?;
                let conformance = self.pop_protocol_conformance()?;
                let kind = Kind::Form("associated type metadata accessor for {1} in {0}");
                self.tree.with_children(kind, &[conformance, name])
            }
            b'T' => {
                let protocol = self.pop(Kind::Type)?;
                let path = self.pop_member_path()?;
                let conformance = self.pop_protocol_conformance()?;
                let kind =
                    Kind::Form("associated type witness table accessor for {1} : {2} in {0}");
                self.tree.with_children(kind, &[conformance, path, protocol])
            }
            b'b' => {
                let protocol = self.pop(Kind::Type)?;
                let conformance = self.pop_protocol_conformance()?;
                let kind = Kind::Form("base witness table accessor for {1} in {0}");
                self.tree.with_children(kind, &[conformance, protocol])
            }
            b'O' => self.outlined(),
            b'Z' => self.once("one-time initialization function for {1}"),
            b'z' => self.once("one-time initialization token for {1}"),
            b'J' => self.differentiability_witness(),
            _ => None,
        }
    }

    fn lazy_table(&mut self, form: &'static str) -> Option<Id> {
        let conformance = self.pop_protocol_conformance()?;
        let id = self.pop(Kind::Type)?;
        self.tree.with_children(Kind::Form(form), &[id, conformance])
    }

    fn outlined(&mut self) -> Option<Id> {
        let has_case = matches!(self.peek()?, b'i' | b'j');
        let kind = self.eat_of(&OUTLINED)?;
        let case = if has_case { Some(self.index_node()?) } else { None };
        let signature = self.pop(Kind::Signature);
        let id = self.pop(Kind::Type)?;
        let outlined = self.tree.with_children(kind, &[id])?;
        for child in [signature, case].into_iter().flatten() {
            self.tree.add(outlined, child)?;
        }
        Some(outlined)
    }

    /// What initializes global variables that are declared together.
    fn once(&mut self, form: &'static str) -> Option<Id> {
        let names = self.tree.node(Kind::OnceDeclarations)?;
        while self.pop(Kind::FirstElement).is_some() {
            let name = self.pop_if(Kind::is_declaration_name)?;
            self.tree.add(names, name)?;
        }
        self.tree.reverse(names, 0);
        let context = self.pop_context()?;
        self.tree.with_children(Kind::Form(form), &[context, names])
    }

    fn differentiability_witness(&mut self) -> Option<Id> {
        let signature = self.pop(Kind::Signature);
        let witness = self.tree.node(Kind::DifferentiabilityWitness)?;
        self.take_all(witness)?;
        let kind = self.next().and_then(differentiability)?;
        let kind = self.tree.with_index(Kind::DifferentiabilityMode, kind)?;
        self.tree.add(witness, kind)?;
        self.index_subset(witness, b'p')?;
        self.index_subset(witness, b'r')?;
        if let Some(signature) = signature {
            self.tree.add(witness, signature)?;
        }
        Some(witness)
    }
}
