//! Reads and writes numbers and ranges at computed offsets. Any such access can lie outside of the
//! image; the functions here then return an error with the offset. Numbers are little-endian, as in
//! today's Mach-O and PE images. (ELF goes through `object`, which knows both orders.)

use std::borrow::Cow;
use std::ops::Range;

use rgo_binary::{Error, Result};

/// A source of bytes: an image in one piece, or a draft.
pub(super) trait ReadBytes {
    /// `size` bytes at `offset`.
    fn read(&self, offset: u64, size: u64, what: &'static str) -> Result<Cow<'_, [u8]>>;

    /// Fails where there are no `size` bytes at `offset`.
    fn check(&self, offset: u64, size: u64, what: &'static str) -> Result<()>;
}

impl<T: AsRef<[u8]> + ?Sized> ReadBytes for T {
    fn read(&self, offset: u64, size: u64, what: &'static str) -> Result<Cow<'_, [u8]>> {
        slice(self.as_ref(), offset, size, what).map(Cow::Borrowed)
    }

    fn check(&self, offset: u64, size: u64, what: &'static str) -> Result<()> {
        range(self.as_ref(), offset, size, what).map(|_| ())
    }
}

/// `size` bytes at `offset`, as a range that lies within `data`.
pub(super) fn range(
    data: &[u8],
    offset: u64,
    size: u64,
    what: &'static str,
) -> Result<Range<usize>> {
    let end = offset.checked_add(size).filter(|end| *end <= data.len() as u64);
    let end = end.ok_or_else(|| {
        let why = format!("{size} bytes reach outside the {} bytes there are", data.len());
        Error::malformed(what, offset, why)
    })?;
    Ok(index(offset)..index(end))
}

/// `size` bytes at `offset`.
pub(super) fn slice<'a>(
    data: &'a [u8],
    offset: u64,
    size: u64,
    what: &'static str,
) -> Result<&'a [u8]> {
    let range = range(data, offset, size, what)?;
    Ok(data.get(range).unwrap_or_default())
}

/// Overwrites the bytes at `offset`.
pub(super) fn put(data: &mut [u8], offset: u64, bytes: &[u8], what: &'static str) -> Result<()> {
    let range = range(data, offset, bytes.len() as u64, what)?;
    if let Some(place) = data.get_mut(range) {
        place.copy_from_slice(bytes);
    }
    Ok(())
}

/// Sets `size` bytes at `offset` to zero.
pub(super) fn zero(data: &mut [u8], offset: u64, size: u64, what: &'static str) -> Result<()> {
    let range = range(data, offset, size, what)?;
    if let Some(place) = data.get_mut(range) {
        place.fill(0);
    }
    Ok(())
}

fn array<const N: usize>(
    data: &(impl ReadBytes + ?Sized),
    offset: u64,
    what: &'static str,
) -> Result<[u8; N]> {
    let bytes = data.read(offset, N as u64, what)?;
    bytes.first_chunk().copied().ok_or_else(|| Error::malformed(what, offset, "cut short"))
}

pub(super) fn u16_at(
    data: &(impl ReadBytes + ?Sized),
    offset: u64,
    what: &'static str,
) -> Result<u16> {
    array(data, offset, what).map(u16::from_le_bytes)
}

pub(super) fn u32_at(
    data: &(impl ReadBytes + ?Sized),
    offset: u64,
    what: &'static str,
) -> Result<u32> {
    array(data, offset, what).map(u32::from_le_bytes)
}

pub(super) fn u64_at(
    data: &(impl ReadBytes + ?Sized),
    offset: u64,
    what: &'static str,
) -> Result<u64> {
    array(data, offset, what).map(u64::from_le_bytes)
}

/// Appends zeros up to a multiple of `align`.
pub(super) fn pad(bytes: &mut Vec<u8>, align: u64) {
    let size = (bytes.len() as u64).next_multiple_of(align.max(1));
    bytes.resize(index(size), 0);
}

/// Converts a size for a 32-bit field.
pub(super) fn word(size: usize, what: &'static str) -> Result<u32> {
    u32::try_from(size)
        .map_err(|_| Error::unsupported(what, format!("{size} bytes do not fit a 32-bit field")))
}

/// Converts an offset that is known to lie within an image in memory.
pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
