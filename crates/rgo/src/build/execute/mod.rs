//! Runs the plan: cargo, then every linked file finished and put in place, then a word on each
//! target. One target's failure leaves the others alone.

mod failures;
mod settle;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rgo_binary::system::Os;
use rgo_toolchain::cargo::messages::{Side, Unit};
use rgo_toolchain::cargo::rebuild_reasons::Rebuilt;
use rgo_toolchain::cargo::run::{Ran, Show};
use rgo_toolchain::cargo::targets::{OutputKind, Wanted};
use rgo_toolchain::cargo::{deps, project};
use rgo_toolchain::toolchain::Toolchain;

use super::link::LinkPreparer;
use super::link::note_capacity::NoteCapacity;
use super::plan::{Plan, Step};
use super::prepare::Prepared;
use super::progress::Progress;
use super::report::TargetReport;
use super::settings;
use super::target::Target;
use crate::app::error::CommandError;
use crate::app::terminal;
use rgo_toolchain::artifact::Artifact;
use rgo_toolchain::cargo::artifacts::{self, Linked};
use rgo_toolchain::checks::Asked;
use rgo_toolchain::checks::leaks::Prefix;
use rgo_toolchain::finish::record;
use rgo_toolchain::finish::{self, Content, Job};
use settle::Settled;

/// What the executor needs beside the plan.
pub(super) struct Execution<'a> {
    /// What was prepared.
    pub prepared: &'a Prepared,
    /// What brings what the links need.
    pub preparer: &'a LinkPreparer<'a>,
    /// What is done.
    pub plan: &'a Plan,
    /// How cargo's words are shown.
    pub show: Show,
    /// What is said on the way.
    pub progress: Progress,
    /// What collects a darwin program's debug data.
    pub dsymutil: Option<Utf8PathBuf>,
}

/// What came of a plan.
pub(super) enum Executed {
    /// It was carried out.
    Done(Results),
    /// What was got ready is not what the plan was made for: rustup had no standard library, so it was
    /// built. A new plan will be right.
    PlanChanged,
}

/// What happened to the targets.
#[derive(Default)]
pub(super) struct Results {
    /// By toolchain.
    pub reports: BTreeMap<&'static str, TargetReport>,
    /// What was compiled, and why.
    pub rebuilt: Vec<Rebuilt>,
}

impl Results {
    /// Says that a target failed before cargo ran for it.
    fn fail(&mut self, toolchain: &'static Toolchain, error: anyhow::Error) {
        self.reports.insert(&toolchain.name, failed_report(toolchain, error));
    }
}

