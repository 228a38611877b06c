//! The gate that every inspecting command shares: `--require EXPR` and `--policy FILE`. Each tool
//! supplies its [`Vocabulary`]. The gate asks for facts by name and knows no binary format; it
//! reads no file and prints nothing.
//!
//! ```text
//! --require ─▶ Expression ─┐
//! --policy ──▶ file.rs ────┴▶ Policy ── judge(subject, &dyn FactSource) ─▶ Judgement, one per binary
//!                                └──── conclude(judgements) ─▶ Outcome ─┬▶ holds()     the exit code
//!                                                                       ├▶ document()  text, Markdown
//!                                                                       ├▶ annotate    workflow commands
//!                                                                       └▶ sarif       code scanning
//! ```

pub mod annotate;
mod compare;
mod count;
mod expression;
mod facts;
mod file;
mod judge;
mod parse_error;
mod pattern;
pub mod run;
#[cfg(test)]
mod samples;
pub mod sarif;
mod subject;
mod synonyms;
#[cfg(test)]
mod tests;
mod verdict;
mod version;
pub mod vocabulary;

use std::fmt;

use serde::{Serialize, Serializer};

use pattern::Pattern;

pub use expression::{Expression, size_in_bytes};
pub use facts::{FactSource, FactValue, Lookup, NoAnswer, Platform, PolicyFact, PolicyOs};
pub use judge::{JudgedRequirement, Judgement, Outcome, Tally};
pub use parse_error::{ParseError, PolicyError};
pub use subject::{Judge, Subject, SubjectKind};
pub use verdict::Verdict;
pub use vocabulary::Vocabulary;

/// The text of the help about expressions and policy files, below the list of facts.
pub const HELP: &str = "\
An expression asks for one fact; quote it, because `<`, `>` and `!` mean something to a shell:
  'static' '!rpath'           it is so; there is none
  'relro' 'relro=partial'     a word alone asks for its strongest value; others are named
  'glibc<=2.28' 'go>=1.25'    versions compare as numbers, a pre-release comes before its release
  'arch in [amd64, arm64]'    one of several values
  'vcs.revision=4f2a91c*'     exact text; * stands for anything, \"quotes\" make it literal
  '!build:-race'              a setting is not set, or set to false, 0, off, no or none
  'dep:rustls>=0.23'          a dependency: every copy of it
  'dep:openssl!=*'            it must not be there; 'dep:serde=*': it must
  'vcs.time>=2026-01-01?'     with a ? at its end, it may be unknown
Operators: = != < <= > >= in; == is the same as =. Metadata behind a + counts where it is named;
+dirty is never equal. Names are also understood as other tools have them: os=macos, arch=x86_64.
A name that no binary has is an error, which lists those that there are.

A word alone asks for the strongest value, as the table above lists them, and behind ! for none.
What is between fails both ways: a partial relro fails 'relro' and '!relro', and passes
'relro=partial' and 'relro!=none'.

An answer is one of these, and all but the first fail (exit code 3):
  holds
  does not hold
  unknown         the binary does not say, or there is nothing to compare: `dep:rustls>=0.23` of
                  a program without rustls, or of one whose list of crates is only recovered and
                  may lack another copy. A ? after the expression allows it.
  not applicable  the question makes no sense there: `glibc<=2.28` of a Windows program. A policy
                  file limits it to the binaries that it suits.
What must not be there (`!=`) holds where there is none. Where there are several (copies of a
dependency, entries of an rpath) every one has to hold. It fails too if none of the files is a
binary, if a policy file asks nothing of them, or if a file or member could not be read. Files of
debug data alone, as a split leaves them, are not judged.

