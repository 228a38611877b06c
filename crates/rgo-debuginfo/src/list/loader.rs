//! Lists what an image offers to other files and what it takes from them, from the tables that the loader reads.
//!
//! ```text
//! ELF      .dynsym, with versions
//! Mach-O   the global symbols of LC_SYMTAB; bits 8 to 15 of n_desc number the library of an undefined one
//! PE       export table: ordinals, names, forwarders; import tables, also those that are loaded late
//! ```

use std::borrow::Cow;

use object::LittleEndian as LE;
use object::read::macho;
use object::read::pe::{ExportTarget, ImageNtHeaders, ImageOptionalHeader, Import, PeFile};
use rgo_binary::Image;

use super::table::of_table;
use super::{ListedSymbol, Scope, SymbolClass, SymbolSource};
use crate::symbols::{RawSymbol, SymbolError, SymbolTable, TableKind};

/// The symbols that bind an image to other files.
pub(super) fn symbols<'a>(image: &Image<'a>) -> Result<Vec<ListedSymbol<'a>>, SymbolError> {
    match image.object() {
        object::File::Elf32(_) | object::File::Elf64(_) => {
            let table = SymbolTable::read(image.object(), TableKind::Dynamic)?;
            Ok(of_table(&table, SymbolSource::DynamicTable))
        }
        object::File::MachO32(_) | object::File::MachO64(_) => of_macho(image),
        object::File::Pe32(file) => Ok(of_pe(file)?),
        object::File::Pe64(file) => Ok(of_pe(file)?),
        _ => {
            let table = SymbolTable::read(image.object(), TableKind::Full)?;
            let all = of_table(&table, SymbolSource::SymbolTable);
            Ok(all.into_iter().filter(|symbol| symbol.scope != Scope::Local).collect())
        }
    }
}

fn of_macho<'a>(image: &Image<'a>) -> Result<Vec<ListedSymbol<'a>>, SymbolError> {
    let mut table = SymbolTable::read(image.object(), TableKind::Full)?;
    let is_bound = |raw: &RawSymbol<'_>| match raw {
        // Stabs have the upper bits; N_PEXT hides a symbol from other files.
        RawSymbol::MachO { kind, .. } => kind & 0xe0 == 0 && kind & 0x10 == 0 && kind & 0x01 != 0,
        _ => false,
    };
    table.symbols.retain(|symbol| is_bound(&symbol.raw));
    let libraries: Vec<&'a [u8]> = match image.object() {
        object::File::MachO32(file) => libraries(file)?,
        object::File::MachO64(file) => libraries(file)?,
        _ => Vec::new(),
    };
    let raws: Vec<_> = table.symbols.iter().filter(|it| !it.name.is_empty()).collect();
    let mut all = of_table(&table, SymbolSource::SymbolTable);
    for (listed, symbol) in all.iter_mut().zip(raws) {
        if let (SymbolClass::Undefined, RawSymbol::MachO { description, .. }) =
            (listed.class, symbol.raw)
        {
            let number = usize::from(description >> 8).checked_sub(1);
            listed.library =
                number.and_then(|number| libraries.get(number)).map(|name| Cow::Borrowed(*name));
        }
    }
    Ok(all)
}

fn libraries<'a, H: macho::MachHeader<Endian = object::Endianness>>(
    file: &macho::MachOFile<'a, H>,
) -> Result<Vec<&'a [u8]>, object::Error> {
    let mut commands = file.macho_load_commands()?;
    let endian = file.endian();
    let mut libraries = Vec::new();
    while let Some(command) = commands.next()? {
        if let Some(dylib) = command.dylib()? {
            libraries.push(command.string(endian, dylib.dylib.name).unwrap_or_default());
        }
    }
    Ok(libraries)
}

