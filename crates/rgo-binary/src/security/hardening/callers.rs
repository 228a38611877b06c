//! Decides, in a program with a linked-in C library, whether the program's own code calls a
//! function or only the library does. Linkers place the parts of a program one after another in the
//! order of the command line: the start files, the program, its libraries, the C library.
//!
//! ```text
//! _start │ crt1.o, crtbegin.o │ the program's objects and libraries │ __libc_start_main … libc.a
//! ```
//!
//! Linkers may move `main` and the initializers of objects before these parts, so the names decide
//! for them, as for mangled names. This finds calls in the code of x86 and AArch64:
//!
//! ```text
//! e8 rel32            call, from the end of the instruction
//! 100101 imm26        bl, in instructions of four bytes
//! ```

use std::collections::BTreeSet;

use memchr::memchr_iter;
use object::{Object, ObjectSymbol, SymbolKind};

use super::{Defense, TriState, Whose};
use crate::recovered::origin::mangling;
use crate::{Arch, Image};

/// The entry point of a program.
const START: &str = "_start";

/// Functions of the start files; they belong neither to the program nor to the library.
const START_FILES: [&str; 10] = [
    START,
    "_start_c",
    "_dlstart_c",
    "_init",
    "_fini",
    "_dl_relocate_static_pie",
    "deregister_tm_clones",
    "register_tm_clones",
    "frame_dummy",
    "__do_global_dtors_aux",
];

/// Prefixes of C library functions that a program would not use.
const LIBRARY: [&str; 8] =
    ["__libc_", "_IO_", "_dl_", "_nl_", "__stdio_", "__pthread_", "__init_libc", "libc_start_"];

/// Functions that musl's archive has before those with the prefixes above.
const FIRST_OF_MUSL: [&str; 8] =
    ["confstr", "crypt", "crypt_r", "fpathconf", "opendir", "pathconf", "readdir", "sysconf"];

/// Prefixes of mangled names in the C++ library.
const CPP_LIBRARY: [&str; 6] =
    ["_ZNSt", "_ZNKSt", "_ZSt", "_ZN9__gnu_cxx", "_ZNK9__gnu_cxx", "_ZN10__cxxabiv1"];

/// A function by its address.
struct Function<'a> {
    address: u64,
    name: &'a str,
    /// The number of a local function's source file.
    file: Option<usize>,
}

/// Decides whose code calls the functions that `is_wanted` accepts. They must be in the image.
/// `what` describes them in the reasons.
pub(super) fn finding(image: &Image<'_>, what: &str, is_wanted: impl Fn(&str) -> bool) -> Defense {
    let unknown = |why: String| Defense::of(TriState::Unknown, Whose::CLibrary, why);
    let functions = functions(image);
    let wanted: Vec<&Function<'_>> = functions.iter().filter(|it| is_wanted(it.name)).collect();
    // Of several names for one function, the shortest is the plain one.
    let Some(callee) = wanted.iter().min_by_key(|it| it.name.len()) else {
        return unknown(format!("{what} is there, and is no function by its symbol"));
    };
    let targets: BTreeSet<u64> = wanted.iter().map(|it| it.address).collect();
    let Some(calls) = calls(image, &targets) else {
        let arch = image.arch();
        return unknown(format!("{} is there; who calls it is not read for {arch}", callee.name));
    };
    let parts = OwnCode::of(&functions);
    let mut own = BTreeSet::new();
    let mut others = BTreeSet::new();
    for (from, to) in calls {
        let Some(caller) = at(&functions, from) else { continue };
        // A call from the function itself, or from another function of its kind, proves nothing.
        if is_wanted(caller.name) {
            continue;
        }
        let called = wanted.iter().filter(|it| it.address == to).min_by_key(|it| it.name.len());
        let called = called.map_or(callee.name, |it| it.name);
        let is_own = parts.is_own(&functions, caller);
        (if is_own { &mut own } else { &mut others }).insert((caller.name, called));
    }
    if let Some((caller, called)) = own.first() {
        let more = match own.len() - 1 {
            0 => String::new(),
            1 => ", and there is 1 more such call".to_owned(),
            more => format!(", and there are {more} more such calls"),
        };
        let why = format!("{caller} calls {called}{more}");
        return Defense::of(TriState::Yes, Whose::Program, why);
    }
    let count = others.len();
    if count == 0 {
        let why = format!("nothing calls {}, which came with the C library", callee.name);
        return Defense::of(TriState::No, Whose::CLibrary, why);
    }
    let functions = if count == 1 { "function calls" } else { "functions call" };
    if parts.are_known() {
        let why = format!("{count} {functions} {what}, and all are the C library's");
        return Defense::of(TriState::No, Whose::CLibrary, why);
    }
    unknown(format!("{count} {functions} {what}, and whether one is the program's cannot be told"))
}

