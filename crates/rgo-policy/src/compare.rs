//! Compares a fact with an expression: by the kind of the fact, over all its values.

use std::cmp::Ordering;

use super::expression::{self, Expression, Operand, OperandValue, Operator, Test};
use super::facts::FactValue;
use super::verdict::Verdict;
use super::version::ComparableVersion;
use super::vocabulary::{self, OFF, ValueKind};

/// The text for an unknown version.
const NO_VERSION: &str = "an unknown version";
/// The text between a growth and the size before.
const GROWN_FROM: &str = " of ";
/// Maximum number of list entries to name.
const SHOWN: usize = 5;

/// A verdict on a known value.
pub(super) struct Compared {
    pub(super) verdict: Verdict,
    /// The values as text for people.
    pub(super) found: String,
    /// Why the verdict is unknown, or what to write if the user may have meant another question.
    pub(super) reason: Option<String>,
}

impl Compared {
    fn new(holds: bool, found: String) -> Self {
        let verdict = if holds { Verdict::Holds } else { Verdict::DoesNotHold };
        Self { verdict, found, reason: None }
    }

    fn unknown(found: String, reason: String) -> Self {
        Self { verdict: Verdict::Unknown, found, reason: Some(reason) }
    }
}

/// The verdict on a known value.
pub(super) fn compare(expression: &Expression, value: &FactValue) -> Compared {
    let values = Values::of(expression.fact.kind, value);
    match (&expression.test, values.kind) {
        (Test::Is(wanted), ValueKind::Level { strongest, .. }) => {
            level(expression, strongest, *wanted, &values)
        }
        (Test::Is(wanted), ValueKind::Setting) => {
            Compared::new(values.is_on() == *wanted, values.in_words())
        }
        (Test::Is(wanted) | Test::Any(wanted), ValueKind::Flag) => {
            let is_there = values.is_there();
            Compared::new(is_there == *wanted, flag(is_there))
        }
        (Test::Is(wanted) | Test::Any(wanted), _) => {
            Compared::new(values.is_there() == *wanted, values.in_words())
        }
        (test @ (Test::Compare(..) | Test::In(_)), _) => each(test, &values),
    }
}

/// The values of a fact.
struct Values<'v> {
    kind: ValueKind,
    value: &'v FactValue,
    /// Each as text; `None` for an unknown version.
    entries: Vec<Option<String>>,
    /// Each as text for people.
    texts: Vec<String>,
}

impl<'v> Values<'v> {
    fn of(kind: ValueKind, value: &'v FactValue) -> Self {
        let entries = entries(kind, value);
        let text = |entry: &Option<String>| entry.clone().unwrap_or_else(|| NO_VERSION.to_owned());
        let texts = entries.iter().map(text).collect();
        Self { kind, value, entries, texts }
    }

    fn in_words(&self) -> String {
        shown(&self.texts)
    }

    /// Whether there is any value.
    fn is_there(&self) -> bool {
        let named = !self.kind.values().is_empty();
        let is_none = |text: &str| text.is_empty() || (named && text.eq_ignore_ascii_case("none"));
        match self.value {
            FactValue::Flag(flag) => *flag,
            FactValue::Text(text) => !is_none(text),
            FactValue::Number(number) => *number > 0,
            FactValue::Growth { by, .. } => *by > 0,
            FactValue::List(list) => !list.iter().all(|text| is_none(text)),
            FactValue::Copies { versions, .. } => !versions.is_empty(),
        }
    }

    /// Whether a setting is on.
    fn is_on(&self) -> bool {
        self.texts.iter().any(|text| !OFF.contains(&text.to_lowercase().as_str()))
    }
}

/// The values, each as text if it is known. Empty text is no value, except for a setting.
fn entries(kind: ValueKind, value: &FactValue) -> Vec<Option<String>> {
    match value {
        FactValue::Flag(value) => vec![Some(flag(*value))],
        FactValue::Text(text) if text.is_empty() && kind != ValueKind::Setting => Vec::new(),
        FactValue::Text(text) => vec![Some(text.clone())],
        FactValue::Number(number) => vec![Some(number.to_string())],
        FactValue::Growth { by, from } => vec![Some(format!("{by:+}{GROWN_FROM}{from}"))],
        FactValue::List(list) => list.iter().cloned().map(Some).collect(),
        FactValue::Copies { versions, .. } => versions.clone(),
    }
}

