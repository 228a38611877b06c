//! Options that a build script hands to the linker: each is followed, or the build fails and names
//! it. zig takes some of them and does nothing with them.

use crate::support::{
    Artifact, Outcome, Project, Report, machine, native, readobj, run, scratch, zig,
};

const LINUX: [&str; 2] = ["linux-amd64", "linux-arm64"];

/// Builds with these options for the library and the program. The results go with the project.
fn build(targets: &str, library: &str, program: &str) -> (Project, Outcome) {
    let project = Project::copy("link-options");
    // What is called as a value of an option is no path.
    for word in ["now", "relro", "noexecstack", "gnu"] {
        std::fs::create_dir(project.folder.join(word)).expect("made");
    }
    let folder = project.folder.to_str().expect("UTF-8");
    let mut command = project.command(["--target", targets]);
    command.env("LIBRARY_OPTIONS", library.replace("$HERE", folder));
    command.env("PROGRAM_OPTIONS", program.replace("$HERE", folder));
    let outcome = Outcome::of(&mut command);
    (project, outcome)
}

/// Names in the dynamic symbol table that the file defines.
fn exports(report: &Report, toolchain: &str, name: &str) -> Vec<String> {
    let artifact = report.artifact(toolchain, name);
    let mut names: Vec<String> =
        Artifact::strings(artifact.linkage("exports")).into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn a_library_with_a_version_script_of_its_own_exports_no_more() {
    let targets = "linux/amd64,linux/arm64";
    let options = "-Wl,--version-script=$HERE/options.map -Wl,-z,now -Wl,-z,relro \
                   -Wl,-z,noexecstack -Wl,--hash-style=gnu";
    let (_project, outcome) = build(targets, options, "");
    let report = outcome.report();
    for toolchain in LINUX {
        let names = exports(&report, toolchain, "liboptions");
        assert_eq!(names, ["options_add", "options_count"], "{toolchain}");
    }
}

#[test]
fn what_the_headers_of_a_library_say_is_what_was_asked() {
    let options = "-Wl,-soname,liboptions.so.7 -Wl,-rpath,$ORIGIN/beside -Wl,-Bsymbolic \
                   -Wl,-z,nodlopen -Wl,-z,stack-size=65536 -Wl,--defsym=options_sum=options_add";
    let (_project, outcome) = build("linux/amd64,linux/arm64", options, "");
    let report = outcome.report();
    for toolchain in LINUX {
        let library = report.artifact(toolchain, "liboptions").path();
        let said = readobj(&["--dynamic-table", "--program-headers"], &library);
        for words in ["liboptions.so.7", "$ORIGIN/beside", "SYMBOLIC", "NOOPEN", "65536"] {
            assert!(said.contains(words), "{toolchain}: {words}\n{said}");
        }
    }
}

#[test]
fn a_program_exports_what_a_list_names_and_runs() {
    let options = "-Wl,--dynamic-list=$HERE/program.list -Wl,--export-dynamic-symbol=program_hook";
    let (_project, outcome) = build("linux/amd64,linux/arm64", "", options);
    let report = outcome.report();
    for toolchain in LINUX {
        let names = exports(&report, toolchain, "program");
        assert!(names.contains(&"program_hook".to_owned()), "{toolchain}: {names:?}");
        assert!(names.len() < 10, "{toolchain}: {names:?}");
        if let Some(ran) = run(toolchain, &report.artifact(toolchain, "program").path(), &["a"]) {
            assert_eq!(ran.ended(0).stdout, "1 arguments\n");
        }
    }
}

#[test]
fn windows_programs_have_subsystem_stack_and_heap_as_asked() {
    let options = "-mwindows -Wl,--stack,0x300000 -Wl,--heap,0x20000";
    let (_project, outcome) = build("windows/amd64,windows/arm64", "", options);
    let report = outcome.report();
    for toolchain in ["windows-amd64", "windows-arm64"] {
        let artifact = report.artifact(toolchain, "program");
        assert_eq!(artifact.linkage("subsystem"), "gui", "{toolchain}");
        let said = readobj(&["--file-headers"], &artifact.path());
        for words in ["SizeOfStackReserve: 3145728", "SizeOfHeapReserve: 131072"] {
            assert!(said.contains(words), "{toolchain}: {words}\n{said}");
        }
    }
}

#[test]
fn a_macos_program_has_the_stack_that_was_asked() {
    let (_project, outcome) = build("darwin/arm64", "", "-Wl,-stack_size,0x200000");
    let report = outcome.report();
    let program = report.artifact("darwin-arm64", "program").path();
    let mut otool = native(machine().must("RGO_TEST_LLVM_OBJDUMP"));
    let said = Outcome::of(otool.args(["--macho", "--all-headers"]).arg(program)).ended(0).stdout;
    assert!(said.contains("stacksize 2097152"), "{said}");
}

#[test]
fn an_option_that_nothing_can_follow_fails_by_name() {
    for (target, option) in [
        ("linux/amd64", "-Wl,--no-such-option"),
        ("windows/amd64", "-Wl,--no-such-option"),
        ("darwin/arm64", "-Wl,-order_file,$HERE/options.map"),
        ("darwin/arm64", "-Wl,-map,$HERE/link.map"),
        ("darwin/arm64", "-Wl,-no_compact_unwind"),
        ("darwin/arm64", "-Wl,-ld_classic"),
        ("darwin/arm64", "-Wl,-bundle"),
        ("darwin/arm64", "-Wl,-unexported_symbol,_program_hook"),
    ] {
        let name = option.split(',').nth(1).expect("a name");
        build(target, "", option).1.ended(1).says(name);
    }
}

/// A package's options reach its program and its library alike. What only a library can have is no
/// fault of a program.
#[test]
fn options_of_a_library_do_not_fail_a_program() {
    let options = "-Wl,--version-script=$HERE/options.map -Wl,-soname,libv.so.1 \
                   -Wl,--build-id=0x1234abcd -Wl,--as-needed,-lm,--no-as-needed -Wl,-L/none \
                   -Wl,--disable-new-dtags -Wl,-rpath,$ORIGIN/x -Wl,--wrap=nothing";
    let (_project, outcome) = build("linux/amd64,linux/arm64", options, options);
    let report = outcome.report();
    for toolchain in LINUX {
        let program = report.artifact(toolchain, "program").path();
        for file in [&program, &report.artifact(toolchain, "liboptions").path()] {
            let said = readobj(&["--dynamic-table", "--notes"], file);
            for words in ["1234abcd", "RPATH", "libv.so.1"] {
                assert!(said.contains(words), "{}: {words}\n{said}", file.display());
            }
            assert!(!said.contains("RUNPATH"), "{said}");
        }
        if let Some(ran) = run(toolchain, &program, &["a", "b"]) {
            assert_eq!(ran.ended(0).stdout, "2 arguments\n");
        }
    }
}

/// In the forms of the compiler, of the linker, and word by word.
#[test]
fn a_dylib_keeps_the_name_that_is_asked_for() {
    for options in [
        "-Wl,-install_name,@rpath/libq.dylib -Wl,-rpath,@loader_path/x",
        "-install_name @rpath/libq.dylib -rpath @loader_path/x",
        "-Xlinker -install_name -Xlinker @rpath/libq.dylib -Xlinker -rpath -Xlinker @loader_path/x",
    ] {
        let (_project, outcome) = build("darwin/arm64", options, "");
        let report = outcome.report();
        let library = report.artifact("darwin-arm64", "liboptions");
        assert_eq!(library.linkage("soname"), "@rpath/libq.dylib", "{options}");
        assert_eq!(Artifact::strings(library.linkage("runpath")), ["@loader_path/x"], "{options}");
    }
}

#[test]
fn a_dylib_exports_what_single_options_name() {
    // rustc lists the library's own names.
    let options = "-Wl,-exported_symbol,_rust_eh_person*";
    let (_project, outcome) = build("darwin/arm64,darwin/amd64", options, "");
    let report = outcome.report();
    for toolchain in ["darwin-arm64", "darwin-amd64"] {
        let names = exports(&report, toolchain, "liboptions");
        assert_eq!(
            names,
            ["_options_add", "_options_count", "_rust_eh_personality"],
            "{toolchain}"
        );
    }
}

/// A name that nothing defines is a mistake, as it is for Apple's linker. That a program lacks what its
/// library exports is none.
#[test]
fn an_export_that_a_dylib_does_not_have_fails_by_name() {
    let option = "-Wl,-exported_symbol,_options_ad";
    let (_project, outcome) = build("darwin/arm64", option, "");
    outcome.ended(1).says("defines the export _options_ad");
    let (_project, outcome) = build("darwin/arm64", "", option);
    outcome.report();
}

/// `__declspec(dllexport)` of C is an option in the object file, beside rustc's module definition.
#[test]
fn objects_for_windows_export_by_themselves() {
    let project = Project::copy("link-options");
    let source = project.folder.join("src/lib.rs");
    let text = std::fs::read_to_string(&source).expect("a source");
    let assembly = r#"core::arch::global_asm!(
        ".section .drectve,\"yni\"", ".ascii \" -export:options_own\"",
        ".text", ".globl options_own", "options_own: ret"
    );"#;
    std::fs::write(source, format!("{text}\n{assembly}\n")).expect("written");
    let report = project.build(["--target", "windows/amd64,windows/arm64", "--lib"]).report();
    for toolchain in ["windows-amd64", "windows-arm64"] {
        let names = exports(&report, toolchain, "options");
        assert_eq!(names, ["options_add", "options_count", "options_own"], "{toolchain}");
    }
}

