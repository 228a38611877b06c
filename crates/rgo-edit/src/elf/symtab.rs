//! Rewrites the symbol table of an ELF image after an edit removed symbols or sections.
//!
//! ```text
//! Elf64_Sym, 24 bytes: u32 name, u8 info (4 bits binding, 4 bits type), u8 other,
//!                      u16 section (ffff: see .symtab_shndx), u64 value, u64 size
//! ```
//!
//! Local symbols come first, and `sh_info` counts them. (gABI, "Symbol Table") There may be
//! hundreds of thousands of symbols, so the module reads them in place and stores only the new
//! number of each.

use object::write::elf::{Encoder, Sym};
use object::{Endianness, elf, pod};

use super::layout::Layout;
use super::names::{Merged, NameTable};
use super::relocations::{self, Users, bytes_of};
use super::section::{Section, SectionContent};
use crate::{Discard, Edits, Reason, Strip, bytes};
use rgo_binary::{Error, Result};

const WHAT: &str = "ELF symbol table";
/// Prefixes of the names that assemblers make up, as in the GNU assembler's generic ELF targets.
const TEMPORARY: [&[u8]; 3] = [b".L", b"..", b"_.L_"];
/// The number of a removed symbol.
const GONE: u32 = u32::MAX;

/// Removes the chosen symbols, and the tables if no symbol is left; updates everything that refers
/// to symbols or sections by number. Returns whether a symbol was removed.
pub(crate) fn edit(layout: &mut Layout<'_>, edits: &Edits<'_>) -> Result<bool> {
    let Some(symtab) = find(layout, |section| section.header.sh_type == elf::SHT_SYMTAB) else {
        drop_unused_names(layout, edits, None)?;
        relocations::renumber_groups(layout, &layout.numbers());
        return Ok(false);
    };
    let extended = find(layout, |section| {
        let links_here = section.header.sh_link as usize == symtab;
        section.header.sh_type == elf::SHT_SYMTAB_SHNDX && links_here
    });
    let symbols = Symbols::of(layout, symtab, extended)?;
    let users = Users::of(layout, symtab, symbols.count)?;
    let (numbers, count) = choose(layout, edits, &symbols, &users, symtab)?;
    let strings = symbols.strings;
    let stays = stays(layout, edits, &users, symtab, count)?;
    for number in [Some(symtab), extended].into_iter().flatten() {
        if let Some(section) = layout.sections.get_mut(number) {
            section.kept = stays;
        }
    }
    drop_unused_names(layout, edits, Some(strings))?;
    // Section numbers that fit into a symbol need no table of their own.
    let all = layout.sections.iter().filter(|section| section.kept).count();
    if let Some(section) = extended.and_then(|number| layout.sections.get_mut(number)) {
        section.kept &= all >= usize::from(elf::SHN_LORESERVE);
    }
    let sections = layout.numbers();
    relocations::renumber_groups(layout, &sections);
    if stays {
        let merged = merge_names(layout, &symbols, &numbers, symtab)?;
        write(layout, &symbols, &numbers, &sections, merged.as_ref(), (symtab, extended))?;
        if count != symbols.count {
            users.renumber(layout, symtab, &numbers);
        }
    }
    Ok(count != symbols.count)
}

fn find(layout: &Layout<'_>, is: impl Fn(&Section<'_>) -> bool) -> Option<usize> {
    layout.sections.iter().position(|section| !section.in_segment && is(section))
}

/// The symbols of the input.
struct Symbols<'a> {
    encoder: Encoder<Endianness>,
    table: &'a [u8],
    extended: &'a [u8],
    count: usize,
    /// The section of their names, and its bytes.
    strings: usize,
    names: &'a [u8],
}

impl<'a> Symbols<'a> {
    fn of(layout: &Layout<'a>, symtab: usize, extended: Option<usize>) -> Result<Self> {
        let input = |number: usize| layout.sections.get(number).map(Section::input);
        let table = input(symtab).unwrap_or_default();
        let size = bytes::index(layout.encoder.sym_size());
        if !table.len().is_multiple_of(size) {
            return Err(Error::malformed(WHAT, 0, "its size is not a multiple of a symbol's"));
        }
        let link = layout.sections.get(symtab).map_or(0, |section| section.header.sh_link);
        let strings = link as usize;
        let names = input(strings).filter(|_| strings != 0);
        Ok(Self {
            encoder: layout.encoder,
            table,
            extended: extended.and_then(input).unwrap_or_default(),
            count: table.len() / size,
            strings,
            names: names.ok_or_else(|| Error::malformed(WHAT, 0, "it has no table of names"))?,
        })
    }

