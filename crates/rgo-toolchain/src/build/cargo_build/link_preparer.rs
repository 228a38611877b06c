//! Prepares the inputs of a build's links: zig, the link shim with its recipe, the compilers for C
//! code, the standard library. First it finds out what is needed and changes nothing, because a dry
//! run stops there; then it installs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::Format;
use rgo_binary::system::Os;
use rgo_edit::{NoteObject, note_object};
use rgo_files::atomic_file;

use super::CargoBuild;
use super::link_inputs::{LinkInputs, ShimInputs};
use super::note_capacity::{NoteCapacity, STEP};
use super::target::Target;
use crate::build::context::Context;
use crate::build::error::BuildError;
use crate::build::tool::Prepare;
use crate::build::tool_types::BuildTarget;
use crate::build::zig_finder::ZigFinder;
use crate::cache::Cache;
use crate::cargo::project;
use crate::environment::env;
use crate::event::Events;
use crate::exec::{self, Cmd};
use crate::extensions::{self, import_libraries, python};
use crate::native;
use crate::output_kind::OutputKind;
use crate::own_linker;
use crate::shim::{self, Installed, Recipe};
use crate::std_lib::{self, Origin, StdLib, StdPlan, StdRequest};
use crate::toolchain::{Floor, Toolchain};
use crate::zig::{Zig, ZigError};

/// Finds the inputs of a build's links, and installs them.
pub struct LinkPreparer<'a> {
    build: &'a CargoBuild,
    folder: Utf8PathBuf,
    own: Utf8PathBuf,
    zig: ZigFinder<'a>,
    capacity: NoteCapacity,
}

impl<'a> LinkPreparer<'a> {
    /// Does no work yet. `folder` will hold the recipes.
    ///
    /// # Errors
    /// If the system does not report the path of this program.
    pub(in crate::build) fn new(
        build: &'a CargoBuild,
        folder: &Utf8Path,
    ) -> Result<Self, BuildError> {
        let own = exec::own_executable();
        let own = own.map_err(BuildError::io("finding rgo-build's own path"))?;
        let capacity = NoteCapacity::estimate(&build.project.checksums, &build.context.values);
        let Context { cache, request, .. } = &build.context;
        let zig = ZigFinder::new(cache, request.is_offline());
        Ok(Self { build, folder: folder.to_owned(), own, zig, capacity })
    }

    /// The folder of the recipes.
    pub(super) fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    fn is_offline(&self) -> bool {
        self.build.context.request.is_offline()
    }

