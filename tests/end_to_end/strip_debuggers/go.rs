//! Stripped Go programs before dlv, which goes by Go's function table where there is no DWARF.

use std::path::Path;

use super::abilities::{reach, said_of};
use super::{go_line, go_program, go_says, split};
use crate::support::{machine, native, scratch};

/// A session of dlv that knows no folder with debug data but this one; all that it says.
fn dlv(program: &Path, debug: Option<&Path>, commands: &[&str]) -> String {
    let guard = tempfile::tempdir().expect("a temporary folder");
    let home = guard.path();
    let folders = debug.map(|folder| format!("{:?}", folder.display().to_string()));
    let config = format!("debug-info-directories: [{}]\n", folders.unwrap_or_default());
    std::fs::create_dir(home.join("dlv")).expect("made");
    std::fs::write(home.join("dlv/config.yml"), config).expect("written");
    let script = home.join("commands");
    std::fs::write(&script, [commands, &["exit\n"]].concat().join("\n")).expect("written");
    let mut dlv = native(machine().must("RGO_TEST_DLV"));
    dlv.args(["exec", "--allow-non-terminal-interactive", "--check-go-version=false", "--init"]);
    dlv.arg(script).arg(program).env("HOME", home).env("XDG_CONFIG_HOME", home);
    dlv.env("TERM", "dumb").env("NO_COLOR", "1").env_remove("DEBUGINFOD_URLS");
    let output = dlv.stdin(std::process::Stdio::null()).output().expect("dlv runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// Whether dlv stops where `doubled` holds 42, and names the line.
fn stops_at_line(said: &str) -> bool {
    let line = format!("twice.go:{} ", go_line());
    said.lines().any(|said| {
        said.starts_with("> ") && said.contains("main.twice() ") && said.contains(&line)
    })
}

/// What dlv, and Go's own tool for addresses, do of each task.
fn done_by_dlv(program: &Path, debug: Option<&Path>, at: &str) -> [String; 5] {
    let line = go_line();
    let by_function = dlv(program, debug, &["break main.twice", "continue", "stack"]);
    let by_line =
        dlv(program, debug, &[&format!("break twice.go:{line}"), "continue", "print doubled"]);
    let by_address = dlv(program, debug, &[&format!("break *{at}"), "continue"]);
    let symbol = go_says(program, at);
    let frames = ["main.twice", "main.main", "runtime.main", "runtime.goexit"];
    let frame = |name: &&str| by_function.contains(&format!(" in {name}\n"));
    let named = symbol.starts_with("main.twice\n");
    [
        reach(by_function.contains("> [Breakpoint 1] main.twice() "), false),
        reach(stops_at_line(&by_line), stops_at_line(&by_address)),
        reach(by_line.contains("\n42\n"), false),
        reach(frames.iter().all(frame), frames.iter().any(frame)),
        reach(named && symbol.trim_end().ends_with(&format!("twice.go:{line}")), named),
    ]
}

#[test]
fn the_report_says_what_dlv_can_do() {
    let rows: [(&str, &[&str], [&str; 5]); 5] = [
        ("as built", &["-N", "absent"], ["yes", "yes", "yes", "yes", "yes"]),
        ("-g", &["-g"], ["yes", "partly", "companion", "partly", "yes"]),
        ("unneeded", &["--strip-unneeded"], ["yes", "partly", "companion", "partly", "yes"]),
        ("all", &["--strip-all"], ["yes", "partly", "companion", "partly", "yes"]),
        ("split", &["--split", "the folder"], ["yes", "partly", "companion", "partly", "yes"]),
    ];
    let folder = scratch("debug-go");
    let [built, stripped, debug] = ["twice", "stripped", "debug"].map(|name| folder.join(name));
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let Some(()) = go_program(&built, "linux", arch) else { return };
    let line = go_line();
    let said = dlv(&built, None, &[&format!("break twice.go:{line}")]);
    let at = super::address(&said);
    for (name, args, expected) in rows {
        let place = debug.to_str().expect("UTF-8");
        let args: Vec<&str> =
            args.iter().map(|arg| if *arg == "the folder" { place } else { arg }).collect();
        let (said, _) = said_of(&built, &args, &stripped);
        assert_eq!(said, expected, "{name}");
        let alone = said.map(|answer| answer.replace("companion", "no"));
        assert_eq!(done_by_dlv(&stripped, None, at), alone, "{name}");
    }
    // dlv finds the companion by the build-id, and then can do everything.
    split(&built, &debug);
    assert_eq!(done_by_dlv(&built, Some(&debug), at), ["yes"; 5]);
}

/// Its own words for what is not there any more.
#[test]
fn dlv_says_that_a_program_is_stripped() {
    let folder = scratch("debug-go-words");
    let program = folder.join("twice");
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let Some(()) = go_program(&program, "linux", arch) else { return };
    for mode in ["--strip-unneeded", "--strip-all"] {
        super::strip(&program, &[mode]);
        let stop = format!("break twice.go:{}", go_line());
        let said = dlv(&program, None, &[&stop, "break main.twice", "continue", "next", "step"]);
        assert!(said.contains("no debug info found"), "{said}");
        assert!(said.contains("binary is stripped"), "{said}");
        // It stops at the function, and goes on line by line.
        assert!(stops_at_line(&said), "{said}");
    }
}
