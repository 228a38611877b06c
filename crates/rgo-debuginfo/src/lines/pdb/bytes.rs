//! [`PdbBytes`]: reads little-endian numbers and texts one after the other. What is cut short reads as `None`.

/// The bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct PdbBytes<'a>(pub(super) &'a [u8]);

impl<'a> PdbBytes<'a> {
    /// The next bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Skips bytes.
    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*bytes))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    /// A size or offset.
    pub(super) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    /// A text up to its NUL.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.take(end)?;
        self.skip(1)?;
        Some(text)
    }
}

/// The number at an offset.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    PdbBytes(bytes.get(offset..)?).u32()
}

/// The text at an offset.
pub(super) fn text_at(bytes: &[u8], offset: usize) -> Option<&[u8]> {
    PdbBytes(bytes.get(offset..)?).text()
}

/// A record of symbols or types.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// Where it starts.
    pub(super) offset: usize,
    /// What it is.
    pub(super) kind: u16,
    /// The rest of it.
    pub(super) content: &'a [u8],
}

/// The records of a stream from an offset on: `length u16` (of what follows), `kind u16`, content.
pub(super) fn records(stream: &[u8], start: usize) -> impl Iterator<Item = Record<'_>> {
    let mut offset = start;
    std::iter::from_fn(move || {
        let mut bytes = PdbBytes(stream.get(offset..)?);
        let length = usize::from(bytes.u16()?);
        let mut record = PdbBytes(bytes.take(length)?);
        let kind = record.u16()?;
        let found = Record { offset, kind, content: record.0 };
        offset += 2 + length;
        Some(found)
    })
}
