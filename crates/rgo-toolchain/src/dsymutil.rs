//! Finds `dsymutil`, which collects the debug data of a macOS program from its object files.

use camino::Utf8PathBuf;

use crate::exec;

/// Apple's tool, or LLVM's under a name that distributions give it. The newest version comes first.
#[must_use]
pub fn find() -> Option<Utf8PathBuf> {
    let numbered = (13..=30).rev().map(|version| format!("dsymutil-{version}"));
    ["dsymutil".to_owned(), "llvm-dsymutil".to_owned()]
        .into_iter()
        .chain(numbered)
        .find_map(|name| exec::find_program(&name))
}
