//! Builds with go. This file collects all facts and decisions before go builds.
//!
//! ```text
//! discover (targets, project, slots) ─▶ plan (preparer) ─▶ compile ─▶ failures, if a file is missing
//! ```

mod c_library;
mod cgo_inputs;
mod compile;
mod environment;
pub mod explain;
mod failures;
mod git_excludes;
pub mod needs_zig;
mod note_lines;
mod path_remaps;
mod plan;
pub mod preparer;
mod refusals;
pub mod run;
mod slots;
pub mod target;
mod targets;
mod tool;
mod variables;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::context::{self, Context, LeftOut, Revision};
use super::error::BuildError;
use super::floors;
use crate::cache::{self, Cache};
use crate::environment::env;
use crate::event::{Event, Events};
use crate::go::cgo::{Cgo, CgoCall, CgoWish};
use crate::go::command::{self, GoCall};
use crate::go::compiler::{self, Go};
use crate::go::error::GoError;
use crate::go::options::{GoMode, GoOptions};
use crate::go::outputs::{self, GoOutput};
use crate::go::packages::{self, GoPackage};
use crate::go::{failure_hints, known_packages, levels};
use crate::request::{Request, StripMode};
use crate::target_spec::Chosen;
use crate::toolchain::{Floor, Toolchain};
use environment::Surroundings;
use slots::WantedSlot;

