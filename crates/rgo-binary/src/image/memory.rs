//! An image by addresses, as the running program sees it, with the pointers that the loader will
//! have written.
//!
//! The file need not hold the final value of a pointer:
//!
//! ```text
//! ELF, RELA relocations        anything, often 0; the address is the relocation's addend
//! ELF, REL and RELR; PE        the address
//! Mach-O, LC_DYLD_INFO         the address
//! Mach-O, chained fixups       bits 0–35: the address, or its distance from the image's start
//!                              bits 36–63: position of the next pointer, and flags
//! ```

use object::{Object, ObjectSegment, RelocationTarget, SegmentFlags};
use object::{elf, macho, pe};

use super::words::WordFormat;
use crate::{Format, Image};

/// The bits of a chained Mach-O pointer that hold its target (`mach-o/fixup-chains.h`,
/// `dyld_chained_ptr_64_rebase`).
const CHAINED_TARGET: u64 = (1 << 36) - 1;
/// No linked program has more pointers than these to one address.
const MAX_POINTERS: usize = 64;

/// The memory of the running program, as far as the file has it.
pub struct Memory<'a> {
    segments: Vec<MemorySegment<'a>>,
    words: WordFormat,
    /// Address and value of each pointer that a RELA relocation sets, sorted by address.
    relocated: Vec<(u64, u64)>,
    /// The image's start, for 64-bit Mach-O.
    chained: Option<u64>,
}

struct MemorySegment<'a> {
    address: u64,
    file_offset: u64,
    data: &'a [u8],
    writable: bool,
}

impl<'a> Memory<'a> {
    /// Reads the segments and relocations of an image.
    #[must_use]
    pub fn new(image: &Image<'a>, words: WordFormat) -> Self {
        let mut relocated: Vec<_> = relocations(image).collect();
        relocated.sort_unstable();
        Self { relocated, ..Self::without_relocations(image, words) }
    }

    /// Reads the segments of an image alone: for callers that follow no pointer.
    #[must_use]
    pub(crate) fn without_relocations(image: &Image<'a>, words: WordFormat) -> Self {
        let mut segments: Vec<_> = image
            .object()
            .segments()
            .filter_map(|segment| {
                let data = segment.data().ok().filter(|data| !data.is_empty())?;
                Some(MemorySegment {
                    address: segment.address(),
                    file_offset: segment.file_range().0,
                    data,
                    writable: is_writable(segment.flags()),
                })
            })
            .collect();
        segments.sort_by_key(|segment| segment.address);
        let chained = (image.format() == Format::MachO && words.size == 8)
            .then(|| segments.first().map(|segment| segment.address))
            .flatten();
        Self { segments, words, relocated: Vec::new(), chained }
    }

