//! Reads how a function was specialized: for generic arguments, or for what its callers pass.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;

/// What was done to a parameter, by number.
pub(in super::super) mod change {
    pub(in super::super::super) const CONSTANT_FUNCTION: u64 = 0;
    pub(in super::super::super) const CONSTANT_GLOBAL: u64 = 1;
    pub(in super::super::super) const CONSTANT_INTEGER: u64 = 2;
    pub(in super::super::super) const CONSTANT_FLOAT: u64 = 3;
    pub(in super::super::super) const CONSTANT_STRING: u64 = 4;
    pub(in super::super::super) const CLOSURE: u64 = 5;
    pub(in super::super::super) const BOX_TO_VALUE: u64 = 6;
    pub(in super::super::super) const BOX_TO_STACK: u64 = 7;
    pub(in super::super::super) const INOUT_TO_OUT: u64 = 8;
    pub(in super::super::super) const CONSTANT_KEY_PATH: u64 = 9;
    pub(in super::super::super) const CONSTANT_STRUCT: u64 = 10;
    pub(in super::super::super) const CLOSURE_AGAIN: u64 = 11;
    pub(in super::super::super) const ESCAPING_CLOSURE: u64 = 12;
    // Bits that can be set together.
    pub(in super::super::super) const DEAD: u64 = 1 << 6;
    pub(in super::super::super) const OWNED_TO_GUARANTEED: u64 = 1 << 7;
    pub(in super::super::super) const EXPLODED: u64 = 1 << 8;
    pub(in super::super::super) const GUARANTEED_TO_OWNED: u64 = 1 << 9;
    pub(in super::super::super) const EXISTENTIAL_TO_GENERIC: u64 = 1 << 10;
}

