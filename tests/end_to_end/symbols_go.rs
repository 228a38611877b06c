//! A stripped Go program has the functions of its twin that is not stripped: name, address, file.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::{Outcome, made, scratch, tool};

/// The functions of a program by address: name and file.
fn functions(file: &Path) -> BTreeMap<String, (String, String)> {
    let mut call = tool("rgo-symbols");
    call.args(["-v", "--defined", "--no-demangle", "--format", "ndjson"]).arg(file);
    let lines = Outcome::of(&mut call).ended(0).stdout;
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let is_of_go = text("name").contains('.') && !text("name").starts_with('_');
        (text("class") == "function" && is_of_go)
            .then(|| (text("address"), (text("name"), text("source_file"))))
    };
    lines.lines().filter_map(row).collect()
}

#[test]
fn a_strip_hides_no_function() {
    let folder = scratch("symbols-go");
    let mut compared = 0;
    // C code has its functions in no table of Go's.
    let programs = made::made().iter().filter(|made| made.name.starts_with("go "));
    for made in programs.filter(|made| !made.name.contains("c")) {
        let stripped = folder.join(made.name.replace(' ', "-"));
        let mut strip = tool("rgo-strip");
        Outcome::of(strip.arg("-o").arg(&stripped).arg(&made.file)).ended(0);
        let (before, after) = (functions(&made.file), functions(&stripped));
        assert!(after.len() > 1000, "{}: {} functions", made.name, after.len());
        for (address, (name, file)) in &after {
            let Some((was, was_in)) = before.get(address) else {
                panic!("{}: {name} at {address} was not there", made.name);
            };
            compared += 1;
            // The linker says in the symbol table, and nowhere else, how an assembler function is called.
            let was = was.strip_suffix(".abi0").unwrap_or(was);
            // It writes names that the compiler makes with this dot in PE alone.
            let was = was.replace('·', ".");
            assert_eq!(*name, was, "{} {address}", made.name);
            // Without DWARF lines of the format, only names are compared.
            if !was_in.is_empty() && !file.is_empty() {
                assert_eq!(file, was_in, "{} {name}", made.name);
            }
        }
    }
    println!("compared: {compared} functions");
}
