//! What this program does when a build starts it as a linker or a compiler: it is the link shim of
//! `rgo-toolchain`.

use std::ffi::OsString;
use std::process::ExitCode;

use rgo_toolchain::shim;

use crate::app::error::CommandError;
use crate::app::exit::Exit;
use crate::app::{args, terminal};

/// If this process was started as the link shim or as a compiler for build scripts, does that
/// and gives the exit code.
#[must_use]
pub fn intercept() -> Option<ExitCode> {
    let mut raw = std::env::args_os();
    let argv0 = raw.next()?.to_string_lossy().into_owned();
    let raw: Vec<OsString> = raw.collect();
    let lossy: Vec<String> = raw.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    shim::invoked_as(&argv0, &lossy)?;
    // A path that was changed on its way to the linker would be another file's.
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
