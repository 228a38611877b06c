//! Demangled names beside those of llvm-cxxfilt, llvm-undname and rustfilt: a million names that compilers wrote into
//! tables of symbols, exports and debug data.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use memchr::memmem;
use rgo_debuginfo::demangle::{Demangler, NameStyle, Scheme};
use walkdir::{DirEntry, WalkDir};

use crate::support::{corpus, libraries, machine, native, not_tested, rust_folder};

/// Different names of which the forms have to be compared, and how many of each mangling.
const NAMES: usize = 1_000_000;
const OF_EACH: [(Scheme, usize); 4] = [
    (Scheme::Itanium, 100_000),
    (Scheme::RustLegacy, 100_000),
    (Scheme::RustV0, 20_000),
    (Scheme::Msvc, 3_000),
];
/// With so many, no more files are read.
const ENOUGH: usize = 1_100_000;

/// How names begin, behind the zero that ends the text before. Mach-O has one `_` more.
const STARTS: [&[u8]; 6] = [b"\0_Z", b"\0__Z", b"\0_R", b"\0__R", b"\0?", b"\0.?"];

/// Programs of others and libraries. rustc and LLVM have a quarter of a million names, whatever cargo compiled here.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = corpus::corpus().into_iter().map(|one| one.file).collect();
    files.extend(machine().var("RGO_TEST_WINDOWS_NODE").map(PathBuf::from));
    for folder in ["bin", "lib"] {
        let entries = WalkDir::new(rust_folder().join(folder)).max_depth(1).sort_by_file_name();
        let files_of_rust = entries.into_iter().map(|entry| entry.expect("is read"));
        let files_of_rust = files_of_rust.filter(|entry| entry.file_type().is_file());
        files.extend(files_of_rust.map(DirEntry::into_path));
    }
    files.extend(libraries(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        // cargo's programs have no extension.
        [".so", ".rlib", ".a", ".dll"].iter().any(|end| name.contains(end)) || !name.contains('.')
    }));
    files
}

fn is_microsofts(name: &[u8]) -> bool {
    matches!(name, [b'?', ..] | [b'.', b'?', ..])
}

/// Adds the names in a file: texts that end with a zero.
fn add_names(file: &Path, names: &mut HashSet<Vec<u8>>) {
    let data = fs::read(file).expect("is read");
    for start in STARTS {
        for at in memmem::find_iter(&data, start) {
            let text = &data[at + 1..];
            let is_part = |byte: &u8| {
                byte.is_ascii_alphanumeric()
                    || b"_.$".contains(byte)
                    || start.contains(&b'?') && b"?@<>=~-".contains(byte)
            };
            let length = text.iter().take_while(|byte| is_part(byte)).count();
            let name = &text[..length];
            let is_whole = text.get(length) == Some(&0);
            let is_long =
                length > 3 && (!is_microsofts(name) || memmem::find(name, b"@@").is_some());
            let name = if name.starts_with(b"__") { &name[1..] } else { name };
            if is_whole && is_long && !names.contains(name) {
                names.insert(name.to_vec());
            }
        }
    }
}

/// What a demangler prints for names, one a line.
fn printed(variable: &str, names: &[&[u8]]) -> Vec<u8> {
    let mut judge = native(machine().must(variable));
    judge.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = judge.spawn().expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut lines = names.join(&b'\n');
    lines.push(b'\n');
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &lines));
    let output = child.wait_with_output().expect("ended");
    writer.join().expect("no panic").expect("written");
    output.stdout
}

/// A demangled form and its mangling; the name itself where there is none.
fn ours(demangler: &mut Demangler, name: &[u8], style: NameStyle) -> (Vec<u8>, Option<Scheme>) {
    let mut text = Vec::new();
    match demangler.demangle(name, style, &mut text) {
        Ok(scheme) => (text, Some(scheme)),
        Err(_) => (name.to_vec(), None),
    }
}

/// The differences of one judge: the name, its form and ours.
#[derive(Default)]
struct Differences {
    count: usize,
    first: Vec<String>,
}

impl Differences {
    fn compare(&mut self, name: &[u8], theirs: &[u8], ours: &[u8]) {
        if theirs == ours {
            return;
        }
        self.count += 1;
        if self.first.len() < 10 {
            let [name, theirs, ours] = [name, theirs, ours].map(String::from_utf8_lossy);
            self.first.push(format!("{name}\n  {theirs}\n  {ours}"));
        }
    }

