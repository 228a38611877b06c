//! Finds frames in DWARF 2 to 5. Nothing but the first entry of each unit is read ahead; lines, functions and inlined
//! calls are read when an address first needs them, and kept.
//!
//! gimli reads the encoding. The tables on top are rgo's own, and not those of `addr2line`: these make, without a
//! bound, whatever hostile data asks for (a list of ranges for each of a thousand entries that refer to it, a path
//! for each file), fail as a whole if one unit is damaged, and do not know where a function starts.

mod abbreviations;
mod code_map;
mod functions;
mod inlined;
mod names;
mod root;
mod rows;
mod split;
mod unit;
mod units;

use super::budget::Budget;
use super::debug_sections::{DebugSections, DwarfReader};
use super::intervals::Intervals;
use super::{Frame, FrameSource, Gap, LineError, Wanted};
use functions::Function;
use names::NameScope;
use split::SplitUnits;
use unit::{Unit, UnitTables};
use units::Units;

/// Entries that are kept of units for those who look at all of them, in some twenty bytes of memory each.
const MAX_KEPT: u64 = 1 << 19;
/// The most frames of one address.
const MAX_FRAMES: usize = 1024;

/// The DWARF of an image.
pub(super) struct DwarfLines<'a> {
    dwarf: gimli::Dwarf<DwarfReader<'a>>,
    units: Units<'a>,
    tables: Vec<UnitTables<'a>>,
    at: Intervals,
    /// The units of the file that dwz made.
    supplement: Option<Units<'a>>,
    split: SplitUnits<'a>,
    first_code: u64,
    budget: Budget,
    damage: Option<LineError>,
}

impl<'a> DwarfLines<'a> {
    /// Reads the first entries of all units. `first_code` is the lowest address of code: linkers write lower ones for
    /// code that they left out.
    pub(super) fn new(
        main: &'a DebugSections<'a>,
        supplement: Option<&'a DebugSections<'a>>,
        package: Option<&'a DebugSections<'a>>,
        first_code: u64,
    ) -> Result<Self, LineError> {
        let bytes = [Some(main), supplement, package].into_iter().flatten();
        let budget = Budget::for_bytes(bytes.map(DebugSections::byte_count).sum());
        let mut dwarf = main.dwarf();
        if let Some(supplement) = supplement {
            dwarf.set_sup(supplement.dwarf());
        }
        let (units, listing) = Units::list(&dwarf);
        let tables: Vec<_> = units.headers().iter().map(|_| UnitTables::default()).collect();
        let (at, locating) = code_map::locate(&units, &tables, &dwarf, first_code, &budget);
        let (supplement, sup_listing) = match dwarf.sup().map(Units::list) {
            Some((units, damage)) => (Some(units), damage),
            None => (None, None),
        };
        let split = SplitUnits::new(units.len(), package)?;
        let damage = listing.or(locating).or(sup_listing);
        Ok(Self { dwarf, units, tables, at, supplement, split, first_code, budget, damage })
    }

    /// What of it cannot be read.
    pub(super) fn damage(&self) -> Option<&LineError> {
        self.damage.as_ref()
    }

    /// Adds a `.dwo` file. Returns whether the image asks for one of its units.
    pub(super) fn add_split(&mut self, file: &'a DebugSections<'a>) -> Result<bool, LineError> {
        self.budget.extend(file.byte_count());
        self.split.add(file, &self.dwarf, &self.units, &self.budget)
    }

    /// Forgets what was read of units beyond their first entries, if that is much. The budget for more of it does not
    /// grow.
    pub(super) fn trim(&mut self) {
        if self.budget.kept() > MAX_KEPT {
            self.tables.fill_with(UnitTables::default);
            self.budget.forget();
        }
    }

    /// Allows for reading each unit once more.
    pub(super) fn allow_again(&self, bytes: u64) {
        self.budget.extend(bytes);
    }

    /// The `.dwo` file that an address needs and that was not given.
    pub(super) fn wanted_at(&self, address: u64) -> Option<Wanted> {
        let (index, unit) = self.unit_at(address)?;
        match self.split.half(index, unit, &self.dwarf, &self.budget) {
            Err(Gap::Missing(wanted)) => Some(wanted),
            _ => None,
        }
    }

