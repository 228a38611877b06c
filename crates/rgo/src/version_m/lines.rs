//! What is known of an image as lines: words separated by tabs, so that a person reads it and
//! `grep` and `cut` find what they look for. What it says itself is in the layout of
//! `go version -m`; what was recovered and what every image has begins with a word of its own.

use std::borrow::Cow;

use rgo_binary::appended::Appended;
use rgo_binary::security::hardening::{Finding, Relro};
use rgo_binary::security::signature::SignatureKind;
use rgo_binary::system::{Os, System};
use rgo_binary::{Confidence, DebugLevel, Evidence, Kind, Linkage, TriState};
use rgo_report::printable;
use serde_json::Value;

use super::details::Details;
use super::dossier::Dossier;

/// A fact in words: its name, what is so, and what shows it.
pub(super) struct Line {
    pub(super) name: Cow<'static, str>,
    pub(super) value: String,
    pub(super) evidence: Option<String>,
}

/// How much the lines say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Saying {
    /// What shows each fact, too.
    pub(super) evidence: bool,
    /// Long lists whole.
    pub(super) verbose: bool,
}

/// `path: toolchain`, then a line per fact behind a tab each.
pub(super) fn text(dossier: &Dossier, saying: Saying) -> String {
    let toolchain = dossier.toolchain().unwrap_or_else(|| "(unknown compiler)".to_owned());
    let mut lines = vec![format!("{}: {}", dossier.shown_name(), printable(&toolchain))];
    let mut add = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|word| printable(word)).collect();
        lines.push(format!("\t{}", words.join("\t")));
    };
    if let Some(said) = &dossier.said {
        let text = said.info.to_string();
        text.lines().for_each(|line| add(&line.split('\t').collect::<Vec<_>>()));
        said.also.iter().for_each(|also| add(&["also", also.what, &also.holds]));
    }
    for (what, name, version, evidence) in recovered(dossier) {
        let mut words = vec!["recovered", what, name.as_str()];
        words.extend(version.as_deref());
        words.extend(evidence.as_deref().filter(|_| saying.evidence));
        add(&words);
    }
    if let Some(details) = &dossier.facts {
        for line in facts(dossier, details, saying) {
            let mut words = vec!["fact", line.name.as_ref(), line.value.as_str()];
            words.extend(line.evidence.as_deref().filter(|_| saying.evidence));
            add(&words);
        }
    }
    for layer in &dossier.layers {
        let image = &layer.image;
        let names = match image.names.as_slice() {
            [] => image.id.clone().unwrap_or_else(|| "an image without a name".to_owned()),
            names => names.join(", "),
        };
        let place = format!("{} of {}", layer.number, image.layer_count);
        let hidden = layer.hidden_by.map(|by| format!("hidden by layer {by}"));
        let platform = image.platform.as_deref().unwrap_or("any platform");
        let mut words = vec!["layer", &names, platform, &place];
        words.extend(hidden.as_deref());
        words.extend(layer.path.as_deref());
        add(&words);
        for (key, value) in image.annotations.iter().chain(layer.annotations.iter()) {
            add(&["annotation", &format!("{key}={value}")]);
        }
    }
    dossier.problems.iter().for_each(|problem| add(&["unreadable", problem]));
    lines.join("\n") + "\n"
}

