//! Demangles the C++ names of Microsoft's compilers, and prints them as `llvm-undname` does. Microsoft
//! documents the parts of a name's meaning only
//! (<https://learn.microsoft.com/en-us/cpp/build/reference/decorated-names>); the grammar is the one
//! that LLVM reads (`llvm/lib/Demangle/MicrosoftDemangle.cpp`) and clang writes
//! (`clang/lib/AST/MicrosoftMangle.cpp`).
//!
//! ```text
//! cursor ─▶ parser ─▶ arena of nodes ─▶ print
//!           symbol, special, name, operator, template, types, function,
//!           string: the grammar
//!
//! ?name@scope@scope@@ type
//! │ innermost first │ └ of the variable or the function
//! └ or ?? and a code: an operator, a table, a guard
//! ```
//!
//! A name is parsed before anything is printed: a scope stands before the inner name, and a type's
//! text surrounds what it declares. As in LLVM, bytes behind a complete name have no effect.

mod arena;
mod cursor;
mod function;
mod memo;
mod memorized;
mod name;
mod node;
mod operator;
mod parser;
mod print;
mod special;
mod string;
mod symbol;
mod template;
mod types;

use super::limits::Budget;
use super::{DemangleError, Limits};

/// Whether a name starts like a C++ name of Microsoft's compilers, or like the type in the data for
/// `typeid`.
pub(super) fn is_mangled(name: &[u8]) -> bool {
    matches!(name, [b'?', ..] | [b'.', b'?', ..])
}

/// The memory that one name leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    store: parser::Store,
}

impl Buffers {
    /// Appends the demangled form of a name that starts with `?` or `.?`.
    ///
    /// # Errors
    /// If the name breaks the grammar or the limits. `out` can end with a part of it then.
    pub(super) fn append(
        &mut self,
        name: &[u8],
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), DemangleError> {
        if u32::try_from(name.len()).is_err() {
            return Err(DemangleError::TooLong);
        }
        let mut budget = Budget::new(limits);
        let end = limits.output_bytes;
        let root = parser::Parser::new(name, &mut self.store, &mut budget, end).whole();
        let Some(root) = root else {
            return Err(if budget.is_over() {
                DemangleError::TooMuchWork
            } else {
                DemangleError::Malformed
            });
        };
        print::Printer::new(name, &self.store.arena, &mut budget, out, end).whole(root)
    }
}
