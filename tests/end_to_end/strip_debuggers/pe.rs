//! Companions of PE programs: gdb follows the link to them, LLVM's tools read them.

use super::abilities::said_of;
use super::{address, gdb, go_line, go_program, go_says, sample, sample_line, split};
use crate::support::{Outcome, machine, native, scratch};

#[test]
fn of_a_rust_program() {
    let folder = scratch("debug-pe");
    let program = folder.join("sample.exe");
    let built = sample().whole.artifact("windows-amd64", "sample").path();
    std::fs::copy(built, &program).expect("copied");
    split(&program, &folder);

    let (line, _) = sample_line();
    let said = gdb(&program, None, &[&format!("info line main.rs:{line}")]);
    assert!(said.contains("src/main.rs\" starts at address"), "{said}");
    let companion = folder.join("sample.exe.debug");
    // Not by llvm-symbolizer, of which old ones want the PDB that the program names.
    let mut dwarfdump = native(machine().must("RGO_TEST_LLVM_DWARFDUMP"));
    dwarfdump.arg(format!("--lookup={}", address(&said))).arg(&companion);
    let resolved = Outcome::of(&mut dwarfdump).ended(0).stdout;
    assert!(resolved.contains("_ZN6sample4main"), "{resolved}");
    assert!(resolved.contains(&format!("Line info: file 'main.rs', line {line},")), "{resolved}");
    std::fs::remove_file(companion).expect("is there");
    let said = gdb(&program, None, &[&format!("info line main.rs:{line}")]);
    assert!(!said.contains("starts at address"), "{said}");
}

/// Go's is compressed in the old way, which gdb reads.
#[test]
fn of_a_go_program() {
    let folder = scratch("debug-pe-go");
    let program = folder.join("twice.exe");
    let Some(()) = go_program(&program, "windows", "amd64") else { return };
    let line = go_line();
    let find = format!("info line twice.go:{line}");
    let before = gdb(&program, None, &[&find]);
    let theirs = go_says(&program, address(&before));
    assert!(theirs.starts_with("main.twice\n"), "{theirs}");
    assert!(theirs.trim_end().ends_with(&format!("twice.go:{line}")), "{theirs}");

    split(&program, &folder);
    let after = gdb(&program, None, &[&find]);
    assert!(after.contains("twice.go\" starts at address"), "{after}");
    assert_eq!(address(&after), address(&before));
    // Without symbols Go's tools do not find the function table of a PE, and the report says so.
    assert_eq!(go_says(&program, address(&before)), "");
    let (said, _) = said_of(&program, &["-N", "absent"], &folder.join("again.exe"));
    assert_eq!(said, ["companion", "companion", "companion", "yes", "partly"]);
}
