//! Fetches real published programs for tests and benchmarks: the packages in
//! `testdata/corpus.toml`, downloaded once by the registries' own clients into
//! `<cache>/xtask/corpus`. Set-up fetches a small part of them.
//!
//! ```text
//! corpus/index.json                      the tests' input: every fetched file with a description
//! corpus/<package>/<archive>             as published; its hash was checked before it was opened
//! corpus/<package>/files/<path>          the named files out of it, or all
//! ```

mod unpack;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cache;
use crate::shell::{command, on_path, quiet};
use unpack::{Unpacking, inside};

const LIST: &str = "testdata/corpus.toml";

/// Maximum size of the archives that set-up fetches, in bytes.
const MAX_ALWAYS: u64 = 60_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    registry: Registry,
    pub(crate) name: String,
    pub(crate) version: String,
    /// pip's name of the file's platform.
    platform: Option<String>,
    /// The CPython version of the file, if it is for only one.
    python: Option<String>,
    /// The archive's name.
    archive: String,
    sha256: String,
    /// Whether set-up fetches it.
    #[serde(default)]
    always: bool,
    /// The files of it to unpack.
    #[serde(default)]
    files: Vec<Named>,
    /// A description, if all of it is unpacked.
    pub(crate) whole: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registry {
    Maven,
    Npm,
    Pypi,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    path: String,
    is: String,
}

/// One row of the index.
#[derive(Serialize)]
struct Row<'l> {
    package: &'l str,
    version: &'l str,
    archive: PathBuf,
    /// The file, or the folder with everything.
    file: PathBuf,
    is: &'l str,
    bytes: u64,
}

/// Fetches all missing packages, and prints them.
///
/// # Errors
/// If a package cannot be fetched, does not match the list, or lacks a named file.
pub(crate) fn run() -> anyhow::Result<()> {
    let list = List::read()?;
    let root = root()?;
    for package in &list.package {
        package.provide(&root.join(package.folder()?)).with_context(|| package.to_string())?;
    }
    let fetched = list.package.iter().collect::<Vec<_>>();
    print(&write_index(&fetched, &root)?, &root);
    Ok(())
}

/// Fetches the packages that set-up always fetches; returns what there is then. What was fetched of
/// the others stays.
///
/// # Errors
/// As [`run`], and if they are too large together.
pub(crate) fn small_part() -> anyhow::Result<String> {
    let list = List::read()?;
    let root = root()?;
    let (mut fetched, mut left, mut size) = (Vec::new(), 0, 0);
    for package in &list.package {
        let place = root.join(package.folder()?);
        if package.always && (package.is_there(&place) || package.registry.has_client()) {
            package.provide(&place).with_context(|| package.to_string())?;
            size += place.join(&package.archive).metadata()?.len();
        }
        if package.is_there(&place) {
            fetched.push(package);
        } else {
            left += 1;
        }
    }
    ensure!(size <= MAX_ALWAYS, "the packages of {LIST} with `always` have {size} bytes");
    write_index(&fetched, &root)?;
    let rest = match left {
        0 => String::new(),
        left => format!("; {left} more are not fetched (`cargo xtask corpus`)"),
    };
    Ok(format!("{}{rest}", fetched.len()))
}

/// Whether all packages were fetched.
///
/// # Errors
/// If the list cannot be read.
pub(crate) fn is_complete() -> anyhow::Result<bool> {
    let root = root()?;
    for package in &List::read()?.package {
        if !package.is_there(&root.join(package.folder()?)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the index of these packages.
fn write_index<'l>(packages: &[&'l Package], root: &Path) -> anyhow::Result<Vec<Row<'l>>> {
    let mut rows = Vec::new();
    for package in packages {
        package.rows(&root.join(package.folder()?), &mut rows)?;
    }
    // By rename, for a test that reads it meanwhile.
    let partial = root.join("index.partial");
    fs::write(&partial, serde_json::to_string_pretty(&rows)?)?;
    fs::rename(partial, root.join("index.json"))?;
    Ok(rows)
}

fn root() -> anyhow::Result<PathBuf> {
    let root = cache::root()?.join("xtask/corpus");
    fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
    Ok(root)
}

impl List {
    fn read() -> anyhow::Result<Self> {
        let list = fs::read_to_string(LIST).context(LIST)?;
        toml::from_str(&list).context(LIST)
    }
}

impl Registry {
    /// Whether this machine has the client that fetches from it.
    fn has_client(self) -> bool {
        let client = match self {
            Self::Maven => "mvn",
            Self::Npm => "npm",
            Self::Pypi => "python3",
        };
        on_path(client)
    }
}

impl std::fmt::Display for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl Package {
    /// The name of its folder, derived from the archive's name: that contains the platform, and
    /// npm's scopes without a slash.
    pub(crate) fn folder(&self) -> anyhow::Result<&str> {
        let ends = [".tgz", ".whl", ".jar"];
        let name = ends.iter().find_map(|end| self.archive.strip_suffix(end));
        let name = name.with_context(|| format!("{}: none of {ends:?}", self.archive))?;
        inside(Path::new(""), name).map(|_| name)
    }

