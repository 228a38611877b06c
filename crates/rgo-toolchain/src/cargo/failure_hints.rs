//! Gives the next step for build failures that rgo recognizes by their text: the linker's, the C
//! compiler's, cargo's. A pure function of their output.

use crate::cargo::{build_script, foreign_headers};
use crate::darwin::names::{self, Library};
use crate::extensions::hint as extension;
use crate::shim::CRASHED;
use crate::{not_in_zig, system};

/// How C declares a symbol that a DLL exports.
const DLL_IMPORT: &str = "__declspec(dllimport)";

/// A build that failed.
struct Failure<'a> {
    /// The build's output, without warnings and colors.
    text: &'a str,
    /// The name of the toolchain that failed.
    toolchain: &'a str,
}

/// Gives the next step for a failure if it recognizes it.
type Recognizer = fn(&Failure<'_>) -> Option<String>;

/// The first that recognizes a failure gives the hint, so more specific ones come first.
const RECOGNIZERS: [Recognizer; 9] = [
    of_shim,
    of_build_script,
    of_symbol,
    of_framework,
    of_header,
    of_extension,
    of_library,
    of_generated_file,
    of_words,
];

/// Hints for output that contains all of these words. `TARGET` stands for the failed toolchain.
const BY_WORDS: [(&[&str], &str); 6] = [
    (&["can't find crate for `std`"], MISSING_STD),
    (&["can't find crate for `core`"], MISSING_STD),
    (&["can't find crate for `alloc`"], MISSING_STD),
    (
        &[CRASHED],
        "another version of zig may link it: RGO_ZIG names one. What zig is called with is shown by `rgo-build -vv \
         --target TARGET`",
    ),
    (
        &["lock file", "needs to be updated"],
        "run `cargo update --workspace` or build once without --locked, and commit Cargo.lock",
    ),
    (
        &["No space left on device"],
        "free some space; `rgo-build cache ls` shows what rgo itself keeps",
    ),
];

const MISSING_STD: &str = "see what is missing for it: rgo-build doctor --target TARGET";

/// The next step for a failure, if rgo recognizes it. `toolchain` is the one that failed.
#[must_use]
pub fn for_failure(text: &str, toolchain: &str) -> Option<String> {
    let failure = Failure { text: &without_warnings(text), toolchain };
    RECOGNIZERS.iter().find_map(|recognize| recognize(&failure))
}

impl Failure<'_> {
    /// The name behind these words, quoted or not.
    fn named(&self, words: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(words)?;
        let rest = rest.trim_start_matches(['\'', '`', '"', ' ', ':']);
        let name = rest.split(['\'', '`', '"', '\n', ' ']).next().unwrap_or_default();
        Some(name.trim_end_matches([',', ':']))
    }
}

/// The hint of rgo's link shim, which has examined the linked file.
fn of_shim(failure: &Failure<'_>) -> Option<String> {
    let (_, said) = failure.text.split_once("error: after linking ")?;
    said.lines().find_map(|line| line.trim().strip_prefix("hint: ")).map(str::to_owned)
}

fn of_build_script(failure: &Failure<'_>) -> Option<String> {
    build_script::hint(failure.text).map(str::to_owned)
}

fn of_symbol(failure: &Failure<'_>) -> Option<String> {
    let symbol = failure.named("undefined symbol:");
    let symbol = symbol.or_else(|| failure.named("undefined reference to"))?;
    // For a symbol of a DLL, LLD prints its C declaration first.
    let imported = failure.named(DLL_IMPORT).filter(|_| symbol == DLL_IMPORT);
    Some(undefined_symbol(imported.unwrap_or(symbol), failure.toolchain))
}

fn of_framework(failure: &Failure<'_>) -> Option<String> {
    let framework = failure.named("unable to find framework")?;
    let toolchain = failure.toolchain;
    Some(format!(
        "rgo links with Apple's frameworks by the names that they are known to export, and knows none of \
         {framework}: set SDKROOT to a copy of MacOSX.sdk, or leave out the crate that needs it for {toolchain}"
    ))
}

