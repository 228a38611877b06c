//! The property lists that the user gives for programs for macOS, read before anything is built.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use rgo_edit::entitlements::Entitlements;
use rgo_edit::property_list;
use rgo_toolchain::shim::InfoPlist;

use crate::app::error::Usage;

/// Bytes that are read of a file, at most: more than a property list may have.
const MOST: u64 = 2 << 20;

/// `--info-plist`.
///
/// # Errors
/// [`Usage`] if the file cannot be read or is no property list.
pub(super) fn info_plist(
    file: Option<&Utf8PathBuf>,
    folder: &Utf8Path,
) -> Result<Option<InfoPlist>> {
    let read = |path: Utf8PathBuf| -> Result<InfoPlist> {
        let content = read(&path)?;
        property_list::parse(&content).with_context(|| path.to_string())?;
        Ok(InfoPlist::new(path, &content))
    };
    let plist = file.map(|file| read(folder.join(file))).transpose();
    Ok(plist.map_err(|error| Usage::new(format!("--info-plist: {error:#}")))?)
}

/// `--entitlements`.
///
/// # Errors
/// [`Usage`] if the file cannot be read or has no entitlements.
pub(super) fn entitlements(
    file: Option<&Utf8PathBuf>,
    folder: &Utf8Path,
) -> Result<Option<Entitlements>> {
    let read = |path: Utf8PathBuf| -> Result<Entitlements> {
        Entitlements::from_plist(&read(&path)?).with_context(|| path.to_string())
    };
    let entitlements = file.map(|file| read(folder.join(file))).transpose();
    Ok(entitlements.map_err(|error| Usage::new(format!("--entitlements: {error:#}")))?)
}

fn read(path: &Utf8Path) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = File::open(path).with_context(|| format!("reading {path}"))?;
    file.take(MOST).read_to_end(&mut content).with_context(|| format!("reading {path}"))?;
    Ok(content)
}
