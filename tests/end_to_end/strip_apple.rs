//! Builds for Apple's systems that call `strip` as Apple's is called: what CMake installs, and each
//! flag on programs that Apple's linker made.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::end_to_end::strip_corpus;
use crate::support::made::made;
use crate::support::stripping::{Subject, accepted, done, size, well_formed};
use crate::support::{Outcome, can, native, not_tested, scratch, tool, zig};

const PROJECT: &str = r#"
cmake_minimum_required(VERSION 3.20)
project(demo C)
add_library(greet SHARED greet.c)
add_executable(demo main.c)
target_link_libraries(demo greet)
install(TARGETS demo greet RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
"#;

const GREET: &str = "static int hidden(int n) { static int sum; sum += n; return sum * 3; }
int (*pointer)(int) = hidden;
int greet(int n) { return pointer(n); }
";

const MAIN: &str = "int greet(int);
static int local(int n) { return n * 7; }
int (*other)(int) = local;
int main(int count, char **words) { (void)words; return greet(count) + other(count); }
";

/// A script that calls a tool of zig's.
fn script(folder: &Path, name: &str, args: &[&str]) -> String {
    let call = zig(name, folder);
    let words = std::iter::once(call.get_program()).chain(call.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let set = call.get_envs().filter_map(|(name, value)| {
        Some(format!("export {}='{}'\n", name.to_string_lossy(), value?.to_string_lossy()))
    });
    let set: String = set.collect();
    let path = folder.join(format!("zig-{name}"));
    let text = format!("#!/bin/sh\n{set}exec {} {} \"$@\"\n", words.join(" "), args.join(" "));
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("is ours");
    path.display().to_string()
}

fn names(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).expect("read");
    let file = object::File::parse(&*bytes).expect("parses");
    let symbols = object::Object::symbols(&file);
    let names = symbols.map(|it| object::ObjectSymbol::name(&it).expect("UTF-8").to_owned());
    names.collect()
}

/// CMake calls `strip -u -r` for programs and `strip -x` for libraries, and goes on if it fails.
#[test]
fn cmake_strips_what_it_installs_for_darwin() {
    if !can("cmake") || !can("make") {
        not_tested("what CMake strips for darwin; there is no cmake or no make");
        return;
    }
    let folder = scratch("strip-cmake");
    for (name, text) in [("CMakeLists.txt", PROJECT), ("greet.c", GREET), ("main.c", MAIN)] {
        fs::write(folder.join(name), text).expect("written");
    }
    for (processor, target) in [("arm64", "aarch64-macos"), ("x86_64", "x86_64-macos")] {
        let build = folder.join(processor);
        let place = build.join("installed");
        let mut configure = native("cmake");
        configure.arg("-S").arg(&folder).arg("-B").arg(&build).args(["-G", "Unix Makefiles"]);
        for (name, value) in [
            ("SYSTEM_NAME", "Darwin".to_owned()),
            ("SYSTEM_PROCESSOR", processor.to_owned()),
            ("BUILD_TYPE", "Debug".to_owned()),
            ("OSX_SYSROOT", String::new()),
            ("C_COMPILER", script(&folder, "cc", &["-target", target])),
            ("AR", script(&folder, "ar", &[])),
            ("RANLIB", script(&folder, "ranlib", &[])),
            ("STRIP", tool("rgo-strip").get_program().to_string_lossy().into_owned()),
            // Nothing is to be renamed here.
            ("INSTALL_NAME_TOOL", "/bin/true".to_owned()),
            ("INSTALL_PREFIX", place.display().to_string()),
        ] {
            configure.arg(format!("-DCMAKE_{name}={value}"));
        }
        done(&mut configure);
        done(native("cmake").arg("--build").arg(&build));
        let mut install = native("cmake");
        let outcome =
            Outcome::of(install.arg("--build").arg(&build).args(["--target", "install/strip"]));
        let outcome = outcome.ended(0);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains("error") && !said.contains("warning"), "{said}");
        for (built, installed, stays, goes) in [
            ("demo", "bin/demo", "__mh_execute_header", "_local"),
            ("libgreet.dylib", "lib/libgreet.dylib", "_greet", "_hidden"),
        ] {
            let (built, installed) = (build.join(built), place.join(installed));
            let what = format!("{processor} {}", installed.display());
            assert!(size(&installed) < size(&built), "{what}");
            let (before, after) = (names(&built), names(&installed));
            assert!(before.contains(&goes.to_owned()), "{what}: {before:?}");
            assert!(!after.contains(&goes.to_owned()), "{what}");
            assert!(after.contains(&stays.to_owned()), "{what}: {after:?}");
            well_formed(&[&built, &installed]);
        }
    }
}

/// Programs for Apple's systems: those that others published, and those that are made here.
fn programs() -> Vec<Subject> {
    let published = strip_corpus::subjects().into_iter();
    let all = published.filter(|subject| size(&subject.file) < strip_corpus::LARGE);
    all.chain(made().iter().cloned()).filter(|subject| subject.format == "macho").collect()
}

#[test]
fn programs_are_sound_after_each_of_apples_flags() {
    for subject in programs() {
        let folder = subject.folder("apple");
        let mut files = vec![subject.file.clone()];
        for args in [
            &["-u", "-r"][..],
            &["--dialect", "apple", "-x"],
            &["-rSTx", "-no_code_signature_warning"],
            &["-uX"],
            &["-u", "-N"],
            &["-A", "-no_uuid", "-no_split_info", "-no_atom_info"],
        ] {
            let what = format!("{} {args:?}", subject.name);
            let result = folder.place(&args.concat(), subject.file_name());
            let outcome = subject.strip(args, &result).ended(0);
            assert_eq!(outcome.stdout, "", "{what}");
            assert!(size(&result) <= size(&subject.file), "{what}");
            accepted(&subject, &result, &what);
            let again = folder.place("again", subject.file_name());
            let mut strip = tool("rgo-strip");
            done(strip.args(args).arg("-o").arg(&again).arg(&result));
            let same = fs::read(&again).expect("read") == fs::read(&result).expect("read");
            assert!(same, "{what}: twice");
            files.push(result);
        }
        well_formed(&files.iter().map(|file| &**file).collect::<Vec<_>>());
    }
}

/// A signature by an identity gives way to an ad-hoc one, with a word unless that is not wanted;
/// where nothing goes, it holds.
#[test]
fn a_signature_gives_way_in_apples_dialect() {
    let subjects = strip_corpus::subjects();
    let signed = subjects.iter().find(|it| it.format == "macho" && it.is_signed);
    let Some(signed) = signed else { return };
    let folder = signed.folder("apple-signed");
    let result = folder.place("result", signed.file_name());
    let word = "it was signed by an identity";
    signed.strip(&["-u", "-N"], &result).ended(0).says(word);
    well_formed(&[&signed.file, &result]);
    signed.strip(&["-N", "-no_code_signature_warning"], &result).ended(0).says_nothing_of(word);
    signed.strip(&["-u", "-r"], &result).ended(0).says_nothing_of(word);
    assert!(fs::read(&result).expect("read") == fs::read(&signed.file).expect("read"));
}
