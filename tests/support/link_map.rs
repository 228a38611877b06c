//! What linkers say that they put into a program: their maps, in four forms.
//!
//! ```text
//! GNU ld       " .text.f  0x1000  0x20 main.o" below ".text  0x1000  0x400"; a long name has a line of its own
//! ld.lld       address, address, size, alignment in hex, then ".text", or deeper "main.o:(.text.f)"
//! lld-link     address, size, alignment, then the same
//! ld64.lld     "[  1] main.o" of files, address, size, segment, section; then address, size, "[  1]" of symbols
//! ```

use std::collections::BTreeMap;

/// Bytes that a linker took from a file.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The section that they are in now.
    pub(crate) section: String,
    /// How many.
    pub(crate) bytes: u64,
    /// The object file; of an archive as `ARCHIVE(MEMBER)`.
    pub(crate) file: String,
}

/// The form of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapForm {
    Gnu,
    /// LLVM's for ELF and for PE, with two addresses in a line or with one.
    Lld,
    Darwin,
}

/// Reads a map.
pub(crate) fn parse(form: MapForm, text: &str) -> Vec<Taken> {
    match form {
        MapForm::Gnu => gnu(text),
        MapForm::Lld => lld(text),
        MapForm::Darwin => darwin(text),
    }
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn gnu(text: &str) -> Vec<Taken> {
    let (_, map) = text.split_once("Linker script and memory map").expect("a map");
    let mut all = Vec::new();
    let mut section = String::new();
    // The name of a line that the next one goes on with.
    let mut open = String::new();
    for line in map.lines() {
        let mut words = line.split_whitespace().peekable();
        if line.starts_with(|letter: char| !letter.is_whitespace()) {
            section = words.next().unwrap_or_default().to_owned();
            continue;
        }
        let is_input = line.starts_with(' ') && !line.starts_with("  ");
        if is_input {
            open = words.next().unwrap_or_default().to_owned();
        }
        if !open.starts_with(['.', 'C']) || words.peek().is_none() {
            continue;
        }
        open.clear();
        let (address, size) = (words.next().and_then(hex), words.next().and_then(hex));
        let file: Vec<&str> = words.collect();
        if let (Some(_), Some(bytes), false) = (address, size, file.is_empty()) {
            all.push(Taken { section: section.clone(), bytes, file: file.join(" ") });
        }
    }
    all
}

fn lld(text: &str) -> Vec<Taken> {
    let mut all = Vec::new();
    let mut section = String::new();
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let name_at = head.find("Out").expect("a column");
    let input_at = head.find("In").expect("a column");
    let symbol_at = head.find("Symbol").expect("a column");
    let size_word = if head.contains("LMA") { 2 } else { 1 };
    for line in lines {
        let Some((numbers, rest)) = line.split_at_checked(name_at) else { continue };
        if !rest.starts_with(' ') {
            section = rest.to_owned();
            continue;
        }
        let at = line.len() - rest.trim_start().len();
        let size = numbers.split_whitespace().nth(size_word);
        let size = size.and_then(|size| u64::from_str_radix(size, 16).ok());
        let file = line.trim_start().rsplit_once(":(").map(|(start, _)| start);
        if (input_at..symbol_at).contains(&at)
            && let (Some(bytes), Some(file)) = (size, file)
        {
            let file = file.get(input_at - (line.len() - line.trim_start().len())..);
            let file = file.unwrap_or_default().trim_start().to_owned();
            all.push(Taken { section: section.clone(), bytes, file });
        }
    }
    all
}

fn darwin(text: &str) -> Vec<Taken> {
    let mut all = Vec::new();
    let mut files = BTreeMap::new();
    // By the first address: the end, and the name.
    let mut sections: BTreeMap<u64, (u64, String)> = BTreeMap::new();
    for line in text.lines().take_while(|line| !line.starts_with("# Dead Stripped")) {
        let bracket = line.split_once('[').and_then(|(head, rest)| {
            let (number, rest) = rest.split_once("] ")?;
            Some((head, number.trim().parse::<usize>().ok()?, rest))
        });
        let words: Vec<&str> = line.split_whitespace().collect();
        match (bracket, &words[..]) {
            (Some(("", number, name)), _) => {
                files.insert(number, name.to_owned());
            }
            (None, [address, size, segment, section]) => {
                if let (Some(start), Some(size)) = (hex(address), hex(size)) {
                    sections.insert(start, (start + size, format!("{segment},{section}")));
                }
            }
            (Some((_, number, _)), [address, size, ..]) => {
                let (Some(address), Some(bytes)) = (hex(address), hex(size)) else { continue };
                let section = sections.range(..=address).next_back();
                let section = section.filter(|(_, (end, _))| address < *end);
                if let (Some((_, (_, section))), Some(file)) = (section, files.get(&number)) {
                    all.push(Taken { section: section.clone(), bytes, file: file.clone() });
                }
            }
            _ => {}
        }
    }
    all
}
