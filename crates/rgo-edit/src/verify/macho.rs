//! Checks the parts of a Mach-O image that an edit must not change: the header, the load commands
//! except the fields with the places of `__LINKEDIT`'s tables, the tables that the loader reads,
//! the names by which stubs and pointers find symbols, and the debug data that stays. It reads them
//! with `object` and not with the code that made the edit.

mod added;
mod fixups;

use std::collections::HashMap;

use object::macho as m;
use object::read::macho::{LoadCommandData, MachOFile64, Nlist};
use object::{Endianness, Export, File, NameOrOrdinal, Object};

use super::bad;
pub(super) use added::is_added;
use rgo_binary::{Error, Image, Result, SectionRef};

/// A symbol's name, and its field for the library that defines it.
type SymbolName<'a> = (&'a [u8], u16);
type LoadCommands<'a> = Vec<LoadCommandData<'a, Endianness>>;

/// Commands that name tables, and the offset fields of those tables that must stay the same, byte
/// for byte. The size is behind the offset.
const TABLES: [(m::LoadCommandType, &[usize]); 14] = [
    (m::LC_DYLD_INFO, &[8, 16, 24, 32]),
    (m::LC_DYLD_INFO_ONLY, &[8, 16, 24, 32]),
    (m::LC_SEGMENT_SPLIT_INFO, &[8]),
    (m::LC_FUNCTION_STARTS, &[8]),
    (m::LC_DATA_IN_CODE, &[8]),
    (m::LC_LINKER_OPTIMIZATION_HINT, &[8]),
    (m::LC_ATOM_INFO, &[8]),
    (m::LC_FUNCTION_VARIANTS, &[8]),
    (m::LC_FUNCTION_VARIANT_FIXUPS, &[8]),
    (m::LC_DYLIB_CODE_SIGN_DRS, &[8]),
    // These tables are checked separately.
    (m::LC_DYLD_EXPORTS_TRIE, &[]),
    (m::LC_DYLD_CHAINED_FIXUPS, &[]),
    (m::LC_SYMTAB, &[]),
    (m::LC_DYSYMTAB, &[]),
];

pub(super) fn same(before: &Image<'_>, after: &Image<'_>) -> Result<()> {
    let (File::MachO64(old), File::MachO64(new)) = (before.object(), after.object()) else {
        return Ok(());
    };
    let flags = |file: &MachOFile64<'_, Endianness>| file.macho_header().flags.get(file.endian());
    // Stubs may refer to fewer symbols than before if the header has this flag.
    let may_erase = flags(new).0 & m::MH_NLIST_OUTOFSYNC_WITH_DYLDINFO.0;
    let is_same_start = before.data().get(..16) == after.data().get(..16);
    if !is_same_start || flags(old).0 | may_erase != flags(new).0 {
        return Err(bad(0, "another Mach-O header than the input's".to_owned()));
    }
    let (old_commands, new_commands) = (commands(old)?, commands(new)?);
    same_commands(&old_commands, &new_commands)?;
    for (twin, was) in pairs(&new_commands, &old_commands) {
        let kind = was.cmd();
        let fields = TABLES.iter().find(|(other, _)| *other == kind).map(|(_, fields)| *fields);
        for field in fields.unwrap_or_default() {
            if table(before, &was, *field)? != table(after, &twin, *field)? {
                let why = format!("a table of load command {:#x} is not what it was", kind.0);
                return Err(bad(0, why));
            }
        }
        match kind {
            m::LC_DYLD_CHAINED_FIXUPS => {
                fixups::same(table(before, &was, 8)?, table(after, &twin, 8)?, old, new)?;
            }
            m::LC_DYLD_EXPORTS_TRIE if table(before, &was, 8)? != table(after, &twin, 8)? => {
                fewer_exports(old, new)?;
            }
            m::LC_DYLD_INFO | m::LC_DYLD_INFO_ONLY
                if table(before, &was, 40)? != table(after, &twin, 40)? =>
            {
                fewer_exports(old, new)?;
            }
            _ => {}
        }
    }
    let (was, is) =
        (pointed_at(old, before, &old_commands)?, pointed_at(new, after, &new_commands)?);
    let is_same = |(was, is): (&Option<SymbolName<'_>>, &Option<SymbolName<'_>>)| {
        was == is || may_erase != 0 && is.is_none()
    };
    if was.len() != is.len() || !was.iter().zip(&is).all(is_same) {
        return Err(bad(0, "a stub or pointer goes by another name".to_owned()));
    }
    same_debug_data(before, after)?;
    added::well_placed(new, &old_commands, &new_commands)?;
    ends_with_tables(after, &new_commands)
}

