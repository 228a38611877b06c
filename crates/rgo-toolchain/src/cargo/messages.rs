//! Parses cargo's messages on stdout, one JSON object a line. They are rgo's only source for the
//! files that a build made: paths under the target folder are cargo's own affair.
//!
//! A message has no target triple. The file's path gives it:
//!
//! ```text
//! <target folder>/<triple>/<profile>/…   made for a target
//! <target folder>/<profile>/…            made for the host: build scripts, proc-macros
//! ```

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Message, PackageId, TargetKind};

/// The side that a unit was compiled for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It runs during the build: build scripts, proc-macros and their dependencies.
    Host,
    /// It becomes part of the program. Holds the triple that it was compiled for.
    Target(String),
}

/// A unit that cargo compiled or found fresh.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The package it belongs to.
    pub package: PackageId,
    /// The side that it was compiled for.
    pub side: Side,
    /// Name of the cargo target: a bin's, a lib's.
    pub name: String,
    /// `bin`, `lib`, `cdylib`, `proc-macro` and so on, as in the manifest.
    pub kinds: Vec<TargetKind>,
    /// Active features, implied ones included.
    pub features: BTreeSet<String>,
    /// Every file that it made.
    pub files: Vec<Utf8PathBuf>,
    /// The executable among them.
    pub executable: Option<Utf8PathBuf>,
    /// Whether it was up to date, so that cargo did not compile it.
    pub fresh: bool,
    /// The profile's DWARF level, as `rustc -Cdebuginfo` counts it.
    pub debuginfo: u32,
}

/// The folders that cargo writes to; they differ if `build.build-dir` is set.
#[derive(Clone, Debug)]
pub struct Folders {
    /// `target/`, for final files.
    pub target: Utf8PathBuf,
    /// For intermediate files.
    pub build: Utf8PathBuf,
}

/// A line of cargo's output that rgo uses.
#[derive(Clone, Debug)]
pub enum CargoMessage {
    /// A unit is done.
    Unit(Box<Unit>),
    /// A build script has run.
    BuildScript {
        /// The package whose script it is.
        package: PackageId,
        /// The side that the package is compiled for.
        side: Side,
        /// Its `OUT_DIR`.
        out_dir: Utf8PathBuf,
    },
    /// The native libraries that a program must link beside a static library.
    NativeLibs {
        /// The package whose library it is.
        package: PackageId,
        /// Arguments for a linker, in their order.
        libs: Vec<String>,
    },
    /// A message of the compiler.
    Diagnostic {
        /// The package that was compiled.
        package: PackageId,
        /// Whether it is an error rather than a warning or a note.
        error: bool,
        /// The text as rustc lays it out.
        rendered: String,
    },
}

/// The start of rustc's answer to `--print native-static-libs`, and the note before it.
const NATIVE_LIBS: &str = "native-static-libs:";
const LINK_AGAINST: &str = "link against the following native artifacts";

/// Parses one line of cargo's stdout. Gives `None` for messages that rgo does not use, and for
/// lines that a build script or compiler plugin printed.
#[must_use]
pub fn event(line: &str, folders: &Folders, triples: &[&str]) -> Option<CargoMessage> {
    let message: Message = serde_json::from_str(line).ok()?;
    match message {
        Message::CompilerArtifact(artifact) => Some(CargoMessage::Unit(Box::new(Unit {
            side: side(artifact.filenames.first()?, folders, triples),
            package: artifact.package_id,
            name: artifact.target.name,
            kinds: artifact.target.kind,
            features: artifact.features.into_iter().collect(),
            files: artifact.filenames,
            executable: artifact.executable,
            fresh: artifact.fresh,
            debuginfo: debuginfo_level(&artifact.profile.debuginfo),
        }))),
        Message::BuildScriptExecuted(script) => Some(CargoMessage::BuildScript {
            side: side(&script.out_dir, folders, triples),
            package: script.package_id,
            out_dir: script.out_dir,
        }),
        Message::CompilerMessage(message) if message.message.message.starts_with(NATIVE_LIBS) => {
            let libs = message.message.message.get(NATIVE_LIBS.len()..).unwrap_or_default();
            Some(CargoMessage::NativeLibs {
                package: message.package_id,
                libs: libs.split_whitespace().map(str::to_owned).collect(),
            })
        }
        Message::CompilerMessage(message) if message.message.message.starts_with(LINK_AGAINST) => {
            None
        }
        Message::CompilerMessage(message) => Some(CargoMessage::Diagnostic {
            package: message.package_id,
            error: matches!(
                message.message.level,
                cargo_metadata::diagnostic::DiagnosticLevel::Error
                    | cargo_metadata::diagnostic::DiagnosticLevel::Ice
            ),
            rendered: message.message.rendered?,
        }),
        _ => None,
    }
}

