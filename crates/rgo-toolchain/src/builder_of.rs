//! Which builders build for a toolchain, for `rgo-build targets`.

use std::fmt;

use serde::Serialize;

use crate::go::race;
use crate::toolchain::Toolchain;

/// A builder, with what it can do for a toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum BuilderOf {
    /// Cargo.
    Cargo,
    /// Go.
    Go {
        /// Whether C code of Go packages is compiled.
        cgo: bool,
        /// Whether `--race` works.
        race: bool,
    },
}

impl fmt::Display for BuilderOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cargo => "cargo",
            Self::Go { cgo: true, .. } => "go (cgo)",
            Self::Go { cgo: false, .. } => "go (no cgo)",
        })
    }
}

/// The builders for a toolchain: one of a file in `toolchains/`, or a platform of Go beyond them.
#[must_use]
pub fn list(toolchain: &Toolchain) -> Vec<BuilderOf> {
    let race = race::is_built(toolchain);
    if toolchain.variant.is_some() {
        vec![BuilderOf::Cargo]
    } else if toolchain.zig.is_some() {
        vec![BuilderOf::Cargo, BuilderOf::Go { cgo: true, race }]
    } else {
        vec![BuilderOf::Go { cgo: false, race }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::platforms::{self, Platform};
    use crate::toolchain::by_name;

    #[test]
    fn each_kind_of_toolchain_has_its_builders() {
        let go = |cgo, race| BuilderOf::Go { cgo, race };
        for (name, expected) in [
            ("linux-amd64-static", vec![BuilderOf::Cargo, go(true, true)]),
            ("windows-arm64", vec![BuilderOf::Cargo, go(true, false)]),
            ("windows-amd64-msvc", vec![BuilderOf::Cargo]),
        ] {
            assert_eq!(by_name(name).map(list), Some(expected), "{name}");
        }
        for arch in ["s390x", "386"] {
            let platform = Platform { os: "linux".to_owned(), arch: arch.to_owned() };
            let expected = vec![go(false, false)];
            assert_eq!(platforms::toolchain(&platform).map(list), Some(expected), "{arch}");
        }
    }
}
