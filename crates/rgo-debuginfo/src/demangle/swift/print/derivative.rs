//! Prints what the compiler makes to differentiate functions.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Printer;

impl Printer<'_> {
    #[inline(never)]
    pub(super) fn derivative(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::AutoDiffFunction => self.derived_function(id)?,
            Kind::AutoDiffVTableThunk => {
                self.put("vtable thunk for ");
                self.derived_function(id)?;
            }
            Kind::AutoDiffSelfReordering => {
                self.put("autodiff self-reordering reabstraction thunk for ");
                if self.tree.len(id) == 4 {
                    self.form(id, "{3}{2} ")?;
                } else {
                    self.print_child(id, 2)?;
                }
                self.form(id, " from {0} to {1}")?;
            }
            Kind::AutoDiffSubset => self.subset_thunk(id)?,
            Kind::AutoDiffMode => {
                let text = match u8::try_from(self.tree.index(id)?).ok()? {
                    b'f' => "forward-mode derivative",
                    b'r' => "reverse-mode derivative",
                    b'd' => "differential",
                    _ => "pullback",
                };
                self.put(text);
            }
            Kind::DifferentiabilityWitness => self.differentiability_witness(id)?,
            Kind::IndexSubset => self.index_subset(id)?,
            _ => return None,
        }
        Some(())
    }

    fn position(&self, id: Id, kind: Kind) -> Option<usize> {
        (0..self.tree.len(id)).find(|index| self.child_is(id, *index, kind))
    }

    fn derived_function(&mut self, id: Id) -> Option<()> {
        let kind = self.position(id, Kind::AutoDiffMode)?;
        self.print_child(id, kind)?;
        self.put(" of ");
        let signature =
            kind.checked_sub(1).filter(|last| self.child_is(id, *last, Kind::Signature));
        for index in 0..signature.unwrap_or(kind) {
            self.print_child(id, index)?;
        }
        self.respect(id, kind + 1)?;
        if let Some(signature) = signature {
            self.put(" with ");
            self.print_child(id, signature)?;
        }
        Some(())
    }

    /// Which parameters and results it is for.
    fn respect(&mut self, id: Id, index: usize) -> Option<()> {
        self.put(" with respect to parameters ");
        self.print_child(id, index)?;
        self.put(" and results ");
        self.print_child(id, index + 1)
    }

    fn subset_thunk(&mut self, id: Id) -> Option<()> {
        // The kind and three subsets follow the last type.
        let last = self.tree.len(id).checked_sub(5)?;
        self.put("autodiff subset parameters thunk for ");
        self.print_child(id, last + 1)?;
        self.put(" from ");
        if last == 0 {
            self.print_child(id, 0)?;
        }
        for index in 0..last {
            self.print_child(id, index)?;
        }
        self.respect(id, last + 2)?;
        self.put(" to parameters ");
        self.print_child(id, last + 4)?;
        if last > 0 {
            self.put(" of type ");
            self.print_child(id, last)?;
        }
        Some(())
    }

    fn differentiability_witness(&mut self, id: Id) -> Option<()> {
        let kind = self.position(id, Kind::DifferentiabilityMode)?;
        let letter = self.tree.index(self.tree.child(id, kind)?)?;
        self.put(match u8::try_from(letter).ok()? {
            b'f' => "forward-mode",
            b'r' => "reverse-mode",
            b'd' => "normal",
            _ => "linear",
        });
        self.put(" differentiability witness for ");
        for index in 0..kind {
            self.print_child(id, index)?;
        }
        self.respect(id, kind + 1)?;
        if self.tree.len(id) > kind + 3 {
            self.put(" with ");
            self.print_child(id, kind + 3)?;
        }
        Some(())
    }

    fn index_subset(&mut self, id: Id) -> Option<()> {
        let text = self.tree.text(id)?.to_vec();
        self.put("{");
        let mut separator = "";
        for (index, _) in text.iter().enumerate().filter(|(_, letter)| **letter == b'S') {
            self.put_formatted(format_args!("{separator}{index}"));
            separator = ", ";
        }
        self.put("}");
        Some(())
    }
}
