//! Reads the Go data of a program beyond its build information ([`crate::embedded::go_buildinfo`]):
//! the function table, the toolchain and modules that it shows, the build ID.
//!
//! ```text
//! Image ─┬─▶ pclntab()    every function by name and address, every source file; stripped or not
//!        ├─▶ recovered()  toolchain, main package, modules: guessed, each with its evidence
//!        └─▶ build_id()   the Go command's ID of the program
//! BuildInfo ─▶ settings::left_out()   build settings that the Go command records only where on
//! ```

mod build_id;
mod endian;
mod found;
mod locate;
mod memory;
mod moduledata;
mod names;
mod paths;
mod pclntab;
mod recovered;
pub mod settings;
mod sources;
mod toolchain;

pub use build_id::build_id;
pub use found::{FoundIn, FoundText};
pub use names::unescape;
pub use pclntab::{Functions, GoFunction, PclnTable, PclntabLayout};
pub use recovered::{RecoveredModule, RecoveredProgram, recovered};

use crate::{Image, Result};

/// Finds and reads the function table of an image; `None` if there is none, as in programs of other
/// languages.
///
/// # Errors
/// [`crate::Error::Malformed`] if a section with the table's name holds no table, with its offset
/// from the start of the image.
pub fn pclntab<'a>(image: &Image<'a>) -> Result<Option<PclnTable<'a>>> {
    Ok(locate::locate(image)?.map(|located| located.table))
}