fn of_pe<'a, P: ImageNtHeaders>(
    file: &PeFile<'a, P>,
) -> Result<Vec<ListedSymbol<'a>>, object::Error> {
    let base = file.nt_headers().optional_header().image_base();
    let mut all = Vec::new();
    if let Some(table) = file.export_table()? {
        for export in table.exports()? {
            let (address, library) = match export.target {
                ExportTarget::Address(rva) => (Some(base.wrapping_add(rva.into())), None),
                ExportTarget::ForwardByName(library, name) => {
                    (None, Some([library, b".", name].concat()))
                }
                ExportTarget::ForwardByOrdinal(library, ordinal) => {
                    (None, Some([library, format!(".#{ordinal}").as_bytes()].concat()))
                }
            };
            let unnamed = || Cow::Owned(format!("#{}", export.ordinal).into_bytes());
            let section = address.and_then(|address| section_class(file, address));
            all.push(ListedSymbol {
                name: export.name.map_or_else(unnamed, Cow::Borrowed),
                address,
                class: match library {
                    Some(_) => SymbolClass::Alias,
                    None => section.unwrap_or(SymbolClass::Other),
                },
                library: library.map(Cow::Owned),
                ordinal: Some(export.ordinal.0.into()),
                ..nothing(SymbolSource::Exports)
            });
        }
    }
    if let Some(table) = file.import_table()? {
        let mut descriptors = table.descriptors()?;
        while let Some(descriptor) = descriptors.next()? {
            let library = table.name(descriptor.name.get(LE))?;
            let mut thunks = table.thunks(match descriptor.original_first_thunk.get(LE) {
                0 => descriptor.first_thunk.get(LE),
                names => names,
            })?;
            while let Some(thunk) = thunks.next::<P>()? {
                all.push(import(library, table.import::<P>(thunk)?));
            }
        }
    }
    if let Some(table) =
        file.data_directories().delay_load_import_table(file.data(), &file.section_table())?
    {
        let mut descriptors = table.descriptors()?;
        while let Some(descriptor) = descriptors.next()? {
            let library = table.name(descriptor.dll_name_rva.get(LE))?;
            let mut thunks = table.thunks(descriptor.import_name_table_rva.get(LE))?;
            while let Some(thunk) = thunks.next::<P>()? {
                all.push(import(library, table.import::<P>(thunk)?));
            }
        }
    }
    Ok(all)
}

fn import<'a>(library: &'a [u8], import: Import<'a>) -> ListedSymbol<'a> {
    let (name, ordinal) = match import {
        Import::Name(_, name) => (Cow::Borrowed(name), None),
        Import::Ordinal(ordinal) => {
            (Cow::Owned(format!("#{ordinal}").into_bytes()), Some(ordinal.into()))
        }
    };
    ListedSymbol {
        name,
        ordinal,
        library: Some(Cow::Borrowed(library)),
        class: SymbolClass::Undefined,
        ..nothing(SymbolSource::Imports)
    }
}

/// What is at an address, by the flags of its section.
pub(crate) fn section_class<P: ImageNtHeaders>(
    file: &PeFile<'_, P>,
    address: u64,
) -> Option<SymbolClass> {
    use object::pe;
    let base = file.nt_headers().optional_header().image_base();
    let relative = u32::try_from(address.checked_sub(base)?).ok()?;
    let sections = file.section_table();
    let section = sections.iter().find(|section| section.contains_rva(relative))?;
    let flags = section.characteristics.get(LE);
    let distance = relative - section.virtual_address.get(LE);
    Some(if flags.contains(pe::IMAGE_SCN_MEM_EXECUTE) {
        SymbolClass::Function
    } else if distance >= section.size_of_raw_data.get(LE) {
        SymbolClass::ZeroedData
    } else if flags.contains(pe::IMAGE_SCN_MEM_WRITE) {
        SymbolClass::Data
    } else {
        SymbolClass::ReadOnlyData
    })
}

fn nothing(source: SymbolSource) -> ListedSymbol<'static> {
    ListedSymbol {
        name: Cow::Borrowed(b""),
        address: None,
        section: None,
        size_bytes: None,
        size_is_recorded: false,
        class: SymbolClass::Other,
        scope: Scope::Global,
        version: None,
        library: None,
        ordinal: None,
        source,
        file: None,
        line: None,
    }
}
