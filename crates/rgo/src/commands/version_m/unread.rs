//! What could not be answered and why: told on stderr, listed in JSON, and known to the gate. A
//! folder can have thousands of files of one kind, so what is alike is told in one line, with
//! counts; `-v` lists each.

use std::fmt;
use std::io::ErrorKind;

use rgo_binary::Error;
use rgo_report::printable;
use serde::Serialize;

use crate::input::{Foreign, Layer, Name, Refusal, Role};
use crate::output;

/// A file or member that may be a program or have one in it, and that was not looked into.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Unread {
    /// The file on disk; `-` for stdin.
    file: String,
    /// Its name within that file, if that is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// Why, in words.
    reason: String,
    /// The layers of container images that it is from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    layers: Vec<Layer>,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.member.iter().try_for_each(|member| write!(f, "!{member}"))?;
        if let Some(place) = Layer::describe(&self.layers) {
            write!(f, " ({place})")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Why {
    /// An image that cannot be read.
    Image(Error),
    Refused(Refusal),
    /// A file that was named and is no program; what it is, if that is known.
    NoProgram(Option<&'static Foreign>),
    /// An archive without a program in it.
    Empty,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NONE: &str = "not an ELF, Mach-O or PE image";
        match self {
            Self::Image(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NoProgram(Some(foreign)) => write!(f, "{foreign}, {NONE}"),
            Self::NoProgram(None) => f.write_str(NONE),
            Self::Empty => f.write_str("there is no program in it"),
        }
    }
}

impl Why {
    /// Whether there may be a program that was not found.
    fn hides(&self) -> bool {
        !matches!(self, Self::Empty | Self::NoProgram(_) | Self::Image(Error::Unrecognised))
    }

    /// Whether it fails the run if it is met in a file that the user named. A program of another
    /// format is in many an archive beside those that are read.
    fn is_error(&self, in_archive: bool) -> bool {
        let is_program = |foreign: &Foreign| foreign.role == Role::Program;
        let is_foreign =
            matches!(self, Self::Refused(Refusal::Foreign(foreign)) if is_program(foreign));
        !(in_archive && is_foreign)
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoProgram(None) | Self::Image(Error::Unrecognised) => {
                Some("only the content counts: is the file whole, and not packed?")
            }
            Self::NoProgram(Some(foreign)) if foreign.is_core_dump() => {
                Some("name the program that it is the memory of; gdb -c tells which that is")
            }
            Self::Image(Error::Malformed { .. }) => {
                Some("the file is damaged, or something edited it: get it again")
            }
            Self::Refused(Refusal::Io(error)) => match error.kind() {
                ErrorKind::NotFound => {
                    Some("is the path right? A relative one starts at the current folder")
                }
                ErrorKind::PermissionDenied => {
                    Some("make it readable for this user, with chmod +r or as its owner")
                }
                ErrorKind::InvalidInput => Some("pipe its bytes in: cat FILE | rgo-version-m -"),
                _ => None,
            },
            Self::Refused(Refusal::TooLarge { .. }) => Some("--max-member raises the limit"),
            Self::Refused(Refusal::TooDeep { .. }) => Some("--max-depth raises the limit"),
            Self::Image(_) | Self::Refused(_) | Self::NoProgram(_) | Self::Empty => None,
        }
    }

    /// What it is told together with.
    fn sort(&self) -> Sort {
        match self {
            Self::NoProgram(_) => Sort::NoProgram,
            Self::Refused(Refusal::Foreign(foreign)) if foreign.role == Role::Program => {
                Sort::Program
            }
            Self::Refused(Refusal::Foreign(_) | Refusal::Unsupported(_) | Refusal::Encrypted) => {
                Sort::Packed
            }
            Self::Refused(Refusal::Io(error)) => Sort::Io(error.kind()),
            Self::Image(_) | Self::Refused(Refusal::Damaged(_)) => Sort::Damaged,
            Self::Refused(_) | Self::Empty => Sort::Other,
        }
    }

    /// The words for one and for several of its kind.
    fn kind(&self) -> (String, String) {
        let same = |words: String| (words.clone(), words);
        match self {
            Self::NoProgram(Some(foreign)) | Self::Refused(Refusal::Foreign(foreign)) => {
                (foreign.noun().to_owned(), foreign.many.to_owned())
            }
            Self::NoProgram(None) => ("other file".to_owned(), "other files".to_owned()),
            Self::Refused(Refusal::Encrypted) => same("encrypted".to_owned()),
            Self::Refused(Refusal::Unsupported(what)) => same(what.clone()),
            Self::Image(_) | Self::Refused(Refusal::Damaged(_)) => same("damaged".to_owned()),
            other => same(other.to_string()),
        }
    }
}

/// Reasons that are told together, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Other,
    Damaged,
    Io(ErrorKind),
    Packed,
    Program,
    NoProgram,
}

