//! Tests of reasons, on logs that Go 1.26 wrote. `recorded` has those of a program and its package
//! b, without the lines of most other packages: the first build; b with another comment; b with
//! other code; with `-X`; with `-gcflags=-N`; b with an error.

use super::*;

/// The actions and the inputs of a recorded build, and what else it printed.
macro_rules! recorded {
    ($name:literal) => {{
        let json = include_str!(concat!("recorded/", $name, ".json"));
        let (inputs, rest) = split(include_str!(concat!("recorded/", $name, ".txt")));
        (read_actions(json).expect("an action graph"), inputs, rest)
    }};
}

/// Package, reasons and count of each.
fn told(rebuilt: &[Rebuilt]) -> Vec<String> {
    let line = |one: &Rebuilt| {
        let name = one.package.trim_start_matches("example.com/");
        format!("{name} {}: {}", one.units, one.reasons.join("; "))
    };
    rebuilt.iter().map(line).collect()
}

#[test]
fn recorded_builds_have_their_reasons() {
    let first = recorded!("first");
    let (comment, changed) = (recorded!("comment"), recorded!("changed"));
    let (stamped, gcflags, broken) =
        (recorded!("stamped"), recorded!("gcflags"), recorded!("broken"));
    for (now, before, expected) in [
        (&first, None, vec!["rb 2: first build", "rb/b 1: first build"]),
        (&comment, Some(&first), vec!["rb/b 1: file b.go changed"]),
        (
            &changed,
            Some(&comment),
            vec!["rb 2: its dependency example.com/rb/b changed", "rb/b 1: file b.go changed"],
        ),
        (&stamped, Some(&changed), vec!["rb 1: flags changed: -ldflags"]),
        (&gcflags, Some(&stamped), vec!["rb 2: flags changed: -gcflags; flags changed: -ldflags"]),
        (&broken, Some(&gcflags), vec!["rb/b 1: file b.go changed"]),
        (
            &changed,
            Some(&changed),
            vec![
                "rb 2: it was not in Go's cache any more; linked again: its file was gone, or is to have another \
                 name (Go keeps no linked file)",
                "rb/b 1: it was not in Go's cache any more",
            ],
        ),
    ] {
        let before = before.map(|before: &(Vec<Action>, Inputs, String)| &before.1);
        assert_eq!(told(&explain(&now.0, &now.1, before, false)), expected);
    }
    let all_again = explain(&first.0, &first.1, Some(&first.1), true);
    assert_eq!(told(&all_again), ["rb 2: -a builds all again", "rb/b 1: -a builds all again"]);
}

#[test]
fn what_go_prints_for_the_user_stays() {
    assert_eq!(recorded!("first").2, "");
    let (_, _, rest) = recorded!("broken");
    let lines: Vec<&str> = rest.lines().collect();
    assert_eq!(lines[0], "# example.com/rb/b");
    assert!(lines[1].starts_with("b/b.go:4:13: cannot use") && lines.len() == 2);
    for line in ["HASHES", "HASH", "HASH nothing", "  HASH[build a]", "HASH[build a", ""] {
        assert!(!Collector::default().take(line), "{line}");
    }
    for line in ["HASH[moduleIndex]: \"a\"", "HASH /a: 00", "HASH subkey 00 \"a\" = 00"] {
        assert!(Collector::default().take(line), "{line}");
    }
}

#[test]
fn inputs_are_stored_and_read_again() {
    let (actions, inputs, _) = recorded!("first");
    let json = inputs.to_json();
    assert_eq!(Inputs::from_json(&json), Some(inputs.clone()));
    assert!(!inputs.is_empty() && Inputs::default().is_empty());
    for action in actions.iter().filter(|action| action.package.starts_with("example.com")) {
        let of = inputs.of(&action.hash_name());
        assert!(of.iter().any(|one| one.id == action.id), "{action:?}");
    }
    for damaged in ["", "[]", "{\"lines\": 1}", &json[..json.len() / 2]] {
        assert_eq!(Inputs::from_json(damaged), None);
    }
    let wrong = r#"{"lines": ["a"], "actions": {"build a": [["x", [0, 7]]]}}"#;
    let wrong = Inputs::from_json(wrong).expect("inputs");
    assert_eq!(wrong.of("build a")[0].lines, ["a"]);
}

#[test]
fn a_build_that_failed_keeps_older_inputs() {
    let (broken, gcflags, changed) =
        (recorded!("broken"), recorded!("gcflags"), recorded!("changed"));
    let now_first = explain(&changed.0, &changed.1, Some(&broken.1), false);
    assert_eq!(told(&now_first)[0], "rb 2: not part of the last build");
    let kept = broken.1.with_older(&gcflags.1);
    let with_older = explain(&changed.0, &changed.1, Some(&kept), false);
    assert_eq!(told(&with_older), ["rb 2: flags changed: -gcflags", "rb/b 1: file b.go changed"]);
}

#[test]
fn packages_without_inputs_are_new_or_unknown() {
    let (actions, inputs, _) = recorded!("first");
    let new = explain(&actions, &inputs, Some(&Inputs::default()), false);
    assert_eq!(told(&new)[1], "rb/b 1: not part of the last build");
    let unknown = explain(&actions, &Inputs::default(), Some(&recorded!("changed").1), false);
    assert_eq!(told(&unknown)[1], "rb/b 1: Go did not log its inputs");
}

