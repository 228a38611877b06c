//! Reads the functions of a unit and the calls inlined into them (DWARF 5, sections 3.3 and 3.3.8).
//!
//! ```text
//! DW_TAG_subprogram            a function, or what is common to several
//!   DW_TAG_lexical_block
//!     DW_TAG_inlined_subroutine  a call whose code is here; its callees are below it
//! ```

use std::sync::OnceLock;

use gimli::{UnitOffset, UnitRef, constants as dw};

use super::super::LineError;
use super::super::budget::Budget;
use super::super::intervals::{Interval, Intervals};
use super::DwarfReader;
use super::names::{FunctionName, NameAttributes, NameScope};
use super::root::CodeAttributes;

/// The functions of a unit that have code.
#[derive(Default)]
pub(super) struct Functions<'a> {
    functions: Vec<Function<'a>>,
    at: Intervals,
}

/// A function that has code.
pub(super) struct Function<'a> {
    offset: UnitOffset,
    /// The address of its first instruction.
    pub(super) start: u64,
    content: OnceLock<Result<FunctionContent<'a>, LineError>>,
}

/// The name of a function, and what is inlined into it.
pub(super) struct FunctionContent<'a> {
    /// Its name.
    pub(super) name: FunctionName<'a>,
    calls: Vec<InlinedCall<'a>>,
    at: Intervals,
}

/// A call that was inlined.
pub(super) struct InlinedCall<'a> {
    /// The name of the function that was called.
    pub(super) name: Option<&'a [u8]>,
    /// The call that this one is inlined into, in turn.
    caller: Option<u32>,
    /// The number of the file of the call.
    pub(super) file: Option<u64>,
    /// The line of the call.
    pub(super) line: Option<u32>,
    /// The column of the call.
    pub(super) column: Option<u32>,
}

impl<'a> Functions<'a> {
    /// Finds the functions of a unit.
    pub(super) fn read(
        unit: UnitRef<'_, DwarfReader<'a>>,
        first_code: u64,
        budget: &Budget,
    ) -> Result<Self, LineError> {
        let mut functions = Vec::new();
        let mut ranges = Vec::new();
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let offset = entries.next_offset();
            let Some(entry) = entries.read_abbreviation()? else { continue };
            let attributes = entry.attributes();
            budget.step(1 + attributes.len() as u64)?;
            if entry.tag() != dw::DW_TAG_subprogram {
                entries.skip_attributes(attributes)?;
                continue;
            }
            let mut code = CodeAttributes::default();
            for spec in attributes {
                let attribute = entries.read_attribute(*spec)?;
                code.take(attribute.name(), attribute.value());
            }
            let index = u32::try_from(functions.len()).map_err(|_| LineError::TooMuch)?;
            let mut start = None;
            code.each(unit, budget, |begin, end| {
                if begin >= first_code {
                    start.get_or_insert(begin);
                    ranges.push(Interval { begin, end, rank: index, value: index });
                }
            })?;
            if let Some(start) = start {
                functions.push(Function { offset, start, content: OnceLock::new() });
            }
        }
        functions.shrink_to_fit();
        Ok(Self { functions, at: Intervals::new(ranges) })
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Function<'a>] {
        &self.functions
    }

    /// The function of an address.
    pub(super) fn find(&self, address: u64) -> Option<&Function<'a>> {
        self.functions.get(usize::try_from(self.at.find(address)?).ok()?)
    }
}

impl<'a> Function<'a> {
    /// Its name and its inlined calls, which are read when they are first asked for.
    pub(super) fn content(
        &self,
        scope: &NameScope<'_, 'a>,
        budget: &Budget,
    ) -> Result<&FunctionContent<'a>, LineError> {
        let content =
            self.content.get_or_init(|| FunctionContent::read(self.offset, scope, budget));
        content.as_ref().map_err(LineError::clone)
    }
}

