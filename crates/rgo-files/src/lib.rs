//! Reads and writes files for rgo's tools: walks folders and archives, maps files, and puts results in place
//! in one step.
//!
//! ```text
//! arguments ─▶ walk ─▶ Item, with its bytes           path ─▶ mmap ─▶ bytes
//! bytes ─▶ atomic_file ─▶ a new file of that name     bytes ─▶ replace ─▶ the file that was edited
//! ```

pub mod atomic_file;
pub mod dsym_bundle;
mod error;
mod folders;
pub mod mmap;
pub mod output;
pub mod replace;
pub mod walk;

pub use error::WriteError;
pub use folders::{MadeFolders, check_writable, parent, replace_dir};
