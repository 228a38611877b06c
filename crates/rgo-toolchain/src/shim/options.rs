//! What the options of compilers and linkers take, as data. A word is a path only where the option
//! before it says so: a folder called `now` has nothing to do with `-z now`.
//!
//! ```text
//! -z now            a word             -T a.ld          a file to read
//! -soname liba.so   a word             -Map a.map       a file to write
//! -rpath lib        a path of the machine that runs the program: a word here
//! ```
//!
//! (`ld(1)` of GNU binutils and LLVM, `ld64(1)`, `clang(1)`)

/// What a value of an option is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Not a path of this machine.
    Word,
    /// A file or folder that is read; linkers look for some of them in other places too.
    Input,
    /// A file that is written.
    Output,
}

use Value::{Input, Output, Word};

/// The names stand in one text, with spaces between them.
type Table = &'static [(&'static str, &'static [Value])];

/// Of linkers, without their dashes.
const LINKER: Table = &[
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

/// Of compilers, with their dash, beside those of Apple's linkers that clang knows too.
const COMPILER: Table = &[
    (
        "-L -F -T -I -B -isystem -iframework -iquote -idirafter -include -imacros \
         -isysroot --sysroot",
        &[Input],
    ),
    ("-o -MF -dumpdir", &[Output]),
    (
        "-z -u -e -x -l -D -U -MT -MQ -target -Xclang -Xassembler -Xpreprocessor \
         -Xanalyzer -G -A",
        &[Word],
    ),
];

/// What the values are of a linker's option, named with or without its dashes; `None` for one
/// that takes none, or is unknown.
pub(super) fn of_linker(name: &str) -> Option<&'static [Value]> {
    find(LINKER, name.trim_start_matches('-'))
}

/// Whether an option of the compiler is one that it only hands to the linker.
pub(super) fn is_handed_on(name: &str) -> bool {
    // These the compiler knows by itself.
    const KNOWN: &str = "framework weak_framework arch undefined mllvm sysroot o";
    let plain = name.strip_prefix('-').filter(|name| name.len() > 1 && !name.starts_with('-'));
    find(COMPILER, name).is_none()
        && plain.is_some_and(|plain| !has(KNOWN, plain) && find(LINKER, plain).is_some())
}

/// What the values are of a compiler's option.
pub(super) fn of_compiler(name: &str) -> Option<&'static [Value]> {
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

fn find(table: Table, name: &str) -> Option<&'static [Value]> {
    table.iter().find(|(names, _)| has(names, name)).map(|(_, values)| *values)
}

/// Whether a name is in a list of names.
fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// Linker options that zig passes to LLD as they are, or does by itself, without their dashes and
/// values. (zig 0.15, `buildOutputType` in `src/main.zig`)
const BY_ZIG: &str = "pic-executable rpath R I dynamic-linker E export-dynamic version-script \
     undefined-version no-undefined-version enable-new-dtags O no-undefined \
     gc-sections no-gc-sections print-gc-sections print-icf-sections print-map \
     sort-section Bsymbolic compress-debug-sections major-image-version \
     minor-image-version e entry u enable-auto-image-base disable-auto-image-base \
     full-shutdown T script eh-frame-hdr tsaware nxcompat dynamicbase \
     no-dynamicbase high-entropy-va export-all-symbols color-diagnostics \
     no-color-diagnostics s strip-all start-group end-group major-subsystem-version \
     minor-subsystem-version out-implib implib hash-style build-id sort-common \
     as-needed no-as-needed whole-archive no-whole-archive Bdynamic dy call_shared \
     Bstatic dn non_shared static search_paths_first version";
/// Values of `-z` that zig passes on, or that are LLD's default; each may be followed by `=`.
const Z_BY_ZIG: &str = "nodelete notext defs undefs origin nocopyreloc noexecstack now lazy relro \
         norelro stack-size common-page-size max-page-size";
/// What zig leaves out of a shared library, though it takes it for a program.
const Z_OF_PROGRAMS: &str = "stack-size";
/// Options about the inputs that come next: only zig, which gets the inputs, could follow them.
const ABOUT_WHAT_FOLLOWS: &str = "push-state pop-state start-lib end-lib b format";
/// What rustc adds by itself, which `cargo_zigbuild` leaves out since its programs do not need it.
const BY_RUSTC: &str = "undefined znostart-stop-gc plugin-opt fix-cortex-a53-843419 \
         melf_i386";

