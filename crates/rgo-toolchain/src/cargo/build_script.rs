//! Finds out why a build script failed. Cargo names the script and quotes the script's output
//! below; this module extracts the reason from that output and knows hints for common failures.
//!
//! ```text
//! error: failed to run custom build command for `openssl-sys v0.9.118`
//!
//! Caused by:
//!   process didn't exit successfully: `…/build-script-main` (exit status: 101)
//!   --- stdout
//!   cargo:rerun-if-env-changed=OPENSSL_DIR
//!   --- stderr
//!   thread 'main' panicked at build.rs:1:97:
//!   the reason
//!   stack backtrace:
//! ```

use crate::not_in_zig;

/// The longest reason that is shown, in bytes.
const MOST: usize = 240;

/// A build script that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Name and version of its package.
    pub package: String,
    /// The reason that it printed, on one line; empty if it printed none.
    pub reason: String,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the build script of {} failed", self.package)?;
        if self.reason.is_empty() { Ok(()) } else { write!(f, ": {}", self.reason) }
    }
}

/// Finds the first build script that failed. `text` is cargo's stderr without colors.
#[must_use]
pub fn failed(text: &str) -> Option<Failed> {
    let (_, rest) = text.split_once("failed to run custom build command for `")?;
    let (package, rest) = rest.split_once('`')?;
    // Cargo indents its quotation.
    let quoted = rest.lines().skip(1).take_while(|line| {
        let is_cargos = line.starts_with("error") || line.starts_with("warning");
        !is_cargos
    });
    let quoted: Vec<&str> = quoted.map(str::trim).collect();
    let stderr = quoted.iter().copied().skip_while(|line| *line != "--- stderr").skip(1);
    let said: Vec<&str> = stderr.take_while(|line| !is_backtrace(line)).collect();
    let reason = match reason(&said) {
        nothing if nothing.is_empty() => last_words(&quoted),
        // The crates cc and cmake quote the command; the compiler's error is among its output.
        command if command.contains("did not execute successfully") => {
            compiler_error(&quoted).map_or(command, shortened)
        }
        reason => reason,
    };
    let mut words = package.split(' ');
    let package: Vec<&str> = words.by_ref().take(2).collect();
    Some(Failed { package: package.join(" "), reason })
}

/// The first error of a C compiler: `c/twice.c:2:10: fatal error: 'x.h' file not found`.
fn compiler_error<'t>(quoted: &[&'t str]) -> Option<&'t str> {
    let mut plain = quoted.iter().map(|line| without_instruction(line).unwrap_or(line));
    plain.find(|line| is_compiler_error(line))
}

