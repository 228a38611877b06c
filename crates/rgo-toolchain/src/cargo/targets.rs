//! Decides which files a build makes: compares the user's selection (`-p`, `--bin`, `--buildmode`)
//! with the manifests. Some mistakes that cargo ignores silently are errors here: a package without
//! a program, two outputs with one name.

use std::collections::BTreeMap;

use crate::output_kind::OutputKind;
use camino::Utf8Path;
use cargo_metadata::{CrateType, Metadata, Package, PackageId, TargetKind};

/// The user's selection, in cargo's flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// `-p`.
    pub packages: Vec<String>,
    /// `--workspace`.
    pub workspace: bool,
    /// `--bin`.
    pub bins: Vec<String>,
    /// `--bins`.
    pub all_bins: bool,
    /// `--example`.
    pub examples: Vec<String>,
    /// `--lib`.
    pub lib: bool,
    /// `--buildmode`.
    pub mode: Option<Mode>,
}

/// The kind of file to make from every package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Programs.
    Exe,
    /// The library as a shared one.
    CShared,
    /// The library as a static one.
    CArchive,
}

/// One file to make for each target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOutput {
    /// The package that makes it.
    pub package: PackageId,
    /// Its name.
    pub package_name: String,
    /// Name of the cargo target, which names the file.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// Whether the user asked for this output by name, rather than for all that there are.
    pub explicit: bool,
    /// Required features, without which cargo leaves it out.
    pub requires: Vec<String>,
}

/// Why a selection cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// `-p` with a name that is not in the workspace.
    #[error("the workspace has no package `{name}`")]
    NoPackage {
        /// The name that the user gave.
        name: String,
        /// The most similar one.
        nearest: Option<String>,
        /// All names in the workspace.
        known: Vec<String>,
    },
    /// `--bin` or `--example` with a name that no selected package has.
    #[error("no selected package has the {what} `{name}`")]
    NoTarget {
        /// `program` or `example`.
        what: &'static str,
        /// The name that the user gave.
        name: String,
        /// The most similar one.
        nearest: Option<String>,
        /// All names in the selected packages.
        known: Vec<String>,
    },
    /// `--example` with an example that is a library.
    #[error("the example `{name}` is a {kind}, and of examples only programs are built")]
    LibraryExample {
        /// The example.
        name: String,
        /// Its crate type.
        kind: String,
    },
    /// The selection has nothing to ship.
    #[error("{packages} has nothing to ship: no program, no library for C")]
    Nothing {
        /// The selected packages.
        packages: String,
    },
    /// `--buildmode c-…` or `--lib` with a package without a library.
    #[error("{packages} has no library, which {asked} needs")]
    NoLibrary {
        /// The selected packages.
        packages: String,
        /// The flag.
        asked: &'static str,
    },
    /// `--buildmode c-…` with several libraries.
    #[error("{asked} builds the library of one package, and here are those of {packages}")]
    Several {
        /// The packages that have one.
        packages: String,
        /// The flag.
        asked: &'static str,
    },
    /// Two outputs would have one path.
    #[error("two results of one name: `{name}` is made by {first} and by {second}")]
    SameName {
        /// The name.
        name: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
}

impl SelectionError {
    /// Whether the call names something that the project does not have.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoPackage { .. } | Self::NoTarget { .. })
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoPackage { nearest, known, .. } | Self::NoTarget { nearest, known, .. } => {
                suggestion(nearest.as_deref(), known)
            }
            Self::LibraryExample { .. } => "make it the library of a package".to_owned(),
            Self::Nothing { .. } => "add src/main.rs, or `[lib] crate-type = [\"cdylib\"]`; \
                 `--buildmode c-shared` builds any library as a shared one"
                .to_owned(),
            Self::NoLibrary { .. } => "add src/lib.rs, or name another package with -p".to_owned(),
            Self::Several { .. } => "name one of them with -p".to_owned(),
            Self::SameName { .. } => {
                "build them one by one, with -p or --bin, into different folders (-o)".to_owned()
            }
        })
    }
}

