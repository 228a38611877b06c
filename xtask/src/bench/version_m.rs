//! Measures how long it takes to inspect programs, beside tools that read one format each.

use std::path::Path;

use anyhow::bail;

use super::{Case, corpus, measure, peak, published, quoted, tool};
use crate::setup::Setup;
use crate::shell::{self, command, on_path};

/// The project's own bounds, as fractions of the other tool's time.
const OF_GO: f64 = 0.5;
const OF_GO_ALL_LANGUAGES: f64 = 1.0;
const OF_AUDIT_INFO: f64 = 0.2;
const OF_AUDIT_INFO_MEMORY: f64 = 0.1;
/// The least work is decompression alone; the inspection may add this much.
const OF_TAR: f64 = 1.5;

pub(super) fn run(setup: &Setup) -> anyhow::Result<()> {
    let bench = Bench::new(setup)?;
    let mut over = bench.rust()?;
    if on_path("go") {
        over.extend(bench.go()?);
    } else {
        println!("\ngo is not here: nothing to compare Go programs with");
    }
    over.extend(bench.archives()?);
    if !over.is_empty() {
        bail!("over the bounds: {}", over.join("; "));
    }
    Ok(())
}

struct Bench<'s> {
    setup: &'s Setup,
    ours: String,
}

impl<'s> Bench<'s> {
    fn new(setup: &'s Setup) -> anyhow::Result<Self> {
        Ok(Self { setup, ours: quoted(&tool("rgo-version-m")?)? })
    }

    /// One Rust program, beside the reader of its dependency list.
    fn rust(&self) -> anyhow::Result<Vec<String>> {
        let Some(audit_info) = self.setup.var("RGO_TEST_AUDIT_INFO") else { return Ok(Vec::new()) };
        let uv = quoted(&published(self.setup, "uv-", "scripts/uv")?)?;
        let ours = format!("{} {uv}", self.ours);
        let theirs = format!("{} {uv}", quoted(Path::new(audit_info))?);
        let cases = [
            Case::new("rgo-version-m", ours.clone()),
            Case::new("rust-audit-info", theirs.clone()),
        ];
        let mut over = compared("One Rust program with its list (uv)", 30, &cases, OF_AUDIT_INFO)?;
        let [ours, theirs] = [peak(&ours)?, peak(&theirs)?];
        #[allow(clippy::cast_precision_loss)] // One decimal is shown.
        let part = ours as f64 / theirs as f64;
        println!("  peak memory: {ours} KiB against {theirs} KiB, × {part:.2}");
        if part > OF_AUDIT_INFO_MEMORY {
            over.push(format!("memory: × {part:.2}"));
        }
        Ok(over)
    }

    /// A Go program, and a folder of more than a gigabyte with few Go programs in it.
    fn go(&self) -> anyhow::Result<Vec<String>> {
        let goroot = shell::output(command("go").args(["env", "GOROOT"]))?;
        let go = Path::new(goroot.trim()).join("bin/go");
        let theirs = format!("{} version -m", quoted(&go)?);
        let (file, tree) = (quoted(&go)?, quoted(&corpus(self.setup)?)?);
        let mut over = Vec::new();
        for (title, flags, path, part) in [
            ("One Go program", "", &file, OF_GO),
            ("A folder, as Go does it", "--go -m", &tree, OF_GO),
            ("A folder, every language", "--no-archives", &tree, OF_GO_ALL_LANGUAGES),
        ] {
            let cases = [
                Case::new("rgo-version-m", format!("{} {flags} {path}", self.ours)),
                Case::new("go version -m", format!("{theirs} {path}")),
            ];
            over.extend(compared(title, 20, &cases, part)?);
        }
        Ok(over)
    }

    /// An archive, beside the tool that only decompresses it.
    fn archives(&self) -> anyhow::Result<Vec<String>> {
        let archive = quoted(&published(self.setup, "node-linux", ".tgz")?)?;
        let cases = [
            Case::new("rgo-version-m", format!("{} {archive}", self.ours)),
            Case::new("tar -t", format!("tar -tzf {archive}")),
        ];
        compared("A tar.gz (node)", 5, &cases, OF_TAR)
    }
}

/// Measures our case against theirs. Returns a text if ours exceeds its fraction.
fn compared(title: &str, runs: u32, cases: &[Case; 2], part: f64) -> anyhow::Result<Vec<String>> {
    let found = measure(title, runs, 2, cases)?;
    let [ours, theirs] = &found[..] else { bail!("two cases have two results") };
    let ratio = ours.median / theirs.median;
    println!("  × {ratio:.2}; the bound is × {part}");
    Ok(if ratio > part { vec![format!("{title}: × {ratio:.2}")] } else { Vec::new() })
}
