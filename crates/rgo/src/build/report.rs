//! The report of `rgo-build`: the results of each target, as read from the finished files.

use camino::Utf8PathBuf;
use rgo_binary::{DebugLevel, Linkage};
use rgo_policy::Outcome;
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::cargo::rebuild_reasons::Rebuilt;
use serde::Serialize;

use rgo_toolchain::artifact::Artifact;
use rgo_toolchain::build::builder::Builder;
use rgo_toolchain::build::failure_groups;
use rgo_toolchain::build::outcome::TargetOutcome;
use rgo_toolchain::checks::leaks::Leak;
use rgo_toolchain::checks::{Level, name};
use rgo_toolchain::compiler_used::CompilerUsed;
use rgo_toolchain::output_kind::OutputKind;

use super::compiled_table;

/// The whole run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct BuildReport {
    /// The compilers: one, or that of each builder.
    pub compilers: Vec<CompilerUsed>,
    /// The version of zig, if a target needed it.
    pub zig: Option<String>,
    /// The outcome of each target, in the user's order.
    pub targets: Vec<TargetOutcome>,
    /// The files that differ from the recorded commit, if one is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_files: Option<Vec<String>>,
    /// The verdict, if something was required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Outcome>,
    /// With `--explain-rebuild`: the compiled crates and Go packages, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuilt: Option<Vec<Rebuilt>>,
    /// With `--work`: the folder that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub work: Option<Utf8PathBuf>,
}

impl BuildReport {
    /// A report without outcomes yet.
    pub(super) fn new(builders: &[Builder], work: Option<Utf8PathBuf>) -> Self {
        let vcs = builders.iter().filter_map(|builder| builder.context().vcs.as_ref());
        let files: Vec<&Vec<String>> = vcs.map(|vcs| &vcs.modified_files).collect();
        Self {
            compilers: builders.iter().map(Builder::compiler).collect(),
            zig: None,
            targets: Vec::new(),
            modified_files: files.first().map(|files| (*files).clone()),
            policy: None,
            rebuilt: None,
            work,
        }
    }

    /// Whether a target failed.
    #[must_use]
    pub(super) fn failed(&self) -> bool {
        self.targets.iter().any(|target| target.error.is_some())
    }

    /// Whether a file differs from the request.
    #[must_use]
    pub(super) fn not_held(&self) -> bool {
        self.artifacts().any(|a| a.findings.iter().any(|f| f.level == Level::Error))
    }

    /// The first files that differ from the commit, and how many more do; `None` without any.
    #[must_use]
    pub(super) fn modified(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let files = self.modified_files.as_deref().filter(|files| !files.is_empty())?;
        let shown = files.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        Some(match files.len().saturating_sub(SHOWN) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        })
    }

    fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.targets.iter().flat_map(|target| &target.artifacts)
    }

    /// A table of each file's dependencies on the system, and its companions.
    fn needs(&self) -> Table {
        let mut table = Table::new([
            Column::left("target"),
            Column::left("file"),
            Column::left("started by"),
            Column::left("libraries"),
            Column::left("beside it"),
        ]);
        for target in &self.targets {
            for artifact in target.artifacts.iter().filter(|artifact| has_needs(artifact)) {
                let linkage = artifact.linkage.as_ref();
                let interpreter = linkage.and_then(|linkage| linkage.interpreter.as_deref());
                let libraries = linkage.map(|linkage| libraries(&linkage.needed));
                let beside: Vec<&str> =
                    artifact.companions.iter().filter_map(|path| path.file_name()).collect();
                table.row([
                    Cell::new(&target.toolchain),
                    Cell::new(artifact.path.file_name().unwrap_or_default()),
                    Cell::new(interpreter.unwrap_or("-")),
                    Cell::new(libraries.unwrap_or_else(|| "-".to_owned())),
                    Cell::new(if beside.is_empty() { "-".to_owned() } else { beside.join(", ") }),
                ]);
            }
        }
        table
    }

    /// Errors, warnings and findings, one a line.
    fn remarks(&self) -> Vec<Cell> {
        let mut remarks = Vec::new();
        for group in failure_groups::groups(&self.targets) {
            let error = group.error.lines().next().unwrap_or("failed");
            remarks.push(Cell::new(format!("{}: {error}", group.toolchains)).tone(Tone::Bad));
            remarks.extend(group.hints.iter().map(|hint| Cell::new(format!("hint: {hint}"))));
        }
        for target in &self.targets {
            for text in &target.not_made {
                remarks.push(Cell::new(format!("{}: {text}", target.toolchain)).tone(Tone::Warn));
            }
        }
        for artifact in self.artifacts() {
            if !artifact.link_with.is_empty() {
                let libs = artifact.link_with.join(" ");
                remarks.push(Cell::new(format!("{}: link it with {libs}", artifact.path)));
            }
            for finding in &artifact.findings {
                let (word, tone) = match finding.level {
                    Level::Error => ("error", Tone::Bad),
                    Level::Warning => ("warning", Tone::Warn),
                };
                let text = format!("{word}: {}: {}", artifact.path, finding.text);
                remarks.push(Cell::new(text).tone(tone));
            }
            remarks.extend(
                artifact.leaks.iter().map(|leak| Cell::new(in_words(leak)).tone(Tone::Warn)),
            );
        }
        remarks.extend(self.artifacts().flat_map(|it| &it.companions).filter_map(debugger_script));
        let bare: Vec<&str> = self
            .artifacts()
            .filter(|artifact| artifact.kind == OutputKind::Staticlib)
            .map(|artifact| artifact.path.as_str())
            .collect();
        if !bare.is_empty() {
            let text = "without build note and dependency list, as static libraries are";
            remarks.push(Cell::new(format!("{text}: {}", bare.join(", "))));
        }
        remarks
    }
}

