//! One requirement as somebody writes it: `glibc<=2.28`, `!vcs.modified`, `dep:openssl!=*`.
//!
//! ```text
//! expression = [ "!" ] name [ operator value ] [ "?" ]
//! name       = fact | family ":" member                  registry.rs has them all
//! operator   = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
//! value      = '"' any text, with \" and \\ '"' | text without a "?" at its end
//! ```
//!
//! The kind of the fact decides what a value may be, so that a slip of the hand is an error here
//! and not a gate that never holds, or always.

use std::fmt;

use super::complaint::{Complaint, ParseError};
use super::registry::{self, Kind, Known};
use super::version::Version;

/// A requirement, ready to be judged. Its `Display` is what it means, spelled in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub(super) known: &'static Known,
    /// The whole name, with the member of a family.
    pub(super) name: String,
    pub(super) test: Test,
    /// Whether it may be unknown.
    pub(super) or_unknown: bool,
}

/// What has to be so.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// The name alone, or behind `!`.
    Is(bool),
    /// A comparison.
    Compare(Operator, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The other side of a comparison. What was written is kept for messages.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// `*`: any value.
    Any,
    /// In the spelling of [`registry::canonical`].
    Word(String),
    /// Text in which `*` stands for anything.
    Pattern(String),
    /// Text that was quoted.
    Literal(String),
    Version(String, Version),
    Time(String, jiff::Timestamp),
    Size(String, u64),
}

/// Every spelling of an operator; the first of each is the one that is printed.
const OPERATORS: [(&str, Operator, &str); 7] = [
    ("==", Operator::Equal, ""),
    ("=", Operator::Equal, ""),
    ("!=", Operator::NotEqual, "anything but "),
    ("<=", Operator::LessOrEqual, "at most "),
    ("<", Operator::Less, "below "),
    (">=", Operator::GreaterOrEqual, "at least "),
    (">", Operator::Greater, "above "),
];

/// Signs that operators are made of, here or elsewhere. `~` is part of some module paths.
const SIGNS: [char; 5] = ['=', '<', '>', '!', '^'];
/// Signs that no name holds, so that two expressions in one are not taken for a strange name.
const NOT_IN_NAMES: [char; 7] = [',', ';', '|', '&', '"', '\'', '\\'];

/// Units of sizes, in lower case.
const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
];

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// If it is none, with the place and what to write instead.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        // Every part is a slice of the text, so its place is the distance between the two.
        let fail = |part: &str, Complaint(message, hint): Complaint| {
            let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            ParseError::new(text, start..start + part.len(), message, hint)
        };
        let body = text.trim();
        let (negated, rest) =
            body.strip_prefix('!').map_or((false, body), |rest| (true, rest.trim_start()));
        let end = |c: char| SIGNS.contains(&c) || c == '?' || c.is_whitespace();
        let (name, tail) = rest.split_at(rest.find(end).unwrap_or(rest.len()));
        let (known, _) = name_of(name).map_err(|complaint| fail(name, complaint))?;

        let tail = tail.trim_start();
        let signs = tail.len() - tail.trim_start_matches(SIGNS).len();
        let (operator, value) = tail.split_at(signs);
        if operator.is_empty() {
            let or_unknown = match tail {
                "" => false,
                "?" => true,
                _ => return Err(fail(tail, left_over(known))),
            };
            let test = alone(known, negated).map_err(|complaint| fail(name, complaint))?;
            return Ok(Self { known, name: name.to_owned(), test, or_unknown });
        }
        if negated {
            let message = "`!` stands before a name alone, not before a comparison".to_owned();
            let hint = format!("compare by another operator, as in {name}!=VALUE");
            return Err(fail(body.get(..1).unwrap_or_default(), Complaint(message, hint)));
        }
        let sign = OPERATORS.iter().find(|(sign, ..)| *sign == operator);
        let Some((_, meaning, _)) = sign else {
            return Err(fail(operator, no_operator(operator, known)));
        };
        let value = value.trim();
        let (value, quoted, or_unknown) =
            unquote(value).map_err(|complaint| fail(value, complaint))?;
        let test = compare(known, *meaning, operator, &value, quoted)
            .map_err(|complaint| fail(tail.get(signs..).unwrap_or_default().trim(), complaint))?;
        Ok(Self { known, name: name.to_owned(), test, or_unknown })
    }

    /// What is expected, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        let there = match &self.test {
            Test::Is(there) => *there,
            Test::Compare(operator, Operand::Any) => *operator == Operator::Equal,
            Test::Compare(operator, operand) => {
                let (_, _, words) = spelling(*operator);
                return format!("{words}{}", operand.text());
            }
        };
        let flag = matches!(self.known.kind, Kind::Flag | Kind::Presence);
        let (yes, no) = if flag { ("yes", "no") } else { ("any", "none") };
        if there { yes } else { no }.to_owned()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.test {
            Test::Is(true) => f.write_str(&self.name)?,
            Test::Is(false) => write!(f, "!{}", self.name)?,
            Test::Compare(operator, operand) => {
                write!(f, "{}{}{operand}", self.name, spelling(*operator).0)?;
            }
        }
        f.write_str(if self.or_unknown { "?" } else { "" })
    }
}

