//! Reads those parts of the user's cargo configuration that rgo needs: the targets, and the
//! rustflags, to which rgo adds its own.
//!
//! Cargo takes rustflags from the first of these lines that has any, and joins those of one line:
//!
//! ```text
//! CARGO_ENCODED_RUSTFLAGS
//! RUSTFLAGS
//! target.<triple> of files, CARGO_TARGET_<TRIPLE>_RUSTFLAGS, target.<triple> of --config, target.'cfg(…)' of both
//! build of files, CARGO_BUILD_RUSTFLAGS, build of --config
//! ```

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_config2::de::{self, EnvConfigValue, Flags, StringOrArray};
use cargo_platform::{Cfg, CfgExpr};
use toml::Table;

use crate::cargo::project_error::{ProjectError, table};
use crate::cargo::rustflags::{TargetFlags, variable};

/// The user's cargo configuration: files, environment and `--config`.
#[derive(Debug)]
pub struct Configuration {
    /// Whether the environment replaces all other rustflags, so that each target needs its whole
    /// list.
    pub flags_replaced: bool,
    files: de::Config,
    cli: Vec<de::Config>,
    /// Environment variables that configure cargo.
    variables: BTreeMap<String, String>,
}

impl Configuration {
    /// Reads the configuration for a folder, with the values of `--config`.
    ///
    /// # Errors
    /// [`ProjectError::Config`], [`ProjectError::File`].
    pub fn load(folder: &Utf8Path, config: &[String]) -> Result<Self, ProjectError> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| {
                let of_target = name.starts_with("CARGO_TARGET_") && name.ends_with("_LINKER");
                name.ends_with("RUSTFLAGS") || name == "CARGO_BUILD_TARGET" || of_target
            })
            .collect();
        Self::with_variables(folder, config, variables)
    }

    fn with_variables(
        folder: &Utf8Path,
        config: &[String],
        variables: BTreeMap<String, String>,
    ) -> Result<Self, ProjectError> {
        let files = de::Config::load_with_cwd(folder)
            .map_err(|error| ProjectError::Config(error.to_string()))?;
        let cli = cli_tables(folder, config)?.into_iter().zip(config).map(|(table, text)| {
            let config: Result<de::Config, toml::de::Error> = table.try_into();
            config.map_err(|e| ProjectError::Config(format!("--config {text}: {}", e.message())))
        });
        let replacing = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"];
        Ok(Self {
            flags_replaced: replacing.iter().any(|name| variables.contains_key(*name)),
            files,
            cli: cli.collect::<Result<_, _>>()?,
            variables,
        })
    }

    /// The targets that `build.target` or `CARGO_BUILD_TARGET` names.
    #[must_use]
    pub fn configured_targets(&self) -> Vec<String> {
        let named = |config: &de::Config| match &config.build.target {
            Some(StringOrArray::String(one)) => Some(vec![one.val.clone()]),
            Some(StringOrArray::Array(some)) => Some(some.iter().map(|t| t.val.clone()).collect()),
            None => None,
        };
        let variable = || {
            let value = self.variables.get("CARGO_BUILD_TARGET").filter(|value| !value.is_empty());
            value.map(|value| vec![value.clone()])
        };
        let cli = self.cli.iter().rev().find_map(named);
        cli.or_else(variable).or_else(|| named(&self.files)).unwrap_or_default()
    }

    /// A variable that `[env]` sets for the programs that cargo runs, and whether it overrides the
    /// environment.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<(&str, bool)> {
        let mut configs = self.cli.iter().rev().chain(std::iter::once(&self.files));
        configs.find_map(|config| match config.env.get(name)? {
            EnvConfigValue::Value(value) => Some((value.val.as_str(), false)),
            EnvConfigValue::Table { value, force, .. } => {
                Some((value.val.as_str(), force.as_ref().is_some_and(|force| force.val)))
            }
            _ => None,
        })
    }

    /// The user's rustflags for a triple, without rgo's own. Calls `cfg` only if the configuration
    /// has a `cfg(…)` key.
    ///
    /// # Errors
    /// Those of `cfg`.
    pub fn flags(
        &self,
        triple: &str,
        cfg: &dyn Fn() -> Result<Vec<Cfg>, ProjectError>,
    ) -> Result<TargetFlags, ProjectError> {
        let user_variable = self.variables.get(&variable(triple)).cloned();
        let (user, user_build) = match self.of_environment() {
            Some(flags) => (flags, Vec::new()),
            None => match self.of_target(triple, user_variable.as_deref(), cfg)? {
                flags if !flags.is_empty() => (flags, Vec::new()),
                _ => (self.of_build(), self.of_build()),
            },
        };
        Ok(TargetFlags {
            triple: triple.to_owned(),
            user,
            user_build,
            user_variable,
            ours: Vec::new(),
        })
    }

    /// The linker that `--config`, the environment or the files set for a target.
    #[must_use]
    pub fn linker(&self, triple: &str) -> Option<&str> {
        fn named<'a>(config: &'a de::Config, triple: &str) -> Option<&'a str> {
            Some(config.target.get(triple)?.linker.as_ref()?.val.as_str())
        }
        let variable = variable(triple).replace("RUSTFLAGS", "LINKER");
        let cli = self.cli.iter().rev().find_map(|config| named(config, triple));
        cli.or_else(|| self.variables.get(&variable).map(String::as_str))
            .or_else(|| named(&self.files, triple))
    }

    fn of_environment(&self) -> Option<Vec<String>> {
        match self.variables.get("CARGO_ENCODED_RUSTFLAGS") {
            Some(none) if none.is_empty() => Some(Vec::new()),
            Some(encoded) => Some(encoded.split('\u{1f}').map(str::to_owned).collect()),
            None => self.variables.get("RUSTFLAGS").map(|flags| split(flags)),
        }
    }

    fn of_target(
        &self,
        triple: &str,
        user_variable: Option<&str>,
        cfg: &dyn Fn() -> Result<Vec<Cfg>, ProjectError>,
    ) -> Result<Vec<String>, ProjectError> {
        let exact = |config: &de::Config| {
            owned(config.target.get(triple).and_then(|target| target.rustflags.as_ref()))
        };
        let mut flags = exact(&self.files);
        flags.extend(user_variable.map(split).unwrap_or_default());
        flags.extend(self.cli.iter().flat_map(exact));

        let mut known: Option<Vec<Cfg>> = None;
        for config in std::iter::once(&self.files).chain(&self.cli) {
            for (key, target) in &config.target {
                if !key.starts_with("cfg(") || target.rustflags.is_none() {
                    continue;
                }
                let cfg = match &mut known {
                    Some(known) => known,
                    none => none.insert(cfg()?),
                };
                if CfgExpr::matches_key(key, cfg) {
                    flags.extend(owned(target.rustflags.as_ref()));
                }
            }
        }
        Ok(flags)
    }

    fn of_build(&self) -> Vec<String> {
        let of = |config: &de::Config| owned(config.build.rustflags.as_ref());
        let mut flags = of(&self.files);
        flags.extend(
            self.variables.get("CARGO_BUILD_RUSTFLAGS").map(|f| split(f)).unwrap_or_default(),
        );
        flags.extend(self.cli.iter().flat_map(of));
        flags
    }
}

