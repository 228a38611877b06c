//! Compares rgo-build's time with `go build`'s on delve, of which neither compiles a package: with nothing to do, with
//! programs to link for eight targets, and with a value of `-X` that changed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{Case, measure, quoted, release};
use crate::go_modules::DELVE;
use crate::setup::Setup;

/// The targets of eight calls of `go build`.
const TARGETS: [&str; 8] = [
    "linux/amd64",
    "linux/arm64",
    "darwin/amd64",
    "darwin/arm64",
    "windows/amd64",
    "windows/arm64",
    "linux/riscv64",
    "linux/386",
];
/// The variable of delve for its commit.
const VALUE: &str = "main.Build";

/// The project's own bounds: seconds over `go build`, over a build without a change, and for one file; and the part of
/// a link by go.
const NO_OP_OVERHEAD: f64 = 0.15;
const CHANGED_VALUE_OVERHEAD: f64 = 0.03;
const STAMP: f64 = 0.2;
const STAMP_OF_LINK: f64 = 0.1;

pub(super) fn run(setup: &Setup) -> anyhow::Result<()> {
    let bench = Bench::new(setup)?;
    let passed = [bench.no_op()?, bench.all()?, bench.changed_value()?, bench.stamp()?];
    let passed: Vec<String> = passed.into_iter().flatten().collect();
    if !passed.is_empty() {
        bail!("over the bounds: {}", passed.join("; "));
    }
    Ok(())
}

struct Bench<'s> {
    setup: &'s Setup,
    module: PathBuf,
    folder: PathBuf,
}

impl<'s> Bench<'s> {
    fn new(setup: &'s Setup) -> anyhow::Result<Self> {
        let folder = std::path::absolute("target/bench/go")?;
        fs::create_dir_all(&folder)?;
        Ok(Self { setup, module: DELVE.fetch()?, folder })
    }

    /// A command line that runs in the module.
    fn line(&self, rest: &str) -> anyhow::Result<String> {
        let mut vars = String::from("GOENV=off GOTOOLCHAIN=local");
        if let Some(cache) = self.setup.var("RGO_CACHE") {
            vars += &format!(" RGO_CACHE={}", quoted(Path::new(cache))?);
        }
        Ok(format!("env -u GOFLAGS -C {} {vars} {rest}", quoted(&self.module)?))
    }

    fn out(&self, name: &str) -> anyhow::Result<String> {
        quoted(&self.folder.join(name))
    }

    fn go(&self, out: &str, flags: &str) -> anyhow::Result<String> {
        let out = self.out(out)?;
        self.line(&format!("go build -trimpath {flags} -o {out} {}", DELVE.package))
    }

    fn rgo(&self, out: &str, flags: &str) -> anyhow::Result<String> {
        let (program, out) = (quoted(&release("rgo-build")?)?, self.out(out)?);
        self.line(&format!("{program} -q {} -o {out} {flags}", DELVE.package))
    }

    fn no_op(&self) -> anyhow::Result<Option<String>> {
        let cases = [
            Case::new("go build", self.go("go-dlv", "")?),
            Case::new("rgo-build", self.rgo("rgo", "")?),
        ];
        let found = measure("Nothing to do, this machine's target", 20, 2, &cases)?;
        let [go, rgo] = &found[..] else { bail!("two cases have two results") };
        let over = rgo.median - go.median;
        println!("  rgo-build costs {over:.3} s more; the bound is {NO_OP_OVERHEAD} s");
        Ok((over > NO_OP_OVERHEAD).then(|| format!("nothing to do: {over:.3} s")))
    }

    /// All packages are compiled, and eight programs are linked.
    fn all(&self) -> anyhow::Result<Option<String>> {
        let mut script = String::from("set -e\n");
        for target in TARGETS {
            let (os, arch) = target.split_once('/').expect("a pair");
            let go = self.go(&format!("go-all/{os}-{arch}/dlv"), "")?;
            let vars = format!(" GOOS={os} GOARCH={arch} CGO_ENABLED=0 go build");
            script += &go.replace(" go build", &vars);
            script.push('\n');
        }
        let file = self.folder.join("all.sh");
        fs::write(&file, script)?;
        let rgo = format!(
            "env CGO_ENABLED=0 {}",
            self.rgo("rgo-all", &format!("--target {}", TARGETS.join(",")))?
        );
        let linked = crate::go_modules::linked(self.setup, &self.module)?;
        let without = |folders: &[&Path]| -> anyhow::Result<String> {
            let folders: Result<Vec<String>, _> =
                folders.iter().map(|folder| quoted(folder)).collect();
            Ok(format!("rm -rf {}", folders?.join(" ")))
        };
        let cases = [
            Case::new("go build, eight calls", format!("sh {}", quoted(&file)?))
                .prepared(without(&[&self.folder.join("go-all")])?),
            Case::new("rgo-build of eight targets", rgo)
                .prepared(without(&[&self.folder.join("rgo-all"), &linked])?),
        ];
        let found = measure("Eight programs to link, nothing to compile", 5, 1, &cases)?;
        let [go, rgo] = &found[..] else { bail!("two cases have two results") };
        let slower = rgo.median > go.median;
        Ok(slower.then(|| format!("eight targets: {:.1} s against {:.1} s", rgo.median, go.median)))
    }

    fn changed_value(&self) -> anyhow::Result<Option<String>> {
        let with = |value: &str| self.rgo("rgo-x", &format!("-X {VALUE}={value}"));
        let cases = [
            Case::new("rgo-build -X, the same value", with("1")?).prepared(with("1")?),
            Case::new("rgo-build -X, a new value", with("1")?).prepared(with("2")?),
        ];
        let found = measure("A changed -X value", 20, 1, &cases)?;
        let [same, new] = &found[..] else { bail!("two cases have two results") };
        let over = new.median - same.median;
        println!("  the new value costs {over:.3} s more; the bound is {CHANGED_VALUE_OVERHEAD} s");
        Ok((over > CHANGED_VALUE_OVERHEAD).then(|| format!("changed -X: {over:.3} s")))
    }

    /// Writes a value into a finished program, beside a link by go with another value.
    fn stamp(&self) -> anyhow::Result<Option<String>> {
        let built = self.folder.join("rgo-x");
        let program = walkdir::WalkDir::new(&built).into_iter().flatten();
        let program = program.map(walkdir::DirEntry::into_path).find(|path| path.ends_with("dlv"));
        let Some(program) = program else { bail!("no dlv under {}", built.display()) };
        let (rgo, program) = (quoted(&release("rgo-build")?)?, quoted(&program)?);
        let stamp = |value: &str| self.line(&format!("{rgo} stamp {program} -X {VALUE}={value}"));
        let link = |value: &str| self.go("go-x", &format!("-ldflags=-X={VALUE}={value}"));
        let cases = [
            Case::new("go build -ldflags=-X", link("3")?).prepared(link("4")?),
            Case::new("rgo-build stamp", stamp("3")?).prepared(stamp("4")?),
        ];
        let found = measure("Another value in a program", 10, 1, &cases)?;
        let [go, rgo] = &found[..] else { bail!("two cases have two results") };
        let ratio = rgo.median / go.median;
        let slow = rgo.median > STAMP || ratio > STAMP_OF_LINK;
        Ok(slow.then(|| format!("stamp: {:.3} s, × {ratio:.2} of go's link", rgo.median)))
    }
}
