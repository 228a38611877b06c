//! Recognizes languages by sections, runtime libraries and symbols that only they have. The
//! evidence is in tables, so that a new language is a new line.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem;

use super::Findings;
use crate::image::multi_search::Needles;
use crate::image::regions::Region;
use crate::image::symbol_names;
use crate::recovered::dotnet;
use crate::{Confidence, Evidence, Image};

/// A programming language. The order decides the main language of a program with several: a
/// language with its own runtime comes before one that it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Go.
    Go,
    /// A .NET language.
    DotNet,
    /// Haskell.
    Haskell,
    /// OCaml.
    OCaml,
    /// Nim, which compiles to C.
    Nim,
    /// D.
    D,
    /// Crystal.
    Crystal,
    /// Kotlin.
    Kotlin,
    /// Julia.
    Julia,
    /// Pascal.
    Pascal,
    /// Ada.
    Ada,
    /// Swift.
    Swift,
    /// Rust.
    Rust,
    /// Zig.
    Zig,
    /// Fortran.
    Fortran,
    /// Objective-C, Objective-C++.
    ObjectiveC,
    /// C++.
    Cpp,
    /// C.
    C,
    /// Assembly.
    Assembly,
}

impl Language {
    /// The name of every language, in the order of the languages.
    pub const NAMES: [&str; 19] = [
        "Go",
        ".NET",
        "Haskell",
        "OCaml",
        "Nim",
        "D",
        "Crystal",
        "Kotlin",
        "Julia",
        "Pascal",
        "Ada",
        "Swift",
        "Rust",
        "Zig",
        "Fortran",
        "Objective-C",
        "C++",
        "C",
        "assembly",
    ];

    /// Whether the language belongs to the compiler suites with a common name (GCC, clang).
    #[must_use]
    pub fn is_of_the_c_family(self) -> bool {
        matches!(self, Self::C | Self::Cpp | Self::ObjectiveC | Self::Fortran | Self::Assembly)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES.get(*self as usize).unwrap_or(&""))
    }
}

use Confidence::{Certain, Guess, Likely};

/// Prefixes of section names.
const SECTIONS: [(&str, Language, Confidence); 14] = [
    (".gopclntab", Language::Go, Certain),
    (".data.rel.ro.gopclntab", Language::Go, Certain),
    (".go.buildinfo", Language::Go, Certain),
    ("__gopclntab", Language::Go, Certain),
    ("__go_buildinfo", Language::Go, Certain),
    ("__swift5_", Language::Swift, Certain),
    ("swift5_", Language::Swift, Certain),
    (".sw5", Language::Swift, Certain),
    ("__objc_classlist", Language::ObjectiveC, Certain),
    (".debug-ghc-link-info", Language::Haskell, Certain),
    (".rustc", Language::Rust, Certain),
    (".fpcdata", Language::Pascal, Certain),
    // For ahead-of-time compilation.
    ("__managedcode", Language::DotNet, Certain),
    (".managed", Language::DotNet, Certain),
];

/// Prefixes of the file names of runtime libraries, in lower case.
const LIBRARIES: [(&str, Language, Confidence); 20] = [
    ("libstdc++.so", Language::Cpp, Likely),
    ("libstdc++-", Language::Cpp, Likely),
    ("libc++.so", Language::Cpp, Likely),
    ("libc++.dll", Language::Cpp, Likely),
    ("libc++.1.dylib", Language::Cpp, Likely),
    ("libstdc++.6.dylib", Language::Cpp, Likely),
    ("msvcp", Language::Cpp, Likely),
    ("libgfortran", Language::Fortran, Likely),
    ("libgnat", Language::Ada, Likely),
    ("libswiftcore.", Language::Swift, Likely),
    ("swiftcore.dll", Language::Swift, Likely),
    ("libphobos2.so", Language::D, Likely),
    ("libdruntime", Language::D, Likely),
    ("libgo.so", Language::Go, Likely),
    ("libhsrts", Language::Haskell, Likely),
    ("libasmrun", Language::OCaml, Likely),
    ("libstd-", Language::Rust, Likely),
    ("librustc_driver-", Language::Rust, Likely),
    ("libobjc.", Language::ObjectiveC, Guess),
    ("mscoree.dll", Language::DotNet, Likely),
];

