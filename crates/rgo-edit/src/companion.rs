//! Makes companions: files with the debug data of a program, which debuggers find by the program's
//! build-id or UUID, or by `.gnu_debuglink`.
//!
//! ```text
//! program    header │ code, data                │ (stripped)
//! companion  header │ notes, no other contents  │ .debug_* .symtab .strtab
//! ```
//!
//! Sections keep their numbers, addresses and sizes; those that are loaded lose their bytes, but
//! for the notes, by which the two are known to belong together.

use rgo_binary::{FileKind, Format, Image, Limits, Result};

use super::{Draft, Edited, elf, fat, macho, pe};

/// The companion of an image; for a fat Mach-O file, one with as many slices. What is written of it
/// is to be read again and compared with the image: headers that no linker writes can make it
/// unreadable.
///
/// # Errors
/// [`Error::Unsupported`] for a Mach-O image whose debug data are in object files, which are
/// named (`dsymutil` collects them while these exist), and those of [`Image::parse`].
pub fn only_keep_debug(input: &[u8]) -> Result<Draft<'_>> {
    companion(input, None)
}

/// As [`only_keep_debug`]; an ELF companion names `supplement` as its supplementary file, in the
/// place of the path that the input has (see [`crate::supplement`]).
///
/// # Errors
/// Those of [`only_keep_debug`].
pub fn companion<'a>(input: &'a [u8], supplement: Option<&str>) -> Result<Draft<'a>> {
    match FileKind::parse(input) {
        FileKind::FatMachO => {
            Ok(fat::each(input, |slice| thin(slice, None).map(Edited::of))?.draft)
        }
        _ => thin(input, supplement),
    }
}

fn thin<'a>(input: &'a [u8], supplement: Option<&str>) -> Result<Draft<'a>> {
    let image = Image::parse(input, &Limits::default())?;
    match image.format() {
        Format::Elf => elf::companion(input, supplement),
        Format::Pe => pe::only_keep_debug(input),
        Format::MachO => macho::only_keep_debug(input),
    }
}