    fn cache(&self) -> &'a Cache {
        &self.build.context.cache
    }

    /// The command that fetches zig, if a target needs it and it is not installed.
    pub(super) fn fetch(&self) -> Option<Cmd> {
        self.zig.fetch()
    }

    /// The link inputs for one target. Changes nothing.
    ///
    /// # Errors
    /// If an input is not available; the error says which, and how to get it.
    pub(super) fn inputs(
        &self,
        toolchain: &'static Toolchain,
        floor: Option<&Floor>,
    ) -> Result<LinkInputs, BuildError> {
        let (compiler, cache) = (&self.build.compiler, self.cache());
        if toolchain.zig.is_none() {
            self.check_own_linker(toolchain)?;
        }
        let std_plan = std_lib::plan(compiler, toolchain, cache, self.is_offline())?;
        let std = planned(&std_plan);
        let mut rustflags: Vec<String> =
            std.sysroot.iter().map(|sysroot| format!("--sysroot={sysroot}")).collect();
        let mut variables = BTreeMap::new();
        let zig = toolchain.zig.as_ref().map(|_| self.zig.zig()).transpose()?;
        let recipe = zig.and_then(|zig| self.recipe(toolchain, floor, zig));
        let shim = match (recipe, zig) {
            (Some(recipe), Some(zig)) => {
                let installed = recipe.places(cache, &self.own);
                rustflags.push(format!("-Clinker={}", installed.linker));
                variables.extend(native::env(toolchain, floor, &installed, &recipe, zig, &env));
                variables.extend(extensions::env(toolchain, zig, cache, &env));
                variables.extend(self.python(toolchain));
                let path_remaps = self
                    .build
                    .context
                    .path_remaps
                    .iter()
                    .map(|remap| format!("{}={}", remap.from, remap.to));
                variables.insert(
                    shim::PATH_REMAPS.to_owned(),
                    path_remaps.collect::<Vec<_>>().join("\n"),
                );
                variables.extend(installed.env);
                let file = self.folder.join(format!("{}.json", toolchain.name));
                variables.insert(recipe.link_variable(), file.to_string());
                Some(ShimInputs { recipe, file, capacity: self.capacity })
            }
            _ => {
                rustflags.extend(own_linker_args(toolchain, &self.note_object(toolchain)));
                None
            }
        };
        Ok(LinkInputs { rustflags, env: variables, std_plan, std, shim })
    }

    /// The shell commands that install the standard library.
    pub(super) fn std_steps(&self, toolchain: &Toolchain, inputs: &LinkInputs) -> Vec<String> {
        let shim = inputs.shim.as_ref();
        let installed = shim.map(|shim| shim.recipe.places(self.cache(), &self.own));
        inputs.std_plan.steps(&self.std_request(toolchain, installed.as_ref()))
    }

    fn std_request<'r>(
        &'r self,
        toolchain: &'r Toolchain,
        tools: Option<&'r Installed>,
    ) -> StdRequest<'r> {
        StdRequest {
            compiler: &self.build.compiler,
            toolchain,
            tools,
            cache: self.cache(),
            offline: self.is_offline(),
            env: &env,
            names: &self.build.variables,
        }
    }

    /// The recipe for this target's links, without a note.
    fn recipe(&self, toolchain: &Toolchain, floor: Option<&Floor>, zig: &Zig) -> Option<Recipe> {
        let rustc = &self.build.compiler.version.release;
        let recipe = Recipe::new(toolchain, floor, zig, rustc, self.cache(), &env)?;
        let info_plist = self.build.context.info_plist.clone().filter(|_| toolchain.is(Os::Darwin));
        Some(Recipe { info_plist, ..recipe })
    }

    /// The shim's variables for builds that outlive this run. They have no note.
    pub(super) fn lasting(&self, inputs: &LinkInputs) -> Vec<(String, String)> {
        let recipe = inputs.shim.as_ref().map(|shim| &shim.recipe);
        recipe.map(|it| it.places(self.cache(), &self.own).env).unwrap_or_default()
    }

    /// The variable with the path of Python's import library, without which maturin makes no wheel
    /// for Windows. Its name contains no target, so it works for a build of one target only.
    pub(super) fn python_library(&self, toolchain: &Toolchain) -> Option<(String, String)> {
        let place = import_libraries::place(toolchain, self.cache());
        let is_free = env(python::LIBRARY).is_none();
        let place = place.filter(|_| self.uses_pyo3() && is_free)?;
        Some((python::LIBRARY.to_owned(), place.into_string()))
    }

    /// Variables that configure pyo3 for a Python extension.
    fn python(&self, toolchain: &Toolchain) -> BTreeMap<String, String> {
        let CargoBuild { project, compiler, outputs: wanted, .. } = self.build;
        if !self.uses_pyo3() {
            return BTreeMap::new();
        }
        let metadata = &project.metadata;
        let is_wanted = |id| wanted.iter().any(|one| one.package == id);
        let packages = metadata.packages.iter().filter(|package| is_wanted(package.id.clone()));
        let folders: Vec<&Utf8Path> =
            packages.filter_map(|package| package.manifest_path.parent()).collect();
        let root = &metadata.workspace_root;
        let libraries_alone = wanted.iter().all(|one| one.kind == OutputKind::Cdylib);
        let host = &compiler.version.host;
        python::env(toolchain, host, (&folders, root), libraries_alone, &env)
    }

    fn uses_pyo3(&self) -> bool {
        self.build.project.checksums.keys().any(|(name, _)| name == "pyo3-build-config")
    }

    /// Fails before anything is compiled if the platform's own linker is missing.
    fn check_own_linker(&self, toolchain: &Toolchain) -> Result<(), BuildError> {
        let CargoBuild { configuration, compiler, options, .. } = self.build;
        let cfg = || project::cfg(compiler, self.cache(), Some(toolchain));
        let flags = configuration.flags(&toolchain.triple, &cfg)?;
        if own_linker::is_named_by(&flags.user) || own_linker::is_named_by(&options.rustc_flags) {
            return Ok(());
        }
        let named = configuration.linker(&toolchain.triple);
        let program = |name: &str| exec::find_program(name);
        own_linker::find(toolchain, named, std::env::consts::OS, &program)?;
        Ok(())
    }

    /// The object with the empty note, for the platform's own linker. Its path and its size are the
    /// same in every build, because cargo would compile everything again for another path.
    fn note_object(&self, toolchain: &Toolchain) -> Utf8PathBuf {
        self.cache().folder("notes").join(format!("{}.obj", toolchain.name))
    }
}