#[test]
fn windows_libraries_and_programs_have_what_lld_knows() {
    let options = "-Xlinker --stack=0x800000,0x1000 -Wl,--subsystem=windows:6.1 \
                   -Wl,--disable-high-entropy-va";
    let (_project, outcome) = build("windows/amd64", "", options);
    let report = outcome.report();
    let artifact = report.artifact("windows-amd64", "program");
    assert_eq!(artifact.linkage("subsystem"), "gui");
    let said = readobj(&["--file-headers"], &artifact.path());
    for words in ["SizeOfStackReserve: 8388608", "SizeOfStackCommit: 4096"] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(!said.contains("HIGH_ENTROPY_VA"), "{said}");
}

/// The shim's table of what zig does with options of ELF linkers, each asked of zig.
#[test]
fn zig_does_with_each_option_what_the_table_says() {
    let folder = scratch("by-zig");
    for (name, text) in [
        ("a.c", "int f(void) { return 0; } int main(void) { return f(); }"),
        ("v.map", "{ global: f; };"),
        ("v.ld", "SECTIONS { .none : { } }"),
    ] {
        std::fs::write(folder.join(name), text).expect("written");
    }
    let target = ["-target", "x86_64-linux-gnu.2.17"];
    let link = |options: &[String]| -> Vec<String> {
        let mut link = zig("cc", &folder);
        link.args(target).args(["-g", "a.o", "-o", "out"]).args(options);
        let said = Outcome::of(link.env("ZIG_VERBOSE_LINK", "1").current_dir(&folder)).stderr;
        let mut calls = said.lines().filter(|line| line.starts_with("ld.lld "));
        let call = calls.next_back().unwrap_or_else(|| panic!("{options:?}: {said}"));
        call.split(' ').map(str::to_owned).collect()
    };
    let mut compile = zig("cc", &folder);
    Outcome::of(compile.args(target).args(["-c", "a.c"]).current_dir(&folder)).ended(0);

    let table = include_str!("../../crates/rgo-toolchain/src/shim/by_zig.txt");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    for (column, kind) in [(2, None), (3, Some("-shared".to_owned()))] {
        let plain = link(kind.as_slice());
        for row in &rows {
            let [option, value, ..] = row[..] else { panic!("{row:?}") };
            let words: Vec<&str> = match option.strip_prefix("z ") {
                Some(word) => vec!["z", word],
                None => vec![option],
            };
            let dashes =
                if option.len() > 2 && !option.starts_with(['B', 'z', 'O']) { "--" } else { "-" };
            let joined = value.starts_with('=');
            let mut option = format!("-Wl,{dashes}{}", words.join(","));
            option +=
                &if joined || value.is_empty() { value.to_owned() } else { format!(",{value}") };
            let call = link(&[kind.as_slice(), std::slice::from_ref(&option)].concat());
            let expected = row[column];
            let has = format!("{} ", call.join(" ")).contains(&format!(" {expected} "));
            match expected {
                "=" | "-" => assert!(
                    call.iter().all(|word| plain.contains(word) || word.contains('/')),
                    "{option} {kind:?}: {call:?}"
                ),
                _ => assert!(has, "{option} {kind:?}: {call:?}"),
            }
        }
    }
}

