//! The gate of every tool: `--require EXPR`, `--policy FILE` and `--annotate`.
//!
//! ```text
//! arguments ─▶ Gate::new ─▶ judge(image) … ─▶ conclude ─▶ Outcome: report, annotations, exit code
//! ```

mod diff_facts;
pub mod facts;

use std::io;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use rgo_binary::inspect::Detail;
use rgo_files::walk::{self, Item, ItemContent, Options};
use rgo_policy::run::{Keep, Run};
use rgo_policy::{FactSource, Outcome, Policy, PolicyError, Subject, annotate};
use rgo_report::{Document, Style};

use super::error::{Annotate, Usage};
use super::exit::Exit;
use super::images::Images;
use super::inspected::Inspected;
use super::survey::Named;
use super::{terminal, text_file};
pub(crate) use diff_facts::DiffFacts;

/// Maximum size of a policy file, in bytes.
const MAX_POLICY: u64 = 4 << 20;

/// What has to hold.
#[derive(Clone, Debug, Default, Args)]
pub struct PolicyArgs {
    /// Require that EXPR holds of every binary (repeatable); see `rgo help policy`
    #[arg(long = "require", value_name = "EXPR", help_heading = "Policy")]
    pub required: Vec<String>,
    /// Require what a file says (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub policy: Vec<PathBuf>,
    /// Print annotations for a GitHub workflow; they are printed in one without this
    #[arg(long, help_heading = "Policy")]
    pub annotate: bool,
}

/// All requirements of a call.
#[derive(Debug)]
pub(crate) struct Gate<'a> {
    args: &'a PolicyArgs,
    policy: Policy,
}

impl<'a> Gate<'a> {
    /// Reads the requirements that the tool of this name judges.
    ///
    /// # Errors
    /// If a requirement or a policy file cannot be read.
    pub(crate) fn new(args: &'a PolicyArgs, tool: &'static str) -> Result<Self> {
        let mut policy = Policy::new(facts::vocabulary(), facts::judge(tool));
        for expression in &args.required {
            if expression == "help" {
                let text = "`--require help` is not an expression";
                return Err(Usage::new(text).hint("`rgo help policy` lists all words").into());
            }
            policy.require(expression).map_err(refused)?;
        }
        for file in &args.policy {
            let text = text_file::read(file, MAX_POLICY)
                .with_context(|| format!("reading the policy {}", file.display()))
                .hint("--policy takes a TOML file; `rgo help policy` says what is in it")?;
            policy.add_file(&file.to_string_lossy(), &text).map_err(refused)?;
        }
        Ok(Self { args, policy })
    }

    /// Whether nothing is required.
    pub(crate) fn is_empty(&self) -> bool {
        self.policy.is_empty()
    }

    /// Begins a run whose binaries are judged one by one.
    pub(crate) fn run(&self, keep: Keep) -> Run<'_> {
        self.policy.run(keep)
    }

    /// Judges one image, unless nothing is required or it has debug data alone.
    pub(crate) fn judge(&self, run: &mut Run<'_>, image: &Inspected) {
        let facts = image.inspection.facts.as_ref();
        if self.is_empty() {
            return;
        }
        if facts.is_some_and(|facts| facts.is_companion) {
            run.leave_companion();
        } else {
            run.add(self.policy.judge(image.subject(), image));
        }
    }

    /// Judges something other than an image.
    pub(crate) fn judge_subject(
        &self,
        run: &mut Run<'_>,
        subject: Subject,
        facts: &dyn FactSource,
    ) {
        if !self.is_empty() {
            run.add(self.policy.judge(subject, facts));
        }
    }

    /// Judges finished files, archives by their members; `None` if nothing is required, or if there are
    /// none because the work failed, which is said already.
    pub(crate) fn judge_files(&self, paths: &[PathBuf], has_failed: bool) -> Option<Outcome> {
        if self.is_empty() || paths.is_empty() && has_failed {
            return None;
        }
        let look = |item: &Item<'_>| match &item.content {
            ItemContent::Image(data) => Some(Images::read(data, Detail::Facts, true)),
            ItemContent::Skipped(reason) => Some(Images::skipped(reason)),
            _ => None,
        };
        let mut run = self.run(Keep::All);
        let mut unread = Vec::new();
        for found in walk::visit(paths, &Options::default(), &|_| {}, &look) {
            let Images { images, problems } = found.value;
            unread.extend(problems.iter().map(|problem| format!("{}: {problem}", found.name)));
            for image in images {
                self.judge(&mut run, &image.named(&found.name, &found.layers));
            }
        }
        self.conclude(run, unread)
    }

    /// Concludes from all judgements, and from files that could not be read; `None` if nothing is
    /// required. Prints annotations in a GitHub workflow.
    pub(crate) fn conclude(&self, run: Run<'_>, unread: Vec<String>) -> Option<Outcome> {
        if self.is_empty() {
            return None;
        }
        let outcome = run.conclude(unread);
        let on_github = std::env::var("GITHUB_ACTIONS").ok();
        if annotate::wanted(self.args.annotate, on_github.as_deref()) {
            // The runner reads both streams, and stdout may go to a file.
            terminal::eprint_raw(&annotate::annotations(&outcome));
        }
        Some(outcome)
    }
}