#[test]
fn each_line_of_a_hash_is_a_reason_in_words() {
    for (before, now, expected) in [
        ("go1.26.7", "go1.26.8", "another Go: go1.26.7 -> go1.26.8"),
        ("go 1.24", "go 1.25", "the Go version in its go.mod changed: 1.24 -> 1.25"),
        ("module e/a@v1", "module e/a@v2", "its module's version changed: e/a@v1 -> e/a@v2"),
        ("dir /a", "dir /b", "its folder has another path, which -trimpath would leave out"),
        (
            "goos linux goarch arm64",
            "goos linux goarch amd64",
            "goos changed: linux goarch arm64 -> linux goarch amd64",
        ),
        ("GOAMD64=v1", "GOAMD64=v3", "GOAMD64 changed: v1 -> v3"),
        ("GOEXPERIMENT=\"a\"", "x", "GOEXPERIMENT changed: \"a\" -> none; x changed: none -> none"),
        (
            "compile compile version go1.26.8 [] []",
            "compile compile version go1.26.8 [] [\"-N\"]",
            "flags changed: -gcflags",
        ),
        (
            "compile compile version a []",
            "compile compile version b []",
            "another Go: its compile changed",
        ),
        (
            "asm \"asm version a\" [] []",
            "asm \"asm version a\" [] [\"-x\"]",
            "flags changed: -asmflags",
        ),
        (
            "CC=[\"cc\"] [] [\"-O2\"] []",
            "CC=[\"cc\"] [] [\"-O1\"] []",
            "CC, its flags (CGO_CFLAGS, CGO_LDFLAGS …) or #cgo lines changed",
        ),
        ("CC ID=\"a 1\"", "CC ID=\"a 2\"", "the C compiler changed"),
        ("CXX ID=\"a 1\"", "CXX ID=\"a 2\"", "the C++ compiler changed"),
    ] {
        assert_eq!(difference::reasons(&[before], &[now]).join("; "), expected, "{before}");
    }
}

#[test]
fn lines_of_links_files_and_packages_are_reasons_in_words() {
    let info = |lines: &str| format!("modinfo {lines:?}");
    let (old, new) = (
        info("mod\te/a\tv1.0.0\t\ndep\te/b\tv1\th1:x\nbuild\t-tags=a\nbuild\tvcs.revision=1\n"),
        info("mod\te/a\tv1.0.1\t\ndep\te/b\tv2\th1:y\nbuild\t-tags=b\nbuild\tvcs.revision=2\n"),
    );
    for (before, now, expected) in [
        ("linkflags [\"-s\"]", "linkflags []", "flags changed: -ldflags"),
        ("pgofile a", "pgofile b", "the profile changed: -pgo"),
        (
            "defaultgodebug \"\"",
            "defaultgodebug \"a=1\"",
            "the default of GODEBUG changed, which the `go` line of go.mod sets",
        ),
        ("file a.go x", "file b.go y", "file b.go added; file a.go removed"),
        ("file a b.go x", "file a b.go y", "file a b.go changed"),
        ("import e/b x", "import e/b y", "its dependency e/b changed"),
        ("packagefile e/b=x", "packagefile e/b=y", "its dependency e/b changed"),
        ("packagemain x/y", "packagemain z/y", "its main package was compiled again"),
        ("import \"e/a\"", "compile", "its inputs are in another order"),
        (
            &old,
            &new,
            "flags changed: -tags; the commit changed, which the program records; the version of e/b changed",
        ),
    ] {
        assert_eq!(difference::reasons(&[before], &[now]).join("; "), expected, "{before}");
    }
}

#[test]
fn long_lists_are_cut() {
    let lines = |hash: &str| (0..9).map(|n| format!("import e/{n} {hash}")).collect::<Vec<_>>();
    let (before, now) = (lines("x"), lines("y"));
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let now: Vec<&str> = now.iter().map(String::as_str).collect();
    let expected = "its dependencies e/0, e/1, e/2, e/3 and 5 more changed";
    assert_eq!(difference::reasons(&before, &now), [expected]);
}

#[test]
fn strings_of_go_are_unquoted() {
    for (quoted, expected) in [
        (r#""a\tb\n""#, Some("a\tb\n")),
        (r#""\"\\\x41\u00e4\U0001f600""#, Some("\"\\A\u{e4}\u{1f600}")),
        ("\"", None),
        (r#""\""#, None),
        (r#""\q""#, None),
        (r#""\x4""#, None),
        (r#""\xä""#, None),
        ("a", None),
    ] {
        assert_eq!(inputs::unquote(quoted).as_deref(), expected, "{quoted}");
    }
}

proptest::proptest! {
    #[test]
    fn any_log_is_survived(text in "(HASH|\\[build a\\]|\\[link a\\]|: |\"go1.26\"|\"file a b\"|00ff|\n|\\\\|\"|.){0,60}") {
        let (inputs, _) = split(&text);
        proptest::prop_assert_eq!(Inputs::from_json(&inputs.to_json()), Some(inputs));
        let _ = (read_actions(&text), inputs::unquote(&text));
    }
}
