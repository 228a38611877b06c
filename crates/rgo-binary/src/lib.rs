//! Facts out of compiled programs, and edits into them: ELF, Mach-O and PE, from any host.
//!
//! Pure: bytes in, values or bytes out. Nothing here opens a file, starts a process or prints.
//! Input is taken to be hostile: every reader works within [`Limits`] and answers bad bytes with
//! an [`Error`].
//!
//! ```text
//! &[u8] ─▶ slices() ─▶ Image ─┬─▶ linkage()      what the platform's loader will want
//!                             ├─▶ debug_data()   what a debugger will find
//!                             ├─▶ note, audit, goinfo, slot   what the builder left inside
//!                             └─▶ edit           the same image, changed
//! ```

pub mod appended;
mod arch;
pub mod audit;
pub mod build_paths;
pub mod debug;
mod dotnet;
mod dynamic_symbols;
mod elf_notes;
mod error;
pub mod go;
pub mod goinfo;
pub mod gotool;
pub mod hardening;
pub mod identity;
mod image;
mod kind;
pub mod libc;
mod limits;
pub mod linkage;
pub mod load_options;
pub mod modinfo;
mod needles;
pub mod note;
pub mod origin;
pub mod package_note;
pub mod packer;
mod pe_tables;
pub mod recovered_crates;
pub mod release;
pub mod resource;
pub mod runs_on;
pub mod signature;
pub mod slot;
pub mod system;

pub use arch::{Arch, Endian};
pub use debug::{DebugData, DebugLevel};
pub use error::{Error, Result};
pub use image::{Image, SectionRef, Slice, slices};
pub use kind::{Format, Recognised, recognise};
pub use limits::Limits;
pub use linkage::{GlibcFloor, Kind, Linkage, Version};
