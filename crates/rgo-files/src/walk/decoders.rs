//! Decodes gzip, xz, zstd and bzip2. The decoders read a stream as it comes and keep only their
//! window in memory, whatever the size of the content. zstd uses its C library: a Rust decoder
//! takes three times as long.

use std::io::{self, BufRead, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::Decompress;
use lzma_rust2::XzReader;
use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use super::inflate::Gzip;
use super::limits::MAX_WINDOW;
use super::skip_reason::SkipReason;
use super::sniff::ContentKind;

const BUFFER: usize = 64 << 10;

/// Reusable state of decoders; see [`super::inflate`] for the reason.
pub(super) struct Tools {
    pub(super) inflate: Decompress,
    zstd: DCtx<'static>,
    buffer: Box<[u8]>,
}

impl Tools {
    pub(super) fn new() -> Self {
        let mut zstd = DCtx::create();
        let limited = zstd.set_parameter(DParameter::WindowLogMax(MAX_WINDOW.ilog2()));
        debug_assert!(limited.is_ok(), "the limit is one that zstd itself could have");
        Self { inflate: Decompress::new(false), zstd, buffer: vec![0; BUFFER].into_boxed_slice() }
    }
}

/// Reads through a borrowed buffer.
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

/// The decoder for a format, which reads through a buffer.
pub(super) fn from_stream<'a>(
    kind: ContentKind,
    reader: impl Read + 'a,
    tools: &'a mut Tools,
) -> Box<dyn Read + 'a> {
    let Tools { inflate, zstd, buffer } = tools;
    let source = Buffered { inner: reader, buffer, from: 0, to: 0 };
    decoder(kind, source, inflate, zstd)
}

/// The decoder for a format. A format without compression returns its bytes unchanged.
fn decoder<'a>(
    kind: ContentKind,
    source: impl BufRead + 'a,
    inflate: &'a mut Decompress,
    zstd: &'a mut DCtx<'static>,
) -> Box<dyn Read + 'a> {
    match kind {
        ContentKind::Gzip => Box::new(Gzip::new(source, inflate)),
        ContentKind::Xz => Box::new(Xz(XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB))),
        ContentKind::Zstd => Box::new(Zstd::new(source, zstd)),
        ContentKind::Bzip2 => Box::new(MultiBzDecoder::new(source)),
        _ => Box::new(source),
    }
}

/// Like [`from_stream`], for bytes in memory.
pub(super) fn from_memory<'a>(
    kind: ContentKind,
    bytes: &'a [u8],
    tools: &'a mut Tools,
) -> Box<dyn Read + 'a> {
    decoder(kind, bytes, &mut tools.inflate, &mut tools.zstd)
}

/// An xz stream that distinguishes a window over the limit from damage.
struct Xz<R: Read>(XzReader<R>);

impl<R: Read> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => {
                unsupported(format!("compressed with an xz window of more than {MAX_WINDOW} bytes"))
            }
            _ => error,
        })
    }
}

/// The window and the decoder's own memory.
const XZ_MEMORY_KIB: u32 = (MAX_WINDOW >> 10) as u32 + 1024;

fn unsupported(what: String) -> io::Error {
    io::Error::other(SkipReason::Unsupported(what))
}

/// All frames of a zstd stream.
struct Zstd<'s, R> {
    source: R,
    context: &'s mut DCtx<'static>,
    /// Whether a frame has begun and not ended.
    within: bool,
}

impl<'s, R> Zstd<'s, R> {
    fn new(source: R, context: &'s mut DCtx<'static>) -> Self {
        // Drops the state of the previous stream. This can fail only for parameters.
        let _ = context.reset(ResetDirective::SessionOnly);
        Self { source, context, within: false }
    }
}

impl<R: BufRead> Read for Zstd<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.source.fill_buf()?;
            let is_last = input.is_empty();
            if is_last && !self.within {
                return Ok(0);
            }
            let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(&mut *buffer));
            let left = self.context.decompress_stream(&mut to, &mut from).map_err(zstd_error)?;
            let (taken, given) = (from.pos(), to.pos());
            self.source.consume(taken);
            self.within = left > 0;
            if given > 0 {
                return Ok(given);
            }
            if is_last && self.within {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if taken == 0 && !is_last {
                return Err(io::Error::other("a zstd stream that does not go on"));
            }
        }
    }
}

/// Distinguishes a refusal of the library from damage. The numbers are those of `zstd_errors.h`,
/// which keeps them stable.
fn zstd_error(code: usize) -> io::Error {
    match 0_usize.wrapping_sub(code) {
        16 => unsupported(format!("a zstd window of more than {MAX_WINDOW} bytes")),
        32 => unsupported("zstd with a dictionary".to_owned()),
        _ => io::Error::other(zstd_safe::get_error_name(code)),
    }
}