/// All functions with symbols, by address.
fn functions<'a>(image: &'a Image<'_>) -> Vec<Function<'a>> {
    let mut functions = Vec::new();
    let mut file = 0;
    // Names may overlap: in a small file, they can have a large total length.
    let mut budget = image.limits().max_inflated;
    for symbol in image.object().symbols().take(image.limits().max_symbols) {
        match symbol.kind() {
            SymbolKind::File => file += 1,
            // musl's start code is written in assembly, which gives the symbol no type.
            SymbolKind::Text | SymbolKind::Unknown if !symbol.is_undefined() => {
                let Ok(name) = symbol.name() else { continue };
                let Some(left) = budget.checked_sub(name.len() as u64) else { break };
                budget = left;
                if symbol.kind() == SymbolKind::Unknown && name != START {
                    continue;
                }
                let file = symbol.is_local().then_some(file);
                functions.push(Function { address: symbol.address(), name, file });
            }
            _ => {}
        }
    }
    functions.sort_by_key(|function| function.address);
    functions
}

/// The function that contains an address. If it has several names, the first.
fn at<'f, 'a>(functions: &'f [Function<'a>], address: u64) -> Option<&'f Function<'a>> {
    let end = functions.partition_point(|function| function.address <= address);
    let found = functions.get(end.checked_sub(1)?)?;
    let first = functions.partition_point(|function| function.address < found.address);
    functions.get(first)
}

/// The address range of the program's own part.
struct OwnCode {
    start: Option<u64>,
    end: Option<u64>,
    has_main: bool,
    /// Source files of the C library.
    files: BTreeSet<usize>,
}

impl OwnCode {
    fn of(functions: &[Function<'_>]) -> Self {
        let named = |name| functions.iter().find(|function| function.name == name);
        let start = named(START).map(|function| function.address);
        let marked = || functions.iter().filter(|function| is_of_library(function.name));
        let files: BTreeSet<usize> = marked().filter_map(|function| function.file).collect();
        // Some linkers list the hidden functions of libraries under the last source file, which may
        // be the start files'.
        let is_library = |function: &&Function<'_>| {
            is_of_library(function.name)
                || function.file.is_some_and(|file| files.contains(&file))
                    && !START_FILES.contains(&function.name)
        };
        let is_behind = |it: &&Function<'_>| start.is_some_and(|start| start < it.address);
        let behind = functions.iter().filter(is_behind);
        let end = behind.filter(is_library).map(|function| function.address).min();
        Self { start, end, has_main: named("main").is_some(), files }
    }

    fn are_known(&self) -> bool {
        self.start.is_some() && self.end.is_some() && self.has_main
    }

