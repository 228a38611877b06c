//! Prepares a Wine that runs our programs. Wine lacks the function from which Rust's standard
//! library gets its randomness; the few lines of `testdata/bcryptprimitives` supply it. rgo itself
//! cross-builds them, as a first check that it works at all.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Setup, doing, done};
use crate::shell::{cargo, command, on_path, quiet};

const DLL: &str = "bcryptprimitives.dll";

pub(super) fn ensure(setup: &mut Setup, rgo_build: Option<&Path>) -> anyhow::Result<()> {
    let Some(wine) = program() else {
        done("wine", "not here; windows programs are checked, but not run");
        return Ok(());
    };
    let prefix = setup.dir.join("wine");
    let system = prefix.join("drive_c/windows/system32");
    setup.set("WINEPREFIX", &prefix)?;
    setup.say("WINEDEBUG", "-all");
    if !prefix.join("ready").is_file() {
        doing("wine", "making a prefix");
        let mut boot = command(&wine);
        boot.args(["wineboot.exe", "--init"]).env_remove("DISPLAY");
        quiet(setup.apply(&mut boot))?;
        fs::write(prefix.join("ready"), "")?;
    }
    // A newer Wine has the function, and then its own library is better.
    let theirs = system.join(DLL).is_file() && !prefix.join("ours").is_file();
    if !theirs && !current(setup, &prefix)? {
        doing("wine", DLL);
        let built = build(setup, rgo_build)?;
        fs::copy(&built, system.join(DLL)).with_context(|| built.display().to_string())?;
        fs::copy(source(), prefix.join("ours"))?;
    }
    done("wine", &format!("{} with {}", wine.display(), prefix.display()));
    Ok(())
}

fn program() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/wine/wine64");
    let found = ["wine64", "wine"].into_iter().find(|name| on_path(name)).map(PathBuf::from);
    found.or_else(|| debian.is_file().then_some(debian))
}

fn source() -> PathBuf {
    Path::new("testdata/bcryptprimitives/src/lib.rs").to_path_buf()
}

/// Whether the library in the prefix was built from the current source.
fn current(_: &Setup, prefix: &Path) -> anyhow::Result<bool> {
    let ours = fs::read(prefix.join("ours")).unwrap_or_default();
    Ok(ours == fs::read(source())?)
}

fn build(setup: &Setup, rgo_build: Option<&Path>) -> anyhow::Result<PathBuf> {
    let out = setup.dir.join("bcryptprimitives");
    let mut build = rgo_build.map_or_else(cargo, command);
    if rgo_build.is_none() {
        build.args(["run", "--quiet", "--package", "rgo", "--bin", "rgo-build", "--"]);
    }
    build.args(["-C", "testdata/bcryptprimitives", "--target", "windows/amd64", "--quiet"]);
    build.args(["--buildmode", "c-shared", "--vcs", "off", "-o"]).arg(&out);
    quiet(setup.apply(&mut build))?;
    Ok(out.join("windows-amd64").join(DLL))
}