/// Parses each `--config` as a table, in the given order. A value that names a file in cargo's
/// working folder is that file; any other is TOML.
///
/// # Errors
/// [`ProjectError::File`], or [`ProjectError::Config`] if it is neither.
pub(crate) fn cli_tables(folder: &Utf8Path, config: &[String]) -> Result<Vec<Table>, ProjectError> {
    let read = |text: &String| {
        let path: Utf8PathBuf = folder.join(text);
        if path.is_file() {
            return table(&path);
        }
        text.parse::<Table>().map_err(|error| {
            ProjectError::Config(format!(
                "--config {text}: it is no file in {folder}, and as TOML: {}",
                error.message()
            ))
        })
    };
    config.iter().map(read).collect()
}

fn owned(flags: Option<&Flags>) -> Vec<String> {
    flags.into_iter().flat_map(|flags| &flags.flags).map(|flag| flag.val.clone()).collect()
}

fn split(flags: &str) -> Vec<String> {
    flags.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIPLE: &str = "x86_64-unknown-linux-musl";

    /// Loads the configuration of a project whose `.cargo/config.toml` is `file`, with `extra.toml`
    /// beside it.
    fn load(
        file: &str,
        cli: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Configuration, ProjectError> {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Utf8PathBuf::from_path_buf(dir.path().to_owned()).expect("UTF-8");
        std::fs::create_dir(folder.join(".cargo")).expect("a folder");
        std::fs::write(folder.join(".cargo/config.toml"), file).expect("a file");
        let extra = "[build]\nrustflags = ['--cfg=extra']\n";
        std::fs::write(folder.join("extra.toml"), extra).expect("a file");
        let config: Vec<String> = cli.iter().map(|text| (*text).to_owned()).collect();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Configuration::with_variables(&folder, &config, variables.iter().map(owned).collect())
    }

    fn unix() -> Result<Vec<Cfg>, ProjectError> {
        Ok(vec!["unix".parse().expect("a cfg")])
    }

    #[test]
    fn flags_come_from_the_first_place_that_has_some() {
        let build = "[build]\nrustflags = ['-Cb']\n";
        let both = "[build]\nrustflags = ['-Cb']\n[target.x86_64-unknown-linux-musl]\nrustflags = ['-Ct']\n";
        let cfg = "[target.'cfg(unix)']\nrustflags = '-Cu -Cv'\n[target.'cfg(windows)']\nrustflags = '-Cw'\n";
        let cli_cfg = "target.'cfg(unix)'.rustflags=['-Cc']";
        let cli_target = "target.x86_64-unknown-linux-musl.rustflags=['-Cx']";
        let own = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS";
        for (file, cli, variables, user, of_build) in [
            ("", &[][..], &[][..], "", true),
            (build, &[], &[], "-Cb", true),
            (both, &[], &[], "-Ct", false),
            (cfg, &[], &[], "-Cu -Cv", false),
            (build, &["extra.toml"], &[], "-Cb --cfg=extra", true),
            (
                build,
                &["build.rustflags=['-Cx']"],
                &[("CARGO_BUILD_RUSTFLAGS", "-Ce")],
                "-Cb -Ce -Cx",
                true,
            ),
            (build, &[cli_cfg], &[], "-Cc", false),
            (both, &[cli_cfg, cli_target], &[(own, "-Ce")], "-Ct -Ce -Cx -Cc", false),
            // If two places set the same flags, they count for the more specific one.
            ("build.rustflags=['-Cx']\n", &[cli_target], &[], "-Cx", false),
            (both, &["target.'cfg(windows)'.rustflags=['-Cw']"], &[], "-Ct", false),
            (both, &[cli_target], &[("RUSTFLAGS", " -Ce  -Cf")], "-Ce -Cf", false),
            (both, &[cli_target], &[("RUSTFLAGS", "")], "", false),
            (
                both,
                &[],
                &[("RUSTFLAGS", "-Ce"), ("CARGO_ENCODED_RUSTFLAGS", "-Cg\u{1f}-Ch")],
                "-Cg -Ch",
                false,
            ),
        ] {
            let what = format!("{file:?} {cli:?} {variables:?}");
            let found = load(file, cli, variables).expect(&what);
            let flags = found.flags(TRIPLE, &unix).expect(&what);
            assert_eq!(flags.user.join(" "), user, "{what}");
            assert_eq!(flags.user_build.join(" "), if of_build { user } else { "" }, "{what}");
            assert_eq!(
                found.flags_replaced,
                variables
                    .iter()
                    .any(|(n, _)| { matches!(*n, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS") }),
                "{what}"
            );
        }
    }

    #[test]
    fn the_compiler_is_asked_only_for_a_cfg() {
        let asked =
            || -> Result<Vec<Cfg>, ProjectError> { Err(ProjectError::Config("asked".into())) };
        let plain = load("[target.'cfg(unix)']\nrunner = 'x'\n", &["build.rustflags=['-Cb']"], &[]);
        assert!(plain.expect("reads").flags(TRIPLE, &asked).is_ok());
        let with = load("", &["target.'cfg(unix)'.rustflags=['-Cb']"], &[]);
        assert!(with.expect("reads").flags(TRIPLE, &asked).is_err());
    }

    #[test]
    fn what_is_neither_a_file_nor_toml_is_refused() {
        for text in ["no-such.toml", "build.rustflags", "build.rustflags=1"] {
            let error = load("", &[text], &[]).expect_err(text).to_string();
            assert!(error.contains(&format!("--config {text}")), "{error}");
        }
    }

    #[test]
    fn variables_are_those_of_env() {
        let file = "[env]\nA = 'a'\nB = { value = 'b', force = true }\n";
        let found = load(file, &["env.C = 'c'", "env.A = 'second'"], &[]).expect("reads");
        for (name, expected) in [
            ("A", Some(("second", false))),
            ("B", Some(("b", true))),
            ("C", Some(("c", false))),
            ("D", None),
        ] {
            assert_eq!(found.variable(name), expected, "{name}");
        }
    }

    #[test]
    fn a_linker_is_that_of_the_strongest_place() {
        let file = "target.x86_64-unknown-linux-musl.linker = 'file'\n";
        let cli = ["target.x86_64-unknown-linux-musl.linker = 'cli'"];
        let variable = [("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER", "variable")];
        for (file, cli, variables, expected) in [
            (file, &cli[..], &variable[..], Some("cli")),
            (file, &[], &variable, Some("variable")),
            (file, &[], &[], Some("file")),
            ("", &[], &[], None),
        ] {
            let found = load(file, cli, variables).expect("reads");
            assert_eq!(found.linker(TRIPLE), expected);
            assert_eq!(found.linker("aarch64-apple-darwin"), None);
        }
    }

    #[test]
    fn targets_are_those_of_the_strongest_place() {
        let file = "build.target = ['a', 'b']\n";
        let variable = [("CARGO_BUILD_TARGET", "c")];
        for (cli, variables, expected) in [
            (&[][..], &[][..], &["a", "b"][..]),
            (&[], &variable, &["c"]),
            (&["build.target='d'"], &variable, &["d"]),
            (&[], &[("CARGO_BUILD_TARGET", "")], &["a", "b"]),
        ] {
            let found = load(file, cli, variables).expect("reads");
            assert_eq!(found.configured_targets(), expected);
        }
    }
}
