//! What a test does without something that it needs: it says what it has not tested, and goes on. In CI
//! that would hide that a test tests nothing. There `RGO_TEST_REQUIRE` is `all`, and the test fails if
//! set-up installs what is missing.

use std::env;
use std::fmt::Display;

/// Something is missing that `cargo xtask setup` installs.
#[track_caller]
pub(crate) fn not_tested(what: impl Display) {
    let is_required = env::var_os("RGO_TEST_REQUIRE").is_some_and(|value| value == "all");
    assert!(!is_required, "not tested: {what}\nRGO_TEST_REQUIRE is all: run `cargo xtask setup`");
    eprintln!("NOT TESTED: {what}");
}

/// Something is missing that set-up does not install, or that this machine or its user cannot do.
/// docs/testing.md lists such things.
pub(crate) fn cannot_test(what: impl Display) {
    eprintln!("NOT TESTED: {what}");
}

/// There is no gcc that compiles for linux/amd64. Set-up installs it where it is the machine's own.
#[track_caller]
pub(crate) fn no_gcc(what: &str) {
    let what = format!("{what}; there is no gcc for linux/amd64");
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        not_tested(what);
    } else {
        cannot_test(what);
    }
}
