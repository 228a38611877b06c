//! Reads the build information that Go's linker puts into every program (Go, `debug/buildinfo`).
//!
//! ```text
//!  0  14  magic: ff " Go buildinf:"
//! 14   1  size of a pointer, in bytes
//! 15   1  flags: bit 0 big-endian pointers, bit 1 inline strings
//! since Go 1.18 (inline):          before (pointers):
//! 32  …  uvarint length, version   16   pointer to a string header: version
//!     …  uvarint length, modinfo   16+p pointer to a string header: modinfo
//!                                       string header: pointer to bytes, length
//! ```
//!
//! The modinfo text stands between two markers of 16 bytes. The blob is aligned to 16 and lies in
//! its own section, otherwise in the first writable data.

use object::{Object, ObjectSection, ObjectSegment, SegmentFlags};
use object::{elf, macho, pe};

use crate::embedded::build_info::BuildInfo;
use crate::{Error, Image, Result, SectionRef};

/// First bytes of the blob.
pub const MAGIC: [u8; 14] = *b"\xff Go buildinf:";
const ALIGN: usize = 16;
const HEADER: usize = 32;
const MARKER: usize = 16;
/// The longest accepted version string or modinfo text.
const MAX_TEXT: usize = 64 << 20;

/// The version string that obfuscators write.
const HIDDEN: &str = "unknown";

/// The Go version and modinfo text of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoInfo {
    /// The toolchain, such as `go1.26.8`; `unknown` if an obfuscator replaced it.
    pub version: String,
    /// The text without its markers; empty if the program has none.
    pub modinfo: String,
}

impl GoInfo {
    /// The toolchain, unless an obfuscator replaced it.
    #[must_use]
    pub fn toolchain(&self) -> Option<&str> {
        Some(self.version.as_str()).filter(|version| *version != HIDDEN)
    }

    /// The parsed text, with the toolchain.
    ///
    /// # Errors
    /// As [`BuildInfo::parse`].
    pub fn build_info(&self) -> Result<BuildInfo> {
        let mut info = BuildInfo::parse(&self.modinfo)?;
        let toolchain = self.toolchain().unwrap_or("Go (version not recorded)");
        toolchain.clone_into(&mut info.toolchain);
        Ok(info)
    }
}

/// Finds and reads the blob of an image; `None` if there is none, as in programs of other
/// languages.
///
/// # Errors
/// [`Error::Malformed`] for a blob that contradicts itself, with offsets from the start of the
/// image.
pub fn find(image: &Image<'_>) -> Result<Option<GoInfo>> {
    let Some((blob, offset)) = blob(image) else { return Ok(None) };
    let bad = |why: &str| Error::malformed("Go build information", offset, why);
    let (Some(pointer_size), Some(flags)) = (blob.get(14), blob.get(15)) else {
        return Err(bad("its header is cut short"));
    };
    let (version, modinfo) = if flags & 2 != 0 {
        let mut rest = blob.get(HEADER..).ok_or_else(|| bad("its header is cut short"))?;
        let version = inline(&mut rest).ok_or_else(|| bad("its version is cut short"))?;
        let modinfo = inline(&mut rest).ok_or_else(|| bad("its text is cut short"))?;
        (version, modinfo)
    } else {
        let memory = MappedImage { image, pointer_size: *pointer_size, big_endian: flags & 1 != 0 };
        let at = |index: usize| {
            let pointer = blob.get(16 + index * usize::from(*pointer_size)..)?;
            memory.string(memory.word(pointer)?)
        };
        let version = at(0).ok_or_else(|| bad("its version lies outside the image"))?;
        // In a program built without modules, the pointer leads to nothing.
        (version, at(1).unwrap_or_default())
    };
    if version.is_empty() {
        return Err(bad("its version is empty"));
    }
    Ok(Some(GoInfo {
        version: String::from_utf8_lossy(version).into_owned(),
        modinfo: String::from_utf8_lossy(between_markers(modinfo)).into_owned(),
    }))
}

/// The bytes from the blob's magic on, and their offset in the image.
fn blob<'a>(image: &Image<'a>) -> Option<(&'a [u8], u64)> {
    let named =
        |section: &SectionRef<'_>| matches!(section.name, ".go.buildinfo" | "__go_buildinfo");
    if let Some(found) = image
        .sections()
        .filter(named)
        .find_map(|section| scan(section.data, section.file_offset.unwrap_or_default()))
    {
        return Some(found);
    }
    let data = image.data();
    match image.object() {
        // In PE, the loader maps sections.
        object::File::Pe32(_) | object::File::Pe64(_) => image
            .object()
            .sections()
            .find(|section| is_data(section.flags()))
            .and_then(|section| mapped(data, section.file_range()?)),
        file => file
            .segments()
            .find(|segment| is_writable(segment.flags()))
            .and_then(|segment| mapped(data, segment.file_range())),
    }
}

