//! Go modules to build, with caches of Go that only these tests use.

use std::path::{Path, PathBuf};
use std::process::Command;

use rgo_toolchain::cache::Cache;
use sha2::{Digest, Sha256};

use super::{Outcome, can, cannot_test, copy_tree, machine, native, root, tool};

/// Variables by which the user of this machine would have a say in the build.
const OF_USER: [&str; 16] = [
    "AR",
    "CC",
    "CGO_CFLAGS",
    "CGO_ENABLED",
    "CGO_LDFLAGS",
    "CXX",
    "GO111MODULE",
    "GOAMD64",
    "GOARCH",
    "GOARM64",
    "GODEBUG",
    "GOEXPERIMENT",
    "GOFLAGS",
    "GOOS",
    "GOWORK",
    "RGO_GO",
];

/// Whether there is a go. If not, it is said aloud what is not tested.
pub(crate) fn has_go(what: &str) -> bool {
    let has = can("go");
    if !has {
        cannot_test(format!("{what}; there is no go on PATH"));
    }
    has
}

/// Gives a command the settings of Go with which these tests build: no network, no other Go, and a
/// cache that stays from run to run.
pub(crate) fn with_settings(command: &mut Command) -> &mut Command {
    for name in OF_USER {
        command.env_remove(name);
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache");
    command.envs([("GOENV", "off"), ("GOTOOLCHAIN", "local"), ("GOPROXY", "off")]);
    command.env("GOCACHE", cache)
}

/// A module with an output folder of its own.
pub(crate) struct GoProject {
    /// Where its go.mod is.
    pub(crate) folder: PathBuf,
    /// Where results go.
    pub(crate) output: PathBuf,
    copy: Option<tempfile::TempDir>,
}

impl GoProject {
    /// One of `testdata/`, not to be changed. `test` names its output folder.
    pub(crate) fn of(name: &str, test: &str) -> Self {
        let folder = root().join("testdata").join(name);
        let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go").join(test);
        Self { folder, output, copy: None }
    }

    /// A copy of one of `testdata/`, which goes in the end.
    pub(crate) fn copy(name: &str) -> Self {
        let project = Self::empty();
        copy_tree(&root().join("testdata").join(name), &project.folder);
        project
    }

    /// A folder for files of a test.
    pub(crate) fn empty() -> Self {
        let temp = tempfile::tempdir().expect("a temporary folder");
        let base = temp.path().canonicalize().expect("a folder");
        let folder = base.join("project");
        std::fs::create_dir(&folder).expect("made");
        Self { folder, output: base.join("dist"), copy: Some(temp) }
    }

    /// A folder that somebody else makes and removes.
    pub(crate) fn at(folder: &Path, output: &Path) -> Self {
        Self { folder: folder.to_owned(), output: output.to_owned(), copy: None }
    }

    /// `rgo-build` on it, with a report as JSON.
    pub(crate) fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = tool("rgo-build");
        command.arg("-C").arg(&self.folder).arg("-o").arg(&self.output);
        with_settings(command.args(["--format", "json"]).args(args));
        command
    }

    /// Runs it to the end.
    pub(crate) fn build<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        Outcome::of(&mut self.command(args))
    }

    /// The folder of the files that go linked, as they were before rgo finished them.
    pub(crate) fn linked(&self) -> PathBuf {
        let env = |name: &str| machine().var(name);
        let cache = Cache::open(&env).expect("a cache");
        let project = self.folder.to_str().expect("UTF-8").as_bytes();
        let length = (project.len() as u64).to_le_bytes();
        let hash = Sha256::new().chain_update(length).chain_update(project).finalize();
        cache.folder("go").join(hex::encode(&hash[..8])).into_std_path_buf()
    }
}

impl Drop for GoProject {
    fn drop(&mut self) {
        if self.copy.is_some() {
            let _ = std::fs::remove_dir_all(self.linked());
        }
    }
}

/// What `go version -m` says of a file, without the file's name.
pub(crate) fn build_info(file: &Path) -> String {
    let said = Outcome::of(native("go").args(["version", "-m"]).arg(file)).ended(0).stdout;
    let name = format!("{}: ", file.display());
    said.strip_prefix(&name).unwrap_or_else(|| panic!("no name: {said}")).to_owned()
}
