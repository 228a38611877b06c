//! Programs for macOS that use Apple's frameworks, linked without Apple's SDK: what is bound, to
//! whom, and what is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rgo_toolchain::darwin::names::owners;

use crate::support::corpus::{corpus_of, is_whole};
use crate::support::stripping::well_formed;
use crate::support::{Outcome, Project, machine, native};

const BOTH: [&str; 2] = ["darwin-amd64", "darwin-arm64"];

/// Builds a program that refers to these symbols and is linked with these options.
fn build(symbols: &[&str], options: &str) -> (Project, Outcome) {
    let project = Project::copy("frameworks");
    let mut command = project.command(["--target", "darwin", "--profile", "dev"]);
    command.env("SYMBOLS", symbols.join(" ")).env("OPTIONS", options);
    let outcome = Outcome::of(&mut command);
    (project, outcome)
}

/// Each undefined symbol with the library that it is bound to, as LLVM reads it.
fn bound(file: &Path) -> BTreeMap<String, String> {
    let mut nm = native(machine().must("RGO_TEST_LLVM_NM"));
    let said = Outcome::of(nm.args(["--undefined-only", "--format=darwin"]).arg(file)).ended(0);
    let pairs = said.stdout.lines().filter_map(|line| {
        let (symbol, library) = line.rsplit_once(" (from ")?;
        let name = symbol.rsplit(' ').next()?;
        Some((name.to_owned(), library.trim_end_matches(')').to_owned()))
    });
    pairs.collect()
}

/// The libraries that a file loads, as LLVM reads them.
fn loaded(file: &Path) -> String {
    let mut objdump = native(machine().must("RGO_TEST_LLVM_OBJDUMP"));
    Outcome::of(objdump.args(["--macho", "--dylibs-used"]).arg(file)).ended(0).stdout
}

#[test]
fn each_name_is_bound_to_the_library_that_has_it() {
    let expected = [
        ("_SecRandomCopyBytes", "Security"),
        ("_CFRelease", "CoreFoundation"),
        ("_IOServiceMatching", "IOKit"),
        ("_FSEventStreamCreate", "CoreServices"),
        ("_objc_msgSend", "libobjc"),
        ("_OBJC_CLASS_$_NSArray", "CoreFoundation"),
        ("_OBJC_METACLASS_$_NSObject", "libobjc"),
        ("_NSApp", "AppKit"),
    ];
    let symbols: Vec<&str> = expected.iter().map(|(symbol, _)| *symbol).collect();
    let options = "-framework Cocoa -framework Security -framework IOKit -framework CoreServices";
    let (_project, outcome) = build(&symbols, options);
    let report = outcome.report();
    for toolchain in BOTH {
        let bound = bound(&report.artifact(toolchain, "frameworks").path());
        for (symbol, library) in expected {
            assert_eq!(
                bound.get(symbol).map(String::as_str),
                Some(library),
                "{toolchain}: {symbol}"
            );
        }
    }
}

#[test]
fn a_framework_is_loaded_for_its_classes_alone() {
    let (_project, outcome) = build(&[], "-framework WebKit -Wl,-weak_framework,CoreML");
    let report = outcome.report();
    for toolchain in BOTH {
        let said = loaded(&report.artifact(toolchain, "frameworks").path());
        assert!(said.contains("/WebKit.framework/Versions/A/WebKit"), "{said}");
        let weak = said.lines().find(|line| line.contains("CoreML")).unwrap_or_default();
        assert!(weak.contains("weak"), "{said}");
    }
}

#[test]
fn a_misspelled_name_fails_the_link() {
    let (_project, outcome) = build(&["_SecRandomCopyByte"], "-framework Security");
    let outcome = outcome.ended(1);
    outcome.says("_SecRandomCopyByte").says("no library of macOS that rgo knows");
}

