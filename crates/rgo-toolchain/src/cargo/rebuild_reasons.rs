//! Explains why cargo compiled each crate. Cargo prints the reasons from its fingerprints under
//! `-v`:
//!
//! ```text
//!        Dirty dep v0.1.0 (/p/dep): the file `src/lib.rs` has changed (…)
//!    Compiling dep v0.1.0 (/p/dep)
//!      Running `rustc …`
//!        Fresh other v1.0.0
//! ```
//!
//! A crate that cargo compiles without a `Dirty` line was not there before. Cargo prints `Compiling`
//! once for a package, however many of its units it compiles: its messages on stdout have each unit.

use std::collections::BTreeMap;

use cargo_metadata::PackageId;
use serde::Serialize;

use crate::cargo::messages::Unit;

/// The reason without a `Dirty` line.
const NOT_THERE: &str = "not built before with these settings";

/// A crate that was compiled again, or for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Rebuilt {
    /// Name and version.
    pub package: String,
    /// The reasons, each once.
    pub reasons: Vec<String>,
    /// How many times it was compiled: each library, program and build script, for each target.
    pub units: usize,
}

/// Collects the reasons from cargo's lines.
#[derive(Debug, Default)]
pub struct Explainer {
    packages: BTreeMap<String, (Vec<String>, bool)>,
}

impl Explainer {
    /// Reads a line of cargo's stderr. Returns `true` for a line that cargo prints only because of
    /// `-v`.
    pub fn take(&mut self, line: &str) -> bool {
        let line = strip_ansi(line);
        let Some((verb, rest)) = line.trim_start().split_once(' ') else { return false };
        match verb {
            "Dirty" => {
                let (package, reason) = split_reason(rest);
                let reasons = &mut self.packages.entry(package).or_default().0;
                let reason = in_words(reason);
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
                true
            }
            "Compiling" => {
                self.packages.entry(package(rest)).or_default().1 = true;
                false
            }
            "Running" | "Fresh" => true,
            _ => false,
        }
    }

    /// The compiled crates and the reasons, by name. `units` are all that cargo reported.
    #[must_use]
    pub fn finish(self, units: &[Unit]) -> Vec<Rebuilt> {
        let mut compiled: BTreeMap<String, usize> = BTreeMap::new();
        for unit in units.iter().filter(|unit| !unit.fresh) {
            *compiled.entry(name_and_version(&unit.package)).or_default() += 1;
        }
        self.packages
            .into_iter()
            .filter(|(_, (_, is_compiled))| *is_compiled)
            .map(|(package, (mut reasons, _))| {
                if reasons.is_empty() {
                    reasons.push(NOT_THERE.to_owned());
                }
                // Cargo reports no unit whose compilation fails.
                let units = compiled.get(&package).copied().unwrap_or_default().max(1);
                Rebuilt { package, reasons, units }
            })
            .collect()
    }
}

/// Names `-a` as the reason of the crates that were not there: it removed them.
pub fn name_all_again(rebuilt: &mut [Rebuilt]) {
    for reason in rebuilt.iter_mut().flat_map(|one| &mut one.reasons) {
        if reason == NOT_THERE {
            "-a builds all again".clone_into(reason);
        }
    }
}

/// Adds the crates that a later run compiled.
pub fn join(all: &mut Vec<Rebuilt>, later: Vec<Rebuilt>) {
    for one in later {
        match all.iter_mut().find(|known| known.package == one.package) {
            Some(known) => {
                known.units += one.units;
                let new: Vec<String> =
                    one.reasons.into_iter().filter(|r| !known.reasons.contains(r)).collect();
                known.reasons.extend(new);
            }
            None => all.push(one),
        }
    }
}

/// Reduces a package ID to `name version`. Cargo writes it in three forms:
///
/// ```text
/// registry+https://host/index#name@1.0.0   path+file:///folder/name#1.0.0   name 1.0.0 (source)
/// ```
fn name_and_version(id: &PackageId) -> String {
    let Some((source, end)) = id.repr.rsplit_once('#').filter(|_| !id.repr.contains(" (")) else {
        return package(&id.repr);
    };
    if let Some((name, version)) = end.rsplit_once('@') {
        return format!("{name} {version}");
    }
    let path = source.split('?').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    format!("{name} {end}")
}

/// Reduces `name v1.0.0 (/folder)` to `name version`.
fn package(text: &str) -> String {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let version = words.next().unwrap_or_default().trim_end_matches(':');
    format!("{name} {}", version.trim_start_matches('v'))
}

/// The folder in brackets may contain `: `, so the reason begins after the closing bracket.
fn split_reason(text: &str) -> (String, &str) {
    let reason = text.split_once("): ").or_else(|| text.split_once(": ")).map_or("", |(_, r)| r);
    (package(text), reason)
}