    /// Puts it in place, unless it is there.
    pub(crate) fn provide(&self, place: &Path) -> anyhow::Result<()> {
        let archive = place.join(&self.archive);
        if !archive.is_file() {
            eprintln!("corpus: fetching {self} …");
            let partial = place.with_extension("partial");
            let _ = fs::remove_dir_all(&partial);
            fs::create_dir_all(&partial)?;
            quiet(&mut self.fetch(&partial))?;
            let fetched = partial.join(&self.archive);
            ensure!(fetched.is_file(), "the client brought no {}", self.archive);
            self.check(&fetched)?;
            let _ = fs::remove_dir_all(place);
            fs::rename(&partial, place)?;
        }
        if !self.is_there(place) {
            self.check(&archive)?;
            let partial = place.join("files.partial");
            let _ = fs::remove_dir_all(&partial);
            let mut unpacking = Unpacking::new(self, &partial);
            match self.registry {
                Registry::Npm => unpacking.tar(&archive)?,
                Registry::Maven | Registry::Pypi => unpacking.zip(&archive)?,
            }
            let _ = fs::remove_dir_all(place.join("files"));
            fs::rename(&partial, place.join("files"))?;
        }
        Ok(())
    }

    /// Whether it was fetched and unpacked.
    fn is_there(&self, place: &Path) -> bool {
        let unpacked = match &self.whole {
            Some(_) => place.join("files").is_dir(),
            None => self.files.iter().all(|named| place.join("files").join(&named.path).is_file()),
        };
        unpacked && place.join(&self.archive).is_file()
    }

    fn fetch(&self, to: &Path) -> std::process::Command {
        match self.registry {
            Registry::Maven => {
                let mut mvn = command("mvn");
                mvn.args(["--quiet", "--batch-mode", "dependency:copy"]);
                mvn.arg(format!("-Dartifact={}:{}", self.name, self.version));
                mvn.arg(format!("-DoutputDirectory={}", to.display()));
                mvn
            }
            Registry::Npm => {
                let mut npm = command("npm");
                npm.args(["pack", "--silent", "--pack-destination"]).arg(to);
                npm.arg(format!("{}@{}", self.name, self.version));
                npm
            }
            Registry::Pypi => {
                let mut pip = command("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"]);
                pip.args(["--no-deps", "--only-binary=:all:", "-d"]).arg(to);
                pip.args(self.platform.iter().flat_map(|platform| ["--platform", platform]));
                if let Some(version) = &self.python {
                    let abi = format!("cp{}", version.replace('.', ""));
                    pip.args(["--python-version", version, "--abi", &abi, "--abi", "abi3"]);
                }
                pip.arg(format!("{}=={}", self.name, self.version));
                pip
            }
        }
    }

    /// Checks that the archive has the hash of the list.
    fn check(&self, archive: &Path) -> anyhow::Result<()> {
        let mut hash = Sha256::new();
        let mut bytes = BufReader::with_capacity(1 << 20, File::open(archive)?);
        while let piece @ [_, ..] = bytes.fill_buf()? {
            hash.update(piece);
            let length = piece.len();
            bytes.consume(length);
        }
        let found = hex::encode(hash.finalize());
        ensure!(
            found == self.sha256,
            "{} has the SHA-256 {found}, and {LIST} says {}",
            self.archive,
            self.sha256
        );
        Ok(())
    }

    fn rows<'l>(&'l self, place: &Path, rows: &mut Vec<Row<'l>>) -> anyhow::Result<()> {
        let archive = place.join(&self.archive);
        let row = |file: PathBuf, is: &'l str| -> anyhow::Result<Row<'l>> {
            let measured = if file.is_dir() { &archive } else { &file };
            let bytes = measured.metadata()?.len();
            let (package, version) = (self.name.as_str(), self.version.as_str());
            Ok(Row { package, version, archive: archive.clone(), file, is, bytes })
        };
        for named in &self.files {
            rows.push(row(place.join("files").join(&named.path), &named.is)?);
        }
        if let Some(is) = &self.whole {
            rows.push(row(place.join("files"), is)?);
        }
        Ok(())
    }
}

fn print(rows: &[Row<'_>], root: &Path) {
    let cells: Vec<[String; 5]> = rows
        .iter()
        .map(|row| {
            let file = row.file.strip_prefix(root).unwrap_or(&row.file);
            let below: PathBuf = file.components().skip(2).collect();
            let file = if below.as_os_str().is_empty() { "(all)".into() } else { below };
            [
                row.package.to_owned(),
                row.version.to_owned(),
                file.display().to_string(),
                row.bytes.to_string(),
                row.is.to_owned(),
            ]
        })
        .collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        cells.iter().map(|row| row[column].len()).max().unwrap_or_default()
    });
    for [package, version, file, bytes, is] in &cells {
        let [w0, w1, w2, w3, _] = widths;
        println!("{package:w0$}  {version:w1$}  {file:w2$}  {bytes:>w3$}  {is}");
    }
    let mut archives: Vec<_> = rows.iter().map(|row| &row.archive).collect();
    archives.dedup();
    let size = |path: &&PathBuf| path.metadata().map_or(0, |data| data.len());
    let size: u64 = archives.iter().map(size).sum();
    let count = archives.len();
    println!("{count} packages, {:.0} MB as published, in {}", size as f64 / 1e6, root.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_well_formed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let list = fs::read_to_string(root.join(LIST)).unwrap();
        let list: List = toml::from_str(&list).unwrap();
        let mut folders = std::collections::BTreeSet::new();
        for package in &list.package {
            assert!(folders.insert(package.folder().unwrap()), "{} twice", package.archive);
            assert_eq!(package.sha256.len(), 64, "{}", package.archive);
            assert_ne!(package.files.is_empty(), package.whole.is_none(), "{}", package.archive);
            for named in &package.files {
                inside(Path::new(""), &named.path).unwrap();
            }
        }
    }
}
