//! Reads how a function was specialized: what follows `_TTS`.

use super::super::node::Kind;
use super::super::parse::specialization::change;
use super::super::tree::Id;
use super::Reader;

const CHANGES: [(u8, u64); 4] = [
    (b'd', change::DEAD),
    (b'g', change::OWNED_TO_GUARANTEED),
    (b'o', change::GUARANTEED_TO_OWNED),
    (b's', change::EXPLODED),
];

impl Reader<'_> {
    pub(super) fn specialization(&mut self) -> Option<Id> {
        let letter = self.next()?;
        let text = match letter {
            b'g' => "generic specialization",
            b'r' => "generic not re-abstracted specialization",
            b'f' => "function signature specialization",
            _ => return None,
        };
        let specialization = self.tree.node(Kind::Specialization(text))?;
        if self.eat(b'q') {
            let mark = self.tree.node(Kind::Serialized)?;
            self.tree.add(specialization, mark)?;
        }
        let pass = self.next()?;
        let pass = self.tree.with_index(Kind::PassId, pass.into())?;
        self.tree.add(specialization, pass)?;
        while !self.eat(b'_') {
            let parameter =
                if letter == b'f' { self.changed_parameter() } else { self.generic_parameter() }?;
            self.tree.add(specialization, parameter)?;
        }
        Some(specialization)
    }

    fn generic_parameter(&mut self) -> Option<Id> {
        let parameter = self.of_type(Kind::SpecializationParameter)?;
        while !self.eat(b'_') {
            let conformance = self.conformance()?;
            self.tree.add(parameter, conformance)?;
        }
        Some(parameter)
    }

    fn changed_parameter(&mut self) -> Option<Id> {
        let parameter = self.tree.node(Kind::FunctionParameter)?;
        if self.eat_all(b"n_") {
            return Some(parameter);
        }
        if self.eat_all(b"cp") {
            self.constant(parameter)?;
            return Some(parameter);
        }
        if self.eat_all(b"cl") {
            let name = self.identifier(None)?;
            self.change(parameter, change::CLOSURE)?;
            let name = self.tree.with_kind(name, Kind::ParameterPayload)?;
            self.tree.add(parameter, name)?;
            while !self.eat(b'_') {
                let id = self.any_type()?;
                self.tree.add(parameter, id)?;
            }
            return Some(parameter);
        }
        let number = if self.eat_all(b"i_") {
            change::BOX_TO_VALUE
        } else if self.eat_all(b"k_") {
            change::BOX_TO_STACK
        } else if self.eat_all(b"r_") {
            change::INOUT_TO_OUT
        } else {
            let mut changes = 0;
            for (letter, change) in CHANGES {
                changes |= if self.eat(letter) { change } else { 0 };
            }
            if changes == 0 || !self.eat(b'_') {
                return None;
            }
            changes
        };
        self.change(parameter, number)?;
        Some(parameter)
    }

    fn change(&mut self, parameter: Id, number: u64) -> Option<()> {
        let kind = self.tree.with_index(Kind::ParameterChange, number)?;
        self.tree.add(parameter, kind)
    }

    /// A constant, up to a `_`.
    fn constant(&mut self, parameter: Id) -> Option<()> {
        let number = if self.eat_all(b"fr") {
            change::CONSTANT_FUNCTION
        } else if self.eat_all(b"fl") {
            change::CONSTANT_FLOAT
        } else {
            match self.next()? {
                b'g' => change::CONSTANT_GLOBAL,
                b'i' => change::CONSTANT_INTEGER,
                b's' => change::CONSTANT_STRING,
                _ => return None,
            }
        };
        self.change(parameter, number)?;
        if matches!(number, change::CONSTANT_INTEGER | change::CONSTANT_FLOAT) {
            let rest = self.name.get(self.at..)?;
            let len = rest.iter().position(|byte| *byte == b'_')?;
            let value = self.tree.with_text(Kind::ParameterPayload, rest.get(..len)?)?;
            self.at += len;
            self.tree.add(parameter, value)?;
        } else {
            if number == change::CONSTANT_STRING {
                let encoding = if self.eat_all(b"e0v") {
                    "u8"
                } else if self.eat_all(b"e1v") {
                    "u16"
                } else {
                    return None;
                };
                let encoding = self.tree.with_word(Kind::ParameterPayload, encoding)?;
                self.tree.add(parameter, encoding)?;
            }
            let value = self.identifier(None)?;
            let value = self.tree.with_kind(value, Kind::Identifier)?;
            self.tree.add(parameter, value)?;
        }
        if self.eat(b'_') { Some(()) } else { None }
    }
}
