//! Prints thunks, and other things that a compiler makes of declarations.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Printer;

impl Printer<'_> {
    #[inline(never)]
    pub(super) fn thunk(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::PartialApply(text) => {
                self.put(text);
                if self.tree.len(id) > 0 {
                    self.form(id, " for {*}")?;
                }
            }
            Kind::Outlined(text) => {
                self.put(text);
                self.print_children(id, 0, "")?;
            }
            Kind::ReabstractionThunk(text) => {
                self.put(text);
                let is_generic = self.tree.len(id) == 3;
                self.form(id, if is_generic { "{0} from {2} to {1}" } else { "from {1} to {0}" })?;
            }
            Kind::ReabstractionThunkWithSelf => {
                let is_generic = self.tree.len(id) == 4;
                self.form(
                    id,
                    if is_generic {
                        "reabstraction thunk {0} from {3} to {2} self {1}"
                    } else {
                        "reabstraction thunk from {2} to {1} self {0}"
                    },
                )?;
            }
            Kind::KeyPathThunk(text) => {
                self.put(text);
                self.form(id, "{0} : ")?;
                for index in 1..self.tree.len(id) {
                    if self.child_is(id, index, Kind::Serialized) {
                        self.put(", ");
                    }
                    self.print_child(id, index)?;
                }
            }
            Kind::KeyPathIndexThunk(text) => self.key_path_index(id, text)?,
            Kind::CompletionHandler(before) => self.completion_handler(id, before)?,
            Kind::ValueWitness => {
                self.put_text(id)?;
                self.form(id, " value witness for {0}")?;
            }
            Kind::MacroLocation => {
                self.form(id, "module {0} file {1} line {2} column {3}")?;
            }
            Kind::OnceDeclarations if self.tree.len(id) == 1 => self.print_child(id, 0)?,
            Kind::OnceDeclarations => {
                self.put("(");
                self.print_children(id, 0, ", ")?;
                self.put(")");
            }
            _ => return None,
        }
        Some(())
    }

    fn key_path_index(&mut self, id: Id, text: &str) -> Option<()> {
        self.put(text);
        let mut count = self.tree.len(id);
        if self.child_is(id, count.checked_sub(1)?, Kind::Serialized) {
            count -= 1;
        }
        let last = count.checked_sub(1)?;
        if self.child_is(id, last, Kind::Signature) {
            self.print_child(id, last)?;
            count = last;
        }
        self.put("(");
        for index in 0..count {
            if index > 0 {
                self.put(", ");
            }
            self.print_child(id, index)?;
        }
        self.put(")");
        Some(())
    }

    fn completion_handler(&mut self, id: Id, before: &str) -> Option<()> {
        self.put(before);
        self.put("@objc completion handler block implementation for ");
        if self.tree.len(id) >= 4 {
            self.print_child(id, 3)?;
        }
        self.form(id, "{0} with result type {1}")?;
        self.put(match self.tree.index(self.tree.child(id, 2)?)? {
            0 => "",
            1 => " nonzero on error",
            2 => " zero on error",
            _ => " <invalid error flag>",
        });
        Some(())
    }
}
