//! Recognizes the kind of a file by its magic number. Names and execute bits are often wrong; magic
//! numbers rarely are.
//!
//! ```text
//! 7f 45 4c 46                     ELF
//! feedface feedfacf (either end)  Mach-O, one architecture
//! cafebabe cafebabf (big-endian)  Mach-O, several; cafebabe is a Java class file as well
//! 'MZ' … u32 LE at 3c → 'PE\0\0'  PE
//! '!<arch>\n' '!<thin>\n'         ar archive
//! ```

use std::fmt;

/// The three families of executable images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Linux and most Unixes.
    Elf,
    /// Apple's systems.
    MachO,
    /// Windows.
    Pe,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elf => "elf",
            Self::MachO => "macho",
            Self::Pe => "pe",
        })
    }
}

/// The kind of a file by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// An ELF image.
    Elf,
    /// A Mach-O image of one architecture.
    MachO,
    /// A Mach-O file with a slice per architecture.
    FatMachO,
    /// A PE image.
    Pe,
    /// An `ar` archive: a static library.
    Archive,
    /// None of these.
    Other,
}

/// A fat header names at most this many slices. Java class files share the magic number, and their
/// version, which starts at 45, stands in the place of the count.
pub(crate) const MAX_FAT_SLICES: u32 = 44;

impl FileKind {
    /// Recognizes a file by its content.
    #[must_use]
    pub fn parse(data: &[u8]) -> Self {
        let Some(magic) = data.first_chunk::<4>() else { return Self::Other };
        match *magic {
            [0x7f, b'E', b'L', b'F'] => Self::Elf,
            [0xfe, 0xed, 0xfa, 0xce | 0xcf] | [0xce | 0xcf, 0xfa, 0xed, 0xfe] => Self::MachO,
            [0xca, 0xfe, 0xba, 0xbe | 0xbf] => match u32_be(data, 4) {
                Some(1..=MAX_FAT_SLICES) => Self::FatMachO,
                _ => Self::Other,
            },
            [b'M', b'Z', ..] if has_pe_header(data) => Self::Pe,
            _ if data.starts_with(b"!<arch>\n") || data.starts_with(b"!<thin>\n") => Self::Archive,
            _ => Self::Other,
        }
    }
}

fn has_pe_header(data: &[u8]) -> bool {
    data.get(0x3c..0x40)
        .and_then(|bytes| bytes.try_into().ok())
        .and_then(|bytes| usize::try_from(u32::from_le_bytes(bytes)).ok())
        .and_then(|at| data.get(at..))
        .is_some_and(|header| header.starts_with(b"PE\0\0"))
}

fn u32_be(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        let mut pe = vec![0; 0x84];
        pe[..2].copy_from_slice(b"MZ");
        pe[0x3c] = 0x80;
        pe[0x80..].copy_from_slice(b"PE\0\0");
        let dos = pe[..0x83].to_vec();
        let cases: [(&[u8], FileKind); 14] = [
            (b"", FileKind::Other),
            (b"\x7fEL", FileKind::Other),
            (b"\x7fELF", FileKind::Elf),
            (b"\xcf\xfa\xed\xfe", FileKind::MachO),
            (b"\xfe\xed\xfa\xce", FileKind::MachO),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", FileKind::FatMachO),
            (b"\xca\xfe\xba\xbf\0\0\0\x01", FileKind::FatMachO),
            // A Java class file: minor version 0, major version 45 and up.
            (b"\xca\xfe\xba\xbe\0\0\0\x2d", FileKind::Other),
            (b"\xca\xfe\xba\xbe\0\0\0\x41", FileKind::Other),
            (b"\xca\xfe\xba\xbe\0\0\0\0", FileKind::Other),
            (b"!<arch>\n", FileKind::Archive),
            (b"!<thin>\n", FileKind::Archive),
            (&pe, FileKind::Pe),
            (&dos, FileKind::Other),
        ];
        for (data, expected) in cases {
            assert_eq!(FileKind::parse(data), expected, "{data:x?}");
        }
    }
}
