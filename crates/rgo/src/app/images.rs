//! Inspects all images of a file: one, or the slices of a fat Mach-O file.

use std::fmt;

use rgo_binary::appended::{Appended, appended, behind_slices};
use rgo_binary::inspect::{Detail, Fact};
use rgo_binary::{Error, Limits, slices};
use rgo_files::walk::{self, Foreign, SkipReason};

use super::inspected::Inspected;
use super::unread::UnreadReason;

/// The images of a file, and why others are missing.
#[derive(Debug, Default)]
pub(crate) struct Images {
    pub(crate) images: Vec<Inspected>,
    pub(crate) problems: Vec<ImageProblem>,
}

/// Why an image is missing.
#[derive(Debug)]
pub(crate) enum ImageProblem {
    /// It cannot be read.
    Unreadable(Error),
    /// The data behind an image may hold programs, and rgo does not read its format.
    Appended(&'static Foreign),
    /// The file, or a member of it, was not read.
    Skipped(SkipReason),
}

impl fmt::Display for ImageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Appended(foreign) => foreign.fmt(f),
            Self::Skipped(reason) => reason.fmt(f),
        }
    }
}

impl From<ImageProblem> for UnreadReason {
    fn from(problem: ImageProblem) -> Self {
        match problem {
            ImageProblem::Unreadable(error) => Self::Image(error),
            ImageProblem::Skipped(reason) => Self::Refused(reason),
            ImageProblem::Appended(foreign) => Self::Refused(SkipReason::Foreign(foreign)),
        }
    }
}

impl Images {
    /// Inspects the images of a file. With `archives` also the data behind an image counts.
    pub(crate) fn read(data: &[u8], detail: Detail, archives: bool) -> Self {
        let mut all = Self::default();
        let slices = match slices(data, &Limits::default()) {
            Ok(slices) => slices,
            Err(error) => {
                all.problems.push(ImageProblem::Unreadable(error));
                return all;
            }
        };
        let is_fat = slices.len() > 1;
        for slice in &slices {
            let arch = is_fat.then(|| slice.arch.to_string());
            let image = match Inspected::read(arch, &slice.image, detail) {
                Ok(image) => image,
                Err(error) => {
                    all.problems.push(ImageProblem::Unreadable(error));
                    continue;
                }
            };
            match &image.inspection.facts {
                _ if !archives => {}
                Some(facts) => all.hides(facts.appended.known()),
                None => all.hides(appended(&slice.image).as_ref()),
            }
            all.images.push(image);
        }
        let behind_all = behind_slices(data, &slices);
        if archives {
            all.hides(behind_all.as_ref());
        }
        // The data behind all slices is reported with the last one.
        let last = all.images.last_mut().and_then(|last| last.inspection.facts.as_mut());
        if let (Some(facts), Some(behind)) = (last, behind_all)
            && !facts.appended.is_known()
        {
            facts.appended = Fact::Known(behind);
        }
        all
    }

    /// No images, because the file was not read.
    pub(crate) fn skipped(reason: &SkipReason) -> Self {
        Self { images: Vec::new(), problems: vec![ImageProblem::Skipped(reason.clone())] }
    }

    /// Adds that the data behind an image may hold programs.
    fn hides(&mut self, behind: Option<&Appended>) {
        let packed = behind.and_then(|behind| walk::appended(behind.looks_like));
        self.problems.extend(packed.map(ImageProblem::Appended));
    }
}
