//! Reads the property lists that the user gives for programs for macOS, so that an invalid one
//! fails before the build.

use std::fs::File;
use std::io::Read;

use camino::Utf8Path;
use rgo_edit::entitlements::Entitlements;
use rgo_edit::property_list;

use super::error::BuildError;
use crate::causes;
use crate::shim::InfoPlist;

/// The largest file that is read, in bytes: larger than any valid property list.
const MOST: u64 = 2 << 20;

/// Reads the file of `--info-plist`.
///
/// # Errors
/// [`BuildError::Usage`] if the file cannot be read or is no property list.
pub(super) fn info_plist(path: &Utf8Path) -> Result<InfoPlist, BuildError> {
    let content = read("--info-plist", path)?;
    property_list::parse(&content).map_err(|error| refused("--info-plist:", path, &error))?;
    Ok(InfoPlist::new(path.to_owned(), &content))
}

/// Reads the file of `--entitlements`.
///
/// # Errors
/// [`BuildError::Usage`] if the file cannot be read or has no entitlements.
pub(super) fn entitlements(path: &Utf8Path) -> Result<Entitlements, BuildError> {
    let content = read("--entitlements", path)?;
    Entitlements::from_plist(&content).map_err(|error| refused("--entitlements:", path, &error))
}

fn read(flag: &str, path: &Utf8Path) -> Result<Vec<u8>, BuildError> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut content));
    let bad = |error| refused(&format!("{flag}: reading"), path, &error);
    read.map(|_| content).map_err(bad)
}

/// `before` stands before the path: the flag, and what was done.
fn refused(before: &str, path: &Utf8Path, error: &dyn std::error::Error) -> BuildError {
    let text = format!("{before} {path}: {}", causes::with_causes(error));
    BuildError::Usage { text, hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_flag_the_file_and_what_is_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let (absent, bad) = (folder.join("absent"), folder.join("bad"));
        std::fs::write(&bad, "no list").expect("written");
        for (error, start) in [
            (info_plist(&absent).err(), format!("--info-plist: reading {absent}: ")),
            (info_plist(&bad).err(), format!("--info-plist: {bad}: malformed property list")),
            (entitlements(&absent).err(), format!("--entitlements: reading {absent}: ")),
            (entitlements(&bad).err(), format!("--entitlements: {bad}: ")),
        ] {
            let error = error.expect("refused");
            assert!(error.is_usage() && error.to_string().starts_with(&start), "{error}");
        }
    }
}
