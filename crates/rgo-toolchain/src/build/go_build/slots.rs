//! The values of `-X` for Go. Each name is looked up in the source first, because go ignores a
//! wrong one without a word. Then a placeholder is linked in, and the value is written after the
//! link: another value compiles nothing and links nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use camino::Utf8PathBuf;
use rgo_binary::embedded::go_slot::{self, GoSlot};
use rgo_binary::system::Os;
use rgo_binary::{Error as BinaryError, Image};

use super::{Candidate, GoBuild};
use crate::build::error::BuildError;
use crate::go::error::GoError;
use crate::go::flags::LinkFlags;
use crate::go::options::GoMode;
use crate::go::packages::GoPackage;
use crate::go::source::{Package, Reason};

/// A variable that gets a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSlot {
    /// Its name, as `-X` has it: `main.version`.
    pub name: String,
    /// The text that is linked in.
    pub linked: String,
    /// Whether that is a placeholder, and not the value itself.
    pub is_placeholder: bool,
}

/// Systems whose programs are in formats that rgo does not edit.
const IN_OTHER_FORMATS: [Os; 4] = [Os::Aix, Os::Js, Os::Plan9, Os::Wasip1];

impl WantedSlot {
    /// The slot for a value. Where a program cannot have slots, the value itself is linked in.
    fn new(name: &str, value: &str, has_slots: bool) -> Self {
        let linked = if has_slots {
            go_slot::placeholder(name, go_slot::capacity_for(value.len()))
        } else {
            value.to_owned()
        };
        Self { name: name.to_owned(), linked, is_placeholder: has_slots }
    }

    /// Adds the flag that links the text in.
    pub(super) fn add_to(&self, flags: &mut LinkFlags) {
        flags.words.extend(["-X".to_owned(), format!("{}={}", self.name, self.linked)]);
    }
}

/// The texts of source files, each read once for all targets.
type Texts = BTreeMap<Utf8PathBuf, String>;

impl GoBuild {
    /// Looks up each name in the source of each target. A variable that only some targets have is
    /// no error.
    pub(super) fn find_slots(&mut self) -> Result<(), BuildError> {
        let values = self.context.values.clone();
        let may_have_slots =
            !self.call().keeps_paths() && self.options.mode != Some(GoMode::CArchive);
        let mut texts = Texts::new();
        for (name, value) in &values {
            let mut missing = None;
            let mut is_found = false;
            for candidate in &mut self.candidates {
                match look_up(name, candidate, &mut texts)? {
                    Ok(()) => {
                        is_found = true;
                        let has_slots =
                            may_have_slots && !IN_OTHER_FORMATS.contains(&candidate.toolchain.os);
                        candidate.slots.push(WantedSlot::new(name, value, has_slots));
                    }
                    Err(error) => missing = Some(error),
                }
            }
            if let Some(error) = missing.filter(|_| !is_found) {
                return Err(error.into());
            }
        }
        Ok(())
    }
}

/// Looks up a name for one target. The inner error is for a name that the target does not have.
fn look_up(
    name: &str,
    candidate: &Candidate,
    texts: &mut Texts,
) -> Result<Result<(), GoError>, GoError> {
    let not = |why: &str, hint: String| GoError::Name {
        name: name.to_owned(),
        why: why.to_owned(),
        hint,
    };
    // Go splits at the last dot.
    let Some((path, variable)) =
        name.rsplit_once('.').filter(|(path, it)| !path.is_empty() && !it.is_empty())
    else {
        let hint = format!("-X main.{name}=VALUE, or -X IMPORT/PATH.{name}=VALUE");
        return Err(not("a name of Go has a package in front", hint));
    };
    let is_meant = |package: &&GoPackage| {
        if path == "main" {
            package.is_selected_main()
        } else {
            package.import_path == path && package.name != "main"
        }
    };
    let packages: Vec<&GoPackage> = candidate.packages.iter().filter(is_meant).collect();
    if packages.is_empty() {
        return Ok(Err(no_package(name, path, variable, candidate)));
    }
    let mut missing = None;
    for package in packages {
        let read = read(package, texts)?;
        match read.lookup(variable) {
            Ok(_) => return Ok(Ok(())),
            Err(error) => {
                let is_missing = matches!(error.reason, Reason::Missing(_));
                let error = GoError::Name {
                    name: name.to_owned(),
                    why: error.to_string(),
                    hint: error.hint(),
                };
                if !is_missing {
                    return Err(error);
                }
                missing = Some(error);
            }
        }
    }
    Ok(missing.map_or(Ok(()), Err))
}

fn read(package: &GoPackage, texts: &mut Texts) -> Result<Package, GoError> {
    for path in package.files() {
        if let Entry::Vacant(entry) = texts.entry(path) {
            let text = std::fs::read(entry.key())
                .map_err(|source| GoError::Read { path: entry.key().clone(), source })?;
            entry.insert(String::from_utf8_lossy(&text).into_owned());
        }
    }
    let files: Vec<Utf8PathBuf> = package.files().collect();
    let known =
        files.iter().filter_map(|path| Some((path.file_name()?, texts.get(path)?.as_str())));
    Ok(Package::read(known))
}

/// The error for a package that the program does not contain.
fn no_package(name: &str, path: &str, variable: &str, candidate: &Candidate) -> GoError {
    let of_main = |package: &&GoPackage| package.import_path == path && package.name == "main";
    let hint = if candidate.packages.iter().any(|package| of_main(&package)) {
        format!("{path} is a program, whose variables Go names by `main`: -X main.{variable}=VALUE")
    } else {
        let own = candidate.packages.iter().filter(|it| !it.standard);
        let paths = own.map(|package| {
            let path = if package.name == "main" { "main" } else { &package.import_path };
            (path, path.to_owned())
        });
        match rgo_report::nearest(path, paths) {
            Some(near) => format!("did you mean -X {near}.{variable}=VALUE?"),
            None => format!(
                "`go list -deps` names the packages; -X main.{variable}=VALUE is for the program's own"
            ),
        }
    };
    let why = format!("no package of the program is `{path}`");
    GoError::Name { name: name.to_owned(), why, hint }
}

/// Finds the slots in a linked file. A variable that no code reads is not in it.
///
/// # Errors
/// If the file has a slot twice, or a placeholder that no variable leads to: the program would show
/// it.
pub(super) fn in_file(
    image: &Image<'_>,
    wanted: &[WantedSlot],
) -> Result<Vec<GoSlot>, BinaryError> {
    let placeholders = wanted.iter().filter(|slot| slot.is_placeholder);
    let mut left: Vec<(String, String)> =
        placeholders.map(|slot| (slot.name.clone(), slot.linked.clone())).collect();
    loop {
        match go_slot::find(image, &left) {
            Err(BinaryError::GoVariable { name, found: 0 }) if !has_text(image, &name, &left) => {
                left.retain(|(of, _)| *of != name);
            }
            found => return found,
        }
    }
}

/// Whether the placeholder of a name is in the file.
fn has_text(image: &Image<'_>, name: &str, placeholders: &[(String, String)]) -> bool {
    let mut texts = placeholders.iter().filter(|(of, _)| of == name).map(|(_, text)| text);
    texts.any(|text| memchr::memmem::find(image.data(), text.as_bytes()).is_some())
}
