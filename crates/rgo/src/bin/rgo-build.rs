//! `rgo-build`; see `rgo-build --help`. The same program is the link shim of its own builds.

use std::process::ExitCode;

use rgo::build::{self, args::Build};

fn main() -> ExitCode {
    build::shim_calls::intercept().unwrap_or_else(|| rgo::main::<Build>(build::run))
}
