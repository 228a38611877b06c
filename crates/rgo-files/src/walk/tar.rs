//! Tar, one member after the other, from memory or from a decompressor. What is read for the
//! format's own sake is bounded before it is read, which the usual readers of tar do not offer.
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

use super::Content;
use super::container::{Candidate, Collector, Entry, Record};
use super::limits::MAX_METADATA;
use super::name::escape;
use super::refusal::Refusal;
use super::visitor::{Body, Visitor, fill, skip};

const BLOCK: usize = 512;

/// Where a tar comes from.
pub(super) enum Source<'a> {
    Bytes(&'a [u8]),
    Stream(&'a mut dyn Read),
}

impl Source<'_> {
    fn reader(&mut self) -> &mut dyn Read {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Stream(reader) => *reader,
        }
    }

    /// Hands over the content of a member, and goes behind it and its padding.
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

    /// Nothing is lost where the last member's padding is: some who write layers of container
    /// images leave it out, together with the mark of the end.
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
                if skip(*reader, size)? < size {
                    return Err(eof());
                }
            }
        }
        Ok(())
    }

    /// Reads what belongs to the format, and goes behind its padding.
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

/// Whether a block starts a tar: it has the mark, or its checksum holds.
pub(super) fn is_header(block: &[u8]) -> bool {
    let header = block.first_chunk().map(Header);
    header.is_some_and(|header| header.has_mark() || header.is_whole())
}

/// Visits all members; whether the archive was read to its end.
pub(super) fn visit<T>(visitor: &mut Visitor<'_, T>, mut source: Source<'_>) -> bool {
    let first = visitor.found.len();
    let mut images =
        Images { images: Collector::new(&visitor.options.limits), layer: visitor.begin_layer() };
    let result = members(visitor, &mut source, &mut images);
    let whole = result.is_ok() && !visitor.budget.is_over();
    images.images.settle(visitor, first, whole);
    visitor.layer = images.layer.map(Candidate::Read);
    if let Err(error) = result {
        visitor.refuse_io(error);
    }
    whole
}

/// What a tar is to container images: it can hold some, and be a layer of one.
struct Images {
    images: Collector,
    layer: Option<Record>,
}

