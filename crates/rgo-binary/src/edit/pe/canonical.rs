//! What linkers put into a PE image that is not a function of their input, made one: times, and
//! the reference to the PDB file.
//!
//! ```text
//! debug directory, 28 bytes each: 0 u32, time u32, version 2 u16, kind u32, size u32,
//!                                 address u32, file offset u32
//! kind 2, CodeView: "RSDS", GUID 16, age u32, path of the PDB, NUL
//! ```
//!
//! Also here: the checksum, which covers all of the file. (Microsoft, "PE Format")

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::headers::{Directory, Headers};
use crate::edit::bytes;
use crate::{Error, Result};

const WHAT: &str = "PE debug directory";
const ENTRY_SIZE: u32 = 28;
const CODE_VIEW: u32 = 2;
const RSDS: &[u8] = b"RSDS";
/// Bytes of a CodeView record before the path.
const RSDS_HEADER: u64 = 24;
/// The checksum's place in the optional header.
const CHECKSUM: u64 = 64;

/// Sets all times to `timestamp`, and makes the PDB reference a function of the content: GUID
/// from its hash, age 1, the file's name without its folder. Answers the addresses changed.
pub(super) fn canonicalise(image: &mut [u8], timestamp: u32) -> Result<Vec<Range<u64>>> {
    let headers = Headers::parse(image)?;
    let base = headers.image_base(image)?;
    let mut edited = Vec::from([debug_directory(&headers, image)?]);
    bytes::put(image, headers.coff(4), &timestamp.to_le_bytes(), WHAT)?;
    // In these three the time is the second field, and often not set.
    for directory in [Directory::Export, Directory::Resource, Directory::LoadConfig] {
        let (address, size) = headers.directory(image, directory)?;
        if size < 8 {
            continue;
        }
        let at = headers.file_offset(address, 8)? + 4;
        if bytes::u32_at(image, at, WHAT)? != 0 {
            bytes::put(image, at, &timestamp.to_le_bytes(), WHAT)?;
            edited.push(range(base, address.saturating_add(4), 4));
        }
    }
    let mut guids = Vec::new();
    for entry in entries(&headers, image)? {
        bytes::put(image, entry + 4, &timestamp.to_le_bytes(), WHAT)?;
        let (size, address) =
            (bytes::u32_at(image, entry + 16, WHAT)?, bytes::u32_at(image, entry + 20, WHAT)?);
        if bytes::u32_at(image, entry + 12, WHAT)? != CODE_VIEW || address == 0 {
            continue;
        }
        let at = headers.file_offset(address, size)?;
        let record = bytes::slice(image, at, size.into(), "PE CodeView record")?;
        if !record.starts_with(RSDS) || u64::from(size) < RSDS_HEADER {
            continue;
        }
        let record = rsds(record);
        bytes::zero(image, at, size.into(), WHAT)?;
        bytes::put(image, at, &record, WHAT)?;
        let used = bytes::word(record.len(), WHAT)?;
        bytes::put(image, entry + 16, &used.to_le_bytes(), WHAT)?;
        edited.push(range(base, address, size));
        guids.push(at + RSDS.len() as u64);
    }
    let checksum_at = headers.optional(CHECKSUM);
    let checksum = bytes::u32_at(image, checksum_at, WHAT)?;
    bytes::zero(image, checksum_at, 4, WHAT)?;
    let hash = Sha256::digest(&*image);
    bytes::put(image, checksum_at, &checksum.to_le_bytes(), WHAT)?;
    for at in guids {
        bytes::put(image, at, hash.get(..16).unwrap_or_default(), WHAT)?;
    }
    Ok(edited)
}

/// A CodeView record without what differs from link to link.
fn rsds(record: &[u8]) -> Vec<u8> {
    let path = record.get(bytes::index(RSDS_HEADER)..).unwrap_or_default();
    let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
    let mut new = RSDS.to_vec();
    new.resize(bytes::index(RSDS_HEADER) - 4, 0);
    new.extend(1_u32.to_le_bytes());
    new.extend_from_slice(name);
    new.push(0);
    // A record without room for the NUL had none.
    new.truncate(record.len());
    new
}

/// Has the entries of the debug directory say where in the file their data are now.
pub(super) fn relocate_debug_data(image: &mut [u8]) -> Result<()> {
    let headers = Headers::parse(image)?;
    for entry in entries(&headers, image)? {
        let (size, address) =
            (bytes::u32_at(image, entry + 16, WHAT)?, bytes::u32_at(image, entry + 20, WHAT)?);
        let offset = bytes::u32_at(image, entry + 24, WHAT)?;
        if address != 0 && size != 0 {
            let offset = bytes::word(bytes::index(headers.file_offset(address, size)?), WHAT)?;
            bytes::put(image, entry + 24, &offset.to_le_bytes(), WHAT)?;
        } else if offset != 0 && size != 0 {
            return Err(Error::unsupported(
                "moving the debug data of this PE image",
                "they lie outside of its sections",
            ));
        }
    }
    Ok(())
}

/// The addresses of the debug directory, which names offsets into the file.
pub(super) fn debug_directory(headers: &Headers, image: &[u8]) -> Result<Range<u64>> {
    let (address, size) = headers.directory(image, Directory::Debug)?;
    Ok(range(headers.image_base(image)?, address, size))
}

/// Where something is once it is loaded; a hostile base lies at the end of all addresses.
fn range(base: u64, address: u32, size: u32) -> Range<u64> {
    let start = base.saturating_add(address.into());
    start..start.saturating_add(size.into())
}

/// File offsets of the entries of the debug directory.
fn entries(headers: &Headers, image: &[u8]) -> Result<impl Iterator<Item = u64> + use<>> {
    let (address, size) = headers.directory(image, Directory::Debug)?;
    let start = match size {
        0 => 0,
        size => headers.file_offset(address, size)?,
    };
    Ok((0..u64::from(size / ENTRY_SIZE)).map(move |number| start + number * u64::from(ENTRY_SIZE)))
}

/// Computes the checksum anew in an image that has one.
///
/// The sum of all 16-bit words with the carry added back, the checksum itself taken as 0, plus
/// the size of the file.
pub(super) fn renew_checksum(image: &mut [u8]) -> Result<()> {
    let at = Headers::parse(image)?.optional(CHECKSUM);
    if bytes::u32_at(image, at, WHAT)? == 0 {
        return Ok(());
    }
    bytes::zero(image, at, 4, WHAT)?;
    let mut sum = 0_u64;
    let words = image.as_chunks::<2>();
    for word in words.0 {
        sum += u64::from(u16::from_le_bytes(*word));
    }
    sum += words.1.first().copied().map_or(0, u64::from);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let checksum = bytes::word(bytes::index(sum + image.len() as u64), WHAT)?;
    bytes::put(image, at, &checksum.to_le_bytes(), WHAT)
}
