//! Finds the name of a function (DWARF 5, sections 2.15 and 3.3.8.2). What several entries have in common is in one
//! that they refer to: in the unit, in another unit, or in the supplementary file that dwz makes.

use gimli::{AttributeValue, UnitRef, constants as dw};

use super::super::LineError;
use super::super::budget::Budget;
use super::DwarfReader;
use super::units::Units;

/// How many references are followed from one entry. Real chains have three.
const MAX_REFERENCES: usize = 16;

/// Where the entries of a unit refer to.
#[derive(Clone, Copy)]
pub(super) struct NameScope<'t, 'a> {
    /// The sections that the entries are in.
    pub(super) dwarf: &'t gimli::Dwarf<DwarfReader<'a>>,
    /// The unit.
    pub(super) unit: &'t gimli::Unit<DwarfReader<'a>>,
    /// The other units of its file. None for a `.dwo` file, whose units stand alone.
    pub(super) units: Option<&'t Units<'a>>,
    /// The units of the supplementary file.
    pub(super) supplement: Option<(&'t gimli::Dwarf<DwarfReader<'a>>, &'t Units<'a>)>,
}

impl<'t, 'a> NameScope<'t, 'a> {
    /// The unit with its sections.
    pub(super) fn unit(&self) -> UnitRef<'t, DwarfReader<'a>> {
        UnitRef::new(self.dwarf, self.unit)
    }
}

/// The name of a function.
#[derive(Clone, Copy, Default)]
pub(super) struct FunctionName<'a> {
    /// The name for linkers if there is one, else the name in the source.
    pub(super) text: Option<&'a [u8]>,
    /// Whether it is the one for linkers.
    pub(super) is_mangled: bool,
}

/// The attributes of an entry that say how it is called.
#[derive(Clone, Copy, Default)]
pub(super) struct NameAttributes<'a> {
    linkage: Option<AttributeValue<DwarfReader<'a>>>,
    name: Option<AttributeValue<DwarfReader<'a>>>,
    origin: Option<AttributeValue<DwarfReader<'a>>>,
}

impl<'a> NameAttributes<'a> {
    /// Takes an attribute if it is one of these. Returns whether it was.
    pub(super) fn take(
        &mut self,
        name: gimli::DwAt,
        value: AttributeValue<DwarfReader<'a>>,
    ) -> bool {
        match name {
            dw::DW_AT_linkage_name | dw::DW_AT_MIPS_linkage_name => self.linkage = Some(value),
            dw::DW_AT_name => self.name = Some(value),
            dw::DW_AT_abstract_origin | dw::DW_AT_specification => {
                self.origin = Some(value);
            }
            _ => return false,
        }
        true
    }

    /// The name for linkers if the entry or one that it refers to has it, else the name in the source.
    pub(super) fn resolve(
        self,
        scope: &NameScope<'_, 'a>,
        budget: &Budget,
    ) -> Result<FunctionName<'a>, LineError> {
        let (mut scope, mut attributes) = (*scope, self);
        let mut name = FunctionName::default();
        for _ in 0..MAX_REFERENCES {
            let text = |value| scope.unit().attr_string(value).map(|text| text.slice()).ok();
            if let Some(linkage) = attributes.linkage.and_then(text) {
                return Ok(FunctionName { text: Some(linkage), is_mangled: true });
            }
            name.text = name.text.or_else(|| attributes.name.and_then(text));
            let Some((other, offset)) = attributes.origin.and_then(|it| target(scope, it, budget))
            else {
                break;
            };
            scope = other;
            attributes = read(&scope, offset, budget)?;
        }
        Ok(name)
    }
}

/// The unit and the offset in it that an attribute refers to.
fn target<'t, 'a>(
    scope: NameScope<'t, 'a>,
    reference: AttributeValue<DwarfReader<'a>>,
    budget: &Budget,
) -> Option<(NameScope<'t, 'a>, gimli::UnitOffset)> {
    let (dwarf, units, offset) = match reference {
        AttributeValue::UnitRef(offset) => return Some((scope, offset)),
        AttributeValue::DebugInfoRef(offset) => (scope.dwarf, scope.units?, offset),
        AttributeValue::DebugInfoRefSup(offset) => {
            let (dwarf, units) = scope.supplement?;
            (dwarf, units, offset)
        }
        _ => return None,
    };
    let unit = units.around(dwarf, offset, budget)?;
    let offset = offset.to_unit_offset(&unit.header)?;
    Some((NameScope { dwarf, unit, units: Some(units), ..scope }, offset))
}

fn read<'a>(
    scope: &NameScope<'_, 'a>,
    offset: gimli::UnitOffset,
    budget: &Budget,
) -> Result<NameAttributes<'a>, LineError> {
    let mut names = NameAttributes::default();
    let mut entries = scope.unit().entries_raw(Some(offset))?;
    let Some(entry) = entries.read_abbreviation()? else { return Ok(names) };
    budget.step(entry.attributes().len() as u64)?;
    for spec in entry.attributes() {
        let attribute = entries.read_attribute(*spec)?;
        names.take(attribute.name(), attribute.value());
    }
    Ok(names)
}
