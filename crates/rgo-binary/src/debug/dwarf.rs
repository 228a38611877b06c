//! Counts compile units by the debug data that they really hold (DWARF 5, section 7.5). The
//! presence of a section proves nothing: the tags below each unit decide.
//!
//! ```text
//! .debug_info:   unit header (length, version, offset in .debug_abbrev), entries…
//! entry:         uleb128 code, attributes as the abbreviation of that code lists them
//! abbreviation:  uleb128 code, uleb128 tag, u8 children, (name, form)…
//! ```
//!
//! With `-gline-tables-only`, a unit has names of functions but no variable or type. These
//! distinguish full debug data from lines.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gimli::{
    Abbreviations, DebugAbbrev, DebugInfo, DwTag, EndianSlice, RunTimeEndian, UnitHeader, UnitType,
    constants as dw,
};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use object::{Object, ObjectSection};

use super::Units;
use crate::{Error, Image, Limits, Result};

/// The reader type of gimli that this crate uses.
pub(crate) type DwarfBytes<'a> = EndianSlice<'a, RunTimeEndian>;

/// Abbreviation tables by their offset.
pub(crate) type AbbreviationTables = BTreeMap<usize, Abbreviations>;

/// Steps allowed per byte of debug data. Real entries take at least a byte for two attributes;
/// hostile ones name thousands that take none.
const STEPS_PER_BYTE: usize = 16;

/// Counts the compile units of an image by the level of their debug data.
pub(super) fn units(image: &Image<'_>) -> Result<Units> {
    // The sections of a `.dwo` file have their own names.
    let split = image.section(".debug_info").is_none();
    let (info, abbrev) = if split && image.section(".debug_info.dwo").is_some() {
        (".debug_info.dwo", ".debug_abbrev.dwo")
    } else {
        (".debug_info", ".debug_abbrev")
    };
    let Some((info, base)) = section(image, info)? else { return Ok(Units::default()) };
    let Some((abbrev, _)) = section(image, abbrev)? else { return Ok(Units::default()) };
    let order =
        if image.object().is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    count(&info, &abbrev, order, image.limits()).map_err(|problem| match problem {
        Problem::Limit(error) => error,
        Problem::Dwarf(why) => Error::malformed("DWARF units", base, why),
    })
}

/// Finds a debug section by its ELF name. Returns its inflated bytes and its offset in the image.
pub(crate) fn section<'a>(image: &Image<'a>, name: &str) -> Result<Option<(Cow<'a, [u8]>, u64)>> {
    let Some(section) = image.object().section_by_name(name) else {
        return gnu_compressed(image, name);
    };
    let offset = section.file_range().map_or(0, |(offset, _)| offset);
    let bad = |why: object::Error| Error::malformed(format!("section {name}"), offset, why);
    let compressed = section.compressed_data().map_err(bad)?;
    let limit = image.limits().max_inflated;
    let packed = compressed.format != object::CompressionFormat::None;
    if packed && compressed.uncompressed_size > limit {
        let what = format!("the inflated size of {name} in bytes");
        return Err(Error::limit(what, compressed.uncompressed_size, limit));
    }
    Ok(Some((compressed.decompress().map_err(bad)?, offset)))
}

/// Like [`section`], for the old compression format: `.zdebug_…`, "ZLIB", u64 BE size, zlib. Go
/// writes it into PE, where `object` does not look for it.
fn gnu_compressed<'a>(image: &Image<'a>, name: &str) -> Result<Option<(Cow<'a, [u8]>, u64)>> {
    let packed_name = name.replacen(".debug_", ".zdebug_", 1);
    let Some(section) = image.section(&packed_name) else { return Ok(None) };
    let offset = section.file_offset.unwrap_or_default();
    let bad = |why: &str| Error::malformed(format!("section {packed_name}"), offset, why);
    let (size, stream) = section
        .data
        .strip_prefix(b"ZLIB")
        .and_then(|rest| rest.split_first_chunk())
        .ok_or_else(|| bad("no ZLIB header"))?;
    let size = u64::from_be_bytes(*size);
    let limit = image.limits().max_inflated;
    if size > limit {
        let what = format!("the inflated size of {packed_name} in bytes");
        return Err(Error::limit(what, size, limit));
    }
    let size = usize::try_from(size).map_err(|_| bad("larger than memory"))?;
    let bytes = decompress_to_vec_zlib_with_limit(stream, size)
        .map_err(|failed| bad(&format!("zlib: {:?}", failed.status)))?;
    Ok(Some((bytes.into(), offset)))
}

/// Why a count ended early.
pub(crate) enum Problem {
    Limit(Error),
    Dwarf(gimli::Error),
}

impl From<gimli::Error> for Problem {
    fn from(why: gimli::Error) -> Self {
        Self::Dwarf(why)
    }
}

