//! Tells which standard libraries rustup could add to a toolchain, from the manifest that rustup
//! keeps in each. So rgo needs no network, and its hints to the user are right.
//!
//! ```text
//! [pkg.rust-std.target.aarch64-apple-darwin]
//! available = true
//! ```

use camino::Utf8Path;

/// The manifest, relative to a toolchain's sysroot. rustup keeps it in every toolchain that it
/// installed, and in no other.
pub(crate) const MANIFEST: &str = "lib/rustlib/multirust-channel-manifest.toml";

/// Whether rustup has a standard library for a triple; `None` if there is no manifest, or if it
/// does not tell.
pub(crate) fn has_std(sysroot: &Utf8Path, triple: &str) -> Option<bool> {
    offers(&std::fs::read_to_string(sysroot.join(MANIFEST)).ok()?, triple)
}

/// The manifest is about a megabyte, and this needs two of its lines, so it does without a TOML
/// parser.
fn offers(manifest: &str, triple: &str) -> Option<bool> {
    const TABLE: &str = "[pkg.rust-std.target.";
    let mut known = false;
    let mut lines = manifest.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix(TABLE).and_then(|rest| rest.strip_suffix(']')) else {
            continue;
        };
        known = true;
        if name.trim_matches('"') == triple {
            let mut keys = lines.by_ref().take_while(|line| !line.starts_with('['));
            let value =
                keys.find_map(|line| line.strip_prefix("available")?.trim().strip_prefix('='));
            return value.map(|value| value.trim() == "true");
        }
    }
    known.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_says_which_standard_libraries_there_are() {
        let manifest = "manifest-version = \"2\"\n[pkg.rust-std.target.a-b-c]\navailable = true\nurl = \"x\"\n\
             [pkg.rust-std.target.d-e-f]\navailable = false\n[pkg.rust-std.target.odd]\n[pkg.rustc.target.g]\navailable = true\n";
        for (triple, expected) in
            [("a-b-c", Some(true)), ("d-e-f", Some(false)), ("g", Some(false)), ("odd", None)]
        {
            assert_eq!(offers(manifest, triple), expected, "{triple}");
        }
        assert_eq!(offers("[pkg.rustc.target.a-b-c]\n", "a-b-c"), None);
        assert_eq!(offers("", "a-b-c"), None);
    }
}
