//! Reads text files that a call names, up to a limit: a name may lead to a device without end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The text of a file of at most `limit` bytes.
///
/// # Errors
/// If it cannot be read, is larger, or is not UTF-8.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_for_files_without_an_end_too() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "four").expect("written");
        assert_eq!(read(file.path(), 4).expect("read"), "four");
        assert!(read(file.path(), 3).is_err());
        if cfg!(unix) {
            assert!(read(Path::new("/dev/zero"), 1000).is_err());
        }
    }
}
