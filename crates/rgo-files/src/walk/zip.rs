//! Visits zips and related formats in memory: wheels, jars, NuGet packages, and the zip behind a
//! self-extracting program.
//!
//! This module parses the directory itself. The `zip` crate allocates memory by the count that the
//! file claims, and keeps only one of several members with the same name.
//!
//! ```text
//! [program] local… directory [zip64 end, locator] end       APPNOTE.TXT, little-endian
//! local     0 'PK' 03 04   26 u16 name length   28 u16 extra length   30 name, extra, content
//! directory 0 'PK' 01 02    5 u8 made on    8 u16 flags   10 u16 method   16 u32 crc
//!          20 u32 compressed   24 u32 size   28 u16 name   30 u16 extra   32 u16 comment
//!          38 u32 attributes   42 u32 local's offset   46 name, extra, comment
//! end       0 'PK' 05 06   10 u16 count   12 u32 directory's size   16 u32 its offset
//!          20 u16 comment   22 comment
//! locator   0 'PK' 06 07    8 u64 offset of zip64 end   (20 bytes, right before end)
//! zip64 end 0 'PK' 06 06   32 u64 count   40 u64 directory's size   48 u64 its offset   (56)
//! extra   ::= (u16 id, u16 length, value)… ; id 1: u64 size, compressed, offset, each only if
//!             the field above is all ones
//! ```

use std::cell::Cell;
use std::io::Read;

use flate2::Crc;
use memchr::memmem;

use super::ItemContent;
use super::budget::Guarded;
use super::decoders::{self, Tools};
use super::foreign::disk;
use super::inflate::Inflate;
use super::limits::MAX_METADATA;
use super::name::escape;
use super::reading::{HEAD, fill};
use super::skip_reason::SkipReason;
use super::sniff::{ContentKind, sniff};
use super::visitor::{Body, Visitor};

/// Packed members up to this size, in bytes, cannot be disk images.
const MIN_DISK: u64 = 1 << 15;
const END: usize = 22;
const LOCATOR: usize = 20;
const ZIP64_END: usize = 56;
const ENTRY: usize = 46;
const LOCAL: usize = 30;

/// Whether a zip stands behind a program or a script.
pub(super) fn is_appended(bytes: &[u8]) -> bool {
    CentralDirectory::find(bytes).is_some_and(|directory| directory.text.starts_with(b"PK\x01\x02"))
}

/// Visits all members in the order of the directory.
pub(super) fn visit_members<T>(visitor: &mut Visitor<'_, T>, bytes: &[u8]) {
    let Some(directory) = CentralDirectory::find(bytes) else {
        return visitor.skip(SkipReason::damaged("a zip without a directory at its end"));
    };
    let overlapping = directory.overlapping(visitor.budget.limits.max_members);
    let mut count = 0;
    for entry in directory.entries() {
        if visitor.budget.is_over() {
            return;
        }
        visitor.member(entry.name, |visitor| {
            if overlapping.binary_search(&count).is_ok() {
                let why = "its bytes are another member's as well";
                return visitor.skip(SkipReason::damaged(why));
            }
            let result = visitor
                .with_tools(|visitor, tools| member(visitor, tools, bytes, &directory, &entry));
            if let Err(why) = result {
                visitor.skip(why);
            }
        });
        count += 1;
    }
    let stated = directory.count;
    // Some writers wrap the count at 65536.
    if stated != count && stated != count & 0xffff {
        let why = format!("its directory has {count} members where {stated} are stated");
        visitor.skip(SkipReason::damaged(why));
    }
}

fn member<T>(
    visitor: &mut Visitor<'_, T>,
    tools: &mut Tools,
    bytes: &[u8],
    directory: &CentralDirectory<'_>,
    entry: &ZipEntry<'_>,
) -> Result<(), SkipReason> {
    if entry.name.ends_with(b"/") {
        return Ok(());
    }
    if entry.is_encrypted() {
        return Err(SkipReason::Encrypted);
    }
    let content = directory.content(bytes, entry);
    let content = content.ok_or_else(|| SkipReason::damaged("its bytes are not in the file"))?;
    let taken = Cell::new(content.len() as u64);
    let decoder: Box<dyn Read + '_> = match method(entry)? {
        Method::Stored => return stored(visitor, entry, content),
        Method::Deflate => Box::new(Inflate::new(content, &mut tools.inflate)),
        Method::Like(kind) => decoders::from_memory(kind, content, tools),
    };
    let level = visitor.level();
    let mut unpacked = Guarded::new(decoder, visitor.budget, &taken, level);
    if entry.is_link() {
        let mut target = Vec::new();
        let read = (&mut unpacked).take(MAX_METADATA).read_to_end(&mut target);
        read.map_err(super::skip_reason::from_io)?;
        visitor.emit_item(ItemContent::Link { target: &escape(&target) });
        return Ok(());
    }
    let mut head = [0; HEAD];
    let head = match fill(&mut unpacked, &mut head) {
        Ok(length) => head.get(..length).unwrap_or_default(),
        Err(error) => {
            visitor.skip_io(error);
            return Ok(());
        }
    };
    if sniff(head) == ContentKind::Other {
        if entry.size > MIN_DISK && disk::is_possible(head) {
            // Apple's disk images are already compressed, so compressing them again gains nothing.
            let to_end = content.len() as u64 >= entry.size / 10 * 9;
            match disk::of_stream(&mut head.chain(unpacked).take(entry.size), to_end) {
                Ok(Some(disk)) => visitor.skip(SkipReason::Foreign(disk)),
                Ok(None) => {}
                Err(error) => visitor.skip_io(error),
            }
        }
        return Ok(());
    }
    let inner = head.chain(unpacked).take(entry.size);
    let mut checked = Checked { inner, crc: Crc::new() };
    visitor.body(Body::Stream { reader: &mut checked, size: Some(entry.size) });
    // A member that was not read to its end cannot be checked.
    if u64::from(checked.crc.amount()) == entry.size & u64::from(u32::MAX) {
        entry.check(&checked.crc)?;
    }
    Ok(())
}

