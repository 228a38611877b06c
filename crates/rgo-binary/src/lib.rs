//! Reads one compiled image: ELF, Mach-O or PE, from any host. [`inspect::inspect`] reads
//! everything; each module below reads one thing.
//!
//! Pure: bytes in, values out. No function opens a file, starts a process or prints. Input may be
//! hostile: every reader works within [`Limits`] and returns an [`Error`] for bad bytes.
//!
//! ```text
//! &[u8] ─▶ slices() ─▶ Image ─┬─▶ linkage      the tables that the loader reads
//!                             ├─▶ embedded     records that builders write
//!                             ├─▶ recovered    traces, without a record
//!                             ├─▶ security     hardening, signatures
//!                             ├─▶ debug        debug data, build ids
//!                             └─▶ inspect()    all of it: an Inspection
//! ```

pub mod appended;
mod arch;
pub mod debug;
pub mod embedded;
mod error;
mod evidence;
pub mod go_version;
mod image;
pub mod inspect;
mod limits;
pub mod linkage;
pub mod packer;
pub mod platforms;
pub mod recovered;
pub mod release;
pub mod security;
pub mod system;
mod tri_state;

pub use arch::{Arch, Endian};
pub use debug::{DebugData, DebugLevel};
pub use error::{Error, Result, SlotKind};
pub use evidence::{Confidence, Evidence, serialized};
pub use image::file_kind::{FileKind, Format};
pub use image::memory::Memory;
pub use image::words::WordFormat;
pub use image::{Image, SectionRef, Slice, slices};
pub use limits::Limits;
pub use linkage::{GlibcFloor, Kind, Linkage, Version};
pub use tri_state::TriState;
