//! Ties the link of every program to what rgo wants of it: the link shim of `rgo-toolchain`
//! runs zig, and `rgo-binary` makes the empty note that is linked in.
//! A hash of the whole recipe is the note's first text: by it the executor sees
//! whether a file was linked the way it should be.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Arch, Format, Limits, slices};
use rgo_edit::{NoteObject, note_object};
use rgo_toolchain::cache::Cache;
use rgo_toolchain::cargo::project;
use rgo_toolchain::cargo::targets::OutputKind;
use rgo_toolchain::event::Event;
use rgo_toolchain::exec;
use rgo_toolchain::extensions::{self, import_libraries, python};
use rgo_toolchain::interrupt::Temporary;
use rgo_toolchain::native;
use rgo_toolchain::own_linker;
use rgo_toolchain::shim::{self, NoteRoom, Recipe};
use rgo_toolchain::std_lib::{self, Origin, Sought, StdLib, StdPlan};
use rgo_toolchain::toolchain::{Floor, Toolchain};
use rgo_toolchain::zig::{self, Zig, ZigError};

use super::environment;
use super::finish::{self, Content};
use super::prepare::Prepared;
use crate::app::terminal;
use rgo_files::atomic_file;

/// Room for what goes into a program, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Capacities {
    /// Text of `.rgo-bi`.
    note: u32,
    /// `.dep-v0`.
    audit: u32,
}

/// Room is given in steps of this many bytes, so that small changes of what goes in do not make
/// every program be linked again.
const STEP: u32 = 4096;

impl Capacities {
    /// Room enough for most programs of this project, whatever its target and features. Nothing
    /// that differs between two builds of the same commit for the same target may have a say.
    fn estimate(prepared: &Prepared) -> Self {
        let locked = &prepared.project.checksums;
        let names: usize = locked.keys().map(|(name, version)| name.len() + version.len()).sum();
        // A `dep` line has some 90 bytes beside the name and version, most of it the checksum;
        // a package of the dependency list takes under 60 once compressed.
        let values: usize = prepared.values.iter().map(|(n, v)| n.len() + v.len() + 16).sum();
        // Values change from build to build: they share one step of their own.
        let note = round(locked.len() * 100 + names * 2 + 2048) + round(values.max(1));
        Self { note, audit: round(locked.len() * 60 + names + 256) }
    }

    /// Room for exactly this.
    pub(super) fn of(content: &Content) -> Self {
        Self { note: round(content.note.len()), audit: round(content.audit.len()) }
    }

    /// The larger of both, each by itself.
    pub(super) fn max(self, other: Self) -> Self {
        Self { note: self.note.max(other.note), audit: self.audit.max(other.audit) }
    }
}

fn round(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX / 2).next_multiple_of(STEP)
}

/// A folder for what only this run needs.
pub(super) struct Work {
    folder: Utf8PathBuf,
    /// Removes the folder when it goes.
    #[allow(dead_code)]
    guard: Option<Temporary>,
    kept: bool,
}

impl Work {
    /// Makes the folder; it goes with the value, unless it is to be kept: then it is named, as
    /// go's `-work` does. A dry run makes none, and names it as a variable.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn new(cache: &Cache, keep: bool, dry_run: bool) -> Result<Self> {
        if dry_run {
            return Ok(Self { folder: "$WORK".into(), guard: None, kept: false });
        }
        if keep {
            // What is kept for the user is not in the cache, which is rgo's.
            let made = tempfile::Builder::new().prefix("rgo-build-").tempdir();
            let folder = utf8(made.context("making a working folder")?.keep())?;
            terminal::eprint_line(&format_args!("WORK={folder}"));
            return Ok(Self { folder, guard: None, kept: true });
        }
        let guard = Temporary::new(cache.work_folder()?.keep());
        let folder = utf8(guard.path().to_owned())?;
        Ok(Self { folder, guard: Some(guard), kept: false })
    }

    /// The folder, if it is kept.
    #[must_use]
    pub(super) fn kept(&self) -> Option<Utf8PathBuf> {
        self.kept.then(|| self.folder.clone())
    }
}

