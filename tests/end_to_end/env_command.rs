//! `rgo-build env`: what plain cargo builds with the variables is what `rgo-build` links, and runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Outcome, Project, native, readobj, run, scratch, tool, write};

/// A program for each way of linking, with the triple that cargo is given.
const TARGETS: [(&str, &str, &str); 4] = [
    ("linux/amd64", "linux-amd64", "x86_64-unknown-linux-gnu"),
    ("linux/amd64/static", "linux-amd64-static", "x86_64-unknown-linux-musl"),
    ("linux/arm64/static", "linux-arm64-static", "aarch64-unknown-linux-musl"),
    ("windows/amd64", "windows-amd64", "x86_64-pc-windows-gnullvm"),
];

/// A program that says whether the user's own flag has reached it.
fn project() -> Project {
    let project = Project::copy("env");
    let main = "fn main() { println!(\"{}\", cfg!(of_user)); }\n";
    write(&project.folder.join("src/main.rs"), main);
    project
}

fn variables(project: &Project, more: &[&str], set: &[(&str, &str)]) -> Outcome {
    let mut env = tool("rgo-build");
    env.args(["env", "--format", "json", "-C"]).arg(&project.folder).args(more);
    Outcome::of(env.envs(set.iter().copied()))
}

/// Builds with plain cargo, and gives the program.
fn built(project: &Project, triple: &str, said: &Outcome, set: &[(&str, &str)]) -> PathBuf {
    let answer: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let variables = answer["variables"].clone();
    let variables: BTreeMap<String, String> = serde_json::from_value(variables).expect("texts");
    let mut cargo: Command = native("cargo");
    cargo.args(["build", "--target", triple]).current_dir(&project.folder);
    cargo.env("CARGO_TARGET_DIR", &project.target).envs(set.iter().copied()).envs(variables);
    Outcome::of(&mut cargo).ended(0);
    let end = if triple.contains("windows") { ".exe" } else { "" };
    project.target.join(triple).join("debug").join(format!("env{end}"))
}

#[test]
fn programs_run_and_have_the_users_flags() {
    let project = project();
    let config = project.folder.join(".cargo/config.toml");
    let flag = ["--cfg", "of_user"];
    let replacing = flag.join(" ");
    for (target, toolchain, triple) in TARGETS {
        for (of_file, set) in [
            (format!("[build]\nrustflags = {flag:?}\n"), vec![]),
            (format!("[target.{triple}]\nrustflags = {flag:?}\n"), vec![]),
            (String::new(), vec![("RUSTFLAGS", replacing.as_str())]),
        ] {
            write(&config, &of_file);
            let said = variables(&project, &["--target", target], &set).ended(0);
            let program = built(&project, triple, &said, &set);
            if let Some(ran) = run(toolchain, &program, &[]) {
                assert_eq!(ran.ended(0).stdout, "true\n", "{target} {of_file} {set:?}");
            }
        }
    }
}

#[test]
fn an_info_plist_is_in_what_is_linked_later() {
    let project = project();
    let plist = "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>rgo</key></dict></plist>";
    let plist = plist.replace("</key>", "</key><true/>");
    write(&project.folder.join("Info.plist"), &plist);
    let more = ["--target", "darwin/arm64", "--macos", "12.7", "--info-plist", "Info.plist"];
    let said = variables(&project, &more, &[]).ended(0);
    let program = built(&project, "aarch64-apple-darwin", &said, &[]);
    let content = std::fs::read(program).expect("read");
    assert!(content.windows(plist.len()).any(|part| part == plist.as_bytes()));
}

#[test]
fn options_about_results_are_refused() {
    let project = project();
    for option in [
        "--strip=all",
        "-Xa=b",
        "--entitlements=x",
        "--run",
        "-o=x",
        "-n",
        "-x",
        "--work",
        "--bins",
        "--profile=dev",
        "--no-trimpath",
        "--record-sources",
    ] {
        let outcome = variables(&project, &["--target", "darwin/arm64", option], &[]);
        outcome.ended(2).says("has no effect").says("hint:");
    }
}

/// A shell does not see that the command within `eval "$(…)"` failed, unless its output fails.
#[test]
#[cfg(unix)]
fn eval_fails_with_the_command() {
    let project = project();
    let shell = |arguments: &str| {
        let mut shell = native("sh");
        let program = tool("rgo-build").get_program().to_owned();
        let script = format!("eval \"$(\"$0\" env -C \"$1\" {arguments})\"");
        Outcome::of(shell.arg("-c").arg(script).arg(program).arg(&project.folder))
    };
    for wrong in ["--target misspelt", "--targt linux/arm64", "--target linux/arm64 -o x"] {
        shell(wrong).ended(1).says("error: ");
    }
    shell("--target linux/arm64/static").ended(0);
    let mut env = tool("rgo-build");
    env.args(["env", "--target", "linux/arm64/static", "-C"]).arg(&project.folder);
    let said = Outcome::of(&mut env).ended(0).stdout;
    assert!(said.ends_with("# give cargo: --target aarch64-unknown-linux-musl\n"), "{said}");
}

/// A program with C code.
const WITH_C: &str = "package main\n\n// static int twice(int x) { return 2 * x; }\nimport \"C\"\n\nfunc main() { println(C.twice(21)) }\n";

/// A program in which only packages of Go call the C library. Go then links by itself unless it is
/// told otherwise, and cannot link musl.
const WITH_NET: &str =
    "package main\n\nimport \"net\"\n\nfunc main() { println(net.LookupHost(\"localhost\")) }\n";

#[test]
fn plain_go_compiles_c_with_the_variables() {
    let folder = scratch("env-go");
    write(&folder.join("go.mod"), "module example.com/app\n\ngo 1.21\n");
    for (target, machine, program) in [
        ("linux/amd64", 62, WITH_C),
        ("linux/arm64/static", 183, WITH_C),
        ("linux/arm64/static", 183, WITH_NET),
    ] {
        write(&folder.join("main.go"), program);
        let mut env = tool("rgo-build");
        env.args(["env", "--format", "json", "--tags", "a", "--target", target, "-C"]).arg(&folder);
        let answer =
            Outcome::of(env.env("GOFLAGS", "-trimpath").env("CGO_ENABLED", "1")).ended(0).stdout;
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        let variables = answer["variables"].clone();
        let variables: BTreeMap<String, String> = serde_json::from_value(variables).expect("texts");
        let flags = variables.get("GOFLAGS").map_or("", String::as_str);
        let of_static = " '-ldflags=-linkmode external -extldflags=-static'";
        let expected = if target.ends_with("static") { of_static } else { "" };
        assert_eq!(flags, format!("-trimpath -tags=a{expected}"), "{target}");
        let mut go: Command = native("go");
        go.args(["build", "-o", "app", "."]).current_dir(&folder).envs(variables);
        Outcome::of(&mut go).ended(0);
        let program = std::fs::read(folder.join("app")).expect("built");
        // `e_machine` of an ELF header (elf.h).
        assert_eq!(program.get(18..20), Some(&[machine, 0][..]), "{target}");
        let is_static = !readobj(&["--program-headers"], &folder.join("app")).contains("PT_INTERP");
        assert_eq!(is_static, target.ends_with("static"), "{target}");
    }
}
