//! Defines the facts that expressions name. The tools supply one list: for every fact the name, what
//! it is asked of, the kind of its values, an explanation and an example. The parser, its
//! suggestions, the help and the judge share that list.

use rgo_report::{Column, Document, Table, nearest};

use super::subject::{Judge, SubjectKind};
use super::synonyms::SYNONYMS;

/// The kind of a fact's values, which decides how comparisons work and which of them make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Yes or no: `static`, `!static`.
    Flag,
    /// Whether something exists: `needs:LIB`, `!needs:LIB`.
    Presence,
    /// Always one of these values, in upper or lower case: `format=elf`.
    OneOf(&'static [&'static str]),
    /// The same, with `none` among the values: `libc=musl`, `!packer`.
    Name(&'static [&'static str]),
    /// Like [`ValueKind::OneOf`], for a fact that shows a number if there is no name for it. The
    /// text is the prefix of that number: `machine `.
    OneOfOrNumber(&'static [&'static str], &'static str),
    /// One of several values, the first of which is `none`. The word alone requires one of the
    /// strongest values, `!` requires `none`, and values between satisfy neither: `relro`,
    /// `relro=partial`, `!relro`.
    Level {
        /// Every value, the weakest first.
        values: &'static [&'static str],
        /// The values that satisfy the word alone.
        strongest: &'static [&'static str],
    },
    /// Text; in an expression `*` matches any text.
    Text,
    /// The text of a setting. The word alone holds if it is set to a value other than those of
    /// [`OFF`].
    Setting,
    /// A version number: numbers compare as numbers, pre-releases come first.
    Version,
    /// The versions of one dependency.
    Dependency,
    /// A point in time: RFC 3339, or a date alone.
    Time,
    /// A number of bytes: `10MB` is 10 000 000, `10MiB` is 10 485 760.
    Size,
    /// A number of things: `exports-removed=0`.
    Count,
    /// How much larger something is than before: `2%`, `16KiB`; it can be negative.
    Growth,
}

impl ValueKind {
    /// The kind as text that completes "it is …".
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Flag => "yes or no",
            Self::Presence => "there or not",
            Self::OneOf(_) | Self::OneOfOrNumber(..) | Self::Name(_) | Self::Level { .. } => {
                "a word"
            }
            Self::Text => "text",
            Self::Setting => "a setting",
            Self::Version => "a version",
            Self::Dependency => "a dependency",
            Self::Time => "a time",
            Self::Size => "a number of bytes",
            Self::Count => "a number",
            Self::Growth => "a share as in 2%, or a number of bytes",
        }
    }

    /// Whether every binary has a value, so that the word alone would hold for all of them.
    pub(super) fn needs_comparison(self) -> bool {
        matches!(
            self,
            Self::OneOf(_)
                | Self::OneOfOrNumber(..)
                | Self::Version
                | Self::Size
                | Self::Count
                | Self::Growth
        )
    }

    /// Every value that has a name. Empty for a fact whose values are not names.
    pub(super) fn values(self) -> &'static [&'static str] {
        match self {
            Self::OneOf(values)
            | Self::OneOfOrNumber(values, _)
            | Self::Name(values)
            | Self::Level { values, .. } => values,
            _ => &[],
        }
    }

    /// The value for the user's spelling, in lower case; `None` if the fact never has it.
    pub(super) fn value(self, typed: &str) -> Option<String> {
        let typed = typed.to_lowercase();
        let is_value = |name: &str| self.values().iter().any(|value| value.to_lowercase() == name);
        if is_value(&typed) {
            return Some(typed);
        }
        if let Self::OneOfOrNumber(_, before) = self
            && typed.strip_prefix(before).is_some_and(|number| number.parse::<u32>().is_ok())
        {
            return Some(typed);
        }
        let mut meant = SYNONYMS.iter().filter(|(other, _)| *other == typed).map(|(_, name)| *name);
        meant.find(|name| is_value(name)).map(str::to_owned)
    }

    /// The value whose name or synonym is nearest to the user's spelling.
    pub(super) fn nearest_value(self, typed: &str) -> Option<&'static str> {
        let of_name =
            |name: &str| self.values().iter().find(|value| value.to_lowercase() == *name).copied();
        let synonyms = SYNONYMS.iter().filter_map(|(other, name)| Some((*other, of_name(name)?)));
        let names = self.values().iter().map(|value| (*value, *value));
        nearest(typed, names.chain(synonyms))
    }
}

/// Values that switch a setting off.
pub const OFF: [&str; 6] = ["", "0", "false", "no", "none", "off"];

/// A fact that expressions can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactDef {
    /// Its name; a name that ends with `:` begins a family, such as `dep:`.
    pub name: &'static str,
    /// What it is asked of.
    pub subject: SubjectKind,
    /// The kind of its values.
    pub kind: ValueKind,
    /// Its explanation, in one line.
    pub about: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
}

impl FactDef {
    fn is_family(&self) -> bool {
        self.name.ends_with(':')
    }
}

/// A fact's former and current name.
pub type Renamed = (&'static str, &'static str);

/// All words of a policy, whichever tool judges them.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    words: Vec<&'static FactDef>,
    renamed: &'static [Renamed],
    judges: &'static [Judge],
}

impl Vocabulary {
    /// Makes a vocabulary of the words in the order of the help, the former names of some of them,
    /// and the tools that judge.
    pub fn new(
        words: impl IntoIterator<Item = &'static FactDef>,
        renamed: &'static [Renamed],
        judges: &'static [Judge],
    ) -> Self {
        Self { words: words.into_iter().collect(), renamed, judges }
    }

