//! What rgo knows of Go: its compiler, its packages, its source, its platforms, and the commands
//! that build with it.

pub mod cgo;
pub mod command;
pub mod compiler;
pub mod error;
pub mod failure_hints;
pub mod flags;
pub mod known_packages;
pub mod levels;
pub mod options;
pub mod outputs;
pub mod packages;
pub mod platforms;
pub mod race;
pub mod rebuild_reasons;
pub mod source;
