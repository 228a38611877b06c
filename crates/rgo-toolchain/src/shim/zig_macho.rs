//! Changes object files so that zig's linker for macOS links them correctly. Two errors of zig
//! 0.15.2 make this necessary:
//!
//! - It crashes at a function that has unwind data and no symbol. Assembly code with private labels
//!   has such functions (fifteen in the s2n-bignum of aws-lc). This module adds a local symbol for
//!   each.
//! - If the file allows it (`MH_SUBSECTIONS_VIA_SYMBOLS`), it splits a section at every symbol,
//!   even at one that is marked as inside a subsection (`.alt_entry`). It then drops subsections
//!   without references, and with them code that another one runs into. In a file with such
//!   symbols, this module clears the flag.
//!
//! ```text
//! mach_header_64          24 flags
//! LC_SYMTAB               8 symbols at, 12 count, 16 strings at, 20 size
//! nlist_64                0 name, 4 type, 5 section, 6 description u16, 8 value
//! __LD,__compact_unwind   32 bytes a function; 0 its address, by a relocation
//! __TEXT,__eh_frame       length u32, CIE u32 (0: this is one), 8 the function, from here on (i64)
//! ```
//!
//! (`mach-o/loader.h`, `mach-o/nlist.h`, `mach-o/compact_unwind_encoding.h`; the DWARF
//! specification, section 6.4.1)
//!
//! The symbol table moves to the end of the file, and the new symbols follow the old ones, because
//! relocations refer to symbols by index. `LC_DYSYMTAB` counts local and global symbols; its counts
//! do not include the new ones. zig and LLVM's tools read the table itself.

use std::collections::{BTreeSet, HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};
use object::read::macho::{MachHeader, MachOFile64, Nlist};
use object::{
    Endianness, Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind,
    macho,
};

use super::search;

type ObjectFile<'d> = MachOFile64<'d, Endianness>;

/// The size of an entry in `__compact_unwind`, in bytes.
const ENTRY: usize = 32;
/// The size of an `nlist_64`, in bytes.
const SYMBOL: usize = 16;
/// The type in an `nlist_64` of a local symbol in a section.
const LOCAL: u8 = 0x0e;
/// The offset of the flags in the header.
const FLAGS: usize = 24;

/// A function without a symbol.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nameless {
    address: u64,
    /// The number of its section; the first is 1.
    section: u8,
}

/// The object files that a call with `-c` writes: the one that it names, else one for each source,
/// in its working folder.
pub(super) fn compiled(args: &[String]) -> Vec<Utf8PathBuf> {
    if !args.iter().any(|arg| arg == "-c") {
        return Vec::new();
    }
    let named = search::values(args, "-o").last();
    if let Some(path) = named {
        return vec![path.into()];
    }
    let sources = args.iter().map(|arg| Utf8Path::new(arg.as_str()));
    let sources = sources.filter(|path| !path.as_str().starts_with('-'));
    let stems = sources.filter(|path| path.extension().is_some()).filter_map(|it| it.file_stem());
    stems.map(|stem| format!("{stem}.o").into()).collect()
}

/// The changed object file; `None` if zig links the original correctly, or if this is not an object
/// file for macOS.
pub(super) fn mended(data: &[u8]) -> Option<Vec<u8>> {
    let file =
        ObjectFile::parse(data).ok().filter(|file| file.kind() == ObjectKind::Relocatable)?;
    let functions = nameless(&file)?;
    let flags = macho::FileFlags(u32::from_le_bytes(*data.get(FLAGS..)?.first_chunk()?));
    // A new symbol must not start a subsection either: calls within a subsection have no
    // relocation.
    let is_cut_wrongly = flags.contains(macho::MH_SUBSECTIONS_VIA_SYMBOLS)
        && (!functions.is_empty() || has_alternate_entries(&file));
    let mut output = match (functions.is_empty(), is_cut_wrongly) {
        (true, false) => return None,
        (true, true) => data.to_vec(),
        (false, _) => named(data, &functions)?,
    };
    if is_cut_wrongly {
        let whole = flags.0 & !macho::MH_SUBSECTIONS_VIA_SYMBOLS.0;
        output.get_mut(FLAGS..FLAGS + 4)?.copy_from_slice(&whole.to_le_bytes());
    }
    Some(output)
}

fn has_alternate_entries(file: &ObjectFile<'_>) -> bool {
    let endian = file.endian();
    let mut symbols = file.macho_symbol_table().iter();
    symbols
        .any(|symbol| symbol.is_definition() && symbol.n_desc(endian).contains(macho::N_ALT_ENTRY))
}