fn utf8(folder: PathBuf) -> Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(folder)
        .map_err(|path| anyhow!("the temporary folder {} is not UTF-8", path.display()))
}

/// Prepares the links of one build.
pub(super) struct Linker<'a> {
    prepared: &'a Prepared,
    work: &'a Work,
    dry_run: bool,
    own: Utf8PathBuf,
    /// Looked for once a target needs it, because not every one does.
    zig: OnceCell<Result<FoundZig, Arc<ZigError>>>,
    capacities: Capacities,
}

struct FoundZig {
    zig: Zig,
    /// For a dry run: what would fetch it first.
    fetch: Option<String>,
}

/// How one target's programs are linked.
pub(super) struct Linking {
    /// Rust flags that this needs: the linker, the standard library.
    pub rustflags: Vec<String>,
    /// Variables for C code and for the shim.
    pub env: BTreeMap<String, String>,
    /// Where the standard library comes from.
    pub std: Option<Origin>,
    /// For a dry run: what would be done first, as shell.
    pub steps: Vec<String>,
    /// zig's version, if zig links.
    pub zig_version: Option<String>,
    offered: Option<Offered>,
}

/// What the link shim is told, and where.
struct Offered {
    recipe: Recipe,
    /// The file that the shim reads.
    file: Utf8PathBuf,
    capacities: Capacities,
}

impl<'a> Linker<'a> {
    /// Does no work yet.
    ///
    /// # Errors
    /// If the system does not say where this program is.
    pub(super) fn new(prepared: &'a Prepared, work: &'a Work, dry_run: bool) -> Result<Self> {
        let own = exec::own_executable().context("finding rgo-build's own path")?;
        let capacities = Capacities::estimate(prepared);
        Ok(Self { prepared, work, dry_run, own, zig: OnceCell::new(), capacities })
    }

    /// zig, fetched if need be. A dry run fetches nothing, and says what it would.
    fn zig(&self, on: &mut dyn FnMut(Event)) -> Result<&FoundZig> {
        let found = self.zig.get_or_init(|| {
            let Prepared { request, cache, .. } = self.prepared;
            let offline = request.offline || request.frozen;
            match zig::discover(cache, &environment::env, offline || self.dry_run, on) {
                Err(ZigError::Offline { .. } | ZigError::TooOld { named: false, .. })
                    if !offline =>
                {
                    zig::to_be_fetched(cache)
                        .map(|(zig, command)| FoundZig { zig, fetch: Some(command.to_string()) })
                }
                found => found.map(|zig| FoundZig { zig, fetch: None }),
            }
            .map_err(Arc::new)
        });
        found.as_ref().map_err(|error| Arc::clone(error).into())
    }

