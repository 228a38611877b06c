//! Numbers and texts at places of a Go object.

/// The number at a place, little-endian.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

/// The number at a place, little-endian.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Where a text is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    start: usize,
    size: usize,
}

impl Text {
    /// The text that is named at a place.
    pub(super) fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let [size, start] = [at, at + 4].map(|at| usize::try_from(u32_at(bytes, at)?).ok());
        Some(Self { start: start?, size: size? })
    }

    /// Its bytes in an object.
    pub(super) fn of(self, data: &[u8]) -> Option<&[u8]> {
        data.get(self.start..self.start.checked_add(self.size)?)
    }
}
