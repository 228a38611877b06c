//! Chooses cargo and rustc, and reads their version, host and sysroot.
//!
//! cargo comes from `--cargo`, `RGO_CARGO`, `CARGO`, `PATH`, in this order. rustc must belong to
//! the same release: mixing two releases gives the obscure error E0514, and `cargo run` sets
//! `CARGO` alone. Pure functions parse the output of both tools.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::cache::{Cache, Env};
use crate::exec::{self, Cmd, ExecError};
use crate::rustup;
use crate::toolchain::Toolchain;

/// No usable compiler.
#[derive(Debug, thiserror::Error)]
pub enum CompilerError {
    /// No cargo at all.
    #[error("no cargo found: neither --cargo, RGO_CARGO nor CARGO is set, and PATH has none")]
    NoCargo,
    /// The user named a cargo that does not exist.
    #[error("the cargo that {by} names, `{path}`, is not a program")]
    NotThere {
        /// Where the user named it.
        by: Choice,
        /// The path.
        path: String,
    },
    /// There is a cargo but no rustc.
    #[error("no rustc belongs to {cargo}: none beside it, and PATH has none")]
    NoRustc {
        /// The cargo.
        cargo: Utf8PathBuf,
    },
    /// A tool cannot be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The compiler is older than rgo requires.
    #[error(
        "{line} is too old: rgo-build needs Rust {oldest} or newer\n  \
         {rustc}, because {choice} names {cargo}",
        oldest = oldest()
    )]
    TooOld {
        /// The first line of its version.
        line: String,
        /// The compiler.
        rustc: Utf8PathBuf,
        /// Its cargo.
        cargo: Utf8PathBuf,
        /// Where the cargo was chosen.
        choice: Choice,
    },
    /// Its version output cannot be parsed.
    #[error("cannot understand what `{rustc} -vV` says: {why}\n  it said: {said}")]
    Version {
        /// The compiler.
        rustc: Utf8PathBuf,
        /// The missing or malformed line.
        why: String,
        /// Its output.
        said: String,
    },
}

impl CompilerError {
    /// The next step, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoCargo => Some(
                "install Rust (by rustup, or your distribution's `cargo` and `rustc`), or name one \
                 with --cargo",
            ),
            Self::NotThere { .. } => Some("give the path of a cargo executable"),
            Self::NoRustc { .. } => Some("set RUSTC to the matching compiler"),
            Self::TooOld { .. } => {
                Some("name a newer one, by rust-toolchain.toml, `rustup override` or --cargo")
            }
            Self::Exec(_) | Self::Version { .. } => None,
        }
        .map(str::to_owned)
    }
}

/// The oldest Rust that rgo supports: its cargo is the first to know `--keep-going`.
#[must_use]
pub const fn oldest() -> semver::Version {
    semver::Version::new(1, 74, 0)
}

/// Where the choice of cargo comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The flag.
    Flag,
    /// The variable `RGO_CARGO`.
    RgoCargo,
    /// The variable `CARGO`.
    Cargo,
    /// The first on `PATH`.
    Path,
}

impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Choice::Flag => "--cargo",
            Choice::RgoCargo => "RGO_CARGO",
            Choice::Cargo => "CARGO",
            Choice::Path => "PATH",
        })
    }
}

/// The parsed output of `rustc -vV`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RustcVersion {
    /// The whole output, which identifies a compiler without doubt.
    pub verbose: String,
    /// The first line: `rustc 1.96.0 (ac68faa20 2026-05-25)`.
    pub line: String,
    /// The release: `1.96.0`.
    pub release: semver::Version,
    /// The triple of the machine that it runs on.
    pub host: String,
    /// The commit that it was built from; some distributions leave it out.
    pub commit_hash: Option<String>,
}

/// The rustup that a compiler belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rustup {
    /// The program.
    pub program: Utf8PathBuf,
    /// The toolchain's name: `stable-x86_64-unknown-linux-gnu`.
    pub toolchain: String,
}

