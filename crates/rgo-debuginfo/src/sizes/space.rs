//! The bytes of an image on one line, so that each of them is counted once: first the file, then what the loader
//! zeroes.
//!
//! ```text
//! 0                        file_bytes                     end
//! |headers|sections|gaps|…|.bss of one segment|of the next|
//!    ▲ loaded: also bytes of memory     ▲ bytes of memory alone
//! ```

use std::collections::HashMap;

use super::SizeError;
use super::kind::ByteKind;
use super::runs::{Run, Runs};

/// A part of the file, or of the zeroed memory, that the format knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// The name of the section, or of a part that is none, in brackets.
    pub(super) name: String,
    /// What it is for.
    pub(super) kind: ByteKind,
}

/// The bytes of an image, with its sections and segments.
#[derive(Debug)]
pub(super) struct Space {
    /// Bytes of the file.
    pub(super) file_bytes: u64,
    /// Where the zeroed memory ends.
    pub(super) end: u64,
    /// The sections, and all else: every byte has a place.
    pub(super) places: Runs,
    pub(super) place_names: Vec<Place>,
    /// The segments. Bytes that are not loaded have none.
    pub(super) segments: Runs,
    pub(super) segment_names: Vec<String>,
    /// The bytes of memory.
    pub(super) loaded: Runs,
    /// Where addresses are, sorted.
    mapped: Vec<Mapped>,
    /// Where the section of a number is, for objects: their addresses are offsets in a section.
    bases: Option<Vec<Option<u64>>>,
    /// The address from which those of thread-local variables count.
    thread_locals: u64,
}

/// Addresses in a row, and where they are on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mapped {
    address: u64,
    size: u64,
    at: u64,
}

impl Space {
    /// Where an address is. `section` is the section of a symbol, which counts in objects alone.
    pub(super) fn locate(&self, section: Option<usize>, address: u64) -> Option<u64> {
        if let Some(bases) = &self.bases {
            return bases.get(section?).copied().flatten()?.checked_add(address);
        }
        let next = self.mapped.partition_point(|it| it.address <= address);
        let mapped = self.mapped.get(next.checked_sub(1)?)?;
        let distance = address - mapped.address;
        (distance < mapped.size).then(|| mapped.at + distance)
    }

    /// Where a variable of each thread is, whose address counts from the start of all of them in ELF.
    pub(super) fn locate_thread_local(&self, section: Option<usize>, address: u64) -> Option<u64> {
        self.locate(section, address.checked_add(self.thread_locals)?)
    }

    /// Whether the program runs where it is linked for: numbers of its code may be addresses. An image that is
    /// loaded anywhere is linked for address 0.
    pub(super) fn is_fixed(&self) -> bool {
        const FIRST_PROGRAM: u64 = 0x1_0000;
        self.mapped.first().is_some_and(|first| first.address >= FIRST_PROGRAM)
    }

    /// The runs that have addresses, with the address of the first byte, cut where addresses are not in a row.
    pub(super) fn addressed<'r>(&'r self, runs: &'r Runs) -> impl Iterator<Item = (u64, Run)> + 'r {
        self.mapped.iter().flat_map(move |mapped| {
            let end = mapped.at.saturating_add(mapped.size);
            let within = runs.from(mapped.at).iter().take_while(move |run| run.start < end);
            within.map(move |run| {
                let run = Run { start: run.start.max(mapped.at), end: run.end.min(end), ..*run };
                (mapped.address.saturating_add(run.start - mapped.at), run)
            })
        })
    }

    /// Where a section with debug data is, by its name without a dot: as it is, or compressed.
    pub(super) fn debug_section(&self, name: &str) -> Option<Run> {
        let is_it = |run: &&Run| {
            let place = self.place_names.get(run.label as usize);
            place.is_some_and(|place| {
                let last = place.name.rsplit(['.', ',']).next().unwrap_or_default();
                let last = last.trim_start_matches('_');
                // Names of Mach-O have 16 bytes.
                let cut = name.get(..14).unwrap_or(name);
                last == name
                    || last.strip_prefix('z') == Some(name)
                    || place.name.contains(',') && last == cut
            })
        };
        self.places.iter().find(is_it).copied()
    }

    /// What a byte is for.
    pub(super) fn kind_at(&self, at: u64) -> Option<ByteKind> {
        self.places.at(at).and_then(|label| self.place_names.get(label as usize)).map(|it| it.kind)
    }

    /// Whether addresses are offsets in sections.
    pub(super) fn is_object(&self) -> bool {
        self.bases.is_some()
    }
}

/// Gathers what the headers of a format say.
#[derive(Debug, Default)]
pub(super) struct SpaceBuilder {
    file_bytes: u64,
    end: u64,
    names: Vec<Place>,
    known: HashMap<Place, u32>,
    /// The format's own parts, which win over the sections that claim the same bytes.
    headers: Vec<Run>,
    sections: Vec<Run>,
    segments: Vec<Run>,
    segment_names: Vec<String>,
    loaded: Vec<Run>,
    mapped: Vec<Mapped>,
    bases: Option<Vec<Option<u64>>>,
    /// The address from which those of thread-local variables count.
    pub(super) thread_locals: u64,
}

impl SpaceBuilder {
    /// For a file with this number of bytes.
    pub(super) fn new(file_bytes: u64) -> Self {
        Self { file_bytes, end: file_bytes, ..Self::default() }
    }

    fn within(&self, start: u64, size: u64, label: u32) -> Run {
        let start = start.min(self.file_bytes);
        Run { start, end: start.saturating_add(size).min(self.file_bytes), label }
    }

    fn name(&mut self, name: &str, kind: ByteKind) -> u32 {
        let place = Place { name: name.to_owned(), kind };
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        *self.known.entry(place).or_insert_with_key(|place| {
            self.names.push(place.clone());
            next
        })
    }