impl Execution<'_> {
    /// Does the steps of the plan. What fails for a target is in its report.
    ///
    /// # Errors
    /// If cargo cannot be run at all, or a `-X` name is nowhere.
    pub(super) fn run(&self) -> Result<Executed> {
        let mut results = Results::default();
        let mut lock = None;
        let mut is_as_planned = true;
        // What was built since files were last put in place.
        let mut built: Vec<Settled> = Vec::new();
        for step in &self.plan.steps {
            if !matches!(step, Step::Prepare { .. }) && !is_as_planned {
                return Ok(Executed::PlanChanged);
            }
            if lock.is_none() && matches!(step, Step::Clean(_) | Step::Build(_)) {
                lock = Some(self.lock()?);
            }
            self.progress.step(step);
            match step {
                Step::FetchZig(_) => is_as_planned &= self.fetch_zig(&mut results),
                Step::Prepare { target, .. } => is_as_planned &= self.prepare(target, &mut results),
                // It is there since before the plan was made, which has its path.
                Step::MakeWork(_) => {}
                Step::WriteRecipe { target, .. } => {
                    target.link.write_recipe(NoteCapacity::default())?;
                }
                Step::Clean(cmd) => {
                    cmd.capture().context("removing what was built before (-a)")?;
                }
                Step::Build(run) => {
                    let run = run.narrowed(|it| !results.reports.contains_key(it.name.as_str()));
                    if !run.targets.is_empty() {
                        built.push(self.settle(run)?);
                    }
                }
                Step::CheckNames(_) => self.check_names(&built)?,
                Step::Finish(_) if built.is_empty() => {}
                Step::Finish(_) => {
                    let mut settled = built.remove(0);
                    results.rebuilt.append(&mut settled.ran.rebuilt);
                    let done = self.finish_all(&settled);
                    results.reports.extend(self.explain_failures(&settled, done)?);
                }
            }
        }
        Ok(Executed::Done(results))
    }

    /// Fetches zig. Without it no target that needs it can be built.
    fn fetch_zig(&self, results: &mut Results) -> bool {
        match self.preparer.fetch_zig(&mut |event| self.progress.event(&event)) {
            Ok(is_as_planned) => is_as_planned,
            Err(error) => {
                for target in self.plan.targets.iter().filter(|it| it.link.shim.is_some()) {
                    let error = anyhow!("{error:#}");
                    results.fail(target.toolchain(), error);
                }
                true
            }
        }
    }

    /// Gets ready what a target needs.
    fn prepare(&self, target: &Target, results: &mut Results) -> bool {
        if results.reports.contains_key(target.name()) {
            return true;
        }
        let on = &mut |event| self.progress.event(&event);
        match self.preparer.install(
            target.toolchain(),
            target.cargo.floor.as_ref(),
            &target.link,
            on,
        ) {
            Ok(is_as_planned) => is_as_planned,
            Err(error) => {
                results.fail(target.toolchain(), error);
                true
            }
        }
    }

    /// Looks for each name that was given a value in all that was built.
    fn check_names(&self, built: &[Settled]) -> Result<()> {
        // Before any of the files is put in place.
        let Some(error) = self.unknown_value(built)? else { return Ok(()) };
        for one in built.iter().filter(|one| one.ran.code != 0) {
            let none = one.targets.iter().map(|it| self.report(it, &one.ran));
            self.explain_failures(one, none.collect())?;
        }
        Err(error)
    }

    /// As cargo locks the folder while it builds, this locks it until what was built is read: another
    /// rgo-build with another recipe would remove it in between.
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
        target: &Target,
        ran: &Ran,
    ) -> Result<Vec<(usize, Option<Content>)>> {
        self.linked(target, ran)
            .into_iter()
            .map(|(linked, wanted)| {
                let content = match self.prepared.wanted[wanted].kind {
                    OutputKind::Staticlib => None,
                    _ => Some(self.content(target, &ran.units, &linked, wanted)?),
                };
                Ok((wanted, content))
            })
            .collect()
    }

    pub(super) fn linked<'r>(&self, target: &Target, ran: &'r Ran) -> Vec<(Linked<'r>, usize)> {
        let triple = &target.toolchain().triple;
        let wanted = self.prepared.wanted.iter().enumerate();
        wanted
            .filter_map(|(at, wanted)| Some((artifacts::find(&ran.units, wanted, triple)?, at)))
            .collect()
    }

    /// The error for a `-X` name that none of the files has. Where a target failed, its own files
    /// might have had the name, if no other target is whole.
    fn unknown_value(&self, settled: &[Settled]) -> Result<Option<anyhow::Error>> {
        if self.prepared.values.is_empty() {
            return Ok(None);
        }
        let mut known = BTreeSet::new();
        let mut whole = false;
        for one in settled {
            for target in &one.targets {
                whole |= self.missing(target, &one.ran).is_empty();
                for (linked, wanted) in self.linked(target, &one.ran) {
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
    fn finish_all(&self, settled: &Settled) -> Vec<TargetReport> {
        let prefixes = self.prefixes();
        let targets = settled.targets.iter().zip(&settled.contents);
        targets
            .map(|(target, contents)| {
                let toolchain = target.toolchain();
                let jobs: Vec<Job<'_>> = self
                    .linked(target, &settled.ran)
                    .into_iter()
                    .zip(contents)
                    .map(|((linked, wanted), (_, content))| {
                        let wanted = &self.prepared.wanted[wanted];
                        self.job(target, &settled.ran, &linked, wanted, content.clone(), &prefixes)
                    })
                    .collect();
                let done: Vec<_> = jobs.par_iter().map(finish::finish).collect();
                let mut report = self.report(target, &settled.ran);
                for (one, (_, wanted)) in done.into_iter().zip(self.linked(target, &settled.ran)) {
                    match one {
                        Ok(artifact) => {
                            let link_with = self.link_with(wanted, &settled.ran);
                            report.artifacts.push(Artifact { link_with, ..artifact });
                        }
                        Err(error) => {
                            let error = CommandError::from(anyhow::Error::from(error));
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
    fn report(&self, target: &Target, ran: &Ran) -> TargetReport {
        TargetReport {
            std: Some(target.link.std.origin.clone()),
            not_made: self.not_made(target, ran),
            ..TargetReport::new(target.toolchain())
        }
    }

    fn prefixes(&self) -> Vec<Prefix> {
        let trims = self.prepared.trims.iter();
        trims.map(|trim| Prefix { what: trim.what, path: trim.from.clone() }).collect()
    }

    fn job<'j>(
        &'j self,
        target: &'j Target,
        ran: &Ran,
        linked: &Linked<'_>,
        wanted: &Wanted,
        content: Option<Content>,
        prefixes: &'j [Prefix],
    ) -> Job<'j> {
        let prepared = self.prepared;
        let plan = &target.cargo;
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
                .filter(|_| toolchain.is(Os::DARWIN) && wanted.kind != OutputKind::Cdylib),
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
        target: &Target,
        units: &[Unit],
        linked: &Linked<'_>,
        wanted: usize,
    ) -> Result<Content> {
        let prepared = self.prepared;
        let wanted = &prepared.wanted[wanted];
        let toolchain = target.toolchain();
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
        let about = record::About {
            compiler: &compiler.version.line,
            name: &wanted.name,
            settings: settings::lines(prepared, target, linked.unit, &slots(linked.file)?),
            records_sources: prepared.records_sources,
        };
        Ok(Content {
            note: record::text(&about, &dependencies),
            audit: record::audit_data(&dependencies)?,
        })
    }

    /// What of the wanted a target cannot have, with the reason.
    fn not_made(&self, target: &Target, ran: &Ran) -> Vec<String> {
        let toolchain = target.toolchain();
        let wanted = self.prepared.wanted.iter();
        let no_such_kind =
            wanted.filter(|wanted| !toolchain.makes(wanted.kind.crate_type())).map(|wanted| {
                format!("no {} of {}: the platform has none", wanted.kind.crate_type(), wanted.name)
            });
        let left_out = self.lacking(target, ran).filter(|wanted| ran.code == 0 && optional(wanted));
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
    fn lacking(&self, target: &Target, ran: &Ran) -> impl Iterator<Item = &Wanted> {
        let toolchain = target.toolchain();
        let made: HashSet<usize> = self.linked(target, ran).iter().map(|(_, at)| *at).collect();
        let wanted = self.prepared.wanted.iter().enumerate();
        wanted
            .filter(move |(at, one)| !made.contains(at) && toolchain.makes(one.kind.crate_type()))
            .map(|(_, one)| one)
    }

    /// Names of what a target was to have and has not.
    pub(super) fn missing(&self, target: &Target, ran: &Ran) -> Vec<&str> {
        let lacking = self.lacking(target, ran).filter(|wanted| ran.code != 0 || !optional(wanted));
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

/// Says that a target failed before cargo ran for it, and gives its report.
pub(super) fn failed_report(toolchain: &'static Toolchain, error: anyhow::Error) -> TargetReport {
    let reported = CommandError::from(error);
    terminal::failure(&format!("{}: {}", toolchain.name, reported.text()));
    reported.hints.iter().for_each(|hint| terminal::hint(hint));
    let mut report = TargetReport::new(toolchain);
    report.fail(reported.text(), reported.hints);
    report
}
