//! Tests of what `-X` can set, from source text to judgement.

use super::*;
use proptest::prelude::*;

/// What package `main` with these declarations says of a name: `set`, or why not.
fn judged(declarations: &str, name: &str) -> String {
    let text = format!("package main\n\n{declarations}\n");
    let package = Package::read([("a.go", text.as_str())]);
    assert_eq!(package.unreadable(), None, "{declarations}");
    match package.lookup(name) {
        Ok(_) => "set".to_owned(),
        Err(error) => match error.reason {
            Reason::Missing(names) => format!("missing, but {}", names.join(" ")),
            Reason::Computed(of) => of.to_string(),
            Reason::OtherType(of) => format!("type {of}"),
            other => format!("{other:?}"),
        },
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (declarations, expected) in cases {
        assert_eq!(judged(declarations, "v"), *expected, "{declarations}");
    }
}

/// Each of these was set by Go 1.26 in a program that prints it.
#[test]
fn constant_strings_are_settable() {
    for declarations in [
        "var v string",
        "var v = \"x\"",
        "var v string = `x\ny`",
        "var u, v = \"x\", \"y\"",
        "var u, v string",
        "var (\n\tu = 1\n\tv = \"x\" // comment\n)",
        "var v = \"a\" + (\"b\" + c)\nconst c = \"c\"",
        "var v = string(\"x\")",
        "var v = string('x')",
        "var v = string(rune(65))",
        "var v (string) = (\"x\")",
        "type s = string\nvar v s = \"x\"",
        "type s = t\ntype t = string\nvar v = s(\"x\")",
        "type g[P any] = string\nvar v g[int] = \"x\"",
        "var v = min(\"a\", \"b\")",
        "const (\n\ta = \"a\"\n\tb\n\tc\n)\nvar v = c",
        "const (\n\ta, b = iota, \"a\"\n\tc, d\n)\nvar v = d",
        "const c string = other.C\nvar v = c",
        "//go:embed e.txt\nvar v string",
        "var v = c; const c = \"x\"",
    ] {
        assert_eq!(judged(declarations, "v"), "set", "{declarations}");
    }
    assert_eq!(judged("var 名 = \"x\"", "名"), "set");
}

#[test]
fn what_is_computed_at_start_up_is_not_settable() {
    check(&[
        ("var v = f()\nfunc f() string { return \"\" }", "`f` makes it"),
        ("var v = fmt.Sprint(\"x\", other{1})", "`fmt.Sprint` makes it"),
        ("var v = \"a\" + os.Getenv(\"x\")", "`os.Getenv` makes it"),
        ("var v = func() string { return \"x\" }()", "a function without a name makes it"),
        ("var v = f[int](1)\nfunc f[T any](T) string", "`f` makes it"),
        ("var v = o.m()\nvar o T", "`o.m` makes it"),
        ("var v = o.f\nvar o T", "it is made from the variable `o`"),
        ("var v = \"a\" + w\nvar w = \"b\"", "it is made from the variable `w`"),
        ("var u, v = f()", "`f()` makes several values"),
        ("var u, v string = f(1,\n\t2)", "`f(1, 2)` makes several values"),
        ("var v = other.Name", "its initial value comes from another package (`other.Name`)"),
        (
            "var v = c\nconst c = other.C",
            "its initial value comes from another package (`other.C`)",
        ),
        ("var v = Dotted", "its initial value comes from another package (`Dotted`)"),
        ("var v = \"abc\"[1:]", "`\"abc\"[1:]` is not a constant string"),
        ("var v = *new(string)", "`*new(string)` is not a constant string"),
        ("var v = [...]string{\"a\"}[0]", "`[...]string{\"a\"}[0]` is not a constant string"),
        ("var v = string([]byte{65})", "`string([]byte{65})` is not a constant string"),
        ("var v = <-c", "`<-c` is not a constant string"),
        ("var v = m[\"a\"]\nvar m map[string]string", "it is made from the variable `m`"),
        ("var v = v", "it is made from the variable `v`"),
        ("const c = d\nconst d = c\nvar v = c", "`c` is not a constant string"),
    ]);
}

#[test]
fn other_types_are_named() {
    check(&[
        ("var v int", "type int"),
        ("type S string\nvar v S = \"x\"", "type S"),
        ("type S string\nvar v = S(\"x\")", "type S"),
        ("type S string\nconst c S = \"x\"\nvar v = c + \"y\"", "type S"),
        ("type string int\nvar v string", "type string"),
        ("type s = s\nvar v s", "type s"),
        ("var v other.S = \"x\"", "type other.S"),
        ("var v *string", "type *string"),
        ("var v []string", "type []string"),
        ("var v any = \"x\"", "type any"),
        ("var v struct {\n\tA int\n} = f()", "type struct { A int }"),
        ("var v = 1 + 2", "type int"),
        ("var v = -.5", "type float64"),
        ("var v = 'a'", "type rune"),
        ("var v = false", "type bool"),
        ("const (\n\ta = iota\n\tb\n)\nvar v = b", "type int"),
        ("var v = []string{\"a\", \"b\"}", "type []string"),
        ("var v = &T[int]{a: 1}", "type *T[int]"),
        ("var v = map[string]struct{}{\"a\": {}}", "type map[string]struct{}"),
        ("var v = func(a int) string { return \"\" }", "type func(a int) string"),
        ("var v = f\nfunc f() {}", "type func"),
    ]);
}

#[test]
fn other_names_are_no_variables() {
    check(&[
        ("const v = \"x\"", "Constant"),
        ("const (\n\tu = iota\n\tv\n)", "Constant"),
        ("func v[T any](a T) (b string) { var w = \"\"; return w }", "Function"),
        ("type v struct{ w string }", "Type"),
        ("type (\n\tu int\n\tv = string\n)", "Type"),
        ("func (r *R[T]) v() {}\nvar w string", "missing, but w"),
        ("func f() {\n\tvar v = \"x\"\n}\nvar aa, bbb, vv string", "missing, but vv aa bbb"),
        ("import v \"fmt\"\nimport (\n\t\"os\"\n)\nvar _ = \"x\"", "missing, but "),
        ("func init() {}\nfunc main() {}", "missing, but "),
    ]);
    assert_eq!(judged("func init() {}", "init"), "missing, but ");
}

#[test]
fn a_package_has_several_files_and_its_name() {
    let files = [("a.go", "package p\n\nvar a = b\n"), ("b.go", "package p; const b = `x`\n")];
    let package = Package::read(files);
    assert_eq!((package.name(), package.settable()), (Some("p"), vec!["a"]));
    let place = Place { file: "a.go".to_owned(), line: 3 };
    assert_eq!(package.lookup("a"), Ok(&Variable { name: "a".to_owned(), place }));
    let error = package.lookup("b").expect_err("a constant");
    assert_eq!(error.to_string(), "`b` (b.go:1) is a constant, and -X sets variables alone");
    assert_eq!(error.hint(), "declare it by `var b`, not `const`");
}

#[test]
fn each_reason_has_a_next_step() {
    let many: String = (0..30).map(|n| format!("var version{n} string\n")).collect();
    for (declarations, name, expected) in [
        ("var version = \"\"", "versoin", "-X can set: version"),
        ("", "version", "declare `var version string`"),
        (many.as_str(), "v", "and 10 more"),
        ("type v int", "v", "declare a variable"),
        ("var v = 1", "v", "declare it as `var v string`"),
        ("var v = w\nvar w = \"x\"", "v", "set `w` instead"),
        ("var v = p.W", "v", "if p.W is itself a variable"),
        ("var v = f()", "v", "`func init`"),
    ] {
        let package = Package::read([("a.go", declarations)]);
        let hint = package.lookup(name).expect_err("not settable").hint();
        assert!(hint.contains(expected), "{declarations}: {hint}");
    }
}

#[test]
fn what_is_not_go_is_skipped_and_told() {
    for (text, line) in [
        ("package p\nvar a = \"x\nvar b = \"y\"\n", 2),
        ("package p\n}\nvar b string\n", 2),
        ("package p\nhello world\nvar b string\n", 2),
        ("package p\nvar 1\nvar b string\n", 2),
        ("package p\nvar c, d = 1\nvar b string\nfunc f() {\n", 5),
        ("package p\nvar b string\nvar (\n\tc int\n", 5),
        ("package p\nvar b string\n/* no end", 3),
        ("package p\nvar e, f, g = 1, 2\nvar b string", 2),
        ("package p\nvar (c int) d\nvar b string", 2),
    ] {
        let package = Package::read([("a.go", text)]);
        let place = Place { file: "a.go".to_owned(), line };
        assert_eq!(package.unreadable(), Some(&place), "{text}");
        assert!(package.lookup("b").is_ok(), "{text}");
    }
}

/// Hostile texts: deep, long, and made from themselves.
#[test]
fn no_text_takes_long() {
    let deep = format!("var v = {}\"x\"{}", "(".repeat(100_000), ")".repeat(100_000));
    let open = "(".repeat(1_000_000);
    let chain: String = (0..20_000).map(|n| format!("const c{n} = c{}\n", n + 1)).collect();
    let long = format!("const (\na = \"x\"{}\n{})", "+\"y\"".repeat(50_000), "b\n".repeat(50_000));
    let started = std::time::Instant::now();
    for text in [deep, open, format!("{chain}var v = c0"), format!("{long}\nvar v = a")] {
        let package = Package::read([("a.go", text.as_str())]);
        let _ = package.lookup("v");
    }
    assert!(started.elapsed().as_secs() < 20);
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "(var|const|type|func| |\n|v|=|\\(|\\)|\\{|\\}|\\[|\"x\"|,|\\+|string|\\.|;|.){0,80}") {
        let package = Package::read([("a.go", text.as_str())]);
        let _ = (package.lookup("v"), package.settable());
    }

    /// A sum of texts in any brackets is settable, and with one variable in it it is not.
    #[test]
    fn sums_are_judged_by_their_parts(
        parts in proptest::collection::vec(("[a-z ]{0,5}", 0..3_usize), 1..8),
        at in proptest::option::of(0..8_usize),
    ) {
        let part = |(n, (text, depth)): (usize, &(String, usize))| {
            let inner = if at == Some(n) { "w".to_owned() } else { format!("{text:?}") };
            format!("{}{inner}{}", "(".repeat(*depth), ")".repeat(*depth))
        };
        let sum: Vec<String> = parts.iter().enumerate().map(part).collect();
        let found = judged(&format!("var w = \"\"\nvar v = {}", sum.join(" +\n")), "v");
        let is_constant = at.is_none_or(|at| at >= parts.len());
        prop_assert_eq!(found == "set", is_constant);
    }
}