fn of_header(failure: &Failure<'_>) -> Option<String> {
    let header =
        failure.named("fatal error:").filter(|_| failure.text.contains("file not found"))?;
    let toolchain = failure.toolchain;
    if toolchain.starts_with("darwin")
        && let Some(hint) = apple_header(header, failure.text)
    {
        return Some(hint);
    }
    if let Some(hint) = foreign_headers::hint(header, toolchain) {
        return Some(hint);
    }
    if not_in_zig::OPENMP.words.contains(&header) {
        return Some(not_in_zig::OPENMP.hint.to_owned());
    }
    Some(format!(
        "the C header {header} is not there for {toolchain}; headers of the host do not serve another \
         platform: use the crate's vendored or bundled feature, or point CFLAGS for the target at headers \
         made for it"
    ))
}

fn of_extension(failure: &Failure<'_>) -> Option<String> {
    extension::version(failure.text)
}

fn of_library(failure: &Failure<'_>) -> Option<String> {
    let library = ["dynamic system library", "static system library", "unable to find library"]
        .iter()
        .find_map(|words| failure.named(words))?
        .trim_start_matches("-l");
    let toolchain = failure.toolchain;
    let lack = || not_in_zig::by_library(library).map(|lack| lack.hint.to_owned());
    extension::library(library, toolchain).or_else(lack).or_else(|| {
        Some(format!(
            "the library {library} is not there for {toolchain}; libraries of the host do not serve another \
             platform: use the crate's vendored or static feature, or add -L with a copy made for it by \
             --rustc-flag"
        ))
    })
}

/// The hint for a build script that generates a file only if the host runs the system that the file
/// is for.
fn of_generated_file(failure: &Failure<'_>) -> Option<String> {
    let (_, rest) = failure.text.split_once("couldn't read `")?;
    let (path, rest) = rest.split_once('`')?;
    let is_generated = path.replace('\\', "/").contains("/out/");
    if !is_generated || !rest.starts_with(": No such file") {
        return None;
    }
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    Some(format!(
        "a build script was to make {file} and has not: it looks at the system that it runs on, and not at \
         {}, which it is to build for. Such a package is compiled on its own system alone",
        failure.toolchain
    ))
}

fn of_words(failure: &Failure<'_>) -> Option<String> {
    let is_said = |words: &&str| failure.text.contains(*words);
    let (_, hint) = BY_WORDS.iter().find(|(words, _)| words.iter().all(is_said))?;
    Some(hint.replace("TARGET", failure.toolchain))
}

