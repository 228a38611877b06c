//! Finds the toolchain of a Go program without build information: the string
//! `runtime.buildVersion`. Every program has it, but in a stripped one no symbol leads to it.
//!
//! ```text
//! moduledata: data … edata ─▶ a string header: pointer, length ─▶ "go1.26.5"
//!                                                     (since Go 1.17 with a NUL behind it)
//! ```
//!
//! Other strings may look alike (lists of releases, values set by `-X`). So the version must fit
//! the layout of the function table. Strings of the linker (with a NUL) take precedence over those
//! of the compiler, which do not count at all if the Go version always writes the linker's. Two
//! different candidates give no answer.

use std::collections::BTreeSet;

use super::PclntabLayout;
use super::locate::Located;
use crate::release::{CompilerName, Release};

/// `devel go1.27-<commit> <date>` with experiments has about a hundred bytes.
const LONGEST: usize = 256;
/// `go1.2`.
const SHORTEST: usize = 5;

/// Finds the version in the program's variables.
pub(super) fn build_version(located: &Located<'_>) -> Option<String> {
    let data = located.module.as_ref()?.data.clone();
    let memory = &located.memory;
    let size = located.table.header.words.size as u64;
    // The file gives the end of the variables; the bytes that exist limit it.
    let room = memory.at(data.start)?.len() as u64;
    let end = data.end.min(data.start.checked_add(room)?);
    let (mut by_linker, mut by_compiler) = (BTreeSet::new(), BTreeSet::new());
    let mut place = data.start;
    while place < end {
        let next = place.checked_add(size)?;
        let length = memory.number(next).and_then(|length| usize::try_from(length).ok());
        if let Some(length) = length.filter(|length| (SHORTEST..=LONGEST).contains(length))
            && let Some(bytes) = memory.pointer(place).and_then(|address| memory.at(address))
            && let Some(version) = version(bytes.get(..length), located.table.layout())
        {
            let found =
                if bytes.get(length) == Some(&0) { &mut by_linker } else { &mut by_compiler };
            found.insert(version);
        }
        place = next;
    }
    let always_linkers = located.table.layout() >= PclntabLayout::Go118;
    let found = if by_linker.is_empty() && !always_linkers { by_compiler } else { by_linker };
    match Vec::from_iter(found).as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    }
}

/// The bytes, if they are a Go version that writes tables with this layout.
fn version(bytes: Option<&[u8]>, layout: PclntabLayout) -> Option<&str> {
    let bytes = bytes.filter(|bytes| bytes.starts_with(b"go1.") || bytes.starts_with(b"devel "))?;
    let text = std::str::from_utf8(bytes).ok()?;
    is_version(text, layout).then_some(text)
}

/// Whether a text is a Go version that writes tables with this layout.
pub(super) fn is_version(text: &str, layout: PclntabLayout) -> bool {
    if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return false;
    }
    if text.starts_with("devel ") {
        return true;
    }
    let release = Release::parse(text).filter(|release| release.compiler == CompilerName::Go);
    let Some(version) = release.and_then(|release| release.numbers()) else { return false };
    version.major == 1
        && match layout {
            PclntabLayout::Go12 => (2..16).contains(&version.minor),
            PclntabLayout::Go116 => (16..18).contains(&version.minor),
            PclntabLayout::Go118 => (18..20).contains(&version.minor),
            PclntabLayout::Go120 => version.minor >= 20,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_fit_their_layout() {
        for (text, layout, expected) in [
            ("go1.26.5", PclntabLayout::Go120, true),
            ("go1.20", PclntabLayout::Go120, true),
            ("go1.21rc2", PclntabLayout::Go120, true),
            ("go1.26.5 X:nodwarf5", PclntabLayout::Go120, true),
            ("go1.26.8-X:nodwarf5", PclntabLayout::Go120, true),
            ("go1.20.4b7", PclntabLayout::Go120, true),
            ("go1.27-devel_ab12cd Mon", PclntabLayout::Go120, true),
            ("devel go1.22-abc Thu", PclntabLayout::Go118, true),
            ("go1.19.13", PclntabLayout::Go120, false),
            ("go1.19.13", PclntabLayout::Go118, true),
            ("go1.17", PclntabLayout::Go116, true),
            ("go1.15.2", PclntabLayout::Go12, true),
            ("go1.16", PclntabLayout::Go12, false),
            ("go1.", PclntabLayout::Go120, false),
            ("go1.26.go", PclntabLayout::Go12, false),
            ("go1.21/src", PclntabLayout::Go120, false),
            ("go1.26.5\0", PclntabLayout::Go120, false),
            ("go1.99999999999", PclntabLayout::Go120, false),
        ] {
            assert_eq!(is_version(text, layout), expected, "{text}");
        }
    }
}