    /// Gets ready what the links of one target need: its standard library, its shim, the
    /// compilers for C code.
    ///
    /// # Errors
    /// If something cannot be had; says what, and how to get it.
    pub(super) fn prepare(
        &self,
        toolchain: &'static Toolchain,
        floor: Option<&Floor>,
        on: &mut dyn FnMut(Event),
    ) -> Result<Linking> {
        let prepared = self.prepared;
        let compiler = &prepared.compiler;
        let found = if toolchain.zig.is_some() {
            Some(self.zig(on)?)
        } else {
            self.check_own_linker(toolchain)?;
            None
        };
        let zig = found.map(|found| &found.zig);
        let recipe = zig.and_then(|zig| self.recipe(toolchain, floor, zig));
        let installed = match &recipe {
            Some(recipe) if self.dry_run => Some(recipe.places(&prepared.cache, &self.own)),
            Some(recipe) => {
                import_libraries::ensure(toolchain, &prepared.cache)?;
                Some(recipe.install(&prepared.cache, &self.own)?)
            }
            None => None,
        };
        let sought = Sought {
            compiler,
            toolchain,
            tools: installed.as_ref(),
            cache: &prepared.cache,
            offline: prepared.request.offline || prepared.request.frozen,
            env: &environment::env,
            names: &prepared.variables,
        };
        let plan = std_lib::plan(compiler, toolchain, &prepared.cache, sought.offline)?;
        let mut steps: Vec<String> =
            found.and_then(|found| found.fetch.clone()).into_iter().collect();
        steps.extend(plan.steps(&sought));
        let std = if self.dry_run { planned(plan) } else { std_lib::ensure(plan, &sought, on)? };

        let mut rustflags = Vec::new();
        let mut env: BTreeMap<String, String> = BTreeMap::new();
        if let Some(sysroot) = &std.sysroot {
            rustflags.push(format!("--sysroot={sysroot}"));
        }
        let offered = match (recipe, &installed, zig) {
            (Some(recipe), Some(installed), Some(zig)) => {
                rustflags.push(format!("-Clinker={}", installed.linker));
                if !self.dry_run {
                    native::install(toolchain, floor, installed, &recipe.sdks, &prepared.cache)?;
                }
                let user = &environment::env;
                env.extend(native::env(toolchain, floor, installed, &recipe, zig, user));
                env.extend(extensions::env(toolchain, zig, &prepared.cache, user));
                env.extend(self.python(toolchain));
                let trims = prepared.trims.iter().map(|trim| format!("{}={}", trim.from, trim.to));
                env.insert(shim::TRIM.to_owned(), trims.collect::<Vec<_>>().join("\n"));
                env.extend(installed.env.iter().cloned());
                let file = self.work.folder.join(format!("{}.json", toolchain.name));
                env.insert(recipe.link_variable(), file.to_string());
                Some(Offered { file, capacities: self.capacities, recipe })
            }
            _ => {
                rustflags.extend(self.without_shim(toolchain)?);
                None
            }
        };
        Ok(Linking {
            rustflags,
            env,
            std: Some(std.origin),
            steps,
            zig_version: offered.as_ref().map(|offered| offered.recipe.zig_version.clone()),
            offered,
        })
    }

    /// What a link for this target does, without a note.
    fn recipe(&self, toolchain: &Toolchain, floor: Option<&Floor>, zig: &Zig) -> Option<Recipe> {
        let Prepared { compiler, cache, info_plist, .. } = self.prepared;
        let rustc = &compiler.version.release;
        let recipe = Recipe::new(toolchain, floor, zig, rustc, cache, &environment::env)?;
        let info_plist = info_plist.clone().filter(|_| toolchain.is("darwin"));
        Some(Recipe { info_plist, ..recipe })
    }

    /// The variables of the shim for builds that outlive this run, and have no note.
    ///
    /// # Errors
    /// If zig is not to be had.
    pub(super) fn lasting(
        &self,
        toolchain: &Toolchain,
        floor: Option<&Floor>,
    ) -> Result<Vec<(String, String)>> {
        if toolchain.zig.is_none() {
            return Ok(Vec::new());
        }
        let zig = &self.zig(&mut |_| {})?.zig;
        let recipe = self.recipe(toolchain, floor, zig);
        let installed = recipe.map(|it| it.install(&self.prepared.cache, &self.own)).transpose()?;
        Ok(installed.map(|installed| installed.env).unwrap_or_default())
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

    /// Where the platform's own linker links, the note is an argument like any other. Its path
    /// and its size are the same in every build, because another path would compile all again.
    fn without_shim(&self, toolchain: &Toolchain) -> Result<Vec<String>> {
        let room = Capacities { note: 16 * STEP, audit: 8 * STEP };
        let object = self.prepared.cache.folder("notes").join(format!("{}.obj", toolchain.name));
        let (format, arch) = (format(toolchain), arch(toolchain));
        if !self.dry_run {
            atomic_file::write(&object, &object_file(format, &arch, room, "")?, None)?;
        }
        let keep = match format {
            Format::Pe => ["/INCLUDE:RGO_NOTE", "/INCLUDE:RGO_AUDIT"],
            Format::Elf => ["-Wl,-u,RGO_NOTE", "-Wl,-u,RGO_AUDIT"],
            Format::MachO => ["-Wl,-u,_RGO_NOTE", "-Wl,-u,_RGO_AUDIT"],
        };
        let args = std::iter::once(object.as_str()).chain(keep);
        Ok(args.map(|arg| format!("-Clink-arg={arg}")).collect())
    }
}

impl Linking {
    /// Writes the recipe that the shim follows, with room for at least this.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn offer(&self, least: Capacities) -> Result<()> {
        let Some(offered) = &self.offered else { return Ok(()) };
        let room = offered.capacities.max(least);
        let note =
            NoteRoom { note_bytes: room.note, audit_bytes: room.audit, text: offered.id(room) };
        let recipe = Recipe { note: Some(note), ..offered.recipe.clone() };
        atomic_file::write(&offered.file, &serde_json::to_vec(&recipe)?, None)?;
        Ok(())
    }