/// Judges a fact with levels, alone or behind `!`: it must have the strongest values, or none at
/// all.
fn level(
    expression: &Expression,
    strongest: &[&str],
    wanted: bool,
    values: &Values<'_>,
) -> Compared {
    let levels: Vec<String> = values.texts.iter().map(|text| text.to_lowercase()).collect();
    let holds_for =
        |level: &String| if wanted { strongest.contains(&&**level) } else { level == "none" };
    let holds = levels.iter().all(holds_for) && !(wanted && levels.is_empty());
    // The user may not know that the bare word asks for the strongest value.
    let weaker = levels.iter().find(|level| !holds_for(level) && *level != "none");
    let reason = weaker.filter(|_| wanted).map(|level| {
        let name = expression.fact.name;
        format!("`{name}` asks for {}; to allow this, write {name}={level}", expression.expected())
    });
    Compared { reason, ..Compared::new(holds, values.in_words()) }
}

/// The verdict of a comparison, which must hold for every entry. Without entries only `!=` holds.
fn each(test: &Test, values: &Values<'_>) -> Compared {
    if values.entries.is_empty() {
        return match test {
            Test::Compare(Operator::NotEqual, _) => Compared::new(true, values.in_words()),
            _ => Compared::unknown(values.in_words(), "there is none to compare".to_owned()),
        };
    }
    let answers: Vec<Option<bool>> =
        values.entries.iter().map(|entry| holds_for(test, entry.as_deref()?)).collect();
    if answers.contains(&Some(false)) {
        Compared::new(false, those(values, &answers, Some(false)))
    } else if answers.contains(&None) {
        let what = if values.kind == ValueKind::Time { "a time" } else { "a version" };
        let why = format!("this is not {what} that can be compared");
        Compared::unknown(those(values, &answers, None), why)
    } else if matches!(values.value, FactValue::Copies { whole: false, .. }) {
        let why = "the list is partial: another copy may be there".to_owned();
        Compared::unknown(values.in_words(), why)
    } else {
        Compared::new(true, values.in_words())
    }
}

/// The entries with this answer, as text for people.
fn those(values: &Values<'_>, answers: &[Option<bool>], answer: Option<bool>) -> String {
    let some = values.texts.iter().zip(answers).filter(|(_, it)| **it == answer);
    let some: Vec<String> = some.map(|(text, _)| text.clone()).collect();
    let all = values.texts.len();
    if some.len() == all { shown(&some) } else { format!("{} (of {all})", shown(&some)) }
}

/// Whether a comparison holds for one entry; `None` if that is unknown.
fn holds_for(test: &Test, entry: &str) -> Option<bool> {
    match test {
        Test::Compare(operator, operand) => holds(*operator, operand, entry),
        Test::In(operands) => {
            let answers: Vec<Option<bool>> =
                operands.iter().map(|it| holds(Operator::Equal, it, entry)).collect();
            let is_known = answers.iter().all(Option::is_some);
            if answers.contains(&Some(true)) { Some(true) } else { is_known.then_some(false) }
        }
        Test::Is(_) | Test::Any(_) => None,
    }
}

/// Compares one entry with one operand; `None` if they cannot be compared.
fn holds(operator: Operator, operand: &Operand, entry: &str) -> Option<bool> {
    let equal = |equal: bool| match operator {
        Operator::Equal => Some(equal),
        Operator::NotEqual => Some(!equal),
        _ => None,
    };
    let ordered = |order: Ordering| match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
    };
    match &operand.wanted {
        OperandValue::Word(word) => equal(entry.to_lowercase() == *word),
        OperandValue::Pattern(pattern) => equal(vocabulary::glob_match(pattern, entry)),
        OperandValue::Literal(text) => equal(text == entry),
        OperandValue::Version(wanted) => match ComparableVersion::parse_found(entry) {
            // `(devel)` is certainly not 1.2.3, but neither before nor after it.
            None => equal(false),
            Some(found) => equal(found.is(wanted)).or_else(|| Some(ordered(found.order(wanted)))),
        },
        OperandValue::Time(wanted) => {
            expression::time(entry).map(|found| ordered(found.cmp(wanted))).or_else(|| equal(false))
        }
        OperandValue::Growth(wanted) => {
            let (by, from) = entry.split_once(GROWN_FROM)?;
            Some(ordered(wanted.order(by.parse().ok()?, from.parse().ok()?)?))
        }
        OperandValue::Size(wanted) => {
            entry.parse().ok().map(|found: u64| ordered(found.cmp(wanted))).or_else(|| equal(false))
        }
    }
}

