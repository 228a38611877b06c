//! Recognizes the format of appended bytes by the magic numbers at their start or end.

use std::ops::Range;

use memchr::memmem;

/// Bytes of an unknown format.
pub(super) const DATA: &str = "data";
/// The number of leading bytes that are checked for zeros: a sparse file of any size must not cost
/// as much time as its size.
const MAX_ZEROS: usize = 16 << 20;

/// Nothing but zeros.
pub(super) const ZEROS: &str = "zeros";
const TEXT: &str = "text";

/// The format that bytes seem to have, and the bytes that identify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    pub(super) looks_like: &'static str,
    /// Offset of the identifying bytes, in bytes from the start of the image.
    pub(super) at: u64,
    pub(super) what: String,
}

/// A format, the distance of its magic number from the first byte, and the magic number.
type Head = (&'static str, usize, &'static [u8]);

/// Magic numbers at the start. The first match counts.
const HEADS: [Head; 42] = [
    ("zip", 0, b"PK\x03\x04"),
    ("gzip", 0, b"\x1f\x8b\x08"),
    ("zstd", 0, b"\x28\xb5\x2f\xfd"),
    ("xz", 0, b"\xfd7zXZ\0"),
    ("bzip2", 0, b"BZh"),
    ("lz4", 0, b"\x04\x22\x4d\x18"),
    ("7z", 0, b"7z\xbc\xaf\x27\x1c"),
    ("rar", 0, b"Rar!\x1a\x07"),
    ("cab", 0, b"MSCF\0\0\0\0"),
    ("tar", 257, b"ustar"),
    ("cpio", 0, b"070701"),
    ("cpio", 0, b"070702"),
    ("ar", 0, b"!<arch>\n"),
    ("xar", 0, b"xar!"),
    // File system images. AppImages contain the first.
    ("squashfs", 0, b"hsqs"),
    ("squashfs", 0, b"sqsh"),
    ("dwarfs", 0, b"DWARFS"),
    ("erofs", 1024, b"\xe2\xe1\xf5\xe0"),
    ("cramfs", 0, b"\x45\x3d\xcd\x28"),
    ("iso9660", 0x8001, b"CD001"),
    // Installers. In NSIS, the magic number follows a word of flags.
    ("nsis", 4, b"\xef\xbe\xad\xdeNullsoftInst"),
    ("inno", 0, b"zlb\x1a"),
    ("inno", 0, b"idska32\x1a"),
    ("inno", 0, b"Inno Setup"),
    ("installshield", 0, b"InstallShield"),
    ("installshield", 0, b"ISSetupStream"),
    // Programs of a language, appended to its runtime.
    ("nuitka", 0, b"KAX"),
    ("nuitka", 0, b"KAY"),
    ("deno", 0, b"d3n0l4nd"),
    ("lua", 0, b"\x1bLua"),
    ("wasm", 0, b"\0asm"),
    ("java-class", 0, b"\xca\xfe\xba\xbe"),
    ("elf", 0, b"\x7fELF"),
    ("macho", 0, b"\xcf\xfa\xed\xfe"),
    ("pe", 0, b"MZ\x90\0"),
    ("sqlite", 0, b"SQLite format 3\0"),
    ("pdf", 0, b"%PDF-"),
    ("ole", 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("asn1", 0, b"\x30\x82"),
    ("pem", 0, b"-----BEGIN "),
    ("xml", 0, b"<?xml"),
    ("script", 0, b"#!"),
];

/// Magic numbers at the end: format, magic number, and its greatest distance from the end.
const TAILS: [(&str, &[u8], usize); 9] = [
    // Linux kernel modules; a PKCS #7 signature comes before it.
    ("module-signature", b"~Module signature appended~\n", 28),
    // A table of contents stands before it, and the position of that table behind it.
    ("pyinstaller", b"MEI\x0c\x0b\x0a\x0b\x0e", 4096),
    ("deno", b"d3n0l4nd", 64),
    ("bun", b"\n---- Bun! ----\n", 64),
    ("nexe", b"<nexe~~sentinel>", 32),
    ("appimage-signature", b"-----END PGP SIGNATURE-----", 64),
    ("upx", b"UPX!", 64),
    ("dmg", b"koly", 512),
    // The zip's end-of-directory record, with a comment of up to 65,535 bytes.
    ("zip", b"PK\x05\x06", 65_557),
];

/// A .NET bundle. The host program's marker identifies it.
pub(super) const DOTNET_BUNDLE: &str = "dotnet-bundle";

/// All values of `looks_like`, except [`ZEROS`].
pub(super) const NAMES: &[&str] = &[
    "7z",
    "appimage-signature",
    "ar",
    "asn1",
    "bun",
    "bzip2",
    "cab",
    "cpio",
    "cramfs",
    "data",
    "deno",
    "dmg",
    "dotnet-bundle",
    "dwarfs",
    "elf",
    "erofs",
    "gzip",
    "inno",
    "installshield",
    "iso9660",
    "java-class",
    "lua",
    "lz4",
    "macho",
    "module-signature",
    "nexe",
    "nsis",
    "nuitka",
    "ole",
    "pdf",
    "pe",
    "pem",
    "pyinstaller",
    "rar",
    "script",
    "sqlite",
    "squashfs",
    "tar",
    "text",
    "upx",
    "wasm",
    "xar",
    "xml",
    "xz",
    "zip",
    "zstd",
];

/// The longest run of zeros skipped before aligned content.
const PADDING: usize = 1 << 16;
/// Number of bytes checked for text.
const LOOKED_AT: usize = 256;
/// Number of bytes shown of an unknown format.
const SHOWN: usize = 16;

/// Recognizes bytes that start at `offset` in the image. There is at least one byte.
pub(super) fn look(bytes: &[u8], offset: u64) -> Likeness {
    let found =
        |looks_like, at: usize, what: String| Likeness { looks_like, at: offset + at as u64, what };
    let tail = TAILS.iter().find_map(|(name, word, distance)| {
        let from = bytes.len().saturating_sub(*distance);
        let at = memmem::rfind(bytes.get(from..)?, word)?;
        Some((*name, from + at, *word))
    });
    // A zip may begin with a script, but bytes that begin with another archive's magic are that
    // archive.
    let (exact, directory) = match tail {
        Some(tail @ ("zip", ..)) => (None, Some(tail)),
        other => (other, None),
    };
    let first = bytes.iter().take(PADDING).position(|byte| *byte != 0);
    let start = first.unwrap_or_default();
    let head = || {
        let known = |start: usize| {
            HEADS.iter().find_map(|(name, distance, word)| {
                let rest = bytes.get(start.checked_add(*distance)?..)?;
                rest.starts_with(word).then_some((*name, start + distance, *word))
            })
        };
        // WebAssembly's magic begins with a zero byte; other formats do not, so zeros before them
        // are padding.
        known(0).or_else(|| known(start))
    };
    let is_zip = |found: &(&str, usize, &[u8])| directory.is_some() && found.0 == "script";
    let seen = exact.or_else(|| head().filter(|it| !is_zip(it))).or(directory).or_else(head);
    if let Some((name, at, word)) = seen {
        return found(name, at, shown(word));
    }
    if first.is_none() {
        let (searched, rest) = bytes.split_at_checked(MAX_ZEROS).unwrap_or((bytes, &[]));
        match searched.iter().all(|byte| *byte == 0) {
            true if rest.is_empty() => return found(ZEROS, 0, "nothing but zeros".to_owned()),
            true => return found(DATA, 0, format!("{MAX_ZEROS} zeros and more")),
            false => {}
        }
    }
    let rest = bytes.get(start..).unwrap_or_default();
    let head = rest.get(..LOOKED_AT).unwrap_or(rest);
    let is_text = std::str::from_utf8(head)
        .is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')));
    let first = shown(rest.get(..SHOWN).unwrap_or(rest));
    found(if is_text { TEXT } else { DATA }, start, first)
}

/// Finds the file system of a type 1 AppImage. The ELF program lies in the area that ISO 9660
/// reserves at the start, so that the file system's magic has a fixed offset in the whole file.
pub(super) fn old_app_image(data: &[u8], range: &Range<u64>) -> Option<Likeness> {
    const MARK: &[u8] = b"AI\x01";
    const AT: u64 = 0x8001;
    let is_marked = data.get(8..)?.starts_with(MARK) && range.contains(&AT);
    let name = data.get(usize::try_from(AT).ok()?..)?.first_chunk::<5>()?;
    (is_marked && name == b"CD001").then(|| Likeness {
        looks_like: "iso9660",
        at: AT,
        what: shown(name),
    })
}

/// Bytes as quoted text if all of them are printable, otherwise as hexadecimal numbers.
fn shown(bytes: &[u8]) -> String {
    let trimmed = bytes.trim_ascii();
    match std::str::from_utf8(trimmed) {
        Ok(text) if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) => {
            format!("\"{text}\"")
        }
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn named(bytes: &[u8]) -> &'static str {
        look(bytes, 0).looks_like
    }

    #[test]
    fn formats_are_told_by_their_words() {
        for (name, distance, word) in HEADS {
            let mut bytes = vec![0xee; distance];
            bytes.extend(word);
            bytes.extend([0xee; 40]);
            assert_eq!(named(&bytes), name, "{}", word.escape_ascii());
        }
        for (name, word, distance) in TAILS {
            let mut bytes = vec![0xee; 70_000];
            bytes.extend(word);
            bytes.resize(70_000 + distance, 0xee);
            assert_eq!(named(&bytes), name, "{}", word.escape_ascii());
            bytes.push(0xee);
            assert_eq!(named(&bytes), DATA, "{} further from the end", word.escape_ascii());
        }
    }

    #[test]
    fn the_list_of_names_has_every_name_once() {
        let heads = HEADS.iter().map(|(name, ..)| *name);
        let names: BTreeSet<&str> = heads
            .chain(TAILS.iter().map(|(name, ..)| *name))
            .chain([DATA, TEXT, DOTNET_BUNDLE])
            .collect();
        assert_eq!(NAMES, names.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_format_is_told_by_its_bytes() {
        assert_eq!(named(&[0; 5]), ZEROS);
        assert_eq!(named(&vec![0; PADDING + 5]), ZEROS);
        assert_eq!(named(&vec![0; MAX_ZEROS]), ZEROS);
        assert_eq!(look(&vec![0; MAX_ZEROS + 1], 0).what, "16777216 zeros and more");
        assert_eq!(named(b"\0\0\x01"), DATA);
        assert_eq!(named(b"version=1\n"), TEXT);
        assert_eq!(look(b"\x80\x81", 0x20).what, "80 81");
        assert_eq!(look(b"version=1\n", 0x20).what, "\"version=1\"");
    }

    #[test]
    fn a_format_may_begin_behind_padding_and_a_zip_behind_a_script() {
        let padded = [&[0; 4000][..], b"hsqs and so on"].concat();
        let found = look(&padded, 0x100);
        assert_eq!((found.looks_like, found.at), ("squashfs", 0x100 + 4000));
        // pip appends a zip to its launcher.
        let launcher = b"#!python.exe\r\nPK\x03\x04 members PK\x05\x06 and its end";
        assert_eq!(named(launcher), "zip");
        assert_eq!(named(b"#!/bin/sh\nexit\n"), "script");
    }
}
