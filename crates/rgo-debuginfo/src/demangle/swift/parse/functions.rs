//! Reads function types, tuples, and the labels of parameters.

use super::super::node::{FunctionType, Kind};
use super::super::tree::Id;
use super::Parser;

/// How a derivative is made, by its letter.
pub(super) fn differentiability(letter: u8) -> Option<u64> {
    matches!(letter, b'f' | b'r' | b'd' | b'l').then_some(letter.into())
}

impl Parser<'_> {
    pub(super) fn function_type(&mut self, kind: FunctionType) -> Option<Id> {
        self.function_type_with(kind, None)
    }

    /// A function type, with the type of clang after its length.
    pub(super) fn clang_function_type(&mut self, kind: FunctionType) -> Option<Id> {
        let clang = self.clang_type()?;
        self.function_type_with(kind, Some(clang))
    }

    fn function_type_with(&mut self, kind: FunctionType, clang: Option<Id>) -> Option<Id> {
        let function = self.tree.node(Kind::FunctionType(kind))?;
        let is_isolation =
            |it| matches!(it, Kind::GlobalActor | Kind::IsolatedAny | Kind::NonIsolatedCaller);
        let is_throwing = |it| matches!(it, Kind::Throws | Kind::TypedThrows);
        let annotations = [
            clang,
            self.pop(Kind::SendingResult),
            self.pop_if(is_isolation),
            self.pop(Kind::Differentiable),
            self.pop_if(is_throwing),
            self.pop(Kind::Sendable),
            self.pop(Kind::Async),
        ];
        for annotation in annotations.into_iter().flatten() {
            self.tree.add(function, annotation)?;
        }
        let arguments = self.parameters(Kind::Arguments)?;
        self.tree.add(function, arguments)?;
        if let Some(yields) = self.pop(Kind::Yields) {
            self.tree.add(function, yields)?;
        }
        let returns = self.parameters(Kind::Returns)?;
        self.tree.add(function, returns)?;
        self.wrap(function)
    }

    /// A type, or nothing as `()`.
    pub(super) fn parameters(&mut self, kind: Kind) -> Option<Id> {
        let id = if self.pop(Kind::EmptyList).is_some() {
            let unit = self.tree.node(Kind::Tuple)?;
            self.wrap(unit)?
        } else {
            self.pop(Kind::Type)?
        };
        self.tree.with_children(kind, &[id])
    }

    pub(super) fn clang_type(&mut self) -> Option<Id> {
        let len = self.natural().filter(|len| *len > 0)? as usize;
        let text = self.name.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        self.tree.with_text(Kind::ClangType, text)
    }

    /// The labels of a function type, one for each parameter, or none at all.
    pub(super) fn labels(&mut self, id: Option<Id>) -> Option<Id> {
        if !self.has_labels_in_types && self.pop(Kind::EmptyList).is_some() {
            return self.tree.node(Kind::LabelList);
        }
        let mut function = self.tree.first(id.filter(|it| self.tree.is(*it, Kind::Type))?)?;
        if self.tree.is(function, Kind::GenericType) {
            function = self.tree.first(self.tree.child(function, 1)?)?;
        }
        let has_labels = matches!(
            self.tree.kind(function),
            Kind::FunctionType(
                FunctionType::Plain | FunctionType::NoEscape | FunctionType::CalledOnce
            )
        );
        if !has_labels {
            return None;
        }
        let arguments = self.tree.child_of_kind(function, Kind::Arguments)?;
        let parameters = self.tree.first(self.tree.first(arguments)?)?;
        let is_tuple = self.tree.is(parameters, Kind::Tuple);
        let count = if is_tuple { self.tree.len(parameters) } else { 1 };
        if count == 0 {
            return None;
        }
        let list = self.tree.node(Kind::LabelList)?;
        if self.has_labels_in_types && !is_tuple {
            return Some(list);
        }
        let mut are_there = false;
        for index in 0..count {
            let label = if self.has_labels_in_types {
                self.take_label(parameters, index)?
            } else {
                self.pop_any()?
            };
            match self.tree.kind(label) {
                Kind::Identifier => are_there = true,
                Kind::FirstElement => {}
                _ => return None,
            }
            self.tree.add(list, label)?;
        }
        if !are_there {
            return self.tree.node(Kind::LabelList);
        }
        if !self.has_labels_in_types {
            self.tree.reverse(list, 0);
        }
        Some(list)
    }

    /// Moves the label of a parameter out of its type.
    fn take_label(&mut self, parameters: Id, index: usize) -> Option<Id> {
        let parameter = self.tree.child(parameters, index)?;
        for index in 0..self.tree.len(parameter) {
            let label = self.tree.child(parameter, index)?;
            if self.tree.is(label, Kind::ElementName) {
                self.tree.remove(parameter, index);
                return self.tree.with_kind(label, Kind::Identifier);
            }
        }
        self.tree.node(Kind::FirstElement)
    }

    pub(super) fn tuple(&mut self) -> Option<Id> {
        let tuple = self.pop_list(Kind::Tuple, |parser| {
            let element = parser.tree.node(Kind::TupleElement)?;
            if let Some(marker) = parser.pop(Kind::Variadic) {
                parser.tree.add(element, marker)?;
            }
            if let Some(name) = parser.pop(Kind::Identifier) {
                let name = parser.tree.with_kind(name, Kind::ElementName)?;
                parser.tree.add(element, name)?;
            }
            let id = parser.pop(Kind::Type)?;
            parser.tree.add(element, id)?;
            Some(element)
        })?;
        self.wrap(tuple)
    }

    /// What a `Y` adds to a function or a type.
    pub(super) fn annotation(&mut self) -> Option<Id> {
        match self.next()? {
            b'a' => self.tree.node(Kind::Async),
            b'A' => self.tree.node(Kind::IsolatedAny),
            b'b' => self.tree.node(Kind::Sendable),
            b'c' => self.of_inner(Kind::GlobalActor),
            b'C' => self.tree.node(Kind::NonIsolatedCaller),
            b'i' => self.wrap_inner(Kind::Form("isolated {0}")),
            b'j' => {
                let kind = self.next().and_then(differentiability)?;
                self.tree.with_index(Kind::Differentiable, kind)
            }
            b'k' => self.wrap_inner(Kind::Form("@noDerivative {0}")),
            b'K' => self.of_inner(Kind::TypedThrows),
            b't' => self.wrap_inner(Kind::Form("_const {0}")),
            b'g' => self.wrap_inner(Kind::Form("@const {0}")),
            b'T' => self.tree.node(Kind::SendingResult),
            b'u' => self.wrap_inner(Kind::Form("sending {0}")),
            _ => None,
        }
    }

    fn of_inner(&mut self, kind: Kind) -> Option<Id> {
        let inner = self.pop_inner_type()?;
        self.tree.with_children(kind, &[inner])
    }
}
