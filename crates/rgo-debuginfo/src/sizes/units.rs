//! The compile units: whose code and whose debug data bytes are (DWARF 5, section 7.5).
//!
//! ```text
//! .debug_info, .debug_types        each unit from its header to its length
//! .debug_abbrev, .debug_line       from the offset that a unit names to the next that one names
//! .debug_addr, .debug_str_offsets,
//! .debug_rnglists, .debug_loclists the same, and the header before it
//! .debug_str, .debug_line_str      the same, of the first unit that names it
//! .debug_ranges, .debug_loc        from the first list of a unit to the first of the next
//! .debug_aranges, .debug_pub*      u32 length, u16 version, u32 offset of the unit in .debug_info
//! ```
//!
//! Where a section is compressed, a unit has the share of the compressed bytes that it has of the others.

use hashbrown::HashMap;

use gimli::{
    AttributeValue, EndianSlice, Operation, Reader as _, RunTimeEndian, Section as _, SectionId,
    UnitRef,
};
use object::{Object, ObjectSection};
use rgo_binary::Image;

use super::labels::Labels;
use super::names::SymbolLabels;
use super::owners::Owners;
use super::runs::{Run, Runs};
use super::space::Space;
use crate::lines::DebugSections;

type Bytes<'a> = EndianSlice<'a, RunTimeEndian>;

/// Steps for each byte of debug data: entries of real units take at least a byte.
const STEPS_PER_BYTE: u64 = 4;
/// Sections with lists that say which unit they are about.
const LISTED: [&str; 5] = [
    ".debug_aranges",
    ".debug_pubnames",
    ".debug_pubtypes",
    ".debug_gnu_pubnames",
    ".debug_gnu_pubtypes",
];

/// What units have.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// Runs of code, and of debug data; the label is a unit.
    pub(super) runs: Runs,
    /// By the unit: its name.
    pub(super) names: Vec<u32>,
    /// By the unit: its crate or package.
    pub(super) packages: Vec<Option<u32>>,
    /// Places of variables, and their units.
    pub(super) variables: Vec<Run>,
}

impl Units {
    /// The number of a unit's name.
    pub(super) fn name(&self, unit: u32) -> Option<u32> {
        self.names.get(unit as usize).copied()
    }

    /// The number of a unit's crate or package.
    pub(super) fn package(&self, unit: u32) -> Option<u32> {
        self.packages.get(unit as usize).copied().flatten()
    }

    /// Gives each symbol its unit: that of its code, or that which declares the variable. The unit says which crate
    /// compiled it. The package of Go is the one in the name, with debug data and without.
    pub(super) fn assign(
        &self,
        owned: &Runs,
        owners: &Owners<'_>,
        named: &mut [SymbolLabels],
        is_go: bool,
    ) {
        let mut assign = |owner: Option<u32>, unit: u32| {
            let Some(owner) = owner else { return };
            for symbol in owners.members(owner).as_slice() {
                let Some(named) = named.get_mut(*symbol as usize) else { continue };
                if named.unit.is_none() {
                    named.unit = Some(unit);
                    let (of_unit, of_name) = (self.package(unit), named.package);
                    named.package = if is_go { of_name.or(of_unit) } else { of_unit.or(of_name) };
                }
            }
        };
        for run in owned.iter() {
            if let Some(unit) = self.runs.at(run.start) {
                assign(Some(run.label), unit);
            }
        }
        for variable in &self.variables {
            assign(owned.at(variable.start), variable.label);
        }
    }
}

/// Reads the units of an image. `own`: whether the sections are the image's own, so that their bytes count.
pub(super) fn units(
    image: &Image<'_>,
    space: &Space,
    sections: &DebugSections<'_>,
    own: bool,
    [names, packages]: [&mut Labels; 2],
) -> Units {
    let dwarf = sections.dwarf();
    let mut reader = Reader {
        image,
        space,
        dwarf: &dwarf,
        units: Units::default(),
        claims: Vec::new(),
        starts: HashMap::new(),
        lists: HashMap::new(),
        places: HashMap::new(),
        steps: sections.byte_count().saturating_mul(STEPS_PER_BYTE),
    };
    let mut by_offset = HashMap::new();
    let mut headers = dwarf.units();
    // What is behind a damaged unit is not attributed.
    while let Ok(Some(header)) = headers.next() {
        let unit = u32::try_from(reader.units.names.len()).unwrap_or(u32::MAX);
        if let Some(offset) = header.debug_info_offset() {
            let size = header.length_including_self() as u64;
            by_offset.insert(offset.0 as u64, unit);
            reader.claim(SectionId::DebugInfo.name(), offset.0 as u64, size, unit);
        }
        reader.start(SectionId::DebugAbbrev, header.debug_abbrev_offset().0 as u64, unit);
        let Ok(read) = dwarf.unit(header) else {
            reader.units.names.push(names.number("[damaged unit]"));
            reader.units.packages.push(None);
            continue;
        };
        let unit_ref = read.unit_ref(&dwarf);
        let (name, package) = names_of(unit_ref);
        reader.units.names.push(names.number(&name));
        reader.units.packages.push(package.map(|package| packages.number(&package)));
        reader.read(unit_ref, unit);
    }
    if own {
        reader.claim_starts();
        reader.claim_listed(&by_offset);
    } else {
        reader.claims.retain(|claim| space.loaded.at(claim.start).is_some());
    }
    reader.units.runs = Runs::innermost(reader.claims);
    reader.units
}

