//! Links that Go 1.26 makes, as its linker prints them with `-v`, with most of the objects left out.

use camino::Utf8Path;

use super::super::super::{Recipe, args};
use super::*;

const LINUX: &str = "-m64 -Wl,--build-id=0x9f63 -o /t/a.out -rdynamic -Qunused-arguments \
     -Wl,--compress-debug-sections=zlib /t/go.o /t/000000.o -O2 -g -O2 -g -lpthread -no-pie";
const LINUX_STATIC_PIE: &str = "-m64 -Wl,-z,relro -pie -Wl,--build-id=0xba8e -o /t/a.out -static -Qunused-arguments \
     -Wl,--compress-debug-sections=zlib /t/go.o -O2 -g -O2 -g -lpthread -static";
const LINUX_LIBRARY: &str = "-m64 -Wl,-z,relro -shared -Wl,-z,nodelete -Wl,-Bsymbolic -Wl,--build-id=0x38f3 -o a.out \
     -rdynamic -Qunused-arguments -Wl,--compress-debug-sections=zlib /t/go.o -O2 -g -lpthread";
const DARWIN: &str = "-arch arm64 -Wl,-headerpad,1144 -o /t/a.out -Qunused-arguments \
     -Wl,--compress-debug-sections=zlib /t/go.o -O2 -g -O2 -g -framework CoreFoundation";
const DARWIN_LIBRARY: &str = "-arch arm64 -Wl,-S -dynamiclib -o l.dylib -Qunused-arguments \
     -Wl,--compress-debug-sections=zlib /t/go.o -O2 -g -framework CoreFoundation";
const WINDOWS: &str = "-m64 -mconsole -Wl,--tsaware -Wl,--nxcompat -Wl,--major-os-version=6 -Wl,--minor-os-version=1 \
     -Wl,--major-subsystem-version=6 -Wl,--minor-subsystem-version=1 -Wl,--dynamicbase -Wl,--high-entropy-va \
     -o /t/a.out.exe /t/export_file.def -Qunused-arguments -Wl,--no-insert-timestamp \
     -Wl,--compress-debug-sections=zlib /t/go.o -O2 -g -O2 -g -Wl,--start-group -lmingwex -lmingw32 -Wl,--end-group \
     -lkernel32";
const PROBE_OF_CGO: &str = "-I . -fPIC -m64 -pthread -Wl,--no-gc-sections -fmessage-length=0 \
     -ffile-prefix-map=/t=/tmp/go-build -gno-record-gcc-switches -o /t/_cgo_.o /t/_cgo_main.o /t/a.o -O2 -g -lpthread";

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// The arguments for zig, and those for LLD alone.
fn link(os: &str, line: &str) -> (String, String) {
    let recipe = Recipe { build_id: os == "linux", ..Recipe::example(os) };
    let args = translated(words(line), recipe.os);
    let mut rewritten = args::rewrite(&args, Utf8Path::new("/w"), &recipe, &|_| true);
    rewritten.lld.extend(lld_words(&words(line), recipe.os));
    (rewritten.args.join(" "), rewritten.lld.join(" "))
}

fn same(line: &str) -> String {
    words(line).join(" ")
}

#[test]
fn zig_alone_links_for_linux() {
    for line in [LINUX, LINUX_STATIC_PIE] {
        assert_eq!(link("linux", line), (same(line), String::new()));
    }
    // Go runs this in the folder of its output.
    let absolute = same(LINUX_LIBRARY).replace("-o a.out", "-o /w/a.out");
    assert_eq!(link("linux", LINUX_LIBRARY), (absolute, String::new()));
    let (args, lld) = link("linux", PROBE_OF_CGO);
    assert_eq!(args.replace("-I /w/.", "-I ."), same(PROBE_OF_CGO) + " -Wl,--build-id=sha1");
    assert_eq!(lld, "");
}