fn mapped(data: &[u8], (offset, size): (u64, u64)) -> Option<(&[u8], u64)> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?.min(data.len());
    scan(data.get(start..end)?, offset)
}

fn is_data(flags: object::SectionFlags) -> bool {
    let wanted =
        pe::IMAGE_SCN_CNT_INITIALIZED_DATA.0 | pe::IMAGE_SCN_MEM_READ.0 | pe::IMAGE_SCN_MEM_WRITE.0;
    matches!(flags, object::SectionFlags::Coff { characteristics, .. }
        if characteristics.0 & wanted == wanted)
}

fn is_writable(flags: SegmentFlags) -> bool {
    match flags {
        SegmentFlags::Elf { p_flags, .. } => p_flags.0 & (elf::PF_W.0 | elf::PF_X.0) == elf::PF_W.0,
        SegmentFlags::MachO { initprot, .. } => {
            let both = macho::VM_PROT_READ.0 | macho::VM_PROT_WRITE.0;
            initprot.0 & (both | macho::VM_PROT_EXECUTE.0) == both
        }
        _ => false,
    }
}

/// The first aligned position of the magic.
fn scan(data: &[u8], base: u64) -> Option<(&[u8], u64)> {
    let chunk = data.chunks(ALIGN).position(|chunk| chunk.starts_with(&MAGIC))?;
    let at = chunk * ALIGN;
    Some((data.get(at..)?, base + at as u64))
}

/// A string behind its length. The length has up to 63 bits in groups of 7, the lowest first.
fn inline<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    for shift in (0..63).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            let (text, tail) = rest.split_at_checked(length)?;
            *rest = tail;
            return Some(text);
        }
    }
    None
}

/// The image by addresses, as the program sees it.
struct MappedImage<'i, 'a> {
    image: &'i Image<'a>,
    pointer_size: u8,
    big_endian: bool,
}

impl<'a> MappedImage<'_, 'a> {
    /// The string whose header is at an address.
    fn string(&self, address: u64) -> Option<&'a [u8]> {
        let header = self.at(address)?;
        let pointer = self.word(header)?;
        let length = self.word(header.get(usize::from(self.pointer_size)..)?)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_TEXT)?;
        self.at(pointer)?.get(..length)
    }

    /// A number of a pointer's size, at the start of `bytes`.
    fn word(&self, bytes: &[u8]) -> Option<u64> {
        let big = self.big_endian;
        match self.pointer_size {
            4 => bytes.first_chunk().map(|word| {
                let word = if big { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
                word.into()
            }),
            8 => bytes.first_chunk().map(|word| {
                if big { u64::from_be_bytes(*word) } else { u64::from_le_bytes(*word) }
            }),
            _ => None,
        }
    }

    /// The bytes from an address to the end of its segment.
    fn at(&self, address: u64) -> Option<&'a [u8]> {
        self.image.object().segments().find_map(|segment| {
            let within = address.checked_sub(segment.address())?;
            segment
                .data()
                .ok()?
                .get(usize::try_from(within).ok()?..)
                .filter(|rest| !rest.is_empty())
        })
    }
}

/// The text between its markers; empty if they are missing.
fn between_markers(modinfo: &[u8]) -> &[u8] {
    let end = modinfo.len().saturating_sub(MARKER);
    match modinfo.get(MARKER..end) {
        Some(text) if text.ends_with(b"\n") => text,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_uvarints() {
        let mut rest: &[u8] = b"\x03abc\x81\x00d";
        assert_eq!(inline(&mut rest), Some(&b"abc"[..]));
        assert_eq!(inline(&mut rest), Some(&b"d"[..]));
        assert_eq!(inline(&mut rest), None);
        for bad in [&b"\x04abc"[..], b"\xff\xff", &[0xff; 16]] {
            assert_eq!(inline(&mut &bad[..]), None, "{bad:x?}");
        }
    }

    #[test]
    fn text_needs_its_markers() {
        let text = [&[1; 16][..], b"path\tx\n", &[2; 16]].concat();
        assert_eq!(between_markers(&text), b"path\tx\n");
        assert_eq!(between_markers(&text[..30]), b"");
        assert_eq!(between_markers(b""), b"");
    }

    #[test]
    fn only_aligned_magic_counts() {
        let mut data = vec![0; 64];
        data[8..22].copy_from_slice(&MAGIC);
        assert_eq!(scan(&data, 0), None);
        data[32..46].copy_from_slice(&MAGIC);
        assert_eq!(scan(&data, 100).map(|(_, offset)| offset), Some(132));
    }
}
