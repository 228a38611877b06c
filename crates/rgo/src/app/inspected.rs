//! An inspected image with the name under which the walk found it.

use rgo_binary::inspect::{Detail, Inspection, inspect};
use rgo_binary::{Error, Image};
use rgo_files::walk::{Layer, Name};
use rgo_policy::{Subject, SubjectKind};
use rgo_report::printable;
use serde::Serialize;

use super::survey::Named;

/// One image of a file.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Inspected {
    /// The file on disk; `-` for stdin.
    pub(crate) file: String,
    /// Its name within that file, if that is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<String>,
    /// The architecture, if the file has several.
    pub(crate) slice: Option<String>,
    /// Its facts.
    #[serde(flatten)]
    pub(crate) inspection: Inspection,
    /// The layers of container images that contain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) layers: Vec<Layer>,
    /// Why parts of it cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<String>,
}

impl Inspected {
    /// Inspects an image, which gets its name by [`Named::named`].
    ///
    /// # Errors
    /// If its build record is damaged and the call requests nothing else.
    pub(crate) fn read(
        slice: Option<String>,
        image: &Image<'_>,
        detail: Detail,
    ) -> Result<Self, Error> {
        let inspection = inspect(image, detail);
        if let Some(error) = inspection.record.damage().filter(|_| detail == Detail::Record) {
            return Err(error.clone());
        }
        let problems = inspection.damage().map(ToString::to_string).collect();
        Ok(Self {
            file: String::new(),
            member: None,
            slice,
            inspection,
            layers: Vec::new(),
            problems,
        })
    }

    /// The container image and the layer that contain it, as text.
    pub(crate) fn container(&self) -> Option<String> {
        Layer::describe(&self.layers)
    }

    /// Its name: the file, the member, the slice, the container image.
    pub(crate) fn name(&self) -> String {
        let mut name = self.file.clone();
        if let Some(member) = &self.member {
            name += &format!("!{member}");
        }
        if let Some(slice) = &self.slice {
            name += &format!(" ({slice})");
        }
        if let Some(container) = self.container() {
            name += &format!(" ({container})");
        }
        name
    }

    /// Its name for text that people read.
    pub(crate) fn shown_name(&self) -> String {
        printable(&self.name()).into_owned()
    }

    /// Its name for verdicts.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            kind: SubjectKind::Binary,
            file: self.file.clone(),
            member: self.member.clone(),
            slice: self.slice.clone(),
            image: self.container(),
        }
    }
}

impl Named for Inspected {
    fn named(self, name: &Name, layers: &[Layer]) -> Self {
        let members = name.members();
        Self {
            file: name.file().to_string_lossy().into_owned(),
            member: (!members.is_empty()).then(|| members.join("!")),
            layers: layers.to_vec(),
            ..self
        }
    }
}
