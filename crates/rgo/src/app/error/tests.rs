//! Checks that texts and hints are separate, that each appears once, and that the kind gives the
//! exit code.

use std::io;

use anyhow::anyhow;
use rgo_toolchain::cargo::compiler::Choice;
use rgo_toolchain::floor::{System, SystemVersion};
use rgo_toolchain::shim::PostLinkError;
use rgo_toolchain::toolchain::Libc;

use super::*;
use crate::app::exit::Exit;

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn gone() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn cache(source: io::Error) -> CacheError {
    CacheError { path: "/c".into(), doing: "locking", source }
}

/// The text and the hints of an error.
fn parts(error: impl Into<anyhow::Error>) -> (String, Vec<String>) {
    let error = CommandError::from(error.into());
    (error.text(), error.hints)
}

#[track_caller]
fn check(error: impl Into<anyhow::Error>, text: &str, hint: &str) {
    let (found, hints) = parts(error);
    assert!(found.starts_with(text), "{found}");
    assert!(!found.contains("hint:"), "{found}");
    match (&hints[..], hint) {
        ([], "") => {}
        ([one], start) => {
            assert!(!start.is_empty() && one.starts_with(start), "{found}: {one}");
            assert!(!found.contains(one), "the text has the hint: {found}");
            assert!(!one.contains("hint:"), "{one}");
        }
        (hints, _) => panic!("{found}: {hints:?}"),
    }
}

const FULL: &str = "the disk is full, and nothing half-written was kept";

#[test]
fn errors_of_the_cache_and_of_systems_have_their_hints_apart() {
    check(
        cache(gone()),
        "cannot use the cache at /c: locking: entity not found",
        "set RGO_CACHE to a folder",
    );
    check(cache(full()), "cannot use the cache at /c: locking: no storage space", FULL);
    let (text, system) = ("x".to_owned(), System::Glibc);
    check(
        FloorError::NotAVersion { text: text.clone(), system },
        "`x` is not a version of",
        "versions of glibc are written as in",
    );
    check(
        FloorError::NoSuch { text, system, hint: "there are others" },
        "there is no glibc x",
        "there are others",
    );
    let version = |text: &str| text.parse::<SystemVersion>().expect("a version");
    check(
        FloorError::TooNew {
            asked: version("2.99"),
            newest: version("2.42"),
            zig: "0.15.2".to_owned(),
        },
        "zig 0.15.2 can link for glibc 2.42 at most, not for glibc 2.99",
        "a program for glibc 2.42 runs on every later one",
    );
}

#[test]
fn errors_of_chosen_targets_have_their_hints_apart() {
    let x = || "x".to_owned();
    for (error, text, hint) in [
        (SelectError::Unknown { spec: x(), hint: "h".into() }, "unknown target `x`", "h"),
        (SelectError::NoSystem { spec: x(), hint: "h".into() }, "`x` names no system", "h"),
        (
            SelectError::TwoFloors { target: x(), first: "1".into(), second: "2".into() },
            "x is named with two floors, 1 and 2",
            "leave one of them out",
        ),
        (
            SelectError::Refused { spec: x(), libc: Libc::Static, why: "w".into() },
            "`x` with a static C library can't be built: w",
            "leave `static` out for x",
        ),
        (
            SelectError::Contradiction { spec: x(), own: Libc::Static, libc: Libc::Dynamic },
            "`x` names the static C library and --libc says dynamic",
            "leave one of them out",
        ),
        (SelectError::Empty { list: x() }, "empty target in `x`", "separate targets by one comma"),
    ] {
        check(error, text, hint);
    }
}

