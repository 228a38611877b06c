//! Recognizes the system of an ELF image by marks that systems and their tools write.

use object::read::elf::FileHeader;
use object::{Endianness, elf};

use super::c_library::{c_library, place_of};
use super::{ImageSystem, Os, Texts, bare};
use crate::Confidence::{Certain, Guess, Likely};
use crate::image::elf_notes::{ElfNote, notes};
use crate::{Image, Kind, Linkage};

/// Systems with their own value in the header (gABI and its supplements, `EI_OSABI`).
const OS_ABIS: [(u8, Os); 13] = [
    (1, Os::HpUx),
    (2, Os::NetBsd),
    (4, Os::Hurd),
    (6, Os::Solaris),
    (7, Os::Aix),
    (8, Os::Irix),
    (9, Os::FreeBsd),
    (10, Os::Tru64),
    (12, Os::OpenBsd),
    (13, Os::OpenVms),
    (17, Os::CloudAbi),
    // Arm's value for no system, and the general one.
    (97, Os::BareMetal),
    (255, Os::BareMetal),
];

/// Systems by the owner of the note that names the required release.
const NOTES: [(&[u8], Os); 8] = [
    (b"FreeBSD", Os::FreeBsd),
    (b"Minix", Os::Minix),
    (b"NetBSD", Os::NetBsd),
    (b"OpenBSD", Os::OpenBsd),
    (b"DragonFly", Os::DragonFly),
    (b"Android", Os::Android),
    (b"QNX", Os::Qnx),
    // The Linux vDSO, and code that is built with it.
    (b"Linux", Os::Linux),
];

/// Systems by the first number in glibc's note (`NT_GNU_ABI_TAG`).
const GNU_ABI_TAGS: [Os; 5] = [Os::Linux, Os::Hurd, Os::Solaris, Os::FreeBsd, Os::NetBsd];
const NT_GNU_ABI_TAG: u32 = 1;

/// The system of an ELF image.
pub(super) fn system(
    image: &Image<'_>,
    linkage: &Linkage,
    texts: &Texts,
    recorded: Option<&str>,
) -> Option<ImageSystem> {
    if let Some(bare) = bare::system(image, linkage) {
        return Some(bare);
    }
    let recorded = recorded.and_then(|target| {
        Some(ImageSystem::new(Os::of_target(target)?, "build record", target, Likely))
    });
    let library = c_library(image, linkage);
    // Linux's loader ignores the mark.
    let by_linux = library.as_ref().is_some_and(|it| it.found.contains("ld-linux"));
    let marked = marked(image).filter(|_| !by_linux);
    let asked = || {
        let library = library.as_ref()?;
        let place = place_of(linkage, library.found);
        Some(ImageSystem::new(library.os, place, library.found, Certain))
    };
    if let Some(found) = marked.or_else(asked) {
        // Both systems have the same loader and C library.
        let narrower = recorded.filter(|it| found.os == Os::Solaris && it.os == Os::Illumos);
        return Some(narrower.unwrap_or(found));
    }
    if recorded.is_some() {
        return recorded;
    }
    if !linkage.static_ {
        return None;
    }
    let by_path = || {
        let evidence = texts.linux_path.clone()?;
        Some(ImageSystem { os: Os::Linux, evidence })
    };
    let guess = || gnu(image).or_else(|| bare::guess(image)).or_else(by_path);
    by_texts(texts).or_else(guess).or_else(|| {
        let found = match linkage.kind {
            Kind::SharedLibrary => "a library that needs no other, with no sign of a system",
            _ => "a static program, with no sign of another system",
        };
        Some(ImageSystem::new(Os::Linux, "program headers", found, Guess))
    })
}

/// The system of linked-in runtimes and C libraries, if they agree.
fn by_texts(texts: &Texts) -> Option<ImageSystem> {
    let found =
        |(os, evidence): &(Os, _)| ImageSystem { os: *os, evidence: Clone::clone(evidence) };
    // A runtime for Android or illumos also has the files for Linux or Solaris.
    let runtimes = texts.runtimes.iter().filter(|(os, _)| {
        let narrower = match *os {
            Os::Linux => Os::Android,
            Os::Solaris => Os::Illumos,
            _ => return true,
        };
        !texts.runtimes.iter().any(|(other, _)| *other == narrower)
    });
    match runtimes.collect::<Vec<_>>().as_slice() {
        [one] => return Some(found(one)),
        [] => {}
        _ => return None,
    }
    let (_, evidence) = texts.c_libraries.first()?;
    Some(ImageSystem { os: Os::Linux, evidence: evidence.clone() })
}

/// The system that the image names explicitly.
pub(super) fn marked(image: &Image<'_>) -> Option<ImageSystem> {
    let abi = os_abi(image)?;
    if let Some((_, os)) = OS_ABIS.iter().find(|(known, _)| *known == abi.0) {
        let found = format!("EI_OSABI {}", abi.0);
        return Some(ImageSystem::new(*os, "ELF header", &found, Certain));
    }
    notes(image).find_map(|note| {
        let os = of_note(image, &note)?;
        Some(ImageSystem::new(os, "note", &String::from_utf8_lossy(note.name), Certain))
    })
}

fn of_note(image: &Image<'_>, note: &ElfNote<'_>) -> Option<Os> {
    if note.name == b"GNU" && note.kind == NT_GNU_ABI_TAG {
        let number = *note.desc.first_chunk()?;
        let little = image.endian() == crate::Endian::Little;
        let number = if little { u32::from_le_bytes(number) } else { u32::from_be_bytes(number) };
        return GNU_ABI_TAGS.get(usize::try_from(number).ok()?).copied();
    }
    NOTES.iter().find(|(owner, _)| *owner == note.name).map(|(_, os)| *os)
}

/// GNU's linkers set this value if they use a GNU extension, as in static glibc. Hurd's linker does
/// too, but programs for Hurd have the note.
fn gnu(image: &Image<'_>) -> Option<ImageSystem> {
    let is_gnu = os_abi(image)? == elf::ELFOSABI_GNU;
    is_gnu.then(|| ImageSystem::new(Os::Linux, "ELF header", "EI_OSABI 3", Likely))
}

fn os_abi(image: &Image<'_>) -> Option<elf::OsAbi> {
    fn of<E: FileHeader<Endian = Endianness>>(header: &E) -> elf::OsAbi {
        header.e_ident().os_abi
    }
    match image.object() {
        object::File::Elf32(file) => Some(of(file.elf_header())),
        object::File::Elf64(file) => Some(of(file.elf_header())),
        _ => None,
    }
}
