//! Finds the texts of C libraries and runtimes that are linked into a program. No strip removes
//! them. One pass searches for all.
//!
//! ```text
//! GLIBC_TUNABLES                 glibc reads this variable before anything else runs
//! No error information           musl's words for an error that it does not know
//! CorExitProcess                 Microsoft's runtime looks for this function before it exits
//! runtime/os_linux.go            a file of Go's runtime, in its table of files
//! std/src/sys/pal/hermit/        a file of Rust's std, in its panic messages
//! /proc/self/                    Linux shows a process to itself there
//! ```

use std::sync::LazyLock;

use super::{Os, dll};
use crate::image::multi_search::Needles;
use crate::image::regions;
use crate::{Confidence, Evidence, Format, Image, Linkage};

const GLIBC: &str = "GLIBC_TUNABLES";
/// glibc reads this before it looks up a name.
const NAME_SERVICES: &str = "nsswitch.conf";
const MUSL: &str = "No error information";
const UCRT: &str = "CorExitProcess";
const GO: &str = "runtime/os_";
const RUST: &str = "std/src/sys/pal/";
const PROC: &str = "/proc/self/";
const ALL: [&str; 7] = [GLIBC, NAME_SERVICES, MUSL, UCRT, GO, RUST, PROC];

static NEEDLES: LazyLock<Needles> =
    LazyLock::new(|| Needles::new(ALL.iter().map(|text| text.as_bytes())));

/// Parts of Rust's std for one system. `unix` is for many.
const RUST_SYSTEMS: [(&str, Os); 10] = [
    ("hermit", Os::Hermit),
    ("sgx", Os::Sgx),
    ("solid", Os::Solid),
    ("teeos", Os::TeeOs),
    ("trusty", Os::Trusty),
    ("uefi", Os::Uefi),
    ("vxworks", Os::VxWorks),
    ("windows", Os::Windows),
    ("xous", Os::Xous),
    ("zkvm", Os::ZkVm),
];

/// The names of files in Go's runtime contain one system, or a common part of several.
const GO_SYSTEMS: [Os; 11] = [
    Os::Aix,
    Os::Android,
    Os::Darwin,
    Os::DragonFly,
    Os::FreeBsd,
    Os::Illumos,
    Os::Linux,
    Os::NetBsd,
    Os::OpenBsd,
    Os::Solaris,
    Os::Windows,
];

/// The evidence in the texts of an image. Empty for an image with a shared C library.
#[derive(Debug, Default)]
pub struct Texts {
    /// C libraries that are linked in. Several if a program mentions them.
    pub(crate) c_libraries: Vec<(&'static str, Evidence)>,
    /// Whether linked-in glibc looks up names of hosts and users.
    pub(crate) name_services: bool,
    /// The systems of language runtimes.
    pub(super) runtimes: Vec<(Os, Evidence)>,
    /// A path that only Linux has; programs for other systems may mention it.
    pub(super) linux_path: Option<Evidence>,
}

impl Texts {
    /// Searches an image.
    #[must_use]
    pub fn of(image: &Image<'_>, linkage: &Linkage) -> Self {
        let searched = match image.format() {
            Format::Elf => linkage.kind.is_loaded() && linkage.static_,
            Format::Pe => linkage.kind.is_loaded() && dll(linkage).is_none(),
            Format::MachO => false,
        };
        let mut texts = Self::default();
        if searched {
            for place in regions::loaded(image) {
                texts.search(image.format(), &place);
            }
        }
        texts
    }

    fn search(&mut self, format: Format, place: &regions::Region<'_>) {
        for (index, at) in NEEDLES.find_iter(place.data) {
            let Some(text) = ALL.get(index).copied() else { continue };
            let after = place.data.get(at + text.len()..).unwrap_or_default();
            match (format, text) {
                (Format::Elf, GLIBC) if is_whole(place.data, at, text) => {
                    self.library("glibc", text, place.name);
                }
                (Format::Elf, MUSL) if is_whole(place.data, at, text) => {
                    self.library("musl", text, place.name);
                }
                (Format::Pe, UCRT) if is_whole(place.data, at, text) => {
                    self.library("UCRT", text, place.name);
                }
                (Format::Elf, NAME_SERVICES) => self.name_services = true,
                (Format::Elf, PROC) => {
                    // Programs for other systems may look for this path too.
                    let path = || Evidence::new(place.name, text, Confidence::Guess);
                    self.linux_path.get_or_insert_with(path);
                }
                (Format::Elf, GO) => {
                    let name = word(after, b".go");
                    let known = GO_SYSTEMS.iter().find(|os| name == Some(os.name()));
                    if let Some(os) = known {
                        self.runtime(*os, &format!("{GO}{os}.go"), place.name);
                    }
                }
                (Format::Elf, RUST) => {
                    let name = word(after, b"/");
                    let known = RUST_SYSTEMS.iter().find(|(part, _)| name == Some(part));
                    if let Some((part, os)) = known {
                        self.runtime(*os, &format!("{RUST}{part}/"), place.name);
                    }
                }
                _ => {}
            }
        }
    }

    fn library(&mut self, name: &'static str, text: &str, place: &str) {
        if !self.c_libraries.iter().any(|(known, _)| *known == name) {
            self.c_libraries.push((name, Evidence::new(place, text, Confidence::Likely)));
        }
    }

    fn runtime(&mut self, os: Os, text: &str, place: &str) {
        if !self.runtimes.iter().any(|(known, _)| *known == os) {
            self.runtimes.push((os, Evidence::new(place, text, Confidence::Likely)));
        }
    }
}

/// Whether a text is a whole C string. Go and Rust store strings without a NUL, so that a program
/// which only mentions a C library does not match.
fn is_whole(data: &[u8], at: usize, text: &str) -> bool {
    let before = at.checked_sub(1).and_then(|at| data.get(at));
    before.is_none_or(|byte| *byte == 0) && data.get(at + text.len()) == Some(&0)
}

/// The word before `end`, within a short distance.
fn word<'a>(bytes: &'a [u8], end: &[u8]) -> Option<&'a str> {
    const LONGEST: usize = 16;
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    let at = bytes.windows(end.len()).position(|window| window == end)?;
    std::str::from_utf8(bytes.get(..at)?).ok()
}
