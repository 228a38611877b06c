//! A small vocabulary for the tests of the gate: a few facts of each kind.

use super::Policy;
use super::subject::{Judge, SubjectKind};
use super::vocabulary::{FactDef, Renamed, ValueKind, Vocabulary};

const fn word(name: &'static str, kind: ValueKind, example: &'static str) -> FactDef {
    FactDef { name, subject: SubjectKind::Binary, kind, about: "a fact", example }
}

/// A word that is asked of something other than a binary.
const fn other(name: &'static str, subject: SubjectKind, example: &'static str) -> FactDef {
    FactDef { subject, ..word(name, ValueKind::Flag, example) }
}

const FORMATS: ValueKind = ValueKind::OneOf(&["elf", "macho", "pe"]);
const ARCHS: ValueKind =
    ValueKind::OneOfOrNumber(&["386", "amd64", "arm64", "riscv64"], "machine ");
const LIBCS: ValueKind = ValueKind::Name(&["none", "glibc", "musl", "UCRT", "solaris"]);
const RELRO: ValueKind =
    ValueKind::Level { values: &["none", "partial", "full"], strongest: &["full"] };
const SIGNED: ValueKind = ValueKind::Level {
    values: &["none", "broken", "adhoc", "identity", "authenticode"],
    strongest: &["identity", "authenticode"],
};

static WORDS: [FactDef; 31] = [
    word("format", FORMATS, "format=elf"),
    word("arch", ARCHS, "arch=arm64"),
    word("size", ValueKind::Size, "size<=20MiB"),
    word("glibc", ValueKind::Version, "glibc<=2.28"),
    word("macos", ValueKind::Version, "macos<=11.0"),
    word("windows", ValueKind::Version, "windows<=10.0"),
    word("libc", LIBCS, "libc=musl"),
    word("static", ValueKind::Flag, "static"),
    word("needs:", ValueKind::Presence, "!needs:libssl.so.*"),
    word("rpath", ValueKind::Text, "!rpath"),
    word("pie", ValueKind::Flag, "pie"),
    word("relro", RELRO, "relro"),
    word("nx", ValueKind::Flag, "nx"),
    word("stack-protector", ValueKind::Flag, "stack-protector"),
    word("cf-guard", ValueKind::Flag, "cf-guard"),
    word("signed", SIGNED, "signed"),
    word("packer", ValueKind::Name(&["none", "UPX"]), "!packer"),
    word("go", ValueKind::Version, "go>=1.25"),
    word("rustc", ValueKind::Version, "rustc>=1.90"),
    word("path", ValueKind::Text, "path=example.com/app"),
    word("version", ValueKind::Version, "version=1.2.3"),
    word("vcs", ValueKind::Name(&["none", "git"]), "vcs=git"),
    word("vcs.revision", ValueKind::Text, "vcs.revision=4f2a91c*"),
    word("vcs.modified", ValueKind::Flag, "!vcs.modified"),
    word("vcs.time", ValueKind::Time, "vcs.time>=2026-01-01"),
    word("build:", ValueKind::Setting, "build:CGO_ENABLED=0"),
    word("leaks", ValueKind::Text, "!leaks"),
    word("dep:", ValueKind::Dependency, "dep:rustls>=0.23"),
    other("grew", SubjectKind::Diff, "!grew"),
    other("duplicates", SubjectKind::Graph, "!duplicates"),
    other("vulnerable", SubjectKind::Audit, "!vulnerable"),
];

static JUDGES: [Judge; 3] = [
    Judge { tool: "inspector", kinds: &[SubjectKind::Binary, SubjectKind::Diff] },
    Judge { tool: "stripper", kinds: &[SubjectKind::Binary] },
    Judge { tool: "grapher", kinds: &[SubjectKind::Graph, SubjectKind::Audit] },
];

static RENAMED: [Renamed; 2] = [("dep", "nx"), ("cfg", "cf-guard")];

pub(super) fn vocabulary() -> Vocabulary {
    Vocabulary::new(&WORDS, &RENAMED, &JUDGES)
}

/// A policy of the tool that judges binaries alone.
pub(super) fn policy() -> Policy {
    Policy::new(vocabulary(), JUDGES[1])
}