/// A cargo with its rustc.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compiler {
    /// The cargo.
    pub cargo: Utf8PathBuf,
    /// Where the choice comes from.
    pub choice: Choice,
    /// Its rustc, never a proxy.
    pub rustc: Utf8PathBuf,
    /// The version of rustc.
    pub version: RustcVersion,
    /// The sysroot, which holds its libraries.
    pub sysroot: Utf8PathBuf,
    /// The rustup it belongs to, if any.
    pub rustup: Option<Rustup>,
}

/// Finds cargo and its rustc. `flag` is the value of `--cargo`; `project` is the folder whose
/// `rust-toolchain.toml` rustup follows.
///
/// # Errors
/// See [`CompilerError`].
pub fn discover(
    flag: Option<&str>,
    project: &Utf8Path,
    env: Env<'_>,
    cache: &Cache,
) -> Result<Compiler, CompilerError> {
    let (choice, cargo) = choose_cargo(flag, env)?;
    let proxy = rustup_behind(&cargo);
    let (cargo, rustc) = match &proxy {
        Some(rustup) => {
            let which =
                |tool: &str| rustup_command(rustup).args(["which", tool]).cwd(project).capture();
            (Utf8PathBuf::from(which("cargo")?.trim()), Utf8PathBuf::from(which("rustc")?.trim()))
        }
        None => {
            let beside = cargo.with_file_name(format!("rustc{}", std::env::consts::EXE_SUFFIX));
            let rustc = if beside.is_file() { Some(beside) } else { exec::find_program("rustc") };
            let rustc = rustc.ok_or_else(|| CompilerError::NoRustc { cargo: cargo.clone() })?;
            (cargo, rustc)
        }
    };
    // cargo itself follows `RUSTC`, so that is the compiler that cargo runs.
    let rustc = match env("RUSTC").filter(|r| !r.is_empty()) {
        Some(own) => exec::find_program(&own).unwrap_or_else(|| own.into()),
        None => rustc,
    };
    let (version, sysroot) =
        cache.probe(&rustc, "rustc -vV; rustc --print sysroot", || ask(&rustc))?;
    // A pre-release already has the features of its release.
    let release = &version.release;
    if semver::Version::new(release.major, release.minor, release.patch) < oldest() {
        return Err(CompilerError::TooOld { line: version.line, rustc, cargo, choice });
    }
    let rustup = rustup_of(&sysroot, proxy);
    Ok(Compiler { cargo, choice, rustc, version, sysroot, rustup })
}

/// A rustup command whose last stderr lines are its reason, not a trace of its calls.
pub(crate) fn rustup_command(program: &Utf8Path) -> Cmd {
    Cmd::new(program).env("RUST_BACKTRACE", "0")
}

fn choose_cargo(flag: Option<&str>, env: Env<'_>) -> Result<(Choice, Utf8PathBuf), CompilerError> {
    let set = |name: &str| env(name).filter(|v| !v.is_empty());
    let named = [
        (Choice::Flag, flag.map(str::to_owned)),
        (Choice::RgoCargo, set("RGO_CARGO")),
        (Choice::Cargo, set("CARGO")),
    ];
    for (by, value) in named {
        if let Some(path) = value {
            let found = exec::find_program(&path).ok_or(CompilerError::NotThere { by, path })?;
            return Ok((by, found));
        }
    }
    let found = exec::find_program("cargo").ok_or(CompilerError::NoCargo)?;
    Ok((Choice::Path, found))
}

/// The rustup behind a proxy such as `~/.cargo/bin/cargo`.
fn rustup_behind(tool: &Utf8Path) -> Option<Utf8PathBuf> {
    let real = tool.canonicalize_utf8().ok()?;
    if real.file_stem() == Some("rustup") {
        return Some(real);
    }
    // Where symbolic links are unusual, proxies are hard links to rustup or copies of it, in the
    // same folder.
    let beside = tool.with_file_name(format!("rustup{}", std::env::consts::EXE_SUFFIX));
    let same =
        |a: &Utf8Path, b: &Utf8Path| Some(a.metadata().ok()?.len() == b.metadata().ok()?.len());
    (beside.is_file() && same(tool, &beside)?).then_some(beside)
}