/// Kind, name, version, evidence.
type Recovered = (&'static str, String, Option<String>, Option<String>);

/// What was found where the image says nothing itself.
fn recovered(dossier: &Dossier) -> Vec<Recovered> {
    let mut all: Vec<Recovered> = Vec::new();
    if let Some(go) = &dossier.recovered_go {
        let evidence = |evidence: &rgo_binary::recovered::go::Evidence| Some(word(evidence));
        if let Some(main) = &go.main_package {
            all.push(("path", main.value.clone(), None, evidence(&main.evidence)));
        }
        if let Some(main) = &go.main_module {
            all.push(("mod", main.path.clone(), main.version.clone(), evidence(&main.evidence)));
        }
        for module in &go.modules {
            let version = module.version.clone();
            all.push(("dep", module.path.clone(), version, evidence(&module.evidence)));
        }
        for package in &go.packages {
            all.push(("package", package.value.clone(), None, evidence(&package.evidence)));
        }
    }
    for one in dossier.crates() {
        let version = one.version.as_ref().map(|version| format!("v{version}"));
        let evidence = one.evidence.first().map(in_words);
        all.push(("dep", one.name.clone(), version, evidence));
    }
    all
}

/// The facts of every image, in words.
pub(super) fn facts(dossier: &Dossier, details: &Details, saying: Saying) -> Vec<Line> {
    let mut lines = Lines(Vec::new());
    lines.add("format", format!("{} {}", dossier.format, dossier.arch));
    lines.add("endian", dossier.endian.to_string());
    lines.add("size", counted(details.size_bytes, "byte", "bytes"));
    made_by(dossier, &mut lines);
    if let Some(linkage) = &details.linkage {
        linked(linkage, saying, &mut lines);
    }
    if let Some(system) = &details.os {
        lines.because("os", os(system), in_words(&system.evidence));
    }
    if let Some(libc) = dossier.libc() {
        let found = details.libc.as_ref().filter(|found| found.name == libc);
        let how = match found {
            Some(found) if found.linked_in => ", linked in",
            Some(_) => ", shared",
            None => "",
        };
        let why = found.map_or_else(String::new, |found| in_words(&found.evidence));
        lines.because("libc", format!("{libc}{how}"), why);
    }
    if let Some(runs_on) = &details.runs_on {
        for verdict in &runs_on.verdicts {
            let since = verdict.since.as_deref().map(|since| format!(" >= {since}"));
            let named = verdict.name.map(|name| format!(" ({name})"));
            let (since, named) = (since.unwrap_or_default(), named.unwrap_or_default());
            let system = verdict.system;
            let probable = verdict.evidence.iter().all(|it| it.confidence == Confidence::Guess);
            let words = if verdict.runs {
                let probably = if probable { "probably " } else { "" };
                format!("{probably}{system}{since}{named}")
            } else {
                format!("not {system}")
            };
            lines.because("runs on", words, verdict.reason.clone());
        }
        for library in &runs_on.also_needs {
            lines.add("needs besides", library.clone());
        }
    }
    if let Some(loads) = details.libc.as_ref().and_then(|libc| libc.loads) {
        lines.because("needs besides", loads, "glibc looks up names of hosts and users by these");
    }
    identified(details, &mut lines);
    protected(details, &mut lines);
    described(details, &mut lines);
    lines.0
}

/// The system, and whether that is only probable.
pub(super) fn os(system: &System) -> String {
    let name = match system.os {
        Os::NONE => "none (bare machine)",
        os => os.name(),
    };
    let probably = if system.is_known() { "" } else { "probably " };
    format!("{probably}{name}")
}

/// A number with its noun.
pub(super) fn counted(number: impl TryInto<u64>, one: &'static str, many: &'static str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Where something was found, and how sure that is, where it is not certain.
pub(super) fn in_words(evidence: &Evidence) -> String {
    let sure = match evidence.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " (likely)",
        Confidence::Guess => " (a guess)",
    };
    format!("{}: {}{sure}", evidence.place, evidence.found)
}

struct Lines(Vec<Line>);

impl Lines {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push(Line { name: name.into(), value: value.into(), evidence: None });
    }

    fn because(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        why: impl Into<String>,
    ) {
        let evidence = Some(why.into());
        self.0.push(Line { name: name.into(), value: value.into(), evidence });
    }
}