    fn none(self, judge: &str) {
        let Self { count, first } = self;
        assert!(count == 0, "{count} differ from {judge}\n{}", first.join("\n"));
    }
}

/// LLVM's form of each C++ and Rust name.
fn are_llvms(names: &[&[u8]]) {
    let theirs = printed("RGO_TEST_LLVM_CXXFILT", names);
    let mut lines = theirs.split(|byte| *byte == b'\n');
    let (mut demangler, mut differences) = (Demangler::default(), Differences::default());
    for name in names {
        let theirs = lines.next().expect("a line for each name");
        differences.compare(name, theirs, &ours(&mut demangler, name, NameStyle::Llvm).0);
    }
    differences.none("llvm-cxxfilt");
}

/// For each of Microsoft's names LLVM prints the name, its form if there is one, and an empty line.
fn are_microsofts(names: &[&[u8]]) {
    let theirs = printed("RGO_TEST_LLVM_UNDNAME", names);
    let mut lines = theirs.split(|byte| *byte == b'\n');
    let (mut demangler, mut differences) = (Demangler::default(), Differences::default());
    for name in names {
        assert_eq!(lines.next(), Some(*name));
        let mut theirs = *name;
        while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
            theirs = line;
        }
        differences.compare(name, theirs, &ours(&mut demangler, name, NameStyle::Llvm).0);
    }
    differences.none("llvm-undname");
}

/// Whether the last part of a name is a hash as rustc's older mangling has one: `17h`, 16 digits, `E`. rustfilt asks for
/// no digits, and takes `17hGPR_and_tGPREvenE` of C++ for one.
fn has_hash(name: &[u8]) -> bool {
    let digits = memmem::rfind(name, b"17h").and_then(|at| name.get(at + 3..at + 20));
    digits
        .is_some_and(|digits| digits[..16].iter().all(u8::is_ascii_hexdigit) && digits[16] == b'E')
}

/// The forms for people of Rust's names, whose hashes rustfilt leaves out too. Other names it leaves as they are, but
/// for C++'s that look like them: `_ZN5clang12ast_matchers17hasElementTypeLocE`.
fn are_rustfilts(names: &[&[u8]]) {
    let theirs = printed("RGO_TEST_RUSTFILT", names);
    let mut lines = theirs.split(|byte| *byte == b'\n');
    let (mut demangler, mut differences) = (Demangler::default(), Differences::default());
    for name in names {
        let theirs = lines.next().expect("a line for each name");
        let (text, scheme) = ours(&mut demangler, name, NameStyle::People);
        let is_rust = matches!(scheme, Some(Scheme::RustLegacy | Scheme::RustV0));
        differences.compare(name, theirs, if is_rust || theirs != *name { &text } else { name });
    }
    differences.none("rustfilt");
}

#[test]
fn a_million_names_have_the_forms_that_other_demanglers_print() {
    let mut names = HashSet::new();
    for file in files() {
        add_names(&file, &mut names);
        if names.len() >= ENOUGH {
            break;
        }
    }
    let mut names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    names.sort_unstable();
    let (microsofts, others): (Vec<&[u8]>, Vec<&[u8]>) =
        names.iter().partition(|name| is_microsofts(name));
    are_microsofts(&microsofts);
    are_llvms(&others);
    let may_be_rust = |name: &&&[u8]| name.starts_with(b"_R") || has_hash(name);
    are_rustfilts(&others.iter().filter(may_be_rust).copied().collect::<Vec<_>>());

    let mut demangler = Demangler::default();
    let mut with_form: BTreeMap<String, usize> = BTreeMap::new();
    for name in &names {
        if let Some(scheme) = ours(&mut demangler, name, NameStyle::People).1 {
            *with_form.entry(format!("{scheme:?}")).or_default() += 1;
        }
    }
    println!("compared: {} names, with forms: {with_form:?}", names.len());
    let few = |(scheme, least): &(Scheme, usize)| {
        with_form.get(&format!("{scheme:?}")).is_none_or(|count| count < least)
    };
    if with_form.values().sum::<usize>() < NAMES || OF_EACH.iter().any(few) {
        not_tested(format!("a million names: {with_form:?} are all that this machine has"));
    }
}
