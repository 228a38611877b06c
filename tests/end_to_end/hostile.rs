//! Files made to do harm that are too large, or too odd, to be kept as cases: what the command
//! says of them, and how much memory it takes meanwhile. The others are `tests/cases/version-m`.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use rgo_files::walk::Limits;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Outcome, can, machine, native, not_tested, scratch, tool};

/// What the command takes for itself: its code, its tables, the pages that it maps.
const BASE: u64 = 64 << 20;
const MIB: u64 = 1 << 20;

/// How far the end of a large file is away.
const FAR: u64 = 4 << 30;

/// A small real program, with its table of sections at the end.
fn elf() -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rgo-binary/tests/fixtures");
    fs::read(fixtures.join("read/sample.elf")).expect("a fixture")
}

/// `rgo-version-m` in a folder.
fn version_m(folder: &Path, args: &[&str]) -> Outcome {
    Outcome::of(tool("rgo-version-m").current_dir(folder).args(args))
}

/// The same, and the most memory that it had, in bytes, where that can be measured.
fn measured(folder: &Path, args: &[&str]) -> (Outcome, Option<u64>) {
    if !cfg!(target_os = "linux") || !can("time") {
        not_tested(format!("the memory of {args:?}, for there is no GNU time"));
        return (version_m(folder, args), None);
    }
    let figures = folder.join("figures");
    let mut time: Command = native("time");
    machine().prepare(&mut time).current_dir(folder);
    time.args(["-q", "-f", "%M", "-o"]).arg(&figures);
    let outcome = Outcome::of(time.arg(tool("rgo-version-m").get_program()).args(args));
    let kib = fs::read_to_string(&figures).expect("figures");
    let kib: u64 = kib.trim().parse().unwrap_or_else(|_| panic!("{kib:?} is no number\n{outcome}"));
    (outcome, Some(kib << 10))
}

#[track_caller]
fn within(taken: Option<u64>, limit: u64, what: &str) {
    if let Some(taken) = taken {
        assert!(taken <= limit, "{what}: {} MiB, over {} MiB", taken / MIB, limit / MIB);
    }
}

/// A file of which only `parts` were ever written, each at its place.
fn with_holes(file: &Path, size: u64, parts: &[(u64, &[u8])]) {
    let mut made = File::create(file).expect("made");
    for (at, bytes) in parts {
        made.seek(SeekFrom::Start(*at)).expect("a place");
        made.write_all(bytes).expect("written");
    }
    made.set_len(size).expect("a size");
}

#[test]
fn four_gigabytes_of_holes_are_neither_read_nor_kept() {
    let folder = scratch("holes");
    let elf = elf();
    with_holes(&folder.join("zeros"), FAR, &[]);
    with_holes(&folder.join("header"), FAR, &[(0, &elf[..64])]);
    with_holes(&folder.join("program"), FAR, &[(0, &elf)]);
    // The table of sections at the far end, where its place is 8 bytes at offset 0x28.
    let table = u64::from_le_bytes(elf[0x28..0x30].try_into().expect("8 bytes"));
    let (before, sections) = elf.split_at(usize::try_from(table).expect("a place"));
    let end = FAR - sections.len() as u64;
    let mut moved = before.to_vec();
    moved[0x28..0x30].copy_from_slice(&end.to_le_bytes());
    with_holes(&folder.join("far"), FAR, &[(0, &moved), (end, sections)]);
    // A table that would be all that there is.
    let mut much = elf.clone();
    much[0x28..0x30].copy_from_slice(&64_u64.to_le_bytes());
    much[0x3c..0x3e].copy_from_slice(&u16::MAX.to_le_bytes());
    with_holes(&folder.join("many"), FAR, &[(0, &much)]);
    let tar = |name: &str, size: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).expect("a name");
        header.set_size(size);
        header.set_cksum();
        *header.as_bytes()
    };
    let member = tar("program", FAR);
    with_holes(&folder.join("tar"), FAR + 2048, &[(0, &member), (512, &elf)]);

    // What says nothing is searched for texts, and that has a limit too.
    let searched = rgo_binary::Limits::default().max_searched;
    let is_sample = ": rustc 1.96.0\n\trgo\t0.1.0\trustc 1.96.0\n";
    let cases = [
        ("header", searched, "header: (unknown compiler)\n"),
        ("many", searched, "many: probably C\n"),
        ("program", 0, is_sample),
        ("far", 0, is_sample),
        ("tar", 0, is_sample),
    ];
    for (name, limit, words) in cases {
        for flags in [&["--facts"][..], &[]] {
            let (outcome, taken) = measured(&folder, &[flags, &[name]].concat());
            let outcome = outcome.ended(0);
            assert!(outcome.stdout.contains(words), "{outcome}");
            assert_eq!(outcome.stderr, "", "{outcome}");
            within(taken, limit + BASE, name);
        }
    }
    let (outcome, taken) = measured(&folder, &["zeros"]);
    outcome.ended(1).says("error: zeros: not an ELF, Mach-O or PE image\nhint: ");
    within(taken, BASE, "zeros");
}

