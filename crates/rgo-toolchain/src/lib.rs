//! Cross-building: targets, discovery, planning, execution, the link shim.

pub mod cache;
pub mod compiler;
pub mod exec;
pub mod select;
pub mod target;
pub use cargo_metadata;

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
pub mod event;
pub mod shim;
pub mod zig;
pub mod runner;
pub mod std_lib;
pub mod native;
pub mod doctor;
