//! Answers what only Go asks of a C compiler; `shim/query` answers what other build systems ask too. Pure, except
//! that it asks where tools are.
//!
//! | question | asked for | answer |
//! |---|---|---|
//! | `-### -x c -c -` | the keys of Go's cache | see [`identity`](super::identity) |
//! | `--print-prog-name ar` | c-archive | rgo's tool |
//! | `--print-prog-name strip` | darwin | rgo's tool, since GNU's strip fails at Mach-O |
//! | `--print-prog-name dsymutil` | darwin | that of this machine, by whatever name it has |
//! | `-Wl,--version` | windows, plugins | LLD, without which Go adds a script for GNU's linker |

use camino::{Utf8Path, Utf8PathBuf};

/// A question that only Go asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// Who the compiler is.
    Identity,
    /// The place of a program.
    Program(String),
    /// The version of the linker.
    Linker,
}

/// Recognizes a question; `None` for other calls.
pub(super) fn read(args: &[String]) -> Option<Question> {
    let has = |word: &str| args.iter().any(|arg| arg == word);
    if has("-###") && has("-") {
        return Some(Question::Identity);
    }
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let question = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-'))?;
        if question == "print-prog-name" {
            return rest.next().cloned().map(Question::Program);
        }
        if let Some(name) = question.strip_prefix("print-prog-name=") {
            return Some(Question::Program(name.to_owned()));
        }
        if arg == "-Wl,--version" {
            return Some(Question::Linker);
        }
        // Go passes the processor first: `-arch arm64`.
        if arg == "-arch" {
            rest.next();
        }
    }
    None
}

/// The place of a program: in `folder`, else, for dsymutil, its path on this machine, else its bare name.
pub(super) fn program(
    name: &str,
    folder: &Utf8Path,
    exists: &dyn Fn(&Utf8Path) -> bool,
    dsymutil: impl FnOnce() -> Option<Utf8PathBuf>,
) -> String {
    let tool = name.strip_prefix("llvm-").unwrap_or(name);
    let own = folder.join(format!("{tool}{}", std::env::consts::EXE_SUFFIX));
    let found = match tool {
        _ if exists(&own) => Some(own),
        "dsymutil" => dsymutil(),
        _ => None,
    };
    found.map_or_else(|| name.to_owned(), Utf8PathBuf::into_string)
}

/// What `ld.lld --version` prints, as far as Go reads it.
pub(super) fn linker(zig_version: &str) -> String {
    format!("LLD of zig {zig_version} (compatible with GNU linkers)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gos_own_calls() {
        let program = |name: &str| Some(Question::Program(name.into()));
        for (line, expected) in [
            ("-### -x c -c -", Some(Question::Identity)),
            ("-### -x c++ -c -", Some(Question::Identity)),
            ("-arch arm64 --print-prog-name dsymutil", program("dsymutil")),
            ("-m64 --print-prog-name strip", program("strip")),
            ("-m64 -o /t/a.out --print-prog-name=ar /t/trivial.c", None),
            ("--print-prog-name=ar", program("ar")),
            ("-print-prog-name=llvm-ar", program("llvm-ar")),
            ("--print-prog-name", None),
            ("-static -Wl,--version", Some(Question::Linker)),
            ("-m64 -o a.out a.o -Wl,--version", None),
            ("-### a.c", None),
            ("-c a.c", None),
            ("", None),
        ] {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(read(&args), expected, "{line}");
        }
    }

    #[test]
    fn programs_are_rgos_then_this_machines() {
        let has = |path: &Utf8Path| path.as_str().trim_end_matches(".exe") == "/go/strip";
        let find = |name| program(name, "/go".into(), &has, || Some("/usr/bin/dsymutil-14".into()));
        assert!(find("strip").starts_with("/go/strip"));
        assert_eq!(find("dsymutil"), "/usr/bin/dsymutil-14");
        assert_eq!(find("ar"), "ar");
        assert_eq!(program("dsymutil", "/go".into(), &has, || None), "dsymutil");
    }
}
