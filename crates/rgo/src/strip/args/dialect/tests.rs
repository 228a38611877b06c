//! Calls as builds make them, and their meaning in each dialect.

use std::ffi::{OsStr, OsString};

use super::super::apple::FLAGS;
use super::{AppleArgs, StripCall, WordContent, read};
use crate::app::error::CommandError;

/// The files in these calls: the names of lists end with `.txt`, programs are called `app` or
/// `lib…`.
fn look(word: &OsStr) -> WordContent {
    match word.to_str().unwrap_or_default() {
        word if word.ends_with(".txt") => WordContent::List,
        "notes" => WordContent::Other,
        "app" => WordContent::Program,
        word if word.starts_with("lib") => WordContent::Program,
        _ => WordContent::Nothing,
    }
}

fn called(program: &str, args: &str) -> anyhow::Result<StripCall> {
    let words = std::iter::once(program).chain(args.split_whitespace());
    read(words.map(OsString::from).collect(), &look)
}

fn words(call: &StripCall) -> String {
    let words: Vec<_> = call.words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    words.join(" ")
}

#[track_caller]
fn refused(program: &str, args: &str) -> String {
    CommandError::from(called(program, args).expect_err(args)).text()
}

#[test]
fn gnus_calls_stay_as_they_are() {
    for args in [
        "app",
        "-s app",
        "-s app lib.so",
        "-s notes app",
        "-g -p app",
        "-SxX app",
        "-d app lib.so",
        "-R .comment -R .note app",
        "-R.comment app",
        "-sR .comment app",
        "-xo out app",
        "-oout app",
        "-Kmain -Nu_r app",
        "-K main -N unused app",
        "-w -K plugin_* app",
        "-D --strip-debug lib.a",
        "-V",
        "-- -u",
        "--split debug app",
    ] {
        let call = called("strip", args).expect(args);
        assert_eq!((words(&call).as_str(), call.apple), (args, None));
    }
}

/// Checks how a call of Apple's strip is translated: to GNU's words, and to Apple's own request.
#[track_caller]
fn check_apples(cases: impl IntoIterator<Item = (&'static str, &'static str, AppleArgs)>) {
    for (args, translated, apple) in cases {
        let call = called("strip", args).expect(args);
        assert_eq!((words(&call).as_str(), call.apple), (translated, Some(apple)), "{args}");
    }
}

#[test]
fn a_flag_that_only_apple_has_makes_the_call_apples() {
    let none = AppleArgs::default;
    check_apples([
        // CMake, for a program and for a library.
        ("-u -r app", "--strip-all app", none()),
        ("-ur app", "--strip-all app", none()),
        ("-u -r -x lib.dylib", "--discard-all lib.dylib", none()),
        // Xcode, and tools that imitate it.
        (
            "-no_code_signature_warning -S app",
            "--strip-debug app",
            AppleArgs { no_signature_warning: true, ..none() },
        ),
        (
            "app -no_code_signature_warning",
            "--strip-all app",
            AppleArgs { no_signature_warning: true, ..none() },
        ),
        (
            "-rSTx -no_code_signature_warning lib.dylib",
            "--strip-debug --discard-all lib.dylib",
            AppleArgs { no_swift_symbols: true, no_signature_warning: true, ..none() },
        ),
        (
            "-N -no_code_signature_warning -o out app",
            "--strip-all --output out app",
            AppleArgs { no_symbols: true, no_signature_warning: true, ..none() },
        ),
    ]);
}

#[test]
fn an_option_that_only_apple_has_is_read_as_apples() {
    let none = AppleArgs::default;
    check_apples([
        (
            "-u -r -s keep.txt app",
            "--strip-all app",
            AppleArgs { keep: Some("keep.txt".into()), ..none() },
        ),
        (
            "-i -R go.txt -x lib.dylib",
            "--discard-all lib.dylib",
            AppleArgs { remove: Some("go.txt".into()), may_be_missing: true, ..none() },
        ),
        (
            "-S -d notes -no_uuid app",
            "--strip-debug app",
            AppleArgs { debugging_of: Some("notes".into()), no_uuid: true, ..none() },
        ),
        (
            "-A -D lib.a",
            "--strip-all --enable-deterministic-archives lib.a",
            AppleArgs { absolute: true, ..none() },
        ),
        ("-u -p -K main --format json app", "--strip-all -p -K main --format json app", none()),
        (
            "-ST -D app",
            "--strip-debug --enable-deterministic-archives app",
            AppleArgs { no_swift_symbols: true, ..none() },
        ),
        ("-r - -u", "--strip-all -- -u", none()),
        ("-r -- -u", "--strip-all -- -u", none()),
    ]);
}

