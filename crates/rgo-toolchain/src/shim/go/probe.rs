//! Answers Go's tests of flags without zig. `go build` compiles nothing, and `link` a program of one line, with each
//! flag that it would like to use: some five for each link, and a call of zig costs as much as that of a small link.
//!
//! ```text
//! cmd/go     $CC FLAG $CGO_CFLAGS -c -x c - -o /dev/null      < /dev/null
//! cmd/link   $CC -m64 LDFLAGS -o T/a.out FLAG T/trivial.c
//! ```
//!
//! Go looks at the exit code (`link` alone) and for words such as `unsupported` in the output; it never reads what
//! the compiler writes. (`gccSupportsFlag` in `cmd/go/internal/work/exec.go`, `linkerFlagSupported` in
//! `cmd/link/internal/ld/lib.go`)
//!
//! The tables have the answers that zig gives, and for Windows those of the shim's linker, which translates more than
//! zig. A test with any other flag runs.

use std::path::Path;

use rgo_binary::system::Os;

/// The program that `link` compiles.
const TRIVIAL: &[u8] = b"int main() { return 0; }";

/// What a flag is to the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It knows the flag.
    Known,
    /// It refuses the flag.
    Unknown,
}

/// Flags of the compiler, the same for all systems.
const COMPILER: [(&str, Answer); 8] = [
    ("-Qunused-arguments", Answer::Known),
    ("-fno-caret-diagnostics", Answer::Known),
    ("-fdebug-prefix-map=a=b", Answer::Known),
    ("-ffile-prefix-map=a=b", Answer::Known),
    ("-frandom-seed=1", Answer::Known),
    ("-gno-record-gcc-switches", Answer::Known),
    ("-Wl,--no-gc-sections", Answer::Known),
    ("-no-pie", Answer::Known),
];

/// Flags of linkers.
const LINKER: [(Os, &str, Answer); 7] = [
    (Os::Linux, "-Wl,--build-id=0x1234567890abcdef", Answer::Known),
    // The shim could pass it to LLD, for the price of a second link.
    (Os::Linux, "-Wl,--export-dynamic-symbol=main", Answer::Unknown),
    (Os::Linux, "-Wl,--compress-debug-sections=zlib", Answer::Known),
    (Os::Darwin, "-Wl,--compress-debug-sections=zlib", Answer::Known),
    (Os::Windows, "-Wl,--compress-debug-sections=zlib", Answer::Known),
    (Os::Windows, "-Wl,--no-insert-timestamp", Answer::Known),
    // For -race, whose runtime works only at a fixed address.
    (Os::Windows, "-Wl,--disable-dynamicbase", Answer::Known),
];

/// A call that only tests a flag.
#[derive(Debug, PartialEq, Eq)]
struct Probe<'a> {
    /// The flag; `None` tests whether the compiler reads response files.
    flag: Option<&'a str>,
    /// The other flags.
    others: Vec<&'a str>,
    /// The program, if it is in a file.
    source: Option<&'a str>,
}

impl<'a> Probe<'a> {
    fn read(args: &'a [String]) -> Option<Self> {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        if let [flag, others @ .., "-x", "c", "-", "-o", _] = &words[..] {
            let others = others.iter().copied().filter(|word| *word != "-c").collect();
            return Some(Self { flag: Some(flag), others, source: None });
        }
        let (source, before) = words.split_last().filter(|(it, _)| is_named(it, "trivial.c"))?;
        let (flag, others, output) = match before {
            [others @ .., "-o", output] => (None, others, output),
            [others @ .., "-o", output, flag] => (Some(*flag), others, output),
            _ => return None,
        };
        is_named(output, "a.out").then(|| Self {
            flag,
            others: others.to_vec(),
            source: Some(source),
        })
    }
}

fn is_named(path: &str, name: &str) -> bool {
    Path::new(path).file_name().is_some_and(|it| it == name)
}

