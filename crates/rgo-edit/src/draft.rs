//! An edit as data: the pieces of an output. A piece names a range of the input and does not copy
//! it, so an edit of a file of any size takes only the memory of its new bytes. The draft also
//! records the origin of each byte, which the check of an edit relies on.
//!
//! ```text
//! input   header │ code, data │ .debug_* │ .symtab │ section headers
//!             ╲        │                        ╱
//! draft    new: header │ copy │ new: symbols │ new: section headers
//! ```

use std::borrow::Cow;
use std::ops::Range;

use super::bytes::{self, ReadBytes};
use super::reason::Reason;
use rgo_binary::{Error, Result};

/// A run of bytes of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A range of the input, unchanged.
    Copy(Range<u64>),
    /// Bytes that the edit made.
    New(Vec<u8>, Reason),
    /// This many zeros.
    Zeros(u64, Reason),
}

impl Piece {
    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Copy(range) => range.end - range.start,
            Self::New(bytes, _) => bytes.len() as u64,
            Self::Zeros(size, _) => *size,
        }
    }

    /// Cuts it in two after `size` bytes, which are fewer than it has.
    fn split(&mut self, size: u64) -> Self {
        match self {
            Self::Copy(range) => {
                let rest = range.start + size..range.end;
                range.end = rest.start;
                Self::Copy(rest)
            }
            Self::New(bytes, why) => Self::New(bytes.split_off(bytes::index(size)), *why),
            Self::Zeros(all, why) => {
                let rest = Self::Zeros(*all - size, *why);
                *all = size;
                rest
            }
        }
    }
}

/// An output under construction.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    input: &'a [u8],
    /// None is empty.
    pieces: Vec<Piece>,
    size: u64,
}

impl<'a> Draft<'a> {
    /// An output without bytes.
    pub(super) fn empty(input: &'a [u8]) -> Self {
        Self { input, pieces: Vec::new(), size: 0 }
    }

    /// An output that equals its input.
    pub(super) fn of(input: &'a [u8]) -> Self {
        let mut draft = Self::empty(input);
        draft.add(Piece::Copy(0..input.len() as u64));
        draft
    }

    /// The input: the ranges of [`Piece::Copy`] lie in it.
    #[must_use]
    pub fn input(&self) -> &'a [u8] {
        self.input
    }

    /// The pieces of the output, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Size of the output in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the output equals the input, byte for byte.
    #[must_use]
    pub fn is_input(&self) -> bool {
        if self.size != self.input.len() as u64 {
            return false;
        }
        let mut start = 0;
        self.pieces.iter().all(|piece| {
            let there = start..start + piece.size();
            start = there.end;
            if *piece == Piece::Copy(there.clone()) {
                return true;
            }
            let mut at = bytes::index(there.start);
            Chunks { input: self.input, piece, done: 0 }.all(|chunk| {
                let place = at..at + chunk.len();
                at = place.end;
                self.input.get(place) == Some(chunk)
            })
        })
    }

    /// The bytes of each piece, in order. Zeros come in chunks.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().flat_map(|piece| Chunks { input: self.input, piece, done: 0 })
    }

    /// The whole output.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(bytes::index(self.size));
        self.chunks().for_each(|chunk| all.extend_from_slice(chunk));
        all
    }

    /// Appends bytes of the input.
    pub(super) fn copy(&mut self, offset: u64, size: u64, what: &'static str) -> Result<()> {
        bytes::range(self.input, offset, size, what)?;
        self.add(Piece::Copy(offset..offset + size));
        Ok(())
    }

    /// Appends new bytes.
    pub(super) fn push(&mut self, bytes: Vec<u8>, why: Reason) {
        self.add(Piece::New(bytes, why));
    }

    /// Appends zeros up to a multiple of `align`.
    pub(super) fn pad(&mut self, align: u64) {
        let size = self.size.next_multiple_of(align.max(1));
        self.zeros(size - self.size, Reason::Padding);
    }

    /// Appends this many zeros.
    pub(super) fn zeros(&mut self, size: u64, why: Reason) {
        self.add(Piece::Zeros(size, why));
    }

    /// Appends a range of another output of the same input.
    pub(super) fn take(
        &mut self,
        from: &Self,
        offset: u64,
        size: u64,
        what: &'static str,
    ) -> Result<()> {
        from.check(offset, size, what)?;
        let mut start = 0;
        for piece in &from.pieces {
            let end = start + piece.size();
            let (first, last) = (offset.max(start), (offset + size).min(end));
            if first < last {
                let mut part = piece.clone();
                if last < end {
                    part.split(last - start);
                }
                self.add(if first > start { part.split(first - start) } else { part });
            }
            start = end;
        }
        Ok(())
    }

    /// Appends another output, which is an edit of the part of the input that starts at `base`.
    pub(super) fn append(&mut self, other: Draft<'_>, base: u64) {
        for piece in other.pieces {
            self.add(match piece {
                Piece::Copy(range) => Piece::Copy(base + range.start..base + range.end),
                new => new,
            });
        }
    }

    /// Cuts the output to `size` bytes.
    pub(super) fn truncate(&mut self, size: u64) {
        if size < self.size {
            let end = self.cut(size);
            self.pieces.truncate(end);
            self.size = size;
        }
    }

    /// Overwrites bytes of the output. Bytes that already have this value stay a copy.
    pub(super) fn put(
        &mut self,
        offset: u64,
        bytes: &[u8],
        why: Reason,
        what: &'static str,
    ) -> Result<()> {
        if *self.read(offset, bytes.len() as u64, what)? != *bytes {
            self.replace(offset, Piece::New(bytes.to_vec(), why));
        }
        Ok(())
    }

    /// Overwrites bytes of the output with zeros.
    pub(super) fn zero(
        &mut self,
        offset: u64,
        size: u64,
        why: Reason,
        what: &'static str,
    ) -> Result<()> {
        self.check(offset, size, what)?;
        if size > 0 {
            self.replace(offset, Piece::Zeros(size, why));
        }
        Ok(())
    }

    /// Replaces as many bytes of the output by a piece.
    fn replace(&mut self, offset: u64, piece: Piece) {
        let size = piece.size();
        let (start, end) = (self.cut(offset), self.cut(offset + size));
        self.pieces.splice(start..end, [piece]);
    }

    /// Makes a piece start at `offset`, and returns its index.
    fn cut(&mut self, offset: u64) -> usize {
        let mut start = 0;
        for (index, piece) in self.pieces.iter_mut().enumerate() {
            if start == offset {
                return index;
            }
            let size = piece.size();
            if offset < start + size {
                let rest = piece.split(offset - start);
                self.pieces.insert(index + 1, rest);
                return index + 1;
            }
            start += size;
        }
        self.pieces.len()
    }

    /// Appends a piece. Merges it with the last one if it continues that.
    fn add(&mut self, piece: Piece) {
        let size = piece.size();
        if size == 0 {
            return;
        }
        self.size += size;
        match (self.pieces.last_mut(), piece) {
            (Some(Piece::Copy(last)), Piece::Copy(next)) if last.end == next.start => {
                last.end = next.end;
            }
            (Some(Piece::Zeros(last, old)), Piece::Zeros(next, new)) if *old == new => {
                *last += next;
            }
            (_, piece) => self.pieces.push(piece),
        }
    }
}