fn count(
    info: &[u8],
    abbrev: &[u8],
    order: RunTimeEndian,
    limits: &Limits,
) -> std::result::Result<Units, Problem> {
    let (headers, tables) = headers_and_tables(info, abbrev, order, limits)?;
    let bytes: usize = headers.iter().map(|header| header.length_including_self()).sum();
    let mut steps = bytes.saturating_mul(STEPS_PER_BYTE);
    let mut units = Units::default();
    for header in &headers {
        let Some(table) = tables.get(&header.debug_abbrev_offset().0) else { continue };
        match content(header, table, &mut steps)? {
            UnitContent::Nothing => {}
            UnitContent::Elsewhere => units.split += 1,
            UnitContent::Lines => units.lines += 1,
            UnitContent::Full => units.full += 1,
        }
    }
    Ok(units)
}

/// The headers of all units, and the abbreviation tables by their offset.
pub(crate) fn headers_and_tables<'a>(
    info: &'a [u8],
    abbrev: &[u8],
    order: RunTimeEndian,
    limits: &Limits,
) -> std::result::Result<(Vec<UnitHeader<DwarfBytes<'a>>>, AbbreviationTables), Problem> {
    let info = DebugInfo::new(info, order);
    let mut headers = Vec::new();
    let mut all = info.units();
    while let Some(header) = all.next()? {
        if headers.len() == limits.max_units {
            let limit = limits.max_units as u64;
            let what = "the number of DWARF units";
            return Err(Problem::Limit(Error::limit(what, limit + 1, limit)));
        }
        headers.push(header);
    }
    let tables = tables(&headers, abbrev, order)?;
    Ok((headers, tables))
}

/// The abbreviation tables of all units. Units share tables, and each table ends before the next
/// one starts. With that bound, reading all tables is linear in the size of the section.
fn tables(
    headers: &[UnitHeader<DwarfBytes<'_>>],
    abbrev: &[u8],
    order: RunTimeEndian,
) -> gimli::Result<AbbreviationTables> {
    let mut offsets: Vec<_> = headers.iter().map(|header| header.debug_abbrev_offset().0).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let ends = offsets.iter().skip(1).copied().chain([abbrev.len()]);
    offsets
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let table = abbrev.get(..end.min(abbrev.len())).unwrap_or(abbrev);
            let table = DebugAbbrev::new(table, order);
            Ok((*start, table.abbreviations(gimli::DebugAbbrevOffset(*start))?))
        })
        .collect()
}

/// The debug data of a unit.
enum UnitContent {
    Nothing,
    Elsewhere,
    Lines,
    Full,
}

fn content(
    header: &UnitHeader<DwarfBytes<'_>>,
    table: &Abbreviations,
    steps: &mut usize,
) -> std::result::Result<UnitContent, Problem> {
    match header.type_() {
        UnitType::Skeleton(_) => return Ok(UnitContent::Elsewhere),
        UnitType::Type { .. } | UnitType::SplitType { .. } => return Ok(UnitContent::Nothing),
        _ => {}
    }
    let mut entries = header.entries_raw(table, None)?;
    let mut content = UnitContent::Nothing;
    let mut first = true;
    while !entries.is_empty() {
        let Some(entry) = entries.read_abbreviation()? else { continue };
        let attributes = entry.attributes();
        if first {
            first = false;
            let has = |name| attributes.iter().any(|attribute| attribute.name() == name);
            if has(dw::DW_AT_GNU_dwo_name) || has(dw::DW_AT_dwo_name) {
                return Ok(UnitContent::Elsewhere);
            }
            if entry.tag() != dw::DW_TAG_compile_unit {
                return Ok(UnitContent::Nothing);
            }
            if has(dw::DW_AT_stmt_list) {
                content = UnitContent::Lines;
            }
        } else if is_beyond_lines(entry.tag()) {
            return Ok(UnitContent::Full);
        }
        *steps = steps.checked_sub(1 + attributes.len()).ok_or_else(|| {
            let bytes = header.length_including_self() as u64;
            let what = "the number of attributes in the DWARF entries";
            Problem::Limit(Error::limit(what, bytes * STEPS_PER_BYTE as u64, bytes))
        })?;
        entries.skip_attributes(attributes)?;
    }
    Ok(content)
}

/// Tags that compilers leave out if only lines are requested.
fn is_beyond_lines(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_variable
            | dw::DW_TAG_formal_parameter
            | dw::DW_TAG_base_type
            | dw::DW_TAG_pointer_type
            | dw::DW_TAG_structure_type
            | dw::DW_TAG_class_type
            | dw::DW_TAG_union_type
            | dw::DW_TAG_enumeration_type
            | dw::DW_TAG_typedef
            | dw::DW_TAG_subroutine_type
    )
}