fn is_compiler_error(line: &str) -> bool {
    let place = line.split_once(": fatal error: ").or_else(|| line.split_once(": error: "));
    let Some((place, _)) = place else { return false };
    let mut numbers = place.rsplit(':').take(2);
    place.matches(':').count() >= 2
        && numbers.all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The text of a warning for cargo.
fn without_instruction(line: &str) -> Option<&str> {
    line.strip_prefix("cargo::warning=").or(line.strip_prefix("cargo:warning="))
}

/// The last line that a script printed on stdout, instructions to cargo aside. Warnings and errors
/// for cargo count.
fn last_words(quoted: &[&str]) -> String {
    let stdout = quoted.iter().skip_while(|line| **line != "--- stdout").skip(1);
    let stdout = stdout.take_while(|line| **line != "--- stderr");
    let words = stdout.filter_map(|line| {
        let warning = without_instruction(line);
        let error = line.strip_prefix("cargo::error=");
        let is_for_cargo = line.starts_with("cargo:") || line.is_empty();
        error.or(warning).or((!is_for_cargo).then_some(*line))
    });
    words.last().map(shortened).unwrap_or_default()
}

fn is_backtrace(line: &str) -> bool {
    ["stack backtrace:", "note: run with `RUST_BACKTRACE", "note: Some details"]
        .iter()
        .any(|start| line.starts_with(start))
}

/// The line in which the crate `pkg-config` names the library, among many others.
const LIBRARY: &str = "The system library `";

/// Extracts the message of a panic, else of an error, else the first paragraph.
fn reason(said: &[&str]) -> String {
    if let Some(line) = said.iter().find(|line| line.starts_with(LIBRARY)) {
        return shortened(line);
    }
    let panicked = said.iter().position(|line| line.contains("panicked at"));
    let is_error =
        |line: &&str| ["Error:", "error:", "error occurred"].iter().any(|it| line.starts_with(it));
    let from = panicked.map(|at| at + 1).or_else(|| said.iter().position(is_error)).unwrap_or(0);
    let lines = said.get(from..).unwrap_or_default().iter();
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    let mut text = paragraph.copied().collect::<Vec<_>>().join(" ");
    // Rust before 1.73 printed the message in this line itself.
    if let Some((_, rest)) = panicked.and_then(|at| said.get(at)?.split_once("panicked at '")) {
        text = rest.rsplit_once("',").map_or(rest, |(words, _)| words).to_owned();
    }
    let text = ["Error: ", "error: "].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(&text);
    shortened(text)
}

fn shortened(text: &str) -> String {
    let end = (0..=MOST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let shown = text.get(..end.unwrap_or(0)).unwrap_or_default();
    if shown.len() < text.len() { format!("{shown}…") } else { shown.to_owned() }
}

/// Hints for build scripts that many projects have, by words that their stderr contains.
const HINTS: [(&[&str], &str); 6] = [
    (
        &["don't know how to configure OpenSSL for"],
        "OpenSSL's feature `vendored` has no configuration for this platform: take rustls, or native-tls, which uses \
         the system's own TLS on Windows and macOS, or name an OpenSSL that is made for it in <TARGET>_OPENSSL_DIR",
    ),
    (
        &["find directory of OpenSSL"],
        "take OpenSSL's feature `vendored` (openssl = { version = \"0.10\", features = [\"vendored\"] }), or rustls; \
         the host's OpenSSL does not serve another platform",
    ),
    (
        &["windres"],
        "rgo's windres compiles resources by zig, and says above what it cannot follow; WINDRES or RC_<target> \
         name another",
    ),
    (
        &["The system library", "required by crate"],
        "the host's libraries do not serve another platform, so pkg-config does not find them: use the crate's \
         vendored or static feature, or one that opens the library when the program runs, or name .pc files of \
         libraries that are made for the target in PKG_CONFIG_PATH_<target>",
    ),
    (
        &["pkg-config", "cross-compil"],
        "libraries of the host do not serve another platform: use the crate's vendored or static feature",
    ),
    (
        &["code: 2, kind: NotFound"],
        "the build script looks for a file, or runs a program, that is not there: its source says which",
    ),
];

/// Tools of the host that build scripts run or open, and how to install them.
const TOOLS: [(&str, &str); 5] = [
    ("protoc", "install protoc (Debian: protobuf-compiler), or name it by PROTOC"),
    ("libclang", "bindgen needs libclang (Debian: libclang-dev), or its folder in LIBCLANG_PATH"),
    ("cmake", "install cmake"),
    (
        "nasm",
        "install nasm, or take the crate's feature that brings assembled objects (aws-lc-rs: `prebuilt-nasm`)",
    ),
    ("perl", "install perl: OpenSSL's own build needs it"),
];

/// Phrases by which a line reports that a tool is missing, without quotes, in lower case. A tool
/// that ran and failed is another matter.
const ABSENT: [&str; 11] = [
    "TOOL not found",
    "TOOL: not found",
    "TOOL: command not found",
    "TOOL command not found",
    "TOOL not installed",
    "TOOL is not installed",
    "is TOOL installed",
    "dependency: TOOL",
    "find TOOL",
    "find tool TOOL",
    "install TOOL",
];

/// How to install a tool of the host that a script reports as missing.
fn absent_tool(errors: &str) -> Option<&'static str> {
    let plain = errors.to_lowercase().replace(['`', '\'', '"'], "");
    let is_absent =
        |tool: &str| ABSENT.iter().any(|words| has(&plain, &words.replace("TOOL", tool)));
    TOOLS.iter().find(|(tool, _)| is_absent(tool)).map(|(_, hint)| *hint)
}

/// The next step for a build script that failed, if one is known.
#[must_use]
pub fn hint(text: &str) -> Option<&'static str> {
    failed(text)?;
    let (_, said) = text.split_once("failed to run custom build command for `")?;
    let lacks = [&not_in_zig::OPENMP, &not_in_zig::FORTRAN];
    // Stdout does not count: there a script also prints the commands that it runs, and cmake prints
    // optional tools that it did not find.
    let errors = said.split_once("--- stderr").map_or("", |(_, stderr)| stderr);
    if let Some(hint) = absent_tool(errors) {
        return Some(hint);
    }
    if let Some(lack) = lacks.iter().find(|lack| lack.words.iter().any(|word| has(errors, word))) {
        return Some(lack.hint);
    }
    let known = HINTS.iter().find(|(words, _)| words.iter().all(|word| has(errors, word)));
    known.map(|(_, hint)| *hint)
}

