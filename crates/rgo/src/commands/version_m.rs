//! `rgo-version-m`: what programs are, and what they are made of.
//!
//! ```text
//! arguments ─▶ input: files, folders, archives, stdin ─▶ Dossier per image ─┬─▶ report
//!                                                                           └─▶ policy ─▶ exit code
//! ```

mod answers;
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
mod vocabulary;

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use rgo_binary::appended::behind_slices;
use rgo_binary::{Error, Limits, slices};
use rgo_report::{Document, Style, printable};

use crate::cli::version_m::{VersionFormat, VersionM};
use crate::exit::{Exit, Hint, Usage};
use crate::input::{self, Content, Found, Item, Name, Refusal};
use crate::policy::{Outcome, Policy, annotate};
use crate::progress::Progress;
use crate::{output, sections};
use dossier::Dossier;
use report::{Shape, VersionReport};
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
        let text = rgo_report::render_document(&help, output::style(None));
        output::write(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    if args.files.is_empty() {
        return Err(Usage(
            "nothing to look into\nhint: name files, folders or archives".to_owned(),
        )
        .into());
    }
    if (args.short || args.summary) && !args.format.is_for_people() {
        return Err(Usage(
            "--short and --summary are forms of text and Markdown\nhint: leave them out; the other \
             formats have every image with all that is known of it"
                .to_owned(),
        )
        .into());
    }
    if policy.is_empty() && args.format == VersionFormat::Sarif {
        return Err(Usage(
            "--format sarif tells what a policy found\nhint: give --require or --policy".to_owned(),
        )
        .into());
    }
    if let Some(section) = &args.dump_section {
        return dump(&args, section);
    }
    let (files, unread, mut exit) = survey(&args, !policy.is_empty());
    let outcome = (!policy.is_empty()).then(|| {
        let judged = files.iter().map(|file| policy.judge(file.subject(), file)).collect();
        policy.conclude(judged, unread.clone())
    });
    if let Some(outcome) = &outcome {
        annotate(&args, outcome);
        if exit == Exit::Done {
            exit = outcome.exit();
        }
    }
    let hint = outcome.as_ref().filter(|outcome| !outcome.holds).and_then(Outcome::hint);
    let report = VersionReport { files, unread, policy: outcome, shape: Shape::of(&args), exit };
    let text = report.text(args.format, output::style(args.output.as_deref()))?;
    output::deliver(text.as_bytes(), args.output.as_deref())?;
    if let Some(outcome) = &report.policy {
        // That the gate fails is never told by the exit code alone.
        let shown = args.output.is_none() && args.format.carries_policy();
        if !outcome.holds && !shown {
            let style = Style { colour: output::colour(&io::stderr()) };
            let document = outcome.document(Document::new(), args.verbose);
            output::tell(&rgo_report::render_document(&document, style));
        }
    }
    if let Some(hint) = hint {
        output::hint(hint);
    }
    Ok(exit)
}

/// All images that the arguments lead to, what may hide others, and how it went.
fn survey(args: &VersionM, judged: bool) -> (Vec<Dossier>, Vec<String>, Exit) {
    let details = args.facts
        || args.evidence
        || args.short
        || args.summary
        || judged
        || matches!(args.format, VersionFormat::Csv | VersionFormat::Markdown);
    let progress = Progress::new(args.quiet);
    let mut exit = Exit::Done;
    let mut files: Vec<Dossier> = Vec::new();
    let mut unread: Vec<String> = Vec::new();
    let mut tell = |name: &Name, named: bool, why: &Why| {
        if named {
            exit = Exit::Failed;
        }
        if named || !args.quiet {
            progress.suspend(|| told(name, named, why));
        }
    };
    let begin = |path: &Path| progress.begin(path);
    let look = |item: &Item<'_>| {
        progress.at(item.name);
        look(item, details)
    };
    for found in input::visit(&args.files, &options(args), &begin, &look) {
        let Found { name, named, layers, value } = found;
        match value {
            Seen::Images(images, broken) => {
                files.extend(
                    images.into_iter().map(|image| Dossier { layers: layers.clone(), ..image }),
                );
                for why in broken {
                    tell(&name, named, &why);
                    unread.push(format!("{name}: {why}"));
                }
            }
            Seen::Nothing(why) => {
                tell(&name, named, &why);
                if why.hides() {
                    unread.push(format!("{name}: {why}"));
                }
            }
        }
    }
    (files, unread, exit)
}

/// Has a GitHub workflow show what does not hold.
fn annotate(args: &VersionM, outcome: &Outcome) {
    let on_github = std::env::var("GITHUB_ACTIONS").ok();
    if annotate::wanted(args.annotate, on_github.as_deref()) {
        // The runner reads both streams; stdout may be going into a file.
        output::tell(&annotate::annotations(outcome));
    }
}

