//! Visits the inputs of a command: named files, the files below named folders, stdin for `-`, and every
//! member of archives, nested to a limit. All inspecting commands share this, so they agree on what a
//! folder is, how a member is called and what is too much.
//!
//! ```text
//! arguments ─▶ folders ─▶ file ─▶ visitor ─▶ inspect(Item) ─▶ in_order ─▶ Found, in the order
//!                         (many at a time)                            of the arguments
//! ```
//!
//! Only the content says what something is, and only what proves to be an image or an archive is
//! read as a whole. Nothing is written to disk. All input is taken to be hostile: work and memory
//! stay within [`Limits`], and what is left out is an item with its reason.

mod ar;
mod budget;
mod compressed;
mod container;
mod decoders;
mod file;
mod folders;
mod foreign;
mod in_order;
mod inflate;
mod limits;
mod name;
mod oci_layout;
mod reading;
mod skip_reason;
mod sniff;
mod tar;
mod tar_header;
mod visitor;
mod zip;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub use container::{Annotations, ContainerImage, Layer};
pub use foreign::{Foreign, ForeignRole, appended};
pub use limits::Limits;
pub use name::{Name, SEPARATOR};
pub use skip_reason::SkipReason;
pub use sniff::ContentKind;

use folders::Walk;
use in_order::Visits;

pub use in_order::Take;

/// Results of [`visit_each`] that wait for an earlier file, at most.
pub const MAX_AHEAD: usize = 256;

/// What is visited, and within which limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether archives are opened. Without it they are files like all others.
    pub archives: bool,
    /// Whether the files of a container image that no container sees are there too.
    pub all_layers: bool,
    /// The limits for each file.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { archives: true, all_layers: false, limits: Limits::default() }
    }
}

/// A file, a member, or what is wrong with one.
#[derive(Debug)]
pub struct Item<'a> {
    /// What it is called.
    pub name: &'a Name,
    /// Whether the user named the file that this is or is in: then silence would be a wrong
    /// answer. What was found in a folder is not named.
    pub named: bool,
    /// What there is.
    pub content: ItemContent<'a>,
}

/// What there is at a name.
#[derive(Debug)]
pub enum ItemContent<'a> {
    /// An ELF, Mach-O or PE image, fat or thin: all its bytes.
    Image(&'a [u8]),
    /// A file that the user named and that is neither image nor archive, and what it is instead,
    /// if that is known.
    Other(Option<&'static Foreign>),
    /// A link within an archive, which is not followed.
    Link {
        /// Where it leads, escaped as names are.
        target: &'a str,
    },
    /// An archive that was opened; it comes after its members.
    Archive(Archive),
    /// Why a file found in a folder, a member, or the rest of an archive was not read.
    Skipped(&'a SkipReason),
}

/// The counts of an archive that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its outermost format: `Gzip` for a `.tar.gz`.
    pub kind: ContentKind,
    /// Members, without those of archives in it.
    pub members: u64,
    /// Images in it, at any depth.
    pub images: u64,
    /// Whether it stands behind a program, which is an image of its own.
    pub is_behind_image: bool,
}

/// A result of `inspect`.
#[derive(Debug)]
pub struct Found<T> {
    /// What the item is called.
    pub name: Name,
    /// As [`Item::named`].
    pub named: bool,
    /// The layers of container images that the item is from; mostly none or one.
    pub layers: Vec<Layer>,
    /// The result.
    pub value: T,
}

/// Makes a result of an item; `None` if it is of no interest.
type Inspect<'l, T> = dyn Fn(&Item<'_>) -> Option<T> + Sync + 'l;

/// Called with the path of each file before it is visited, to show progress.
pub type Begin<'b> = dyn Fn(&Path) + Sync + 'b;

/// Calls `inspect` with every item that `args` lead to, many files at a time. Returns its results in
/// the order of the arguments, then of the names in a folder, then of the members in an archive. A
/// file that cannot be read is an item, too. Of a container image there are the files that its
/// containers see, by image, path and layer.
///
/// ```
/// use rgo_files::walk::{ItemContent, Options, visit};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("app"), b"\x7fELF...")?;
/// std::fs::write(folder.path().join("README"), "text")?;
/// let args = [folder.path().to_owned()];
/// let sizes = visit(&args, &Options::default(), &|_| {}, &|item| match item.content {
///     ItemContent::Image(bytes) => Some(bytes.len()),
///     _ => None,
/// });
/// let sizes: Vec<usize> = sizes.iter().map(|found| found.value).collect();
/// assert_eq!(sizes, [7], "the text is passed over");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// An item's bytes live as long as the call of `inspect`. Each thread holds one member of an archive
/// at a time, and the archives it is in as far as they cannot be streamed.
pub fn visit<T: Send>(
    args: &[PathBuf],
    options: &Options,
    begin: &Begin<'_>,
    inspect: &Inspect<'_, T>,
) -> Vec<Found<T>> {
    let mut all = Vec::new();
    // All are kept anyway: a window would only make threads wait.
    let visits = Visits { options, begin, inspect, max_ahead: usize::MAX };
    visit_within(args, &visits, &mut |found| {
        all.push(found);
        ControlFlow::Continue(())
    });
    all
}

/// As [`visit`], but gives each result to `take` as soon as its turn has come, and keeps none. The
/// memory that this needs does not grow with the number of files: at most [`MAX_AHEAD`] results
/// wait for an earlier file. The results of one archive come together, because only its last
/// member can show that it is a container image; so do those of a folder of container images.
///
/// `take` may be called by any thread, by one at a time. Once it says
/// [`ControlFlow::Break`], no further file is begun.
pub fn visit_each<T: Send>(
    args: &[PathBuf],
    options: &Options,
    begin: &Begin<'_>,
    inspect: &Inspect<'_, T>,
    take: &mut Take<'_, T>,
) {
    visit_within(args, &Visits { options, begin, inspect, max_ahead: MAX_AHEAD }, take);
}

fn visit_within<T: Send>(args: &[PathBuf], visits: &Visits<'_, T>, take: &mut Take<'_, T>) {
    let is_single = matches!(args, [path] if path.as_os_str() == "-" || !path.is_dir());
    in_order::run(Walk::new(args, visits.options), is_single, visits, take);
}
