//! Parses one requirement: `glibc<=2.28`, `!vcs.modified`, `dep:openssl!=*`.
//!
//! ```text
//! expression = [ "!" ] name [ "?" ]
//!            | name operator value [ "?" ]
//!            | name "in" "[" value { "," value } "]" [ "?" ]
//! name       = word | family ":" member                  the tool's vocabulary has them all
//! operator   = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
//! value      = '"' any text, with \" and \\ '"' | text without a "?" at its end; in a list
//!              without "," and "]"
//! ```
//!
//! The kind of the fact decides which values are valid. A typing mistake is therefore an error
//! here, and not a gate that never holds, or always.

mod operand;
#[cfg(test)]
mod tests;
mod written;

use std::fmt;

use super::parse_error::{Complaint, ParseError};
use super::vocabulary::{FactDef, ValueKind, Vocabulary};
use operand::compare;
pub use operand::size_in_bytes;
use written::Written;

pub(super) use operand::{Operand, OperandValue, time};

/// A parsed requirement. Its `Display` is the user's spelling.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    pub(super) fact: &'static FactDef,
    /// The text behind the colon of a family.
    pub(super) member: String,
    pub(super) test: Test,
    /// Whether an unknown fact passes.
    pub(super) or_unknown: bool,
}

/// The condition on the fact.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// The name alone, or behind `!`.
    Is(bool),
    /// Any value, `=*`, or none, `!=*`.
    Any(bool),
    /// A comparison.
    Compare(Operator, Operand),
    /// One of several values.
    In(Vec<Operand>),
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

/// Every spelling of an operator, and its text in front of a value.
const OPERATORS: [(&str, Operator, &str); 7] = [
    ("=", Operator::Equal, ""),
    ("==", Operator::Equal, ""),
    ("!=", Operator::NotEqual, "anything but "),
    ("<=", Operator::LessOrEqual, "at most "),
    ("<", Operator::Less, "below "),
    (">=", Operator::GreaterOrEqual, "at least "),
    (">", Operator::Greater, "above "),
];

/// Characters of operators, here or in other tools. `~` is part of some module paths.
const SIGNS: [char; 5] = ['=', '<', '>', '!', '^'];
/// Characters that occur in no name. They mark two expressions in one, which would otherwise look
/// like a strange name.
const NOT_IN_NAMES: [char; 7] = [',', ';', '|', '&', '"', '\'', '\\'];
const ALL_OPERATORS: &str = "there are =, !=, <, <=, >, >= and in [A, B]";

/// An error in a part of the text.
type Wrong<'t> = (&'t str, Complaint);

impl Expression {
    /// Parses an expression about the facts of a tool.
    ///
    /// ```
    /// use rgo_policy::vocabulary::{FactDef, ValueKind};
    /// use rgo_policy::{Expression, SubjectKind, Vocabulary};
    ///
    /// static FACTS: [FactDef; 1] = [FactDef {
    ///     name: "glibc",
    ///     subject: SubjectKind::Binary,
    ///     kind: ValueKind::Version,
    ///     about: "the oldest glibc that it runs with",
    ///     example: "glibc<=2.28",
    /// }];
    /// let facts = Vocabulary::new(&FACTS, &[], &[]);
    /// let expression = Expression::parse("glibc<=2.28", &facts).expect("is one");
    /// assert_eq!(expression.to_string(), "glibc<=2.28");
    /// let error = Expression::parse("glibbc<=2.28", &facts).expect_err("no such fact");
    /// assert!(error.hint().contains("glibc"));
    /// ```
    ///
    /// # Errors
    /// If the text is not an expression, with the place and what to write instead.
    pub fn parse(text: &str, words: &Vocabulary) -> Result<Self, ParseError> {
        read(text, words).map_err(|(part, Complaint(message, hint))| {
            // Every part is a slice of the text, so the difference of the two addresses is its
            // offset.
            let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            ParseError::new(text, start..start + part.len(), message, hint)
        })
    }

