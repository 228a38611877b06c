//! The symbol table of an ELF image, part of whose sections are gone.
//!
//! ```text
//! Elf64_Sym, 24 bytes: u32 name, u8 info (4 bits binding, 4 bits type), u8 other,
//!                      u16 section (ffff: see .symtab_shndx), u64 value, u64 size
//! ```
//!
//! Local symbols come first and `sh_info` counts them. (gABI, "Symbol Table")

use object::write::StringTable;
use object::write::elf::Sym;
use object::{Endianness, elf, pod};

use super::layout::{Content, Layout, Section};
use crate::edit::{Why, bytes};
use crate::{Error, Result};

const WHAT: &str = "ELF symbol table";

/// Has symbols name sections by their new numbers; symbols of sections that are gone go too, and
/// with `drop_files` those that name source files.
pub(super) fn edit(layout: &mut Layout<'_>, drop_files: bool) -> Result<()> {
    let Some(number) = find(layout, |section| section.header.sh_type == elf::SHT_SYMTAB) else {
        return Ok(());
    };
    let links_here = |section: &Section<'_>| section.header.sh_link as usize == number;
    let extended = find(layout, |section| {
        section.header.sh_type == elf::SHT_SYMTAB_SHNDX && links_here(section)
    });
    // Relocations that a linker left for analysis know symbols by number: then all stay.
    let is_user = |kind| matches!(kind, elf::SHT_REL | elf::SHT_RELA | elf::SHT_GROUP);
    let numbered =
        find(layout, |section| is_user(section.header.sh_type) && links_here(section)).is_some();

    let table = layout.sections.get(number).map(Section::bytes).unwrap_or_default();
    let high = extended.and_then(|number| layout.sections.get(number)).map(Section::bytes);
    let mut symbols = parse(layout, table, high.unwrap_or_default())?;
    let numbers = layout.numbers();
    let renumbered = |section: u32| numbers.get(section as usize).copied().flatten();
    if !numbered {
        // The null symbol stands for itself.
        let mut first = true;
        symbols.retain(|symbol| {
            let null = std::mem::take(&mut first);
            let is_file = symbol.st_info.st_type() == elf::STT_FILE;
            let is_gone = symbol.section.is_some_and(|section| renumbered(section).is_none());
            null || !(drop_files && is_file || is_gone)
        });
    }
    for symbol in &mut symbols {
        symbol.section = symbol.section.map(|section| renumbered(section).unwrap_or_default());
    }
    let strings = strings(layout, number, &mut symbols)?;
    write(layout, number, extended, &symbols)?;
    if let Some((number, bytes)) = strings
        && let Some(section) = layout.sections.get_mut(number)
    {
        section.content = Content::New(bytes, Why::Symbols);
    }
    Ok(())
}

fn find(layout: &Layout<'_>, is: impl Fn(&Section<'_>) -> bool) -> Option<usize> {
    layout.sections.iter().position(|section| section.kept && !section.in_segment && is(section))
}

fn parse(layout: &Layout<'_>, table: &[u8], extended: &[u8]) -> Result<Vec<Sym>> {
    let endian = layout.encoder.endian();
    if layout.encoder.is_64() {
        parse_as::<elf::Sym64<Endianness>>(endian, table, extended)
    } else {
        parse_as::<elf::Sym32<Endianness>>(endian, table, extended)
    }
}

fn parse_as<S: object::read::elf::Sym<Endian = Endianness>>(
    endian: Endianness,
    table: &[u8],
    extended: &[u8],
) -> Result<Vec<Sym>> {
    let bad = |()| Error::malformed(WHAT, 0, "its size is not a multiple of a symbol's");
    let table = pod::slice_from_all_bytes::<S>(table).map_err(bad)?;
    let extended = extended.as_chunks::<4>().0;
    let symbols = table.iter().enumerate().map(|(index, symbol)| {
        let section = match symbol.st_shndx(endian) {
            elf::SHN_XINDEX => extended.get(index).map(|word| match endian {
                Endianness::Little => u32::from_le_bytes(*word),
                Endianness::Big => u32::from_be_bytes(*word),
            }),
            section => section.index().map(u32::from).filter(|section| *section != 0),
        };
        Sym::from_raw(endian, symbol, section)
    });
    Ok(symbols.collect())
}

/// Makes the table of names anew from what the symbols still use; `None` where something else
/// uses it too, and it stays as it is.
fn strings(
    layout: &Layout<'_>,
    symtab: usize,
    symbols: &mut [Sym],
) -> Result<Option<(usize, Vec<u8>)>> {
    let Some(link) = layout.sections.get(symtab).map(|section| section.header.sh_link) else {
        return Ok(None);
    };
    let number = link as usize;
    let users = layout.sections.iter().filter(|other| other.kept && other.header.sh_link == link);
    let Some(section) = layout.sections.get(number).filter(|section| section.kept) else {
        return Err(Error::malformed(WHAT, 0, "it has no table of names"));
    };
    if users.count() != 1 || link == layout.headers.shstrtab_index || section.in_segment {
        return Ok(None);
    }
    let old = section.bytes();
    let mut table = StringTable::new();
    let mut ids = Vec::with_capacity(symbols.len());
    for symbol in symbols.iter() {
        let name = old
            .get(symbol.st_name as usize..)
            .and_then(|rest| rest.split(|byte| *byte == 0).next())
            .ok_or_else(|| Error::malformed(WHAT, 0, "a name lies outside of the names"))?;
        ids.push((!name.is_empty()).then(|| table.add(name)));
    }
    let mut bytes = vec![0];
    table.write(&mut bytes, 1).map_err(|why| Error::malformed(WHAT, 0, why))?;
    for (symbol, id) in symbols.iter_mut().zip(ids) {
        symbol.st_name = table.maybe_get_offset(id);
    }
    Ok(Some((number, bytes)))
}

fn write(
    layout: &mut Layout<'_>,
    number: usize,
    extended: Option<usize>,
    symbols: &[Sym],
) -> Result<()> {
    let encoder = layout.encoder;
    let mut table = Vec::with_capacity(symbols.len() * bytes::index(encoder.sym_size()));
    let mut high = Vec::new();
    for symbol in symbols {
        let word = encoder.symbol(&mut table, symbol).unwrap_or_default();
        high.extend(match encoder.endian() {
            Endianness::Little => word.to_le_bytes(),
            Endianness::Big => word.to_be_bytes(),
        });
    }
    let locals = symbols.iter().take_while(|symbol| symbol.st_info.st_bind() == elf::STB_LOCAL);
    let locals = bytes::word(locals.count(), WHAT)?;
    if let Some(section) = layout.sections.get_mut(number) {
        section.content = Content::New(table, Why::Symbols);
        section.header.sh_info = locals;
    }
    if let Some(section) = extended.and_then(|number| layout.sections.get_mut(number)) {
        section.content = Content::New(high, Why::Symbols);
    }
    Ok(())
}
