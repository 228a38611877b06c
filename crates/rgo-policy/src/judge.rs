//! Computes verdicts: on one requirement for one binary, on a binary, and on the whole run.

use std::fmt;

use rgo_report::{Cell, Column, Document, Table, Tone};
use serde::Serialize;

use super::compare::compare;
use super::count::count;
use super::facts::NoAnswer;
use super::subject::{Subject, SubjectKind};
use super::verdict::Verdict;
use super::{FactSource, Policy, RequirementSource, Rule};

/// Maximum number of characters from a file in a cell or a message. JSON has all of them.
const CELL: usize = 80;
const MESSAGE: usize = 400;

/// The result for one requirement.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct JudgedRequirement {
    /// The requirement.
    pub expression: String,
    /// Its source.
    pub source: RequirementSource,
    /// The verdict.
    pub answer: Verdict,
    /// Whether the verdict passes the gate.
    pub passed: bool,
    /// The expected value as text.
    pub expected: String,
    /// The found value; `None` if nothing is known.
    pub found: Option<String>,
    /// Why it is unknown or not applicable, or an explanation of the question if that may surprise.
    pub reason: Option<String>,
    /// The evidence for the found value.
    pub evidence: Option<String>,
    /// The explanation of the fact, in one line.
    #[serde(skip)]
    pub(super) about: &'static str,
    /// The index of the rule in the policy.
    #[serde(skip)]
    pub(super) rule: usize,
}

impl fmt::Display for JudgedRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: expected {}", self.expression, self.verb(), self.expected)?;
        if let Some(found) = &self.found {
            write!(f, ", found {}", start(found, MESSAGE))?;
        }
        self.because().map_or(Ok(()), |why| write!(f, " ({})", start(&why, MESSAGE)))
    }
}

impl JudgedRequirement {
    /// The verdict as a verb.
    pub(super) fn verb(&self) -> &'static str {
        match self.answer {
            Verdict::Holds => "holds",
            Verdict::DoesNotHold => "does not hold",
            Verdict::Unknown => "is unknown",
            Verdict::NotApplicable => "is not applicable",
        }
    }

    /// The explanation of the verdict.
    fn because(&self) -> Option<String> {
        let parts: Vec<&str> =
            [&self.reason, &self.evidence].into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// The verdicts on one binary.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Judgement {
    /// The binary.
    #[serde(flatten)]
    pub subject: Subject,
    /// Every requirement that applies to it, in the order of the policy.
    pub findings: Vec<JudgedRequirement>,
}

/// The verdict on a run.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Outcome {
    /// Whether all requirements hold.
    pub holds: bool,
    /// Problems of the run as a whole.
    pub problems: Vec<String>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// Files that could not be read, with the reason: a binary may be in them. The report around
    /// this outcome has them too.
    #[serde(skip)]
    pub unread: Vec<String>,
    /// The number of checks, including those that `judgements` omits because they hold.
    #[serde(skip)]
    pub tally: Tally,
    /// The binaries; [`super::run::Keep`] decides which findings are included.
    pub judgements: Vec<Judgement>,
}

/// The number of checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What was judged; a tool judges one kind in a run.
    pub kind: SubjectKind,
    /// Number of subjects judged.
    pub subjects: usize,
    /// Number of checks: one check is one requirement for one subject.
    pub checks: usize,
    /// Number of checks with an unknown answer, allowed or not.
    pub unknown: usize,
}

impl Policy {
    /// Judges a binary by every requirement that applies to it.
    pub fn judge(&self, subject: Subject, facts: &dyn FactSource) -> Judgement {
        let platform = facts.platform();
        let rules = self.rules.iter().enumerate();
        let findings = rules
            .filter(|(_, rule)| rule.covers(&subject, platform))
            .map(|(index, rule)| finding(index, rule, facts))
            .collect();
        Judgement { subject, findings }
    }
}

fn finding(index: usize, rule: &Rule, facts: &dyn FactSource) -> JudgedRequirement {
    let expression = &rule.expression;
    let (answer, found, reason, evidence) =
        match facts.get(expression.fact.name, &expression.member) {
            Ok(fact) => {
                let compared = compare(expression, &fact.value);
                (compared.verdict, Some(compared.found), compared.reason, fact.evidence)
            }
            Err(NoAnswer::Unknown(why)) => (Verdict::Unknown, None, Some(why), None),
            Err(NoAnswer::NotApplicable(why)) => (Verdict::NotApplicable, None, Some(why), None),
        };
    JudgedRequirement {
        expression: expression.to_string(),
        source: rule.source.clone(),
        answer,
        passed: answer == Verdict::Holds || (answer == Verdict::Unknown && rule.allows_unknown()),
        expected: expression.expected(),
        found,
        reason,
        evidence,
        about: expression.fact.about,
        rule: index,
    }
}

