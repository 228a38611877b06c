//! Installs tools that are published as Go modules, with Go, under set-up's folder.

use std::path::{Path, PathBuf};

use super::{doing, done};
use crate::shell::{command, on_path, quiet};

/// A program of a Go module.
pub(crate) struct GoTool {
    /// The name of its file.
    pub(crate) name: &'static str,
    /// Its module: `go version -m` gives this one's version.
    pub(crate) module: &'static str,
    /// The folder of the program within the module, with a leading `/`, or nothing.
    pub(crate) package: &'static str,
    /// Without a leading `v`.
    pub(crate) version: &'static str,
}

impl GoTool {
    /// Installs it below `dir`, set-up's folder, unless this version is there. `None` if there is no
    /// Go, which a line then says.
    ///
    /// # Errors
    /// If Go cannot fetch or build it.
    pub(crate) fn ensure(&self, dir: &Path) -> anyhow::Result<Option<PathBuf>> {
        let Self { name, module, package, version } = self;
        if !on_path("go") {
            done(name, "there is no go to build it with");
            return Ok(None);
        }
        let folder = dir.join("go");
        let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if !self.is_current(&program) {
            doing(name, version);
            let mut install = command("go");
            install.arg("install").arg(format!("{module}{package}@v{version}"));
            install.env("GOBIN", &folder).env("GOFLAGS", "").env("CGO_ENABLED", "0");
            quiet(install.env_remove("GOOS").env_remove("GOARCH").current_dir(dir))?;
        }
        done(name, &format!("{version} in {}", folder.display()));
        Ok(Some(program))
    }

    /// Whether the program was built from this version of the module.
    fn is_current(&self, program: &Path) -> bool {
        let facts = quiet(command("go").args(["version", "-m"]).arg(program)).unwrap_or_default();
        facts.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some("mod")
                && words.next() == Some(self.module)
                && words.next().and_then(|word| word.strip_prefix('v')) == Some(self.version)
        })
    }
}
