//! Collects from published sources which library of macOS exports which name, for the stubs that
//! rgo-build links with instead of Apple's SDK.
//!
//! ```text
//! xtask/darwin-names/programs.toml   published programs, whose import tables name the libraries
//! xtask/darwin-names/Cargo.toml      crates: their `#[link(kind = "framework")]` blocks do so too
//! Go's own tree                      its `//go:cgo_import_dynamic` lines
//! toolchains/darwin-names/*.txt      the result, a file for each library
//! ```
//!
//! A program was linked with Apple's SDK, so its evidence counts more than a crate's. Names of
//! libSystem are skipped, because zig has their list: every program loads libSystem, and a crate
//! that declares one of its functions beside those of a framework proves nothing about the owner.

mod crates;
mod goroot;
mod programs;
mod system;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

const RESULT: &str = "toolchains/darwin-names";
/// Maximum number of sources to name for each name.
const NAMED: usize = 3;

/// Frameworks that only Apple's other systems have, with bindings in crates.
const NOT_ON_MACOS: [&str; 12] = [
    "BackgroundTasks",
    "CarPlay",
    "CoreTelephony",
    "MobileCoreServices",
    "OpenGLES",
    "PushToTalk",
    "SensorKit",
    "UIKit",
    "WatchConnectivity",
    "WatchKit",
    // Parts of Xcode.
    "XCTest",
    "XCUIAutomation",
];

/// Parts of names that only Apple's other systems have. The headers of a framework that macOS also
/// has mark them as unavailable there; bindings omit this.
const NAMES_NOT_ON_MACOS: [&str; 4] =
    ["AVAudioSession", "NSDeviceCertification", "OpenGLES", "PerformanceProfile"];

/// Frameworks that re-export others. Programs that were linked with older SDKs, and some bindings,
/// import the others' names from them.
const RE_EXPORTING: [&str; 3] = ["ApplicationServices", "AudioUnit", "Foundation"];

/// The source of a name: a package with its version, and its license.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    name: String,
    license: String,
}

/// The claim of one source: a library has a name.
struct Claim {
    /// An install name, or only the name of a framework or library.
    library: String,
    /// In the symbol table's spelling.
    name: String,
    source: Source,
}

/// A library, by its install name.
#[derive(Default)]
struct Library {
    /// The versions that programs recorded: the compatibility version, and the current version at
    /// the link, packed as in Mach-O.
    compatibility: u32,
    current: u32,
    names: BTreeMap<String, BTreeSet<usize>>,
}

pub(crate) fn run() -> anyhow::Result<()> {
    let mut libraries: BTreeMap<String, Library> = BTreeMap::new();
    let mut of_programs = Vec::new();
    for program in programs::all()? {
        for loaded in program.libraries {
            let library = libraries.entry(loaded.install_name).or_default();
            library.compatibility = library.compatibility.max(loaded.compatibility);
            library.current = library.current.max(loaded.current);
        }
        of_programs.extend(program.claims);
    }
    let of_system = system::names()?;
    of_programs.retain(|claim| !of_system.contains(&claim.name));
    keep_where_most_have_it(&mut of_programs);
    leave_to_re_exported(&mut of_programs);
    let known: BTreeSet<String> = of_programs.iter().map(|claim| claim.name.clone()).collect();
    let mut others = crates::claims()?;
    others.extend(goroot::claims()?);
    others.retain(|claim| {
        !known.contains(&claim.name) && !of_system.contains(&claim.name) && is_on_macos(claim)
    });

    leave_to_re_exported(&mut others);

    let mut sources = Vec::new();
    for claim in of_programs.into_iter().chain(others) {
        let place = match sources.iter().position(|known| *known == claim.source) {
            Some(place) => place,
            None => {
                sources.push(claim.source);
                sources.len() - 1
            }
        };
        let Some(install_name) = install_name(&claim.library, &libraries) else { continue };
        let library = libraries.entry(install_name).or_default();
        library.names.entry(claim.name).or_default().insert(place);
    }
    write(&libraries, &sources)
}

/// Whether a claim is not about another of Apple's systems.
fn is_on_macos(claim: &Claim) -> bool {
    !NOT_ON_MACOS.contains(&claim.library.as_str())
        && !NAMES_NOT_ON_MACOS.iter().any(|part| claim.name.contains(part))
}

