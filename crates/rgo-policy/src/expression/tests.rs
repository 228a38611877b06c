//! Which texts are expressions, what they mean, and how errors show a mistake.

use proptest::prelude::*;

use super::super::samples;
use super::*;

fn parse(text: &str) -> Result<Expression, ParseError> {
    Expression::parse(text, &samples::vocabulary())
}

/// Whether two spellings mean the same question.
fn means_the_same(one: &str, other: &str) -> bool {
    let parsed = |text: &str| {
        let parsed = parse(text).unwrap_or_else(|error| panic!("{error}"));
        let test = match parsed.test {
            Test::Compare(operator, it) => (Some(operator), vec![it.wanted], None),
            Test::In(all) => (None, all.into_iter().map(|it| it.wanted).collect(), None),
            is => (None, Vec::new(), Some(is)),
        };
        (parsed.fact, parsed.member, test, parsed.or_unknown)
    };
    parsed(one) == parsed(other)
}

#[test]
fn an_expression_is_shown_as_it_was_written() {
    for text in [
        "glibc<=2.28",
        "glibc  <=  2.28 ?",
        "relro=FULL",
        "relro == full",
        "arch=x86_64",
        "arch in [ amd64,aarch64 ]?",
        "! rpath",
        "static != Yes",
        "build:x==\"a \\\"b\\\\\" ?",
    ] {
        assert_eq!(parse(text).map(|it| it.to_string()).as_deref(), Ok(text));
    }
    assert_eq!(parse(" pie\n").map(|it| it.to_string()).as_deref(), Ok("pie"));
}

#[test]
fn spellings_mean_the_same() {
    for (one, other) in [
        (" glibc  <=  2.28  ", "glibc<=2.28"),
        ("glibc <= 2.28 ?", "glibc<=2.28?"),
        ("! rpath", "!rpath"),
        ("static=true", "static"),
        ("static != Yes", "!static"),
        ("pie==no?", "!pie?"),
        ("relro==FULL", "relro=full"),
        ("arch==x86_64", "arch=amd64"),
        ("signed=ad-hoc", "signed=adhoc"),
        ("libc=gnu", "libc=GLIBC"),
        ("libc!=ucrt", "libc != ucrtbase"),
        ("libc=sunos", "libc=solaris"),
        ("arch in [x86-64 , \"arm64\"]", "arch in[amd64,aarch64]"),
        ("dep:openssl != *", "dep:openssl!=*"),
        ("build:x=\"a b\"?", "build:x == \"a b\" ?"),
    ] {
        assert!(means_the_same(one, other), "{one} {other}");
    }
    for (one, other) in [
        ("relro", "relro=full"),
        ("!relro", "relro=none"),
        ("path=*", "path=\"*\""),
        ("path=a?b??", "path=a?b?"),
        ("arch in [amd64]", "arch=amd64"),
        ("dep:a", "dep:b"),
        ("pie", "pie?"),
    ] {
        assert!(!means_the_same(one, other), "{one} {other}");
    }
}

