//! Applies the policy of a run: parses its requirements and concludes with the verdict.

use std::io;

use anyhow::{Context, Result};
use rgo_policy::run::Run;
use rgo_policy::{Outcome, Policy, PolicyError, annotate};
use rgo_report::{Document, Style};

use super::args::VersionM;
use super::policy_facts::vocabulary;
use super::unread::Problems;
use crate::app::error::{Annotate, Usage};
use crate::app::exit::Exit;
use crate::app::terminal;

/// All requirements of the call.
///
/// # Errors
/// If a requirement or a policy file cannot be read.
pub(super) fn policy(args: &VersionM) -> Result<Policy> {
    let mut policy = Policy::new(vocabulary());
    for expression in args.required.iter().filter(|expression| *expression != "help") {
        policy.require(expression).map_err(refused)?;
    }
    for file in &args.policy {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("reading the policy {}", file.display()))
            .hint("--policy takes a TOML file; `--require help` says what is in it")?;
        policy.add_file(&file.to_string_lossy(), &text).map_err(refused)?;
    }
    Ok(policy)
}

fn refused(error: PolicyError) -> anyhow::Error {
    Usage::new(error.to_string()).hint(error.hint()).into()
}

/// The end of a run.
pub(super) struct Ending {
    /// The verdict, if there were requirements.
    pub(super) outcome: Option<Outcome>,
    pub(super) exit: Exit,
}

impl Ending {
    /// Concludes from all judgements and unread files; prints annotations in a GitHub workflow.
    pub(super) fn of(
        args: &VersionM,
        policy: &Policy,
        judged: Run<'_>,
        problems: &Problems,
    ) -> Self {
        let exit = if problems.are_errors() { Exit::Failed } else { Exit::Done };
        if policy.is_empty() {
            return Self { outcome: None, exit };
        }
        let unread = problems.unread().iter().map(ToString::to_string).collect();
        let outcome = judged.conclude(unread);
        let on_github = std::env::var("GITHUB_ACTIONS").ok();
        if annotate::wanted(args.annotate, on_github.as_deref()) {
            // The runner reads both streams, and stdout may go to a file.
            terminal::eprint_raw(&annotate::annotations(&outcome));
        }
        let exit = if exit == Exit::Done && !outcome.holds { Exit::NotHeld } else { exit };
        Self { outcome: Some(outcome), exit }
    }

    /// Prints to stderr why the policy fails, unless the output contains it, and the next step.
    pub(super) fn tell(&self, args: &VersionM) {
        let Some(outcome) = self.outcome.as_ref().filter(|outcome| !outcome.holds) else { return };
        if args.output.is_some() || !args.format.carries_policy() {
            let style = Style { color: terminal::has_color(&io::stderr()) };
            let document = outcome.document(Document::new(), args.verbose);
            terminal::eprint_raw(&rgo_report::render_document(&document, style));
        }
        if let Some(hint) = outcome.hint() {
            terminal::hint(hint);
        }
    }
}
