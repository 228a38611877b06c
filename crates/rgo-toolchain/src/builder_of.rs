//! Which builders build for a toolchain, for `rgo-build targets`.

use std::fmt;

use serde::Serialize;

use crate::go::{platforms, race};
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
/// A platform for which rgo has no linker has none.
#[must_use]
pub fn list(toolchain: &Toolchain) -> Vec<BuilderOf> {
    let race = race::is_built(toolchain);
    if toolchain.variant.is_some() {
        vec![BuilderOf::Cargo]
    } else if toolchain.zig.is_some() {
        vec![BuilderOf::Cargo, BuilderOf::Go { cgo: true, race }]
    } else if platforms::is_linked_by_c_compiler(toolchain) {
        Vec::new()
    } else {
        vec![BuilderOf::Go { cgo: false, race }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::platforms::Platform;
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
        for (os, arch, expected) in [
            ("linux", "s390x", vec![go(false, false)]),
            ("linux", "386", vec![go(false, false)]),
            ("android", "arm64", vec![go(false, false)]),
            ("android", "386", Vec::new()),
            ("ios", "arm64", Vec::new()),
        ] {
            let platform = Platform { os: os.to_owned(), arch: arch.to_owned() };
            let found = platforms::toolchain(&platform).map(list);
            assert_eq!(found, Some(expected), "{os}/{arch}");
        }
    }
}
