//! Demangles C++ names by the Itanium C++ ABI
//! (<https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling>, section 5.1), with the extensions
//! that LLVM knows, and prints them as LLVM does.
//!
//! ```text
//! cursor ─▶ parser ─▶ arena of nodes ─▶ print
//!           encoding, name, unqualified, template, types, builtin,
//!           expression, unresolved, literal: the grammar
//! ```
//!
//! A name is parsed before anything is printed: a type's text surrounds what it declares, and a
//! conversion operator's type can refer to template arguments further ahead.

mod arena;
mod builtin;
mod cursor;
mod encoding;
mod expression;
mod float;
mod id;
mod literal;
mod name;
mod node;
mod operator;
mod parser;
mod print;
mod template;
mod types;
mod unqualified;
mod unresolved;

use super::limits::Budget;
use super::{DemangleError, Limits};

/// Whether a name starts like a C++ name: with one to four `_`, and a `Z`. Two of the `_` mark an
/// Objective-C block.
pub(super) fn is_encoding(name: &[u8]) -> bool {
    let underscores = name.iter().take_while(|byte| **byte == b'_').count();
    (1..=4).contains(&underscores) && name.get(underscores) == Some(&b'Z')
}

/// The memory that one name leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    store: parser::Store,
}

impl Buffers {
    /// Appends the demangled form of a name that starts with one to four `_`, and a `Z`.
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
        let root = parser::Parser::new(name, &mut self.store, &mut budget).mangled_name();
        let Some(root) = root else {
            let is_over = budget.is_over();
            return Err(if is_over {
                DemangleError::TooMuchWork
            } else {
                DemangleError::Malformed
            });
        };
        let arena = &mut self.store.arena;
        print::Printer::new(name, arena, budget, out, limits.output_bytes).whole(root)
    }
}
