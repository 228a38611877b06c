//! The parts that all tools share: command lines, output, errors and exit codes.

pub mod args;
pub mod error;
pub mod exit;
pub(crate) mod mistakes;
pub(crate) mod output_writer;
pub(crate) mod progress;
pub(crate) mod sections;
pub(crate) mod terminal;