#[test]
fn a_name_of_a_library_that_is_not_linked_fails_and_the_library_is_named() {
    let (_project, outcome) = build(&["_SecRandomCopyBytes"], "");
    outcome.ended(1).says("-framework Security");
}

/// Every program loads libSystem, and AppKit does not have the names of it that a crate declares beside
/// AppKit's.
#[test]
fn names_of_libsystem_are_left_to_it() {
    let stub = machine().cache().join(crate::end_to_end::private_sources::ZIG);
    let stub = stub.with_file_name("lib/libc/darwin/libSystem.tbd");
    let text = std::fs::read_to_string(stub).expect("zig's stub");
    let words = text.split(|letter: char| letter.is_whitespace() || "[],'".contains(letter));
    let of_system: BTreeSet<&str> = words.filter(|word| word.starts_with('_')).collect();
    assert!(of_system.contains("__NSGetArgc"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../toolchains/darwin-names");
    for file in std::fs::read_dir(folder).expect("names") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let names = text.lines().skip(2).filter_map(|line| line.split(' ').next());
        let both: Vec<&str> = names.filter(|name| of_system.contains(name)).collect();
        assert!(both.is_empty(), "{}: {both:?}", path.display());
    }
}

#[test]
fn a_framework_that_nobody_knows_is_named() {
    let (_project, outcome) = build(&[], "-framework NoSuchKit");
    outcome.ended(1).says("NoSuchKit").says("SDKROOT");
}

/// The user's SDK comes before the stubs, and another one of the same name is another.
#[test]
fn an_sdk_of_the_users_goes_first() {
    let project = Project::copy("frameworks");
    for version in ["9999.1.2", "8888.0.0"] {
        let sdk = project.folder.join(version).join("MacOSX99.sdk");
        let stub = format!(
            "--- !tapi-tbd\ntbd-version: 4\ntargets: [ x86_64-macos, arm64-macos ]\n\
             install-name: '/System/Library/Frameworks/Security.framework/Versions/A/Security'\n\
             current-version: {version}\ncompatibility-version: 1\nexports:\n\
             \x20 - targets: [ x86_64-macos, arm64-macos ]\n    symbols: [ _SecBrandNew ]\n...\n"
        );
        let folder = sdk.join("System/Library/Frameworks/Security.framework");
        std::fs::create_dir_all(&folder).expect("made");
        std::fs::create_dir_all(sdk.join("usr/lib")).expect("made");
        std::fs::write(folder.join("Security.tbd"), stub).expect("written");
        std::fs::write(sdk.join("SDKSettings.json"), version).expect("written");
        let mut command = project.command(["--target", "darwin/arm64", "--profile", "dev"]);
        command.env("SYMBOLS", "_SecBrandNew _CFRelease").env("SDKROOT", &sdk);
        command.env("OPTIONS", "-framework Security -framework CoreFoundation");
        let outcome = Outcome::of(&mut command);
        let program = outcome.report().artifact("darwin-arm64", "frameworks").path();
        assert_eq!(bound(&program).get("_SecBrandNew").map(String::as_str), Some("Security"));
        let loaded = loaded(&program);
        assert!(loaded.contains(&format!("current version {version}")), "{loaded}");
    }
}

/// As clang has objects do it for `@import`. There is no framework of the second name.
#[test]
fn a_library_that_an_object_file_asks_for_is_linked_if_something_of_it_is_used() {
    let build = |symbols: &str, options: &str| {
        let project = Project::copy("frameworks");
        let mut command = project.command(["--target", "darwin", "--profile", "dev"]);
        command.env("SYMBOLS", symbols).env("OPTIONS", options);
        command.env("AUTOLINK", "Security NoSuchKit");
        let outcome = Outcome::of(&mut command);
        let report = outcome.report();
        BOTH.map(|toolchain| {
            let program = report.artifact(toolchain, "frameworks").path();
            (bound(&program).remove("_SecRandomCopyBytes"), loaded(&program))
        })
    };
    for (library, _) in build("_SecRandomCopyBytes", "") {
        assert_eq!(library.as_deref(), Some("Security"));
    }
    for (library, _) in build("_SecRandomCopyBytes", "-undefined dynamic_lookup") {
        assert_eq!(library.as_deref(), Some("Security"));
    }
    for (_, loaded) in build("_CFRelease", "-framework CoreFoundation") {
        assert!(!loaded.contains("Security"), "{loaded}");
    }
    for (library, loaded) in build("_SecRandomCopyBytes", "-Wl,-weak_framework,Security") {
        assert_eq!(library.as_deref(), Some("Security"));
        let security = loaded.lines().find(|line| line.contains("Security")).unwrap_or_default();
        assert!(security.contains("weak"), "{loaded}");
    }
    for (library, loaded) in build("", "") {
        assert_eq!(library, None);
        assert!(!loaded.contains("Security"), "{loaded}");
    }
}

/// C code includes headers of macOS that zig lacks and that are open. Calls from one piece of
/// assembly code to another lead where they are to.
#[test]
fn c_and_assembly_code_for_macos_is_built() {
    let project = Project::copy("darwin-c");
    let arguments = ["--target", "darwin", "--profile", "dev", "--strip", "none"];
    let outcome = Outcome::of(&mut project.command(arguments));
    let report = outcome.report();
    for toolchain in BOTH {
        let program = report.artifact(toolchain, "darwin-c").path();
        let bound = bound(&program);
        let library = bound.get("_CCRandomGenerateBytes").map(String::as_str);
        assert_eq!(library, Some("libSystem"), "{toolchain}");
        // Debug data does not say where the headers were.
        let content = std::fs::read(&program).expect("read");
        let cache = machine().cache().to_str().expect("UTF-8").as_bytes().to_vec();
        assert!(!content.windows(cache.len()).any(|it| it == cache.as_slice()), "{toolchain}");
        // The calls are to code of the same function, as a disassembler sees it.
        for function in ["_whole", "_split"] {
            let mut objdump = native(machine().must("RGO_TEST_LLVM_OBJDUMP"));
            objdump.arg("-d").arg(format!("--disassemble-symbols={function}")).arg(&program);
            let code = Outcome::of(&mut objdump).ended(0).stdout;
            let inside = format!("<{function}+0x");
            assert_eq!(code.matches(&inside).count(), 2, "{toolchain}: {code}");
            assert_eq!(code.matches("ret").count(), 3, "{toolchain}: {code}");
        }
    }
}

#[test]
fn an_sdk_that_is_not_there_is_an_error() {
    let project = Project::copy("frameworks");
    let mut command = project.command(["--target", "darwin/arm64"]);
    let outcome = Outcome::of(command.env("SDKROOT", "no/such/sdk"));
    outcome.ended(2).says("SDKROOT names no folder").says("no/such/sdk");
}

/// `-exported_symbols_list` of a program is followed as that of a library is.
#[test]
fn a_program_exports_what_its_list_says() {
    let project = Project::copy("frameworks");
    let list = project.folder.join("exports");
    std::fs::write(&list, "_main\n").expect("written");
    let option = format!("-Wl,-exported_symbols_list,{}", list.display());
    let mut command = project.command(["--target", "darwin", "--strip", "none"]);
    let outcome = Outcome::of(command.env("SYMBOLS", "").env("OPTIONS", option));
    let report = outcome.report();
    for toolchain in BOTH {
        let program = report.artifact(toolchain, "frameworks").path();
        let mut objdump = native(machine().must("RGO_TEST_LLVM_OBJDUMP"));
        let said = Outcome::of(objdump.args(["--macho", "--exports-trie"]).arg(&program)).ended(0);
        let names = said.stdout.lines().filter_map(|line| line.split_whitespace().nth(1));
        let names: BTreeSet<&str> = names.filter(|name| name.starts_with('_')).collect();
        assert_eq!(names, BTreeSet::from(["__mh_execute_header", "_main"]), "{}", said.stdout);
    }
}

/// How configure and cmake look whether a framework is there.
#[test]
fn c_compilers_of_build_scripts_link_with_frameworks() {
    let project = Project::copy("frameworks");
    let script = "fn main() {\n    std::fs::write(\"a.c\", \"int main(void) { return 0; }\").unwrap();\n    \
                  let compiler = std::env::var(\"CC_aarch64_apple_darwin\").unwrap();\n    \
                  let args = [\"a.c\", \"-framework\", \"CoreFoundation\", \"-lobjc\", \"-o\", \"a\"];\n    \
                  assert!(std::process::Command::new(compiler).args(args).status().unwrap().success());\n}\n";
    std::fs::write(project.folder.join("build.rs"), script).expect("written");
    std::fs::write(project.folder.join("src/main.rs"), "fn main() {}\n").expect("written");
    project.build(["--target", "darwin/arm64", "--profile", "dev"]).report();
}

#[test]
fn a_section_is_made_of_a_file() {
    let project = Project::copy("frameworks");
    let plist = "<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict/></plist>\n";
    std::fs::write(project.folder.join("Info.plist"), plist).expect("written");
    let here = project.folder.to_str().expect("UTF-8");
    for (arguments, options) in [
        (&["--info-plist", "Info.plist"][..], String::new()),
        (&[], format!("-Wl,-sectcreate,__TEXT,__info_plist,{here}/Info.plist")),
        (&[], format!("-sectcreate __TEXT __info_plist {here}/Info.plist")),
    ] {
        let mut command = project.command(["--target", "darwin", "--profile", "dev"]);
        command.args(arguments).env("SYMBOLS", "").env("OPTIONS", &options);
        let outcome = Outcome::of(&mut command);
        let report = outcome.report();
        for toolchain in BOTH {
            let program = report.artifact(toolchain, "frameworks").path();
            let mut objdump = native(machine().must("RGO_TEST_LLVM_OBJDUMP"));
            let said =
                Outcome::of(objdump.args(["--macho", "--info-plist"]).arg(&program)).ended(0);
            assert!(
                said.stdout.contains(plist.trim_end()),
                "{toolchain} {options}: {}",
                said.stdout
            );
        }
    }
    let given = ["--target", "darwin", "--info-plist", "Info.plist"];
    let mut command = project.command(given);
    let twice = format!("-Wl,-sectcreate,__TEXT,__info_plist,{here}/Info.plist");
    let outcome = Outcome::of(command.env("SYMBOLS", "").env("OPTIONS", twice));
    outcome.ended(1).says("is not the only file for the section __TEXT,__info_plist");
    for damaged in ["{}", "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>a"] {
        std::fs::write(project.folder.join("Info.plist"), damaged).expect("written");
        Outcome::of(&mut project.command(given)).ended(2).says("malformed property list");
    }
    let mut command = project.command(["--target", "linux/amd64", "--info-plist", "Info.plist"]);
    Outcome::of(&mut command).ended(2).says("--info-plist is for darwin");
}

/// LIEF reads the signature; every page's hash is computed anew.
#[test]
fn entitlements_are_signed() {
    let project = Project::copy("frameworks");
    let list = "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>\
                <key>com.apple.security.virtualization</key><true/>\
                <key>get-task-allow</key><true/></dict></plist>";
    std::fs::write(project.folder.join("allow.plist"), list).expect("written");
    std::fs::write(project.folder.join("Info.plist"), list).expect("written");
    let mut command = project.command(["--target", "darwin", "--entitlements", "allow.plist"]);
    command.args(["--info-plist", "Info.plist"]);
    let outcome = Outcome::of(command.env("SYMBOLS", "").env("OPTIONS", ""));
    let report = outcome.report();
    for toolchain in BOTH {
        let program = report.artifact(toolchain, "frameworks").path();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/support/entitlements.py");
        let mut python = native(machine().must("RGO_TEST_PYTHON"));
        let said = Outcome::of(python.arg(script).arg(&program)).ended(0).stdout;
        assert!(said.contains(list), "{toolchain}: {said}");
        assert!(said.contains("flags 0x11"), "{toolchain}: {said}");
        assert!(said.contains("has an Info.plist"), "{toolchain}: {said}");
        assert!(said.contains("every hash holds"), "{toolchain}: {said}");
    }
    std::fs::write(project.folder.join("allow.plist"), "no list").expect("written");
    let mut command = project.command(["--target", "darwin", "--entitlements", "allow.plist"]);
    Outcome::of(&mut command).ended(2).says("--entitlements");
}

/// What a program imports from the system's libraries other than those of which zig has stubs.
fn imported(file: &Path) -> BTreeMap<String, String> {
    let is_of_zig =
        |library: &str| library.starts_with("libSystem") || library.starts_with("libc++");
    bound(file).into_iter().filter(|(_, library)| !is_of_zig(library)).collect()
}

/// Links with the same libraries for the same names, and holds that each name has the same owner.
fn links_as_theirs(file: &Path, imported: &BTreeMap<String, String>) {
    let symbols: Vec<&str> = imported.keys().map(String::as_str).collect();
    let libraries: BTreeSet<&str> = imported.values().map(String::as_str).collect();
    let options: Vec<String> = libraries
        .iter()
        .map(|library| match library.strip_prefix("lib") {
            Some(name) => format!("-l{}", name.split('.').next().unwrap_or(name)),
            None => format!("-framework {library}"),
        })
        .collect();
    let (_project, outcome) = build(&symbols, &options.join(" "));
    let report = outcome.report();
    for toolchain in BOTH {
        let program = report.artifact(toolchain, "frameworks").path();
        // Load commands and the hash of every page, as LIEF reads them.
        well_formed(&[file, &program]);
        let ours = bound(&program);
        for (symbol, library) in imported {
            let file = file.display();
            assert_eq!(ours.get(symbol), Some(library), "{toolchain}: {symbol} of {file}");
        }
    }
}

/// What published programs bind to the system's libraries, rgo's stubs bind to the same. Some of them
/// are among the sources of the stubs.
#[test]
fn published_programs_have_the_same_names_from_the_same_libraries() {
    let published = corpus_of("macho");
    let mut seen = 0;
    let files =
        published.iter().filter(|one| !one.is.contains("swift") && !one.is.contains("held out"));
    for one in files {
        let imported = imported(&one.file);
        if !imported.is_empty() {
            links_as_theirs(&one.file, &imported);
            seen += imported.len();
        }
    }
    // The part that set-up always fetches has 53.
    let least = if is_whole() { 100 } else { 50 };
    assert!(seen > least || published.is_empty(), "{seen} names");
}

/// The stubs are not made from these programs, which Apple's SDK has linked. What the stubs have of
/// their names they bind as the SDK did, and they have nearly all.
#[test]
fn programs_that_the_stubs_are_not_made_from_have_the_same_names() {
    let published = corpus_of("held out");
    let (mut known, mut unknown) = (0, Vec::new());
    for one in &published {
        let mut imported = imported(&one.file);
        imported.retain(|symbol, library| {
            let is_known = owners(symbol).next().is_some();
            if !is_known {
                unknown.push(format!("{symbol} of {library}"));
            }
            is_known
        });
        links_as_theirs(&one.file, &imported);
        known += imported.len();
    }
    // The part that set-up always fetches has 170.
    let least = if is_whole() { 500 } else { 150 };
    assert!(known > least || published.is_empty(), "{known} names");
    assert!(unknown.len() * 100 <= known, "{known} names are known, and not {unknown:?}");
}
