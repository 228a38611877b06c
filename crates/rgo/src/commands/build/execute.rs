//! Runs the plan: cargo, then every linked file finished and put in place, then a word on each
//! target. One target's failure leaves the others alone.

use std::fs;
use std::io;

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rgo_toolchain::cargo_messages::{Side, Unit};
use rgo_toolchain::cargo_run::{self, Ran, Show};
use rgo_toolchain::plan::{CargoRun, TRIMMED_WORKSPACE, TargetPlan};
use rgo_toolchain::rebuild::Rebuilt;
use rgo_toolchain::selection::{OutputKind, Wanted};
use rgo_toolchain::{deps, hints, project};

use super::artifacts::{self, Linked};
use super::finish::{self, Content, Job, StripMode, Unfinished};
use super::leaks::Prefix;
use super::link::{Capacities, Linking};
use super::prepare::Prepared;
use super::report::TargetReport;
use super::verdict::Asked;
use super::{note, settings};
use crate::output as terminal;

/// What the executor needs beside what was prepared.
pub(super) struct Execution<'a> {
    /// What was prepared.
    pub prepared: &'a Prepared,
    /// The targets of the plan.
    pub plans: &'a [TargetPlan],
    /// How each of them is linked, in the same order.
    pub linkings: &'a [Linking],
    /// How cargo's words are shown.
    pub show: Show,
    /// Whether commands are printed before they run.
    pub trace: bool,
    /// What collects a darwin program's debug data.
    pub dsymutil: Option<Utf8PathBuf>,
}

/// How many times a program may be linked again because its room was too small.
const ROUNDS: usize = 3;

