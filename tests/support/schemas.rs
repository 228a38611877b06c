//! Holds that what a tool prints as JSON is as its schema says.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::Value;

/// Checks an output, if it is JSON that names its schema; `line` is the call.
#[track_caller]
pub(crate) fn check(output: &str, line: &str) {
    if !output.starts_with("{\n  \"schema\": \"rgo.") {
        return;
    }
    let report: Value = serde_json::from_str(output).unwrap_or_else(|e| panic!("{line}: {e}"));
    let name = report["schema"].as_str().expect("a name");
    check_as(name, &report, line);
}

/// Checks the files of `--report` and the messages of `--progress json`, if the call has them.
#[track_caller]
pub(crate) fn check_beside_stdout(command: &Command, stderr: &str) {
    let line = format!("{command:?}");
    let args: Vec<&str> = command.get_args().filter_map(OsStr::to_str).collect();
    let values = |flag: &'static str| {
        let apart = args.windows(2).filter(move |pair| pair[0] == flag).map(|pair| pair[1]);
        let joined = args.iter().filter_map(move |arg| arg.strip_prefix(flag)?.strip_prefix('='));
        apart.chain(joined)
    };
    for report in values("--report").filter_map(|value| value.strip_prefix("json=")) {
        let path = command.get_current_dir().unwrap_or(Path::new("")).join(report);
        if let Ok(text) = std::fs::read_to_string(path) {
            check(&text, &line);
        }
    }
    if values("--progress").any(|how| how == "json") {
        check_messages(stderr, &line);
    }
}

/// Checks messages for programs, one a line.
#[track_caller]
pub(crate) fn check_messages(stderr: &str, line: &str) {
    for message in stderr.lines() {
        let message = serde_json::from_str(message).unwrap_or_else(|e| panic!("{line}: {e}"));
        check_as("rgo.message/1", &message, line);
    }
}

/// Checks a value by the schema of a name.
#[track_caller]
pub(crate) fn check_as(name: &str, value: &Value, line: &str) {
    static KNOWN: OnceLock<Mutex<HashMap<String, &'static Validator>>> = OnceLock::new();
    let mut known =
        KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let validator = *known.entry(name.to_owned()).or_insert_with(|| {
        let schema = rgo::schemas::of(name).unwrap_or_else(|| panic!("{line}: no schema {name}"));
        Box::leak(Box::new(jsonschema::validator_for(&schema).expect("a schema")))
    });
    drop(known);
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{line}: not as {name} says: {errors:#?}");
}
