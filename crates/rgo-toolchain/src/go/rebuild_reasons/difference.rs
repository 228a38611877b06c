//! Compares the inputs of an action in two builds, and says in words what differs.

use std::collections::BTreeMap;

use super::input::{Subject, subjects};
use super::inputs::unquote;

/// How many packages, files or versions a reason lists.
const LISTED: usize = 4;

const DEPENDENCY: &str = "its dependency ";
const DEPENDENCIES: &str = "its dependencies ";
const MAIN: &str = "its main package was compiled again";

/// Whether a reason is only that another package changed.
pub(super) fn is_of_dependency(reason: &str) -> bool {
    reason.starts_with(DEPENDENCY) || reason.starts_with(DEPENDENCIES) || reason == MAIN
}

/// Why these inputs have another hash, the cause first. Never empty.
pub(super) fn reasons(before: &[&str], now: &[&str]) -> Vec<String> {
    let (before, now) = (by_subject(before), by_subject(now));
    let mut changes: BTreeMap<Subject<'_>, Change<'_>> = BTreeMap::new();
    for (subject, value) in &now {
        let old = before.get(subject).copied();
        if old != Some(value) {
            changes.insert(*subject, Change { old, new: Some(value) });
        }
    }
    for (subject, value) in &before {
        if !now.contains_key(subject) {
            changes.insert(*subject, Change { old: Some(value), new: None });
        }
    }
    if let Some(change) = changes.get(&Subject::Go) {
        // It changes the hash of every package.
        return vec![format!("another Go: {}", change.in_words())];
    }
    let mut reasons: Vec<String> = Vec::new();
    for (subject, change) in &changes {
        for reason in of_change(*subject, *change) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    reasons.extend(of_lists(&changes));
    if reasons.is_empty() {
        reasons.push(match changes.contains_key(&Subject::Main) {
            true => MAIN.to_owned(),
            false => "its inputs are in another order".to_owned(),
        });
    }
    reasons
}

/// A value in two builds.
#[derive(Clone, Copy)]
struct Change<'l> {
    old: Option<&'l str>,
    new: Option<&'l str>,
}

impl Change<'_> {
    fn in_words(&self) -> String {
        let shown = |value: Option<&str>| match value {
            None | Some("") => "none".to_owned(),
            Some(value) => value.to_owned(),
        };
        format!("{} -> {}", shown(self.old), shown(self.new))
    }
}

fn by_subject<'l>(lines: &[&'l str]) -> BTreeMap<Subject<'l>, &'l str> {
    lines.iter().flat_map(|line| subjects(line)).collect()
}

/// The reasons of a change that is not one of a list.
fn of_change(subject: Subject<'_>, change: Change<'_>) -> Vec<String> {
    let words = change.in_words();
    vec![match subject {
        Subject::Tool(name) => format!("another Go: its {name} changed"),
        Subject::Flags(name) => format!("flags changed: {name}"),
        Subject::Module => format!("its module's version changed: {words}"),
        Subject::Folder => {
            "its folder has another path, which -trimpath would leave out".to_owned()
        }
        Subject::Language => format!("the Go version in its go.mod changed: {words}"),
        Subject::Trimpath => "flags changed: -trimpath".to_owned(),
        Subject::CCall(name) => {
            format!("{name}, its flags (CGO_CFLAGS, CGO_LDFLAGS …) or #cgo lines changed")
        }
        Subject::CCompiler("CXX") => "the C++ compiler changed".to_owned(),
        Subject::CCompiler("FC") => "the Fortran compiler changed".to_owned(),
        Subject::CCompiler(_) => "the C compiler changed".to_owned(),
        Subject::BuildInfo => return of_build_info(change),
        Subject::Profile => "the profile changed: -pgo".to_owned(),
        Subject::Cover => "flags changed: -cover".to_owned(),
        Subject::BuildMode => format!("the kind of build or the target changed: {words}"),
        Subject::Variable(name) => format!("{name} changed: {words}"),
        Subject::Other("omitdebug") => "whether it has debug data changed".to_owned(),
        Subject::Other("defaultgodebug") => {
            "the default of GODEBUG changed, which the `go` line of go.mod sets".to_owned()
        }
        Subject::Other(word) => format!("{word} changed: {words}"),
        Subject::Go | Subject::Main | Subject::File(_) | Subject::Package(_) => return Vec::new(),
    }]
}