/// Whether zig does what a linker option asks, or is to be the one that refuses it. `value` is
/// what follows the name, after `=` or in the next word.
pub(super) fn is_for_zig(name: &str, value: Option<&str>, is_library: bool) -> bool {
    let name = name.trim_start_matches('-');
    let z = match name.strip_prefix('z') {
        Some("") => value,
        Some(joined) if !has(BY_RUSTC, name) => Some(joined),
        _ => None,
    };
    if let Some(z) = z {
        let word = z.split('=').next().unwrap_or(z);
        return has(Z_BY_ZIG, word) && !(is_library && word == Z_OF_PROGRAMS);
    }
    match name {
        // zig gives a program no name.
        "soname" => return is_library,
        // It takes a subsystem without a version, and a stack without what is committed of it.
        "subsystem" => return value.is_some_and(|value| !value.contains(':')),
        "stack" => return value.is_some_and(|value| !value.contains(',')),
        _ => {}
    }
    let is_level = name.strip_prefix('O').is_some_and(|level| level.parse::<u8>().is_ok());
    let is_joined_path = name.starts_with('L');
    let lists = [BY_ZIG, ABOUT_WHAT_FOLLOWS, BY_RUSTC];
    is_level || is_joined_path || lists.iter().any(|list| has(list, name))
}

/// Has `lld-link` export what is named, and nothing else.
pub(super) const NO_EXPORTS: &str = "-EXCLUDE-ALL-SYMBOLS";

/// An option of GNU's linker for Windows in `lld-link`'s words; `None` for one that neither has.
/// (LLD, "MinGW driver")
pub(super) fn for_windows(name: &str, value: Option<&str>) -> Option<Vec<String>> {
    let value = value.unwrap_or_default();
    let one = |text: String| Some(vec![text]);
    match name.trim_start_matches('-') {
        "heap" => one(format!("-HEAP:{value}")),
        "stack" => one(format!("-STACK:{value}")),
        "subsystem" => one(format!("-SUBSYSTEM:{}", value.replace(':', ","))),
        "wrap" => one(format!("-WRAP:{value}")),
        "file-alignment" => one(format!("-FILEALIGN:{value}")),
        "section-alignment" => one(format!("-ALIGN:{value}")),
        "disable-dynamicbase" => one("-DYNAMICBASE:NO".to_owned()),
        "disable-nxcompat" => one("-NXCOMPAT:NO".to_owned()),
        "disable-high-entropy-va" => one("-HIGHENTROPYVA:NO".to_owned()),
        "enable-auto-import" => one("-AUTO-IMPORT".to_owned()),
        "disable-auto-import" => one("-AUTO-IMPORT:NO".to_owned()),
        "enable-runtime-pseudo-reloc" => one("-RUNTIME-PSEUDO-RELOC".to_owned()),
        "disable-runtime-pseudo-reloc" => one("-RUNTIME-PSEUDO-RELOC:NO".to_owned()),
        "kill-at" => one("-KILL-AT".to_owned()),
        "image-base" => one(format!("-BASE:{value}")),
        "delayload" => one(format!("-DELAYLOAD:{value}")),
        "Map" => one(format!("-LLDMAP:{value}")),
        "pdb" => one(format!("-PDB:{value}")),
        "icf" => one(format!("-OPT:{}", if value == "none" { "NOICF" } else { "ICF" })),
        "exclude-all-symbols" => one(NO_EXPORTS.to_owned()),
        "exclude-symbols" => one(format!("-EXCLUDE-SYMBOLS:{value}")),
        "large-address-aware" => one("-LARGEADDRESSAWARE".to_owned()),
        "no-insert-timestamp" => one("-TIMESTAMP:0".to_owned()),
        "guard-cf" => one("-GUARD:CF".to_owned()),
        "appcontainer" => one("-APPCONTAINER".to_owned()),
        "allow-multiple-definition" => one("-FORCE:MULTIPLE".to_owned()),
        "require-defined" => one(format!("-INCLUDE:{value}")),
        "fatal-warnings" => one("-WX".to_owned()),
        "Xlink" => one(value.to_owned()),
        _ => None,
    }
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
        ] {
            assert_eq!(is_for_zig(name, value, is_library), expected, "{name} {value:?}");
        }
    }
}
