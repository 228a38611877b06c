//! Compares rgo-build's time with the programs that it uses or replaces: with `cargo build` when
//! there is nothing to do, and with `cargo zigbuild` when there is everything to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use walkdir::WalkDir;

use super::{Case, measure, quoted, release};
use crate::setup::{Setup, cargo_tool};
use crate::shell::{self, command};

const ZIGBUILD: &str = "0.24.1";

/// The toolchains of `all`, in cargo-zigbuild's spelling.
const TARGETS: [&str; 8] = [
    "x86_64-unknown-linux-musl",
    "x86_64-unknown-linux-gnu.2.17",
    "aarch64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu.2.17",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-gnullvm",
    "aarch64-pc-windows-gnullvm",
];

/// The project's own bounds, in seconds.
const NO_OP_OVERHEAD: f64 = 0.15;
const RESTAMP: f64 = 1.0;

pub(super) fn run(setup: &Setup) -> anyhow::Result<()> {
    let bench = Bench::new(setup)?;
    let mut passed = Vec::new();
    passed.extend(bench.no_op()?);
    passed.extend(bench.restamp()?);
    passed.extend(bench.all()?);
    if !passed.is_empty() {
        bail!("over the bounds: {}", passed.join("; "));
    }
    Ok(())
}

struct Bench<'s> {
    setup: &'s Setup,
    project: PathBuf,
    folder: PathBuf,
    cargo: String,
    rgo: String,
}

impl<'s> Bench<'s> {
    fn new(setup: &'s Setup) -> anyhow::Result<Self> {
        let folder = std::path::absolute("target/bench/build")?;
        fs::create_dir_all(&folder)?;
        let cargo = match setup.var("RGO_CARGO") {
            Some(cargo) => cargo.to_owned(),
            None => std::env::var("CARGO")?,
        };
        let project = std::path::absolute("testdata/sample")?;
        Ok(Self { setup, project, folder, cargo, rgo: quoted(&release("rgo-build")?)? })
    }

    /// A command line that runs in the project with its own target folder.
    fn line(&self, target: &str, rest: &str) -> anyhow::Result<String> {
        let folder = quoted(&self.folder.join(target))?;
        let mut vars = vec![format!("CARGO_TARGET_DIR={folder}")];
        for name in ["RGO_CACHE", "RGO_CARGO", "RUSTC"] {
            if let Some(value) = self.setup.var(name) {
                vars.push(format!("{name}={}", quoted(Path::new(value))?));
            }
        }
        // xtask runs under a cargo, whose settings the measured ones must not inherit.
        let project = quoted(&self.project)?;
        Ok(format!("env -u CARGO -u RUSTUP_TOOLCHAIN -C {project} {} {rest}", vars.join(" ")))
    }

    fn rgo_build(&self, target: &str, flags: &str) -> anyhow::Result<String> {
        let out = quoted(&self.folder.join(format!("{target}-dist")))?;
        self.line(target, &format!("{} -q -o {out} {flags}", self.rgo))
    }

    fn no_op(&self) -> anyhow::Result<Option<String>> {
        let cases = [
            Case::new("cargo build", self.line("cargo", &format!("{} build -r -q", self.cargo))?),
            Case::new("rgo-build", self.rgo_build("rgo", "")?),
        ];
        let found = measure("Nothing to do, this machine's target", 20, 2, &cases)?;
        let [cargo, rgo] = &found[..] else { bail!("two cases have two results") };
        let over = rgo.median - cargo.median;
        println!("  rgo-build costs {over:.3} s more; the bound is {NO_OP_OVERHEAD} s");
        Ok((over > NO_OP_OVERHEAD).then(|| format!("nothing to do: {over:.3} s")))
    }

    /// Writes a new version into a finished program; no file that cargo made may change.
    fn restamp(&self) -> anyhow::Result<Option<String>> {
        let stamp = |value: &str| self.rgo_build("rgo", &format!("-X sample::VERSION={value}"));
        let start = SystemTime::now();
        let cases = [Case::new("rgo-build -X, a new value", stamp("1")?).prepared(stamp("2")?)];
        let found = measure("A changed -X value", 10, 1, &cases)?;
        let made = made_since(&self.folder.join("rgo"), start)?;
        println!("  {made} files compiled or linked");
        let slow = found[0].median > RESTAMP || made > 0;
        Ok(slow.then(|| format!("changed -X: {:.3} s, {made} files", found[0].median)))
    }

