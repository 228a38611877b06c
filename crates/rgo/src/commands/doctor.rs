//! `rgo-build doctor`: what is there, what is missing, and the command that mends it, before a
//! build finds out the hard way.

use anyhow::Result;
use camino::Utf8PathBuf;
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::cache::Cache;
use rgo_toolchain::doctor::{self, Diagnosis, Finding, State};
use rgo_toolchain::{compiler, select};
use serde::Serialize;

use crate::cli::build::DoctorArgs;
use crate::exit::{Exit, Usage};
use crate::output;

/// The diagnosis as a report.
#[derive(Serialize)]
struct Doctor {
    #[serde(flatten)]
    diagnosis: Diagnosis,
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
        let mut document = Document::new().table(table);
        let mut mends: Vec<&str> = Vec::new();
        let all = self.diagnosis.toolchains.iter().flat_map(|toolchain| &toolchain.findings);
        for finding in self.diagnosis.machine.iter().chain(all) {
            // What will come by itself needs no hand.
            let mend = finding.mend.as_deref().filter(|_| finding.state != State::Ok);
            if let Some(mend) = mend.filter(|mend| !mends.contains(mend)) {
                mends.push(mend);
            }
        }
        if !mends.is_empty() {
            document = document.heading("To mend it");
            for mend in mends {
                document = document.line(mend);
            }
        }
        document
    }
}

fn row(place: &str, finding: &Finding) -> [Cell; 4] {
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

/// Examines this machine; ends with 1 if something that was asked for cannot be built.
///
/// # Errors
/// For an unknown target, or if the cache cannot be opened.
pub fn run(args: &DoctorArgs) -> Result<Exit> {
    let env = |name: &str| std::env::var(name).ok();
    let cache = Cache::open(&env)?;
    let folder = args.directory.clone().unwrap_or_else(|| Utf8PathBuf::from("."));
    let flag = args.cargo.as_ref().map(|path| path.as_str());
    let compiler = compiler::discover(flag, &folder, &env, &cache);
    let host = compiler.as_ref().map_or("", |compiler| compiler.version.host.as_str());
    let chosen =
        select::resolve(&args.targets, None, host).map_err(|error| Usage(error.to_string()))?;
    let toolchains: Vec<_> = chosen.iter().map(|chosen| chosen.toolchain).collect();
    let diagnosis = doctor::examine(&toolchains, &compiler, &cache, &env, args.offline);
    let well = diagnosis.well();
    output::print(&Doctor { diagnosis }, args.format)?;
    Ok(if well { Exit::Done } else { Exit::Failed })
}