    /// The expected value as text.
    #[must_use]
    pub fn expected(&self) -> String {
        match (&self.test, self.fact.kind) {
            (Test::Is(true), ValueKind::Level { strongest, .. }) => strongest.join(" or "),
            (Test::Is(true), ValueKind::Flag | ValueKind::Presence) => "yes".to_owned(),
            (Test::Is(false), ValueKind::Flag | ValueKind::Presence) => "no".to_owned(),
            (Test::Is(true), ValueKind::Setting) => "on".to_owned(),
            (Test::Is(false), ValueKind::Setting) => "off".to_owned(),
            (Test::Is(true) | Test::Any(true), _) => "any".to_owned(),
            (Test::Is(false) | Test::Any(false), _) => "none".to_owned(),
            (Test::Compare(operator, operand), _) => {
                let known = OPERATORS.iter().find(|(_, meaning, _)| meaning == operator);
                let before = known.map_or("", |(_, _, words)| words);
                format!("{before}{}", operand.text)
            }
            (Test::In(operands), _) => {
                let texts: Vec<&str> = operands.iter().map(|it| it.text.as_str()).collect();
                format!("one of {}", texts.join(", "))
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn read<'t>(text: &'t str, words: &Vocabulary) -> Result<Expression, Wrong<'t>> {
    let body = text.trim();
    let (negated, rest) =
        body.strip_prefix('!').map_or((false, body), |rest| (true, rest.trim_start()));
    let end = |c: char| SIGNS.contains(&c) || c == '?' || c.is_whitespace();
    let (name, tail) = rest.split_at(rest.find(end).unwrap_or(rest.len()));
    let (fact, member) = name_of(name, words).map_err(|complaint| (name, complaint))?;
    let expression = |test, or_unknown| Expression {
        text: body.to_owned(),
        fact,
        member: member.clone(),
        test,
        or_unknown,
    };

    let tail = tail.trim_start();
    let signs = tail.len() - tail.trim_start_matches(SIGNS).len();
    let (operator, value) = tail.split_at(signs);
    let list = list_behind(tail);
    if operator.is_empty() && list.is_none() {
        let or_unknown = match tail {
            "" => false,
            "?" => true,
            _ => return Err((tail, left_over(fact))),
        };
        let test = alone(fact, negated).map_err(|complaint| (name, complaint))?;
        return Ok(expression(test, or_unknown));
    }
    if negated {
        let message = "`!` stands before a name alone, not before a comparison".to_owned();
        let hint = format!("compare by another operator, as in {name}!=VALUE");
        return Err((body.get(..1).unwrap_or_default(), Complaint(message, hint)));
    }
    if let Some(list) = list {
        let (items, or_unknown) = written::list(list, fact)?;
        let operand = |item: &Written<'t>| {
            operand::in_list(fact, item).map_err(|complaint| (item.part, complaint))
        };
        let operands = items.iter().map(operand).collect::<Result<_, _>>()?;
        return Ok(expression(Test::In(operands), or_unknown));
    }
    let sign = OPERATORS.iter().find(|(sign, ..)| *sign == operator);
    let Some((_, meaning, _)) = sign else { return Err((operator, no_operator(operator, fact))) };
    let value = value.trim();
    let (value, or_unknown) = written::value(value).map_err(|complaint| (value, complaint))?;
    let test =
        compare(fact, *meaning, operator, &value).map_err(|complaint| (value.part, complaint))?;
    Ok(expression(test, or_unknown))
}

/// The list behind the word `in`.
fn list_behind(tail: &str) -> Option<&str> {
    let list = tail.strip_prefix("in")?;
    let ends = list.is_empty() || list.starts_with(|c: char| c == '[' || c.is_whitespace());
    ends.then(|| list.trim_start())
}

fn name_of(name: &str, words: &Vocabulary) -> Result<(&'static FactDef, String), Complaint> {
    if name.is_empty() {
        let hint = "name a fact, as in glibc<=2.28; `rgo help policy` lists them all".to_owned();
        return Err(Complaint("the name of a fact is missing".to_owned(), hint));
    }
    if name.ends_with('~') {
        let hint = format!("{ALL_OPERATORS}, as in dep:rustls>=0.23");
        return Err(Complaint("there is no operator `~`".to_owned(), hint));
    }
    if name.contains(NOT_IN_NAMES) {
        let hint = "give --require once for each expression, as in --require static --require pie";
        return Err(Complaint(format!("`{name}` is not a name"), hint.to_owned()));
    }
    words.find(name).ok_or_else(|| unknown_name(name, words))
}

fn unknown_name(name: &str, words: &Vocabulary) -> Complaint {
    if let Some(new) = words.renamed(name) {
        let family = words.family(name).map(|family| {
            format!("; {}NAME is another question, as in {}", family.name, family.example)
        });
        let hint = format!("write {new}{}", family.unwrap_or_default());
        return Complaint(format!("the fact `{name}` is called `{new}` now"), hint);
    }
    let hint = match words.nearest(name) {
        Some(near) if name == near.name => format!("name one, as in {}", near.example),
        Some(near) => format!("did you mean `{}`? For example: {}", near.name, near.example),
        None => "a dependency is asked for by dep:NAME, as in dep:rustls>=0.23; `rgo help policy` \
                 lists all facts"
            .to_owned(),
    };
    Complaint(format!("there is no fact `{name}`"), hint)
}

fn left_over(fact: &FactDef) -> Complaint {
    let message = "an operator or the end was expected here".to_owned();
    Complaint(message, format!("for example: {}", fact.example))
}

fn no_operator(operator: &str, fact: &FactDef) -> Complaint {
    let hint = format!(
        "{ALL_OPERATORS}, as in {}; a value that begins with such a sign is quoted",
        fact.example
    );
    Complaint(format!("there is no operator `{operator}`"), hint)
}

fn alone(fact: &FactDef, negated: bool) -> Result<Test, Complaint> {
    if !fact.kind.needs_comparison() {
        return Ok(Test::Is(!negated));
    }
    Err(Complaint(
        format!("`{}` is {}, and nothing is compared with it", fact.name, fact.kind.in_words()),
        format!("write a comparison, in quotes for the shell's sake: '{}'", fact.example),
    ))
}