impl Parser<'_> {
    /// What follows `T` and a letter.
    pub(super) fn specialization(&mut self, letter: u8) -> Option<Id> {
        match letter {
            b'g' => self.generic_specialization("generic specialization", &[]),
            b'G' => self.generic_specialization("generic not re-abstracted specialization", &[]),
            b'B' => self.generic_specialization("generic specialization", &[]),
            b's' => self.generic_specialization("generic pre-specialization", &[]),
            b'i' => self.generic_specialization("inlined generic function", &[]),
            b't' => self.dropping_specialization(),
            b'p' => self.partial_specialization("generic partial specialization"),
            b'P' => self.partial_specialization("generic not-reabstracted partial specialization"),
            b'f' => self.function_specialization(),
            _ => None,
        }
    }

    fn attributes(&mut self, text: &'static str) -> Option<Id> {
        let marks = [
            self.eat(b'q').then_some(Kind::Serialized),
            self.eat(b'a').then_some(Kind::Word("")),
            self.eat(b'r').then_some(Kind::RepresentationChanged),
        ];
        let pass = self.next().filter(u8::is_ascii_digit)?;
        let specialization = self.tree.node(Kind::Specialization(text))?;
        for mark in marks.into_iter().flatten() {
            let mark = self.tree.node(mark)?;
            self.tree.add(specialization, mark)?;
        }
        let pass = self.tree.with_index(Kind::PassId, u64::from(pass - b'0'))?;
        self.tree.add(specialization, pass)?;
        Some(specialization)
    }

    fn generic_specialization(&mut self, text: &'static str, dropped: &[u32]) -> Option<Id> {
        let specialization = self.attributes(text)?;
        for index in dropped {
            let argument = self.tree.with_index(Kind::DroppedArgument, u64::from(*index))?;
            self.tree.add(specialization, argument)?;
        }
        let types = self.pop_types()?;
        for index in 0..self.tree.len(types) {
            let id = self.tree.child(types, index)?;
            let parameter = self.tree.with_children(Kind::SpecializationParameter, &[id])?;
            self.tree.add(specialization, parameter)?;
        }
        Some(specialization)
    }

    /// A specialization that has lost parameters, each after a `t`.
    fn dropping_specialization(&mut self) -> Option<Id> {
        let mut dropped = Vec::new();
        loop {
            dropped.push(self.natural().map_or(0, |number| number + 1));
            if !self.eat(b't') {
                break;
            }
        }
        let text = match self.next()? {
            b'g' | b'B' => "generic specialization",
            b'G' => "generic not re-abstracted specialization",
            _ => return None,
        };
        self.generic_specialization(text, &dropped)
    }

    fn partial_specialization(&mut self, text: &'static str) -> Option<Id> {
        let specialization = self.attributes(text)?;
        let parameter = self.of_type(Kind::SpecializationParameter)?;
        self.tree.add(specialization, parameter)?;
        Some(specialization)
    }

    fn function_specialization(&mut self) -> Option<Id> {
        let specialization = self.attributes("function signature specialization")?;
        let first = self.tree.first(specialization)?;
        if self.tree.is(first, Kind::RepresentationChanged) {
            return Some(specialization);
        }
        while !self.eat(b'_') {
            let parameter = self.changed_parameter(Kind::FunctionParameter)?;
            self.tree.add(specialization, parameter)?;
        }
        if !self.eat(b'n') {
            let returned = self.changed_parameter(Kind::FunctionReturn)?;
            self.tree.add(specialization, returned)?;
        }
        for index in (0..self.tree.len(specialization)).rev() {
            let parameter = self.tree.child(specialization, index)?;
            if self.tree.is(parameter, Kind::FunctionParameter) {
                self.pop_values(parameter)?;
            }
        }
        Some(specialization)
    }

    /// Takes what a parameter was replaced by from the stack.
    fn pop_values(&mut self, parameter: Id) -> Option<()> {
        let count = self.tree.len(parameter);
        for index in (0..count).rev() {
            let child = self.tree.child(parameter, index)?;
            if !self.tree.is(child, Kind::ParameterChange) {
                continue;
            }
            match self.tree.index(child)? {
                change::CLOSURE | change::ESCAPING_CLOSURE => {
                    while let Some(id) = self.pop(Kind::Type) {
                        self.tree.add(parameter, id)?;
                    }
                }
                change::CONSTANT_KEY_PATH => {
                    for _ in 0..2 {
                        let id = self.pop(Kind::Type)?;
                        self.tree.add(parameter, id)?;
                    }
                }
                change::CONSTANT_STRUCT => {
                    let id = self.pop(Kind::Type)?;
                    self.tree.add(parameter, id)?;
                    continue;
                }
                change::CONSTANT_FUNCTION | change::CONSTANT_GLOBAL | change::CONSTANT_STRING => {}
                _ => continue,
            }
            let name = self.pop(Kind::Identifier)?;
            self.tree.add(parameter, name)?;
        }
        self.tree.reverse(parameter, count);
        Some(())
    }

    fn changed_parameter(&mut self, kind: Kind) -> Option<Id> {
        let parameter = self.tree.node(kind)?;
        let number = match self.next()? {
            b'n' => return Some(parameter),
            b'c' => change::CLOSURE,
            b'E' => change::ESCAPING_CLOSURE,
            b'C' => {
                self.change(parameter, change::CLOSURE_AGAIN)?;
                let index = self.natural()?;
                let index = self.tree.with_index(Kind::ParameterPayload, index.into())?;
                self.tree.add(parameter, index)?;
                return Some(parameter);
            }
            b'p' => {
                self.constants(parameter)?;
                return Some(parameter);
            }
            b'e' => change::EXISTENTIAL_TO_GENERIC | self.more_changes(b"DGOX"),
            b'd' => change::DEAD | self.more_changes(b"GOX"),
            b'g' => change::OWNED_TO_GUARANTEED | self.more_changes(b"X"),
            b'o' => change::GUARANTEED_TO_OWNED | self.more_changes(b"X"),
            b'x' => change::EXPLODED,
            b'i' => change::BOX_TO_VALUE,
            b's' => change::BOX_TO_STACK,
            b'r' => change::INOUT_TO_OUT,
            _ => return None,
        };
        self.change(parameter, number)?;
        Some(parameter)
    }

    fn change(&mut self, parameter: Id, number: u64) -> Option<()> {
        let kind = self.tree.with_index(Kind::ParameterChange, number)?;
        self.tree.add(parameter, kind)
    }

    fn more_changes(&mut self, letters: &[u8]) -> u64 {
        let mut changes = 0;
        for letter in letters {
            if self.eat(*letter) {
                changes |= match letter {
                    b'D' => change::DEAD,
                    b'G' => change::OWNED_TO_GUARANTEED,
                    b'O' => change::GUARANTEED_TO_OWNED,
                    _ => change::EXPLODED,
                };
            }
        }
        changes
    }

    /// The constants of a parameter: more than one for the fields of a structure.
    fn constants(&mut self, parameter: Id) -> Option<()> {
        while let Some(letter @ (b'S' | b'f' | b'g' | b'i' | b'd' | b's' | b'k')) = self.peek() {
            self.at += 1;
            self.change(
                parameter,
                match letter {
                    b'S' => change::CONSTANT_STRUCT,
                    b'f' => change::CONSTANT_FUNCTION,
                    b'g' => change::CONSTANT_GLOBAL,
                    b'i' => change::CONSTANT_INTEGER,
                    b'd' => change::CONSTANT_FLOAT,
                    b's' => change::CONSTANT_STRING,
                    _ => change::CONSTANT_KEY_PATH,
                },
            )?;
            let payload = match letter {
                b'i' | b'd' => {
                    let start = self.at;
                    while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                        self.at += 1;
                    }
                    let digits = self.name.get(start..self.at)?;
                    if digits.is_empty() {
                        return None;
                    }
                    self.tree.with_text(Kind::ParameterPayload, digits)?
                }
                b's' => {
                    let encoding = match self.next()? {
                        b'b' => "u8",
                        b'w' => "u16",
                        b'c' => "objc",
                        _ => return None,
                    };
                    self.tree.with_word(Kind::ParameterPayload, encoding)?
                }
                _ => continue,
            };
            self.tree.add(parameter, payload)?;
        }
        Some(())
    }
}
