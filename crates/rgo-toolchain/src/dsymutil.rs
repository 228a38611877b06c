//! What collects the debug data of a darwin program.

use camino::Utf8PathBuf;

use crate::exec;

/// Apple's tool, or LLVM's under one of the names that distributions give it, the newest first.
#[must_use]
pub fn find() -> Option<Utf8PathBuf> {
    let numbered = (13..=30).rev().map(|version| format!("dsymutil-{version}"));
    ["dsymutil".to_owned(), "llvm-dsymutil".to_owned()]
        .into_iter()
        .chain(numbered)
        .find_map(|name| exec::find_program(&name))
}
