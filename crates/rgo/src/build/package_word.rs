//! The positional words of `rgo-build`: packages. A word that is no package may be a mistyped
//! command, and is refused as one.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};
use rgo_toolchain::target_spec;

/// Takes the words that name packages.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackageWord;

impl TypedValueParser for PackageWord {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        let word = value.to_string_lossy();
        if value.to_str().is_some() && names_a_package(&word) {
            return Ok(word.into_owned());
        }
        let mut error = Error::new(ErrorKind::UnknownArgument).with_cmd(command);
        error.insert(ContextKind::InvalidArg, ContextValue::String(word.into_owned()));
        error.insert(ContextKind::Usage, ContextValue::StyledStr(command.clone().render_usage()));
        Err(error)
    }
}

/// Whether a word names packages: a folder (`./cmd/server`, `.`), a pattern (`./...`), an import
/// path, a Go file, or a package with its version (`NAME@VERSION`). A target is none.
fn names_a_package(word: &str) -> bool {
    let is_path = word.contains(['/', '\\', '@']) || matches!(word, "." | ".." | "...");
    (is_path || word.ends_with(".go"))
        && target_spec::resolve(&[word.to_owned()], None, "").is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_from_commands_and_targets() {
        for (word, is_package) in [
            (".", true),
            ("./cmd/server", true),
            ("./...", true),
            ("example.com/app/cmd/x", true),
            ("main.go", true),
            ("serde@1.0.0", true),
            ("doctor", false),
            ("doctr", false),
            ("linux/amd64", false),
            ("linux", false),
            ("", false),
        ] {
            assert_eq!(names_a_package(word), is_package, "{word}");
        }
    }
}