impl Prepare<Target> for LinkPreparer<'_> {
    fn fetch_zig(&self, on: Events<'_>) -> Result<bool, Arc<ZigError>> {
        self.zig.fetch_zig(on)
    }

    /// Installs what [`LinkPreparer::inputs`] found. Returns whether the sysroot is the expected one.
    fn get_ready(&self, target: &Target, on: Events<'_>) -> Result<bool, BuildError> {
        let (toolchain, inputs, cache) = (target.toolchain(), &target.link, self.cache());
        let installed = match &inputs.shim {
            Some(ShimInputs { recipe, .. }) => {
                import_libraries::ensure(toolchain, cache)?;
                Some(recipe.install(cache, &self.own)?)
            }
            None => {
                let object = own_linker_object(toolchain)?;
                atomic_file::write(&self.note_object(toolchain), &object, None)?;
                None
            }
        };
        let request = self.std_request(toolchain, installed.as_ref());
        let std = std_lib::ensure(inputs.std_plan.clone(), &request, &mut |event| on(event))?;
        if let (Some(shim), Some(installed)) = (&inputs.shim, &installed) {
            let floor = target.cargo.floor.as_ref();
            native::install(toolchain, floor, installed, &shim.recipe.sdks, cache)?;
        }
        Ok(std.sysroot == inputs.std.sysroot)
    }
}

/// Arguments that make the platform's own linker link the note and keep it.
fn own_linker_args(toolchain: &Toolchain, object: &Utf8Path) -> Vec<String> {
    let keep = match toolchain.os.format() {
        Format::Pe => ["/INCLUDE:RGO_NOTE", "/INCLUDE:RGO_AUDIT"],
        Format::Elf => ["-Wl,-u,RGO_NOTE", "-Wl,-u,RGO_AUDIT"],
        Format::MachO => ["-Wl,-u,_RGO_NOTE", "-Wl,-u,_RGO_AUDIT"],
    };
    let args = std::iter::once(object.as_str()).chain(keep);
    args.map(|arg| format!("-Clink-arg={arg}")).collect()
}

/// The bytes of the object for the platform's own linker.
fn own_linker_object(toolchain: &Toolchain) -> Result<Vec<u8>, BuildError> {
    let format = toolchain.os.format();
    let (capacity_note, capacity_audit) = (16 * STEP, 8 * STEP);
    let spec =
        NoteObject { format, arch: &toolchain.arch, capacity_note, capacity_audit, text: "" };
    note_object(&spec).map_err(|source| {
        let doing = "making the note's object file".to_owned();
        BuildError::Binary { doing, source }
    })
}

/// The standard library as it will be after the plan has run.
fn planned(plan: &StdPlan) -> StdLib {
    match plan {
        StdPlan::Ready(std) => std.clone(),
        StdPlan::Rustup { .. } => StdLib { origin: Origin::Rustup, sysroot: None },
        StdPlan::Build(source) => {
            StdLib { origin: Origin::Source, sysroot: Some(source.sysroot.clone()) }
        }
    }
}
