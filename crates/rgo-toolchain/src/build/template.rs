//! The templates in braces that a value for a slot or a variable may contain, and the reasons why one has no
//! value. A template is looked up only if a value uses it.

use std::fmt;

use crate::vcs::Absent;

/// A template that a value may contain in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
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

/// Why a template has no value.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// The built packages have several versions.
    #[error("{{version}} is not one value: {}", .0.join(", "))]
    SeveralVersions(Vec<String>),
    /// There is no such template.
    #[error("`{0}` is no placeholder")]
    Unknown(String),
    /// There is no commit.
    #[error("{0} has no value, because no commit is known")]
    NoCommit(Template),
    /// The value is that of the tag, and no tag can be found; the source says why.
    #[error("{0} has no value, because no git tag is known")]
    NoTag(Template, #[source] Absent),
    /// A finished program does not record it.
    #[error("{0} has no value, because the program does not say it")]
    NotSaid(Template),
    /// The program's record cannot be read.
    #[error(transparent)]
    Unreadable(#[from] rgo_binary::Error),
    /// A time outside of the calendar.
    #[error(transparent)]
    Time(#[from] jiff::Error),
}

impl ValueError {
    /// The next step, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown(_) => "there are {version}, {git.tag}, {git.sha} and {date}",
            Self::SeveralVersions(_) => "build the packages one by one, with -p",
            Self::NoCommit(Template::Date) => {
                "set SOURCE_DATE_EPOCH, or build from a git repository"
            }
            Self::NoCommit(_) => {
                "build from a git repository that has a commit, and without --vcs off"
            }
            Self::NoTag(..) => "`git tag v1.0.0`, and in CI fetch with tags",
            Self::NotSaid(_) => "write the value itself",
            Self::Unreadable(_) | Self::Time(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// Fills the templates in a value. Other words in braces stay unchanged.
///
/// # Errors
/// Those of `lookup`.
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

/// The first word in braces that is no template. Only a single word is meant as one: `{"a": 1}` is
/// text.
pub(super) fn unknown(value: &str) -> Option<&str> {
    value.match_indices('{').find_map(|(start, _)| {
        let length = value[start..].find('}')? + 1;
        let word = &value[start..start + length];
        let name = &word[1..length - 1];
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        (is_word && TEMPLATES.iter().all(|(known, _)| *known != word)).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_word_in_braces_is_meant_as_a_template() {
        for (value, expected) in [
            ("{version} {git.tag} {git.sha} {date}", None),
            ("{version}+{sha}", Some("{sha}")),
            ("{git-sha}", Some("{git-sha}")),
            ("{{foo}}", Some("{foo}")),
            ("{", None),
            ("{}", None),
            ("{ foo }", None),
            ("{\"a\": 1}", None),
            ("{1}", None),
            ("}{", None),
            ("{ü}", None),
        ] {
            assert_eq!(unknown(value), expected, "{value}");
        }
    }

    fn filled(value: &str) -> String {
        fill(value, |template| Ok::<_, ()>(format!("<{template:?}>"))).expect("fills")
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
