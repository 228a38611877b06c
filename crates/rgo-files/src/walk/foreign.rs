//! Recognizes files that rgo does not read: programs in other formats, archives and compressions
//! that it does not open, and data that is easily mistaken for a program.
//!
//! A *program* here is the output of a compiler for C, C++, Rust or Go: something to load, to link
//! or to translate further. A gate cannot check a program that rgo does not read. Byte code for the
//! runtime of another language (Java, Python, Android) is data here. A magic number of two bytes
//! proves little, so each of these comes with a check of the header behind it.

mod behind;
mod checks;
pub(super) mod disk;

use std::fmt;

pub use behind::appended;
pub(super) use behind::script;
use checks::{
    a_out, beam, big_coff, coff, compress, cpio, go_object, install_shield, java_class, lzma,
    plan9, python, u16_le, u32_le, xcoff32, xcoff64,
};
pub(super) use checks::{is_bzip2, is_core_dump};

/// A kind of file that rgo recognizes and does not read.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Singular, with its article.
    pub one: &'static str,
    /// Plural.
    pub many: &'static str,
    /// Whether it is, or may hold, a program.
    pub role: ForeignRole,
}

/// What an unread file can hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignRole {
    /// A program, or a part of one.
    Program,
    /// Packed data, which may contain a program.
    Packed,
    /// Data behind an image that was read, which may contain a program.
    Appended,
    /// No program.
    Data,
}

impl Foreign {
    /// Singular, without its article.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        let articles = ["a ", "an "];
        articles.iter().find_map(|article| self.one.strip_prefix(article)).unwrap_or(self.one)
    }

    /// Whether it is a program: then it counts even if archives are not opened.
    pub(super) fn is_program(&self) -> bool {
        self.role == ForeignRole::Program
    }

    /// Whether it is an object of Go's compiler or assembler.
    pub(super) fn is_go_object(&self) -> bool {
        *self == GO_OBJECT
    }

    /// Whether it is a core dump: the memory of a program that has ended.
    #[must_use]
    pub fn is_core_dump(&self) -> bool {
        *self == CORE_DUMP
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.one)
    }
}

/// A row of the table: the magic number, its offset, and a check of the rest.
struct MagicNumber {
    at: usize,
    magic: &'static [u8],
    check: Check,
    kind: Foreign,
}

/// Checks the header behind a magic number.
type Check = fn(&[u8]) -> bool;

const fn mark(
    role: ForeignRole,
    at: usize,
    magic: &'static [u8],
    check: Check,
    one: &'static str,
    many: &'static str,
) -> MagicNumber {
    MagicNumber { at, magic, check, kind: Foreign { one, many, role } }
}

use ForeignRole::{Data, Packed, Program};

const ANY: Check = |_| true;

const GO_OBJECT: Foreign = Foreign { one: "a Go object", many: "Go objects", role: Program };
const CORE_DUMP: Foreign = Foreign { one: "a core dump", many: "core dumps", role: Data };

