//! Finds the bytes of an ELF file that the headers, the segments and the sections claim. Unclaimed
//! bytes may be a payload that the program finds by its offset.

use std::ops::Range;

use object::write::elf::{Encoder, FileHeaderLayout, ProgramHeader, SectionHeader};
use object::{Endianness, elf};

use super::section::Section;
use crate::bytes;

/// Why the parts of a file up to some offset cannot move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    /// Bytes of unknown use; a program may look for them at their offset.
    Unclaimed {
        /// Their offset.
        offset: u64,
        /// Their number.
        size: u64,
    },
    /// Kernels before 5.18 compute the address of the program headers (`AT_PHDR`) as that of the
    /// first segment plus `e_phoff`. A program whose headers moved crashes there.
    ProgramHeaders,
}

/// The headers of an image, which claim ranges of its file. Offsets are those of the input.
pub(super) struct Claims<'a> {
    pub(super) input: &'a [u8],
    pub(super) encoder: Encoder<Endianness>,
    pub(super) machine: elf::Machine,
    pub(super) headers: &'a FileHeaderLayout,
    pub(super) segments: &'a [ProgramHeader],
    pub(super) sections: &'a [Section<'a>],
    /// The flags of the dynamic section (`DT_FLAGS_1`).
    pub(super) dynamic_flags: u64,
}

/// A run of bytes: ranges that overlap.
pub(super) struct ByteRun {
    pub(super) range: Range<u64>,
    /// Whether a segment or a header that stays holds it.
    pub(super) is_held: bool,
    /// The alignment of a section, which may explain padding in front of it.
    pub(super) align: u64,
}

impl Claims<'_> {
    /// All claimed runs, in the order of the file. A run that overlaps a segment is held by that
    /// segment.
    pub(super) fn runs(&self) -> Vec<ByteRun> {
        let run = |start: u64, size: u64, is_held: bool, align: u64| ByteRun {
            range: start..start.saturating_add(size),
            is_held,
            align,
        };
        let phdrs = u64::from(self.headers.segment_num) * self.encoder.program_header_size();
        let shdrs = u64::from(self.headers.section_num) * self.encoder.section_header_size();
        let mut all = vec![
            run(0, self.encoder.file_header_size(), true, 1),
            run(self.headers.e_phoff, phdrs, true, 1),
            run(self.headers.e_shoff, shdrs, false, self.encoder.address_size()),
        ];
        let segments = self.segments.iter().filter(|segment| has_bytes(segment));
        all.extend(segments.map(|segment| run(segment.p_offset, segment.p_filesz, true, 1)));
        let sections = self.sections.iter().filter(|section| !section.has_no_bytes());
        all.extend(sections.map(|section| {
            let (start, size) = (section.header.sh_offset, section.size());
            if self.segments.is_empty() || !section.is_loaded() {
                return run(start, size, false, section.header.sh_addralign);
            }
            let home = self.mapped_with(&section.header);
            let first = home.map_or(start, |home| home.p_offset.min(start));
            let last = home.map_or(0, |home| home.p_offset.saturating_add(home.p_filesz));
            run(first, last.max(start.saturating_add(size)) - first, true, 1)
        }));
        all.retain(|run| !run.range.is_empty());
        all.sort_by_key(|run| (run.range.start, run.range.end));
        let mut runs: Vec<ByteRun> = Vec::new();
        for run in all {
            match runs.last_mut() {
                Some(last) if run.range.start < last.range.end => {
                    last.range.end = last.range.end.max(run.range.end);
                    last.is_held |= run.is_held;
                }
                _ => runs.push(run),
            }
        }
        runs
    }

    /// The segment whose pages contain a section outside of it. A loader maps whole pages, and
    /// patchelf 0.17 makes segments that end before their last section.
    fn mapped_with(&self, section: &SectionHeader) -> Option<&ProgramHeader> {
        const PAGE: u64 = 0x1000;
        self.segments.iter().filter(|it| it.p_type == elf::PT_LOAD).find(|segment| {
            let start = segment.p_offset / PAGE * PAGE;
            let end = segment.p_offset.saturating_add(segment.p_filesz);
            let end = end.checked_next_multiple_of(PAGE).unwrap_or(end);
            let is_near = (start..end).contains(&section.sh_offset);
            let to = |offset: u64, address: u64| address.wrapping_sub(offset);
            is_near
                && to(segment.p_offset, segment.p_vaddr) == to(section.sh_offset, section.sh_addr)
        })
    }

    /// The distance by which a run of held bytes moves must be a multiple of this.
    pub(super) fn align(&self, range: &Range<u64>) -> u64 {
        let segments = self.segments.iter();
        let inside = segments.filter(|it| range.contains(&it.p_offset) || it.p_offset == range.end);
        let align = inside.map(|segment| congruence(self.machine, segment)).max();
        // No segment loads this section, so its reader is unknown: it stays.
        align.unwrap_or(1 << 63)
    }

    /// Bytes of unknown use between two runs.
    pub(super) fn unclaimed(&self, gap: &Range<u64>) -> Option<Stuck> {
        let bytes = self.input.get(bytes::index(gap.start)..bytes::index(gap.end))?;
        let first = bytes.iter().position(|byte| *byte != 0)?;
        let last = bytes.iter().rposition(|byte| *byte != 0)?;
        let offset = gap.start + first as u64;
        if self.is_old_table(offset, gap.start + last as u64 + 1) {
            return None;
        }
        Some(Stuck::Unclaimed { offset, size: (last - first + 1) as u64 })
    }

    /// Whether these bytes, from the first to the last that is not 0, are an old table of section
    /// headers: some tools leave it behind when they write new ones elsewhere (patchelf 0.19 does).
    /// At least half of its entries must still be headers of sections.
    fn is_old_table(&self, first: u64, last: u64) -> bool {
        let size = self.encoder.section_header_size();
        let start = first - first % self.encoder.address_size();
        let count = (last - start).div_ceil(size);
        let known: Vec<Vec<u8>> = self.sections.iter().map(|it| self.shape(&it.header)).collect();
        let table = bytes::index(start)..bytes::index(start.saturating_add(count * size));
        let Some(table) = self.input.get(table) else { return false };
        let entries = table.chunks_exact(bytes::index(size));
        let (name, offset) = if self.encoder.is_64() { (4, 24..32) } else { (4, 16..20) };
        let same = entries.filter(|entry| {
            let mut entry = entry.to_vec();
            entry.get_mut(..name).unwrap_or_default().fill(0);
            entry.get_mut(offset.clone()).unwrap_or_default().fill(0);
            known.contains(&entry)
        });
        same.count() as u64 * 2 >= count
    }

    /// A section header as bytes, without its name and its offset, which change when a tool writes
    /// the table anew.
    fn shape(&self, header: &SectionHeader) -> Vec<u8> {
        let mut bytes = Vec::new();
        let plain = SectionHeader { sh_name: 0, sh_offset: 0, ..*header };
        self.encoder.section_header(&mut bytes, &plain);
        bytes
    }

    /// The ranges that [`Stuck::ProgramHeaders`] keeps in place: the program headers and the first
    /// segment, in programs that start correctly under such a kernel today.
    pub(super) fn pinned(&self) -> Option<[u64; 2]> {
        let is_program = self.dynamic_flags & elf::DF_1_PIE.0 != 0
            || self.segments.iter().any(|it| matches!(it.p_type, elf::PT_INTERP | elf::PT_PHDR))
            || self.segments.iter().all(|it| it.p_type != elf::PT_DYNAMIC);
        let offset = self.headers.e_phoff;
        let mut loaded = self.segments.iter().filter(|it| it.p_type == elf::PT_LOAD);
        let first = loaded.clone().next()?;
        let holds = |it: &&ProgramHeader| {
            (it.p_offset..it.p_offset.saturating_add(it.p_filesz)).contains(&offset)
        };
        let home = loaded.find(holds)?;
        let base = |segment: &ProgramHeader| segment.p_vaddr.wrapping_sub(segment.p_offset);
        (is_program && base(first) == base(home)).then_some([offset, first.p_offset])
    }
}

