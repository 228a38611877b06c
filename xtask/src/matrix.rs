//! Tests what rgo-build can build: packages with native code or system libraries, and published
//! programs, for every toolchain. The list is `testdata/matrix.toml`.
//!
//! ```text
//! target/matrix/projects/<name>/   a tiny program that calls the package
//! target/matrix/results.json       results so far; successful builds are not repeated
//! docs/matrix.md                   the table, with the reason of each failure
//! ```

mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::setup::{self, Setup, cargo_tool, published};
use crate::shell::{self, command};

const LIST: &str = "testdata/matrix.toml";
const WORK: &str = "target/matrix";
const ZIGBUILD: &str = "0.24.1";

/// The toolchains of `all`, each with its triple in cargo-zigbuild's spelling.
const TOOLCHAINS: [(&str, &str); 8] = [
    ("linux-amd64", "x86_64-unknown-linux-gnu.2.17"),
    ("linux-amd64-static", "x86_64-unknown-linux-musl"),
    ("linux-arm64", "aarch64-unknown-linux-gnu.2.17"),
    ("linux-arm64-static", "aarch64-unknown-linux-musl"),
    ("darwin-amd64", "x86_64-apple-darwin"),
    ("darwin-arm64", "aarch64-apple-darwin"),
    ("windows-amd64", "x86_64-pc-windows-gnullvm"),
    ("windows-arm64", "aarch64-pc-windows-gnullvm"),
];

/// Makes a program for Windows keep the names of its functions.
const WITH_NAMES: &str = "MATRIX_WITH_NAMES";
/// The build script of each tiny program.
const BUILD_SCRIPT: &str = r#"fn main() {
    println!("cargo::rerun-if-env-changed=MATRIX_WITH_NAMES");
    let is_windows = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "windows");
    if is_windows && std::env::var_os("MATRIX_WITH_NAMES").is_some() {
        println!("cargo::rustc-link-arg-bins=-Wl,--Xlink=-debug:symtab");
    }
}
"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(rename = "crate")]
    crates: Vec<Package>,
    #[serde(rename = "program")]
    programs: Vec<Program>,
}

/// A package that a tiny program calls.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default = "yes")]
    default_features: bool,
    /// Its systems; empty means all.
    #[serde(default)]
    os: Vec<String>,
    /// The code of the program.
    call: String,
    /// A symbol, or a part of one, that the program must contain; by default the package's name.
    symbol: Option<String>,
}

fn yes() -> bool {
    true
}

/// A published program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    name: String,
    version: String,
    binary: String,
}

/// The results for each line of the list.
#[derive(Default, Serialize, Deserialize)]
struct Results(BTreeMap<String, Row>);

#[derive(Clone, Serialize, Deserialize)]
struct Row {
    /// The line that was built: another version or feature is another row.
    line: String,
    /// The result for each toolchain.
    outcomes: BTreeMap<String, Outcome>,
}

impl Results {
    fn of(&self, case: &Case) -> Option<&BTreeMap<String, Outcome>> {
        self.0.get(&case.name).filter(|row| row.line == case.line).map(|row| &row.outcomes)
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Built,
    Failed {
        /// The first error of rgo-build.
        error: String,
        hint: Option<String>,
        /// Whether `cargo zigbuild` builds it.
        zigbuild: bool,
    },
}

pub(crate) fn run(names: &[String]) -> anyhow::Result<()> {
    let list: List = toml::from_str(&fs::read_to_string(LIST).context(LIST)?).context(LIST)?;
    let matrix = Matrix::new()?;
    let path = Path::new(WORK).join("results.json");
    let mut results: Results = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).context("results.json")?,
        Err(_) => Results::default(),
    };
    let mut cases = Vec::new();
    for package in &list.crates {
        cases.push(matrix.project(package)?);
    }
    for program in &list.programs {
        cases.push(matrix.program(program)?);
    }
    for case in &cases {
        let is_built = results.of(case).is_some_and(|of_case| {
            case.toolchains.iter().all(|it| matches!(of_case.get(*it), Some(Outcome::Built)))
        });
        let is_wanted = if names.is_empty() { !is_built } else { names.contains(&case.name) };
        if !is_wanted {
            continue;
        }
        let outcomes = matrix.build(case)?;
        let built = outcomes.values().filter(|it| matches!(it, Outcome::Built)).count();
        eprintln!("matrix: {}: {built} of {}", case.name, case.toolchains.len());
        let row = Row { line: case.line.clone(), outcomes };
        results.0.insert(case.name.clone(), row);
        fs::write(&path, serde_json::to_string_pretty(&results)?)?;
    }
    table::write(&cases, &results, "docs/matrix.md")
}

