//! Prints function types, as in the source and in the intermediate language.

use super::super::node::{FunctionType, Kind};
use super::super::tree::Id;
use super::Printer;

/// How a derivative is made, in an attribute.
fn differentiability(letter: u64) -> &'static str {
    match u8::try_from(letter) {
        Ok(b'f') => "@differentiable(_forward) ",
        Ok(b'r') => "@differentiable(reverse) ",
        Ok(b'l') => "@differentiable(_linear) ",
        _ => "@differentiable ",
    }
}

impl Printer<'_> {
    pub(super) fn function(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::FunctionType(_) => self.function_type(None, id)?,
            Kind::TypeMangling if self.child_is(id, 0, Kind::LabelList) => {
                let function = self.tree.first(self.tree.child(id, 1)?)?;
                self.function_type(self.tree.first(id), function)?;
            }
            Kind::TypeMangling => self.print_child(id, 0)?,
            Kind::Arguments | Kind::Yields => self.parameters(None, id)?,
            Kind::Returns => self.print_children(id, 0, "")?,
            Kind::Throws => self.put(" throws"),
            Kind::TypedThrows => self.form(id, " throws({0})")?,
            Kind::Sendable => self.put("@Sendable "),
            Kind::Async => self.put(" async"),
            Kind::GlobalActor => self.form(id, "@{0} ")?,
            Kind::IsolatedAny => self.put("@isolated(any) "),
            Kind::NonIsolatedCaller => self.put("nonisolated(nonsending) "),
            Kind::SendingResult => self.put("sending "),
            Kind::ImplFunction => self.impl_function(id)?,
            Kind::ImplParameter | Kind::ImplResult => {
                self.print_child(id, 0)?;
                self.put(" ");
                // With more than two attributes, none is printed.
                let count = self.tree.len(id);
                if (3..=4).contains(&count) {
                    for index in 1..count - 1 {
                        self.print_child(id, index)?;
                    }
                }
                self.print(self.tree.last(id)?)?;
            }
            Kind::ImplOther(before) => {
                self.put(before);
                self.print_children(id, 0, " ")?;
            }
            Kind::ImplAttribute(text) => self.put(text),
            Kind::ImplSendingResult => self.put("sending"),
            _ => return None,
        }
        Some(())
    }

    pub(super) fn function_type(&mut self, labels: Option<Id>, id: Id) -> Option<()> {
        let Kind::FunctionType(kind) = self.tree.kind(id) else { return None };
        let count = self.tree.len(id);
        let arguments = count.checked_sub(2)?;
        match kind {
            FunctionType::Plain | FunctionType::Uncurried | FunctionType::NoEscape => {}
            FunctionType::CalledOnce => self.put("@called(once) "),
            FunctionType::AutoClosure => self.put("@autoclosure "),
            FunctionType::Thin => self.put("@convention(thin) "),
            FunctionType::C => self.convention(id, "@convention(c")?,
            FunctionType::Block => self.convention(id, "@convention(block")?,
            FunctionType::EscapingBlock => {
                self.put("@escaping ");
                self.convention(id, "@convention(block")?;
            }
        }
        let of = |printer: &Self, kind| printer.tree.child_of_kind(id, kind);
        for kind in [Kind::IsolatedAny, Kind::GlobalActor] {
            if let Some(isolation) = of(self, kind) {
                self.print(isolation)?;
            }
        }
        if let Some(derivative) = of(self, Kind::Differentiable) {
            self.put(differentiability(self.tree.index(derivative)?));
        }
        for kind in [Kind::NonIsolatedCaller, Kind::Sendable] {
            if let Some(attribute) = of(self, kind) {
                self.print(attribute)?;
            }
        }
        self.parameters(labels, self.tree.child(id, arguments)?)?;
        for kind in [Kind::Async, Kind::Throws, Kind::TypedThrows] {
            if let Some(attribute) = of(self, kind) {
                self.print(attribute)?;
            }
        }
        self.put(" -> ");
        if let Some(sending) = of(self, Kind::SendingResult) {
            self.print(sending)?;
        }
        self.print_child(id, arguments + 1)
    }

    fn convention(&mut self, id: Id, text: &str) -> Option<()> {
        self.put(text);
        if self.child_is(id, 0, Kind::ClangType) {
            self.put(", mangledCType: \"");
            self.print_child(id, 0)?;
            self.put("\"");
        }
        self.put(") ");
        Some(())
    }

    fn parameters(&mut self, labels: Option<Id>, id: Id) -> Option<()> {
        if !matches!(self.tree.kind(id), Kind::Arguments | Kind::Yields) {
            return None;
        }
        let parameters = self.tree.first(self.tree.first(id)?)?;
        self.put("(");
        if self.tree.is(parameters, Kind::Tuple) {
            let labels = labels.filter(|labels| self.tree.len(*labels) > 0);
            for index in 0..self.tree.len(parameters) {
                if index > 0 {
                    self.put(", ");
                }
                if let Some(labels) = labels {
                    let label = self.tree.child(labels, index)?;
                    if self.tree.is(label, Kind::Identifier) {
                        self.put_text(label)?;
                    } else {
                        self.put("_");
                    }
                    self.put(": ");
                }
                self.print_child(parameters, index)?;
            }
        } else {
            self.print(parameters)?;
        }
        self.put(")");
        Some(())
    }

    fn impl_function(&mut self, id: Id) -> Option<()> {
        let of = |printer: &Self, kind| printer.tree.child_of_kind(id, kind);
        let pattern = of(self, Kind::ImplPatternSubstitutions);
        let call = of(self, Kind::ImplInvocationSubstitutions);
        let sending = of(self, Kind::ImplSendingResult);
        let children = 0..self.tree.len(id);
        for index in children.clone() {
            let child = self.tree.child(id, index)?;
            let is_attribute = !matches!(
                self.tree.kind(child),
                Kind::ImplParameter
                    | Kind::ImplResult
                    | Kind::ImplOther(_)
                    | Kind::ImplPatternSubstitutions
                    | Kind::ImplInvocationSubstitutions
                    | Kind::ImplSendingResult
            );
            if is_attribute {
                self.print(child)?;
                self.put(" ");
            }
        }
        if let Some(pattern) = pattern {
            self.form(pattern, "@substituted {0} ")?;
        }
        self.put("(");
        self.impl_values(id, |kind| kind == Kind::ImplParameter)?;
        self.put(") -> ");
        if let Some(sending) = sending {
            self.print(sending)?;
            self.put(" ");
        }
        self.put("(");
        self.impl_values(id, |kind| matches!(kind, Kind::ImplResult | Kind::ImplOther(_)))?;
        self.put(")");
        for (substitutions, index) in [(pattern, 1), (call, 0)] {
            if let Some(substitutions) = substitutions {
                self.put(" for <");
                self.print_children(self.tree.child(substitutions, index)?, 0, "")?;
                self.put(">");
            }
        }
        Some(())
    }

    fn impl_values(&mut self, id: Id, is_wanted: impl Fn(Kind) -> bool) -> Option<()> {
        let mut separator = "";
        for index in 0..self.tree.len(id) {
            let child = self.tree.child(id, index)?;
            if is_wanted(self.tree.kind(child)) {
                self.put(separator);
                separator = ", ";
                self.print(child)?;
            }
        }
        Some(())
    }
}
