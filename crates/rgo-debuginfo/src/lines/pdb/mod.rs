//! Finds frames in a PDB. Only what an address needs is read, and kept.
//!
//! The readers here are rgo's own: `pdb2`, which `pdb-addr2line` reads with, panics on hostile bytes (an unaligned
//! OMAP, unknown types), and rgo aborts when it panics. They return `None` for what is cut short.

mod address_map;
mod annotations;
mod bytes;
mod dbi;
mod functions;
mod inlined;
mod item_names;
mod lines;
mod modules;
mod msf;
mod publics;
mod symbols;

use std::borrow::Cow;
use std::sync::OnceLock;

use super::budget::Budget;
use super::intervals::{Interval, Intervals};
use super::{Frame, FrameSource, LineError};
use address_map::AddressMap;
use bytes::{PdbBytes, text_at};
use dbi::{Dbi, Module};
use functions::Procedures;
use item_names::{TypeStream, function_name};
use lines::ModuleLines;
use msf::Msf;
use publics::Publics;

pub(crate) use modules::PdbModule;
pub(crate) use symbols::{PdbSymbol, PdbSymbolKind};

/// The stream that identifies the PDB.
const INFO: usize = 1;
/// The stream of types.
const TYPES: usize = 2;
/// The stream that lists the modules.
const DBI: usize = 3;
/// The stream of functions' names.
const ITEMS: usize = 4;
/// The most frames of one address.
const MAX_FRAMES: usize = 1024;

/// A PDB whose directory is read.
#[derive(Debug)]
pub(super) struct PdbFile<'d> {
    msf: Msf<'d>,
    dbi: Dbi,
    guid: String,
    names: Option<usize>,
    byte_count: u64,
}

impl<'d> PdbFile<'d> {
    /// Reads the directory and the identity.
    ///
    /// # Errors
    /// If they, the map of addresses or the symbols for linkers are damaged.
    pub(super) fn open(bytes: &'d [u8]) -> Result<Self, LineError> {
        let msf = Msf::open(bytes)?;
        let info = msf.stream(INFO)?;
        let (guid, names) = identity(&info).ok_or(LineError::Pdb("its identity"))?;
        let dbi = Dbi::read(&msf.stream(DBI)?)?;
        let file = Self { msf, dbi, guid, names, byte_count: bytes.len() as u64 };
        // Nothing is found without these: they are read here so that a cut file is refused as a whole.
        file.address_map()?;
        file.optional(file.dbi.symbol_records)?;
        Ok(file)
    }

    /// The GUID, in upper case with dashes.
    pub(super) fn guid(&self) -> &str {
        &self.guid
    }

    /// How many times it was written.
    pub(super) fn age(&self) -> u32 {
        self.dbi.age
    }

    /// The map between the addresses of the image and those here.
    fn address_map(&self) -> Result<AddressMap<'d>, LineError> {
        let debug = |index| self.optional(self.dbi.debug_stream(index));
        Ok(AddressMap::new(&debug(5)?, &debug(10)?, debug(3)?, debug(4)?))
    }

    fn optional(&self, stream: Option<usize>) -> Result<Cow<'d, [u8]>, LineError> {
        stream.map_or(Ok(Cow::Borrowed(&[])), |stream| self.msf.stream(stream))
    }
}

/// The GUID, and the stream of `/names`. Behind the GUID are the texts of the names of streams, and a hash table: size
/// and capacity u32, two sets of bits (each a count of u32), then pairs of a text's offset and a stream.
fn identity(info: &[u8]) -> Option<(String, Option<usize>)> {
    let mut rest = PdbBytes(info);
    rest.skip(12)?;
    let guid = rgo_binary::debug::build_id::guid(*rest.take(16)?.first_chunk()?);
    let names = || {
        let mut rest = rest;
        let length = rest.size()?;
        let texts = rest.take(length)?;
        let (size, _capacity) = (rest.size()?, rest.u32()?);
        for _ in 0..2 {
            let words = rest.size()?;
            rest.skip(words.checked_mul(4)?)?;
        }
        for _ in 0..size {
            let (text, stream) = (rest.size()?, rest.size()?);
            if text_at(texts, text) == Some(b"/names") {
                return Some(stream);
            }
        }
        None
    };
    Some((guid, names()))
}

/// The lines of a PDB.
pub(super) struct PdbLines<'a> {
    file: &'a PdbFile<'a>,
    /// What the image adds to addresses of the PDB.
    base: u64,
    map: AddressMap<'a>,
    at: Intervals,
    modules: Vec<OnceLock<Result<ModuleContent<'a>, LineError>>>,
    publics: Publics<'a>,
    names: Cow<'a, [u8]>,
    /// The streams of types and of items.
    types: OnceLock<Result<(TypeStream<'a>, TypeStream<'a>), LineError>>,
    budget: Budget,
}

struct ModuleContent<'a> {
    symbols: Cow<'a, [u8]>,
    procedures: Procedures,
    lines: ModuleLines,
}

