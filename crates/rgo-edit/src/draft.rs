//! An edit as data: what the output is made of, piece by piece. Ranges of the input are named,
//! not copied, so an edit of a file of any size takes the memory of what is new; and from where
//! each byte comes can be asked afterwards, which is what the check of an edit rests on.
//!
//! ```text
//! input   header │ code, data │ .debug_* │ .symtab │ section headers
//!             ╲        │                        ╱
//! draft    new: header │ copy │ new: symbols │ new: section headers
//! ```

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::bytes::{self, Source};
use rgo_binary::{Error, Result};

/// Why bytes of an output are not the input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The file header says where tables are, and how many.
    FileHeader,
    /// ELF: where segments are, in a companion.
    ProgramHeaders,
    /// Tables of sections: fewer of them, at other places.
    SectionHeaders,
    /// Names of sections.
    SectionNames,
    /// Mach-O: load commands.
    LoadCommands,
    /// Symbols, their names and what counts them.
    Symbols,
    /// Mach-O: other tables of `__LINKEDIT`, which know symbols or segments by number.
    LinkTables,
    /// A code signature.
    Signature,
    /// PE: the directory of debug data names offsets into the file.
    DebugDirectory,
    /// PE: the sum of all bytes.
    Checksum,
    /// PE: times that the linker set, and what identifies the PDB.
    Identity,
    /// The build note.
    Note,
    /// The list of dependencies.
    DependencyList,
    /// A slot's value.
    Slot,
    /// The link to the companion.
    DebugLink,
    /// A section's bytes, compressed or decompressed.
    Compression,
    /// A section that was asked for.
    AddedSection,
    /// Zeros up to an alignment, or over what is gone.
    Padding,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FileHeader => "file header",
            Self::ProgramHeaders => "program headers",
            Self::SectionHeaders => "section headers",
            Self::SectionNames => "section names",
            Self::LoadCommands => "load commands",
            Self::Symbols => "symbols",
            Self::LinkTables => "link tables",
            Self::Signature => "signature",
            Self::DebugDirectory => "debug directory",
            Self::Checksum => "checksum",
            Self::Identity => "identity",
            Self::Note => "build note",
            Self::DependencyList => "dependency list",
            Self::Slot => "slot",
            Self::DebugLink => "debug link",
            Self::Compression => "compression",
            Self::AddedSection => "added section",
            Self::Padding => "padding",
        })
    }
}

/// A run of bytes of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of the input, as they are.
    Copy(Range<u64>),
    /// Bytes that the edit made.
    New(Vec<u8>, Reason),
    /// So many zeros.
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

    /// Cuts it in two after `size` bytes, fewer than it has.
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
    /// None of them is empty.
    pieces: Vec<Piece>,
    size: u64,
}

impl<'a> Draft<'a> {
    /// An output that has no bytes yet.
    pub(super) fn empty(input: &'a [u8]) -> Self {
        Self { input, pieces: Vec::new(), size: 0 }
    }

    /// An output that is its input.
    pub(super) fn of(input: &'a [u8]) -> Self {
        let mut draft = Self::empty(input);
        draft.add(Piece::Copy(0..input.len() as u64));
        draft
    }

    /// What the ranges of [`Piece::Copy`] lie in.
    #[must_use]
    pub fn input(&self) -> &'a [u8] {
        self.input
    }

    /// The output from its first byte to its last.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Size of the output in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the output is the input, byte for byte.
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

    /// Appends so many zeros.
    pub(super) fn zeros(&mut self, size: u64, why: Reason) {
        self.add(Piece::Zeros(size, why));
    }

    /// Appends bytes of another output of the same input.
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

    /// Appends another output, of a part of the input that starts at `base`.
    pub(super) fn append(&mut self, other: Draft<'_>, base: u64) {
        for piece in other.pieces {
            self.add(match piece {
                Piece::Copy(range) => Piece::Copy(base + range.start..base + range.end),
                new => new,
            });
        }
    }

    /// Cuts the output short.
    pub(super) fn truncate(&mut self, size: u64) {
        if size < self.size {
            let end = self.cut(size);
            self.pieces.truncate(end);
            self.size = size;
        }
    }

    /// Writes over bytes of the output. What is the same already stays a copy.
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

    /// Writes zeros over bytes of the output.
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

    /// Puts a piece in the place of as many bytes, which the output has.
    fn replace(&mut self, offset: u64, piece: Piece) {
        let size = piece.size();
        let (start, end) = (self.cut(offset), self.cut(offset + size));
        self.pieces.splice(start..end, [piece]);
    }

    /// Makes a piece start at `offset`; answers its index.
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

    /// Appends a piece; what continues the last one becomes part of it.
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

