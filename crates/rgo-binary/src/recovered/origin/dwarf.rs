//! Reads the producer and language of each compile unit (DWARF 5, section 3.1.1).
//!
//! ```text
//! .debug_info    unit header, first entry: DW_TAG_compile_unit
//!                  DW_AT_producer   "GNU C17 12.2.0 -O2"
//!                  DW_AT_language   DW_LANG_C11
//! strings        in the entry, or in .debug_str, .debug_line_str, .debug_str_offsets
//! ```
//!
//! This reads only the first entry of each unit, so it is fast for large debug data.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gimli::{
    Abbreviations, AttributeValue, DwLang, Format, RunTimeEndian, UnitHeader, constants as dw,
};
use object::{Object, ObjectKind, ObjectSection};

use super::Findings;
use super::languages::Language;
use super::tools::identify;
use crate::debug::dwarf::{DwarfBytes, Problem, headers_and_tables, section};
use crate::{Confidence, Error, Evidence, Image, Result};

/// The most attributes of a unit read: real ones have a dozen.
const ATTRIBUTES: usize = 64;
/// The most bytes of a producer read.
const LONGEST: usize = 1024;
/// The most different producers kept.
const KEPT: usize = 1024;

/// Languages by their code. Codes that only hardware vendors use are left out.
const LANGUAGES: [(DwLang, Language); 36] = [
    (dw::DW_LANG_C89, Language::C),
    (dw::DW_LANG_C, Language::C),
    (dw::DW_LANG_C99, Language::C),
    (dw::DW_LANG_C11, Language::C),
    (dw::DW_LANG_C17, Language::C),
    (dw::DW_LANG_C_plus_plus, Language::Cpp),
    (dw::DW_LANG_C_plus_plus_03, Language::Cpp),
    (dw::DW_LANG_C_plus_plus_11, Language::Cpp),
    (dw::DW_LANG_C_plus_plus_14, Language::Cpp),
    (dw::DW_LANG_C_plus_plus_17, Language::Cpp),
    (dw::DW_LANG_C_plus_plus_20, Language::Cpp),
    (dw::DW_LANG_ObjC, Language::ObjectiveC),
    (dw::DW_LANG_ObjC_plus_plus, Language::ObjectiveC),
    (dw::DW_LANG_Rust, Language::Rust),
    (dw::DW_LANG_Go, Language::Go),
    (dw::DW_LANG_Swift, Language::Swift),
    (dw::DW_LANG_Zig, Language::Zig),
    (dw::DW_LANG_D, Language::D),
    (dw::DW_LANG_OCaml, Language::OCaml),
    (dw::DW_LANG_Haskell, Language::Haskell),
    (dw::DW_LANG_Julia, Language::Julia),
    (dw::DW_LANG_Kotlin, Language::Kotlin),
    (dw::DW_LANG_Crystal, Language::Crystal),
    (dw::DW_LANG_Pascal83, Language::Pascal),
    (dw::DW_LANG_BORLAND_Delphi, Language::Pascal),
    (dw::DW_LANG_Ada83, Language::Ada),
    (dw::DW_LANG_Ada95, Language::Ada),
    (dw::DW_LANG_Ada2005, Language::Ada),
    (dw::DW_LANG_Ada2012, Language::Ada),
    (dw::DW_LANG_Fortran77, Language::Fortran),
    (dw::DW_LANG_Fortran90, Language::Fortran),
    (dw::DW_LANG_Fortran95, Language::Fortran),
    (dw::DW_LANG_Fortran03, Language::Fortran),
    (dw::DW_LANG_Fortran08, Language::Fortran),
    (dw::DW_LANG_Fortran18, Language::Fortran),
    (dw::DW_LANG_Mips_Assembler, Language::Assembly),
];

/// Units that zig compiles from its own sources into every program that it links, whatever the
/// language.
const ZIG_RUNTIMES: [&[u8]; 4] = [b"compiler_rt", b"ubsan_rt", b"libc", b"zigc"];

/// The maker of a unit.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct UnitMaker {
    producer: Vec<u8>,
    language: Option<DwLang>,
    /// Whether the unit came with the linker, so that it proves nothing about the program.
    is_runtime: bool,
}

/// Adds the evidence of the compile units.
///
/// # Errors
/// [`Error::Malformed`] for debug data that contradicts itself, [`Error::Limit`] if there is more
/// of it than the image's limits allow. Findings before the error are kept.
pub(super) fn read(image: &Image<'_>, findings: &mut Findings) -> Result<()> {
    let mut makers = BTreeMap::new();
    let result = collect(image, &mut makers);
    for (maker, units) in makers {
        let UnitMaker { producer, language, is_runtime } = maker;
        let producer = String::from_utf8_lossy(&producer);
        let evidence =
            |place: &str, found: &str| Evidence::counted(place, found, units, Confidence::Certain);
        if is_runtime {
            if let Some(tool) = identify(&producer) {
                let evidence = evidence("DW_AT_producer", &producer);
                findings.tool(tool.role, tool.name.to_owned(), tool.version, evidence);
            }
            continue;
        }
        // A compiler with only one language is better evidence than a language code: units in Zig
        // have the code for C.
        let implied = findings.signature(&producer, evidence("DW_AT_producer", &producer));
        let coded = language.and_then(|code| {
            LANGUAGES.iter().find(|(known, _)| *known == code).map(|(_, language)| *language)
        });
        if let (None, Some(code), Some(coded)) = (implied, language, coded) {
            let name = code.static_string().unwrap_or_default();
            findings.language(coded, evidence("DW_AT_language", name));
        }
        if let Some(language) = implied.or(coded) {
            *findings.units.entry(language).or_default() += units;
        }
    }
    result
}

