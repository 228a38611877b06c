//! No file of the tests is forgotten: each is a case that runs, or something names it that does. A case
//! with a wrong extension, or a fixture whose test is gone, would say nothing.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::cases::is_case;
use crate::support::root;

/// What a case may have beside it, under its own name (see trycmd).
const BESIDE: [&str; 5] = ["in", "out", "stdin", "stdout", "stderr"];

/// The files below a folder, by their paths from it.
pub(crate) fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.expect("is read")).filter(|it| it.file_type().is_file());
    files.map(|it| it.path().strip_prefix(folder).expect("is below").to_owned()).collect()
}

/// The texts of all files with one of these extensions, one after the other.
pub(crate) fn texts(folder: &Path, extensions: &[&str]) -> String {
    let files = below(folder).into_iter().filter(|file| {
        file.extension().and_then(|it| it.to_str()).is_some_and(|it| extensions.contains(&it))
    });
    let texts = files.map(|file| fs::read_to_string(folder.join(file)).expect("UTF-8"));
    texts.collect::<Vec<_>>().join("\n")
}

pub(crate) fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("UTF-8")
}

/// Whether a text has the name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

/// Whether a file makes the files beside it, or tells of them.
fn is_recipe(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "make") || name(file) == "README.md"
}

/// Whether a file that is no case belongs to one; `parts` are its path from the cases' folder.
fn belongs(cases: &Path, parts: &[&Path], text: &str) -> bool {
    match parts {
        // Beside the cases of a tool.
        [tool, beside, ..] if parts.len() == 2 || beside.extension().is_some() => {
            let is_known = beside.extension().is_some_and(|it| BESIDE.iter().any(|of| it == *of));
            let case = |extension: &str| cases.join(tool).join(beside.with_extension(extension));
            is_known && ["toml", "trycmd"].iter().any(|it| case(it).is_file())
        }
        // In a folder of fixtures: a case names the file, or the folder in which it is.
        [_, _, fixture, ..] => is_recipe(fixture) || names(text, name(fixture)),
        _ => false,
    }
}

#[test]
fn no_file_of_the_cases_is_forgotten() {
    let cases = root().join("tests/cases");
    let text = texts(&cases, &["toml", "trycmd"]);
    let forgotten: Vec<PathBuf> = below(&cases)
        .into_iter()
        .filter(|file| !is_case(file))
        .filter(|file| {
            let parts: Vec<&Path> = file.iter().map(Path::new).collect();
            !belongs(&cases, &parts, &text)
        })
        .collect();
    assert!(forgotten.is_empty(), "no case runs or names these: {forgotten:#?}");
}

#[test]
fn no_fixture_of_a_crate_is_forgotten() {
    let root = root();
    let code = texts(&root.join("crates"), &["rs"]) + &texts(&root.join("tests"), &["rs", "toml"]);
    let mut forgotten = Vec::new();
    for crate_ in fs::read_dir(root.join("crates")).expect("a folder") {
        let fixtures = crate_.expect("an entry").path().join("tests/fixtures");
        if !fixtures.is_dir() {
            continue;
        }
        for file in below(&fixtures).into_iter().filter(|file| !is_recipe(file)) {
            let beside = fixtures.join(file.parent().expect("a folder"));
            let is_source = names(&texts(&beside, &["sh", "py"]), name(&file));
            if !is_source && !names(&code, name(&file)) {
                forgotten.push(file);
            }
        }
    }
    assert!(forgotten.is_empty(), "no test and no recipe names these: {forgotten:#?}");
}

/// cargo does not look for these by itself (`autotests`), and the compiler reads no file that is no
/// module.
#[test]
fn no_module_of_the_tests_is_forgotten() {
    let root = root();
    let crates = fs::read_dir(root.join("crates")).expect("a folder");
    let crates = crates.map(|it| it.expect("an entry").path().join("tests"));
    let mut forgotten = Vec::new();
    for folder in crates.filter(|it| it.is_dir()).chain([root.join("tests")]) {
        let is_module = |file: &PathBuf| {
            file.extension().is_some_and(|it| it == "rs") && *file != Path::new("main.rs")
        };
        for file in below(&folder).into_iter().filter(is_module) {
            let module = if name(&file) == "mod.rs" { file.parent() } else { Some(&*file) };
            let module = module.expect("a folder").with_extension("");
            let parent = folder.join(module.parent().expect("a folder"));
            let places =
                [parent.join("main.rs"), parent.join("mod.rs"), parent.with_extension("rs")];
            let line = format!("mod {};", name(&module));
            let has_line = |place: &PathBuf| {
                fs::read_to_string(place)
                    .is_ok_and(|text| text.lines().any(|it| it.ends_with(&line)))
            };
            if !places.iter().any(has_line) {
                forgotten.push(folder.join(file));
            }
        }
    }
    assert!(forgotten.is_empty(), "no module names these: {forgotten:#?}");
}

#[test]
fn what_is_forgotten_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = folder.path();
    fs::create_dir_all(cases.join("tool/files")).expect("made");
    fs::write(cases.join("tool/good.toml"), "args = [\"used\"]").expect("written");
    let text = texts(cases, &["toml"]);
    for (file, expected) in [
        ("tool/good.in/whatever", true),
        ("tool/good.stdout", true),
        ("tool/gone.stdout", false),
        ("tool/good.txt", false),
        ("tool/other.tml", false),
        ("stray", false),
        ("tool/files/used", true),
        ("tool/files/used/below", true),
        ("tool/files/unused", false),
        ("tool/files/use", false),
        ("tool/files/make.py", true),
    ] {
        let parts: Vec<&Path> = Path::new(file).iter().map(Path::new).collect();
        assert_eq!(belongs(cases, &parts, &text), expected, "{file}");
    }
    assert!(is_case(Path::new("tool/good.toml")) && !is_case(Path::new("tool/good.tml")));
}
