//! Renders the facts of an image as lines, for `--facts`.

use std::borrow::Cow;

use rgo_binary::inspect::{Facts, Inspection};
use rgo_binary::platforms::{PlatformVerdict, RunsOn};
use rgo_binary::security::hardening::{Defense, Relro};
use rgo_binary::security::signature::{Signature, SignatureKind};
use rgo_binary::{Confidence, DebugData, DebugLevel, Format, Kind, Linkage, TriState};

use super::Verbosity;
use crate::app::words::{counted, in_words, os, place_of, word};

/// A fact as text: its name, its value, and its evidence.
pub(super) struct FactLine {
    pub(super) name: Cow<'static, str>,
    pub(super) value: String,
    pub(super) evidence: Option<String>,
}

/// The facts of an image, one or more lines each.
pub(super) fn lines(inspection: &Inspection, facts: &Facts, verbosity: Verbosity) -> Vec<FactLine> {
    let mut lines = FactLines(Vec::new());
    lines.add("format", format!("{} {}", inspection.format, inspection.arch));
    lines.add("endian", inspection.endian.to_string());
    lines.add("size", counted(facts.size_bytes, "byte", "bytes"));
    made_by(inspection, &mut lines);
    if let Some(linkage) = facts.linkage.known() {
        linked(inspection.format, linkage, verbosity, &mut lines);
    }
    if let Some(system) = facts.os.known() {
        lines.because("os", os(system), in_words(&system.evidence));
    }
    c_library(inspection, facts, &mut lines);
    if let Some(all) = facts.runs_on.known() {
        runs_on(all, &mut lines);
    }
    if let Some(loads) = facts.libc.known().and_then(|libc| libc.loads) {
        let why = "glibc looks up names of hosts and users by these";
        lines.because("loads at run time", loads, why);
    }
    identified(facts, &mut lines);
    protected(facts, &mut lines);
    described(facts, &mut lines);
    lines.0
}

fn c_library(inspection: &Inspection, facts: &Facts, lines: &mut FactLines) {
    let Some(libc) = inspection.c_library() else { return };
    let found = facts.libc.known().filter(|found| found.name == libc);
    let how = match found {
        Some(found) if found.linked_in => ", linked in",
        Some(_) => ", shared",
        None => "",
    };
    let why = found.map_or_else(String::new, |found| in_words(&found.evidence));
    lines.because("libc", format!("{libc}{how}"), why);
}

fn runs_on(all: &RunsOn, lines: &mut FactLines) {
    for verdict in &all.verdicts {
        lines.because("runs on", system(verdict), verdict.reason.clone());
    }
    for library in &all.also_needs {
        lines.add("extra library", library.clone());
    }
}

/// A system, its minimum release, and the confidence of that.
fn system(verdict: &PlatformVerdict) -> String {
    let system = verdict.system;
    if !verdict.runs {
        return format!("not {system}");
    }
    let is_guess = verdict.evidence.iter().all(|it| it.confidence == Confidence::Guess);
    let probably = if is_guess { "probably " } else { "" };
    let since = verdict.since.as_deref().map(|since| format!(" >= {since}"));
    let name = verdict.name.map(|name| format!(" ({name})"));
    format!("{probably}{system}{}{}", since.unwrap_or_default(), name.unwrap_or_default())
}

/// The name of the fact that names a library: each format has its own word.
fn library_name(format: Format) -> &'static str {
    match format {
        Format::Elf => "soname",
        Format::MachO => "install name",
        Format::Pe => "export name",
    }
}

struct FactLines(Vec<FactLine>);

impl FactLines {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push(FactLine { name: name.into(), value: value.into(), evidence: None });
    }

    fn because(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        why: impl Into<String>,
    ) {
        let evidence = Some(why.into());
        self.0.push(FactLine { name: name.into(), value: value.into(), evidence });
    }
}

