//! Finds go, and asks it for its version, its folders and its settings.
//!
//! go comes from `--go`, `RGO_GO`, `PATH`, in this order. The version is that of the toolchain that
//! go.mod selects, which go may fetch for it (`go help toolchain`).

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::GoError;
use crate::cache::Env;
use crate::exec::{self, Cmd};

/// The oldest Go that rgo supports: the first that reads `toolchain` lines.
pub const OLDEST: &str = "1.21";

/// go, with its settings for a folder.
#[derive(Default, Clone, Debug)]
pub struct Go {
    /// Its path.
    pub program: Utf8PathBuf,
    /// Where the choice comes from: `--go`, `RGO_GO` or `PATH`.
    pub chosen_by: &'static str,
    /// Its version: `go1.26.8`.
    pub version: String,
    /// The output of `go env`.
    env: BTreeMap<String, String>,
}

/// Finds go, and reads its settings for `folder`, with the variables of `--env`.
///
/// # Errors
/// [`GoError::NoGo`], [`GoError::NotThere`], [`GoError::TooOld`], or if go cannot be run.
pub fn discover(
    named: Option<&Utf8Path>,
    folder: &Utf8Path,
    variables: &[(String, String)],
    env: Env<'_>,
) -> Result<Go, GoError> {
    let (program, chosen_by) = choose(named, env)?;
    let cmd = Cmd::new(program.clone()).args(["env", "-json"]).cwd(folder);
    let cmd = cmd.envs(variables.iter().cloned());
    let text = cmd.capture()?;
    let env: BTreeMap<String, String> = serde_json::from_str(&text)
        .map_err(|source| GoError::Answer { command: cmd.to_string(), source })?;
    let version = env.get("GOVERSION").cloned().unwrap_or_default();
    if !is_supported(&version) {
        return Err(GoError::TooOld { version });
    }
    Ok(Go { program, chosen_by, version, env })
}

fn choose(named: Option<&Utf8Path>, env: Env<'_>) -> Result<(Utf8PathBuf, &'static str), GoError> {
    let of_variable = env("RGO_GO").filter(|path| !path.is_empty());
    let named = named.map(|path| (path.to_string(), "--go"));
    if let Some((path, by)) = named.or(of_variable.map(|path| (path, "RGO_GO"))) {
        let found = exec::find_program(&path);
        return found.map(|found| (found, by)).ok_or(GoError::NotThere { by, path });
    }
    exec::find_program("go").map(|found| (found, "PATH")).ok_or(GoError::NoGo)
}

/// Whether a version is new enough. A development version (`devel go1.27-…`) is.
fn is_supported(version: &str) -> bool {
    let Some(numbers) = version.strip_prefix("go1.") else { return version.starts_with("devel") };
    let digits = numbers.find(|c: char| !c.is_ascii_digit()).unwrap_or(numbers.len());
    let oldest = OLDEST.split_once('.').and_then(|(_, minor)| minor.parse::<u32>().ok());
    numbers.get(..digits).and_then(|minor| minor.parse().ok()) >= oldest
}

impl Go {
    /// A setting of `go env`; `None` if it is empty.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All settings that say how go reads and builds, in one text. `GOGCCFLAGS` names a new folder in each call.
    #[must_use]
    pub fn settings(&self) -> String {
        let settings = self.env.iter().filter(|(name, _)| *name != "GOGCCFLAGS");
        let lines = settings.map(|(name, value)| format!("{name}={value}\n"));
        std::iter::once(format!("{}\n", self.program)).chain(lines).collect()
    }

    /// The folder of Go's own sources and tools.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        Utf8Path::new(self.setting("GOROOT").unwrap_or_default())
    }

    /// This machine, as `GOOS` and `GOARCH` name it.
    #[must_use]
    pub fn host(&self) -> (&str, &str) {
        let setting = |name| self.setting(name).unwrap_or_default();
        (setting("GOHOSTOS"), setting("GOHOSTARCH"))
    }

    /// The folder of the module or of the workspace; `None` outside of both.
    #[must_use]
    pub fn project(&self) -> Option<&Utf8Path> {
        let file =
            |name| self.setting(name).filter(|path| !["off", "/dev/null", "NUL"].contains(path));
        file("GOWORK").or_else(|| file("GOMOD")).and_then(|path| Utf8Path::new(path).parent())
    }

    /// A command of go in a folder.
    #[must_use]
    pub fn command(&self, folder: &Utf8Path) -> Cmd {
        Cmd::new(self.program.clone()).cwd(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_refused() {
        for (version, supported) in [
            ("go1.26.8", true),
            ("go1.21", true),
            ("go1.21rc2", true),
            ("go1.26.8-X:nodwarf5", true),
            ("devel go1.27-abc", true),
            ("go1.20.14", false),
            ("go1.9", false),
            ("", false),
            ("gccgo", false),
        ] {
            assert_eq!(is_supported(version), supported, "{version}");
        }
    }
}
