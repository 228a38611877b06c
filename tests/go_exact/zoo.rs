//! Files that are no Go programs, or no longer: what a folder may hold, and small programs of
//! every format, cut short and overwritten at every place.

use std::fs;
use std::path::Path;

use super::{agree, agree_on, has_go, samples, say_compared};
use crate::support::scratch;

fn write(file: &Path, bytes: &[u8], mode: u32) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, bytes).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("set");
    }
    let _ = mode;
}

const PLAIN: &[u8] = b"nothing that runs, of some length";

/// The files with what they hold and their modes; `program` is one of Go's.
fn files(program: &[u8]) -> [(&'static str, &[u8], u32); 24] {
    let class = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10java/lang/Object";
    [
        ("a/program", program, 0o755),
        ("a/program-that-does-not-run", program, 0o644),
        ("a/program.exe", program, 0o644),
        ("b/empty", b"", 0o755),
        ("b/empty.so", b"", 0o644),
        ("b/one", b"x", 0o755),
        ("b/fifteen", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0", 0o755),
        ("b/sixteen", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", 0o755),
        ("b/script", b"#!/bin/sh\necho a script\n", 0o755),
        ("b/text", PLAIN, 0o644),
        ("b/text.DLL", PLAIN, 0o644),
        ("b/text.so.1", PLAIN, 0o644),
        ("b/text.dylib", PLAIN, 0o644),
        ("b/so", PLAIN, 0o644),
        ("b/dir.so.d/text", PLAIN, 0o644),
        ("b/Class.class", class, 0o755),
        ("b/fat64", b"\xca\xfe\xba\xbf\0\0\0\x01\0\0\0\0\0\0\0\0", 0o755),
        ("b/fat-of-none", b"\xca\xfe\xba\xbe\0\0\0\0\0\0\0\0\0\0\0\0", 0o755),
        ("b/dos", b"MZ and then no header of any kind", 0o755),
        ("b/archive.a", b"!<arch>\nand then nothing that is known", 0o755),
        ("b/ unusual\nname", PLAIN, 0o755),
        ("c/unreadable", program, 0o000),
        ("c/unreadable.so", program, 0o000),
        ("c/deep/er/program", program, 0o755),
    ]
}

/// Ways to name what is in that folder, and what is not.
const SPELLED: [&str; 17] = [
    ".",
    "./",
    "a",
    "a/",
    "./a//",
    "a/../b",
    "a/..",
    "../zoo",
    "c/./deep",
    "b/",
    "missing",
    "missing/",
    "a/program/",
    "a/program/below",
    "",
    "a//program",
    "./b/../a/program",
];

#[test]
fn whatever_a_folder_holds() {
    if !has_go() {
        return;
    }
    let folder = scratch("go_exact/zoo");
    let program = samples::with_text(samples::TEXT);
    let files = files(&program);
    for (name, bytes, mode) in files {
        write(&folder.join(name), bytes, mode);
    }
    let mut names = files.map(|(name, ..)| name).to_vec();
    names.extend(links(&folder));
    for name in &names {
        agree(&folder, &[name]);
    }
    agree(&folder, &names);
    for name in SPELLED {
        agree(&folder, &[name]);
    }
    agree(&folder, &SPELLED);
    agree(&folder.join("a"), &["..", "../c", "../../zoo/b", "program", "."]);
    let absolute = folder.canonicalize().expect("a folder");
    agree(&folder, &[&absolute, &absolute.join("a/program"), &absolute.join("missing")]);
    let long = "n".repeat(300);
    agree(&folder, &[long.as_str(), "a"]);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let name = std::ffi::OsStr::from_bytes(b"a/\xff\xfe.so");
        write(&folder.join(name), PLAIN, 0o644);
        agree(&folder, &[name]);
        agree(&folder, &["a"]);
        agree(&folder, &["/dev/null", "/dev/zero"]);
    }
    say_compared("files of every kind");
}

/// Links, and their names.
#[cfg(unix)]
fn links(folder: &Path) -> Vec<&'static str> {
    let links = [
        ("program", "a/link"),
        ("../b/text", "a/link-to-text"),
        ("../b/script", "a/link-to-script"),
        ("../c", "a/link-to-folder"),
        ("nowhere", "a/link-to-nothing"),
        ("circle", "a/circle"),
        ("..", "c/link-up"),
    ];
    for (to, name) in links {
        std::os::unix::fs::symlink(to, folder.join(name)).expect("linked");
    }
    let more = ["a/link-to-folder/", "a/link-to-folder/deep", "a/circle/below"];
    links.into_iter().map(|(_, name)| name).chain(more).collect()
}

#[cfg(not(unix))]
fn links(_: &Path) -> Vec<&'static str> {
    Vec::new()
}