#[test]
fn errors_of_chosen_packages_have_their_hints_apart() {
    let x = || "x".to_owned();
    let known = || vec!["a".to_owned(), "b".to_owned()];
    for (error, text, hint) in [
        (
            SelectionError::NoPackage { name: x(), nearest: Some("a".into()), known: known() },
            "the workspace has no package `x`",
            "did you mean `a`?",
        ),
        (
            SelectionError::NoTarget { what: "program", name: x(), nearest: None, known: known() },
            "no selected package has the program `x`",
            "there are: a, b",
        ),
        (
            SelectionError::LibraryExample { name: x(), kind: "lib".into() },
            "the example `x` is a lib",
            "make it the library",
        ),
        (SelectionError::Nothing { packages: x() }, "x has nothing to ship", "add src/main.rs"),
        (
            SelectionError::NoLibrary { packages: x(), asked: "--lib" },
            "x has no library, which --lib needs",
            "add src/lib.rs",
        ),
        (
            SelectionError::Several { packages: x(), asked: "--lib" },
            "--lib builds the library of one package",
            "name one of them with -p",
        ),
        (
            SelectionError::SameName { name: x(), first: "a".into(), second: "b".into() },
            "two results of one name: `x`",
            "build them one by one",
        ),
    ] {
        check(error, text, hint);
    }
}

#[test]
fn errors_of_tools_have_their_hints_apart() {
    let x = || "x".to_owned();
    for (error, text, hint) in [
        (CompilerError::NoCargo, "no cargo found", "install Rust"),
        (CompilerError::NoRustc { cargo: "/c".into() }, "no rustc belongs to /c", "set RUSTC"),
        (
            CompilerError::NotThere { by: Choice::Cargo, path: x() },
            "the cargo that CARGO names, `x`, is not a program",
            "give the path of a cargo",
        ),
        (
            CompilerError::TooOld {
                line: "rustc 1.0".into(),
                rustc: "/r".into(),
                cargo: "/c".into(),
                choice: Choice::Path,
            },
            "rustc 1.0 is too old: rgo-build needs Rust",
            "name a newer one",
        ),
        (CompilerError::Version { rustc: "/r".into(), why: x(), said: x() }, "cannot underst", ""),
    ] {
        check(error, text, hint);
    }
    let pin = || semver::Version::new(0, 15, 2);
    for (error, text, hint) in [
        (ZigError::Named { command: x(), why: x() }, "RGO_ZIG is `x`", "set it to zig's path"),
        (ZigError::Offline { pin: pin() }, "no zig found", "run once without --offline"),
        (ZigError::NoWheel { host: x() }, "no zig found", "install zig and set RGO_ZIG"),
        (
            ZigError::Fetch { why: "y".into(), pin: pin() },
            "no zig found, and it could not be fetched: y",
            "python3 with pip fetches it",
        ),
        (
            ZigError::Hash { file: x(), found: x(), expected: x() },
            "the package x is not the pinned one",
            "look at the index",
        ),
        (ZigError::Unpack { file: x(), source: full() }, "cannot unpack x: no storage", FULL),
        (ZigError::Unpack { file: x(), source: gone() }, "cannot unpack x: entity not found", ""),
        (ZigError::Unusable { folder: "/z".into(), why: x() }, "the zig in /z", "`rgo-build cache"),
        (ZigError::Io(full()), "cannot provision zig: no storage space", FULL),
        (cache(gone()).into(), "cannot use the cache at /c", "set RGO_CACHE"),
    ] {
        check(error, text, hint);
    }
    let too_old = ZigError::TooOld {
        program: "/z".into(),
        found: "0.1".into(),
        minimum: "0.14".into(),
        pin: "0.15.2".into(),
        named: true,
    };
    check(Arc::new(too_old), "zig 0.1 at /z is too old", "set RGO_ZIG to another one");
}