fn members<T>(
    visitor: &mut Visitor<'_, T>,
    source: &mut Source<'_>,
    images: &mut Images,
) -> io::Result<()> {
    let mut extended = Extended::default();
    let mut block = [0; BLOCK];
    while !visitor.budget.is_over() {
        match fill(source.reader(), &mut block)? {
            // The end is often not marked.
            0 => break,
            BLOCK if block.iter().all(|byte| *byte == 0) => break,
            BLOCK => {}
            _ => return Err(eof()),
        }
        let header = Header(&block);
        if !header.is_whole() {
            return Err(io::Error::other("the checksum of a tar header does not match"));
        }
        let kind = header.kind();
        let is_about_next = matches!(kind, b'x' | b'X' | b'L' | b'K');
        let size = extended.size.filter(|_| !is_about_next).or(header.size());
        let size = size.filter(|size| *size <= i64::MAX as u64);
        let size = size.ok_or_else(|| io::Error::other("the size of a tar member is no number"))?;
        match kind {
            // Without it the next member is not what it seems to be.
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
    source: &mut Source<'_>,
    images: &mut Images,
    header: &Header<'_>,
    extended: &Extended,
    size: u64,
) -> io::Result<()> {
    let name = extended.name.as_deref().map_or_else(|| header.name(), Cow::Borrowed);
    let target = extended.target.as_deref().unwrap_or_else(|| header.target());
    if let Some(layer) = &mut images.layer {
        layer.entry(&name, header.entry(&name, target));
    }
    if let Some(lost) = extended.lost {
        let limit = usize::try_from(MAX_METADATA).unwrap_or(usize::MAX);
        let why = Refusal::NameTooLong { size: lost, limit };
        visitor.member(&name, |visitor| visitor.refuse(why));
        return source.content(if header.has_content() { size } else { 0 }, |_| {});
    }
    let mut result = Ok(());
    let mut entered = false;
    visitor.member(&name, |visitor| {
        entered = true;
        result = match header.kind() {
            b'1' | b'2' => {
                images.images.link(&name, target);
                visitor.give(Content::Link { target: &escape(target) });
                Ok(())
            }
            b'S' => {
                visitor.refuse(Refusal::Unsupported("sparse".to_owned()));
                sparse_blocks(source, header).and_then(|()| source.content(size, |_| {}))
            }
            b'M' => {
                visitor.refuse(Refusal::Unsupported("continued from another volume".to_owned()));
                source.content(size, |_| {})
            }
            b'3'..=b'6' => Ok(()),
            // What GNU tar notes down for itself: volume labels, folders' listings.
            b'V' | b'D' | b'N' => source.content(size, |_| {}),
            _ if name.ends_with(b"/") => source.content(size, |_| {}),
            _ if extended.sparse => {
                visitor.refuse(Refusal::Unsupported("sparse".to_owned()));
                source.content(size, |_| {})
            }
            _ => source.content(size, |body| images.images.look(visitor, &name, size, body)),
        };
    });
    if !entered && header.has_content() {
        return source.content(size, |_| {});
    }
    result
}

/// Goes over the blocks that list where a sparse member has content.
fn sparse_blocks(source: &mut Source<'_>, header: &Header<'_>) -> io::Result<()> {
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

/// One header block.
struct Header<'a>(&'a [u8; BLOCK]);

impl<'a> Header<'a> {
    fn field(&self, at: usize, length: usize) -> &'a [u8] {
        self.0.get(at..at + length).unwrap_or_default()
    }

    fn text(&self, at: usize, length: usize) -> &'a [u8] {
        let field = self.field(at, length);
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    fn has_mark(&self) -> bool {
        self.field(257, 5) == b"ustar"
    }

    /// Whether the checksum holds; old archives have summed up signed bytes.
    fn is_whole(&self) -> bool {
        let Some(stated) = number(self.field(148, 8)) else { return false };
        let blanked =
            |(at, byte): (usize, &u8)| if (148..156).contains(&at) { b' ' } else { *byte };
        let bytes = || self.0.iter().enumerate().map(blanked);
        let unsigned: u64 = bytes().map(u64::from).sum();
        let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
        stated == unsigned || i64::try_from(stated) == Ok(signed)
    }

    fn kind(&self) -> u8 {
        self.field(156, 1).first().copied().unwrap_or_default()
    }

    /// What the member is to the layers below.
    fn entry<'t>(&self, name: &[u8], target: &'t [u8]) -> Entry<'t> {
        match self.kind() {
            b'1' => Entry::HardLink(target),
            b'5' | b'D' => Entry::Folder,
            b'2'..=b'6' => Entry::Other,
            _ if name.ends_with(b"/") => Entry::Folder,
            _ => Entry::Other,
        }
    }

    fn has_content(&self) -> bool {
        !matches!(self.kind(), b'1'..=b'6')
    }

    fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    fn name(&self) -> Cow<'a, [u8]> {
        let name = self.text(0, 100);
        match self.text(345, 155) {
            prefix if !prefix.is_empty() && self.field(257, 6) == b"ustar\0" => {
                Cow::Owned([prefix, name].join(&b'/'))
            }
            _ => Cow::Borrowed(name),
        }
    }

    fn target(&self) -> &'a [u8] {
        self.text(157, 100)
    }
}

/// A number, an empty field being 0; `None` for a negative one and one over 63 bits.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first().filter(|(first, _)| **first >= 0x80) {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |value, byte| {
            (value >> 55 == 0).then(|| value << 8 | u64::from(*byte))
        });
    }
    let text = field.trim_ascii_start();
    let digits = text.iter().take_while(|byte| **byte != 0 && **byte != b' ');
    digits.into_iter().try_fold(0_u64, |value, digit| {
        let digit = char::from(*digit).to_digit(8)?;
        value.checked_mul(8)?.checked_add(digit.into())
    })
}

/// What extended headers say of the member that follows.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    /// The size of one that was too large to be read, in bytes.
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

    /// Takes the records up to the first that is damaged.
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
    fn numbers_are_octal_or_binary_and_never_negative() {
        let cases: [(&[u8], Option<u64>); 9] = [
            (b"00000000644\0", Some(0o644)),
            (b"    644 ", Some(0o644)),
            (b"77777777777\0", Some(0o77_777_777_777)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(1 << 33)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\x80\0\0\0\x01\0\0\0\0\0\0\0", Some(1 << 56)),
            (b"\x80\x01\0\0\0\0\0\0\0\0\0\0", None),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", Some(0)),
            (b"-1\0\0\0\0\0\0\0\0\0\0", None),
        ];
        for (field, value) in cases {
            assert_eq!(number(field), value, "{field:x?}");
        }
    }

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