impl Operand {
    fn text(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Word(text) | Self::Pattern(text) | Self::Literal(text) => text,
            Self::Version(text, _) | Self::Time(text, _) | Self::Size(text, _) => text,
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        let bare = match self {
            Self::Any | Self::Pattern(_) => true,
            Self::Literal(_) => false,
            _ => !needs_quotes(text),
        };
        if bare {
            return f.write_str(text);
        }
        write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Whether text without quotes would be read as something else.
fn needs_quotes(text: &str) -> bool {
    let starts = text.starts_with(SIGNS) || text.starts_with('"');
    text.is_empty() || text.trim() != text || text == "*" || text.ends_with('?') || starts
}

fn spelling(operator: Operator) -> (&'static str, Operator, &'static str) {
    let found = OPERATORS.iter().find(|(_, meaning, _)| *meaning == operator);
    *found.unwrap_or(&OPERATORS[0])
}

fn name_of(name: &str) -> Result<(&'static Known, &str), Complaint> {
    if name.is_empty() {
        let hint = "name a fact, as in glibc<=2.28; `--require help` lists them all".to_owned();
        return Err(Complaint("the name of a fact is missing".to_owned(), hint));
    }
    if name.ends_with('~') {
        let hint = "there are ==, !=, <, <=, > and >=, as in dep:rustls>=0.23".to_owned();
        return Err(Complaint("there is no operator `~`".to_owned(), hint));
    }
    if name.contains(NOT_IN_NAMES) {
        let hint = "give --require once for each expression, as in --require static --require pie";
        return Err(Complaint(format!("`{name}` is not a name"), hint.to_owned()));
    }
    registry::find(name).ok_or_else(|| {
        let hint = match registry::nearest(name) {
            Some(near) if name == near.name => format!("name one, as in {}", near.example),
            Some(near) => format!("did you mean `{}`? For example: {}", near.name, near.example),
            None => "a dependency is asked for by dep:NAME, as in dep:rustls>=0.23; `--require \
                     help` lists all facts"
                .to_owned(),
        };
        Complaint(format!("there is no fact `{name}`"), hint)
    })
}

fn left_over(known: &Known) -> Complaint {
    let message = "an operator or the end was expected here".to_owned();
    Complaint(message, format!("for example: {}", known.example))
}

fn no_operator(operator: &str, known: &Known) -> Complaint {
    let hint = format!(
        "there are ==, !=, <, <=, > and >=, as in {}; a value that begins with such a sign is quoted",
        known.example
    );
    Complaint(format!("there is no operator `{operator}`"), hint)
}

fn alone(known: &Known, negated: bool) -> Result<Test, Complaint> {
    if !matches!(known.kind, Kind::Version | Kind::Size) {
        return Ok(Test::Is(!negated));
    }
    let what = kind_in_words(known.kind);
    Err(Complaint(
        format!("`{}` is {what}, and it is compared with nothing", known.name),
        format!("write a comparison, in quotes for the shell's sake: '{}'", known.example),
    ))
}

/// The value without its quotes, whether it had any, and whether a `?` stands behind it.
fn unquote(value: &str) -> Result<(String, bool, bool), Complaint> {
    if value.starts_with(SIGNS) {
        let hint = "quote it, as in path==\"<a>\"".to_owned();
        return Err(Complaint("a value does not begin with such a sign".to_owned(), hint));
    }
    let Some(quoted) = value.strip_prefix('"') else {
        let bare = value.strip_suffix('?');
        return Ok((bare.unwrap_or(value).trim_end().to_owned(), false, bare.is_some()));
    };
    let mut text = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                return match chars.as_str().trim() {
                    "" => Ok((text, true, false)),
                    "?" => Ok((text, true, true)),
                    more => Err(Complaint(
                        format!("`{more}` follows the closing quote"),
                        "only a `?` may stand there, as in path==\"a b\"?".to_owned(),
                    )),
                };
            }
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    let hint = "close it, as in path==\"a b\"; inside, \\\" is a quote and \\\\ a backslash";
    Err(Complaint("the closing quote is missing".to_owned(), hint.to_owned()))
}

fn compare(
    known: &Known,
    operator: Operator,
    sign: &str,
    value: &str,
    quoted: bool,
) -> Result<Test, Complaint> {
    let wrong = |message: String| Complaint(message, format!("for example: {}", known.example));
    if value.is_empty() && !quoted {
        return Err(wrong(format!("a value is missing behind `{sign}`")));
    }
    let ordered = matches!(known.kind, Kind::Version | Kind::Dependency | Kind::Time | Kind::Size);
    let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    if !(ordered || equality) {
        let what = kind_in_words(known.kind);
        return Err(wrong(format!("`{}` is {what}, and has no order for `{sign}`", known.name)));
    }
    if value == "*" && !quoted {
        return match known.kind {
            Kind::Flag | Kind::Size => {
                let what = kind_in_words(known.kind);
                Err(wrong(format!("`{}` is {what}: `*` would say nothing", known.name)))
            }
            _ if equality => Ok(Test::Compare(operator, Operand::Any)),
            _ => Err(wrong(format!("`*` is any value and has no order for `{sign}`"))),
        };
    }
    let no = |what: &str| wrong(format!("`{value}` is not {what}"));
    let operand = match known.kind {
        Kind::Flag => {
            let yes = match value.to_lowercase().as_str() {
                "yes" | "true" => true,
                "no" | "false" => false,
                _ => return Err(no("yes or no")),
            };
            return Ok(Test::Is(yes == (operator == Operator::Equal)));
        }
        Kind::Presence => {
            let message = format!("`{}` is there or not; it has no values", known.name);
            return Err(wrong(message));
        }
        Kind::Word(words) => {
            let word = registry::canonical(value);
            if !words.is_empty() && !words.contains(&word.as_str()) {
                let message = format!("`{value}` is none of the words of `{}`", known.name);
                return Err(Complaint(message, format!("there are: {}", words.join(", "))));
            }
            Operand::Word(word)
        }
        Kind::Text if quoted => Operand::Literal(value.to_owned()),
        Kind::Text => Operand::Pattern(value.to_owned()),
        Kind::Version | Kind::Dependency => {
            let version = Version::parse(value).ok_or_else(|| no("a version"))?;
            Operand::Version(value.to_owned(), version)
        }
        Kind::Time => {
            let time = time(value).ok_or_else(|| no("a date or time"))?;
            Operand::Time(value.to_owned(), time)
        }
        Kind::Size => {
            let size = size(value).ok_or_else(|| no("a number of bytes"))?;
            Operand::Size(value.to_owned(), size)
        }
    };
    Ok(Test::Compare(operator, operand))
}

fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "yes or no",
        Kind::Presence => "there or not",
        Kind::Word(_) => "a word",
        Kind::Text => "text",
        Kind::Version => "a version",
        Kind::Dependency => "a dependency",
        Kind::Time => "a time",
        Kind::Size => "a number of bytes",
    }
}