fn side(file: &Utf8Path, folders: &Folders, triples: &[&str]) -> Side {
    // One folder may lie inside the other. Relative to the outer one, the file's first folder is
    // then no triple.
    [&folders.target, &folders.build]
        .into_iter()
        .filter_map(|folder| file.strip_prefix(folder).ok()?.components().next())
        .find_map(|first| triples.iter().find(|triple| **triple == first.as_str()))
        .map_or(Side::Host, |triple| Side::Target((*triple).to_owned()))
}

fn debuginfo_level(level: &cargo_metadata::ArtifactDebuginfo) -> u32 {
    use cargo_metadata::ArtifactDebuginfo as D;
    match level {
        D::None => 0,
        D::LineDirectivesOnly | D::LineTablesOnly | D::Limited => 1,
        D::UnknownInt(n) => u32::try_from(*n).unwrap_or(0),
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(target: &str, build: &str) -> Folders {
        Folders { target: target.into(), build: build.into() }
    }

    #[test]
    fn the_triple_is_the_first_folder_below_the_target_folder() {
        let triples = ["x86_64-unknown-linux-musl", "aarch64-apple-darwin"];
        let darwin = || Side::Target("aarch64-apple-darwin".into());
        for (target, build, file, expected) in [
            ("/t", "/b", "/t/aarch64-apple-darwin/release/x", darwin()),
            ("/t", "/b", "/b/aarch64-apple-darwin/release/x", darwin()),
            ("/t", "/b", "/t/release/build/x", Side::Host),
            ("/t", "/b", "/elsewhere/aarch64-apple-darwin/release/x", Side::Host),
            ("/t", "/b", "/t/x86_64-unknown-linux-musl-not/release/x", Side::Host),
            ("/t", "/t/build", "/t/build/aarch64-apple-darwin/release/x", darwin()),
            ("/t", "/t/build", "/t/aarch64-apple-darwin/release/x", darwin()),
            ("/t", "/t/build", "/t/build/release/x", Side::Host),
            ("/b/out", "/b", "/b/out/aarch64-apple-darwin/release/x", darwin()),
            ("/b/out", "/b", "/b/aarch64-apple-darwin/release/x", darwin()),
            ("/b/out", "/b", "/b/out/release/x", Side::Host),
        ] {
            let found = side(Utf8Path::new(file), &folders(target, build), &triples);
            assert_eq!(found, expected, "{target} {build} {file}");
        }
    }

    #[test]
    fn an_artifact_line_is_a_unit() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///p#0.1.0",
            "manifest_path":"/p/Cargo.toml","target":{"kind":["bin"],"crate_types":["bin"],
            "name":"p","src_path":"/p/src/main.rs","edition":"2024","doc":true,"doctest":false,
            "test":true},"profile":{"opt_level":"3","debuginfo":0,"debug_assertions":false,
            "overflow_checks":false,"test":false},"features":["default"],
            "filenames":["/t/aarch64-apple-darwin/release/p"],
            "executable":"/t/aarch64-apple-darwin/release/p","fresh":true}"#;
        let line = line.replace('\n', "");
        let Some(CargoMessage::Unit(unit)) =
            event(&line, &folders("/t", "/b"), &["aarch64-apple-darwin"])
        else {
            panic!("not a unit")
        };
        assert_eq!(unit.side, Side::Target("aarch64-apple-darwin".into()));
        assert!(unit.fresh && unit.features.contains("default"));
    }

    #[test]
    fn other_lines_are_passed_over() {
        for line in ["", "hello", "{}", "{\"reason\":\"build-finished\",\"success\":true}", "[1"] {
            assert!(event(line, &folders("/t", "/b"), &[]).is_none(), "{line}");
        }
    }
}
