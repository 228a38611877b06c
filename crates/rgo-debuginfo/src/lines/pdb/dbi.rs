//! Reads the stream that lists the modules of a PDB (LLVM, "The PDB DBI Stream"), and the one that identifies it.
//!
//! ```text
//! stream 1  version, signature, age u32; GUID 16; names of streams
//! stream 3  header 64 bytes: 8 age, 16 publics u16, 20 symbol records u16, 24.. sizes of the parts
//!           modules, contributions of sections, map of sections, files, types, EC, streams for debuggers
//! ```

use super::super::LineError;
use super::bytes::{PdbBytes, u32_at};

/// The most modules of a PDB.
const MAX_MODULES: usize = 1 << 20;
/// The stream has no symbols.
const NO_STREAM: u16 = u16::MAX;

/// A compiled file.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// The name of the object file, or what the linker calls its own code.
    pub(super) name: Box<[u8]>,
    /// The library that it is from, or the object file again.
    pub(super) library: Box<[u8]>,
    /// The stream with its symbols and lines.
    pub(super) stream: Option<usize>,
    /// How long the symbols are, at the start of the stream, in bytes.
    pub(super) symbol_bytes: usize,
    /// How long the lines of the old form are, behind the symbols.
    pub(super) old_line_bytes: usize,
    /// How long the lines are, behind these.
    pub(super) line_bytes: usize,
}

/// A section of a module: code or data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contribution {
    /// The section, from 1.
    pub(super) section: u16,
    /// Where it starts in the section.
    pub(super) offset: u32,
    /// Its size in bytes.
    pub(super) size: u32,
    /// The index of the module.
    pub(super) module: u16,
}

/// What the stream lists.
#[derive(Debug)]
pub(super) struct Dbi {
    /// How many times the PDB was written.
    pub(super) age: u32,
    /// The stream with the order of public symbols.
    pub(super) publics: Option<usize>,
    /// The stream with the records of global symbols.
    pub(super) symbol_records: Option<usize>,
    /// All modules.
    pub(super) modules: Vec<Module>,
    /// What each has in the image.
    pub(super) contributions: Vec<Contribution>,
    /// The streams for debuggers: 3 and 4 OMAP to and from the original, 5 sections, 10 original sections.
    debug_streams: Vec<u16>,
}

impl Dbi {
    /// Reads the stream.
    pub(super) fn read(stream: &[u8]) -> Result<Self, LineError> {
        Self::parse(stream).ok_or(LineError::Pdb("the list of modules"))
    }

    fn parse(stream: &[u8]) -> Option<Self> {
        let mut header = PdbBytes(stream);
        // A signature of -1 marks the form that has been written since 1999.
        let (signature, _version, age) = (header.u32()?, header.u32()?, header.u32()?);
        if signature != u32::MAX {
            return None;
        }
        let _globals = header.u16()?;
        header.skip(2)?;
        let publics = header.u16()?;
        header.skip(2)?;
        let records = header.u16()?;
        header.skip(2)?;
        let (modules, contributions) = (header.size()?, header.size()?);
        let (map, files, types) = (header.size()?, header.size()?, header.size()?);
        header.skip(4)?;
        let (debug, edit) = (header.size()?, header.size()?);
        header.skip(8)?;
        let modules = read_modules(header.take(modules)?)?;
        let contributions = read_contributions(header.take(contributions)?);
        for skipped in [map, files, types, edit] {
            header.skip(skipped)?;
        }
        let mut debug = PdbBytes(header.take(debug)?);
        let debug_streams = std::iter::from_fn(|| debug.u16()).take(16).collect();
        Some(Self {
            age,
            publics: stream_of(publics),
            symbol_records: stream_of(records),
            modules,
            contributions,
            debug_streams,
        })
    }

    /// A stream for debuggers.
    pub(super) fn debug_stream(&self, index: usize) -> Option<usize> {
        self.debug_streams.get(index).copied().and_then(stream_of)
    }
}

fn stream_of(number: u16) -> Option<usize> {
    (number != NO_STREAM).then_some(number.into())
}

/// `0 u32; contribution 28; flags u16; 34 stream u16; symbols, old lines, lines u32; 16 bytes; two names; to 4`
fn read_modules(bytes: &[u8]) -> Option<Vec<Module>> {
    let mut modules = Vec::new();
    let mut rest = PdbBytes(bytes);
    while !rest.0.is_empty() && modules.len() < MAX_MODULES {
        rest.skip(34)?;
        let stream = stream_of(rest.u16()?);
        let (symbol_bytes, old_line_bytes, line_bytes) = (rest.size()?, rest.size()?, rest.size()?);
        rest.skip(16)?;
        let (name, library) = (rest.text()?.into(), rest.text()?.into());
        modules.push(Module { name, library, stream, symbol_bytes, old_line_bytes, line_bytes });
        let read = bytes.len() - rest.0.len();
        // The last one may be without its padding.
        let padding = (read.next_multiple_of(4) - read).min(rest.0.len());
        rest.skip(padding)?;
    }
    Some(modules)
}

/// `version u32`, then for each `section u16, 0, offset, size, flags u32, module u16, 0, two sums u32`; the second
/// version has an offset more.
fn read_contributions(bytes: &[u8]) -> Vec<Contribution> {
    const FIRST: u32 = 0xeffe_0000 + 19_970_605;
    const SECOND: u32 = 0xeffe_0000 + 20_140_516;
    let each = match u32_at(bytes, 0) {
        Some(FIRST) => 28,
        Some(SECOND) => 32,
        _ => return Vec::new(),
    };
    let entries = bytes.get(4..).unwrap_or_default().chunks_exact(each);
    let contributions = entries.filter_map(|entry| {
        let mut entry = PdbBytes(entry);
        let section = entry.u16()?;
        entry.skip(2)?;
        let (offset, size, _flags) = (entry.u32()?, entry.u32()?, entry.u32()?);
        Some(Contribution { section, offset, size, module: entry.u16()? })
    });
    contributions.collect()
}
