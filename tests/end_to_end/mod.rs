//! rgo's tools on real programs for every toolchain. `cargo xtask setup` brings what these tests
//! need; each says so if it is missing.

mod build_matrix;
pub(crate) mod compiled;
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
mod go_build;
mod go_build_cgo;
mod go_build_libraries;
mod go_build_refusals;
#[cfg(target_os = "linux")]
mod go_build_reproducible;
mod go_build_values;
mod go_programs;
mod go_slots;
mod go_source;
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
#[cfg(unix)]
mod size_page;
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
#[cfg(unix)]
mod symbols_companions;
mod symbols_diff;
mod symbols_go;
mod symbols_go_types;
mod symbols_lines;
mod symbols_listed_companions;
#[cfg(target_os = "linux")]
mod symbols_maps;
#[cfg(target_os = "linux")]
mod symbols_names;
mod symbols_nm;
#[cfg(target_os = "linux")]
mod symbols_nm_builds;
mod symbols_pdb;
mod symbols_size;
mod vcs;
mod workspace;