/// Build information as Go's linker may write it, and as it may not.
const TEXTS: [&[u8]; 40] = [
    b"",
    b"\n",
    b"path\tx.org/a\n",
    b"path\tx.org/a",
    b"path x.org/a\n",
    b"path\t\n",
    b"path\ta\nmod\ta\t\t\n",
    b"mod\t\t\n",
    b"mod\t\t\t\n",
    b"mod\ta\n",
    b"mod\ta\tb\tc\td\n",
    b"mod\ta\tb\n=>\tc\td\te\n=>\tc\td\te\n",
    b"mod\ta\tb\n=>\tc\td\n",
    b"dep\ta\tb\n\nother\n=>\tc\td\t\n",
    b"=>\tc\td\te\n",
    b"dep\ta\n",
    b"build\t\n",
    b"build\t=\n",
    b"build\ta\n",
    b"build\ta=\n",
    b"build\ta=b=c\n",
    b"build\ta b=c\n",
    b"build\ta\"b=c\n",
    b"build\t\"a b\"=c\n",
    b"build\t\"a b=c\n",
    b"build\t\"a b\"\n",
    b"build\t\"a b\"c\n",
    b"build\t`a`\xc3\xa9=\n",
    b"build\t`a`\x01\n",
    b"build\t`a`\x80\n",
    b"build\t\"\"=\"\"\n",
    b"build\ta=b c\n",
    b"build\ta=\x01 \xff\xe2\x82 \xc2\xad\xe2\x80\xa8\n",
    b"build\ta=\"b\n",
    b"build\ta=\"b\"c\n",
    b"build\ta=\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\" \\x41\\101\\u00e9\\U0001f980\"\n",
    b"build\ta=\"\\'\"\n",
    b"build\ta=\"\\777\"\n",
    b"build\ta=\"\\ud800\"\n",
    b"build\ta=\"\\xff <>& \xff\xe2\x82 \xe2\x80\xa8\"\nbuild\t`b\r`=`c\r\"\\`\n",
];

#[test]
fn texts_that_go_reads_and_refuses() {
    if !has_go() {
        return;
    }
    let folder = scratch("go_exact/texts");
    for (index, text) in TEXTS.iter().enumerate() {
        write(&folder.join(format!("{index:03}")), &samples::with_text(text), 0o755);
    }
    // Every character of Unicode's first planes that Go might print or escape, some at a time.
    for start in (0x80_u32..0x3_0000).step_by(0x400) {
        let line: String = (start..start + 0x400).filter_map(char::from_u32).collect();
        let text = format!("build\ta=\"\\u0020{line}\"\n");
        write(&folder.join(format!("u{start:05x}")), &samples::with_text(text.as_bytes()), 0o755);
    }
    for index in 0..TEXTS.len() {
        agree(&folder, &[format!("{index:03}")]);
    }
    agree_on(&folder, &["-m", "-v", "-json"], &["."]);
    agree_on(&folder, &["-m", "-v"], &["."]);
    say_compared("texts");
}

#[test]
fn damaged_programs() {
    if !has_go() {
        return;
    }
    let folder = scratch("go_exact/damaged");
    let mut files = 0;
    for (name, sample) in samples::all() {
        let place = folder.join(&name);
        let mut put = |kind: &str, at: usize, data: &[u8]| {
            files += 1;
            write(&place.join(format!("{kind}-{at:04x}")), data, 0o755);
        };
        put("whole", 0, &sample);
        for length in 0..sample.len() {
            if length % 5 == 0 || sample.len() - length < 40 {
                put("cut", length, &sample[..length]);
            }
        }
        let numbers: [u32; 5] = [0, 1, 0x11, 0x7fff_ffff, u32::MAX];
        for (index, number) in numbers.into_iter().enumerate() {
            for at in (0..sample.len() - 3).step_by(4) {
                let mut data = sample.clone();
                data[at..at + 4].copy_from_slice(&number.to_ne_bytes());
                put(&format!("number{index}"), at, &data);
            }
        }
        // Bits by a generator that gives the same ones every time (xorshift).
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for flip in 0..400 {
            let mut data = sample.clone();
            for _ in 0..=flip % 3 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = state as usize % data.len();
                data[at] ^= 1 << (state >> 60 & 7);
            }
            put("bits", flip, &data);
        }
        agree_on(&folder, &["-m", "-v"], &[&name]);
        agree_on(&folder, &["-m", "-v", "-json"], &[&name]);
        fs::remove_dir_all(&place).expect("removed");
    }
    say_compared(&format!("{files} damaged files"));
}
