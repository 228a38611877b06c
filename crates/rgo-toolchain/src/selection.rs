//! Which files a build is to make: the user's words (`-p`, `--bin`, `--buildmode`) against what
//! the manifests declare. What cargo would pass over in silence is an error here: a package
//! without a program, two results of one name.

use std::collections::BTreeMap;

use camino::Utf8Path;
use cargo_metadata::{CrateType, Metadata, Package, PackageId, TargetKind};

/// What the user asked to be built, by cargo's flags.
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

/// What kind of file is wanted of every package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Programs.
    Exe,
    /// The library as a shared one.
    CShared,
    /// The library as a static one.
    CArchive,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// A program.
    Bin,
    /// An example, which is a program too.
    Example,
    /// A shared library with a C interface.
    Cdylib,
    /// A static library with a C interface.
    Staticlib,
}

impl OutputKind {
    /// The final crate type as cargo and the toolchain files spell it.
    #[must_use]
    pub fn crate_type(self) -> &'static str {
        match self {
            Self::Bin | Self::Example => "bin",
            Self::Cdylib => "cdylib",
            Self::Staticlib => "staticlib",
        }
    }
}

/// One file to make for each target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The package that makes it.
    pub package: PackageId,
    /// Its name.
    pub package_name: String,
    /// Name of the cargo target, which names the file.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// Whether the user asked for exactly this, rather than for whatever there is.
    pub explicit: bool,
    /// Features without which cargo leaves it out.
    pub requires: Vec<String>,
}

/// Why nothing sensible can be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// `-p` with a name that the workspace has not.
    #[error("the workspace has no package `{name}`\nhint: {}", suggestion(.nearest.as_deref(), .known))]
    NoPackage {
        /// What was asked for.
        name: String,
        /// The most similar one.
        nearest: Option<String>,
        /// All of them.
        known: Vec<String>,
    },
    /// `--bin` or `--example` with a name that no selected package has.
    #[error("no selected package has the {what} `{name}`\nhint: {}", suggestion(.nearest.as_deref(), .known))]
    NoTarget {
        /// `program` or `example`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The most similar one.
        nearest: Option<String>,
        /// All of them.
        known: Vec<String>,
    },
    /// Nothing to ship.
    #[error(
        "{packages} has nothing to ship: no program, no library for C\nhint: add src/main.rs, or \
         `[lib] crate-type = [\"cdylib\"]`; `--buildmode c-shared` builds any library as a shared one"
    )]
    Nothing {
        /// The packages that were looked at.
        packages: String,
    },
    /// `--buildmode c-…` or `--lib` on a package without a library.
    #[error(
        "{packages} has no library, which {asked} needs\nhint: add src/lib.rs, or name another package with -p"
    )]
    NoLibrary {
        /// The packages that were looked at.
        packages: String,
        /// The flag.
        asked: &'static str,
    },
    /// `--buildmode c-…` on several packages.
    #[error(
        "{asked} builds the library of one package, and here are those of {packages}\nhint: name one of them with -p"
    )]
    Several {
        /// The packages that have one.
        packages: String,
        /// The flag.
        asked: &'static str,
    },
    /// Two results would have one path.
    #[error(
        "two results of one name: `{name}` is made by {first} and by {second}\nhint: build them one by one, with -p \
         or --bin, into different folders (-o)"
    )]
    SameName {
        /// The name.
        name: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
}

fn suggestion(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there is none at all".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    }
}

/// The name nearest to what was typed, if one is near enough to have been meant.
#[must_use]
pub fn nearest(typed: &str, known: &[String]) -> Option<String> {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance * 2 <= name.len().max(2))
        .min()
        .map(|(_, name)| name.clone())
}

/// The packages that a build in `manifest`'s folder is about, as cargo chooses them.
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
                    nearest: nearest(name, &known),
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

/// Whether what was given to `-p` means this package. Cargo takes, with as much of the version
/// as one likes:
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

