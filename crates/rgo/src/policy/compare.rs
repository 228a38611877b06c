//! Whether a fact is as an expression wants it: by the kind of the fact, over all of its values.

use std::cmp::Ordering;

use super::expression::{self, Expression, Operand, Operator, Test};
use super::facts::Value;
use super::judge::Verdict;
use super::registry::{self, Kind};
use super::version::Version;

/// What is shown for a version that cannot be told.
const UNTOLD: &str = "an unknown version";
/// At most so many entries of a list are named.
const SHOWN: usize = 5;

/// The verdict on a known value, what was found, and for an unknown one the reason.
pub(super) fn compare(expression: &Expression, value: &Value) -> (Verdict, String, Option<String>) {
    let kind = expression.known.kind;
    let is = |wanted: bool| {
        let found =
            if kind == Kind::Flag { flag(there(kind, value)) } else { shown(&texts(value)) };
        let holds = there(kind, value) == wanted;
        (if holds { Verdict::Holds } else { Verdict::DoesNotHold }, found, None)
    };
    let (operator, operand) = match &expression.test {
        Test::Is(wanted) => return is(*wanted),
        Test::Compare(operator, Operand::Any) => return is(*operator == Operator::Equal),
        Test::Compare(operator, operand) => (*operator, operand),
    };
    let entries = texts(value);
    if entries.is_empty() {
        return match operator {
            Operator::NotEqual => (Verdict::Holds, shown(&entries), None),
            _ => (Verdict::Unknown, shown(&entries), Some("it has none to compare".to_owned())),
        };
    }
    let answer = |entry: Option<String>| holds(operator, operand, &entry?);
    let answers: Vec<_> = told(value).into_iter().map(answer).collect();
    let with = |wanted: Option<bool>| {
        let some = entries.iter().zip(&answers).filter(|(_, answer)| **answer == wanted);
        let some: Vec<String> = some.map(|(entry, _)| entry.clone()).collect();
        if some.len() == entries.len() {
            shown(&some)
        } else {
            format!("{} (of {})", shown(&some), entries.len())
        }
    };
    if answers.contains(&Some(false)) {
        (Verdict::DoesNotHold, with(Some(false)), None)
    } else if answers.contains(&None) {
        let what = if kind == Kind::Time { "a time" } else { "a version" };
        (Verdict::Unknown, with(None), Some(format!("this is not {what} that can be compared")))
    } else if matches!(value, Value::Copies { whole: false, .. }) {
        let why = "the list is partial: another copy may be there".to_owned();
        (Verdict::Unknown, shown(&entries), Some(why))
    } else {
        (Verdict::Holds, shown(&entries), None)
    }
}

/// Whether one entry is as it should be; `None` if that can't be known.
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
    match operand {
        Operand::Any => equal(true),
        Operand::Word(word) => equal(registry::canonical(entry) == *word),
        Operand::Pattern(pattern) => equal(registry::fits(pattern, entry)),
        Operand::Literal(text) => equal(text == entry),
        Operand::Version(_, wanted) => match Version::parse_found(entry) {
            // `(devel)` is certainly not 1.2.3, but neither before nor after it.
            None => equal(false),
            Some(found) => equal(found.is(wanted)).or_else(|| Some(ordered(found.order(wanted)))),
        },
        Operand::Time(_, wanted) => {
            expression::time(entry).map(|found| ordered(found.cmp(wanted))).or_else(|| equal(false))
        }
        Operand::Size(_, wanted) => {
            entry.parse().ok().map(|found: u64| ordered(found.cmp(wanted))).or_else(|| equal(false))
        }
    }
}

/// Whether there is what a name alone asks for.
fn there(kind: Kind, value: &Value) -> bool {
    let none = |text: &str| {
        text.is_empty() || (matches!(kind, Kind::Word(_)) && registry::canonical(text) == "none")
    };
    match value {
        Value::Flag(flag) => *flag,
        Value::Text(text) => !none(text),
        Value::Number(number) => *number > 0,
        Value::List(list) => !list.iter().all(|text| none(text)),
        Value::Copies { versions, .. } => !versions.is_empty(),
    }
}

/// The values, each as text, where it can be told; empty text is no value.
fn told(value: &Value) -> Vec<Option<String>> {
    match value {
        Value::Flag(value) => vec![Some(flag(*value))],
        Value::Text(text) if text.is_empty() => Vec::new(),
        Value::Text(text) => vec![Some(text.clone())],
        Value::Number(number) => vec![Some(number.to_string())],
        Value::List(list) => list.iter().cloned().map(Some).collect(),
        Value::Copies { versions, .. } => versions.clone(),
    }
}

/// The values as they are shown.
fn texts(value: &Value) -> Vec<String> {
    told(value).into_iter().map(|text| text.unwrap_or_else(|| UNTOLD.to_owned())).collect()
}

