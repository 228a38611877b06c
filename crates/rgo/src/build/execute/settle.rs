//! Runs cargo until every file is linked the way it should be: by the recipe, and with room for what
//! goes into it.

use std::rc::Rc;
use std::{fs, io};

use anyhow::{Context, Result, anyhow};
use camino::Utf8Path;
use rgo_toolchain::cargo::command::CargoRun;
use rgo_toolchain::cargo::rebuild_reasons;
use rgo_toolchain::cargo::run::{self, Ran, Show};
use rgo_toolchain::{cmake_builds, native};

use super::super::link::note_capacity::NoteCapacity;
use super::super::target::Target;
use super::Execution;
use crate::app::error::Annotate;
use rgo_toolchain::cargo::artifacts::Linked;
use rgo_toolchain::finish::Content;

/// What cargo made in one run, linked the way it should be.
pub(super) struct Settled {
    pub run: CargoRun,
    /// Its targets.
    pub targets: Vec<Rc<Target>>,
    pub ran: Ran,
    /// Per target of the run: each linked file of what is wanted, with what goes into it.
    pub contents: Vec<Vec<(usize, Option<Content>)>>,
}

/// How often cargo may run until every file is linked by the recipe: once, once more for files
/// of an older recipe, and once for room that proved too small.
const ROUNDS: usize = 3;

impl Execution<'_> {
    /// Runs cargo until every file that is wanted was linked by the recipe, with room enough for
    /// what goes into it. Usually that is once.
    pub(super) fn settle(&self, run: CargoRun) -> Result<Settled> {
        let targets = self.plan.targets_of(&run);
        let mut room = vec![NoteCapacity::default(); targets.len()];
        let mut round = 1;
        let mut rebuilt = Vec::new();
        self.forget_cmake_builds(&targets)?;
        loop {
            for (target, room) in targets.iter().zip(&room) {
                target.link.write_recipe(*room)?;
            }
            let mut ran = self.cargo(&run, targets.len() > 1)?;
            let mut contents = Vec::new();
            let mut stale = 0;
            for (target, room) in targets.iter().zip(&mut room) {
                let of_target = self.contents(target, &ran)?;
                *room = of_target
                    .iter()
                    .filter_map(|(_, content)| content.as_ref())
                    .map(NoteCapacity::of)
                    .fold(NoteCapacity::default(), NoteCapacity::max);
                stale += self.forget_stale(target, &ran, *room)?;
                contents.push(of_target);
            }
            rebuild_reasons::join(&mut rebuilt, std::mem::take(&mut ran.rebuilt));
            if stale == 0 {
                ran.rebuilt = rebuilt;
                return Ok(Settled { run, targets, ran, contents });
            }
            if round == ROUNDS {
                return Err(anyhow!("{stale} files were not linked by rgo's linker")
                    .hint("is `linker` set by --rustc-flag or --config? try -a"));
            }
            round += 1;
        }
    }

    /// Has cmake start anew where it was told another toolchain file.
    fn forget_cmake_builds(&self, targets: &[Rc<Target>]) -> Result<()> {
        for target in targets {
            let triple = &target.toolchain().triple;
            let variable = native::cmake_variable(triple);
            if let Some(file) = target.link.env.get(&variable) {
                let build = &self.prepared.project.folders.build;
                cmake_builds::forget_others(build, triple, file)
                    .with_context(|| format!("removing what cmake has configured in {build}"))?;
            }
        }
        Ok(())
    }

    pub(super) fn cargo(&self, run: &CargoRun, hold_errors: bool) -> Result<Ran> {
        let triples: Vec<&str> = run.targets.iter().map(|it| it.triple.as_str()).collect();
        let show = Show { hold_errors, ..self.show };
        let folders = &self.prepared.project.folders;
        run::run(&run.cmd(), folders, &triples, show, Box::new(io::stderr()))
            .context("running cargo")
    }

    /// Cargo does not know what the link shim did. A file that was linked by another recipe (an
    /// older floor, a plain `cargo build`) is removed, so that the next run links it again, and
    /// nothing else. Gives how many there were.
    fn forget_stale(&self, target: &Target, ran: &Ran, room: NoteCapacity) -> Result<usize> {
        let mut stale = 0;
        for (linked, wanted) in self.linked(target, ran) {
            if target.link.links(self.prepared.wanted[wanted].kind)
                && !target.link.linked(linked.file, room)
            {
                self.forget(&linked)?;
                stale += 1;
            }
        }
        Ok(stale)
    }

    /// Removes a linked file where cargo keeps it: what it hands out is a hard link or a copy of
    /// a file in `deps` or `examples`, or since 1.100 in a unit's own `out`, which may have a hash in
    /// its name, and it looks at that one alone.
    fn forget(&self, linked: &Linked<'_>) -> Result<()> {
        let remove = |path: &Utf8Path| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {path}"))
            }
            _ => Ok(()),
        };
        let name = plain(linked.file.file_stem().unwrap_or_default());
        let length = fs::metadata(linked.file).map(|metadata| metadata.len()).ok();
        let folder = linked.file.parent().unwrap_or(Utf8Path::new("."));
        let built = &self.prepared.project.folders;
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
        remove(linked.file)
    }
}

/// Cargo writes a dash of a name as an underscore in some file names and not in others.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}
