//! Edits fat Mach-O files: one image per architecture, each edited by itself.
//!
//! ```text
//! 0  4  magic, big-endian: cafebabe (32-bit offsets) or cafebabf (64-bit)
//! 4  4  number of slices
//! 8  …  per slice 20 or 32 bytes: cputype, cpusubtype, offset, size, log2 of the alignment
//! ```
//!
//! Slices keep their order and alignment; gaps between them are zeros, and nothing follows the
//! last one. (`mach-o/fat.h`)

use object::macho::{self, CpuType};
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};

use super::{Draft, Edited, Reason, bytes};
use rgo_binary::{Error, Result};

/// Linkers use 14 (16 KiB). A larger value means a broken header.
const MAX_ALIGN: u32 = 24;
const HEADER: usize = 8;

/// One entry of the header.
struct SliceEntry {
    cpu_type: u32,
    cpu_subtype: u32,
    offset: u64,
    size: u64,
    align: u32,
}

/// Edits each slice, and writes the fat file anew. (A slice that is itself a fat file is no image,
/// so `edit` has to accept thin images only.)
pub(super) fn each<'a>(
    input: &'a [u8],
    mut edit: impl FnMut(&'a [u8]) -> Result<Edited<'a>>,
) -> Result<Edited<'a>> {
    let bad = |why: object::Error| Error::malformed("fat Mach-O header", 0, why);
    let wide = input.starts_with(&0xcafe_babf_u32.to_be_bytes());
    let entries = if wide {
        entries(MachOFatFile64::parse(input).map_err(bad)?.arches())
    } else {
        entries(MachOFatFile32::parse(input).map_err(bad)?.arches())
    };
    let entry_size = if wide { 32 } else { 20 };
    let mut whole = Edited::of(Draft::empty(input));
    let header_size = (HEADER + entries.len() * entry_size) as u64;
    whole.draft.copy(0, header_size, "fat Mach-O header")?;
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
        let slice = bytes::slice(input, entry.offset, entry.size, "slice of a fat file")?;
        let slice = edit(slice).map_err(|error| in_slice(error, entry))?;
        let output = &mut whole.draft;
        output.pad(1 << entry.align);
        let (offset, size) = (output.size(), slice.draft.size());
        output.append(slice.draft, entry.offset);
        let at = (HEADER + number * entry_size) as u64;
        let mut header = Vec::with_capacity(entry_size);
        header.extend(entry.cpu_type.to_be_bytes());
        header.extend(entry.cpu_subtype.to_be_bytes());
        if wide {
            header.extend(offset.to_be_bytes());
            header.extend(size.to_be_bytes());
            header.extend(entry.align.to_be_bytes());
            header.extend([0; 4]);
        } else {
            header
                .extend(bytes::word(bytes::index(offset), "a slice of a fat file")?.to_be_bytes());
            header.extend(bytes::word(bytes::index(size), "a slice of a fat file")?.to_be_bytes());
            header.extend(entry.align.to_be_bytes());
        }
        whole.draft.put(at, &header, Reason::FileHeader, "fat Mach-O header")?;
        whole.identity_dropped |= slice.identity_dropped;
        whole.removed.extend(slice.removed);
        for warning in slice.warnings {
            if !whole.warnings.contains(&warning) {
                whole.warnings.push(warning);
            }
        }
        add_counts(&mut whole.slots_written, slice.slots_written);
    }
    Ok(whole)
}

/// Adds the slice to an error.
fn in_slice(error: Error, entry: &SliceEntry) -> Error {
    let name = match (CpuType(entry.cpu_type), entry.cpu_subtype & 0xff) {
        (macho::CPU_TYPE_X86, _) => "i386".to_owned(),
        (macho::CPU_TYPE_X86_64, 8) => "x86_64h".to_owned(),
        (macho::CPU_TYPE_X86_64, _) => "x86_64".to_owned(),
        (macho::CPU_TYPE_ARM, _) => "arm".to_owned(),
        (macho::CPU_TYPE_ARM64, 2) => "arm64e".to_owned(),
        (macho::CPU_TYPE_ARM64, _) => "arm64".to_owned(),
        (macho::CPU_TYPE_ARM64_32, _) => "arm64_32".to_owned(),
        (other, _) => format!("CPU type {:#x}", other.0),
    };
    match error {
        Error::Unsupported { what, why } => {
            Error::unsupported(what, format!("{why} (slice {name})"))
        }
        Error::Malformed { what, offset, why } => {
            let offset = entry.offset.saturating_add(offset);
            Error::malformed(what, offset, format!("{why} (slice {name})"))
        }
        Error::SignedByIdentity { signer } => {
            Error::SignedByIdentity { signer: format!("{signer}, slice {name}") }
        }
        other => other,
    }
}

/// Adds the counts of written slots. Every slice has the same requested names.
fn add_counts(total: &mut Vec<(String, usize)>, more: Vec<(String, usize)>) {
    if total.is_empty() {
        *total = more;
    } else {
        for (total, (_, count)) in total.iter_mut().zip(more) {
            total.1 += count;
        }
    }
}

fn entries<F: FatArch>(arches: &[F]) -> Vec<SliceEntry> {
    arches
        .iter()
        .map(|arch| SliceEntry {
            cpu_type: arch.cputype().0,
            cpu_subtype: arch.cpusubtype().0,
            offset: arch.offset().into(),
            size: arch.size().into(),
            align: arch.align(),
        })
        .collect()
}
