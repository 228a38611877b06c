//! rgo's tools, run as a user runs them, on real programs for every toolchain. One test program,
//! so that what is expensive (standard libraries, the build for all toolchains) is done once and
//! looked at from many sides.
//!
//! `cargo xtask setup` brings what these tests need; each says so if it is missing.

// Many tests, and so what only they use, are for Linux alone.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

mod support;

mod build_matrix;
mod compiled;
mod concurrency;
mod config;
mod debug_data;
mod dependencies;
#[cfg(target_os = "linux")]
mod docs;
mod env_command;
mod exports;
mod extensions;
mod failures;
mod floors;
mod frameworks;
mod gate;
mod go_programs;
mod hostile;
#[cfg(target_os = "linux")]
mod images;
mod inspect;
mod link_options;
mod makeable;
mod native;
mod paths;
mod private_sources;
mod published;
mod rebuild;
mod reproducible;
mod resources;
mod run;
#[cfg(target_os = "linux")]
mod signals;
mod signature;
mod stamp;
mod static_programs;
#[cfg(unix)]
mod strip_apple;
mod strip_corpus;
#[cfg(target_os = "linux")]
mod strip_debuggers;
mod strip_objects;
mod strip_programs;
mod strip_refusals;
mod strip_sizes;
mod strip_wheel;
mod vcs;
mod workspace;
