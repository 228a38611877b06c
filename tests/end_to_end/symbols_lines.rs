//! `rgo-symbols symbolize` beside llvm-symbolizer: functions, files, lines and inlined calls of addresses all over
//! programs of several compilers.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use object::{Object, ObjectSection, ObjectSymbol};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{machine, made, native, root, tool};

/// Addresses of each program.
const ADDRESSES: usize = 1000;

/// Addresses of each section and ends of functions beyond those that the hash chooses.
const EDGES: usize = 16;

/// At most so many addresses in the code of a program, which its hash chooses; some of each section, however small, such
/// as stubs for imports; and the ends of some functions, behind which there may be gaps.
pub(super) fn addresses(data: &[u8], count: usize) -> Vec<u64> {
    let file = object::File::parse(data).expect("an image");
    let code: Vec<(u64, u64)> = file
        .sections()
        .filter(|section| section.kind() == object::SectionKind::Text && section.size() > 0)
        .map(|section| (section.address(), section.size()))
        .collect();
    let mut chosen: BTreeSet<u64> = code.iter().flat_map(|(at, size)| [*at, at + size]).collect();
    for (at, size) in &code {
        let step = (size / EDGES as u64).max(1);
        chosen.extend((*at..at + size).step_by(usize::try_from(step).expect("small")));
    }
    let functions =
        file.symbols().filter(|it| it.kind() == object::SymbolKind::Text && it.size() > 0);
    for function in functions.take(EDGES) {
        let end = function.address() + function.size();
        chosen.extend([end - 1, end]);
    }
    let mut seed = Sha256::digest(data);
    // A small program has fewer.
    let bytes: u64 = code.iter().map(|(_, size)| size).sum();
    let wanted = count.min(usize::try_from(bytes / 4).expect("small"));
    while chosen.len() < wanted {
        seed = Sha256::digest(seed);
        for word in seed.as_chunks::<8>().0 {
            let mut offset = u64::from_le_bytes(*word) % bytes;
            let section = code.iter().find(|(_, size)| {
                let is_in = offset < *size;
                if !is_in {
                    offset -= size;
                }
                is_in
            });
            chosen.insert(section.expect("an offset is below the sum of the sizes").0 + offset);
        }
    }
    chosen.into_iter().collect()
}

/// Frames of an address: function, file, line, column.
pub(super) type Frames = Vec<(String, String, u64, u64)>;

fn frame(value: &Value, keys: [&str; 4]) -> (String, String, u64, u64) {
    let text = |key: &str| value[key].as_str().unwrap_or_default().replace("??", "");
    let number = |key: &str| value[key].as_u64().unwrap_or_default();
    let line = number(keys[2]);
    // Of code that is from no line, LLVM has a column.
    (text(keys[0]), text(keys[1]), line, if line == 0 { 0 } else { number(keys[3]) })
}

pub(super) fn of_llvm(file: &Path, addresses: &[u64], flags: &[&str]) -> Vec<Frames> {
    let mut call = native(machine().must("RGO_TEST_LLVM_SYMBOLIZER"));
    call.args(["--output-style=JSON", "--no-demangle"]).args(flags).arg("-e").arg(file);
    let answer = asked(&mut call, addresses);
    let lines = answer.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let frames = |answer: Value| {
        let frames = answer["Symbol"].as_array().cloned().unwrap_or_default();
        let keys = ["FunctionName", "FileName", "Line", "Column"];
        frames.iter().map(|it| frame(it, keys)).collect()
    };
    lines.map(frames).collect()
}

pub(super) fn of_rgo(file: &Path, addresses: &[u64]) -> Vec<Frames> {
    let mut call = tool("rgo-symbols");
    call.args(["symbolize", "--no-demangle", "-q", "--format", "ndjson", "-e"]).arg(file);
    let answer = asked(&mut call, addresses);
    let lines = answer.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let frames = |answer: Value| {
        let frames = answer["frames"].as_array().expect("frames").clone();
        frames.iter().map(|it| frame(it, ["function", "file", "line", "column"])).collect()
    };
    lines.map(frames).collect()
}

