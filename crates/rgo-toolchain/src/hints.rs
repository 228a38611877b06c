//! What to do about the failures of a build that are known by their words: the linker's, the C
//! compiler's, cargo's. A pure function over what they printed.

use crate::extensions::names::{self, Host};
use crate::{build_script, system};

/// The next step for a failure, if it is a known one. `toolchain` is the one that failed.
#[must_use]
pub fn for_failure(text: &str, toolchain: &str) -> Option<String> {
    let text = &of_errors(text);
    if let Some(hint) = build_script::hint(text) {
        return Some(hint.to_owned());
    }
    let quoted = |after: &str| {
        text.split_once(after).map(|(_, rest)| {
            rest.trim_start_matches(['\'', '`', '"', ' ', ':'])
                .split(['\'', '`', '"', '\n', ' '])
                .next()
                .unwrap_or_default()
                .trim_end_matches([',', ':'])
                .to_owned()
        })
    };
    if let Some(symbol) = quoted("undefined symbol:").or_else(|| quoted("undefined reference to")) {
        return Some(undefined_symbol(&symbol, toolchain));
    }
    if let Some(framework) = quoted("unable to find framework") {
        return Some(format!(
            "the framework {framework} is part of Apple's SDK, which no tool may ship: set SDKROOT to a copy of \
             MacOSX.sdk, or leave out the crate that needs it for {toolchain}"
        ));
    }
    if text.contains("fatal error:") && text.contains("file not found") {
        let header = quoted("fatal error:").unwrap_or_default();
        return Some(format!(
            "the C header {header} is not there for {toolchain}; headers of the host do not serve another \
             platform: use the crate's vendored or bundled feature, or point CFLAGS for the target at headers \
             made for it"
        ));
    }
    if text.contains("PYO3_CROSS_PYTHON_VERSION") && text.contains("must be specified") {
        return Some(
            "say which Python the extension is for: PYO3_CROSS_PYTHON_VERSION=3.12, or requires-python = \"==3.12.*\" \
             in pyproject.toml; or turn on pyo3's feature abi3-py39, and every later Python loads the same file"
                .to_owned(),
        );
    }
    for words in ["dynamic system library", "static system library", "unable to find library"] {
        if let Some(library) = quoted(words) {
            let library = library.trim_start_matches("-l").to_owned();
            if let Some(version) = library.strip_prefix("python") {
                return Some(python_library(version, toolchain));
            }
            return Some(format!(
                "the library {library} is not there for {toolchain}; libraries of the host do not serve another \
                 platform: use the crate's vendored or static feature, or add -L with a copy made for it by \
                 --rustc-flag"
            ));
        }
    }
    let of_std = ["std", "core", "alloc"].map(|name| format!("can't find crate for `{name}`"));
    if of_std.iter().any(|words| text.contains(words)) {
        return Some(format!("see what is missing for it: rgo-build doctor --target {toolchain}"));
    }
    if text.contains("lock file") && text.contains("needs to be updated") {
        return Some(
            "run `cargo update --workspace` or build once without --locked, and commit Cargo.lock"
                .to_owned(),
        );
    }
    if text.contains("No space left on device") {
        return Some(
            "free some space; `rgo-build cache ls` shows what rgo itself keeps".to_owned(),
        );
    }
    None
}

