//! Checks the headers behind short magic numbers. Each check gets the first 512 bytes of a file, or
//! all there are, and requires nothing that a file of its kind may lack.

/// 20 bytes of header; then the optional header and the sections, the first of which has a name.
///
/// ```text
/// 2 u16 sections   16 u16 optional header   18 u16 flags   20 optional header, sections
/// ```
pub(super) fn xcoff32(head: &[u8]) -> bool {
    let optional = u16_be(head, 16);
    matches!(optional, Some(0 | 28 | 48 | 72)) && has_sections(head, 20, optional)
}

/// Like [`xcoff32`] with 24 bytes, as the offset of the symbols takes 8.
pub(super) fn xcoff64(head: &[u8]) -> bool {
    let optional = u16_be(head, 16);
    matches!(optional, Some(0 | 110 | 120)) && has_sections(head, 24, optional)
}

fn has_sections(head: &[u8], header: usize, optional: Option<u16>) -> bool {
    let at = header + usize::from(optional.unwrap_or_default());
    let dotted =
        head.get(at..at + 2).is_some_and(|name| name[0] == b'.' && name[1].is_ascii_lowercase());
    matches!(u16_be(head, 2), Some(1..=255)) && dotted
}

/// 20 bytes of header, then the sections, 40 bytes each. Rejects import libraries and icon files,
/// which are no programs.
///
/// ```text
/// 2 u16 sections   8 u32 symbols' offset   16 u16 optional header   20 name[8] of the first
/// ```
pub(super) fn coff(head: &[u8]) -> bool {
    let sections = u16_le(head, 2).unwrap_or_default();
    let mut names = head.get(20..).unwrap_or_default().chunks(40).take(sections.into());
    let is_object = sections > 0
        && u16_le(head, 16) == Some(0)
        && names.clone().all(|section| section.first_chunk().is_some_and(is_section_name));
    let is_resource = |section: &[u8]| section.starts_with(b".rsrc$");
    is_object
        && !names.clone().all(is_resource)
        && !names.any(|section| section.starts_with(b".idata$"))
}

/// Printable, and padded with zeros.
fn is_section_name(name: &[u8; 8]) -> bool {
    let length = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let (name, rest) = name.split_at(length);
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0)
}

/// Version 0 is a name in an import library.
pub(super) fn big_coff(head: &[u8]) -> bool {
    let machines = [0x8664, 0x14c, 0xaa64, 0xa641, 0x1c4, 0];
    u16_le(head, 4).is_some_and(|version| matches!(version, 1 | 2))
        && u16_le(head, 6).is_some_and(|machine| machines.contains(&machine))
}

pub(super) fn go_object(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"\n!\n").is_some()
}

/// Eight numbers of 32 bits, big-endian: mark, text, data, bss, symbols, entry, two more tables.
pub(super) fn plan9(head: &[u8]) -> bool {
    let [text, data, entry] = [4, 8, 20].map(|at| u32_be(head, at).unwrap_or_default());
    let sane = |size: u32| (16..1 << 30).contains(&size);
    sane(text) && sane(data) && entry >= 0x1000
}

/// Eight numbers of 32 bits, little-endian: mark, text, data, bss, symbols, entry, relocations.
pub(super) fn a_out(head: &[u8]) -> bool {
    let fields = [4, 8, 24, 28].map(|at| u32_le(head, at));
    let [Some(text), Some(data), Some(text_relocations), Some(data_relocations)] = fields else {
        return false;
    };
    let sane = |size: u32| size < 1 << 28;
    text > 0
        && [text, data, text_relocations, data_relocations].into_iter().all(sane)
        && text_relocations % 8 == 0
        && data_relocations % 8 == 0
}

/// Whether this is bzip2: three letters of magic, then the magic of a block or of the end.
pub(in crate::walk) fn is_bzip2(head: &[u8]) -> bool {
    let block = head.get(4..10);
    head.starts_with(b"BZh")
        && matches!(head.get(3), Some(b'1'..=b'9'))
        && (block == Some(b"1AY&SY") || block == Some(b"\x17\x72\x45\x38\x50\x90"))
}

/// A dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size of less than 2^38 or unknown.
pub(super) fn lzma(head: &[u8]) -> bool {
    let dictionary = u32_le(head, 1).unwrap_or_default();
    let size =
        head.get(5..).and_then(|rest| rest.first_chunk()).map(|size| u64::from_le_bytes(*size));
    let is_usual = dictionary.count_ones() == 1
        || dictionary.count_ones() == 2
            && dictionary.trailing_zeros() + 2 == 32 - dictionary.leading_zeros();
    is_usual && dictionary >= 1 << 12 && size.is_some_and(|size| size == u64::MAX || size < 1 << 38)
}

/// The longest code has 9 to 16 bits, and two more bits are unused.
pub(super) fn compress(head: &[u8]) -> bool {
    head.get(2).is_some_and(|flags| flags & 0x60 == 0 && (9..=16).contains(&(flags & 0x1f)))
}

pub(super) fn install_shield(head: &[u8]) -> bool {
    head.get(4..8).is_some_and(|version| matches!(version, [_, _, _, 1 | 2 | 4]))
}

/// Old cpio in numbers of 16 bits: a mode with a type, and a name of a usual length.
pub(super) fn cpio(head: &[u8]) -> bool {
    let mode = u16_le(head, 6).unwrap_or_default();
    let name = u16_le(head, 20).unwrap_or_default();
    matches!(mode >> 12, 1 | 2 | 4 | 6 | 8 | 10 | 12) && (2..1024).contains(&name)
}

/// Whether a file is a core dump, the memory of an ended program: an ELF file of the type ET_CORE.
pub(in crate::walk) fn is_core_dump(head: &[u8]) -> bool {
    if !head.starts_with(b"\x7fELF") {
        return false;
    }
    let kind = if head.get(5) == Some(&2) { u16_be(head, 16) } else { u16_le(head, 16) };
    kind == Some(4)
}

/// The version of the format, which started at 45.
pub(super) fn java_class(head: &[u8]) -> bool {
    u16_be(head, 6).is_some_and(|version| version >= 45)
}

/// A version number between 20121 and some thousand, and since 3.7 flags of three bits.
pub(super) fn python(head: &[u8]) -> bool {
    let version = u16_le(head, 0).unwrap_or_default();
    let flags = u32_le(head, 4);
    matches!(version, 3000..=3999 | 20121..=62211)
        && flags.is_some_and(|flags| flags < 4 || version > 3999)
}

pub(super) fn beam(head: &[u8]) -> bool {
    head.get(8..12) == Some(b"BEAM")
}

pub(super) fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

pub(super) fn u16_be(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

pub(super) fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

pub(super) fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}
