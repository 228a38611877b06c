//! What the tools print, word for word: every file below `tests/cases` is a case. `TRYCMD=overwrite
//! cargo test -p rgo --test main cases::` writes what they print now; read the difference before you
//! commit it.
//!
//! Cases are cheap: they end before anything is compiled. What is built is tested in `end_to_end`.

use std::path::Path;

use crate::support::{at_root, native, schemas};

/// The extensions of cases. trycmd knows no others.
const EXTENSIONS: [&str; 2] = ["toml", "trycmd"];

/// Whether a file below `tests/cases` is a case.
pub(crate) fn is_case(file: &Path) -> bool {
    EXTENSIONS.iter().any(|extension| file.extension().is_some_and(|it| it == *extension))
}

#[test]
fn cases() {
    at_root();
    let cases = trycmd::TestCases::new();
    for (name, path) in [
        ("rgo-build", env!("CARGO_BIN_EXE_rgo-build")),
        ("rgo-strip", env!("CARGO_BIN_EXE_rgo-strip")),
        ("rgo-symbols", env!("CARGO_BIN_EXE_rgo-symbols")),
        ("rgo-version-m", env!("CARGO_BIN_EXE_rgo-version-m")),
        ("rgo", env!("CARGO_BIN_EXE_rgo")),
        ("cargo-rgo", env!("CARGO_BIN_EXE_cargo-rgo")),
    ] {
        cases.register_bin(name, Path::new(path));
    }
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    cases
        .env("NO_COLOR", "1")
        .env("CARGO_TERM_COLOR", "never")
        .env("RUST_BACKTRACE", "0")
        .env("COLUMNS", "100")
        .env("CARGO_TARGET_DIR", built.to_str().expect("UTF-8"))
        .timeout(std::time::Duration::from_secs(120));
    for extension in EXTENSIONS {
        cases.case(format!("tests/cases/**/*.{extension}"));
    }
    cases.run();
}

/// What the cases show of JSON is as the schemas say.
#[test]
fn json_of_cases_is_as_its_schema_says() {
    at_root();
    let mut checked = 0;
    for entry in walkdir::WalkDir::new("tests/cases") {
        let entry = entry.expect("an entry");
        if entry.path().extension().is_none_or(|it| it != "toml") {
            continue;
        }
        let name = entry.path().display().to_string();
        let text = std::fs::read_to_string(entry.path()).expect("a case");
        let Ok(case) = toml::from_str::<toml::Table>(&text) else { continue };
        let stdout = case.get("stdout").and_then(toml::Value::as_str).unwrap_or_default();
        let stderr = case.get("stderr").and_then(toml::Value::as_str).unwrap_or_default();
        if stderr.trim_start().starts_with("{\"kind\"") {
            schemas::check_messages(stderr.trim(), &name);
            checked += 1;
        }
        // Some leave out the middle.
        if serde_json::from_str::<serde_json::Value>(stdout).is_ok() {
            schemas::check(stdout, &name);
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked} outputs are JSON");
}

/// Cases all run without color in their environment, so what decides over it is asked here.
#[test]
fn color_is_as_the_call_says_else_as_the_environment_does() {
    let version_m = env!("CARGO_BIN_EXE_rgo-version-m");
    let build = env!("CARGO_BIN_EXE_rgo-build");
    let missing: &[&str] = &["no-such-file"];
    let nowhere: &[&str] = &["-C", "no-such-folder"];
    for (program, wrong) in [(version_m, missing), (build, nowhere)] {
        for (call, environment, colored) in [
            (["--color", "auto"], &[][..], false),
            (["--color", "auto"], &[("CLICOLOR_FORCE", "1")], true),
            (["--color", "auto"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
            (["--color", "always"], &[("NO_COLOR", "1")], true),
        ] {
            let mut command = native(program);
            command.args(wrong).args(call).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
            let output = command.envs(environment.iter().copied()).output().expect("it runs");
            let text = String::from_utf8(output.stderr).expect("UTF-8");
            assert!(text.contains("error"), "{program}: {text}");
            assert_eq!(text.contains('\u{1b}'), colored, "{program} {call:?} {environment:?}");
        }
    }
}