/// One row: a project, and the toolchains to build it for.
struct Case {
    name: String,
    version: String,
    /// The whole line of the list.
    line: String,
    folder: PathBuf,
    toolchains: Vec<&'static str>,
    /// The file name without its extension.
    binary: String,
    /// A part of one of its symbols.
    symbol: Option<String>,
    /// Whether the list itself names the program.
    is_of_list: bool,
}

struct Matrix {
    setup: Setup,
    rgo: PathBuf,
    nm: String,
    work: PathBuf,
}

impl Matrix {
    fn new() -> anyhow::Result<Self> {
        let setup = setup::run()?;
        let work = std::path::absolute(WORK)?;
        fs::create_dir_all(&work)?;
        shell::run(shell::cargo().args(["build", "--release", "--quiet", "-p", "rgo"]))?;
        let rgo = std::path::absolute("target/release/rgo-build")?;
        let nm = setup.var("RGO_TEST_LLVM_NM").context("llvm-nm is missing")?.to_owned();
        Ok(Self { setup, rgo, nm, work })
    }

    fn project(&self, package: &Package) -> anyhow::Result<Case> {
        let Package { name, version, features, default_features, call, .. } = package;
        let folder = self.work.join("projects").join(name);
        let manifest = format!(
            "[package]\nname = \"calls-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\n{name} = {{ version = \"={version}\", features = {features:?}, \
             default-features = {default_features} }}\n"
        );
        fs::create_dir_all(folder.join("src"))?;
        write_if_new(&folder.join("Cargo.toml"), &manifest)?;
        write_if_new(&folder.join("build.rs"), BUILD_SCRIPT)?;
        write_if_new(&folder.join("src/main.rs"), &format!("fn main() {{\n    {call}\n}}\n"))?;
        let is_for = |name: &str| {
            package.os.is_empty() || package.os.iter().any(|os| name.starts_with(os.as_str()))
        };
        let names = TOOLCHAINS.iter().map(|(name, _)| *name);
        Ok(Case {
            name: name.clone(),
            version: version.clone(),
            line: format!("{manifest}{call}"),
            folder,
            toolchains: names.filter(|name| is_for(name)).collect(),
            binary: format!("calls-{name}"),
            symbol: Some(package.symbol.clone().unwrap_or_else(|| name.replace('-', "_"))),
            is_of_list: true,
        })
    }

    fn program(&self, program: &Program) -> anyhow::Result<Case> {
        let Program { name, version, binary } = program;
        Ok(Case {
            name: name.clone(),
            version: version.clone(),
            line: version.clone(),
            folder: published::copied(&self.work.join("programs"), name, version)?,
            toolchains: TOOLCHAINS.iter().map(|(name, _)| *name).collect(),
            binary: binary.clone(),
            symbol: None,
            is_of_list: false,
        })
    }

    fn build(&self, case: &Case) -> anyhow::Result<BTreeMap<String, Outcome>> {
        // First all together, which shares the most work; then the failed ones, for their messages.
        let targets = case.toolchains.join(",");
        let output = self.output(case);
        let build = |targets| self.rgo_build(case, targets).arg("-o").arg(&output).output();
        let _ = build(&targets)?;
        let mut outcomes = BTreeMap::new();
        for toolchain in &case.toolchains {
            let done = build(toolchain)?;
            let outcome = if done.status.success() {
                self.check(case, toolchain)?
            } else {
                self.failure(case, toolchain, &done)?
            };
            outcomes.insert((*toolchain).to_owned(), outcome);
        }
        Ok(outcomes)
    }

