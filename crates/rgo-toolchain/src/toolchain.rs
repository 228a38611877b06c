//! Toolchains: what `--target` can name.
//!
//! A toolchain is a file of `toolchains/*.toml`, embedded at compile time; its file name is its name. Nothing in the code
//! knows a particular one, so that a new target is a new file and no code.

use std::fmt;
use std::sync::LazyLock;

use rgo_binary::Arch;
use rgo_binary::system::Os;
use serde::{Deserialize, Serialize};

pub use crate::floor::Floor;
use crate::floor::{self, FloorError, SettledFloor};

/// The files by their names, with their text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/toolchains.rs"));

/// The zig that is fetched: one of the two files beside the toolchains that are none.
pub(crate) const ZIG_PIN: &str = "zig.toml";

/// What systems bring: the other one.
pub(crate) const SYSTEMS: &str = "systems.toml";

/// How a program gets its C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What runs a toolchain's programs on a host that can't run them itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunnerSpec {
    /// Names or paths, the first that exists is taken.
    pub programs: Vec<String>,
    /// Its arguments before the program to run.
    #[serde(default)]
    pub args: Vec<String>,
    /// Files it can't do without.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The Debian packages that bring them.
    pub debian: Vec<String>,
    /// DLLs that programs need and that not every version of the runner has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dlls: Vec<String>,
}

/// Why a value of `--libc` can't be had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusals {
    /// Why there is no static one.
    #[serde(rename = "static")]
    pub static_: Option<String>,
    /// Why there is no dynamic one.
    pub dynamic: Option<String>,
}

/// One target that programs can be built for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Toolchain {
    /// The file's name, and that of the output folder: `linux-amd64-static`.
    #[serde(default)]
    pub name: String,
    /// The system.
    pub os: Os,
    /// The instruction set.
    pub arch: Arch,
    /// The values of `--libc` it answers to.
    pub libc: Vec<Libc>,
    /// Says that it is meant only where its name spells this out: `msvc`.
    #[serde(default)]
    pub variant: Option<String>,
    /// Rust's name of the target.
    pub triple: String,
    /// Whether `all` means this one too: it builds from any host.
    #[serde(default)]
    pub all: bool,
    /// The final crate types it can make: `bin`, `cdylib`, `staticlib`.
    pub crate_types: Vec<String>,
    /// The oldest Rust that builds for it, where that is not the oldest of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_rust: Option<semver::Version>,
    /// The oldest system, unless the user names another.
    #[serde(default)]
    pub floor: Option<Floor>,
    /// The oldest system that can be asked for: rustc's own minimum. Without one it is `floor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Floor>,
    /// zig's name of the target, with `{floor}` in place of the version. Without one the platform's own linker links.
    #[serde(default)]
    pub zig: Option<String>,
    /// What rustc must be told for every crate.
    #[serde(default)]
    pub rustflags: Vec<String>,
    /// Whether executables are made position-independent although static.
    #[serde(default)]
    pub static_pie: bool,
    /// Why a libc can't be had.
    #[serde(default)]
    pub refuses: Refusals,
    /// What runs its programs elsewhere.
    #[serde(default)]
    pub runner: Option<RunnerSpec>,
}

impl Toolchain {
    /// The triple as cargo spells it in the names of variables: `X86_64_UNKNOWN_LINUX_GNU`.
    pub fn env_triple(&self) -> String {
        self.triple.to_uppercase().replace('-', "_")
    }

    /// The floor for what the user wrote; `None` where the toolchain has no floor.
    ///
    /// # Errors
    /// [`FloorError::NotAVersion`], [`FloorError::NoSuch`].
    pub fn settle_floor(&self, asked: Option<&str>) -> Result<Option<SettledFloor>, FloorError> {
        let default = self.floor.as_ref();
        default.map(|it| floor::settle(it, self.oldest.as_ref(), asked)).transpose()
    }

    /// zig's target with a floor: `aarch64-linux-gnu.2.17`. `None` where zig isn't the linker.
    pub fn zig_target(&self, floor: Option<&Floor>) -> Option<String> {
        let floor = floor.or(self.floor.as_ref()).map_or("", Floor::version);
        Some(self.zig.as_ref()?.replace("{floor}", floor))
    }

    /// `os/arch[/libc]`, the way a user writes it.
    pub fn spec(&self) -> String {
        self.name.replacen('-', "/", 2)
    }

    /// Whether a program of this final crate type can be made.
    pub fn makes(&self, crate_type: &str) -> bool {
        self.crate_types.iter().any(|t| t == crate_type)
    }

    /// Whether every value of `--libc` names the same program.
    pub fn libc_is_one(&self) -> bool {
        self.libc.len() > 1
    }

    /// Why this value of `--libc` can't be had, where the file says so.
    pub fn refusal(&self, libc: Libc) -> Option<&str> {
        match libc {
            Libc::Static => self.refuses.static_.as_deref(),
            Libc::Dynamic => self.refuses.dynamic.as_deref(),
        }
    }

    /// Whether it is for this OS, in rgo's words.
    pub fn is(&self, os: Os) -> bool {
        self.os == os
    }
}

/// Every toolchain, by name.
pub fn all() -> &'static [Toolchain] {
    static ALL: LazyLock<Vec<Toolchain>> = LazyLock::new(|| {
        let mut found: Vec<Toolchain> = FILES
            .iter()
            .filter(|(name, _)| name.ends_with(".toml") && ![ZIG_PIN, SYSTEMS].contains(name))
            // The files are part of this program: that each is well-formed is what the tests below are for.
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

/// The toolchain of this exact name.
pub fn by_name(name: &str) -> Option<&'static Toolchain> {
    all().iter().find(|t| t.name == name)
}

/// The toolchain for a Rust triple; of two that share it, the one that `--libc` needn't be said for.
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
                // The shim's object files and cmake's file have to know it first.
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