#[test]
fn errors_of_standard_libraries_projects_and_links_have_their_hints_apart() {
    let x = || "x".to_owned();
    let ways = vec!["one".to_owned(), "two".to_owned()];
    for (error, text, hint) in [
        (
            StdLibError::Unavailable { triple: x(), tried: vec![x()], ways, release: "1".into() },
            "there is no standard library for x with rustc 1\n  x",
            "one of these mends it:\n  one\n  two",
        ),
        (
            StdLibError::Store { triple: x(), path: "/p".into(), source: full() },
            "cannot store the standard library for x at /p: no storage space",
            FULL,
        ),
        (cache(full()).into(), "cannot use the cache at /c", FULL),
        (StdLibError::Empty { triple: x(), folder: "/f".into() }, "the build of the standard", ""),
    ] {
        check(error, text, hint);
    }
    for (said, hint) in [
        ("error: could not find `Cargo.toml` in `/`", "run it in a Cargo project"),
        ("error: the lock file needs to be updated", "build once without --locked"),
        ("error: x, and --offline was given", "run `cargo fetch`"),
        ("error: y", "`cargo metadata` in the same folder"),
    ] {
        let text = format!("cargo cannot read the project\n  {said}");
        check(ProjectError::Metadata { said: said.to_owned() }, &text, hint);
    }
    let json = serde_json::from_str::<u8>("x").expect_err("no number");
    for (error, text, hint) in [
        (
            ShimError::Recipe { path: "/r".into(), source: json },
            "/r is not a recipe of this rgo: expected value",
            "`rgo-build cache prune`",
        ),
        (
            ShimError::PostLink {
                output: "/o".into(),
                why: PostLinkError { text: "y".into(), hint: Some("h".into()) },
            },
            "after linking /o: y",
            "h",
        ),
        (ShimError::Fortran(x()), "there is no Fortran compiler for x", "FC_<target>"),
        (ShimError::Write(gone()), "cannot write a response file: entity not found", ""),
    ] {
        check(error, text, hint);
    }
    let msvc = rgo_toolchain::toolchain::by_name("windows-amd64-msvc-static").expect("is there");
    let no_linker = rgo_toolchain::own_linker::find(msvc, None, "linux", &|_| None);
    check(no_linker.expect_err("no linker"), "Microsoft's linker", "build on Windows");
}

#[test]
fn contexts_show_each_text_once_and_all_hints_in_order() {
    let error = anyhow::Error::new(StdLibError::from(cache(gone())))
        .hint("look for it")
        .context("getting ready")
        .hint("try again")
        .context("linux-amd64");
    let (text, hints) = parts(error);
    assert_eq!(
        text,
        "linux-amd64: getting ready: cannot use the cache at /c: locking: entity not found"
    );
    let cache = "set RGO_CACHE to a folder that can be written to";
    assert_eq!(hints, ["try again", "look for it", cache]);
}

#[test]
fn the_kind_is_the_exit_code() {
    let usage = || Usage::new("a flag is wrong").hint("give another");
    for (error, kind, exit) in [
        (anyhow!("it is gone"), ErrorKind::Input, 1),
        (usage().into(), ErrorKind::Usage, 2),
        (anyhow::Error::new(usage()).context("x").hint("y"), ErrorKind::Usage, 2),
        (anyhow!("it does not hold").kind(ErrorKind::Check).context("x"), ErrorKind::Check, 3),
        (anyhow!("a fault").hint("x").kind(ErrorKind::Internal), ErrorKind::Internal, 1),
        (anyhow!("x").kind(ErrorKind::Check).kind(ErrorKind::Input), ErrorKind::Input, 1),
    ] {
        let error = CommandError::from(error);
        assert_eq!((error.kind, Exit::from(error.kind).code()), (kind, exit), "{error:?}");
    }
    let error = CommandError::from(anyhow::Error::new(usage()).context("x").hint("y"));
    assert_eq!(
        (error.text().as_str(), error.hints),
        ("x: a flag is wrong", vec!["y".into(), "give another".into()])
    );
}

#[test]
fn an_annotated_error_is_written_as_it_was() {
    let error = || anyhow!("inner").context("outer");
    let noted = error().hint("h");
    assert_eq!(format!("{noted:#}"), format!("{:#}", error()));
    assert_eq!(noted.to_string(), "outer");
}