fn suggestion(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`? there are: {}", known.join(", ")),
        None if known.is_empty() => "there is none at all".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    }
}

fn nearest_of(typed: &str, known: &[String]) -> Option<String> {
    rgo_report::nearest(typed, known.iter().map(|name| (name.as_str(), name.clone())))
}

/// The packages that a build with `manifest` selects, by cargo's rules.
///
/// # Errors
/// [`SelectionError::NoPackage`].
pub fn packages<'a>(
    metadata: &'a Metadata,
    manifest: &Utf8Path,
    selection: &Selection,
) -> Result<Vec<&'a Package>, SelectionError> {
    let members = metadata.workspace_packages();
    if !selection.packages.is_empty() {
        let mut chosen: Vec<&Package> = Vec::new();
        for spec in &selection.packages {
            let mut found = members.iter().filter(|package| is_meant(spec, package)).peekable();
            if found.peek().is_none() {
                let known: Vec<String> = members.iter().map(|p| p.name.to_string()).collect();
                let name = spec.split(['@', ':']).next().unwrap_or(spec);
                return Err(SelectionError::NoPackage {
                    name: spec.clone(),
                    nearest: nearest_of(name, &known),
                    known,
                });
            }
            for package in found {
                if !chosen.iter().any(|other| other.id == package.id) {
                    chosen.push(package);
                }
            }
        }
        return Ok(chosen);
    }
    if selection.workspace {
        return Ok(members);
    }
    let at_root = manifest == metadata.workspace_root.join("Cargo.toml");
    Ok(match members.iter().find(|p| !at_root && p.manifest_path == manifest) {
        Some(package) => vec![*package],
        None => metadata.workspace_default_packages(),
    })
}

/// Whether an argument of `-p` means this package. Cargo accepts these forms, with a version as
/// short as the user likes:
///
/// ```text
/// name   name@1.0   name:1.0   na*   path+file:///folder   file:///folder#1.0   file:///folder#name@1.0
/// ```
fn is_meant(spec: &str, package: &Package) -> bool {
    let (url, rest) = match spec.split_once('#') {
        Some((url, rest)) => (Some(url), Some(rest)),
        None if spec.contains("://") => (Some(spec), None),
        None => (None, Some(spec)),
    };
    if let Some(url) = url {
        let id = package.id.repr.split('#').next().unwrap_or_default();
        let plain = |url: &str| url.trim_start_matches("path+").trim_end_matches('/').to_owned();
        if plain(url) != plain(id) {
            return false;
        }
    }
    let Some(rest) = rest else { return true };
    let is_version = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let (name, version) = match rest.split_once(['@', ':']) {
        Some((name, version)) => (Some(name), Some(version)),
        None if url.is_some() && is_version(rest) => (None, Some(rest)),
        None => (Some(rest), None),
    };
    name.is_none_or(|name| is_named(name, &package.name))
        && version.is_none_or(|version| is_of_version(version, &package.version.to_string()))
}

fn is_named(pattern: &str, name: &str) -> bool {
    pattern == name || glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(name))
}

/// Whether a partial version matches: `1`, `1.2` and `1.2.3` all match 1.2.3.
fn is_of_version(given: &str, version: &str) -> bool {
    let rest = version.strip_prefix(given);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
}

/// The files that a build of these packages makes for every target.
///
/// # Errors
/// Each variant of [`SelectionError`] but the first.
pub fn wanted(
    packages: &[&Package],
    selection: &Selection,
) -> Result<Vec<BuildOutput>, SelectionError> {
    let named = |what, names: &[String], kind: TargetKind| {
        let known: Vec<String> =
            targets(packages, &kind).map(|(_, name)| name.to_owned()).collect();
        names.iter().try_for_each(|name| {
            if known.contains(name) {
                return Ok(());
            }
            let nearest = nearest_of(name, &known);
            Err(SelectionError::NoTarget {
                what,
                name: name.clone(),
                nearest,
                known: known.clone(),
            })
        })
    };
    named("program", &selection.bins, TargetKind::Bin)?;
    named("example", &selection.examples, TargetKind::Example)?;
    libraries_among(packages, &selection.examples)?;

    let mut wanted = Vec::new();
    for package in packages {
        wanted.extend(of_package(package, selection));
    }
    let names = || {
        let names: Vec<&str> = packages.iter().map(|p| p.name.as_str()).collect();
        names.join(", ")
    };
    let forced = match selection.mode {
        Some(Mode::CShared) => Some("--buildmode c-shared"),
        Some(Mode::CArchive) => Some("--buildmode c-archive"),
        Some(Mode::Exe) | None => None,
    };
    let asked = forced.or(selection.lib.then_some("--lib"));
    match (asked, forced) {
        (Some(asked), _) if !packages.iter().any(|p| library(p).is_some()) => {
            return Err(SelectionError::NoLibrary { packages: names(), asked });
        }
        // Cargo can override the crate type of one package at a time only.
        (_, Some(asked)) if wanted.len() > 1 => {
            let names: Vec<&str> = wanted.iter().map(|one| one.package_name.as_str()).collect();
            return Err(SelectionError::Several { packages: names.join(", "), asked });
        }
        _ if wanted.is_empty() => return Err(SelectionError::Nothing { packages: names() }),
        _ => {}
    }
    unique(&wanted)?;
    Ok(wanted)
}