fn rustup_of(sysroot: &Utf8Path, proxy: Option<Utf8PathBuf>) -> Option<Rustup> {
    if !sysroot.join(rustup::MANIFEST).is_file() {
        return None;
    }
    let program = proxy.or_else(|| exec::find_program("rustup"))?;
    Some(Rustup { program, toolchain: sysroot.file_name()?.to_owned() })
}

fn ask(rustc: &Utf8Path) -> Result<(RustcVersion, Utf8PathBuf), CompilerError> {
    let said = Cmd::new(rustc).arg("-vV").capture()?;
    let version = parse_version(&said).map_err(|why| CompilerError::Version {
        rustc: rustc.to_owned(),
        why,
        said: said.trim().to_owned(),
    })?;
    let sysroot = Cmd::new(rustc).args(["--print", "sysroot"]).capture()?;
    Ok((version, sysroot.trim().into()))
}

/// Parses the output of `rustc -vV`.
///
/// # Errors
/// Names the line that is missing or malformed.
pub fn parse_version(said: &str) -> Result<RustcVersion, String> {
    let field = |name: &str| {
        said.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(|v| v.trim().to_owned())
    };
    let line = said
        .lines()
        .next()
        .filter(|l| l.starts_with("rustc "))
        .ok_or("the first line does not name rustc")?;
    let release = field("release").ok_or("there is no line `release:`")?;
    Ok(RustcVersion {
        verbose: said.to_owned(),
        line: line.to_owned(),
        release: semver::Version::parse(&release)
            .map_err(|e| format!("`release: {release}`: {e}"))?,
        host: field("host").filter(|h| !h.is_empty()).ok_or("there is no line `host:`")?,
        commit_hash: field("commit-hash").filter(|h| h != "unknown" && !h.is_empty()),
    })
}

/// Whether cargo sets this variable for the programs that it runs. Inherited from an outer
/// `cargo run`, it describes another package.
fn is_of_an_outer_cargo(name: &str) -> bool {
    const PREFIXES: [&str; 5] =
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CFG_", "CARGO_FEATURE_"];
    const NAMES: [&str; 6] = [
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_RUSTC_CURRENT_DIR",
        "OUT_DIR",
        "CARGO",
        "RUSTC",
    ];
    PREFIXES.iter().any(|p| name.starts_with(p)) || NAMES.contains(&name)
}

impl Compiler {
    /// A cargo command with this compiler in its environment, and without the variables that an
    /// outer cargo set. `inherited` holds the names of all variables of our environment.
    pub fn cargo_command<'n>(&self, inherited: impl IntoIterator<Item = &'n str>) -> Cmd {
        let mut cmd = Cmd::new(self.cargo.clone());
        for name in inherited {
            let foreign_rustup = name == "RUSTUP_TOOLCHAIN" && self.rustup.is_none();
            if is_of_an_outer_cargo(name) || foreign_rustup {
                cmd = cmd.env_remove(name);
            }
        }
        cmd.env("RUSTC", self.rustc.as_str())
    }

    /// Whether the sysroot holds the standard library for this target.
    pub fn has_std(&self, triple: &str) -> bool {
        std_in(&self.sysroot, triple)
    }

    /// The folder of the standard library's source, if it is installed.
    ///
    /// ```text
    /// lib/rustlib/src/rust/library/std/Cargo.toml
    /// lib/rustlib/src/rust/library/Cargo.lock       since 1.83
    /// lib/rustlib/src/rust/Cargo.lock               before
    /// ```
    pub fn library_source(&self) -> Option<Utf8PathBuf> {
        let folder = self.sysroot.join("lib/rustlib/src/rust/library");
        folder.join("std/Cargo.toml").is_file().then_some(folder)
    }

    /// The path under which rustc itself records its library's source: `/rustc/<commit>/library`.
    pub fn virtual_library(&self) -> String {
        let id =
            self.version.commit_hash.clone().unwrap_or_else(|| self.version.release.to_string());
        format!("/rustc/{id}/library")
    }

    /// Whether this toolchain targets the machine's own triple.
    pub fn is_host(&self, toolchain: &Toolchain) -> bool {
        toolchain.triple == self.version.host
    }
}