/// Whether a text contains these words as whole words.
fn has(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + words.len()..).and_then(|text| text.chars().next());
        !is_letter(before) && !is_letter(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script's stderr as cargo quotes it.
    fn cargo(package: &str, stderr: &str) -> String {
        let stderr: String = stderr.lines().map(|line| format!("  {line}\n")).collect();
        format!(
            "   Compiling x v1.0.0\nerror: failed to run custom build command for `{package}`\n\nCaused by:\n  \
             process didn't exit successfully: `/t/build-script-build` (exit status: 101)\n  --- stdout\n  \
             cargo:rerun-if-changed=x\n  --- stderr\n{stderr}warning: build failed, waiting for other jobs\n"
        )
    }

    /// Checks the reason and the hint for each stderr of a build script.
    #[track_caller]
    fn check(cases: &[(&str, &str, &str)]) {
        for (stderr, reason, hint) in cases {
            let text = cargo("a-sys v1.2.3 (/p)", stderr);
            let failed = failed(&text).expect("cargo says so");
            assert_eq!((failed.package.as_str(), &*failed.reason), ("a-sys v1.2.3", *reason));
            let found = super::hint(&text).unwrap_or_default();
            assert!(
                found.contains(hint) && found.is_empty() == hint.is_empty(),
                "{stderr}: {found}"
            );
        }
    }

    #[test]
    fn a_build_script_tells_its_reason() {
        check(&[
            (
                "\nthread 'main' (7) panicked at build.rs:1:97:\ncalled `Result::unwrap()` on an `Err` value: Os { \
                 code: 2, kind: NotFound }\nstack backtrace:\n   0: x\n",
                "called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound }",
                "runs a program",
            ),
            (
                "/src/cmake/a.c:1:10: fatal error: 'perl.h' file not found",
                "/src/cmake/a.c:1:10: fatal error: 'perl.h' file not found",
                "",
            ),
            (
                "thread 'main' panicked at build.rs:1:1:\nthe device is not properly configured\nnote: run with \
                 `RUST_BACKTRACE=1`",
                "the device is not properly configured",
                "",
            ),
            ("", "", ""),
            ("one\ntwo\n", "one two", ""),
        ]);
    }

    #[test]
    fn the_compilers_error_is_the_reason_and_not_its_command() {
        let cc = "\n\nerror occurred in cc-rs: command did not execute successfully (status code 1): \"cc\"\n";
        for (stdout, stderr, expected) in [
            (
                "cargo:warning=c/twice.c:2:10: fatal error: 'curl/curl.h' file not found\n  cargo:warning=1 error generated.",
                cc,
                "c/twice.c:2:10: fatal error: 'curl/curl.h' file not found",
            ),
            ("cargo::warning=a.c:7:1: error: expected ';'", cc, "a.c:7:1: error: expected ';'"),
            ("cargo:warning=a.c:2:10: warning: unused", cc, "error occurred in cc-rs"),
            ("cargo:warning=note: error: none", cc, "error occurred in cc-rs"),
            // A script that tries to compile, and fails for another reason.
            ("cargo:warning=try.c:1:1: error: no", "no such thing\n", "no such thing"),
        ] {
            let text = cargo("a v1.0.0", stderr).replace("cargo:rerun-if-changed=x", stdout);
            let reason = failed(&text).expect("is there").reason;
            assert!(reason.starts_with(expected), "{stdout}: {reason}");
        }
    }

    #[test]
    fn a_library_that_is_not_there_has_a_hint() {
        check(&[
            (
                "\n\nCould not find directory of OpenSSL installation, and this\ncrate cannot proceed.\n\nMore\n",
                "Could not find directory of OpenSSL installation, and this crate cannot proceed.",
                "vendored",
            ),
            (
                "thread 'main' panicked at build.rs:10:47:\ncalled `Result::unwrap()` on an `Err` value:\npkg-config \
                 exited with status code 1\n\nThe system library `wayland-client` required by crate `wayland-sys` \
                 was not found.\nThe file",
                "The system library `wayland-client` required by crate `wayland-sys` was not found.",
                "PKG_CONFIG_PATH_<target>",
            ),
            (
                "CMake Error: Could NOT find OpenMP_C (missing: OpenMP_C_FLAGS)",
                "CMake Error: Could NOT find OpenMP_C (missing: OpenMP_C_FLAGS)",
                "serial program",
            ),
            (
                "a.c:1:10: fatal error: 'omp.h' file not found",
                "a.c:1:10: fatal error: 'omp.h' file not found",
                "serial program",
            ),
            (
                "don't know how to configure OpenSSL for aarch64-pc-windows-gnullvm",
                "don't know how to configure OpenSSL for aarch64-pc-windows-gnullvm",
                "rustls",
            ),
        ]);
    }

    #[test]
    fn a_tool_that_is_not_there_has_a_hint() {
        check(&[
            (
                "Error: Custom { kind: NotFound, error: \"Could not find `protoc`.\" }",
                "Custom { kind: NotFound, error: \"Could not find `protoc`.\" }",
                "PROTOC",
            ),
            (
                "error: failed to run `gfortran`: not found",
                "failed to run `gfortran`: not found",
                "FC_<target>",
            ),
            (
                "sh: 1: x-gcc: not found\n\nthread 'main' panicked at build.rs:1:1:\nx-windres failed\nnote: run with \
                 `RUST_BACKTRACE=1`",
                "x-windres failed",
                "windres",
            ),
            (
                "thread 'main' panicked at 'is `cmake` not installed?', build.rs:1:1\nnote: run with `RUST_BACKTRACE=1`",
                "is `cmake` not installed?",
                "install cmake",
            ),
            (
                "Error configuring OpenSSL build:\n    Command 'perl' not found. Is perl installed?\n    Command failed",
                "Error configuring OpenSSL build: Command 'perl' not found. Is perl installed? Command failed",
                "install perl",
            ),
            (
                "Error configuring OpenSSL build:\n    'perl' reported failure with exit status: 2\n    Command failed: \
                 cd \"/t\" && \"perl\" \"./Configure\"",
                "Error configuring OpenSSL build: 'perl' reported failure with exit status: 2 Command failed: cd \"/t\" \
                 && \"perl\" \"./Configure\"",
                "",
            ),
            (
                "NASM command not found! Build cannot continue.",
                "NASM command not found! Build cannot continue.",
                "install nasm",
            ),
            (
                "thread 'main' panicked at lib.rs:1:1:\nUnable to find libclang: \"couldn't find any valid\"",
                "Unable to find libclang: \"couldn't find any valid\"",
                "LIBCLANG_PATH",
            ),
        ]);
    }

    #[test]
    fn a_script_that_is_silent_on_stderr_tells_its_reason_on_stdout() {
        let silent = cargo("a v1.0.0", "").replace("  --- stderr\n", "");
        for (stdout, reason) in [
            ("looking for x\n  x is not there\n  cargo::rerun-if-changed=y", "x is not there"),
            ("cargo:warning=no x\n", "no x"),
            ("cargo::error=x is too old", "x is too old"),
            ("cargo:rustc-cfg=x", ""),
        ] {
            let text = silent.replace("cargo:rerun-if-changed=x", stdout);
            assert_eq!(failed(&text).expect("is there").reason, reason, "{stdout}");
        }
    }

    #[test]
    fn what_cmake_can_do_without_has_no_hint() {
        let optional =
            "-- Could NOT find OpenMP_C (missing: OpenMP_C_FLAGS)\n-- continuing without OpenMP";
        let text = cargo("a v1.0.0", "a.c:1:10: fatal error: 'zstd.h' file not found");
        let text = text.replace("cargo:rerun-if-changed=x", optional);
        assert_eq!(super::hint(&text), None);
    }

    #[test]
    fn a_long_reason_is_cut_and_another_failure_has_none() {
        assert_eq!(failed("error: could not compile `x`"), None);
        let long = cargo("a v1.0.0", &format!("{}ü\n", "x".repeat(MOST - 1)));
        assert!(failed(&long).expect("is there").reason.ends_with("x…"));
    }
}