#[test]
fn the_programs_name_or_an_option_says_whose_call_it_is() {
    for program in ["aarch64-apple-darwin23-strip", "/opt/x/x86_64-Apple-ios-strip.exe"] {
        let call = called(program, "-s keep.txt app").expect("reads");
        assert_eq!(words(&call), "--strip-all app", "{program}");
        assert_eq!(call.apple.and_then(|apple| apple.keep), Some("keep.txt".into()));
        let call = called(program, "--dialect gnu -s keep.txt app").expect("reads");
        assert_eq!((words(&call).as_str(), call.apple), ("-s keep.txt app", None));
    }
    for args in ["--dialect apple -N app", "-N --dialect=apple app", "app -N --dialect=apple"] {
        let call = called("/darwin/bin/rgo-strip", args).expect(args);
        assert_eq!(words(&call), "--strip-all app");
        assert!(call.apple.is_some_and(|apple| apple.no_symbols), "{args}");
    }
    let call = called("rgo-strip-x86_64-apple-darwin", "-s app").expect("reads");
    assert_eq!((words(&call).as_str(), call.apple), ("-s app", None));
    let call = called("strip", "-R go.txt --dialect gnu app").expect("reads");
    assert_eq!((words(&call).as_str(), call.apple), ("-R go.txt app", None));
    assert_eq!(refused("strip", "--dialect sun app"), "--dialect sun: it is gnu or apple");
}

#[test]
fn what_either_dialect_could_mean_is_an_error_that_names_both() {
    for args in [
        "-s keep.txt app",
        "-d sources.txt app",
        "-R go.txt app",
        "-N app lib.dylib",
        "-Nur lib.dylib",
        "-u -s app",
        "-u -R .comment app",
        "-r -s",
    ] {
        let error = CommandError::from(called("strip", args).expect_err(args));
        let (words, hints) = (error.text(), error.hints);
        assert!(words.ends_with("can be read in two ways"), "{args}: {words}");
        assert!(hints.iter().any(|it| it.contains("GNU's") && it.contains("Apple's")), "{hints:?}");
    }
}

#[test]
fn no_cluster_swallows_a_word() {
    for args in ["-no_such_flag", "--dialect gnu -no_code_signature_warning app", "-xofile app"] {
        let words = refused("strip", args);
        assert!(words.contains("no flag -"), "{args}: {words}");
    }
    assert!(refused("strip", "-u -xz app").contains("no flag z in a cluster"));
    assert!(refused("strip", "-uo app").contains("no flag o in a cluster"));
}

#[test]
fn what_cannot_be_done_is_refused_by_its_name() {
    for (args, name) in [
        ("-c lib.dylib", "-c of Apple's strip (a library becomes a stub"),
        ("-arch arm64 app", "-arch of Apple's strip ("),
        ("-u -n app", "-n of Apple's strip ("),
        ("-ul lib.o", "-l of Apple's strip ("),
        ("-toc64 lib.a", "-toc64 of Apple's strip ("),
    ] {
        let words = refused("strip", args);
        assert!(words.starts_with(name), "{args}: {words}");
    }
}

#[test]
fn the_help_names_every_flag_of_apples() {
    let help = <super::super::StripArgs as clap::CommandFactory>::command().render_long_help();
    let help = help.to_string();
    let (_, apples) = help.split_once("Apple's dialect is read").expect("is explained");
    for flag in &FLAGS {
        let dashed = format!("-{}", flag.name);
        assert!(
            apples
                .split(|it: char| it.is_whitespace() || ",()".contains(it))
                .any(|word| word == dashed),
            "{dashed}: {}",
            flag.meaning
        );
    }
}
