//! Reads the first entry of a unit (DWARF 5, section 3.1): where its code is, and where the rest is described.
//! gimli reads it too, with the whole table of files, which most units of a program are never asked for.

use std::sync::Arc;

use gimli::{
    Abbreviations, AttributeValue, DebugLineOffset, UnitHeader, UnitRef, UnitType, constants as dw,
};

use super::super::LineError;
use super::super::budget::Budget;
use super::DwarfReader;

/// The first entry of a unit.
pub(super) struct Root<'a> {
    /// The unit, without its line program.
    pub(super) unit: gimli::Unit<DwarfReader<'a>>,
    /// Whether it can have code: partial units and type units cannot.
    pub(super) has_code: bool,
    /// Whether its language mangles names.
    pub(super) mangles: bool,
    /// Where its line program is.
    pub(super) lines: Option<DebugLineOffset>,
    /// The path of the file with its entries, if they are in another file.
    pub(super) split_path: Option<DwarfReader<'a>>,
    /// Where its code is.
    pub(super) code: CodeAttributes<'a>,
}

/// The attributes of an entry that say where its code is.
#[derive(Clone, Copy, Default)]
pub(super) struct CodeAttributes<'a> {
    low: Option<AttributeValue<DwarfReader<'a>>>,
    high: Option<AttributeValue<DwarfReader<'a>>>,
    ranges: Option<AttributeValue<DwarfReader<'a>>>,
}

impl<'a> CodeAttributes<'a> {
    /// Takes an attribute if it is one of these. Returns whether it was.
    pub(super) fn take(
        &mut self,
        name: gimli::DwAt,
        value: AttributeValue<DwarfReader<'a>>,
    ) -> bool {
        match name {
            dw::DW_AT_low_pc => self.low = Some(value),
            dw::DW_AT_high_pc => self.high = Some(value),
            dw::DW_AT_ranges => self.ranges = Some(value),
            _ => return false,
        }
        true
    }

    /// Whether there is a list of ranges.
    pub(super) fn has_list(&self) -> bool {
        self.ranges.is_some()
    }

    /// Calls `each` for each range of addresses that is not empty.
    pub(super) fn each(
        &self,
        unit: UnitRef<'_, DwarfReader<'a>>,
        budget: &Budget,
        mut each: impl FnMut(u64, u64),
    ) -> Result<(), LineError> {
        if let Some(ranges) = self.ranges {
            let Some(mut ranges) = unit.attr_ranges(ranges)? else { return Ok(()) };
            while let Some(range) = ranges.next()? {
                budget.keep(1)?;
                if range.begin < range.end {
                    each(range.begin, range.end);
                }
            }
            return Ok(());
        }
        let (Some(low), Some(high)) = (self.low, self.high) else { return Ok(()) };
        let Some(begin) = unit.attr_address(low)? else { return Ok(()) };
        let end = match unit.attr_address(high)? {
            Some(end) => Some(end),
            // A linker marks code that it left out by an address from which no code can reach.
            None => high.udata_value().and_then(|size| begin.checked_add(size)),
        };
        if let Some(end) = end.filter(|end| begin < *end) {
            budget.keep(1)?;
            each(begin, end);
        }
        Ok(())
    }
}

/// The attributes whose meaning depends on others that may follow.
#[derive(Default)]
struct Texts<'a> {
    name: Option<AttributeValue<DwarfReader<'a>>>,
    folder: Option<AttributeValue<DwarfReader<'a>>>,
    split_path: Option<AttributeValue<DwarfReader<'a>>>,
}

