//! A small vocabulary for the tests of the gate: a few facts of each kind.

use super::vocabulary::{FactDef, Kind, Renamed, Vocabulary};

const fn word(name: &'static str, kind: Kind, example: &'static str) -> FactDef {
    FactDef { name, kind, about: "a fact", example }
}

const FORMATS: Kind = Kind::OneOf(&["elf", "macho", "pe"]);
const ARCHS: Kind = Kind::OneOfOrNumber(&["386", "amd64", "arm64", "riscv64"], "machine ");
const LIBCS: Kind = Kind::Name(&["none", "glibc", "musl", "UCRT", "solaris"]);
const RELRO: Kind = Kind::Level { values: &["none", "partial", "full"], strongest: &["full"] };
const SIGNED: Kind = Kind::Level {
    values: &["none", "broken", "adhoc", "identity", "authenticode"],
    strongest: &["identity", "authenticode"],
};

static WORDS: [FactDef; 28] = [
    word("format", FORMATS, "format=elf"),
    word("arch", ARCHS, "arch=arm64"),
    word("size", Kind::Size, "size<=20MiB"),
    word("glibc", Kind::Version, "glibc<=2.28"),
    word("macos", Kind::Version, "macos<=11.0"),
    word("windows", Kind::Version, "windows<=10.0"),
    word("libc", LIBCS, "libc=musl"),
    word("static", Kind::Flag, "static"),
    word("needs:", Kind::Presence, "!needs:libssl.so.*"),
    word("rpath", Kind::Text, "!rpath"),
    word("pie", Kind::Flag, "pie"),
    word("relro", RELRO, "relro"),
    word("nx", Kind::Flag, "nx"),
    word("stack-protector", Kind::Flag, "stack-protector"),
    word("cf-guard", Kind::Flag, "cf-guard"),
    word("signed", SIGNED, "signed"),
    word("packer", Kind::Name(&["none", "UPX"]), "!packer"),
    word("go", Kind::Version, "go>=1.25"),
    word("rustc", Kind::Version, "rustc>=1.90"),
    word("path", Kind::Text, "path=example.com/app"),
    word("version", Kind::Version, "version=1.2.3"),
    word("vcs", Kind::Name(&["none", "git"]), "vcs=git"),
    word("vcs.revision", Kind::Text, "vcs.revision=4f2a91c*"),
    word("vcs.modified", Kind::Flag, "!vcs.modified"),
    word("vcs.time", Kind::Time, "vcs.time>=2026-01-01"),
    word("build:", Kind::Setting, "build:CGO_ENABLED=0"),
    word("leaks", Kind::Text, "!leaks"),
    word("dep:", Kind::Dependency, "dep:rustls>=0.23"),
];

static RENAMED: [Renamed; 2] = [("dep", "nx"), ("cfg", "cf-guard")];

pub(super) fn vocabulary() -> Vocabulary {
    Vocabulary::new(&WORDS, &RENAMED)
}
