//! What all tools share: how a command line is read, where output goes, and how a command ends.

pub mod args;
pub mod error;
pub mod exit;
pub(crate) mod mistakes;
pub(crate) mod output_writer;
pub(crate) mod progress;
pub(crate) mod sections;
pub(crate) mod terminal;
