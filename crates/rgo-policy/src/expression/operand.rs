//! Parses the right side of a comparison by the kind of the fact.

use std::cmp::Ordering;

use super::written::Written;
use super::{Operator, Test};
use crate::parse_error::Complaint;
use crate::version::ComparableVersion;
use crate::vocabulary::{FactDef, ValueKind};

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operand {
    /// The user's spelling, without quotes.
    pub(crate) text: String,
    pub(crate) wanted: OperandValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OperandValue {
    /// A name, in lower case.
    Word(String),
    /// Text in which `*` matches any text.
    Pattern(String),
    /// Quoted text.
    Literal(String),
    Version(ComparableVersion),
    Time(jiff::Timestamp),
    Size(u64),
    Growth(GrowthLimit),
}

/// A growth to compare with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum GrowthLimit {
    /// Bytes.
    Bytes(i64),
    /// Percent of the size before.
    Percent(f64),
}

impl GrowthLimit {
    fn parse(text: &str) -> Option<Self> {
        if let Some(percent) = text.strip_suffix('%') {
            let percent: f64 = percent.trim().parse().ok()?;
            return percent.is_finite().then_some(Self::Percent(percent));
        }
        let (sign, bytes) = text.strip_prefix('-').map_or((1, text), |bytes| (-1, bytes));
        Some(Self::Bytes(i64::try_from(size_in_bytes(bytes)?).ok()? * sign))
    }

    /// How a growth by bytes compares with this.
    pub(crate) fn order(self, by: i64, from: u64) -> Option<Ordering> {
        // Shares of sizes need no more digits than a float has.
        #[allow(clippy::cast_precision_loss)]
        match self {
            Self::Bytes(bytes) => Some(by.cmp(&bytes)),
            // Something that was not there before grows beyond any share.
            Self::Percent(percent) => (by as f64 * 100.0).partial_cmp(&(percent * from as f64)),
        }
    }
}

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

/// Makes the test for `operator`, which the user wrote as `sign`.
pub(super) fn compare(
    fact: &FactDef,
    operator: Operator,
    sign: &str,
    value: &Written<'_>,
) -> Result<Test, Complaint> {
    let wrong = |message: String| Complaint(message, example(fact));
    let (name, what) = (fact.name, fact.kind.in_words());
    if value.text.is_empty() && !value.quoted {
        return Err(wrong(format!("a value is missing behind `{sign}`")));
    }
    let ordered = matches!(
        fact.kind,
        ValueKind::Version
            | ValueKind::Dependency
            | ValueKind::Time
            | ValueKind::Size
            | ValueKind::Count
            | ValueKind::Growth
    );
    let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    if !(ordered || equality) {
        return Err(wrong(format!("`{name}` is {what}, and has no order for `{sign}`")));
    }
    let equal = operator == Operator::Equal;
    if is_any(value) {
        return match fact.kind {
            ValueKind::Flag
            | ValueKind::OneOf(_)
            | ValueKind::OneOfOrNumber(..)
            | ValueKind::Size
            | ValueKind::Count
            | ValueKind::Growth => Err(wrong(format!("`{name}` is {what}: `*` would say nothing"))),
            _ if equality => Ok(Test::Any(equal)),
            _ => Err(wrong(format!("`*` is any value and has no order for `{sign}`"))),
        };
    }
    match fact.kind {
        ValueKind::Flag => {
            let yes = match value.text.to_lowercase().as_str() {
                "yes" | "true" => true,
                "no" | "false" => false,
                other => return Err(wrong(format!("`{other}` is not yes or no"))),
            };
            Ok(Test::Is(yes == equal))
        }
        ValueKind::Presence => Err(wrong(format!("`{name}` is there or not; it has no values"))),
        _ => Ok(Test::Compare(operator, operand(fact, value)?)),
    }
}

/// Parses a value of a list.
pub(super) fn in_list(fact: &FactDef, value: &Written<'_>) -> Result<Operand, Complaint> {
    let (name, what) = (fact.name, fact.kind.in_words());
    if matches!(
        fact.kind,
        ValueKind::Flag
            | ValueKind::Presence
            | ValueKind::Size
            | ValueKind::Count
            | ValueKind::Growth
    ) {
        let message = format!("`{name}` is {what}, and is not one of a list");
        return Err(Complaint(message, example(fact)));
    }
    if is_any(value) {
        let message = "`*` is any value, and needs no list".to_owned();
        return Err(Complaint(message, "write =* where any value will do".to_owned()));
    }
    operand(fact, value)
}