impl<'a> PdbLines<'a> {
    /// Reads which module has which code. `base` is the preferred base of the image.
    pub(super) fn new(file: &'a PdbFile<'a>, base: u64) -> Result<Self, LineError> {
        let map = file.address_map()?;
        let budget = Budget::for_bytes(file.byte_count);
        let ranges = file.dbi.contributions.iter().zip(0..).filter_map(|(it, rank)| {
            let begin = u64::from(map.address(it.section, it.offset)?);
            let end = begin + u64::from(it.size);
            Some(Interval { begin, end, rank, value: it.module.into() })
        });
        let at = Intervals::new(ranges.collect());
        let publics =
            Publics::new(file.optional(file.dbi.publics)?, file.optional(file.dbi.symbol_records)?);
        let modules = file.dbi.modules.iter().map(|_| OnceLock::new()).collect();
        let names = file.optional(file.names)?;
        Ok(Self { file, base, map, at, modules, publics, names, types: OnceLock::new(), budget })
    }

    /// Appends the frames of an address, the innermost first.
    pub(super) fn frames_at<'t>(
        &'t self,
        address: u64,
        frames: &mut Vec<Frame<'t>>,
    ) -> Result<(), LineError> {
        let relative = address.checked_sub(self.base).and_then(|it| u32::try_from(it).ok());
        let Some(original) = relative.and_then(|it| self.map.original(it)) else { return Ok(()) };
        let public = self.publics.find(original, &self.map);
        let module = self.at.find(original.into()).and_then(|index| self.module(index));
        let Some(module) = module.transpose()? else {
            self.push_public(public, original, frames);
            return Ok(());
        };
        let row = module.lines.find(original);
        let Some(procedure) = module.procedures.find(original) else {
            let place = row.map(|row| self.place(module, row.file, row.line, row.column));
            let has_public = self.push_public(public, original, frames);
            if let (Some(place), Some(frame)) = (&place, frames.last_mut().filter(|_| has_public)) {
                (frame.file, frame.line) = (place.file.clone(), place.line);
                frame.column = place.column;
            } else {
                frames.extend(place);
            }
            return Ok(());
        };
        let calls = procedure.calls(&module.symbols, &module.lines, &self.budget);
        let distance = original - procedure.start;
        if let Ok(calls) = calls {
            for call in calls.at(distance).take(MAX_FRAMES) {
                let place = calls
                    .row(call, distance)
                    .map(|row| self.place(module, row.file, row.line, row.column));
                frames.push(Frame {
                    function: self.item_name(call.function).map(Into::into),
                    is_inlined: true,
                    source: FrameSource::Pdb,
                    ..place.unwrap_or_default()
                });
            }
        }
        let mangled = public.filter(|(start, _)| *start == procedure.start).map(|(_, name)| name);
        let place = row.map(|row| self.place(module, row.file, row.line, row.column));
        frames.push(Frame {
            function: mangled.or_else(|| procedure.name(&module.symbols)).map(Into::into),
            function_start: self.in_image(procedure.start),
            source: FrameSource::Pdb,
            ..place.unwrap_or_default()
        });
        calls.map(|_| ())
    }

    /// Appends a frame of the public symbol before an address, if that has code of the same section.
    fn push_public<'t>(
        &'t self,
        public: Option<(u32, &'t [u8])>,
        original: u32,
        frames: &mut Vec<Frame<'t>>,
    ) -> bool {
        let Some((start, name)) = public.filter(|(start, _)| *start <= original) else {
            return false;
        };
        frames.push(Frame {
            function: Some(name.into()),
            function_start: self.in_image(start),
            source: FrameSource::Pdb,
            ..Frame::default()
        });
        true
    }

    fn in_image(&self, original: u32) -> Option<u64> {
        self.base.checked_add(self.map.in_image(original)?.into())
    }

    fn place<'t>(
        &'t self,
        module: &ModuleContent<'_>,
        file: u32,
        line: u32,
        column: u32,
    ) -> Frame<'t> {
        // The table of texts starts with its mark, its version and its size.
        let name = module.lines.file_name(file).and_then(|name| usize::try_from(name).ok());
        let path = name.and_then(|name| text_at(self.names.get(12..)?, name));
        Frame {
            file: path.filter(|path| !path.is_empty()).map(Into::into),
            line: Some(line).filter(|line| *line > 0),
            column: Some(column).filter(|column| *column > 0),
            source: FrameSource::Pdb,
            ..Frame::default()
        }
    }

    fn module(&self, index: u32) -> Option<Result<&ModuleContent<'a>, LineError>> {
        let index = usize::try_from(index).ok()?;
        let module = self.file.dbi.modules.get(index)?;
        let content = self.modules.get(index)?.get_or_init(|| self.read_module(module));
        Some(content.as_ref().map_err(LineError::clone))
    }

    fn read_module(&self, module: &Module) -> Result<ModuleContent<'a>, LineError> {
        let bytes = self.file.optional(module.stream)?;
        let start = module.symbol_bytes.saturating_add(module.old_line_bytes);
        let end = start.saturating_add(module.line_bytes).min(bytes.len());
        let lines = bytes.get(start..end).unwrap_or_default();
        let lines = ModuleLines::read(lines, &self.map, &self.budget)?;
        let symbols = bytes.get(..module.symbol_bytes).unwrap_or(&bytes);
        let procedures = Procedures::read(symbols, &self.map, &self.budget)?;
        Ok(ModuleContent { symbols: bytes, procedures, lines })
    }

    fn item_name(&self, id: u32) -> Option<Vec<u8>> {
        let types = self.types.get_or_init(|| {
            let read = |stream| TypeStream::read(self.file.msf.stream(stream)?, &self.budget);
            Ok((read(TYPES)?, read(ITEMS)?))
        });
        let (types, items) = types.as_ref().ok()?;
        function_name(items, types, id)
    }
}