    /// Where the standard library comes from, for the note: rustup's is the same library whether
    /// it was there before the build or came with it.
    #[must_use]
    pub(super) fn std_word(&self) -> &'static str {
        match self.std {
            Some(Origin::Source) => "source",
            Some(Origin::Prebuilt | Origin::Rustup) => "prebuilt",
            None => "",
        }
    }

    /// Whether files of this kind are linked by the shim.
    #[must_use]
    pub(super) fn links(&self, kind: OutputKind) -> bool {
        self.offered.is_some() && kind != OutputKind::Staticlib
    }

    /// Whether a file was linked as [`Self::offer`] says.
    #[must_use]
    pub(super) fn made(&self, file: &Utf8Path, least: Capacities) -> bool {
        let Some(offered) = &self.offered else { return true };
        let id = offered.id(offered.capacities.max(least));
        finish::map(file).is_ok_and(|data| {
            slices(&data, &Limits::default()).is_ok_and(|slices| {
                slices.iter().all(|slice| {
                    rgo_note::find(&slice.image)
                        .is_ok_and(|found| found.is_some_and(|n| n.text == id))
                })
            })
        })
    }
}

impl Offered {
    /// Names everything that the bytes of a linked file depend on, beside cargo's inputs. No
    /// path of this machine may be among it: linkers hash it into build IDs.
    fn id(&self, room: Capacities) -> String {
        let Recipe { zig_version, zig_target, static_pie, build_id, sdks, info_plist, .. } =
            &self.recipe;
        let sdks: Vec<String> = sdks.iter().map(|sdk| shim::sdk_name(sdk)).collect();
        let plist = info_plist.as_ref().map_or("-", |plist| plist.hash.as_str());
        format!(
            "build\trgo.link={zig_version} {zig_target} {static_pie} {build_id} {} {} {} {} {} {plist}\n",
            env!("CARGO_PKG_VERSION"),
            shim::REVISION,
            room.note,
            room.audit,
            sdks.join("+")
        )
    }
}

/// The standard library as it will be once the plan is carried out.
fn planned(plan: StdPlan) -> StdLib {
    match plan {
        StdPlan::Ready(std) => std,
        StdPlan::Rustup { .. } => StdLib { origin: Origin::Rustup, sysroot: None },
        StdPlan::Build(source) => StdLib { origin: Origin::Source, sysroot: Some(source.sysroot) },
    }
}

fn object_file(format: Format, arch: &Arch, room: Capacities, text: &str) -> Result<Vec<u8>> {
    let spec =
        NoteObject { format, arch, capacity_note: room.note, capacity_audit: room.audit, text };
    note_object(&spec).context("making the note's object file")
}

fn format(toolchain: &Toolchain) -> Format {
    match toolchain.os.as_str() {
        "darwin" => Format::MachO,
        "windows" => Format::Pe,
        _ => Format::Elf,
    }
}

fn arch(toolchain: &Toolchain) -> Arch {
    match toolchain.arch.as_str() {
        "amd64" => Arch::Amd64,
        "arm64" => Arch::Arm64,
        other => Arch::Other(other.to_owned()),
    }
}
