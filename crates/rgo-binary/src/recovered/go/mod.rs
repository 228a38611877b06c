//! Reads the Go data of a program beyond its build information ([`crate::embedded::go_buildinfo`]):
//! the function table, the toolchain and modules that it shows, the build ID.
//!
//! ```text
//! Image ─┬─▶ pclntab()    every function by name and address, every source file; stripped or not
//!        ├─▶ program()    the same, with the calls that were inlined, files and lines of instructions, types
//!        ├─▶ recovered()  toolchain, main package, modules: guessed, each with its evidence
//!        └─▶ build_id()   the Go command's ID of the program
//! BuildInfo ─▶ settings::left_out()   build settings that the Go command records only where on
//! ```

mod build_id;
mod found;
mod inline_tree;
mod locate;
mod moduledata;
mod names;
mod paths;
mod pc_values;
mod pclntab;
mod pclntab_header;
mod program;
mod recovered;
pub mod settings;
mod sources;
mod toolchain;
mod types;

pub use build_id::build_id;
pub use found::{FoundIn, FoundText};
pub use inline_tree::{GoFrame, GoInlined};
pub use names::{package, type_package, types_of, unescape};
pub use pclntab::{Functions, GoFunction, PclnTable};
pub use pclntab_header::PclntabLayout;
pub use program::GoProgram;
pub use recovered::{RecoveredModule, RecoveredProgram, recovered};
pub use types::{GoTypePiece, GoTypes};

use crate::{Image, Result};

/// Finds the code of a Go program in an image; `None` for programs of other languages.
///
/// # Errors
/// As [`pclntab`].
pub fn program<'a>(image: &Image<'a>) -> Result<Option<GoProgram<'a>>> {
    Ok(locate::locate(image)?.map(GoProgram::new))
}

/// Finds and reads the function table of an image; `None` if there is none, as in programs of other
/// languages.
///
/// # Errors
/// [`crate::Error::Malformed`] if a section with the table's name holds no table, with its offset
/// from the start of the image.
pub fn pclntab<'a>(image: &Image<'a>) -> Result<Option<PclnTable<'a>>> {
    Ok(locate::locate(image)?.map(|located| located.table))
}
