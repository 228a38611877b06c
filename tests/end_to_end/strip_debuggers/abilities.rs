//! "A debugger can …": what `rgo-strip` says is what gdb does.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{address, c_line, c_program, gdb, line_of, sources, split, strip};
use crate::support::scratch;

/// The five tasks, in the order of the report.
const TASKS: [&str; 5] =
    ["break_on_function", "break_on_line", "read_variables", "unwind", "symbolize"];

/// What the report says of each task, and whether all can be done with the companion.
pub(super) fn said_of(file: &Path, args: &[&str], output: &Path) -> ([String; 5], bool) {
    let output = output.to_str().expect("UTF-8");
    let args = [args, &["--format", "json", "-o", output]].concat();
    let report: Value = serde_json::from_str(&strip(file, &args).stdout).expect("JSON");
    let image = &report["files"][0]["images"][0];
    let said = TASKS.map(|task| {
        let all = image["debugger"].as_array().expect("a list");
        let one = all.iter().find(|one| one["task"] == task).expect("each task");
        one["answer"].as_str().expect("an answer").to_owned()
    });
    (said, !image["companion"].is_null())
}

/// Places in `twice.c`, as the program with all its debug data has them.
struct Places {
    /// In a function that nobody else sees.
    local: String,
    /// In one that a library would export.
    exported: String,
    /// Where the first returns to.
    caller: String,
}

impl Places {
    fn of(program: &Path) -> Self {
        let find = |line: usize| {
            let said = gdb(program, None, &[&format!("info line twice.c:{line}")]);
            address(&said).to_owned()
        };
        let local = find(c_line());
        let stop = format!("break *{local}");
        let said = gdb(program, None, &[&stop, "run", "backtrace"]);
        let (_, frame) = said.split_once("\n#1 ").unwrap_or_else(|| panic!("{said}"));
        let caller = address(frame).to_owned();
        let exported = find(line_of(&sources().join("twice.c"), "return twice"));
        Self { local, exported, caller }
    }
}

/// All, some or none.
pub(super) fn reach(all: bool, some: bool) -> String {
    match (all, some) {
        (true, _) => "yes",
        (_, true) => "partly",
        _ => "no",
    }
    .to_owned()
}

/// What gdb does of each task.
fn done_by_gdb(program: &Path, debug: Option<&Path>, at: &Places) -> [String; 5] {
    let line = c_line();
    let stop = format!("break twice.c:{line}");
    let stop_at = format!("break *{}", at.local);
    let names = [&at.local, &at.exported].map(|place| format!("info symbol {place}"));
    let lines = format!("info line *{}", at.local);
    let mark = "echo \\n--\\n";
    let commands = [
        "break twice",
        mark,
        "break shared",
        mark,
        &stop,
        mark,
        "delete",
        &stop_at,
        "run",
        "print doubled",
        mark,
        "backtrace",
        mark,
        &names[0],
        mark,
        &names[1],
        mark,
        &lines,
    ];
    let said = gdb(program, debug, &commands);
    let parts: Vec<&str> = said.split("\n--\n").collect();
    let [local, exported, stop, variable, frames, name, exported_name, lines] = parts[..] else {
        panic!("{said}");
    };
    let stops = |said: &str| said.contains("Breakpoint ");
    let (local, exported) = (stops(local), stops(exported));
    let (name, exported_name) = (name.starts_with("twice"), exported_name.starts_with("shared"));
    let lines = lines.contains(&format!("Line {line} of"));
    [
        reach(local && exported, exported),
        reach(stops(stop), false),
        reach(variable.contains("$1 = 42"), false),
        reach(frames.contains(&at.caller), false),
        reach(name && exported_name && lines, exported_name || lines),
    ]
}

/// A name, flags of the compiler, arguments of rgo-strip, and what it says of the tasks.
type Row<'r> = (&'r str, &'r [&'r str], &'r [&'r str], [&'r str; 5]);

#[test]
fn the_report_says_what_gdb_can_do() {
    const ID: &str = "-Wl,--build-id=sha1";
    const NO_ID: &str = "-Wl,--build-id=none";
    let rows: [Row<'_>; 9] = [
        ("as built", &[ID], &["-N", "absent"], ["yes", "yes", "yes", "yes", "yes"]),
        ("lines", &["-g1", NO_ID], &["-N", "absent"], ["yes", "yes", "no", "yes", "yes"]),
        ("-g", &[ID], &["-g"], ["yes", "companion", "companion", "yes", "partly"]),
        (
            "unneeded",
            &[ID],
            &["--strip-unneeded"],
            ["companion", "companion", "companion", "yes", "companion"],
        ),
        ("-s", &[ID], &["-s"], ["companion", "companion", "companion", "yes", "companion"]),
        (
            "split",
            &[ID],
            &["--split", "the folder"],
            ["companion", "companion", "companion", "yes", "companion"],
        ),
        ("no build-id", &[NO_ID], &["-s"], ["no", "no", "no", "yes", "no"]),
        ("exports", &[NO_ID, "-rdynamic"], &["-s"], ["partly", "no", "no", "yes", "partly"]),
        (
            "exports, split",
            &[ID, "-rdynamic"],
            &["--split", "the folder"],
            ["partly", "companion", "companion", "yes", "partly"],
        ),
    ];
    for (name, flags, args, expected) in rows {
        let folder = scratch("debug-abilities");
        let [built, stripped, other, debug] =
            ["twice", "stripped", "other", "debug"].map(|name| folder.join(name));
        c_program(&built, flags);
        let places = Places::of(&built);
        let place = debug.to_str().expect("UTF-8");
        let args: Vec<&str> =
            args.iter().map(|arg| if *arg == "the folder" { place } else { arg }).collect();
        let (said, has_companion) = said_of(&built, &args, &stripped);
        assert_eq!(said, expected, "{name}");
        let alone = said.clone().map(|answer| answer.replace("companion", "no"));
        assert_eq!(done_by_gdb(&stripped, None, &places), alone, "{name}");
        if has_companion {
            // Whoever has it: another strip of the same program may have made it.
            std::fs::copy(&built, &other).expect("copied");
            split(&other, &debug);
            let all = done_by_gdb(&stripped, Some(&PathBuf::from(place)), &places);
            assert_eq!(all, ["yes"; 5], "{name}, with its companion");
        }
    }
}
