//! The parts that all tools share: command lines, output, errors, exit codes and the gate.

mod argfile;
pub mod args;
pub mod call_files;
pub mod error;
pub mod exit;
pub(crate) mod images;
pub(crate) mod inspected;
pub(crate) mod log_file;
pub(crate) mod message;
pub(crate) mod mistakes;
pub(crate) mod output_writer;
pub mod policy;
pub(crate) mod progress;
pub mod progress_arg;
pub mod reports;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod schema;
pub(crate) mod sections;
pub(crate) mod survey;
pub(crate) mod terminal;
pub(crate) mod text_file;
pub(crate) mod unread;
pub(crate) mod version;
pub(crate) mod words;
