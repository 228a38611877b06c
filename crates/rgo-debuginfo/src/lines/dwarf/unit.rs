//! [`Unit`]: a unit with its lines and functions, which are read when they are first asked for.

use std::sync::OnceLock;

use gimli::UnitRef;

use super::super::LineError;
use super::super::budget::Budget;
use super::DwarfReader;
use super::functions::Functions;
use super::root::Root;
use super::rows::Rows;

/// What was read of a unit beyond its first entry.
#[derive(Default)]
pub(super) struct UnitTables<'a> {
    rows: OnceLock<Result<Rows<'a>, LineError>>,
    functions: OnceLock<Result<Functions<'a>, LineError>>,
}

/// A unit.
#[derive(Clone, Copy)]
pub(super) struct Unit<'t, 'a> {
    /// Its first entry.
    pub(super) root: &'t Root<'a>,
    /// Where the rest is kept.
    pub(super) tables: &'t UnitTables<'a>,
}

impl<'t, 'a> Unit<'t, 'a> {
    /// Its rows; none if it has no line program.
    pub(super) fn rows(
        &self,
        dwarf: &gimli::Dwarf<DwarfReader<'a>>,
        first_code: u64,
        budget: &Budget,
    ) -> Result<&'t Rows<'a>, LineError> {
        let rows = self.tables.rows.get_or_init(|| {
            let Some(offset) = self.root.lines else { return Ok(Rows::default()) };
            Rows::read(UnitRef::new(dwarf, &self.root.unit), offset, first_code, budget)
        });
        rows.as_ref().map_err(LineError::clone)
    }

    /// Its functions.
    pub(super) fn functions(
        &self,
        dwarf: &gimli::Dwarf<DwarfReader<'a>>,
        first_code: u64,
        budget: &Budget,
    ) -> Result<&'t Functions<'a>, LineError> {
        let functions = self.tables.functions.get_or_init(|| {
            Functions::read(UnitRef::new(dwarf, &self.root.unit), first_code, budget)
        });
        functions.as_ref().map_err(LineError::clone)
    }

    /// Its folder: paths are relative to it.
    pub(super) fn folder(&self) -> &'a [u8] {
        self.root.unit.comp_dir.map(|folder| folder.slice()).unwrap_or_default()
    }
}
