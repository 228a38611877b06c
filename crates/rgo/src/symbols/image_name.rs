//! Which image or Go object a report speaks of.

use std::path::Path;

use rgo_binary::{Image, Limits, Slice, slices};
use rgo_debuginfo::go_object::{self, GoObject};
use rgo_files::walk::{Layer, Name};
use serde::Serialize;

use crate::app::survey::Seen;
use crate::app::unread::UnreadReason;

/// An image, and where it was found.
#[derive(Clone, Debug, Default, Serialize, schemars::JsonSchema)]
pub(super) struct ImageName {
    /// The file on disk; `-` for stdin.
    pub(super) file: String,
    /// Its name within that file, if that is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) member: Option<String>,
    /// The architecture, if the file has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slice: Option<String>,
    /// The layers of container images that contain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) layers: Vec<Layer>,
    /// Its format: ELF, Mach-O, PE, or that of Go's own objects.
    pub(super) format: String,
    /// Its architecture.
    pub(super) arch: String,
}

impl ImageName {
    fn of(slice: &Slice<'_>, is_fat: bool) -> Self {
        Self {
            slice: is_fat.then(|| slice.arch.to_string()),
            format: slice.image.format().to_string(),
            arch: slice.image.arch().to_string(),
            ..Self::default()
        }
    }

    fn of_go_object(object: &GoObject<'_>) -> Self {
        Self { format: "goobj".to_owned(), arch: object.arch.to_owned(), ..Self::default() }
    }

    /// The same with the place where the walk found it.
    pub(super) fn at(self, name: &Name, layers: &[Layer]) -> Self {
        let members = name.members();
        Self {
            file: name.file().to_string_lossy().into_owned(),
            member: (!members.is_empty()).then(|| members.join("!")),
            layers: layers.to_vec(),
            ..self
        }
    }

    /// The file, the member, the slice, the container image.
    pub(super) fn title(&self) -> String {
        let mut title = self.file.clone();
        if let Some(member) = &self.member {
            title += &format!("!{member}");
        }
        if let Some(slice) = &self.slice {
            title += &format!(" ({slice})");
        }
        if let Some(container) = Layer::describe(&self.layers) {
            title += &format!(" ({container})");
        }
        title
    }
}

/// The file of an image, beside which its debug data may be; `None` for members of archives and stdin.
pub(super) fn on_disk(name: &Name) -> Option<&Path> {
    let is_file = name.members().is_empty() && name.file() != Path::new("-");
    is_file.then(|| name.file())
}

/// What has symbols and sizes.
#[derive(Clone, Copy)]
pub(super) enum Binary<'r, 'a> {
    /// An image.
    Image(&'r Image<'a>),
    /// An object of Go's compiler or assembler.
    GoObject(&'r GoObject<'a>),
}

/// Reads each image of a file, or the Go object that it is.
pub(super) fn each_binary<T>(
    data: &[u8],
    read: impl Fn(ImageName, Binary<'_, '_>) -> Result<T, UnreadReason>,
) -> Seen<T> {
    let mut seen = Seen { images: Vec::new(), problems: Vec::new() };
    if data.starts_with(go_object::START) {
        let object = GoObject::parse(data).map_err(|why| UnreadReason::Symbols(why.to_string()));
        let name = ImageName::of_go_object;
        match object.and_then(|object| read(name(&object), Binary::GoObject(&object))) {
            Ok(object) => seen.images.push(object),
            Err(reason) => seen.problems.push(reason),
        }
        return seen;
    }
    let slices = match slices(data, &Limits::default()) {
        Ok(slices) => slices,
        Err(error) => {
            seen.problems.push(UnreadReason::Image(error));
            return seen;
        }
    };
    let is_fat = slices.len() > 1;
    for slice in &slices {
        match read(ImageName::of(slice, is_fat), Binary::Image(&slice.image)) {
            Ok(image) => seen.images.push(image),
            Err(reason) => seen.problems.push(reason),
        }
    }
    seen
}