/// Prefixes of the names of C libraries, in lower case.
const C_LIBRARIES: [&str; 7] = [
    "libc.so",
    "libc.musl-",
    "libsystem.b.dylib",
    "msvcrt.dll",
    "ucrtbase.dll",
    "api-ms-win-crt-",
    "vcruntime",
];

/// Names of symbols as in source (Mach-O adds an underscore).
const SYMBOLS: [(&str, Language, Confidence); 18] = [
    ("rust_eh_personality", Language::Rust, Certain),
    ("__rust_alloc", Language::Rust, Likely),
    ("rust_begin_unwind", Language::Rust, Likely),
    ("__gxx_personality_v0", Language::Cpp, Likely),
    ("__gxx_personality_seh0", Language::Cpp, Likely),
    ("__CxxFrameHandler3", Language::Cpp, Guess),
    ("runtime.goexit", Language::Go, Certain),
    ("runtime.morestack", Language::Go, Likely),
    ("NimMain", Language::Nim, Certain),
    ("__crystal_main", Language::Crystal, Certain),
    ("caml_startup_code_begin", Language::OCaml, Certain),
    ("caml_startup", Language::OCaml, Likely),
    ("_d_run_main", Language::D, Certain),
    ("hs_init_ghc", Language::Haskell, Likely),
    ("_gfortran_set_args", Language::Fortran, Likely),
    ("adainit", Language::Ada, Likely),
    ("start.posixCallMainAndExit", Language::Zig, Certain),
    ("debug.defaultPanic", Language::Zig, Certain),
];

/// Adds the evidence of sections, libraries and the .NET header.
pub(super) fn read(image: &Image<'_>, needed: &[String], findings: &mut Findings) {
    for section in image.sections() {
        let known = SECTIONS.iter().find(|(name, ..)| section.name.starts_with(name));
        if let Some((_, language, confidence)) = known {
            let evidence = Evidence::new("section", section.name, *confidence);
            findings.language(*language, evidence);
        }
    }
    for library in needed {
        let name = library.rsplit('/').next().unwrap_or(library).to_lowercase();
        let known = LIBRARIES.iter().find(|(start, ..)| name.starts_with(start));
        if let Some((_, language, confidence)) = known {
            findings.language(*language, Evidence::new("needed library", library, *confidence));
        }
    }
    if has_clr_header(image) {
        let evidence = Evidence::new("data directory 14", "CLR runtime header", Certain);
        findings.language(Language::DotNet, evidence);
    }
}

fn has_clr_header(image: &Image<'_>) -> bool {
    let directories = match image.object() {
        object::File::Pe32(file) => file.data_directories(),
        object::File::Pe64(file) => file.data_directories(),
        _ => return false,
    };
    directories
        .get(object::pe::IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR)
        .is_some_and(|entry| entry.virtual_address.get(object::LittleEndian) != 0)
}

/// Guesses C for a program that uses the C library and has no trace of any language.
pub(super) fn guess_from_libc(needed: &[String], findings: &mut Findings) {
    let libc = needed.iter().find(|library| {
        let name = library.rsplit('/').next().unwrap_or(library).to_lowercase();
        C_LIBRARIES.iter().any(|start| name.starts_with(start))
    });
    if let Some(library) = libc {
        findings.language(Language::C, Evidence::new("needed library", library, Guess));
    }
}

/// Symbols with one mangling.
#[derive(Default)]
struct Mangled {
    count: u64,
    first: Option<String>,
}

impl Mangled {
    fn add(&mut self, name: &[u8]) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(String::from_utf8_lossy(name).into_owned());
        }
    }
}

