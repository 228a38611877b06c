//! The libraries of macOS and the names that each exports, from `toolchains/darwin-names`.
//!
//! ```text
//! /System/Library/Frameworks/Security.framework/Versions/A/Security    the install name
//! 1.0.0 61901.120.67          the compatibility version and the current version
//! _SecRandomCopyBytes 0 5 8   a name, and the sources that show it (not embedded)
//! ```

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::ZlibDecoder;

/// A library that is part of every macOS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// The name by which programs load it.
    pub install_name: String,
    /// The compatibility version: the oldest version that works for programs linked with this one.
    pub compatibility: String,
    /// The current version.
    pub current: String,
    /// The symbols that it exports as far as the sources show, sorted.
    pub names: Vec<String>,
}

impl Library {
    /// The name after `-framework` or `-l`.
    #[must_use]
    pub fn short_name(&self) -> &str {
        let file = self.install_name.rsplit('/').next().unwrap_or_default();
        let library = file.strip_prefix("lib").filter(|_| !self.is_framework());
        library.map_or(file, |name| name.split('.').next().unwrap_or(name))
    }

    /// Whether it is a framework.
    #[must_use]
    pub fn is_framework(&self) -> bool {
        self.install_name.contains(".framework/")
    }

    /// The option that links it.
    #[must_use]
    pub fn option(&self) -> String {
        let name = self.short_name();
        if self.is_framework() { format!("-framework {name}") } else { format!("-l{name}") }
    }
}

/// The embedded data, compressed.
pub(super) static DATA: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/darwin-names.z"));

/// Umbrella frameworks for which no source shows names of their own.
const UMBRELLAS: [&str; 4] = ["ApplicationServices", "Carbon", "Cocoa", "Quartz"];

/// All known libraries.
pub fn libraries() -> &'static [Library] {
    static ALL: LazyLock<Vec<Library>> = LazyLock::new(|| {
        let mut text = String::new();
        // The data is part of this program.
        ZlibDecoder::new(DATA).read_to_string(&mut text).expect("embedded names are readable");
        let mut libraries = parse(&text);
        for name in UMBRELLAS {
            if !libraries.iter().any(|library| library.short_name() == name) {
                libraries.push(Library {
                    install_name: format!(
                        "/System/Library/Frameworks/{name}.framework/Versions/A/{name}"
                    ),
                    compatibility: "1.0.0".to_owned(),
                    current: "1.0.0".to_owned(),
                    names: Vec::new(),
                });
            }
        }
        libraries
    });
    &ALL
}

fn parse(text: &str) -> Vec<Library> {
    let parts = text.split("\n\n").filter(|part| !part.trim().is_empty());
    let library = |part: &str| {
        let mut lines = part.trim().lines().map(str::to_owned);
        let install_name = lines.next()?;
        let versions = lines.next()?;
        let (compatibility, current) = versions.split_once(' ')?;
        Some(Library {
            install_name,
            compatibility: compatibility.to_owned(),
            current: current.to_owned(),
            names: lines.collect(),
        })
    };
    parts.filter_map(library).collect()
}

/// The libraries that export a symbol.
pub fn owners(symbol: &str) -> impl Iterator<Item = &'static Library> {
    let has = move |library: &&Library| {
        library.names.binary_search_by(|name| name.as_str().cmp(symbol)).is_ok()
    };
    let found: Vec<&Library> = libraries().iter().filter(has).collect();
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_is_whole() {
        assert!(libraries().len() > 150, "{}", libraries().len());
        for library in libraries() {
            let public = ["/System/Library/Frameworks/", "/usr/lib/"];
            let path = &library.install_name;
            assert!(public.iter().any(|place| path.starts_with(place)), "{path}");
            assert!(library.names.is_sorted(), "{path}");
            assert!(library.names.iter().all(|name| !name.contains(['\'', ' '])), "{path}");
            for version in [&library.compatibility, &library.current] {
                assert_eq!(version.split('.').count(), 3, "{path}: {version}");
            }
        }
    }

    #[test]
    fn owners_are_those_that_programs_show() {
        for (symbol, expected) in [
            ("_SecRandomCopyBytes", &["-framework Security"][..]),
            ("_CFRelease", &["-framework CoreFoundation"]),
            ("_FSEventStreamCreate", &["-framework CoreServices"]),
            ("_objc_msgSend", &["-lobjc"]),
            ("_OBJC_CLASS_$_NSArray", &["-framework CoreFoundation"]),
            ("_NSApp", &["-framework AppKit"]),
            ("_SecRandomCopyByte", &[]),
        ] {
            let found: Vec<String> = owners(symbol).map(Library::option).collect();
            assert_eq!(found, expected, "{symbol}");
        }
    }
}
