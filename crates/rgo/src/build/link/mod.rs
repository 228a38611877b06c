//! Ties the link of every program to what rgo wants of it: the link shim of `rgo-toolchain` runs zig by
//! a recipe, and links room for the build's record in.

pub(super) mod inputs;
pub(super) mod note_capacity;
pub(super) mod work_dir;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::Format;
use rgo_binary::system::Os;
use rgo_edit::{NoteObject, note_object};
use rgo_files::atomic_file;
use rgo_toolchain::cargo::project;
use rgo_toolchain::cargo::targets::OutputKind;
use rgo_toolchain::event::Event;
use rgo_toolchain::exec::{self, Cmd};
use rgo_toolchain::extensions::{self, import_libraries, python};
use rgo_toolchain::native;
use rgo_toolchain::own_linker;
use rgo_toolchain::shim::{self, Recipe};
use rgo_toolchain::std_lib::{self, Origin, StdLib, StdPlan, StdRequest};
use rgo_toolchain::toolchain::{Floor, Toolchain};
use rgo_toolchain::zig::{self, Zig, ZigError};

use super::environment;
use super::prepare::Prepared;
use inputs::{LinkInputs, ShimInputs};
use note_capacity::{NoteCapacity, STEP};

/// Finds out what the links of a build need, and gets it ready.
pub(super) struct LinkPreparer<'a> {
    prepared: &'a Prepared,
    folder: Utf8PathBuf,
    own: Utf8PathBuf,
    /// Looked for once a target needs it, because not every one does.
    zig: OnceCell<Result<FoundZig, Arc<ZigError>>>,
    capacity: NoteCapacity,
}

/// A zig that is there, or will be.
struct FoundZig {
    zig: Zig,
    /// What fetches it.
    fetch: Option<Cmd>,
}

impl<'a> LinkPreparer<'a> {
    /// Does no work yet. `folder` is for the recipes.
    ///
    /// # Errors
    /// If the system does not say where this program is.
    pub(super) fn new(prepared: &'a Prepared, folder: &Utf8Path) -> Result<Self> {
        let own = exec::own_executable().context("finding rgo-build's own path")?;
        let capacity = NoteCapacity::estimate(prepared);
        Ok(Self { prepared, folder: folder.to_owned(), own, zig: OnceCell::new(), capacity })
    }

    /// The folder of the recipes.
    pub(super) fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// zig as it is, or as it will be once it is fetched.
    fn zig(&self) -> Result<&FoundZig> {
        let found = self.zig.get_or_init(|| {
            let Prepared { cache, .. } = self.prepared;
            let offline = self.is_offline();
            match zig::discover(cache, &environment::env, true, &mut |_| {}) {
                Err(ZigError::Offline { .. } | ZigError::TooOld { named: false, .. })
                    if !offline =>
                {
                    zig::to_be_fetched(cache)
                        .map(|(zig, command)| FoundZig { zig, fetch: Some(command) })
                }
                found => found.map(|zig| FoundZig { zig, fetch: None }),
            }
            .map_err(Arc::new)
        });
        found.as_ref().map_err(|error| Arc::clone(error).into())
    }

    fn is_offline(&self) -> bool {
        self.prepared.request.offline || self.prepared.request.frozen
    }

    /// What fetches zig, if a target needs it and it is not there.
    pub(super) fn fetch(&self) -> Option<Cmd> {
        self.zig.get().and_then(|found| found.as_ref().ok()).and_then(|found| found.fetch.clone())
    }

    /// Fetches zig. Whether it is what it was expected to be.
    ///
    /// # Errors
    /// If it cannot be fetched.
    pub(super) fn fetch_zig(&self, on: &mut dyn FnMut(Event)) -> Result<bool> {
        let zig = zig::discover(&self.prepared.cache, &environment::env, false, on)?;
        Ok(self.zig().is_ok_and(|expected| expected.zig == zig))
    }

