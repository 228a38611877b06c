//! Answers the questions that build systems ask a C compiler: its version, its target, the places
//! of its files. Pure.
//!
//! zig passes such a call to clang unchanged. clang rejects a target with a floor in it. And if
//! system and processor are those of the host, clang answers for the host: with the host's
//! `libc.a`, the host's `ld`, the host's folders. So this module answers:
//!
//! | question | asked by | answer |
//! |---|---|---|
//! | `-dumpmachine`, `-print-target-triple` | autoconf, ffmpeg, meson | the target, without a floor |
//! | `-print-multiarch`, `-print-sysroot`, `-print-multi-os-directory` | cmake, libtool | there is none |
//! | `-print-libgcc-file-name` | cgo, Makefiles | an empty archive: zig links its own runtime |
//! | `-print-file-name=`, `-print-prog-name=` | libtool, the crate `cc` | rgo's file, else the bare name |
//! | `-print-search-dirs`, `-print-resource-dir` | meson, libtool, bindgen | rgo's and zig's folders |
//! | `--version`, `-v`, `-dumpversion`, … | all | zig's answer for the target without a floor |

use camino::Utf8Path;

use super::{Recipe, options};

/// The empty archive that stands for libgcc: zig links its own runtime, which has all of libgcc,
/// into each program.
pub(super) const LIBGCC: (&str, &[u8]) = ("libgcc.a", b"!<arch>\n");

/// The reaction to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Query {
    /// Print this.
    Answer(String),
    /// Ask zig, with these arguments.
    Zig(Vec<String>),
}

/// Recognizes a call of `cc` or `c++` that compiles and links nothing; `None` for other calls.
/// `folder` is the folder of the tools; `exists` tells whether a file exists.
pub(super) fn read(
    args: &[String],
    recipe: &Recipe,
    folder: &Utf8Path,
    exists: &dyn Fn(&Utf8Path) -> bool,
) -> Option<Query> {
    // Compilers answer only the first question.
    if let Some(answer) = args.iter().find_map(|arg| answer(arg, recipe, folder, exists)) {
        return Some(Query::Answer(answer));
    }
    // clang answers these even if the call names an input file.
    let asks = |arg: &String| {
        matches!(arg.as_str(), "--version" | "--help" | "-dumpversion" | "-dumpfullversion")
            || arg.starts_with("-print-")
            || arg.starts_with("--print-")
    };
    if !args.iter().any(asks) && has_input(args) {
        return None;
    }
    let mut all = vec!["-target".to_owned(), target(recipe)];
    all.extend(args.iter().map(|arg| match arg.as_str() {
        // GCC has this option, clang does not.
        "-dumpfullversion" => "-dumpversion".to_owned(),
        // Without inputs clang would run the host's linker.
        "-Wl,-v" | "-Wl,-V" => "-Wl,--version".to_owned(),
        _ => arg.clone(),
    }));
    Some(Query::Zig(all))
}

fn answer(
    arg: &str,
    recipe: &Recipe,
    folder: &Utf8Path,
    exists: &dyn Fn(&Utf8Path) -> bool,
) -> Option<String> {
    let own = |name: &str| {
        let path = folder.join(name);
        if exists(&path) { path.into_string() } else { name.to_owned() }
    };
    let question = match arg.strip_prefix("--") {
        Some(rest) if rest.starts_with("print-") => rest,
        _ => arg.strip_prefix('-')?,
    };
    Some(match question.split_once('=') {
        // GCC's name for the folder of the compiler's own headers.
        Some(("print-file-name", "include")) => recipe.zig_lib.join("include").into_string(),
        Some(("print-file-name", name)) => own(name),
        Some(("print-prog-name", name)) => {
            let tool = name.strip_prefix("llvm-").unwrap_or(name);
            let path = folder.join(format!("{tool}{}", std::env::consts::EXE_SUFFIX));
            if exists(&path) { path.into_string() } else { name.to_owned() }
        }
        Some(_) => return None,
        None => match question {
            "dumpmachine" | "print-target-triple" | "print-effective-triple" => machine(recipe),
            "print-multiarch" | "print-sysroot" => String::new(),
            "print-multi-os-directory" | "print-multi-directory" => ".".to_owned(),
            "print-multi-lib" => ".;".to_owned(),
            "print-libgcc-file-name" => own(LIBGCC.0),
            "print-resource-dir" => recipe.zig_lib.to_string(),
            "print-search-dirs" => {
                format!("install: {}\nprograms: ={folder}\nlibraries: ={folder}", recipe.zig_lib)
            }
            _ => return None,
        },
    })
}

/// The target as clang and autoconf's `config.sub` know it, without a floor.
fn machine(recipe: &Recipe) -> String {
    // clang's name for Rust's `pc-windows-gnullvm`.
    match recipe.triple.strip_suffix("-pc-windows-gnullvm") {
        Some(cpu) => format!("{cpu}-w64-windows-gnu"),
        None => recipe.triple.clone(),
    }
}

/// The target for a question to zig. Before 0.16 zig passes it to clang unchanged, and clang knows
/// no floor; since 0.16 zig parses it itself.
fn target(recipe: &Recipe) -> String {
    let reads_it = semver::Version::parse(&recipe.zig_version)
        .is_ok_and(|version| version >= semver::Version::new(0, 16, 0));
    if reads_it { recipe.zig_target.clone() } else { machine(recipe) }
}