impl<'a> Root<'a> {
    /// Reads the first entry of a unit.
    pub(super) fn read(
        dwarf: &gimli::Dwarf<DwarfReader<'a>>,
        header: UnitHeader<DwarfReader<'a>>,
        abbreviations: Arc<Abbreviations>,
        budget: &Budget,
    ) -> Result<Self, LineError> {
        let mut root = Self::empty(dwarf, header, abbreviations);
        let mut texts = Texts::default();
        let table = root.unit.abbreviations.clone();
        let mut entries = root.unit.header.entries_raw(&table, None)?;
        let Some(entry) = entries.read_abbreviation()? else {
            return Err(gimli::Error::MissingUnitDie.into());
        };
        root.has_code = matches!(entry.tag(), dw::DW_TAG_compile_unit | dw::DW_TAG_skeleton_unit);
        budget.step(entry.attributes().len() as u64)?;
        for spec in entry.attributes() {
            let attribute = entries.read_attribute(*spec)?;
            root.take(&mut texts, attribute.name(), attribute.value());
        }
        let text = |value: Option<_>| value.and_then(|it| dwarf.attr_string(&root.unit, it).ok());
        let (name, folder, split_path) =
            (text(texts.name), text(texts.folder), text(texts.split_path));
        (root.unit.name, root.unit.comp_dir, root.split_path) = (name, folder, split_path);
        if let Some(low) = root.code.low
            && let Ok(Some(low)) = dwarf.attr_address(&root.unit, low)
        {
            root.unit.low_pc = low;
        }
        Ok(root)
    }

    fn empty(
        dwarf: &gimli::Dwarf<DwarfReader<'a>>,
        header: UnitHeader<DwarfReader<'a>>,
        abbreviations: Arc<Abbreviations>,
    ) -> Self {
        let (encoding, kind) = (header.encoding(), dwarf.file_type);
        let unit = gimli::Unit {
            abbreviations,
            name: None,
            comp_dir: None,
            low_pc: 0,
            str_offsets_base: gimli::DebugStrOffsetsBase::default_for_encoding_and_file(
                encoding, kind,
            ),
            addr_base: gimli::DebugAddrBase(0),
            loclists_base: gimli::DebugLocListsBase::default_for_encoding_and_file(encoding, kind),
            rnglists_base: gimli::DebugRngListsBase::default_for_encoding_and_file(encoding, kind),
            line_program: None,
            dwo_id: match header.type_() {
                UnitType::Skeleton(id) | UnitType::SplitCompilation(id) => Some(id),
                _ => None,
            },
            header,
        };
        let code = CodeAttributes::default();
        Self { unit, has_code: false, mangles: false, lines: None, split_path: None, code }
    }

    fn take(
        &mut self,
        texts: &mut Texts<'a>,
        name: gimli::DwAt,
        value: AttributeValue<DwarfReader<'a>>,
    ) {
        if self.code.take(name, value) {
            return;
        }
        match (name, value) {
            (dw::DW_AT_name, value) => texts.name = Some(value),
            (dw::DW_AT_comp_dir, value) => texts.folder = Some(value),
            (dw::DW_AT_dwo_name | dw::DW_AT_GNU_dwo_name, value) => texts.split_path = Some(value),
            (dw::DW_AT_language, AttributeValue::Language(language)) => {
                self.mangles = mangles(language);
            }
            (dw::DW_AT_stmt_list, AttributeValue::DebugLineRef(offset)) => {
                self.lines = Some(offset)
            }
            (dw::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(base)) => {
                self.unit.str_offsets_base = base;
            }
            (
                dw::DW_AT_addr_base | dw::DW_AT_GNU_addr_base,
                AttributeValue::DebugAddrBase(base),
            ) => self.unit.addr_base = base,
            (
                dw::DW_AT_rnglists_base | dw::DW_AT_GNU_ranges_base,
                AttributeValue::DebugRngListsBase(base),
            ) => self.unit.rnglists_base = base,
            (dw::DW_AT_GNU_dwo_id, AttributeValue::DwoId(id)) => {
                self.unit.dwo_id.get_or_insert(id);
            }
            _ => {}
        }
    }
}

/// GCC leaves out the names for linkers of functions that only their own file knows, and rustc leaves out all of them
/// if it is asked for lines alone.
fn mangles(language: gimli::DwLang) -> bool {
    matches!(
        language,
        dw::DW_LANG_C_plus_plus
            | dw::DW_LANG_C_plus_plus_03
            | dw::DW_LANG_C_plus_plus_11
            | dw::DW_LANG_C_plus_plus_14
            | dw::DW_LANG_C_plus_plus_17
            | dw::DW_LANG_C_plus_plus_20
            | dw::DW_LANG_D
            | dw::DW_LANG_Rust
            | dw::DW_LANG_Swift
    )
}
