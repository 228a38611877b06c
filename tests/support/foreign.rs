//! Running what was built. On purpose not by rgo's own `--run`, which is tested for itself.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::{Outcome, can, machine};

/// A program of this machine. It starts at the root of the repository.
#[allow(clippy::disallowed_methods)] // tests drive rgo from outside
pub(crate) fn native(program: impl AsRef<OsStr>) -> Command {
    super::at_root();
    Command::new(program)
}

/// Whether a toolchain's programs run on this machine. That they should, and that set-up brought
/// what it takes, is decided here and not by trying.
pub(crate) fn runs_here(toolchain: &str) -> bool {
    command(toolchain, Path::new("")).is_some()
}

fn command(toolchain: &str, file: &Path) -> Option<Command> {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let (os, rest) = toolchain.split_once('-').expect("os-arch");
    let same = rest.split('-').next() == Some(arch);
    let direct = || Some(native(file));
    match os {
        "linux" if cfg!(target_os = "linux") && same => direct(),
        "darwin" if cfg!(target_os = "macos") && same => direct(),
        "windows" if cfg!(windows) && same => direct(),
        "linux" if rest.starts_with("arm64") && can("qemu-aarch64") => {
            let mut qemu = native("qemu-aarch64");
            qemu.args(["-L", "/usr/aarch64-linux-gnu"]).arg(file);
            Some(qemu)
        }
        "windows" if rest == "amd64" => {
            let debian = "/usr/lib/wine/wine64";
            let name = ["wine64", "wine"].into_iter().find(|name| can(name));
            let program = name.or_else(|| Path::new(debian).is_file().then_some(debian))?;
            let mut wine = native(program);
            machine().prepare(&mut wine).arg(file);
            Some(wine)
        }
        _ => None,
    }
}

/// Runs a program of a toolchain, if this machine can; lines end with `\n`, also from Windows.
pub(crate) fn run(toolchain: &str, file: &Path, args: &[&str]) -> Option<Outcome> {
    let mut outcome = Outcome::of(command(toolchain, file)?.args(args));
    outcome.stdout = outcome.stdout.replace("\r\n", "\n");
    Some(outcome)
}