    /// Builds for all toolchains with only the standard libraries in place, for both tools.
    fn all(&self) -> anyhow::Result<Option<String>> {
        let zigbuild = cargo_tool(self.setup, "cargo-zigbuild", ZIGBUILD)?;
        let rgo = self.rgo_build("all", "--target all")?;
        let plan = self.plan()?;
        // The first run fills caches (std, zig's C libraries), which is not measured.
        let once = self.folder.join("all.sh");
        fs::write(&once, format!("{rgo}\n"))?;
        shell::run(command("sh").arg(&once))?;

        let zig = match self.provisioned_zig() {
            Some(zig) => format!("CARGO_ZIGBUILD_ZIG_PATH={}", quoted(&zig)?),
            None => String::new(),
        };
        let mut script = String::from("set -e\n");
        for target in TARGETS {
            let triple = target.split_once('.').map_or(target, |(triple, _)| triple);
            let flags = plan.flags(triple).with_context(|| format!("no plan for {triple}"))?;
            let call = format!(
                "{zig} {flags} CARGO_PROFILE_RELEASE_STRIP=none {} zigbuild -r -q --target {target}",
                quoted(&zigbuild)?
            );
            script.push_str(&self.line("zigbuild", &call)?);
            script.push('\n');
        }
        let file = self.folder.join("zigbuild.sh");
        fs::write(&file, script)?;
        let fresh = |target: &str| -> anyhow::Result<String> {
            Ok(format!("rm -rf {}", quoted(&self.folder.join(target))?))
        };
        let cases = [
            Case::new("cargo zigbuild, eight calls", format!("sh {}", quoted(&file)?))
                .prepared(fresh("zigbuild")?),
            Case::new("rgo-build --target all", rgo).prepared(fresh("all")?),
        ];
        let found = measure("All toolchains, nothing compiled yet", 3, 1, &cases)?;
        let [theirs, ours] = &found[..] else { bail!("two cases have two results") };
        let slower = ours.median > theirs.median;
        Ok(slower.then(|| format!("all: {:.1} s against {:.1} s", ours.median, theirs.median)))
    }

    /// The zig that rgo fetched: cargo-zigbuild looks only on PATH and in Python.
    fn provisioned_zig(&self) -> Option<PathBuf> {
        let versions = fs::read_dir(Path::new(self.setup.var("RGO_CACHE")?).join("zig")).ok()?;
        let program = format!("ziglang/zig{}", std::env::consts::EXE_SUFFIX);
        versions.flatten().map(|entry| entry.path().join(&program)).find(|path| path.is_file())
    }

    /// The commands that rgo-build would run.
    fn plan(&self) -> anyhow::Result<Plan> {
        let file = self.folder.join("plan.sh");
        fs::write(&file, self.rgo_build("all", "--target all -n")?)?;
        Ok(Plan(shell::output(command("sh").arg(&file))?))
    }
}

/// rgo-build's plan, from which cargo-zigbuild gets the same standard libraries.
struct Plan(String);

impl Plan {
    /// The variable assignment with a triple's flags, for a shell. Omits rgo's linker, because
    /// cargo-zigbuild has its own.
    fn flags(&self, triple: &str) -> Option<String> {
        let name = format!("CARGO_TARGET_{}_RUSTFLAGS=", triple.to_uppercase().replace('-', "_"));
        let at = self.0.find(&name)?;
        let value = &self.0[at + name.len()..];
        let value = match value.strip_prefix('\'') {
            Some(quoted) => &quoted[..quoted.find('\'')?],
            None => &value[..value.find(char::is_whitespace)?],
        };
        let flags = value.split(' ').filter(|flag| !flag.starts_with("-Clinker="));
        Some(format!("{name}'{}'", flags.collect::<Vec<_>>().join(" ")))
    }
}

/// Counts the compiled or linked files under a target folder that are newer than `start`.
fn made_since(target: &Path, start: SystemTime) -> anyhow::Result<usize> {
    let mut made = 0;
    for entry in WalkDir::new(target) {
        let entry = entry?;
        let parent = entry.path().parent().and_then(Path::file_name);
        if entry.file_type().is_file() && parent.is_some_and(|name| name == "deps") {
            made += usize::from(entry.metadata()?.modified()? > start);
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_taken_from_a_plan_as_they_are_quoted() {
        let plan = Plan(
            "cd x && CARGO_TARGET_A_B_RUSTFLAGS='-C a -Clinker=/r -Cx' CARGO_TARGET_C_RUSTFLAGS=-Cb cargo"
                .into(),
        );
        assert_eq!(plan.flags("a-b").as_deref(), Some("CARGO_TARGET_A_B_RUSTFLAGS='-C a -Cx'"));
        assert_eq!(plan.flags("c").as_deref(), Some("CARGO_TARGET_C_RUSTFLAGS='-Cb'"));
        assert_eq!(plan.flags("d"), None);
    }
}