    /// The tools that judge a kind of subject, in words.
    pub(super) fn judges_of(&self, kind: SubjectKind) -> String {
        let judges = self.judges.iter().filter(|judge| judge.kinds.contains(&kind));
        let names: Vec<_> = judges.map(|judge| judge.tool).collect();
        if names.is_empty() { "no tool yet".to_owned() } else { names.join(", ") }
    }

    /// Every word.
    pub fn words(&self) -> impl Iterator<Item = &'static FactDef> {
        self.words.iter().copied()
    }

    /// Finds the word with this name. Returns it with the text behind the family's colon.
    pub(super) fn find(&self, name: &str) -> Option<(&'static FactDef, String)> {
        self.words().find_map(|word| {
            if !word.is_family() {
                return (word.name == name).then(|| (word, String::new()));
            }
            // A family without a member is no question.
            let member = name.strip_prefix(word.name).filter(|member| !member.is_empty())?;
            Some((word, member.to_owned()))
        })
    }

    /// The current name of a fact with this former name.
    pub(super) fn renamed(&self, name: &str) -> Option<&'static str> {
        self.renamed.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)
    }

    /// The family of this name, without its colon.
    pub(super) fn family(&self, name: &str) -> Option<&'static FactDef> {
        self.words().find(|word| word.name.strip_suffix(':') == Some(name))
    }

    /// The word whose name is nearest to the user's spelling, if it is near enough.
    pub(super) fn nearest(&self, typed: &str) -> Option<&'static FactDef> {
        let family = typed.split_once(':').map(|(family, _)| format!("{family}:"));
        let typed = family.as_deref().unwrap_or(typed);
        nearest(typed, self.words().map(|word| (word.name, word)))
    }

    /// The help on all words, by what they are asked of, and on expressions and policy files.
    #[must_use]
    pub fn help(&self) -> Document {
        let mut document = Document::new();
        for kind in SubjectKind::ALL {
            let columns = ["fact", "for example", "what it says"].map(Column::left);
            let mut table = Table::new(columns);
            let words: Vec<_> = self.words().filter(|word| word.subject == kind).collect();
            for word in &words {
                let end = if word.is_family() { "NAME" } else { "" };
                let name = format!("{}{end}", word.name);
                table.row([name.into(), word.example.into(), word.about.into()]);
            }
            if !words.is_empty() {
                let asked = kind.with_article();
                let title = format!("Asked of {asked}, by {}", self.judges_of(kind));
                document = document.heading(title).table(table);
            }
        }
        document.heading("Words with several values").table(self.levels()).raw(format!(
            "\n{}{}",
            super::HELP,
            self.other_tables()
        ))
    }

    /// What a policy file has besides the requirements of binaries.
    fn other_tables(&self) -> String {
        let others = SubjectKind::ALL.into_iter().filter(|kind| *kind != SubjectKind::Binary);
        let asked = others.filter(|kind| self.words().any(|word| word.subject == *kind));
        let line = |kind: SubjectKind| {
            let (kind, place, judges) = (kind.with_article(), kind.place(), self.judges_of(kind));
            format!("The requirements of {kind} are {place}; judged by {judges}.\n")
        };
        asked.map(line).collect()
    }

    /// The words that have a strongest value.
    fn levels(&self) -> Table {
        let columns = ["word", "alone it asks for", "other values"].map(Column::left);
        let mut levels = Table::new(columns);
        for word in &self.words {
            let ValueKind::Level { values, strongest } = word.kind else { continue };
            let others = values.iter().filter(|value| !strongest.contains(value));
            let others: Vec<String> =
                others.map(|value| format!("{}={value}", word.name)).collect();
            levels.row([word.name.into(), strongest.join(" or ").into(), others.join(", ").into()]);
        }
        levels
    }
}

/// Whether a name matches a pattern in which `*` matches any text and everything else is literal.
/// `dep:` and `needs:` take such patterns, and every tool matches them with this function.
#[must_use]
pub fn glob_match(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn names_are_found_and_families_need_a_member() {
        let words = samples::vocabulary();
        let cases = [
            ("glibc", Some(("glibc", ""))),
            ("dep:serde", Some(("dep:", "serde"))),
            ("dep:a:b", Some(("dep:", "a:b"))),
            ("vcs.time", Some(("vcs.time", ""))),
            ("build:vcs", Some(("build:", "vcs"))),
            ("dep:", None),
            ("dep", None),
            ("Glibc", None),
            ("glibc:x", None),
            ("", None),
        ];
        for (name, expected) in cases {
            let found = words.find(name);
            let found = found.as_ref().map(|(word, member)| (word.name, member.as_str()));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn typing_errors_are_near_to_what_was_meant() {
        let words = samples::vocabulary();
        let cases = [
            ("glbic", Some("glibc")),
            ("Static", Some("static")),
            ("vcs.modifed", Some("vcs.modified")),
            ("deps:x", Some("dep:")),
            ("need:x", Some("needs:")),
            ("stack_protector", Some("stack-protector")),
            ("something-else", None),
            ("", None),
        ];
        for (typed, expected) in cases {
            assert_eq!(words.nearest(typed).map(|word| word.name), expected, "{typed}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        let cases = [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "x", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(glob_match(pattern, name), expected, "{pattern} {name}");
        }
    }
}
