//! Renders failures as workflow commands, which GitHub shows beside the run and the pull request
//! ("Workflow commands for GitHub Actions").
//!
//! ```text
//! ::error file={name},title={title}::{message}
//!          in properties  % , : CR LF are %25 %2C %3A %0D %0A      in messages  % CR LF
//! ```
//!
//! GitHub reads them from stderr as well as stdout, so they need not be mixed with data.

use rgo_report::printable;

use super::Outcome;

/// Whether to print annotations: if the user asked for them, and in a GitHub workflow, which sets
/// `GITHUB_ACTIONS` to `true`.
#[must_use]
pub fn wanted(asked: bool, github_actions: Option<&str>) -> bool {
    asked || github_actions == Some("true")
}

/// One command, on one line, for each failure and each problem of the run.
#[must_use]
pub fn annotations(outcome: &Outcome) -> String {
    let mut out = String::new();
    for (subject, finding) in outcome.failures() {
        let title = format!("{} {}", finding.expression, finding.verb());
        let message = format!("{subject}: {finding} [{}]", finding.source);
        out.push_str(&format!(
            "::error file={},title={}::{}\n",
            property(&subject.file.replace('\\', "/")),
            property(&title),
            data(&message)
        ));
    }
    for problem in &outcome.problems {
        out.push_str(&format!("::error title=policy::{}\n", data(problem)));
    }
    for unread in &outcome.unread {
        out.push_str(&format!("::warning title=not read::{}\n", data(unread)));
    }
    for note in &outcome.notes {
        out.push_str(&format!("::warning title=policy::{}\n", data(note)));
    }
    out
}

/// Escapes the text behind the last `::`. Other control characters from a file become visible text.
fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c => out.push_str(&printable(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
