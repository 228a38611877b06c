//! The user's request to any builder. Settings that only one builder has (cargo's profiles,
//! features and flags) are in that builder's own options.

use camino::Utf8PathBuf;

use crate::toolchain::Libc;

/// The user's request to any builder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Request {
    /// The folder of the project, in which the builder runs. Absolute.
    pub folder: Utf8PathBuf,
    /// The targets, as the user names them. Without any, the builder's configuration names them.
    pub targets: Vec<String>,
    /// How programs get their C library (`--libc`).
    pub libc: Option<Libc>,
    /// The oldest glibc (`--glibc`).
    pub glibc: Option<String>,
    /// The oldest macOS (`--macos`).
    pub macos: Option<String>,
    /// The Info.plist to embed in programs for macOS.
    pub info_plist: Option<Utf8PathBuf>,
    /// A property list with the entitlements of programs for macOS.
    pub entitlements: Option<Utf8PathBuf>,
    /// `--locked`.
    pub locked: bool,
    /// `--frozen`.
    pub frozen: bool,
    /// `--offline`.
    pub offline: bool,
    /// `-j`.
    pub jobs: Option<String>,
    /// Variables for the build.
    pub env: Vec<(String, String)>,
    /// Values for the program's slots; they may contain templates.
    pub values: Vec<(String, String)>,
    /// Whether the result is for a debugger: no optimization, all debug data, nothing stripped.
    pub debug: bool,
    /// How much debug data to make, instead of the profile's setting.
    pub debug_info: Option<DebugInfo>,
    /// What to strip, instead of the profile's setting.
    pub strip: Option<StripMode>,
    /// Whether paths of this machine stay in the output.
    pub keeps_paths: bool,
    /// Whether to record the hosts of private registries and repositories.
    pub records_sources: bool,
    /// Whether to record the commit.
    pub vcs: VcsWish,
    /// The folder for the results, instead of the workspace's `dist`. Absolute.
    pub output: Option<Utf8PathBuf>,
    /// Files beside the results that are no changes of the user's: the reports and the log that the
    /// caller writes itself, and folders with results of earlier builds. Absolute.
    pub own_files: Vec<Utf8PathBuf>,
    /// Whether the project must stay unchanged.
    pub dry_run: bool,
    /// Whether another program builds, and selects the outputs.
    pub is_for_others: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `-q`.
    pub quiet: bool,
    /// Whether the builder explains why it compiles each crate.
    pub explain: bool,
}

impl Request {
    /// Whether downloads are forbidden.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.offline || self.frozen
    }
}

/// How much debug data the compiler makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugInfo {
    /// None.
    None,
    /// Files and lines, for backtraces.
    Lines,
    /// All that a debugger can use.
    Full,
}

/// What to leave out of the output. `rgo_edit::Strip` is about the bytes of one file; a build can
/// also move debug data into a companion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripMode {
    /// Nothing.
    None,
    /// Debug data; symbols stay.
    Debug,
    /// Debug data and symbols.
    All,
    /// Both; they move into a companion.
    Split,
}

/// Whether to record the commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VcsWish {
    /// If there is one.
    #[default]
    Auto,
    /// Yes; it is an error if there is none.
    Require,
    /// Never.
    Off,
}
