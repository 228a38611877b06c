//! Makes companions: files with the debug data of a program, which debuggers find by the program's
//! build-id or UUID, or by `.gnu_debuglink`.
//!
//! ```text
//! program    header │ code, data                │ (stripped)
//! companion  header │ notes, no other contents  │ .debug_* .symtab .strtab
//! ```
//!
//! Sections keep their numbers, addresses and sizes. Loaded sections lose their bytes, except the
//! notes: they show that the two files belong together.

use rgo_binary::{FileKind, Format, Image, Limits, Result};

use super::{Draft, Edited, elf, fat, macho, pe};

/// Makes the companion of an image; for a fat Mach-O file, a fat file with as many slices. The
/// caller must read the written file again and compare it with the image: headers that no linker
/// writes can make the companion unreadable.
///
/// # Errors
/// [`rgo_binary::Error::Unsupported`] for a Mach-O image whose debug data are in object files; it names them
/// (`dsymutil` collects their debug data while they exist). Also those of [`Image::parse`].
pub fn only_keep_debug(input: &[u8]) -> Result<Draft<'_>> {
    companion(input, None)
}

/// Like [`only_keep_debug`]. An ELF companion names `supplement` as its supplementary file, in
/// place of the path in the input (see `supplement.rs`).
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