struct Reader<'r, 'd> {
    image: &'r Image<'r>,
    space: &'r Space,
    dwarf: &'r gimli::Dwarf<Bytes<'d>>,
    units: Units,
    claims: Vec<Run>,
    /// Places in sections that units refer to, and the first unit that does.
    starts: HashMap<(SectionId, u64), u32>,
    /// By the section and the unit: its first list of addresses or places. The lists of a unit are in a row.
    lists: HashMap<(SectionId, u32), u64>,
    /// By the name of a section: where it is, and how many bytes it has when it is inflated.
    places: HashMap<&'static str, Option<(Run, u64)>>,
    steps: u64,
}

impl<'d> Reader<'_, 'd> {
    fn start(&mut self, section: SectionId, offset: u64, unit: u32) {
        self.starts.entry((section, offset)).or_insert(unit);
    }

    fn list(&mut self, section: SectionId, offset: u64, unit: u32) {
        let first = self.lists.entry((section, unit)).or_insert(offset);
        *first = offset.min(*first);
    }

    /// Claims bytes of a section, in proportion if it is compressed.
    fn claim(&mut self, section: &'static str, offset: u64, size: u64, unit: u32) {
        let Some((place, bytes)) = self.place(section) else { return };
        let end = offset.saturating_add(size).min(bytes);
        let at = |offset: u64| {
            let scaled = u128::from(offset) * u128::from(place.end - place.start);
            let scaled = scaled.checked_div(bytes.into()).unwrap_or_default();
            place.start.saturating_add(u64::try_from(scaled).unwrap_or(u64::MAX))
        };
        if offset < end {
            self.claims.push(Run { start: at(offset), end: at(end).min(place.end), label: unit });
        }
    }

    /// Where a section is, and how many bytes it has when it is inflated.
    fn place(&mut self, section: &'static str) -> Option<(Run, u64)> {
        *self.places.entry(section).or_insert_with(|| {
            let place = self.space.debug_section(section.trim_start_matches('.'))?;
            let found = self.image.object().section_by_name(section);
            let size =
                found.and_then(|it| Some(it.compressed_file_range().ok()?.uncompressed_size));
            let size = size.or_else(|| {
                // Go compresses sections of PE as GNU does: "ZLIB", u64 big-endian size.
                let bytes = self.image.data().get(place.start as usize..)?.strip_prefix(b"ZLIB")?;
                Some(u64::from_be_bytes(*bytes.first_chunk()?))
            });
            Some((place, size.unwrap_or(place.end - place.start)))
        })
    }

    /// Reads what a unit has beyond its header.
    fn read(&mut self, unit: UnitRef<'_, Bytes<'d>>, number: u32) {
        if let Some(program) = &unit.line_program {
            self.start(SectionId::DebugLine, program.header().offset().0 as u64, number);
        }
        let wide = unit.encoding().format == gimli::Format::Dwarf64;
        // Bytes of the headers before what a unit refers to, in DWARF of 32 and of 64 bits.
        for (section, base, headers) in [
            (SectionId::DebugStrOffsets, unit.str_offsets_base.0, [8, 16]),
            (SectionId::DebugAddr, unit.addr_base.0, [8, 16]),
            (SectionId::DebugRngLists, unit.rnglists_base.0, [12, 20]),
            (SectionId::DebugLocLists, unit.loclists_base.0, [12, 20]),
        ] {
            let header = headers[usize::from(wide)];
            if let Some(start) = (base as u64).checked_sub(header) {
                match section {
                    SectionId::DebugRngLists | SectionId::DebugLocLists => {
                        self.list(section, start, number);
                    }
                    _ => self.start(section, start, number),
                }
            }
        }
        if let Ok(mut ranges) = unit.unit_ranges() {
            while let Ok(Some(range)) = ranges.next() {
                let size = range.end.saturating_sub(range.begin);
                if let Some(start) =
                    self.space.locate(None, range.begin).filter(|_| range.begin > 0)
                {
                    let end = start.saturating_add(size).min(self.space.end);
                    self.claims.push(Run { start, end, label: number });
                }
            }
        }
        // Damage ends a unit: what follows is not attributed.
        let _ = self.entries(unit, number);
    }

    /// Follows the entries to strings, lists and variables.
    fn entries(&mut self, unit: UnitRef<'_, Bytes<'d>>, number: u32) -> gimli::Result<()> {
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let Some(entry) = entries.read_abbreviation()? else { continue };
            for spec in entry.attributes() {
                if self.steps == 0 {
                    return Ok(());
                }
                self.steps -= 1;
                let attribute = entries.read_attribute(*spec)?;
                self.attribute(unit, attribute.value(), number)?;
            }
        }
        Ok(())
    }

    fn attribute(
        &mut self,
        unit: UnitRef<'_, Bytes<'d>>,
        value: AttributeValue<Bytes<'d>>,
        number: u32,
    ) -> gimli::Result<()> {
        match value {
            AttributeValue::DebugStrRef(offset) => {
                self.start(SectionId::DebugStr, offset.0 as u64, number);
            }
            AttributeValue::DebugLineStrRef(offset) => {
                self.start(SectionId::DebugLineStr, offset.0 as u64, number);
            }
            AttributeValue::DebugStrOffsetsIndex(index) => {
                let offset = unit.dwarf.debug_str_offsets.get_str_offset(
                    unit.encoding().format,
                    unit.str_offsets_base,
                    index,
                )?;
                self.start(SectionId::DebugStr, offset.0 as u64, number);
            }
            AttributeValue::RangeListsRef(offset) => {
                let section = if unit.encoding().version < 5 {
                    SectionId::DebugRanges
                } else {
                    SectionId::DebugRngLists
                };
                self.list(section, offset.0 as u64, number);
            }
            AttributeValue::LocationListsRef(offset) => {
                let section = if unit.encoding().version < 5 {
                    SectionId::DebugLoc
                } else {
                    SectionId::DebugLocLists
                };
                self.list(section, offset.0 as u64, number);
            }
            AttributeValue::Exprloc(expression) => {
                let mut operations = expression.operations(unit.encoding());
                if let Ok(Some(Operation::Address { address })) = operations.next()
                    && let Some(start) = self.space.locate(None, address)
                {
                    let end = start.saturating_add(1);
                    self.units.variables.push(Run { start, end, label: number });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Claims from each place that a unit refers to up to the next.
    fn claim_starts(&mut self) {
        for ((section, unit), offset) in std::mem::take(&mut self.lists) {
            self.start(section, offset, unit);
        }
        let mut starts: Vec<_> = std::mem::take(&mut self.starts).into_iter().collect();
        starts.sort_unstable_by_key(|((section, offset), _)| (section.name(), *offset));
        for (index, ((section, offset), unit)) in starts.iter().enumerate() {
            let next = starts.get(index + 1).filter(|((of, _), _)| of == section);
            let end = next.map_or(u64::MAX, |((_, next), _)| *next);
            self.claim(section.name(), *offset, end - offset, *unit);
        }
    }

    /// Claims lists of names and addresses, which say which unit they are about. `units` are by their offsets.
    fn claim_listed(&mut self, units: &HashMap<u64, u32>) {
        let order = self.dwarf.debug_info.reader().endian();
        for section in LISTED {
            // A damaged or missing section is not attributed.
            let Ok(Some(bytes)) = self.image.debug_section(section) else { continue };
            let whole = EndianSlice::new(&bytes, order);
            let mut rest = whole;
            while let Ok((length, format)) = rest.read_initial_length() {
                let start = whole.len() - rest.len() - usize::from(format.initial_length_size());
                let Ok(mut list) = rest.split(length) else { break };
                let unit = list.read_u16().and_then(|_version| list.read_offset(format));
                let unit = unit.ok().and_then(|offset| units.get(&(offset as u64)));
                let end = whole.len() - rest.len();
                if let Some(unit) = unit {
                    self.claim(section, start as u64, (end - start) as u64, *unit);
                }
            }
        }
    }
}

/// The name of a unit as the source has it, and its crate or package.
fn names_of(unit: UnitRef<'_, Bytes<'_>>) -> (String, Option<String>) {
    let text = |bytes: Option<Bytes<'_>>| {
        bytes.map(|bytes| String::from_utf8_lossy(bytes.slice()).into_owned()).unwrap_or_default()
    };
    let name = text(unit.name);
    let mut entries = unit.entries();
    let root = entries.next_dfs().ok().flatten();
    let language = root.and_then(|root| match root.attr_value(gimli::DW_AT_language) {
        Some(AttributeValue::Language(language)) => Some(language),
        _ => None,
    });
    match language {
        Some(gimli::DW_LANG_Rust) => {
            // rustc: "src/main.rs/@/app.9f1b6ae6-cgu.0"
            let (file, codegen) = name.split_once("/@/").unwrap_or((&name, ""));
            // Incremental builds have a hash alone.
            let package = codegen.split_once('.').map(|(package, _)| package.to_owned());
            (file.to_owned(), package)
        }
        Some(gimli::DW_LANG_Go) => (name.clone(), Some(name)),
        _ => (name, None),
    }
}
