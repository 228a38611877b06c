//! What is found out about the user's project before anything is built: its packages, its cargo
//! configuration, its profile. Each fact comes from the tool that owns it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_config2::Config;
use cargo_metadata::Metadata;
use cargo_platform::Cfg;
use cargo_zigbuild::zig::CliConfig;
use toml::Table;

use crate::cache::Cache;
use crate::cargo_messages::Folders;
use crate::compiler::Compiler;
use crate::exec::{Cmd, ExecError};
use crate::profile::{self, ProfileFacts};
use crate::request::Request;
use crate::rustflags::{TargetFlags, variable};
use crate::target::Toolchain;

/// Why a project cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Cargo has something to say about it.
    #[error("cargo cannot read the project\n{}{}", indented(.said), hint(.said))]
    Metadata {
        /// Cargo's words.
        said: String,
    },
    /// Cargo said something that is not metadata.
    #[error("cargo's metadata cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// The configuration is broken.
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

fn indented(said: &str) -> String {
    said.trim_end().lines().map(|line| format!("  {line}\n")).collect()
}

fn hint(said: &str) -> &'static str {
    if said.contains("could not find `Cargo.toml`") {
        "hint: run it in a Cargo project, or name one with -C DIR or --manifest-path"
    } else if said.contains("lock file") && said.contains("needs to be updated")
        || said.contains("cannot update the lock file")
    {
        "hint: build once without --locked and commit Cargo.lock"
    } else if said.contains("--offline") || said.contains("offline mode") {
        "hint: run `cargo fetch` while there is a network"
    } else {
        "hint: `cargo metadata` in the same folder says the same"
    }
}

/// The project as cargo sees it.
#[derive(Debug)]
pub struct Project {
    /// Packages and their graph.
    pub metadata: Metadata,
    /// The manifest that the build is about.
    pub manifest: Utf8PathBuf,
    /// Where cargo puts files.
    pub folders: Folders,
    /// Checksums of the lockfile, by name and version.
    pub checksums: BTreeMap<(String, String), String>,
    /// The profile's strip and debug settings.
    pub profile: ProfileFacts,
}

impl Project {
    /// Reads the project, as it is for these triples.
    ///
    /// # Errors
    /// [`ProjectError`], with cargo's own words where cargo objects.
    pub fn read(base: &Cmd, request: &Request, triples: &[&str]) -> Result<Self, ProjectError> {
        let mut cmd = base.clone().cwd(&request.folder);
        cmd = cmd.args(["metadata", "--format-version", "1"]).args(request.resolution_flags());
        for triple in triples {
            cmd = cmd.args(["--filter-platform", triple]);
        }
        let output = cmd.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(ProjectError::Metadata { said });
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        Ok(Self {
            manifest: manifest(request, &metadata),
            folders: Folders {
                target: metadata.target_directory.clone(),
                build: metadata
                    .build_directory
                    .clone()
                    .unwrap_or(metadata.target_directory.clone()),
            },
            checksums: checksums(&metadata.workspace_root)?,
            profile: read_profile(request, &metadata)?,
            metadata,
        })
    }
}

/// The user's cargo configuration: files, environment and `--config`.
#[derive(Debug)]
pub struct Configuration {
    /// Whether the environment replaces all rustflags of files, or `--config` has some, so that
    /// each target needs its whole list.
    pub flags_replaced: bool,
    config: Config,
    cli: CliConfig,
    build_flags: Vec<String>,
}

impl Configuration {
    /// Reads the configuration that holds in the request's folder.
    ///
    /// # Errors
    /// [`ProjectError::Config`].
    pub fn load(request: &Request) -> Result<Self, ProjectError> {
        let bad = |error: &dyn std::fmt::Display| ProjectError::Config(error.to_string());
        let config = Config::load_with_cwd(&request.folder).map_err(|e| bad(&e))?;
        let cli = CliConfig::parse(&request.config).map_err(|e| bad(&e))?;
        let build_flags =
            config.build.rustflags.as_ref().map(|f| f.flags.clone()).unwrap_or_default();
        let is_set = |name: &str| std::env::var_os(name).is_some();
        let flags_replaced = is_set("RUSTFLAGS")
            || is_set("CARGO_ENCODED_RUSTFLAGS")
            || request.config.iter().any(|config| config.contains("rustflags"));
        Ok(Self { flags_replaced, config, cli, build_flags })
    }

    /// The targets that `build.target` of the configuration (or `CARGO_BUILD_TARGET`) names.
    #[must_use]
    pub fn configured_targets(&self) -> Vec<String> {
        let targets = self.config.build.target.iter().flatten();
        targets.map(|target| target.triple().to_owned()).collect()
    }

