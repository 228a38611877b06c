//! Demangles Swift names as `swift demangle` does: those of Swift 4 and later, and the older ones.
//!
//! ```text
//! name ─┬ $s, $S, $e, _T0    parse   runs the operators of the name on a stack ─┐
//!       └ _T                 old     reads from front to back                  ─┴▶ nodes ─▶ print
//! ```

mod node;
mod old;
mod parse;
mod print;
mod tree;

use super::DemangleError;
use super::limits::Limits;
use print::Printer;
use tree::{Id, Tree};

/// What is kept from name to name.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    tree: Tree,
}

/// Whether a name starts like a mangled one. `_T` is also how C names start: only the whole name says.
pub(super) fn is_mangled(name: &[u8]) -> bool {
    name.starts_with(b"_T") || parse::prefix(name).is_some() || parse::async_main(name).is_some()
}

impl Buffers {
    /// Appends the demangled form of a name.
    ///
    /// # Errors
    /// If the name breaks the grammar or the limits. `out` can end with a part of it then.
    pub(super) fn append(
        &mut self,
        name: &[u8],
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), DemangleError> {
        self.tree.clear(limits);
        let start = out.len();
        let end = start.saturating_add(limits.output_bytes);
        let mut is_too_long = false;
        let printed = symbol(&mut self.tree, name).and_then(|root| {
            let mut printer = Printer::new(&mut self.tree, out, end);
            let printed = printer.print(root);
            is_too_long = printer.is_too_long();
            printed
        });
        match printed {
            _ if is_too_long => Err(DemangleError::TooLong),
            Some(()) if out.len() > start => Ok(()),
            _ if self.tree.budget.is_over() => Err(DemangleError::TooMuchWork),
            _ => Err(DemangleError::Malformed),
        }
    }
}

/// Parses a name with whichever grammar it is of.
fn symbol(tree: &mut Tree, name: &[u8]) -> Option<Id> {
    if parse::prefix(name).is_some() || parse::async_main(name).is_some() {
        return parse::Parser::new(tree, name).symbol();
    }
    name.starts_with(b"_T").then(|| old::symbol(tree, name))?
}
