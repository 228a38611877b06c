//! `rgo-strip` on a program, and what every result is held to: by readers that are not ours, by
//! the rules that loaders have, and by what `rgo-version-m` says of the program before and after.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::{Outcome, can, machine, native, run, scratch, tool};

/// What can be taken out as a whole.
pub(crate) const MODES: [&str; 3] = ["--strip-all", "--strip-debug", "--strip-unneeded"];

/// A program or library that is to be stripped.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// What it is called in messages; no two are called the same.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) file: PathBuf,
    /// Its format, as rgo calls it.
    pub(crate) format: &'static str,
    /// Whose programs it is one of, as `linux-amd64`.
    pub(crate) platform: &'static str,
    /// How it is run, if it is a program that says something.
    pub(crate) args: Option<Vec<String>>,
    /// Whether its publisher signed it, which no one else can do again.
    pub(crate) is_signed: bool,
    /// Whether its symbols tell what nothing else of it does: its main language, some of its crates.
    pub(crate) tells_by_symbols: bool,
    /// Whether only debug data tells its language.
    pub(crate) tells_by_debug_data: bool,
}

impl Subject {
    /// Strips it to another file, whatever comes of that.
    pub(crate) fn strip(&self, args: &[&str], output: &Path) -> Outcome {
        let mut strip = tool("rgo-strip");
        Outcome::of(strip.args(args).arg("-o").arg(output).arg(&self.file))
    }

    /// The flag that allows `rgo-strip` to void the signature of the publisher, if there is one.
    pub(crate) fn voids_signature(&self) -> &'static [&'static str] {
        match (self.is_signed, self.format) {
            (false, _) => &[],
            (true, "macho") => &["--sign=adhoc"],
            (true, _) => &["--sign=none"],
        }
    }

    /// A folder for its results, one of which has the file's own name in it.
    pub(crate) fn folder(&self, test: &str) -> Results {
        Results(scratch(&format!("strip-{test}-{}", self.name.replace(['/', ' '], "-"))))
    }

    /// The name of its file.
    pub(crate) fn file_name(&self) -> &str {
        self.file.file_name().and_then(|name| name.to_str()).expect("a name")
    }
}

/// A folder that goes when it has been looked at: some programs are large.
pub(crate) struct Results(PathBuf);