    /// What the links of one target need. Nothing is changed.
    ///
    /// # Errors
    /// If something cannot be had; says what, and how to get it.
    pub(super) fn inputs(
        &self,
        toolchain: &'static Toolchain,
        floor: Option<&Floor>,
    ) -> Result<LinkInputs> {
        let Prepared { compiler, cache, trims, .. } = self.prepared;
        if toolchain.zig.is_none() {
            self.check_own_linker(toolchain)?;
        }
        let std_plan = std_lib::plan(compiler, toolchain, cache, self.is_offline())?;
        let std = planned(&std_plan);
        let mut rustflags: Vec<String> =
            std.sysroot.iter().map(|sysroot| format!("--sysroot={sysroot}")).collect();
        let mut env = BTreeMap::new();
        let zig = toolchain.zig.as_ref().map(|_| self.zig()).transpose()?;
        let recipe = zig.and_then(|found| self.recipe(toolchain, floor, &found.zig));
        let shim = match (recipe, zig) {
            (Some(recipe), Some(FoundZig { zig, .. })) => {
                let installed = recipe.places(cache, &self.own);
                rustflags.push(format!("-Clinker={}", installed.linker));
                let user = &environment::env;
                env.extend(native::env(toolchain, floor, &installed, &recipe, zig, user));
                env.extend(extensions::env(toolchain, zig, cache, user));
                env.extend(self.python(toolchain));
                let trims = trims.iter().map(|trim| format!("{}={}", trim.from, trim.to));
                env.insert(shim::TRIM.to_owned(), trims.collect::<Vec<_>>().join("\n"));
                env.extend(installed.env);
                let file = self.folder.join(format!("{}.json", toolchain.name));
                env.insert(recipe.link_variable(), file.to_string());
                Some(ShimInputs { recipe, file, capacity: self.capacity })
            }
            _ => {
                rustflags.extend(own_linker_args(toolchain, &self.note_object(toolchain)));
                None
            }
        };
        Ok(LinkInputs { rustflags, env, std_plan, std, shim })
    }

    /// Gets ready what [`Self::inputs`] says: the linker, the compilers for C code, the standard library.
    /// Whether all is as it was expected.
    ///
    /// # Errors
    /// If something cannot be had; says what, and how to get it.
    pub(super) fn install(
        &self,
        toolchain: &'static Toolchain,
        floor: Option<&Floor>,
        inputs: &LinkInputs,
        on: &mut dyn FnMut(Event),
    ) -> Result<bool> {
        let Prepared { compiler, cache, variables, .. } = self.prepared;
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
        let request = StdRequest {
            compiler,
            toolchain,
            tools: installed.as_ref(),
            cache,
            offline: self.is_offline(),
            env: &environment::env,
            names: variables,
        };
        let std = std_lib::ensure(inputs.std_plan.clone(), &request, on)?;
        if let (Some(shim), Some(installed)) = (&inputs.shim, &installed) {
            native::install(toolchain, floor, installed, &shim.recipe.sdks, cache)?;
        }
        Ok(std.sysroot == inputs.std.sysroot)
    }

    /// What brings the standard library, as shell.
    pub(super) fn std_steps(&self, toolchain: &Toolchain, inputs: &LinkInputs) -> Vec<String> {
        let Prepared { compiler, cache, variables, .. } = self.prepared;
        let installed = inputs.shim.as_ref().map(|shim| shim.recipe.places(cache, &self.own));
        inputs.std_plan.steps(&StdRequest {
            compiler,
            toolchain,
            tools: installed.as_ref(),
            cache,
            offline: self.is_offline(),
            env: &environment::env,
            names: variables,
        })
    }

    /// What a link for this target does, without a note.
    fn recipe(&self, toolchain: &Toolchain, floor: Option<&Floor>, zig: &Zig) -> Option<Recipe> {
        let Prepared { compiler, cache, info_plist, .. } = self.prepared;
        let rustc = &compiler.version.release;
        let recipe = Recipe::new(toolchain, floor, zig, rustc, cache, &environment::env)?;
        let info_plist = info_plist.clone().filter(|_| toolchain.is(Os::DARWIN));
        Some(Recipe { info_plist, ..recipe })
    }

