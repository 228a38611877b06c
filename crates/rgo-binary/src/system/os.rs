//! The names of systems: Go's (`GOOS`) where it has one, else what the system calls itself.

use std::fmt;

use crate::Format;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An operating system, or [`Os::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Os(&'static str);

macro_rules! systems {
    ($($name:ident = $text:literal;)*) => {
        impl Os {
            $(#[doc = concat!("`", $text, "`.")] pub const $name: Self = Self($text);)*

            const ALL: &[Self] = &[$(Self::$name),*];

            /// The name of every system, and of [`Os::NONE`].
            pub const NAMES: &[&str] = &[$($text),*];
        }
    };
}

systems! {
    AIX = "aix";
    ANDROID = "android";
    CLOUDABI = "cloudabi";
    DARWIN = "darwin";
    DRAGONFLY = "dragonfly";
    FREEBSD = "freebsd";
    FUCHSIA = "fuchsia";
    HAIKU = "haiku";
    HERMIT = "hermit";
    HPUX = "hpux";
    HURD = "hurd";
    ILLUMOS = "illumos";
    IOS = "ios";
    IRIX = "irix";
    LINUX = "linux";
    MINIX = "minix";
    NETBSD = "netbsd";
    NONE = "none";
    OPENBSD = "openbsd";
    OPENVMS = "openvms";
    QNX = "qnx";
    REDOX = "redox";
    SERENITY = "serenity";
    SGX = "sgx";
    SOLARIS = "solaris";
    SOLID = "solid";
    TEEOS = "teeos";
    TRU64 = "tru64";
    TRUSTY = "trusty";
    TVOS = "tvos";
    UEFI = "uefi";
    VISIONOS = "visionos";
    VXWORKS = "vxworks";
    WATCHOS = "watchos";
    WINDOWS = "windows";
    XOUS = "xous";
    ZKVM = "zkvm";
}

impl Os {
    /// Its name; `none` for the bare machine.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }

    /// The format that its programs have.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::DARWIN | Self::IOS | Self::TVOS | Self::WATCHOS | Self::VISIONOS => Format::MachO,
            Self::WINDOWS | Self::UEFI => Format::Pe,
            _ => Format::Elf,
        }
    }

    /// The system of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|os| os.0 == name).copied()
    }

    /// The system in a target triple of LLVM's or Rust's, or in a value of `GOOS`. Where a triple
    /// names two, the later is the narrower one: `aarch64-linux-android`.
    #[must_use]
    pub fn of_target(target: &str) -> Option<Self> {
        target.split('-').rev().find_map(|part| {
            // `freebsd14.1`, `macosx11.0`
            let name = part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            match name {
                "macos" | "macosx" => Some(Self::DARWIN),
                "androideabi" => Some(Self::ANDROID),
                _ => Self::named(part).or_else(|| Self::named(name)),
            }
        })
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Os {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Os {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| de::Error::custom(format!("no system is called `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triples_name_their_system() {
        let cases = [
            ("linux", Some(Os::LINUX)),
            ("x86_64-unknown-linux-musl", Some(Os::LINUX)),
            ("aarch64-linux-android", Some(Os::ANDROID)),
            ("armv7-linux-androideabi", Some(Os::ANDROID)),
            ("x86_64-unknown-freebsd", Some(Os::FREEBSD)),
            ("x86_64-unknown-freebsd14.1", Some(Os::FREEBSD)),
            ("aarch64-apple-darwin", Some(Os::DARWIN)),
            ("aarch64-apple-macosx11.0", Some(Os::DARWIN)),
            ("x86_64-pc-windows-gnullvm", Some(Os::WINDOWS)),
            ("x86_64-unknown-none", Some(Os::NONE)),
            ("thumbv7em-none-eabihf", Some(Os::NONE)),
            ("alphaev6-dec-tru64", Some(Os::TRU64)),
            ("x", None),
            ("", None),
        ];
        for (target, os) in cases {
            assert_eq!(Os::of_target(target), os, "{target}");
        }
    }
}