    /// A part of the format itself.
    pub(super) fn header(&mut self, start: u64, size: u64, name: &str, kind: ByteKind) {
        let label = self.name(name, kind);
        self.headers.push(self.within(start, size, label));
    }

    /// A section with bytes in the file.
    pub(super) fn section(&mut self, start: u64, size: u64, name: &str, kind: ByteKind) {
        let label = self.name(name, kind);
        self.sections.push(self.within(start, size, label));
    }

    /// A section without bytes, at an address of a segment that was added before.
    pub(super) fn zeroed_section(&mut self, address: u64, size: u64, name: &str) {
        let label = self.name(name, ByteKind::ZeroedData);
        let start = self.mapped.iter().find_map(|it| {
            let distance = address.checked_sub(it.address)?;
            (distance < it.size).then(|| it.at + distance)
        });
        if let Some(start) = start.filter(|start| *start >= self.file_bytes) {
            self.sections.push(Run { start, end: start.saturating_add(size).min(self.end), label });
        }
    }

    /// A segment: `file_size` bytes of the file at `start` are loaded at `address`, and zeroed bytes follow up to
    /// `memory_size`.
    ///
    /// # Errors
    /// If the sizes of all segments do not fit into 64 bits.
    pub(super) fn segment(
        &mut self,
        name: &str,
        start: u64,
        file_size: u64,
        address: u64,
        memory_size: u64,
    ) -> Result<(), SizeError> {
        let label = u32::try_from(self.segment_names.len()).unwrap_or(u32::MAX);
        self.segment_names.push(name.to_owned());
        let run = self.within(start, file_size.min(memory_size), label);
        self.segments.push(run);
        self.loaded.push(Run { label: 0, ..run });
        let from_file = run.end - run.start;
        self.mapped.push(Mapped { address, size: from_file, at: run.start });
        let zeroed = memory_size - from_file.min(memory_size);
        if zeroed > 0 {
            let start = self.end;
            self.end = start
                .checked_add(zeroed)
                .filter(|end| *end < 1 << 62)
                .ok_or(SizeError::TooLarge)?;
            let run = Run { start, end: self.end, label };
            self.segments.push(run);
            self.loaded.push(Run { label: 0, ..run });
            self.mapped.push(Mapped {
                address: address.saturating_add(from_file),
                size: zeroed,
                at: start,
            });
        }
        Ok(())
    }

    /// The bytes of a section of an object file, which no segment loads: the linker will. `start` is `None` for
    /// zeroed data.
    ///
    /// # Errors
    /// If the sizes of all sections do not fit into 64 bits.
    pub(super) fn object_section(
        &mut self,
        index: usize,
        section: ObjectSection<'_>,
    ) -> Result<(), SizeError> {
        let ObjectSection { name, start, size, kind, is_loaded } = section;
        let label = self.name(name, kind);
        let run = match start {
            Some(start) => self.within(start, size, label),
            None => {
                let start = self.end;
                self.end = start
                    .checked_add(size)
                    .filter(|end| *end < 1 << 62)
                    .ok_or(SizeError::TooLarge)?;
                Run { start, end: self.end, label }
            }
        };
        self.sections.push(run);
        if is_loaded {
            self.loaded.push(Run { label: 0, ..run });
        }
        let bases = self.bases.get_or_insert_default();
        if bases.len() <= index {
            bases.resize(index + 1, None);
        }
        if let Some(base) = bases.get_mut(index) {
            *base = Some(run.start);
        }
        Ok(())
    }

    /// Names what is left: zeros between parts align them, other bytes belong to no part.
    pub(super) fn finish(mut self, data: &[u8]) -> Space {
        let places = Runs::innermost(std::mem::take(&mut self.headers));
        let places = places.fill(&Runs::innermost(std::mem::take(&mut self.sections)));
        let last = places.iter().map(|run| run.end).filter(|end| *end <= self.file_bytes).max();
        let loaded = Runs::innermost(std::mem::take(&mut self.loaded));
        let mut rest = Vec::new();
        for (start, end) in places.gaps(self.end) {
            // A gap may begin in the file and end in what is zeroed.
            for (start, end) in
                [(start, end.min(self.file_bytes)), (start.max(self.file_bytes), end)]
            {
                if start >= end {
                    continue;
                }
                let bytes = data.get(start as usize..end as usize);
                let (name, kind) = match bytes {
                    None => ("[padding]", ByteKind::Padding),
                    Some(bytes) if bytes.iter().all(|byte| *byte == 0) => {
                        ("[padding]", ByteKind::Padding)
                    }
                    Some(_) if loaded.at(start).is_some() => {
                        ("[outside sections]", ByteKind::Other)
                    }
                    Some(_) if Some(start) >= last => ("[appended]", ByteKind::Appended),
                    Some(_) => ("[between sections]", ByteKind::Other),
                };
                let label = self.name(name, kind);
                rest.push(Run { start, end, label });
            }
        }
        self.mapped.retain(|it| it.size > 0);
        self.mapped.sort_unstable();
        Space {
            file_bytes: self.file_bytes,
            end: self.end,
            places: places.fill(&Runs::innermost(rest)),
            place_names: self.names,
            segments: Runs::innermost(self.segments),
            segment_names: self.segment_names,
            loaded,
            mapped: self.mapped,
            bases: self.bases,
            thread_locals: self.thread_locals,
        }
    }
}

/// A section of an object file.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectSection<'n> {
    pub(super) name: &'n str,
    /// Its offset in the file; `None` if it has no bytes there.
    pub(super) start: Option<u64>,
    pub(super) size: u64,
    pub(super) kind: ByteKind,
    /// Whether the linked program has it in memory.
    pub(super) is_loaded: bool,
}
