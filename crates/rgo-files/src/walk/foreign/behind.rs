//! Recognizes unread programs behind a script or an image: self-extracting archives, installers,
//! programs with a runtime in front.

use memchr::memmem;

use super::{Foreign, ForeignRole};
use crate::walk::reading::HEAD;

static MAKESELF: Foreign =
    Foreign { one: "a makeself archive", many: "makeself archives", role: ForeignRole::Packed };
static SHELL_ARCHIVE: Foreign =
    Foreign { one: "a shell archive", many: "shell archives", role: ForeignRole::Packed };
static SCRIPT_WITH_DATA: Foreign = Foreign {
    one: "a script with data behind it",
    many: "scripts with data behind them",
    role: ForeignRole::Packed,
};

/// Words in the comment at the start of scripts that are archives.
const SCRIPTS: [(&[u8], &Foreign); 2] =
    [(b"Makeself", &MAKESELF), (b"This is a shell archive", &SHELL_ARCHIVE)];
/// Number of bytes at the end of a script that are searched.
const END: usize = 4096;

/// Recognizes a script that is an archive, from all its bytes.
pub(in crate::walk) fn script(bytes: &[u8]) -> Option<&'static Foreign> {
    if !bytes.starts_with(b"#!") {
        return None;
    }
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let known = SCRIPTS.iter().find(|(words, _)| memmem::find(head, words).is_some());
    let end = bytes.get(bytes.len().saturating_sub(END)..).unwrap_or(bytes);
    let data = || memchr::memchr(0, end).map(|_| &SCRIPT_WITH_DATA);
    known.map(|(_, foreign)| *foreign).or_else(data)
}

const fn behind(one: &'static str, many: &'static str) -> Foreign {
    Foreign { one, many, role: ForeignRole::Appended }
}

/// Kinds by [`rgo_binary::appended::Appended::looks_like`]. A zip is opened and so not listed; byte
/// code of a language is no program.
static APPENDED: [(&str, Foreign); 29] = [
    ("7z", behind("a 7z archive behind the program", "7z archives behind programs")),
    ("ar", behind("an ar archive behind the program", "ar archives behind programs")),
    ("bzip2", behind("a bzip2 file behind the program", "bzip2 files behind programs")),
    ("cab", behind("a cabinet behind the program", "cabinets behind programs")),
    ("cpio", behind("a cpio archive behind the program", "cpio archives behind programs")),
    ("cramfs", behind("a cramfs image behind the program", "cramfs images behind programs")),
    ("dmg", behind("an Apple disk image behind the program", "Apple disk images behind programs")),
    ("dotnet-bundle", behind("a .NET bundle behind the program", ".NET bundles behind programs")),
    ("dwarfs", behind("a DwarFS image behind the program", "DwarFS images behind programs")),
    ("elf", behind("an ELF image behind the program", "ELF images behind programs")),
    ("erofs", behind("an EROFS image behind the program", "EROFS images behind programs")),
    ("gzip", behind("a gzip file behind the program", "gzip files behind programs")),
    ("inno", behind("an Inno Setup installer", "Inno Setup installers")),
    ("installshield", behind("an InstallShield installer", "InstallShield installers")),
    ("iso9660", behind("an ISO 9660 image behind the program", "ISO 9660 images behind programs")),
    ("lz4", behind("an lz4 file behind the program", "lz4 files behind programs")),
    ("macho", behind("a Mach-O image behind the program", "Mach-O images behind programs")),
    ("nsis", behind("an NSIS installer", "NSIS installers")),
    ("nuitka", behind("a Nuitka program in one file", "Nuitka programs in one file")),
    ("ole", behind("a compound file behind the program", "compound files behind programs")),
    ("pe", behind("a PE image behind the program", "PE images behind programs")),
    (
        "pyinstaller",
        behind("a PyInstaller program in one file", "PyInstaller programs in one file"),
    ),
    ("rar", behind("a RAR archive behind the program", "RAR archives behind programs")),
    ("squashfs", behind("a squashfs image behind the program", "squashfs images behind programs")),
    ("tar", behind("a tar behind the program", "tars behind programs")),
    (
        "wasm",
        behind("a WebAssembly module behind the program", "WebAssembly modules behind programs"),
    ),
    ("xar", behind("a xar archive behind the program", "xar archives behind programs")),
    ("xz", behind("an xz file behind the program", "xz files behind programs")),
    ("zstd", behind("a zstd file behind the program", "zstd files behind programs")),
];

/// Classifies bytes behind an image that may hold programs.
#[must_use]
pub fn appended(looks_like: &str) -> Option<&'static Foreign> {
    APPENDED.iter().find(|(word, _)| *word == looks_like).map(|(_, foreign)| foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_are_archives_are_told_from_scripts() {
        let one = |bytes: &[u8]| script(bytes).map(|foreign| foreign.one);
        let makeself = b"#!/bin/sh\n# This script was generated using Makeself 2.4.5\n";
        assert_eq!(one(makeself), Some("a makeself archive"));
        assert_eq!(one(b"#!/bin/sh\n# This is a shell archive.\n"), Some("a shell archive"));
        let with_data = [b"#!/bin/sh\nexec tail -n +3 $0\n", &[0x1f, 0x8b, 8, 0][..]].concat();
        assert_eq!(one(&with_data), Some("a script with data behind it"));
        assert_eq!(one("#!/bin/sh\necho grüße\n".as_bytes()), None);
        assert_eq!(one(b"no script\0"), None);
        assert_eq!(one(b""), None);
    }

    #[test]
    fn every_kind_of_data_behind_an_image_has_a_word_that_can_be_asked_for() {
        for (word, _) in &APPENDED {
            assert!(rgo_binary::appended::NAMES.contains(word), "{word}");
        }
        for word in ["zip", "data", "text", "module-signature", "bun"] {
            assert!(appended(word).is_none(), "{word}");
        }
    }
}
