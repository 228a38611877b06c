//! [`Msf`]: the container of a PDB: streams, cut into blocks that are anywhere in the file (LLVM, "The MSF File Format").
//!
//! ```text
//! 0   "Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0"
//! 32  block size, free block map, block count, directory bytes, unknown, block of the directory's block list
//! directory: stream count, size of each (ffffffff: none), then the blocks of each, all u32
//! ```

use std::borrow::Cow;

use super::super::LineError;
use super::bytes::{PdbBytes, u32_at};

const MAGIC: &[u8] = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0";
const MAGIC_COMPRESSED: &[u8] = b"Microsoft MSFZ Container\r\n\x1aALD\0\0";
/// A stream that is not there.
const NONE: u32 = u32::MAX;

/// The streams of a PDB.
#[derive(Debug)]
pub(super) struct Msf<'d> {
    bytes: &'d [u8],
    block_size: usize,
    directory: Cow<'d, [u8]>,
    /// For each stream its size and where its blocks are listed in the directory.
    streams: Vec<(usize, usize)>,
}

impl<'d> Msf<'d> {
    /// Reads the directory.
    ///
    /// # Errors
    /// If it is none, or if the streams take more blocks than the file has: no block is in two of them.
    pub(super) fn open(bytes: &'d [u8]) -> Result<Self, LineError> {
        if bytes.starts_with(MAGIC_COMPRESSED) {
            return Err(LineError::PdbKind("it is compressed (MSFZ)"));
        }
        if !bytes.starts_with(MAGIC) {
            return Err(LineError::PdbKind("it does not start as one"));
        }
        Self::read(bytes).ok_or(LineError::Pdb("the directory of streams"))
    }

    fn read(bytes: &'d [u8]) -> Option<Self> {
        let mut header = PdbBytes(bytes.get(MAGIC.len()..)?);
        let block_size = header.size().filter(|size| (512..=65536).contains(size))?;
        header.skip(8)?;
        let (directory_size, _, map) = (header.size()?, header.u32()?, header.size()?);
        if directory_size > bytes.len() {
            return None;
        }
        let list = bytes.get(map.checked_mul(block_size)?..)?;
        let directory = gather(bytes, block_size, list, directory_size)?;
        let count = u32_at(&directory, 0)? as usize;
        let mut sizes = PdbBytes(directory.get(4..)?);
        let mut blocks = count.checked_mul(4)?.checked_add(4)?;
        let mut streams = Vec::new();
        let mut total = 0_usize;
        for _ in 0..count {
            let size = sizes.u32()?;
            let size = if size == NONE { 0 } else { size as usize };
            streams.push((size, blocks));
            let used = size.div_ceil(block_size);
            blocks = blocks.checked_add(used.checked_mul(4)?)?;
            total = total.checked_add(used)?;
        }
        let has_blocks = bytes.len().div_ceil(block_size);
        (total <= has_blocks).then_some(Self { bytes, block_size, directory, streams })
    }

    /// The bytes of a stream, borrowed if its blocks follow each other. A stream that is not there is empty.
    ///
    /// # Errors
    /// If one of its blocks is outside the file.
    pub(super) fn stream(&self, index: usize) -> Result<Cow<'d, [u8]>, LineError> {
        let Some((size, blocks)) = self.streams.get(index) else { return Ok(Cow::Borrowed(&[])) };
        let list = self.directory.get(*blocks..);
        list.and_then(|list| gather(self.bytes, self.block_size, list, *size))
            .ok_or(LineError::Pdb("a stream outside the file"))
    }
}

/// Puts the blocks of a list together.
fn gather<'d>(
    bytes: &'d [u8],
    block_size: usize,
    list: &[u8],
    size: usize,
) -> Option<Cow<'d, [u8]>> {
    let count = size.div_ceil(block_size);
    let list = list.get(..count.checked_mul(4)?)?;
    let numbers = || list.chunks_exact(4).filter_map(|it| Some(u32_at(it, 0)? as usize));
    let Some(first) = numbers().next() else { return Some(Cow::Borrowed(&[])) };
    let start = first.checked_mul(block_size)?;
    if numbers().zip(first..).all(|(number, expected)| number == expected) {
        return bytes.get(start..start.checked_add(size)?).map(Cow::Borrowed);
    }
    let mut gathered = Vec::with_capacity(size);
    for number in numbers() {
        let start = number.checked_mul(block_size)?;
        let length = block_size.min(size - gathered.len());
        gathered.extend_from_slice(bytes.get(start..start.checked_add(length)?)?);
    }
    Some(Cow::Owned(gathered))
}
