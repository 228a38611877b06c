//! `rgo-symbols` on Windows programs whose symbols are in PDBs: published ones of Microsoft's linker, and what zig links
//! here. Judges are llvm-pdbutil, llvm-symbolizer and the reader of pdb-addr2line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSection};
use serde_json::Value;

use super::symbols_lines::{Frames, addresses, of_llvm, of_rgo, same};
use crate::support::{Outcome, corpus, machine, native, scratch, tool, write, zig};

/// Addresses of each program.
const ADDRESSES: usize = 2500;
/// Lines that a debugger never stops at.
const HIDDEN: [u64; 2] = [0xf0_0f00, 0xfe_efee];

/// The images of published packages that have a PDB beside them.
fn published() -> Vec<(PathBuf, PathBuf)> {
    let packages = ["lydell-node-pty-win32-x64", "lydell-node-pty-win32-arm64", "debugpy"];
    let folders = packages.into_iter().filter_map(corpus::corpus_folder);
    let files = folders.flat_map(|folder| walkdir::WalkDir::new(folder).sort_by_file_name());
    let mut found = Vec::new();
    for file in files.map(|entry| entry.expect("an entry").into_path()) {
        let pdb = file.with_extension("pdb");
        let is_image =
            file.extension().is_some_and(|it| ["node", "dll", "exe"].iter().any(|end| it == *end));
        if is_image && pdb.is_file() {
            found.push((file, pdb));
        }
    }
    found
}

/// A program whose PDB has all of one of its files, and of the other what linkers know. `extra` is a function more.
fn made(name: &str, extra: &str) -> (PathBuf, PathBuf) {
    let folder = scratch(name);
    let main = format!(
        "int plain(int);
int table[64] = {{1, 2, 3}};
static int hidden = 7;
__attribute__((noinline)) static int bump(int x) {{ return hidden += x; }}
static inline int twice(int x) {{ return x * table[x & 63]; }}
__attribute__((noinline)) int sum(int count) {{
    int all = 0;
    for (int index = 0; index < count; index++) all += twice(index) ^ bump(index);
    return all;
}}
{extra}
int main(int count, char **words) {{ return sum(count) + plain(count) + words[0][0]; }}
"
    );
    write(&folder.join("main.c"), &main);
    write(
        &folder.join("plain.c"),
        "int shared = 3;\n__attribute__((noinline)) int plain(int x) { return x * shared++; }\n",
    );
    let cc = |args: &[&str]| {
        let mut cc = zig("cc", &folder);
        cc.args(["-target", "x86_64-windows-gnu", "-O1"]).args(args).current_dir(&folder);
        Outcome::of(&mut cc).ended(0);
    };
    cc(&["-g", "-c", "main.c", "-o", "main.obj"]);
    cc(&["-c", "plain.c", "-o", "plain.obj"]);
    cc(&["-g", "main.obj", "plain.obj", "-o", "program.exe"]);
    (folder.join("program.exe"), folder.join("program.pdb"))
}

fn report(args: &[&str], files: &[&Path]) -> Value {
    let mut call = tool("rgo-symbols");
    call.args(args).args(["--format", "json"]).args(files);
    serde_json::from_str(&Outcome::of(&mut call).ended(0).stdout).expect("JSON")
}