/// The text without colours and without its warnings, which are there in a good build too. A C
/// compiler's error in a warning stays: build scripts tell of their failure in this way.
///
/// ```text
/// warning: unused variable      a warning of rustc: up to the next empty line, or the next error
///   --> src/main.rs:1:1
///
/// warning: x@1.0.0: b.c:1:10: fatal error: …    of a build script
/// ```
fn of_errors(text: &str) -> String {
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

fn undefined_symbol(symbol: &str, toolchain: &str) -> String {
    // With a version behind it the name is still that of the function.
    let function = symbol.split('@').next().unwrap_or(symbol);
    let of_glibc = toolchain.starts_with("linux") && !toolchain.ends_with("static");
    if let Some(since) = system::glibc_since(function).filter(|_| of_glibc) {
        return format!(
            "{function} came with glibc {since}, which is newer than what was asked for: raise the floor (--glibc \
             {since}), or build for {toolchain}/static"
        );
    }
    let of_macho = symbol.strip_prefix('_').filter(|_| toolchain.starts_with("darwin"));
    match of_macho.and_then(names::host) {
        Some(Host::Python) => {
            return format!(
                "{symbol} is Python's, and has to stay open until Python loads the library, which the link must ask for: \
                 call pyo3_build_config::add_extension_module_link_args() in build.rs (maturin does that part itself)"
            );
        }
        Some(Host::Node) => {
            return format!(
                "{symbol} is Node's, and has to stay open until Node loads the library, which the link must ask for: \
                 call napi_build::setup() in build.rs"
            );
        }
        None => {}
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

/// Python's own library is missing: an extension does not need it, but on Windows.
fn python_library(version: &str, toolchain: &str) -> String {
    if toolchain.starts_with("windows") {
        return format!(
            "rgo makes import libraries for Python 3.7 to 3.14; for python{version} add -L with a folder that has \
             python{version}.lib by --rustc-flag"
        );
    }
    format!(
        "an extension does not link Python's library: turn on pyo3's feature extension-module (-F \
         pyo3/extension-module), or set PYO3_BUILD_EXTENSION_MODULE=1 from pyo3 0.26 on; a program that embeds \
         Python needs the libpython{version} of {toolchain}, by -L"
    )
}

/// Whether a warning of the compiler is untrue here: without Xcode it misses the SDK, whose part
/// in the link zig plays.
#[must_use]
pub fn is_noise(diagnostic: &str) -> bool {
    diagnostic.contains("\"xcrun\"") && diagnostic.contains("--show-sdk-path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_failures_have_a_next_step() {
        for (text, toolchain, expected) in [
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
            (
                "\u{1b}[1m\u{1b}[91merror[E0463]\u{1b}[0m: can't find crate for `core`",
                "linux-amd64",
                "doctor",
            ),
            (
                "warning: x@1.0.0: b.c:1:10: fatal error: 'missing.h' file not found\n\
                 error: failed to run custom build command",
                "linux-amd64",
                "header missing.h",
            ),
            (
                "warning: unused\n  --> a.rs\nerror: unable to find library -lssl",
                "linux-amd64",
                "library ssl",
            ),
            (
                "error: undefined symbol: _PyBaseObject_Type\n note:",
                "darwin-arm64",
                "add_extension_module_link_args",
            ),
            ("error: undefined symbol: __Py_NoneStruct\n", "darwin-arm64", "is Python's"),
            ("error: undefined symbol: _napi_call_function\n", "darwin-amd64", "napi_build::setup"),
            (
                "error: PYO3_CROSS_PYTHON_VERSION or an abi3-py3* feature must be specified when cross-compiling",
                "linux-arm64",
                "requires-python",
            ),
            (
                "error: unable to find dynamic system library 'python3.11' using",
                "linux-amd64",
                "extension-module",
            ),
            (
                "error: unable to find dynamic system library 'python315' using",
                "windows-arm64",
                "3.7 to 3.14",
            ),
            ("error: undefined symbol: _NSApp\n", "darwin-arm64", "C library of darwin-arm64"),
            (
                "error: unable to find framework 'CoreFoundation'. searched",
                "darwin-amd64",
                "SDKROOT",
            ),
            (
                "missing.c:1:10: fatal error: 'missing.h' file not found",
                "windows-amd64",
                "missing.h",
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
            (
                "error[E0463]: can't find crate for `std`",
                "darwin-arm64",
                "doctor --target darwin-arm64",
            ),
            ("write failed: No space left on device (os error 28)", "linux-amd64", "cache ls"),
        ] {
            let hint = for_failure(text, toolchain).unwrap_or_default();
            assert!(hint.contains(expected), "{text} -> {hint}");
        }
    }

    #[test]
    fn other_failures_and_warnings_have_none() {
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
