//! The things that a policy judges: binaries, and the diffs, graphs and audits of other tools.
//!
//! A word is asked of one kind of subject. A tool judges some kinds, and leaves requirements of the
//! others to the tools that judge them, so that one policy file can serve all tools.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use super::count::count;

/// A kind of subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectKind {
    /// One image of a program, a library or an object file.
    #[default]
    Binary,
    /// The difference between two builds of a program.
    Diff,
    /// The dependency graph of a project or a program.
    Graph,
    /// The known advisories about the packages of a graph.
    Audit,
}

impl SubjectKind {
    /// All kinds, in the order of help texts.
    pub const ALL: [Self; 4] = [Self::Binary, Self::Diff, Self::Graph, Self::Audit];

    /// The name, which is that of its table in a policy file if it has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Diff => "diff",
            Self::Graph => "graph",
            Self::Audit => "audit",
        }
    }

    /// The place of its requirements in a policy file.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Binary => "`require` alone, or in [linux], [darwin], [windows] or [[file]]",
            Self::Diff => "`require` in [diff]",
            Self::Graph => "`require` in [graph]",
            Self::Audit => "`require` in [audit]",
        }
    }

    /// A number of them: "1 binary", "2 diffs".
    pub(super) fn counted(self, number: usize) -> String {
        match self {
            Self::Binary => count(number, "binary", "binaries"),
            Self::Diff => count(number, "diff", "diffs"),
            Self::Graph => count(number, "graph", "graphs"),
            Self::Audit => count(number, "audit", "audits"),
        }
    }

    /// The name with its article.
    pub(super) fn with_article(self) -> &'static str {
        match self {
            Self::Binary => "a binary",
            Self::Diff => "a diff",
            Self::Graph => "a graph",
            Self::Audit => "an audit",
        }
    }
}

/// A tool, and the kinds of subjects that it judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judge {
    /// The tool's name.
    pub tool: &'static str,
    /// What it judges.
    pub kinds: &'static [SubjectKind],
}

/// The name of a subject, which shows its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Subject {
    /// What it is.
    #[serde(skip)]
    pub kind: SubjectKind,
    /// The file that the user named or the walk found.
    pub file: String,
    /// Its path inside the file, if that is an archive, and inside nested archives: `a.tar!b`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The architecture, if it is one of several in a fat Mach-O file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    /// The container image and the layer that contain it, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

impl Subject {
    /// Makes the name of a file that is one binary.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// The file, with the path in it if it is an archive: `a.tar!b`.
    pub(super) fn path(&self) -> String {
        let member = self.member.iter().map(|member| format!("!{member}"));
        std::iter::once(self.file.clone()).chain(member).collect()
    }

    /// The path in the innermost archive, or the file if it is in none.
    pub(super) fn innermost(&self) -> &str {
        let member = self.member.as_deref().unwrap_or(&self.file);
        if self.member.is_some() { member.rsplit('!').next().unwrap_or(member) } else { member }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())?;
        let others = [&self.slice, &self.image];
        others.into_iter().flatten().try_for_each(|other| write!(f, " ({other})"))
    }
}
