//! Recognizes packed programs: a small loader that unpacks the rest into memory. All other facts
//! about such a file describe the loader. Only the packer's own marks count, so renamed sections
//! hide the packer.
//!
//! ```text
//! UPX     ELF: behind the program headers, Mach-O: behind the load commands:
//!         checksum u32, "UPX!", size of the loader u16, version u8, format u8
//!         PE: sections UPX0 and UPX1; in the headers a version "4.24" NUL "UPX!"
//! others  names of sections
//! ```
//!
//! (UPX's `src/stub/src/include/linux.h` for `l_info`)

use object::read::elf::{ElfFile, FileHeader};
use object::read::macho::{MachHeader, MachOFile};
use object::{Endianness, Object};
use serde::Serialize;

use crate::{Format, Image};

const UPX: &[u8] = b"UPX!";
/// In practice, the headers of a PE image end before this offset.
const PE_HEADERS: usize = 4096;
/// The loader's text with UPX's version is near the start or the end of the file.
const TEXT_WINDOW: usize = 64 * 1024;
const UPX_TEXT: &[u8] = b"$Id: UPX ";

/// Section names that only one packer uses: format, section, packer.
const SECTIONS: [(Format, &str, &str); 24] = [
    (Format::Pe, "UPX0", "UPX"),
    (Format::Pe, "UPX1", "UPX"),
    (Format::MachO, "upxTEXT", "UPX"),
    (Format::Pe, ".aspack", "ASPack"),
    (Format::Pe, ".ASPack", "ASPack"),
    (Format::Pe, ".MPRESS1", "MPRESS"),
    (Format::Pe, ".MPRESS2", "MPRESS"),
    (Format::MachO, "__MPRESS__", "MPRESS"),
    (Format::Pe, ".petite", "Petite"),
    (Format::Pe, "PEC2", "PECompact"),
    (Format::Pe, "pec1", "PECompact"),
    (Format::Pe, "PEC2TO", "PECompact"),
    (Format::Pe, "PEC2MO", "PECompact"),
    (Format::Pe, "nsp0", "NsPack"),
    (Format::Pe, ".nsp0", "NsPack"),
    (Format::Pe, "FSG!", "FSG"),
    (Format::Pe, ".RLPack", "RLPack"),
    (Format::Pe, ".Upack", "Upack"),
    (Format::Pe, "kkrunchy", "kkrunchy"),
    (Format::Pe, ".themida", "Themida"),
    (Format::Pe, ".winlice", "WinLicense"),
    (Format::Pe, ".vmp0", "VMProtect"),
    (Format::Pe, ".vmp1", "VMProtect"),
    (Format::Pe, ".enigma1", "Enigma Protector"),
];

/// The names of all known packers.
pub const NAMES: &[&str] = &[
    "UPX",
    "ASPack",
    "MPRESS",
    "Petite",
    "PECompact",
    "NsPack",
    "FSG",
    "RLPack",
    "Upack",
    "kkrunchy",
    "Themida",
    "WinLicense",
    "VMProtect",
    "Enigma Protector",
];

/// The packer of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Packer {
    /// Its name.
    pub name: &'static str,
    /// Its version, if the packer wrote it.
    pub version: Option<String>,
    /// The marks that identify it.
    #[serde(skip_serializing_if = "crate::evidence::is_hidden")]
    pub evidence: String,
}

