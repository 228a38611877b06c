//! Checks the words and their values, and that each explains its question.

use rgo_binary::{Format, Kind};

use super::*;
use rgo_policy::{HELP, Policy};

#[test]
fn values_are_those_that_images_are_described_by() {
    use Kind::{
        DebugCompanion, Executable, Object, Other, Pie, SharedLibrary, StaticExecutable, StaticPie,
    };
    let kinds = [
        Executable,
        Pie,
        StaticExecutable,
        StaticPie,
        SharedLibrary,
        Object,
        DebugCompanion,
        Other,
    ];
    assert_eq!(kinds.map(|kind| word(&kind)), KINDS);
    let formats = [Format::Elf, Format::MachO, Format::Pe].map(|format| format.to_string());
    assert_eq!(formats, FORMATS);
    let ValueKind::Level { values, .. } = RELRO else { panic!("relro is a level") };
    assert_eq!([Relro::None, Relro::Partial, Relro::Full].map(|it| word(&it)), values);
}

#[test]
fn every_word_is_explained_and_its_example_asks_for_it() {
    for Row { word, .. } in ROWS {
        assert!(!word.about.is_empty() && !word.about.ends_with('.'), "{}", word.name);
        assert!(word.example.trim_start_matches('!').starts_with(word.name), "{}", word.example);
        let parsed = Policy::new(vocabulary(), judge("rgo-version-m")).require(word.example);
        assert!(parsed.is_ok(), "{}: {parsed:?}", word.example);
        let twins = ROWS.iter().filter(|other| other.word.name == word.name).count();
        assert_eq!(twins, 1, "{}", word.name);
        if let ValueKind::Level { values, strongest } = word.kind {
            assert_eq!(values.first(), Some(&"none"), "{}", word.name);
            assert!(strongest.iter().all(|value| values.contains(value)), "{}", word.name);
        }
    }
}

/// With `!=`, a value that no binary has would always hold.
#[test]
fn a_value_that_no_binary_has_is_refused_with_the_nearest_one() {
    for (expression, meant) in [
        ("os!=linx", "linux"),
        ("os!=drawin", "darwin"),
        ("os in [linux, widnows]", "windows"),
        ("arch!=amd46", "amd64"),
        ("arch!=x86_46", "amd64"),
        ("arch!=machine", ""),
        ("libc!=glib", "glibc"),
        ("libc!=linux", ""),
        ("packer!=upxx", "UPX"),
        ("appended!=squshfs", "squashfs"),
        ("language!=rusty", "Rust"),
        ("vcs!=gti", "git"),
        ("kind!=stati-pie", "static-pie"),
        ("format!=efl", "elf"),
        ("endian!=litle", "little"),
        ("relro!=partal", "partial"),
        ("signed!=ad_hoc", "adhoc"),
        ("os!=none-at-all", ""),
    ] {
        let refused = Policy::new(vocabulary(), judge("rgo-version-m"))
            .require(expression)
            .expect_err(expression);
        let hint = refused.hint();
        assert!(hint.contains("there are: "), "{refused}");
        let near = format!("did you mean `{meant}`? ");
        assert_eq!(hint.starts_with(&near), !meant.is_empty(), "{refused}");
    }
}

#[test]
fn values_are_taken_by_the_names_that_other_tools_have() {
    for expression in [
        "os!=macos",
        "os=macOS",
        "os=osx",
        "os=macosx",
        "os=sunos",
        "os in [win, Win32, windows]",
        "os=bare-metal",
        "arch=x86_64",
        "arch=aarch64",
        "arch=riscv64gc",
        "arch=armv7l",
        "arch=\"machine 4711\"",
        "libc!=gnu",
        "libc=ucrt",
        "libc=libsystem",
        "libc=android",
        "libc=solaris",
        "language=golang",
        "language=C#",
        "vcs=mercurial",
        "appended in [none, zeros]",
        "packer=\"Enigma Protector\"",
    ] {
        let parsed = Policy::new(vocabulary(), judge("rgo-version-m")).require(expression);
        assert!(parsed.is_ok(), "{expression}: {parsed:?}");
    }
}

#[test]
fn a_name_that_was_changed_leads_to_one_that_is_there() {
    for (old, new) in RENAMED {
        let is_word = |name: &str| ROWS.iter().any(|row| row.word.name == name);
        assert!(is_word(new) && !is_word(old), "{old} {new}");
        let error = Policy::new(vocabulary(), judge("rgo-version-m")).require(old).expect_err(old);
        assert!(error.to_string().contains(&format!("is called `{new}` now")), "{error}");
    }
}

#[test]
fn the_help_is_written_in_these_words() {
    let example = HELP.split_once("by their name:\n").expect("the example").1;
    let example = example.split_once("A table adds").expect("the end").0;
    let read = Policy::new(vocabulary(), judge("rgo-version-m")).add_file("help", example);
    assert!(read.is_ok(), "{read:?}");
    for expression in HELP.split('\'').skip(1).step_by(2) {
        let parsed = Policy::new(vocabulary(), judge("rgo-version-m")).require(expression);
        assert!(parsed.is_ok(), "{expression}: {parsed:?}");
    }
    let help = rgo_report::render_document(&vocabulary().help(), rgo_report::Style::default());
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}
