//! The answer of `rgo-build env` to a shell if the call fails. `eval "$(…)"` does not see that the
//! command in it failed, so its output has to fail.

use crate::app::terminal;

/// Prints a command that fails.
pub(super) fn print_failure() {
    // A closed stdout has no shell behind it.
    let _ = terminal::write(b"false\n");
}