impl Source for Draft<'_> {
    /// Bytes of the output; borrowed where one piece has them all.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One step, as an edit of a draft and of plain bytes.
    #[derive(Clone, Debug)]
    enum Step {
        Put(usize, Vec<u8>),
        Zero(usize, usize),
        Copy(usize, usize),
        Push(Vec<u8>),
        Pad(u64),
        Truncate(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..20);
        prop_oneof![
            (0..120_usize, bytes()).prop_map(|(at, bytes)| Step::Put(at, bytes)),
            (0..120_usize, 0..20_usize).prop_map(|(at, size)| Step::Zero(at, size)),
            (0..60_usize, 0..20_usize).prop_map(|(at, size)| Step::Copy(at, size)),
            bytes().prop_map(Step::Push),
            (0..40_u64).prop_map(Step::Pad),
            (0..120_usize).prop_map(Step::Truncate),
        ]
    }

    proptest! {
        #[test]
        fn a_draft_is_what_the_same_edits_make_of_plain_bytes(
            steps in prop::collection::vec(step(), 0..30),
            at in 0..100_u64,
            size in 0..40_u64,
        ) {
            let input: Vec<u8> = (0..64).collect();
            let mut draft = Draft::of(&input);
            let mut plain = input.clone();
            for step in steps {
                match step {
                    Step::Put(at, bytes) => {
                        let put = draft.put(at as u64, &bytes, Reason::Slot, "test");
                        let place = plain.get_mut(at..at + bytes.len());
                        prop_assert_eq!(put.is_ok(), place.is_some());
                        if let Some(place) = place {
                            place.copy_from_slice(&bytes);
                        }
                    }
                    Step::Zero(at, size) => {
                        let put = draft.zero(at as u64, size as u64, Reason::Padding, "test");
                        let place = plain.get_mut(at..at + size);
                        prop_assert_eq!(put.is_ok(), place.is_some());
                        place.into_iter().for_each(|place| place.fill(0));
                    }
                    Step::Copy(at, size) => {
                        let copied = draft.copy(at as u64, size as u64, "test");
                        let bytes = input.get(at..at + size);
                        prop_assert_eq!(copied.is_ok(), bytes.is_some());
                        plain.extend_from_slice(bytes.unwrap_or_default());
                    }
                    Step::Push(bytes) => {
                        plain.extend_from_slice(&bytes);
                        draft.push(bytes, Reason::Note);
                    }
                    Step::Pad(align) => {
                        draft.pad(align);
                        bytes::pad(&mut plain, align);
                    }
                    Step::Truncate(size) => {
                        draft.truncate(size as u64);
                        plain.truncate(size);
                    }
                }
                prop_assert!(draft.pieces().iter().all(|piece| piece.size() > 0));
            }
            prop_assert_eq!(draft.size(), plain.len() as u64);
            prop_assert_eq!(draft.to_vec(), plain.clone());
            prop_assert_eq!(draft.is_input(), plain == input);
            let read = draft.read(at, size, "test").ok().map(Cow::into_owned);
            let expected = plain.get(at as usize..(at + size) as usize).map(<[u8]>::to_vec);
            prop_assert_eq!(read, expected);
            let mut outer = Draft::empty(&input);
            outer.append(draft, 0);
            prop_assert_eq!(outer.to_vec(), plain);
        }
    }

    #[test]
    fn what_is_not_changed_stays_a_copy() {
        let input = *b"one two three";
        let mut draft = Draft::of(&input);
        draft.put(4, b"two", Reason::Slot, "test").expect("inside");
        assert!(draft.is_input());
        draft.put(4, b"TWO", Reason::Slot, "test").expect("inside");
        let expected =
            [Piece::Copy(0..4), Piece::New(b"TWO".to_vec(), Reason::Slot), Piece::Copy(7..13)];
        assert_eq!(draft.pieces(), expected);
        assert!(!draft.is_input());
        draft.put(4, b"two", Reason::Slot, "test").expect("inside");
        assert!(draft.is_input(), "made anew, and the same all the same");
    }
}