/// The reasons that name files and packages.
fn of_lists(changes: &BTreeMap<Subject<'_>, Change<'_>>) -> Vec<String> {
    let mut files: [Vec<&str>; 3] = Default::default();
    let mut packages: [Vec<&str>; 3] = Default::default();
    for (subject, change) in changes {
        let (lists, name) = match subject {
            Subject::File(name) => (&mut files, *name),
            Subject::Package(name) => (&mut packages, *name),
            _ => continue,
        };
        let [changed, new, gone] = lists;
        match (change.old, change.new) {
            (Some(_), Some(_)) => changed.push(name),
            (None, _) => new.push(name),
            (Some(_), None) => gone.push(name),
        }
    }
    let words = [
        ("file ", "files ", " changed", &files[0]),
        ("file ", "files ", " added", &files[1]),
        ("file ", "files ", " removed", &files[2]),
        (DEPENDENCY, DEPENDENCIES, " changed", &packages[0]),
        (DEPENDENCY, DEPENDENCIES, " is new", &packages[1]),
        (DEPENDENCY, DEPENDENCIES, " is gone", &packages[2]),
    ];
    let reason = |(one, several, what, names): (&str, &str, &str, &Vec<&str>)| match names.len() {
        0 => None,
        1 => Some(format!("{one}{}{what}", listed(names))),
        _ => Some(format!("{several}{}{}", listed(names), what.replace(" is ", " are "))),
    };
    words.into_iter().filter_map(reason).collect()
}

fn listed(names: &[&str]) -> String {
    let first = names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Compares two build informations of a program: quoted lines of words, parted by tabs.
///
/// ```text
/// mod    example.com/a    v1.2.3
/// dep    example.com/b    v1.0.0    h1:…
/// =>    example.com/c    v1.1.0    h1:…       replaces the dependency of the line before
/// build    vcs.revision=…
/// ```
fn of_build_info(change: Change<'_>) -> Vec<String> {
    let text = |value: Option<&str>| value.and_then(unquote).unwrap_or_default();
    let (old, new) = (text(change.old), text(change.new));
    let (old, new) = (build_lines(&old), build_lines(&new));
    let mut reasons = Vec::new();
    let (mut versions, mut is_commit) = (Vec::new(), false);
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    for key in names.filter(|name| old.get(*name) != new.get(*name)) {
        let (kind, name) = *key;
        match kind {
            "dep" | "=>" => versions.push(name),
            "build" if name.starts_with('-') => reasons.push(format!("flags changed: {name}")),
            "build" if !name.starts_with("vcs") => reasons.push(format!("{name} changed")),
            // The program's own version is made from the commit.
            "mod" | "build" => is_commit = true,
            _ => reasons.push(format!("{kind} changed in the build information")),
        }
    }
    if is_commit {
        reasons.push("the commit changed, which the program records".to_owned());
    }
    versions.dedup();
    match versions.len() {
        0 => {}
        1 => reasons.push(format!("the version of {} changed", listed(&versions))),
        _ => reasons.push(format!("the versions of {} changed", listed(&versions))),
    }
    reasons
}

/// The lines of a build information: kind and name, with the rest.
fn build_lines(text: &str) -> BTreeMap<(&str, &str), &str> {
    let mut lines = BTreeMap::new();
    for (kind, rest) in text.lines().filter_map(|line| line.split_once('\t')) {
        let end = rest.find(['\t', '=']).unwrap_or(rest.len());
        let (name, value) = rest.split_at(end);
        lines.insert((kind, name), value);
    }
    lines
}