fn pdbutil(args: &[&str], pdb: &Path) -> String {
    let mut call = native(machine().must("RGO_TEST_LLVM_PDBUTIL"));
    let output = call.arg("dump").args(args).arg(pdb).output().expect("llvm-pdbutil");
    assert!(output.status.success(), "{}", pdb.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Files and lines as pdb-addr2line finds them, the innermost first.
fn of_pdb_addr2line(pdb: &Path, base: u64, addresses: &[u64]) -> Vec<Vec<(String, u64)>> {
    let file = fs::File::open(pdb).expect("a PDB");
    let pdb = pdb_addr2line::pdb::PDB::open(file).expect("a PDB");
    let data = pdb_addr2line::ContextPdbData::try_from_pdb(pdb).expect("a PDB");
    let context = data.make_context().expect("its modules");
    let of_address = |address: &u64| {
        let address = u32::try_from(address - base).expect("an address of the image");
        let frames = context.find_frames(address).expect("frames").map(|found| found.frames);
        let place = |frame: pdb_addr2line::Frame<'_>| {
            let file = frame.file.map(std::borrow::Cow::into_owned).unwrap_or_default();
            (file, frame.line.unwrap_or_default().into())
        };
        frames.into_iter().flatten().map(place).collect()
    };
    addresses.iter().map(of_address).collect()
}

/// Files and lines, without those that a debugger never stops at.
fn places(frames: &Frames) -> Vec<(String, u64)> {
    let line = |line: u64| if HIDDEN.contains(&line) { 0 } else { line };
    frames.iter().map(|frame| (frame.1.clone(), line(frame.2))).collect()
}

/// llvm-symbolizer 22 ends in the middle of some of these PDBs when it is asked for inlined calls, and misplaces the first
/// lines of others: pdb-addr2line judges the calls. Where two lines begin at an address, one of the judges has the
/// first and the other has the last.
#[test]
fn lines_of_microsofts_pdbs_are_those_of_two_judges() {
    let (mut compared, mut with_lines, mut missing) = (0, 0, 0);
    let (mut inlined, mut folded) = (0, 0);
    let mut wrong = Vec::new();
    for (file, pdb) in published() {
        let data = fs::read(&file).expect("read");
        let base = object::File::parse(&*data).expect("an image").relative_address_base();
        let addresses = addresses(&data, ADDRESSES);
        let (llvm, ours) =
            (of_llvm(&file, &addresses, &["--no-inlines"]), of_rgo(&file, &addresses));
        let second = of_pdb_addr2line(&pdb, base, &addresses);
        for (((address, llvm), ours), second) in addresses.iter().zip(&llvm).zip(&ours).zip(&second)
        {
            compared += 1;
            let (llvm, ours) = (places(llvm), places(ours));
            let (llvm, our_last) = (llvm.last(), ours.last());
            let has_line = |place: Option<&(String, u64)>| place.is_some_and(|it| it.1 > 0);
            with_lines += usize::from(has_line(llvm));
            // Before the first line of a function, LLVM has that line.
            missing += usize::from(has_line(llvm) && !has_line(our_last));
            let is_same = !has_line(our_last) || our_last == llvm || our_last == second.last();
            let calls = ours.split_last().map_or(&[][..], |(_, calls)| calls);
            let second_calls = second.split_last().map_or(&[][..], |(_, calls)| calls);
            inlined += calls.len();
            // Of functions that the linker folded into one, the judge may have another.
            folded += usize::from(is_same && calls != second_calls);
            if !is_same {
                wrong.push(format!("{} {address:#x}: {ours:?}\n  {second:?}", file.display()));
            }
        }
    }
    println!("compared: {compared} addresses, {with_lines} with lines, {inlined} inlined calls");
    // Of functions that the linker folded into one, each reader may have another.
    assert!(
        wrong.len() * 10_000 <= compared,
        "{} of {compared}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared >= 10_000, "only {compared} addresses");
    assert!(with_lines * 10 >= compared * 8, "only {with_lines} of {compared} have lines");
    assert!(inlined >= 1000 && folded * 1000 <= inlined, "{folded} of {inlined} calls differ");
    assert!(missing * 100 <= with_lines, "{missing} of {with_lines} have no line");
}

#[test]
fn lines_of_llvms_pdbs_are_those_of_llvm() {
    let (file, pdb) = made("pdb-lines", "");
    let data = fs::read(&file).expect("read");
    let base = object::File::parse(&*data).expect("an image").relative_address_base();
    let addresses = addresses(&data, 20_000);
    let (theirs, ours) = (of_llvm(&file, &addresses, &[]), of_rgo(&file, &addresses));
    let second = of_pdb_addr2line(&pdb, base, &addresses);
    let (mut with_lines, mut by_second, mut wrong) = (0, 0, Vec::new());
    for (((address, theirs), ours), second) in addresses.iter().zip(&theirs).zip(&ours).zip(&second)
    {
        let has_line = |frames: &Frames| frames.iter().any(|frame| frame.2 > 0);
        with_lines += usize::from(has_line(theirs));
        if !has_line(theirs) || same(theirs, ours) {
            continue;
        }
        // LLVM gives code before the first change of a line the line behind it.
        by_second += 1;
        if places(ours) != *second {
            wrong.push(format!("{address:#x}:\n  {theirs:?}\n  {ours:?}"));
        }
    }
    println!("compared: {} addresses, {with_lines} with lines", addresses.len());
    assert!(with_lines * 10 >= addresses.len() * 8, "only {with_lines} have lines");
    assert!(by_second * 1000 <= with_lines, "LLVM differs at {by_second}");
    assert!(wrong.is_empty(), "{} of {with_lines}:\n{}", wrong.len(), wrong.join("\n"));
}

/// What llvm-pdbutil lists: by address the names of publics, and the sizes of procedures.
struct Listed {
    publics: Vec<(u64, String)>,
    procedures: Vec<(u64, u64)>,
}

impl Listed {
    fn of(file: &Path, pdb: &Path) -> Self {
        let data = fs::read(file).expect("read");
        let image = object::File::parse(&*data).expect("an image");
        let starts: Vec<u64> = image.sections().map(|section| section.address()).collect();
        // "addr = 0001:0544", in decimal digits.
        let place = |line: &str| -> Option<u64> {
            let (section, offset) = line.split_once("addr = ")?.1.split_once(':')?;
            let offset = offset.split(|it: char| !it.is_ascii_digit()).next()?;
            let start = starts.get(section.parse::<usize>().ok()?.checked_sub(1)?)?;
            Some(start + offset.parse::<u64>().ok()?)
        };
        let text = pdbutil(&["--publics", "--symbols"], pdb);
        let mut lines = text.lines();
        let (mut publics, mut procedures) = (Vec::new(), Vec::new());
        while let Some(line) = lines.next() {
            let is_procedure = line.contains("| S_GPROC32 ") || line.contains("| S_LPROC32 ");
            if !is_procedure && !line.contains("| S_PUB32 ") {
                continue;
            }
            let Some((_, name)) = line.split_once('`') else { continue };
            let next = lines.next().expect("its address");
            let Some(address) = place(next) else { continue };
            if is_procedure {
                let size = next.split_once("code size = ").expect("a size").1;
                procedures.push((address, size.parse().expect("a number")));
            } else {
                publics.push((address, name.strip_suffix('`').expect("a name").to_owned()));
            }
        }
        Self { publics, procedures }
    }
}

#[test]
fn lists_have_what_llvm_pdbutil_lists() {
    let (mut names, mut sizes) = (0, 0);
    for (file, pdb) in published().into_iter().chain([made("pdb-list", "")]) {
        let list = report(&["--defined"], &[&file]);
        let image = &list["files"][0];
        assert_eq!(image["debug_files"][0]["file"], pdb.to_str().expect("UTF-8"), "{image:.300}");
        let mut ours: BTreeMap<u64, (BTreeSet<&str>, BTreeSet<u64>)> = BTreeMap::new();
        for symbol in image["symbols"].as_array().expect("symbols") {
            let Some(address) = symbol["address"].as_str() else { continue };
            let address = u64::from_str_radix(&address[2..], 16).expect("an address");
            let here = ours.entry(address).or_default();
            here.0.insert(symbol["name"].as_str().expect("a name"));
            here.1.extend(symbol["size_bytes"].as_u64());
        }
        let theirs = Listed::of(&file, &pdb);
        let end = ours.keys().max().copied().unwrap_or_default();
        // Marks of the linker are behind the last byte of a section.
        let publics = theirs.publics.iter().filter(|(address, _)| *address <= end);
        for (address, name) in publics {
            let is_listed = ours.get(address).is_some_and(|here| here.0.contains(name.as_str()));
            let is_mark = name.starts_with("__") && name.ends_with("_end__");
            assert!(is_listed || is_mark, "{}: {address:#x} {name}", file.display());
            names += 1;
        }
        for (address, size) in &theirs.procedures {
            let found = ours.get(address).map(|here| &here.1);
            let is_listed = found.is_some_and(|sizes| sizes.contains(size));
            assert!(is_listed, "{}: {address:#x} {size}: {found:?}", file.display());
            sizes += 1;
        }
    }
    println!("compared: {names} names for linkers, {sizes} sizes of functions");
    assert!(names >= 2000 && sizes >= 1000, "only {names} and {sizes}");
}

/// The bytes of each object file in the code, as the linker listed them.
fn contributions(pdb: &Path) -> BTreeMap<String, u64> {
    let text = pdbutil(&["--section-contribs"], pdb);
    let mut bytes = BTreeMap::new();
    let mut size = None;
    for line in text.lines().map(str::trim) {
        // "SC[.text]  | mod = 0, 0001:0000, size = 192, data crc = …"
        if line.starts_with("SC[") {
            let number = line.split_once("size = ").expect("a size").1;
            let number = number.split(',').next().expect("a number").parse::<u64>();
            size = line.starts_with("SC[.text").then(|| number.expect("a number"));
            let module = line.split_once("mod = ").expect("a module").1;
            let module = module.split(',').next().expect("a number").to_owned();
            if let Some(size) = size {
                *bytes.entry(module).or_default() += size;
            }
        }
    }
    assert!(size.is_none() || !bytes.is_empty(), "{}", pdb.display());
    bytes
}

#[test]
fn sizes_of_units_are_those_that_the_linker_listed() {
    let mut checked = 0;
    for (file, pdb) in published().into_iter().chain([made("pdb-size", "")]) {
        let sizes = report(&["size", "--by", "section,unit"], &[&file]);
        let image = &sizes["files"][0];
        let number = |value: &Value| value.as_u64().expect("a number");
        let total = number(&image["file_bytes"]);
        assert_eq!(total, fs::metadata(&file).expect("a file").len());
        let nothing = number(&image["unattributed_bytes"]);
        assert!(nothing * 100 <= total, "{}: {nothing} of no one", file.display());
        let groups = image["groups"].as_array().expect("groups");
        let code = groups.iter().find(|group| group["name"] == ".text").expect("code");
        let units = code["groups"].as_array().expect("units");
        let named =
            units.iter().filter(|unit| !unit["name"].as_str().expect("a name").starts_with('['));
        let ours: u64 = named.clone().map(|unit| number(&unit["file_bytes"])).sum();
        let theirs: u64 = contributions(&pdb).values().sum();
        // Zeros that align functions within an object file are padding.
        assert!(
            ours <= theirs && ours * 100 >= theirs * 95,
            "{}: {ours}, {theirs}",
            file.display()
        );
        checked += named.count();
    }
    assert!(checked >= 100, "only {checked} units");
}

#[test]
fn a_pdb_of_another_build_is_named_and_not_used() {
    let (file, _) = made("pdb-own", "");
    let (_, other) = made("pdb-other", "__attribute__((used)) int more(int x) { return x * 13; }");
    let own = file.with_extension("pdb");
    fs::copy(&other, &own).expect("copied");
    for args in [&["-v"][..], &["size"]] {
        let report = report(args, &[&file]);
        let row = &report["files"][0]["debug_files"][0];
        assert_eq!(row["file"], own.to_str().expect("UTF-8"), "{report:.400}");
        let why = row["unused_because"].as_str().expect("a reason");
        assert!(why.contains("belongs to another image"), "{why}");
        let mut call = tool("rgo-symbols");
        let text = Outcome::of(call.args(args).arg(&file)).ended(0).stdout;
        assert!(
            text.contains("program.pdb is not used: the file belongs to another"),
            "{text:.400}"
        );
        assert!(!text.contains("more"), "{text:.400}");
    }
}

#[test]
fn a_diff_finds_a_function_by_its_pdb() {
    let extra = "__attribute__((used)) int planted(int x) { return x * table[3] + 77; }";
    let (old, _) = made("pdb-old", "");
    let (new, _) = made("pdb-new", extra);
    let snapshot = scratch("pdb-snapshot").join("old.snapshot");
    let mut call = tool("rgo-symbols");
    Outcome::of(call.arg("snapshot").arg(&old).arg("-o").arg(&snapshot)).ended(0);
    for old in [&old, &snapshot] {
        let diff = report(&["diff", "--by", "symbol"], &[old, &new]);
        let groups = diff["groups"].as_array().expect("groups");
        let planted = groups.iter().find(|group| group["name"] == "planted").expect("it");
        assert_eq!(planted["change"], "new");
        let size = planted["growth_bytes"].as_u64().expect("bytes");
        assert!((8..40).contains(&size), "{planted}");
        assert!(groups.iter().all(|group| group["name"] != "sum"), "{diff:#}");
        assert!(diff["new"]["debug_files"][0]["file"].as_str().expect("a PDB").ends_with(".pdb"));
    }
}
