//! Compresses and decompresses debug sections, one at a time.
//!
//! ```text
//! .debug_*, SHF_COMPRESSED   Elf64_Chdr: u32 1 zlib, 2 zstd; u32 0; u64 size; u64 alignment │ data
//!                            Elf32_Chdr: u32 1 zlib, 2 zstd; u32 size; u32 alignment │ data
//! .zdebug_*, the older way   "ZLIB", u64 size, big-endian │ zlib data
//! ```
//!
//! (gABI, "Section Compression") Loaded sections are never touched. A section that compression
//! would not make smaller is stored uncompressed.

use std::borrow::Cow;

use object::{CompressedData, CompressionFormat, Endianness, elf};

use super::layout::Layout;
use super::relocations::bytes_of;
use super::section::{Section, SectionContent};
use crate::{Compression, Reason};
use rgo_binary::{Error, Limits, Result};

const WHAT: &str = "compressed ELF section";
const GNU: &[u8] = b"ZLIB";
/// As strong as linkers compress at their higher settings: the sections are shipped.
const ZLIB_LEVEL: u8 = 9;
const ZSTD_LEVEL: i32 = 9;

/// A section's stored bytes.
struct Stored<'a> {
    format: CompressionFormat,
    data: &'a [u8],
    /// Their size when decompressed.
    size: u64,
    align: u64,
}

/// Changes how debug sections are stored. Returns whether any section changed.
pub(super) fn debug_sections(layout: &mut Layout<'_>, how: Compression) -> Result<bool> {
    let (endian, is_64) = (layout.encoder.endian(), layout.encoder.is_64());
    let wanted = match how {
        Compression::None => CompressionFormat::None,
        Compression::Zlib => CompressionFormat::Zlib,
        Compression::Zstd => CompressionFormat::Zstandard,
    };
    let mut changed = false;
    for section in layout.sections.iter_mut().filter(|section| is_meant(section)) {
        let stored = Stored::of(section, endian, is_64)?;
        let is_gnu = section.name.starts_with(b".z");
        if stored.format == wanted && !is_gnu {
            continue;
        }
        let compressed = match how {
            Compression::None => None,
            // The same stream under another header.
            Compression::Zlib if is_gnu => Some(Cow::Borrowed(stored.data)),
            Compression::Zlib => {
                let plain = stored.plain()?;
                Some(miniz_oxide::deflate::compress_to_vec_zlib(&plain, ZLIB_LEVEL).into())
            }
            Compression::Zstd => Some(zstd(&stored.plain()?)?.into()),
        };
        let content = compressed
            .map(|data| {
                [&header(wanted, stored.size, stored.align, endian, is_64), &*data].concat()
            })
            .filter(|content| (content.len() as u64) < stored.size);
        let flags = &mut section.header.sh_flags.0;
        let content = if let Some(content) = content {
            *flags |= elf::SHF_COMPRESSED.0;
            section.header.sh_addralign = if is_64 { 8 } else { 4 };
            content
        } else if stored.format == CompressionFormat::None {
            continue;
        } else {
            *flags &= !elf::SHF_COMPRESSED.0;
            section.header.sh_addralign = stored.align;
            stored.plain()?.into_owned()
        };
        section.set(content, Reason::Compression);
        changed = true;
    }
    rename(layout);
    Ok(changed)
}

fn is_meant(section: &Section<'_>) -> bool {
    let is_debug = section.name.starts_with(b".debug") || section.name.starts_with(b".zdebug");
    let is_free = section.kept && !section.in_segment && !section.is_loaded();
    is_free
        && is_debug
        && !section.has_no_bytes()
        && matches!(section.content, SectionContent::Input(..))
}

/// Renames sections like `.zdebug_info` that are no longer stored in the older format.
fn rename(layout: &mut Layout<'_>) {
    for section in layout.sections.iter_mut().filter(|section| section.kept) {
        let is_made = matches!(section.content, SectionContent::New(_)) || section.is_relocations();
        let at = [&b".z"[..], b".rel.z", b".rela.z"].into_iter().find_map(|prefix| {
            section.name.strip_prefix(prefix)?.starts_with(b"debug").then_some(prefix.len() - 1)
        });
        if let Some(at) = at.filter(|_| is_made) {
            section.name.remove(at);
        }
    }
}