/// What a command says of addresses on its stdin.
fn asked(command: &mut Command, addresses: &[u64]) -> String {
    let mut lines = String::new();
    addresses.iter().for_each(|address| writeln!(lines, "{address:#x}").expect("memory"));
    String::from_utf8(fed(command, lines.into_bytes())).expect("UTF-8")
}

/// What a command says of its stdin.
fn fed(command: &mut Command, input: Vec<u8>) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("ended");
    writer.join().expect("no panic").expect("written");
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

/// A log has bytes of any kind around a trace.
#[test]
fn the_lines_of_a_trace_stay_as_they_are() {
    let folder = root().join("crates/rgo-debuginfo/tests/fixtures/lines");
    let mut symbolize = tool("rgo-symbols");
    symbolize.args(["symbolize", "-e", "dwarf5"]).current_dir(folder);
    let trace = b"caf\xe9\r\n    #0 0x401016  (dwarf5+0x1016)\n\xff\xfe".to_vec();
    let out = fed(&mut symbolize, trace.clone());
    let mut lines = out.split(|byte| *byte == b'\n');
    let (added, kept): (Vec<_>, Vec<_>) =
        lines.by_ref().partition(|line| line.starts_with(b"        "));
    assert_eq!(kept.join(&b'\n'), [&trace[..], b"\n"].concat());
    let added = String::from_utf8_lossy(&added.concat()).into_owned();
    assert!(added.contains("quarter at /src/first.c:10:26"), "{added}");
}

/// Whether frames are the same. Of several names of the outermost function, LLVM takes one of the symbol table, and rgo
/// that of the debug data.
pub(super) fn same(one: &Frames, other: &Frames) -> bool {
    let outermost = one.len().saturating_sub(1);
    one.len() == other.len()
        && one.iter().zip(other).enumerate().all(|(index, (one, other))| {
            (index == outermost || one.0 == other.0)
                && (&one.1, one.2, one.3) == (&other.1, other.2, other.3)
        })
}

#[test]
fn lines_are_those_of_llvm() {
    let (mut compared, mut of_lines, mut with_lines) = (0, 0, 0);
    let mut wrong = Vec::new();
    for made in made::made() {
        let data = std::fs::read(&made.file).expect("read");
        // LIEF damages what is compressed, a fat file has two programs, and the system's C library has no lines.
        let is_left_out = ["lief", "fat", "gcc static", "g++ static"];
        if is_left_out.iter().any(|part| made.name.contains(part)) {
            continue;
        }
        let has_dwarf = object::File::parse(&*data).is_ok_and(|file| {
            ["debug_line", "zdebug_line"].iter().any(|name| {
                file.sections().any(|section| section.name().is_ok_and(|it| it.ends_with(name)))
            })
        });
        if !has_dwarf {
            continue;
        }
        let addresses = addresses(&data, ADDRESSES);
        let (theirs, ours) = (of_llvm(&made.file, &addresses, &[]), of_rgo(&made.file, &addresses));
        assert_eq!((theirs.len(), ours.len()), (addresses.len(), addresses.len()), "{}", made.name);
        let (mut different, mut found) = (0, 0);
        for ((address, theirs), ours) in addresses.iter().zip(&theirs).zip(&ours) {
            found += usize::from(ours.iter().any(|frame| frame.2 > 0));
            // Where LLVM has no line, rgo can have one of Go's function table.
            let has_line = theirs.iter().any(|frame| frame.2 > 0);
            if has_line && !same(theirs, ours) {
                different += 1;
                if different == 1 {
                    wrong.push(format!("{} {address:#x}:\n  {theirs:?}\n  {ours:?}", made.name));
                }
            }
        }
        compared += addresses.len();
        // Of some programs most code is the C library's, which has no lines.
        if found * 2 > addresses.len() {
            of_lines += addresses.len();
            with_lines += found;
        }
        if different > 1 {
            wrong.push(format!("{}: {different} of {}", made.name, addresses.len()));
        }
    }
    println!("compared: {compared} addresses; {with_lines} of {of_lines} have lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(of_lines >= 10_000, "only {of_lines} addresses");
    assert!(with_lines * 10 >= of_lines * 8, "only {with_lines} of {of_lines} have lines");
}
