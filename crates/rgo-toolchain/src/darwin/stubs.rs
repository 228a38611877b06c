//! Stubs of Apple's libraries, in the layout in which a linker searches an SDK.
//!
//! ```text
//! <cache>/darwin-stubs/<hash>/System/Library/Frameworks/Security.framework/Security.tbd
//! <cache>/darwin-stubs/<hash>/usr/lib/libobjc.tbd        what -lobjc finds
//! <cache>/darwin-stubs/<hash>/usr/lib/libobjc.A.tbd      what a stub that re-exports it finds
//! ```
//!
//! (TBD v4, as `tapi` of LLVM reads it)

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use camino::Utf8PathBuf;

use super::names::{self, Library};
use crate::cache::{self, Cache, CacheError};

/// Raise this when the same data gives other text.
const REVISION: u32 = 3;
const TARGETS: &str = "[ x86_64-macos, arm64-macos ]";
const CLASS: &str = "_OBJC_CLASS_$_";
const METACLASS: &str = "_OBJC_METACLASS_$_";

/// Umbrella frameworks and the libraries that they re-export. A linker binds a name to the library
/// that defines it, so a superfluous entry does no harm.
const RE_EXPORTS: [(&str, &[&str]); 8] = [
    ("Foundation", &["CoreFoundation", "objc"]),
    ("AppKit", &["ApplicationServices", "Foundation"]),
    ("Cocoa", &["AppKit", "CoreData", "Foundation"]),
    ("CoreServices", &["CFNetwork", "CoreFoundation"]),
    ("ApplicationServices", &["ColorSync", "CoreGraphics", "CoreServices", "CoreText", "ImageIO"]),
    ("AudioUnit", &["AudioToolbox"]),
    ("Carbon", &["ApplicationServices", "CoreServices"]),
    ("Quartz", &["PDFKit", "QuartzCore", "QuickLookUI"]),
];

/// The folder in the cache for the stubs. Each set of stubs is in a folder named by the hash of its
/// data.
pub(crate) const FOLDER: &str = "darwin-stubs";

/// The folder of the stubs. Creates nothing.
#[must_use]
pub fn place(cache: &Cache) -> Utf8PathBuf {
    let hash = cache::short_hash(&[&REVISION.to_le_bytes(), names::DATA]);
    cache.folder(FOLDER).join(hash)
}

/// Writes the stubs, unless they exist.
///
/// # Errors
/// If the cache is not writable.
pub fn install(cache: &Cache) -> Result<(), CacheError> {
    cache.install(&place(cache), |folder| {
        for library in names::libraries() {
            let text = stub(library);
            for file in files(library) {
                let path = folder.join(file);
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(path, &text)?;
            }
        }
        Ok(())
    })
}

/// Whether a library, or one that it re-exports, has one of these names; `None` if rgo does not
/// know the library. `option` names it as for a linker: `-framework Security` or `-lobjc`.
pub(crate) fn offers(option: &str, symbols: &BTreeSet<&str>) -> Option<bool> {
    let library = names::libraries().iter().find(|library| library.option() == option)?;
    let has = |library: &Library| library.names.iter().any(|name| symbols.contains(name.as_str()));
    let mut all = vec![library];
    let mut seen = 0;
    while let Some(library) = all.get(seen).copied() {
        if has(library) {
            return Some(true);
        }
        for other in re_exported(library) {
            if !all.iter().any(|known| known.install_name == other.install_name) {
                all.push(other);
            }
        }
        seen += 1;
    }
    Some(false)
}

/// The libraries that a library re-exports.
fn re_exported(library: &Library) -> impl Iterator<Item = &'static Library> {
    let short = library.short_name();
    let umbrella = RE_EXPORTS.iter().find(|(name, _)| *name == short && library.is_framework());
    let others = umbrella.map_or(&[][..], |(_, others)| others);
    others
        .iter()
        .filter_map(|name| names::libraries().iter().find(|library| library.short_name() == *name))
}

/// The paths of a library's stubs, relative to the root of an SDK.
fn files(library: &Library) -> Vec<String> {
    let name = library.short_name();
    if library.is_framework() {
        return vec![format!("System/Library/Frameworks/{name}.framework/{name}.tbd")];
    }
    let full = library.install_name.trim_start_matches('/').trim_end_matches(".dylib");
    let mut files = vec![format!("{full}.tbd"), format!("usr/lib/lib{name}.tbd")];
    files.dedup();
    files
}