/// `1`, `1.2` and `1.2.3` all mean version 1.2.3.
fn is_of_version(given: &str, version: &str) -> bool {
    let rest = version.strip_prefix(given);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
}

/// The files that a build of these packages is to make for every target.
///
/// # Errors
/// Each variant of [`SelectionError`] but the first.
pub fn wanted(packages: &[&Package], selection: &Selection) -> Result<Vec<Wanted>, SelectionError> {
    let named = |what, names: &[String], kind: TargetKind| {
        let known: Vec<String> =
            targets(packages, &kind).map(|(_, name)| name.to_owned()).collect();
        names.iter().try_for_each(|name| {
            if known.contains(name) {
                return Ok(());
            }
            let nearest = nearest(name, &known);
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
        // Cargo gives another crate type to one package at a time.
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

fn of_package(package: &Package, selection: &Selection) -> Vec<Wanted> {
    let make = |name: &str, kind, explicit| Wanted {
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
                wanted.push(Wanted { requires, ..make(&target.name, OutputKind::Bin, explicit) });
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

/// Programs of two packages, or a program and an example, may share a name; their files may not.
fn unique(wanted: &[Wanted]) -> Result<(), SelectionError> {
    let mut seen: BTreeMap<(&str, &str), &Wanted> = BTreeMap::new();
    for one in wanted {
        if let Some(other) = seen.insert((&one.name, one.kind.crate_type()), one) {
            let who = |w: &Wanted| match w.kind {
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
mod tests {
    use super::*;

    /// Packages as `name: kind/name …`, one a line, in cargo's own JSON.
    fn metadata(lines: &str) -> Metadata {
        let mut packages = Vec::new();
        for line in lines.lines() {
            let (name, targets) = line.trim().split_once(':').expect("name: targets");
            let targets: Vec<_> = targets
                .split_whitespace()
                .map(|target| {
                    let (kind, target) = target.split_once('/').expect("kind/name");
                    let crate_type = if kind == "example" { "bin" } else { kind };
                    serde_json::json!({
                        "name": target, "kind": [kind], "crate_types": [crate_type],
                        "src_path": format!("/w/{name}/{target}.rs"), "edition": "2024",
                    })
                })
                .collect();
            packages.push(serde_json::json!({
                "name": name, "version": "1.0.0", "id": format!("path+file:///w/{name}#1.0.0"),
                "dependencies": [], "targets": targets, "features": {},
                "manifest_path": format!("/w/{name}/Cargo.toml"),
            }));
        }
        let ids: Vec<_> = packages.iter().map(|p| p["id"].clone()).collect();
        serde_json::from_value(serde_json::json!({
            "packages": packages, "workspace_members": ids, "workspace_default_members": ids,
            "resolve": null, "workspace_root": "/w", "target_directory": "/w/target", "version": 1,
        }))
        .expect("metadata")
    }

    fn select(lines: &str, selection: &Selection) -> Result<String, SelectionError> {
        let metadata = metadata(lines);
        let packages = packages(&metadata, Utf8Path::new("/w/Cargo.toml"), selection)?;
        let wanted = wanted(&packages, selection)?;
        let words: Vec<_> =
            wanted.iter().map(|w| format!("{}/{}", w.kind.crate_type(), w.name)).collect();
        Ok(words.join(" "))
    }

    #[test]
    fn what_is_wanted() {
        let all = "a: bin/a cdylib/al example/e\nb: bin/b lib/bl";
        let some = |change: fn(&mut Selection)| {
            let mut selection = Selection::default();
            change(&mut selection);
            select(all, &selection).expect("selects")
        };
        assert_eq!(some(|_| ()), "bin/a cdylib/al bin/b");
        assert_eq!(some(|s| s.packages = vec!["b".into()]), "bin/b");
        assert_eq!(some(|s| s.bins = vec!["a".into()]), "bin/a");
        assert_eq!(some(|s| s.all_bins = true), "bin/a bin/b");
        assert_eq!(some(|s| s.lib = true), "cdylib/al");
        assert_eq!(some(|s| s.examples = vec!["e".into()]), "bin/e");
        assert_eq!(some(|s| s.mode = Some(Mode::Exe)), "bin/a bin/b");
        let of_b = |mode| Selection {
            mode: Some(mode),
            packages: vec!["b".into()],
            ..Selection::default()
        };
        assert_eq!(select(all, &of_b(Mode::CShared)).expect("selects"), "cdylib/bl");
        assert_eq!(select(all, &of_b(Mode::CArchive)).expect("selects"), "staticlib/bl");
        // The package without a library does not count.
        let one = select(
            "a: bin/a\nb: lib/bl",
            &Selection { mode: Some(Mode::CShared), ..Selection::default() },
        );
        assert_eq!(one.expect("selects"), "cdylib/bl");
    }

    #[test]
    fn every_spec_that_cargo_takes() {
        let all = "alpha: bin/a\nbeta: bin/b\nbeta-two: bin/c";
        for (specs, expected) in [
            (&["beta"][..], "bin/b"),
            (&["beta@1.0.0"], "bin/b"),
            (&["beta@1"], "bin/b"),
            (&["beta:1.0"], "bin/b"),
            (&["beta*"], "bin/b bin/c"),
            (&["bet?"], "bin/b"),
            (&["path+file:///w/beta#1.0.0"], "bin/b"),
            (&["path+file:///w/beta#beta@1.0.0"], "bin/b"),
            (&["file:///w/beta#beta"], "bin/b"),
            (&["file:///w/beta/"], "bin/b"),
            (&["beta", "beta"], "bin/b"),
            (&["beta", "b*", "file:///w/beta"], "bin/b bin/c"),
            (&["beta", "alpha"], "bin/b bin/a"),
            (&["beta@1.1"], "refused"),
            (&["beta@1.0.00"], "refused"),
            (&["beta@2"], "refused"),
            (&["file:///w"], "refused"),
            (&["file:///w/beta#alpha"], "refused"),
            (&["g*"], "refused"),
            (&[""], "refused"),
        ] {
            let packages = specs.iter().map(|spec| (*spec).to_owned()).collect();
            let found = select(all, &Selection { packages, ..Selection::default() });
            assert_eq!(found.unwrap_or("refused".into()), expected, "{specs:?}");
        }
    }

    #[test]
    fn what_cannot_be() {
        let fails = |lines: &str, change: fn(&mut Selection)| {
            let mut selection = Selection::default();
            change(&mut selection);
            select(lines, &selection).expect_err("refused").to_string()
        };
        for (error, words) in [
            (fails("a: lib/a", |_| ()), "a has nothing to ship"),
            (fails("a: bin/a", |s| s.lib = true), "no library, which --lib needs"),
            (
                fails("a: bin/a", |s| s.mode = Some(Mode::CShared)),
                "which --buildmode c-shared needs",
            ),
            (
                fails("a: lib/a\nb: lib/b", |s| s.mode = Some(Mode::CArchive)),
                "c-archive builds the library of one package, and here are those of a, b",
            ),
            (fails("alpha: bin/a", |s| s.packages = vec!["alhpa".into()]), "did you mean `alpha`?"),
            (fails("a: bin/serve", |s| s.bins = vec!["xyz".into()]), "there are: serve"),
            (fails("a: bin/x\nb: bin/x", |_| ()), "`x` is made by a and by b"),
            (
                fails("a: bin/x example/x", |s| {
                    s.all_bins = true;
                    s.examples = vec!["x".into()];
                }),
                "made by a and by an example of a",
            ),
        ] {
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_member_is_chosen_by_its_manifest() {
        let metadata = metadata("a: bin/a\nb: bin/b");
        let at = |path: &str| {
            let found = packages(&metadata, Utf8Path::new(path), &Selection::default());
            found.expect("packages").iter().map(|p| p.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(at("/w/b/Cargo.toml"), ["b"]);
        assert_eq!(at("/w/Cargo.toml"), ["a", "b"]);
    }
}