    /// The reason why rgo-build failed, from its output.
    fn failure(&self, case: &Case, toolchain: &str, done: &Output) -> anyhow::Result<Outcome> {
        // The report, which contains the reason, is last.
        let said = [&*done.stderr, &*done.stdout].map(String::from_utf8_lossy).concat();
        let own = format!("could not compile `{}` (bin", case.binary);
        let is_mistaken = case.is_of_list && said.contains(&own) && said.contains("error[E");
        ensure!(!is_mistaken, "the program of {} is wrong:\n{said}", case.name);
        let line = |start: &str| {
            let mut lines = said.lines().filter_map(|line| line.trim().strip_prefix(start));
            lines.next_back().map(str::to_owned)
        };
        let error = line(&format!("{toolchain}: ")).or_else(|| line("error: "));
        Ok(Outcome::Failed {
            error: error.unwrap_or_else(|| "it says nothing".to_owned()),
            hint: line("hint: "),
            zigbuild: self.zigbuild(case, toolchain)?,
        })
    }

    /// The names that the program defines, one per line. A program for Windows has none by default,
    /// so it is linked again with them.
    fn names(&self, case: &Case, toolchain: &str) -> anyhow::Result<String> {
        let is_windows = toolchain.starts_with("windows");
        let folder = self.output(case).join(toolchain);
        if !is_windows {
            return shell::output(command(&self.nm).arg(folder.join(&case.binary)));
        }
        let with_names = self.work.join("with-names");
        let mut build = self.rgo_build(case, toolchain);
        build.env(WITH_NAMES, "1").arg("-o").arg(&with_names);
        let done = build.output()?;
        ensure!(
            done.status.success(),
            "{} with names: {}",
            case.name,
            String::from_utf8_lossy(&done.stderr)
        );
        let program = with_names.join(toolchain).join(format!("{}.exe", case.binary));
        let names = shell::output(command(&self.nm).arg(&program))?;
        fs::remove_dir_all(with_names)?;
        Ok(names)
    }

    fn rgo_build(&self, case: &Case, targets: &str) -> Command {
        let mut build = command(&self.rgo);
        self.surround(&mut build, case);
        build.args(["--profile", "dev", "--strip", "none", "--vcs", "off", "--target", targets]);
        build.args(["--config", "profile.dev.debug=false"]);
        build
    }

    fn output(&self, case: &Case) -> PathBuf {
        self.work.join("out").join(&case.name)
    }

    fn surround(&self, build: &mut Command, case: &Case) {
        build.current_dir(&case.folder).env("CARGO_TARGET_DIR", self.work.join("target"));
        build.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        if let Some(cache) = self.setup.var("RGO_CACHE") {
            build.env("RGO_CACHE", cache);
        }
    }

    /// Checks that the program contains the symbol that it calls.
    fn check(&self, case: &Case, toolchain: &str) -> anyhow::Result<Outcome> {
        let end = if toolchain.starts_with("windows") { ".exe" } else { "" };
        let file = self.output(case).join(toolchain).join(format!("{}{end}", case.binary));
        ensure!(file.is_file(), "{} is not there", file.display());
        // A published program only has to build.
        let Some(symbol) = &case.symbol else { return Ok(Outcome::Built) };
        // The tiny program has the package's name, too.
        let own = case.binary.replace('-', "_");
        let names = self.names(case, toolchain)?;
        if names.lines().any(|name| name.contains(symbol) && !name.contains(&own)) {
            return Ok(Outcome::Built);
        }
        let error = format!("the program has no {symbol}");
        Ok(Outcome::Failed { error, hint: None, zigbuild: false })
    }

    fn zigbuild(&self, case: &Case, toolchain: &str) -> anyhow::Result<bool> {
        let zigbuild = cargo_tool(&self.setup, "cargo-zigbuild", ZIGBUILD)?;
        let target = TOOLCHAINS.iter().find(|(name, _)| *name == toolchain);
        let target = target.map(|(_, target)| *target).context("a toolchain without a triple")?;
        let mut build = command(zigbuild);
        self.surround(&mut build, case);
        build
            .args(["zigbuild", "--target", target])
            .env("CARGO_TARGET_DIR", self.work.join("zigbuild"));
        Ok(build.output()?.status.success())
    }
}

/// Writes a file unless it has the same content, so that cargo does not rebuild.
fn write_if_new(path: &Path, content: &str) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| path.display().to_string())
}