#[test]
fn names_and_values_may_hold_odd_characters() {
    for (text, member, value) in [
        ("dep:git.sr.ht/~u/x>=1.0", "git.sr.ht/~u/x", "1.0"),
        ("build:-ldflags=-s -w", "-ldflags", "-s -w"),
        ("build:x=\"\"", "x", ""),
        ("build:x=\"a \\\"b\\\\\" ?", "x", "a \"b\\"),
        ("path=a?b??", "", "a?b?"),
        ("path=a, b]", "", "a, b]"),
        ("path=\"odd?\"", "", "odd?"),
    ] {
        let parsed = parse(text).unwrap_or_else(|error| panic!("{error}"));
        let Test::Compare(_, operand) = parsed.test else { panic!("{text} compares") };
        assert_eq!((parsed.member.as_str(), operand.text.as_str()), (member, value), "{text}");
    }
    let member = |text: &str| parse(text).map(|it| it.member);
    assert_eq!(member("needs:libstdc++.so.6").as_deref(), Ok("libstdc++.so.6"));
    assert_eq!(member("needs:libc.so.6=*").as_deref(), Ok("libc.so.6"));
    let values = |text: &str| match parse(text).map(|it| it.test) {
        Ok(Test::In(all)) => all.into_iter().map(|it| it.text).collect::<Vec<_>>(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(values("path in [a b,\"c, ]\" , d?]"), ["a b", "c, ]", "d?"]);
}

#[test]
fn what_is_expected_is_said_in_words() {
    for (text, expected) in [
        ("glibc<=2.28", "at most 2.28"),
        ("arch!=X86_64", "anything but X86_64"),
        ("arch in [amd64, arm64]", "one of amd64, arm64"),
        ("signed", "identity or authenticode"),
        ("!signed", "none"),
        ("relro=*", "any"),
        ("static", "yes"),
        ("!needs:x", "no"),
        ("build:-race", "on"),
        ("!build:-race", "off"),
        ("dep:x!=*", "none"),
        ("!rpath", "none"),
    ] {
        assert_eq!(parse(text).map(|it| it.expected()).as_deref(), Ok(expected), "{text}");
    }
}

/// Checks how an error shows an expression, and its hint.
#[track_caller]
fn check_refused(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let error = parse(text).expect_err(text);
        assert_eq!(format!("{error}\nhint: {}", error.hint()), *expected, "{text}");
    }
}

#[test]
fn a_fact_that_does_not_exist_is_pointed_at() {
    check_refused(&[
        (
            "",
            "the name of a fact is missing\n  \n  ^\nhint: name a fact, as in glibc<=2.28; `rgo help policy` lists them all",
        ),
        (
            "glibx<=2.28",
            "there is no fact `glibx`\n  glibx<=2.28\n  ^^^^^\nhint: did you mean `glibc`? For example: glibc<=2.28",
        ),
        (
            "!Rpath",
            "there is no fact `Rpath`\n  !Rpath\n   ^^^^^\nhint: did you mean `rpath`? For example: !rpath",
        ),
        (
            "openssl!=*",
            "there is no fact `openssl`\n  openssl!=*\n  ^^^^^^^\nhint: a dependency is asked for by dep:NAME, as in dep:rustls>=0.23; `rgo help policy` lists all facts",
        ),
        ("dep:", "there is no fact `dep:`\n  dep:\n  ^^^^\nhint: name one, as in dep:rustls>=0.23"),
        (
            "dep",
            "the fact `dep` is called `nx` now\n  dep\n  ^^^\nhint: write nx; dep:NAME is another question, as in dep:rustls>=0.23",
        ),
        ("!cfg?", "the fact `cfg` is called `cf-guard` now\n  !cfg?\n   ^^^\nhint: write cf-guard"),
        (
            "gl\u{1b}bc<=é",
            "there is no fact `gl\u{fffd}bc`\n  gl\u{fffd}bc<=é\n  ^^^^^\nhint: did you mean `glibc`? For example: glibc<=2.28",
        ),
    ]);
}

#[test]
fn a_value_that_a_fact_cannot_have_is_pointed_at() {
    check_refused(&[
        (
            "glibc<=2,28",
            "`2,28` is not a version\n  glibc<=2,28\n         ^^^^\nhint: for example: glibc<=2.28",
        ),
        (
            "glibc<=*",
            "`*` is any value and has no order for `<=`\n  glibc<=*\n         ^\nhint: for example: glibc<=2.28",
        ),
        (
            "static<3",
            "`static` is yes or no, and has no order for `<`\n  static<3\n         ^\nhint: for example: static",
        ),
        (
            "relro>=partial",
            "`relro` is a word, and has no order for `>=`\n  relro>=partial\n         ^^^^^^^\nhint: for example: relro",
        ),
        (
            "static=maybe",
            "`maybe` is not yes or no\n  static=maybe\n         ^^^^^\nhint: for example: static",
        ),
        (
            "relro==fll",
            "`fll` is not a value of `relro`\n  relro==fll\n         ^^^\nhint: did you mean `full`? there are: none, partial, full",
        ),
        (
            "arch!=amd46",
            "`amd46` is not a value of `arch`\n  arch!=amd46\n        ^^^^^\nhint: did you mean `amd64`? there are: 386, amd64, arm64, riscv64",
        ),
        (
            "arch=\"machine x\"",
            "`machine x` is not a value of `arch`\n  arch=\"machine x\"\n       ^^^^^^^^^^^\nhint: there are: 386, amd64, arm64, riscv64",
        ),
        (
            "needs:x=1",
            "`needs:` is there or not; it has no values\n  needs:x=1\n          ^\nhint: for example: !needs:libssl.so.*",
        ),
        (
            "vcs.time<soon",
            "`soon` is not a date or time\n  vcs.time<soon\n           ^^^^\nhint: for example: vcs.time>=2026-01-01",
        ),
        (
            "size<=*",
            "`size` is a number of bytes: `*` would say nothing\n  size<=*\n        ^\nhint: for example: size<=20MiB",
        ),
    ]);
}

#[test]
fn what_is_wrong_with_a_list_is_pointed_at() {
    check_refused(&[
        (
            "libc in [musl, sparc]",
            "`sparc` is not a value of `libc`\n  libc in [musl, sparc]\n                 ^^^^^\nhint: there are: none, glibc, musl, UCRT, solaris",
        ),
        (
            "relro in [full, fll]",
            "`fll` is not a value of `relro`\n  relro in [full, fll]\n                  ^^^\nhint: did you mean `full`? there are: none, partial, full",
        ),
        (
            "!arch in [arm64]",
            "`!` stands before a name alone, not before a comparison\n  !arch in [arm64]\n  ^\nhint: compare by another operator, as in arch!=VALUE",
        ),
        (
            "arch in arm64",
            "a list in brackets was expected behind `in`\n  arch in arm64\n          ^^^^^\nhint: as in arch in [A, B]",
        ),
        (
            "arch in",
            "a list in brackets was expected behind `in`\n  arch in\n         ^\nhint: as in arch in [A, B]",
        ),
        (
            "arch in []",
            "a value is missing here\n  arch in []\n           ^\nhint: as in arch in [A, B]",
        ),
        (
            "arch in [arm64,",
            "a value is missing here\n  arch in [arm64,\n                 ^\nhint: as in arch in [A, B]",
        ),
        (
            "arch in [arm64",
            "a `,` or a `]` was expected here\n  arch in [arm64\n                ^\nhint: as in arch in [A, B]",
        ),
        (
            "arch in [\"arm64\" x]",
            "a `,` or a `]` was expected here\n  arch in [\"arm64\" x]\n                   ^^\nhint: as in arch in [A, B]",
        ),
        (
            "arch in [arm64] or x",
            "`or x` follows the list\n  arch in [arm64] or x\n                  ^^^^\nhint: only a `?` may stand there, as in arch in [amd64, arm64]?",
        ),
        (
            "arch in [*]",
            "`*` is any value, and needs no list\n  arch in [*]\n           ^\nhint: write =* where any value will do",
        ),
        (
            "static in [yes]",
            "`static` is yes or no, and is not one of a list\n  static in [yes]\n             ^^^\nhint: for example: static",
        ),
    ]);
}

#[test]
fn what_is_no_expression_is_pointed_at() {
    check_refused(&[
        (
            "glibc",
            "`glibc` is a version, and nothing is compared with it\n  glibc\n  ^^^^^\nhint: write a comparison, in quotes for the shell's sake: 'glibc<=2.28'",
        ),
        (
            "!format",
            "`format` is a word, and nothing is compared with it\n  !format\n   ^^^^^^\nhint: write a comparison, in quotes for the shell's sake: 'format=elf'",
        ),
        (
            "glibc=<2.28",
            "there is no operator `=<`\n  glibc=<2.28\n       ^^\nhint: there are =, !=, <, <=, >, >= and in [A, B], as in glibc<=2.28; a value that begins with such a sign is quoted",
        ),
        (
            "glibc <= ",
            "a value is missing behind `<=`\n  glibc <= \n          ^\nhint: for example: glibc<=2.28",
        ),
        (
            "!version=1",
            "`!` stands before a name alone, not before a comparison\n  !version=1\n  ^\nhint: compare by another operator, as in version!=VALUE",
        ),
        (
            "static,pie",
            "`static,pie` is not a name\n  static,pie\n  ^^^^^^^^^^\nhint: give --require once for each expression, as in --require static --require pie",
        ),
        (
            "static pie",
            "an operator or the end was expected here\n  static pie\n         ^^^\nhint: for example: static",
        ),
        (
            "static inside",
            "an operator or the end was expected here\n  static inside\n         ^^^^^^\nhint: for example: static",
        ),
        (
            "static??",
            "an operator or the end was expected here\n  static??\n        ^^\nhint: for example: static",
        ),
        (
            "path=\"a",
            "the closing quote is missing\n  path=\"a\n       ^^\nhint: close it, as in path=\"a b\"; inside, \\\" is a quote and \\\\ a backslash",
        ),
        (
            "path=\"a\"b",
            "`b` follows the closing quote\n  path=\"a\"b\n       ^^^^\nhint: only a `?` may stand there, as in path=\"a b\"?",
        ),
        (
            "path= <a>",
            "a value does not begin with such a sign\n  path= <a>\n        ^^^\nhint: quote it, as in path=\"<a>\"",
        ),
    ]);
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_an_error(text in r#"[!]?(glibc|dep:x|build:k|path|size|vcs\.time|static|relro|.{0,8})([=<>!~^]{0,3}| in \[?).{0,12}[]?]{0,2}"#) {
        match parse(&text) {
            Ok(expression) => {
                prop_assert_eq!(expression.to_string(), text.trim());
                prop_assert_eq!(parse(&expression.to_string()), Ok(expression));
            }
            Err(error) => prop_assert!(error.to_string().lines().count() >= 3),
        }
    }

    /// A quoted value is literal, alone and in a list.
    #[test]
    fn whatever_is_quoted_is_taken_to_the_letter(value in ".{0,10}", unknown: bool) {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let mark = if unknown { "?" } else { "" };
        let one = parse(&format!("path=\"{quoted}\"{mark}")).expect("valid");
        let many = parse(&format!("path in [\"{quoted}\", b]{mark}")).expect("valid");
        let wanted = OperandValue::Literal(value);
        prop_assert_eq!((one.or_unknown, many.or_unknown), (unknown, unknown));
        let Test::Compare(_, one) = one.test else { panic!("it compares") };
        let Test::In(many) = many.test else { panic!("it compares") };
        prop_assert_eq!((&one.wanted, &many[0].wanted), (&wanted, &wanted));
    }
}