/// Removes colors and warnings: a successful build prints warnings too. A C compiler's error inside
/// a warning stays, because build scripts report their failure in this way.
///
/// ```text
/// warning: unused variable      a warning of rustc: up to the next empty line, or the next error
///   --> src/main.rs:1:1
///
/// warning: x@1.0.0: b.c:1:10: fatal error: …    of a build script
/// ```
fn without_warnings(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let mut kept = String::new();
    let mut in_warning = false;
    for line in plain.lines() {
        if line.starts_with("warning") {
            in_warning = true;
        } else if line.trim().is_empty() || line.starts_with("error") {
            in_warning = false;
        }
        let is_warning = in_warning || line.contains("warning:");
        if !is_warning || line.contains("error:") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Folders of headers that only Apple's SDK has, with an alternative for crates that include them.
const APPLE_HEADERS: [(&str, &str); 9] = [
    ("CommonCrypto/", "take the crate's feature for OpenSSL or for its own implementation"),
    ("Security/", "take the crate's feature for rustls or for vendored OpenSSL"),
    ("SystemConfiguration/", "take a crate that binds it without C, such as system-configuration"),
    ("CoreFoundation/", "take a crate that binds it without C, such as core-foundation"),
    ("Foundation/", "take a crate that binds it without C, such as objc2-foundation"),
    ("AppKit/", "take a crate that binds it without C, such as objc2-app-kit"),
    ("Cocoa/", "take a crate that binds it without C, such as objc2-app-kit"),
    ("IOKit/", "take a crate that binds it without C, such as io-kit-sys"),
    ("Metal/", "take a crate that binds it without C, such as objc2-metal"),
];

/// Packages whose C code includes such headers for one feature, by the error that cargo prints for
/// their build scripts.
const NEED_APPLE_HEADERS: [(&str, &str); 1] = [(
    "custom build command for `libgit2-sys ",
    "git2 speaks HTTPS on macOS through Apple's TLS alone, so build it without its feature `https`",
)];

fn apple_header(header: &str, text: &str) -> Option<String> {
    let (_, instead) = APPLE_HEADERS.iter().find(|(folder, _)| header.starts_with(folder))?;
    let own = NEED_APPLE_HEADERS.iter().find(|(package, _)| text.contains(package));
    let instead = own.map_or(*instead, |(_, instead)| *instead);
    Some(format!(
        "the C header {header} is in Apple's SDK alone, which no tool may ship: {instead}, or set SDKROOT to a copy \
         of MacOSX.sdk"
    ))
}

fn undefined_symbol(symbol: &str, toolchain: &str) -> String {
    // The function's name ends where its version begins.
    let function = symbol.split('@').next().unwrap_or(symbol);
    let of_glibc = toolchain.starts_with("linux") && !toolchain.ends_with("static");
    if let Some(since) = system::glibc_since(function).filter(|_| of_glibc) {
        return format!(
            "{function} came with glibc {since}, which is newer than what was asked for: raise the floor (--glibc \
             {since}), or build for {toolchain}/static"
        );
    }
    if let Some(hint) = extension::undefined(symbol, toolchain) {
        return hint;
    }
    if let Some(lack) = not_in_zig::by_function(function) {
        return lack.hint.to_owned();
    }
    if toolchain.starts_with("darwin") {
        return undefined_on_macos(symbol);
    }
    let bare = symbol.trim_start_matches('_');
    if bare.starts_with("pthread_") || bare.starts_with("sem_") {
        return format!(
            "{symbol} is of pthread: the C code behind it wants `-lpthread`, by its build script or by --rustc-flag -lpthread"
        );
    }
    format!(
        "{symbol} is not in the C library of {toolchain}, or a library that defines it is not linked: if it is your own \
         function, look at the build script that compiles it"
    )
}

fn undefined_on_macos(symbol: &str) -> String {
    let options: Vec<String> = names::owners(symbol).map(Library::option).collect();
    match options.first() {
        Some(option) => format!(
            "{symbol} is in a library of macOS that this does not link: the crate that uses it would say so by \
             #[link] or its build script; `--rustc-flag -Clink-args='{option}'` links it"
        ),
        None => format!(
            "no library of macOS that rgo knows exports {symbol}. If it is your own function, look at the build \
             script that compiles it. If it is a name of Apple's that is spelled right, rgo does not know it \
             yet: set SDKROOT to a copy of MacOSX.sdk"
        ),
    }
}

/// Whether a compiler's warning is wrong here: without Xcode, rustc misses the SDK, but zig links
/// in its place.
#[must_use]
pub fn is_noise(diagnostic: &str) -> bool {
    diagnostic.contains("\"xcrun\"") && diagnostic.contains("--show-sdk-path")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the hint for each output and failed toolchain.
    #[track_caller]
    fn check(cases: &[(&str, &str, &str)]) {
        for (text, toolchain, expected) in cases {
            let hint = for_failure(text, toolchain).unwrap_or_default();
            assert!(hint.contains(expected), "{text} -> {hint}");
        }
    }

    #[test]
    fn an_undefined_symbol_is_told_by_what_would_define_it() {
        check(&[
            ("ld.lld: error: undefined symbol: pthread_foo\n>>>", "linux-amd64", "-lpthread"),
            ("error: undefined symbol: getrandom\n note:", "linux-arm64", "--glibc 2.25"),
            ("ld.lld: error: undefined symbol: statx@GLIBC_2.28\n", "linux-amd64", "--glibc 2.28"),
            ("error: undefined symbol: pthread_cond_clockwait\n", "linux-amd64", "--glibc 2.30"),
            (
                "error: undefined symbol: getrandom\n",
                "linux-amd64-static",
                "C library of linux-amd64-static",
            ),
            ("error: undefined symbol: my_own\n", "linux-amd64", "your own function"),
            ("x.c: undefined reference to `my_own'", "linux-amd64", "your own function"),
            ("error: undefined symbol: _NSApp\n", "darwin-arm64", "-framework AppKit"),
            ("error: undefined symbol: _NSAp\n", "darwin-arm64", "no library of macOS"),
            ("ld.lld: error: undefined symbol: __kmpc_fork_call\n>>>", "linux-amd64", "OpenMP"),
            ("error: undefined symbol: ___kmpc_fork_call\n", "darwin-arm64", "OpenMP"),
            ("lld-link: error: undefined symbol: omp_get_num_threads\n", "windows-amd64", "OpenMP"),
            ("error: undefined symbol: _gfortran_st_write\n", "linux-amd64", "FC_<target>"),
        ]);
    }

    #[test]
    fn a_missing_header_is_of_the_target_or_of_apple() {
        check(&[
            (
                "warning: x@1.0.0: b.c:1:10: fatal error: 'missing.h' file not found\n\
                 error: failed to run custom build command",
                "linux-amd64",
                "header missing.h",
            ),
            (
                "a.c:1:10: fatal error: 'CommonCrypto/CommonDigest.h' file not found",
                "darwin-arm64",
                "feature for OpenSSL",
            ),
            (
                "error: failed to run custom build command for `libgit2-sys v0.18.8+1.9.7`\n  \
                 a.c:1:10: fatal error: 'CoreFoundation/CoreFoundation.h' file not found",
                "darwin-arm64",
                "without its feature `https`",
            ),
            (
                "a.c:1:10: fatal error: 'CommonCrypto/CommonDigest.h' file not found",
                "linux-arm64",
                "`#ifdef __APPLE__`",
            ),
            (
                "a.c:1:10: fatal error: 'sys/epoll.h' file not found",
                "darwin-arm64",
                "`sys/epoll.h` is a header of Linux",
            ),
            (
                "a.c:1:10: fatal error: 'zlib.h' file not found",
                "linux-arm64",
                "headers of the host",
            ),
            ("a.c:1:10: fatal error: 'omp.h' file not found", "linux-amd64", "OpenMP"),
            (
                "missing.c:1:10: fatal error: 'missing.h' file not found",
                "windows-amd64",
                "missing.h",
            ),
        ]);
    }

    #[test]
    fn a_missing_library_is_of_the_target_or_not_in_zig() {
        check(&[
            (
                "warning: unused\n  --> a.rs\nerror: unable to find library -lssl",
                "linux-amd64",
                "library ssl",
            ),
            ("error: unable to find dynamic system library 'gomp' using", "linux-arm64", "OpenMP"),
            (
                "error: unable to find dynamic system library 'gfortran' using",
                "linux-amd64",
                "FC_<target>",
            ),
            (
                "error: unable to find framework 'CoreFoundation'. searched",
                "darwin-amd64",
                "SDKROOT",
            ),
            (
                "  = note: error: unable to find static system library 'z' using",
                "linux-amd64-static",
                "library z",
            ),
            (
                "error: unable to find dynamic system library 'ssl' using",
                "linux-amd64",
                "library ssl",
            ),
        ]);
    }

    #[test]
    fn other_known_failures_have_a_next_step() {
        check(&[
            (
                "\u{1b}[1m\u{1b}[91merror[E0463]\u{1b}[0m: can't find crate for `core`",
                "linux-amd64",
                "doctor",
            ),
            (
                "error: couldn't read `/t/build/libproc-1/out/osx_libproc_bindings.rs`: No such file or directory",
                "darwin-arm64",
                "looks at the system that it runs on",
            ),
            (
                "error[E0463]: can't find crate for `std`",
                "darwin-arm64",
                "doctor --target darwin-arm64",
            ),
            (
                "  = note: error: zig's linker ended without a word, as it does when it crashes\n",
                "darwin-arm64",
                "RGO_ZIG",
            ),
            (
                "error: linking with `/c/rgo-link` failed: exit status: 1\n  = note: error: after linking /t/a: it \
                 lacks the export of b\n          hint: leave the option out\n",
                "linux-amd64",
                "leave the option out",
            ),
            ("write failed: No space left on device (os error 28)", "linux-amd64", "cache ls"),
        ]);
    }

    #[test]
    fn unknown_failures_and_warnings_have_none() {
        for text in [
            "error[E0308]: mismatched types",
            "error[E0463]: can't find crate for `serde`",
            "error[E0463]: can't find crate for `stdx`",
            "warning: undefined symbol: x\nerror: mismatched types",
            "ld.lld: warning: undefined symbol: x\nerror: mismatched types",
            "warning: look\n  = note: can't find crate for `std`\n\nerror: mismatched types",
            "\u{1b}[33mwarning\u{1b}[0m: No space left on device\n\nerror: mismatched types",
        ] {
            assert_eq!(for_failure(text, "linux-amd64"), None, "{text}");
        }
    }
}
