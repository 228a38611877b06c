//! Signatures of darwin programs: arm64 macOS kills a program whose pages do not have the hashes
//! that its signature says. Verified by an implementation that shares nothing with the one that
//! signs, and the layout by lief, from this picture (Apple's `cs_blobs.h`; all big-endian):
//!
//! ```text
//! SuperBlob      u32 magic fade0cc0, u32 length, u32 count, count × { u32 type, u32 offset }
//! CodeDirectory  (type 0)
//!   0 u32 magic fade0c02     4 u32 length        8 u32 version      12 u32 flags
//!  16 u32 hash offset       20 u32 ident offset  24 u32 special slots  28 u32 code slots
//!  32 u32 code limit        36 u8 hash size      37 u8 hash type    39 u8 log2(page size)
//! ```

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::support::{Outcome, Project, machine, native, sample, scratch, tool};

fn u32le(data: &[u8], at: usize) -> usize {
    u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes")) as usize
}

fn u32be(data: &[u8], at: usize) -> usize {
    u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes")) as usize
}

/// What a signature says; only one that holds gets this far.
#[derive(Debug, PartialEq)]
struct Signed {
    identifier: String,
    pages: usize,
}

/// Checks every page of a thin 64-bit file.
fn verify(data: &[u8]) -> Result<Signed, String> {
    const LC_CODE_SIGNATURE: usize = 0x1d;
    if u32le(data, 0) != 0xfeed_facf {
        return Err("not a 64-bit Mach-O".into());
    }
    let mut at = 32;
    let mut place = None;
    for _ in 0..u32le(data, 16) {
        if u32le(data, at) == LC_CODE_SIGNATURE {
            place = Some((u32le(data, at + 8), u32le(data, at + 12)));
        }
        at += u32le(data, at + 4);
    }
    let (start, size) = place.ok_or("not signed")?;
    if start + size != data.len() {
        return Err(format!(
            "the signature ends at {:#x}, the file at {:#x}",
            start + size,
            data.len()
        ));
    }
    let blob = &data[start..];
    if u32be(blob, 0) != 0xfade_0cc0 {
        return Err("no SuperBlob".into());
    }
    let entries = (0..u32be(blob, 8)).map(|index| 12 + index * 8);
    let directory = entries
        .filter(|entry| u32be(blob, *entry) == 0)
        .map(|entry| &blob[u32be(blob, entry + 4)..])
        .next()
        .ok_or("no CodeDirectory")?;
    if u32be(directory, 0) != 0xfade_0c02 || u32be(directory, 12) & 2 == 0 {
        return Err("not a CodeDirectory that is ad hoc".into());
    }
    if (directory[36], directory[37]) != (32, 2) {
        return Err("not hashed by SHA-256".into());
    }
    let (hashes, slots, limit) = (u32be(directory, 16), u32be(directory, 28), u32be(directory, 32));
    if limit != start {
        return Err(format!("covers {limit:#x} bytes of {start:#x}"));
    }
    let page_size = 1_usize << directory[39];
    let pages: Vec<&[u8]> = data[..limit].chunks(page_size).collect();
    if pages.len() != slots {
        return Err(format!("{slots} hashes for {} pages", pages.len()));
    }
    for (index, page) in pages.iter().enumerate() {
        let at = hashes + index * 32;
        if Sha256::digest(page)[..] != directory[at..at + 32] {
            return Err(format!("page {index} has another hash"));
        }
    }
    let name = &directory[u32be(directory, 20)..];
    let end = name.iter().position(|byte| *byte == 0).ok_or("an identifier without an end")?;
    Ok(Signed { identifier: String::from_utf8_lossy(&name[..end]).into_owned(), pages: slots })
}

/// Only arm64 has to be signed, and zig signs nothing else: for amd64 there is nothing to renew.
const SIGNED: [&str; 1] = ["darwin-arm64"];

#[test]
fn every_page_of_a_stamped_program_has_its_hash() {
    for toolchain in SIGNED {
        let data = sample().artifact(toolchain, "sample").bytes();
        let signed = verify(&data).unwrap_or_else(|error| panic!("{toolchain}: {error}"));
        assert_eq!(signed.identifier, "sample", "{toolchain}: no hash of cargo's in it");
        assert!(signed.pages > 10, "{toolchain}: {signed:?}");
    }
}

#[test]
fn the_verifier_sees_a_flipped_bit() {
    let mut data = sample().artifact("darwin-arm64", "sample").bytes();
    let middle = data.len() / 2;
    data[middle] ^= 1;
    let error = verify(&data).expect_err("a broken page");
    assert!(error.contains("another hash"), "{error}");
}

#[test]
fn libraries_and_stripped_programs_are_signed_too() {
    let plug = Project::of("workspace").build(["--target", "darwin/arm64", "-p", "plug"]);
    let plug = plug.report();
    let lto = Project::of("lto").build(["--target", "darwin/arm64", "--strip", "all"]);
    let lto = lto.report();
    for toolchain in SIGNED {
        for bytes in [
            plug.artifact(toolchain, "libplug.dylib").bytes(),
            lto.artifact(toolchain, "lto").bytes(),
        ] {
            verify(&bytes).unwrap_or_else(|error| panic!("{toolchain}: {error}"));
        }
    }
}

#[test]
fn stamping_a_finished_program_renews_the_signature() {
    let folder = scratch("signature");
    for toolchain in SIGNED {
        let file = folder.join(toolchain);
        std::fs::copy(sample().artifact(toolchain, "sample").path(), &file).expect("copied");
        let before = verify(&std::fs::read(&file).expect("read")).expect("signed");
        let mut stamp = tool("rgo-build");
        stamp.arg("stamp").arg(&file).args(["-X", "sample::VERSION=77.7.7"]);
        Outcome::of(&mut stamp).ended(0);
        let data = std::fs::read(&file).expect("read");
        assert_eq!(verify(&data), Ok(before), "{toolchain}: all but the pages is as it was");
        assert!(data.windows(6).any(|window| window == b"77.7.7"), "{toolchain}");
    }
}

#[test]
fn lief_finds_every_layout_sound() {
    let script = "import sys, lief\n\
        lief.logging.disable()\n\
        for path in sys.argv[1:]:\n\
        \x20   binary = lief.parse(path)\n\
        \x20   assert binary is not None, path\n\
        \x20   if isinstance(binary, lief.MachO.Binary):\n\
        \x20       ok, why = lief.MachO.check_layout(binary)\n\
        \x20       assert ok, f'{path}: {why}'\n\
        \x20       assert binary.has_code_signature or 'arm64' not in path, path\n\
        \x20   elif isinstance(binary, lief.PE.Binary):\n\
        \x20       ok, why = lief.PE.check_layout(binary) if hasattr(lief.PE, 'check_layout') else (True, '')\n\
        \x20       assert ok, f'{path}: {why}'\n\
        \x20   print(path)\n";
    let mut python = native(machine().must("RGO_TEST_PYTHON"));
    python.args(["-c", script]);
    let paths: Vec<_> = sample().all().map(|(_, artifact)| artifact.path()).collect();
    let said = Outcome::of(python.args(&paths)).ended(0).stdout;
    assert_eq!(said.lines().map(Path::new).count(), paths.len(), "{said}");
}