    /// The target folder, so far as the configuration alone tells; cargo's metadata says it for
    /// sure, and later.
    #[must_use]
    pub fn target_folder(&self, folder: &Utf8Path) -> Utf8PathBuf {
        let configured = self.config.build.target_dir.clone();
        let configured = configured.and_then(|dir| Utf8PathBuf::from_path_buf(dir).ok());
        folder.join(configured.unwrap_or_else(|| "target".into()))
    }

    /// The user's rustflags for a triple, to which rgo's are still to be added.
    ///
    /// # Errors
    /// If the configuration cannot be resolved.
    pub fn flags(&self, triple: &str) -> Result<TargetFlags, ProjectError> {
        let flags = self.cli.rustflags(&self.config, triple);
        let user = flags.map_err(|e| ProjectError::Config(format!("{e:#}")))?;
        let user = user.map(|flags| flags.flags).unwrap_or_default();
        // Cargo uses `build.rustflags` only where nothing more special is set.
        let of_build = !self.flags_replaced && user == self.build_flags;
        let user_variable = std::env::var(variable(triple)).ok();
        Ok(TargetFlags {
            triple: triple.to_owned(),
            user_build: if of_build { user.clone() } else { Vec::new() },
            user,
            user_variable,
            ours: Vec::new(),
        })
    }
}

fn manifest(request: &Request, metadata: &Metadata) -> Utf8PathBuf {
    if let Some(manifest) = &request.manifest {
        return manifest.clone();
    }
    // Cargo searches upwards from the folder.
    let found = request.folder.ancestors().map(|dir| dir.join("Cargo.toml")).find(|m| m.is_file());
    found.unwrap_or_else(|| metadata.workspace_root.join("Cargo.toml"))
}

fn checksums(root: &Utf8Path) -> Result<BTreeMap<(String, String), String>, ProjectError> {
    let path = root.join("Cargo.lock");
    let lockfile = cargo_lock::Lockfile::load(&path)
        .map_err(|error| ProjectError::File { path, why: error.to_string() })?;
    let packages = lockfile.packages.into_iter();
    Ok(packages
        .filter_map(|package| {
            let checksum = package.checksum?.to_string();
            Some(((package.name.to_string(), package.version.to_string()), checksum))
        })
        .collect())
}

fn read_profile(request: &Request, metadata: &Metadata) -> Result<ProfileFacts, ProjectError> {
    let manifest = table(&metadata.workspace_root.join("Cargo.toml"))?;
    let mut files = Vec::new();
    for path in cargo_config2::Walk::new(request.folder.as_std_path()) {
        if let Ok(path) = Utf8PathBuf::from_path_buf(path) {
            files.push(table(&path)?);
        }
    }
    // What is not TOML is a file's path here; cargo takes both.
    let cli = request.config.iter().rev().map(|text| match text.parse::<Table>() {
        Ok(inline) => Ok(inline),
        Err(_) => table(&request.folder.join(text)),
    });
    let cli: Vec<Table> = cli.collect::<Result<_, _>>()?;
    let env = |name: &str| std::env::var(name).ok();
    let sources = profile::Sources { cli: &cli, files: &files, env: &env, manifest: &manifest };
    Ok(profile::resolve(&request.profile, &sources))
}

fn table(path: &Utf8Path) -> Result<Table, ProjectError> {
    let bad = |why: String| ProjectError::File { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    text.parse().map_err(|error: toml::de::Error| bad(error.message().to_owned()))
}

/// `rustc --print cfg` for a toolchain, or for the host; remembered, because starting a compiler
/// takes longer than all else that a build with nothing to do does.
///
/// # Errors
/// If the compiler cannot be asked.
pub fn cfg(
    compiler: &Compiler,
    cache: &Cache,
    toolchain: Option<&Toolchain>,
) -> Result<Vec<Cfg>, ProjectError> {
    let mut args = vec!["--print".to_owned(), "cfg".to_owned()];
    if let Some(toolchain) = toolchain {
        args.extend(["--target".to_owned(), toolchain.triple.clone()]);
        args.extend(toolchain.rustflags.iter().cloned());
    }
    let question = format!("rustc {}", args.join(" "));
    let said: String = cache.probe(&compiler.rustc, &question, || {
        Cmd::new(&compiler.rustc).args(args.iter().cloned()).capture()
    })?;
    // A key that this version of the crate does not know cannot be in a manifest's cfg either.
    Ok(said.lines().filter_map(|line| line.parse().ok()).collect())
}