#[test]
fn libraries_of_the_system_are_needed_if_the_command_says_so() {
    let options = "-Wl,--no-as-needed -lm -Wl,--as-needed -lutil";
    let (_project, outcome) = build("linux/amd64", options, options);
    let report = outcome.report();
    for name in ["program", "liboptions"] {
        let needed = report.artifact("linux-amd64", name).linkage("needed").clone();
        let needed = Artifact::strings(&needed);
        assert!(needed.contains(&"libm.so.6"), "{needed:?}");
        assert!(!needed.contains(&"libutil.so.1"), "{needed:?}");
    }
}

#[test]
fn a_program_follows_a_version_script() {
    let options = "-Wl,--export-dynamic -Wl,--version-script=$HERE/program.map";
    let (_project, outcome) = build("linux/amd64", "", options);
    let report = outcome.report();
    assert_eq!(exports(&report, "linux-amd64", "program"), ["program_hook"]);
}

#[test]
fn a_windows_program_says_which_windows_it_needs() {
    let options = "-Wl,--major-os-version=10 -Wl,--minor-os-version=0 \
                   -Wl,--major-subsystem-version,6 -Wl,--minor-subsystem-version,3";
    let (_project, outcome) = build("windows/amd64,windows/arm64", "", options);
    let report = outcome.report();
    for toolchain in ["windows-amd64", "windows-arm64"] {
        let said = readobj(&["--file-headers"], &report.artifact(toolchain, "program").path());
        for words in [
            "MajorOperatingSystemVersion: 10",
            "MinorOperatingSystemVersion: 0",
            "MajorSubsystemVersion: 6",
            "MinorSubsystemVersion: 3",
        ] {
            assert!(said.contains(words), "{toolchain}: {words}\n{said}");
        }
    }
}

