//! Which library of macOS exports which name, gathered from what is published, for the stubs that
//! rgo-build links with instead of Apple's SDK.
//!
//! ```text
//! xtask/darwin-names/programs.toml   published programs: their import tables say who owns a name
//! xtask/darwin-names/Cargo.toml      crates: their `#[link(kind = "framework")]` blocks say it too
//! Go's own tree                      its `//go:cgo_import_dynamic` lines
//! toolchains/darwin-names/*.txt      what comes out, a file for each library
//! ```
//!
//! A program was linked with Apple's SDK, so its word counts more than a crate's. Names of libSystem,
//! of which zig has the list, are left to it: every program loads it, and a crate that declares one
//! of its functions beside those of a framework says nothing about who has it.

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
/// Sources named for each name, at most.
const NAMED: usize = 3;

/// Frameworks of Apple's other systems alone, which crates bind too.
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

/// Parts of names of Apple's other systems alone. The headers of a framework that macOS has too
/// declare them unavailable there, which bindings do not repeat.
const NAMES_NOT_ON_MACOS: [&str; 4] =
    ["AVAudioSession", "NSDeviceCertification", "OpenGLES", "PerformanceProfile"];

/// Where a name is from: a package with its version, and its license.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    name: String,
    license: String,
}

/// What one source says: a library has a name.
struct Claim {
    /// An install name, or a framework's or library's name alone.
    library: String,
    /// As in the symbol table.
    name: String,
    source: Source,
}

/// A library, by its install name.
#[derive(Default)]
struct Library {
    /// The versions that programs have recorded: the one they are compatible with, and the one
    /// that they were linked with, as Mach-O packs them.
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
    let known: BTreeSet<String> = of_programs.iter().map(|claim| claim.name.clone()).collect();
    let mut others = crates::claims()?;
    others.extend(goroot::claims()?);
    others.retain(|claim| {
        !known.contains(&claim.name) && !of_system.contains(&claim.name) && is_on_macos(claim)
    });

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

/// Whether bindings that say this are not about another system of Apple's.
fn is_on_macos(claim: &Claim) -> bool {
    !NOT_ON_MACOS.contains(&claim.library.as_str())
        && !NAMES_NOT_ON_MACOS.iter().any(|part| claim.name.contains(part))
}

/// Apple has moved names from library to library: programs of different years disagree. Keeps for
/// each name what most of them say.
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

/// Libraries of `/usr/lib` of which bindings are believed, by the name after `-l`. Others, like zlib
/// and SQLite, are open: a crate can build its own, newer and with more in it than Apple's, and its
/// bindings list both. Names of these are only those that programs have got from macOS.
const USR_LIB: [(&str, &str); 2] =
    [("-lobjc", "/usr/lib/libobjc.A.dylib"), ("-lresolv", "/usr/lib/libresolv.9.dylib")];

/// The install name of a framework or library that is named by its name alone.
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
    // All frameworks but a few have one version, A; programs show those of the others.
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

/// A version as Mach-O packs it; 1.0.0 where no program has shown one.
fn version(packed: u32) -> String {
    let packed = if packed == 0 { 1 << 16 } else { packed };
    format!("{}.{}.{}", packed >> 16, packed >> 8 & 0xff, packed & 0xff)
}