fn has_needs(artifact: &Artifact) -> bool {
    let loads = |l: &Linkage| l.interpreter.is_some() || !l.needed.is_empty();
    artifact.linkage.as_ref().is_some_and(loads) || !artifact.companions.is_empty()
}

/// The libraries in one cell. Windows splits its C library into a dozen DLLs with a common prefix;
/// the cell gives their number.
fn libraries(needed: &[String]) -> String {
    const PARTS: &str = "api-ms-win-crt-";
    let (parts, mut names): (Vec<&str>, Vec<&str>) =
        needed.iter().map(String::as_str).partition(|name| name.starts_with(PARTS));
    let parts = match parts.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        more => Some(format!("{PARTS}* ({})", more.len())),
    };
    names.extend(parts.as_deref());
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What a script for a debugger is for.
fn debugger_script(companion: &Utf8PathBuf) -> Option<Cell> {
    let call = match companion.file_name()? {
        "source-map.gdb" => "gdb -x",
        "source-map.lldb" => "lldb -s",
        _ => return None,
    };
    let text = "tells a debugger where the sources are, by this machine's folders; do not ship it";
    Some(Cell::new(format!("{companion}: {text} ({call} {companion})")))
}

fn in_words(leak: &Leak) -> String {
    let section = if leak.section.is_empty() { "no section" } else { &leak.section };
    let Leak { file, what, example, count, .. } = leak;
    let paths = if *count == 1 { "path" } else { "paths" };
    format!("{file}: {count} {paths} of the {what} in {section}, such as {example}")
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
            if target.error.is_some() {
                table.row([Cell::new(&target.toolchain), Cell::new("failed").tone(Tone::Bad)]);
            }
        }
        let mut document = Document::new().table(table);
        if self.artifacts().any(has_needs) {
            document = document.heading("Needs").table(self.needs());
        }
        for line in self.remarks() {
            document = document.line(line);
        }
        if let Some(rebuilt) = &self.rebuilt {
            document = compiled_table::add(document, rebuilt, &self.compilers);
        }
        for compiler in &self.compilers {
            document = document.fact("compiler", compiler.to_string());
        }
        if let Some(zig) = &self.zig {
            document = document.fact("linker", format!("zig {zig}"));
        }
        if let Some(files) = self.modified() {
            document = document.fact("differs from the commit", files);
        }
        match &self.policy {
            Some(outcome) => outcome.document(document.heading("Policy"), false),
            None => document,
        }
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