/// The table; the first matching row counts.
static MARKS: [MagicNumber; 69] = [
    // WebAssembly, core specification, 5.5.16; component model, Binary.md.
    mark(Program, 0, b"\0asm\x01\0\0\0", ANY, "a WebAssembly module", "WebAssembly modules"),
    mark(Program, 0, b"\0asm", ANY, "a WebAssembly component", "WebAssembly components"),
    // LLVM bitcode file format: raw, and wrapped as Apple does.
    mark(Program, 0, b"BC\xc0\xde", ANY, "a file of LLVM bitcode", "files of LLVM bitcode"),
    mark(Program, 0, b"\xde\xc0\x17\x0b", ANY, "a file of LLVM bitcode", "files of LLVM bitcode"),
    // AIX: xcoff.h, ar.h.
    mark(Program, 0, b"\x01\xdf", xcoff32, "an XCOFF program", "XCOFF programs"),
    mark(Program, 0, b"\x01\xf7", xcoff64, "an XCOFF program", "XCOFF programs"),
    mark(Packed, 0, b"<bigaf>\n", ANY, "an AIX archive", "AIX archives"),
    mark(Packed, 0, b"<aiaff>\n", ANY, "an AIX archive", "AIX archives"),
    // Microsoft PE/COFF specification, 3 and 7: objects, and those with a larger header. Members of
    // an import library contain only names.
    mark(Program, 0, b"\x64\x86", coff, "a COFF object", "COFF objects"),
    mark(Program, 0, b"\x4c\x01", coff, "a COFF object", "COFF objects"),
    mark(Program, 0, b"\x64\xaa", coff, "a COFF object", "COFF objects"),
    mark(Program, 0, b"\x41\xa6", coff, "a COFF object", "COFF objects"),
    mark(Program, 0, b"\xc4\x01", coff, "a COFF object", "COFF objects"),
    mark(Program, 0, b"\0\0\xff\xff", big_coff, "a COFF object", "COFF objects"),
    // Go's own objects, cmd/internal/goobj; the other part of a package is its export data.
    MagicNumber { at: 0, magic: b"go object ", check: go_object, kind: GO_OBJECT },
    // Plan 9, a.out(6).
    mark(Program, 0, b"\0\0\x01\xeb", plan9, "a Plan 9 program", "Plan 9 programs"),
    mark(Program, 0, b"\0\0\x04\x07", plan9, "a Plan 9 program", "Plan 9 programs"),
    mark(Program, 0, b"\0\0\x06\x47", plan9, "a Plan 9 program", "Plan 9 programs"),
    mark(Program, 0, b"\0\0\x06\xeb", plan9, "a Plan 9 program", "Plan 9 programs"),
    mark(Program, 0, b"\0\0\x8a\x97", plan9, "a Plan 9 program", "Plan 9 programs"),
    mark(Program, 0, b"\0\0\x8b\x6b", plan9, "a Plan 9 program", "Plan 9 programs"),
    mark(Program, 0, b"\0\0\x8c\x47", plan9, "a Plan 9 program", "Plan 9 programs"),
    // Linux' a.out.h, for i386.
    mark(Program, 0, b"\x07\x01\x64\0", a_out, "an a.out program", "a.out programs"),
    mark(Program, 0, b"\x08\x01\x64\0", a_out, "an a.out program", "a.out programs"),
    mark(Program, 0, b"\x0b\x01\x64\0", a_out, "an a.out program", "a.out programs"),
    mark(Program, 0, b"\xcc\0\x64\0", a_out, "an a.out program", "a.out programs"),
    // Mac OS before X.
    mark(Program, 0, b"Joy!peff", ANY, "a PEF program", "PEF programs"),
    // Compressions.
    mark(Packed, 0, b"\x04\x22\x4d\x18", ANY, "an lz4 file", "lz4 files"),
    mark(Packed, 0, b"\x02\x21\x4c\x18", ANY, "an lz4 file", "lz4 files"),
    mark(Packed, 0, b"\x5d\0\0", lzma, "an lzma file", "lzma files"),
    mark(Packed, 0, b"LZIP\x01", ANY, "an lzip file", "lzip files"),
    mark(Packed, 0, b"\x89LZO\0\r\n\x1a\n", ANY, "an lzop file", "lzop files"),
    mark(Packed, 0, b"\x1f\x9d", compress, "a compress (.Z) file", "compress (.Z) files"),
    mark(Packed, 0, b"pbzx\0", ANY, "a pbzx file", "pbzx files"),
    mark(Packed, 0, b"bvx2", ANY, "an LZFSE file", "LZFSE files"),
    mark(
        Packed,
        0,
        b"SZDD\x88\xf0\x27\x33",
        ANY,
        "a compress (SZDD) file",
        "compress (SZDD) files",
    ),
    // Archives.
    mark(Packed, 0, b"PK\x07\x08", ANY, "a zip in several parts", "zips in several parts"),
    mark(Packed, 0, b"7z\xbc\xaf\x27\x1c", ANY, "a 7z archive", "7z archives"),
    mark(Packed, 0, b"Rar!\x1a\x07", ANY, "a RAR archive", "RAR archives"),
    mark(Packed, 0, b"MSCF\0\0\0\0", ANY, "a cabinet", "cabinets"),
    mark(Packed, 0, b"ISc(", install_shield, "an InstallShield cabinet", "InstallShield cabinets"),
    mark(Packed, 0, b"MSWIM\0\0\0", ANY, "a Windows image (.wim)", "Windows images (.wim)"),
    mark(Packed, 0, b"\xed\xab\xee\xdb", ANY, "an RPM package", "RPM packages"),
    mark(Packed, 0, b"070701", ANY, "a cpio archive", "cpio archives"),
    mark(Packed, 0, b"070702", ANY, "a cpio archive", "cpio archives"),
    mark(Packed, 0, b"070707", ANY, "a cpio archive", "cpio archives"),
    mark(Packed, 0, b"\xc7\x71", cpio, "a cpio archive", "cpio archives"),
    mark(Packed, 0, b"xar!", ANY, "a xar archive", "xar archives"),
    mark(Packed, 0, b"hsqs", ANY, "a squashfs image", "squashfs images"),
    mark(Packed, 0, b"\x45\x3d\xcd\x28", ANY, "a cramfs image", "cramfs images"),
    mark(Packed, 0, b"-rom1fs-", ANY, "a romfs image", "romfs images"),
    mark(Packed, 0, b"QFI\xfb", ANY, "a QEMU disk image", "QEMU disk images"),
    mark(Packed, 0, b"KDMV\x01\0\0\0", ANY, "a VMware disk image", "VMware disk images"),
    mark(Packed, 0, b"vhdxfile", ANY, "a Hyper-V disk image", "Hyper-V disk images"),
    mark(Packed, 0, b"conectix", ANY, "a Hyper-V disk image", "Hyper-V disk images"),
    mark(Packed, 0, b"UBI#\x01", ANY, "a UBI image", "UBI images"),
    mark(Packed, 0, b"ANDROID!", ANY, "an Android boot image", "Android boot images"),
    mark(Packed, 0, b"\x27\x05\x19\x56", ANY, "a U-Boot image", "U-Boot images"),
    mark(
        Packed,
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        ANY,
        "a compound file (.msi)",
        "compound files (.msi)",
    ),
    // No programs.
    MagicNumber { at: 0, magic: b"\x7fELF", check: is_core_dump, kind: CORE_DUMP },
    mark(Data, 0, b"\xca\xfe\xba\xbe", java_class, "a Java class", "Java classes"),
    mark(
        Data,
        0,
        b"dex\n",
        ANY,
        "a file of Android byte code (.dex)",
        "files of Android byte code (.dex)",
    ),
    mark(Data, 2, b"\r\n", python, "a file of Python byte code", "files of Python byte code"),
    mark(Data, 0, b"\x1bLua", ANY, "a file of Lua byte code", "files of Lua byte code"),
    mark(Data, 0, b"FOR1", beam, "a file of Erlang byte code", "files of Erlang byte code"),
    mark(Data, 0, b"#!", ANY, "a script", "scripts"),
    mark(Data, 0, b"\0\0\xff\xff\0\0", ANY, "a name in an import library", "names to import"),
    mark(
        Data,
        0,
        b"Microsoft C/C++ MSF 7.00",
        ANY,
        "a file of debug data (PDB)",
        "files of debug data (PDB)",
    ),
    mark(Data, 0, b"rust\0\0\0", ANY, "a file of Rust metadata", "files of Rust metadata"),
];