/// Checks that each section still in `__DWARF` has its old bytes.
fn same_debug_data(before: &Image<'_>, after: &Image<'_>) -> Result<()> {
    for section in after.sections().filter(|it| it.segment == "__DWARF") {
        let is_same = |it: &SectionRef<'_>| {
            it.segment == "__DWARF" && it.name == section.name && it.data == section.data
        };
        if !before.sections().any(|it| is_same(&it)) {
            return Err(bad(0, format!("section {} is not what it was", section.name)));
        }
    }
    Ok(())
}

fn unreadable(why: object::Error) -> Error {
    Error::malformed("output of an edit", 0, why)
}

fn commands<'a>(file: &MachOFile64<'a, Endianness>) -> Result<LoadCommands<'a>> {
    let mut list = Vec::new();
    let mut iterator = file.macho_load_commands().map_err(unreadable)?;
    while let Some(command) = iterator.next().map_err(unreadable)? {
        list.push(command);
    }
    Ok(list)
}

/// Whether a command may appear or disappear: the signature's, and those of debug data and of added
/// sections, which are checked as mappings.
fn is_free(command: &LoadCommandData<'_, Endianness>) -> bool {
    command.cmd() == m::LC_CODE_SIGNATURE
        || is_segment(command, b"__DWARF\0")
        || is_segment(command, b"__RGO\0")
}

/// Commands that an edit may remove completely.
const REMOVABLE: [m::LoadCommandType; 3] = [m::LC_UUID, m::LC_SEGMENT_SPLIT_INFO, m::LC_ATOM_INFO];

/// The commands of an image that need a twin in the other image.
fn fixed<'l, 'a>(
    commands: &'l LoadCommands<'a>,
    others: &'l LoadCommands<'a>,
) -> impl Iterator<Item = LoadCommandData<'a, Endianness>> + 'l {
    let is_gone = |kind| REMOVABLE.contains(&kind) && !others.iter().any(|it| it.cmd() == kind);
    commands.iter().filter(move |it| !is_free(it) && !is_gone(it.cmd())).copied()
}

fn is_segment(command: &LoadCommandData<'_, Endianness>, name: &[u8]) -> bool {
    let at = command.raw_data().get(8..24);
    command.cmd() == m::LC_SEGMENT_64 && at.is_some_and(|at| at.starts_with(name))
}

/// The commands of two images in pairs, without those that may appear or disappear.
fn pairs<'l, 'a>(
    new: &'l LoadCommands<'a>,
    old: &'l LoadCommands<'a>,
) -> impl Iterator<Item = (LoadCommandData<'a, Endianness>, LoadCommandData<'a, Endianness>)> + 'l {
    fixed(new, new).zip(fixed(old, new))
}

fn same_commands(old: &LoadCommands<'_>, new: &LoadCommands<'_>) -> Result<()> {
    if fixed(old, new).count() != fixed(new, new).count() {
        return Err(bad(0, "another number of load commands than the input's".to_owned()));
    }
    for (new, old) in pairs(new, old) {
        // The fields that the edit may set. All others must be equal.
        let free: &[(usize, usize)] = match old.cmd() {
            m::LC_SEGMENT_64 if is_segment(&old, b"__LINKEDIT\0") => &[(24, 56)],
            m::LC_SYMTAB => &[(8, 24)],
            m::LC_DYSYMTAB => &[(8, 80)],
            m::LC_DYLD_INFO | m::LC_DYLD_INFO_ONLY => &[(8, 48)],
            // A new install name, and an identity that is fixed only after the link.
            m::LC_ID_DYLIB => &[(4, 12), (24, usize::MAX)],
            m::LC_UUID => &[(8, 24)],
            kind if TABLES.iter().any(|(other, _)| *other == kind) => &[(8, 16)],
            _ => &[],
        };
        let fixed = |data: &[u8]| -> Vec<u8> {
            let bytes = data.iter().enumerate();
            let bytes =
                bytes.filter(|(at, _)| !free.iter().any(|(from, to)| (from..to).contains(&at)));
            bytes.map(|(_, byte)| *byte).collect()
        };
        if fixed(old.raw_data()) != fixed(new.raw_data()) {
            return Err(bad(0, format!("load command {:#x} is not what it was", old.cmd().0)));
        }
    }
    Ok(())
}

