//! rgo's tools, run as a user runs them. One test program: it is linked once, and what is expensive
//! (standard libraries, the build for all toolchains) is made once and looked at from many sides.

// Many tests, and so what only they use, are for Linux alone.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

// The fuzz targets take their macro from here.
extern crate self as libfuzzer_sys;
use fuzz_targets::fuzzer::fuzz_target;

mod support;

mod cases;
mod end_to_end;
mod forgotten;
mod fuzz_targets;
mod go_exact;
#[cfg(target_os = "linux")]
mod self_build;
#[cfg(unix)]
mod strip;
mod surface;
