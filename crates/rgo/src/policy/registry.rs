//! What can be asked of a binary: the name of every fact, its kind, what it means, an example.
//! One table serves the parser, its suggestions, `--require help` and the judge, so that a fact
//! added here is known to all of them.

use rgo_report::{Column, Document, Table};

/// What values a fact has, and so which comparisons make sense and how they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no: `static`, `!static`.
    Flag,
    /// Whether something is there: `needs:LIB`, `!needs:LIB`.
    Presence,
    /// One word of a few, whatever its case. An empty list: the words are not all known.
    Word(&'static [&'static str]),
    /// Exact text, in which `*` stands for anything.
    Text,
    /// A version number: numbers are compared as numbers, pre-releases come first.
    Version,
    /// The versions in which one dependency is there.
    Dependency,
    /// A point in time: RFC 3339, or a date alone.
    Time,
    /// A number of bytes: `10MB` is 10 000 000, `10MiB` is 10 485 760.
    Size,
}

/// A fact that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name; one that ends with `:` begins a family, as `dep:` does.
    pub name: &'static str,
    /// What values it has.
    pub kind: Kind,
    /// What it says, in one line.
    pub about: &'static str,
    /// An expression that asks for it.
    pub example: &'static str,
}

const fn known(
    name: &'static str,
    kind: Kind,
    about: &'static str,
    example: &'static str,
) -> Known {
    Known { name, kind, about, example }
}

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
const ENDIANS: &[&str] = &["little", "big"];
const FORMATS: &[&str] = &["elf", "macho", "pe"];
const RELRO: &[&str] = &["none", "partial", "full"];
const SIGNED: &[&str] = &["none", "adhoc", "identity", "authenticode"];
/// Words that are not all known beforehand.
const OPEN: &[&str] = &[];

/// Every fact, in the order of `--require help`.
pub const FACTS: &[Known] = &[
    known("format", Kind::Word(FORMATS), "the file format: elf, macho or pe", "format==elf"),
    known("arch", Kind::Word(OPEN), "the instruction set: amd64, ppc64le, …", "arch==arm64"),
    known("endian", Kind::Word(ENDIANS), "the byte order: little or big", "endian=little"),
    known("os", Kind::Word(OPEN), "the system it is for, as GOOS names it, or none", "os=linux"),
    known(
        "kind",
        Kind::Word(KINDS),
        "executable, pie, static-pie, shared-library, object, …",
        "kind==static-pie",
    ),
    known("size", Kind::Size, "the size of the file or slice", "size<=20MiB"),
    known("glibc", Kind::Version, "the oldest glibc that it runs on (Linux)", "glibc<=2.28"),
    known("macos", Kind::Version, "the oldest macOS that it runs on", "macos<=11.0"),
    known("windows", Kind::Version, "the oldest Windows that its header names", "windows<=10.0"),
    known("libc", Kind::Word(OPEN), "the C library: glibc, musl, none, …", "libc==musl"),
    known("static", Kind::Flag, "it needs no loader and no library", "static"),
    known("needs:", Kind::Presence, "it needs this shared library", "!needs:libssl.so.*"),
    known("rpath", Kind::Text, "folders in which it looks for libraries", "!rpath"),
    known("pie", Kind::Flag, "it runs at any address", "pie"),
    known(
        "relro",
        Kind::Word(RELRO),
        "relocations are read-only: none, partial, full",
        "relro=full",
    ),
    known("nx", Kind::Flag, "stack and data are not executable", "nx"),
    known("stack-protector", Kind::Flag, "functions check their stack", "stack-protector"),
    known("cet", Kind::Flag, "jumps are checked by the processor: CET, BTI", "cet"),
    known("cfg", Kind::Flag, "calls are checked by Control Flow Guard (Windows)", "cfg"),
    known("aslr", Kind::Flag, "it is loaded at a random address (Windows)", "aslr"),
    known("dep", Kind::Flag, "data is not executable: DEP, also called NX (Windows)", "dep"),
    known("stripped", Kind::Flag, "it has neither symbols nor debug data", "stripped"),
    known(
        "debug",
        Kind::Word(OPEN),
        "the debug data that is there; none if there is none",
        "!debug",
    ),
    known(
        "signed",
        Kind::Word(SIGNED),
        "a signature that holds: none, adhoc, identity, authenticode",
        "signed=identity",
    ),
    known(
        "packer",
        Kind::Word(OPEN),
        "the packer that compressed it; none if there is none",
        "!packer",
    ),
    known(
        "language",
        Kind::Word(OPEN),
        "the language it is written in: go, rust, c, …",
        "language==rust",
    ),
    known("go", Kind::Version, "the Go toolchain that built it", "go>=1.25"),
    known("rustc", Kind::Version, "the Rust compiler that built it", "rustc>=1.90"),
    known("path", Kind::Text, "the main package's path or name", "path==example.com/app"),
    known("version", Kind::Version, "the version of the main module or package", "version==1.2.3"),
    known("profile", Kind::Text, "the cargo profile that it was built with", "profile==release"),
    known("vcs", Kind::Word(OPEN), "the version control system that it was built from", "vcs==git"),
    known(
        "vcs.revision",
        Kind::Text,
        "the commit that it was built from",
        "vcs.revision==4f2a91c*",
    ),
    known("vcs.modified", Kind::Flag, "there were changes beside the commit", "!vcs.modified"),
    known("vcs.time", Kind::Time, "the time of the commit", "vcs.time>=2026-01-01"),
    known("build:", Kind::Text, "a build setting that it records", "build:CGO_ENABLED==0"),
    known("dep:", Kind::Dependency, "a package or module that is linked in", "dep:rustls>=0.23"),
    known("leaks", Kind::Text, "paths of the building machine that are in it", "!leaks"),
];

