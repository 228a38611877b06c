//! What rgo's tools read and write, with effects: what a command is given is walked, files are mapped, and
//! results take the place of files in one step.
//!
//! ```text
//! arguments ─▶ walk ─▶ Item, with its bytes      path ─▶ mmap ─▶ bytes      bytes ─▶ atomic_file ─▶ path
//! ```

pub mod atomic_file;
pub mod mmap;
pub mod walk;
