//! Runs the plan: cargo, then every linked file finished and put in place, then a word on each
//! target. One target's failure leaves the others alone.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rgo_toolchain::cargo::command::{CargoRun, TargetPlan};
use rgo_toolchain::cargo::messages::{Side, Unit};
use rgo_toolchain::cargo::rebuild_reasons::Rebuilt;
use rgo_toolchain::cargo::run::{Ran, Show};
use rgo_toolchain::cargo::targets::{OutputKind, Wanted};
use rgo_toolchain::cargo::{deps, project};
use rgo_toolchain::exec::Cmd;
use rgo_toolchain::toolchain::Toolchain;

use super::artifacts::{self, Linked};
use super::finish::{self, Content, Job, StripMode};
use super::leaks::Prefix;
use super::link::Linking;
use super::prepare::Prepared;
use super::report::{Artifact, TargetReport};
use super::settle::Settled;
use super::verdict::Asked;
use super::{note, settings};
use crate::app::error::CommandError;
use crate::app::terminal;

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

/// What came of the runs.
pub(super) struct Executed {
    /// For each target, by its index in the plan, what happened.
    pub reports: Vec<(usize, TargetReport)>,
    /// What was compiled, and why.
    pub rebuilt: Vec<Rebuilt>,
}

impl Execution<'_> {
    /// Runs the cargo commands and finishes what they made. `clean` goes before, and removes what
    /// was made by others.
    ///
    /// # Errors
    /// If cargo cannot be run at all, or a `-X` name is nowhere.
    pub(super) fn run(&self, clean: Option<&Cmd>, runs: &[CargoRun]) -> Result<Executed> {
        // As cargo locks the folder while it builds, this locks it until what was built is
        // read: another rgo-build with another recipe would remove it in between.
        let _lock = self.lock()?;
        if let Some(clean) = clean {
            if self.trace {
                terminal::eprint_line(clean);
            }
            clean.capture().context("removing what was built before (-a)")?;
        }
        let mut reports = Vec::new();
        let mut rebuilt = Vec::new();
        for batch in batches(runs, self.plans) {
            let settled: Vec<Settled<'_>> =
                batch.iter().map(|run| self.settle(run)).collect::<Result<_>>()?;
            // Before any of the files is put in place.
            if let Some(error) = self.unknown_value(&settled)? {
                for one in settled.iter().filter(|one| one.ran.code != 0) {
                    let none = one.run.targets.iter().map(|index| self.report(*index, &one.ran));
                    self.explain_failures(one, none.collect())?;
                }
                return Err(error);
            }
            for one in settled {
                rebuilt.extend(one.ran.rebuilt.iter().cloned());
                let done = self.finish_all(&one);
                reports.extend(self.explain_failures(&one, done)?);
            }
        }
        Ok(Executed { reports, rebuilt })
    }

    fn lock(&self) -> Result<File> {
        let folder = &self.prepared.project.folders.build;
        fs::create_dir_all(folder).with_context(|| format!("creating the folder {folder}"))?;
        let path = folder.join(".rgo-lock");
        let file = File::create(&path).with_context(|| format!("creating {path}"))?;
        if file.try_lock().is_err() {
            terminal::status("waiting for another rgo-build in the same target folder");
            file.lock().with_context(|| format!("locking {path}"))?;
        }
        Ok(file)
    }

    /// What goes into each file that a target was to have, with the index of what is wanted.
    pub(super) fn contents(
        &self,
        index: usize,
        ran: &Ran,
    ) -> Result<Vec<(usize, Option<Content>)>> {
        self.linked(index, ran)
            .into_iter()
            .map(|(linked, wanted)| {
                let content = match self.prepared.wanted[wanted].kind {
                    OutputKind::Staticlib => None,
                    _ => Some(self.content(index, &ran.units, &linked, wanted)?),
                };
                Ok((wanted, content))
            })
            .collect()
    }

    pub(super) fn linked<'r>(&self, index: usize, ran: &'r Ran) -> Vec<(Linked<'r>, usize)> {
        let triple = self.triple(index);
        let wanted = self.prepared.wanted.iter().enumerate();
        wanted
            .filter_map(|(at, wanted)| Some((artifacts::find(&ran.units, wanted, triple)?, at)))
            .collect()
    }

    /// The error for a `-X` name that none of the files has. Where a target failed, its own files
    /// might have had the name, if no other target is whole.
    fn unknown_value(&self, settled: &[Settled<'_>]) -> Result<Option<anyhow::Error>> {
        if self.prepared.values.is_empty() {
            return Ok(None);
        }
        let mut known = BTreeSet::new();
        let mut whole = false;
        for one in settled {
            for index in &one.run.targets {
                whole |= self.missing(*index, &one.ran).is_empty();
                for (linked, wanted) in self.linked(*index, &one.ran) {
                    if self.prepared.wanted[wanted].kind != OutputKind::Staticlib {
                        known.extend(slots(linked.file)?);
                    }
                }
            }
        }
        let unknown = self.prepared.values.iter().find(|(name, _)| !known.contains(name));
        Ok(unknown.filter(|_| whole).map(|(name, _)| super::stamp::unknown(name, &known)))
    }

    /// Finishes the files of a run, and says of each target what it lacks.
    fn finish_all(&self, settled: &Settled<'_>) -> Vec<TargetReport> {
        let prefixes = self.prefixes();
        let targets = settled.run.targets.iter().zip(&settled.contents);
        targets
            .map(|(index, contents)| {
                let toolchain = self.plans[*index].toolchain;
                let jobs: Vec<Job<'_>> = self
                    .linked(*index, &settled.ran)
                    .into_iter()
                    .zip(contents)
                    .map(|((linked, wanted), (_, content))| {
                        let wanted = &self.prepared.wanted[wanted];
                        self.job(*index, &settled.ran, &linked, wanted, content.clone(), &prefixes)
                    })
                    .collect();
                let done: Vec<_> = jobs.par_iter().map(finish::finish).collect();
                let mut report = self.report(*index, &settled.ran);
                for (one, (_, wanted)) in done.into_iter().zip(self.linked(*index, &settled.ran)) {
                    match one {
                        Ok(artifact) => {
                            let link_with = self.link_with(wanted, &settled.ran);
                            report.artifacts.push(Artifact { link_with, ..artifact });
                        }
                        Err(error) => {
                            let error = CommandError::from(error);
                            terminal::failure(&format!("{}: {}", toolchain.name, error.text()));
                            error.hints.iter().for_each(|hint| terminal::hint(hint));
                            report.fail(error.text(), error.hints);
                        }
                    }
                }
                report
            })
            .collect()
    }

    /// What a linker is to be given beside a static library.
    fn link_with(&self, wanted: usize, ran: &Ran) -> Vec<String> {
        let wanted = &self.prepared.wanted[wanted];
        let mut known = ran.native_libs.iter().filter(|(package, _)| *package == wanted.package);
        let libs = known.next().filter(|_| wanted.kind == OutputKind::Staticlib);
        libs.map(|(_, libs)| libs.clone()).unwrap_or_default()
    }

    /// What there is to say of a target before any of its files is finished.
    fn report(&self, index: usize, ran: &Ran) -> TargetReport {
        let toolchain = self.plans[index].toolchain;
        TargetReport {
            toolchain: toolchain.name.clone(),
            triple: toolchain.triple.clone(),
            std: self.linkings[index].std.clone(),
            error: None,
            hints: Vec::new(),
            artifacts: Vec::new(),
            not_made: self.not_made(index, ran),
        }
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
        content: Option<Content>,
        prefixes: &'j [Prefix],
    ) -> Job<'j> {
        let prepared = self.prepared;
        let plan = &self.plans[index];
        let toolchain = plan.toolchain;
        let file = linked.file.file_name().unwrap_or_default();
        let mut beside: Vec<Utf8PathBuf> =
            linked.beside.iter().map(|path| (*path).to_owned()).collect();
        if matches!(wanted.kind, OutputKind::Cdylib | OutputKind::Staticlib) {
            beside.extend(self.header(ran, wanted, toolchain.triple.as_str()));
        }
        Job {
            linked: linked.file.to_owned(),
            output: prepared.output.join(&toolchain.name).join(file),
            kind: wanted.kind,
            beside,
            asked: Asked {
                toolchain,
                floor: plan.floor.as_ref(),
                program: matches!(wanted.kind, OutputKind::Bin | OutputKind::Example),
            },
            content,
            values: &prepared.values,
            strip: prepared.strip,
            timestamp: u32::try_from(prepared.epoch).unwrap_or(u32::MAX),
            prefixes,
            dsymutil: self.dsymutil.as_deref(),
            entitlements: prepared
                .entitlements
                .as_ref()
                .filter(|_| toolchain.is("darwin") && wanted.kind != OutputKind::Cdylib),
            trace: self.trace,
            trims: &prepared.trims,
        }
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
        linked: &Linked<'_>,
        wanted: usize,
    ) -> Result<Content> {
        let prepared = self.prepared;
        let wanted = &prepared.wanted[wanted];
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
                linked.unit,
                &slots(linked.file)?,
            ),
            records_sources: prepared.records_sources,
        };
        Ok(Content {
            note: note::text(&about, &dependencies),
            audit: note::audit_data(&dependencies)?,
        })
    }

    /// What of the wanted a target cannot have, with the reason.
    fn not_made(&self, index: usize, ran: &Ran) -> Vec<String> {
        let toolchain = self.plans[index].toolchain;
        let wanted = self.prepared.wanted.iter();
        let no_such_kind =
            wanted.filter(|wanted| !toolchain.makes(wanted.kind.crate_type())).map(|wanted| {
                format!("no {} of {}: the platform has none", wanted.kind.crate_type(), wanted.name)
            });
        let left_out = self.lacking(index, ran).filter(|wanted| ran.code == 0 && optional(wanted));
        let left_out = left_out.map(|wanted| {
            format!(
                "no {}: it requires features that are off: {}",
                wanted.name,
                wanted.requires.join(", ")
            )
        });
        no_such_kind.chain(left_out).collect()
    }

    /// What a target could have and has not.
    fn lacking(&self, index: usize, ran: &Ran) -> impl Iterator<Item = &Wanted> {
        let toolchain = self.plans[index].toolchain;
        let made: HashSet<usize> = self.linked(index, ran).iter().map(|(_, at)| *at).collect();
        let wanted = self.prepared.wanted.iter().enumerate();
        wanted
            .filter(move |(at, one)| !made.contains(at) && toolchain.makes(one.kind.crate_type()))
            .map(|(_, one)| one)
    }

    /// Names of what a target was to have and has not.
    pub(super) fn missing(&self, index: usize, ran: &Ran) -> Vec<&str> {
        let lacking = self.lacking(index, ran).filter(|wanted| ran.code != 0 || !optional(wanted));
        lacking.map(|wanted| wanted.name.as_str()).collect()
    }
}