/// Reads the names of symbols. Returns the numbers of names in C++'s and Rust's mangling.
pub(super) fn symbols(image: &Image<'_>, findings: &mut Findings) -> (u64, u64) {
    let (mut cpp, mut rust) = (Mangled::default(), Mangled::default());
    let mut seen = [false; SYMBOLS.len()];
    for name in symbol_names::symbols(image) {
        match mangling(name) {
            Some(Language::Rust) => rust.add(name),
            Some(_) => cpp.add(name),
            None => {
                for ((known, ..), seen) in SYMBOLS.iter().zip(&mut seen) {
                    *seen |= name == known.as_bytes();
                }
            }
        }
    }
    for ((name, language, confidence), _) in SYMBOLS.iter().zip(seen).filter(|(_, seen)| *seen) {
        findings.language(*language, Evidence::new("symbol", name, *confidence));
    }
    for (language, mangled) in [(Language::Cpp, &cpp), (Language::Rust, &rust)] {
        if let Some(first) = &mangled.first {
            let evidence = Evidence::counted("mangled symbols", first, mangled.count, Likely);
            findings.language(language, evidence);
        }
    }
    (cpp.count, rust.count)
}

/// The language of a name's mangling, if it has one. Large programs have a million names.
pub(crate) fn mangling(name: &[u8]) -> Option<Language> {
    let is_cpp = match name {
        [b'_', b'R', b'C' | b'M' | b'X' | b'Y' | b'N' | b'I', ..] => {
            let text = std::str::from_utf8(name).ok()?;
            return rustc_demangle::try_demangle(text).is_ok().then_some(Language::Rust);
        }
        [b'_', b'Z', b'N', ..] if has_rust_hash(name) => return Some(Language::Rust),
        // The length of an identifier, or the start of a nested, local or special name or of an
        // operator.
        [b'_', b'Z', first, ..] => first.is_ascii_digit() || b"NSLTGK".contains(first),
        [b'?', b'?', ..] => true,
        [b'?', ..] => memmem::find(name, b"@@").is_some(),
        _ => false,
    };
    is_cpp.then_some(Language::Cpp)
}

/// rustc's older mangling is C++'s with a hash as the last part: `…17h`, 16 digits, `E`. Other
/// tools may append a suffix: `.llvm.1`, `$tlv$init`.
fn has_rust_hash(name: &[u8]) -> bool {
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let mut ends = memchr::memrchr_iter(b'h', name).filter_map(|at| name.split_at_checked(at));
    let last = ends.find(|(before, _)| before.ends_with(b"17"));
    last.and_then(|(_, rest)| rest.get(1..)?.split_at_checked(16))
        .is_some_and(|(hash, rest)| hash.iter().all(hex) && rest.starts_with(b"E"))
}

/// Texts in the runtime of a language, which stripped programs have too. All texts of a line must
/// be in one region.
const MESSAGES: [(Language, &[&str]); 6] = [
    (Language::Haskell, &["(GHC version ", "https://www.haskell.org/ghc/reportabug"]),
    (Language::Crystal, &["CRYSTAL_LOAD_DEBUG_INFO", "Unhandled exception in spawn"]),
    (Language::Nim, &["fatal.nim\0"]),
    // Type names that a linked C++ library keeps for its exceptions.
    (Language::Cpp, &["St9exception\0", "St9bad_alloc\0"]),
    (Language::Cpp, &[".?AVexception@std@@\0", ".?AVbad_alloc@std@@\0"]),
    // All programs that are built with safety checks have both.
    (Language::Zig, &["attempt to use null value", "reached unreachable code"]),
];

/// Free Pascal writes a signature into the data: `FPC 3.2.2 [2021/07/09] for x86_64 - Linux`.
const FREE_PASCAL: &str = "FPC ";

