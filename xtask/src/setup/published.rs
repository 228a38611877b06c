//! Fetches a program by other authors, for the demo and the tests: its published crate, with its
//! own Cargo.lock.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use walkdir::WalkDir;

use super::{Setup, done};
use crate::shell::{cargo, quiet};

const CRATE: (&str, &str) = ("ripgrep", "15.1.0");

pub(super) fn ensure(setup: &mut Setup) -> anyhow::Result<()> {
    let (name, version) = CRATE;
    let folder = copied(&setup.dir.join("published"), name, version)?;
    done("published program", &folder.display().to_string());
    setup.set("RGO_TEST_RIPGREP", &folder)?;
    setup.ripgrep = folder;
    Ok(())
}

/// Copies the published sources of a package, with their own Cargo.lock, into a folder.
pub(crate) fn copied(place: &Path, name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let folder = place.join(format!("{name}-{version}"));
    if !folder.join("Cargo.toml").is_file() {
        let unpacked = sources(name, version)?;
        let partial = folder.with_extension("partial");
        let _ = fs::remove_dir_all(&partial);
        copy(&unpacked, &partial)?;
        fs::rename(&partial, &folder)?;
    }
    Ok(folder)
}

/// The folder with the sources of a published crate. cargo downloads and unpacks them as a
/// dependency.
///
/// # Errors
/// If cargo cannot fetch it.
pub(crate) fn sources(name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let fetch = tempfile::tempdir()?;
    let manifest = format!(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\n{name} = \"={version}\"\n[workspace]\n"
    );
    fs::create_dir(fetch.path().join("src"))?;
    fs::write(fetch.path().join("Cargo.toml"), manifest)?;
    fs::write(fetch.path().join("src/lib.rs"), "")?;
    quiet(cargo().arg("fetch").current_dir(fetch.path()))?;
    unpacked(&format!("{name}-{version}"))
}

/// The folder into which cargo unpacked a package of the registry.
fn unpacked(package: &str) -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("no home")?;
    let registries = home.join("registry/src");
    for registry in fs::read_dir(&registries).with_context(|| registries.display().to_string())? {
        let folder = registry?.path().join(package);
        if folder.is_dir() {
            return Ok(folder);
        }
    }
    bail!("cargo fetched {package}, and it is not in {}", registries.display());
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let place = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&place)?;
        } else {
            fs::copy(entry.path(), &place)?;
        }
    }
    Ok(())
}
