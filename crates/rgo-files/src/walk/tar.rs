//! Visits a tar, one member after the other, from memory or from a decompressor. It limits the size
//! of extended headers before it reads them; the usual tar readers cannot do that.
//!
//! ```text
//! block of 512 bytes, as POSIX ustar and GNU tar lay it out:
//!     0  name[100]                 156  type: '0' or NUL file, '1' hard link, '2' symbolic link,
//!   124  size[12]                         '3'…'6' without content, 'x' and 'g' pax, 'L' long name,
//!   148  checksum[8]                      'K' long link target, 'S' sparse, 'M' multi-volume
//!   157  link target[100]          345  prefix[155] (ustar)
//!   257  'ustar' NUL (POSIX), 'ustar  ' (GNU)      482  1 if sparse blocks follow (GNU 'S')
//! archive ::= (block, content padded to 512)… , zero block
//! number  ::= octal text | 80 … big-endian binary (GNU)
//! pax     ::= (length ' ' key '=' value '\n')…
//! ```

use std::borrow::Cow;
use std::io::{self, Read};

use super::ItemContent;
use super::container::{self, Collector, LayerCandidate, LayerEntry, Record, Tar};
use super::limits::MAX_METADATA;
use super::name::escape;
use super::reading::{discard, fill};
use super::skip_reason::SkipReason;
use super::tar_header::{BLOCK, TarHeader};
use super::visitor::{Body, Visitor};

/// The source of a tar.
pub(super) enum TarSource<'a> {
    Bytes(&'a [u8]),
    Stream(&'a mut dyn Read),
}

impl TarSource<'_> {
    fn reader(&mut self) -> &mut dyn Read {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Stream(reader) => *reader,
        }
    }

    /// Passes the content of a member to `visit`, and skips to the end of its padding.
    fn content(&mut self, size: u64, visit: impl FnOnce(Body<'_>)) -> io::Result<()> {
        let left = match self {
            Self::Bytes(bytes) => {
                let length = usize::try_from(size).ok().filter(|length| *length <= bytes.len());
                let (content, rest) =
                    length.and_then(|length| bytes.split_at_checked(length)).ok_or_else(eof)?;
                *bytes = rest;
                visit(Body::Bytes(content));
                0
            }
            Self::Stream(reader) => {
                let mut content = reader.take(size);
                visit(Body::Stream { reader: &mut content, size: Some(size) });
                content.limit()
            }
        };
        self.skip(left)?;
        self.skip_padding(size)
    }

    /// Missing padding of the last member is no error: some tools that write layers of container
    /// images omit it, together with the end marker.
    fn skip_padding(&mut self, size: u64) -> io::Result<()> {
        match self.skip(padding(size)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            result => result,
        }
    }

    fn skip(&mut self, size: u64) -> io::Result<()> {
        match self {
            Self::Bytes(bytes) => {
                let length = usize::try_from(size).map_err(|_| eof())?;
                let rest = bytes.get(length..);
                *bytes = rest.unwrap_or_default();
                rest.ok_or_else(eof)?;
            }
            Self::Stream(reader) => {
                if discard(*reader, size)? < size {
                    return Err(eof());
                }
            }
        }
        Ok(())
    }

    /// Reads an extended header, and skips its padding.
    fn metadata(&mut self, size: u64) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.reader().take(size).read_to_end(&mut text)?;
        if (text.len() as u64) < size {
            return Err(eof());
        }
        self.skip(padding(size))?;
        Ok(text)
    }
}

fn eof() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

/// Visits all members. Returns whether the archive was read to its end.
pub(super) fn visit_members<T>(visitor: &mut Visitor<'_, T>, mut source: TarSource<'_>) -> bool {
    let first = visitor.found.len();
    let mut images =
        TarImages { images: Collector::new(&visitor.options.limits), layer: visitor.begin_layer() };
    let result = members(visitor, &mut source, &mut images);
    let is_whole = result.is_ok() && !visitor.budget.is_over();
    let found = visitor.found.split_off(first);
    let Visitor { name, options, named, inspect, .. } = &*visitor;
    let tar = Tar { name, options, named: *named, inspect: *inspect, first, is_whole };
    visitor.found.extend(images.images.squash(&tar, found));
    visitor.layer = images.layer.map(LayerCandidate::Read);
    if let Err(error) = result {
        visitor.skip_io(error);
    }
    is_whole
}

