//! `rgo-version-m`: what programs are, and what they are made of.
//!
//! ```text
//! arguments ─▶ input: files, folders, archives, stdin ─▶ Dossier per image ─┬─▶ report
//!                                                                           └─▶ policy ─▶ exit code
//! ```

mod answers;
pub mod args;
mod cyclonedx;
mod details;
mod dossier;
mod go;
mod lines;
mod report;
mod row;
mod said;
#[cfg(test)]
mod samples;
mod unread;
mod vocabulary;

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use rgo_binary::appended::{Appended, appended, behind_slices};
use rgo_binary::{Limits, slices};
use rgo_report::{Document, Style};

use crate::app::error::{Annotate, Usage};
use crate::app::exit::Exit;
use crate::app::progress::Progress;
use crate::app::{sections, terminal};
use crate::version_m::args::{VersionFormat, VersionM};
use dossier::Dossier;
use report::{Shape, VersionReport};
use rgo_files::walk::{self, Content, Found, Item, SkipReason};
use rgo_policy::{Outcome, Policy, PolicyError, annotate};
use unread::{Problems, Reason, Unread};
pub use vocabulary::vocabulary;

/// Prints what the files say.
///
/// # Errors
/// If stdout cannot take the answer, or the call makes no sense. What cannot be read is told on
/// stderr and shows in the exit code, and the rest is answered.
pub fn run(args: VersionM) -> Result<Exit> {
    if args.go {
        return go::run(&args);
    }
    let policy = policy(&args)?;
    if args.required.iter().any(|expression| expression == "help") {
        let help = vocabulary().help();
        let text = rgo_report::render_document(&help, terminal::style(None));
        terminal::write(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    if args.files.is_empty() {
        return Err(Usage::new("nothing to look into")
            .hint("name files, folders or archives")
            .into());
    }
    if (args.short || args.summary) && !args.format.is_for_people() {
        return Err(Usage::new("--short and --summary are forms of text and Markdown")
            .hint("leave them out; the other formats have every image with all that is known of it")
            .into());
    }
    if policy.is_empty() && args.format == VersionFormat::Sarif {
        return Err(Usage::new("--format sarif tells what a policy found")
            .hint("give --require or --policy")
            .into());
    }
    if let Some(section) = &args.dump_section {
        return dump(&args, section);
    }
    let (files, unread, mut exit) = survey(&args, !policy.is_empty());
    let outcome = (!policy.is_empty()).then(|| {
        let judged = files.iter().map(|file| policy.judge(file.subject(), file)).collect();
        policy.conclude(judged, unread.iter().map(ToString::to_string).collect())
    });
    if let Some(outcome) = &outcome {
        annotate(&args, outcome);
        if exit == Exit::Done {
            exit = if outcome.holds { Exit::Done } else { Exit::NotHeld };
        }
    }
    let hint = outcome.as_ref().filter(|outcome| !outcome.holds).and_then(Outcome::hint);
    let report = VersionReport { files, unread, policy: outcome, shape: Shape::of(&args), exit };
    let text = report.text(args.format, terminal::style(args.output.as_deref()))?;
    terminal::write_output(text.as_bytes(), args.output.as_deref())?;
    if let Some(outcome) = &report.policy {
        // That the gate fails is never told by the exit code alone.
        let shown = args.output.is_none() && args.format.carries_policy();
        if !outcome.holds && !shown {
            let style = Style { color: terminal::has_color(&io::stderr()) };
            let document = outcome.document(Document::new(), args.verbose);
            terminal::eprint_raw(&rgo_report::render_document(&document, style));
        }
    }
    if let Some(hint) = hint {
        terminal::hint(hint);
    }
    Ok(exit)
}

/// The images that the arguments lead to, the files that may hide others, and the exit code.
fn survey(args: &VersionM, judged: bool) -> (Vec<Dossier>, Vec<Unread>, Exit) {
    let details = args.facts
        || args.evidence
        || args.short
        || args.summary
        || judged
        || matches!(args.format, VersionFormat::Csv | VersionFormat::Markdown);
    let progress = Progress::new(args.quiet);
    let begin = |path: &Path| progress.begin(path);
    let look = |item: &Item<'_>| {
        progress.at(item.name);
        look(item, details, !args.no_archives)
    };
    let mut files: Vec<Dossier> = Vec::new();
    let mut problems = Problems::default();
    for Found { name, named, layers, value } in
        walk::visit(&args.files, &options(args), &begin, &look)
    {
        for image in value.images {
            files.push(image.at(&name, &layers));
        }
        for reason in value.problems {
            problems.add(name.clone(), named, layers.clone(), reason);
        }
    }
    progress.suspend(|| problems.print(args.files.len(), args.verbose, args.quiet));
    let exit = if problems.are_errors() { Exit::Failed } else { Exit::Done };
    (files, problems.unread(), exit)
}

/// Has a GitHub workflow show what does not hold.
fn annotate(args: &VersionM, outcome: &Outcome) {
    let on_github = std::env::var("GITHUB_ACTIONS").ok();
    if annotate::wanted(args.annotate, on_github.as_deref()) {
        // The runner reads both streams; stdout may be going into a file.
        terminal::eprint_raw(&annotate::annotations(outcome));
    }
}

fn options(args: &VersionM) -> walk::Options {
    let mut options = walk::Options {
        archives: !args.no_archives,
        all_layers: args.all_layers,
        ..walk::Options::default()
    };
    if let Some(bytes) = args.max_member {
        options.limits.max_member = bytes;
    }
    if let Some(depth) = args.max_depth {
        options.limits.max_depth = depth;
    }
    options
}

fn refused(error: &PolicyError) -> Usage {
    Usage::new(error.to_string()).hint(error.hint())
}

/// All that is required.
fn policy(args: &VersionM) -> Result<Policy> {
    let mut policy = Policy::new(vocabulary());
    for expression in args.required.iter().filter(|expression| *expression != "help") {
        policy.require(expression).map_err(|error| refused(&error))?;
    }
    for file in &args.policy {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("reading the policy {}", file.display()))
            .hint("--policy takes a TOML file; `--require help` says what is in it")?;
        policy.add_file(&file.to_string_lossy(), &text).map_err(|error| refused(&error))?;
    }
    Ok(policy)
}

