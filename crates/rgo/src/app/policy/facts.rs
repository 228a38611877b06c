//! Defines the words of policies, whichever tool judges them: each with its subject, its kind,
//! explanation, example, and the function that answers it. A new fact is a row here; [`answers`] has the longer functions.

mod answers;
#[cfg(test)]
mod tests;

use rgo_binary::packer;
use rgo_binary::recovered::origin::Language;
use rgo_binary::security::hardening::Relro;
use rgo_binary::system::libc;
use rgo_binary::{Arch, DebugLevel, appended, system};
use rgo_policy::vocabulary::{FactDef, Renamed, ValueKind};
use rgo_policy::{
    FactSource, Judge, Lookup, NoAnswer, Platform, PolicyFact, PolicyOs, SubjectKind, Vocabulary,
};

use super::diff_facts;
use crate::app::inspected::Inspected;
use crate::app::words::{place_of, word};
use answers::{
    NO_COMMIT, NO_PROGRAM, answered, aslr, branch_protection, debug, flag, recorded, signed,
};

/// A word, and the function that answers it for an image, or for a member of a family.
struct Row {
    word: FactDef,
    answer: fn(&Inspected, &str) -> Lookup,
}

const fn row(
    name: &'static str,
    kind: ValueKind,
    about: &'static str,
    example: &'static str,
    answer: fn(&Inspected, &str) -> Lookup,
) -> Row {
    Row { word: FactDef { name, subject: SubjectKind::Binary, kind, about, example }, answer }
}

const ENDIANS: &[&str] = &["little", "big"];
const FORMATS: &[&str] = &["elf", "macho", "pe"];
const KINDS: &[&str] = &[
    "executable",
    "pie",
    "static-executable",
    "static-pie",
    "shared-library",
    "object",
    "debug-companion",
    "other",
];
/// The version control systems that the Go command and rgo-build record.
const VERSION_CONTROL: &[&str] = &["none", "bzr", "fossil", "git", "hg", "svn"];
const LIBCS: &[&str] = &or_none::<{ libc::NAMES.len() + 1 }>(libc::NAMES);
const PACKERS: &[&str] = &or_none::<{ packer::NAMES.len() + 1 }>(packer::NAMES);
const APPENDED: &[&str] = &or_none::<{ appended::NAMES.len() + 1 }>(appended::NAMES);
const LANGUAGES: &[&str] = &or_none::<{ Language::NAMES.len() + 1 }>(&Language::NAMES);

/// `none` followed by these names, which are one fewer than `N`.
const fn or_none<const N: usize>(names: &'static [&'static str]) -> [&'static str; N] {
    let mut all = ["none"; N];
    if let Some((_, rest)) = all.split_first_mut() {
        rest.copy_from_slice(names);
    }
    all
}

const RELRO: ValueKind =
    ValueKind::Level { values: &["none", "partial", "full"], strongest: &["full"] };
const CET: ValueKind = ValueKind::Level {
    values: &["none", "ibt", "shstk", "bti", "pac", "full"],
    strongest: &["full"],
};
const ASLR: ValueKind =
    ValueKind::Level { values: &["none", "low-entropy", "full"], strongest: &["full"] };
const DEBUG: ValueKind =
    ValueKind::Level { values: &["none", "lines", "full"], strongest: &["full"] };
const SIGNED: ValueKind = ValueKind::Level {
    values: &["none", "broken", "adhoc", "identity", "authenticode"],
    strongest: &["identity", "authenticode"],
};

