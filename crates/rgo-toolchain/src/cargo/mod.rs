//! Cargo and rustc: which of them build, what the user's project and configuration say, the commands
//! to run, and the meaning of what these say.

pub mod artifacts;
pub mod build_script;
pub mod command;
pub mod compiler;
pub mod configuration;
pub mod deps;
pub mod failure_hints;
pub mod feature_unification;
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