fn collect(image: &Image<'_>, makers: &mut BTreeMap<UnitMaker, u64>) -> Result<()> {
    if is_unrelocated(image) {
        return Ok(());
    }
    let Some((info, base)) = section(image, ".debug_info")? else { return Ok(()) };
    let Some((abbrev, _)) = section(image, ".debug_abbrev")? else { return Ok(()) };
    let strings = StringSections {
        str: section(image, ".debug_str")?.unwrap_or_default().0,
        line_str: section(image, ".debug_line_str")?.unwrap_or_default().0,
        offsets: section(image, ".debug_str_offsets")?.unwrap_or_default().0,
        little: image.object().is_little_endian(),
    };
    let order = if strings.little { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let bad = |problem| match problem {
        Problem::Limit(error) => error,
        Problem::Dwarf(why) => Error::malformed("DWARF units", base, why),
    };
    let (headers, tables) =
        headers_and_tables(&info, &abbrev, order, image.limits()).map_err(bad)?;
    for header in &headers {
        let Some(table) = tables.get(&header.debug_abbrev_offset().0) else { continue };
        let maker = maker(header, table, &strings).map_err(|why| bad(Problem::Dwarf(why)))?;
        let Some(maker) = maker else { continue };
        let known = makers.len();
        match makers.get_mut(&maker) {
            Some(units) => *units += 1,
            None if known < KEPT => {
                makers.insert(maker, 1);
            }
            None => {}
        }
    }
    Ok(())
}

/// In an object file, the linker still has to relocate the offsets of strings.
fn is_unrelocated(image: &Image<'_>) -> bool {
    image.object().kind() == ObjectKind::Relocatable
        && image
            .object()
            .section_by_name(".debug_info")
            .is_some_and(|section| section.relocations().next().is_some())
}

/// The maker in the first entry of a unit; `None` if it has none, or is not a compile unit.
fn maker(
    header: &UnitHeader<DwarfBytes<'_>>,
    table: &Abbreviations,
    strings: &StringSections<'_>,
) -> gimli::Result<Option<UnitMaker>> {
    let mut entries = header.entries_raw(table, None)?;
    let Some(entry) = entries.read_abbreviation()? else { return Ok(None) };
    if entry.tag() != dw::DW_TAG_compile_unit {
        return Ok(None);
    }
    let (mut producer, mut language, mut name, mut base) = (None, None, None, None);
    for specification in entry.attributes().iter().take(ATTRIBUTES) {
        let attribute = entries.read_attribute(*specification)?;
        match (attribute.name(), attribute.value()) {
            (dw::DW_AT_producer, value) => producer = Some(value),
            (dw::DW_AT_name, value) => name = Some(value),
            (dw::DW_AT_language, AttributeValue::Language(code)) => language = Some(code),
            (dw::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(at)) => {
                base = Some(at.0);
            }
            _ => {}
        }
    }
    let text = |value: Option<AttributeValue<DwarfBytes<'_>>>| {
        value.and_then(|value| strings.get(&value, header.format(), base)).unwrap_or_default()
    };
    let producer = text(producer);
    // The name differs from unit to unit, so this reads it only if it decides.
    let is_runtime = producer.starts_with(b"zig ") && ZIG_RUNTIMES.contains(&text(name).as_slice());
    let says = !producer.is_empty() || language.is_some();
    Ok(says.then_some(UnitMaker { producer, language, is_runtime }))
}

/// The sections that can hold strings.
struct StringSections<'a> {
    str: Cow<'a, [u8]>,
    line_str: Cow<'a, [u8]>,
    offsets: Cow<'a, [u8]>,
    little: bool,
}

impl StringSections<'_> {
    fn get(
        &self,
        value: &AttributeValue<DwarfBytes<'_>>,
        format: Format,
        base: Option<usize>,
    ) -> Option<Vec<u8>> {
        match value {
            AttributeValue::String(text) => Some(short(text.slice()).to_vec()),
            AttributeValue::DebugStrRef(at) => Self::at(&self.str, at.0),
            AttributeValue::DebugLineStrRef(at) => Self::at(&self.line_str, at.0),
            AttributeValue::DebugStrOffsetsIndex(index) => {
                let size = usize::from(format.word_size());
                // Without a base, the table starts after the header of the only unit.
                let base = base.unwrap_or(2 * size);
                let at = index.0.checked_mul(size)?.checked_add(base)?;
                Self::at(&self.str, self.word(at, size)?)
            }
            _ => None,
        }
    }

    fn at(section: &[u8], offset: usize) -> Option<Vec<u8>> {
        section.get(offset..).map(|rest| short(rest).to_vec())
    }

    fn word(&self, at: usize, size: usize) -> Option<usize> {
        let bytes = self.offsets.get(at..at.checked_add(size)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        let value =
            if self.little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) };
        usize::try_from(value).ok()
    }
}

/// Cuts at the zero byte or at a limit: every unit may name the same long text.
fn short(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