/// Apple has moved names from library to library, so programs of different years disagree. Keeps
/// for each name the libraries that most sources claim.
fn keep_where_most_have_it(claims: &mut Vec<Claim>) {
    let mut votes: BTreeMap<(String, String), BTreeSet<Source>> = BTreeMap::new();
    for claim in claims.iter() {
        let key = (claim.name.clone(), claim.library.clone());
        votes.entry(key).or_default().insert(claim.source.clone());
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((name, _), sources) in &votes {
        let count = most.entry(name.clone()).or_default();
        *count = sources.len().max(*count);
    }
    claims.retain(|claim| {
        let votes = votes.get(&(claim.name.clone(), claim.library.clone())).map(BTreeSet::len);
        votes == most.get(&claim.name).copied()
    });
}

/// If both a library and one that it re-exports are claimed to have a name, the re-exported one
/// gets it.
fn leave_to_re_exported(claims: &mut Vec<Claim>) {
    let re_exports = |claim: &Claim| {
        claim.library.rsplit('/').next().is_some_and(|name| RE_EXPORTING.contains(&name))
    };
    let others = claims.iter().filter(|claim| !re_exports(claim));
    let theirs: BTreeSet<String> = others.map(|claim| claim.name.clone()).collect();
    claims.retain(|claim| !re_exports(claim) || !theirs.contains(&claim.name));
}

/// Libraries of `/usr/lib` for which bindings are trusted, by the name after `-l`. Others, like
/// zlib and SQLite, are open source: a crate can build its own newer version with more functions
/// than Apple's, and its bindings list both. Names of these come only from programs that import
/// them from macOS.
const USR_LIB: [(&str, &str); 2] =
    [("-lobjc", "/usr/lib/libobjc.A.dylib"), ("-lresolv", "/usr/lib/libresolv.9.dylib")];

/// The install name of a framework or library that a source names only by its name.
fn install_name(name: &str, known: &BTreeMap<String, Library>) -> Option<String> {
    if name.starts_with('/') {
        return Some(name.to_owned());
    }
    if name.starts_with('-') {
        let found = USR_LIB.iter().find(|(option, _)| *option == name);
        return found.map(|(_, path)| (*path).to_owned());
    }
    let is_it = |path: &&String| {
        let file = Path::new(path.as_str()).file_name();
        path.contains(".framework/") && file.is_some_and(|file| file.eq_ignore_ascii_case(name))
    };
    // All frameworks but a few have one version, A; programs show the versions of the others.
    Some(known.keys().find(is_it).cloned().unwrap_or_else(|| {
        format!("/System/Library/Frameworks/{name}.framework/Versions/A/{name}")
    }))
}

fn write(libraries: &BTreeMap<String, Library>, sources: &[Source]) -> anyhow::Result<()> {
    let folder = Path::new(RESULT);
    if folder.is_dir() {
        fs::remove_dir_all(folder).context(RESULT)?;
    }
    fs::create_dir_all(folder).context(RESULT)?;
    let mut list = String::from(
        "# Where the names of the other files are from: number, license, package.\n\
         # Made by `cargo xtask darwin-names`.\n",
    );
    for (place, source) in sources.iter().enumerate() {
        writeln!(list, "{place} {} {}", source.license.replace(' ', "-"), source.name)?;
    }
    fs::write(folder.join("sources.txt"), list)?;

    let mut total = 0;
    for (install_name, library) in libraries {
        let file = Path::new(install_name).file_name().context("a library without a name")?;
        let name = file.to_str().context("not UTF-8")?.trim_end_matches(".dylib");
        let mut text = format!("{install_name}\n");
        writeln!(text, "{} {}", version(library.compatibility), version(library.current))?;
        for (name, places) in &library.names {
            let places: Vec<String> = places.iter().take(NAMED).map(ToString::to_string).collect();
            writeln!(text, "{name} {}", places.join(" "))?;
        }
        let path = folder.join(format!("{name}.txt"));
        ensure!(!path.exists(), "two libraries are called {name}");
        fs::write(path, text)?;
        total += library.names.len();
    }
    println!("{total} names of {} libraries from {} sources", libraries.len(), sources.len());
    Ok(())
}

/// A version in Mach-O's packed form; 1.0.0 if no program recorded one.
fn version(packed: u32) -> String {
    let packed = if packed == 0 { 1 << 16 } else { packed };
    format!("{}.{}.{}", packed >> 16, packed >> 8 & 0xff, packed & 0xff)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
    }

    /// The names of the packages in a list.
    fn listed(file: &str) -> Vec<toml::Table> {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let list: toml::Table = toml::from_str(&text).unwrap();
        let packages = list["package"].as_array().unwrap();
        packages.iter().map(|package| package.as_table().unwrap().clone()).collect()
    }

    fn text<'t>(package: &'t toml::Table, key: &str) -> &'t str {
        package[key].as_str().unwrap()
    }

    /// Calls `see` with the install name of each committed library, each of its names, and whether
    /// a program shows it.
    fn for_each(mut see: impl FnMut(&str, &str, bool)) {
        let folder = root().join(RESULT);
        let programs: BTreeSet<String> = listed("xtask/darwin-names/programs.toml")
            .iter()
            .map(|package| format!("{} {}", text(package, "name"), text(package, "version")))
            .collect();
        let sources = fs::read_to_string(folder.join("sources.txt")).unwrap();
        let of_programs: BTreeSet<&str> = sources
            .lines()
            .map(|line| line.splitn(3, ' ').collect::<Vec<_>>())
            .filter(|words| programs.contains(words[2]))
            .map(|words| words[0])
            .collect();
        let mut seen = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("sources.txt") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let mut lines = text.lines();
            let library = lines.next().unwrap();
            for line in lines.skip(1) {
                let mut words = line.split(' ');
                let name = words.next().unwrap();
                see(library, name, words.any(|source| of_programs.contains(source)));
                seen += 1;
            }
        }
        assert!(seen > 20_000, "{seen} names");
    }

    /// A crate's own SQLite or zlib has names that Apple's lacks.
    #[test]
    fn names_of_open_libraries_are_those_that_programs_have_from_macos() {
        for_each(|library, name, is_of_program| {
            let is_open = library.starts_with("/usr/lib/")
                && !USR_LIB.iter().any(|(_, of_apple)| *of_apple == library);
            assert!(is_of_program || !is_open, "{name} of {library}");
        });
    }

    #[test]
    fn names_of_other_systems_tests_and_helpers_are_left_out() {
        let others = ["win32", "zng_", "gnustep", "objc2_", "NSObject2", "NSObjectMutable"];
        for_each(|library, name, is_of_program| {
            let framework = library.rsplit('/').next().unwrap();
            let is_other = NOT_ON_MACOS.contains(&framework)
                || NAMES_NOT_ON_MACOS.iter().chain(&others).any(|part| name.contains(part));
            assert!(is_of_program || !is_other, "{name} of {library}");
        });
    }

    /// The programs that verify the data must not be among its sources.
    #[test]
    fn held_out_programs_are_no_sources() {
        let held_out = listed("testdata/corpus.toml").into_iter().filter(|package| {
            let files = package.get("files").and_then(toml::Value::as_array);
            files
                .into_iter()
                .flatten()
                .any(|file| file["is"].as_str().is_some_and(|is| is.contains("held out")))
        });
        let held_out: Vec<String> =
            held_out.map(|package| text(&package, "name").to_owned()).collect();
        assert!(held_out.len() >= 2, "{held_out:?}");
        for source in listed("xtask/darwin-names/programs.toml") {
            assert!(!held_out.iter().any(|name| name == text(&source, "name")), "{source:?}");
        }
    }

    #[test]
    fn each_name_is_of_one_library() {
        let mut owners = BTreeMap::new();
        for_each(|library, name, _| {
            let other = owners.insert(name.to_owned(), library.to_owned());
            assert_eq!(other, None, "{name} of {library}");
        });
    }

    #[test]
    fn names_are_left_to_what_is_re_exported() {
        let claim = |library: &str, name: &str| Claim {
            library: library.to_owned(),
            name: name.to_owned(),
            source: Source { name: "a".to_owned(), license: String::new() },
        };
        let umbrella = "/System/Library/Frameworks/AudioUnit.framework/Versions/A/AudioUnit";
        let mut claims =
            vec![claim(umbrella, "_a"), claim("AudioToolbox", "_a"), claim(umbrella, "_b")];
        leave_to_re_exported(&mut claims);
        let kept: Vec<(&str, &str)> =
            claims.iter().map(|it| (it.library.as_str(), it.name.as_str())).collect();
        assert_eq!(kept, [("AudioToolbox", "_a"), (umbrella, "_b")]);
    }

    #[test]
    fn what_most_programs_say_is_kept() {
        let claim = |library: &str, source: &str| Claim {
            library: library.to_owned(),
            name: "_a".to_owned(),
            source: Source { name: source.to_owned(), license: String::new() },
        };
        let mut claims =
            vec![claim("Old", "a"), claim("New", "b"), claim("New", "c"), claim("Old", "a")];
        keep_where_most_have_it(&mut claims);
        assert!(claims.iter().all(|claim| claim.library == "New"));
        assert_eq!(claims.len(), 2);
    }
}