impl Execution<'_> {
    /// Runs one cargo command and finishes what it made. Gives a report for each target of the
    /// run, in its order, and what was compiled.
    ///
    /// # Errors
    /// If cargo cannot be run at all, or a `-X` name is nowhere.
    pub(super) fn run(&self, run: &CargoRun) -> Result<(Vec<TargetReport>, Vec<Rebuilt>)> {
        let mut rebuilt = Vec::new();
        let mut capacities = Capacities::default();
        for round in 1.. {
            self.offer(run, capacities)?;
            let ran = self.cargo(run, run.targets.len() > 1)?;
            rebuilt.extend(ran.rebuilt.iter().cloned());
            let stale = self.forget_stale(run, &ran, capacities)?;
            if stale > 0 && round < ROUNDS {
                continue;
            }
            self.check_values(run, &ran)?;
            let (reports, needed) = self.finish_all(run, &ran)?;
            if needed <= capacities || round >= ROUNDS {
                return Ok((self.explain_failures(run, &ran, reports)?, rebuilt));
            }
            // What was linked with too little room is found stale in the next round.
            capacities = needed;
        }
        unreachable!("the loop ends in its last round")
    }

    /// Tells the link shims what to do.
    fn offer(&self, run: &CargoRun, least: Capacities) -> Result<()> {
        run.targets.iter().try_for_each(|index| self.linkings[*index].offer(least))
    }

    fn cargo(&self, run: &CargoRun, hold_errors: bool) -> Result<Ran> {
        if self.trace {
            eprintln!("{}", run.cmd);
        }
        let triples: Vec<&str> = run.targets.iter().map(|index| self.triple(*index)).collect();
        let show = Show { hold_errors, ..self.show };
        let folders = &self.prepared.project.folders;
        cargo_run::run(&run.cmd, folders, &triples, show, Box::new(io::stderr()))
            .context("running cargo")
    }

    fn triple(&self, index: usize) -> &str {
        &self.plans[index].toolchain.triple
    }

    /// Cargo does not know what the link shim did. A file that was linked by another recipe (an
    /// older floor, a plain `cargo build`) is removed, so that the next run links it again, and
    /// nothing else. Gives how many there were.
    fn forget_stale(&self, run: &CargoRun, ran: &Ran, least: Capacities) -> Result<usize> {
        let mut stale = 0;
        for index in &run.targets {
            let linking = &self.linkings[*index];
            for linked in self.linked(*index, ran) {
                if linking.links(linked.1.kind) && !linking.made(linked.0.file, least) {
                    self.forget(&linked.0)?;
                    stale += 1;
                }
            }
        }
        Ok(stale)
    }

    /// Removes a linked file wherever cargo keeps it: it links what it hands out from a file
    /// with a hash in its name, and looks at that one alone.
    fn forget(&self, linked: &Linked<'_>) -> Result<()> {
        let name = linked.file.file_stem().unwrap_or_default().replace('-', "_");
        let length = fs::metadata(linked.file).map(|metadata| metadata.len()).ok();
        let folder = linked.file.parent().unwrap_or(Utf8Path::new("."));
        let built = &self.prepared.project.folders;
        let inner = folder
            .strip_prefix(&built.target)
            .map_or_else(|_| folder.to_owned(), |rest| built.build.join(rest));
        for entry in walkdir::WalkDir::new(&inner).into_iter().flatten() {
            let same_name =
                entry.file_name().to_string_lossy().replace('-', "_").starts_with(&name);
            let same_length = entry.metadata().ok().map(|metadata| metadata.len()) == length;
            if entry.file_type().is_file() && same_name && same_length {
                fs::remove_file(entry.path())
                    .with_context(|| format!("removing {}", entry.path().display()))?;
            }
        }
        let gone = fs::remove_file(linked.file);
        match gone {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", linked.file))
            }
            _ => Ok(()),
        }
    }

    fn linked<'r>(&self, index: usize, ran: &'r Ran) -> Vec<(Linked<'r>, &Wanted)> {
        let triple = self.triple(index);
        let wanted = self.prepared.wanted.iter();
        wanted
            .filter_map(|wanted| Some((artifacts::find(&ran.units, wanted, triple)?, wanted)))
            .collect()
    }

    /// Every `-X` name must be in one of the files, before any of them is put in place.
    fn check_values(&self, run: &CargoRun, ran: &Ran) -> Result<()> {
        if self.prepared.values.is_empty() {
            return Ok(());
        }
        let mut known = std::collections::BTreeSet::new();
        let mut files = 0;
        for index in &run.targets {
            for (linked, wanted) in self.linked(*index, ran) {
                if wanted.kind != OutputKind::Staticlib {
                    let data = finish::map(linked.file)?;
                    let names = finish::slot_names(&data);
                    known.extend(names.with_context(|| format!("reading {}", linked.file))?);
                    files += 1;
                }
            }
        }
        // What was not built says nothing about names.
        if files == 0 {
            return Ok(());
        }
        match self.prepared.values.iter().find(|(name, _)| !known.contains(name)) {
            Some((name, _)) => Err(super::stamp::unknown(name, &known)),
            None => Ok(()),
        }
    }

    fn finish_all(&self, run: &CargoRun, ran: &Ran) -> Result<(Vec<TargetReport>, Capacities)> {
        let prefixes = self.prefixes();
        let mut reports = Vec::new();
        let mut needed = Capacities::default();
        for index in &run.targets {
            let toolchain = self.plans[*index].toolchain;
            let jobs: Vec<Job<'_>> = self
                .linked(*index, ran)
                .into_iter()
                .map(|(linked, wanted)| self.job(*index, ran, &linked, wanted, &prefixes))
                .collect::<Result<_>>()?;
            let done: Vec<_> = jobs.par_iter().map(finish::finish).collect();
            let mut report = TargetReport {
                toolchain: toolchain.name.clone(),
                triple: toolchain.triple.clone(),
                std: self.linkings[*index].std.clone(),
                error: None,
                artifacts: Vec::new(),
                not_made: self.not_made(*index),
            };
            for one in done {
                match one {
                    Ok(artifact) => report.artifacts.push(artifact),
                    Err(Unfinished::TooSmall { what, needed: bytes }) => {
                        needed.raise(&what, bytes);
                        report.error =
                            Some(format!("no room for the {what}, which needs {bytes} bytes"));
                    }
                    Err(Unfinished::Failed(error)) => {
                        report.error = Some(terminal::in_words(&error))
                    }
                }
            }
            reports.push(report);
        }
        Ok((reports, needed))
    }

    fn prefixes(&self) -> Vec<Prefix> {
        let trims = self.prepared.trims.iter();
        trims.map(|trim| Prefix { what: trim.what, path: trim.from.clone() }).collect()
    }

    fn job<'j>(
        &'j self,
        index: usize,
        ran: &Ran,
        linked: &Linked<'_>,
        wanted: &Wanted,
        prefixes: &'j [Prefix],
    ) -> Result<Job<'j>> {
        let prepared = self.prepared;
        let plan = &self.plans[index];
        let toolchain = plan.toolchain;
        let file = linked.file.file_name().unwrap_or_default();
        let mut beside: Vec<Utf8PathBuf> =
            linked.beside.iter().map(|path| (*path).to_owned()).collect();
        if matches!(wanted.kind, OutputKind::Cdylib | OutputKind::Staticlib) {
            beside.extend(self.header(ran, wanted, toolchain.triple.as_str()));
        }
        Ok(Job {
            linked: linked.file.to_owned(),
            output: prepared.output.join(&toolchain.name).join(file),
            kind: wanted.kind,
            beside,
            asked: Asked {
                toolchain,
                floor: plan.floor.as_ref(),
                program: matches!(wanted.kind, OutputKind::Bin | OutputKind::Example),
            },
            content: match wanted.kind {
                OutputKind::Staticlib => None,
                _ => Some(self.content(index, &ran.units, linked.unit, wanted)?),
            },
            values: &prepared.values,
            strip: prepared.strip,
            timestamp: u32::try_from(prepared.epoch).unwrap_or(u32::MAX),
            prefixes,
            dsymutil: self.dsymutil.as_deref(),
            source_map: (!prepared.trims.is_empty())
                .then_some((TRIMMED_WORKSPACE, prepared.project.metadata.workspace_root.as_path())),
        })
    }

    fn header(&self, ran: &Ran, wanted: &Wanted, triple: &str) -> Option<Utf8PathBuf> {
        let packages = &self.prepared.project.metadata.packages;
        let package = packages.iter().find(|package| package.id == wanted.package)?;
        let side = Side::Target(triple.to_owned());
        let out_dirs: Vec<&Utf8Path> = ran
            .out_dirs
            .iter()
            .filter(|(id, of, _)| *id == wanted.package && *of == side)
            .map(|(_, _, dir)| dir.as_path())
            .collect();
        artifacts::header(package, &wanted.name, &out_dirs)
    }

    fn content(
        &self,
        index: usize,
        units: &[Unit],
        unit: &Unit,
        wanted: &Wanted,
    ) -> Result<Content> {
        let prepared = self.prepared;
        let toolchain = self.plans[index].toolchain;
        let compiler = &prepared.compiler;
        let target_cfg = project::cfg(compiler, &prepared.cache, Some(toolchain))?;
        let host_cfg = project::cfg(compiler, &prepared.cache, None)?;
        let built = deps::Built {
            units,
            triple: &toolchain.triple,
            target_cfg: &target_cfg,
            host: &compiler.version.host,
            host_cfg: &host_cfg,
            dev: wanted.kind == OutputKind::Example,
        };
        let project = &prepared.project;
        let dependencies =
            deps::of_program(&project.metadata, &project.checksums, &wanted.package, &built);
        let about = note::About {
            compiler: &compiler.version.line,
            name: &wanted.name,
            settings: settings::lines(
                prepared,
                &self.plans[index],
                &self.linkings[index],
                Some(unit),
            ),
        };
        Ok(Content {
            note: note::text(&about, &dependencies),
            audit: note::audit_data(&dependencies)?,
        })
    }

    fn not_made(&self, index: usize) -> Vec<String> {
        let toolchain = self.plans[index].toolchain;
        let wanted = self.prepared.wanted.iter();
        wanted
            .filter(|wanted| !toolchain.makes(wanted.kind.crate_type()))
            .map(|wanted| {
                format!("no {} of {}: the platform has none", wanted.kind.crate_type(), wanted.name)
            })
            .collect()
    }

    /// Says for each target that lacks something why it does. Errors of one target alone are
    /// known to be its own; where several failed together, each is built once more by itself,
    /// because cargo does not say which target an error is of.
    fn explain_failures(
        &self,
        run: &CargoRun,
        ran: &Ran,
        mut reports: Vec<TargetReport>,
    ) -> Result<Vec<TargetReport>> {
        if ran.code == 0 {
            return Ok(reports);
        }
        let mut failed: Vec<usize> = (0..run.targets.len())
            .filter(|position| {
                let made = self.linked(run.targets[*position], ran).len();
                made + reports[*position].not_made.len() < self.prepared.wanted.len()
            })
            .collect();
        // Everything that is wanted is there, and cargo failed all the same: nobody is spared.
        if failed.is_empty() {
            failed = (0..run.targets.len()).collect();
        }
        for position in &failed {
            let index = run.targets[*position];
            let toolchain = self.plans[index].toolchain;
            let alone = failed.len() == 1;
            terminal::failure(&format!("building for {}", toolchain.name));
            let again;
            let of_target = if alone {
                if run.targets.len() > 1 {
                    ran.errors.iter().for_each(|text| eprint!("{text}"));
                }
                ran
            } else {
                again = self.cargo(&self.only(run, index), false)?;
                &again
            };
            let text = format!("{}{}", of_target.errors.concat(), of_target.stderr_tail);
            if let Some(hint) = hints::for_failure(&text, &toolchain.name) {
                terminal::hint(&hint);
            }
            reports[*position].error = Some(first_error(&of_target.errors, &of_target.stderr_tail));
        }
        Ok(reports)
    }

    /// The run narrowed to one of its targets.
    fn only(&self, run: &CargoRun, index: usize) -> CargoRun {
        let mut cmd = run.cmd.clone();
        cmd.args.clear();
        let keep = self.triple(index);
        let mut args = run.cmd.args.iter();
        while let Some(arg) = args.next() {
            if arg == "--target" {
                if let Some(triple) = args.next().filter(|triple| *triple == keep) {
                    cmd.args.extend([arg.clone(), triple.clone()]);
                }
            } else {
                cmd.args.push(arg.clone());
            }
        }
        CargoRun { targets: vec![index], cmd }
    }
}

