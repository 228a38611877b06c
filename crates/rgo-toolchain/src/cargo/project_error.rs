//! The reasons why rgo cannot read a project, with the next step.

use camino::{Utf8Path, Utf8PathBuf};
use toml::Table;

use crate::exec::ExecError;

/// Why rgo cannot read a project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// `cargo metadata` fails.
    #[error("cargo cannot read the project{}", indented(.said))]
    Metadata {
        /// Cargo's output.
        said: String,
    },
    /// `--features` with a name that no selected package has.
    #[error("{} no feature `{feature}`", owner(package.as_deref()))]
    NoFeature {
        /// The package, if one is selected.
        package: Option<String>,
        /// The name that the user gave.
        feature: String,
        /// The features of the packages that cargo may mean.
        known: Vec<String>,
    },
    /// Cargo's output is not metadata.
    #[error("cargo's metadata cannot be read")]
    Json(#[from] serde_json::Error),
    /// The configuration is invalid.
    #[error("cargo's configuration cannot be read: {0}")]
    Config(String),
    /// A file cannot be read.
    #[error("reading {path}: {why}")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A tool cannot be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// Cargo's text, without its lines about locks that it waited for.
fn indented(said: &str) -> String {
    let lines = said.trim_end().lines().filter(|line| !line.trim_start().starts_with("Blocking "));
    lines.map(|line| format!("\n  {line}")).collect()
}

fn owner(package: Option<&str>) -> String {
    match package {
        Some(package) => format!("package `{package}` has"),
        None => "the selected packages have".to_owned(),
    }
}

/// A feature that cargo does not find.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownFeature<'a> {
    /// The package, if cargo names one.
    pub package: Option<&'a str>,
    /// The feature.
    pub feature: &'a str,
}

impl<'a> UnknownFeature<'a> {
    /// Reads cargo's error:
    ///
    /// ```text
    /// the package 'app' does not contain this feature: nope
    /// the package 'app' does not contain these features: nope, none
    /// none of the selected packages contains this feature: nope
    /// ```
    pub(crate) fn read(said: &'a str) -> Option<Self> {
        let line = said.lines().find(|line| line.contains(" contain"))?;
        let (before, features) =
            line.split_once("this feature: ").or_else(|| line.split_once("these features: "))?;
        let package =
            before.split_once("the package '").and_then(|(_, rest)| rest.split_once('\''));
        let feature = features.split([',', ' ']).next().filter(|name| !name.is_empty())?;
        Some(Self { package: package.map(|(package, _)| package), feature })
    }
}

impl ProjectError {
    /// Whether the call is wrong, rather than the project.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoFeature { .. })
    }

    /// The next step, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Metadata { said } => Some(about_metadata(said).to_owned()),
            Self::NoFeature { known, .. } if known.is_empty() => Some("it has none".to_owned()),
            Self::NoFeature { feature, known, .. } => {
                let names = known.iter().map(|name| (name.as_str(), name));
                let near = rgo_report::nearest(feature, names);
                let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                Some(format!("{near}it has: {}", known.join(", ")))
            }
            Self::Json(_) | Self::Config(_) | Self::File { .. } | Self::Exec(_) => None,
        }
    }
}

/// The next step for an error of `cargo metadata`.
fn about_metadata(said: &str) -> &'static str {
    if said.contains("could not find `Cargo.toml`") {
        "run it in a Cargo project, or name one with -C DIR or --manifest-path"
    } else if said.contains("lock file") && said.contains("needs to be updated")
        || said.contains("cannot update the lock file")
    {
        "build once without --locked and commit Cargo.lock"
    } else if said.contains("--offline") || said.contains("offline mode") {
        "run `cargo fetch` while there is a network"
    } else {
        "`cargo metadata` in the same folder says the same"
    }
}

/// Reads a TOML file.
pub(crate) fn table(path: &Utf8Path) -> Result<Table, ProjectError> {
    let bad = |why: String| ProjectError::File { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    text.parse().map_err(|error: toml::de::Error| bad(error.message().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_error_names_the_feature_and_the_package() {
        for (said, expected) in [
            (
                "error: the package 'app' does not contain this feature: nope\n",
                Some((Some("app"), "nope")),
            ),
            (
                "    Blocking waiting\nerror: the package 'app' does not contain these features: a, b\n",
                Some((Some("app"), "a")),
            ),
            (
                "error: none of the selected packages contains this feature: nope\nselected packages: a, b\n",
                Some((None, "nope")),
            ),
            ("error: feature `x` is required\n", None),
            ("", None),
        ] {
            let found = UnknownFeature::read(said).map(|it| (it.package, it.feature));
            assert_eq!(found, expected, "{said}");
        }
    }

    #[test]
    fn an_unknown_feature_gets_those_there_are() {
        let known = ["fancy".to_owned(), "plain".to_owned()];
        for (feature, known, hint) in [
            ("nope", &known[..], "it has: fancy, plain"),
            ("fansy", &known, "did you mean `fancy`? it has: fancy, plain"),
            ("nope", &[], "it has none"),
        ] {
            let (feature, known) = (feature.to_owned(), known.to_vec());
            let error = ProjectError::NoFeature { package: None, feature, known };
            assert_eq!(error.hint().as_deref(), Some(hint));
        }
    }
}
