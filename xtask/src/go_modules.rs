//! Builds published Go modules, of other authors, for every toolchain: what takes too long for the tests.
//!
//! For each target go's own output, before rgo finishes it, must have the bytes that plain `go build` makes in the
//! environment of `rgo-build env`. Programs that this machine runs are asked for their version.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use crate::setup::{self, Setup};
use crate::shell::{self, command};

/// A module as the proxy has it. `sum` is its hash in the form of go.sum.
pub(crate) struct Module {
    pub(crate) name: &'static str,
    path: &'static str,
    version: &'static str,
    sum: &'static str,
    /// The package of the program.
    pub(crate) package: &'static str,
    tags: Option<&'static str>,
    /// The arguments with which the program says its version.
    ask: &'static [&'static str],
}

pub(crate) const DELVE: Module = Module {
    name: "delve",
    path: "github.com/go-delve/delve",
    version: "v1.26.0",
    sum: "h1:YZT1kXD76mxba4/wr+tyUa/tSmy7qzoDsmxutT42PIs=",
    package: "./cmd/dlv",
    tags: None,
    ask: &["version"],
};

/// sql-migrate has SQLite, in C; hugo's `extended` has libsass, in C++.
const MODULES: [Module; 5] = [
    DELVE,
    Module {
        name: "fzf",
        path: "github.com/junegunn/fzf",
        version: "v0.67.0",
        sum: "h1:naiOdIkV5/ZCfHgKQIV/f5YDWowl95G6yyOQqW8FeSo=",
        package: ".",
        tags: None,
        ask: &["--version"],
    },
    Module {
        name: "sql-migrate",
        path: "github.com/rubenv/sql-migrate",
        version: "v1.8.0",
        sum: "h1:dXnYiJk9k3wetp7GfQbKJcPHjVJL6YK19tKj8t2Ns0o=",
        package: "./sql-migrate",
        tags: None,
        ask: &["--version"],
    },
    Module {
        name: "hugo",
        path: "github.com/gohugoio/hugo",
        version: "v0.152.2",
        sum: "h1:k++AvrUCjFbq8lzzKRG5JizSwsBT/ARg6mMUXFDC5OA=",
        package: ".",
        tags: Some("extended"),
        ask: &["version"],
    },
    Module {
        name: "gopls",
        path: "golang.org/x/tools/gopls",
        version: "v0.20.0",
        sum: "h1:fxOYZXKl6IsOTKIh6IgjDbIDHlr5btOtOUkrGOgFDB4=",
        package: ".",
        tags: None,
        ask: &["version"],
    },
];

/// Builds the modules of these names, or all.
///
/// # Errors
/// If a name is unknown, a build fails, a program does not run, or bytes differ.
pub(crate) fn run(names: &[String]) -> anyhow::Result<()> {
    for name in names {
        let known = MODULES.map(|module| module.name);
        ensure!(known.contains(&name.as_str()), "no module {name}: there are {}", known.join(", "));
    }
    let setup = setup::run()?;
    shell::run(shell::cargo().args(["build", "--release", "--package", "rgo"]))?;
    let is_wanted = |module: &&Module| names.is_empty() || names.iter().any(|n| n == module.name);
    for module in MODULES.iter().filter(is_wanted) {
        module.check(&setup)?;
    }
    Ok(())
}

/// What `go mod download -json` says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Download {
    dir: PathBuf,
    sum: String,
}

/// The parts of a report that are asked.
#[derive(Deserialize)]
struct Report {
    targets: Vec<Built>,
}

#[derive(Deserialize)]
struct Built {
    toolchain: String,
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    path: PathBuf,
    size_bytes: u64,
}

impl Module {
    /// Fetches the module and what it requires, and gives the folder of a copy that can be changed.
    ///
    /// # Errors
    /// If go cannot fetch it, or its hash is another.
    pub(crate) fn fetch(&self) -> anyhow::Result<PathBuf> {
        let folder = std::path::absolute("target/go-modules")?.join(self.name);
        fs::create_dir_all(&folder)?;
        let source = folder.join(format!("{}@{}", self.name, self.version));
        if !source.is_dir() {
            let module = format!("{}@{}", self.path, self.version);
            // No go.mod is near the folder for downloads, so this changes none.
            let empty = tempfile::tempdir()?;
            let mut go = command("go");
            go.args(["mod", "download", "-json", &module]).current_dir(empty.path());
            let download: Download = serde_json::from_str(&shell::output(&mut go)?)?;
            ensure!(download.sum == self.sum, "{module} has the hash {}", download.sum);
            let partial = tempfile::tempdir_in(&folder)?;
            copy(&download.dir, &partial.path().join("source"))?;
            fs::rename(partial.path().join("source"), &source)?;
        }
        let mut go = command("go");
        shell::run(go.args(["mod", "download"]).current_dir(&source))?;
        Ok(source)
    }