A policy file has requirements for all binaries, for a platform, and for files by their name:
  require = [\"!vcs.modified\", \"!leaks\"]
  [linux]
  require = [\"relro\", \"arch in [amd64, arm64]\"]
  [linux.static]              # without loader and libraries; the others: [linux.dynamic]
  require = [\"kind=static-pie\"]
  [linux.dynamic]
  require = [\"glibc<=2.28\"]
  [darwin]
  require = [\"macos<=11.0\"]
  [windows]
  require = [\"aslr\", \"nx\"]
  allow-unknown = true        # as a ? after each expression of this table
  [[file]]
  match = \"*.so\"              # a name; lib/*.so the end of a path; ** crosses folders;
  require = [\"dep:openssl!=*\"] # app-*.tgz!** all that is in an archive
A table adds requirements to those above it, and takes none away. rgo names a match that no binary
has; that is no failure.
";

/// All requirements, from options and files.
#[derive(Clone, Debug)]
pub struct Policy {
    words: Vocabulary,
    /// The tool that judges.
    judge: Judge,
    rules: Vec<Rule>,
    /// The requirements of policy files that other tools judge: the file, and the kind of subject.
    left: Vec<(String, SubjectKind)>,
    /// The policy files by name, one entry each.
    files: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    scope: Scope,
    expression: Expression,
    source: RequirementSource,
    /// Whether its table allows unknown facts.
    allow_unknown: bool,
}

impl Rule {
    fn covers(&self, subject: &Subject, platform: Platform) -> bool {
        self.expression.fact.subject == subject.kind && self.scope.covers(subject, platform)
    }

    fn allows_unknown(&self) -> bool {
        self.expression.or_unknown || self.allow_unknown
    }
}

/// The subjects to which a rule applies.
#[derive(Clone, Debug, PartialEq)]
enum Scope {
    /// All of the kind that the rule's word is asked of.
    Every,
    Os(PolicyOs),
    Linux {
        static_: bool,
    },
    File(Pattern),
}

/// The source of a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequirementSource {
    /// `--require`.
    Option,
    /// A policy file.
    File {
        /// Its name as the user gave it.
        name: String,
        /// The line, from 1.
        line: usize,
    },
}

impl Policy {
    /// A policy without requirements yet, for a tool that judges.
    #[must_use]
    pub fn new(words: Vocabulary, judge: Judge) -> Self {
        Self { words, judge, rules: Vec::new(), left: Vec::new(), files: Vec::new() }
    }

    /// Adds an expression for every subject of its kind.
    ///
    /// # Errors
    /// If it cannot be parsed, or another tool judges it.
    pub fn require(&mut self, expression: &str) -> Result<(), PolicyError> {
        let expression = Expression::parse(expression, &self.words)
            .map_err(|error| PolicyError::new(format!("--require: {error}"), error.hint()))?;
        let kind = expression.fact.subject;
        if !self.judge.kinds.contains(&kind) {
            let (tool, text) = (self.judge.tool, &expression);
            let asked = kind.with_article();
            return Err(PolicyError::new(
                format!("--require: {tool} does not judge `{text}`, which is asked of {asked}"),
                &format!("{} does", self.words.judges_of(kind)),
            ));
        }
        let scope = Scope::Every;
        self.rules.push(Rule {
            scope,
            expression,
            source: RequirementSource::Option,
            allow_unknown: false,
        });
        Ok(())
    }

    /// Adds a policy file, by its name and its text.
    ///
    /// # Errors
    /// If it is not TOML, has an unknown key or an expression that cannot be parsed, or requires
    /// nothing; with line and column.
    pub fn add_file(&mut self, name: &str, text: &str) -> Result<(), PolicyError> {
        let read = file::read(name, text, &self.words)?;
        let is_ours = |rule: &Rule| self.judge.kinds.contains(&rule.expression.fact.subject);
        let (ours, others): (Vec<Rule>, Vec<Rule>) = read.into_iter().partition(is_ours);
        let left = others.iter().map(|rule| (name.to_owned(), rule.expression.fact.subject));
        self.left.extend(left);
        self.rules.extend(ours);
        self.files.push(name.to_owned());
        Ok(())
    }

    /// Whether there are no requirements, so that there is no gate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.left.is_empty()
    }

    /// How many requirements of policy files are left to which tool, in words.
    fn left_to_others(&self) -> Vec<String> {
        let of = |kind| self.left.iter().filter(|(_, left)| *left == kind).count();
        let kinds = SubjectKind::ALL.into_iter().filter(|kind| of(*kind) > 0);
        let text = |kind: SubjectKind| {
            let requirements = count::count(of(kind), "requirement", "requirements");
            let are = if of(kind) == 1 { "is" } else { "are" };
            let (asked, tools) = (kind.with_article(), self.words.judges_of(kind));
            format!("{requirements} of {asked} {are} left to {tools}")
        };
        kinds.map(text).collect()
    }
}

impl Scope {
    fn covers(&self, subject: &Subject, platform: Platform) -> bool {
        match self {
            Self::Every => true,
            Self::Os(os) => platform.os == *os,
            Self::Linux { static_ } => {
                platform.os == PolicyOs::Linux && platform.static_ == Some(*static_)
            }
            Self::File(pattern) => pattern.covers(subject),
        }
    }
}

impl fmt::Display for RequirementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--require"),
            Self::File { name, line } => write!(f, "{name}:{line}"),
        }
    }
}

impl Serialize for RequirementSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for RequirementSource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequirementSource".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}
