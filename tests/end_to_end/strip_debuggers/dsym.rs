//! dSYM bundles: lldb and LLVM's tools take them for their program's, by the UUID.

use std::path::{Path, PathBuf};

use super::{address, go_line, go_program, go_says, sample, sample_line, split, symbolized};
use crate::support::{Outcome, machine, native, not_tested, scratch};

/// A session of lldb; none where the distribution has no lldb.
fn lldb(program: &Path, symbols: Option<&Path>, commands: &[&str]) -> Option<String> {
    let Some(lldb) = machine().var("RGO_TEST_LLDB") else {
        not_tested("dSYM bundles in lldb, for there is none");
        return None;
    };
    let mut lldb = native(lldb);
    lldb.args(["--no-lldbinit", "--batch"]);
    let symbols = symbols.map(|file| format!("--symfile '{}' ", file.display()));
    let target = format!("target create {}'{}'", symbols.unwrap_or_default(), program.display());
    for command in [target.as_str()].iter().chain(commands) {
        lldb.args(["-o", command]);
    }
    Some(Outcome::of(&mut lldb).ended(0).stdout)
}

fn inside(program: &Path) -> PathBuf {
    let name = program.file_name().expect("a name").to_string_lossy().into_owned();
    let bundle = program.with_file_name(format!("{name}.dSYM"));
    bundle.join("Contents/Resources/DWARF").join(name)
}

fn uuid(file: &Path) -> String {
    let mut dwarfdump = native(machine().must("RGO_TEST_LLVM_DWARFDUMP"));
    let said = Outcome::of(dwarfdump.arg("--uuid").arg(file)).ended(0).stdout;
    said.split_whitespace().nth(1).expect("UUID: …").to_owned()
}

/// The DWARF of Go's programs is inside, and compressed, which lldb does not read.
#[test]
fn of_a_go_program() {
    for arch in ["amd64", "arm64"] {
        let folder = scratch(&format!("debug-dsym-{arch}"));
        let program = folder.join("twice");
        let Some(()) = go_program(&program, "darwin", arch) else { return };
        split(&program, &folder);
        let companion = inside(&program);
        assert_eq!(uuid(&program), uuid(&companion));

        let line = go_line();
        let stop = format!("breakpoint set --file twice.go --line {line}");
        let Some(said) = lldb(&program, None, &[&stop]) else { return };
        assert!(said.contains("no locations"), "{said}");
        let said = lldb(&program, Some(&companion), &[&stop, "image list"]).expect("it is there");
        assert!(said.contains(&companion.display().to_string()), "{said}");
        let (_, stop) = said.split_once("address = ").unwrap_or_else(|| panic!("{said}"));
        let address = address(stop);
        let theirs = go_says(&program, address);
        assert!(theirs.starts_with("main.twice\n"), "{theirs}");
        assert!(theirs.trim_end().ends_with(&format!("twice.go:{line}")), "{theirs}");

        // It finds the bundle beside the program.
        let resolved = symbolized(&program, address);
        assert!(resolved.starts_with("main.twice\n"), "{resolved}");
        assert!(resolved.contains(&format!("twice.go:{line}:")), "{resolved}");
    }
}

/// The bundle that rgo-build has made while the object files are there, and its map of sources.
#[test]
fn of_a_rust_program() {
    let program = sample().split.artifact("darwin-arm64", "sample").path();
    let companion = inside(&program);
    assert_eq!(uuid(&program), uuid(&companion));
    let (line, text) = sample_line();
    let map =
        format!("command source -s 1 '{}'", program.with_file_name("source-map.lldb").display());
    let stop = format!("breakpoint set --file main.rs --line {line}");
    let show = format!("source list --file main.rs --line {line} --count 1");
    let Some(said) = lldb(&program, Some(&companion), &[&map, &stop, &show]) else { return };
    assert!(said.contains("Breakpoint 1: ") && !said.contains("no locations"), "{said}");
    assert!(said.contains(text), "{said}");
    let said = lldb(&program, Some(&companion), &[&show]).expect("it is there");
    assert!(!said.contains(text), "{said}");
}