    fn is_own(&self, functions: &[Function<'_>], function: &Function<'_>) -> bool {
        let first = functions.partition_point(|other| other.address < function.address);
        let aliases = functions.get(first..).unwrap_or_default().iter();
        let mut aliases = aliases.take_while(|other| other.address == function.address);
        if aliases.any(|alias| is_of_library(alias.name)) {
            return false;
        }
        let name = function.name;
        if name == "main" || name.starts_with("_GLOBAL__sub_I_") {
            return true;
        }
        if mangling(name.as_bytes()).is_some() {
            return !CPP_LIBRARY.iter().any(|start| name.starts_with(start));
        }
        let is_reserved = name.starts_with("__") || name.starts_with("_Unwind_");
        let is_between = self.start.is_some_and(|start| start < function.address)
            && self.end.is_some_and(|end| function.address < end);
        let in_library = function.file.is_some_and(|file| self.files.contains(&file));
        is_between && !is_reserved && !in_library && !START_FILES.contains(&name)
    }
}

fn is_of_library(name: &str) -> bool {
    !START_FILES.contains(&name)
        && (LIBRARY.iter().any(|start| name.starts_with(start)) || FIRST_OF_MUSL.contains(&name))
}

/// Finds calls of the target addresses: the address of the call, and its target. `None` for a
/// machine whose calls this module does not read.
fn calls(image: &Image<'_>, targets: &BTreeSet<u64>) -> Option<Vec<(u64, u64)>> {
    let find: Find = match image.arch() {
        Arch::Amd64 => x86_calls,
        Arch::Arm64 => arm64_calls,
        Arch::Other(name) if name == "386" || name == "x32" => x86_calls,
        Arch::Other(_) => return None,
    };
    let most = image.limits().max_symbols;
    let mut calls = Vec::new();
    for section in super::code(image) {
        find(section.data, section.address, &mut |from, to| {
            if calls.len() < most && targets.contains(&to) {
                calls.push((from, to));
            }
        });
    }
    Some(calls)
}

/// Reports each call in code at an address: the address of the call, and its target.
type Find = fn(&[u8], u64, &mut dyn FnMut(u64, u64));

fn x86_calls(code: &[u8], address: u64, found: &mut dyn FnMut(u64, u64)) {
    for at in memchr_iter(0xe8, code) {
        let Some(distance) = code.get(at + 1..).and_then(<[u8]>::first_chunk) else { continue };
        let from = address.wrapping_add(at as u64);
        let end = from.wrapping_add(5);
        found(from, end.wrapping_add_signed(i32::from_le_bytes(*distance).into()));
    }
}

fn arm64_calls(code: &[u8], address: u64, found: &mut dyn FnMut(u64, u64)) {
    let words = code.chunks_exact(4).filter_map(|word| word.try_into().ok());
    for (index, word) in words.map(u32::from_le_bytes).enumerate() {
        if word >> 26 != 0b10_0101 {
            continue;
        }
        let from = address.wrapping_add(4 * index as u64);
        // Bit 25 is the sign; the unit of the distance is an instruction.
        let distance = i64::from((word << 6).cast_signed() >> 6) * 4;
        found(from, from.wrapping_add_signed(distance));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(find: Find, code: &[u8]) -> Vec<(u64, u64)> {
        let mut all = Vec::new();
        find(code, 0x1000, &mut |from, to| all.push((from, to)));
        all
    }

    #[test]
    fn calls_are_read_in_both_directions() {
        let x86 = b"\x90\xe8\x0a\0\0\0\xe8\xf6\xff\xff\xff\xe8\0";
        assert_eq!(found(x86_calls, x86), [(0x1001, 0x1010), (0x1006, 0x1001)]);
        // nop, bl +8, bl -4, b +4
        let words = [0xd503_201f_u32, 0x9400_0002, 0x97ff_ffff, 0x1400_0001];
        let arm64: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(found(arm64_calls, &arm64), [(0x1004, 0x100c), (0x1008, 0x1004)]);
    }

    fn function(address: u64, name: &'static str, file: Option<usize>) -> Function<'static> {
        Function { address, name, file }
    }

    #[test]
    fn the_program_is_between_the_start_files_and_the_c_library() {
        let functions = [
            function(0x10, "main", None),
            function(0x18, "abort", None),
            function(0x20, "_start", None),
            function(0x30, "_dl_relocate_static_pie", Some(4)),
            function(0x40, "frame_dummy", Some(2)),
            function(0x50, "copy", None),
            function(0x54, "helper", Some(3)),
            function(0x58, "__udivti3", None),
            // A function of a source file that also has a function of the library.
            function(0x60, "call_fini", Some(4)),
            function(0x70, "__libc_start_call_main", Some(4)),
            function(0x80, "__libc_start_main", None),
            function(0x90, "vfprintf", None),
            function(0xa0, "_ZN3app3runEv", None),
            function(0xb0, "_ZNSt6thread4joinEv", None),
            function(0xc0, "puts", None),
            function(0xc0, "_IO_puts", None),
        ];
        let parts = OwnCode::of(&functions);
        assert!(parts.are_known());
        assert_eq!((parts.start, parts.end), (Some(0x20), Some(0x60)));
        let own: Vec<&str> = functions
            .iter()
            .filter(|function| parts.is_own(&functions, function))
            .map(|function| function.name)
            .collect();
        assert_eq!(own, ["main", "copy", "helper", "_ZN3app3runEv"]);
        assert_eq!(at(&functions, 0x52).map(|function| function.name), Some("copy"));
        assert_eq!(at(&functions, 0xc4).map(|function| function.name), Some("puts"));
        assert!(at(&functions, 0).is_none());
    }

    #[test]
    fn without_a_start_or_a_library_the_parts_are_unknown() {
        let functions = [function(0x10, "main", None), function(0x20, "copy", None)];
        let parts = OwnCode::of(&functions);
        assert!(!parts.are_known());
        assert!(!parts.is_own(&functions, &functions[1]));
    }
}
