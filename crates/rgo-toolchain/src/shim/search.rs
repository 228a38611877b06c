//! Where a linker looks for the libraries that a link names: `-Ldir`, `-L dir`, `-lname`, `-l name`.

use camino::{Utf8Path, Utf8PathBuf};

/// The values of an option, joined to it or behind it.
pub(super) fn values<'a>(args: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    let next = args.iter().skip(1).map(String::as_str).chain([""]);
    args.iter().zip(next).filter_map(move |(arg, next)| match arg.strip_prefix(option)? {
        "" => Some(next).filter(|it| !it.is_empty()),
        joined => Some(joined),
    })
}

/// The file that one of these names stands for, in the first folder that has it.
pub(super) fn find<'a>(
    folders: impl IntoIterator<Item = &'a Utf8Path>,
    names: &[String],
) -> Option<Utf8PathBuf> {
    let mut all = folders.into_iter().flat_map(|folder| names.iter().map(|it| folder.join(it)));
    all.find(|path| path.is_file())
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