impl<'a> Stored<'a> {
    fn of(section: &Section<'a>, endian: Endianness, is_64: bool) -> Result<Self> {
        let bytes = section.input();
        let bad = |why: &str| Error::malformed(WHAT, section.header.sh_offset, why);
        let word = |at: usize| -> Result<u64> {
            let word = bytes.get(at..).and_then(|rest| rest.first_chunk()).copied();
            let word = word.ok_or_else(|| bad("it has no header"))?;
            Ok(super::relocations::number(endian, word).into())
        };
        if section.name.starts_with(b".z") {
            let rest = bytes.strip_prefix(GNU).and_then(<[u8]>::split_first_chunk);
            let (size, data) = rest.ok_or_else(|| bad("it has no header"))?;
            let size = u64::from_be_bytes(*size);
            let align = section.header.sh_addralign;
            return Self { format: CompressionFormat::Zlib, data, size, align }.checked(section);
        }
        if !section.is(elf::SHF_COMPRESSED) {
            let (size, align) = (bytes.len() as u64, section.header.sh_addralign);
            return Ok(Self { format: CompressionFormat::None, data: bytes, size, align });
        }
        let double = |at: usize| -> Result<u64> {
            let (first, second) = (word(at)?, word(at + 4)?);
            Ok(match endian {
                Endianness::Little => second << 32 | first,
                Endianness::Big => first << 32 | second,
            })
        };
        let format = match word(0)? {
            1 => CompressionFormat::Zlib,
            2 => CompressionFormat::Zstandard,
            other => {
                let why = format!("compression {other} is not known");
                return Err(Error::unsupported(format!("{WHAT} of another kind"), why));
            }
        };
        let (size, align, at) =
            if is_64 { (double(8)?, double(16)?, 24) } else { (word(4)?, word(8)?, 12) };
        let data = bytes.get(at..).unwrap_or_default();
        Self { format, data, size, align }.checked(section)
    }

    /// Checks the size that a header claims, before memory is reserved for it.
    fn checked(self, section: &Section<'_>) -> Result<Self> {
        let limit = (self.data.len() as u64).saturating_mul(0x8000).min(Limits::default().max_file);
        if self.size > limit {
            return Err(Error::limit("the decompressed size of a section", self.size, limit));
        }
        if !self.align.is_power_of_two() && self.align != 0 {
            let why = format!("an alignment of {:#x}", self.align);
            return Err(Error::malformed(WHAT, section.header.sh_offset, why));
        }
        Ok(self)
    }

    fn plain(&self) -> Result<Cow<'a, [u8]>> {
        let (format, data, uncompressed_size) = (self.format, self.data, self.size);
        CompressedData { format, data, uncompressed_size }
            .decompress()
            .map_err(|why| Error::malformed(WHAT, 0, why))
    }
}

fn header(
    format: CompressionFormat,
    size: u64,
    align: u64,
    endian: Endianness,
    is_64: bool,
) -> Vec<u8> {
    let kind = if format == CompressionFormat::Zlib { 1 } else { 2 };
    let low = |number: u64| bytes_of(endian, u32::try_from(number).unwrap_or(u32::MAX));
    let double = |number: u64| match endian {
        Endianness::Little => number.to_le_bytes(),
        Endianness::Big => number.to_be_bytes(),
    };
    if is_64 {
        [&low(kind)[..], &low(0), &double(size), &double(align)].concat()
    } else {
        [low(kind), low(size), low(align)].concat()
    }
}

fn zstd(plain: &[u8]) -> Result<Vec<u8>> {
    let mut data = vec![0; zstd_safe::compress_bound(plain.len())];
    let size = zstd_safe::compress(data.as_mut_slice(), plain, ZSTD_LEVEL).map_err(|code| {
        Error::unsupported("compressing a section", zstd_safe::get_error_name(code))
    })?;
    data.truncate(size);
    data.shrink_to_fit();
    Ok(data)
}