/// The roles of a tar for container images: it can hold some, and be a layer of one.
struct TarImages {
    images: Collector,
    layer: Option<Record>,
}

fn members<T>(
    visitor: &mut Visitor<'_, T>,
    source: &mut TarSource<'_>,
    images: &mut TarImages,
) -> io::Result<()> {
    let mut extended = Extended::default();
    let mut block = [0; BLOCK];
    while !visitor.budget.is_over() {
        match fill(source.reader(), &mut block)? {
            // The end marker is often missing.
            0 => break,
            BLOCK if block.iter().all(|byte| *byte == 0) => break,
            BLOCK => {}
            _ => return Err(eof()),
        }
        let header = TarHeader(&block);
        if !header.is_whole() {
            return Err(io::Error::other("the checksum of a tar header does not match"));
        }
        let kind = header.kind();
        let is_about_next = matches!(kind, b'x' | b'X' | b'L' | b'K');
        let size = extended.size.filter(|_| !is_about_next).or(header.size());
        let size = size.filter(|size| *size <= i64::MAX as u64);
        let size = size.ok_or_else(|| io::Error::other("the size of a tar member is no number"))?;
        match kind {
            // Without this header, the next member would be misread.
            _ if is_about_next && size > MAX_METADATA => {
                extended.lost = Some(size);
                source.content(size, |_| {})?;
            }
            _ if is_about_next => extended.read(kind, &source.metadata(size)?),
            b'g' => source.content(size, |_| {})?,
            _ => {
                let extended = std::mem::take(&mut extended);
                let first = visitor.found.len();
                let result = member(visitor, source, images, &header, &extended, size);
                if let Some(layer) = &mut images.layer {
                    layer.found(first..visitor.found.len());
                }
                result?;
            }
        }
    }
    Ok(())
}

fn member<T>(
    visitor: &mut Visitor<'_, T>,
    source: &mut TarSource<'_>,
    images: &mut TarImages,
    header: &TarHeader<'_>,
    extended: &Extended,
    size: u64,
) -> io::Result<()> {
    let name = extended.name.as_deref().map_or_else(|| header.name(), Cow::Borrowed);
    let target = extended.target.as_deref().unwrap_or_else(|| header.target());
    if let Some(layer) = &mut images.layer {
        layer.entry(&name, layer_entry(header, &name, target));
    }
    if let Some(lost) = extended.lost {
        let limit = usize::try_from(MAX_METADATA).unwrap_or(usize::MAX);
        let why = SkipReason::NameTooLong { size: lost, limit };
        visitor.member(&name, |visitor| visitor.skip(why));
        return source.content(if header.has_content() { size } else { 0 }, |_| {});
    }
    let mut result = Ok(());
    let mut entered = false;
    visitor.member(&name, |visitor| {
        entered = true;
        result = match header.kind() {
            b'1' | b'2' => {
                images.images.link(&name, target);
                visitor.emit_item(ItemContent::Link { target: &escape(target) });
                Ok(())
            }
            b'S' => {
                visitor.skip(SkipReason::Unsupported("sparse".to_owned()));
                sparse_blocks(source, header).and_then(|()| source.content(size, |_| {}))
            }
            b'M' => {
                visitor.skip(SkipReason::Unsupported("continued from another volume".to_owned()));
                source.content(size, |_| {})
            }
            b'3'..=b'6' => Ok(()),
            // GNU tar's own records: volume labels, folders' listings.
            b'V' | b'D' | b'N' => source.content(size, |_| {}),
            _ if name.ends_with(b"/") => source.content(size, |_| {}),
            _ if extended.sparse => {
                visitor.skip(SkipReason::Unsupported("sparse".to_owned()));
                source.content(size, |_| {})
            }
            _ => {
                source.content(size, |body| content(visitor, &mut images.images, &name, size, body))
            }
        };
    });
    if !entered && header.has_content() {
        return source.content(size, |_| {});
    }
    result
}