/// Refuses examples that are libraries: rgo ships examples that are programs only.
fn libraries_among(packages: &[&Package], examples: &[String]) -> Result<(), SelectionError> {
    let all = packages.iter().flat_map(|package| &package.targets);
    let named = all.filter(|target| {
        target.kind.contains(&TargetKind::Example) && examples.contains(&target.name)
    });
    for example in named {
        if let Some(kind) = example.crate_types.iter().find(|kind| **kind != CrateType::Bin) {
            let (name, kind) = (example.name.clone(), kind.to_string());
            return Err(SelectionError::LibraryExample { name, kind });
        }
    }
    Ok(())
}

fn targets<'a>(
    packages: &'a [&Package],
    kind: &'a TargetKind,
) -> impl Iterator<Item = (&'a Package, &'a str)> {
    packages.iter().flat_map(move |package| {
        package
            .targets
            .iter()
            .filter(move |target| target.kind.contains(kind))
            .map(move |target| (*package, target.name.as_str()))
    })
}

fn library(package: &Package) -> Option<&cargo_metadata::Target> {
    package.targets.iter().find(|target| {
        target.kind.iter().any(|kind| {
            use TargetKind as K;
            matches!(kind, K::Lib | K::RLib | K::DyLib | K::CDyLib | K::StaticLib)
        })
    })
}

fn of_package(package: &Package, selection: &Selection) -> Vec<BuildOutput> {
    let make = |name: &str, kind, explicit| BuildOutput {
        package: package.id.clone(),
        package_name: package.name.to_string(),
        name: name.to_owned(),
        kind,
        explicit,
        requires: Vec::new(),
    };
    let forced = match selection.mode {
        Some(Mode::CShared) => Some(OutputKind::Cdylib),
        Some(Mode::CArchive) => Some(OutputKind::Staticlib),
        Some(Mode::Exe) | None => None,
    };
    if let Some(kind) = forced {
        return library(package).map(|lib| make(&lib.name, kind, true)).into_iter().collect();
    }
    let narrowed = !selection.bins.is_empty()
        || selection.all_bins
        || !selection.examples.is_empty()
        || selection.lib;
    let mut wanted = Vec::new();
    for target in &package.targets {
        let is = |kind: &TargetKind| target.kind.contains(kind);
        if is(&TargetKind::Bin) {
            let explicit = selection.bins.contains(&target.name);
            if explicit || selection.all_bins || !narrowed {
                let requires = target.required_features.clone();
                wanted.push(BuildOutput {
                    requires,
                    ..make(&target.name, OutputKind::Bin, explicit)
                });
            }
        }
        if is(&TargetKind::Example) && selection.examples.contains(&target.name) {
            wanted.push(make(&target.name, OutputKind::Example, true));
        }
        let libraries = [
            (CrateType::CDyLib, OutputKind::Cdylib),
            (CrateType::StaticLib, OutputKind::Staticlib),
        ];
        for (crate_type, kind) in libraries {
            let declared = target.crate_types.contains(&crate_type) && !is(&TargetKind::Example);
            if declared && selection.mode.is_none() && (selection.lib || !narrowed) {
                wanted.push(make(&target.name, kind, selection.lib));
            }
        }
    }
    wanted
}

/// Refuses two files of one name. Two packages may each have a program of one name, and a program
/// and an example may share it; their files may not.
fn unique(wanted: &[BuildOutput]) -> Result<(), SelectionError> {
    let mut seen: BTreeMap<(&str, &str), &BuildOutput> = BTreeMap::new();
    for one in wanted {
        if let Some(other) = seen.insert((&one.name, one.kind.crate_type()), one) {
            let who = |w: &BuildOutput| match w.kind {
                OutputKind::Example => format!("an example of {}", w.package_name),
                _ => w.package_name.clone(),
            };
            return Err(SelectionError::SameName {
                name: one.name.clone(),
                first: who(other),
                second: who(one),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
