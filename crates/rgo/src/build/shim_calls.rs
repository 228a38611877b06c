//! Runs this program as the link shim of `rgo-toolchain` if a build started it as a linker or a
//! compiler.

use std::ffi::OsString;
use std::process::ExitCode;

use rgo_toolchain::shim;

use crate::app::error::CommandError;
use crate::app::exit::Exit;
use crate::app::{args, terminal};

/// If this process was started as the link shim or as a compiler for build scripts, runs that and
/// returns the exit code.
#[must_use]
pub fn intercept() -> Option<ExitCode> {
    let mut raw = std::env::args_os();
    let argv0 = raw.next()?.to_string_lossy().into_owned();
    let raw: Vec<OsString> = raw.collect();
    let lossy: Vec<String> = raw.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    shim::invoked_as(&argv0, &lossy)?;
    // A lossy conversion could change a path into that of another file.
    let args = match args::utf8(raw) {
        Ok(args) => args,
        Err(error) => {
            let error = CommandError::from(error);
            terminal::error(&error);
            return Some(Exit::from(error.kind).into());
        }
    };
    let call = shim::invoked_as(&argv0, &args)?;
    Some(shim::run(call))
}