/// A build with go.
pub struct GoBuild {
    /// The part that does not depend on the builder.
    pub context: Context,
    /// The user's options for go.
    pub options: GoOptions,
    /// go, with its settings for the project.
    pub go: Go,
    /// The variables of `--env`, with their templates filled in.
    variables: Vec<(String, String)>,
    /// Whether the project has its dependencies in `vendor`.
    is_vendored: bool,
    /// The folder for the linked files.
    folder: Utf8PathBuf,
    /// The targets that can be built for.
    candidates: Vec<Candidate>,
    /// The targets that cannot, with the reason.
    failed: Vec<(&'static Toolchain, Arc<GoError>)>,
}

/// A target, with its packages.
struct Candidate {
    toolchain: &'static Toolchain,
    floor: Option<Floor>,
    cgo: Cgo,
    packages: Vec<GoPackage>,
    outputs: Vec<GoOutput>,
    slots: Vec<WantedSlot>,
}

/// The packages of a target, or why go cannot list them.
type PackageList = Result<Vec<GoPackage>, GoError>;

/// The packages of the targets, asked on all processors. None where a variable of the call waits for the commit.
fn lists(
    call: &GoCall<'_>,
    folder: &Utf8Path,
    targets: &[(&'static Toolchain, Option<Floor>)],
) -> Vec<Option<PackageList>> {
    let waits = call.env.iter().any(|(_, value)| value.contains('{'));
    let list = |toolchain| (!waits).then(|| package_list(call, folder, toolchain));
    targets.par_iter().map(|(toolchain, _)| list(*toolchain)).collect()
}

/// Does other work while go lists the packages: git needs about the same time, and neither needs the other's answer.
fn beside_lists<T>(
    call: &GoCall<'_>,
    folder: &Utf8Path,
    targets: &[(&'static Toolchain, Option<Floor>)],
    work: impl FnOnce() -> T,
) -> (T, Vec<Option<PackageList>>) {
    std::thread::scope(|scope| {
        let lists = scope.spawn(|| lists(call, folder, targets));
        (work(), lists.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// The packages of a target. With cgo on, go names those with C code.
fn package_list(call: &GoCall<'_>, folder: &Utf8Path, toolchain: &Toolchain) -> PackageList {
    let list = call.list(toolchain, true);
    known_packages::read(&folder.join(LISTS), call.go, &list, &call.options.packages)
}

/// Beside the folders for linked files: what go said of packages.
const LISTS: &str = "lists";

/// The package that a build without patterns makes.
const HERE: &str = ".";

impl GoBuild {
    /// Finds go and the project, and settles targets, floors and values.
    ///
    /// # Errors
    /// If the call, the machine or the project does not allow the build.
    pub fn discover(
        mut request: Request,
        mut options: GoOptions,
        on: Events<'_>,
    ) -> Result<Self, BuildError> {
        let cache = Cache::open(&env)?;
        let in_use = cache.in_use()?;
        let go = compiler::discover(options.go.as_deref(), &request.folder, &request.env, &env)?;
        if options.packages.is_empty() {
            options.packages.push(HERE.to_owned());
        }
        let surroundings = Surroundings::read(&request, &go);
        surroundings.tell(&request, on);
        let chosen = targets::chosen(&request, &go, &surroundings)?;
        let targets = settled_floors(&request, &cache, &chosen, on)?;
        context::check_systems(&request, &targets, on)?;
        let project = go.project().unwrap_or(&request.folder).to_owned();
        let output = context::output(&mut request, &project);
        let is_vendored = command::is_vendored(&project);
        let folder = cache.folder("go").join(cache::short_hash(&[project.as_str().as_bytes()]));
        let call = GoCall::unfilled(&go, &request, &options, is_vendored);
        let read = || Revision::read(&request, &project, std::slice::from_ref(&output), &[], on);
        let (revision, lists) = beside_lists(&call, &folder, &targets, read);
        let revision = revision?;
        request.env.clone_from(&revision.env);
        let strip = request.strip.unwrap_or(StripMode::None);
        let (info_plist, entitlements) = context::property_lists(&request)?;
        let context = Context {
            path_remaps: path_remaps::path_remaps(&go, &cache, &project, &request),
            dsymutil: crate::dsymutil::find(),
            request,
            cache,
            _in_use: in_use,
            targets,
            left_out: Vec::new(),
            vcs: revision.vcs,
            epoch: revision.epoch,
            values: revision.values,
            strip,
            info_plist,
            entitlements,
            output,
        };
        let mut build = Self {
            context,
            options,
            go,
            variables: revision.env,
            is_vendored,
            folder,
            candidates: Vec::new(),
            failed: Vec::new(),
        };
        build.find_candidates(&chosen, &surroundings, lists, on)?;
        build.name_modules();
        Ok(build)
    }

    /// Gives the folders of modules the names by which Go's `-trimpath` replaces them.
    fn name_modules(&mut self) {
        let packages = self.candidates.iter().flat_map(|candidate| &candidate.packages);
        let all = self.context.strip == StripMode::Split;
        path_remaps::name_modules(&mut self.context.path_remaps, packages, all);
    }

    /// The parts that all go commands share.
    fn call(&self) -> GoCall<'_> {
        GoCall {
            go: &self.go,
            request: &self.context.request,
            options: &self.options,
            env: &self.variables,
            is_vendored: self.is_vendored,
        }
    }

    /// Decides how each target is built. `lists` are those of the targets' packages that go was asked for.
    fn find_candidates(
        &mut self,
        chosen: &[Chosen],
        surroundings: &Surroundings,
        lists: Vec<Option<PackageList>>,
        on: Events<'_>,
    ) -> Result<(), BuildError> {
        let wish = surroundings.cgo_wish;
        let call = CgoCall {
            options: &self.options,
            wish,
            has_own_compiler: surroundings.own_compiler.is_some(),
        };
        let found: Vec<_> = {
            let this = &*self;
            let targets = this.context.targets.par_iter().zip(lists);
            targets
                .map(|((toolchain, floor), list)| {
                    (*toolchain, this.candidate(toolchain, floor.clone(), &call, list))
                })
                .collect()
        };
        let is_named = |toolchain: &Toolchain| {
            chosen.iter().any(|one| one.is_named && one.toolchain.name == toolchain.name)
        };
        let can_build = found.iter().any(|(_, found)| found.is_ok());
        for (toolchain, found) in found {
            match found {
                Ok(candidate) => self.candidates.push(candidate),
                // The target came with `all`, and cannot have what the call asks for.
                Err(error @ GoError::Refused { .. }) if can_build && !is_named(toolchain) => {
                    let GoError::Refused { what, .. } = error else { continue };
                    on(Event::LeftOut { toolchain: toolchain.name.clone(), reason: what.clone() });
                    self.context.left_out.push(LeftOut { toolchain, reason: what });
                }
                Err(error) => self.failed.push((toolchain, Arc::new(error))),
            }
        }
        if self.candidates.is_empty()
            && self.context.targets.len() == 1
            && let Some((_, error)) = self.failed.pop()
        {
            return Err(error.into());
        }
        self.warn_of_stubs(wish, on);
        self.find_slots()
    }

    fn candidate(
        &self,
        toolchain: &'static Toolchain,
        floor: Option<Floor>,
        cgo: &CgoCall<'_>,
        list: Option<PackageList>,
    ) -> Result<Candidate, GoError> {
        let arch = toolchain.arch.name();
        levels::check(arch, &|name| {
            self.call().variable(name).or_else(|| self.go.setting(name).map(str::to_owned))
        })?;
        let mode = self.options.mode.unwrap_or(GoMode::Exe);
        refusals::check(toolchain, &self.options, &self.call())?;
        let packages = list
            .unwrap_or_else(|| package_list(&self.call(), &self.folder, toolchain))
            .map_err(|error| self.explained(error, toolchain))?;
        let outputs = outputs::outputs(&packages, mode, &self.options.packages)
            .map_err(|error| self.with_other_mains(error, toolchain))?;
        let cgo = cgo.decide(toolchain, &packages)?;
        refusals::check_link(toolchain, cgo, &self.call())?;
        Ok(Candidate { toolchain, floor, cgo, packages, outputs, slots: Vec::new() })
    }

    /// Adds the next step to go's text.
    fn explained(&self, error: GoError, toolchain: &Toolchain) -> GoError {
        let GoError::Load { text, .. } = error else { return error };
        let context = failure_hints::Context {
            toolchain: &toolchain.name,
            cgo: true,
            offline: self.context.request.is_offline(),
        };
        let hint = failure_hints::hints(&text, &context).into_iter().next();
        GoError::Load { text, hint }
    }

    /// Names the main packages elsewhere in the module.
    fn with_other_mains(&self, error: GoError, toolchain: &Toolchain) -> GoError {
        let GoError::NoMain { patterns, .. } = error else { return error };
        let list = self.call().list(toolchain, false);
        let all = packages::read(&list, &["./...".to_owned()]).unwrap_or_default();
        let mains = all.iter().filter(|package| package.is_selected_main());
        let elsewhere = mains.map(|package| package.import_path.clone()).collect();
        GoError::NoMain { patterns, elsewhere }
    }

    /// Warns of packages whose C code the call leaves out.
    fn warn_of_stubs(&self, wish: CgoWish, on: Events<'_>) {
        let mut stubs: Vec<&str> = Vec::new();
        for candidate in self.candidates.iter().filter(|one| one.cgo == Cgo::Off) {
            let needing = candidate.packages.iter().filter(|package| package.needs_cgo());
            stubs.extend(needing.map(|package| package.import_path.as_str()));
        }
        stubs.sort_unstable();
        stubs.dedup();
        if wish == CgoWish::Flag(false) && !stubs.is_empty() {
            let names = stubs.join(", ");
            on(Event::warning(format!("CGO_ENABLED=0 leaves out the C code of {names}")));
        }
    }
}

/// The oldest macOS that programs of Go's own linker name, since Go 1.25.
const OLDEST_MACOS: &str = "12.0";

/// The targets, each with its floor. The default floor of macOS is Go's: it links for no older one.
fn settled_floors(
    request: &Request,
    cache: &Cache,
    chosen: &[Chosen],
    on: Events<'_>,
) -> Result<Vec<(&'static Toolchain, Option<Floor>)>, BuildError> {
    let mut targets = floors::settle(request, &|_| None, cache, chosen, on)?;
    for (toolchain, floor) in &mut targets {
        let is_given =
            chosen.iter().any(|one| one.toolchain.name == toolchain.name && one.floor.is_some())
                || request.macos.is_some()
                || request.env.iter().any(|(name, _)| name == floors::DEPLOYMENT)
                || env(floors::DEPLOYMENT).is_some_and(|version| !version.is_empty());
        if !is_given && *floor == toolchain.floor && matches!(floor, Some(Floor::Macos(_))) {
            *floor = Some(Floor::Macos(OLDEST_MACOS.to_owned()));
        }
    }
    Ok(targets)
}