fn options(args: &VersionM) -> input::Options {
    let mut options = input::Options { archives: !args.no_archives, ..input::Options::default() };
    if let Some(bytes) = args.max_member {
        options.limits.max_member = bytes;
    }
    if let Some(depth) = args.max_depth {
        options.limits.max_depth = depth;
    }
    options
}

/// All that is required.
fn policy(args: &VersionM) -> Result<Policy> {
    let mut policy = Policy::new(vocabulary());
    for expression in args.required.iter().filter(|expression| *expression != "help") {
        policy.require(expression)?;
    }
    for file in &args.policy {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("reading the policy {}", file.display()))
            .context(Hint(
                "--policy takes a TOML file; `--require help` says what is in it".into(),
            ))?;
        policy.add_file(&file.to_string_lossy(), &text)?;
    }
    Ok(policy)
}

/// What was made of an item.
enum Seen {
    /// The images in it, and what kept others from being read.
    Images(Vec<Dossier>, Vec<Why>),
    /// None, and why.
    Nothing(Why),
}

/// Why there is no answer.
enum Why {
    Image(Error),
    Refused(Refusal),
    /// An archive without a program in it.
    Empty,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Image(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Empty => f.write_str("there is no program in it"),
        }
    }
}

impl Why {
    /// Whether there may be a program that was not found.
    fn hides(&self) -> bool {
        !matches!(self, Self::Empty | Self::Image(Error::Unrecognised))
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::Image(Error::Unrecognised) => {
                Some("only the content counts: is the file whole, and not packed or a script?")
            }
            Self::Image(Error::Malformed { .. }) => {
                Some("the file is damaged, or something edited it: get it again")
            }
            Self::Refused(Refusal::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                Some("is the path right? rgo-build puts its results under dist/<toolchain>/")
            }
            Self::Refused(Refusal::Io(error))
                if error.kind() == io::ErrorKind::PermissionDenied =>
            {
                Some("make it readable for this user, with chmod +r or as its owner")
            }
            Self::Refused(Refusal::TooLarge { .. }) => Some("--max-member raises the limit"),
            Self::Refused(Refusal::TooDeep { .. }) => Some("--max-depth raises the limit"),
            Self::Image(_) | Self::Refused(_) => None,
        }
    }
}

fn look(item: &Item<'_>, details: bool) -> Option<Seen> {
    match &item.content {
        Content::Image(data) => Some(images(item.name, data, details)),
        Content::Other(_) => Some(Seen::Nothing(Why::Image(Error::Unrecognised))),
        Content::Refused(refusal) => Some(Seen::Nothing(Why::Refused((*refusal).clone()))),
        Content::Archive(archive) if item.named && archive.images == 0 => {
            // Of nested ones the outermost says it.
            item.name.members().is_empty().then_some(Seen::Nothing(Why::Empty))
        }
        Content::Archive(_) | Content::Link { .. } => None,
    }
}

fn images(name: &Name, data: &[u8], details: bool) -> Seen {
    let slices = match slices(data, &Limits::default()) {
        Ok(slices) => slices,
        Err(error) => return Seen::Nothing(Why::Image(error)),
    };
    let fat = slices.len() > 1;
    let mut read = Vec::new();
    let mut broken = Vec::new();
    for slice in &slices {
        let of_several = fat.then(|| slice.arch.to_string());
        match Dossier::read(name, of_several, &slice.image, details) {
            Ok(dossier) => read.push(dossier),
            Err(error) => broken.push(Why::Image(error)),
        }
    }
    // What lies behind all slices is said with the last.
    if let Some(facts) = read.last_mut().and_then(|last| last.facts.as_mut())
        && facts.appended.is_none()
    {
        facts.appended = behind_slices(data, &slices);
    }
    Seen::Images(read, broken)
}

/// Says why there is no answer. What the user did not name is a warning.
fn told(name: &Name, named: bool, why: &Why) {
    let text = format!("{name}: {}", printable(&why.to_string()));
    if named {
        output::failure(&text);
    } else {
        output::warning(&text);
    }
    if let Some(hint) = why.hint() {
        output::hint(hint);
    }
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
    let all = input::visit(&args.files, &options(args), &begin, &find);
    match all.as_slice() {
        [one] => {
            output::deliver(&one.value, args.output.as_deref())?;
            Ok(Exit::Done)
        }
        [] => Err(sections::absent(section)),
        [one, other, ..] => {
            let (one, other) = (&one.name, &other.name);
            Err(Usage(format!("{one} and {other} both have a section {section}: name one of them"))
                .into())
        }
    }
}
