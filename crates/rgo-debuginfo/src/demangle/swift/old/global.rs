//! Reads whole names, and what the compiler makes of types and entities.

use super::super::node::Kind;
use super::super::parse::witness::value_witness;
use super::super::tree::Id;
use super::Reader;

const ATTRIBUTES: [(&[u8], &str); 5] = [
    (b"To", "@objc "),
    (b"TO", "@nonobjc "),
    (b"TD", "dynamic "),
    (b"Td", "super "),
    (b"TV", "override "),
];
const METADATA: [(u8, &str); 6] = [
    (b'P', "generic type metadata pattern for {0}"),
    (b'a', "type metadata accessor for {0}"),
    (b'L', "lazy cache variable for type metadata for {0}"),
    (b'm', "metaclass for {0}"),
    (b'n', "nominal type descriptor for {0}"),
    (b'f', "full type metadata for {0}"),
];
const OF_CONFORMANCE: [(u8, &str); 4] = [
    (b'P', "protocol witness table for {0}"),
    (b'G', "generic protocol witness table for {0}"),
    (b'I', "instantiation function for generic protocol witness table for {0}"),
    (b'a', "protocol witness table accessor for {0}"),
];
const LAZY: [(u8, &str); 2] = [
    (b'l', "lazy protocol witness table accessor for type {0} and conformance {1}"),
    (b'L', "lazy protocol witness table cache variable for type {0} and conformance {1}"),
];

impl Reader<'_> {
    pub(super) fn symbol(&mut self) -> Option<Id> {
        // A type of the standard library is no symbol, and many names of C start so.
        if !self.eat_all(b"_T") || self.peek() == Some(b'S') {
            return None;
        }
        let top = self.tree.node(Kind::Global)?;
        if self.eat_all(b"TS") {
            loop {
                let specialization = self.specialization()?;
                self.tree.add(top, specialization)?;
                self.substitutions.clear();
                if !self.eat_all(b"_TTS") {
                    break;
                }
            }
            if !self.eat_all(b"_T") {
                return None;
            }
        } else {
            for (letters, text) in ATTRIBUTES {
                if self.eat_all(letters) {
                    let attribute = self.tree.node(Kind::Attribute(text))?;
                    self.tree.add(top, attribute)?;
                    break;
                }
            }
        }
        let global = self.global()?;
        self.tree.add(top, global)?;
        let rest = self.name.get(self.at..)?;
        if !rest.is_empty() {
            let suffix = self.tree.with_text(Kind::Suffix, rest)?;
            self.tree.add(top, suffix)?;
        }
        Some(top)
    }

    fn global(&mut self) -> Option<Id> {
        if self.eat(b'M') {
            if let Some(form) = self.eat_of(&METADATA) {
                return self.of_type(Kind::Form(form));
            }
            if self.eat(b'p') {
                let protocol = self.protocol_name()?;
                return self
                    .tree
                    .with_children(Kind::Form("protocol descriptor for {0}"), &[protocol]);
            }
            return self.of_type(Kind::Form("type metadata for {0}"));
        }
        if self.eat_all(b"PA") {
            let kind = Kind::PartialApply(if self.eat(b'o') {
                "partial apply ObjC forwarder"
            } else {
                "partial apply forwarder"
            });
            let forwarder = self.tree.node(kind)?;
            if self.eat_all(b"__T") {
                let global = self.deeper(Self::global)?;
                self.tree.add(forwarder, global)?;
            }
            return Some(forwarder);
        }
        if self.eat(b't') {
            return self.of_type(Kind::TypeMangling);
        }
        if self.eat(b'w') {
            let name = value_witness(self.name.get(self.at..self.at + 2)?)?;
            self.at += 2;
            let witness = self.tree.with_word(Kind::ValueWitness, name)?;
            let id = self.any_type()?;
            self.tree.add(witness, id)?;
            return Some(witness);
        }
        if self.eat(b'W') {
            return self.witness();
        }
        if self.eat(b'T') {
            return match self.next()? {
                b'R' => self.reabstraction("reabstraction thunk helper "),
                b'r' => self.reabstraction("reabstraction thunk "),
                b'W' => {
                    let conformance = self.conformance()?;
                    let entity = self.entity()?;
                    let kind = Kind::Form("protocol witness for {1} in conformance {0}");
                    self.tree.with_children(kind, &[conformance, entity])
                }
                _ => None,
            };
        }
        self.entity()
    }

    fn witness(&mut self) -> Option<Id> {
        if let Some(form) = self.eat_of(&OF_CONFORMANCE) {
            let conformance = self.conformance()?;
            return self.tree.with_children(Kind::Form(form), &[conformance]);
        }
        if let Some(form) = self.eat_of(&LAZY) {
            let id = self.any_type()?;
            let conformance = self.conformance()?;
            return self.tree.with_children(Kind::Form(form), &[id, conformance]);
        }
        match self.next()? {
            b'V' => self.of_type(Kind::Form("value witness table for {0}")),
            b'v' => {
                let form = match self.next()? {
                    b'd' => "direct field offset for {0}",
                    b'i' => "indirect field offset for {0}",
                    _ => return None,
                };
                let entity = self.entity()?;
                self.tree.with_children(Kind::Form(form), &[entity])
            }
            b't' => {
                let conformance = self.conformance()?;
                let name = self.declaration_name()?;
                let kind = Kind::Form("associated type metadata accessor for {1} in {0}");
                self.tree.with_children(kind, &[conformance, name])
            }
            b'T' => {
                let conformance = self.conformance()?;
                let name = self.declaration_name()?;
                let protocol = self.protocol_name()?;
                let kind =
                    Kind::Form("associated type witness table accessor for {1} : {2} in {0}");
                self.tree.with_children(kind, &[conformance, name, protocol])
            }
            _ => None,
        }
    }

    fn reabstraction(&mut self, text: &'static str) -> Option<Id> {
        let thunk = self.tree.node(Kind::ReabstractionThunk(text))?;
        if self.eat(b'G') {
            let signature = self.signature()?;
            self.tree.add(thunk, signature)?;
        }
        for _ in 0..2 {
            let id = self.any_type()?;
            self.tree.add(thunk, id)?;
        }
        Some(thunk)
    }

    pub(super) fn conformance(&mut self) -> Option<Id> {
        let id = self.any_type()?;
        let protocol = self.protocol_name()?;
        let context = self.context()?;
        self.tree.with_children(Kind::ProtocolConformance, &[id, protocol, context])
    }
}
