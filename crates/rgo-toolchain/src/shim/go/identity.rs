//! The line by which Go knows a C compiler. Go asks `$CC -### -x c -c -`, and puts the first line with the word
//! `version` and a number into the keys of its cache, and so into the build ids of programs. zig's own line names
//! neither the target nor its floor.
//!
//! The line tells everything that decides about the bytes of C code, and nothing of this machine: two machines with
//! the same tools have the same line.

use super::super::{REVISION, Recipe, sdk_name};
use crate::cache;

/// The variable with a hash of the files that C code of the build reads and that Go's cache does not know: headers
/// and libraries outside of the packages.
pub const INPUTS: &str = "RGO_CGO_INPUTS";

/// The answer to Go's question, without a newline. `inputs` is the value of [`INPUTS`].
pub(super) fn line(recipe: &Recipe, inputs: &str) -> String {
    // The folder of the headers is named by their content.
    let headers = recipe.headers.as_ref().and_then(|folder| folder.file_name()).unwrap_or_default();
    let sdks: Vec<String> = recipe.sdks.iter().map(|sdk| sdk_name(sdk)).collect();
    let revision = REVISION.to_string();
    let mut parts = vec![&*revision, &recipe.zig_version, &recipe.zig_target, headers, inputs];
    parts.extend(sdks.iter().map(String::as_str));
    // Each part with its length, so that no two lists of parts are the same bytes.
    let parts: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let hash = cache::short_hash(&[parts.concat().as_bytes()]);
    format!("rgo version 1.0 {hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_what_decides_about_bytes_and_no_place() {
        let recipe = Recipe::example("darwin");
        let known = line(&recipe, "");
        // What Go requires of the line.
        let words: Vec<&str> = known.split(' ').collect();
        assert_eq!(words[..3], ["rgo", "version", "1.0"]);
        assert!(words[3].bytes().all(|it| it.is_ascii_hexdigit()), "{known}");
        let elsewhere = Recipe {
            zig: "/y/zig".into(),
            zig_args: vec!["-m".into()],
            zig_lib: "/y/lib".into(),
            work: "/d/cache".into(),
            ..recipe.clone()
        };
        assert_eq!(line(&elsewhere, ""), known);
        let others = [
            line(&Recipe { zig_version: "0.16.0".into(), ..recipe.clone() }, ""),
            line(&Recipe { zig_target: "aarch64-macos.12.0".into(), ..recipe.clone() }, ""),
            line(&Recipe { headers: Some("/c/darwin-headers/0f".into()), ..recipe.clone() }, ""),
            line(&Recipe { sdks: vec!["/c/darwin-stubs/0f".into()], ..recipe.clone() }, ""),
            line(&recipe, "0f"),
        ];
        let moved = Recipe { sdks: vec!["/d/darwin-stubs/0f".into()], ..recipe.clone() };
        assert_eq!(line(&moved, ""), others[3]);
        for (number, other) in others.iter().enumerate() {
            assert_ne!(*other, known, "{number}");
            assert_eq!(others.iter().filter(|it| *it == other).count(), 1, "{number}");
        }
    }
}
