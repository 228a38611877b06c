//! Runs the go commands of a build, several at once, and collects the linked files.

use std::io::{BufRead, BufReader, Write};
use std::process::ChildStderr;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use camino::Utf8PathBuf;
use rayon::prelude::*;
use rgo_binary::{Image, Limits};

use super::run::{GoCommand, GoRun};
use super::target::GoTarget;
use super::{GoBuild, c_library, explain, note_lines, slots};
use crate::build::compiled::{Compiled, CompiledFile, CompiledTarget};
use crate::build::error::BuildError;
use crate::build::tool_types::BuildTarget;
use crate::cargo::rebuild_reasons::{self, Rebuilt};
use crate::causes::with_causes;
use crate::event::{Event, Events};
use crate::exec::exit_code;
use crate::finish::{self, AddedRecord, Record};
use crate::go::error::GoError;
use crate::go::outputs::GoOutput;
use crate::go::rebuild_reasons::Collector;
use crate::interrupt;
use crate::output_kind::OutputKind;
use crate::secrets;
use crate::show::Show;

/// The answer of one go command.
pub struct GoAnswer {
    /// The name of its target.
    pub toolchain: &'static str,
    /// Its exit code.
    pub code: i32,
    /// What it wrote to stderr, beside its progress.
    pub stderr: String,
    /// With `--explain-rebuild`: what it compiled, and why.
    rebuilt: Vec<Rebuilt>,
    /// The files beside its shared library.
    beside: Vec<Utf8PathBuf>,
}

impl GoBuild {
    /// Runs the commands, as many at once as there are processors.
    pub(super) fn compile_all(
        &self,
        run: GoRun,
        targets: Vec<Rc<GoTarget>>,
        show: Show,
        on: Events<'_>,
    ) -> Result<Compiled<Self>, BuildError> {
        let sink = Mutex::new((show.output)());
        let answer = |command: &GoCommand| answer(command, &sink);
        let answers: Vec<Result<GoAnswer, BuildError>> =
            run.commands.par_iter().map(answer).collect();
        let mut answers: Vec<GoAnswer> = answers.into_iter().collect::<Result<_, _>>()?;
        let mut rebuilt = Vec::new();
        for answer in &mut answers {
            rebuild_reasons::join(&mut rebuilt, std::mem::take(&mut answer.rebuilt));
        }
        show_warnings(&answers, on);
        let mut compiled = Vec::new();
        for target in &targets {
            compiled.push(self.compiled(target, &run, &answers));
        }
        check_slots(&targets, &compiled)?;
        let code = answers.iter().map(|answer| answer.code).max().unwrap_or_default();
        Ok(Compiled { run, ran: answers, code, rebuilt, targets: compiled })
    }

    /// Collects the files of a target.
    fn compiled(
        &self,
        target: &Rc<GoTarget>,
        run: &GoRun,
        answers: &[GoAnswer],
    ) -> CompiledTarget<Self> {
        let (mut files, mut missing, mut unfinishable) = (Vec::new(), Vec::new(), Vec::new());
        let of_target = run.commands.iter().zip(answers);
        for (command, answer) in of_target.filter(|(_, it)| it.toolchain == target.name()) {
            for (output, path) in &command.files {
                if answer.code != 0 {
                    missing.push(output.name.clone());
                    continue;
                }
                match self.compiled_file(target, output, path, answer) {
                    Ok(file) => files.push(file),
                    Err(error) => unfinishable.push(error),
                }
            }
        }
        let (target, not_made) = (Rc::clone(target), Vec::new());
        CompiledTarget { target, files, not_made, missing, unfinishable }
    }

    fn compiled_file(
        &self,
        target: &GoTarget,
        output: &GoOutput,
        path: &Utf8PathBuf,
        answer: &GoAnswer,
    ) -> Result<CompiledFile<GoOutput>, BuildError> {
        let beside = match output.kind {
            OutputKind::Cdylib => answer.beside.clone(),
            OutputKind::Staticlib => vec![path.with_extension("h")],
            OutputKind::Bin | OutputKind::Example => Vec::new(),
        };
        let is_static = output.kind == OutputKind::Staticlib;
        let record = if is_static { Record::None } else { self.record(target, output, path)? };
        let link_with = if is_static { target.link_with.clone() } else { Vec::new() };
        Ok(CompiledFile { output: output.clone(), linked: path.clone(), beside, link_with, record })
    }