/// Whether a segment owns bytes of the file.
fn has_bytes(segment: &ProgramHeader) -> bool {
    // Lld rounds the size of PT_GNU_RELRO up to a page, past the end of the loaded bytes.
    segment.p_filesz > 0 && segment.p_type != elf::PT_GNU_RELRO
}

/// The power of two modulo which a segment's offset and address must stay congruent: its alignment,
/// and for a loaded segment the page sizes, each only if it holds in the input.
pub(super) fn congruence(machine: elf::Machine, segment: &ProgramHeader) -> u64 {
    let distance = segment.p_vaddr.wrapping_sub(segment.p_offset);
    let holds = |align: &u64| align.trailing_zeros() <= distance.trailing_zeros();
    let align = segment.p_align.max(1).checked_next_power_of_two().unwrap_or(1 << 63);
    let pages = if segment.p_type == elf::PT_LOAD { pages(machine) } else { &[] };
    let known = pages.iter().copied().chain([align]).filter(holds).max();
    known.unwrap_or_else(|| 1 << distance.trailing_zeros().min(align.trailing_zeros()))
}

/// Page sizes with which systems map programs, in bytes. (No system aligns to amd64's pages of 2
/// MiB unless the segment asks for it.)
fn pages(machine: elf::Machine) -> &'static [u64] {
    match machine {
        elf::EM_AARCH64 | elf::EM_PPC | elf::EM_PPC64 | elf::EM_MIPS | elf::EM_LOONGARCH => {
            &[0x1000, 0x4000, 0x1_0000]
        }
        elf::EM_SPARCV9 => &[0x2000, 0x1_0000, 0x10_0000],
        _ => &[0x1000],
    }
}