fn flag(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn shown(entries: &[String]) -> String {
    let (some, more) = entries.split_at(entries.len().min(SHOWN));
    let some: Vec<&str> =
        some.iter().map(|text| if text.is_empty() { "\"\"" } else { text.as_str() }).collect();
    match (some.is_empty(), more.len()) {
        (true, _) => "none".to_owned(),
        (false, 0) => some.join(", "),
        (false, more) => format!("{} and {more} more", some.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{DoesNotHold, Holds, Unknown};

    fn list(entries: &[&str]) -> FactValue {
        entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>().into()
    }

    fn parsed(text: &str) -> Expression {
        let words = crate::samples::vocabulary();
        Expression::parse(text, &words).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Copies on a list that may lack other copies.
    fn some(versions: &[Option<&str>]) -> FactValue {
        let versions = versions.iter().map(|it| it.map(str::to_owned)).collect();
        FactValue::Copies { versions, whole: false }
    }

    /// A requirement, the fact, the verdict, and the text for the values found.
    type Case = (&'static str, FactValue, Verdict, &'static str);

    #[track_caller]
    fn check(cases: impl IntoIterator<Item = Case>) {
        for (text, value, verdict, found) in cases {
            let compared = compare(&parsed(text), &value);
            let seen = (compared.verdict, compared.found.as_str());
            assert_eq!(seen, (verdict, found), "{text} {value:?}");
            assert_eq!(compared.reason.is_some(), verdict == Unknown, "{text} {value:?}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_order() {
        check([
            ("glibc<=2.28", "2.9".into(), Holds, "2.9"),
            ("glibc<=2.28", "2.28".into(), Holds, "2.28"),
            ("glibc<=2.28", "2.28.1".into(), DoesNotHold, "2.28.1"),
            ("glibc<2.28", "2.28".into(), DoesNotHold, "2.28"),
            ("glibc!=2.28", "2.34".into(), Holds, "2.34"),
            ("glibc<=2.28", "odd".into(), Unknown, "odd"),
            ("glibc==*", "2.28".into(), Holds, "2.28"),
            ("go>=1.25", "go1.25.3".into(), Holds, "go1.25.3"),
            ("go>=1.25", "go1.25rc1".into(), DoesNotHold, "go1.25rc1"),
            ("go>=1.25", "go1.26.0-X:nodwarf5".into(), Holds, "go1.26.0-X:nodwarf5"),
            ("go>=1.25rc1", "go1.25".into(), Holds, "go1.25"),
            ("rustc>=1.90", "1.91.0-nightly".into(), Holds, "1.91.0-nightly"),
            ("rustc>=1.91", "1.91.0-nightly".into(), DoesNotHold, "1.91.0-nightly"),
            ("macos<=11.0", "11".into(), Holds, "11"),
            ("macos<=11.0", "26.0".into(), DoesNotHold, "26.0"),
            ("windows<=10.0", "6.1".into(), Holds, "6.1"),
            ("version==1.2.3", "v1.2.3".into(), Holds, "v1.2.3"),
            ("version==1.2.3", "v1.2.3+dirty".into(), DoesNotHold, "v1.2.3+dirty"),
            ("version>=1.2.3", "v1.2.3+dirty".into(), Holds, "v1.2.3+dirty"),
            ("version==1.2.3", "(devel)".into(), DoesNotHold, "(devel)"),
            ("version!=1.2.3", "(devel)".into(), Holds, "(devel)"),
            ("version>=1.2.3", "(devel)".into(), Unknown, "(devel)"),
            ("go in [1.25.3, 1.26]", "go1.25.3".into(), Holds, "go1.25.3"),
        ]);
    }

    #[test]
    fn words_are_compared_by_their_meaning() {
        check([
            ("static", true.into(), Holds, "yes"),
            ("static", false.into(), DoesNotHold, "no"),
            ("!static", false.into(), Holds, "no"),
            ("pie=no", true.into(), DoesNotHold, "yes"),
            ("relro=full", "Full".into(), Holds, "Full"),
            ("relro=full", "partial".into(), DoesNotHold, "partial"),
            ("relro!=none", "partial".into(), Holds, "partial"),
            ("relro=*", "partial".into(), Holds, "partial"),
            ("relro!=*", "partial".into(), DoesNotHold, "partial"),
            ("relro!=*", "none".into(), Holds, "none"),
            ("signed=identity", "adhoc".into(), DoesNotHold, "adhoc"),
            ("signed=ad-hoc", "adhoc".into(), Holds, "adhoc"),
            ("signed in [adhoc, identity]", "adhoc".into(), Holds, "adhoc"),
            ("signed in [adhoc, identity]", "none".into(), DoesNotHold, "none"),
            ("!packer", "none".into(), Holds, "none"),
            ("packer!=*", "none".into(), Holds, "none"),
            ("!packer", "upx".into(), DoesNotHold, "upx"),
            ("arch=x86_64", "amd64".into(), Holds, "amd64"),
            ("arch!=machine 247", "machine 247".into(), DoesNotHold, "machine 247"),
            ("libc!=gnu", "glibc".into(), DoesNotHold, "glibc"),
            ("libc=ucrt", "UCRT".into(), Holds, "UCRT"),
            ("needs:libc.so.6", true.into(), Holds, "yes"),
            ("!needs:libc.so.6", true.into(), DoesNotHold, "yes"),
            ("needs:libc.so.6!=*", false.into(), Holds, "no"),
            ("arch in [amd64, aarch64]", "arm64".into(), Holds, "arm64"),
            ("arch in [amd64, aarch64]", "riscv64".into(), DoesNotHold, "riscv64"),
        ]);
    }

    #[test]
    fn texts_times_sizes_and_lists_are_compared_by_their_kind() {
        check([
            ("vcs.revision==4f2a*", "4f2a91c".into(), Holds, "4f2a91c"),
            ("vcs.revision==4f2a", "4f2a91c".into(), DoesNotHold, "4f2a91c"),
            ("vcs.revision==4F2A91C", "4f2a91c".into(), DoesNotHold, "4f2a91c"),
            ("path==\"a*\"", "ab".into(), DoesNotHold, "ab"),
            ("vcs.time>=2026-01-01", "2026-03-01T10:00:00Z".into(), Holds, "2026-03-01T10:00:00Z"),
            ("vcs.time>=2026-01-01", "yesterday".into(), Unknown, "yesterday"),
            ("size<=1kB", 1000.into(), Holds, "1000"),
            ("size<1kB", 1000.into(), DoesNotHold, "1000"),
            ("!rpath", list(&[]), Holds, "none"),
            ("!rpath", list(&["/opt"]), DoesNotHold, "/opt"),
            (
                "rpath==$ORIGIN*",
                list(&["$ORIGIN", "$ORIGIN/../lib"]),
                Holds,
                "$ORIGIN, $ORIGIN/../lib",
            ),
            ("rpath==$ORIGIN*", list(&["$ORIGIN", "/opt"]), DoesNotHold, "/opt (of 2)"),
            ("rpath==$ORIGIN*", list(&[]), Unknown, "none"),
            ("leaks!=/home/*", list(&["/home/u/x.rs"]), DoesNotHold, "/home/u/x.rs"),
            ("leaks!=/home/*", list(&[]), Holds, "none"),
            (
                "path in [example.com/*, \"a,b\"]",
                "example.com/app".into(),
                Holds,
                "example.com/app",
            ),
            ("path in [example.com/*, \"a,b\"]", "a,b".into(), Holds, "a,b"),
            (
                "path in [\"example.com/*\"]",
                "example.com/app".into(),
                DoesNotHold,
                "example.com/app",
            ),
            (
                "leaks",
                list(&["a", "b", "c", "d", "e", "f", "g"]),
                Holds,
                "a, b, c, d, e and 2 more",
            ),
        ]);
    }

    #[test]
    fn every_copy_of_a_dependency_is_compared() {
        check([
            ("dep:openssl!=*", list(&[]), Holds, "none"),
            ("dep:openssl!=*", list(&["3.0"]), DoesNotHold, "3.0"),
            ("!dep:openssl", list(&[]), Holds, "none"),
            ("dep:serde==*", list(&[]), DoesNotHold, "none"),
            ("dep:serde==*", list(&["1.0.1"]), Holds, "1.0.1"),
            ("dep:rustls>=0.23", list(&["0.23.1", "0.24.0"]), Holds, "0.23.1, 0.24.0"),
            ("dep:rustls>=0.23", list(&["0.22.4", "0.23.1"]), DoesNotHold, "0.22.4 (of 2)"),
            ("dep:rustls>=0.23", list(&["(devel)", "0.23.1"]), Unknown, "(devel) (of 2)"),
            ("dep:rustls>=0.23", list(&[]), Unknown, "none"),
            ("dep:rustls==0.23.1", list(&[]), Unknown, "none"),
            ("dep:rustls!=0.23.1", list(&[]), Holds, "none"),
            ("dep:rustls!=0.23.1", list(&["0.23.1", "0.24.0"]), DoesNotHold, "0.23.1 (of 2)"),
            ("dep:x/crypto>=0.31", list(&["v0.31.0"]), Holds, "v0.31.0"),
            ("dep:rustls", some(&[Some("0.23.1")]), Holds, "0.23.1"),
            ("dep:rustls!=*", some(&[Some("0.23.1")]), DoesNotHold, "0.23.1"),
            ("dep:rustls!=*", some(&[None]), DoesNotHold, "an unknown version"),
            ("dep:rustls==*", some(&[None]), Holds, "an unknown version"),
            ("dep:rustls>=0.23", some(&[Some("0.23.1")]), Unknown, "0.23.1"),
            ("dep:rustls!=0.23.0", some(&[Some("0.23.1")]), Unknown, "0.23.1"),
            ("dep:rustls>=0.23", some(&[Some("0.22.1")]), DoesNotHold, "0.22.1"),
            ("dep:rustls>=0.23", some(&[None, Some("0.22.1")]), DoesNotHold, "0.22.1 (of 2)"),
            ("dep:rustls==0.23.1", some(&[None]), Unknown, "an unknown version"),
            ("dep:x in [1.0, 1.1]", list(&["1.0.0", "1.1.0"]), Holds, "1.0.0, 1.1.0"),
            ("dep:x in [1.0, 1.1]", list(&["1.0.0", "1.2.0"]), DoesNotHold, "1.2.0 (of 2)"),
            ("dep:x in [1.0, 1.1]", some(&[None]), Unknown, "an unknown version"),
            ("dep:x in [1.0, 1.1]", list(&[]), Unknown, "none"),
        ]);
    }

    #[test]
    fn settings_of_the_build_are_compared_as_go_writes_them() {
        check([
            ("build:CGO_ENABLED==0", "1".into(), DoesNotHold, "1"),
            ("build:CGO_ENABLED", "1".into(), Holds, "1"),
            ("build:CGO_ENABLED", "0".into(), DoesNotHold, "0"),
            ("!build:CGO_ENABLED", "0".into(), Holds, "0"),
            ("build:-race", "false".into(), DoesNotHold, "false"),
            ("!build:-race", "False".into(), Holds, "False"),
            ("build:GOFIPS140", "off".into(), DoesNotHold, "off"),
            ("build:-tags", "netgo".into(), Holds, "netgo"),
            ("!build:-tags", "netgo".into(), DoesNotHold, "netgo"),
            ("!build:-tags", "".into(), Holds, "\"\""),
            ("build:-tags=netgo", "".into(), DoesNotHold, "\"\""),
            ("build:-tags=\"\"", "".into(), Holds, "\"\""),
            ("build:-tags!=netgo", "".into(), Holds, "\"\""),
            ("build:-tags=*", "".into(), DoesNotHold, "\"\""),
            (
                "build:-X!=key=*",
                list(&["version=1", "key=secret"]),
                DoesNotHold,
                "key=secret (of 2)",
            ),
            ("build:-X", list(&["version=1", "debug=0"]), Holds, "version=1, debug=0"),
        ]);
    }

    /// A bare word never passes a value that is weaker than its name promises, and neither does
    /// `!`: a user who allows a weaker value has to name it.
    #[test]
    fn a_word_alone_holds_for_its_strongest_values_and_behind_an_exclamation_mark_for_none() {
        for (name, value, alone, negated) in [
            ("relro", "full", Holds, DoesNotHold),
            ("relro", "partial", DoesNotHold, DoesNotHold),
            ("relro", "none", DoesNotHold, Holds),
            ("signed", "authenticode", Holds, DoesNotHold),
            ("signed", "identity", Holds, DoesNotHold),
            ("signed", "adhoc", DoesNotHold, DoesNotHold),
            ("signed", "broken", DoesNotHold, DoesNotHold),
            ("signed", "none", DoesNotHold, Holds),
            ("signed", "", DoesNotHold, Holds),
        ] {
            let verdict = |text: &str| compare(&parsed(text), &value.into()).verdict;
            assert_eq!(verdict(name), alone, "{name} {value}");
            assert_eq!(verdict(&format!("!{name}")), negated, "!{name} {value}");
        }
        let reason = |text: &str, value: &str| compare(&parsed(text), &value.into()).reason;
        assert_eq!(
            reason("signed", "adhoc").as_deref(),
            Some("`signed` asks for identity or authenticode; to allow this, write signed=adhoc")
        );
        assert_eq!(reason("signed", "none"), None);
        assert_eq!(reason("!signed", "adhoc"), None);
    }
}
