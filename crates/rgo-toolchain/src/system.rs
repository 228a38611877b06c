//! Facts about the target systems: the libraries that each one provides, and the glibc version that
//! introduced each function. They are data, in `toolchains/systems.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rgo_binary::system::Os;
use serde::Deserialize;

use crate::toolchain::{self, Libc, Toolchain};

/// Where a library that a program needs comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LibraryOrigin {
    /// Every machine with this system has it.
    System,
    /// Machines with a certain compiler have it.
    Compiler,
    /// Neither: it has to be shipped with the program.
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Systems {
    compilers: Libraries,
    msvc: Libraries,
    linux: Libraries,
    darwin: Libraries,
    windows: Libraries,
    /// Functions by the glibc version that introduced them.
    glibc: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Libraries {
    libraries: Vec<String>,
}

fn systems() -> &'static Systems {
    static SYSTEMS: LazyLock<Systems> = LazyLock::new(|| {
        // The file is embedded in this program; the tests below check that it is well-formed.
        let text = toolchain::data_file(toolchain::SYSTEMS).expect("the systems are embedded");
        toml::from_str(text).expect("the embedded systems are well-formed")
    });
    &SYSTEMS
}

/// Finds where the library of this name comes from, for a program of this toolchain.
#[must_use]
pub fn origin(toolchain: &Toolchain, library: &str) -> LibraryOrigin {
    let systems = systems();
    let lower = library.to_lowercase();
    let file = lower.rsplit(['/', '\\']).next().unwrap_or(&lower);
    let starts =
        |text: &str, of: &Libraries| of.libraries.iter().any(|start| text.starts_with(start));
    let of_msvc = starts(file, &systems.msvc);
    let system = match toolchain.os {
        Os::Darwin => starts(&lower, &systems.darwin),
        Os::Windows => {
            let stem = file.strip_suffix(".dll").or(file.strip_suffix(".drv")).unwrap_or(file);
            systems.windows.libraries.iter().any(|name| {
                stem == name || (name.ends_with('-') && stem.starts_with(name.as_str()))
            })
        }
        _ => starts(file, &systems.linux),
    };
    let asked_for =
        toolchain.variant.as_deref() == Some("msvc") && toolchain.libc.contains(&Libc::Dynamic);
    if system || (of_msvc && asked_for) {
        LibraryOrigin::System
    } else if of_msvc || starts(file, &systems.compilers) {
        LibraryOrigin::Compiler
    } else {
        LibraryOrigin::Other
    }
}

/// The glibc version that introduced this function, if it is newer than the oldest possible floor.
/// `None` otherwise, and for a function that glibc does not have.
#[must_use]
pub fn glibc_since(function: &str) -> Option<&'static str> {
    static SINCE: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
        let versions = systems().glibc.iter();
        versions
            .flat_map(|(version, names)| names.iter().map(|name| (name.as_str(), version.as_str())))
            .collect()
    });
    SINCE.get(function).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_the_systems_a_compilers_or_neither() {
        for (name, library, expected) in [
            ("windows-amd64", "KERNEL32.dll", LibraryOrigin::System),
            ("windows-amd64", "MSIMG32.DLL", LibraryOrigin::System),
            ("windows-amd64", "WINSPOOL.DRV", LibraryOrigin::System),
            ("windows-amd64", "WTSAPI32.dll", LibraryOrigin::System),
            ("windows-amd64", "urlmon.dll", LibraryOrigin::System),
            ("windows-amd64", "WLDAP32.dll", LibraryOrigin::System),
            ("windows-amd64", "credui.dll", LibraryOrigin::System),
            ("windows-amd64", "dhcpcsvc.DLL", LibraryOrigin::System),
            ("windows-amd64", "RstrtMgr.DLL", LibraryOrigin::System),
            ("windows-amd64", "gdiplus.dll", LibraryOrigin::System),
            ("windows-amd64", "MFPlat.DLL", LibraryOrigin::System),
            ("windows-amd64", "api-ms-win-crt-heap-l1-1-0.dll", LibraryOrigin::System),
            ("windows-amd64", "kernel32x.dll", LibraryOrigin::Other),
            ("windows-amd64", "libunwind.dll", LibraryOrigin::Compiler),
            ("windows-amd64", "VCRUNTIME140_1.dll", LibraryOrigin::Compiler),
            ("windows-amd64", "mine.dll", LibraryOrigin::Other),
            ("linux-amd64", "libc.so.6", LibraryOrigin::System),
            ("linux-amd64", "ld-linux-x86-64.so.2", LibraryOrigin::System),
            ("linux-amd64", "libgcc_s.so.1", LibraryOrigin::Compiler),
            ("linux-amd64", "libssl.so.3", LibraryOrigin::Other),
            ("darwin-arm64", "/usr/lib/libSystem.B.dylib", LibraryOrigin::System),
            (
                "darwin-arm64",
                "/System/Library/Frameworks/AppKit.framework/AppKit",
                LibraryOrigin::System,
            ),
            ("darwin-arm64", "@rpath/libc++.1.dylib", LibraryOrigin::Compiler),
            ("darwin-arm64", "/opt/usr/lib/libx.dylib", LibraryOrigin::Other),
            ("windows-amd64-msvc", "VCRUNTIME140.dll", LibraryOrigin::System),
            ("windows-amd64-msvc", "libwinpthread-1.dll", LibraryOrigin::Compiler),
            ("windows-amd64-msvc-static", "VCRUNTIME140.dll", LibraryOrigin::Compiler),
        ] {
            let toolchain = toolchain::by_name(name).expect("a toolchain");
            assert_eq!(origin(toolchain, library), expected, "{name}: {library}");
        }
    }

    #[test]
    fn the_lists_are_written_as_they_are_read() {
        let systems = systems();
        for list in
            [&systems.compilers, &systems.msvc, &systems.linux, &systems.darwin, &systems.windows]
        {
            for (at, name) in list.libraries.iter().enumerate() {
                assert_eq!(*name, name.to_lowercase());
                assert!(!list.libraries[..at].contains(name), "{name} is there twice");
            }
        }
        let functions: Vec<&String> = systems.glibc.values().flatten().collect();
        for (at, name) in functions.iter().enumerate() {
            assert!(!functions[..at].contains(name), "{name} is there twice");
        }
        for version in systems.glibc.keys() {
            let minor = version.strip_prefix("2.").and_then(|minor| minor.parse::<u32>().ok());
            assert!(minor.is_some_and(|minor| minor > 17), "{version}");
        }
    }

    #[test]
    fn young_functions_of_glibc_are_known() {
        for (function, since) in [
            ("getrandom", Some("2.25")),
            ("statx", Some("2.28")),
            ("gettid", Some("2.30")),
            ("__isoc23_strtol", Some("2.38")),
            ("malloc", None),
            ("my_own_function", None),
        ] {
            assert_eq!(glibc_since(function), since, "{function}");
        }
    }
}
