//! Inspects the files of the arguments. Collects the images, and the reasons why others are
//! missing.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rgo_binary::inspect::Detail;
use rgo_files::walk::{self, Found, Item, ItemContent, Name, SkipReason};

use super::args::{VersionFormat, VersionM};
use super::unread::{Problems, UnreadReason};
use crate::app::images::{ImageProblem, Images};
use crate::app::inspected::Inspected;
use crate::app::progress::FileProgress;

/// The images in an item, and the reasons why others are missing.
#[derive(Default)]
pub(super) struct Seen {
    images: Vec<Inspected>,
    problems: Vec<UnreadReason>,
}

impl From<Images> for Seen {
    fn from(Images { images, problems }: Images) -> Self {
        let reason = |problem| match problem {
            ImageProblem::Unreadable(error) => UnreadReason::Image(error),
            ImageProblem::Skipped(reason) => UnreadReason::Refused(reason),
            ImageProblem::Appended(foreign) => UnreadReason::Refused(SkipReason::Foreign(foreign)),
        };
        Self { images, problems: problems.into_iter().map(reason).collect() }
    }
}

/// Inspects files by the options of the call.
pub(super) struct Survey<'a> {
    args: &'a VersionM,
    detail: Detail,
    progress: FileProgress,
}

impl<'a> Survey<'a> {
    /// Prepares a survey; `is_judged` tells whether a policy judges its images.
    pub(super) fn new(args: &'a VersionM, is_judged: bool) -> Self {
        let wants_facts = args.facts
            || args.evidence
            || args.short
            || args.summary
            || is_judged
            || args.formats().any(|it| matches!(it, VersionFormat::Csv | VersionFormat::Markdown));
        let detail = if wants_facts { Detail::Facts } else { Detail::Record };
        Self { args, detail, progress: FileProgress::new(args.quiet) }
    }

    /// All images and unread files.
    pub(super) fn all(&self) -> (Vec<Inspected>, Problems) {
        let begin = |path: &Path| self.progress.begin(path);
        let look = |item: &Item<'_>| self.look(item);
        let found = walk::visit(&self.args.files, &options(self.args), &begin, &look);
        let (mut problems, mut folders) = (Problems::default(), EmptyFolders::of(&self.args.files));
        let images = found
            .into_iter()
            .flat_map(|found| {
                folders.see(&found);
                named(found, &mut problems)
            })
            .collect();
        folders.add_to(&mut problems);
        (images, problems)
    }

    /// Passes each image to `take` while later files are read, until `take` returns `false`.
    /// Returns the unread files.
    pub(super) fn each(&self, take: &mut (dyn FnMut(Inspected) -> bool + Send)) -> Problems {
        let begin = |path: &Path| self.progress.begin(path);
        let look = |item: &Item<'_>| self.look(item);
        let (mut problems, mut folders) = (Problems::default(), EmptyFolders::of(&self.args.files));
        walk::visit_each(&self.args.files, &options(self.args), &begin, &look, &mut |found| {
            folders.see(&found);
            let images = named(found, &mut problems);
            let mut goes_on = true;
            self.progress.suspend(|| goes_on = images.into_iter().all(&mut *take));
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        folders.add_to(&mut problems);
        problems
    }

    /// Prints the unread files.
    pub(super) fn print(&self, problems: &Problems) {
        let Self { args, progress, .. } = self;
        progress.suspend(|| problems.print(args.files.len(), args.verbose, args.quiet));
    }

    fn look(&self, item: &Item<'_>) -> Option<Seen> {
        self.progress.at(item.name);
        let nothing =
            |reason: UnreadReason| Some(Seen { problems: vec![reason], ..Seen::default() });
        match &item.content {
            ItemContent::Image(data) => {
                Some(Images::read(data, self.detail, !self.args.no_archives).into())
            }
            ItemContent::Other(what) => nothing(UnreadReason::NoProgram(*what)),
            ItemContent::Skipped(refusal) => nothing(UnreadReason::Refused((*refusal).clone())),
            // For nested archives only the outermost reports this.
            ItemContent::Archive(archive) if item.named && item.name.members().is_empty() => {
                let is_empty = archive.images == 0 && !archive.is_behind_image;
                if is_empty { nothing(UnreadReason::Empty) } else { None }
            }
            ItemContent::Archive(_) | ItemContent::Link { .. } => None,
        }
    }
}

/// The folders among the arguments in which no image was found yet: a wrong path must not look like a
/// folder whose programs are all right.
struct EmptyFolders<'a>(HashSet<&'a Path>);

/// The path under which the walk names what is in a folder.
fn within(folder: &Path) -> &Path {
    folder.strip_prefix(".").unwrap_or(folder)
}

impl<'a> EmptyFolders<'a> {
    fn of(files: &'a [PathBuf]) -> Self {
        Self(files.iter().filter(|file| file.is_dir()).map(|folder| within(folder)).collect())
    }

    fn see(&mut self, found: &Found<Seen>) {
        if !self.0.is_empty() && !found.value.images.is_empty() {
            for folder in found.name.file().ancestors() {
                self.0.remove(folder);
            }
        }
    }

    fn add_to(self, problems: &mut Problems) {
        let mut folders: Vec<&Path> = self.0.into_iter().collect();
        folders.sort_unstable();
        for folder in folders {
            let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let name = Name::from_path(shown.to_owned());
            problems.add(name, true, Vec::new(), UnreadReason::Empty);
        }
        problems.settle();
    }
}

/// The images of an item, with its name. Its unread parts go to `problems`.
fn named(found: Found<Seen>, problems: &mut Problems) -> Vec<Inspected> {
    let Found { name, named, layers, value } = found;
    for reason in value.problems {
        problems.add(name.clone(), named, layers.clone(), reason);
    }
    value.images.into_iter().map(|image| image.named(&name, &layers)).collect()
}

/// The options of the walk.
pub(super) fn options(args: &VersionM) -> walk::Options {
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
