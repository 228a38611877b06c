//! What every test does: have a project, build it, read the report, run what came out.

#[cfg(unix)]
pub(crate) mod browser;
pub(crate) mod call_words;
mod clock;
pub(crate) mod corpus;
mod foreign;
pub(crate) mod go_project;
mod lacks;
mod libraries;
pub(crate) mod link_map;
mod machine;
pub(crate) mod made;
mod project;
mod report;
pub(crate) mod schemas;
pub(crate) mod server;
mod small_disk;
pub(crate) mod stripping;
mod zig;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Once, OnceLock};

pub(crate) use foreign::{native, run, runs_here};
pub(crate) use go_project::{GoProject, build_info, has_go};
pub(crate) use lacks::{cannot_test, no_gcc, not_tested};
pub(crate) use libraries::{libraries, rust_folder};
pub(crate) use machine::{can, machine, readobj, tool};
pub(crate) use project::{Project, copy_tree, forget_on_ci, root, write};
pub(crate) use report::{Artifact, Report};
pub(crate) use small_disk::SmallDisk;
pub(crate) use zig::{zig, zig_lib};

/// The toolchains of `--target all`.
pub(crate) const ALL: [&str; 8] = [
    "linux-amd64",
    "linux-amd64-static",
    "linux-arm64",
    "linux-arm64-static",
    "darwin-amd64",
    "darwin-arm64",
    "windows-amd64",
    "windows-arm64",
];

/// What a run of a tool came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    line: String,
    /// How it ended.
    pub(crate) code: Option<i32>,
    /// Its data.
    pub(crate) stdout: String,
    /// Its words.
    pub(crate) stderr: String,
}

impl Outcome {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let line = format!("{command:?}");
        let output = command.output().unwrap_or_else(|error| panic!("{line}: {error}"));
        let Output { status, stdout, stderr } = output;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let (stdout, stderr) = (text(stdout), text(stderr));
        schemas::check(&stdout, &line);
        schemas::check_beside_stdout(command, &stderr);
        Self { line, code: status.code(), stdout, stderr }
    }

    /// Holds that it ended so.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Holds that it succeeded, and reads its report.
    #[track_caller]
    pub(crate) fn report(self) -> Report {
        Report::parse(&self.ended(0).stdout)
    }

    /// Holds that it said this, to a person.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "not said: {words}\n{self}");
        self
    }

    /// Holds that it did not say this.
    #[track_caller]
    pub(crate) fn says_nothing_of(self, words: &str) -> Self {
        assert!(!self.stderr.contains(words), "said: {words}\n{self}");
        self
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, code, stdout, stderr } = self;
        write!(f, "{line}\nended with {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// The sample program for all toolchains, stamped; built once for all tests of this process.
pub(crate) fn sample() -> &'static Report {
    static SAMPLE: OnceLock<Report> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        Project::of("sample")
            .build(["--target", "all", "-X", STAMP, "-X", "sample::COMMIT=0123abcd"])
            .report()
    })
}

/// ripgrep for all toolchains, as a stranger's program; built once for all tests of this process.
pub(crate) fn ripgrep() -> &'static Report {
    static RIPGREP: OnceLock<Report> = OnceLock::new();
    RIPGREP.get_or_init(|| {
        let folder = machine().must("RGO_TEST_RIPGREP");
        let project = Project::at(Path::new(&folder), "ripgrep").unoptimized();
        let report = project.build(["--target", "all", "--strip", "all"]).report();
        project.forget_on_ci();
        report
    })
}

/// The value that [`sample`] was stamped with.
pub(crate) const STAMP: &str = "sample::VERSION=1.2.3";

/// Makes the root of the repository the folder of this process, once for all its tests: the cases name
/// their files from there, and trycmd takes no other folder.
pub(crate) fn at_root() {
    clock::start();
    static ENTERED: Once = Once::new();
    ENTERED.call_once(|| std::env::set_current_dir(root()).expect("a folder"));
}

/// Where tests of this process write, apart from target folders.
pub(crate) fn scratch(name: &str) -> PathBuf {
    clock::start();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    folder
}
