//! Asks the servers of `DEBUGINFOD_URLS` for debug data by build ID, and keeps the answers where other clients of
//! debuginfod keep theirs. A file of another build is not kept, and the next server is asked.
//!
//! (elfutils, debuginfod(8): `URL/buildid/ID/debuginfo`)

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rgo_binary::debug::build_id::identities;
use rgo_binary::{Image, Limits};
use rgo_debuginfo::lines::Mismatch;
use rgo_files::mmap;
use rgo_toolchain::exec::{Cmd, find_program};

/// Seconds for one answer.
const SECONDS: &str = "90";
/// Largest answer, in bytes.
const MAX_BYTES: &str = "4294967296";

/// The debug data of a build ID, from the cache or a server.
///
/// # Errors
/// If no server has it, or none can be asked.
pub(super) fn debug_data(build_id: &str) -> Result<PathBuf> {
    anyhow::ensure!(
        !build_id.is_empty() && build_id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "`{build_id}` is not a build ID"
    );
    let folder = cache_folder().context("there is no folder for what is fetched")?.join(build_id);
    let file = folder.join("debuginfo");
    // Where no server had it, other clients leave an empty file.
    if check(&file, build_id).is_ok() {
        return Ok(file);
    }
    let urls = std::env::var("DEBUGINFOD_URLS").unwrap_or_default();
    if urls.trim().is_empty() {
        bail!("DEBUGINFOD_URLS names no server");
    }
    let curl = find_program("curl").context("curl is not there, which fetches debug data")?;
    std::fs::create_dir_all(&folder)?;
    let mut failed = Vec::new();
    for url in urls.split_whitespace() {
        let part = tempfile::NamedTempFile::new_in(&folder)?;
        let address = format!("{}/buildid/{build_id}/debuginfo", url.trim_end_matches('/'));
        let answer = download(curl.as_str(), &address, part.path());
        match answer.and_then(|()| check(part.path(), build_id)) {
            Ok(()) => {
                part.persist(&file)?;
                return Ok(file);
            }
            Err(error) => failed.push(format!("{url}: {error:#}")),
        }
    }
    bail!("{}", failed.join("; "))
}

/// Whether a file has the build ID that it was asked for by.
fn check(file: &Path, build_id: &str) -> Result<()> {
    let data = mmap::map(file)?;
    let image = Image::parse(&data, &Limits::default()).context("the answer is no binary")?;
    match identities(&image)?.gnu_build_id {
        Some(found) if found == build_id => Ok(()),
        found => {
            let found = found.unwrap_or_else(|| "none".to_owned());
            let mismatch = Mismatch::BuildId { wanted: build_id.to_owned(), found };
            bail!("the answer belongs to another image: {mismatch}")
        }
    }
}

fn download(curl: &str, address: &str, to: &Path) -> Result<()> {
    let limits = ["--max-time", SECONDS, "--max-filesize", MAX_BYTES, "--proto", "=http,https"];
    let call = Cmd::new(curl)
        .args(["--fail", "--silent", "--show-error", "--location"])
        .args(limits)
        .args(["--output".to_owned(), to.to_string_lossy().into_owned(), address.to_owned()]);
    let output = call.output()?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{}", String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("curl: "))
}

fn cache_folder() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let of_client = || Some(folder("XDG_CACHE_HOME")?.join("debuginfod_client"));
    let of_home = || {
        let home = folder("HOME").or_else(|| folder("USERPROFILE"))?;
        Some(home.join(".cache/debuginfod_client"))
    };
    folder("DEBUGINFOD_CACHE_PATH").or_else(of_client).or_else(of_home)
}
