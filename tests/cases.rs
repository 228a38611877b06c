//! What the tools print, word for word: every file below `tests/cases` is a case. `TRYCMD=overwrite
//! cargo test --test cases` writes what they print now; read the difference before you commit it.
//!
//! Cases are cheap: they end before anything is compiled. What is built is tested in `end_to_end`.

use std::path::Path;

#[test]
fn cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Paths in cases, and in what the tools print, are from the root of the repository.
    std::env::set_current_dir(&root).expect("the root of the repository");
    let cases = trycmd::TestCases::new();
    for (name, path) in [
        ("rgo-build", env!("CARGO_BIN_EXE_rgo-build")),
        ("rgo-strip", env!("CARGO_BIN_EXE_rgo-strip")),
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
        .timeout(std::time::Duration::from_secs(120))
        .case("tests/cases/**/*.trycmd")
        .case("tests/cases/**/*.toml")
        .run();
}
