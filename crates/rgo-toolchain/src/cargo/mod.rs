//! Everything that knows Cargo and rustc: chooses the tools, reads the user's project and
//! configuration, makes the commands to run, and parses their output.

pub mod artifacts;
pub mod build_script;
pub mod command;
pub mod compiler;
pub mod configuration;
pub mod deps;
pub mod failure_hints;
pub mod feature_unification;
pub(crate) mod foreign_headers;
pub mod makeable;
pub mod messages;
pub mod options;
pub mod profile;
pub mod project;
mod project_error;
pub mod rebuild_reasons;
pub mod run;
pub mod rustflags;
pub mod targets;