fn refused(error: PolicyError) -> anyhow::Error {
    Usage::new(error.to_string()).hint(error.hint()).into()
}

/// The exit code of a run with this outcome, whose work ended with `exit`.
pub(crate) fn exit(exit: Exit, outcome: Option<&Outcome>) -> Exit {
    let holds = outcome.is_none_or(|outcome| outcome.holds);
    if exit == Exit::Done && !holds { Exit::NotHeld } else { exit }
}

/// Prints to stderr why the policy fails, unless stdout has it already, and the next step.
pub(crate) fn tell(outcome: Option<&Outcome>, is_on_stdout: bool, verbose: bool) {
    let Some(outcome) = outcome.filter(|outcome| !outcome.holds) else { return };
    if !is_on_stdout {
        let style = Style { color: terminal::has_color(&io::stderr()) };
        let document = outcome.document(Document::new(), verbose);
        terminal::eprint_raw(&rgo_report::render_document(&document, style));
    }
    if let Some(hint) = outcome.hint() {
        terminal::hint(hint);
    }
}

#[cfg(test)]
mod tests {
    use rgo_binary::{Image, Limits, slices};
    use rgo_edit::{Edits, Strip};

    use super::*;

    const ELF: &[u8] = include_bytes!("../../../../rgo-binary/tests/fixtures/read/sample.elf");
    const MACHO: &[u8] = include_bytes!("../../../../rgo-binary/tests/fixtures/read/sample.macho");
    const PE: &[u8] = include_bytes!("../../../../rgo-binary/tests/fixtures/read/sample.pe");

    /// The notes of a gate on one image, and whether it holds.
    fn judged(data: &[u8]) -> (bool, String) {
        let args = PolicyArgs { required: vec!["size>1".to_owned()], ..PolicyArgs::default() };
        let gate = Gate::new(&args, "rgo-version-m").expect("a policy");
        let mut run = gate.run(Keep::All);
        let image = slices(data, &Limits::default()).expect("an image").remove(0).image;
        let image = Inspected::read(None, &image, Detail::Facts).expect("facts");
        gate.judge(&mut run, &image);
        let outcome = run.conclude(Vec::new());
        (outcome.holds, outcome.notes.join("; "))
    }

    #[test]
    fn files_of_debug_data_alone_are_not_judged() {
        for (name, data) in [("ELF", ELF), ("PE", PE)] {
            let companion = rgo_edit::only_keep_debug(data).expect(name).to_vec();
            let (holds, notes) = judged(&companion);
            assert!(
                !holds && notes.contains("1 file of debug data is not judged"),
                "{name}: {notes}"
            );
        }
    }

    /// A loader ignores section headers, and so must the gate.
    #[test]
    fn a_program_that_looks_like_a_companion_is_judged() {
        let image = Image::parse(ELF, &Limits::default()).expect("an image");
        let number = image.sections().position(|section| section.name == ".text").expect("code");
        let headers = u64::from_le_bytes(ELF[0x28..][..8].try_into().expect("eight bytes"));
        // The first header is the empty one; the type is its second field.
        let kind = usize::try_from(headers).expect("small") + (number + 1) * 64 + 4;
        const NOBITS: u32 = 8;
        let mut disguised = ELF.to_vec();
        disguised[kind..][..4].copy_from_slice(&NOBITS.to_le_bytes());
        let disguised_image = Image::parse(&disguised, &Limits::default()).expect("an image");
        assert!(disguised_image.section(".text").is_some_and(|text| text.file_offset.is_none()));
        for data in [ELF, MACHO, PE, &disguised] {
            assert_eq!(judged(data), (true, String::new()));
        }
        let stripped = Edits { strip: Strip::Debug, ..Edits::default() };
        let stripped = rgo_edit::edit(PE, &stripped).expect("stripped");
        assert_eq!(judged(&stripped.draft.to_vec()), (true, String::new()));
    }
}
