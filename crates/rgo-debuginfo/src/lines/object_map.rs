//! [`ObjectMap`]: which object file has the DWARF of which function. Apple's linker leaves DWARF where it is, and a map
//! among the symbols (Apple, `mach-o/stab.h`).
//!
//! ```text
//! 66 OSO  name: path of the object file, or ARCHIVE(MEMBER); value: when it was last changed
//! 24 FUN  name, value: address; then one without a name, value: size in bytes
//! ```

use std::collections::HashMap;

use rgo_binary::Image;

use super::debug_sections::DebugSections;
use super::dwarf::DwarfLines;
use super::wanted::{FileError, Mismatch, Wanted};
use super::{Frame, Gap, LineError};
use crate::symbols::{Place, RawSymbol, Symbol, SymbolTable, TableKind};

const OSO: u8 = 0x66;
const FUN: u8 = 0x24;

/// The map of an image, with the object files that are there.
#[derive(Default)]
pub(super) struct ObjectMap<'a> {
    objects: Vec<Wanted>,
    functions: Vec<MappedFunction<'a>>,
    given: HashMap<usize, ObjectLines<'a>>,
}

struct MappedFunction<'a> {
    start: u64,
    end: u64,
    name: &'a [u8],
    object: usize,
}

struct ObjectLines<'a> {
    lines: DwarfLines<'a>,
    addresses: HashMap<&'a [u8], u64>,
}

impl<'a> ObjectMap<'a> {
    /// Reads the map.
    pub(super) fn read(image: &Image<'a>) -> Result<Self, LineError> {
        let symbols = |error: crate::symbols::SymbolError| LineError::Symbols(error.to_string());
        let table = SymbolTable::read(image.object(), TableKind::Full).map_err(symbols)?;
        let mut map = Self::default();
        let mut open: Option<&Symbol<'a>> = None;
        for symbol in &table.symbols {
            match symbol.raw {
                RawSymbol::MachO { kind: OSO, .. } => map.objects.push(object(symbol)),
                RawSymbol::MachO { kind: FUN, .. } if !symbol.name.is_empty() => {
                    open = Some(symbol);
                }
                RawSymbol::MachO { kind: FUN, .. } => {
                    let (Some(start), Some(object)) =
                        (open.take(), map.objects.len().checked_sub(1))
                    else {
                        continue;
                    };
                    let end = start.address.saturating_add(symbol.address);
                    let (start, name) = (start.address, start.name);
                    map.functions.push(MappedFunction { start, end, name, object });
                }
                _ => {}
            }
        }
        map.functions.sort_by_key(|function| function.start);
        Ok(map)
    }

    /// Adds an object file that the map names. `time` is when it was last changed, if that is known.
    pub(super) fn add(
        &mut self,
        wanted: &Wanted,
        image: &Image<'a>,
        sections: &'a DebugSections<'a>,
        time: Option<u64>,
    ) -> Result<(), FileError> {
        let Some(index) = self.objects.iter().position(|object| object == wanted) else {
            return Err(Mismatch::NotNamed.into());
        };
        if let (Wanted::ObjectFile { time: linked, .. }, Some(found)) = (wanted, time)
            && *linked != 0
            && *linked != found
        {
            return Err(Mismatch::Time { wanted: *linked, found }.into());
        }
        let symbols = |error: crate::symbols::SymbolError| LineError::Symbols(error.to_string());
        let table = SymbolTable::read(image.object(), TableKind::Full).map_err(symbols)?;
        let placed = table.symbols.iter().filter(|it| matches!(it.place, Place::Section(_)));
        let addresses = placed.map(|symbol| (symbol.name, symbol.address)).collect();
        let lines = DwarfLines::new(sections, None, None, 0)?;
        self.given.insert(index, ObjectLines { lines, addresses });
        Ok(())
    }

    fn function_at(&self, address: u64) -> Option<&MappedFunction<'a>> {
        let after = self.functions.partition_point(|function| function.start <= address);
        self.functions.get(after.checked_sub(1)?).filter(|function| address < function.end)
    }

    /// The object file that an address needs and that was not given.
    pub(super) fn wanted_at(&self, address: u64) -> Option<&Wanted> {
        let index = self.function_at(address)?.object;
        if self.given.contains_key(&index) { None } else { self.objects.get(index) }
    }

    /// Appends the frames of an address, the innermost first. Returns what they lack.
    pub(super) fn frames_at<'t>(
        &'t self,
        address: u64,
        frames: &mut Vec<Frame<'t>>,
    ) -> Option<Gap> {
        if let Some(wanted) = self.wanted_at(address) {
            return Some(Gap::Missing(wanted.clone()));
        }
        let function = self.function_at(address)?;
        let object = self.given.get(&function.object)?;
        let start = object.addresses.get(function.name)?;
        let first = frames.len();
        let distance = address - function.start;
        let gap = object.lines.frames_at(start.checked_add(distance)?, |_| None, frames);
        for frame in frames.iter_mut().skip(first) {
            let moved = frame.function_start.and_then(|it| it.checked_sub(*start));
            frame.function_start = moved.and_then(|it| function.start.checked_add(it));
        }
        gap
    }
}

fn object(symbol: &Symbol<'_>) -> Wanted {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let of_archive = symbol.name.strip_suffix(b")").and_then(|name| {
        let open = name.iter().rposition(|byte| *byte == b'(')?;
        Some((name.get(..open)?, name.get(open + 1..)?))
    });
    let (path, member) = match of_archive {
        Some((archive, member)) => (text(archive), Some(text(member))),
        None => (text(symbol.name), None),
    };
    Wanted::ObjectFile { path, member, time: symbol.address }
}
