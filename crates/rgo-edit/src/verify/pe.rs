//! Checks the requirements of Windows' loader for a PE image beyond the bytes of its sections: the
//! header fields that it uses are unchanged, no needed section is missing, and every rule for
//! sections that held before still holds. (Wine is laxer: a program that runs there proves less.)

use object::LittleEndian as LE;
use object::pe;
use object::pod::bytes_of;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};

use super::{Mapping, bad};
use crate::{Draft, Piece, Reason};
use rgo_binary::{Image, Result};

/// Bytes of the optional header that an edit may change: the size of all data, the sizes of the
/// image and its headers, and the checksum behind these.
const SIZE_OF_DATA: std::ops::Range<usize> = 8..12;
const SIZES_AND_CHECKSUM: std::ops::Range<usize> = 56..68;

/// Checks the headers of the output.
pub(super) fn same_headers(before: &Image<'_>, after: &Image<'_>) -> Result<()> {
    match (before.object(), after.object()) {
        (object::File::Pe32(old), object::File::Pe32(new)) => same(old, new, before, after),
        (object::File::Pe64(old), object::File::Pe64(new)) => same(old, new, before, after),
        _ => Err(bad(0, "another word size than the input's".to_owned())),
    }
}

/// Whether a mapping that the input does not have is a requested section that is neither writable
/// nor executable.
pub(super) fn is_added(mapping: &Mapping, draft: &Draft<'_>) -> bool {
    let object::SegmentFlags::Coff { characteristics } = mapping.flags else { return false };
    let harmful = pe::IMAGE_SCN_MEM_WRITE | pe::IMAGE_SCN_MEM_EXECUTE;
    let mut start = 0;
    let made = draft.pieces().iter().all(|piece| {
        let end = start + piece.size();
        let is_outside = end <= mapping.file.start || start >= mapping.file.end;
        start = end;
        is_outside || matches!(piece, Piece::New(_, Reason::AddedSection | Reason::DebugLink))
    });
    made && (characteristics & harmful).0 == 0
}

fn same<H: ImageNtHeaders>(
    old: &PeFile<'_, H>,
    new: &PeFile<'_, H>,
    before: &Image<'_>,
    after: &Image<'_>,
) -> Result<()> {
    let fixed = |file: &PeFile<'_, H>| {
        let header = file.nt_headers().file_header();
        let mut fields = bytes_of(file.nt_headers().optional_header()).to_vec();
        for range in [SIZE_OF_DATA, SIZES_AND_CHECKSUM] {
            fields.get_mut(range).into_iter().for_each(|field| field.fill(0));
        }
        (header.machine.get(LE), header.characteristics.get(LE), fields)
    };
    if fixed(old) != fixed(new) {
        return Err(bad(0, "a header field that the loader obeys has changed".to_owned()));
    }
    let mut leads_to = vec![old.nt_headers().optional_header().address_of_entry_point()];
    let directories = old.data_directories().iter().zip(new.data_directories().iter());
    for (number, (directory, twin)) in directories.enumerate() {
        let (at, size) = twin.address_range();
        let is_same = (at, size) == directory.address_range();
        if number != pe::IMAGE_DIRECTORY_ENTRY_SECURITY {
            if !is_same {
                return Err(bad(0, format!("data directory {number} has changed")));
            }
            if size > 0 {
                leads_to.push(at);
            }
            continue;
        }
        let end = u64::from(at) + u64::from(size);
        if (at, size) != (0, 0) && !(is_same && end <= after.data().len() as u64) {
            return Err(bad(0, "the certificate is not where the header says".to_owned()));
        }
    }
    for section in old.section_table().iter() {
        let (start, size) = (section.virtual_address.get(LE), memory(section));
        let is_kept = new.section_table().iter().any(|it| it.virtual_address.get(LE) == start);
        let is_needed = leads_to.iter().any(|to| *to > 0 && to.wrapping_sub(start) < size);
        let discardable = section.characteristics.get(LE) & pe::IMAGE_SCN_MEM_DISCARDABLE;
        if !is_kept && (is_needed || discardable.0 == 0) {
            return Err(bad(0, format!("what is loaded at {start:#x} is needed and gone")));
        }
    }
    let known = faults(old, before);
    match faults(new, after).iter().find(|fault| !known.contains(fault)) {
        Some(fault) => Err(bad(0, (*fault).to_owned())),
        None => Ok(()),
    }
}

/// The size of a section in memory, in bytes.
fn memory(section: &pe::ImageSectionHeader) -> u32 {
    match section.virtual_size.get(LE) {
        0 => section.size_of_raw_data.get(LE),
        size => size,
    }
}

/// The loader's rules that an image breaks.
fn faults<H: ImageNtHeaders>(file: &PeFile<'_, H>, image: &Image<'_>) -> Vec<&'static str> {
    let optional = file.nt_headers().optional_header();
    let align = u64::from(optional.section_alignment()).max(1);
    let file_align = optional.file_alignment().max(1);
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault| {
        if !holds {
            faults.push(fault);
        }
    };
    let headers = u64::from(optional.size_of_headers());
    let mut next = headers.next_multiple_of(align);
    let mut places: Vec<_> = std::iter::once(0..headers).collect();
    for section in file.section_table().iter() {
        let start = u64::from(section.virtual_address.get(LE));
        check(start == next, "sections do not follow each other in memory");
        check(memory(section) > 0, "a section is empty");
        next = (start + u64::from(memory(section))).next_multiple_of(align);
        let (at, size) = (section.pointer_to_raw_data.get(LE), section.size_of_raw_data.get(LE));
        if at > 0 && size > 0 {
            check(at.is_multiple_of(file_align), "a section's bytes are not aligned in the file");
            places.push(u64::from(at)..u64::from(at) + u64::from(size));
        }
    }
    check(
        u64::from(optional.size_of_image()) == next,
        "the image's size is not where its last section ends",
    );
    places.sort_by_key(|place| (place.start, place.end));
    let ends = places.last().is_none_or(|last| last.end <= image.data().len() as u64);
    check(ends, "a section's bytes are not in the file");
    let apart = places.windows(2).all(|two| matches!(two, [a, b] if a.end <= b.start));
    check(apart, "sections share bytes of the file");
    faults
}
