//! The names of systems: Go's (`GOOS`) if it has one, otherwise the system's own.

use std::fmt;

use crate::Format;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! systems {
    ($($name:ident = $text:literal;)*) => {
        /// An operating system, or [`Os::BareMetal`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Os {
            $(#[doc = concat!("`", $text, "`.")] $name,)*
        }

        impl Os {
            const ALL: &[Self] = &[$(Self::$name),*];

            /// The name of every system, and of [`Os::BareMetal`].
            pub const NAMES: &[&str] = &[$($text),*];

            /// Its name; `none` for the bare machine.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

systems! {
    Aix = "aix";
    Android = "android";
    CloudAbi = "cloudabi";
    Darwin = "darwin";
    DragonFly = "dragonfly";
    FreeBsd = "freebsd";
    Fuchsia = "fuchsia";
    Haiku = "haiku";
    Hermit = "hermit";
    HpUx = "hpux";
    Hurd = "hurd";
    Illumos = "illumos";
    Ios = "ios";
    Irix = "irix";
    Js = "js";
    Linux = "linux";
    Minix = "minix";
    NetBsd = "netbsd";
    BareMetal = "none";
    OpenBsd = "openbsd";
    OpenVms = "openvms";
    Plan9 = "plan9";
    Qnx = "qnx";
    Redox = "redox";
    Serenity = "serenity";
    Sgx = "sgx";
    Solaris = "solaris";
    Solid = "solid";
    TeeOs = "teeos";
    Tru64 = "tru64";
    Trusty = "trusty";
    TvOs = "tvos";
    Uefi = "uefi";
    VisionOs = "visionos";
    VxWorks = "vxworks";
    Wasip1 = "wasip1";
    WatchOs = "watchos";
    Windows = "windows";
    Xous = "xous";
    ZkVm = "zkvm";
}

impl Os {
    /// The format of its programs.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::Darwin | Self::Ios | Self::TvOs | Self::WatchOs | Self::VisionOs => Format::MachO,
            Self::Windows | Self::Uefi => Format::Pe,
            _ => Format::Elf,
        }
    }

    /// The system with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|os| os.name() == name).copied()
    }

    /// The system in a target triple of LLVM or Rust, or in a value of `GOOS`. If a triple names
    /// two, the later is more specific: `aarch64-linux-android`.
    #[must_use]
    pub fn of_target(target: &str) -> Option<Self> {
        target.split('-').rev().find_map(|part| {
            // `freebsd14.1`, `macosx11.0`
            let name = part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            match name {
                "macos" | "macosx" => Some(Self::Darwin),
                "androideabi" => Some(Self::Android),
                _ => Self::named(part).or_else(|| Self::named(name)),
            }
        })
    }
}

impl fmt::Display for Os {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Os {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl schemars::JsonSchema for Os {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Os".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
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
            ("linux", Some(Os::Linux)),
            ("x86_64-unknown-linux-musl", Some(Os::Linux)),
            ("aarch64-linux-android", Some(Os::Android)),
            ("armv7-linux-androideabi", Some(Os::Android)),
            ("x86_64-unknown-freebsd", Some(Os::FreeBsd)),
            ("x86_64-unknown-freebsd14.1", Some(Os::FreeBsd)),
            ("aarch64-apple-darwin", Some(Os::Darwin)),
            ("aarch64-apple-macosx11.0", Some(Os::Darwin)),
            ("x86_64-pc-windows-gnullvm", Some(Os::Windows)),
            ("x86_64-unknown-none", Some(Os::BareMetal)),
            ("thumbv7em-none-eabihf", Some(Os::BareMetal)),
            ("alphaev6-dec-tru64", Some(Os::Tru64)),
            ("x", None),
            ("", None),
        ];
        for (target, os) in cases {
            assert_eq!(Os::of_target(target), os, "{target}");
        }
    }
}
