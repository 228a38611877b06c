//! gzip, xz and zstd, read as they come: whatever the size of what is inside, no more is in
//! memory than a decoder's window.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use flate2::Decompress;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::budget::{Guarded, Taken};
use super::inflate::Gzip;
use super::limits::MAX_WINDOW;
use super::refusal::Refusal;
use super::sniff::{HEAD, Kind, sniff};
use super::tar;
use super::visitor::{Body, Visitor, fill, skip};

const BUFFER: usize = 64 << 10;

/// What decoders need and is used again; see [`super::inflate`] for why.
pub(super) struct Tools {
    pub(super) inflate: Decompress,
    zstd: Box<FrameDecoder>,
    buffer: Box<[u8]>,
}

impl Tools {
    pub(super) fn new() -> Self {
        let mut zstd = Box::new(FrameDecoder::new());
        zstd.set_max_window_size(MAX_WINDOW);
        Self { inflate: Decompress::new(false), zstd, buffer: vec![0; BUFFER].into_boxed_slice() }
    }
}

/// Reads through a buffer that is lent.
struct Buffered<'s, R> {
    inner: R,
    buffer: &'s mut [u8],
    from: usize,
    to: usize,
}

impl<R: Read> Read for Buffered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Buffered<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.from >= self.to {
            (self.from, self.to) = (0, self.inner.read(self.buffer)?);
        }
        Ok(self.buffer.get(self.from..self.to).unwrap_or_default())
    }

    fn consume(&mut self, length: usize) {
        self.from = self.from.saturating_add(length).min(self.to);
    }
}

/// Visits what a compressed stream holds: a tar as if it stood there bare, anything else as the
/// one member.
pub(super) fn visit<T>(visitor: &mut Visitor<'_, T>, kind: Kind, reader: &mut dyn Read) {
    visitor.with_tools(|visitor, tools| unpack(visitor, tools, kind, reader));
}

fn unpack<T>(visitor: &mut Visitor<'_, T>, tools: &mut Tools, kind: Kind, reader: &mut dyn Read) {
    let taken = Cell::new(0);
    let budget = visitor.budget;
    let Tools { inflate, zstd, buffer } = tools;
    let source = Buffered { inner: Taken::new(reader, &taken), buffer, from: 0, to: 0 };
    let decoder = decoder(kind, source, inflate, zstd);
    let mut unpacked = Guarded::new(decoder, budget, &taken, visitor.level());
    let mut head = [0; HEAD];
    let head = match fill(&mut unpacked, &mut head) {
        Ok(length) => head.get(..length).unwrap_or_default(),
        Err(error) => return visitor.refuse_io(error),
    };
    let inside = sniff(head);
    let mut rest = head.chain(unpacked);
    let whole = match inside {
        Kind::Tar => tar::visit(visitor, tar::Source::Stream(&mut rest)),
        _ => {
            let name = visitor.name.unpacked();
            visitor.member(name.as_bytes(), |visitor| {
                visitor.body(Body::Stream { reader: &mut rest, size: None });
            });
            inside != Kind::Other
        }
    };
    // The checksum stands at the end: worth the way there if anything was believed.
    if whole && let Err(error) = skip(&mut rest, u64::MAX) {
        visitor.refuse_io(error);
    }
}

/// The decoder of a format; one that is no compression gives its bytes as they are.
fn decoder<'a>(
    kind: Kind,
    source: impl BufRead + 'a,
    inflate: &'a mut Decompress,
    zstd: &'a mut FrameDecoder,
) -> Box<dyn Read + 'a> {
    match kind {
        Kind::Gzip => Box::new(Gzip::new(source, inflate)),
        Kind::Xz => Box::new(Xz(XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB))),
        Kind::Zstd => Box::new(Zstd { source, decoder: zstd, begun: false }),
        _ => Box::new(source),
    }
}

/// The same from memory.
pub(super) fn from_memory<'a>(
    kind: Kind,
    bytes: &'a [u8],
    tools: &'a mut Tools,
) -> Box<dyn Read + 'a> {
    decoder(kind, bytes, &mut tools.inflate, &mut tools.zstd)
}

/// An xz stream whose refusal of a large window is told from damage.
struct Xz<R: Read>(XzReader<R>);

impl<R: Read> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => {
                unsupported(format!("an xz window of more than {MAX_WINDOW} bytes"))
            }
            _ => error,
        })
    }
}

/// The window and what the decoder itself needs beside it.
const XZ_MEMORY_KIB: u32 = (MAX_WINDOW >> 10) as u32 + 1024;

fn unsupported(what: String) -> io::Error {
    io::Error::other(Refusal::Unsupported(what))
}

/// All frames of a zstd stream: `ruzstd` reads one.
///
/// ```text
/// frame ::= magic, header, block…, [checksum]  |  5x 2a 4d 18, u32 LE size, bytes to skip
/// ```
struct Zstd<'s, R> {
    source: R,
    decoder: &'s mut FrameDecoder,
    begun: bool,
}

impl<R: BufRead> Zstd<'_, R> {
    /// Goes to the next frame with content; whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        if self.begun {
            self.check()?;
        }
        self.begun = false;
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.begun = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.source).take(length.into());
                    if io::copy(&mut skipped, &mut io::sink())? < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { requested, max }) => {
                    return Err(unsupported(format!(
                        "a zstd window of {requested} bytes, over {max}"
                    )));
                }
                Err(FrameDecoderError::DictNotProvided { dict_id }) => {
                    return Err(unsupported(format!("zstd with a dictionary ({dict_id})")));
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    fn check(&self) -> io::Result<()> {
        let stated = self.decoder.get_checksum_from_data();
        if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
            return Err(io::Error::other("the checksum of a zstd frame does not match"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstd<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.begun && self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.begun && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
            } else if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}