    fn iter(&self) -> impl Iterator<Item = (usize, Sym)> + '_ {
        let size = bytes::index(self.encoder.sym_size());
        self.table.chunks_exact(size).enumerate().filter_map(|(index, bytes)| {
            let symbol = if self.encoder.is_64() {
                self.read::<elf::Sym64<Endianness>>(index, bytes)
            } else {
                self.read::<elf::Sym32<Endianness>>(index, bytes)
            };
            Some((index, symbol?))
        })
    }

    fn read<S: object::read::elf::Sym<Endian = Endianness>>(
        &self,
        index: usize,
        bytes: &[u8],
    ) -> Option<Sym> {
        let endian = self.encoder.endian();
        let (symbol, _) = pod::from_bytes::<S>(bytes).ok()?;
        let section = match symbol.st_shndx(endian) {
            elf::SHN_XINDEX => self
                .extended
                .as_chunks()
                .0
                .get(index)
                .map(|word| relocations::number(endian, *word)),
            section => section.index().map(u32::from),
        };
        Some(Sym::from_raw(endian, symbol, section))
    }

    fn name(&self, symbol: &Sym) -> &'a [u8] {
        let rest = self.names.get(symbol.st_name as usize..).unwrap_or_default();
        rest.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// For each symbol its new number, and how many symbols stay.
fn choose(
    layout: &Layout<'_>,
    edits: &Edits<'_>,
    symbols: &Symbols<'_>,
    users: &Users,
    symtab: usize,
) -> Result<(Vec<u32>, usize)> {
    let name = layout.sections.get(symtab).map_or(&[][..], |section| &section.name);
    let strip = match edits.sections.of(name) {
        Some(true) => Strip::None,
        Some(false) => Strip::All,
        None => edits.strip,
    };
    let mut numbers = Vec::with_capacity(symbols.count);
    let mut next = 0;
    for (index, symbol) in symbols.iter() {
        let named = users.named.get(index).copied().unwrap_or_default();
        let candidate = SymbolCandidate { symbols, symbol: &symbol, named: named || users.unknown };
        if index == 0 || candidate.stays(layout, strip, edits)? {
            numbers.push(next);
            next += 1;
        } else {
            numbers.push(GONE);
        }
    }
    Ok((numbers, next as usize))
}

/// A symbol that may stay or go.
struct SymbolCandidate<'s, 'a> {
    symbols: &'s Symbols<'a>,
    symbol: &'s Sym,
    /// Whether a section that stays refers to it by number.
    named: bool,
}

impl SymbolCandidate<'_, '_> {
    fn stays(&self, layout: &Layout<'_>, strip: Strip, edits: &Edits<'_>) -> Result<bool> {
        let kind = self.symbol.st_info.st_type();
        let choice = edits.symbols;
        // Section symbols have no names of their own.
        let chosen = if choice.is_empty() || kind == elf::STT_SECTION {
            None
        } else {
            choice.of(self.symbols.name(self.symbol))
        };
        let home = self.symbol.section.and_then(|number| layout.sections.get(number as usize));
        if let Some(home) = home.filter(|home| !home.kept) {
            let home = String::from_utf8_lossy(&home.name);
            if self.named {
                let why = format!("relocations that stay need {}", self.text());
                return Err(Error::unsupported(format!("removing section {home}"), why));
            }
            if chosen == Some(true) {
                let why = format!("its section {home} goes");
                return Err(Error::unsupported(format!("keeping symbol {}", self.text()), why));
            }
            return Ok(false);
        }
        if chosen == Some(false) && self.named {
            let what = format!("removing symbol {}", self.text());
            return Err(Error::unsupported(what, "a relocation needs it"));
        }
        Ok(match (chosen, strip) {
            _ if self.named => true,
            (Some(chosen), _) => chosen,
            _ if self.is_discarded(layout, edits.discard) => false,
            (None, Strip::None) => true,
            // Section symbols exist for relocations alone.
            (None, Strip::Debug) => !matches!(kind, elf::STT_FILE | elf::STT_SECTION),
            (None, Strip::Unneeded) => layout.is_relocatable() && self.is_needed(layout),
            (None, Strip::All) => false,
        })
    }

    /// Whether it is one of the local symbols to remove. Other rules decide about the symbols of
    /// sections and source files.
    fn is_discarded(&self, layout: &Layout<'_>, discard: Discard) -> bool {
        if discard == Discard::None
            || self.is_global()
            || self.symbol.st_shndx == elf::SHN_UNDEF
            || matches!(self.symbol.st_info.st_type(), elf::STT_FILE | elf::STT_SECTION)
        {
            return false;
        }
        match discard {
            Discard::All => !(layout.is_relocatable() && self.is_mapping_symbol(layout)),
            _ => TEMPORARY.iter().any(|prefix| self.symbols.name(self.symbol).starts_with(prefix)),
        }
    }

    /// Whether a linker needs it although no relocation names it.
    fn is_needed(&self, layout: &Layout<'_>) -> bool {
        let is_defined = self.symbol.st_shndx != elf::SHN_UNDEF;
        self.is_global() && is_defined || self.is_mapping_symbol(layout)
    }

    fn is_global(&self) -> bool {
        self.symbol.st_info.st_bind() != elf::STB_LOCAL
    }

    /// Whether it marks for a linker where code or data begins (`$x`, `$d`).
    fn is_mapping_symbol(&self, layout: &Layout<'_>) -> bool {
        let machine = layout.file.e_machine;
        let has_them =
            matches!(machine, elf::EM_ARM | elf::EM_AARCH64 | elf::EM_RISCV | elf::EM_CSKY);
        let name = || self.symbols.name(self.symbol);
        has_them && matches!(name(), [b'$', b'a' | b'd' | b't' | b'x', ..])
    }

