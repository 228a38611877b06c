//! Reads COFF symbol tables: of object files, and of PE images that GNU's, LLVM's and Go's linkers give one
//! (Microsoft, "PE Format", "COFF Symbol Table").
//!
//! ```text
//! IMAGE_SYMBOL   0 name, or 0 and an offset into the strings  8 value  12 section from 1  14 type
//!                16 class  17 number of auxiliary records, which follow
//! ```

use object::pe;
use object::read::coff::{CoffFile, CoffHeader, SectionTable, Symbol as CoffSymbol};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};
use object::{LittleEndian as LE, Object, SectionFlags, SymbolIndex};

use super::symbol::{Binding, Place, RawSymbol, Symbol, SymbolKind};
use super::{Section, SymbolError, SymbolTable, TableFormat};

type Table<'a, C> = object::read::coff::SymbolTable<'a, &'a [u8], C>;

/// Reads the table of an object file.
pub(super) fn of_object<'a, C: CoffHeader>(
    file: &CoffFile<'a, &'a [u8], C>,
) -> Result<SymbolTable<'a>, SymbolError> {
    Ok(read(file.coff_symbol_table(), &file.coff_section_table(), 0, file.is_64()))
}

/// Reads the table of an image.
pub(super) fn of_image<'a, P: ImageNtHeaders>(
    file: &PeFile<'a, P>,
) -> Result<SymbolTable<'a>, SymbolError> {
    let header = file.nt_headers();
    let table: Table<'a, _> = Table::parse(header.file_header(), file.data())?;
    let base = header.optional_header().image_base();
    Ok(read(&table, &file.section_table(), base, header.is_type_64()))
}

fn read<'a, C: CoffHeader>(
    table: &Table<'a, C>,
    headers: &SectionTable<'a>,
    base: u64,
    is_64: bool,
) -> SymbolTable<'a> {
    let section = |header: &'a pe::ImageSectionHeader| Section {
        segment: b"",
        name: header.name(table.strings()).unwrap_or_default(),
        address: base.wrapping_add(header.virtual_address.get(LE).into()),
        size: header.virtual_size.get(LE).into(),
        flags: SectionFlags::Coff { characteristics: header.characteristics.get(LE) },
    };
    let sections: Vec<Section<'a>> = headers.iter().map(section).collect();
    let symbols = table.iter().map(|(index, raw)| symbol(table, &sections, index, raw)).collect();
    SymbolTable { format: TableFormat::Coff, is_64, sections, symbols }
}

fn symbol<'a, C: CoffHeader>(
    table: &Table<'a, C>,
    sections: &[Section<'a>],
    index: SymbolIndex,
    raw: &'a C::Symbol,
) -> Symbol<'a> {
    let class = raw.storage_class();
    let value = u64::from(raw.value());
    let is_weak = class == pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL;
    let place = if is_weak && !is_alias(table, index, raw) {
        Place::Undefined
    } else {
        place(raw, sections.len())
    };
    let is_section = is_section(raw);
    let start = match place {
        Place::Section(number) if !is_weak => sections.get(number).map_or(0, |it| it.address),
        _ => 0,
    };
    Symbol {
        name: raw.name(table.strings()).unwrap_or_default(),
        address: if place == Place::Common { 0 } else { start.wrapping_add(value) },
        size: if place == Place::Common { value } else { 0 },
        place,
        kind: match class {
            pe::IMAGE_SYM_CLASS_FILE => SymbolKind::File,
            _ if is_section => SymbolKind::Section,
            _ if raw.derived_type() == pe::IMAGE_SYM_DTYPE_FUNCTION => SymbolKind::Function,
            _ => SymbolKind::Unknown,
        },
        binding: match class {
            pe::IMAGE_SYM_CLASS_EXTERNAL => Binding::Global,
            _ if is_weak => Binding::Weak,
            _ => Binding::Local,
        },
        version: None,
        raw: RawSymbol::Coff { section: raw.section_number().0, class, is_section },
    }
}

/// Whether a weak symbol is defined by another symbol of its file.
fn is_alias<C: CoffHeader>(table: &Table<'_, C>, index: SymbolIndex, raw: &C::Symbol) -> bool {
    raw.number_of_aux_symbols() == 0
        || table
            .aux_weak_external(index)
            .is_ok_and(|aux| aux.weak_search_type.get(LE) == pe::IMAGE_WEAK_EXTERN_SEARCH_ALIAS)
}

fn place(raw: &impl CoffSymbol, section_count: usize) -> Place {
    match raw.section_number() {
        pe::IMAGE_SYM_UNDEFINED => match (raw.storage_class(), raw.value()) {
            (pe::IMAGE_SYM_CLASS_EXTERNAL, 0) => Place::Undefined,
            (pe::IMAGE_SYM_CLASS_EXTERNAL | pe::IMAGE_SYM_CLASS_SECTION, 1..) => Place::Common,
            _ => Place::Missing,
        },
        pe::IMAGE_SYM_ABSOLUTE => Place::Absolute,
        pe::IMAGE_SYM_DEBUG => Place::Debug,
        number => match usize::try_from(number.0 - 1) {
            Ok(index) if index < section_count => Place::Section(index),
            _ => Place::Missing,
        },
    }
}

/// Whether a symbol stands for a section. C++/CLI has external ones, too.
fn is_section(raw: &impl CoffSymbol) -> bool {
    let class = raw.storage_class();
    let is_absolute = raw.section_number() == pe::IMAGE_SYM_ABSOLUTE;
    raw.number_of_aux_symbols() > 0
        && (class == pe::IMAGE_SYM_CLASS_STATIC
            || class == pe::IMAGE_SYM_CLASS_EXTERNAL && is_absolute)
}
