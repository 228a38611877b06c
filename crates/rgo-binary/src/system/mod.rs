//! Finds the system that an image is for, with the evidence. Mach-O and PE headers contain it. The
//! field in ELF headers is mostly unused, so this module uses other signs, the most certain first:
//!
//! ```text
//! where its parts are loaded      no system puts programs there: firmware, a kernel
//! EI_OSABI, notes                 the BSDs, Android, glibc's note, Hermit, kernels for Xen
//! interpreter, needed libraries   each system's own loader and C library
//! build record                    GOOS, a Rust target
//! linked-in texts                 C libraries, Go's runtime, Rust's std
//! none of these                   probably Linux: every other system marks its static programs
//! ```
//!
//! "Probably" is a guess: a policy treats it as unknown.

mod bare;
mod c_library;
mod elf;
pub mod libc;
mod os;
mod texts;

use object::macho;
use serde::Serialize;

use crate::image::macho_platform::platform;
use crate::{Confidence, Evidence, Format, Image, Linkage};

pub use os::Os;
pub use texts::Texts;

#[cfg(test)]
pub(crate) use c_library::names_of_c_libraries;
pub(crate) use c_library::{c_library, dll, place_of};

/// The system of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ImageSystem {
    /// Its name; [`Os::BareMetal`] for images without a system.
    #[serde(rename = "name")]
    pub os: Os,
    /// The evidence. [`Confidence::Guess`] means that it is only probable.
    #[serde(flatten, serialize_with = "crate::evidence::one")]
    #[schemars(schema_with = "crate::evidence::one_schema")]
    pub evidence: Evidence,
}

impl ImageSystem {
    fn new(os: Os, place: &str, found: &str, confidence: Confidence) -> Self {
        Self { os, evidence: Evidence::new(place, found, confidence) }
    }

    /// Whether the evidence is more than a guess, so that a policy can rely on it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.evidence.confidence > Confidence::Guess
    }

    /// The system, unless it is only a guess.
    #[must_use]
    pub fn known(&self) -> Option<Os> {
        self.is_known().then_some(self.os)
    }
}

/// Apple's systems, each with Apple's name.
const APPLE: [(macho::Platform, Os, &str); 11] = [
    (macho::PLATFORM_MACOS, Os::Darwin, "macOS"),
    (macho::PLATFORM_MACCATALYST, Os::Darwin, "Mac Catalyst"),
    (macho::PLATFORM_IOS, Os::Ios, "iOS"),
    (macho::PLATFORM_IOSSIMULATOR, Os::Ios, "iOS simulator"),
    (macho::PLATFORM_TVOS, Os::TvOs, "tvOS"),
    (macho::PLATFORM_TVOSSIMULATOR, Os::TvOs, "tvOS simulator"),
    (macho::PLATFORM_WATCHOS, Os::WatchOs, "watchOS"),
    (macho::PLATFORM_WATCHOSSIMULATOR, Os::WatchOs, "watchOS simulator"),
    (macho::PLATFORM_VISIONOS, Os::VisionOs, "visionOS"),
    (macho::PLATFORM_VISIONOSSIMULATOR, Os::VisionOs, "visionOS simulator"),
    (macho::PLATFORM_FIRMWARE, Os::BareMetal, "firmware"),
];

/// PE subsystems of UEFI, by their names in the linkage: applications, drivers, ROMs.
const UEFI: [&str; 4] = ["efi", "11", "12", "13"];

/// Finds the system of an image. `recorded` is the builder's record: a value of `GOOS` or a target
/// triple. `None` for images that no system loads, such as an object file, and if the image needs a
/// library of no known system.
#[must_use]
pub fn system(
    image: &Image<'_>,
    linkage: &Linkage,
    texts: &Texts,
    recorded: Option<&str>,
) -> Option<ImageSystem> {
    if !linkage.kind.is_loaded() {
        return None;
    }
    match image.format() {
        Format::Elf => elf::system(image, linkage, texts, recorded),
        Format::MachO => Some(match platform(image) {
            Some(number) => {
                let (_, os, name) = APPLE.iter().find(|(known, ..)| *known == number)?;
                let found = format!("platform {name}");
                ImageSystem::new(*os, "load commands", &found, Confidence::Certain)
            }
            None => ImageSystem::new(Os::Darwin, "file format", "Mach-O", Confidence::Likely),
        }),
        Format::Pe => {
            let subsystem = linkage.subsystem.as_deref().unwrap_or("none");
            let os = if UEFI.contains(&subsystem) { Os::Uefi } else { Os::Windows };
            let found = format!("subsystem {subsystem}");
            Some(ImageSystem::new(os, "PE optional header", &found, Confidence::Certain))
        }
    }
}

/// The system in the header or the notes of an ELF image.
pub(crate) fn marked_for(image: &Image<'_>) -> Option<Os> {
    elf::marked(image).map(|system| system.os)
}