fn number(data: &[u8], at: usize) -> Result<usize> {
    let bytes = data.get(at..).and_then(|rest| rest.first_chunk().copied());
    let number = bytes.map(u32::from_le_bytes).map(|number| number as usize);
    number.ok_or_else(|| bad(at as u64, "a table is cut short".to_owned()))
}

/// The bytes of a table that a command names.
fn table<'a>(
    image: &Image<'a>,
    command: &LoadCommandData<'_, Endianness>,
    field: usize,
) -> Result<&'a [u8]> {
    let offset = number(command.raw_data(), field)?;
    let size = number(command.raw_data(), field + 4)?;
    if size == 0 {
        return Ok(&[]);
    }
    let end = offset.saturating_add(size);
    let table = image.data().get(offset..end);
    table.ok_or_else(|| bad(offset as u64, "a table lies outside of the image".to_owned()))
}

/// Checks that the exports of an image are the old ones, or fewer.
fn fewer_exports(
    old: &MachOFile64<'_, Endianness>,
    new: &MachOFile64<'_, Endianness>,
) -> Result<()> {
    let name = |export: &Export<'_>| match export.name() {
        NameOrOrdinal::Name(name) => name.to_vec(),
        NameOrOrdinal::Ordinal(_) => Vec::new(),
    };
    let mut before = HashMap::new();
    for export in old.exports().map_err(unreadable)? {
        let export = export.map_err(unreadable)?;
        before.insert(name(&export), export);
    }
    for export in new.exports().map_err(unreadable)? {
        let export = export.map_err(unreadable)?;
        if before.get(&name(&export)) != Some(&export) {
            return Err(bad(0, "other exports than the input's".to_owned()));
        }
    }
    Ok(())
}

/// The symbol behind each entry of stubs and pointers: its name, and its library.
fn pointed_at<'a>(
    file: &MachOFile64<'a, Endianness>,
    image: &Image<'a>,
    commands: &LoadCommands<'a>,
) -> Result<Vec<Option<SymbolName<'a>>>> {
    let Some(command) = commands.iter().find(|it| it.cmd() == m::LC_DYSYMTAB) else {
        return Ok(Vec::new());
    };
    let (offset, count) = (number(command.raw_data(), 56)?, number(command.raw_data(), 60)?);
    let end = offset.saturating_add(count.saturating_mul(4));
    let entries = image.data().get(offset..end).unwrap_or_default();
    let symbols = file.macho_symbol_table();
    let endian = file.endian();
    let mut names = Vec::new();
    for entry in entries.as_chunks::<4>().0 {
        let index = u32::from_le_bytes(*entry);
        if index & 0xc000_0000 != 0 {
            names.push(None);
            continue;
        }
        let symbol = symbols.symbol(object::SymbolIndex(index as usize)).map_err(unreadable)?;
        let name = symbol.name(endian, symbols.strings()).map_err(unreadable)?;
        names.push(Some((name, symbol.n_desc(endian).0)));
    }
    Ok(names)
}

/// Checks that `__LINKEDIT`, and in it the signature, ends where the file does.
fn ends_with_tables(image: &Image<'_>, commands: &LoadCommands<'_>) -> Result<()> {
    let end = image.data().len() as u64;
    for command in commands {
        let stop = match command.cmd() {
            m::LC_CODE_SIGNATURE => {
                let start = number(command.raw_data(), 8)?;
                if start % 16 != 0 {
                    return Err(bad(start as u64, "the signature is not aligned".to_owned()));
                }
                start + number(command.raw_data(), 12)?
            }
            _ => match command.segment_64().map_err(unreadable)? {
                Some((segment, _)) if is_segment(command, b"__LINKEDIT\0") => {
                    let endian = Endianness::Little;
                    let stop =
                        segment.fileoff.get(endian).saturating_add(segment.filesize.get(endian));
                    usize::try_from(stop).unwrap_or(usize::MAX)
                }
                _ => continue,
            },
        };
        if stop as u64 != end {
            return Err(bad(stop as u64, "__LINKEDIT does not end with the file".to_owned()));
        }
    }
    Ok(())
}