/// The functions that have unwind data and no symbol. `None` for a damaged file.
fn nameless(file: &ObjectFile<'_>) -> Option<Vec<Nameless>> {
    let mut functions = BTreeSet::new();
    for section in file.sections() {
        match section.name().ok()? {
            "__compact_unwind" => {
                let (content, moved) = (section.data().ok()?, moved(file, &section)?);
                for (number, entry) in content.chunks_exact(ENTRY).enumerate() {
                    let written = u64::from_le_bytes(*entry.first_chunk()?);
                    let moved = moved.get(&(number * ENTRY)).copied().unwrap_or_default();
                    functions.insert(written.wrapping_add(moved));
                }
            }
            "__eh_frame" => {
                let (content, moved) = (section.data().ok()?, moved(file, &section)?);
                for field in frames(content)? {
                    let written = u64::from_le_bytes(*content.get(field..)?.first_chunk()?);
                    let here = section.address().wrapping_add(field as u64);
                    let moved = moved.get(&field).copied().unwrap_or_default();
                    functions.insert(here.wrapping_add(written).wrapping_add(moved));
                }
            }
            _ => {}
        }
    }
    let symbols = file.symbols().filter(|symbol| symbol.is_definition());
    let named: HashSet<u64> = symbols.map(|symbol| symbol.address()).collect();
    let nameless = functions.into_iter().filter(|address| !named.contains(address));
    let placed = nameless.filter_map(|address| {
        let holds = |section: &object::read::macho::MachOSection64<'_, '_, Endianness>| {
            let offset = address.checked_sub(section.address());
            section.kind() == SectionKind::Text && offset.is_some_and(|it| it < section.size())
        };
        let section = file.sections().find(holds)?;
        Some(Nameless { address, section: u8::try_from(section.index().0).ok()? })
    });
    Some(placed.collect())
}

/// The values that relocations add to the fields of a section, by the offset of the field.
fn moved<'d>(
    file: &ObjectFile<'d>,
    section: &impl ObjectSection<'d>,
) -> Option<HashMap<usize, u64>> {
    let address = |index| file.symbol_by_index(index).ok().map(|symbol| symbol.address());
    let mut fields = HashMap::new();
    for (offset, relocation) in section.relocations() {
        let target = match relocation.target() {
            RelocationTarget::Symbol(index) => address(index)?,
            // The field already contains the address.
            _ => 0,
        };
        let less = relocation.subtractor().map_or(Some(0), address)?;
        fields.insert(usize::try_from(offset).ok()?, target.wrapping_sub(less));
    }
    Some(fields)
}

/// The offsets in `__eh_frame` of the fields that refer to functions.
fn frames(content: &[u8]) -> Option<Vec<usize>> {
    let mut fields = Vec::new();
    let mut at = 0usize;
    while let Some((length, rest)) = content.get(at..)?.split_first_chunk() {
        if *length == [0; 4] {
            break;
        }
        if u32::from_le_bytes(*rest.first_chunk()?) != 0 {
            fields.push(at + 8);
        }
        at = at.checked_add(4)?.checked_add(u32::from_le_bytes(*length) as usize)?;
    }
    Some(fields)
}

/// The file with a local symbol added for each of these functions.
fn named(data: &[u8], functions: &[Nameless]) -> Option<Vec<u8>> {
    let header = macho::MachHeader64::<Endianness>::parse(data, 0).ok()?;
    let endian = header.endian().ok()?;
    let mut command_at = size_of_val(header);
    let mut commands = header.load_commands(endian, data, 0).ok()?;
    let table = loop {
        let command = commands.next().ok()??;
        if let Some(table) = command.symtab().ok()? {
            break table;
        }
        command_at += command.cmdsize() as usize;
    };
    let slice = |at: u32, size: usize| data.get(at as usize..)?.get(..size);
    let count = table.nsyms.get(endian);
    let mut symbols = slice(table.symoff.get(endian), count as usize * SYMBOL)?.to_vec();
    let mut strings = slice(table.stroff.get(endian), table.strsize.get(endian) as usize)?.to_vec();
    for Nameless { address, section } in functions {
        symbols.extend(u32::try_from(strings.len()).ok()?.to_le_bytes());
        symbols.extend([LOCAL, *section, 0, 0]);
        symbols.extend(address.to_le_bytes());
        // Linkers leave names with the prefix `l` out of their output.
        strings.extend(format!("l_function_{address:x}\0").into_bytes());
    }
    let mut output = data.to_vec();
    output.resize(output.len().next_multiple_of(8), 0);
    let start = output.len();
    let words = [start, count as usize + functions.len(), start + symbols.len(), strings.len()];
    for (number, word) in words.into_iter().enumerate() {
        let place = command_at + 8 + 4 * number;
        let word = u32::try_from(word).ok()?.to_le_bytes();
        output.get_mut(place..place + 4)?.copy_from_slice(&word);
    }
    output.extend(symbols);
    output.extend(strings);
    Some(output)
}

#[cfg(test)]
mod tests {
    use object::write::{Relocation, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope,
    };

    use super::*;