/// The line that says what went wrong, for the table.
fn first_error(errors: &[String], stderr: &str) -> String {
    let lines = errors.iter().flat_map(|text| text.lines()).chain(stderr.lines());
    let plain = lines.map(|line| anstream::adapter::strip_str(line).to_string());
    plain
        .filter_map(|line| {
            let at = line.find("error")?;
            line[..at].trim().is_empty().then(|| line.trim().to_owned())
        })
        .next()
        .unwrap_or_else(|| "cargo failed".to_owned())
}

/// What a failure before cargo leaves of a target in the report.
pub(super) fn not_started(
    plan: &rgo_toolchain::target::Toolchain,
    error: &anyhow::Error,
) -> TargetReport {
    TargetReport {
        toolchain: plan.name.clone(),
        triple: plan.triple.clone(),
        std: None,
        error: Some(terminal::in_words(error)),
        artifacts: Vec::new(),
        not_made: Vec::new(),
    }
}

/// Whether a companion with debug data is asked for on a platform that needs dsymutil.
#[must_use]
pub(super) fn needs_dsymutil(prepared: &Prepared) -> bool {
    prepared.strip == StripMode::Split && prepared.targets.iter().any(|(t, _)| t.is("darwin"))
}

/// An error for a kind of file that a platform cannot have, if it was asked for by name.
///
/// # Errors
/// If it was.
pub(super) fn check_makeable(prepared: &Prepared) -> Result<()> {
    for (toolchain, _) in &prepared.targets {
        for wanted in &prepared.wanted {
            if wanted.explicit && !toolchain.makes(wanted.kind.crate_type()) {
                return Err(anyhow!(
                    "{} cannot be a {} for {}: with the C library linked in there is no dynamic linking",
                    wanted.name,
                    wanted.kind.crate_type(),
                    toolchain.name
                )
                .context(crate::exit::Hint(format!(
                    "leave {} out of --target, or build it as a program or with --buildmode c-archive",
                    toolchain.name
                ))));
            }
        }
    }
    Ok(())
}
