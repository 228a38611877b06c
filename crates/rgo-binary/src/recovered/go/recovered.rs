//! Recovers the toolchain, main package, modules and packages of a Go program without build
//! information. Each answer has its evidence. Inlined and removed functions are not in the function
//! table.
//!
//! ```text
//! runtime.buildVersion ───────────────▶ toolchain
//! file table:      x/y@v1.2.3/z/f.go ─▶ module x/y v1.2.3, package x/y/z
//!                  rt0_linux_amd64.s ─▶ GOOS
//!                  file of main.main ─▶ main package, and from its path the main module
//! function names:  x/y/z.(*T).M ──────▶ package x/y/z
//! ```

use std::collections::BTreeMap;

use serde::Serialize;

use super::found::{FoundIn, FoundText, by_files};
use super::locate::{Located, locate};
use super::paths::first;
use super::sources::{Files, Main, Packages};
use super::toolchain;
use crate::system::{self, Os};
use crate::{Format, Image, Result};

/// A module with code in the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct RecoveredModule {
    /// Its path, such as `golang.org/x/sys`.
    pub path: String,
    /// Its version, such as `v1.2.3`; `None` if only its path is known.
    pub version: Option<String>,
    /// The source of both.
    #[serde(skip_serializing_if = "crate::evidence::is_hidden")]
    pub evidence: FoundIn,
}

/// The facts about a Go program that do not depend on build information.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RecoveredProgram {
    /// The toolchain, such as `go1.26.5`.
    pub toolchain: Option<FoundText>,
    /// The system, by Go's name; `None` if neither files nor headers show it.
    pub goos: Option<FoundText>,
    /// The architecture, by Go's name.
    pub goarch: FoundText,
    /// Import path of the main package.
    pub main_package: Option<FoundText>,
    /// The main module. Without a version, its path is a guess: a part of the main package's path.
    pub main_module: Option<RecoveredModule>,
    /// The other modules with a known version, sorted by path.
    pub modules: Vec<RecoveredModule>,
    /// Import paths of all packages except those of the standard library and the main package,
    /// sorted. They belong to the main module, to the modules above, or to modules of unknown
    /// version.
    pub packages: Vec<FoundText>,
}

/// Hosts whose modules have this number of elements in their paths, and at most a major version
/// behind.
const HOSTS: [(&str, usize); 5] = [
    ("github.com", 3),
    ("bitbucket.org", 3),
    ("codeberg.org", 3),
    ("golang.org", 3),
    ("gitlab.com", 3),
];
/// Folders that are inside a module and never a part of its path.
const INNER: [&str; 3] = ["cmd", "internal", "pkg"];

/// Recovers the facts about a Go image that do not depend on its build information; `None` for an
/// image that is not Go's. The result is the same for images with build information.
///
/// # Errors
/// As [`super::pclntab()`].
pub fn recovered(image: &Image<'_>) -> Result<Option<RecoveredProgram>> {
    let Some(located) = locate(image)? else { return Ok(None) };
    let table = &located.table;
    let packages = Packages::read(table, image.limits().max_symbols);
    let files = Files::read(table, &packages);
    let main = packages.main();
    let own = main.as_ref().map(|main| first(&main.package.value)).unwrap_or_default();

    let mut found: BTreeMap<String, FoundIn> =
        files.packages.iter().map(|path| (path.clone(), FoundIn::FileTable)).collect();
    for path in packages.foreign(own) {
        found.insert(path.to_owned(), FoundIn::FunctionNames);
    }
    if let Some(main) = &main {
        found.remove(&main.package.value);
    }
    let found: Vec<_> =
        found.into_iter().map(|(value, evidence)| FoundText { value, evidence }).collect();

    let main_module = main.as_ref().map(|main| main.module(&found, &files));
    let is_main = |path: &str, version: &str| {
        main_module
            .as_ref()
            .is_some_and(|main| main.path == path && main.version.as_deref() == Some(version))
    };
    let modules = files
        .modules
        .iter()
        .filter(|(path, version)| !is_main(path, version))
        .map(|(path, version)| RecoveredModule {
            path: path.clone(),
            version: Some(version.clone()),
            evidence: FoundIn::FileTable,
        })
        .collect();
    Ok(Some(RecoveredProgram {
        toolchain: toolchain_of(&located, &files),
        goos: files.start.or(files.system).map(by_files).or_else(|| goos_of(image)),
        goarch: FoundText { value: image.arch().to_string(), evidence: FoundIn::ImageHeaders },
        main_package: main.as_ref().map(|main| main.package.clone()),
        main_module,
        modules,
        packages: found,
    }))
}

fn toolchain_of(located: &Located<'_>, files: &Files<'_>) -> Option<FoundText> {
    let string = toolchain::build_version(located)
        .map(|value| FoundText { value, evidence: FoundIn::BuildVersionString });
    string.or_else(|| {
        // v0.0.1-go1.26.5.linux-amd64
        let (_, rest) = files.toolchain?.split_once('-')?;
        let version = rest.rsplit_once('.').map_or(rest, |(version, _)| version);
        toolchain::is_version(version, located.table.layout()).then(|| by_files(version))
    })
}

fn goos_of(image: &Image<'_>) -> Option<FoundText> {
    let os = match image.format() {
        Format::Elf => system::marked_for(image)?,
        Format::MachO => Os::Darwin,
        Format::Pe => Os::Windows,
    };
    Some(FoundText { value: os.to_string(), evidence: FoundIn::ImageHeaders })
}

impl Main {
    fn module(&self, packages: &[FoundText], files: &Files<'_>) -> RecoveredModule {
        if let Some((path, version)) = self.module.clone() {
            return RecoveredModule {
                path,
                version: Some(version),
                evidence: self.package.evidence,
            };
        }
        let loose: Vec<_> = packages
            .iter()
            .map(|package| package.value.as_str())
            .filter(|package| !files.has_version(package))
            .collect();
        let path = module_of(&self.package.value, &loose).to_owned();
        RecoveredModule { path, version: None, evidence: self.package.evidence }
    }
}

/// The likely module of a package without a version.
fn module_of<'p>(package: &'p str, packages: &[&str]) -> &'p str {
    let elements = |count: usize| {
        let end = package
            .match_indices('/')
            .nth(count.saturating_sub(1))
            .map_or(package.len(), |(at, _)| at);
        package.get(..end).unwrap_or(package)
    };
    if let Some((_, count)) = HOSTS.iter().find(|(host, _)| *host == first(package)) {
        let next = package.split('/').nth(*count).unwrap_or_default();
        return elements(count + usize::from(is_major(next)));
    }
    let inner = package.split('/').skip(1).position(|element| INNER.contains(&element));
    if let Some(inner) = inner {
        return elements(inner + 1);
    }
    // The prefix that the main package shares with its neighbors.
    let shared = packages
        .iter()
        .filter(|other| first(other) == first(package))
        .map(|other| {
            let alike = package.split('/').zip(other.split('/'));
            alike.take_while(|(a, b)| a == b).count()
        })
        .min();
    shared.map_or(package, elements)
}

/// Whether an element is a module's major version: `v2` and up.
fn is_major(element: &str) -> bool {
    element.strip_prefix('v').is_some_and(|number| {
        !number.is_empty()
            && !number.starts_with('0')
            && number != "1"
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