fn is_any(value: &Written<'_>) -> bool {
    value.text == "*" && !value.quoted
}

fn operand(fact: &FactDef, value: &Written<'_>) -> Result<Operand, Complaint> {
    let text = value.text.as_str();
    let no = |what: &str| Complaint(format!("`{text}` is not {what}"), example(fact));
    let wanted = match fact.kind {
        ValueKind::Text | ValueKind::Setting if value.quoted => {
            OperandValue::Literal(text.to_owned())
        }
        ValueKind::Text | ValueKind::Setting => OperandValue::Pattern(text.to_owned()),
        ValueKind::Version | ValueKind::Dependency => {
            OperandValue::Version(ComparableVersion::parse(text).ok_or_else(|| no("a version"))?)
        }
        ValueKind::Time => OperandValue::Time(time(text).ok_or_else(|| no("a date or time"))?),
        ValueKind::Size => {
            OperandValue::Size(size_in_bytes(text).ok_or_else(|| no("a number of bytes"))?)
        }
        ValueKind::Count => OperandValue::Size(text.parse().map_err(|_| no("a number"))?),
        ValueKind::Growth => {
            let limit = GrowthLimit::parse(text);
            OperandValue::Growth(limit.ok_or_else(|| no("a share or a number of bytes"))?)
        }
        ValueKind::OneOf(_)
        | ValueKind::OneOfOrNumber(..)
        | ValueKind::Name(_)
        | ValueKind::Level { .. }
        | ValueKind::Flag
        | ValueKind::Presence => {
            OperandValue::Word(fact.kind.value(text).ok_or_else(|| no_value(text, fact))?)
        }
    };
    Ok(Operand { text: text.to_owned(), wanted })
}

/// The error for a name that no binary can have: a comparison with it would always hold, or never.
fn no_value(text: &str, fact: &FactDef) -> Complaint {
    let near = fact.kind.nearest_value(text);
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    Complaint(
        format!("`{text}` is not a value of `{}`", fact.name),
        format!("{near}there are: {}", fact.kind.values().join(", ")),
    )
}

fn example(fact: &FactDef) -> String {
    format!("for example: {}", fact.example)
}

/// Parses a point in time. A date alone means its first moment in UTC.
pub(crate) fn time(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().or_else(|| {
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

/// Parses a number of bytes: `10MB` is 10 000 000, `10MiB` is 10 485 760.
#[must_use]
pub fn size_in_bytes(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim().to_lowercase();
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growths_are_shares_or_bytes() {
        for (text, by, from, expected) in [
            ("2%", 20, 1000, Some(Ordering::Equal)),
            ("2%", 21, 1000, Some(Ordering::Greater)),
            ("0%", 1, 0, Some(Ordering::Greater)),
            ("0.5%", 4, 1000, Some(Ordering::Less)),
            ("-1%", -20, 1000, Some(Ordering::Less)),
            ("16KiB", 16 << 10, 1, Some(Ordering::Equal)),
            ("-5", -4, 1, Some(Ordering::Greater)),
        ] {
            let limit = GrowthLimit::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(limit.order(by, from), expected, "{text} {by} {from}");
        }
        for bad in ["", "%", "NaN%", "inf%", "1.5KiB", "--1"] {
            assert_eq!(GrowthLimit::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_and_times_have_their_units() {
        assert_eq!(size_in_bytes("10MB"), Some(10_000_000));
        assert_eq!(size_in_bytes("10 MiB"), Some(10 << 20));
        assert_eq!(size_in_bytes("7"), Some(7));
        for bad in
            ["", "MB", "1.5MB", "-1", "10TB", "99999999999999999999", "18446744073709551615kB"]
        {
            assert_eq!(size_in_bytes(bad), None, "{bad}");
        }
        assert_eq!(time("2026-01-01"), time("2026-01-01T01:00:00+01:00"));
        assert!(time("2026-01-01").is_some() && time("January").is_none());
    }
}