/// A point in time; a date alone is its first moment in UTC.
pub(super) fn time(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().or_else(|| {
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim().to_lowercase();
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn expressions_are_spelled_in_one_way() {
        let cases = [
            ("glibc<=2.28", "glibc<=2.28"),
            (" glibc  <=  2.28  ", "glibc<=2.28"),
            ("glibc <= 2.28 ?", "glibc<=2.28?"),
            ("static", "static"),
            ("! rpath", "!rpath"),
            ("!vcs.modified?", "!vcs.modified?"),
            ("static=true", "static"),
            ("static != Yes", "!static"),
            ("pie==no?", "!pie?"),
            ("relro=FULL", "relro==full"),
            ("arch=x86_64", "arch==amd64"),
            ("signed=ad-hoc", "signed==adhoc"),
            ("version=v1.2.3", "version==v1.2.3"),
            ("dep:openssl!=*", "dep:openssl!=*"),
            ("dep:git.sr.ht/~u/x>=1.0", "dep:git.sr.ht/~u/x>=1.0"),
            ("dep:serde", "dep:serde"),
            ("needs:libstdc++.so.6", "needs:libstdc++.so.6"),
            ("needs:libc.so.6==*", "needs:libc.so.6==*"),
            ("build:-ldflags==-s -w", "build:-ldflags==-s -w"),
            ("build:x==\"\"", "build:x==\"\""),
            ("build:x==\"a \\\"b\\\\\" ?", "build:x==\"a \\\"b\\\\\"?"),
            ("path==\"*\"", "path==\"*\""),
            ("path==a?b??", "path==a?b??"),
            ("vcs.time>=2026-01-01", "vcs.time>=2026-01-01"),
            ("size<=10 MiB", "size<=10 MiB"),
            ("libc==\"odd?\"", "libc==\"odd?\""),
        ];
        for (text, expected) in cases {
            let parsed = Expression::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(parsed.to_string(), expected, "{text}");
            assert_eq!(Expression::parse(expected).as_ref(), Ok(&parsed), "{text}");
        }
    }

    #[test]
    fn sizes_and_times_have_their_units() {
        assert_eq!(size("10MB"), Some(10_000_000));
        assert_eq!(size("10 MiB"), Some(10 << 20));
        assert_eq!(size("7"), Some(7));
        for bad in
            ["", "MB", "1.5MB", "-1", "10TB", "99999999999999999999", "18446744073709551615kB"]
        {
            assert_eq!(size(bad), None, "{bad}");
        }
        assert_eq!(time("2026-01-01"), time("2026-01-01T01:00:00+01:00"));
        assert!(time("2026-01-01").is_some() && time("January").is_none());
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let cases = [
            (
                "",
                "the name of a fact is missing\n  \n  ^\nhint: name a fact, as in glibc<=2.28; `--require help` lists them all",
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
                "there is no fact `openssl`\n  openssl!=*\n  ^^^^^^^\nhint: a dependency is asked for by dep:NAME, as in dep:rustls>=0.23; `--require help` lists all facts",
            ),
            (
                "dep:",
                "there is no fact `dep:`\n  dep:\n  ^^^^\nhint: name one, as in dep:rustls>=0.23",
            ),
            (
                "glibc",
                "`glibc` is a version, and it is compared with nothing\n  glibc\n  ^^^^^\nhint: write a comparison, in quotes for the shell's sake: 'glibc<=2.28'",
            ),
            (
                "glibc=<2.28",
                "there is no operator `=<`\n  glibc=<2.28\n       ^^\nhint: there are ==, !=, <, <=, > and >=, as in glibc<=2.28; a value that begins with such a sign is quoted",
            ),
            (
                "glibc <= ",
                "a value is missing behind `<=`\n  glibc <= \n          ^\nhint: for example: glibc<=2.28",
            ),
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
                "static==maybe",
                "`maybe` is not yes or no\n  static==maybe\n          ^^^^^\nhint: for example: static",
            ),
            (
                "relro==fll",
                "`fll` is none of the words of `relro`\n  relro==fll\n         ^^^\nhint: there are: none, partial, full",
            ),
            (
                "!version==1",
                "`!` stands before a name alone, not before a comparison\n  !version==1\n  ^\nhint: compare by another operator, as in version!=VALUE",
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
                "static??",
                "an operator or the end was expected here\n  static??\n        ^^\nhint: for example: static",
            ),
            (
                "needs:x==1",
                "`needs:` is there or not; it has no values\n  needs:x==1\n           ^\nhint: for example: !needs:libssl.so.*",
            ),
            (
                "path==\"a",
                "the closing quote is missing\n  path==\"a\n        ^^\nhint: close it, as in path==\"a b\"; inside, \\\" is a quote and \\\\ a backslash",
            ),
            (
                "path==\"a\"b",
                "`b` follows the closing quote\n  path==\"a\"b\n        ^^^^\nhint: only a `?` may stand there, as in path==\"a b\"?",
            ),
            (
                "path== <a>",
                "a value does not begin with such a sign\n  path== <a>\n         ^^^\nhint: quote it, as in path==\"<a>\"",
            ),
            (
                "vcs.time<soon",
                "`soon` is not a date or time\n  vcs.time<soon\n           ^^^^\nhint: for example: vcs.time>=2026-01-01",
            ),
            (
                "size<=*",
                "`size` is a number of bytes: `*` would say nothing\n  size<=*\n        ^\nhint: for example: size<=20MiB",
            ),
            (
                "gl\u{1b}bc<=é",
                "there is no fact `gl\u{fffd}bc`\n  gl\u{fffd}bc<=é\n  ^^^^^\nhint: did you mean `glibc`? For example: glibc<=2.28",
            ),
        ];
        for (text, expected) in cases {
            let error = Expression::parse(text).expect_err(text);
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_expression_or_an_error(text in r#"[!]?(glibc|dep:x|build:k|path|size|vcs\.time|static|.{0,8})[=<>!~^]{0,3}.{0,12}[?]?"#) {
            match Expression::parse(&text) {
                Ok(expression) => {
                    let shown = expression.to_string();
                    prop_assert_eq!(Expression::parse(&shown), Ok(expression), "{}", shown);
                }
                Err(error) => prop_assert!(error.to_string().lines().count() >= 4),
            }
        }

        #[test]
        fn whatever_is_printed_means_the_same(
            name in r"build:[a-zA-Z.+~-]{1,6}x|path|dep:[a-z/*]{1,6}|language|vcs\.revision",
            operator in "==|!=|=",
            value in ".{0,10}",
            quoted: bool,
            unknown: bool,
        ) {
            let value = if quoted { format!("{value:?}") } else { value };
            let text = format!("{name}{operator}{value}{}", if unknown { "?" } else { "" });
            if let Ok(expression) = Expression::parse(&text) {
                let shown = expression.to_string();
                prop_assert_eq!(Expression::parse(&shown), Ok(expression), "{}", shown);
            }
        }
    }
}