/// The packer of an image; `None` if the image has no known mark.
#[must_use]
pub fn packer(image: &Image<'_>) -> Option<Packer> {
    let data = image.data();
    let by_section = || {
        image.sections().find_map(|section| {
            let mut known = SECTIONS.iter();
            let (_, name, packer) = known
                .find(|(format, name, _)| *format == image.format() && *name == section.name)?;
            Some((*packer, format!("section {name}")))
        })
    };
    let magic = match image.object() {
        object::File::Elf32(file) => end_of_program_headers(file),
        object::File::Elf64(file) => end_of_program_headers(file),
        object::File::MachO32(file) => end_of_load_commands(file),
        object::File::MachO64(file) => end_of_load_commands(file),
        _ => pe_magic(data),
    };
    // The checksum comes before the magic number; PE has no such header.
    let at = match image.format() {
        Format::Pe => magic,
        _ => magic.and_then(|end| end.checked_add(4)),
    };
    let marked = at.filter(|at| data.get(*at..).is_some_and(|rest| rest.starts_with(UPX)));
    let (name, evidence) = match marked {
        Some(at) => ("UPX", format!("\"UPX!\" at offset {at:#x}")),
        None => by_section()?,
    };
    let version = (name == "UPX").then(|| upx_version(data, marked)).flatten();
    Some(Packer { name, version, evidence })
}

fn end_of_program_headers<E: FileHeader<Endian = Endianness>>(
    file: &ElfFile<'_, E>,
) -> Option<usize> {
    let (header, endian) = (file.elf_header(), file.endian());
    let start = usize::try_from(header.e_phoff(endian).into()).ok()?;
    let size = usize::from(header.e_phentsize(endian));
    size.checked_mul(usize::from(header.e_phnum(endian)))?.checked_add(start)
}

fn end_of_load_commands<H: MachHeader<Endian = Endianness>>(
    file: &MachOFile<'_, H>,
) -> Option<usize> {
    let size = usize::try_from(file.macho_header().sizeofcmds(file.endian())).ok()?;
    size.checked_add(if file.is_64() { 32 } else { 28 })
}

/// Finds the mark in the headers of a PE image, where padding normally stands.
fn pe_magic(data: &[u8]) -> Option<usize> {
    let headers = data.get(..PE_HEADERS).unwrap_or(data);
    let at = find(headers, UPX)?;
    version_before(headers, at).map(|_| at)
}

/// Reads a version such as `4.24` and NUL directly before the mark.
fn version_before(data: &[u8], at: usize) -> Option<String> {
    let text = data.get(at.checked_sub(5)?..at)?.strip_suffix(b"\0")?;
    is_version(text).then(|| String::from_utf8_lossy(text).into_owned())
}

fn upx_version(data: &[u8], mark: Option<usize>) -> Option<String> {
    let before = mark.and_then(|at| version_before(data, at));
    before.or_else(|| {
        let head = data.get(..TEXT_WINDOW).unwrap_or(data);
        let tail = data.get(data.len().saturating_sub(TEXT_WINDOW)..).unwrap_or(data);
        [head, tail].into_iter().find_map(|window| {
            let text = window.get(find(window, UPX_TEXT)?.checked_add(UPX_TEXT.len())?..)?;
            let text = text.split(|byte| *byte == b' ').next()?;
            (text.len() < 10 && is_version(text))
                .then(|| String::from_utf8_lossy(text).into_owned())
        })
    })
}

fn is_version(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
        && text.contains(&b'.')
        && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

fn find(data: &[u8], wanted: &[u8]) -> Option<usize> {
    data.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_of_names_has_every_name_once() {
        for (_, _, name) in super::SECTIONS {
            assert_eq!(super::NAMES.iter().filter(|known| **known == name).count(), 1, "{name}");
        }
    }

    use super::*;

    #[test]
    fn versions_are_told_from_chance() {
        assert_eq!(version_before(b"x3.96\0UPX!", 6).as_deref(), Some("3.96"));
        for other in [&b"\0\0\0\0\0\0UPX!"[..], b"abc.1\0UPX!", b"x3.9600UPX!"] {
            assert_eq!(version_before(other, 6), None);
        }
        let text = b"$Info: packed $\n\0$Id: UPX 4.24 Copyright (C) $\n";
        assert_eq!(upx_version(text, None).as_deref(), Some("4.24"));
        assert_eq!(upx_version(b"$Id: UPX a.b", None), None);
    }
}