/// The images in an item, and the reasons why others are missing.
#[derive(Default)]
struct Seen {
    images: Vec<Dossier>,
    problems: Vec<Reason>,
}

impl Seen {
    /// Adds that there may be programs in what is behind an image.
    fn hides(&mut self, behind: Option<&Appended>) {
        let packed = behind.and_then(|behind| walk::appended(behind.looks_like));
        self.problems.extend(packed.map(|packed| Reason::Refused(SkipReason::Foreign(packed))));
    }
}

/// With `archives` also what is behind an image counts.
fn look(item: &Item<'_>, details: bool, archives: bool) -> Option<Seen> {
    let nothing = |reason: Reason| Some(Seen { problems: vec![reason], ..Seen::default() });
    match &item.content {
        Content::Image(data) => Some(images(data, details, archives)),
        Content::Other(what) => nothing(Reason::NoProgram(*what)),
        Content::Skipped(refusal) => nothing(Reason::Refused((*refusal).clone())),
        // Of nested ones the outermost says it.
        Content::Archive(archive) if item.named && item.name.members().is_empty() => {
            let is_empty = archive.images == 0 && !archive.is_behind_image;
            if is_empty { nothing(Reason::Empty) } else { None }
        }
        Content::Archive(_) | Content::Link { .. } => None,
    }
}

fn images(data: &[u8], details: bool, archives: bool) -> Seen {
    let mut seen = Seen::default();
    let slices = match slices(data, &Limits::default()) {
        Ok(slices) => slices,
        Err(error) => {
            seen.problems.push(Reason::Image(error));
            return seen;
        }
    };
    let fat = slices.len() > 1;
    for slice in &slices {
        let of_several = fat.then(|| slice.arch.to_string());
        let dossier = match Dossier::read(of_several, &slice.image, details) {
            Ok(dossier) => dossier,
            Err(error) => {
                seen.problems.push(Reason::Image(error));
                continue;
            }
        };
        match &dossier.facts {
            _ if !archives => {}
            Some(facts) => seen.hides(facts.appended.as_ref()),
            None => seen.hides(appended(&slice.image).as_ref()),
        }
        seen.images.push(dossier);
    }
    let behind_all = behind_slices(data, &slices);
    if archives {
        seen.hides(behind_all.as_ref());
    }
    // What lies behind all slices is said with the last.
    if let Some(facts) = seen.images.last_mut().and_then(|last| last.facts.as_mut())
        && facts.appended.is_none()
    {
        facts.appended = behind_all;
    }
    seen
}

/// `--dump-section`: the bytes of a section, as they are in the file.
fn dump(args: &VersionM, section: &str) -> Result<Exit> {
    let find = |item: &Item<'_>| {
        let Content::Image(data) = &item.content else { return None };
        let slices = slices(data, &Limits::default()).ok()?;
        sections::find(&slices, section).map(<[u8]>::to_vec)
    };
    let progress = Progress::new(args.quiet);
    let begin = |path: &Path| progress.begin(path);
    let all = walk::visit(&args.files, &options(args), &begin, &find);
    match all.as_slice() {
        [one] => {
            terminal::write_output(&one.value, args.output.as_deref())?;
            Ok(Exit::Done)
        }
        [] => Err(sections::absent(section)),
        [one, other, ..] => {
            let (one, other) = (&one.name, &other.name);
            Err(Usage::new(format!(
                "{one} and {other} both have a section {section}: name one of them"
            ))
            .into())
        }
    }
}