impl ReadBytes for Draft<'_> {
    /// Reads bytes of the output; borrowed if one piece has them all.
    fn read(&self, offset: u64, size: u64, what: &'static str) -> Result<Cow<'_, [u8]>> {
        self.check(offset, size, what)?;
        let mut gathered = Vec::new();
        let mut start = 0;
        for piece in &self.pieces {
            let end = start + piece.size();
            let (from, to) = (offset.max(start), (offset + size).min(end));
            if from < to {
                let within = bytes::index(from - start)..bytes::index(to - start);
                let found = match piece {
                    Piece::Copy(range) => {
                        let base = bytes::index(range.start);
                        self.input.get(base + within.start..base + within.end)
                    }
                    Piece::New(bytes, _) => bytes.get(within),
                    Piece::Zeros(..) => None,
                };
                match found {
                    Some(found) if to - from == size => return Ok(Cow::Borrowed(found)),
                    Some(found) => gathered.extend_from_slice(found),
                    None => gathered.resize(gathered.len() + bytes::index(to - from), 0),
                }
            }
            if end >= offset + size {
                break;
            }
            start = end;
        }
        Ok(Cow::Owned(gathered))
    }

    fn check(&self, offset: u64, size: u64, what: &'static str) -> Result<()> {
        match offset.checked_add(size) {
            Some(end) if end <= self.size => Ok(()),
            _ => {
                let why = format!("{size} bytes reach outside the {} bytes there are", self.size);
                Err(Error::malformed(what, offset, why))
            }
        }
    }
}

/// The bytes of one piece.
struct Chunks<'a> {
    input: &'a [u8],
    piece: &'a Piece,
    done: u64,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let left = self.piece.size() - self.done;
        let chunk = match self.piece {
            _ if left == 0 => return None,
            Piece::Copy(range) => {
                self.input.get(bytes::index(range.start)..bytes::index(range.end))?
            }
            Piece::New(bytes, _) => bytes.as_slice(),
            Piece::Zeros(..) => ZEROS.get(..bytes::index(left.min(4096)))?,
        };
        self.done += chunk.len() as u64;
        Some(chunk)
    }
}

#[cfg(test)]
mod tests;