fn made_by(inspection: &Inspection, lines: &mut FactLines) {
    let Some(origin) = &inspection.origin else { return };
    for used in &origin.languages {
        let evidence = used.evidence.iter().map(in_words);
        lines.because(
            "language",
            used.language.to_string(),
            evidence.collect::<Vec<_>>().join("; "),
        );
    }
    for tool in &origin.tools {
        let evidence = tool.evidence.iter().map(in_words);
        let value = format!("{} ({})", tool, word(&tool.role));
        lines.because("tool", value, evidence.collect::<Vec<_>>().join("; "));
    }
    for rust in &origin.rust {
        let commit = rust.commit.as_deref().map(|commit| format!(" ({commit})"));
        let version = rust.version.as_deref().unwrap_or("of an unknown release");
        lines.add("rustc", format!("{version}{}", commit.unwrap_or_default()));
    }
}

fn linked(format: Format, linkage: &Linkage, verbosity: Verbosity, lines: &mut FactLines) {
    lines.add("kind", kind(linkage.kind));
    if linkage.static_ {
        let library = linkage.kind == Kind::SharedLibrary;
        lines.add("needs", if library { "nothing" } else { "nothing: it is static" });
    }
    if let Some(interpreter) = &linkage.interpreter {
        lines.add("interpreter", interpreter.clone());
    }
    for library in &linkage.needed {
        lines.add("needs", library.clone());
    }
    for folder in &linkage.runpath {
        lines.add("rpath", folder.clone());
    }
    oldest(linkage, verbosity, lines);
    if let Some(soname) = &linkage.soname {
        lines.add(library_name(format), soname.clone());
    }
    if !linkage.exports.is_empty() {
        lines.add("exports", counted(linkage.exports.len(), "name", "names"));
    }
}

/// The oldest systems that the image claims to support.
fn oldest(linkage: &Linkage, verbosity: Verbosity, lines: &mut FactLines) {
    if let Some(floor) = &linkage.glibc_floor {
        const SHOWN: usize = 8;
        let shown = if verbosity.verbose { usize::MAX } else { SHOWN };
        let causes = floor.causes(shown);
        lines.because("glibc", format!("at least {}", floor.version), causes.clone());
        if verbosity.verbose && !verbosity.evidence {
            lines.add("glibc symbols", causes);
        }
    }
    if let Some(min) = &linkage.macos_min {
        let sdk = linkage.macos_sdk.as_ref().map(|sdk| format!(", built with SDK {sdk}"));
        lines.add("macos", format!("at least {min}{}", sdk.unwrap_or_default()));
    }
    if let Some((major, minor)) = linkage.windows_os {
        let subsystem = linkage.subsystem.as_deref().unwrap_or("unknown");
        lines.add("windows", format!("{major}.{minor} in its header, subsystem {subsystem}"));
    }
}

fn identified(facts: &Facts, lines: &mut FactLines) {
    if let Some(identities) = facts.identities.known() {
        if let Some(id) = &identities.gnu_build_id {
            lines.add("build id", id.clone());
        }
        if let Some(uuid) = &identities.uuid {
            lines.add("uuid", uuid.clone());
        }
        if let Some(pdb) = &identities.pdb {
            lines.add("pdb", format!("{} age {} at {}", pdb.guid, pdb.age, pdb.path));
        }
        if identities.reproducible.is_some() {
            lines.add("reproducible", "its linker was told to make it so");
        }
    }
    if let Some(id) = facts.go_build_id.known() {
        lines.add("go build id", id.clone());
    }
    if let Some(slots) = facts.slots.known() {
        lines.add(
            "slots",
            format!("{}; -X writes them after the link and changes no ID", slots.join(", ")),
        );
    }
    if let Some(debug) = facts.debug.known() {
        debug_data(debug, lines);
    }
}

