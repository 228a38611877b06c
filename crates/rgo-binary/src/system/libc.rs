//! Finds the C library of an image, and whether it is shared or linked in. The loader's tables name
//! a shared one. Texts ([`crate::system::Texts`]) that only one library has, and that no strip
//! removes, identify a linked-in one; without them there is no answer.

use serde::Serialize;

use crate::system::{ImageSystem, Os, Texts, c_library, dll, place_of};
use crate::{Confidence, Evidence, Format, Image, Kind, Linkage};

/// All names of C libraries. On many systems, the library has no name of its own and gets the
/// system's.
pub const NAMES: &[&str] = &[
    "glibc",
    "musl",
    "uClibc",
    "klibc",
    "bionic",
    "relibc",
    "libSystem",
    "UCRT",
    "msvcrt",
    // Named after their systems.
    "cloudabi",
    "dragonfly",
    "freebsd",
    "fuchsia",
    "haiku",
    "hpux",
    "hurd",
    "illumos",
    "irix",
    "minix",
    "netbsd",
    "openbsd",
    "openvms",
    "qnx",
    "serenity",
    "solaris",
    "tru64",
];

/// The C library of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ImageLibc {
    /// `glibc`, `musl`, `bionic`, `libSystem`, `UCRT`, `msvcrt`, or the name of its system.
    pub name: &'static str,
    /// Whether it is linked into the image.
    pub linked_in: bool,
    /// The parts that a linked-in library still loads at run time. A static program that looks up
    /// hosts or users with glibc needs them, in the same version.
    pub loads: Option<&'static str>,
    /// The evidence for it.
    #[serde(flatten, serialize_with = "crate::evidence::one")]
    #[schemars(schema_with = "crate::evidence::one_schema")]
    pub evidence: Evidence,
}

/// The C library of an image. `None` if there is no evidence for one; that does not prove its
/// absence.
#[must_use]
pub fn libc(
    image: &Image<'_>,
    linkage: &Linkage,
    system: Option<&ImageSystem>,
    texts: &Texts,
) -> Option<ImageLibc> {
    if !linkage.kind.is_loaded() {
        return None;
    }
    let shared = |name, found: &str| ImageLibc {
        name,
        linked_in: false,
        loads: None,
        evidence: Evidence::new(place_of(linkage, found), found, Confidence::Certain),
    };
    match image.format() {
        Format::Elf => match system?.os {
            _ if linkage.kind == Kind::SharedLibrary && linkage.static_ => None,
            Os::Linux if linkage.static_ => linked_in(texts),
            Os::BareMetal => None,
            os if linkage.static_ => {
                let evidence = system.map(|system| system.evidence.clone())?;
                let name = if os == Os::Android { "bionic" } else { return None };
                Some(ImageLibc { name, linked_in: true, loads: None, evidence })
            }
            os => match c_library(image, linkage) {
                Some(library) => {
                    // illumos has Solaris's loader.
                    let is_systems_own = library.name == library.os.name();
                    let name = if is_systems_own { os.name() } else { library.name };
                    NAMES.contains(&name).then(|| shared(name, library.found))
                }
                // An unknown loader on a system that has only one C library.
                None if NAMES.contains(&os.name()) => {
                    Some(shared(os.name(), linkage.interpreter.as_deref()?))
                }
                None => None,
            },
        },
        Format::MachO => {
            let needed = linkage.needed.iter();
            let system = needed.into_iter().find(|name| name.contains("/libSystem."));
            system.map(|found| shared("libSystem", found))
        }
        Format::Pe => match dll(linkage) {
            Some((name, found)) => Some(shared(name, found)),
            None => linked_in(texts),
        },
    }
}

/// A linked-in library by its text. Several texts give no answer: the program mentions these
/// libraries.
fn linked_in(texts: &Texts) -> Option<ImageLibc> {
    let [(name, evidence)] = texts.c_libraries.as_slice() else { return None };
    let loads = (*name == "glibc" && texts.name_services).then_some("libnss_*.so");
    Some(ImageLibc { name, linked_in: true, loads, evidence: evidence.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::names_of_c_libraries;

    #[test]
    fn every_name_that_is_given_is_on_the_list() {
        for name in names_of_c_libraries() {
            assert!(NAMES.contains(&name), "{name}");
        }
    }
}
