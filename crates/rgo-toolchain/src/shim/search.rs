//! Finds the libraries of a link command as a linker does: `-Ldir`, `-L dir`, `-lname`, `-l name`.

use camino::{Utf8Path, Utf8PathBuf};

/// The values of an option, joined to it or in the next argument.
pub(super) fn values<'a>(args: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    let next = args.iter().skip(1).map(String::as_str).chain([""]);
    args.iter().zip(next).filter_map(move |(arg, next)| match arg.strip_prefix(option)? {
        "" => Some(next).filter(|it| !it.is_empty()),
        joined => Some(joined),
    })
}

/// The file with one of these names, in the first folder that has one.
pub(super) fn find<'a>(
    folders: impl IntoIterator<Item = &'a Utf8Path>,
    names: &[String],
) -> Option<Utf8PathBuf> {
    let mut all = folders.into_iter().flat_map(|folder| names.iter().map(|it| folder.join(it)));
    all.find(|path| path.is_file())
}

/// A file that a linker for Windows reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkerInput {
    pub(super) path: Utf8PathBuf,
    /// Whether the link takes the whole archive, not only the members that define a missing symbol.
    pub(super) is_whole: bool,
}

/// The objects and archives of a command for Windows, each once, in the order of the command. An
/// archive counts as whole if the command links it whole once.
pub(super) fn inputs(args: &[String]) -> Vec<LinkerInput> {
    let folders: Vec<&str> = values(args, "-L").collect();
    let library = |name: &str| {
        let names = [format!("lib{name}.a"), format!("{name}.lib")];
        find(folders.iter().map(|it| Utf8Path::new(*it)), &names)
    };
    let mut inputs: Vec<LinkerInput> = Vec::new();
    let mut is_whole = false;
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let path = match word {
            "-Wl,--whole-archive" | "-Wl,-whole-archive" => {
                is_whole = true;
                None
            }
            "-Wl,--no-whole-archive" | "-Wl,-no-whole-archive" => {
                is_whole = false;
                None
            }
            "-l" => words.next().and_then(library),
            // The output is not an input.
            "-o" => words.next().and(None),
            _ => match word.strip_prefix("-l") {
                Some(name) => library(name),
                None => Some(Utf8PathBuf::from(word)).filter(|path| is_input(path)),
            },
        };
        let Some(path) = path else { continue };
        match inputs.iter_mut().find(|known| known.path == path) {
            Some(known) => known.is_whole |= is_whole,
            None => inputs.push(LinkerInput { path, is_whole }),
        }
    }
    inputs
}

fn is_input(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("o" | "obj" | "a" | "lib" | "rlib")) && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_their_values_in_both_forms() {
        let args = ["-L", "/a", "-L/b", "-lx", "-l", "y", "-o", "-L"].map(str::to_owned);
        assert_eq!(values(&args, "-L").collect::<Vec<_>>(), ["/a", "/b"]);
        assert_eq!(values(&args, "-l").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(values(&[], "-l").count(), 0);
    }
}