/// A DLL whose functions are called late, and the helper that then loads it.
#[test]
fn a_dll_is_loaded_once_it_is_called() {
    let targets = "windows/amd64,windows/arm64";
    let project = Project::copy("link-options");
    let main = project.folder.join("src/main.rs");
    let text = std::fs::read_to_string(&main).expect("a source").replace(
        "fn main() {\n",
        "#[link(name = \"version\")]\nunsafe extern \"system\" {\n    fn GetFileVersionInfoSizeA(name: \
         *const u8, none: *mut u32) -> u32;\n}\n\nfn main() {\n    let size = unsafe { \
         GetFileVersionInfoSizeA(c\"kernel32.dll\".as_ptr().cast(), &mut 0) };\n    assert!(size > 0);\n",
    );
    std::fs::write(&main, text).expect("written");
    let mut command = project.command(["--target", targets]);
    command.env("PROGRAM_OPTIONS", "-Wl,--delayload=version.dll");
    let report = Outcome::of(&mut command).report();
    for toolchain in ["windows-amd64", "windows-arm64"] {
        let program = report.artifact(toolchain, "program").path();
        let said = readobj(&["--coff-imports"], &program);
        let (_, delayed) = said.split_once("DelayImport {").expect("a delay import");
        for words in ["Name: VERSION.dll", "GetFileVersionInfoSizeA"] {
            assert!(delayed.contains(words), "{toolchain}: {words}\n{said}");
        }
        assert_eq!(said.matches("VERSION.dll").count(), 1, "{toolchain}: {said}");
        if let Some(ran) = run(toolchain, &program, &["a"]) {
            assert_eq!(ran.ended(0).stdout, "1 arguments\n");
        }
    }
}

#[test]
fn a_windows_program_has_no_time_in_it() {
    let options = "-Wl,--no-insert-timestamp";
    let (_project, outcome) = build("windows/amd64,windows/arm64", options, options);
    let report = outcome.report();
    for toolchain in ["windows-amd64", "windows-arm64"] {
        for name in ["program", "options"] {
            let said = readobj(&["--file-headers"], &report.artifact(toolchain, name).path());
            assert!(
                said.contains("TimeDateStamp: 1970-01-01 00:00:00 (0x0)"),
                "{toolchain}: {said}"
            );
        }
    }
}

