//! Holds that what a tool prints as JSON is as its schema says.

use std::collections::HashMap;
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