/// The text of a library's stub.
fn stub(library: &Library) -> String {
    let Library { install_name, compatibility, current, names } = library;
    let mut text = format!(
        "--- !tapi-tbd\ntbd-version: 4\ntargets: {TARGETS}\ninstall-name: '{install_name}'\n\
         current-version: {current}\ncompatibility-version: {compatibility}\n"
    );
    let others = re_exported(library).map(|library| library.install_name.as_str()).collect();
    list(&mut text, "reexported-libraries", &[("libraries", others)]);
    // From one class entry a linker derives two symbols: the class and the metaclass.
    let mut classes: Vec<&str> = names.iter().filter_map(|name| class(name)).collect();
    classes.sort_unstable();
    classes.dedup();
    let symbols = names.iter().map(String::as_str).filter(|name| class(name).is_none()).collect();
    list(&mut text, "exports", &[("symbols", symbols), ("objc-classes", classes)]);
    text + "...\n"
}

/// The class to which a symbol belongs.
fn class(symbol: &str) -> Option<&str> {
    symbol.strip_prefix(CLASS).or_else(|| symbol.strip_prefix(METACLASS))
}

fn list(text: &mut String, key: &str, parts: &[(&str, Vec<&str>)]) {
    if parts.iter().all(|(_, items)| items.is_empty()) {
        return;
    }
    let _ = write!(text, "{key}:\n  - targets: {TARGETS}\n");
    for (name, items) in parts.iter().filter(|(_, items)| !items.is_empty()) {
        let quoted: Vec<String> = items.iter().map(|item| format!("'{item}'")).collect();
        let _ = writeln!(text, "    {name}: [ {} ]", quoted.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(path: &str, names: &[&str]) -> Library {
        Library {
            install_name: path.to_owned(),
            compatibility: "1.0.0".to_owned(),
            current: "2.0.0".to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn a_stub_lists_names_and_classes() {
        let path = "/System/Library/Frameworks/X.framework/Versions/A/X";
        let text = stub(&library(path, &["_OBJC_CLASS_$_A", "_OBJC_METACLASS_$_A", "_f", "_g"]));
        assert!(text.contains("    symbols: [ '_f', '_g' ]\n"), "{text}");
        assert!(text.contains("    objc-classes: [ 'A' ]\n"), "{text}");
        assert!(!text.contains("reexported"), "{text}");
        let empty = stub(&library(path, &[]));
        assert!(!empty.contains("exports"), "{empty}");
    }

    #[test]
    fn every_umbrella_re_exports_what_is_known() {
        for (umbrella, others) in RE_EXPORTS {
            let find = |name: &str| names::libraries().iter().find(|it| it.short_name() == name);
            let text = stub(find(umbrella).expect("is known"));
            for other in others {
                let path =
                    &find(other).unwrap_or_else(|| panic!("{other} is unknown")).install_name;
                assert!(text.contains(&format!("'{path}'")), "{umbrella}: {other}");
            }
        }
    }

    #[test]
    fn linkers_find_libraries_by_both_names() {
        let files = |path: &str| super::files(&library(path, &[]));
        assert_eq!(
            files("/usr/lib/libobjc.A.dylib"),
            ["usr/lib/libobjc.A.tbd", "usr/lib/libobjc.tbd"]
        );
        assert_eq!(files("/usr/lib/libffi.dylib"), ["usr/lib/libffi.tbd"]);
        let framework = "/System/Library/Frameworks/X.framework/Versions/A/X";
        assert_eq!(files(framework), ["System/Library/Frameworks/X.framework/X.tbd"]);
    }

    #[test]
    fn stubs_are_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(folder.path().to_str().expect("UTF-8")).expect("a cache");
        install(&cache).expect("made");
        let file = place(&cache).join("System/Library/Frameworks/Security.framework/Security.tbd");
        let text = fs::read_to_string(&file).expect("is there");
        assert!(text.contains("'_SecRandomCopyBytes'"), "{text}");
        fs::write(&file, "kept").expect("written");
        install(&cache).expect("found");
        assert_eq!(fs::read_to_string(&file).expect("is there"), "kept");
    }
}