    /// The record for a file. A file of a system whose format rgo does not edit gets none.
    fn record(
        &self,
        target: &GoTarget,
        output: &GoOutput,
        path: &Utf8PathBuf,
    ) -> Result<Record, BuildError> {
        let data = finish::map(path)?;
        let Ok(image) = Image::parse(&data, &Limits::default()) else { return Ok(Record::None) };
        let go_slots = slots::in_file(&image, &target.slots).map_err(|source| {
            let doing = format!("finding the values of -X in {path}");
            BuildError::Binary { doing, source }
        })?;
        let note = note_lines::text(self, target, &output.package, &go_slots);
        let capacity = note_lines::capacity(&note, &go_slots);
        Ok(Record::Added(AddedRecord { note, capacity, go_slots }))
    }
}

/// Checks that each variable with a placeholder is in some file. A file that failed might have it.
fn check_slots(
    targets: &[Rc<GoTarget>],
    compiled: &[CompiledTarget<GoBuild>],
) -> Result<(), BuildError> {
    if !compiled.iter().all(CompiledTarget::is_complete) {
        return Ok(());
    }
    let has = |name: &str| {
        let mut records = compiled.iter().flat_map(|it| &it.files).map(|file| &file.record);
        records.any(|record| match record {
            Record::Added(added) => added.go_slots.iter().any(|slot| slot.name == name),
            Record::None | Record::Reserved(_) => false,
        })
    };
    let mut wanted = targets.iter().flat_map(|it| &it.slots).filter(|it| it.is_placeholder);
    match wanted.find(|slot| !has(&slot.name)) {
        Some(slot) => Err(GoError::Name {
            name: slot.name.clone(),
            why: "no program reads this variable, so Go's linker leaves it out".to_owned(),
            hint: "use it in the code, or leave -X out".to_owned(),
        }
        .into()),
        None => Ok(()),
    }
}

/// Where the user's stderr goes. Several commands share it.
type Sink = Mutex<Box<dyn Write + Send>>;

/// Runs one command. Shows its progress at once and keeps the rest of its output.
fn answer(command: &GoCommand, sink: &Sink) -> Result<GoAnswer, BuildError> {
    let failed = |source| BuildError::Command { doing: "running go", source };
    let mut child = command.cmd.spawn_piped().map_err(failed)?;
    // `go build` writes nothing there.
    drop(child.stdout.take());
    let mut collector = Collector::default();
    let stderr = child.stderr.take().map(|stderr| read(stderr, sink, &mut collector));
    let status = child.wait();
    if let Ok(status) = status {
        interrupt::checkpoint(status);
    }
    let again = command.cmd.args.iter().any(|arg| arg == "-a");
    let mut answer = GoAnswer {
        toolchain: &command.toolchain.name,
        code: status.map_or(1, exit_code),
        stderr: secrets::hidden(&stderr.unwrap_or_default()),
        rebuilt: explain::rebuilt(command.explain.as_ref(), collector.finish(), again)?,
        beside: Vec::new(),
    };
    let is_library = |output: &GoOutput| output.kind == OutputKind::Cdylib;
    let is_linked = answer.code == 0;
    for (_, library) in command.files.iter().filter(|(it, _)| is_linked && is_library(it)) {
        match c_library::finished(library, command.toolchain) {
            Ok(Ok(beside)) => answer.beside.extend(beside),
            Ok(Err(text)) => (answer.code, answer.stderr) = (1, text),
            Err(error) => (answer.code, answer.stderr) = (1, with_causes(&error)),
        }
    }
    Ok(answer)
}

/// Reads stderr to its end. Downloads are long work, so their lines are shown at once.
fn read(stderr: ChildStderr, sink: &Sink, collector: &mut Collector) -> String {
    let mut kept = String::new();
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while stderr.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line).into_owned();
        if text.starts_with("go: downloading ") {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            // The reader of our stderr may have closed it.
            let _ = sink.write_all(secrets::hidden(&text).as_bytes());
        } else if !collector.take(text.trim_end_matches('\n')) {
            kept.push_str(&text);
        }
        line.clear();
    }
    kept
}

/// Shows what commands that succeeded wrote: warnings of C compilers, and with `-v` the packages.
fn show_warnings(answers: &[GoAnswer], on: Events<'_>) {
    let mut shown: Vec<&str> = Vec::new();
    for answer in answers.iter().filter(|answer| answer.code == 0) {
        let text = answer.stderr.trim_end();
        if !text.is_empty() && !shown.contains(&text) {
            shown.push(text);
            on(Event::CompilerOutput(format!("{text}\n")));
        }
    }
}
