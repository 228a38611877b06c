//! Toolchains: the targets of `--target`.
//!
//! A toolchain is a file of `toolchains/*.toml`, embedded at compile time; its file name is its
//! name. No code depends on a particular toolchain, so a new target is a new file without new code.

use std::fmt;
use std::sync::LazyLock;

use rgo_binary::Arch;
use rgo_binary::system::Os;
use serde::{Deserialize, Serialize};

pub use crate::floor::Floor;
use crate::floor::{self, FloorError, SettledFloor};

/// The embedded files: name and text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/toolchains.rs"));

/// The file that pins the zig to fetch. It and [`SYSTEMS`] define no toolchain.
pub(crate) const ZIG_PIN: &str = "zig.toml";

/// The file with facts about the target systems.
pub(crate) const SYSTEMS: &str = "systems.toml";

/// How a program gets its C library.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    schemars::JsonSchema,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    /// Linked in.
    Static,
    /// Loaded from the system.
    Dynamic,
}

impl fmt::Display for Libc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Libc::Static => "static",
            Libc::Dynamic => "dynamic",
        })
    }
}

impl std::str::FromStr for Libc {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "static" => Ok(Libc::Static),
            "dynamic" => Ok(Libc::Dynamic),
            _ => Err(format!("`{s}` is neither `static` nor `dynamic`")),
        }
    }
}

/// A program that runs a toolchain's programs on a host that cannot run them itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all(serialize = "snake_case", deserialize = "kebab-case"), deny_unknown_fields)]
pub struct RunnerSpec {
    /// Names or paths; the first that exists is used.
    pub programs: Vec<String>,
    /// Its arguments before the program to run.
    #[serde(default)]
    pub args: Vec<String>,
    /// Files that it needs.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The Debian packages that provide them.
    pub debian: Vec<String>,
    /// DLLs that programs need and that some versions of the runner lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dlls: Vec<String>,
}

/// Why a toolchain does not have a value of `--libc`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusals {
    /// Why it has no static C library.
    #[serde(rename = "static")]
    pub static_: Option<String>,
    /// Why it has no dynamic C library.
    pub dynamic: Option<String>,
}

/// A target that rgo builds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all(serialize = "snake_case", deserialize = "kebab-case"), deny_unknown_fields)]
pub struct Toolchain {
    /// The name of its file and of its output folder: `linux-amd64-static`.
    #[serde(default)]
    pub name: String,
    /// The operating system.
    pub os: Os,
    /// The instruction set.
    pub arch: Arch,
    /// The values of `--libc` that select it.
    pub libc: Vec<Libc>,
    /// A word that a spec must contain to select it: `msvc`.
    #[serde(default)]
    pub variant: Option<String>,
    /// Its Rust target triple.
    pub triple: String,
    /// Whether `all` includes it: it builds from any host.
    #[serde(default)]
    pub all: bool,
    /// The crate types that it can make: `bin`, `cdylib`, `staticlib`.
    pub crate_types: Vec<String>,
    /// The oldest Rust that builds for it, if it is newer than the oldest that rgo requires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_rust: Option<semver::Version>,
    /// The default floor.
    #[serde(default)]
    pub floor: Option<Floor>,
    /// The lowest possible floor: rustc's own minimum. `floor` if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Floor>,
    /// Its zig target, with `{floor}` in place of the version. If `None`, the platform's own linker
    /// links.
    #[serde(default)]
    pub zig: Option<String>,
    /// Rustc flags for every crate.
    #[serde(default)]
    pub rustflags: Vec<String>,
    /// Whether static executables are position-independent.
    #[serde(default)]
    pub static_pie: bool,
    /// Why it does not have a value of `--libc`.
    #[serde(default)]
    pub refuses: Refusals,
    /// The program that runs its programs on another host.
    #[serde(default)]
    pub runner: Option<RunnerSpec>,
}

impl Toolchain {
    /// The triple as in the names of cargo's variables: `X86_64_UNKNOWN_LINUX_GNU`.
    pub fn env_triple(&self) -> String {
        self.triple.to_uppercase().replace('-', "_")
    }

    /// The floor for the user's version; `None` if the toolchain has no floor.
    ///
    /// # Errors
    /// [`FloorError::NotAVersion`], [`FloorError::NoSuch`].
    pub fn settle_floor(&self, asked: Option<&str>) -> Result<Option<SettledFloor>, FloorError> {
        let default = self.floor.as_ref();
        default.map(|it| floor::settle(it, self.oldest.as_ref(), asked)).transpose()
    }

    /// Its zig target with a floor: `aarch64-linux-gnu.2.17`. `None` if zig is not the linker.
    pub fn zig_target(&self, floor: Option<&Floor>) -> Option<String> {
        let floor = floor.or(self.floor.as_ref()).map_or("", Floor::version);
        Some(self.zig.as_ref()?.replace("{floor}", floor))
    }

