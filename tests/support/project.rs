//! Projects to build: those of `testdata/` where they are, or copies that a test may change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Outcome, native, tool};

/// A project with a target folder of its own, which stays from run to run, and an output folder.
pub(crate) struct Project {
    /// Where its Cargo.toml is.
    pub(crate) folder: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Where results go.
    pub(crate) output: PathBuf,
    /// Whether the compiler optimizes, as the profile says.
    optimizes: bool,
    _copy: Option<tempfile::TempDir>,
}

impl Project {
    /// One of `testdata/`, not to be changed.
    pub(crate) fn of(name: &str) -> Self {
        Self::at(&testdata().join(name), name)
    }

    /// A project anywhere; `name` is that of its target folder.
    pub(crate) fn at(folder: &Path, name: &str) -> Self {
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let (target, output) = (built.join("target"), built.join("dist"));
        Self { folder: folder.to_owned(), target, output, optimizes: true, _copy: None }
    }

    /// A copy of one of `testdata/`, with everything of its own in a folder that goes in the end.
    pub(crate) fn copy(name: &str) -> Self {
        let temp = tempfile::tempdir().expect("a temporary folder");
        let project = Self::copy_to(name, temp.path());
        Self { _copy: Some(temp), ..project }
    }

    /// A copy below `base`, with the crate that it depends on by path beside it.
    pub(crate) fn copy_to(name: &str, base: &Path) -> Self {
        let base = base.canonicalize().expect("a folder");
        let folder = base.join("testdata").join(name);
        copy_tree(&testdata().join(name), &folder);
        let stamp = "crates/rgo-stamp";
        copy_tree(&root().join(stamp), &base.join(stamp));
        let (target, output) = (base.join("target"), base.join("dist"));
        Self { folder, target, output, optimizes: true, _copy: None }
    }

    /// The same with these folders.
    pub(crate) fn with_output(self, target: &Path, output: &Path) -> Self {
        Self { target: target.to_owned(), output: output.to_owned(), ..self }
    }

    /// The same without optimization: of a large project that takes half the time, and what the compiler
    /// makes of the code is not what the test is about.
    pub(crate) fn unoptimized(self) -> Self {
        Self { optimizes: false, ..self }
    }

    /// `rgo-build` on it, with a report as JSON.
    pub(crate) fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = tool("rgo-build");
        command.arg("-C").arg(&self.folder).arg("-o").arg(&self.output);
        command.args(["--format", "json"]).env("CARGO_TARGET_DIR", &self.target).args(args);
        if !self.optimizes {
            command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
        }
        command
    }

    /// Runs it to the end.
    pub(crate) fn build<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        Outcome::of(&mut self.command(args))
    }

    /// [`forget_on_ci`] of its target folder.
    pub(crate) fn forget_on_ci(&self) {
        forget_on_ci(&self.target);
    }

    /// Makes it a git repository with one commit, by an author and at a time that never change.
    pub(crate) fn commit(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", "first"]);
    }

    /// Runs git in it.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut git = native("git");
        git.arg("-C").arg(&self.folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        git.env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000");
        git.env("GIT_CONFIG_GLOBAL", "/dev/null");
        Outcome::of(git.args(args)).ended(0).stdout
    }
}

/// Removes what cargo keeps in a target folder to build faster again, where the machine is gone afterwards
/// (`CI`): all of them together fill the disk of a small machine.
pub(crate) fn forget_on_ci(target: &Path) {
    if std::env::var_os("CI").is_some() {
        let _ = fs::remove_dir_all(target);
    }
}

/// Writes a file of a project, making its folder.
pub(crate) fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, text).expect("written");
}

/// Copies a folder without what was built in it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let place = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            if entry.file_name() != "target" && entry.file_name() != "dist" {
                copy_tree(&entry.path(), &place);
            }
        } else {
            fs::copy(entry.path(), place).expect("copied");
        }
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn testdata() -> PathBuf {
    root().join("testdata")
}