    /// Three functions of eight bytes. The first has a symbol. The other two have only unwind data,
    /// one of each kind.
    fn object(architecture: Architecture) -> Vec<u8> {
        let mut object = object::write::Object::new(
            BinaryFormat::MachO,
            architecture,
            object::Endianness::Little,
        );
        let text = object.section_id(object::write::StandardSection::Text);
        object.append_section_data(text, &[0; 24], 4);
        let mut section = |segment: &str, name: &str, content: &[u8]| {
            let (segment, name) = (segment.into(), name.into());
            let id = object.add_section(segment, name, SectionKind::Debug);
            object.set_section_data(id, content.to_vec(), 8);
            id
        };
        let compact = section("__LD", "__compact_unwind", &[0; 2 * ENTRY]);
        // A CIE, and an FDE whose function field is 16 bytes from the start of the section.
        let mut frames = vec![4, 0, 0, 0, 0, 0, 0, 0];
        frames.extend([20, 0, 0, 0, 12, 0, 0, 0]);
        frames.extend([0; 16]);
        let frames = section("__TEXT", "__eh_frame", &frames);
        let mut symbol = |name: &str, section, kind, scope| {
            object.add_symbol(Symbol {
                name: name.into(),
                value: 0,
                size: 0,
                kind,
                scope,
                weak: false,
                section: SymbolSection::Section(section),
                flags: SymbolFlags::None,
            })
        };
        let shown = symbol("shown", text, SymbolKind::Text, SymbolScope::Linkage);
        let start = symbol("ltmp", frames, SymbolKind::Data, SymbolScope::Compilation);
        let (unsigned, subtractor) = match architecture {
            Architecture::Aarch64 => (macho::ARM64_RELOC_UNSIGNED, macho::ARM64_RELOC_SUBTRACTOR),
            _ => (macho::X86_64_RELOC_UNSIGNED, macho::X86_64_RELOC_SUBTRACTOR),
        };
        let relocation = |offset, symbol, addend, r_type| Relocation {
            offset,
            symbol,
            addend,
            flags: RelocationFlags::MachO { r_type, r_pcrel: false, r_length: 3 },
        };
        for (offset, addend) in [(0, 0), (ENTRY as u64, 8)] {
            object
                .add_relocation(compact, relocation(offset, shown, addend, unsigned))
                .expect("fits");
        }
        object.add_relocation(frames, relocation(16, start, 0, subtractor)).expect("fits");
        object.add_relocation(frames, relocation(16, shown, 0, unsigned)).expect("fits");
        object.write().expect("an object")
    }

    fn added(data: &[u8]) -> Vec<u64> {
        let named = mended(data).expect("names are missing");
        let file = ObjectFile::parse(&*named).expect("an object");
        let old = ObjectFile::parse(data).expect("an object").symbols().count();
        assert_eq!(mended(&named), None);
        file.symbols().skip(old).map(|symbol| symbol.address()).collect()
    }

    #[test]
    fn functions_with_unwind_data_alone_get_names() {
        for architecture in [Architecture::Aarch64, Architecture::X86_64] {
            assert_eq!(added(&object(architecture)), [8, 16], "{architecture:?}");
        }
    }

    /// The flag and symbol that the assembler writes for `.subsections_via_symbols` and
    /// `.alt_entry`.
    #[test]
    fn a_file_that_zig_would_cut_in_the_wrong_place_stays_whole() {
        let cut =
            |data: &[u8]| u32::from_le_bytes(data[FLAGS..FLAGS + 4].try_into().expect("four"));
        let may_be_cut = macho::MH_SUBSECTIONS_VIA_SYMBOLS.0;
        let mut private = object(Architecture::X86_64);
        private[FLAGS + 1] |= 0x20;
        assert_eq!(cut(&private), may_be_cut);
        let named = mended(&private).expect("is changed");
        assert_eq!((cut(&named), added(&private)), (0, vec![8, 16]));

        let mut plain = named;
        plain[FLAGS + 1] |= 0x20;
        assert_eq!(mended(&plain), None);
        let file = ObjectFile::parse(&*plain).expect("an object");
        let symbols = file.macho_symbol_table().symbols();
        let place = symbols.as_ptr() as usize - plain.as_ptr() as usize;
        plain[place + SYMBOL + 7] = 2;
        let whole = mended(&plain).expect("is changed");
        assert_eq!((cut(&whole), whole.len()), (0, plain.len()));
    }

    #[test]
    fn a_damaged_object_is_left_as_it_is_or_stays_one() {
        let data = object(Architecture::Aarch64);
        for length in 0..data.len() {
            assert_eq!(mended(&data[..length]), None, "{length}");
        }
        for place in 0..data.len() {
            for byte in [0, 0x7f, 0xff] {
                let mut damaged = data.clone();
                damaged[place] = byte;
                mended(&damaged);
            }
        }
    }

    #[test]
    fn objects_are_known_by_the_call_that_makes_them() {
        for (line, expected) in [
            ("-c a.S -o b/x.o", &["b/x.o"][..]),
            ("-c -ob.o a.S", &["b.o"]),
            ("-O2 -c d/a.S b.c", &["a.o", "b.o"]),
            ("a.c -o a", &[]),
        ] {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(compiled(&args), expected, "{line}");
        }
    }
}
