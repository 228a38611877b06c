//! Takes arguments from files: `@FILE` stands for the words in FILE, as GNU's tools have it. A
//! command line for thousands of files may be longer than the system allows.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};

use super::error::{Annotate, Usage};
use super::text_file;

/// Maximum size of a file of arguments, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Replaces each `@FILE` by the words in the file, which are quoted as in a shell. A word stays if
/// there is no such file, or if it stands behind `--`.
///
/// # Errors
/// If a file cannot be read, or its quotes are not closed.
pub(super) fn expand(args: Vec<OsString>) -> Result<Vec<OsString>> {
    let mut expanded = Vec::with_capacity(args.len());
    let mut is_over = false;
    for arg in args {
        is_over |= arg == "--";
        let file = arg.to_str().and_then(|arg| arg.strip_prefix('@')).map(Path::new);
        match file.filter(|file| !is_over && file.exists() && !file.is_dir()) {
            Some(file) => expanded.extend(words(file)?),
            None => expanded.push(arg),
        }
    }
    Ok(expanded)
}

fn words(file: &Path) -> Result<Vec<OsString>> {
    let text = text_file::read(file, MAX_SIZE)
        .with_context(|| format!("reading the arguments in {}", file.display()))
        .hint("a file of arguments is text; a file named @… is given as ./@…")?;
    let words = shell_words::split(&text).map_err(|_| {
        Usage::new(format!("{}: a quote is not closed", file.display()))
            .hint("words are quoted as in a shell: 'a b', \"a b\", a\\ b")
    })?;
    Ok(words.into_iter().map(OsString::from).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn words_come_from_the_file_unless_they_are_for_another_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("args");
        fs::write(&file, "-a 'b c'\n\"d\" @args\n").expect("written");
        let at = format!("@{}", file.display());
        let expand = |args: &[&str]| {
            let expanded = expand(args.iter().map(OsString::from).collect()).expect("read");
            expanded.iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(expand(&["x", &at, "y"]), ["x", "-a", "b c", "d", "@args", "y"]);
        assert_eq!(expand(&["x", "@no-such-file"]), ["x", "@no-such-file"]);
        assert_eq!(expand(&["x", "--", &at]), ["x", "--", &at]);
        fs::write(&file, "'a").expect("written");
        assert!(super::expand(vec![at.into()]).is_err());
    }
}
