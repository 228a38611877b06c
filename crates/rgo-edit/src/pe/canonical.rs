//! Makes a PE image depend only on the linker's input, so that the same input gives the same bytes:
//! replaces times and the reference to the PDB file.
//!
//! ```text
//! debug directory, 28 bytes each: 0 u32, time u32, version 2 u16, kind u32, size u32,
//!                                 address u32, file offset u32
//! kind 2, CodeView: "RSDS", GUID 16, age u32, path of the PDB, NUL
//! ```
//!
//! This module also computes the checksum, which covers the whole file. (Microsoft, "PE Format")

use sha2::{Digest, Sha256};

use super::headers::{DataDirectory, Headers};
use crate::bytes::{self, ReadBytes};
use crate::{Draft, Reason};
use rgo_binary::{Error, Result};

const WHAT: &str = "PE debug directory";
const ENTRY_SIZE: u32 = 28;
const CODE_VIEW: u32 = 2;
const RSDS: &[u8] = b"RSDS";
/// Bytes of a CodeView record before the path.
const RSDS_HEADER: u64 = 24;
/// The checksum's place in the optional header.
const CHECKSUM: u64 = 64;

/// Sets all times to `timestamp`, and derives the PDB reference from the content: GUID from its
/// hash, age 1, the file name without its folder.
pub(super) fn canonicalize(image: &mut Draft<'_>, timestamp: u32) -> Result<()> {
    let headers = Headers::parse(image)?;
    image.put(headers.coff(4), &timestamp.to_le_bytes(), Reason::Identity, WHAT)?;
    // In these three, the time is the second field, and often 0.
    for directory in [DataDirectory::Export, DataDirectory::Resource, DataDirectory::LoadConfig] {
        let (address, size) = headers.directory(image, directory)?;
        if size < 8 {
            continue;
        }
        let at = headers.file_offset(address, 8)? + 4;
        if bytes::u32_at(image, at, WHAT)? != 0 {
            image.put(at, &timestamp.to_le_bytes(), Reason::Identity, WHAT)?;
        }
    }
    let mut guids = Vec::new();
    for entry in entries(&headers, image)? {
        image.put(entry + 4, &timestamp.to_le_bytes(), Reason::Identity, WHAT)?;
        let (size, address) =
            (bytes::u32_at(image, entry + 16, WHAT)?, bytes::u32_at(image, entry + 20, WHAT)?);
        if bytes::u32_at(image, entry + 12, WHAT)? != CODE_VIEW || address == 0 {
            continue;
        }
        let at = headers.file_offset(address, size)?;
        let record = image.read(at, size.into(), "PE CodeView record")?;
        if !record.starts_with(RSDS) || u64::from(size) < RSDS_HEADER {
            continue;
        }
        let mut record = rsds(&record);
        let used = bytes::word(record.len(), WHAT)?;
        record.resize(size as usize, 0);
        image.put(at, &record, Reason::Identity, WHAT)?;
        image.put(entry + 16, &used.to_le_bytes(), Reason::Identity, WHAT)?;
        guids.push(at + RSDS.len() as u64);
    }
    // The checksum depends on all other bytes.
    let mut content = image.clone();
    content.put(headers.optional(CHECKSUM), &[0; 4], Reason::Checksum, WHAT)?;
    let mut hash = Sha256::new();
    content.chunks().for_each(|chunk| hash.update(chunk));
    let hash = hash.finalize();
    for at in guids {
        image.put(at, hash.get(..16).unwrap_or_default(), Reason::Identity, WHAT)?;
    }
    Ok(())
}

/// A CodeView record without the parts that differ between links.
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

/// Updates the file offsets in the debug directory. Nothing before `unmoved` has moved.
pub(super) fn relocate_debug_data(image: &mut Draft<'_>, unmoved: u64) -> Result<()> {
    let headers = Headers::parse(image)?;
    for entry in entries(&headers, image)? {
        let (size, address) =
            (bytes::u32_at(image, entry + 16, WHAT)?, bytes::u32_at(image, entry + 20, WHAT)?);
        let offset = bytes::u32_at(image, entry + 24, WHAT)?;
        if u64::from(offset) + u64::from(size) <= unmoved {
            continue;
        }
        if address != 0 && size != 0 {
            let offset = bytes::word(bytes::index(headers.file_offset(address, size)?), WHAT)?;
            image.put(entry + 24, &offset.to_le_bytes(), Reason::DebugDirectory, WHAT)?;
        } else if offset != 0 && size != 0 {
            return Err(Error::unsupported(
                "moving the debug data of this PE image",
                "they lie outside of its sections",
            ));
        }
    }
    Ok(())
}

/// File offsets of the entries of the debug directory.
fn entries(headers: &Headers, image: &Draft<'_>) -> Result<impl Iterator<Item = u64> + use<>> {
    let (address, size) = headers.directory(image, DataDirectory::Debug)?;
    let start = match size {
        0 => 0,
        size => headers.file_offset(address, size)?,
    };
    Ok((0..u64::from(size / ENTRY_SIZE)).map(move |number| start + number * u64::from(ENTRY_SIZE)))
}

/// Recomputes the checksum of an image that has one.
///
/// It is the sum of all 16-bit words with the carry added back, the checksum itself taken as 0,
/// plus the size of the file.
pub(super) fn renew_checksum(image: &mut Draft<'_>) -> Result<()> {
    let at = Headers::parse(image)?.optional(CHECKSUM);
    if bytes::u32_at(image, at, WHAT)? == 0 {
        return Ok(());
    }
    image.put(at, &[0; 4], Reason::Checksum, WHAT)?;
    let mut sum = 0_u64;
    let mut is_high = false;
    for mut chunk in image.chunks() {
        // A word may start in one chunk and end in the next.
        if let (true, Some((byte, rest))) = (is_high, chunk.split_first()) {
            sum += u64::from(*byte) << 8;
            (chunk, is_high) = (rest, false);
        }
        let (words, odd) = chunk.as_chunks::<2>();
        sum += words.iter().map(|word| u64::from(u16::from_le_bytes(*word))).sum::<u64>();
        if let Some(byte) = odd.first() {
            sum += u64::from(*byte);
            is_high = true;
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let checksum = bytes::word(bytes::index(sum + image.size()), WHAT)?;
    image.put(at, &checksum.to_le_bytes(), Reason::Checksum, WHAT)
}
