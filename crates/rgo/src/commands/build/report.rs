//! What `rgo-build` answers: per target what was made, as read from the finished files.

use camino::Utf8PathBuf;
use rgo_binary::{DebugLevel, Linkage};
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::rebuild::Rebuilt;
use rgo_toolchain::selection::OutputKind;
use rgo_toolchain::std_lib::Origin;
use serde::Serialize;

use super::leaks::Leak;
use super::verdict::{Finding, Level, name};

/// The whole run.
#[derive(Debug, Serialize)]
pub(super) struct BuildReport {
    /// What compiled it.
    pub compiler: CompilerUsed,
    /// What linked it, if a target needed it.
    pub zig: Option<String>,
    /// Per target what happened, in the order asked for.
    pub targets: Vec<TargetReport>,
    /// With `--explain-rebuild`: what was compiled, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuilt: Option<Vec<Rebuilt>>,
    /// With `--work`: the folder that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<Utf8PathBuf>,
}

/// The compiler, and why it was this one.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CompilerUsed {
    /// `rustc 1.96.0 (…)`.
    pub rustc: String,
    /// Path of rustc.
    pub rustc_path: Utf8PathBuf,
    /// Path of cargo.
    pub cargo_path: Utf8PathBuf,
    /// What chose it: `--cargo`, `RGO_CARGO`, `CARGO` or `PATH`.
    pub chosen_by: String,
}

/// One target of the run.
#[derive(Debug, Serialize)]
pub(super) struct TargetReport {
    /// The toolchain's name, which is the output folder's too.
    pub toolchain: String,
    /// Rust's name of it.
    pub triple: String,
    /// Where its standard library came from: `prebuilt`, `rustup`, `source`.
    pub std: Option<Origin>,
    /// Why it failed; nothing was put in place then for what failed.
    pub error: Option<String>,
    /// What was made.
    pub artifacts: Vec<Artifact>,
    /// What the platform cannot have.
    pub not_made: Vec<String>,
}

/// A file that was made.
#[derive(Debug, Serialize)]
pub(super) struct Artifact {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// What it is.
    pub kind: OutputKind,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Whether this run changed the file.
    pub changed: bool,
    /// What its loader wants; nothing for a static library.
    pub linkage: Option<Linkage>,
    /// What debug data it has.
    pub debug: Option<DebugLevel>,
    /// Whether it carries `.rgo-bi` and `.dep-v0`.
    pub note: bool,
    /// Values that were written, with the number of slots of that name.
    pub stamped: Vec<(String, usize)>,
    /// Files beside it: import library, header, debug companion.
    pub companions: Vec<Utf8PathBuf>,
    /// Paths of this machine that are still in it.
    pub leaks: Vec<Leak>,
    /// What is not as it was asked for.
    pub findings: Vec<Finding>,
}

impl BuildReport {
    /// Whether a target failed.
    #[must_use]
    pub(super) fn failed(&self) -> bool {
        self.targets.iter().any(|target| target.error.is_some())
    }

    /// Whether something was made that is not what was asked for.
    #[must_use]
    pub(super) fn not_held(&self) -> bool {
        self.artifacts().any(|a| a.findings.iter().any(|f| f.level == Level::Error))
    }

    fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.targets.iter().flat_map(|target| &target.artifacts)
    }
}

impl Report for BuildReport {
    const SCHEMA: &'static str = "rgo.build/1";

    fn document(&self) -> Document {
        let mut table = Table::new([
            Column::left("target"),
            Column::left("file"),
            Column::right("size"),
            Column::left("libc"),
            Column::left("debug"),
            Column::left("sha256"),
        ]);
        for target in &self.targets {
            for artifact in &target.artifacts {
                table.row(row(&target.toolchain, artifact));
            }
            if let Some(error) = &target.error {
                let error = error.lines().next().unwrap_or("failed").to_owned();
                table.row([
                    Cell::new(&target.toolchain),
                    Cell::new("failed").tone(Tone::Bad),
                    Cell::new(""),
                    Cell::new(error),
                ]);
            }
        }
        let mut document = Document::new().table(table);
        for (target, text) in
            self.targets.iter().flat_map(|t| t.not_made.iter().map(move |n| (t, n)))
        {
            document =
                document.line(Cell::new(format!("{}: {text}", target.toolchain)).tone(Tone::Warn));
        }
        for artifact in self.artifacts() {
            for finding in &artifact.findings {
                let tone = if finding.level == Level::Error { Tone::Bad } else { Tone::Warn };
                document = document
                    .line(Cell::new(format!("{}: {}", artifact.path, finding.text)).tone(tone));
            }
            for leak in &artifact.leaks {
                let text = format!(
                    "{}: {} of the {} in {}, such as {}",
                    artifact.path,
                    if leak.count == 1 {
                        "1 path".to_owned()
                    } else {
                        format!("{} paths", leak.count)
                    },
                    leak.what,
                    if leak.section.is_empty() { "no section" } else { &leak.section },
                    leak.example
                );
                document = document.line(Cell::new(text).tone(Tone::Warn));
            }
        }
        if let Some(rebuilt) = &self.rebuilt {
            document = document.heading("Compiled");
            let mut table =
                Table::new([Column::left("crate"), Column::right("times"), Column::left("why")]);
            for one in rebuilt {
                let why = one.reasons.join("; ");
                table.row([
                    Cell::new(&one.package),
                    Cell::new(one.units.to_string()),
                    Cell::new(why),
                ]);
            }
            document = if rebuilt.is_empty() {
                document.line("nothing: all was fresh")
            } else {
                document.table(table)
            };
        }
        document
    }
}

fn row(toolchain: &str, artifact: &Artifact) -> Vec<Cell> {
    let wrong = artifact.findings.iter().any(|f| f.level == Level::Error);
    vec![
        Cell::new(toolchain),
        Cell::new(artifact.path.as_str()).tone(if wrong { Tone::Bad } else { Tone::Good }),
        Cell::new(size(artifact.size_bytes)),
        Cell::new(artifact.linkage.as_ref().map_or_else(|| "-".to_owned(), libc)),
        Cell::new(artifact.debug.map_or("-", debug)),
        Cell::new(artifact.sha256.get(..12).unwrap_or_default()).tone(Tone::Dim),
    ]
}

/// The C library in one cell: how it is linked, and the oldest system that will do.
fn libc(linkage: &Linkage) -> String {
    if let Some(floor) = &linkage.glibc_floor {
        return format!("glibc {}", floor.version);
    }
    if let Some(min) = &linkage.macos_min {
        return format!("libSystem, macOS {min}");
    }
    if let Some((major, minor)) = linkage.windows_os {
        let libraries = linkage.needed.len();
        return format!("Windows {major}.{minor}, {libraries} DLLs");
    }
    if linkage.static_ {
        return name(linkage.kind).to_owned();
    }
    format!("needs {}", linkage.needed.join(", "))
}

fn debug(level: DebugLevel) -> &'static str {
    match level {
        DebugLevel::None => "none",
        DebugLevel::Symbols => "symbols",
        DebugLevel::Lines => "lines",
        DebugLevel::Full => "full",
    }
}

/// A size for people; JSON has the exact figure.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[allow(clippy::cast_precision_loss)] // One decimal is shown.
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_572_864, "1.5 MiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
