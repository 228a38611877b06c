//! Builds finished artifacts from the user's request: resolves targets, provides the standard
//! library, zig and the link shim, runs cargo, and finishes each file after its link.

// They panic once the reader of the pipe has gone.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod artifact;
pub mod build;
pub mod builder_of;
pub mod cache;
pub mod cargo;
mod causes;
pub mod checks;
pub mod cmake_builds;
pub mod compiler_used;
pub mod darwin;
pub mod doctor;
pub mod dsymutil;
pub mod environment;
pub mod event;
pub mod exec;
pub mod extensions;
pub mod finish;
pub mod floor;
pub mod go;
pub mod interrupt;
pub mod native;
mod not_in_zig;
pub mod output_kind;
pub mod own_linker;
pub mod path_remap;
pub mod processes;
pub mod request;
pub mod runner;
mod rustup;
pub mod secrets;
pub mod shim;
pub mod show;
pub mod std_lib;
pub mod system;
pub mod target_spec;
mod target_words;
pub mod toolchain;
pub mod vcs;
mod wine;
pub mod zig;