/// Every fact, in the order of `rgo help policy`.
static ROWS: &[Row] = &[
    row(
        "format",
        ValueKind::OneOf(FORMATS),
        "the file format: elf, macho or pe",
        "format=elf",
        |it, _| Ok(PolicyFact::new(it.inspection.format.to_string())),
    ),
    row(
        "arch",
        ValueKind::OneOfOrNumber(Arch::NAMES, Arch::NUMBERED),
        "the instruction set, as GOARCH names it",
        "arch in [amd64, arm64]",
        |it, _| Ok(PolicyFact::new(it.inspection.arch.to_string())),
    ),
    row(
        "endian",
        ValueKind::OneOf(ENDIANS),
        "the byte order: little or big",
        "endian=little",
        |it, _| Ok(PolicyFact::new(it.inspection.endian.to_string())),
    ),
    row(
        "os",
        ValueKind::OneOf(system::Os::NAMES),
        "the system it is for, as GOOS names it, or none",
        "os=linux",
        Inspected::named_system,
    ),
    row(
        "kind",
        ValueKind::OneOf(KINDS),
        "executable, pie, static-pie, shared-library, object, …",
        "kind=static-pie",
        |it, _| Ok(PolicyFact::new(word(&it.linkage()?.kind))),
    ),
    row("size", ValueKind::Size, "the size of the file or slice", "size<=20MiB", |it, _| {
        Ok(PolicyFact::new(it.facts()?.size_bytes))
    }),
    row(
        "glibc",
        ValueKind::Version,
        "the oldest glibc that it runs on (Linux)",
        "glibc<=2.28",
        Inspected::glibc,
    ),
    row("macos", ValueKind::Version, "the oldest macOS that it runs on", "macos<=11.0", |it, _| {
        it.only_for(PolicyOs::Darwin)?;
        it.only_on_macos()?;
        let oldest = it.linkage()?.macos_min.as_ref();
        recorded(oldest.map(ToString::to_string), "its oldest macOS is not recorded")
    }),
    row(
        "windows",
        ValueKind::Version,
        "the oldest Windows that its header names",
        "windows<=10.0",
        |it, _| {
            it.only_for(PolicyOs::Windows)?;
            let oldest = it.linkage()?.windows_os.map(|(major, minor)| format!("{major}.{minor}"));
            recorded(oldest, "its header names no Windows")
        },
    ),
    row(
        "libc",
        ValueKind::Name(LIBCS),
        "the C library: glibc, musl, none, …",
        "libc=musl",
        |it, _| {
            recorded(
                it.inspection.c_library().map(str::to_owned),
                "nothing shows which C library it uses",
            )
        },
    ),
    row(
        "static",
        ValueKind::Flag,
        "it needs no loader and no library",
        "static",
        Inspected::needs_nothing,
    ),
    row(
        "needs:",
        ValueKind::Presence,
        "it needs this shared library",
        "!needs:libssl.so.*",
        Inspected::needs,
    ),
    row("rpath", ValueKind::Text, "folders in which it looks for libraries", "!rpath", |it, _| {
        Ok(PolicyFact::new(it.linkage()?.runpath.clone()))
    }),
    row("pie", ValueKind::Flag, "it runs at any address", "pie", |it, _| {
        flag(&it.hardening()?.pie, "it is not a program")
    }),
    row(
        "relro",
        RELRO,
        "relocations are read-only: none, partial, full",
        "relro",
        |it, _| match it.hardening()?.relro {
            Relro::NotApplicable => {
                Err(NoAnswer::not_applicable("it is not an ELF program or library"))
            }
            relro => Ok(PolicyFact::new(word(&relro))),
        },
    ),
    row(
        "nx",
        ValueKind::Flag,
        "stack and data are not executable (also called DEP)",
        "nx",
        |it, _| flag(&it.hardening()?.nx, "nothing in it decides this"),
    ),
    row(
        "stack-protector",
        ValueKind::Flag,
        "its own functions check their stack",
        "stack-protector",
        |it, _| flag(&it.hardening()?.stack_protector, "it has no code to protect"),
    ),
    row(
        "fortify",
        ValueKind::Flag,
        "its own code calls checked functions of the C library",
        "fortify",
        |it, _| flag(&it.hardening()?.fortify, "it has no calls to check"),
    ),
    row("cet", CET, "checked jumps and returns: ibt, shstk; on arm64 bti, pac", "cet", |it, _| {
        branch_protection(it.hardening()?)
    }),
    row(
        "cf-guard",
        ValueKind::Flag,
        "Control Flow Guard checks calls (Windows)",
        "cf-guard",
        |it, _| flag(&it.hardening()?.cf_guard, "it is not for Windows"),
    ),
    row(
        "aslr",
        ASLR,
        "a random load address, of 64 bits if it can be (Windows)",
        "aslr",
        |it, _| aslr(it.hardening()?),
    ),
    row(
        "stripped",
        ValueKind::Flag,
        "it has neither symbols nor debug data",
        "stripped",
        |it, _| {
            let stripped = answered(&it.facts()?.debug, NO_PROGRAM)?.level == DebugLevel::None;
            Ok(PolicyFact::new(stripped))
        },
    ),
    row("debug", DEBUG, "its debug data: none, lines, or full with types", "!debug", |it, _| {
        debug(answered(&it.facts()?.debug, NO_PROGRAM)?)
    }),
    row(
        "signed",
        SIGNED,
        "who signed it: none, adhoc, identity, authenticode; broken",
        "signed=identity",
        |it, _| signed(answered(&it.facts()?.signature, NO_PROGRAM)?),
    ),
    row("packer", ValueKind::Name(PACKERS), "the packer that compressed it", "!packer", |it, _| {
        Ok(PolicyFact::new(it.facts()?.packer.known().map_or("none", |packer| packer.name)))
    }),
    row(
        "appended",
        ValueKind::Name(APPENDED),
        "what is behind the image: zip, squashfs, data, …",
        "!appended",
        |it, _| {
            let Some(appended) = it.facts()?.appended.known() else {
                return Ok(PolicyFact::new("none"));
            };
            let what = if appended.is_padding() { "none" } else { appended.looks_like };
            Ok(PolicyFact::new(what).because(place_of(appended)))
        },
    ),
    row(
        "language",
        ValueKind::Name(LANGUAGES),
        "the language: go, rust, c, …",
        "language=rust",
        Inspected::spoken_language,
    ),
    row(
        "go",
        ValueKind::Version,
        "the Go toolchain that built it",
        "go>=1.25",
        Inspected::go_version,
    ),
    row(
        "rustc",
        ValueKind::Version,
        "the Rust compiler that built it",
        "rustc>=1.90",
        Inspected::rustc_version,
    ),
    row(
        "path",
        ValueKind::Text,
        "the main package's path or name",
        "path=example.com/app",
        |it, _| recorded(it.inspection.package().map(str::to_owned), "its path is not recorded"),
    ),
    row(
        "version",
        ValueKind::Version,
        "the version of the main module or package",
        "version=1.2.3",
        |it, _| recorded(it.inspection.version().map(str::to_owned), "its version is not recorded"),
    ),
    row(
        "profile",
        ValueKind::Text,
        "the cargo profile that it was built with",
        "profile=release",
        Inspected::profile,
    ),
    row(
        "vcs",
        ValueKind::Name(VERSION_CONTROL),
        "the version control system of its sources",
        "vcs=git",
        |it, _| it.commit("vcs"),
    ),
    row(
        "vcs.revision",
        ValueKind::Text,
        "the commit that it was built from",
        "vcs.revision=4f2a91c*",
        |it, _| it.commit("vcs.revision"),
    ),
    row(
        "vcs.modified",
        ValueKind::Flag,
        "there were changes beside the commit",
        "!vcs.modified",
        |it, _| match it.inspection.setting("vcs.modified") {
            Some("true") => Ok(PolicyFact::new(true)),
            Some("false") => Ok(PolicyFact::new(false)),
            _ => Err(NoAnswer::unknown(NO_COMMIT)),
        },
    ),
    row("vcs.time", ValueKind::Time, "the time of the commit", "vcs.time>=2026-01-01", |it, _| {
        it.commit("vcs.time")
    }),
    row(
        "build:",
        ValueKind::Setting,
        "a build setting",
        "build:CGO_ENABLED=0",
        Inspected::build_setting,
    ),
    row(
        "dep:",
        ValueKind::Dependency,
        "a package or module that it lists",
        "dep:rustls>=0.23",
        Inspected::dependency,
    ),
    row(
        "leaks",
        ValueKind::Text,
        "paths of the building machine that are in it",
        "!leaks",
        |it, _| {
            let folders = it.facts()?.build_paths.folders.iter();
            Ok(PolicyFact::new(folders.map(|path| path.folder.clone()).collect::<Vec<_>>()))
        },
    ),
];

