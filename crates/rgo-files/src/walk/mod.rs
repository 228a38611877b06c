//! Visits the inputs of a command: named files, the files below named folders, stdin for `-`, and
//! every member of archives, nested up to a limit. All inspecting commands share it, so they agree
//! on folders, members' names and limits.
//!
//! ```text
//! arguments ─▶ folders ─▶ file ─▶ visitor ─▶ inspect(Item) ─▶ results ─▶ Found, in the order
//!                         (many at a time:                               of the arguments
//!                          at_once, in_order)
//! ```
//!
//! The walk recognizes files by their content only, and reads only images and archives as a whole.
//! It writes nothing to disk. It treats all input as hostile: work and memory stay within
//! [`Limits`], and skipped content is an item with its reason.

mod ar;
mod at_once;
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
mod results;
mod skip_reason;
mod sniff;
mod tar;
mod tar_header;
mod threads;
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
use results::Visits;

pub use results::Take;

/// Maximum number of results of [`visit_each`] that wait for an earlier file.
pub const MAX_AHEAD: usize = 256;

/// The scope of a visit, and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether archives are opened. Otherwise they count as ordinary files.
    pub archives: bool,
    /// Whether to include the files of a container image that no container sees.
    pub all_layers: bool,
    /// Whether Go's own objects are read. Otherwise they are skipped, as programs in other formats are.
    pub go_objects: bool,
    /// The limits for each file.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { archives: true, all_layers: false, go_objects: false, limits: Limits::default() }
    }
}

/// A file, a member, or a problem with one.
#[derive(Debug)]
pub struct Item<'a> {
    /// Its name.
    pub name: &'a Name,
    /// Whether the user named the file that this is or is in: then silence would be a wrong answer.
    /// A file that the walk found in a folder is not named.
    pub named: bool,
    /// Its content.
    pub content: ItemContent<'a>,
}

/// The content of an item.
#[derive(Debug)]
pub enum ItemContent<'a> {
    /// An ELF, Mach-O or PE image, fat or thin: all its bytes.
    Image(&'a [u8]),
    /// An object of Go's compiler or assembler, if [`Options::go_objects`] asks for them: all its bytes.
    GoObject(&'a [u8]),
    /// A named file that is neither image nor archive, and its kind, if that is known.
    Other(Option<&'static Foreign>),
    /// A link within an archive, which is not followed.
    Link {
        /// Its target, escaped like names.
        target: &'a str,
    },
    /// An archive that was opened; it comes after its members.
    Archive(Archive),
    /// Why a file in a folder, a member, or the rest of an archive was not read.
    Skipped(&'a SkipReason),
}

/// The counts of an opened archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its outermost format: `Gzip` for a `.tar.gz`.
    pub kind: ContentKind,
    /// Number of members, without those of nested archives.
    pub members: u64,
    /// Number of images and Go objects in it, at any depth.
    pub images: u64,
    /// Whether it is appended to a program, which is an item of its own.
    pub is_behind_image: bool,
}

/// A result of `inspect`.
#[derive(Debug)]
pub struct Found<T> {
    /// The name of the item.
    pub name: Name,
    /// See [`Item::named`].
    pub named: bool,
    /// The layers of container images that contain the item; mostly none or one.
    pub layers: Vec<Layer>,
    /// The result.
    pub value: T,
}

/// Converts an item to a result; `None` if it is of no interest.
type Inspect<'l, T> = dyn Fn(&Item<'_>) -> Option<T> + Sync + 'l;

/// Called with the path of each file before it is visited, to show progress.
pub type Begin<'b> = dyn Fn(&Path) + Sync + 'b;

/// Calls `inspect` with every item below `args`, many files in parallel. Returns its results in the
/// order of the arguments, then of the names in a folder, then of the members in an archive. An
/// unreadable file is an item too. A container image contributes the files that its containers see,
/// by image, path and layer.
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
/// An item's bytes live as long as the call of `inspect`. Each thread holds one member of an
/// archive at a time, and those archives around it that cannot be streamed.
pub fn visit<T: Send>(
    args: &[PathBuf],
    options: &Options,
    begin: &Begin<'_>,
    inspect: &Inspect<'_, T>,
) -> Vec<Found<T>> {
    let mut all = Vec::new();
    let visits = Visits { options, begin, inspect };
    at_once::run(Walk::new(args, options), is_single(args), &visits, &mut |found| {
        all.push(found);
        ControlFlow::Continue(())
    });
    all
}

/// Like [`visit`], but passes each result to `take` as soon as its turn has come, and keeps none.
/// Memory does not grow with the number of files: at most [`MAX_AHEAD`] results wait for an earlier
/// file. The results of one archive come together, because only its last member can show that it is
/// a container image; the same holds for a folder of container images.
///
/// Any thread may call `take`, but only one at a time. After it returns [`ControlFlow::Break`], no
/// further file is started.
pub fn visit_each<T: Send>(
    args: &[PathBuf],
    options: &Options,
    begin: &Begin<'_>,
    inspect: &Inspect<'_, T>,
    take: &mut Take<'_, T>,
) {
    let visits = Visits { options, begin, inspect };
    in_order::run(Walk::new(args, options), is_single(args), &visits, MAX_AHEAD, take);
}

/// Whether there is only one file to visit.
fn is_single(args: &[PathBuf]) -> bool {
    matches!(args, [path] if path.as_os_str() == "-" || !path.is_dir())
}
