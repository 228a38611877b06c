//! What the user wants of cargo, as data. The targets, the linker and what happens after the
//! link are not here: they are rgo's business, not cargo's.

use camino::Utf8PathBuf;

use crate::cargo::profile::ProfileDebug;
use crate::cargo::targets::Selection;

/// The part of a build request that cargo carries out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Request {
    /// Folder that cargo runs in, whose configuration holds.
    pub folder: Utf8PathBuf,
    /// The manifest, if one was named.
    pub manifest: Option<Utf8PathBuf>,
    /// Packages and targets.
    pub selection: Selection,
    /// Name of the profile.
    pub profile: String,
    /// `--features`.
    pub features: Vec<String>,
    /// `--all-features`.
    pub all_features: bool,
    /// `--no-default-features`.
    pub no_default_features: bool,
    /// `--locked`.
    pub locked: bool,
    /// `--frozen`.
    pub frozen: bool,
    /// `--offline`.
    pub offline: bool,
    /// `-j`.
    pub jobs: Option<String>,
    /// `--config`.
    pub config: Vec<String>,
    /// Other flags for cargo.
    pub cargo_flags: Vec<String>,
    /// Other flags for rustc.
    pub rustc_flags: Vec<String>,
    /// Variables for the build.
    pub env: Vec<(String, String)>,
    /// What debug data to make, if not as the profile says.
    pub debug_info: Option<ProfileDebug>,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `-q`.
    pub quiet: bool,
    /// Whether cargo has to say why it compiles.
    pub explain: bool,
}

impl Request {
    /// Flags that decide which packages are there, in which versions and with which features;
    /// `cargo metadata` has to get the same as `cargo build`.
    #[must_use]
    pub fn resolution_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        let mut pair = |flag: &str, value: &str| flags.extend([flag.to_owned(), value.to_owned()]);
        if let Some(manifest) = &self.manifest {
            pair("--manifest-path", manifest.as_str());
        }
        self.features.iter().for_each(|features| pair("--features", features));
        self.config.iter().for_each(|config| pair("--config", config));
        let switches = [
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--locked", self.locked),
            ("--frozen", self.frozen),
            ("--offline", self.offline),
        ];
        flags.extend(switches.iter().filter(|(_, on)| *on).map(|(flag, _)| (*flag).to_owned()));
        flags
    }
}
