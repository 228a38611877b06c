//! What to do about the failures of a build that are known by their words: the linker's, the C
//! compiler's, cargo's. A pure function over what they printed.

/// The next step for a failure, if it is a known one. `toolchain` is the one that failed.
#[must_use]
pub fn for_failure(text: &str, toolchain: &str) -> Option<String> {
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
    for words in ["unable to find dynamic system library", "unable to find library"] {
        if let Some(library) = quoted(words) {
            let library = library.trim_start_matches("-l").to_owned();
            return Some(format!(
                "the library {library} is not there for {toolchain}; libraries of the host do not serve another \
                 platform: use the crate's vendored or static feature, or add -L with a copy made for it by \
                 --rustc-flag"
            ));
        }
    }
    if text.contains("can't find crate for `std`") || text.contains("E0463") {
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

fn undefined_symbol(symbol: &str, toolchain: &str) -> String {
    let bare = symbol.trim_start_matches('_');
    if bare.starts_with("pthread_") || bare.starts_with("sem_") {
        return format!(
            "{symbol} is of pthread: the C code behind it wants `-lpthread`, by its build script or by --rustc-flag -lpthread"
        );
    }
    if toolchain.starts_with("linux") && !toolchain.ends_with("static") {
        return format!(
            "{symbol} is not in the glibc that was asked for: raise the floor (--glibc 2.28, say), or build for \
             {toolchain}/static"
        );
    }
    format!(
        "{symbol} is not in the C library of {toolchain}, or a library that defines it is not linked"
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
            ("error: undefined symbol: getrandom\n note:", "linux-arm64", "--glibc"),
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
        assert_eq!(for_failure("error[E0308]: mismatched types", "linux-amd64"), None);
    }
}
