//! Reads the defenses of ELF images from the tables for the kernel and the dynamic loader (gABI;
//! Linux extensions to it; the psABIs of x86-64 and AArch64 for the properties).
//!
//! ```text
//! PT_GNU_STACK   flags of the stack                  PT_GNU_RELRO  range made read-only
//! PT_DYNAMIC     DT_BIND_NOW, DT_FLAGS & 8 (BIND_NOW), DT_FLAGS_1 & 1 (NOW), & 8000000 (PIE)
//! note "GNU", type 5: properties of type u32, size u32, content, padding to the word size
//!     c0000002 x86:     bit 0 IBT, bit 1 SHSTK
//!     c0000000 AArch64: bit 0 BTI, bit 1 PAC
//! ```

use std::ops::Range;

use object::elf;
use object::read::elf::{Dyn, ElfFile, FileHeader, ProgramHeader};
use object::{Endianness, Object};

use super::symbols::{Calls, is_checked, is_protector};
use super::{Defense, Hardening, Relro, TriState, callers};
use crate::image::elf_notes::notes;
use crate::{Error, Image, Result, SectionRef};

const GNU: &[u8] = b"GNU";
const NT_GNU_PROPERTY_TYPE_0: u32 = 5;
const X86_FEATURE_1_AND: u32 = 0xc000_0002;
const AARCH64_FEATURE_1_AND: u32 = 0xc000_0000;

pub(super) fn hardening<E: FileHeader<Endian = Endianness>>(
    image: &Image<'_>,
    file: &ElfFile<'_, E>,
) -> Result<Hardening> {
    let endian = file.endian();
    let header = file.elf_header();
    let mut result = Hardening::none();
    if image.is_debug_companion() {
        return Ok(result);
    }
    properties(image, header.e_machine(endian), &mut result);
    let is_object = header.e_type(endian) == elf::ET_REL;
    let dynamic = Dynamic::read(file)?;
    let calls = Calls::of(image, is_object || dynamic.as_ref().is_some_and(|it| it.needs));
    result.stack_protector = calls.stack_protector();
    result.fortify = calls.fortify();
    if is_object {
        return Ok(result);
    }
    let segments = file.elf_program_headers();
    let of_kind = |kind| segments.iter().find(|segment| segment.p_type(endian) == kind);
    result.pie = pie(header.e_type(endian), dynamic.as_ref());
    let is_program = result.pie.answer != TriState::NotApplicable;
    if is_program && dynamic.as_ref().is_none_or(|dynamic| !dynamic.needs) {
        // The symbol may have come with the linked-in C library.
        if result.stack_protector.answer == TriState::Yes {
            result.stack_protector = callers::finding(image, "__stack_chk_fail", is_protector);
        }
        if result.fortify.answer == TriState::Yes {
            result.fortify = callers::finding(image, "a checked function", is_checked);
        }
    }
    result.nx = match of_kind(elf::PT_GNU_STACK) {
        Some(stack) if stack.p_flags(endian).contains(elf::PF_X) => {
            Defense::new(TriState::No, "PT_GNU_STACK asks for an executable stack")
        }
        Some(_) => Defense::new(TriState::Yes, "PT_GNU_STACK is not executable"),
        None => Defense::new(TriState::Unknown, "no PT_GNU_STACK: the system decides"),
    };
    result.relro = match (of_kind(elf::PT_GNU_RELRO), &dynamic) {
        (None, _) => Relro::None,
        (Some(_), Some(dynamic)) if dynamic.now => Relro::Full,
        (Some(relro), None) => {
            let start = relro.p_vaddr(endian).into();
            of_static_program(image, start..start.saturating_add(relro.p_memsz(endian).into()))
        }
        (Some(_), Some(_)) => Relro::Partial,
    };
    Ok(result)
}

/// The RELRO of an image without a dynamic segment, which has no flag for binding functions at the
/// start. It is full if the linker put the functions' addresses (`.got.plt`) into the read-only
/// range. Without section headers to check that, the answer is the weaker one.
fn of_static_program(image: &Image<'_>, read_only: Range<u64>) -> Relro {
    let mut sections = image.sections().peekable();
    let any = sections.peek().is_some();
    let outside = |section: SectionRef<'_>| {
        let end = section.address.saturating_add(section.size);
        let inside = section.address >= read_only.start && end <= read_only.end;
        section.name == ".got.plt" && !inside
    };
    if any && !sections.any(outside) { Relro::Full } else { Relro::Partial }
}

/// The same rule as in the linkage: new linkers set a flag for programs; old ones write `DT_DEBUG`
/// for programs only.
fn pie(kind: elf::FileType, dynamic: Option<&Dynamic>) -> Defense {
    match (kind, dynamic) {
        (elf::ET_EXEC, _) => Defense::new(TriState::No, "ET_EXEC"),
        (elf::ET_DYN, None) => Defense::new(TriState::Yes, "ET_DYN without a dynamic segment"),
        (elf::ET_DYN, Some(dynamic)) if dynamic.marked_pie => {
            Defense::new(TriState::Yes, "ET_DYN with DF_1_PIE")
        }
        (elf::ET_DYN, Some(dynamic)) if dynamic.debug && !dynamic.soname => {
            Defense::new(TriState::Yes, "ET_DYN with DT_DEBUG and no DT_SONAME")
        }
        _ => Defense::not_applicable(),
    }
}

