//! One module per command: arguments in, exit code out. Facts come from `rgo-binary`, builds
//! from `rgo-toolchain`, words from `rgo-report`; what is read or written is read or written here.

pub mod build;
pub mod strip;
pub mod version_m;
