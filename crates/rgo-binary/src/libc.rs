//! The C library of an image, and how it gets at it. A shared one is named by what the loader is
//! asked for. One that is linked in is told by texts that each library has for itself and that no
//! strip takes away; where there are none of them, nothing is claimed.
//!
//! ```text
//! GLIBC_TUNABLES          glibc reads this variable before anything else runs
//! No error information    musl's words for an error that it does not know
//! CorExitProcess          Microsoft's runtime looks for this function before it exits
//! ```

use memchr::memmem;
use serde::Serialize;

use crate::linkage::Kind;
use crate::origin::{Confidence, Evidence, places};
use crate::runs_on::{self, Asked, place_of};
use crate::{Format, Image, Linkage};

/// A C library in the hands of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Libc {
    /// `glibc`, `musl`, `bionic`, `libSystem`, `UCRT`, `msvcrt`, or the system that it is a part of.
    pub name: &'static str,
    /// Whether it is a part of the image.
    pub linked_in: bool,
    /// Parts of it that it loads while the program runs, though it is linked in: a static program
    /// that looks up hosts or users with glibc needs them, and of the same version.
    pub loads: Option<&'static str>,
    /// What tells.
    #[serde(flatten, serialize_with = "crate::origin::evidence::one")]
    pub evidence: Evidence,
}

const LINKED_IN: [(Format, &str, &str); 3] = [
    (Format::Elf, "glibc", "GLIBC_TUNABLES"),
    (Format::Elf, "musl", "No error information"),
    (Format::Pe, "UCRT", "CorExitProcess"),
];

/// What glibc reads before it looks up a name.
const NAME_SERVICES: &str = "nsswitch.conf";

/// DLLs by how their names start, in lower case.
const DLLS: [(&str, &str); 3] =
    [("api-ms-win-crt-", "UCRT"), ("ucrtbase", "UCRT"), ("msvcrt.dll", "msvcrt")];

/// The C library of an image; `None` where nothing tells of one, which proves nothing.
#[must_use]
pub fn libc(image: &Image<'_>, linkage: &Linkage) -> Option<Libc> {
    if !linkage.kind.is_loaded() {
        return None;
    }
    let shared = |name, found: &str| Libc {
        name,
        linked_in: false,
        loads: None,
        evidence: Evidence::new(place_of(linkage, found), found, Confidence::Certain),
    };
    match image.format() {
        Format::Elf => match runs_on::asked(image, linkage) {
            Asked::Glibc(found) => Some(shared("glibc", found)),
            Asked::Musl(found) => Some(shared("musl", found)),
            Asked::Other("android", found) => Some(shared("bionic", found)),
            Asked::Other("elf", _) => None,
            Asked::Other(_, _) if linkage.static_ => None,
            Asked::Other(system, found) => Some(shared(system, found)),
            Asked::Nothing if linkage.kind == Kind::SharedLibrary => None,
            Asked::Nothing => linked_in(image),
        },
        Format::MachO => {
            let needed = linkage.needed.iter();
            let system = needed.into_iter().find(|name| name.contains("/libSystem."));
            system.map(|found| shared("libSystem", found))
        }
        Format::Pe => {
            let found = linkage.needed.iter().find_map(|library| {
                let name = library.to_lowercase();
                let (_, libc) = DLLS.iter().find(|(start, _)| name.starts_with(start))?;
                Some(shared(libc, library))
            });
            found.or_else(|| linked_in(image))
        }
    }
}

/// One that left its text; several did so in a program that speaks of them.
fn linked_in(image: &Image<'_>) -> Option<Libc> {
    let places = places::loaded(image);
    let mut found = LINKED_IN.iter().filter(|(format, ..)| *format == image.format()).filter_map(
        |(_, name, text)| {
            let evidence = Evidence::new(place_with(&places, text)?, text, Confidence::Likely);
            let looks_up = *name == "glibc" && place_with(&places, NAME_SERVICES).is_some();
            let loads = looks_up.then_some("libnss_*.so");
            Some(Libc { name, linked_in: true, loads, evidence })
        },
    );
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn place_with<'p>(places: &[places::Place<'p>], text: &str) -> Option<&'p str> {
    let has = |place: &&places::Place<'_>| memmem::find(place.data, text.as_bytes()).is_some();
    places.iter().find(has).map(|place| place.name)
}