/// All searched texts, with their search.
static TEXTS: LazyLock<(Vec<&[u8]>, Needles)> = LazyLock::new(|| {
    let messages = MESSAGES.iter().flat_map(|(_, texts)| texts.iter().copied());
    let texts = messages.chain([FREE_PASCAL]).map(str::as_bytes);
    let texts: Vec<_> = texts.chain([dotnet::MARK.as_slice()]).collect();
    let needles = Needles::new(texts.iter().copied());
    (texts, needles)
});

/// Finds languages without any other trace in a stripped program. Their runtimes are written in C
/// or link with it, so evidence for C does not exclude them. The exception is Zig: C programs that
/// zig links contain its runtime.
pub(super) fn messages(places: &[Region<'_>], findings: &mut Findings) {
    let others_call = [Language::Cpp, Language::C, Language::Assembly];
    if !findings.languages.keys().all(|known| others_call.contains(known)) {
        return;
    }
    let is_unknown = findings.languages.is_empty();
    let (texts, needles) = &*TEXTS;
    let mut said = Vec::new();
    for place in places {
        let mut here = BTreeSet::new();
        for (index, at) in needles.find_iter(place.data) {
            let Some(text) = texts.get(index) else { continue };
            here.insert(*text);
            if *text == dotnet::MARK {
                let (what, confidence) = match dotnet::bundle_at(place.data, at) {
                    Some(_) => ("host of a .NET program in one file", Certain),
                    None => ("host of a .NET program", Likely),
                };
                let evidence = Evidence::new(place.name, what, confidence);
                findings.language(Language::DotNet, evidence);
            }
            let is_pascal = *text == FREE_PASCAL.as_bytes();
            if let Some(signature) = is_pascal.then(|| free_pascal(place.data, at)).flatten() {
                let evidence = Evidence::new(place.name, signature, Certain);
                findings.signature(signature, evidence);
            }
        }
        said.push((place.name, here));
    }
    let likely = MESSAGES.iter().filter(|(language, _)| is_unknown || *language != Language::Zig);
    for (language, texts) in likely {
        let all = |here: &BTreeSet<&[u8]>| texts.iter().all(|text| here.contains(text.as_bytes()));
        let place = said.iter().find(|(_, here)| all(here));
        if let (Some((place, _)), [text, ..]) = (place, texts) {
            let evidence = Evidence::new(*place, text.trim_end_matches('\0'), Likely);
            findings.language(*language, evidence);
        }
    }
}

/// Free Pascal's signature at an offset.
fn free_pascal(data: &[u8], at: usize) -> Option<&str> {
    const LONGEST: usize = 80;
    let rest = data.get(at..)?;
    let text = rest.get(..LONGEST).unwrap_or(rest).split(|byte| *byte == 0).next()?;
    let text = std::str::from_utf8(text).ok()?;
    text.contains("] for ").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manglings_are_told_apart() {
        let cases = [
            ("_RNvCs1234_7mycrate3foo", Some(Language::Rust)),
            ("_ZN4core3fmt5write17h0123456789abcdefE", Some(Language::Rust)),
            ("_ZN4core3fmt5write17h0123456789abcdefE.llvm.12345", Some(Language::Rust)),
            ("_ZN3log6LOGGER17h295c72fd8ef830b3E.0", Some(Language::Rust)),
            ("_ZN3log1A17h295c72fd8ef830b3E$tlv$init", Some(Language::Rust)),
            ("_ZN3foo3barEv", Some(Language::Cpp)),
            ("_ZNSt6vectorIiSaIiEE9push_backERKi", Some(Language::Cpp)),
            ("_ZTV3Foo", Some(Language::Cpp)),
            ("_Z3foov", Some(Language::Cpp)),
            ("?foo@@YAHXZ", Some(Language::Cpp)),
            ("_Zebra", None),
            ("_Random", None),
            ("_RNv", None),
            ("main", None),
            ("", None),
        ];
        for (name, language) in cases {
            assert_eq!(mangling(name.as_bytes()), language, "{name}");
        }
    }
}
