//! Runs cargo until the link shim has linked every file by the current recipe, with enough room for
//! the build's record. Cargo does not know the recipe, so one run may not be enough.

use std::rc::Rc;
use std::{fs, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::note_capacity::NoteCapacity;
use super::target::Target;
use super::{CargoBuild, note_lines};
use crate::build::compiled::{Compiled, CompiledFile, CompiledTarget};
use crate::build::error::BuildError;
use crate::build::tool_types::BuildTarget;
use crate::cargo::artifacts::{self, Linked};
use crate::cargo::command::CargoRun;
use crate::cargo::messages::Side;
use crate::cargo::run::{self, CargoOutcome};
use crate::cargo::targets::BuildOutput;
use crate::cargo::{deps, rebuild_reasons};
use crate::finish::{self, Content, Record, record};
use crate::output_kind::OutputKind;
use crate::show::Show;
use crate::{cmake_builds, native};

/// How often cargo may run until every file is linked by the recipe: once, once more for files of
/// an older recipe, and once for room that was too small.
const ROUNDS: usize = 3;

impl CargoBuild {
    /// Runs cargo until every output is linked by the recipe, with enough room for the build's
    /// record. One run is usually enough.
    pub(super) fn compile_all(
        &self,
        run: CargoRun,
        targets: Vec<Rc<Target>>,
        show: Show,
    ) -> Result<Compiled<Self>, BuildError> {
        let mut rooms = vec![NoteCapacity::default(); targets.len()];
        let mut rebuilt = Vec::new();
        self.forget_cmake_builds(&targets)?;
        let show = Show { hold_errors: targets.len() > 1, ..show };
        let mut stale = 0;
        for _ in 0..ROUNDS {
            for (target, room) in targets.iter().zip(&rooms) {
                target.link.write_recipe(*room)?;
            }
            let mut ran = self.run(&run, show)?;
            rebuild_reasons::join(&mut rebuilt, std::mem::take(&mut ran.rebuilt));
            let mut compiled = Vec::new();
            stale = 0;
            for (target, room) in targets.iter().zip(&mut rooms) {
                let one = self.compiled(target, &ran);
                let needed = one.files.iter().filter_map(|file| NoteCapacity::of(&file.record));
                *room = needed.fold(NoteCapacity::default(), NoteCapacity::max);
                stale += self.forget_stale(&one, *room)?;
                compiled.push(one);
            }
            if stale == 0 {
                let code = ran.code;
                return Ok(Compiled { run, ran, code, rebuilt, targets: compiled });
            }
        }
        Err(BuildError::ForeignLinker(stale))
    }

    /// Runs cargo once.
    pub(super) fn run(&self, run: &CargoRun, show: Show) -> Result<CargoOutcome, BuildError> {
        let triples: Vec<&str> = run.targets.iter().map(|it| it.triple.as_str()).collect();
        run::run(&run.cmd(), &self.project.folders, &triples, show, (show.output)())
            .map_err(|source| BuildError::Command { doing: "running cargo", source })
    }

    /// Collects the files that a run made for a target.
    fn compiled(&self, target: &Rc<Target>, ran: &CargoOutcome) -> CompiledTarget<Self> {
        let toolchain = target.toolchain();
        let (mut files, mut unfinishable) = (Vec::new(), Vec::new());
        let mut lacking = Vec::new();
        for wanted in &self.outputs {
            match artifacts::find(&ran.units, wanted, &toolchain.triple) {
                Some(linked) => match self.compiled_file(target, ran, wanted, &linked) {
                    Ok(file) => files.push(file),
                    Err(error) => unfinishable.push(error),
                },
                None if toolchain.makes(wanted.kind.crate_type()) => lacking.push(wanted),
                None => {}
            }
        }
        let (left_out, missing): (Vec<&BuildOutput>, _) =
            lacking.into_iter().partition(|wanted| ran.code == 0 && is_optional(wanted));
        CompiledTarget {
            target: Rc::clone(target),
            files,
            not_made: self.not_made(target, &left_out),
            missing: missing.into_iter().map(|wanted| wanted.name.clone()).collect(),
            unfinishable,
        }
    }

    fn compiled_file(
        &self,
        target: &Target,
        ran: &CargoOutcome,
        wanted: &BuildOutput,
        linked: &Linked<'_>,
    ) -> Result<CompiledFile<BuildOutput>, BuildError> {
        let mut beside: Vec<Utf8PathBuf> =
            linked.beside.iter().map(|path| (*path).to_owned()).collect();
        if matches!(wanted.kind, OutputKind::Cdylib | OutputKind::Staticlib) {
            beside.extend(self.header(ran, wanted, &target.toolchain().triple));
        }
        let is_static = wanted.kind == OutputKind::Staticlib;
        let record = match is_static {
            true => Record::None,
            false => Record::Reserved(self.content(target, ran, wanted, linked)?),
        };
        let libs = ran.native_libs.iter().find(|(package, _)| *package == wanted.package);
        let libs = libs.filter(|_| is_static).map(|(_, libs)| libs.clone());
        Ok(CompiledFile {
            output: wanted.clone(),
            linked: linked.file.to_owned(),
            beside,
            link_with: libs.unwrap_or_default(),
            record,
        })
    }

    /// The outputs that a target cannot have, with the reason.
    fn not_made(&self, target: &Target, left_out: &[&BuildOutput]) -> Vec<String> {
        let cannot = |one: &&BuildOutput| !target.toolchain().makes(one.kind.crate_type());
        let no_such_kind = self.outputs.iter().filter(cannot).map(|one| {
            format!("no {} of {}: the platform has none", one.kind.crate_type(), one.name)
        });
        let left_out = left_out.iter().map(|one| {
            let features = one.requires.join(", ");
            format!("no {}: it requires features that are off: {features}", one.name)
        });
        no_such_kind.chain(left_out).collect()
    }

    fn header(
        &self,
        ran: &CargoOutcome,
        wanted: &BuildOutput,
        triple: &str,
    ) -> Option<Utf8PathBuf> {
        let packages = &self.project.metadata.packages;
        let package = packages.iter().find(|package| package.id == wanted.package)?;
        let side = Side::Target(triple.to_owned());
        let of_package =
            ran.out_dirs.iter().filter(|(id, of, _)| *id == wanted.package && *of == side);
        let out_dirs: Vec<&Utf8Path> = of_package.map(|(_, _, dir)| dir.as_path()).collect();
        artifacts::header(package, &wanted.name, &out_dirs)
    }

    /// The build's record for a file.
    fn content(
        &self,
        target: &Target,
        ran: &CargoOutcome,
        wanted: &BuildOutput,
        linked: &Linked<'_>,
    ) -> Result<Content, BuildError> {
        let (compiler, project) = (&self.compiler, &self.project);
        let target_cfg = self.cfg(Some(target.toolchain()))?;
        let host_cfg = self.cfg(None)?;
        let built = deps::Built {
            units: &ran.units,
            triple: &target.toolchain().triple,
            target_cfg: &target_cfg,
            host: &compiler.version.host,
            host_cfg: &host_cfg,
            dev: wanted.kind == OutputKind::Example,
        };
        let dependencies =
            deps::of_program(&project.metadata, &project.checksums, &wanted.package, &built);
        let slots = finish::slot_names(linked.file, &finish::map(linked.file)?)?;
        let about = record::About {
            compiler: &compiler.version.line,
            name: &wanted.name,
            settings: note_lines::lines(self, target, linked.unit, &slots),
            records_sources: self.context.request.records_sources,
        };
        Ok(Content {
            note: record::text(&about, &dependencies),
            audit: record::audit_data(&dependencies).map_err(|source| {
                let doing = "compressing the list of dependencies".to_owned();
                BuildError::Binary { doing, source }
            })?,
        })
    }

    /// Makes cmake configure anew where it used another toolchain file.
    fn forget_cmake_builds(&self, targets: &[Rc<Target>]) -> Result<(), BuildError> {
        for target in targets {
            let triple = &target.toolchain().triple;
            let variable = native::cmake_variable(triple);
            if let Some(file) = target.link.env.get(&variable) {
                let build = &self.project.folders.build;
                let doing = format!("removing what cmake has configured in {build}");
                cmake_builds::forget_others(build, triple, file).map_err(BuildError::io(doing))?;
            }
        }
        Ok(())
    }

    /// Removes files that another recipe linked (an older floor, a plain `cargo build`), so that
    /// the next run links these again and nothing else. Cargo does not notice them, because it does
    /// not know the recipe. Returns their number.
    fn forget_stale(
        &self,
        compiled: &CompiledTarget<Self>,
        room: NoteCapacity,
    ) -> Result<usize, BuildError> {
        let link = &compiled.target.link;
        let stale = compiled
            .files
            .iter()
            .filter(|file| link.links(file.output.kind) && !link.linked(&file.linked, room));
        let mut count = 0;
        for file in stale {
            self.forget(&file.linked)?;
            count += 1;
        }
        Ok(count)
    }

    /// Removes a linked file where cargo keeps it. The file that cargo reports is a hard link or a
    /// copy of a file in `deps` or `examples`, or since 1.100 in the unit's own `out`. That file
    /// may have a hash in its name, and cargo's freshness check looks only at it.
    fn forget(&self, linked: &Utf8Path) -> Result<(), BuildError> {
        let remove = |path: &Utf8Path| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(BuildError::io(format!("removing {path}"))(error))
            }
            _ => Ok(()),
        };
        let name = plain(linked.file_stem().unwrap_or_default());
        let length = fs::metadata(linked).map(|metadata| metadata.len()).ok();
        let folder = linked.parent().unwrap_or(Utf8Path::new("."));
        let built = &self.project.folders;
        let inner = folder
            .strip_prefix(&built.target)
            .map_or_else(|_| folder.to_owned(), |rest| built.build.join(rest));
        let outs = cmake_builds::outs(&inner);
        for folder in outs.into_iter().chain([inner.join("deps"), inner.join("examples"), inner]) {
            for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
                let stem = plain(entry.path().file_stem().unwrap_or_default());
                let hash = stem.strip_prefix(&name).map(|rest| rest.trim_start_matches('_'));
                let ours = hash.is_some_and(|hash| {
                    hash.is_empty()
                        || hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit())
                });
                if ours && entry.metadata().ok().map(|metadata| metadata.len()) == length {
                    remove(entry.path())?;
                }
            }
        }
        remove(linked)
    }
}

/// Cargo replaces the dashes of a name by underscores in some file names and not in others.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// Whether cargo leaves an output out silently if its features are off.
fn is_optional(wanted: &BuildOutput) -> bool {
    !wanted.explicit && !wanted.requires.is_empty()
}
