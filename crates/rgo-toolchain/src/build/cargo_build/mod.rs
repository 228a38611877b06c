//! Builds with cargo. This file collects all facts and decisions before cargo starts.
//!
//! ```text
//! discover ─▶ plan (makeable, link_preparer) ─▶ compile ─▶ failures, if a file is missing
//! ```

pub(super) mod compile;
pub(super) mod failures;
pub mod link_inputs;
pub mod link_preparer;
mod lockfile;
mod makeable;
mod note_capacity;
mod note_lines;
mod path_remaps;
pub(super) mod plan;
pub mod target;
mod tool;
pub(super) mod variables;

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::context::{self, Context, LeftOut, Revision};
use super::error::BuildError;
use super::floors;
use crate::cache::Cache;
use crate::cargo::compiler::{self, Compiler};
use crate::cargo::options::CargoOptions;
use crate::cargo::profile::ProfileStrip;
use crate::cargo::project::{Configuration, Project};
use crate::cargo::targets::{self, BuildOutput, Selection, SelectionError};
use crate::environment::{self, env};
use crate::event::{Event, Events};
use crate::exec::Cmd;
use crate::request::{DebugInfo, Request, StripMode};
use crate::shim;
use crate::target_spec::Chosen;
use crate::toolchain::{Floor, Toolchain};
use lockfile::Lockfiles;
use makeable::Candidate;
pub use note_lines::LEFT_OUT;

/// A build with cargo.
pub struct CargoBuild {
    /// The part that does not depend on the builder.
    pub context: Context,
    /// The user's options for cargo.
    pub options: CargoOptions,
    /// The compiler.
    pub compiler: Compiler,
    /// Cargo with its environment.
    pub(super) cargo: Cmd,
    /// Names of the variables in our environment.
    pub(super) variables: Vec<String>,
    /// The user's cargo configuration.
    pub(super) configuration: Configuration,
    /// The project.
    pub project: Project,
    /// The outputs to make for every target.
    pub(super) outputs: Vec<BuildOutput>,
    /// The targets that can have some of the outputs.
    candidates: Vec<Candidate>,
}

impl CargoBuild {
    /// Finds the compiler and the project, and settles targets, floors and values.
    ///
    /// # Errors
    /// If the call, the machine or the project does not allow the build.
    pub fn discover(
        mut request: Request,
        options: CargoOptions,
        on: Events<'_>,
    ) -> Result<Self, BuildError> {
        let cache = Cache::open(&env)?;
        let in_use = cache.in_use()?;
        let named = options.cargo.as_ref().map(|path| path.as_str());
        let compiler = compiler::discover(named, &request.folder, &env, &cache)?;
        let variables = environment::names();
        let cargo = cargo_command(&compiler, &variables);
        let configuration = Configuration::load(&request.folder, &options.config)?;
        let host = &compiler.version.host;
        let chosen = context::chosen(&request, configuration.configured_targets(), host)?;
        let targets = floors(&request, &configuration, &cache, &chosen, on)?;
        let project = read_project(&cargo, &request, &options, &targets, host)?;
        context::check_systems(&request, &targets, on)?;
        warn_of_other_linkers(&configuration, &targets, on);
        let (info_plist, entitlements) = context::property_lists(&request)?;
        let output = context::output(&mut request, &project.metadata.workspace_root);
        let outputs = outputs(&project, &options.selection)?;
        let revision = revision(&request, &project, &output, &outputs, on)?;
        request.env = revision.env;
        let strip = strip(&request, &project);
        let dsymutil = context::dsymutil(strip, &targets);
        let path_remaps = match keeps_paths(&request, &options) {
            true => Vec::new(),
            false => path_remaps::path_remaps(&compiler, &cache, &project, request.records_sources),
        };
        let context = Context {
            request,
            cache,
            _in_use: in_use,
            targets,
            left_out: Vec::new(),
            vcs: revision.vcs,
            epoch: revision.epoch,
            values: revision.values,
            strip,
            path_remaps,
            info_plist,
            entitlements,
            dsymutil,
            output,
        };
        let mut build = Self {
            context,
            options,
            compiler,
            cargo,
            variables,
            configuration,
            project,
            outputs,
            candidates: Vec::new(),
        };
        build.leave_out(&chosen, on)?;
        Ok(build)
    }

    /// Leaves out the targets that can have none of the outputs.
    fn leave_out(&mut self, chosen: &[Chosen], on: Events<'_>) -> Result<(), BuildError> {
        let unnamed = chosen.iter().filter(|one| !one.is_named);
        let unnamed = unnamed.map(|one| one.toolchain.name.as_str()).collect();
        let (candidates, left_out) = makeable::candidates(self, &unnamed)?;
        for LeftOut { toolchain, reason } in &left_out {
            on(Event::LeftOut { toolchain: toolchain.name.clone(), reason: reason.clone() });
        }
        self.candidates = candidates;
        self.context.left_out = left_out;
        Ok(())
    }
}