impl Sort {
    /// How many of them are told one by one. Those that differ in their kind alone lose nothing
    /// when they are counted.
    fn singles(self) -> usize {
        match self {
            Self::Packed | Self::Program | Self::NoProgram => 1,
            Self::Damaged | Self::Io(_) => 3,
            Self::Other => usize::MAX,
        }
    }
}

/// One of the things that could not be answered.
#[derive(Debug)]
struct Problem {
    name: Name,
    layers: Vec<Layer>,
    is_error: bool,
    why: Why,
}

/// All that could not be answered.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

/// As many of a kind are all named in a summary.
const NAMES: usize = 3;

impl Problems {
    pub(super) fn add(&mut self, name: Name, named: bool, layers: Vec<Layer>, why: Why) {
        let is_error = named && why.is_error(!name.members().is_empty());
        self.0.push(Problem { name, layers, is_error, why });
    }

    /// Whether the run has failed.
    pub(super) fn are_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.is_error)
    }

    /// What may have hidden a program.
    pub(super) fn unread(&self) -> Vec<Unread> {
        let hidden = self.0.iter().filter(|problem| problem.why.hides());
        hidden
            .map(|Problem { name, layers, why, .. }| Unread {
                file: name.file().to_string_lossy().into_owned(),
                member: (!name.members().is_empty()).then(|| name.members().join("!")),
                reason: why.to_string(),
                layers: layers.clone(),
            })
            .collect()
    }

    /// Says all of it on stderr: errors, and without `quiet` warnings; `verbose` one by one.
    /// `named` is how many files the user named.
    pub(super) fn tell(&self, named: usize, verbose: bool, quiet: bool) {
        let told = self.0.iter().filter(|problem| problem.is_error || !quiet);
        let mut groups: Vec<((Sort, bool), Vec<&Problem>)> = Vec::new();
        for problem in told {
            let sort = (problem.why.sort(), problem.is_error);
            match groups.iter_mut().find(|(of, _)| *of == sort) {
                Some((_, group)) => group.push(problem),
                None => groups.push((sort, vec![problem])),
            }
        }
        groups.sort_by_key(|(sort, _)| *sort);
        for ((sort, is_error), group) in groups {
            let say = if is_error { output::failure } else { output::warning };
            let is_alone = sort != Sort::NoProgram || named == 1;
            if verbose || group.len() <= sort.singles() && is_alone {
                group.iter().for_each(|problem| say(&problem.to_string()));
                let mut hints: Vec<_> =
                    group.iter().filter_map(|problem| problem.why.hint()).collect();
                hints.dedup();
                hints.into_iter().for_each(output::hint);
            } else {
                say(&summary(sort, &group, named));
                output::hint(match sort {
                    Sort::NoProgram => {
                        "name their folder instead: what is no program is passed over there; -v \
                         lists each"
                    }
                    _ => "-v lists each",
                });
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(place) = Layer::describe(&self.layers) {
            write!(f, " ({})", printable(&place))?;
        }
        write!(f, ": {}", printable(&self.why.to_string()))
    }
}

/// Several of one sort in a line: how many of each kind, and the names of the first.
fn summary(sort: Sort, group: &[&Problem], named: usize) -> String {
    let mut kinds: Vec<((String, String), Vec<&Problem>)> = Vec::new();
    for problem in group {
        let kind = problem.why.kind();
        match kinds.iter_mut().find(|(of, _)| *of == kind) {
            Some((_, all)) => all.push(problem),
            None => kinds.push((kind, vec![problem])),
        }
    }
    let kinds = kinds.iter().map(|((one, many), all)| {
        // Names can be long: of many the first stands for all.
        let shown = if all.len() > NAMES { 1 } else { NAMES };
        let names: Vec<_> = all.iter().take(shown).map(|one| one.name.to_string()).collect();
        let more = match all.len().saturating_sub(shown) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let noun = if all.len() == 1 { one } else { many };
        format!("{} {} ({}{more})", all.len(), printable(noun), names.join(", "))
    });
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let count = group.len();
    match sort {
        Sort::NoProgram if count == 1 => format!("1 of {named} files is no program: {kinds}"),
        Sort::NoProgram => format!("{count} of {named} files are no programs: {kinds}"),
        Sort::Program => format!("{count} programs are of formats that are not read: {kinds}"),
        Sort::Packed => format!("{count} files and members cannot be opened: {kinds}"),
        _ => format!("{count} files and members cannot be read: {kinds}"),
    }
}
