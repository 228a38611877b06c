//! What this machine has. `cargo xtask setup` finds it out and leaves it in a file, so that a
//! test run by hand meets the same machine as one under `cargo xtask test`.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::not_tested;

/// The variables that set-up hands on.
pub(crate) struct Machine {
    vars: BTreeMap<String, String>,
}

impl Machine {
    /// A variable: from the environment, else as set-up left it.
    pub(crate) fn var(&self, name: &str) -> Option<String> {
        env::var(name).ok().or_else(|| self.vars.get(name).cloned())
    }

    /// A variable that set-up always leaves.
    pub(crate) fn must(&self, name: &str) -> String {
        self.var(name).unwrap_or_else(|| panic!("{name} is not known: run `cargo xtask setup`"))
    }

    /// Where rgo keeps things.
    pub(crate) fn cache(&self) -> PathBuf {
        self.must("RGO_CACHE").into()
    }

    /// The compiler whose standard libraries have to be built from their source; `None` is said
    /// aloud, for the test that then proves nothing.
    pub(crate) fn source_cargo(&self) -> Option<String> {
        let cargo = self.var("RGO_TEST_SOURCE_CARGO");
        if cargo.is_none() {
            not_tested("a standard library from source; set-up found no compiler with it");
        }
        cargo
    }

    /// A command that meets this machine, and none of the variables by which the cargo that runs
    /// this test, or the user who runs it, would have a say in the build.
    pub(crate) fn prepare<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let ours = |name: &str| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_BIN_EXE_")
                || name.starts_with("CARGO_PROFILE_")
                || name.starts_with("CARGO_TARGET_")
                || name.starts_with("CARGO_BUILD_")
                || ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "SOURCE_DATE_EPOCH", "NO_COLOR"]
                    .contains(&name)
        };
        for (name, _) in env::vars().filter(|(name, _)| ours(name)) {
            command.env_remove(name);
        }
        let known = self.vars.keys().filter_map(|name| Some((name, self.var(name)?)));
        command.envs(known).env("NO_COLOR", "1")
    }
}

/// This machine.
pub(crate) fn machine() -> &'static Machine {
    super::clock::start();
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let home = || env::var("HOME").map(|home| Path::new(&home).join(".cache"));
        let caches = env::var("XDG_CACHE_HOME").map(PathBuf::from).or_else(|_| home());
        let cache = env::var("RGO_CACHE").map(PathBuf::from);
        let cache = cache.or_else(|_| caches.map(|caches| caches.join("rgo"))).expect("a home");
        let file = cache.join("xtask/env.json");
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask setup`", file.display()));
        Machine { vars: serde_json::from_str(&text).expect("variables") }
    })
}

/// One of rgo's tools.
pub(crate) fn tool(name: &str) -> Command {
    let program = match name {
        "rgo-build" => env!("CARGO_BIN_EXE_rgo-build"),
        "rgo-version-m" => env!("CARGO_BIN_EXE_rgo-version-m"),
        "rgo-strip" => env!("CARGO_BIN_EXE_rgo-strip"),
        "rgo-symbols" => env!("CARGO_BIN_EXE_rgo-symbols"),
        "rgo" => env!("CARGO_BIN_EXE_rgo"),
        other => panic!("no tool {other}"),
    };
    let mut command = super::native(program);
    machine().prepare(&mut command);
    command
}

/// Whether a program of this name can be started.
pub(crate) fn can(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// What llvm-readobj says of a file.
pub(crate) fn readobj(flags: &[&str], file: &Path) -> String {
    let mut command = super::native(machine().must("RGO_TEST_LLVM_READOBJ"));
    super::Outcome::of(command.args(flags).arg(file)).ended(0).stdout
}
