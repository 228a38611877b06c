//! The values that the options of compilers and linkers take, as data. The translation needs it to
//! tell a path from another word: a folder named `now` has nothing to do with `-z now`.
//!
//! ```text
//! -z now            a word             -T a.ld          a file to read
//! -soname liba.so   a word             -Map a.map       a file to write
//! -rpath lib        a path on the machine that runs the program, so a word here
//! ```
//!
//! (`ld(1)` of GNU binutils and LLVM, `ld64(1)`, `clang(1)`)

/// The kind of an option's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionValue {
    /// Not a path on this machine.
    Word,
    /// A file or folder to read. Linkers look for some of them in other folders too.
    Input,
    /// A file to write.
    Output,
}

use OptionValue::{Input, Output, Word};

/// Rows of option names, separated by spaces, and the values that each of them takes.
type OptionTable = &'static [(&'static str, &'static [OptionValue])];

/// The options of linkers, without dashes.
const LINKER: OptionTable = &[
    (
        "T script default-script dT version-script dynamic-list \
         export-dynamic-symbol-list retain-symbols-file just-symbols L library-path \
         rpath-link symbol-ordering-file section-ordering-file call-graph-ordering-file \
         order_file exported_symbols_list unexported_symbols_list \
         reexported_symbols_list force_load load_hidden weak_library needed_library \
         reexport_library upward_library filelist bundle_loader syslibroot sysroot \
         plugin add_ast_path",
        &[Input],
    ),
    (
        "o Map map output-def out-implib implib pdb dependency-file dependency_info \
         object_path_lto print-symbol-order why-extract reproduce",
        &[Output],
    ),
    (
        "file-alignment section-alignment z m e entry u undefined soname h rpath R dynamic-linker I defsym wrap \
         hash-style y trace-symbol exclude-libs exclude-symbols l arch install_name \
         dylib_install_name compatibility_version dylib_compatibility_version \
         current_version dylib_current_version framework weak_framework \
         needed_framework reexport_framework upward_framework macos_version_min \
         macosx_version_min headerpad pagezero_size stack_size stack_addr stack heap \
         subsystem major-image-version minor-image-version major-os-version \
         minor-os-version major-subsystem-version minor-subsystem-version image-base \
         image_base init fini Ttext Tdata Tbss section-start b format sort-section \
         export-dynamic-symbol export exported_symbol unexported_symbol U segalign \
         sdk_version compress-debug-sections a A G O Y f auxiliary audit P depaudit \
         client_name umbrella sub_library sub_umbrella allowable_client delayload mllvm \
         lto_library seg1addr base unresolved-symbols orphan-handling",
        &[Word],
    ),
    ("alias", &[Word, Word]),
    ("sectcreate", &[Word, Word, Input]),
    ("platform_version sectalign segprot", &[Word, Word, Word]),
    ("rename_section", &[Word, Word, Word, Word]),
];

/// The options of compilers, with a dash. clang also knows those of Apple's linkers in [`LINKER`].
const COMPILER: OptionTable = &[
    (
        "-L -F -T -I -B -isystem -iframework -iquote -idirafter -include -imacros \
         -isysroot --sysroot",
        &[Input],
    ),
    ("-o -MF -dumpdir", &[Output]),
    (
        "-z -u -e -x -l -D -U -MT -MQ -target -Xclang -Xassembler -Xpreprocessor \
         -Xanalyzer -Xlinker -G -A",
        &[Word],
    ),
];

/// The values of a linker option, which `name` gives with or without dashes. `None` for an option
/// without values and for an unknown one.
pub(super) fn of_linker(name: &str) -> Option<&'static [OptionValue]> {
    find(LINKER, name.trim_start_matches('-'))
}

/// Whether a compiler only passes this option on to the linker.
pub(super) fn is_handed_on(name: &str) -> bool {
    // The compiler handles these itself.
    const KNOWN: &str = "framework weak_framework arch undefined mllvm sysroot o";
    let plain = name.strip_prefix('-').filter(|name| name.len() > 1 && !name.starts_with('-'));
    find(COMPILER, name).is_none()
        && plain.is_some_and(|plain| !has(KNOWN, plain) && find(LINKER, plain).is_some())
}

/// The values of a compiler option.
pub(super) fn of_compiler(name: &str) -> Option<&'static [OptionValue]> {
    let passed_on = || {
        let name = name.strip_prefix('-').filter(|name| name.len() > 1)?;
        find(LINKER, name)
    };
    if name.starts_with("-Xarch_") {
        Some(&[Word])
    } else {
        find(COMPILER, name).or_else(passed_on)
    }
}

