//! Reads the images in the files of a call: in files, folders and archives. Collects what is read of them, and the
//! reasons why others are missing.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rgo_files::walk::{self, Found, Item, ItemContent, Layer, Name};

use super::progress::FileProgress;
use super::unread::{Problems, UnreadReason};

/// What is read of an image, which gets the name under which the walk found it.
pub(crate) trait Named: Send {
    /// The same with a name, and the layers of container images that contain it.
    fn named(self, name: &Name, layers: &[Layer]) -> Self;
}

/// What is read of a file's images, and the reasons why others are missing.
pub(crate) struct Seen<T> {
    pub(crate) images: Vec<T>,
    pub(crate) problems: Vec<UnreadReason>,
}

impl<T> Seen<T> {
    fn nothing(reason: UnreadReason) -> Self {
        Self { images: Vec::new(), problems: vec![reason] }
    }
}

/// How a call reads files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SurveyOptions<'a> {
    pub(crate) files: &'a [PathBuf],
    pub(crate) archives: bool,
    pub(crate) all_layers: bool,
    pub(crate) go_objects: bool,
    pub(crate) max_member: Option<u64>,
    pub(crate) max_depth: Option<usize>,
    pub(crate) verbose: bool,
    pub(crate) quiet: bool,
}

impl SurveyOptions<'_> {
    /// The options of the walk.
    pub(crate) fn walk(&self) -> walk::Options {
        let mut options = walk::Options {
            archives: self.archives,
            all_layers: self.all_layers,
            go_objects: self.go_objects,
            ..walk::Options::default()
        };
        if let Some(bytes) = self.max_member {
            options.limits.max_member = bytes;
        }
        if let Some(depth) = self.max_depth {
            options.limits.max_depth = depth;
        }
        options
    }
}

/// What reads a file with images: it gets its name and its bytes.
type Reader<'a, T> = Box<dyn Fn(&Name, &[u8]) -> Seen<T> + Sync + 'a>;

/// Reads files by the options of the call.
pub(crate) struct Survey<'a, T> {
    options: SurveyOptions<'a>,
    read: Reader<'a, T>,
    progress: FileProgress,
}

impl<'a, T: Named> Survey<'a, T> {
    /// Prepares a survey. `read` gets the name and the bytes of a file with images.
    pub(crate) fn new(
        options: SurveyOptions<'a>,
        read: impl Fn(&Name, &[u8]) -> Seen<T> + Sync + 'a,
    ) -> Self {
        Self { options, read: Box::new(read), progress: FileProgress::new(options.quiet) }
    }

    /// What is read of all images, and the unread files.
    pub(crate) fn all(&self) -> (Vec<T>, Problems) {
        let files = self.options.files;
        let begin = |path: &Path| self.progress.begin(path);
        let look = |item: &Item<'_>| self.look(item);
        let found = walk::visit(files, &self.options.walk(), &begin, &look);
        let (mut problems, mut folders) = (Problems::default(), EmptyFolders::of(files));
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

    /// Passes what is read of each image to `take` while later files are read, until `take` returns `false`.
    /// Returns the unread files.
    pub(crate) fn each(&self, take: &mut (dyn FnMut(T) -> bool + Send)) -> Problems {
        let files = self.options.files;
        let begin = |path: &Path| self.progress.begin(path);
        let look = |item: &Item<'_>| self.look(item);
        let (mut problems, mut folders) = (Problems::default(), EmptyFolders::of(files));
        walk::visit_each(files, &self.options.walk(), &begin, &look, &mut |found| {
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
    pub(crate) fn print(&self, problems: &Problems) {
        let SurveyOptions { files, verbose, quiet, .. } = self.options;
        self.progress.suspend(|| problems.print(files.len(), verbose, quiet));
    }

    fn look(&self, item: &Item<'_>) -> Option<Seen<T>> {
        self.progress.at(item.name);
        let nothing = |reason: UnreadReason| Some(Seen::nothing(reason));
        match &item.content {
            ItemContent::Image(data) | ItemContent::GoObject(data) => {
                Some((self.read)(item.name, data))
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

    fn see<T>(&mut self, found: &Found<Seen<T>>) {
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

/// What is read of the images of an item, with its name. Its unread parts go to `problems`.
fn named<T: Named>(found: Found<Seen<T>>, problems: &mut Problems) -> Vec<T> {
    let Found { name, named, layers, value } = found;
    for reason in value.problems {
        problems.add(name.clone(), named, layers.clone(), reason);
    }
    value.images.into_iter().map(|image| image.named(&name, &layers)).collect()
}