fn made_by(dossier: &Dossier, lines: &mut Lines) {
    let Some(origin) = &dossier.origin else { return };
    for spoken in &origin.languages {
        let evidence = spoken.evidence.iter().map(in_words);
        lines.because(
            "language",
            spoken.language.to_string(),
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

fn linked(linkage: &Linkage, saying: Saying, lines: &mut Lines) {
    lines.add("kind", kind(linkage.kind));
    if linkage.static_ {
        let library = linkage.kind == Kind::SharedLibrary;
        lines.add("needs", if library { "nothing" } else { "nothing: it is static" });
    }
    if let Some(interpreter) = &linkage.interpreter {
        lines.add("started by", interpreter.clone());
    }
    for library in &linkage.needed {
        lines.add("needs", library.clone());
    }
    for folder in &linkage.runpath {
        lines.add("rpath", folder.clone());
    }
    if let Some(floor) = &linkage.glibc_floor {
        const SHOWN: usize = 8;
        let shown = if saying.verbose { usize::MAX } else { SHOWN };
        let causes = floor.causes(shown);
        lines.because("glibc", format!("at least {}", floor.version), causes.clone());
        if saying.verbose && !saying.evidence {
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
    if let Some(soname) = &linkage.soname {
        lines.add("calls itself", soname.clone());
    }
    if !linkage.exports.is_empty() {
        lines.add("exports", counted(linkage.exports.len(), "name", "names"));
    }
}

fn identified(details: &Details, lines: &mut Lines) {
    if let Some(identities) = &details.identities {
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
    if let Some(id) = &details.go_build_id {
        lines.add("go build id", id.clone());
    }
    if let Some(debug) = &details.debug {
        let value = match debug.level {
            DebugLevel::None => "none: stripped",
            DebugLevel::Symbols => "symbols",
            DebugLevel::Lines => "files and lines",
            DebugLevel::Full => "full",
        };
        let units = debug.units.full + debug.units.lines + debug.units.split;
        let (units, bytes) =
            (counted(units, "unit", "units"), counted(debug.bytes, "byte", "bytes"));
        lines.because("debug data", value, format!("{units}, {bytes}"));
        if let Some(link) = &debug.debuglink {
            lines.add("debug data in", link.name.clone());
        }
    }
}

fn protected(details: &Details, lines: &mut Lines) {
    if let Some(hardening) = &details.hardening {
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
    let Some(signature) = &details.signature else { return };
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
            // Whether that is true, only the system that trusts somebody can tell.
            let signer = subject.unwrap_or("an unnamed signer");
            lines.add("signature", format!("in the name of {signer}{holds}"));
        }
    }
}

fn described(details: &Details, lines: &mut Lines) {
    if let Some(info) = &details.version_info {
        for (key, value) in &info.strings {
            lines.add("version resource", format!("{key}={value}"));
        }
    }
    if let Some(note) = &details.package_note {
        let parts = [&note.kind, &note.name, &note.version, &note.architecture];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        lines.add("package", parts.join(" "));
    }
    if let Some(packer) = &details.packer {
        let version = packer.version.as_deref().map(|version| format!(" {version}"));
        let value = format!("{}{}", packer.name, version.unwrap_or_default());
        lines.because("packed by", value, packer.evidence.clone());
    }
    if let Some(appended) = &details.appended {
        let value = format!("{}: {}", place_of(appended), appended.looks_like);
        lines.because("appended", value, in_words(&appended.evidence));
    }
    for path in &details.build_paths.folders {
        let times = counted(path.count, "time", "times");
        let value = format!("{} ({times} in {})", path.folder, path.place);
        lines.because("build path", value, path.example.clone());
    }
}

/// How many bytes are behind the image, and where.
pub(super) fn place_of(appended: &Appended) -> String {
    let size = counted(appended.size_bytes, "byte", "bytes");
    format!("{size} from offset {:#x}", appended.offset)
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

/// The answer, and whose code it is about where the C library is linked in.
fn found(finding: &Finding) -> &'static str {
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

/// A value in the word that JSON has for it.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