/// zig's answer, with the usual name of the target: zig's own contains a floor.
pub(super) fn answered(output: &[u8], recipe: &Recipe) -> String {
    let text = String::from_utf8_lossy(output);
    let lines = text.split_inclusive('\n').map(|line| match line.strip_prefix("Target: ") {
        Some(_) => format!("Target: {}\n", machine(recipe)),
        None => line.to_owned(),
    });
    lines.collect()
}

/// Whether the arguments name a file or standard input.
fn has_input(args: &[String]) -> bool {
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let values = options::of_compiler(arg).map_or(0, <[_]>::len);
        if values > 0 {
            rest.nth(values - 1);
        } else if arg == "-" || !arg.starts_with('-') || arg.starts_with("-l") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(os: &str, triple: &str, line: &str) -> Option<Query> {
        let recipe = Recipe { triple: triple.into(), ..Recipe::example(os) };
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let exe = std::env::consts::EXE_SUFFIX;
        let there = |path: &Utf8Path| {
            [format!("/t/ar{exe}"), "/t/libgcc.a".to_owned()]
                .iter()
                .any(|file| path == file.as_str())
        };
        read(&args, &recipe, Utf8Path::new("/t"), &there)
    }

    #[test]
    fn questions_are_answered_for_the_target_and_not_for_the_host() {
        let exe = std::env::consts::EXE_SUFFIX;
        for (question, expected) in [
            ("-dumpmachine", "x86_64-unknown-linux-gnu"),
            ("-print-target-triple", "x86_64-unknown-linux-gnu"),
            ("--print-target-triple", "x86_64-unknown-linux-gnu"),
            ("-g -O2 -dumpmachine", "x86_64-unknown-linux-gnu"),
            ("-print-multiarch", ""),
            ("-print-sysroot", ""),
            ("-print-multi-os-directory", "."),
            ("-print-multi-lib", ".;"),
            ("-print-file-name=libc.a", "libc.a"),
            ("-print-file-name=plugin", "plugin"),
            ("-print-file-name=include", "/z/lib/include"),
            ("-print-file-name=libgcc.a", "/t/libgcc.a"),
            ("-print-libgcc-file-name", "/t/libgcc.a"),
            ("-print-prog-name=ld", "ld"),
            ("-print-prog-name=llvm-nm", "llvm-nm"),
            ("-print-resource-dir", "/z/lib"),
            ("-print-search-dirs", "install: /z/lib\nprograms: =/t\nlibraries: =/t"),
        ] {
            let answer = asked("linux", "x86_64-unknown-linux-gnu", question);
            assert_eq!(answer, Some(Query::Answer(expected.into())), "{question}");
        }
        for question in ["-print-prog-name=ar", "--print-prog-name=llvm-ar"] {
            let answer = asked("linux", "x86_64-unknown-linux-gnu", question);
            assert_eq!(answer, Some(Query::Answer(format!("/t/ar{exe}"))), "{question}");
        }
        for (triple, expected) in [
            ("aarch64-apple-darwin", "aarch64-apple-darwin"),
            ("aarch64-pc-windows-gnullvm", "aarch64-w64-windows-gnu"),
            ("aarch64-unknown-linux-musl", "aarch64-unknown-linux-musl"),
        ] {
            let answer = asked("linux", triple, "-dumpmachine");
            assert_eq!(answer, Some(Query::Answer(expected.into())));
        }
    }

    #[test]
    fn zig_is_asked_without_a_floor_only_where_nothing_is_compiled() {
        for (line, expected) in [
            ("--version", Some("--version")),
            ("--version a.c", Some("--version a.c")),
            ("-v", Some("-v")),
            ("-V", Some("-V")),
            ("-qversion", Some("-qversion")),
            ("-dumpfullversion -dumpversion", Some("-dumpversion -dumpversion")),
            ("-print-runtime-dir", Some("-print-runtime-dir")),
            ("-Wl,--version", Some("-Wl,--version")),
            ("-Wl,-v", Some("-Wl,--version")),
            ("-o x -x c -I dir -v", Some("-o x -x c -I dir -v")),
            ("", Some("")),
            ("-v a.c", None),
            ("-E -dM -x c /dev/null", None),
            ("-E -dM -", None),
            ("-Wl,-v a.o", None),
            ("-shared -lfoo", None),
            ("@response", None),
            ("-c a.c -o a.o", None),
        ] {
            let answer = asked("linux", "x86_64-unknown-linux-gnu", line);
            let expected = expected.map(|rest| {
                let words = ["-target", "x86_64-unknown-linux-gnu"].into_iter();
                Query::Zig(words.chain(rest.split_whitespace()).map(str::to_owned).collect())
            });
            assert_eq!(answer, expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_compiles_a_file_is_no_question(flags in proptest::collection::vec("-[a-zA-Z=,]{1,8}", 0..6)) {
            let known = |flag: &str| {
                let word = flag.trim_start_matches('-');
                options::of_compiler(flag).is_some() || word.starts_with("print") || word.starts_with("dump")
            };
            prop_assume!(!flags.iter().any(|flag| known(flag)));
            let line = format!("{} -c a.c", flags.join(" "));
            prop_assert_eq!(asked("linux", "x86_64-unknown-linux-gnu", &line), None);
        }
    }
}
