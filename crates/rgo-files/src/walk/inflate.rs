//! Decodes deflate, bare and in gzip, with reused state.
//!
//! An archive can contain a hundred thousand small streams. A new decoder for each, allocated
//! between results that stay, leaves gaps in memory that nothing fits into again: more than a
//! gigabyte for a file of thirty kilobytes. So the state is lent. This module parses gzip's frame
//! itself, because `flate2`'s reader cannot reuse state.
//!
//! ```text
//! gzip ::= member…                                    RFC 1952, little-endian
//! member: 0 1f 8b   2 method (8)   3 flags   4 time[4]   8 extra flags   9 system   10
//!         [flag 4: u16 length, bytes] [flag 8: name NUL] [flag 16: comment NUL] [flag 2: u16]
//!         deflate   u32 crc   u32 size modulo 2^32
//! ```

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

/// A deflate stream.
pub(super) struct Inflate<'s, R> {
    source: R,
    state: &'s mut Decompress,
    ended: bool,
}

impl<'s, R: BufRead> Inflate<'s, R> {
    pub(super) fn new(source: R, state: &'s mut Decompress) -> Self {
        state.reset(false);
        Self { source, state, ended: false }
    }
}

impl<R: BufRead> Read for Inflate<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let input = self.source.fill_buf()?;
            let (taken, given) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(input, buffer, FlushDecompress::None)?;
            let is_last = input.is_empty();
            // Both are at most the length of a slice.
            let taken = (self.state.total_in() - taken) as usize;
            let given = (self.state.total_out() - given) as usize;
            self.source.consume(taken);
            self.ended = status == Status::StreamEnd;
            if given > 0 {
                return Ok(given);
            }
            if is_last && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if taken == 0 && !self.ended {
                return Err(io::Error::other("a deflate stream that does not go on"));
            }
        }
        Ok(0)
    }
}

/// All members of a gzip stream.
pub(super) struct Gzip<'s, R> {
    inflate: Inflate<'s, R>,
    crc: Crc,
    begun: bool,
    members: u64,
}

impl<'s, R: BufRead> Gzip<'s, R> {
    pub(super) fn new(source: R, state: &'s mut Decompress) -> Self {
        Self { inflate: Inflate::new(source, state), crc: Crc::new(), begun: false, members: 0 }
    }

    /// Reads the header of the next member. Returns whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        let source = &mut self.inflate.source;
        match source.fill_buf()?.first() {
            // Tapes and some uploads have padding.
            None | Some(0) if self.members > 0 => return Ok(false),
            _ => {}
        }
        let mut head = [0; 10];
        source.read_exact(&mut head)?;
        let [0x1f, 0x8b, 8, flags, ..] = head else {
            return Err(io::Error::other("what stands behind a gzip stream is none"));
        };
        if flags & 4 != 0 {
            let mut length = [0; 2];
            source.read_exact(&mut length)?;
            skip(source, u16::from_le_bytes(length).into())?;
        }
        for flag in [8, 16] {
            if flags & flag != 0 {
                skip_text(source)?;
            }
        }
        if flags & 2 != 0 {
            skip(source, 2)?;
        }
        self.inflate.state.reset(false);
        self.inflate.ended = false;
        self.crc.reset();
        (self.begun, self.members) = (true, self.members + 1);
        Ok(true)
    }

    fn end(&mut self) -> io::Result<()> {
        let mut tail = [0; 8];
        self.inflate.source.read_exact(&mut tail)?;
        let [a, b, c, d, size @ ..] = tail;
        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
            return Err(io::Error::other("the checksum of a gzip stream does not match"));
        }
        if u32::from_le_bytes(size) != self.crc.amount() {
            return Err(io::Error::other("the size of a gzip stream does not match"));
        }
        self.begun = false;
        Ok(())
    }
}

impl<R: BufRead> Read for Gzip<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.begun && !self.begin()? {
                return Ok(0);
            }
            let read = self.inflate.read(buffer)?;
            self.crc.update(buffer.get(..read).unwrap_or_default());
            if read > 0 {
                return Ok(read);
            }
            self.end()?;
        }
    }
}

fn skip(source: &mut impl BufRead, length: u64) -> io::Result<()> {
    match io::copy(&mut source.take(length), &mut io::sink())? {
        skipped if skipped < length => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// Skips past the next NUL, however far that is.
fn skip_text(source: &mut impl BufRead) -> io::Result<()> {
    loop {
        let text = source.fill_buf()?;
        if text.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = memchr::memchr(0, text);
        let length = end.map_or(text.len(), |end| end + 1);
        source.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}