/// The entries of the dynamic segment that matter.
#[derive(Default)]
struct Dynamic {
    needs: bool,
    soname: bool,
    debug: bool,
    marked_pie: bool,
    now: bool,
}

impl Dynamic {
    /// Reads the dynamic segment; `None` if there is none.
    fn read<E: FileHeader<Endian = Endianness>>(file: &ElfFile<'_, E>) -> Result<Option<Self>> {
        let endian = file.endian();
        let mut segments = file.elf_program_headers().iter();
        let Some((offset, entries)) = segments.find_map(|segment| {
            let entries = segment.dynamic(endian, file.data()).transpose()?;
            Some((segment.p_offset(endian).into(), entries))
        }) else {
            return Ok(None);
        };
        let entries = entries.map_err(|_| {
            Error::malformed("ELF dynamic segment", offset, "reaches outside the file")
        })?;
        let mut dynamic = Self::default();
        for entry in entries {
            let value = entry.val(endian);
            match entry.tag(endian) {
                elf::DT_NULL => break,
                elf::DT_NEEDED => dynamic.needs = true,
                elf::DT_SONAME => dynamic.soname = true,
                elf::DT_DEBUG => dynamic.debug = true,
                elf::DT_BIND_NOW => dynamic.now = true,
                elf::DT_FLAGS => dynamic.now |= value & elf::DF_BIND_NOW.0 != 0,
                elf::DT_FLAGS_1 => {
                    dynamic.now |= value & elf::DF_1_NOW.0 != 0;
                    dynamic.marked_pie |= value & elf::DF_1_PIE.0 != 0;
                }
                _ => {}
            }
        }
        Ok(Some(dynamic))
    }
}

fn properties(image: &Image<'_>, machine: elf::Machine, result: &mut Hardening) {
    let bit = |bits: Option<u32>, bit: u32, name: &str| match bits {
        Some(bits) => Defense::flag(bits & (1 << bit) != 0, name),
        None => Defense::new(TriState::No, format!("no property has {name}")),
    };
    match machine {
        elf::EM_X86_64 | elf::EM_386 => {
            let bits = property(image, X86_FEATURE_1_AND);
            result.cet_ibt = bit(bits, 0, "GNU_PROPERTY_X86_FEATURE_1_IBT");
            result.cet_shstk = bit(bits, 1, "GNU_PROPERTY_X86_FEATURE_1_SHSTK");
        }
        elf::EM_AARCH64 => {
            let bits = property(image, AARCH64_FEATURE_1_AND);
            result.bti = bit(bits, 0, "GNU_PROPERTY_AARCH64_FEATURE_1_BTI");
            result.pac = bit(bits, 1, "GNU_PROPERTY_AARCH64_FEATURE_1_PAC");
        }
        _ => {}
    }
}

/// The value of the first property with a type.
fn property(image: &Image<'_>, wanted: u32) -> Option<u32> {
    let (is_64, little) = (image.object().is_64(), image.object().is_little_endian());
    notes(image)
        .filter(|note| note.name == GNU && note.kind == NT_GNU_PROPERTY_TYPE_0)
        .find_map(|note| property_in(note.desc, wanted, is_64, little))
}

fn property_in(mut rest: &[u8], wanted: u32, is_64: bool, little: bool) -> Option<u32> {
    let word = |bytes: &[u8], at: usize| -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    loop {
        let (kind, size) = (word(rest, 0)?, usize::try_from(word(rest, 4)?).ok()?);
        let content = rest.get(8..8_usize.checked_add(size)?)?;
        if kind == wanted {
            return word(content, 0);
        }
        let next =
            8_usize.checked_add(size.checked_next_multiple_of(if is_64 { 8 } else { 4 })?)?;
        rest = rest.get(next..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_found_behind_others() {
        // Stack size (8 bytes of content), then x86 features, then ISA needed.
        let mut desc = Vec::new();
        for (kind, content) in [(1_u32, &[0; 8][..]), (X86_FEATURE_1_AND, &[3, 0, 0, 0]), (9, &[1])]
        {
            desc.extend(kind.to_le_bytes());
            desc.extend((content.len() as u32).to_le_bytes());
            desc.extend(content);
            desc.resize(desc.len().next_multiple_of(8), 0);
        }
        assert_eq!(property_in(&desc, X86_FEATURE_1_AND, true, true), Some(3));
        assert_eq!(property_in(&desc, AARCH64_FEATURE_1_AND, true, true), None);
        for end in 0..desc.len() {
            let found = property_in(&desc[..end], X86_FEATURE_1_AND, true, true);
            assert_eq!(found.is_some(), end >= 28, "cut at {end}");
        }
        let huge = [1_u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
        assert_eq!(property_in(&huge, 2, true, true), None);
    }
}
