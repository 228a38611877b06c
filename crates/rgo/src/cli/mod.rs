//! The command lines, as clap derives them. Arguments do no work; the commands do.

pub mod build;
pub mod common;
pub(crate) mod mistakes;
pub mod strip;
pub mod version_m;
