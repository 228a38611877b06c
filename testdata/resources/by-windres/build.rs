//! Calls tools by the names that build scripts have for them, with the words in the variable
//! `RESOURCE_COMMAND`: `$OUT` is the object file.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=RESOURCE_COMMAND");
    if std::env::var_os("CARGO_CFG_WINDOWS").is_none() {
        return;
    }
    let object = format!("{}/resources.o", std::env::var("OUT_DIR").expect("a folder"));
    let command = std::env::var("RESOURCE_COMMAND").unwrap_or_else(|_| "windres ../app.rc $OUT".into());
    let mut words = command.split_whitespace().map(|word| word.replace("$OUT", &object));
    let mut tool = Command::new(words.next().expect("a tool"));
    tool.args(["-DVERSION_NUMBERS=1,2,3,0", "-DVERSION_TEXT=\"1.2.3\""]).args(words);
    assert!(tool.status().expect("the tool is there").success(), "{tool:?}");
    println!("cargo::rustc-link-arg-bins={object}");
}