/// A program of which nearly all is zeros, in pieces.
fn large(size: u64, mut take: impl FnMut(&[u8])) {
    let elf = elf();
    take(&elf);
    let zeros = vec![0; MIB as usize];
    for _ in 0..size / MIB {
        take(&zeros);
    }
}

fn gz(file: &Path, size: u64) {
    let mut encoder = GzEncoder::new(File::create(file).expect("made"), Compression::default());
    large(size, |piece| encoder.write_all(piece).expect("written"));
    encoder.finish().expect("written");
}

fn xz(file: &Path, size: u64) {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let file = File::create(file).expect("made");
    let mut encoder = lzma_rust2::XzWriter::new(file, options).expect("begun");
    large(size, |piece| encoder.write_all(piece).expect("written"));
    encoder.finish().expect("written");
}

fn zip(file: &Path, size: u64) {
    let mut archive = ZipWriter::new(File::create(file).expect("made"));
    archive.start_file("app", SimpleFileOptions::default()).expect("begun");
    large(size, |piece| archive.write_all(piece).expect("written"));
    archive.finish().expect("written");
}

/// A frame with a window of 128 KiB; each block is one byte that is repeated (RFC 8878, 3.1.1).
fn zst(file: &Path, size: u64) {
    const BLOCK: usize = 128 << 10;
    let mut bytes = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    let mut block = |last: bool, kind: u32, size: usize, content: &[u8]| {
        let header = u32::from(last) | kind << 1 | (size as u32) << 3;
        bytes.extend_from_slice(&header.to_le_bytes()[..3]);
        bytes.extend_from_slice(content);
    };
    let elf = elf();
    block(false, 0, elf.len(), &elf);
    for _ in 0..size / BLOCK as u64 {
        block(false, 1, BLOCK, &[0]);
    }
    block(true, 0, 0, &[]);
    fs::write(file, bytes).expect("written");
}

/// Every kind of archive that decompresses, as a bomb: told as one, once it has made so much that
/// its ratio counts, and no more than that is ever in memory.
#[test]
fn bombs_of_every_kind_stop_at_the_ratio() {
    let folder = scratch("bombs");
    let limits = Limits::default();
    let size = limits.ratio_from + (128 << 20);
    type Make = fn(&Path, u64);
    let kinds: [(&str, &str, Make); 4] = [
        ("b.gz", "b.gz", gz),
        ("b.xz", "b.xz", xz),
        ("b.zst", "b.zst", zst),
        ("b.zip", "b.zip!app", zip),
    ];
    for (name, member, make) in kinds {
        make(&folder.join(name), size);
        let (outcome, taken) = measured(&folder, &[name]);
        let outcome = outcome.ended(1);
        assert!(
            outcome.stderr.starts_with(&format!("error: {member}: a decompression bomb: ")),
            "{outcome}"
        );
        let outcome = outcome.says(", over 250 for one: the rest is not looked into");
        let outcome = outcome.says_nothing_of("there is no program in it");
        assert_eq!(outcome.stdout, "");
        within(taken, limits.ratio_from + BASE, name);
    }
}

/// Zip files whose members share their bytes: a ratio that no single member has.
#[test]
fn members_that_share_their_bytes_are_read_once() {
    let folder = scratch("shared");
    let mut archive = ZipWriter::new(File::create(folder.join("one.zip")).expect("made"));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for name in ["one", "two"] {
        archive.start_file(name, stored).expect("begun");
        archive.write_all(&elf()).expect("written");
    }
    archive.finish().expect("written");
    let mut bytes = fs::read(folder.join("one.zip")).expect("read");
    let second = memchr::memmem::rfind(&bytes, b"PK\x01\x02").expect("an entry");
    bytes[second + 42..second + 46].fill(0);
    fs::write(folder.join("shared.zip"), bytes).expect("written");
    let outcome = version_m(&folder, &["--short", "shared.zip"]).ended(1);
    assert!(outcome.stdout.starts_with("shared.zip!one: sample 1.0.0, "), "{outcome}");
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome}");
    outcome.says("shared.zip!two: damaged: its bytes are another member's as well");
}

/// Links of the system: one to a program counts as it, one to a folder is not followed, and a
/// circle has no end to look for.
#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_a_folder() {
    use std::os::unix::fs::symlink;

    let folder = scratch("links");
    let inside = folder.join("inside");
    fs::create_dir(&inside).expect("made");
    fs::create_dir(folder.join("outside")).expect("made");
    fs::write(folder.join("outside/secret"), elf()).expect("written");
    fs::write(inside.join("app"), elf()).expect("written");
    for (to, name) in [
        ("app", "link"),
        ("../outside", "out"),
        (".", "circle"),
        ("loop", "loop"),
        ("nowhere", "gone"),
    ] {
        symlink(to, inside.join(name)).expect("linked");
    }
    let outcome = version_m(&folder, &["--short", "inside"]).ended(0);
    let names: Vec<_> = outcome.stdout.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names, ["inside/app", "inside/link"], "{outcome}");
    let names: [(PathBuf, &str); 2] =
        [("inside/loop".into(), "symbolic links"), ("inside/gone".into(), "No such file")];
    for (name, words) in names {
        version_m(&folder, &[name.to_str().expect("UTF-8")]).ended(1).says(words);
    }
}
