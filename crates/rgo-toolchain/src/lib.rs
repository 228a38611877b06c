//! Cross-building: targets, discovery, planning, execution, the link shim.

pub mod cache;
pub mod compiler;
pub mod exec;
pub mod select;
pub mod target;
pub mod cargo_messages;
pub mod cargo_run;
pub mod deps;
pub mod hints;
pub mod profile;
pub mod rebuild;
pub mod rustflags;
pub mod selection;
pub mod vcs;
pub mod plan;
pub mod request;
pub mod project;