/// Other names of words, as other tools spell them.
const SYNONYMS: &[(&str, &str)] = &[
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("x64", "amd64"),
    ("amd64p32", "x32"),
    ("i386", "386"),
    ("i586", "386"),
    ("i686", "386"),
    ("x86", "386"),
    ("aarch64", "arm64"),
    ("aarch64_be", "arm64be"),
    ("armeb", "armbe"),
    ("loongarch64", "loong64"),
    ("mipsel", "mipsle"),
    ("mips64el", "mips64le"),
    ("powerpc", "ppc"),
    ("powerpc64", "ppc64"),
    ("powerpc64le", "ppc64le"),
    ("ppc64el", "ppc64le"),
    ("sparcv9", "sparc64"),
    ("mach-o", "macho"),
    ("ad-hoc", "adhoc"),
    ("shared", "shared-library"),
    ("golang", "go"),
    ("cpp", "c++"),
];

/// The fact of this name, with what follows the family's colon.
#[must_use]
pub fn find(name: &str) -> Option<(&'static Known, &str)> {
    FACTS.iter().find_map(|known| {
        if known.name == name {
            // A family without a member asks for nothing.
            return (!known.name.ends_with(':')).then_some((known, ""));
        }
        let member = name.strip_prefix(known.name).filter(|_| known.name.ends_with(':'))?;
        (!member.is_empty()).then_some((known, member))
    })
}

/// The fact whose name is nearest to what was typed, if one is near enough to have been meant.
#[must_use]
pub fn nearest(typed: &str) -> Option<&'static Known> {
    let family = typed.split_once(':').map(|(family, _)| format!("{family}:"));
    let typed = family.as_deref().unwrap_or(typed).to_lowercase();
    FACTS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&typed, known.name), known))
        .filter(|(distance, known)| distance * 2 <= known.name.len().max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// A word in the spelling that all comparisons use.
#[must_use]
pub fn canonical(word: &str) -> String {
    let word = word.to_lowercase();
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == word);
    synonym.map_or(word, |(_, canonical)| (*canonical).to_owned())
}

/// Whether a name fits a pattern in which `*` stands for any text; the rest is literal.
/// `dep:` and `needs:` take such patterns, so whoever answers for them asks here.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The answer to `--require help`.
#[must_use]
pub fn help() -> Document {
    let columns = ["fact", "for example", "what it says"].map(Column::left);
    let mut table = Table::new(columns);
    for known in FACTS {
        let name = if known.name.ends_with(':') {
            format!("{}NAME", known.name)
        } else {
            known.name.to_owned()
        };
        table.row([name.into(), known.example.into(), known.about.into()]);
    }
    Document::new().table(table).raw(format!("\n{}", super::HELP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_families_need_a_member() {
        let cases = [
            ("glibc", Some(("glibc", ""))),
            ("dep", Some(("dep", ""))),
            ("dep:serde", Some(("dep:", "serde"))),
            ("dep:a:b", Some(("dep:", "a:b"))),
            ("vcs.time", Some(("vcs.time", ""))),
            ("build:vcs", Some(("build:", "vcs"))),
            ("dep:", None),
            ("Glibc", None),
            ("glibc:x", None),
            ("", None),
        ];
        for (name, expected) in cases {
            let found = find(name).map(|(known, member)| (known.name, member));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn typing_errors_are_near_to_what_was_meant() {
        let cases = [
            ("glbic", Some("glibc")),
            ("Static", Some("static")),
            ("vcs.modifed", Some("vcs.modified")),
            ("deps:x", Some("dep:")),
            ("need:x", Some("needs:")),
            ("stack_protector", Some("stack-protector")),
            ("something-else", None),
            ("", None),
        ];
        for (typed, expected) in cases {
            assert_eq!(nearest(typed).map(|known| known.name), expected, "{typed}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        let cases = [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "x", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn words_are_those_that_binaries_are_described_by() {
        use rgo_binary::{Format, Kind};
        let kinds = [
            Kind::Executable,
            Kind::Pie,
            Kind::StaticExecutable,
            Kind::StaticPie,
            Kind::SharedLibrary,
            Kind::Object,
            Kind::DebugCompanion,
            Kind::Other,
        ];
        let kinds = kinds.map(|kind| serde_json::to_value(kind).expect("a word"));
        assert_eq!(kinds.map(|kind| kind.as_str().unwrap_or_default().to_owned()), KINDS);
        let formats = [Format::Elf, Format::MachO, Format::Pe].map(|format| format.to_string());
        assert_eq!(formats, FORMATS);
    }

    #[test]
    fn every_fact_is_explained_and_its_example_asks_for_it() {
        for known in FACTS {
            assert!(!known.about.is_empty() && !known.about.ends_with('.'), "{}", known.name);
            let example = known.example.trim_start_matches('!');
            assert!(example.starts_with(known.name), "{}", known.example);
            let twins = FACTS.iter().filter(|other| other.name == known.name).count();
            assert_eq!(twins, 1, "{}", known.name);
        }
    }
}