fn flag(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn shown(entries: &[String]) -> String {
    let Some((some, more)) = entries.split_at_checked(SHOWN).filter(|(_, more)| !more.is_empty())
    else {
        return if entries.is_empty() { "none".to_owned() } else { entries.join(", ") };
    };
    format!("{} and {} more", some.join(", "), more.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{DoesNotHold, Holds, Unknown};

    fn list(entries: &[&str]) -> Value {
        entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>().into()
    }

    /// Copies on a list that may lack others.
    fn some(versions: &[Option<&str>]) -> Value {
        let versions = versions.iter().map(|it| it.map(str::to_owned)).collect();
        Value::Copies { versions, whole: false }
    }

    #[test]
    fn facts_are_compared_by_their_kind() {
        let none = || list(&[]);
        let cases: Vec<(&str, Value, Verdict, &str)> = vec![
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
            ("static", true.into(), Holds, "yes"),
            ("static", false.into(), DoesNotHold, "no"),
            ("!static", false.into(), Holds, "no"),
            ("pie=no", true.into(), DoesNotHold, "yes"),
            ("relro=full", "Full".into(), Holds, "Full"),
            ("relro=full", "partial".into(), DoesNotHold, "partial"),
            ("relro", "none".into(), DoesNotHold, "none"),
            ("signed", "adhoc".into(), Holds, "adhoc"),
            ("signed=identity", "adhoc".into(), DoesNotHold, "adhoc"),
            ("!packer", "none".into(), Holds, "none"),
            ("packer!=*", "none".into(), Holds, "none"),
            ("!packer", "upx".into(), DoesNotHold, "upx"),
            ("arch=x86_64", "amd64".into(), Holds, "amd64"),
            ("vcs.revision==4f2a*", "4f2a91c".into(), Holds, "4f2a91c"),
            ("vcs.revision==4f2a", "4f2a91c".into(), DoesNotHold, "4f2a91c"),
            ("vcs.revision==4F2A91C", "4f2a91c".into(), DoesNotHold, "4f2a91c"),
            ("path==\"a*\"", "ab".into(), DoesNotHold, "ab"),
            ("vcs.time>=2026-01-01", "2026-03-01T10:00:00Z".into(), Holds, "2026-03-01T10:00:00Z"),
            ("vcs.time>=2026-01-01", "yesterday".into(), Unknown, "yesterday"),
            ("size<=1kB", 1000.into(), Holds, "1000"),
            ("size<1kB", 1000.into(), DoesNotHold, "1000"),
            ("!rpath", none(), Holds, "none"),
            ("!rpath", list(&["/opt"]), DoesNotHold, "/opt"),
            (
                "rpath==$ORIGIN*",
                list(&["$ORIGIN", "$ORIGIN/../lib"]),
                Holds,
                "$ORIGIN, $ORIGIN/../lib",
            ),
            ("rpath==$ORIGIN*", list(&["$ORIGIN", "/opt"]), DoesNotHold, "/opt (of 2)"),
            ("rpath==$ORIGIN*", none(), Unknown, "none"),
            ("leaks!=/home/*", list(&["/home/u/x.rs"]), DoesNotHold, "/home/u/x.rs"),
            ("leaks!=/home/*", none(), Holds, "none"),
            ("dep:openssl!=*", none(), Holds, "none"),
            ("dep:openssl!=*", list(&["3.0"]), DoesNotHold, "3.0"),
            ("!dep:openssl", none(), Holds, "none"),
            ("dep:serde==*", none(), DoesNotHold, "none"),
            ("dep:serde==*", list(&["1.0.1"]), Holds, "1.0.1"),
            ("dep:rustls>=0.23", list(&["0.23.1", "0.24.0"]), Holds, "0.23.1, 0.24.0"),
            ("dep:rustls>=0.23", list(&["0.22.4", "0.23.1"]), DoesNotHold, "0.22.4 (of 2)"),
            ("dep:rustls>=0.23", list(&["(devel)", "0.23.1"]), Unknown, "(devel) (of 2)"),
            ("dep:rustls>=0.23", none(), Unknown, "none"),
            ("dep:rustls==0.23.1", none(), Unknown, "none"),
            ("dep:rustls!=0.23.1", none(), Holds, "none"),
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
            ("needs:libc.so.6", true.into(), Holds, "yes"),
            ("!needs:libc.so.6", true.into(), DoesNotHold, "yes"),
            ("needs:libc.so.6!=*", false.into(), Holds, "no"),
            ("build:CGO_ENABLED==0", "1".into(), DoesNotHold, "1"),
            (
                "leaks",
                list(&["a", "b", "c", "d", "e", "f", "g"]),
                Holds,
                "a, b, c, d, e and 2 more",
            ),
        ];
        for (text, value, verdict, found) in cases {
            let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{error}"));
            let (said, seen, why) = compare(&expression, &value);
            assert_eq!((said, seen.as_str()), (verdict, found), "{text} {value:?}");
            assert_eq!(why.is_some(), verdict == Unknown, "{text} {value:?}");
        }
    }
}