    /// The variables of the shim for builds that outlive this run, and have no note.
    pub(super) fn lasting(&self, inputs: &LinkInputs) -> Vec<(String, String)> {
        let recipe = inputs.shim.as_ref().map(|shim| &shim.recipe);
        recipe.map(|it| it.places(&self.prepared.cache, &self.own).env).unwrap_or_default()
    }

    /// Where maturin finds Python's library, without which it makes no wheel for Windows. It has no
    /// spelling with a target in it: for a build of one target.
    pub(super) fn python_library(&self, toolchain: &Toolchain) -> Option<(String, String)> {
        let place = import_libraries::place(toolchain, &self.prepared.cache);
        let is_free = environment::env(python::LIBRARY).is_none();
        let place = place.filter(|_| self.uses_pyo3() && is_free)?;
        Some((python::LIBRARY.to_owned(), place.into_string()))
    }

    /// What pyo3 has to be told of an extension for Python.
    fn python(&self, toolchain: &Toolchain) -> BTreeMap<String, String> {
        let Prepared { project, compiler, wanted, .. } = self.prepared;
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
        python::env(toolchain, host, (&folders, root), libraries_alone, &environment::env)
    }

    fn uses_pyo3(&self) -> bool {
        self.prepared.project.checksums.keys().any(|(name, _)| name == "pyo3-build-config")
    }

    /// Where nothing can link, nothing needs to be compiled.
    fn check_own_linker(&self, toolchain: &Toolchain) -> Result<()> {
        let Prepared { configuration, compiler, cache, request, .. } = self.prepared;
        let cfg = || project::cfg(compiler, cache, Some(toolchain));
        let flags = configuration.flags(&toolchain.triple, &cfg)?;
        if own_linker::is_named_by(&flags.user) || own_linker::is_named_by(&request.rustc_flags) {
            return Ok(());
        }
        let named = configuration.linker(&toolchain.triple);
        let program = |name: &str| exec::find_program(name);
        own_linker::find(toolchain, named, std::env::consts::OS, &program)?;
        Ok(())
    }

    /// The object that the platform's own linker is given. Its path and its size are the same in every
    /// build, because another path would compile all again.
    fn note_object(&self, toolchain: &Toolchain) -> Utf8PathBuf {
        self.prepared.cache.folder("notes").join(format!("{}.obj", toolchain.name))
    }
}

/// The arguments by which the platform's own linker links the note in and keeps it.
fn own_linker_args(toolchain: &Toolchain, object: &Utf8Path) -> Vec<String> {
    let keep = match toolchain.os.format() {
        Format::Pe => ["/INCLUDE:RGO_NOTE", "/INCLUDE:RGO_AUDIT"],
        Format::Elf => ["-Wl,-u,RGO_NOTE", "-Wl,-u,RGO_AUDIT"],
        Format::MachO => ["-Wl,-u,_RGO_NOTE", "-Wl,-u,_RGO_AUDIT"],
    };
    let args = std::iter::once(object.as_str()).chain(keep);
    args.map(|arg| format!("-Clink-arg={arg}")).collect()
}

/// The object for the platform's own linker.
fn own_linker_object(toolchain: &Toolchain) -> Result<Vec<u8>> {
    let format = toolchain.os.format();
    let (capacity_note, capacity_audit) = (16 * STEP, 8 * STEP);
    let spec =
        NoteObject { format, arch: &toolchain.arch, capacity_note, capacity_audit, text: "" };
    note_object(&spec).context("making the note's object file")
}

/// The standard library as it will be once the plan is carried out.
fn planned(plan: &StdPlan) -> StdLib {
    match plan {
        StdPlan::Ready(std) => std.clone(),
        StdPlan::Rustup { .. } => StdLib { origin: Origin::Rustup, sysroot: None },
        StdPlan::Build(source) => {
            StdLib { origin: Origin::Source, sysroot: Some(source.sysroot.clone()) }
        }
    }
}
