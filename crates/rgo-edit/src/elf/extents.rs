//! Finds the parts of an ELF file that segments hold, and their new places after an edit removed
//! the bytes between them. auditwheel, patchelf, postject and LIEF put a segment behind the debug
//! data:
//!
//! ```text
//! before  header │ code, data │ .debug_* .symtab │ added segment │ section headers
//! after   header │ code, data │ added segment │ .shstrtab │ section headers
//! ```
//!
//! An extent moves as a whole and keeps its addresses. Its offset stays congruent to its address
//! modulo the segment's alignment (gABI, "Program Header": `p_offset` and `p_vaddr`), and modulo
//! the largest page of the processor where it was.

use std::ops::Range;

use object::elf;
use object::write::elf::{ProgramHeader, SectionHeader};

use super::claims::{Claims, Stuck, congruence};

/// A part of the file that segments hold.
#[derive(Clone, Debug)]
struct Extent {
    /// Its range in the input.
    range: Range<u64>,
    /// Its start in the output.
    start: u64,
    /// The distance by which it moves must be a multiple of this.
    align: u64,
}

/// All extents, in the order of the file.
#[derive(Debug)]
pub(super) struct Extents {
    parts: Vec<Extent>,
    stuck: Option<(u64, Stuck)>,
}

impl Extents {
    pub(super) fn of(claims: &Claims<'_>) -> Self {
        let mut extents = Self { parts: Vec::new(), stuck: None };
        let mut end = 0;
        for run in claims.runs() {
            let gap = end..run.range.start;
            end = run.range.end;
            let align = if run.is_held { claims.align(&run.range) } else { run.align };
            let is_short = gap.end - gap.start < align;
            // This is padding between two segments, which linkers fill with traps. It is too little
            // for the second segment to move.
            let last = extents.parts.last_mut();
            let last = last.filter(|last| run.is_held && is_short && last.range.end == gap.start);
            if let Some(last) = last {
                last.range.end = run.range.end;
                last.align = last.align.max(align);
                continue;
            }
            let is_padding = is_short && !run.is_held;
            if !is_padding && let Some(stuck) = claims.unclaimed(&gap) {
                extents.stick(gap.end, stuck);
            }
            if run.is_held {
                extents.parts.push(Extent { start: run.range.start, range: run.range, align });
            }
        }
        for offset in claims.pinned().into_iter().flatten() {
            let home = extents.parts.iter().find(|part| part.range.contains(&offset));
            if let Some(end) = home.filter(|part| part.range.start > 0).map(|it| it.range.end) {
                extents.stick(end, Stuck::ProgramHeaders);
            }
        }
        extents.settle();
        extents
    }

    /// Keeps everything in front of `end` in place.
    fn stick(&mut self, end: u64, why: Stuck) {
        if self.stuck.is_none_or(|(other, _)| other < end) {
            self.stuck = Some((end, why));
        }
    }

    /// Merges everything that cannot move into one extent, and computes the places of the others.
    fn settle(&mut self) {
        if let Some((end, _)) = self.stuck {
            let count = self.parts.iter().take_while(|part| part.range.start < end).count();
            let last = self.parts.drain(..count).map(|part| part.range.end).max();
            let end = last.unwrap_or_default().max(end);
            self.parts.insert(0, Extent { range: 0..end, start: 0, align: 1 });
        }
        let mut end = 0;
        for part in &mut self.parts {
            let saved = (part.range.start - end) / part.align * part.align;
            part.start = part.range.start - saved;
            end = part.start + (part.range.end - part.range.start);
        }
    }

    /// The same extents, each at its place in the input.
    pub(super) fn unmoved(&self) -> Self {
        let stay = |part: &Extent| Extent { start: part.range.start, ..part.clone() };
        Self { parts: self.parts.iter().map(stay).collect(), stuck: self.stuck }
    }

    /// The range of each in the input, and its start in the output, in order.
    pub(super) fn moves(&self) -> impl Iterator<Item = (Range<u64>, u64)> + '_ {
        self.parts.iter().map(|part| (part.range.clone(), part.start))
    }

    /// Whether one of them holds bytes of the input.
    pub(super) fn hold(&self, offset: u64) -> bool {
        self.parts.iter().any(|part| part.range.contains(&offset))
    }

    /// End of the last one in the input.
    pub(super) fn end(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.range.end)
    }

    /// Why the byte at this offset of the input cannot go.
    pub(super) fn hold_because(&self, offset: u64) -> String {
        match self.stuck.filter(|(end, _)| offset < *end) {
            Some((_, Stuck::Unclaimed { offset, size })) => format!(
                "the {size} bytes at {offset:#x} belong to no section and no segment, and a program \
                 may look for them there"
            ),
            Some((_, Stuck::ProgramHeaders)) => {
                "the program headers lie behind them and cannot move: kernels before 5.18 look \
                 for them at this offset"
                    .to_owned()
            }
            None => "a segment holds them".to_owned(),
        }
    }

    /// Translates an offset of the input to the output. An offset without bytes, which may lie
    /// between two extents, becomes the end of the first.
    pub(super) fn translate(&self, offset: u64) -> u64 {
        let home = self.parts.iter().rev().find(|part| part.range.start <= offset);
        home.map_or(offset, |part| part.start + (offset.min(part.range.end) - part.range.start))
    }

    /// The new offset of a section that a segment holds.
    pub(super) fn section_offset(&self, segments: &[ProgramHeader], header: &SectionHeader) -> u64 {
        let old = header.sh_offset;
        if header.sh_type != elf::SHT_NOBITS {
            return self.translate(old);
        }
        // A section without bytes follows the segment that contains its address.
        let (first, size) = (header.sh_addr, header.sh_size);
        let home = segments.iter().filter(|it| it.p_type == elf::PT_LOAD).find(|segment| {
            let end = segment.p_vaddr.saturating_add(segment.p_memsz);
            segment.p_vaddr <= first && first.saturating_add(size) <= end
        });
        let Some(home) = home else { return self.translate(old) };
        let moved = home.p_offset.wrapping_sub(self.translate(home.p_offset));
        old.wrapping_sub(moved)
    }

    /// The new offset of a segment. Even one without bytes needs an offset congruent to its
    /// address, as loaders require.
    pub(super) fn segment_offset(&self, machine: elf::Machine, segment: &ProgramHeader) -> u64 {
        let old = segment.p_offset;
        let new = self.translate(old);
        let align = congruence(machine, segment);
        new + (old.wrapping_sub(new) & (align - 1))
    }
}
