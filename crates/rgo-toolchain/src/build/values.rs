//! Parses the user's `-X NAME=VALUE`, and fills the templates of `-X` and `--env`.

use super::error::BuildError;
use super::template::{Template, ValueError, fill, unknown};

/// Splits each `NAME=VALUE` at the first `=`. If a name occurs twice, the last one counts.
///
/// # Errors
/// [`BuildError::Usage`] for one without `=` or without a name.
pub fn parse(args: &[String]) -> Result<Vec<(String, String)>, BuildError> {
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
/// [`BuildError::Usage`] for one without `=` or without a name.
pub fn pair(flag: &str, arg: &str) -> Result<(String, String), BuildError> {
    match arg.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => {
            let name = if arg.is_empty() || arg.starts_with('=') { "NAME" } else { arg };
            let text = format!("`{flag} {arg}` is not NAME=VALUE");
            Err(BuildError::usage(text, format!("{flag} {name}=VALUE")))
        }
    }
}

/// Fills the templates of all values of `-X`.
///
/// # Errors
/// [`BuildError::Value`] with the error of `lookup`, or for a word in braces that is no template.
pub fn fill_all(
    values: &[(String, String)],
    lookup: impl FnMut(Template) -> Result<String, ValueError>,
) -> Result<Vec<(String, String)>, BuildError> {
    for (name, value) in values {
        if let Some(word) = unknown(value) {
            return Err(of_value("-X", name, value)(ValueError::Unknown(word.to_owned())));
        }
    }
    fill_known("-X", values, lookup)
}

/// Fills the templates of all values of a flag. Other words in braces stay: a variable may contain
/// any text.
///
/// # Errors
/// [`BuildError::Value`] with the error of `lookup`.
pub(super) fn fill_known(
    flag: &'static str,
    values: &[(String, String)],
    mut lookup: impl FnMut(Template) -> Result<String, ValueError>,
) -> Result<Vec<(String, String)>, BuildError> {
    let filled = values.iter().map(|(name, value)| {
        let filled = fill(value, &mut lookup).map_err(of_value(flag, name, value))?;
        Ok((name.clone(), filled))
    });
    filled.collect()
}

fn of_value(flag: &'static str, name: &str, value: &str) -> impl FnOnce(ValueError) -> BuildError {
    move |source| BuildError::Value { given: format!("{flag} {name}={value}"), source }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_word_in_braces_that_is_no_template_is_refused_in_x_alone() {
        let values = [("A".to_owned(), "{version}-{channel}".to_owned())];
        let lookup = |_| Ok("1.0".to_owned());
        let error = fill_all(&values, lookup).expect_err("refused");
        assert_eq!(error.to_string(), "-X A={version}-{channel}");
        assert!(error.is_usage());
        let filled = fill_known("--env", &values, lookup).expect("fills");
        assert_eq!(filled[0].1, "1.0-{channel}");
    }
}