fn in_words(reason: &str) -> String {
    // Cargo appends the two times in seconds.
    let reason = match reason.rsplit_once(" (") {
        Some((reason, times)) if times.contains("after last build") => reason,
        _ => reason,
    };
    if let Some(file) =
        reason.strip_prefix("the file `").and_then(|it| it.strip_suffix("` has changed"))
    {
        return format!("{file} is newer than the last build");
    }
    let known = [
        (
            "the config settings changed",
            "a setting of cargo's configuration changed, such as the linker",
        ),
        (
            "the rustflags changed",
            "the compiler flags changed (RUSTFLAGS, configuration, or rgo's own)",
        ),
        ("the toolchain changed", "the compiler changed"),
        ("the list of features changed", "its features changed"),
        ("the profile configuration changed", "the profile changed"),
        (
            "the precalculated components changed",
            "a file of the package changed, and its build script names none to watch",
        ),
        ("forced", "a rebuild was asked for"),
        (
            "couldn't read metadata for file",
            "its file was gone: rgo takes away what was linked for another floor, zig or note",
        ),
    ];
    known
        .iter()
        .find(|(start, _)| reason.starts_with(start))
        .map_or_else(|| reason.to_owned(), |(_, words)| (*words).to_owned())
}

fn strip_ansi(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::messages::Side;
    use std::collections::BTreeSet;

    #[test]
    fn reasons_are_collected_by_package() {
        let mut explainer = Explainer::default();
        let lines = [
            ("       Fresh other v1.0.0", true),
            (
                "       \u{1b}[1mDirty\u{1b}[0m dep v0.1.0 (/a: b/dep): the file `src/lib.rs` has changed (1795959455.491046906s, 37s after last build at 1795959418.4s)",
                true,
            ),
            ("   Compiling dep v0.1.0 (/a: b/dep)", false),
            ("       Dirty dep v0.1.0 (/a: b/dep): the rustflags changed", true),
            ("   Compiling dep v0.1.0 (/a: b/dep)", false),
            ("     Running `rustc --crate-name dep`", true),
            ("   Compiling new v2.0.0", false),
            ("       Dirty never v1.0.0: the toolchain changed", true),
            ("warning: unused", false),
            ("", false),
        ];
        for (line, ours) in lines {
            assert_eq!(explainer.take(line), ours, "{line}");
        }
        let units = [
            unit("path+file:///a: b/dep#0.1.0", false),
            unit("path+file:///a: b/dep#0.1.0", false),
            unit("path+file:///a: b/dep#0.1.0", false),
            unit("registry+https://host/index#new@2.0.0", true),
        ];
        let mut found = explainer.finish(&units);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].package, "dep 0.1.0");
        assert_eq!(found[0].units, 3);
        assert_eq!(found[0].reasons[0], "src/lib.rs is newer than the last build");
        assert!(found[0].reasons[1].starts_with("the compiler flags changed"));
        assert_eq!((found[1].units, &*found[1].reasons[0]), (1, NOT_THERE));
        name_all_again(&mut found);
        assert_eq!(found[0].reasons[0], "src/lib.rs is newer than the last build");
        assert_eq!(found[1].reasons, ["-a builds all again"]);
    }

    fn unit(package: &str, fresh: bool) -> Unit {
        Unit {
            package: PackageId { repr: package.into() },
            side: Side::Host,
            name: String::new(),
            kinds: Vec::new(),
            features: BTreeSet::new(),
            files: Vec::new(),
            executable: None,
            fresh,
            debuginfo: 0,
        }
    }

    #[test]
    fn a_package_id_has_name_and_version() {
        for (id, expected) in [
            ("registry+https://github.com/rust-lang/crates.io-index#serde@1.0.2", "serde 1.0.2"),
            ("path+file:///home/me/app#0.1.0", "app 0.1.0"),
            ("path+file:///home/me/folder#app@0.1.0", "app 0.1.0"),
            ("git+https://host/x/tool?branch=main#1.0.0+a.1", "tool 1.0.0+a.1"),
            ("app 0.1.0 (path+file:///home/me/app)", "app 0.1.0"),
            ("tool 1.0.0 (git+https://host/x/tool?rev=abc#abcdef)", "tool 1.0.0"),
        ] {
            let id = PackageId { repr: id.into() };
            assert_eq!(name_and_version(&id), expected);
        }
    }

    #[test]
    fn cargos_reasons_are_in_words() {
        for (reason, expected) in [
            (
                "the file `c/twice.c` has changed (1795959455.491046906s, 37s after last build at 1795959418.1s)",
                "c/twice.c is newer than the last build",
            ),
            (
                "the file `a (1).c` has changed (1s, 37s after last build at 1s)",
                "a (1).c is newer than the last build",
            ),
            ("the file `a.c` is missing", "the file `a.c` is missing"),
            (
                "the dependency dep was rebuilt (1s, 2s after last build at 3s)",
                "the dependency dep was rebuilt",
            ),
            ("the env variable A (b) changed", "the env variable A (b) changed"),
        ] {
            assert_eq!(in_words(reason), expected);
        }
    }
}
