//! Splits values in the user's spelling: quoted or not, alone or in a list.

use super::{FactDef, SIGNS, Wrong};
use crate::parse_error::Complaint;

/// A value.
pub(super) struct Written<'t> {
    /// Its part of the text.
    pub(super) part: &'t str,
    /// Its text, without quotes.
    pub(super) text: String,
    pub(super) quoted: bool,
}

impl<'t> Written<'t> {
    fn bare(part: &'t str) -> Result<Self, Complaint> {
        if part.starts_with(SIGNS) {
            let hint = "quote it, as in path=\"<a>\"".to_owned();
            return Err(Complaint("a value does not begin with such a sign".to_owned(), hint));
        }
        Ok(Self { part, text: part.to_owned(), quoted: false })
    }

    /// Parses a quoted value. Returns it and the rest of the text.
    fn quoted(text: &'t str) -> Result<(Self, &'t str), Complaint> {
        let mut value = String::new();
        let mut chars = text.get(1..).unwrap_or_default().chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    let rest = chars.as_str();
                    let part = text.get(..text.len() - rest.len()).unwrap_or(text);
                    return Ok((Self { part, text: value, quoted: true }, rest));
                }
                '\\' => value.extend(chars.next()),
                c => value.push(c),
            }
        }
        let hint = "close it, as in path=\"a b\"; inside, \\\" is a quote and \\\\ a backslash";
        Err(Complaint("the closing quote is missing".to_owned(), hint.to_owned()))
    }
}

/// Parses the value of a comparison. Returns whether a `?` follows it.
pub(super) fn value(text: &str) -> Result<(Written<'_>, bool), Complaint> {
    if text.starts_with('"') {
        let (value, rest) = Written::quoted(text)?;
        let or_unknown = end(rest, "the closing quote", "path=\"a b\"?")?;
        return Ok((Written { part: text, ..value }, or_unknown));
    }
    let bare = text.strip_suffix('?');
    Ok((Written::bare(bare.unwrap_or(text).trim_end())?, bare.is_some()))
}

/// Parses the values between brackets. Returns whether a `?` follows them.
pub(super) fn list<'t>(
    text: &'t str,
    fact: &FactDef,
) -> Result<(Vec<Written<'t>>, bool), Wrong<'t>> {
    let example = format!("as in {} in [A, B]", fact.name.trim_end_matches(':'));
    let wrong = |message: &str| Complaint(message.to_owned(), example.clone());
    let Some(inside) = text.strip_prefix('[') else {
        return Err((text, wrong("a list in brackets was expected behind `in`")));
    };
    let mut values = Vec::new();
    let mut rest = inside.trim_start();
    loop {
        let (value, after) = if rest.starts_with('"') {
            Written::quoted(rest).map_err(|complaint| (rest, complaint))?
        } else {
            let end = rest.find([',', ']']).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            (Written::bare(part.trim_end()).map_err(|complaint| (part, complaint))?, after)
        };
        if value.text.is_empty() && !value.quoted {
            return Err((after.get(..1).unwrap_or(after), wrong("a value is missing here")));
        }
        values.push(value);
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => match after.strip_prefix(']') {
                Some(tail) => {
                    let or_unknown = end(tail, "the list", "arch in [amd64, arm64]?")
                        .map_err(|complaint| (tail.trim(), complaint))?;
                    return Ok((values, or_unknown));
                }
                None => return Err((after, wrong("a `,` or a `]` was expected here"))),
            },
        }
    }
}

/// Whether the rest is a `?`. Fails for any other text.
fn end(rest: &str, behind: &str, example: &str) -> Result<bool, Complaint> {
    match rest.trim() {
        "" => Ok(false),
        "?" => Ok(true),
        more => Err(Complaint(
            format!("`{more}` follows {behind}"),
            format!("only a `?` may stand there, as in {example}"),
        )),
    }
}
