//! `rgo-build doctor`: checks the machine before a build does. Reports the tools that are installed
//! or missing, and the command that installs each.

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::build::go_build::needs_zig::needs_zig;
use rgo_toolchain::cache::Cache;
use rgo_toolchain::cargo::compiler;
use rgo_toolchain::cargo::project::Configuration;
use rgo_toolchain::doctor::{self, Condition, Diagnosis, Machine, Needed, State};
use rgo_toolchain::environment::env;
use rgo_toolchain::go;
use rgo_toolchain::go::compiler::Go;
use rgo_toolchain::target_spec;
use rgo_toolchain::toolchain::Toolchain;
use serde::Serialize;

use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::reports;
use crate::app::schema::{Named, of_report};
use crate::build::args::{BuilderArg, DoctorArgs};
use crate::build::choose_builder::of_project;

/// The diagnosis as a report.
#[derive(Serialize, schemars::JsonSchema)]
struct Doctor {
    #[serde(flatten)]
    diagnosis: Diagnosis,
}

/// The schema of its report.
pub(super) fn schema() -> Named {
    of_report::<Doctor>()
}

impl Report for Doctor {
    const SCHEMA: &'static str = "rgo.doctor/1";

    fn document(&self) -> Document {
        let columns = ["where", "what", "state", "found"].map(Column::left);
        let mut table = Table::new(columns);
        for finding in &self.diagnosis.machine {
            table.row(row("this machine", finding));
        }
        for toolchain in &self.diagnosis.toolchains {
            for finding in &toolchain.findings {
                table.row(row(&toolchain.toolchain, finding));
            }
        }
        let all = self.diagnosis.toolchains.iter().flat_map(|toolchain| &toolchain.findings);
        let findings: Vec<&Condition> = self.diagnosis.machine.iter().chain(all).collect();
        let document = Document::new().table(table);
        let document = steps(document, "To mend it", &findings, State::Missing);
        steps(document, "Optional", &findings, State::Optional)
    }
}

/// The steps for all findings of one state, each once.
fn steps(mut document: Document, title: &str, findings: &[&Condition], state: State) -> Document {
    let mut said: Vec<&[String]> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.state == state) {
        let mend = finding.mend.as_slice();
        if mend.is_empty() || said.contains(&mend) {
            continue;
        }
        if said.is_empty() {
            document = document.heading(title);
        }
        said.push(mend);
        document = match mend {
            [one] => document.line(one.as_str()),
            several => several.iter().fold(document.line("one of these:"), |document, step| {
                document.line(format!("  {step}"))
            }),
        };
    }
    document
}

fn row(place: &str, finding: &Condition) -> [Cell; 4] {
    let (word, tone) = match finding.state {
        State::Ok => ("ok", Tone::Good),
        State::Missing => ("missing", Tone::Bad),
        State::OnDemand => ("on demand", Tone::Plain),
        State::Optional => ("optional", Tone::Warn),
    };
    [
        Cell::new(place),
        Cell::new(finding.what),
        Cell::new(word).tone(tone),
        Cell::new(finding.detail.clone()),
    ]
}

/// Examines this machine. Exits with 1 if a requested target cannot be built.
///
/// # Errors
/// For an unknown target, or if the cache cannot be opened.
pub fn run(args: &DoctorArgs) -> Result<Exit> {
    let cache = Cache::open(&env)?;
    let here = std::env::current_dir().context("finding the current folder")?;
    let folder = Utf8PathBuf::try_from(here).context("the current folder is not UTF-8")?;
    let folder = args.directory.as_ref().map_or_else(|| folder.clone(), |dir| folder.join(dir));
    let flag = args.cargo.as_ref().map(|path| path.as_str());
    let compiler = compiler::discover(flag, &folder, &env, &cache);
    let host = match &compiler {
        Ok(compiler) => compiler.version.host.clone(),
        Err(_) => target_spec::this_machine(),
    };
    let chosen = target_spec::resolve(&args.targets, None, &host)
        .map_err(|error| Usage::new(error.to_string()).hint_if_any(error.hint()))?;
    let toolchains: Vec<_> = chosen.iter().map(|chosen| chosen.toolchain).collect();
    // The build itself reports a configuration that cannot be read.
    let configuration = Configuration::load(&folder, &[]).ok();
    let linker =
        |toolchain: &Toolchain| Some(configuration.as_ref()?.linker(&toolchain.triple)?.to_owned());
    let go = go::compiler::discover(args.go.as_deref(), &folder, &[], &env);
    let needed = needed(&folder);
    let needs_zig_for_go = |go: &Go| needs_zig(go, &folder, &args.targets, &toolchains);
    let known = Machine {
        needed,
        compiler: &compiler,
        go: &go,
        cache: &cache,
        // Without go, nothing says whether the project has C code.
        needs_zig: &|| needed.cargo || go.as_ref().map_or(true, needs_zig_for_go),
        env: &env,
        linker: &linker,
        offline: args.offline,
    };
    let diagnosis = doctor::examine(&toolchains, &known);
    let well = diagnosis.well();
    reports::print(&Doctor { diagnosis }, &args.report)?;
    Ok(if well { Exit::Done } else { Exit::Failed })
}

/// The builders of the folder's project; cargo if there is none.
fn needed(folder: &Utf8Path) -> Needed {
    let builders = of_project(folder).map_or(vec![BuilderArg::Cargo], |(_, builders)| builders);
    let is_needed = |builder| builders.contains(&builder);
    Needed { cargo: is_needed(BuilderArg::Cargo), go: is_needed(BuilderArg::Go) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: &'static str, state: State, mend: &[&str]) -> Condition {
        let mend = mend.iter().map(|step| (*step).to_owned()).collect();
        Condition { what, state, detail: "as it is".into(), mend }
    }

    #[test]
    fn only_what_is_missing_is_to_be_mended_and_each_step_is_a_line() {
        let machine = vec![
            finding("zig", State::OnDemand, &[]),
            finding("debugger", State::Optional, &["apt-get install lldb"]),
            finding(
                "std",
                State::Missing,
                &["rustup target add x", "rustup component add rust-src"],
            ),
            finding("compiler", State::Missing, &["install Rust"]),
            finding("linker", State::Missing, &["install Rust"]),
        ];
        let report = Doctor { diagnosis: Diagnosis { machine, toolchains: Vec::new() } };
        let style = rgo_report::Style { color: false };
        let text =
            rgo_report::render(&report, rgo_report::Rendering::Text, style).expect("renders");
        let (_, steps) = text.split_once("To mend it").expect("a heading");
        let lines: Vec<&str> = steps.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(
            lines,
            [
                "one of these:",
                "  rustup target add x",
                "  rustup component add rust-src",
                "install Rust",
                "Optional",
                "apt-get install lldb"
            ]
        );
    }
}