/// Former names of facts.
static RENAMED: &[Renamed] = &[("cfg", "cf-guard"), ("dep", "nx")];

/// The tools, and what they judge.
static JUDGES: [Judge; 4] = {
    const BINARIES: &[SubjectKind] = &[SubjectKind::Binary];
    [
        Judge { tool: "rgo-build", kinds: BINARIES },
        Judge { tool: "rgo-strip", kinds: BINARIES },
        Judge { tool: "rgo-version-m", kinds: BINARIES },
        Judge { tool: "rgo-symbols", kinds: &[SubjectKind::Diff] },
    ]
};

/// All words of policies.
#[must_use]
pub fn vocabulary() -> Vocabulary {
    let words = ROWS.iter().map(|row| &row.word).chain(diff_facts::words());
    Vocabulary::new(words, RENAMED, &JUDGES)
}

/// A tool as a judge; it judges nothing if it is no tool of rgo.
#[must_use]
pub fn judge(tool: &'static str) -> Judge {
    let known = JUDGES.iter().find(|judge| judge.tool == tool);
    known.copied().unwrap_or(Judge { tool, kinds: &[] })
}

impl FactSource for Inspected {
    fn platform(&self) -> Platform {
        self.judged_as()
    }

    fn get(&self, name: &str, member: &str) -> Lookup {
        answer(self, name, member)
    }
}

/// Answers a word for an image.
pub(super) fn answer(image: &Inspected, name: &str, member: &str) -> Lookup {
    match ROWS.iter().find(|row| row.word.name == name) {
        Some(row) => (row.answer)(image, member),
        None => Err(NoAnswer::unknown(format!("`{name}` is not a word of policies"))),
    }
}
