//! Sizes: what `rgo-strip` writes is never larger than what the best of LLVM's, GNU's and
//! elfutils' strip writes, where these keep the same content.
//!
//! The same content, because theirs is sometimes smaller for leaving out what the result needs or
//! what was asked to stay: sections that tell a program's origin are named to them; GNU's merging
//! of notes is turned off; what the loader maps is not counted (GNU cuts zeros off the data of Go
//! programs, LLVM the ends of segments for another page size), nor are programs that no longer do what
//! they did (GNU's of a segment behind the debug data, LLVM's of a payload), a Mach-O signature (LLVM's
//! has neither the identifier nor the flags that the input's had) and symbols that they leave out.
//! And the dynamic loader of macOS 27 wants strings of a Mach-O aligned, which LLVM's are not.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use object::read::macho::{LoadCommandVariant, MachOFatFile32};
use object::{File, Object, ObjectSegment, ObjectSymbol};

use crate::end_to_end::strip_corpus;
use crate::support::made::{made, one};
use crate::support::stripping::{MODES, Subject, does, size};
use crate::support::{can, machine, native};

/// Kept in every mode, by us.
const ORIGIN: [&str; 4] = [".comment", ".dep-v0", ".rgo-bi", ".rgo-x"];

/// Every tool that this machine has for a program and a mode, and how it is called.
fn peers(subject: &Subject, mode: &'static str) -> Vec<(&'static str, Command)> {
    let mut peers = Vec::new();
    let mut llvm = native(machine().must("RGO_TEST_LLVM_STRIP"));
    llvm.arg(mode);
    let gnu = match (subject.format, subject.platform) {
        ("elf", "linux-arm64" | "linux-arm64-static") => "aarch64-linux-gnu-strip",
        ("elf", _) => "x86_64-linux-gnu-strip",
        ("pe", "windows-amd64") => "x86_64-w64-mingw32-strip",
        _ => "",
    };
    if can(gnu) {
        let mut gnu = native(gnu);
        gnu.args([mode, "--no-merge-notes"]);
        peers.push(("GNU", gnu));
    }
    if subject.format == "elf" {
        llvm.args(ORIGIN.map(|name| format!("--keep-section={name}")));
        if let Some((_, gnu)) = peers.last_mut() {
            gnu.args(ORIGIN.map(|name| format!("--keep-section={name}")));
        }
        if can("eu-strip") {
            let mut elfutils = native("eu-strip");
            elfutils.args((mode == "--strip-debug").then_some("--strip-debug"));
            elfutils.args(ORIGIN.map(|name| format!("--keep-section={name}")));
            peers.push(("elfutils", elfutils));
        }
    }
    peers.push(("LLVM", llvm));
    peers
}

/// What there is to compare: bytes, and in which names of symbols they are not alike.
#[derive(Debug, Default)]
struct Weight {
    bytes: u64,
    /// Of these, at most so many to align strings.
    alignment: u64,
    symbols: BTreeMap<Vec<u8>, u64>,
}

fn weigh(file: &Path) -> Weight {
    let data = fs::read(file).expect("read");
    let mut weight = Weight::default();
    match MachOFatFile32::parse(&*data) {
        Ok(fat) => {
            for arch in fat.arches() {
                weigh_image(
                    object::read::macho::FatArch::data(arch, &*data).expect("a slice"),
                    &mut weight,
                );
            }
        }
        Err(_) => weigh_image(&data, &mut weight),
    }
    weight
}

fn weigh_image(data: &[u8], weight: &mut Weight) {
    let image = File::parse(data).expect("an image");
    weight.bytes += data.len() as u64;
    if matches!(image, File::Pe32(_) | File::Pe64(_)) {
        return;
    }
    // Of a Mach-O the loaded part is kept as it is; LLVM writes it anew.
    let is_macho = matches!(image, File::MachO64(_));
    for segment in image.segments() {
        if !is_macho {
            weight.bytes -= segment.file_range().1;
        } else if segment.name() == Ok(Some("__LINKEDIT")) {
            weight.bytes = weight.bytes + segment.file_range().1 - data.len() as u64;
        }
    }
    let File::MachO64(macho) = &image else { return };
    weight.alignment += 7;
    let mut commands = macho.macho_load_commands().expect("load commands");
    while let Some(command) = commands.next().expect("a load command") {
        if let Ok(LoadCommandVariant::LinkeditData(data)) = command.variant()
            && command.cmd() == object::macho::LC_CODE_SIGNATURE
        {
            weight.bytes -= u64::from(data.datasize.get(macho.endian()));
        }
    }
    for symbol in image.symbols() {
        *weight.symbols.entry(symbol.name_bytes().expect("a name").to_vec()).or_default() += 1;
    }
}

/// Bytes of symbols that only the first has.
fn own_symbols(ours: &Weight, theirs: &Weight) -> u64 {
    let cost = |(name, count): (&Vec<u8>, &u64)| {
        let more = count.saturating_sub(theirs.symbols.get(name).copied().unwrap_or_default());
        more * (16 + name.len() as u64 + 1)
    };
    ours.symbols.iter().map(cost).sum()
}

/// Holds that ours is never larger, and shows where it is.
fn never_larger<'s>(subjects: impl IntoIterator<Item = &'s Subject>) {
    let mut table = String::new();
    let mut compared = 0;
    for subject in subjects {
        let folder = subject.folder("size");
        for mode in MODES {
            let result = folder.place("ours", subject.file_name());
            let flags = [subject.voids_signature(), &[mode]].concat();
            subject.strip(&flags, &result).ended(0);
            let ours = weigh(&result);
            for (peer, mut command) in peers(subject, mode) {
                let other = folder.place("theirs", subject.file_name());
                let _ = fs::remove_file(&other);
                let output = command.arg("-o").arg(&other).arg(&subject.file).output();
                // LLVM has no such mode for Mach-O, and none knows every file.
                if !output.is_ok_and(|output| output.status.success()) || !other.exists() {
                    continue;
                }
                compared += 1;
                let theirs = weigh(&other);
                let is_larger =
                    ours.bytes > theirs.bytes + own_symbols(&ours, &theirs) + ours.alignment;
                // What no longer does what it did has lost what it needs.
                if is_larger && does(subject, &other) == does(subject, &subject.file) {
                    writeln!(
                        table,
                        "{} {mode}: {} -> {} bytes, {peer}: {} ({} and {} count)",
                        subject.name,
                        size(&subject.file),
                        size(&result),
                        size(&other),
                        ours.bytes,
                        theirs.bytes
                    )
                    .expect("a text takes it");
                }
            }
        }
    }
    assert!(table.is_empty(), "larger than others' in some of {compared}:\n{table}");
}

#[test]
fn what_is_made_here_is_never_larger_than_by_others() {
    never_larger(made());
}

#[test]
fn what_others_published_is_never_larger_than_by_others() {
    let subjects = strip_corpus::subjects();
    let subjects = subjects.iter().filter(|one| size(&one.file) < strip_corpus::LARGE);
    never_larger(subjects);
}

/// No other tool strips these: LLVM's result grows, GNU's does not start on Windows. Of 5,413,888
/// bytes that such a program had, 3,706,368 are its own.
#[test]
fn a_go_program_for_windows_loses_a_third() {
    let Some(subject) = one("go windows-amd64") else { return };
    let folder = subject.folder("third");
    let result = folder.place("all", subject.file_name());
    subject.strip(&[], &result).ended(0);
    let (before, after) = (size(&subject.file), size(&result));
    assert!(after * 5_413_888 <= before * 3_706_368, "{before} -> {after}");
}
