//! The floor: the oldest system that programs must run on. This module converts the user's version
//! into the form that rustc and zig both read, says whether the processor can have it, and refuses
//! versions that do not exist. All of this happens before anything is compiled.
//!
//! ```text
//! glibc   2.A            A >= 17: Rust's standard library needs it; the newest depends on zig
//! macOS   10.A[.B]       up to 10.15
//!         A.B[.C]        11 to 15, then 26, because Apple numbers by year since
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The oldest system that a program must run on, with its version, such as `2.17` or `11.0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Floor {
    /// The oldest glibc.
    Glibc(String),
    /// The oldest macOS.
    Macos(String),
}

impl Floor {
    /// The version alone.
    pub fn version(&self) -> &str {
        match self {
            Floor::Glibc(version) | Floor::Macos(version) => version,
        }
    }

    /// The system that the version belongs to.
    pub fn system(&self) -> System {
        match self {
            Floor::Glibc(_) => System::Glibc,
            Floor::Macos(_) => System::Macos,
        }
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.system(), self.version())
    }
}

/// A system that can have a floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// GNU's C library.
    Glibc,
    /// Apple's operating system.
    Macos,
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            System::Glibc => "glibc",
            System::Macos => "macOS",
        })
    }
}

/// The version of a system: up to three numbers. The last is shown only if it is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SystemVersion([u32; 3]);

impl SystemVersion {
    /// The version with these numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self([major, minor, patch])
    }
}

impl fmt::Display for SystemVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}")?;
        if patch == 0 { Ok(()) } else { write!(f, ".{patch}") }
    }
}

impl FromStr for SystemVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut numbers = [0; 3];
        let mut parts = text.split('.');
        for (number, part) in numbers.iter_mut().zip(parts.by_ref()) {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(());
            }
            *number = part.parse().map_err(|_| ())?;
        }
        if parts.next().is_some() { Err(()) } else { Ok(Self(numbers)) }
    }
}

/// Why a floor is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FloorError {
    /// The text is not a version.
    #[error("`{text}` is not a version of {system}")]
    NotAVersion {
        /// The user's text.
        text: String,
        /// The system.
        system: System,
    },
    /// The system never had this version.
    #[error("there is no {system} {text}")]
    NoSuch {
        /// The user's text.
        text: String,
        /// The system.
        system: System,
        /// The versions that exist.
        hint: &'static str,
    },
    /// It is older than the oldest that programs can be built for.
    #[error("{} is the oldest {} that can be built for", oldest.version(), oldest.system())]
    TooOld {
        /// The oldest.
        oldest: Floor,
    },
    /// zig cannot link for it.
    #[error("zig {zig} can link for glibc {newest} at most, not for glibc {asked}")]
    TooNew {
        /// The user's version.
        asked: SystemVersion,
        /// The newest version that this zig knows.
        newest: SystemVersion,
        /// The version of zig.
        zig: String,
    },
}

impl FloorError {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotAVersion { system, .. } => examples(*system).to_owned(),
            Self::NoSuch { hint, .. } => (*hint).to_owned(),
            Self::TooOld { oldest: Floor::Glibc(_) } => {
                "leave the version out, or build with `--libc static`: such a program runs on any Linux"
                    .to_owned()
            }
            Self::TooOld { oldest } => format!("name {} or a later one", oldest.version()),
            Self::TooNew { newest, .. } => format!(
                "a program for glibc {newest} runs on every later one too; RGO_ZIG names a newer zig"
            ),
        })
    }
}

fn examples(system: System) -> &'static str {
    match system {
        System::Glibc => "versions of glibc are written as in 2.17 and 2.28",
        System::Macos => "versions of macOS are written as in 11, 11.0 and 10.15.7",
    }
}

/// A floor that a toolchain's programs can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledFloor {
    /// The floor, in the form that rustc and zig read.
    pub floor: Floor,
    /// The user's version, if the floor had to be raised above it.
    pub raised_from: Option<SystemVersion>,
}

/// The floor for the user's version. `default` is the toolchain's; `oldest` is the lowest possible
/// floor, if it is not the default.
///
/// # Errors
/// [`FloorError::NotAVersion`], [`FloorError::NoSuch`].
pub(crate) fn settle(
    default: &Floor,
    oldest: Option<&Floor>,
    asked: Option<&str>,
) -> Result<SettledFloor, FloorError> {
    let Some(asked) = asked else {
        return Ok(SettledFloor { floor: default.clone(), raised_from: None });
    };
    let system = default.system();
    let asked = read(system, asked)?;
    let oldest = read(system, oldest.unwrap_or(default).version())?;
    let version = asked.max(oldest).to_string();
    let floor = match system {
        System::Glibc => Floor::Glibc(version),
        System::Macos => Floor::Macos(version),
    };
    Ok(SettledFloor { floor, raised_from: (asked < oldest).then_some(asked) })
}

/// Parses and normalizes a version of a system.
///
/// # Errors
/// [`FloorError::NotAVersion`], [`FloorError::NoSuch`].
pub fn read(system: System, text: &str) -> Result<SystemVersion, FloorError> {
    let trimmed = text.trim();
    let version: SystemVersion =
        trimmed.parse().map_err(|()| FloorError::NotAVersion { text: text.to_owned(), system })?;
    let result = match system {
        System::Glibc => glibc(version),
        System::Macos => macos(version),
    };
    result.map_err(|hint| FloorError::NoSuch { text: trimmed.to_owned(), system, hint })
}

/// Checks a glibc version. Since well before 2.17, glibc's symbol versions have two numbers only,
/// and so have the entries of zig's lists.
fn glibc(version: SystemVersion) -> Result<SystemVersion, &'static str> {
    match version.0 {
        [2, minor, patch] if patch == 0 || minor < 17 => Ok(version),
        [2, ..] => Err("its versions since 2.15 have two numbers, as in 2.28"),
        _ => Err("all versions of glibc that programs need today begin with 2, as in 2.28"),
    }
}

/// Checks and normalizes a macOS version. Mach-O has one byte for each number after the first.
/// macOS 11 and 26 report themselves as 10.16 and 16 to programs that were made for an older
/// system, and clang reads these numbers in the same way.
fn macos(version: SystemVersion) -> Result<SystemVersion, &'static str> {
    // 26 appeared in 2025 and its successors follow yearly; this leaves room for some.
    const NEWEST: u32 = 29;
    match version.0 {
        [_, minor, patch] if minor > 255 || patch > 255 => {
            Err("no number behind a dot exceeds 255")
        }
        [10, 16, _] => Ok(SystemVersion::new(11, 0, 0)),
        [10, minor, _] if minor > 16 => Err("10.15 was the last before 11"),
        [16, minor, patch] => Ok(SystemVersion::new(26, minor, patch)),
        [17..=25, ..] => Err("after macOS 15 comes 26"),
        [major, ..] if major < 10 => Err("the first is 10.0"),
        [major, ..] if major > NEWEST => Err("after macOS 15 comes 26, and then one each year"),
        _ => Ok(version),
    }
}

/// Checks that zig can link for a glibc. `newest` is the newest glibc that zig version `zig` knows.
///
/// # Errors
/// [`FloorError::TooNew`].
pub fn check_newest(floor: &Floor, newest: SystemVersion, zig: &str) -> Result<(), FloorError> {
    let Floor::Glibc(text) = floor else { return Ok(()) };
    let asked = read(System::Glibc, text)?;
    if asked <= newest {
        return Ok(());
    }
    Err(FloorError::TooNew { asked, newest, zig: zig.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::{all, by_name};
    use proptest::prelude::*;

    /// `floor`, `floor < user's version`, or the first word of the error.
    fn settled(toolchain: &str, asked: &str) -> String {
        match by_name(toolchain).unwrap().settle_floor(Some(asked)) {
            Ok(Some(SettledFloor { floor, raised_from: None })) => floor.version().to_owned(),
            Ok(Some(SettledFloor { floor, raised_from: Some(asked) })) => {
                format!("{} < {asked}", floor.version())
            }
            Ok(None) => "none".to_owned(),
            Err(FloorError::NotAVersion { .. }) => "not a version".to_owned(),
            Err(FloorError::NoSuch { .. }) => "no such".to_owned(),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn floors_are_normalized_raised_or_refused() {
        for (toolchain, asked, expected) in [
            ("darwin-arm64", "11", "11.0"),
            ("darwin-arm64", "11.0", "11.0"),
            ("darwin-arm64", "11.0.0", "11.0"),
            ("darwin-arm64", " 12.3.1 ", "12.3.1"),
            ("darwin-arm64", "26", "26.0"),
            ("darwin-arm64", "10.15", "11.0 < 10.15"),
            ("darwin-arm64", "10.16", "11.0"),
            ("darwin-arm64", "16.1", "26.1"),
            ("darwin-amd64", "10.15.7", "10.15.7"),
            ("darwin-amd64", "10.12", "10.12"),
            ("darwin-amd64", "10.9", "10.12 < 10.9"),
            ("darwin-amd64", "10", "10.12 < 10.0"),
            ("darwin-amd64", "10.17", "no such"),
            ("darwin-amd64", "9", "no such"),
            ("darwin-amd64", "20", "no such"),
            ("darwin-amd64", "99", "no such"),
            ("darwin-amd64", "1100", "no such"),
            ("darwin-amd64", "11.256", "no such"),
            ("darwin-amd64", "11.", "not a version"),
            ("darwin-amd64", "", "not a version"),
            ("darwin-amd64", "11.0.0.0", "not a version"),
            ("darwin-amd64", "Big Sur", "not a version"),
            ("linux-amd64", "2.28", "2.28"),
            ("linux-amd64", "2.28.0", "2.28"),
            ("linux-amd64", "2.017", "2.17"),
            ("linux-amd64", "2.12", "2.17 < 2.12"),
            ("linux-amd64", "2.2.5", "2.17 < 2.2.5"),
            ("linux-arm64", "2.10", "2.17 < 2.10"),
            ("linux-arm64", "2", "2.17 < 2.0"),
            ("linux-amd64", "2.28.1", "no such"),
            ("linux-amd64", "3.0", "no such"),
            ("linux-amd64", "228", "no such"),
            ("linux-amd64", "2,28", "not a version"),
            ("linux-amd64", "99999999999.1", "not a version"),
            ("linux-amd64-static", "2.28", "none"),
            ("windows-amd64", "11", "none"),
        ] {
            assert_eq!(settled(toolchain, asked), expected, "{toolchain} {asked:?}");
        }
    }

    #[test]
    fn a_default_is_settled_as_it_stands() {
        for toolchain in all() {
            let default = toolchain.settle_floor(None).unwrap();
            assert_eq!(default.as_ref().map(|d| &d.floor), toolchain.floor.as_ref());
            if let Some(floor) = &toolchain.floor {
                let again = toolchain.settle_floor(Some(floor.version())).unwrap();
                assert_eq!(again, default, "{}", toolchain.name);
                let oldest = toolchain.oldest.as_ref().unwrap_or(floor);
                assert_eq!(oldest.system(), floor.system(), "{}", toolchain.name);
                assert_eq!(settled(&toolchain.name, oldest.version()), oldest.version());
            }
        }
    }

    #[test]
    fn a_glibc_above_zigs_newest_is_refused() {
        let newest = SystemVersion::new(2, 42, 0);
        let check = |text: &str| check_newest(&Floor::Glibc(text.into()), newest, "0.15.2");
        assert_eq!((check("2.17"), check("2.42")), (Ok(()), Ok(())));
        let error = check("2.99").unwrap_err().to_string();
        assert!(error.starts_with("zig 0.15.2 can link for glibc 2.42 at most"), "{error}");
        assert_eq!(check_newest(&Floor::Macos("26.0".into()), newest, "0.15.2"), Ok(()));
    }

    proptest! {
        #[test]
        fn a_settled_floor_is_one_that_zig_and_rustc_read(text in "[0-9.]{0,9}|\\PC{0,8}") {
            for toolchain in all() {
                if let Ok(Some(settled)) = toolchain.settle_floor(Some(&text)) {
                    let version: SystemVersion = settled.floor.version().parse().unwrap();
                    let oldest = toolchain.oldest.as_ref().or(toolchain.floor.as_ref()).unwrap();
                    prop_assert!(version >= oldest.version().parse().unwrap());
                    prop_assert!(settled.floor.version().contains('.'));
                    prop_assert_eq!(toolchain.settle_floor(Some(settled.floor.version())), Ok(Some(SettledFloor { raised_from: None, ..settled })));
                }
            }
        }
    }
}