/// Whether a sysroot holds a standard library for this target.
pub(crate) fn std_in(sysroot: &Utf8Path, triple: &str) -> bool {
    let Ok(files) = sysroot.join("lib/rustlib").join(triple).join("lib").read_dir_utf8() else {
        return false;
    };
    files
        .flatten()
        .any(|f| f.file_name().starts_with("libstd-") && f.file_name().ends_with(".rlib"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\nbinary: rustc\n\
        commit-hash: ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96\ncommit-date: 2026-05-25\n\
        host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";

    #[test]
    fn versions() {
        let v = parse_version(DEBIAN).unwrap();
        assert_eq!((v.release.minor, v.host.as_str()), (96, "x86_64-unknown-linux-gnu"));
        assert_eq!(v.commit_hash.as_deref().map(str::len), Some(40));
        let plain =
            "rustc 1.85.0-nightly\nhost: a-b-c\nrelease: 1.85.0-nightly\ncommit-hash: unknown\n";
        let v = parse_version(plain).unwrap();
        assert_eq!((v.commit_hash, v.release.pre.as_str()), (None, "nightly"));
        let table = [
            ("", "does not name rustc"),
            ("clang 1\n", "does not name rustc"),
            ("rustc 1.2.3\n", "no line `release:`"),
            ("rustc 1\nrelease: x\nhost: y\n", "`release: x`"),
            ("rustc 1\nrelease: 1.2.3\nhost:\n", "no line `host:`"),
        ];
        for (said, why) in table {
            assert!(parse_version(said).unwrap_err().contains(why), "{said:?}");
        }
    }

    #[test]
    fn an_outer_cargo_leaves_nothing_behind_but_the_users_own_stays() {
        let compiler = Compiler {
            cargo: "/usr/bin/cargo".into(),
            choice: Choice::Path,
            rustc: "/usr/bin/rustc".into(),
            version: parse_version(DEBIAN).unwrap(),
            sysroot: "/usr".into(),
            rustup: None,
        };
        let inherited = [
            "CARGO",
            "CARGO_PKG_NAME",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "RUSTC_WRAPPER",
            "RUSTUP_TOOLCHAIN",
            "OUT_DIR",
            "CARGO_MANIFEST_DIR",
            "RUSTFLAGS",
        ];
        let cmd = compiler.cargo_command(inherited);
        let gone: Vec<_> = cmd.env_remove.iter().map(String::as_str).collect();
        assert_eq!(
            gone,
            ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "OUT_DIR", "RUSTUP_TOOLCHAIN"]
        );
        assert_eq!(cmd.env["RUSTC"], "/usr/bin/rustc");
        assert!(compiler.virtual_library().starts_with("/rustc/ac68faa20c"));
    }

    #[test]
    fn the_choice_of_cargo_follows_the_order() {
        let env = |vars: &'static [(&'static str, &'static str)]| {
            move |name: &str| vars.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned())
        };
        // Any program will do: discovery finds out only later whether it is a cargo.
        let (by, _) = choose_cargo(Some("sh"), &env(&[("RGO_CARGO", "ls")])).unwrap();
        assert_eq!(by, Choice::Flag);
        let (by, path) =
            choose_cargo(None, &env(&[("RGO_CARGO", "sh"), ("CARGO", "/no")])).unwrap();
        assert_eq!((by, path.file_name()), (Choice::RgoCargo, Some("sh")));
        let error = choose_cargo(None, &env(&[("CARGO", "/no/cargo")])).unwrap_err().to_string();
        assert!(error.contains("the cargo that CARGO names, `/no/cargo`"), "{error}");
    }
}
