//! Reads the symbol table of a Mach-O file (Apple, `mach-o/nlist.h`).
//!
//! ```text
//! nlist_64   0 n_strx  4 n_type: stab, private, type, external  5 n_sect from 1  6 n_desc  8 n_value
//! ```

use object::read::macho::{MachHeader, MachOFile, Nlist};
use object::{Endianness, Object, ObjectSection, macho};

use super::symbol::{Binding, Place, RawSymbol, Symbol, SymbolKind};
use super::{Section, SymbolError, SymbolTable, TableFormat};

/// Reads the table.
pub(super) fn read<'a, M: MachHeader<Endian = Endianness>>(
    file: &MachOFile<'a, M>,
) -> Result<SymbolTable<'a>, SymbolError> {
    let endian = file.endian();
    let header = file.macho_header();
    let sections = sections(file);
    let table = file.macho_symbol_table();
    let strings = table.strings();
    let symbols = table.iter().map(|raw| {
        let flags = raw.n_type();
        let value: u64 = raw.n_value(endian).into();
        let place = place(raw, value, sections.len());
        let target = match place {
            Place::Indirect => u32::try_from(value).ok().and_then(|at| strings.get(at).ok()),
            _ => None,
        };
        Symbol {
            name: raw.name(endian, strings).unwrap_or_default(),
            address: if place == Place::Common { 0 } else { value },
            size: if place == Place::Common { value } else { 0 },
            place,
            kind: if flags.is_stab() { SymbolKind::Debug } else { SymbolKind::Unknown },
            binding: binding(raw, endian),
            version: None,
            raw: RawSymbol::MachO {
                kind: flags.0,
                section: raw.n_sect(),
                description: raw.n_desc(endian).0,
                target: target.unwrap_or_default(),
            },
        }
    });
    let symbols = symbols.collect();
    let is_kext = header.is_type_64() && header.filetype(endian) == macho::MH_KEXT_BUNDLE;
    let format = TableFormat::MachO { is_kext };
    Ok(SymbolTable { format, is_64: header.is_type_64(), sections, symbols })
}

/// The sections of all segments, by their numbers less one.
fn sections<'a, M: MachHeader<Endian = Endianness>>(file: &MachOFile<'a, M>) -> Vec<Section<'a>> {
    let data = file.data();
    file.sections()
        .map(|section| Section {
            segment: within(data, section.segment_name_bytes().ok().flatten()),
            name: within(data, section.name_bytes().ok()),
            address: section.address(),
            size: section.size(),
            flags: section.flags(),
        })
        .collect()
}

/// `bytes`, which lie in `data`, with its lifetime: `object` lends a name only as long as its section.
fn within<'a>(data: &'a [u8], bytes: Option<&[u8]>) -> &'a [u8] {
    let Some(bytes) = bytes else { return b"" };
    let start = (bytes.as_ptr() as usize).wrapping_sub(data.as_ptr() as usize);
    start.checked_add(bytes.len()).and_then(|end| data.get(start..end)).unwrap_or_default()
}

fn place<N: Nlist<Endian = Endianness>>(raw: &N, value: u64, section_count: usize) -> Place {
    let flags = raw.n_type();
    if flags.is_stab() {
        return Place::Debug;
    }
    match flags.typ() {
        macho::N_UNDF if value == 0 => Place::Undefined,
        macho::N_UNDF => Place::Common,
        macho::N_PBUD => Place::Undefined,
        macho::N_ABS => Place::Absolute,
        macho::N_INDR => Place::Indirect,
        macho::N_SECT => match usize::from(raw.n_sect()).checked_sub(1) {
            Some(index) if index < section_count => Place::Section(index),
            _ => Place::Missing,
        },
        _ => Place::Missing,
    }
}

fn binding<N: Nlist<Endian = Endianness>>(raw: &N, endian: Endianness) -> Binding {
    let flags = raw.n_type();
    let description = raw.n_desc(endian).0;
    if !flags.is_ext() {
        Binding::Local
    } else if description & (macho::N_WEAK_DEF.0 | macho::N_WEAK_REF.0) != 0 {
        Binding::Weak
    } else {
        Binding::Global
    }
}
