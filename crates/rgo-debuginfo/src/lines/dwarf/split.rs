//! [`SplitUnits`]: units whose functions are in another file (DWARF 5, sections 3.1.2, 3.1.3 and 7.3.5): a `.dwo` file
//! for each, or a `.dwp` package of all. GNU's form for DWARF 4 differs in its names alone.
//!
//! ```text
//! image                                .dwo
//! skeleton unit: ID, path, lines ────▶ unit with this ID: functions, inlined calls
//! .debug_addr, .debug_line ◀────────── indices of addresses, numbers of files
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use gimli::{DwoId, SectionId};

use super::super::budget::Budget;
use super::super::debug_sections::DebugSections;
use super::super::{Gap, LineError, Wanted};
use super::root::Root;
use super::unit::{Unit, UnitTables};
use super::units::Units;
use super::{DwarfReader, UnitIn};

/// The halves of units in other files.
pub(super) struct SplitUnits<'a> {
    package: Option<gimli::DwarfPackage<DwarfReader<'a>>>,
    /// The sections of `.dwo` files by the IDs of their units.
    files: HashMap<u64, &'a DebugSections<'a>>,
    /// The IDs that the image asks for.
    wanted: OnceLock<HashSet<u64>>,
    /// For each unit of the image its other half.
    halves: Vec<OnceLock<Result<Box<Half<'a>>, LineError>>>,
}

struct Half<'a> {
    dwarf: gimli::Dwarf<DwarfReader<'a>>,
    root: Root<'a>,
    tables: UnitTables<'a>,
}

impl<'a> SplitUnits<'a> {
    /// For an image of so many units.
    pub(super) fn new(
        unit_count: usize,
        package: Option<&'a DebugSections<'a>>,
    ) -> Result<Self, LineError> {
        let package = package.map(|package| {
            let load = |id: SectionId| Ok::<_, gimli::Error>(package.split_section(id));
            gimli::DwarfPackage::load(load, package.empty())
        });
        let halves = (0..unit_count).map(|_| OnceLock::new()).collect();
        let (files, wanted) = (HashMap::new(), OnceLock::new());
        Ok(Self { package: package.transpose()?, files, wanted, halves })
    }

    /// Adds a `.dwo` file. Returns whether the image asks for one of its units.
    pub(super) fn add(
        &mut self,
        file: &'a DebugSections<'a>,
        main: &gimli::Dwarf<DwarfReader<'a>>,
        of_image: &Units<'a>,
        budget: &Budget,
    ) -> Result<bool, LineError> {
        let wanted = self.wanted.get_or_init(|| {
            let root = |index| of_image.get(main, index, budget);
            let ids = (0..of_image.len()).filter_map(|index| root(index)?.unit.dwo_id);
            ids.map(|id| id.0).collect()
        });
        let dwarf = file.split_dwarf();
        let (units, damage) = Units::list(&dwarf);
        let mut any = false;
        for index in 0..units.len() {
            let id = units.get(&dwarf, index, budget).and_then(|root| root.unit.dwo_id);
            if let Some(id) = id.filter(|id| wanted.contains(&id.0)) {
                any = true;
                self.files.entry(id.0).or_insert(file);
            }
        }
        match damage.filter(|_| !any) {
            Some(damage) => Err(damage),
            None => Ok(any),
        }
    }

    /// The other half of a unit; `None` if the unit has none.
    pub(super) fn half<'t>(
        &'t self,
        index: usize,
        unit: Unit<'_, 'a>,
        main: &gimli::Dwarf<DwarfReader<'a>>,
        budget: &Budget,
    ) -> Result<Option<UnitIn<'t, 'a>>, Gap> {
        let (Some(id), Some(cell)) = (unit.root.unit.dwo_id, self.halves.get(index)) else {
            return Ok(None);
        };
        let half = match cell.get() {
            Some(half) => half,
            None => {
                let packed = self.package.as_ref().map(|package| package.find_cu(id, main));
                let packed = packed.transpose().map_err(|error| Gap::Damaged(error.into()))?;
                let Some(dwarf) = packed.flatten().or_else(|| self.loose(id, main)) else {
                    return Err(Gap::Missing(wanted(unit, id)));
                };
                cell.get_or_init(|| Half::read(dwarf, id, unit.root, budget).map(Box::new))
            }
        };
        match half {
            Ok(half) => Ok(Some((&half.dwarf, Unit { root: &half.root, tables: &half.tables }))),
            Err(error) => Err(Gap::Damaged(error.clone())),
        }
    }

    fn loose(
        &self,
        id: DwoId,
        main: &gimli::Dwarf<DwarfReader<'a>>,
    ) -> Option<gimli::Dwarf<DwarfReader<'a>>> {
        let mut dwarf = self.files.get(&id.0)?.split_dwarf();
        dwarf.make_dwo(main);
        Some(dwarf)
    }
}

fn wanted(unit: Unit<'_, '_>, id: DwoId) -> Wanted {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let path = unit.root.split_path.map(|path| text(path.slice())).unwrap_or_default();
    Wanted::Dwo { folder: text(unit.folder()), path, id: id.0 }
}

impl<'a> Half<'a> {
    fn read(
        dwarf: gimli::Dwarf<DwarfReader<'a>>,
        id: DwoId,
        skeleton: &Root<'a>,
        budget: &Budget,
    ) -> Result<Self, LineError> {
        let (units, damage) = Units::list(&dwarf);
        let Some(mut root) = units.into_root(&dwarf, id, budget) else {
            return Err(damage.unwrap_or_else(|| gimli::Error::MissingUnitDie.into()));
        };
        root.unit.copy_relocated_attributes(&skeleton.unit);
        Ok(Self { dwarf, root, tables: UnitTables::default() })
    }
}
