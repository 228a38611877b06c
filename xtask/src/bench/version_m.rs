//! How long it takes to say what programs are, beside the readers of one format each.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Case, measure, quoted, tool};
use crate::setup::Setup;
use crate::shell::{self, command, on_path};

/// The bounds that the project sets itself, as parts of what the peer takes.
const OF_GO: f64 = 0.5;
const OF_GO_ALL_LANGUAGES: f64 = 1.0;
const OF_AUDIT_INFO: f64 = 0.2;
const OF_AUDIT_INFO_MEMORY: f64 = 0.1;
/// Decompression alone is the least; this much more for looking.
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
    /// What `cargo xtask corpus` has fetched.
    corpus: PathBuf,
}

impl<'s> Bench<'s> {
    fn new(setup: &'s Setup) -> anyhow::Result<Self> {
        let corpus = setup.dir.join("corpus");
        if !corpus.is_dir() {
            bail!("published programs are what is measured: run `cargo xtask corpus` first");
        }
        Ok(Self { setup, ours: quoted(&tool("rgo-version-m")?)?, corpus })
    }

    /// The program of a published package whose folder begins so.
    fn program(&self, package: &str, name: &str) -> anyhow::Result<PathBuf> {
        let folders = std::fs::read_dir(&self.corpus)?.flatten().map(|entry| entry.path());
        let starts = |path: &PathBuf| {
            path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(package))
        };
        let folder = folders.filter(starts).min().with_context(|| format!("no {package}"))?;
        let files = walkdir::WalkDir::new(folder).into_iter().flatten();
        let mut named = files.filter(|entry| {
            entry.file_type().is_file() && entry.file_name().to_string_lossy().ends_with(name)
        });
        let found = named.next().with_context(|| format!("no {name} in {package}"))?;
        Ok(found.into_path())
    }

    /// One Rust program, beside the reader of its dependency list.
    fn rust(&self) -> anyhow::Result<Vec<String>> {
        let Some(audit_info) = self.setup.var("RGO_TEST_AUDIT_INFO") else { return Ok(Vec::new()) };
        let uv =
            quoted(&self.program("uv-", "scripts/uv").or_else(|_| self.program("uv-", "uv"))?)?;
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

    /// A Go program, and a folder of more than a gigabyte in which few files are Go's.
    fn go(&self) -> anyhow::Result<Vec<String>> {
        let goroot = shell::output(command("go").args(["env", "GOROOT"]))?;
        let go = Path::new(goroot.trim()).join("bin/go");
        let theirs = format!("{} version -m", quoted(&go)?);
        let (file, tree) = (quoted(&go)?, quoted(&self.corpus)?);
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

    /// An archive, beside the tool that does nothing but decompress it.
    fn archives(&self) -> anyhow::Result<Vec<String>> {
        let archive = quoted(&self.program("node-linux", ".tgz")?)?;
        let cases = [
            Case::new("rgo-version-m", format!("{} {archive}", self.ours)),
            Case::new("tar -t", format!("tar -tzf {archive}")),
        ];
        compared("A tar.gz (node)", 5, &cases, OF_TAR)
    }
}

/// Measures ours against theirs, and says if ours takes more than its part.
fn compared(title: &str, runs: u32, cases: &[Case; 2], part: f64) -> anyhow::Result<Vec<String>> {
    let found = measure(title, runs, 2, cases)?;
    let [ours, theirs] = &found[..] else { bail!("two cases have two results") };
    let ratio = ours.median / theirs.median;
    println!("  × {ratio:.2}; the bound is × {part}");
    Ok(if ratio > part { vec![format!("{title}: × {ratio:.2}")] } else { Vec::new() })
}

/// The most memory that a command held, in KiB.
fn peak(line: &str) -> anyhow::Result<u64> {
    let script = format!("/usr/bin/time -f %M {line} 2>&1 >/dev/null | tail -n 1");
    let said = shell::output(command("sh").args(["-c", &script]))?;
    said.trim().parse().with_context(|| format!("{line} gave no figure: {said}"))
}
