//! `-X NAME=VALUE`: what the user wrote, and the templates in it filled in. What a template
//! stands for is asked for only if one of the values uses it.

use std::fmt;

use crate::app::error::Usage;

/// Words that a value may hold in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// `{version}`: the package's version.
    Version,
    /// `{git.tag}`: the tag at the commit, or the last one with the distance.
    GitTag,
    /// `{git.sha}`: the full commit id.
    GitSha,
    /// `{date}`: the day of the commit (or of `SOURCE_DATE_EPOCH`) in UTC, as 2026-01-31.
    Date,
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = TEMPLATES.iter().find(|(_, template)| template == self);
        f.write_str(word.map_or("", |(word, _)| word))
    }
}

const TEMPLATES: [(&str, Template); 4] = [
    ("{version}", Template::Version),
    ("{git.tag}", Template::GitTag),
    ("{git.sha}", Template::GitSha),
    ("{date}", Template::Date),
];

/// Splits `NAME=VALUE` at the first `=`. If a name is given twice, the last one holds.
///
/// # Errors
/// [`Usage`] for one without `=` or without a name.
pub(super) fn parse(args: &[String]) -> Result<Vec<(String, String)>, Usage> {
    let mut values: Vec<(String, String)> = Vec::new();
    for arg in args {
        let (name, value) = pair("-X", arg)?;
        values.retain(|(known, _)| *known != name);
        values.push((name, value));
    }
    Ok(values)
}

/// Splits the argument of a flag at its first `=`.
///
/// # Errors
/// [`Usage`] for one without `=` or without a name.
pub(super) fn pair(flag: &str, arg: &str) -> Result<(String, String), Usage> {
    match arg.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => {
            let name = if arg.is_empty() || arg.starts_with('=') { "NAME" } else { arg };
            Err(Usage::new(format!("`{flag} {arg}` is not NAME=VALUE"))
                .hint(format!("{flag} {name}=VALUE")))
        }
    }
}

/// Fills the templates in a value. Braces around other words stay as they are.
///
/// # Errors
/// What `lookup` says.
pub(super) fn fill<E>(
    value: &str,
    mut lookup: impl FnMut(Template) -> Result<String, E>,
) -> Result<String, E> {
    let mut filled = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        match TEMPLATES.iter().find(|(word, _)| from.starts_with(word)) {
            Some((word, template)) => {
                filled.push_str(&lookup(*template)?);
                rest = &from[word.len()..];
            }
            None => {
                filled.push('{');
                rest = &from[1..];
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(value: &str) -> String {
        fill(value, |template| Ok::<_, ()>(format!("<{template:?}>"))).expect("fills")
    }

    #[test]
    fn the_first_equals_sign_parts_and_the_last_value_holds() {
        let args = ["a::B=1=2".to_owned(), "c=".to_owned(), "a::B=3".to_owned()];
        let values = parse(&args).expect("parses");
        assert_eq!(values, [("c".into(), String::new()), ("a::B".into(), "3".into())]);
        for wrong in ["a::B", "", "=1"] {
            let error = parse(&[wrong.to_owned()]).expect_err("refused").to_string();
            assert!(error.contains("is not NAME=VALUE"), "{error}");
        }
    }

    #[test]
    fn templates_are_filled_and_other_braces_stay() {
        for (value, expected) in [
            ("", ""),
            ("1.0", "1.0"),
            ("v{version}+{git.sha}", "v<Version>+<GitSha>"),
            ("{{date}}", "{<Date>}"),
            ("{unknown} {git.tag", "{unknown} {git.tag"),
            ("{git.tag}{git.tag}ü", "<GitTag><GitTag>ü"),
        ] {
            assert_eq!(filled(value), expected, "{value}");
        }
    }
}
