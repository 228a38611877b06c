//! Hints for what C compilers and linkers report: a header, a symbol, a library or a framework that
//! is not there for the target.

use super::{Context, word_after};
use crate::cargo::foreign_headers;
use crate::darwin::names::{self, Library};
use crate::not_in_zig::{self, Lack, OPENMP};
use crate::system;

/// The first that recognizes a failure gives the hint.
const RECOGNIZERS: [fn(&str, &Context<'_>) -> Option<String>; 5] =
    [of_header, of_undeclared, of_symbol, of_framework, of_library];

pub(super) fn hint(text: &str, context: &Context<'_>) -> Option<String> {
    RECOGNIZERS.iter().find_map(|recognize| recognize(text, context))
}

/// clang: `fatal error: 'a.h' file not found`; gcc: `fatal error: a.h: No such file or directory`.
fn of_header(text: &str, context: &Context<'_>) -> Option<String> {
    let header = text.lines().find_map(|line| {
        let is_header =
            line.ends_with("file not found") || line.ends_with("No such file or directory");
        is_header.then(|| word_after(line, "fatal error:")).flatten()
    })?;
    let toolchain = context.toolchain;
    if header.starts_with("sanitizer/") {
        return Some(
            "zig has the headers and runtimes of -asan and -msan for no target: build without them, or with -race, \
             which Go brings along"
                .to_owned(),
        );
    }
    if let Some(hint) = foreign_headers::hint(header, toolchain) {
        return Some(format!(
            "{hint}, or put it into a file that Go compiles for that system alone, such as name_linux.go"
        ));
    }
    if OPENMP.words.contains(&header) {
        return Some(lack(&OPENMP));
    }
    if toolchain.starts_with("darwin") && header.contains('/') {
        return Some(format!(
            "the C header {header} may be in Apple's SDK alone, which no tool may ship: set SDKROOT to a copy of \
             MacOSX.sdk, or leave the package out by a build tag"
        ));
    }
    Some(format!(
        "the C header {header} is not there for {toolchain}; headers of the host do not serve another platform: put \
         it beside the Go files, or name a folder with headers for the target by CGO_CFLAGS=-I…"
    ))
}

/// A function that a header does not declare, because glibc has it only in newer versions.
fn of_undeclared(text: &str, context: &Context<'_>) -> Option<String> {
    const WORDS: [&str; 3] =
        ["call to undeclared function", "use of undeclared identifier", "unknown type name"];
    let name = WORDS.iter().find_map(|words| word_after(text, words))?;
    of_glibc(name, context).or_else(|| of_large_files(name, context))
}

/// The names of a time when files of over 2 GiB were an extension: `pread64`, `off64_t`. musl's are the plain ones.
fn of_large_files(name: &str, context: &Context<'_>) -> Option<String> {
    let is_of_large_files = name.strip_suffix("_t").unwrap_or(name).ends_with("64");
    let is_musl = context.toolchain.starts_with("linux") && context.toolchain.ends_with("static");
    (is_of_large_files && is_musl).then(|| {
        format!(
            "musl has {name} only with a macro: build with --env 'CGO_CFLAGS=-O2 -g -D_LARGEFILE64_SOURCE', or take a \
             newer version of the package, which may do without"
        )
    })
}

fn of_glibc(function: &str, context: &Context<'_>) -> Option<String> {
    let toolchain = context.toolchain;
    if !toolchain.starts_with("linux") || toolchain.ends_with("static") {
        return None;
    }
    let since = system::glibc_since(function)?;
    Some(format!(
        "{function} came with glibc {since}, which is newer than what was asked for: raise the floor (--glibc {since}), \
         or build for {toolchain}/static"
    ))
}

fn of_symbol(text: &str, context: &Context<'_>) -> Option<String> {
    let symbol = ["undefined symbol:", "undefined reference to"]
        .iter()
        .find_map(|words| word_after(text, words))?;
    // The function's name ends where its version begins.
    let function = symbol.split('@').next().unwrap_or(symbol);
    if let Some(hint) = of_glibc(function, context) {
        return Some(hint);
    }
    if let Some(of) = not_in_zig::by_function(function) {
        return Some(lack(of));
    }
    let option = names::owners(symbol).map(Library::option).next();
    if let Some(option) = option.filter(|_| context.toolchain.starts_with("darwin")) {
        return Some(format!(
            "{symbol} is in a library of macOS that this does not link: `#cgo darwin LDFLAGS: {option}` in the package \
             that uses it links it"
        ));
    }
    Some(format!(
        "{symbol} is not in the C library of {}, or a library that defines it is not linked: `#cgo LDFLAGS: -l…` in the \
         package that uses it, or CGO_LDFLAGS, links one; if it is your own function, its C file has to be in the \
         package's own folder",
        context.toolchain
    ))
}

fn of_framework(text: &str, context: &Context<'_>) -> Option<String> {
    let framework = word_after(text, "unable to find framework")?;
    Some(format!(
        "{framework} is a framework of Apple's SDK, which no tool may ship: set SDKROOT to a copy of MacOSX.sdk, or leave \
         out the package that needs it for {}: by a build tag, or all C by CGO_ENABLED=0",
        context.toolchain
    ))
}

fn of_library(text: &str, context: &Context<'_>) -> Option<String> {
    const WORDS: [&str; 4] = [
        "dynamic system library",
        "static system library",
        "unable to find library",
        "ld: cannot find",
    ];
    let library = WORDS.iter().find_map(|words| word_after(text, words))?.trim_start_matches("-l");
    if let Some(of) = not_in_zig::by_library(library) {
        return Some(lack(of));
    }
    Some(format!(
        "the library {library} is not there for {}; libraries of the host do not serve another platform: add a folder \
         with a copy made for the target by CGO_LDFLAGS=-L…, or take a Go package that brings its C source along",
        context.toolchain
    ))
}

fn lack(of: &Lack) -> String {
    let what =
        if *of == OPENMP { "OpenMP, whose runtime" } else { "Fortran, whose compiler and runtime" };
    format!(
        "this is {what} zig has for no target: leave it out by a build tag, or add a copy made for the target by \
         CGO_CFLAGS=-I… and CGO_LDFLAGS=-L…"
    )
}
