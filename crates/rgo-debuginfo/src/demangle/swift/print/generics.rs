//! Prints generic signatures, types that depend on them, and conformances.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Printer;

/// Most generic parameters that are printed.
const PARAMETERS: u64 = 128;

impl Printer<'_> {
    #[inline(never)]
    pub(super) fn generic(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::Signature => self.signature(id)?,
            Kind::InverseRequirement | Kind::LayoutRequirement => self.requirement(id, kind)?,
            Kind::GenericParameterType => {
                let depth = self.tree.index(self.tree.first(id)?)?;
                let index = self.tree.index(self.tree.child(id, 1)?)?;
                self.parameter(depth, index);
            }
            Kind::GenericType => {
                self.print_child(id, 0)?;
                if self.needs_space(self.tree.child(id, 1)?) {
                    self.put(" ");
                }
                self.print_child(id, 1)?;
            }
            Kind::MemberType => self.form(id, "{0}.{1}")?,
            Kind::MemberName if self.tree.len(id) > 1 => self.form(id, "{1}.{0}")?,
            Kind::MemberName => self.print_child(id, 0)?,
            Kind::AssociatedTypePath => self.print_children(id, 0, ".")?,
            Kind::ProtocolConformance if self.tree.len(id) == 4 => {
                self.form(id, "property behavior storage of {2} in {0} : {1}")?;
            }
            Kind::ProtocolConformance => self.form(id, "{0} : {1} in {2}")?,
            Kind::ConformanceList => {
                if self.tree.len(id) > 0 {
                    self.put("(");
                    self.print_children(id, 0, ", ")?;
                    self.put(")");
                }
            }
            Kind::ConcreteConformance => {
                self.form(id, "concrete protocol conformance {0} to {1}")?;
                if self.tree.len(self.tree.child(id, 2)?) > 0 {
                    self.form(id, " with conditional requirements: {2}")?;
                }
            }
            Kind::DependentConformance(text) => {
                self.put(text);
                if let Some(index) = self.tree.index(self.tree.child(id, 2)?) {
                    self.put_formatted(format_args!("#{index} "));
                }
                self.form(id, "{0} to {1}")?;
            }
            Kind::RetroactiveConformance => self.form(id, "retroactive @ {0}{1}")?,
            _ => return None,
        }
        Some(())
    }

    fn requirement(&mut self, id: Id, kind: Kind) -> Option<()> {
        if kind == Kind::InverseRequirement {
            self.form(id, "{0}: ~Swift.")?;
            match self.tree.index(self.tree.child(id, 1)?)? {
                0 => self.put("Copyable"),
                1 => self.put("Escapable"),
                bit => self.put_formatted(format_args!("<bit {bit}>")),
            }
            return Some(());
        }
        self.form(id, "{0}: {1}")?;
        if self.tree.len(id) > 2 {
            self.put("(");
            self.print_children(id, 2, ", ")?;
            self.put(")");
        }
        Some(())
    }

    /// `A`, `B` and so on, and the depth if it is not 0.
    fn parameter(&mut self, depth: u64, mut index: u64) {
        loop {
            self.out.push(b'A' + (index % 26) as u8);
            index /= 26;
            if index == 0 {
                break;
            }
        }
        if depth > 0 {
            self.put_formatted(format_args!("{depth}"));
        }
    }

    fn signature(&mut self, id: Id) -> Option<()> {
        let len = self.tree.len(id);
        let count_while = |printer: &Self, from: usize, is_wanted: fn(Kind) -> bool| {
            let is_other = |index: &usize| {
                let child = printer.tree.child(id, *index);
                !child.is_some_and(|child| is_wanted(printer.tree.kind(child)))
            };
            (from..len).find(is_other).unwrap_or(len)
        };
        let levels = count_while(self, 0, |kind| kind == Kind::ParameterCount);
        let is_marker = |kind| matches!(kind, Kind::PackMarker | Kind::ValueMarker);
        let requirements = count_while(self, levels, is_marker);
        self.put("<");
        for depth in 0..levels {
            if depth > 0 {
                self.put("><");
            }
            let count = self.tree.index(self.tree.child(id, depth)?)?;
            for index in 0..count {
                if index > 0 {
                    self.put(", ");
                }
                if index >= PARAMETERS {
                    self.put("...");
                    break;
                }
                if !self.tree.budget.step() {
                    return None;
                }
                let depth = depth as u64;
                if self.is_marked(id, levels..requirements, Kind::PackMarker, depth, index) {
                    self.put("each ");
                }
                if self.is_marked(id, levels..requirements, Kind::ValueMarker, depth, index) {
                    self.put("let ");
                }
                self.parameter(depth, index);
            }
        }
        if requirements < len {
            self.put(" where ");
            self.print_children(id, requirements, ", ")?;
        }
        self.put(">");
        Some(())
    }

    /// Whether a marker is for a parameter. Like `swift demangle`, takes a marker's depth for the
    /// index, and its index for the depth.
    fn is_marked(
        &mut self,
        id: Id,
        markers: std::ops::Range<usize>,
        kind: Kind,
        depth: u64,
        index: u64,
    ) -> bool {
        self.tree.budget.take(markers.len());
        let number = |parameter, at| self.tree.index(self.tree.child(parameter, at)?);
        markers.into_iter().any(|at| {
            let marker = self.tree.child(id, at).filter(|marker| self.tree.is(*marker, kind));
            let parameter = marker
                .and_then(|marker| self.tree.first(marker))
                .and_then(|of| self.tree.first(of))
                .filter(|of| self.tree.is(*of, Kind::GenericParameterType));
            parameter.is_some_and(|parameter| {
                number(parameter, 0) == Some(index) && number(parameter, 1) == Some(depth)
            })
        })
    }
}
