//! Renumbers symbols in the sections that refer to them by number: relocations, and the section
//! groups of an object.
//!
//! ```text
//! Rela   offset, info, addend     info: symbol (32 bits), type; in 32-bit images symbol (24 bits)
//! group  u32 flags, then the numbers of its sections; sh_info is the symbol that names it
//! ```

use object::{Endianness, elf};

use super::layout::Layout;
use super::section::{Section, SectionContent};
use crate::Reason;
use rgo_binary::{Error, Result};

const WHAT: &str = "ELF relocations";
/// Lists the symbols whose addresses matter when a linker folds identical code. If its link to the
/// symbol table is missing, the linker assumes that all addresses matter.
const SHT_LLVM_ADDRSIG: elf::SectionType = elf::SectionType(0x6fff_4c03);

/// The sections that refer to symbols by number.
pub(super) struct Users {
    sections: Vec<usize>,
    /// For each symbol, whether one of them names it.
    pub(super) named: Vec<bool>,
    /// Whether a section names symbols in a way that is unknown here: then none can be removed.
    pub(super) unknown: bool,
}

impl Users {
    pub(super) fn of(layout: &Layout<'_>, symtab: usize, symbols: usize) -> Result<Self> {
        let mut users = Self { sections: Vec::new(), named: vec![false; symbols], unknown: false };
        for (number, section) in layout.sections.iter().enumerate() {
            if !section.kept || section.in_segment || section.header.sh_link as usize != symtab {
                continue;
            }
            match section.header.sh_type {
                elf::SHT_REL | elf::SHT_RELA => {
                    let entries = Entries::of(layout, section);
                    for entry in section.input().chunks_exact(entries.size) {
                        users.name(entries.symbol(entry), section)?;
                    }
                }
                elf::SHT_GROUP => users.name(section.header.sh_info, section)?,
                elf::SHT_SYMTAB_SHNDX | SHT_LLVM_ADDRSIG => continue,
                _ => users.unknown = true,
            }
            users.sections.push(number);
        }
        Ok(users)
    }

    pub(super) fn are_none(&self) -> bool {
        self.sections.is_empty()
    }

    fn name(&mut self, symbol: u32, section: &Section<'_>) -> Result<()> {
        let place = self.named.get_mut(symbol as usize).ok_or_else(|| {
            let why = format!("there is no symbol {symbol}");
            Error::malformed(WHAT, section.header.sh_offset, why)
        })?;
        *place = true;
        Ok(())
    }

    /// Writes the new numbers of symbols.
    pub(super) fn renumber(&self, layout: &mut Layout<'_>, symtab: usize, numbers: &[u32]) {
        let new = |old: u32| numbers.get(old as usize).copied().unwrap_or_default();
        for number in &self.sections {
            let Some(section) = layout.sections.get(*number) else { continue };
            let (entries, mut content) = (Entries::of(layout, section), section.input().to_vec());
            let Some(section) = layout.sections.get_mut(*number) else { continue };
            if section.header.sh_type == elf::SHT_GROUP {
                section.header.sh_info = new(section.header.sh_info);
                continue;
            }
            for entry in content.chunks_exact_mut(entries.size) {
                entries.set_symbol(entry, new(entries.symbol(entry)));
            }
            section.set(content, Reason::Symbols);
        }
        for section in &mut layout.sections {
            let links_here = section.header.sh_link as usize == symtab;
            if links_here && section.header.sh_type == SHT_LLVM_ADDRSIG {
                section.header.sh_link = 0;
            }
        }
    }
}

/// How relocations are stored.
struct Entries {
    /// Bytes of one of them.
    size: usize,
    endian: Endianness,
    /// Offset of the word with the symbol's number, and the number's shift in bits.
    at: usize,
    shift: u32,
}

impl Entries {
    fn of(layout: &Layout<'_>, section: &Section<'_>) -> Self {
        let encoder = layout.encoder;
        let (endian, is_64) = (encoder.endian(), encoder.is_64());
        let words = if section.header.sh_type == elf::SHT_RELA { 3 } else { 2 };
        let (size, at, shift) = match (is_64, endian) {
            (false, _) => (4 * words, 4, 8),
            (true, Endianness::Little) if !encoder.is_mips64el() => (8 * words, 12, 0),
            (true, _) => (8 * words, 8, 0),
        };
        Self { size, endian, at, shift }
    }

    fn word(&self, entry: &[u8]) -> u32 {
        let word = entry.get(self.at..).and_then(|rest| rest.first_chunk()).copied();
        word.map_or(0, |word| number(self.endian, word))
    }

    fn symbol(&self, entry: &[u8]) -> u32 {
        self.word(entry) >> self.shift
    }

    fn set_symbol(&self, entry: &mut [u8], symbol: u32) {
        let low = self.word(entry) & ((1 << self.shift) - 1);
        let word = bytes_of(self.endian, symbol << self.shift | low);
        if let Some(place) = entry.get_mut(self.at..self.at + 4) {
            place.copy_from_slice(&word);
        }
    }
}

/// Removes groups whose sections are all removed, and clears `SHF_GROUP` on sections that are in no
/// group.
pub(super) fn shrink_groups(layout: &mut Layout<'_>) {
    let endian = layout.encoder.endian();
    let gone: Vec<bool> = layout.sections.iter().map(|section| !section.kept).collect();
    let mut grouped = vec![false; layout.sections.len()];
    for section in &mut layout.sections {
        if section.header.sh_type != elf::SHT_GROUP || !section.kept {
            continue;
        }
        let members = members(section, endian);
        section.kept = members.iter().any(|member| !is_gone(&gone, *member));
        if section.kept {
            for member in members {
                if let Some(place) = grouped.get_mut(member as usize) {
                    *place = true;
                }
            }
        }
    }
    for (section, grouped) in layout.sections.iter_mut().zip(grouped) {
        if section.is(elf::SHF_GROUP) && !grouped {
            section.header.sh_flags.0 &= !elf::SHF_GROUP.0;
        }
    }
}

/// Writes the new numbers of sections into groups.
pub(super) fn renumber_groups(layout: &mut Layout<'_>, numbers: &[Option<u32>]) {
    let endian = layout.encoder.endian();
    for section in &mut layout.sections {
        if section.header.sh_type != elf::SHT_GROUP || !section.kept || section.in_segment {
            continue;
        }
        let mut content = section.input().get(..4).unwrap_or_default().to_vec();
        for member in members(section, endian) {
            if let Some(number) = numbers.get(member as usize).copied().flatten() {
                content.extend(bytes_of(endian, number));
            }
        }
        if let SectionContent::Input(..) = section.content {
            section.set(content, Reason::SectionHeaders);
        }
    }
}

fn is_gone(gone: &[bool], number: u32) -> bool {
    gone.get(number as usize).copied().unwrap_or(true)
}

fn members(section: &Section<'_>, endian: Endianness) -> Vec<u32> {
    let words = section.input().as_chunks::<4>().0;
    words.iter().skip(1).map(|word| number(endian, *word)).collect()
}

pub(super) fn number(endian: Endianness, word: [u8; 4]) -> u32 {
    match endian {
        Endianness::Little => u32::from_le_bytes(word),
        Endianness::Big => u32::from_be_bytes(word),
    }
}

pub(super) fn bytes_of(endian: Endianness, word: u32) -> [u8; 4] {
    match endian {
        Endianness::Little => word.to_le_bytes(),
        Endianness::Big => word.to_be_bytes(),
    }
}