    /// The bytes from an address to the end of its segment; there is at least one.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<&'a [u8]> {
        self.located(address).map(|(_, data)| data)
    }

    /// As [`Memory::at`], with their offset in the image.
    pub(crate) fn located(&self, address: u64) -> Option<(u64, &'a [u8])> {
        let next = self.segments.partition_point(|segment| segment.address <= address);
        let segment = self.segments.get(next.checked_sub(1)?)?;
        let within = address - segment.address;
        let rest = segment.data.get(usize::try_from(within).ok()?..)?;
        let offset = segment.file_offset.checked_add(within)?;
        (!rest.is_empty()).then_some((offset, rest))
    }

    /// The address and the bytes of each segment, in the order of addresses.
    pub(crate) fn regions(&self) -> impl Iterator<Item = (u64, &'a [u8])> + '_ {
        self.segments.iter().map(|segment| (segment.address, segment.data))
    }

    /// The addresses of the aligned words in writable memory whose number in the file is wanted.
    pub(crate) fn writable_words(
        &self,
        is_wanted: impl Fn(u64) -> bool,
    ) -> impl Iterator<Item = u64> {
        let size = self.words.size as u64;
        let writable = self.segments.iter().filter(|segment| segment.writable);
        let all = writable.flat_map(move |segment| {
            let start = segment.address.checked_next_multiple_of(size).unwrap_or(u64::MAX);
            let skipped = usize::try_from(start - segment.address).unwrap_or(usize::MAX);
            let data = segment.data.get(skipped..).unwrap_or_default();
            let addresses = (0_u64..).map(move |index| start.saturating_add(index * size));
            addresses.zip(data.chunks_exact(self.words.size))
        });
        all.filter(move |(_, word)| self.words.word(word, 0).is_some_and(&is_wanted))
            .map(|(address, _)| address)
    }

    /// The number at an address, as stored in the file.
    #[must_use]
    pub fn number(&self, address: u64) -> Option<u64> {
        self.words.word(self.at(address)?, 0)
    }

    /// The pointer at an address after relocation, without the load bias.
    #[must_use]
    pub fn pointer(&self, address: u64) -> Option<u64> {
        self.relocation(address)
            .or_else(|| self.number(address).map(|number| self.unchained(number)))
    }

    /// The value that a relocation writes at an address.
    #[must_use]
    pub fn relocation(&self, address: u64) -> Option<u64> {
        let at = self.relocated.binary_search_by_key(&address, |(place, _)| *place).ok()?;
        self.relocated.get(at).map(|(_, value)| *value)
    }

    /// Each pointer-sized word from `start` to `end` that is aligned, with its address, as [`Memory::pointer`] reads it.
    pub fn pointers(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let size = self.words.size as u64;
        let start = start.checked_next_multiple_of(size).unwrap_or(end);
        let data = self.at(start).unwrap_or_default();
        let wanted = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let data = data.get(..wanted).unwrap_or(data);
        let first = self.relocated.partition_point(|(place, _)| *place < start);
        let mut relocated = self.relocated.get(first..).unwrap_or_default().iter().peekable();
        (0_u64..).zip(data.chunks_exact(self.words.size)).map(move |(index, bytes)| {
            let address = start.saturating_add(index * size);
            while relocated.next_if(|(place, _)| *place < address).is_some() {}
            let written = relocated.peek().filter(|(place, _)| *place == address);
            let value = match written {
                Some((_, value)) => *value,
                None => self.unchained(self.words.word(bytes, 0).unwrap_or_default()),
            };
            (address, value)
        })
    }

    /// Addresses of pointers to `target` in writable memory.
    #[must_use]
    pub fn pointers_to(&self, target: u64) -> Vec<u64> {
        let relocated = self.relocated.iter().filter(|(_, value)| *value == target);
        let written = self.writable_words(|word| self.unchained(word) == target);
        relocated.map(|(place, _)| *place).chain(written).take(MAX_POINTERS).collect()
    }

    fn unchained(&self, number: u64) -> u64 {
        let Some(base) = self.chained else { return number };
        let target = number & CHAINED_TARGET;
        if target < base { target.wrapping_add(base) } else { target }
    }
}

/// Address and value of each pointer that a RELA relocation sets.
pub(crate) fn relocations(image: &Image<'_>) -> impl Iterator<Item = (u64, u64)> {
    let all = image.object().dynamic_relocations().into_iter().flatten();
    all.take(image.limits().max_symbols)
        .filter(|(_, relocation)| {
            relocation.target() == RelocationTarget::Absolute && !relocation.has_implicit_addend()
        })
        .map(|(place, relocation)| (place, relocation.addend().cast_unsigned()))
}

fn is_writable(flags: SegmentFlags) -> bool {
    match flags {
        SegmentFlags::Elf { p_flags, .. } => p_flags.0 & elf::PF_W.0 != 0,
        SegmentFlags::MachO { initprot, .. } => initprot.0 & macho::VM_PROT_WRITE.0 != 0,
        SegmentFlags::Coff { characteristics } => {
            characteristics.0 & pe::IMAGE_SCN_MEM_WRITE.0 != 0
        }
        _ => false,
    }
}
