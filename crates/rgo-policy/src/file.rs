//! Reads policy files: TOML with a list of expressions for all binaries, and for those of a
//! platform or with a matching name. Every expression and every error has its line.
//!
//! ```text
//! require = ["…"]   allow-unknown = true     every binary; allow-unknown holds for the whole file
//! [linux]  [linux.static]  [linux.dynamic]  [darwin]  [windows]      the same two keys
//! [[file]]  match = "*.so"                                           the same two keys
//! [diff]  [graph]  [audit]                   other subjects:         the same two keys
//! ```

use std::ops::Range;

use rgo_report::printable_by_char;
use serde::Deserialize;
use toml::Spanned;

use super::expression::Expression;
use super::parse_error::{PolicyError, underlined};
use super::pattern::Pattern;
use super::subject::SubjectKind;
use super::vocabulary::Vocabulary;
use super::{PolicyOs, RequirementSource, Rule, Scope};

const EXAMPLE: &str = "a policy file has require = [\"pie\", …] and allow-unknown, alone and in \
                       [linux], [linux.static], [linux.dynamic], [darwin], [windows], and in \
                       [[file]] with match = \"*.so\"";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyFile {
    #[serde(default)]
    require: Vec<Spanned<String>>,
    #[serde(default)]
    allow_unknown: bool,
    #[serde(default)]
    linux: Linux,
    #[serde(default)]
    darwin: PolicyTable,
    #[serde(default)]
    windows: PolicyTable,
    #[serde(default)]
    file: Vec<MatchTable>,
    #[serde(default)]
    diff: PolicyTable,
    #[serde(default)]
    graph: PolicyTable,
    #[serde(default)]
    audit: PolicyTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyTable {
    #[serde(default)]
    require: Vec<Spanned<String>>,
    #[serde(default)]
    allow_unknown: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Linux {
    #[serde(default)]
    require: Vec<Spanned<String>>,
    #[serde(default)]
    allow_unknown: bool,
    #[serde(default, rename = "static")]
    static_: PolicyTable,
    #[serde(default)]
    dynamic: PolicyTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MatchTable {
    #[serde(rename = "match")]
    pattern: Spanned<String>,
    #[serde(default)]
    require: Vec<Spanned<String>>,
    #[serde(default)]
    allow_unknown: bool,
}

/// Reads the rules of a file.
///
/// # Errors
/// With the place and a correction.
pub(super) fn read(name: &str, text: &str, words: &Vocabulary) -> Result<Vec<Rule>, PolicyError> {
    let source = Text { name, text, words };
    let file: PolicyFile = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        source.complain(&span, error.message().lines().next().unwrap_or_default(), EXAMPLE)
    })?;
    let mut rules = Vec::new();
    let everywhere = file.allow_unknown;
    for Section { scope, kind, table } in sections(file, &source)? {
        for written in table.require {
            rules.push(Rule {
                scope: scope.clone(),
                expression: source.expression(&written, kind)?,
                source: RequirementSource::File {
                    name: name.to_owned(),
                    line: source.line(&written.span()).0,
                },
                allow_unknown: everywhere || table.allow_unknown,
            });
        }
    }
    if rules.is_empty() {
        return Err(PolicyError::new(format!("{name}: it requires nothing"), EXAMPLE));
    }
    Ok(rules)
}

/// A table of the file, and what its requirements are asked of.
struct Section {
    scope: Scope,
    kind: SubjectKind,
    table: PolicyTable,
}

/// All tables of a file.
fn sections(file: PolicyFile, source: &Text<'_>) -> Result<Vec<Section>, PolicyError> {
    let linux =
        PolicyTable { require: file.linux.require, allow_unknown: file.linux.allow_unknown };
    let every = PolicyTable { require: file.require, allow_unknown: file.allow_unknown };
    let of_binary = |(scope, table)| Section { scope, kind: SubjectKind::Binary, table };
    let mut sections: Vec<Section> = [
        (Scope::Every, every),
        (Scope::Os(PolicyOs::Linux), linux),
        (Scope::Linux { static_: true }, file.linux.static_),
        (Scope::Linux { static_: false }, file.linux.dynamic),
        (Scope::Os(PolicyOs::Darwin), file.darwin),
        (Scope::Os(PolicyOs::Windows), file.windows),
    ]
    .map(of_binary)
    .into();
    for MatchTable { pattern, require, allow_unknown } in file.file {
        let parsed = Pattern::new(pattern.get_ref()).map_err(|error| {
            let hint = "* is any text without /, ** any folders, ? one character, \
                        archive!path a path in an archive";
            let message = format!("`{}` is not a pattern: {error}", pattern.get_ref());
            source.complain(&pattern.span(), &message, hint)
        })?;
        sections.push(of_binary((Scope::File(parsed), PolicyTable { require, allow_unknown })));
    }
    let others = [
        (SubjectKind::Diff, file.diff),
        (SubjectKind::Graph, file.graph),
        (SubjectKind::Audit, file.audit),
    ];
    let of_other = |(kind, table)| Section { scope: Scope::Every, kind, table };
    sections.extend(others.map(of_other));
    Ok(sections)
}

/// A file with its name, for error messages, and the vocabulary of its expressions.
struct Text<'a> {
    name: &'a str,
    text: &'a str,
    words: &'a Vocabulary,
}