/// What cargo leaves out without a word if its features are off.
fn optional(wanted: &Wanted) -> bool {
    !wanted.explicit && !wanted.requires.is_empty()
}

/// The names of the slots of a file.
fn slots(file: &Utf8Path) -> Result<BTreeSet<String>> {
    let data = finish::map(file)?;
    finish::slot_names(&data).with_context(|| format!("reading {file}"))
}

/// Runs that may wait for each other: two toolchains of one triple write the same files, so the
/// second may start only when those of the first are finished.
fn batches<'r>(runs: &'r [CargoRun], plans: &[TargetPlan]) -> Vec<Vec<&'r CargoRun>> {
    let mut batches: Vec<(HashSet<&str>, Vec<&CargoRun>)> = Vec::new();
    for run in runs {
        let triples = || run.targets.iter().map(|index| plans[*index].toolchain.triple.as_str());
        match batches.last_mut().filter(|(seen, _)| triples().all(|triple| !seen.contains(triple)))
        {
            Some((seen, batch)) => {
                seen.extend(triples());
                batch.push(run);
            }
            None => batches.push((triples().collect(), vec![run])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}

/// What a failure before cargo leaves of a target in the report.
pub(super) fn not_started(plan: &Toolchain, error: &CommandError) -> TargetReport {
    TargetReport {
        toolchain: plan.name.clone(),
        triple: plan.triple.clone(),
        std: None,
        error: Some(error.text()),
        hints: error.hints.clone(),
        artifacts: Vec::new(),
        not_made: Vec::new(),
    }
}

/// Whether a companion with debug data is asked for on a platform that needs dsymutil.
#[must_use]
pub(super) fn needs_dsymutil(prepared: &Prepared) -> bool {
    prepared.targets.iter().any(|(toolchain, _)| splits_with_dsymutil(prepared, toolchain))
}

/// Whether a target's debug data is split off by dsymutil.
#[must_use]
pub(super) fn splits_with_dsymutil(prepared: &Prepared, toolchain: &Toolchain) -> bool {
    prepared.strip == StripMode::Split && toolchain.is("darwin")
}