impl Outcome {
    /// Every failed finding, with its binary.
    pub fn failures(&self) -> impl Iterator<Item = (&Subject, &JudgedRequirement)> {
        self.findings().filter(|(_, finding)| !finding.passed)
    }

    fn findings(&self) -> impl Iterator<Item = (&Subject, &JudgedRequirement)> {
        self.judgements.iter().flat_map(|judgement| {
            judgement.findings.iter().map(|finding| (&judgement.subject, finding))
        })
    }

    /// The next step, if the answers suggest one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let fails = |answer| self.failures().any(|(_, finding)| finding.answer == answer);
        if fails(Verdict::NotApplicable) {
            Some(
                "a policy file limits a requirement to the binaries that it suits: [linux], \
                 [linux.static], [linux.dynamic], [darwin], [windows]",
            )
        } else if fails(Verdict::Unknown) {
            Some("a ? after an expression allows unknown")
        } else {
            None
        }
    }

    /// Adds the verdicts to a document: those that do not simply hold, or with `all` every one.
    #[must_use]
    pub fn document(&self, document: Document, all: bool) -> Document {
        let titles = ["binary", "requirement", "answer", "expected", "found", "from", "because"];
        let mut table = Table::new(titles.map(Column::left));
        let shown = |finding: &JudgedRequirement| all || finding.answer != Verdict::Holds;
        for (subject, finding) in self.findings().filter(|(_, finding)| shown(finding)) {
            let tone = match (finding.passed, finding.answer) {
                (true, Verdict::Holds) => Tone::Good,
                (true, _) => Tone::Warn,
                (false, _) => Tone::Bad,
            };
            table.row([
                Cell::new(subject.to_string()),
                Cell::new(&finding.expression),
                Cell::new(finding.answer.words()).tone(tone),
                Cell::new(&finding.expected),
                Cell::new(start(finding.found.as_deref().unwrap_or_default(), CELL)),
                Cell::new(finding.source.to_string()).tone(Tone::Dim),
                Cell::new(start(&finding.because().unwrap_or_default(), CELL)).tone(Tone::Dim),
            ]);
        }
        let mut document = document.table(table);
        for problem in &self.problems {
            document = document.line(Cell::new(problem).tone(Tone::Bad));
        }
        for note in &self.notes {
            document = document.line(Cell::new(note).tone(Tone::Warn));
        }
        let tone = if self.holds { Tone::Good } else { Tone::Bad };
        document.line(Cell::new(self.summary()).tone(tone))
    }

    /// The whole run in one line. A check is one requirement for one subject.
    #[must_use]
    pub fn summary(&self) -> String {
        let checks = count(self.tally.checks, "check", "checks");
        let subjects = self.tally.kind.counted(self.tally.subjects);
        let failed = self.failures().count();
        let of = |answer| self.failures().filter(|(_, finding)| finding.answer == answer).count();
        let result = if failed > 0 {
            let answers = [Verdict::DoesNotHold, Verdict::Unknown, Verdict::NotApplicable];
            let parts: Vec<String> = answers
                .into_iter()
                .filter(|answer| of(*answer) > 0)
                .map(|answer| match (answer, of(answer)) {
                    (Verdict::DoesNotHold, 1) => "1 does not hold".to_owned(),
                    (Verdict::DoesNotHold, n) => format!("{n} do not hold"),
                    (_, n) => format!("{n} {}", answer.words()),
                })
                .collect();
            // If all failures are of this kind, their number alone is enough.
            let parts = if of(Verdict::DoesNotHold) == failed {
                String::new()
            } else {
                format!(" ({})", parts.join(", "))
            };
            format!("{failed} failed{parts}")
        } else if self.holds {
            let unknown = self.tally.unknown;
            let allowed = format!(" ({unknown} unknown, as allowed)");
            format!("all passed{}", if unknown > 0 { allowed.as_str() } else { "" })
        } else if self.tally.checks == 0 {
            "failed, because nothing was checked".to_owned()
        } else if self.unread.is_empty() {
            "failed, because a policy file matched nothing".to_owned()
        } else {
            "failed, because not everything could be read".to_owned()
        };
        format!("policy: {checks} on {subjects}: {result}")
    }
}

/// The first characters of a text of any length.
fn start(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