impl Text<'_> {
    /// Parses an expression of a table whose requirements are asked of `kind`.
    fn expression(
        &self,
        written: &Spanned<String>,
        kind: SubjectKind,
    ) -> Result<Expression, PolicyError> {
        let expression = self.parsed(written)?;
        let asked = expression.fact.subject;
        if asked != kind {
            let message = format!("`{expression}` is asked of {}", asked.with_article());
            let hint = format!("its place is {}", asked.place());
            return Err(self.complain(&written.span(), &message, &hint));
        }
        Ok(expression)
    }

    fn parsed(&self, written: &Spanned<String>) -> Result<Expression, PolicyError> {
        Expression::parse(written.get_ref(), self.words).map_err(|error| {
            let whole = written.span();
            let quoted = self.text.get(whole.clone()).unwrap_or_default();
            let inside = quoted.get(1..quoted.len().saturating_sub(1));
            // If the value has escapes, offsets in it differ from those in the file.
            let span = if inside == Some(written.get_ref()) {
                let start = whole.start + 1;
                start + error.span().start..start + error.span().end
            } else {
                whole
            };
            self.complain(&span, error.message(), error.hint())
        })
    }

    fn complain(&self, span: &Range<usize>, message: &str, hint: &str) -> PolicyError {
        let (number, line, start) = self.line(span);
        let within = span.start.saturating_sub(start)..span.end.saturating_sub(start);
        let before = line.get(..within.start.min(line.len())).unwrap_or(line);
        let column = before.chars().count() + 1;
        let (message, line) = (printable_by_char(message), underlined(line, &within));
        PolicyError::new(format!("{}:{number}:{column}: {message}\n{line}", self.name), hint)
    }

    /// The line in which a span begins: its number from 1, its text, and its offset.
    fn line(&self, span: &Range<usize>) -> (usize, &str, usize) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = self.text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        (before.matches('\n').count() + 1, line, start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    fn rules(text: &str) -> Vec<(Scope, String, String, bool)> {
        let rules =
            read("p.toml", text, &samples::vocabulary()).unwrap_or_else(|error| panic!("{error}"));
        let row = |rule: Rule| {
            (rule.scope, rule.expression.to_string(), rule.source.to_string(), rule.allow_unknown)
        };
        rules.into_iter().map(row).collect()
    }

    #[test]
    fn every_table_has_its_scope_and_every_expression_its_line() {
        let text = "\
require = [\"!vcs.modified\"]
[linux]
require = ['relro=full',
  'pie?']
[linux.static]
require = [\"static\"]
[linux.dynamic]
require = [\"glibc<=2.28\"]
allow-unknown = true
[darwin]
require = [\"macos<=11.0\"]
[windows]
require = [\"cf-guard\"]
[[file]]
match = \"*.so\"
require = [\"!rpath\"]
";
        let row = |scope, expression: &str, line: usize, allowed| {
            (scope, expression.to_owned(), format!("p.toml:{line}"), allowed)
        };
        assert_eq!(
            rules(text),
            [
                row(Scope::Every, "!vcs.modified", 1, false),
                row(Scope::Os(PolicyOs::Linux), "relro=full", 3, false),
                row(Scope::Os(PolicyOs::Linux), "pie?", 4, false),
                row(Scope::Linux { static_: true }, "static", 6, false),
                row(Scope::Linux { static_: false }, "glibc<=2.28", 8, true),
                row(Scope::Os(PolicyOs::Darwin), "macos<=11.0", 11, false),
                row(Scope::Os(PolicyOs::Windows), "cf-guard", 13, false),
                row(Scope::File(Pattern::new("*.so").expect("valid")), "!rpath", 16, false),
            ]
        );
        let everywhere = rules("allow-unknown = true\n[windows]\r\nrequire = [\"cf-guard\"]");
        assert!(everywhere.iter().all(|(.., allowed)| *allowed));
    }

    #[test]
    fn mistakes_are_shown_in_their_line() {
        let cases = [
            (
                "require = [\"static\",\n  \"glibx<=2.28\"]",
                "p.toml:2:4: there is no fact `glibx`\n    \"glibx<=2.28\"]\n     ^^^^^\nhint: did you mean `glibc`? For example: glibc<=2.28",
            ),
            (
                "require = [\"path=\\\"a\"]",
                "p.toml:1:12: the closing quote is missing\n  require = [\"path=\\\"a\"]\n             ^^^^^^^^^^\nhint: close it, as in path=\"a b\"; inside, \\\" is a quote and \\\\ a backslash",
            ),
            (
                "# é\n[linx]\nrequire = []",
                "p.toml:2:2: unknown field `linx`, expected one of `require`, `allow-unknown`, `linux`, `darwin`, `windows`, `file`, `diff`, `graph`, `audit`\n  [linx]\n   ^^^^\nhint: EXAMPLE",
            ),
            (
                "[linux]\nrequired = [\"pie\"]",
                "p.toml:2:1: unknown field `required`, expected one of `require`, `allow-unknown`, `static`, `dynamic`\n  required = [\"pie\"]\n  ^^^^^^^^\nhint: EXAMPLE",
            ),
            (
                "require = \"pie\"",
                "p.toml:1:11: invalid type: string \"pie\", expected a sequence\n  require = \"pie\"\n            ^^^^^\nhint: EXAMPLE",
            ),
            (
                "[[file]]\nrequire = [\"pie\"]",
                "p.toml:1:1: missing field `match`\n  [[file]]\n  ^^^^^^^^\nhint: EXAMPLE",
            ),
            (
                "[[file]]\nmatch = \"a[\"\nrequire = [\"pie\"]",
                "p.toml:2:9: `a[` is not a pattern: only *, ** and ? have a meaning in it\n  match = \"a[\"\n          ^^^^\nhint: * is any text without /, ** any folders, ? one character, archive!path a path in an archive",
            ),
            ("[linux]\n", "p.toml: it requires nothing\nhint: EXAMPLE"),
            ("", "p.toml: it requires nothing\nhint: EXAMPLE"),
        ];
        for (text, expected) in cases {
            let error = read("p.toml", text, &samples::vocabulary()).expect_err(text);
            let said = format!("{error}\nhint: {}", error.hint());
            assert_eq!(said, expected.replace("EXAMPLE", EXAMPLE), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_policy_or_an_error(text in r#"(require = |\[|linux|"|'|pie|<=|=|\]|\n|.){0,20}"#) {
            if let Err(error) = read("p.toml", &text, &samples::vocabulary()) {
                prop_assert!(error.to_string().starts_with("p.toml:"));
            }
        }
    }
}
