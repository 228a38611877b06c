//! Cross-building: targets, discovery, planning, execution, the link shim.

// They panic once whoever reads has gone.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod cache;
pub mod cmake_builds;
pub mod compiler;
pub mod configuration;
pub mod exec;
pub mod select;
pub mod target;
mod target_words;
pub use {cargo_metadata, cargo_platform};

pub mod build_script;
pub mod cargo_messages;
pub mod cargo_run;
mod causes;
pub mod darwin;
pub mod deps;
pub mod doctor;
pub mod dsymutil;
pub mod event;
pub mod extensions;
pub mod floor;
pub mod hints;
pub mod interrupt;
pub mod makeable;
pub mod native;
mod not_in_zig;
pub mod own_linker;
pub mod plan;
pub mod processes;
pub mod profile;
pub mod project;
mod project_error;
pub mod rebuild;
pub mod request;
pub mod runner;
pub mod rustflags;
mod rustup;
pub mod secrets;
pub mod selection;
pub mod shim;
pub mod std_lib;
pub mod system;
pub mod unification;
pub mod vcs;
mod wine;
pub mod zig;