/// A crate's own definition, beside rustc's: what it says of a function counts, and what rustc
/// exports besides stays.
const DEFINITION: &str = "\u{feff}LIBRARY options BASE=0x190000000
VERSION 2.5
STACKSIZE 0x300000,0x2000
HEAPSIZE 0x50000
DESCRIPTION \"nothing\"
EXPORTS
    options_add @7
    sum=options_add @8 NONAME
    options_sum=options_add   ; by another name
    options_ticks=KERNEL32.GetTickCount
    options_hidden=options_count PRIVATE
    options_data=options_add DATA
";

#[test]
fn a_library_follows_its_own_module_definition_beside_rustcs() {
    for option in ["-Wl,$HERE/own.def", "$HERE/own.def"] {
        let project = Project::copy("link-options");
        std::fs::write(project.folder.join("own.def"), DEFINITION).expect("written");
        let option = option.replace("$HERE", project.folder.to_str().expect("UTF-8"));
        let mut command = project.command(["--target", "windows/amd64,windows/arm64"]);
        let report = Outcome::of(command.env("LIBRARY_OPTIONS", option)).report();
        for toolchain in ["windows-amd64", "windows-arm64"] {
            let path = report.artifact(toolchain, "options").path();
            let said = readobj(&["--file-headers", "--coff-exports"], &path);
            for words in [
                "ImageBase: 0x190000000",
                "MajorImageVersion: 2",
                "MinorImageVersion: 5",
                "SizeOfStackReserve: 3145728",
                "SizeOfStackCommit: 8192",
                "SizeOfHeapReserve: 327680",
                "ForwardedTo: KERNEL32.GetTickCount",
            ] {
                assert!(said.contains(words), "{toolchain}: {words}\n{said}");
            }
            let exports = said.split("Export {").skip(1).map(|export| {
                let field = |name: &str| {
                    let line = export.lines().find_map(|line| line.trim().strip_prefix(name));
                    line.unwrap_or_default().trim().to_owned()
                };
                (field("Name:"), field("Ordinal:"), field("RVA:"))
            });
            let exports: Vec<_> = exports.collect();
            let of = |name: &str| {
                let mut found = exports.iter().filter(|(is, ..)| is == name);
                found.next().unwrap_or_else(|| panic!("{toolchain} {name}: {said}"))
            };
            let (add, count) = (of("options_add"), of("options_count"));
            assert_eq!(add.1, "7", "{said}");
            assert_eq!((of("").1.as_str(), &of("").2), ("8", &add.2), "{said}");
            for name in ["options_sum", "options_data"] {
                assert_eq!(of(name).2, add.2, "{toolchain} {name}: {said}");
            }
            assert_eq!(of("options_hidden").2, count.2, "{said}");
            assert_eq!(exports.len(), 7, "{toolchain}: {said}");
        }
    }
}

#[test]
fn what_lld_has_nothing_for_in_a_module_definition_fails_by_name() {
    for (text, words) in [
        ("SECTIONS\n  .text READ\n", "LLD has nothing for its `SECTIONS`"),
        ("LIBRARY other\n", "it calls the library other.dll"),
        ("EXPORTS\n  not_there\n", "not_there"),
    ] {
        let project = Project::copy("link-options");
        let file = project.folder.join("own.def");
        std::fs::write(&file, text).expect("written");
        let mut command = project.command(["--target", "windows/amd64"]);
        Outcome::of(command.env("LIBRARY_OPTIONS", &file)).ended(1).says(words);
    }
}

/// rustc asks every linker to leave out what nobody uses.
#[test]
fn no_program_has_functions_that_nobody_calls() {
    let targets = "linux/amd64,windows/amd64,windows/arm64,darwin/arm64";
    let (_project, outcome) = build(targets, "", "");
    let report = outcome.report();
    for toolchain in ["linux-amd64", "windows-amd64", "windows-arm64", "darwin-arm64"] {
        let program = report.artifact(toolchain, "program").path();
        let bytes = std::fs::metadata(&program).expect("is there").len();
        assert!(bytes < 700_000, "{toolchain}: {bytes} bytes");
    }
}
