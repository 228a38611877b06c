//! The user's options for cargo, beside the builder-independent [`Request`].

use camino::Utf8PathBuf;

use crate::cargo::targets::Selection;
use crate::request::Request;

/// The user's options for cargo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoOptions {
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
    /// `--config`.
    pub config: Vec<String>,
    /// Other flags for cargo.
    pub cargo_flags: Vec<String>,
    /// Other flags for rustc.
    pub rustc_flags: Vec<String>,
    /// The cargo to use, if one was named.
    pub cargo: Option<Utf8PathBuf>,
}

impl CargoOptions {
    /// Flags that decide the packages, their versions and their features. `cargo metadata` has to
    /// get the same ones as `cargo build`.
    #[must_use]
    pub fn resolution_flags(&self, request: &Request) -> Vec<String> {
        let mut flags = self.project_flags(request);
        for features in &self.features {
            flags.extend(["--features".to_owned(), features.clone()]);
        }
        let switches = [
            (self.all_features, "--all-features"),
            (self.no_default_features, "--no-default-features"),
        ];
        flags.extend(given(&switches));
        flags
    }

    /// Flags that select the project and its configuration, and tell whether cargo may change its
    /// lockfile or fetch.
    #[must_use]
    pub fn project_flags(&self, request: &Request) -> Vec<String> {
        let mut flags = self.manifest_flags();
        flags.extend(self.config.iter().flat_map(|config| ["--config".to_owned(), config.clone()]));
        flags.extend(given(&[(request.locked, "--locked")]));
        flags.extend(offline_flags(request));
        flags
    }

    /// `--manifest-path`, if a manifest was named.
    #[must_use]
    pub fn manifest_flags(&self) -> Vec<String> {
        let manifest = self.manifest.iter();
        manifest.flat_map(|path| ["--manifest-path".to_owned(), path.to_string()]).collect()
    }
}

/// `--frozen` and `--offline`, as far as the user gave them.
#[must_use]
pub fn offline_flags(request: &Request) -> Vec<String> {
    given(&[(request.frozen, "--frozen"), (request.offline, "--offline")])
}

fn given(switches: &[(bool, &str)]) -> Vec<String> {
    let given = switches.iter().filter(|(is_given, _)| *is_given);
    given.map(|(_, flag)| (*flag).to_owned()).collect()
}
