//! Recognizes a file or a member by its first bytes alone: names and modes are not reliable.
//!
//! ```text
//! offset 0  1f 8b 08                   gzip (RFC 1952)
//!           fd '7zXZ' 00               xz
//!           28 b5 2f fd                zstd (RFC 8878)
//!           5x 2a 4d 18                zstd: a frame to be skipped, before others
//!           'BZh' '1'…'9'              bzip2, and the mark of a block or of the end
//!           'PK' 03 04, 'PK' 05 06     zip, zip without members
//!           '!<arch>\n' '!<thin>\n'    ar, deb
//! offset 148  checksum of the block    tar, whether or not
//! offset 257  'ustar'                  … it has the mark of POSIX
//! ```
//!
//! [`rgo_binary::FileKind`] has the magic numbers of images, [`foreign`] those of unread files.

use rgo_binary::FileKind;

use super::foreign::{self, Foreign, ForeignRole};
use super::tar_header;

/// The kind of a file, from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentKind {
    /// An ELF, Mach-O or PE image, fat or thin.
    Image,
    /// A script for a shell or a program for DOS, which a zip can follow.
    Prefix,
    /// A tar.
    Tar,
    /// A zip, or a related format: wheel, jar, NuGet package.
    Zip,
    /// An `ar` archive: a static library or a Debian package.
    Ar,
    /// gzip, around a tar or anything else.
    Gzip,
    /// xz, around a tar or anything else.
    Xz,
    /// zstd, around a tar or anything else.
    Zstd,
    /// bzip2, around a tar or anything else.
    Bzip2,
    /// A program, an archive or a compression that is recognized and not read.
    Foreign(&'static Foreign),
    /// Nothing of interest.
    Other,
}

/// Magic numbers at the start of formats that the walk opens.
const MAGICS: [(&[u8], ContentKind); 7] = [
    (b"\x1f\x8b\x08", ContentKind::Gzip),
    (b"\xfd7zXZ\0", ContentKind::Xz),
    (b"\x28\xb5\x2f\xfd", ContentKind::Zstd),
    (b"PK\x03\x04", ContentKind::Zip),
    (b"PK\x05\x06", ContentKind::Zip),
    (b"#!", ContentKind::Prefix),
    (b"MZ", ContentKind::Prefix),
];

/// Recognizes a file from `head`: its first [`super::reading::HEAD`] bytes, or all there are. A
/// longer `Prefix` may still turn out to be an image.
pub(super) fn sniff(head: &[u8]) -> ContentKind {
    match FileKind::parse(head) {
        FileKind::Archive => return ContentKind::Ar,
        FileKind::Elf if foreign::is_core_dump(head) => return ContentKind::Other,
        FileKind::Other => {}
        FileKind::Elf | FileKind::MachO | FileKind::FatMachO | FileKind::Pe => {
            return ContentKind::Image;
        }
    }
    let at_start = |magic: &[u8]| head.starts_with(magic);
    if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| at_start(magic)) {
        return *kind;
    }
    if matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) {
        return ContentKind::Zstd;
    }
    if foreign::is_bzip2(head) {
        return ContentKind::Bzip2;
    }
    if tar_header::is_header(head) {
        return ContentKind::Tar;
    }
    match foreign::recognize(head) {
        Some(foreign) if foreign.role != ForeignRole::Data => ContentKind::Foreign(foreign),
        _ => ContentKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        let mut old_tar = [0; 512];
        old_tar[..3].copy_from_slice(b"app");
        old_tar[148..156].copy_from_slice(b"000621\0 ");
        let sum: u32 = old_tar.iter().map(|byte| u32::from(*byte)).sum();
        let blank: u32 = old_tar[148..156].iter().map(|byte| u32::from(*byte)).sum();
        let field = format!("{:06o}\0 ", sum - blank + 8 * 32);
        old_tar[148..156].copy_from_slice(field.as_bytes());
        let mut marked = [0; 512];
        marked[257..262].copy_from_slice(b"ustar");
        let mut core = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x04\0\x3e\0";
        let core_dump = core;
        core[16] = 2;
        let cases: [(&[u8], ContentKind); 19] = [
            (b"", ContentKind::Other),
            (b"\x7fELF", ContentKind::Image),
            (&core, ContentKind::Image),
            (&core_dump, ContentKind::Other),
            (b"\xcf\xfa\xed\xfe", ContentKind::Image),
            (b"MZ\x90\0", ContentKind::Prefix),
            (b"#!/bin/sh\n", ContentKind::Prefix),
            (b"\x1f\x8b\x08\0", ContentKind::Gzip),
            (b"\xfd7zXZ\0\0\x04", ContentKind::Xz),
            (b"\x28\xb5\x2f\xfd", ContentKind::Zstd),
            (b"\x5e\x2a\x4d\x18", ContentKind::Zstd),
            (b"PK\x03\x04", ContentKind::Zip),
            (b"!<arch>\n", ContentKind::Ar),
            (b"BZh91AY&SY", ContentKind::Bzip2),
            (b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0", ContentKind::Bzip2),
            (b"BZh is a word", ContentKind::Other),
            (&[0; 512], ContentKind::Other),
            (&old_tar, ContentKind::Tar),
            (&marked, ContentKind::Tar),
        ];
        for (head, kind) in cases {
            assert_eq!(sniff(head), kind, "{:x?}", head.get(..16));
        }
    }
}