    fn text(&self) -> String {
        let name = self.symbols.name(self.symbol);
        if name.is_empty() {
            return "the symbol of the section".to_owned();
        }
        String::from_utf8_lossy(name).into_owned()
    }
}

/// Whether the symbol table stays.
fn stays(
    layout: &Layout<'_>,
    edits: &Edits<'_>,
    users: &Users,
    symtab: usize,
    count: usize,
) -> Result<bool> {
    let name = layout.sections.get(symtab).map_or(&[][..], |section| &section.name);
    Ok(match (edits.sections.of(name), edits.strip) {
        (Some(true), _) => true,
        (Some(false), _) if !users.are_none() => {
            let what = format!("removing section {}", String::from_utf8_lossy(name));
            return Err(Error::unsupported(what, "relocations need it"));
        }
        (Some(false), _) => count > 1,
        (None, Strip::None | Strip::Debug) => true,
        (None, Strip::Unneeded) if layout.is_relocatable() => true,
        (None, _) => count > 1 || !users.are_none(),
    })
}

/// Removes the string table of the symbols once no section refers to it. Keeps every string table
/// that a section still refers to.
fn drop_unused_names(
    layout: &mut Layout<'_>,
    edits: &Edits<'_>,
    strings: Option<usize>,
) -> Result<()> {
    let mut used = vec![false; layout.sections.len()];
    for section in layout.sections.iter().filter(|section| section.kept) {
        if let Some(place) = used.get_mut(section.header.sh_link as usize) {
            *place = true;
        }
    }
    let names = layout.names_number();
    for (number, (section, used)) in layout.sections.iter_mut().zip(used).enumerate() {
        let is_names = section.header.sh_type == elf::SHT_STRTAB && !section.in_segment;
        if !is_names || number == names {
            continue;
        }
        let chosen = edits.sections.of(&section.name);
        if used && chosen == Some(false) {
            let what = format!("removing section {}", String::from_utf8_lossy(&section.name));
            return Err(Error::unsupported(what, "a section that stays has its names there"));
        }
        if used {
            section.kept = true;
        } else if Some(number) == strings && chosen != Some(true) {
            section.kept = false;
        }
    }
    Ok(())
}

/// Makes the string table anew from the names in use. `None` if another section uses the table too:
/// then it stays unchanged.
fn merge_names<'a>(
    layout: &mut Layout<'a>,
    symbols: &Symbols<'_>,
    numbers: &[u32],
    symtab: usize,
) -> Result<Option<Merged<'a>>> {
    let others = layout.sections.iter().enumerate().filter(|(number, section)| {
        section.kept && section.header.sh_link as usize == symbols.strings && *number != symtab
    });
    if others.count() > 0 {
        return Ok(None);
    }
    let shared = symbols.strings == layout.names_number();
    let Some(section) = layout.sections.get(symbols.strings) else { return Ok(None) };
    if section.in_segment || !matches!(section.content, SectionContent::Input(..)) {
        return Ok(None);
    }
    let mut names = NameTable::of(section);
    for ((_, symbol), number) in symbols.iter().zip(numbers) {
        if *number != GONE {
            names.add(symbol.st_name);
        }
    }
    if shared {
        names.add_sections(&layout.sections);
    }
    let merged = names.put(&mut layout.sections, symbols.strings, Reason::Symbols)?;
    if shared {
        merged.name(&mut layout.sections);
    }
    Ok(Some(merged))
}

fn write(
    layout: &mut Layout<'_>,
    symbols: &Symbols<'_>,
    numbers: &[u32],
    sections: &[Option<u32>],
    names: Option<&Merged<'_>>,
    (symtab, extended): (usize, Option<usize>),
) -> Result<()> {
    let encoder = symbols.encoder;
    let mut table = Vec::with_capacity(symbols.table.len());
    let mut high = Vec::new();
    let (mut locals, mut all_local) = (0, true);
    let mut near = 0;
    for ((_, mut symbol), number) in symbols.iter().zip(numbers) {
        if *number == GONE {
            continue;
        }
        symbol.section =
            symbol.section.map(|old| sections.get(old as usize).copied().flatten().unwrap_or(0));
        if let Some(names) = names {
            symbol.st_name = names.offset(symbol.st_name, &mut near);
        }
        all_local &= symbol.st_info.st_bind() == elf::STB_LOCAL;
        locals += u32::from(all_local);
        let word = encoder.symbol(&mut table, &symbol);
        if extended.is_some() {
            high.extend(bytes_of(encoder.endian(), word.unwrap_or_default()));
        } else if word.is_some() {
            return Err(Error::unsupported("so many sections", "symbols do not reach them"));
        }
    }
    if let Some(section) = layout.sections.get_mut(symtab) {
        section.set(table, Reason::Symbols);
        section.header.sh_info = locals;
    }
    if let Some(section) = extended.and_then(|number| layout.sections.get_mut(number)) {
        section.set(high, Reason::Symbols);
    }
    Ok(())
}