/// Visits the content of a member, and keeps it if it may be a list or a layer of images.
fn content<T>(
    visitor: &mut Visitor<'_, T>,
    images: &mut Collector,
    name: &[u8],
    size: u64,
    body: Body<'_>,
) {
    let Some(path) = container::path(name) else { return visitor.body(body) };
    let candidate = images.candidate(path, visitor.level());
    let may_be_layer = candidate.is_some();
    if may_be_layer {
        visitor.layer = candidate;
    }
    if container::is_list(path, size) {
        // If this read fails, the next read of the tar fails too and reports the error.
        if let Ok(text) = body.read(size) {
            visitor.body(Body::Bytes(&text));
            images.keep_text(path, text);
        }
    } else {
        visitor.body(body);
    }
    if may_be_layer {
        images.keep_layer(path, visitor.layer.take().and_then(LayerCandidate::record));
    }
}

/// Skips the blocks that list the ranges of a sparse member.
fn sparse_blocks(source: &mut TarSource<'_>, header: &TarHeader<'_>) -> io::Result<()> {
    let mut more = header.0.get(482) == Some(&1);
    let mut block = [0; BLOCK];
    while more {
        if fill(source.reader(), &mut block)? < BLOCK {
            return Err(eof());
        }
        more = block.get(504) == Some(&1);
    }
    Ok(())
}

/// The effect of a member on the layers below.
fn layer_entry<'t>(header: &TarHeader<'_>, name: &[u8], target: &'t [u8]) -> LayerEntry<'t> {
    match header.kind() {
        b'1' => LayerEntry::HardLink(target),
        b'5' | b'D' => LayerEntry::Folder,
        b'2'..=b'6' => LayerEntry::Other,
        _ if name.ends_with(b"/") => LayerEntry::Folder,
        _ => LayerEntry::Other,
    }
}

/// The extended headers' values for the following member.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    /// The size of a header that was too large to read, in bytes.
    lost: Option<u64>,
}

impl Extended {
    fn read(&mut self, kind: u8, text: &[u8]) {
        let value = || text.split(|byte| *byte == 0).next().map(<[u8]>::to_vec);
        match kind {
            b'L' => self.name = value(),
            b'K' => self.target = value(),
            _ => self.pax(text),
        }
    }

    /// Applies the records up to the first damaged one.
    fn pax(&mut self, mut text: &[u8]) {
        while let Some((key, value, rest)) = record(text) {
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.target = Some(value.to_vec()),
                b"size" => self.size = decimal(value).or(Some(u64::MAX)),
                b"GNU.sparse.name" => (self.name, self.sparse) = (Some(value.to_vec()), true),
                _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
            text = rest;
        }
    }
}

/// The first record: key, value, and the text behind it.
fn record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = text.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(text.get(..space)?)?).ok()?;
    let pair = text.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    Some((pair.get(..equals)?, pair.get(equals + 1..)?, text.get(length..)?))
}

fn decimal(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pax_records_are_taken_by_their_length() {
        let mut extended = Extended::default();
        extended.read(b'x', b"14 path=a\nb/c\n13 size=4096\n22 GNU.sparse.major=1\n");
        assert_eq!(extended.name.as_deref(), Some(b"a\nb/c".as_slice()));
        assert_eq!(extended.size, Some(4096));
        assert!(extended.sparse);
        for damaged in
            [&b"99 path=a\n"[..], b"0 path=a\n", b"x", b"5 a=b", b"18446744073709551615 a=b\n"]
        {
            assert!(record(damaged).is_none(), "{damaged:?}");
        }
    }
}