/// Finds the commit. This comes after `cargo metadata`, which may write Cargo.lock: the commit's
/// state must include that change.
fn revision(
    request: &Request,
    project: &Project,
    output: &Utf8Path,
    outputs: &[BuildOutput],
    on: Events<'_>,
) -> Result<Revision, BuildError> {
    let folder = project.manifest.parent().unwrap_or(&request.folder);
    let folders = &project.folders;
    let own_folders = [output.to_owned(), folders.target.clone(), folders.build.clone()];
    Revision::read(request, folder, &own_folders, &versions(outputs, project), on)
}

/// The targets, each with its floor.
fn floors(
    request: &Request,
    configuration: &Configuration,
    cache: &Cache,
    chosen: &[Chosen],
    on: Events<'_>,
) -> Result<Vec<(&'static Toolchain, Option<Floor>)>, BuildError> {
    let configured =
        |name: &str| configuration.variable(name).map(|(value, force)| (value.to_owned(), force));
    floors::settle(request, &configured, cache, chosen, on)
}

/// The outputs of the selected packages.
fn outputs(project: &Project, selection: &Selection) -> Result<Vec<BuildOutput>, SelectionError> {
    let packages = targets::packages(&project.metadata, &project.manifest, selection)?;
    targets::wanted(&packages, selection)
}

/// Cargo with the environment in which it runs.
fn cargo_command(compiler: &Compiler, variables: &[String]) -> Cmd {
    let mut cargo = compiler.cargo_command(variables.iter().map(String::as_str));
    if env("SOURCE_DATE_EPOCH").is_some_and(|value| value.is_empty()) {
        // An empty value means none, and some compilers refuse it.
        cargo = cargo.env_remove("SOURCE_DATE_EPOCH");
    }
    match shim::own_sdk(&env) {
        // Compilers run in other folders, so the path must be absolute.
        Some(sdk) => cargo.env("SDKROOT", sdk),
        None => cargo,
    }
}

/// Reads the project. In a dry run, restores its lockfile afterwards.
fn read_project(
    cargo: &Cmd,
    request: &Request,
    options: &CargoOptions,
    targets: &[(&'static Toolchain, Option<Floor>)],
    host: &str,
) -> Result<Project, BuildError> {
    let triples: Vec<&str> = targets.iter().map(|(it, _)| it.triple.as_str()).collect();
    let near = options.manifest.as_deref().and_then(Utf8Path::parent).unwrap_or(&request.folder);
    let lockfiles = request.dry_run.then(|| Lockfiles::above(near));
    let project = Project::read(cargo, request, options, &triples, host)?;
    if let Some(lockfiles) = lockfiles {
        lockfiles.restore(&project.metadata.workspace_root)?;
    }
    Ok(project)
}

/// Warns if cargo's configuration names a linker for a target that zig links for.
fn warn_of_other_linkers(
    configuration: &Configuration,
    targets: &[(&'static Toolchain, Option<Floor>)],
    on: Events<'_>,
) {
    for (toolchain, _) in targets.iter().filter(|(it, _)| it.zig.is_some()) {
        if let Some(theirs) = configuration.linker(&toolchain.triple) {
            on(Event::warning(format!(
                "{}: zig links, not `{theirs}`, which cargo's configuration names",
                toolchain.name
            )));
        }
    }
}

/// The versions of the packages that make outputs, each once.
fn versions(wanted: &[BuildOutput], project: &Project) -> Vec<String> {
    let packages = project.metadata.packages.iter();
    let made = packages.filter(|package| wanted.iter().any(|one| one.package == package.id));
    let versions: BTreeSet<String> = made.map(|package| package.version.to_string()).collect();
    versions.into_iter().collect()
}

fn strip(request: &Request, project: &Project) -> StripMode {
    match request.strip {
        Some(strip) => strip,
        // Debug data that the user requested by a flag is kept, whatever the profile's default
        // says.
        None if request.debug_info.is_some_and(|debug| debug != DebugInfo::None) => StripMode::None,
        None => match project.profile.strip {
            ProfileStrip::None => StripMode::None,
            ProfileStrip::DebugInfo => StripMode::Debug,
            ProfileStrip::Symbols => StripMode::All,
        },
    }
}

/// Whether paths stay in the output: in the dev profile, where developers debug.
fn keeps_paths(request: &Request, options: &CargoOptions) -> bool {
    request.keeps_paths || matches!(options.profile.as_str(), "dev" | "test")
}