/// Recognizes a file by its first 512 bytes, or all there are.
pub(super) fn recognize(head: &[u8]) -> Option<&'static Foreign> {
    let fits = |mark: &&MagicNumber| {
        // Most rows differ in the first byte, which is faster to compare than a slice.
        head.get(mark.at) == mark.magic.first()
            && head.get(mark.at..).is_some_and(|head| head.starts_with(mark.magic))
            && (mark.check)(head)
    };
    MARKS.iter().find(fits).map(|mark| &mark.kind)
}

pub(super) static THIN_ARCHIVE: Foreign = Foreign {
    one: "a thin archive, whose members are files of their own",
    many: "thin archives, whose members are files of their own",
    role: Packed,
};
static EMPTY: Foreign = Foreign { one: "an empty file", many: "empty files", role: Data };
static TEXT: Foreign = Foreign { one: "a text file", many: "text files", role: Data };

/// Describes a file that is neither image nor archive, if possible.
pub(super) fn describe(head: &[u8]) -> Option<&'static Foreign> {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x20..=0x7e | 0x80..);
    if head.is_empty() {
        return Some(&EMPTY);
    }
    // The last character may be cut off.
    let is_utf8 = str::from_utf8(head).err().is_none_or(|error| error.error_len().is_none());
    let text = (is_utf8 && head.iter().all(is_text)).then_some(&TEXT);
    recognize(head).or(text)
}

static DOS: Foreign = Foreign { one: "a DOS program", many: "DOS programs", role: Program };
static NE: Foreign =
    Foreign { one: "a 16-bit Windows program (NE)", many: "16-bit programs (NE)", role: Program };
static LE: Foreign = Foreign {
    one: "a program for OS/2 or a driver for Windows 9x (LE)",
    many: "programs for OS/2 or Windows 9x (LE)",
    role: Program,
};
static CUT: Foreign = Foreign {
    one: "a Windows program without its end",
    many: "Windows programs without their end",
    role: Program,
};

/// Recognizes a file that begins with `MZ` and is no PE image, from all its bytes.
///
/// ```text
/// 0 'MZ'   2 bytes in the last page   4 pages of 512 bytes   8 header in 16 bytes
/// 24 offset of relocations, 64 and more in those with another header   60 u32 where that is
/// ```
pub(super) fn dos(bytes: &[u8]) -> Option<&'static Foreign> {
    let u16_at = |at| Some(usize::from(u16_le(bytes, at)?));
    let (last, pages, header) = (u16_at(2)?, u16_at(4)?, u16_at(8)? * 16);
    let is_sane = bytes.starts_with(b"MZ") && last < 512 && pages > 0;
    if !is_sane || header < 28 || header > bytes.len() {
        return None;
    }
    if u16_at(24)? >= 64 {
        let at = usize::try_from(u32_le(bytes, 60)?).ok()?;
        match bytes.get(at..).unwrap_or_default() {
            [b'N', b'E', ..] => return Some(&NE),
            [b'L', b'E' | b'X', ..] => return Some(&LE),
            [] if at > 64 => return Some(&CUT),
            _ => {}
        }
    }
    // The last page counts as whole if its size field is 0.
    let size = (pages - 1) * 512 + if last == 0 { 512 } else { last };
    (size >= header && size <= bytes.len()).then_some(&DOS)
}
