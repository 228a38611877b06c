//! Parses the user's `-X NAME=VALUE`, and fills its templates.

use super::error::BuildError;
use super::template::{Template, ValueError, fill};

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

/// Fills the templates of all values.
///
/// # Errors
/// [`BuildError::Value`] with the error of `lookup`.
pub fn fill_all(
    values: &[(String, String)],
    mut lookup: impl FnMut(Template) -> Result<String, ValueError>,
) -> Result<Vec<(String, String)>, BuildError> {
    let filled = values.iter().map(|(name, value)| {
        let of_value = |source| {
            let (name, value) = (name.clone(), value.clone());
            BuildError::Value { name, value, source }
        };
        Ok((name.clone(), fill(value, &mut lookup).map_err(of_value)?))
    });
    filled.collect()
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
}