fn stored<T>(
    visitor: &mut Visitor<'_, T>,
    entry: &ZipEntry<'_>,
    content: &[u8],
) -> Result<(), SkipReason> {
    if entry.is_link() {
        visitor.emit_item(ItemContent::Link { target: &escape(content) });
        return Ok(());
    }
    if sniff(content.get(..HEAD).unwrap_or(content)) == ContentKind::Other
        && disk::of_bytes(content).is_none()
    {
        return Ok(());
    }
    visitor.body(Body::Bytes(content));
    let mut crc = Crc::new();
    crc.update(content);
    entry.check(&crc)
}

/// How a member is packed.
#[derive(Clone, Copy)]
enum Method {
    Stored,
    Deflate,
    /// Like a file in that format.
    Like(ContentKind),
}

/// The methods of APPNOTE.TXT that this module supports, by their numbers.
const METHODS: [(u16, Method); 6] = [
    (0, Method::Stored),
    (8, Method::Deflate),
    (12, Method::Like(ContentKind::Bzip2)),
    (20, Method::Like(ContentKind::Zstd)),
    (93, Method::Like(ContentKind::Zstd)),
    (95, Method::Like(ContentKind::Xz)),
];

/// The other methods that it names.
const UNSUPPORTED: [(u16, &str); 10] = [
    (1, "shrink"),
    (2, "reduce"),
    (3, "reduce"),
    (4, "reduce"),
    (5, "reduce"),
    (6, "implode"),
    (9, "deflate64"),
    (14, "LZMA"),
    (97, "WavPack"),
    (98, "PPMd"),
];

/// How a member is packed.
fn method(entry: &ZipEntry<'_>) -> Result<Method, SkipReason> {
    if let Some((_, method)) = METHODS.iter().find(|(number, _)| *number == entry.method) {
        return Ok(*method);
    }
    let named = UNSUPPORTED.iter().find(|(number, _)| *number == entry.method);
    Err(SkipReason::Unsupported(match named {
        Some((_, name)) => format!("compressed by {name}"),
        None => format!("compressed by method {}", entry.method),
    }))
}

/// Computes the checksum of the bytes read.
struct Checked<R> {
    inner: R,
    crc: Crc,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// The list of members, found from the end of the file.
struct CentralDirectory<'a> {
    text: &'a [u8],
    /// Position of offset 0: the length of the program before the zip.
    base: u64,
    count: u64,
}

impl<'a> CentralDirectory<'a> {
    /// Finds the last directory that is where its end record claims.
    fn find(bytes: &'a [u8]) -> Option<Self> {
        // A comment has at most 65535 bytes.
        let from = bytes.len().saturating_sub(END + usize::from(u16::MAX));
        let tail = bytes.get(from..)?;
        // A forward search is many times as fast as a backward one.
        let ends: Vec<_> = memmem::find_iter(tail, b"PK\x05\x06").collect();
        ends.into_iter().rev().find_map(|at| Self::at(bytes, from.checked_add(at)?))
    }

    fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let end = bytes.get(at..)?;
        end.get(END..END + usize::from(u16_at(end, 20)?))?;
        let mut count = u64::from(u16_at(end, 10)?);
        let mut size = u64::from(u32_at(end, 12)?);
        let mut offset = u64::from(u32_at(end, 16)?);
        let mut after = at;
        if let Some((start, end)) = zip64_end(bytes, at) {
            count = u64_at(end, 32)?;
            size = u64_at(end, 40)?;
            offset = u64_at(end, 48)?;
            after = start;
        }
        // A directory directly before the end record shows the length of a program before the zip.
        // Otherwise other data lies between, and the offset counts from the start of the file.
        let close = (after as u64).checked_sub(size);
        [close, Some(offset)].into_iter().flatten().find_map(|start| {
            let base = start.checked_sub(offset)?;
            let from = usize::try_from(start).ok()?;
            let text = bytes.get(from..from.checked_add(usize::try_from(size).ok()?)?)?;
            let fits = text.is_empty() || text.starts_with(b"PK\x01\x02");
            fits.then_some(Self { text, base, count })
        })
    }

    fn entries(&self) -> impl Iterator<Item = ZipEntry<'a>> {
        let mut text = self.text;
        std::iter::from_fn(move || {
            let (entry, rest) = ZipEntry::parse(text)?;
            text = rest;
            Some(entry)
        })
    }

    /// The numbers, sorted, of members that overlap an earlier one.
    fn overlapping(&self, max: u64) -> Vec<u64> {
        let mut ranges: Vec<_> = (0..max)
            .zip(self.entries())
            .map(|(number, entry)| (entry.offset, entry.packed, number))
            .collect();
        // Of two members at one place, the first in the directory counts.
        ranges.sort_unstable_by_key(|(offset, _, number)| (*offset, *number));
        let mut reached = 0;
        let mut overlapping = Vec::new();
        for (offset, packed, number) in ranges {
            if offset < reached {
                overlapping.push(number);
            } else {
                reached = offset.saturating_add(LOCAL as u64).saturating_add(packed);
            }
        }
        overlapping.sort_unstable();
        overlapping
    }

    fn content(&self, bytes: &'a [u8], entry: &ZipEntry<'_>) -> Option<&'a [u8]> {
        let at = usize::try_from(self.base.checked_add(entry.offset)?).ok()?;
        let local = bytes.get(at..)?;
        if !local.starts_with(b"PK\x03\x04") {
            return None;
        }
        let names = usize::from(u16_at(local, 26)?) + usize::from(u16_at(local, 28)?);
        local.get(LOCAL + names..)?.get(..usize::try_from(entry.packed).ok()?)
    }
}

/// The zip64 end record before an end record, and its offset.
fn zip64_end(bytes: &[u8], end: usize) -> Option<(usize, &[u8])> {
    let at = end.checked_sub(LOCATOR)?;
    let locator = bytes.get(at..)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return None;
    }
    // Its offset does not include a program before the zip: then the record is directly before the
    // locator.
    let said = usize::try_from(u64_at(locator, 8)?).ok();
    let found = |at: usize| Some((at, bytes.get(at..)?)).filter(|(_, end)| is_zip64_end(end));
    said.and_then(found).or_else(|| found(at.checked_sub(ZIP64_END)?))
}

fn is_zip64_end(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x06\x06") && bytes.len() >= ZIP64_END
}

/// One entry of the directory.
struct ZipEntry<'a> {
    name: &'a [u8],
    made_on: u8,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    attributes: u32,
    offset: u64,
}

impl<'a> ZipEntry<'a> {
    fn parse(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        if !text.starts_with(b"PK\x01\x02") {
            return None;
        }
        let lengths = [u16_at(text, 28)?, u16_at(text, 30)?, u16_at(text, 32)?].map(usize::from);
        let (name, rest) = text.get(ENTRY..)?.split_at_checked(lengths[0])?;
        let (extra, rest) = rest.split_at_checked(lengths[1])?;
        let (_, rest) = rest.split_at_checked(lengths[2])?;
        let mut entry = Self {
            name,
            made_on: *text.get(5)?,
            flags: u16_at(text, 8)?,
            method: u16_at(text, 10)?,
            crc: u32_at(text, 16)?,
            packed: u32_at(text, 20)?.into(),
            size: u32_at(text, 24)?.into(),
            attributes: u32_at(text, 38)?,
            offset: u32_at(text, 42)?.into(),
        };
        entry.zip64(extra);
        Some((entry, rest))
    }

    /// Replaces the fields that 32 bits cannot hold by those of the extra fields.
    fn zip64(&mut self, mut extra: &[u8]) {
        while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
            let Some((value, rest)) =
                extra.get(4..).and_then(|extra| extra.split_at_checked(length.into()))
            else {
                return;
            };
            if id == 1 {
                let mut at = 0;
                for field in [&mut self.size, &mut self.packed, &mut self.offset] {
                    if *field == 0xffff_ffff
                        && let Some(wide) = u64_at(value, at)
                    {
                        *field = wide;
                        at += 8;
                    }
                }
                return;
            }
            extra = rest;
        }
    }

    /// With the old cipher, with AES, or with an encrypted directory.
    fn is_encrypted(&self) -> bool {
        const AES: u16 = 99;
        self.flags & (1 | 1 << 13) != 0 || self.method == AES
    }

    /// On Unix and macOS the upper half of the attributes is the mode.
    fn is_link(&self) -> bool {
        matches!(self.made_on, 3 | 19) && self.attributes >> 28 == 0xa
    }

    fn check(&self, crc: &Crc) -> Result<(), SkipReason> {
        if crc.sum() == self.crc {
            return Ok(());
        }
        Err(SkipReason::damaged("its checksum does not match, so facts about it may be wrong"))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