/// The answer to a test of a flag. `None` for other calls, and for tests that zig has to run. `is_empty` tells whether
/// the program, in this file or in standard input, is the one that Go tests flags with.
pub(super) fn answer(
    args: &[String],
    os: Os,
    is_empty: &dyn Fn(Option<&str>) -> bool,
) -> Option<Answer> {
    let probe = Probe::read(args)?;
    let mut others = probe.others.iter();
    while let Some(word) = others.next() {
        match *word {
            "-arch" => _ = others.next(),
            word => is_harmless(word).then_some(())?,
        }
    }
    let Some(flag) = probe.flag else { return is_empty(probe.source).then_some(Answer::Known) };
    let of_compiler = COMPILER.iter().find(|row| row.0 == flag).map(|row| row.1);
    let of_linker = || LINKER.iter().find(|row| (row.0, row.1) == (os, flag)).map(|row| row.2);
    of_compiler.or_else(of_linker).filter(|_| is_empty(probe.source))
}

/// Whether a flag changes no answer.
fn is_harmless(word: &str) -> bool {
    matches!(word, "-m64" | "-pthread" | "-mthreads" | "-fPIC" | "-g" | "-g0")
        || ["-O", "-I", "-D", "-L", "-l"].iter().any(|start| word.starts_with(start))
}

/// Whether a file, or standard input, has the program that Go tests flags with.
pub(super) fn is_empty_program(source: Option<&str>) -> bool {
    match source {
        Some(path) => std::fs::read(path).is_ok_and(|text| text == TRIVIAL),
        None => is_stdin_null(),
    }
}

#[cfg(unix)]
fn is_stdin_null() -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path| std::fs::metadata(path).map(|it| it.rdev()).ok();
    device("/dev/null").is_some_and(|null| null != 0 && device("/dev/stdin") == Some(null))
}

#[cfg(not(unix))]
fn is_stdin_null() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(os: Os, line: &str) -> Option<Answer> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        answer(&args, os, &|_| true)
    }

    #[test]
    fn gos_own_tests() {
        use Answer::{Known, Unknown};
        let link = |flag: &str| format!("-m64 -g -o /t/a.out {flag} /t/trivial.c");
        for (os, line, expected) in [
            (Os::Linux, "-Qunused-arguments -O2 -g -c -x c - -o /dev/null".into(), Some(Known)),
            (Os::Linux, "-Wl,--no-gc-sections -O2 -g -x c - -o /dev/null".into(), Some(Known)),
            (Os::Linux, "-fother -O2 -c -x c - -o /dev/null".into(), None),
            (Os::Linux, "-Qunused-arguments -Wother -c -x c - -o /dev/null".into(), None),
            (Os::Linux, link("-Wl,--build-id=0x1234567890abcdef"), Some(Known)),
            (Os::Windows, link("-Wl,--build-id=0x1234567890abcdef"), None),
            (Os::Linux, link("-Wl,--export-dynamic-symbol=main"), Some(Unknown)),
            (Os::Windows, link("-Wl,--disable-dynamicbase"), Some(Known)),
            (Os::Linux, link("-Wl,-other"), None),
            // The empty response file is already expanded.
            (Os::Linux, link(""), Some(Known)),
            (Os::Darwin, "-arch arm64 -o /t/a.out -no-pie /t/trivial.c".into(), Some(Known)),
            (Os::Darwin, "-Wl,-x -o /t/a.out -no-pie /t/trivial.c".into(), None),
            (Os::Linux, "-o /t/a.out -no-pie /t/other.c".into(), None),
            (Os::Linux, "-o /t/b.out -no-pie /t/trivial.c".into(), None),
            (Os::Linux, "-c -no-pie -o /t/a.out /t/trivial.c".into(), None),
            (Os::Linux, "".into(), None),
        ] {
            assert_eq!(ask(os, &line), expected, "{line}");
        }
    }

    #[test]
    fn a_program_of_the_users_is_compiled() {
        let args = ["-o", "/t/a.out", "-no-pie", "/t/trivial.c"].map(str::to_owned);
        assert_eq!(answer(&args, Os::Linux, &|_| false), None);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trivial.c");
        let is_empty = |text: &[u8]| {
            std::fs::write(&path, text).expect("written");
            is_empty_program(path.to_str())
        };
        assert!(is_empty(TRIVIAL));
        assert!(!is_empty(b"int main() { return 1; }"));
        assert!(!is_empty_program(Some("/nowhere/trivial.c")));
    }
}