    /// `rgo-build` or a subcommand of it in the module.
    fn rgo_build(&self, setup: &Setup, source: &Path, words: &[&str]) -> anyhow::Result<Command> {
        let mut build = command(std::path::absolute("target/release/rgo-build")?);
        setup.apply(&mut build).args(words).arg("-C").arg(source).args(self.tags());
        with_settings(&mut build);
        Ok(build)
    }

    fn tags(&self) -> Option<String> {
        self.tags.map(|tags| format!("--tags={tags}"))
    }

    fn check(&self, setup: &Setup) -> anyhow::Result<()> {
        println!("\n== {} {}", self.path, self.version);
        let source = self.fetch()?;
        let out = source.with_file_name("dist");
        let start = Instant::now();
        let mut build = self.rgo_build(setup, &source, &[])?;
        build.arg(self.package).args(["--vcs", "off"]).args(["--target", "all", "--run", "-o"]);
        let report = source.with_file_name("report.json");
        let arg = format!("json={}", shell::text(&report)?);
        build.arg(&out).args(["--report", &arg, "--"]).args(self.ask);
        shell::run(&mut build)?;
        let report: Report = serde_json::from_str(&fs::read_to_string(report)?)?;
        println!(
            "built for {} targets in {:.0} s",
            report.targets.len(),
            start.elapsed().as_secs_f64()
        );
        for built in &report.targets {
            let [artifact] = &built.artifacts[..] else {
                bail!("{}: not one file", built.toolchain)
            };
            self.is_as_go_makes_it(setup, &source, built, artifact)?;
            println!(
                "  {:<24} {:>12} bytes, go's part as plain go makes it",
                built.toolchain, artifact.size_bytes
            );
        }
        Ok(())
    }

    /// Links once more with plain go, and compares.
    fn is_as_go_makes_it(
        &self,
        setup: &Setup,
        source: &Path,
        built: &Built,
        artifact: &Artifact,
    ) -> anyhow::Result<()> {
        let name = artifact.path.file_name().context("a name")?;
        let linked = linked(setup, source)?.join(&built.toolchain).join(name);
        let plain = source.with_file_name("plain").join(&built.toolchain).join(name);
        let mut env = self.rgo_build(setup, source, &["env", "--format", "json"])?;
        env.args(["--target", &built.toolchain.replace('-', "/")]);
        let env: serde_json::Value = serde_json::from_str(&shell::output(env.arg(self.package))?)?;
        let variables: BTreeMap<String, String> = serde_json::from_value(env["variables"].clone())?;
        let mut go = command("go");
        with_settings(&mut go);
        go.args(["build", "-trimpath", "-buildvcs=false"]).args(self.tags());
        go.arg("-o").arg(&plain).arg(self.package).envs(variables).current_dir(source);
        shell::run(&mut go)?;
        let [ours, theirs] = [&linked, &plain]
            .map(|file| fs::read(file).with_context(|| file.display().to_string()));
        ensure!(ours? == theirs?, "{} and {} differ", linked.display(), plain.display());
        Ok(())
    }
}

/// Without the user's settings of Go, and with the installed Go alone.
fn with_settings(command: &mut Command) {
    command.envs([("GOENV", "off"), ("GOTOOLCHAIN", "local")]).env_remove("GOFLAGS");
}

/// Where rgo-build keeps what go linked for a project.
pub(crate) fn linked(setup: &Setup, project: &Path) -> anyhow::Result<PathBuf> {
    let text = shell::text(project)?;
    let length = (text.len() as u64).to_le_bytes();
    let hash = Sha256::new().chain_update(length).chain_update(&text).finalize();
    let cache = setup.var("RGO_CACHE").context("no cache")?;
    Ok(Path::new(cache).join("go").join(hex::encode(&hash[..8])))
}

/// Copies a module out of Go's cache, where files are read-only, without what is vendored: the cache has it, and a
/// published module often lacks parts of it.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let is_vendor = |name: &OsStr, depth: usize| depth == 1 && name == "vendor";
    let entries = WalkDir::new(from).into_iter();
    for entry in entries.filter_entry(|entry| !is_vendor(entry.file_name(), entry.depth())) {
        let entry = entry?;
        let to = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(to)?;
        } else {
            fs::write(to, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