    /// `os/arch[/libc]`, as a user writes it.
    pub fn spec(&self) -> String {
        self.name.replacen('-', "/", 2)
    }

    /// Whether it can make this crate type.
    pub fn makes(&self, crate_type: &str) -> bool {
        self.crate_types.iter().any(|t| t == crate_type)
    }

    /// Why it does not have this value of `--libc`, if its file gives a reason.
    pub fn refusal(&self, libc: Libc) -> Option<&str> {
        match libc {
            Libc::Static => self.refuses.static_.as_deref(),
            Libc::Dynamic => self.refuses.dynamic.as_deref(),
        }
    }

    /// Whether it is for this operating system.
    pub fn is(&self, os: Os) -> bool {
        self.os == os
    }
}

/// All toolchains, by name.
pub fn all() -> &'static [Toolchain] {
    static ALL: LazyLock<Vec<Toolchain>> = LazyLock::new(|| {
        let mut found: Vec<Toolchain> = FILES
            .iter()
            .filter(|(name, _)| name.ends_with(".toml") && ![ZIG_PIN, SYSTEMS].contains(name))
            // The files are embedded in this program; the tests below check that each is
            // well-formed.
            .map(|(name, text)| {
                let name = name.trim_end_matches(".toml");
                parse(name, text).expect("an embedded toolchain is well-formed")
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    });
    &ALL
}

/// The toolchain with exactly this name.
pub fn by_name(name: &str) -> Option<&'static Toolchain> {
    all().iter().find(|t| t.name == name)
}

/// The toolchain for a Rust triple. If two share it, the one with the dynamic C library.
pub fn by_triple(triple: &str) -> Option<&'static Toolchain> {
    let mut found: Vec<_> = all().iter().filter(|t| t.triple == triple).collect();
    found.sort_by_key(|t| !t.libc.contains(&Libc::Dynamic));
    found.first().copied()
}

/// The text of an embedded data file.
pub(crate) fn data_file(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

fn parse(name: &str, text: &str) -> Result<Toolchain, toml::de::Error> {
    let mut toolchain: Toolchain = toml::from_str(text)?;
    toolchain.name = name.to_owned();
    Ok(toolchain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_and_the_four() {
        let eight: Vec<_> = all().iter().filter(|t| t.all).map(|t| t.name.as_str()).collect();
        assert_eq!(
            eight,
            [
                "darwin-amd64",
                "darwin-arm64",
                "linux-amd64",
                "linux-amd64-static",
                "linux-arm64",
                "linux-arm64-static",
                "windows-amd64",
                "windows-arm64",
            ]
        );
        assert_eq!(all().iter().filter(|t| t.variant.as_deref() == Some("msvc")).count(), 4);
        assert_eq!(all().len(), 12);
    }

    #[test]
    fn every_file_agrees_with_its_name() {
        for t in all() {
            assert!(t.name.starts_with(&format!("{}-{}", t.os, t.arch)), "{}", t.name);
            assert_eq!(
                t.all,
                t.zig.is_some(),
                "{}: what builds from any host is linked by zig",
                t.name
            );
            assert_eq!(
                t.zig.as_ref().is_some_and(|z| z.contains("{floor}")),
                t.floor.is_some(),
                "{}",
                t.name
            );
            let cpu = match &t.arch {
                Arch::Amd64 => "x86_64",
                Arch::Arm64 => "aarch64",
                // The shim's object files and cmake's file need a variant for it.
                Arch::Other(name) => panic!("{}: `Arch` has no variant for {name}", t.name),
            };
            assert!(t.triple.starts_with(cpu), "{}", t.name);
            assert!(t.zig.as_ref().is_none_or(|z| z.starts_with(cpu)), "{}", t.name);
            assert!(!t.libc.is_empty() && t.makes("bin"), "{}", t.name);
        }
    }

    #[test]
    fn floors_go_into_zigs_target() {
        let gnu = by_name("linux-amd64").unwrap();
        assert_eq!(gnu.zig_target(None).unwrap(), "x86_64-linux-gnu.2.17");
        assert_eq!(
            gnu.zig_target(Some(&Floor::Glibc("2.28".into()))).unwrap(),
            "x86_64-linux-gnu.2.28"
        );
        assert_eq!(
            by_name("darwin-arm64").unwrap().zig_target(None).unwrap(),
            "aarch64-macos.11.0-none"
        );
        assert_eq!(by_name("windows-amd64-msvc").unwrap().zig_target(None), None);
        assert_eq!(by_triple("x86_64-pc-windows-msvc").unwrap().name, "windows-amd64-msvc");
    }

    #[test]
    fn a_typing_error_in_a_file_is_found() {
        assert!(parse("x", "os = \"linux\"\narch = \"amd64\"\nlibc = [\"odd\"]\n").is_err());
        let good = data_file("linux-amd64.toml").unwrap();
        assert!(parse("x", &good.replace("crate-types", "crate-tpyes")).is_err());
    }
}
