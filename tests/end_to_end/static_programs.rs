//! Static C programs made here with and without the compiler's checks: `rgo-version-m` has to say
//! whose checks there are, for the C library that is linked in has its own.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Outcome, can, native, no_gcc, scratch, tool, write};

const SOURCE: &str = r#"
#include <stdio.h>
#include <string.h>

int copy(char *text) {
    char buffer[64];
    strcpy(buffer, text);
    return buffer[3] + puts(buffer);
}

int main(int count, char **arguments) {
    char line[100];
    snprintf(line, count * 10, "%s", arguments[0]);
    return copy(line);
}
"#;

/// Checks that are asked of the compiler, and those that are the program's in the result.
const BUILDS: [(&str, &[&str], bool, bool); 5] = [
    ("plain", &["-static", "-fno-stack-protector"], false, false),
    ("stack", &["-static", "-fstack-protector-strong"], true, false),
    ("fortified", &["-static", "-fno-stack-protector", "-D_FORTIFY_SOURCE=2"], false, true),
    ("both", &["-static", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"], true, true),
    ("pie", &["-static-pie", "-fno-stack-protector"], false, false),
];

fn compiled(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let file = folder.join(name);
    let mut compile = native("gcc");
    compile.args(["-O2", "-U_FORTIFY_SOURCE"]).args(flags);
    Outcome::of(compile.arg(folder.join("copy.c")).arg("-o").arg(&file)).ended(0);
    file
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn checks_of_the_c_library_alone_are_not_the_programs() {
    if !can("gcc") {
        return no_gcc("whose checks a static program has");
    }
    let folder = scratch("static-programs");
    write(&folder.join("copy.c"), SOURCE);
    for (name, flags, stack, fortify) in BUILDS {
        let file = compiled(&folder, name, flags);
        let mut ask = tool("rgo-version-m");
        let outcome = Outcome::of(ask.args(["--facts", "--format", "json"]).arg(&file)).ended(0);
        let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        let hardening = &answer["files"][0]["facts"]["hardening"];
        let expected = if stack {
            json!({ "answer": "yes", "whose": "program" })
        } else {
            // glibc's own functions check their stacks where the distribution builds it so.
            json!({ "answer": "no", "whose": "c-library" })
        };
        assert_eq!(hardening["stack_protector"], expected, "{name}");
        let answer = if fortify { "yes" } else { "no" };
        assert_eq!(hardening["fortify"]["answer"], answer, "{name}");
        let mut gate = tool("rgo-version-m");
        let gate = gate.args(["-q", "--require", "stack-protector"]).arg(&file);
        Outcome::of(gate).ended(if stack { 0 } else { 3 });
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn without_symbols_nobody_knows_whose_the_checks_are() {
    if !can("gcc") {
        return no_gcc("checks of a stripped static program");
    }
    let folder = scratch("static-stripped");
    write(&folder.join("copy.c"), SOURCE);
    let file = compiled(&folder, "stripped", &["-static", "-fstack-protector-strong", "-s"]);
    let mut gate = tool("rgo-version-m");
    let gate = gate.args(["--require", "stack-protector", "--format", "json"]).arg(&file);
    let outcome = Outcome::of(gate).ended(3);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let finding = &answer["policy"]["judgements"][0]["findings"][0];
    assert_eq!(finding["answer"], "unknown");
    assert_eq!(finding["reason"], "no symbols to tell by");
}