    fn unit_at(&self, address: u64) -> Option<(usize, Unit<'_, 'a>)> {
        let index = usize::try_from(self.at.find(address)?).ok()?;
        let root = self.units.get(&self.dwarf, index, &self.budget)?;
        Some((index, Unit { root, tables: self.tables.get(index)? }))
    }

    /// Appends the frames of an address, the innermost first. Returns what they lack. `symbol` has the mangled names of
    /// functions by their start, where DWARF has the plain ones alone.
    pub(super) fn frames_at<'t>(
        &'t self,
        address: u64,
        symbol: impl Fn(u64) -> Option<&'t [u8]>,
        frames: &mut Vec<Frame<'t>>,
    ) -> Option<Gap> {
        let (index, unit) = self.unit_at(address)?;
        match self.split.half(index, unit, &self.dwarf, &self.budget) {
            // The lines are here in any case, and only the functions elsewhere.
            Err(gap) => {
                self.push_outer(unit, address, None, frames).map(Gap::Damaged).or(Some(gap))
            }
            Ok(half) => {
                let (dwarf, described) = half.unwrap_or((&self.dwarf, unit));
                let scope = NameScope {
                    dwarf,
                    unit: &described.root.unit,
                    units: half.is_none().then_some(&self.units),
                    supplement: self.dwarf.sup().zip(self.supplement.as_ref()),
                };
                let pushed = self.push_all(unit, described, &scope, address, symbol, frames);
                pushed.err().map(Gap::Damaged)
            }
        }
    }

    fn push_all<'t>(
        &'t self,
        unit: Unit<'t, 'a>,
        described: Unit<'t, 'a>,
        scope: &NameScope<'t, 'a>,
        address: u64,
        symbol: impl Fn(u64) -> Option<&'t [u8]>,
        frames: &mut Vec<Frame<'t>>,
    ) -> Result<(), LineError> {
        let function = match described.functions(scope.dwarf, self.first_code, &self.budget) {
            Ok(functions) => functions.find(address),
            Err(error) => {
                self.push_outer(unit, address, None, frames);
                return Err(error);
            }
        };
        let inner = frames.len();
        let lines = self.push_outer(unit, address, function, frames);
        let Some(function) = function else { return lines.map_or(Ok(()), Err) };
        let content = function.content(scope, &self.budget)?;
        let rows = unit.rows(&self.dwarf, self.first_code, &self.budget).ok();
        let Some(mut outer) = frames.pop() else { return Ok(()) };
        for call in content.calls_at(address).take(MAX_FRAMES) {
            let path = |file| rows.and_then(|rows| rows.path(unit.folder(), file));
            let called = Frame {
                function: call.name.map(Into::into),
                function_start: None,
                is_inlined: true,
                ..outer
            };
            frames.push(called);
            outer = Frame {
                file: call.file.and_then(path),
                line: call.line,
                column: call.column,
                ..Frame::default()
            };
        }
        let is_plain = described.root.mangles && !content.name.is_mangled;
        let mangled = is_plain.then(|| symbol(function.start)).flatten();
        frames.push(Frame {
            function: mangled.or(content.name.text).map(Into::into),
            function_start: Some(function.start),
            source: FrameSource::Dwarf,
            ..outer
        });
        frames.iter_mut().skip(inner).for_each(|frame| frame.source = FrameSource::Dwarf);
        lines.map_or(Ok(()), Err)
    }

    /// Appends a frame of the line at an address; none if there is neither a function nor a line.
    fn push_outer<'t>(
        &'t self,
        unit: Unit<'t, 'a>,
        address: u64,
        function: Option<&Function<'a>>,
        frames: &mut Vec<Frame<'t>>,
    ) -> Option<LineError> {
        let (rows, damage) = match unit.rows(&self.dwarf, self.first_code, &self.budget) {
            Ok(rows) => (Some(rows), None),
            Err(error) => (None, Some(error)),
        };
        let place = rows.and_then(|rows| rows.find(address));
        if place.is_some() || function.is_some() {
            frames.push(Frame {
                file: place.and_then(|it| rows?.path(unit.folder(), it.file)),
                line: place.and_then(|it| it.line),
                column: place.and_then(|it| it.column),
                source: FrameSource::Dwarf,
                ..Frame::default()
            });
        }
        damage
    }
}

/// A unit with the sections that it is in.
type UnitIn<'t, 'a> = (&'t gimli::Dwarf<DwarfReader<'a>>, Unit<'t, 'a>);