fn debug_data(debug: &DebugData, lines: &mut FactLines) {
    let value = match debug.level {
        DebugLevel::None => "none: stripped",
        DebugLevel::Symbols => "symbols",
        DebugLevel::Lines => "files and lines",
        DebugLevel::Full => "full",
    };
    let units = debug.units.full + debug.units.lines + debug.units.split;
    let (units, bytes) = (counted(units, "unit", "units"), counted(debug.bytes, "byte", "bytes"));
    lines.because("debug data", value, format!("{units}, {bytes}"));
    if let Some(link) = &debug.debuglink {
        lines.add("debuglink", link.name.clone());
    }
}

fn protected(facts: &Facts, lines: &mut FactLines) {
    if let Some(hardening) = facts.hardening.known() {
        for (name, finding) in hardening.findings() {
            if finding.answer != TriState::NotApplicable {
                let name = name.replace('_', " ");
                lines.because(name, found(finding), finding.evidence.to_string());
            }
        }
        if hardening.relro != Relro::NotApplicable {
            lines.add("relro", word(&hardening.relro));
        }
    }
    if let Some(found) = facts.signature.known() {
        signature(found, lines);
    }
}

fn signature(signature: &Signature, lines: &mut FactLines) {
    let holds = match signature.holds {
        TriState::Yes => ", and every hash holds",
        TriState::No => ", and it was CHANGED since: a hash does not hold",
        TriState::Unknown => ", and its hashes are of a kind that is not checked",
        TriState::NotApplicable => "",
    };
    match signature.kind {
        SignatureKind::NotApplicable => {}
        SignatureKind::None => lines.add("signature", "none"),
        SignatureKind::AdHoc => lines.add("signature", format!("adhoc{holds}")),
        SignatureKind::Identity | SignatureKind::Authenticode => {
            let apple = signature.apple.as_ref().and_then(|apple| apple.signer.as_ref());
            let theirs = signature.authenticode.first().map(|one| &one.signer);
            let subject = apple.or(theirs).and_then(|signer| signer.subject.as_deref());
            // Only a system with trusted certificates can verify this name.
            let signer = subject.unwrap_or("an unnamed signer");
            lines.add("signature", format!("in the name of {signer}{holds}"));
        }
    }
}

fn described(facts: &Facts, lines: &mut FactLines) {
    if let Some(info) = facts.version_info.known() {
        for (key, value) in &info.strings {
            lines.add("version resource", format!("{key}={value}"));
        }
    }
    if let Some(note) = facts.package_note.known() {
        let parts = [&note.kind, &note.name, &note.version, &note.architecture];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        lines.add("package", parts.join(" "));
    }
    if let Some(packer) = facts.packer.known() {
        let version = packer.version.as_deref().map(|version| format!(" {version}"));
        let value = format!("{}{}", packer.name, version.unwrap_or_default());
        lines.because("packed by", value, packer.evidence.clone());
    }
    if let Some(appended) = facts.appended.known() {
        let value = format!("{}: {}", place_of(appended), appended.looks_like);
        lines.because("appended", value, in_words(&appended.evidence));
    }
    for path in &facts.build_paths.folders {
        let times = counted(path.count, "time", "times");
        let value = format!("{} ({times} in {})", path.folder, path.place);
        lines.because("build path", value, path.example.clone());
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Executable => "program at a fixed address",
        Kind::Pie => "program (PIE)",
        Kind::StaticExecutable => "static program at a fixed address",
        Kind::StaticPie => "static program (static-pie)",
        Kind::SharedLibrary => "shared library",
        Kind::Object => "object file",
        Kind::DebugCompanion => "debug data alone",
        Kind::Other => "other",
    }
}

/// The finding. If the C library is linked in, it also tells whose code it is about.
fn found(finding: &Defense) -> &'static str {
    match (finding.answer, finding.whose) {
        (TriState::Yes, Some(_)) => "yes, in the program's own code",
        (TriState::Yes, None) => "yes",
        (TriState::No, Some(_)) => "no: only the C library has it",
        (TriState::No, None) => "no",
        (TriState::Unknown, Some(_)) => "cannot be told: the C library has it",
        (TriState::Unknown, None) => "cannot be told",
        (TriState::NotApplicable, _) => "not applicable",
    }
}
