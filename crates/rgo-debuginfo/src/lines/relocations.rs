//! Relocates the debug sections of an ELF object file, as a linker would. The sections of an object all begin at
//! address 0, so each gets an address of its own here, and the code comes first.
//!
//! Object files of Mach-O need this not: they have the addresses in place, within one address space.

use std::borrow::Cow;
use std::collections::HashMap;

use object::{Object, ObjectSection, ObjectSymbol, RelocationKind, RelocationTarget, SectionKind};
use rgo_binary::{Endian, Format, Image};

use super::LineError;

/// What sections are aligned to.
const ALIGNMENT: u64 = 16;

/// The addresses of an object file's sections, by their index.
pub(super) fn layout(image: &Image<'_>) -> HashMap<usize, u64> {
    let mut bases = HashMap::new();
    if image.format() != Format::Elf {
        return bases;
    }
    let mut next = 0_u64;
    for wants_code in [true, false] {
        for section in image.object().sections() {
            let is_code = section.kind() == SectionKind::Text;
            if is_code != wants_code || !is_loaded(section.flags()) {
                continue;
            }
            bases.insert(section.index().0, next);
            let end = next.saturating_add(section.size().max(1));
            next = end.checked_next_multiple_of(ALIGNMENT).unwrap_or(end);
        }
    }
    bases
}

fn is_loaded(flags: object::SectionFlags) -> bool {
    match flags {
        object::SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(object::elf::SHF_ALLOC),
        _ => false,
    }
}

/// Relocates a section. A section without relocations is not copied.
pub(super) fn apply(
    image: &Image<'_>,
    name: &str,
    bases: &HashMap<usize, u64>,
    bytes: &mut Cow<'_, [u8]>,
) -> Result<(), LineError> {
    if bases.is_empty() {
        return Ok(());
    }
    let file = image.object();
    let Some(section) = file.section_by_name(name) else { return Ok(()) };
    let is_little = image.endian() == Endian::Little;
    for (offset, relocation) in section.relocations() {
        let base = match relocation.target() {
            RelocationTarget::Symbol(index) => {
                let symbol = file.symbol_by_index(index).ok();
                symbol.map_or(0, |symbol| {
                    let section = symbol.section_index();
                    let base = section.and_then(|index| bases.get(&index.0)).copied();
                    base.unwrap_or_default().wrapping_add(symbol.address())
                })
            }
            RelocationTarget::Section(index) => bases.get(&index.0).copied().unwrap_or_default(),
            _ => 0,
        };
        if !matches!(relocation.kind(), RelocationKind::Absolute | RelocationKind::SectionOffset) {
            let flags = format!("{:?}", relocation.flags());
            return Err(LineError::Relocation(flags));
        }
        let Ok(start) = usize::try_from(offset) else { continue };
        let size = usize::from(relocation.size() / 8);
        let Some(end) = start.checked_add(size) else { continue };
        let Some(place) = bytes.to_mut().get_mut(start..end) else { continue };
        let implicit = if relocation.has_implicit_addend() { number(place, is_little) } else { 0 };
        let value = base.wrapping_add_signed(relocation.addend()).wrapping_add(implicit);
        put(place, value, is_little);
    }
    Ok(())
}

fn number(place: &[u8], is_little: bool) -> u64 {
    let push = |value: u64, byte: &u8| value.wrapping_shl(8) | u64::from(*byte);
    if is_little { place.iter().rev().fold(0, push) } else { place.iter().fold(0, push) }
}

fn put(place: &mut [u8], value: u64, is_little: bool) {
    let bytes = value.to_le_bytes();
    if is_little {
        place.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    } else {
        place.iter_mut().rev().zip(bytes).for_each(|(place, byte)| *place = byte);
    }
}