impl Results {
    /// A place in it for a program of this name, apart from others of this name.
    pub(crate) fn place(&self, apart: &str, name: &str) -> PathBuf {
        let folder = self.0.join(apart.trim_start_matches('-'));
        fs::create_dir_all(&folder).expect("made");
        folder.join(name)
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Strips a program in every mode, and holds each result to everything below. Answers the results.
#[track_caller]
pub(crate) fn sound_in_every_mode(
    subject: &Subject,
    more: &[&str],
    folder: &Results,
) -> Vec<PathBuf> {
    let results: Vec<PathBuf> = MODES
        .iter()
        .map(|mode| {
            let output = folder.place(mode, subject.file_name());
            let args: Vec<&str> = more.iter().copied().chain([*mode]).collect();
            let outcome = subject.strip(&args, &output).ended(0);
            assert_eq!(outcome.stdout, "", "{mode} {}", subject.name);
            output
        })
        .collect();
    for (mode, result) in MODES.iter().zip(&results) {
        let what = format!("{} {mode}", subject.name);
        let (before, after) = (size(&subject.file), size(result));
        assert!(after <= before, "{what}: {before} -> {after} bytes");
        accepted(subject, result, &what);
        let again = folder.place("again", subject.file_name());
        Outcome::of(tool("rgo-strip").arg(mode).arg("-o").arg(&again).arg(result)).ended(0);
        assert!(
            fs::read(&again).expect("read") == fs::read(result).expect("read"),
            "{what}: twice"
        );
    }
    let files: Vec<&Path> = std::iter::once(&subject.file).chain(&results).map(|f| &**f).collect();
    well_formed(&files);
    results
}

/// What readers complain about in the result they complained about in the input.
#[track_caller]
pub(crate) fn accepted(subject: &Subject, result: &Path, what: &str) {
    let mut readers = vec![vec![machine().must("RGO_TEST_LLVM_READOBJ"), "--all".to_owned()]];
    if subject.format == "elf" && can("readelf") {
        readers.push(vec!["readelf".to_owned(), "-aW".to_owned()]);
    }
    for reader in readers {
        let ([before, before_ok], [after, after_ok]) =
            (complaints_of_input(&reader, &subject.file), complaints(&reader, result));
        let new: Vec<_> = after.difference(&before).collect();
        assert!(new.is_empty(), "{what}: {reader:?} says of the result alone: {new:#?}");
        assert!(after_ok.is_empty() || !before_ok.is_empty(), "{what}: {reader:?} fails");
    }
    // The strictest of them, which few programs of today's linkers pass.
    if subject.format == "elf" && can("eu-elflint") {
        let passes = |file: &Path| {
            let mut lint = native("eu-elflint");
            let lint = lint.args(["--quiet", "--gnu-ld"]).arg(file);
            lint.output().expect("eu-elflint runs").status.success()
        };
        assert!(passes(result) || !passes(&subject.file), "{what}: eu-elflint");
    }
}

/// The [`complaints`] of a file that never changes: each reader reads it once, and it is large.
fn complaints_of_input(reader: &[String], file: &Path) -> [BTreeSet<String>; 2] {
    type Known = HashMap<(Vec<String>, PathBuf), [BTreeSet<String>; 2]>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let key = (reader.to_vec(), file.to_owned());
    let known = |known: &mut Option<Known>| known.get_or_insert_default().get(&key).cloned();
    let lock = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known(&mut lock()) {
        return found;
    }
    let found = complaints(reader, file);
    lock().get_or_insert_default().insert(key, found.clone());
    found
}

/// What a reader writes besides its data, and that it failed, if it did.
fn complaints(reader: &[String], file: &Path) -> [BTreeSet<String>; 2] {
    let mut command = native(&reader[0]);
    command.args(&reader[1..]).arg(file).stdout(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let path = file.display().to_string();
    let text = String::from_utf8_lossy(&output.stderr).replace(&path, "");
    let failed = (!output.status.success()).then(|| output.status.to_string());
    [text.lines().map(str::to_owned).collect(), failed.into_iter().collect()]
}

/// Loaders' rules, and every page of a signature, by lief and a few lines of Python.
const WELL_FORMED: &str = include_str!("well_formed.py");

#[track_caller]
pub(crate) fn well_formed(files: &[&Path]) {
    let mut python = native(machine().must("RGO_TEST_PYTHON"));
    let said = Outcome::of(python.args(["-c", WELL_FORMED]).args(files)).ended(0).stdout;
    let said: Vec<Vec<String>> = serde_json::from_str(&said).expect("JSON");
    let (before, after) = said.split_first().expect("the input");
    for (file, said) in files[1..].iter().zip(after) {
        let new: Vec<_> = said.iter().filter(|one| !before.contains(one)).collect();
        assert!(new.is_empty(), "{}: {new:#?}", file.display());
    }
}

/// What `rgo-version-m` says of a program, without what stripping is there to change.
pub(crate) fn told(file: &Path) -> Vec<Value> {
    let mut command = tool("rgo-version-m");
    let outcome = Outcome::of(command.args(["--facts", "--format", "json"]).arg(file)).ended(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let mut answers = answer["files"].as_array().expect("files").clone();
    for answer in &mut answers {
        let answer = answer.as_object_mut().expect("an object");
        answer.remove("file");
        let Some(facts) = answer.get_mut("facts").and_then(Value::as_object_mut) else { continue };
        for gone in ["size_bytes", "debug", "build_paths"] {
            facts.remove(gone);
        }
        // There are fewer pages to be signed.
        let directories = facts
            .get_mut("signature")
            .and_then(|it| it["apple"]["directories"].as_array_mut().map(std::mem::take));
        for mut directory in directories.into_iter().flatten() {
            assert_eq!(directory["holds"], "yes", "{}", file.display());
            directory.as_object_mut().expect("an object").remove("pages");
        }
    }
    answers
}

/// A file's size.
pub(crate) fn size(file: &Path) -> u64 {
    fs::metadata(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).len()
}

/// Ends with the command's success, and its words if not.
#[track_caller]
pub(crate) fn done(command: &mut Command) {
    let line = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| panic!("{line}: {error}"));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {words}");
}

/// What a program does: how it ends and what it says, where this machine can run it. Where it lies
/// and the number of its process are no part of that.
pub(crate) fn does(subject: &Subject, file: &Path) -> Option<(Option<i32>, String, String)> {
    let args: Vec<&str> = subject.args.as_ref()?.iter().map(String::as_str).collect();
    let outcome = run(subject.platform, file, &args)?;
    let folder = file.parent().expect("a folder").display().to_string();
    let plain = |text: &str| {
        let text = text.replace(&folder, "").replace(&folder.replace('/', "\\"), "");
        let lines = text.lines().map(|line| match line.split_once("pid ") {
            Some((before, _)) => before.to_owned(),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    Some((outcome.code, plain(&outcome.stdout), plain(&outcome.stderr)))
}

/// Wine may lose a process of its own, or a connection to one, as sessions begin and end, and says
/// so in the program's place. What a program is to blame for happens again.
const ATTEMPTS: usize = 3;

/// What a program does when Wine says nothing of itself, or the last time.
fn does_at_last(subject: &Subject, file: &Path) -> Option<(Option<i32>, String, String)> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        last = does(subject, file);
        let of_wine = |(_, _, said): &(Option<i32>, String, String)| {
            said.lines().any(|line| line.starts_with("wine"))
        };
        if !last.as_ref().is_some_and(of_wine) {
            break;
        }
    }
    last
}

/// Holds that the results do what the input does. Answers whether this machine could see it.
#[track_caller]
pub(crate) fn same_behaviour(subject: &Subject, results: &[PathBuf]) -> bool {
    let Some(before) = does_at_last(subject, &subject.file) else { return false };
    let said = !before.1.is_empty() || !before.2.is_empty();
    assert!(said && before.0.is_some(), "{} does nothing: {before:?}", subject.name);
    for result in results {
        assert_eq!(does_at_last(subject, result).as_ref(), Some(&before), "{}", result.display());
    }
    true
}