impl<'a> FunctionContent<'a> {
    fn read(
        offset: UnitOffset,
        scope: &NameScope<'_, 'a>,
        budget: &Budget,
    ) -> Result<Self, LineError> {
        let unit = scope.unit();
        let mut entries = unit.entries_raw(Some(offset))?;
        let Some(entry) = entries.read_abbreviation()? else {
            return Err(gimli::Error::NoEntryAtGivenOffset(offset.0 as u64).into());
        };
        let mut names = NameAttributes::default();
        for spec in entry.attributes() {
            let attribute = entries.read_attribute(*spec)?;
            names.take(attribute.name(), attribute.value());
        }
        let mut found = Calls::default();
        // Functions within the function have entries of their own.
        let mut other: Option<isize> = None;
        while entries.next_depth() > 0 && !entries.is_empty() {
            let depth = entries.next_depth();
            let Some(entry) = entries.read_abbreviation()? else {
                other = other.filter(|other| entries.next_depth() > *other);
                found.leave(entries.next_depth());
                continue;
            };
            let attributes = entry.attributes();
            budget.step(1 + attributes.len() as u64)?;
            if other.is_some() || entry.tag() != dw::DW_TAG_inlined_subroutine {
                entries.skip_attributes(attributes)?;
                if entry.tag() == dw::DW_TAG_subprogram && entry.has_children() {
                    other.get_or_insert(depth);
                }
                continue;
            }
            let mut call = CallAttributes::default();
            for spec in attributes {
                let attribute = entries.read_attribute(*spec)?;
                call.take(attribute.name(), attribute.value());
            }
            found.push(call, scope, budget, entry.has_children().then_some(depth))?;
        }
        let at = Intervals::new(found.ranges);
        Ok(Self { name: names.resolve(scope, budget)?, calls: found.calls, at })
    }

    /// The names of the functions whose calls are inlined.
    pub(super) fn called(&self) -> impl Iterator<Item = &'a [u8]> {
        self.calls.iter().filter_map(|call| call.name)
    }

    /// The addresses of inlined code, with the name of the innermost function that it is from.
    pub(super) fn inlined(&self) -> impl Iterator<Item = (u64, u64, &'a [u8])> {
        self.at.iter().filter_map(|(begin, end, value)| {
            Some((begin, end, self.calls.get(usize::try_from(value).ok()?)?.name?))
        })
    }

    /// The calls inlined at an address, the innermost first.
    pub(super) fn calls_at(&self, address: u64) -> impl Iterator<Item = &InlinedCall<'a>> {
        let get = |index: u32| self.calls.get(usize::try_from(index).ok()?);
        // A caller's number is always lower, so this ends.
        std::iter::successors(self.at.find(address).and_then(get), move |call| {
            call.caller.and_then(get)
        })
    }
}

/// The attributes of an inlined call.
#[derive(Default)]
struct CallAttributes<'a> {
    code: CodeAttributes<'a>,
    names: NameAttributes<'a>,
    file: Option<u64>,
    line: Option<u32>,
    column: Option<u32>,
}

impl<'a> CallAttributes<'a> {
    fn take(&mut self, name: gimli::DwAt, value: gimli::AttributeValue<DwarfReader<'a>>) {
        if self.code.take(name, value) || self.names.take(name, value) {
            return;
        }
        let number = || value.udata_value();
        let small = || number().and_then(|it| u32::try_from(it).ok()).filter(|it| *it > 0);
        match name {
            dw::DW_AT_call_file => {
                self.file = match value {
                    gimli::AttributeValue::FileIndex(index) => Some(index),
                    _ => number(),
                }
            }
            dw::DW_AT_call_line => self.line = small(),
            dw::DW_AT_call_column => self.column = small(),
            _ => {}
        }
    }
}

/// The inlined calls of a function, as they are found.
#[derive(Default)]
struct Calls<'a> {
    calls: Vec<InlinedCall<'a>>,
    ranges: Vec<Interval>,
    /// The calls around the next entry, with the depth of their own.
    around: Vec<(isize, u32)>,
}

impl<'a> Calls<'a> {
    fn leave(&mut self, depth: isize) {
        while self.around.last().is_some_and(|(of, _)| *of >= depth) {
            self.around.pop();
        }
    }

    fn push(
        &mut self,
        call: CallAttributes<'a>,
        scope: &NameScope<'_, 'a>,
        budget: &Budget,
        depth_if_parent: Option<isize>,
    ) -> Result<(), LineError> {
        budget.keep(1)?;
        let index = u32::try_from(self.calls.len()).map_err(|_| LineError::TooMuch)?;
        let ranges = &mut self.ranges;
        call.code.each(scope.unit(), budget, |begin, end| {
            ranges.push(Interval { begin, end, rank: index, value: index });
        })?;
        self.calls.push(InlinedCall {
            name: call.names.resolve(scope, budget)?.text,
            caller: self.around.last().map(|(_, index)| *index),
            file: call.file,
            line: call.line,
            column: call.column,
        });
        self.around.extend(depth_if_parent.map(|depth| (depth, index)));
        Ok(())
    }
}
