//! Fat Mach-O files: one image per architecture, each edited as if it stood alone.
//!
//! ```text
//! 0  4  magic, big-endian: cafebabe (32-bit offsets) or cafebabf (64-bit)
//! 4  4  number of slices
//! 8  …  per slice 20 or 32 bytes: cputype, cpusubtype, offset, size, log2 of the alignment
//! ```
//!
//! Slices keep their order and alignment; gaps between them are zeros, and nothing follows the
//! last one. (`mach-o/fat.h`)

use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};

use super::{Finished, bytes};
use crate::{Error, Result};

/// Linkers use 14 (16 KiB); more than this is no alignment, but a broken header.
const MAX_ALIGN: u32 = 24;
const HEADER: usize = 8;

/// One entry of the header.
struct Entry {
    cpu_type: u32,
    cpu_subtype: u32,
    offset: u64,
    size: u64,
    align: u32,
}

/// Finishes each slice by itself; the slots written are those of all.
pub(super) fn each(input: &[u8], finish: impl Fn(&[u8]) -> Result<Finished>) -> Result<Finished> {
    let mut slots_written: Vec<(String, usize)> = Vec::new();
    let mut identity_dropped = false;
    let bytes = rebuild(input, |slice| {
        let finished = finish(slice)?;
        identity_dropped |= finished.identity_dropped;
        if slots_written.is_empty() {
            slots_written = finished.slots_written;
        } else {
            for (total, (_, count)) in slots_written.iter_mut().zip(finished.slots_written) {
                total.1 += count;
            }
        }
        Ok(finished.bytes)
    })?;
    Ok(Finished { bytes, slots_written, identity_dropped })
}

/// Applies `edit` to each slice and puts the results together again. (A slice that is a fat file
/// itself is no image, so `edit` is to take thin ones only.)
pub(super) fn rebuild(
    input: &[u8],
    mut edit: impl FnMut(&[u8]) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let bad = |why: object::Error| Error::malformed("fat Mach-O header", 0, why);
    let wide = input.starts_with(&0xcafe_babf_u32.to_be_bytes());
    let entries = if wide {
        entries(MachOFatFile64::parse(input).map_err(bad)?.arches())
    } else {
        entries(MachOFatFile32::parse(input).map_err(bad)?.arches())
    };
    let entry_size = if wide { 32 } else { 20 };
    let mut output = vec![0; HEADER + entries.len() * entry_size];
    bytes::put(&mut output, 0, input.get(..HEADER).unwrap_or_default(), "fat Mach-O header")?;
    let total = entries.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.size));
    if total > input.len() as u64 {
        return Err(Error::malformed("fat Mach-O header", 0, "its slices overlap"));
    }
    for (number, entry) in entries.iter().enumerate() {
        if entry.align > MAX_ALIGN {
            return Err(Error::malformed(
                "fat Mach-O header",
                (HEADER + number * entry_size) as u64,
                format!("an alignment of 2^{}", entry.align),
            ));
        }
        let slice = edit(bytes::slice(input, entry.offset, entry.size, "slice of a fat file")?)?;
        bytes::pad(&mut output, 1 << entry.align);
        let (offset, size) = (output.len(), slice.len());
        output.extend_from_slice(&slice);
        let at = (HEADER + number * entry_size) as u64;
        let mut header = Vec::with_capacity(entry_size);
        header.extend(entry.cpu_type.to_be_bytes());
        header.extend(entry.cpu_subtype.to_be_bytes());
        if wide {
            header.extend((offset as u64).to_be_bytes());
            header.extend((size as u64).to_be_bytes());
            header.extend(entry.align.to_be_bytes());
            header.extend([0; 4]);
        } else {
            header.extend(bytes::word(offset, "a slice of a fat file")?.to_be_bytes());
            header.extend(bytes::word(size, "a slice of a fat file")?.to_be_bytes());
            header.extend(entry.align.to_be_bytes());
        }
        bytes::put(&mut output, at, &header, "fat Mach-O header")?;
    }
    Ok(output)
}

fn entries<F: FatArch>(arches: &[F]) -> Vec<Entry> {
    arches
        .iter()
        .map(|arch| Entry {
            cpu_type: arch.cputype().0,
            cpu_subtype: arch.cpusubtype().0,
            offset: arch.offset().into(),
            size: arch.size().into(),
            align: arch.align(),
        })
        .collect()
}
