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
//! A crate that cargo compiles without a `Dirty` line was not there before.

use std::collections::BTreeMap;

use serde::Serialize;

/// A crate that was compiled again, or for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Rebuilt {
    /// Name and version.
    pub package: String,
    /// The reasons, each once.
    pub reasons: Vec<String>,
    /// How many times it was compiled (targets, build scripts).
    pub units: usize,
}

/// Collects the reasons from cargo's lines.
#[derive(Debug, Default)]
pub struct Explainer {
    packages: BTreeMap<String, (Vec<String>, usize)>,
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
                self.packages.entry(package(rest)).or_default().1 += 1;
                false
            }
            "Running" | "Fresh" => true,
            _ => false,
        }
    }

    /// The compiled crates and the reasons, by name.
    #[must_use]
    pub fn finish(self) -> Vec<Rebuilt> {
        self.packages
            .into_iter()
            .filter(|(_, (_, units))| *units > 0)
            .map(|(package, (mut reasons, units))| {
                if reasons.is_empty() {
                    reasons.push("not built before with these settings".to_owned());
                }
                Rebuilt { package, reasons, units }
            })
            .collect()
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

    #[test]
    fn reasons_are_collected_by_package() {
        let mut explainer = Explainer::default();
        let lines = [
            ("       Fresh other v1.0.0", true),
            (
                "       \u{1b}[1mDirty\u{1b}[0m dep v0.1.0 (/a: b/dep): the file `src/lib.rs` has changed (1 s)",
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
        let found = explainer.finish();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].package, "dep 0.1.0");
        assert_eq!(found[0].units, 2);
        assert_eq!(found[0].reasons[0], "the file `src/lib.rs` has changed (1 s)");
        assert!(found[0].reasons[1].starts_with("the compiler flags changed"));
        assert_eq!(found[1].reasons, ["not built before with these settings"]);
    }
}