fn find(table: OptionTable, name: &str) -> Option<&'static [OptionValue]> {
    table.iter().find(|(names, _)| has(names, name)).map(|(_, values)| *values)
}

/// Whether a name is in a list of names.
fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// A table of the options of ELF linkers, and of what zig makes of each.
const BY_ZIG: &str = include_str!("by_zig.txt");
/// Options that affect the inputs after them. Only zig can follow them, because it gets the inputs.
const ABOUT_WHAT_FOLLOWS: &str = "push-state pop-state start-lib end-lib b format as-needed \
     no-as-needed whole-archive no-whole-archive Bdynamic dy call_shared Bstatic dn non_shared \
     static search_paths_first version";
/// The libraries of glibc, in the notation of `-l`, that zig links without being asked.
const OF_LIBC: &str = "c m pthread dl rt util resolv";
/// Options that rustc always adds. `cargo_zigbuild` drops them, since its programs do not need
/// them.
const BY_RUSTC: &str = "undefined znostart-stop-gc plugin-opt fix-cortex-a53-843419 \
         melf_i386";

/// Whether an option of an ELF linker goes to zig: because zig does what it asks, or because zig
/// must be the one to refuse it. `value` follows the name, after `=` or in the next word.
pub(super) fn is_for_zig(name: &str, value: Option<&str>, is_library: bool) -> bool {
    let name = name.trim_start_matches('-');
    let is_joined_path = name.starts_with('L');
    if is_joined_path || has(ABOUT_WHAT_FOLLOWS, name) || has(BY_RUSTC, name) {
        return true;
    }
    let joined = name.strip_prefix('z').filter(|word| !word.is_empty());
    let z = joined.or(value.filter(|_| name == "z"));
    let key = match z {
        Some(z) => format!("z {}", z.split('=').next().unwrap_or(z)),
        None => name.to_owned(),
    };
    by_zig(&key).is_some_and(|[program, library]| {
        let words = if is_library { library } else { program };
        words != "-"
    })
}

/// The words that zig passes to LLD for an option: for a program, and for a library.
fn by_zig(key: &str) -> Option<[&'static str; 2]> {
    let rows = BY_ZIG.lines().filter(|line| !line.starts_with('#'));
    let columns = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let mut found = columns.filter_map(|columns| match columns[..] {
        [option, _, program, library] if option == key => Some([program, library]),
        _ => None,
    });
    found.next()
}

/// Whether a library, in the notation of `-l`, is a part of glibc.
pub(super) fn is_of_libc(name: &str) -> bool {
    has(OF_LIBC, name)
}

/// Options of Apple's linker that begin with `-l` and name no library that way.
const BEGIN_WITH_L: [&str; 7] = [
    "ld_classic",
    "ld_new",
    "lazy_framework",
    "lazy_library",
    "load_hidden",
    "lto_library",
    "link_all",
];

/// Whether an option is one of those of Apple's linker that only look like `-l`.
pub(super) fn is_apples_word(option: &str) -> bool {
    BEGIN_WITH_L.contains(&option.trim_start_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_option_is_twice_in_a_table() {
        for table in [LINKER, COMPILER] {
            let mut names: Vec<&str> =
                table.iter().flat_map(|(names, _)| names.split(' ')).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    #[test]
    fn what_zig_passes_on() {
        for (name, value, is_library, expected) in [
            ("-z", Some("now"), true, true),
            ("-znow", None, true, true),
            ("-z", Some("stack-size=4096"), false, true),
            ("-z", Some("stack-size=4096"), true, false),
            ("-z", Some("nodlopen"), true, false),
            ("-znostart-stop-gc", None, true, true),
            ("--version-script", Some("a.map"), true, true),
            ("--dynamic-list", Some("a.list"), true, false),
            ("-Bsymbolic", None, true, true),
            ("-Bsymbolic-functions", None, true, false),
            ("-O1", None, true, true),
            ("--push-state", None, true, true),
            ("-L/lib", None, true, true),
            ("--version-script", Some("a.map"), false, false),
            ("--disable-new-dtags", None, false, false),
            ("-O2", None, false, false),
            ("-z", None, false, false),
        ] {
            assert_eq!(is_for_zig(name, value, is_library), expected, "{name} {value:?}");
        }
    }
}
