//! Measures rgo's tools beside other tools: the same work, on the same machine, in the same run, by
//! hyperfine. Only the ratios count.

mod build;
mod go;
mod strip;
mod symbols;
mod version_m;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use serde::Deserialize;

use crate::setup::{self, Setup};
use crate::shell::{self, command};

/// What there is to measure.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// rgo-build beside cargo build and cargo zigbuild
    Build,
    /// rgo-build beside go build
    Go,
    /// rgo-strip beside LLVM's, GNU's and elfutils' strip, and cp
    Strip,
    /// rgo-symbols beside nm, llvm-nm, go tool nm, llvm-symbolizer and addr2line
    Symbols,
    /// rgo-version-m beside go version -m and rust-audit-info
    VersionM,
}

/// Measures, and prints a table.
///
/// # Errors
/// If a measured program fails, or misses one of the project's own bounds.
pub(crate) fn run(what: What) -> anyhow::Result<()> {
    let setup = setup::run()?;
    shell::run(shell::cargo().args(["build", "--release", "--package", "rgo"]))?;
    match what {
        What::Build => build::run(&setup),
        What::Go => go::run(&setup),
        What::Strip => {
            ship(&setup)?;
            strip::run(&setup)
        }
        What::Symbols => {
            ship(&setup)?;
            symbols::run(&setup)
        }
        What::VersionM => {
            ship(&setup)?;
            version_m::run(&setup)
        }
    }
}

/// Builds the tools for this machine in the same way as the released ones. On Linux each is one
/// static file, which starts faster and takes less memory than a dynamically linked one.
fn ship(setup: &Setup) -> anyhow::Result<()> {
    let mut build = command(release("rgo-build")?);
    build.args(["--package", "rgo", "--profile", "ship", "--output", "target/bench/dist"]);
    if cfg!(target_os = "linux") {
        build.args(["--libc", "static"]);
    }
    shell::run(setup.apply(&mut build))
}

/// The path of a tool as it is released.
fn tool(name: &str) -> anyhow::Result<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let folders = fs::read_dir("target/bench/dist")?.collect::<Result<Vec<_>, _>>()?;
    let mut programs = folders.iter().map(|folder| folder.path().join(&name));
    let program = programs.find(|program| program.is_file());
    let program = program.with_context(|| format!("{name} is not among what was built"))?;
    std::path::absolute(program).context("the current folder")
}

/// One command line, and the preparation before each of its runs.
struct Case {
    name: String,
    line: String,
    prepare: Option<String>,
}

impl Case {
    fn new(name: &str, line: String) -> Self {
        Self { name: name.to_owned(), line, prepare: None }
    }

    fn prepared(self, line: String) -> Self {
        Self { prepare: Some(line), ..self }
    }
}

/// hyperfine's results, in seconds.
#[derive(Deserialize)]
struct Measured {
    #[serde(rename = "command")]
    name: String,
    mean: f64,
    stddev: Option<f64>,
    min: f64,
    median: f64,
}

#[derive(Deserialize)]
struct Export {
    results: Vec<Measured>,
}

/// Runs the cases one after the other, `runs` times each, and prints a row for each, with its ratio
/// to the first.
fn measure(title: &str, runs: u32, warmup: u32, cases: &[Case]) -> anyhow::Result<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    let json = folder.path().join("times.json");
    let mut hyperfine = command("hyperfine");
    hyperfine.args(["--shell=none", "--style=none", "--runs", &runs.to_string()]);
    hyperfine.args(["--warmup", &warmup.to_string(), "--export-json"]).arg(&json);
    for case in cases {
        // hyperfine requires one preparation for each command, or one for all.
        hyperfine.args(["--prepare", case.prepare.as_deref().unwrap_or("true")]);
        hyperfine.args(["--command-name", &case.name, &case.line]);
    }
    shell::quiet(&mut hyperfine)?;
    let measured = serde_json::from_str::<Export>(&fs::read_to_string(&json)?)?.results;

    println!("\n{title} ({runs} runs each)");
    let base = measured.first().context("hyperfine measured nothing")?.median;
    for Measured { name, mean, stddev, min, median } in &measured {
        println!(
            "  {name:<36} median {median:8.3} s   mean {mean:8.3} ± {:.3} s   min {min:8.3} s   × {:.2}",
            stddev.unwrap_or_default(),
            median / base,
        );
    }
    Ok(measured)
}

/// A tool as cargo's release profile builds it.
fn release(name: &str) -> anyhow::Result<PathBuf> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let program = target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    std::path::absolute(program).context("the current folder")
}

/// Quotes a path for a command line that hyperfine splits.
fn quoted(path: &Path) -> anyhow::Result<String> {
    Ok(format!("'{}'", shell::text(path)?))
}

/// The folder of `cargo xtask corpus`.
fn corpus(setup: &Setup) -> anyhow::Result<PathBuf> {
    let corpus = setup.dir.join("corpus");
    // Set-up fetches only a small part of it.
    if !crate::corpus::is_complete()? {
        bail!("published programs are what is measured: run `cargo xtask corpus` first");
    }
    Ok(corpus)
}

/// Finds a file of a published package by the prefix of the package's folder and the end of the
/// file's path.
fn published(setup: &Setup, package: &str, name: &str) -> anyhow::Result<PathBuf> {
    let folders = fs::read_dir(corpus(setup)?)?.flatten().map(|entry| entry.path());
    let starts = |path: &PathBuf| {
        path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(package))
    };
    let folder = folders.filter(starts).min().with_context(|| format!("no {package}"))?;
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let mut named = files.filter(|entry| {
        entry.file_type().is_file() && entry.path().to_string_lossy().ends_with(name)
    });
    let found = named.next().with_context(|| format!("no {name} in {package}"))?;
    Ok(found.into_path())
}

/// The peak memory of a command, in KiB.
fn peak(line: &str) -> anyhow::Result<u64> {
    let script = format!("/usr/bin/time -f %M {line} 2>&1 >/dev/null | tail -n 1");
    let said = shell::output(command("sh").args(["-c", &script]))?;
    said.trim().parse().with_context(|| format!("{line} gave no figure: {said}"))
}
