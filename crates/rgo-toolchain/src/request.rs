//! What the user wants of a build, whatever builds it. What only one builder knows (cargo's
//! profiles, features and flags) stands beside it, in that builder's options.

use camino::Utf8PathBuf;

use crate::toolchain::Libc;

/// What the user wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Request {
    /// The folder of the project, in which the builder runs. Absolute.
    pub folder: Utf8PathBuf,
    /// The targets, as the user names them. Without any, the builder's configuration names them.
    pub targets: Vec<String>,
    /// How programs get their C library.
    pub libc: Option<Libc>,
    /// The oldest glibc (`--glibc`).
    pub glibc: Option<String>,
    /// The oldest macOS (`--macos`).
    pub macos: Option<String>,
    /// A file that becomes the Info.plist within programs for macOS.
    pub info_plist: Option<Utf8PathBuf>,
    /// A property list of the entitlements of programs for macOS.
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
    /// Values for the program's slots; they may hold templates.
    pub values: Vec<(String, String)>,
    /// What debug data to make, if not what the profile says.
    pub debug_info: Option<DebugInfo>,
    /// What to strip, if not what the profile says.
    pub strip: Option<StripMode>,
    /// Whether paths of this machine stay in the result.
    pub keeps_paths: bool,
    /// Whether the hosts of private registries and repositories are recorded.
    pub records_sources: bool,
    /// Whether the commit is recorded.
    pub vcs: VcsWish,
    /// Where the results go, if not into the workspace's `dist`. Absolute.
    pub output: Option<Utf8PathBuf>,
    /// Whether the project is to stay as it is.
    pub dry_run: bool,
    /// Whether another program builds, and selects the outputs.
    pub is_for_others: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `-q`.
    pub quiet: bool,
    /// Whether the builder has to say why it compiles.
    pub explain: bool,
}

impl Request {
    /// Whether nothing may be fetched.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.offline || self.frozen
    }
}

/// How much debug data a compiler makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugInfo {
    /// None.
    None,
    /// Files and lines, for backtraces.
    Lines,
    /// All that a debugger can use.
    Full,
}

/// What a build leaves out of a result. It goes further than `rgo_edit::Strip`, which is about the
/// bytes of one file: a build can also put what it leaves out into a companion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripMode {
    /// Nothing.
    None,
    /// Debug data; symbols stay.
    Debug,
    /// Debug data and symbols.
    All,
    /// Both; they go into a companion.
    Split,
}

/// Whether the commit is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VcsWish {
    /// If there is one.
    #[default]
    Auto,
    /// It is an error if there is none.
    Require,
    /// Never.
    Off,
}