/// The C library in one cell: how it is linked, and the oldest version that suffices.
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
    if linkage.static_ || linkage.needed.is_empty() {
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

/// A size for people; JSON has the exact number.
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
    use super::*;
    use rgo_binary::Kind;
    use rgo_report::{Rendering, Style, render};

    fn linkage(interpreter: Option<&str>, needed: &[&str]) -> Linkage {
        Linkage {
            interpreter: interpreter.map(Into::into),
            needed: needed.iter().map(|name| (*name).to_owned()).collect(),
            static_: needed.is_empty(),
            ..Linkage::empty(Kind::Pie)
        }
    }

    fn artifact(path: &str, kind: OutputKind, linkage: Option<Linkage>) -> Artifact {
        Artifact {
            path: path.into(),
            kind,
            size_bytes: 2048,
            sha256: "0123456789abcdef".into(),
            changed: true,
            linkage,
            debug: Some(DebugLevel::None),
            note: true,
            stamped: Vec::new(),
            companions: Vec::new(),
            link_with: Vec::new(),
            leaks: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn text(artifacts: Vec<Artifact>) -> String {
        render(&report(artifacts), Rendering::Text, Style::default()).expect("renders")
    }

    fn report(artifacts: Vec<Artifact>) -> BuildReport {
        BuildReport {
            compilers: vec![CompilerUsed {
                name: "rustc".into(),
                version: "1.96.0".into(),
                line: "rustc 1.96.0".into(),
                path: "/bin/rustc".into(),
                builder_path: "/bin/cargo".into(),
                chosen_by: "PATH".into(),
            }],
            zig: Some("0.15.2".into()),
            targets: vec![TargetOutcome {
                toolchain: "linux-amd64".into(),
                triple: "x86_64-unknown-linux-gnu".into(),
                std: None,
                error: None,
                hints: Vec::new(),
                artifacts,
                not_made: Vec::new(),
            }],
            modified_files: None,
            policy: None,
            rebuilt: None,
            work: None,
        }
    }

    #[test]
    fn a_failure_and_its_hints_are_apart() {
        let mut report = report(Vec::new());
        let json = |report: &BuildReport| serde_json::to_value(report).expect("is data");
        assert_eq!(json(&report)["targets"][0].get("hints"), None);
        report.targets[0].error = Some("it broke\nfar below".into());
        report.targets[0].hints = vec!["mend it".into()];
        let target = &json(&report)["targets"][0];
        assert_eq!(target["error"], "it broke\nfar below");
        assert_eq!(target["hints"], serde_json::json!(["mend it"]));
        let text = render(&report, Rendering::Text, Style::default()).expect("renders");
        assert!(text.contains("linux-amd64: it broke\nhint: mend it\n"), "{text}");
    }

    fn line<'t>(text: &'t str, start: &str) -> &'t str {
        text.lines().rev().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn the_compiler_and_the_linker_are_named() {
        let text = text(Vec::new());
        assert!(line(&text, "compiler").ends_with("rustc 1.96.0, because PATH names /bin/cargo"));
        assert!(line(&text, "linker").ends_with("zig 0.15.2"));
    }

    #[test]
    fn needs_are_what_the_loader_wants_and_what_lies_beside() {
        let loader = "/lib64/ld-linux-x86-64.so.2";
        let mut app =
            artifact("dist/app", OutputKind::Bin, Some(linkage(Some(loader), &["libc.so.6"])));
        app.companions = vec!["dist/app.debug".into()];
        let text = text(vec![app]);
        let row = line(&text, "linux-amd64");
        for part in ["app", loader, "libc.so.6", "app.debug"] {
            assert!(row.contains(part), "{row}");
        }
    }

    #[test]
    fn scripts_for_debuggers_say_what_they_are() {
        let mut app = artifact("dist/app", OutputKind::Bin, None);
        app.companions = vec!["dist/app.debug".into(), "dist/source-map.gdb".into()];
        let text = text(vec![app]);
        assert!(text.contains("do not ship it (gdb -x dist/source-map.gdb)"), "{text}");
        assert_eq!(text.matches("do not ship it").count(), 1, "{text}");
    }

    #[test]
    fn a_program_that_needs_nothing_has_no_such_table() {
        let text = text(vec![artifact("dist/app", OutputKind::Bin, Some(linkage(None, &[])))]);
        assert!(!text.contains("Needs"), "{text}");
    }

    #[test]
    fn a_static_library_is_said_to_carry_no_note() {
        let library = |kind| text(vec![artifact("dist/libx.a", kind, None)]);
        assert!(library(OutputKind::Staticlib).contains("as static libraries are: dist/libx.a"),);
        assert!(!library(OutputKind::Cdylib).contains("without build note"));
    }

    #[test]
    fn changed_files_are_named_and_counted() {
        for (files, expected) in [
            (&[][..], None),
            (&["a"], Some("a")),
            (&["a", "b", "c"], Some("a, b, c")),
            (&["a", "b", "c", "d", "e"], Some("a, b, c and 2 more")),
        ] {
            let files = files.iter().map(|file| (*file).to_owned()).collect();
            let report = BuildReport { modified_files: Some(files), ..report(Vec::new()) };
            assert_eq!(report.modified().as_deref(), expected);
        }
    }

    #[test]
    fn a_leak_names_its_file() {
        let mut app = artifact("dist/app", OutputKind::Bin, None);
        app.leaks = vec![Leak {
            file: "dist/app.h".into(),
            what: "workspace",
            example: "/proj/a.h".into(),
            section: String::new(),
            count: 2,
        }];
        let expected = "dist/app.h: 2 paths of the workspace in no section, such as /proj/a.h";
        assert!(text(vec![app]).contains(expected));
    }

    #[test]
    fn the_parts_of_the_c_library_are_counted() {
        for (needed, expected) in [
            (&[][..], "none"),
            (&["KERNEL32.dll"], "KERNEL32.dll"),
            (&["api-ms-win-crt-heap-l1-1-0.dll"], "api-ms-win-crt-heap-l1-1-0.dll"),
            (
                &["api-ms-win-crt-heap-l1-1-0.dll", "ntdll.dll", "api-ms-win-crt-math-l1-1-0.dll"],
                "ntdll.dll, api-ms-win-crt-* (2)",
            ),
        ] {
            let needed: Vec<String> = needed.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(libraries(&needed), expected);
        }
    }

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
