//! Translates Go's link commands for the shim's linker. Pure.
//!
//! ```text
//! rgo-cc -m64 -o $WORK/b001/exe/a.out -rdynamic … go.o 000000.o … -O2 -g -lpthread -no-pie
//! ```
//!
//! | Go passes | the shim's linker | so this module |
//! |---|---|---|
//! | `-s`, `-Wl,-S` | compiles all runtimes again, without debug data; takes symbols for `-Wl,-S` too; none for `-s -g` | asks LLD |
//! | `-rdynamic` with `-static` | exports from a program that loads nothing | leaves it out |
//! | `-dynamiclib -o name` (darwin) | `@rpath/name` | names the library by its file alone, as Go does |
//! | no `-headerpad` without DWARF (darwin) | room for few load commands | asks for room for a segment |
//! | objects with DWARF (windows) | a PDB, with a random GUID, and no symbols | asks LLD for symbols and DWARF |
//! | `-flat_namespace`, `-bind_at_load` | links what a plugin must not be | refuses |
//! | `-fsanitize=address`, `memory` | has no runtime | refuses |

use camino::Utf8Path;
use rgo_binary::system::Os;

use super::super::search;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub text: String,
    pub hint: String,
}

/// The reason to refuse a call, whether it compiles or links.
pub(super) fn refused(args: &[String]) -> Option<Refusal> {
    let options = || args.iter().flat_map(|arg| arg.strip_prefix("-Wl,").unwrap_or(arg).split(','));
    if options().any(|word| matches!(word, "-flat_namespace" | "-bind_at_load")) {
        return Some(Refusal {
            text: "zig's linker for macOS makes no Go plugin: it cannot link with -flat_namespace"
                .into(),
            hint: "build plugins for darwin on macOS, with Apple's tools".into(),
        });
    }
    let sanitizers = args.iter().filter_map(|arg| arg.strip_prefix("-fsanitize="));
    let name = sanitizers.flat_map(|list| list.split(',')).find_map(|name| match name {
        "address" => Some(("AddressSanitizer", "-asan")),
        "memory" => Some(("MemorySanitizer", "-msan")),
        _ => None,
    });
    name.map(|(name, flag)| Refusal {
        text: format!("zig has no runtime of {name}"),
        hint: format!("leave {flag} out, or build for the host with CC=clang"),
    })
}

/// Whether a call stops before a link.
pub(super) fn is_compilation(args: &[String]) -> bool {
    let stops = ["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"];
    args.iter().any(|arg| stops.contains(&arg.as_str()))
}

/// The extensions of the files that a compiler compiles.
const SOURCES: [&str; 10] = ["c", "cc", "cpp", "cxx", "C", "m", "mm", "s", "S", "sx"];

/// Whether a call only links.
pub(super) fn is_link(args: &[String]) -> bool {
    let compiles = |arg: &String| {
        let extension = Utf8Path::new(arg.as_str()).extension();
        arg == "-"
            || arg.starts_with("-x")
            || !arg.starts_with('-') && extension.is_some_and(|it| SOURCES.contains(&it))
    };
    !is_compilation(args) && !args.iter().any(compiles)
}

/// What a link leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Omits {
    Nothing,
    DebugData,
    Symbols,
}

impl Omits {
    fn of_word(word: &str) -> Self {
        match word {
            "-s" | "-Wl,-s" => Self::Symbols,
            "-Wl,-S" => Self::DebugData,
            _ => Self::Nothing,
        }
    }

    fn of_link(args: &[String]) -> Self {
        let omitted = || args.iter().map(|arg| Self::of_word(arg));
        let strongest = [Self::Symbols, Self::DebugData];
        strongest.into_iter().find(|it| omitted().any(|one| one == *it)).unwrap_or(Self::Nothing)
    }
}

/// Padding for the load commands that rgo adds to a program for darwin: a segment of 72 bytes with two sections of
/// 80, and the signature's. Go asks for more where it adds DWARF itself.
const ROOM_FOR_COMMANDS: &str = "-Wl,-headerpad,0x140";

/// The same link in the words of the shim's linker.
pub(super) fn translated(mut args: Vec<String>, os: Os) -> Vec<String> {
    let has = |args: &[String], word: &str| args.iter().any(|arg| arg == word);
    if os != Os::Darwin {
        args.retain(|arg| Omits::of_word(arg) == Omits::Nothing);
    }
    if os == Os::Linux && has(&args, "-static") && !has(&args, "-shared") {
        args.retain(|arg| arg != "-rdynamic");
    }
    if os == Os::Darwin && !args.iter().any(|arg| arg.contains("-headerpad")) {
        args.push(ROOM_FOR_COMMANDS.to_owned());
    }
    if os == Os::Darwin && has(&args, "-dynamiclib") {
        let is_named = args.iter().any(|arg| arg.contains("-install_name"));
        let output = search::values(&args, "-o").last().map(Utf8Path::new);
        if let Some(name) = output.and_then(Utf8Path::file_name).filter(|_| !is_named) {
            args.push(format!("-Wl,-install_name,{name}"));
        }
    }
    args
}

/// Words for LLD alone. `args` are the words of Go.
pub(super) fn lld_words(args: &[String], os: Os) -> Vec<String> {
    let omits = Omits::of_link(args);
    let words: &[&str] = match (os, omits) {
        (Os::Windows, Omits::Nothing) => &["-TIMESTAMP:0", "-DEBUG:DWARF"],
        (Os::Windows, Omits::DebugData) => &["-TIMESTAMP:0", "-DEBUG:SYMTAB"],
        (Os::Windows, Omits::Symbols) => &["-TIMESTAMP:0", "-DEBUG:NONE"],
        (Os::Linux, Omits::DebugData) => &["--strip-debug"],
        (Os::Linux, Omits::Symbols) => &["--strip-all"],
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests;
