//! Collects the verdict on a whole run while binaries are judged one by one. So a streamed report
//! can have a gate, and memory does not grow with the number of requirements that hold.

use std::collections::BTreeSet;

use super::count::count;
use super::judge::{JudgedRequirement, Judgement, Outcome, Tally};
use super::pattern::Pattern;
use super::subject::Subject;
use super::verdict::Verdict;
use super::{Policy, RequirementSource, Rule, Scope};

/// The findings to keep in the [`Outcome`] of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All.
    All,
    /// Those that do not simply hold: the findings that a verdict shows by default.
    NotHolding,
}

/// A run whose binaries are judged one by one.
#[derive(Clone, Debug)]
pub struct Run<'p> {
    policy: &'p Policy,
    keep: Keep,
    judgements: Vec<Judgement>,
    tally: Tally,
    /// Whether every check has passed so far.
    passes: bool,
    /// The rules that applied to a binary.
    asked: BTreeSet<usize>,
    /// The number of files of debug data alone.
    companions: usize,
    /// The first binary without any requirement, and the number of others.
    idle: Option<(Subject, usize)>,
}

impl Policy {
    /// Begins a run.
    #[must_use]
    pub fn run(&self, keep: Keep) -> Run<'_> {
        Run {
            policy: self,
            keep,
            judgements: Vec::new(),
            tally: Tally::default(),
            passes: true,
            asked: BTreeSet::new(),
            companions: 0,
            idle: None,
        }
    }

    /// The verdict on all binaries; see [`Run::conclude`].
    #[must_use]
    pub fn conclude(&self, judgements: Vec<Judgement>, unread: Vec<String>) -> Outcome {
        let mut run = self.run(Keep::All);
        judgements.into_iter().for_each(|judgement| run.add(judgement));
        run.conclude(unread)
    }
}

impl Run<'_> {
    /// Adds the verdicts on one binary.
    pub fn add(&mut self, mut judgement: Judgement) {
        let findings = &judgement.findings;
        self.tally.kind = judgement.subject.kind;
        self.tally.subjects += 1;
        self.tally.checks += findings.len();
        self.tally.unknown += findings.iter().filter(|it| it.answer == Verdict::Unknown).count();
        self.passes &= findings.iter().all(|finding| finding.passed);
        self.asked.extend(findings.iter().map(|finding| finding.rule));
        if findings.is_empty() {
            match &mut self.idle {
                Some((_, more)) => *more += 1,
                None => self.idle = Some((judgement.subject.clone(), 0)),
            }
        }
        if self.keep == Keep::NotHolding {
            let is_kept = |finding: &JudgedRequirement| finding.answer != Verdict::Holds;
            judgement.findings.retain(is_kept);
            if judgement.findings.is_empty() {
                return;
            }
        }
        self.judgements.push(judgement);
    }

    /// Counts a file of debug data alone, which is not judged: it is no program, and what is asked of
    /// programs would fail.
    pub fn leave_companion(&mut self) {
        self.companions += 1;
    }

    /// The verdict on all binaries. It fails if no rule applied to any binary, because an empty
    /// folder proves nothing. It also fails if a file could not be read, unless every requirement
    /// allows unknown.
    #[must_use]
    pub fn conclude(self, unread: Vec<String>) -> Outcome {
        let mut problems = self.unmatched_files();
        let mut notes = self.unmatched_patterns();
        notes.extend(self.policy.left_to_others());
        if self.companions > 0 {
            let files = count(self.companions, "file of debug data is", "files of debug data are");
            notes.push(format!("{files} not judged"));
        }
        if let Some((first, more)) = self.idle.as_ref().filter(|_| problems.is_empty()) {
            notes.push(match more {
                0 => format!("{first}: no requirement applies to it"),
                more => format!("{first} and {more} more: no requirement applies to them"),
            });
        }
        if !unread.is_empty() {
            let text = count(unread.len(), "file or member", "files and members");
            if self.policy.rules.iter().all(Rule::allows_unknown) {
                notes.push(format!("{text} could not be read"));
            } else {
                problems.push(format!("{text} could not be read: binaries in there are unchecked"));
            }
        }
        let holds = problems.is_empty() && self.passes;
        let Self { judgements, tally, .. } = self;
        Outcome { holds, problems, notes, unread, tally, judgements }
    }

    /// Policy files without any requirement that applied.
    fn unmatched_files(&self) -> Vec<String> {
        let tool = self.policy.judge.tool;
        let is_of = |rule: &Rule, file: &str| matches!(&rule.source, RequirementSource::File { name, .. } if name == file);
        let is_left = |file: &&String| !self.policy.rules.iter().any(|rule| is_of(rule, file));
        let left = self.policy.files.iter().filter(is_left);
        let mut problems: Vec<String> =
            left.map(|file| format!("{file} has no requirement for {tool}")).collect();
        if self.tally.subjects == 0 && !self.policy.rules.is_empty() {
            problems.push("no binary matched: none of the files is one".to_owned());
            return problems;
        }
        let count = self.tally.kind.counted(self.tally.subjects);
        let files = self.policy.files.iter().filter(|file| !is_left(file));
        let unmatched = files.filter(|file| !self.was_asked(&|rule| is_of(rule, file)));
        problems.extend(unmatched.map(|file| {
            format!("no binary matched: {file} has no requirement for the {count} given")
        }));
        problems
    }

    /// Patterns of policy files that match no name.
    fn unmatched_patterns(&self) -> Vec<String> {
        let mut unmatched: Vec<&Pattern> = Vec::new();
        let mut notes = Vec::new();
        for rule in &self.policy.rules {
            let Scope::File(pattern) = &rule.scope else { continue };
            if !unmatched.contains(&pattern) && !self.was_asked(&|it| it.scope == rule.scope) {
                unmatched.push(pattern);
                notes.push(format!("{}: no binary matched `{pattern}`", rule.source));
            }
        }
        notes
    }

    /// Whether a rule that satisfies the predicate applied to a binary.
    fn was_asked(&self, is_meant: &dyn Fn(&Rule) -> bool) -> bool {
        self.asked.iter().filter_map(|index| self.policy.rules.get(*index)).any(is_meant)
    }
}
