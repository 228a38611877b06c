//! Edits to ELF images: sections that no segment loads are taken out, and those left move up.
//! Everything up to the end of the last segment is copied as it is.
//!
//! ```text
//! before  header, segments … end │ .comment .debug_* .symtab .strtab .shstrtab │ section headers
//! after   header, segments … end │ .comment .shstrtab │ section headers
//! ```
//!
//! Go puts the section headers inside the first segment: there they stay. Section numbers occur
//! in headers (`sh_link`, `sh_info`, `e_shstrndx`), in symbols and, past 65,279 sections, in
//! `.symtab_shndx`; all of them follow. (System V ABI, chapters 4 and 5)

mod layout;
mod symtab;

use object::elf;

use super::{Draft, Edited, Finish, Strip, Why};
use crate::{Error, Result};
pub(super) use layout::Layout;

/// What `.gnu_debuglink` starts its name with; also what a debugger looks for.
const DEBUGLINK: &[u8] = b".gnu_debuglink";

pub(super) fn finish<'a>(filled: Draft<'a>, edits: &Finish<'_>) -> Result<Edited<'a>> {
    if edits.strip == Strip::None && edits.debuglink.is_none() {
        return Ok(Edited::of(filled));
    }
    let mut layout = Layout::parse(filled)?;
    if layout.file.e_type == elf::ET_REL {
        return Err(Error::unsupported(
            "stripping a relocatable ELF object",
            "its relocations need the symbols",
        ));
    }
    layout.refuse_overlay()?;
    if layout.sections.len() <= 1 {
        if edits.debuglink.is_some() {
            let why = "the image has no section headers";
            return Err(Error::unsupported("a link to a debug file", why));
        }
        return Ok(Edited::of(layout.source));
    }
    let linked = edits.debuglink.is_some();
    let removed = layout.retain(|section| {
        let kept = match edits.strip {
            Strip::None => true,
            Strip::Debug => !is_debug(&section.name),
            Strip::Unneeded => !is_debug(&section.name) && !is_symbols(section),
            Strip::All => section.is_loaded() || survives_all(&section.name),
        };
        section.in_segment || kept && !(linked && section.name == DEBUGLINK)
    });
    symtab::edit(&mut layout, edits.strip == Strip::Debug)?;
    if let Some((name, crc)) = edits.debuglink {
        if name.contains('\0') {
            return Err(Error::unsupported("this name of a debug file", "it contains a NUL"));
        }
        layout.append(DEBUGLINK, debuglink(name, crc, layout.encoder.endian()), Why::DebugLink);
    }
    Ok(Edited { removed, ..Edited::of(layout.write()?) })
}

/// Content of `.gnu_debuglink`: file name, NUL, zeros up to a multiple of 4, CRC-32.
fn debuglink(name: &str, crc: u32, endian: object::Endianness) -> Vec<u8> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut data = name.as_bytes().to_vec();
    data.push(0);
    data.resize(data.len().next_multiple_of(4), 0);
    data.extend(match endian {
        object::Endianness::Little => crc.to_le_bytes(),
        object::Endianness::Big => crc.to_be_bytes(),
    });
    data
}

/// Sections that debuggers alone read.
pub(super) fn is_debug(name: &[u8]) -> bool {
    let name = name.strip_prefix(b".rela").or(name.strip_prefix(b".rel")).unwrap_or(name);
    name.starts_with(b".debug") || name.starts_with(b".zdebug") || name == b".gdb_index"
}

/// Symbols of a linked image, which only debuggers read.
fn is_symbols(section: &layout::Section<'_>) -> bool {
    matches!(section.header.sh_type, elf::SHT_SYMTAB | elf::SHT_SYMTAB_SHNDX)
        || section.name == b".strtab"
}

/// Sections without an address that even a full strip leaves: what tells a program's origin,
/// and what tools (linkers, debuggers) need to be told.
fn survives_all(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] =
        [b".comment", b".dep-v0", b".gnu_debuglink", b".ARM.attributes", b".riscv.attributes"];
    const PREFIXES: [&[u8]; 3] = [b".rgo", b".note", b".gnu.warning"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