#[test]
fn symbols_and_debug_data_go_by_lld_and_in_darwin_by_zig() {
    for (os, line, expected) in [
        ("linux", "-s -o /a /a.o -O2 -g", ("-o /a /a.o -O2 -g", "--strip-all")),
        ("linux", "-Wl,-S -o /a /a.o", ("-o /a /a.o", "--strip-debug")),
        ("linux", "-Wl,-S -s -o /a /a.o", ("-o /a /a.o", "--strip-all")),
        ("linux", "-o /a /a.o -O2 -g", ("-o /a /a.o -O2 -g", "")),
        (
            "darwin",
            "-Wl,-S -Wl,-x -o /a /a.o",
            ("-Wl,-S -Wl,-x -o /a /a.o -Wl,-headerpad,0x140", ""),
        ),
    ] {
        assert_eq!(translated(words(line), Os::named(os).expect("known")).join(" "), expected.0);
        assert_eq!(lld_words(&words(line), Os::named(os).expect("known")).join(" "), expected.1);
    }
}

#[test]
fn what_loads_nothing_exports_nothing() {
    let exports = |line| translated(words(line), Os::Linux).contains(&"-rdynamic".to_owned());
    assert!(!exports("-o /a -rdynamic /a.o -static"));
    assert!(exports("-o /a -rdynamic /a.o"));
    assert!(exports("-shared -o /a -rdynamic /a.o -static"));
}

#[test]
fn a_dylib_has_the_name_of_its_file() {
    let (args, _) = link("darwin", DARWIN_LIBRARY);
    assert!(args.contains("-o /w/l.dylib"), "{args}");
    assert!(args.contains("-Wl,-install_name,l.dylib"), "{args}");
    assert!(!args.contains("@rpath"), "{args}");
    let named = format!("{DARWIN_LIBRARY} -Wl,-install_name,@rpath/l.dylib");
    assert_eq!(link("darwin", &named).0.matches("install_name").count(), 1);
    let (program, lld) = link("darwin", DARWIN);
    assert_eq!((program, lld), (same(DARWIN), String::new()));
}

/// rgo adds a segment after the link. Go itself asks for room only where it adds DWARF.
#[test]
fn programs_for_darwin_have_room_for_load_commands() {
    for (line, expected) in [(DARWIN, "-Wl,-headerpad,1144"), (DARWIN_LIBRARY, ROOM_FOR_COMMANDS)] {
        let (args, _) = link("darwin", line);
        let pads: Vec<&str> = args.split(' ').filter(|arg| arg.contains("-headerpad")).collect();
        assert_eq!(pads, [expected]);
    }
}

#[test]
fn programs_for_windows_have_symbols_and_no_pdb() {
    let (args, lld) = link("windows", WINDOWS);
    assert!(args.contains("-Wl,--subsystem=console"), "{args}");
    assert_eq!(lld, "-TIMESTAMP:0 -OSVERSION:6.1 -SUBSYSTEM:console,6.1 -TIMESTAMP:0 -DEBUG:DWARF");
    let gui = WINDOWS.replace("-mconsole", "-mwindows");
    assert!(link("windows", &gui).1.contains("-SUBSYSTEM:windows,6.1"));
    for (more, expected) in [("-s", "-DEBUG:NONE"), ("-Wl,-S", "-DEBUG:SYMTAB")] {
        let (_, lld) = link("windows", &format!("{more} {WINDOWS}"));
        assert!(lld.ends_with(expected), "{lld}");
    }
}

#[test]
fn links_are_known_from_compilations() {
    for line in [LINUX, LINUX_LIBRARY, DARWIN, DARWIN_LIBRARY, WINDOWS, PROBE_OF_CGO] {
        assert!(is_link(&words(line)), "{line}");
    }
    for line in [
        "-c a.c",
        "-c a.o",
        "-o a a.cpp",
        "-x c - -o /dev/null",
        "-xc -E -",
        "-E -dM -xc -",
        "a.S b.o",
    ] {
        assert!(!is_link(&words(line)), "{line}");
    }
}

#[test]
fn what_zig_cannot_do_is_refused() {
    for (line, part) in [
        ("-dynamiclib -Wl,-flat_namespace -Wl,-bind_at_load -o a", "plugin"),
        ("-Wl,-x,-bind_at_load a.o", "plugin"),
        ("-c -fsanitize=address a.c", "AddressSanitizer"),
        ("-fsanitize=undefined,memory a.o", "MemorySanitizer"),
    ] {
        let refusal = refused(&words(line)).expect(line);
        assert!(refusal.text.contains(part), "{line}: {}", refusal.text);
    }
    for line in [LINUX, DARWIN, WINDOWS, "-fsanitize=thread,undefined a.o", "-o address"] {
        assert_eq!(refused(&words(line)), None, "{line}");
    }
}
