//! Files without an answer, and the reasons. They are printed to stderr, listed in JSON and passed to
//! the gate. A folder can have thousands of one kind, so one line counts all that are alike; `-v`
//! lists each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::ErrorKind;

use rgo_binary::Error;
use rgo_report::printable;
use serde::Serialize;

use super::terminal;
use rgo_files::walk::{Foreign, ForeignRole, Layer, Name, SkipReason};

/// A file or member that was not read and may be a program, or hold one.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Unread {
    /// The file on disk; `-` for stdin.
    file: String,
    /// Its name within that file, if that is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// Reason, in words.
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

/// The reason for a missing answer.
#[derive(Clone, Debug)]
pub(crate) enum UnreadReason {
    /// An image that cannot be read.
    Image(Error),
    /// An image whose symbols cannot be read, and why.
    Symbols(String),
    Refused(SkipReason),
    /// A named file that is no program; its kind, if that is known.
    NoProgram(Option<&'static Foreign>),
    /// An archive or a folder without a program in it.
    Empty,
}

impl fmt::Display for UnreadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NONE: &str = "not an ELF, Mach-O or PE image";
        match self {
            Self::Image(error) => error.fmt(f),
            Self::Symbols(why) => f.write_str(why),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NoProgram(Some(foreign)) => write!(f, "{foreign}, {NONE}"),
            Self::NoProgram(None) => f.write_str(NONE),
            Self::Empty => f.write_str("there is no program in it"),
        }
    }
}

impl UnreadReason {
    /// Whether it may hide a program.
    fn hides(&self) -> bool {
        !matches!(self, Self::Empty | Self::NoProgram(_) | Self::Image(Error::Unrecognized))
    }

    /// Whether it fails the run if the user named the file. Many archives contain programs in
    /// unsupported formats beside supported ones, and many programs have data behind them: these
    /// are no reason to fail.
    fn is_error(&self, in_archive: bool) -> bool {
        let Self::Refused(SkipReason::Foreign(foreign)) = self else { return true };
        match foreign.role {
            ForeignRole::Program => !in_archive,
            ForeignRole::Appended => false,
            ForeignRole::Packed | ForeignRole::Data => true,
        }
    }

    /// The next step for a file of this name.
    fn hint(&self, name: &Name) -> Option<&'static str> {
        match self {
            Self::NoProgram(None) | Self::Image(Error::Unrecognized) => {
                Some("only the content counts: is the file whole, and not packed?")
            }
            Self::NoProgram(Some(foreign)) if foreign.is_core_dump() => {
                Some("name the program instead; gdb -c shows which one it was")
            }
            Self::Image(Error::Malformed { .. }) | Self::Symbols(_) => {
                Some("the file is damaged, or something edited it: get it again")
            }
            Self::Refused(SkipReason::Io(error)) => match error.kind() {
                ErrorKind::NotFound if name.file().as_os_str().is_empty() => {
                    Some("the path is empty: is the variable that it comes from set?")
                }
                ErrorKind::NotFound => {
                    Some("is the path right? A relative one starts at the current folder")
                }
                ErrorKind::PermissionDenied => {
                    Some("make it readable for this user, with chmod +r or as its owner")
                }
                ErrorKind::InvalidInput => Some("name a file, a folder or a named pipe"),
                _ => None,
            },
            Self::Refused(SkipReason::TooLarge { .. }) => Some("--max-member raises the limit"),
            Self::Refused(SkipReason::TooDeep { .. }) => Some("--max-depth raises the limit"),
            Self::Image(_) | Self::Refused(_) | Self::NoProgram(_) | Self::Empty => None,
        }
    }

    /// The group whose reasons share a line.
    fn group(&self) -> Group {
        match self {
            Self::NoProgram(_) => Group::NoProgram,
            Self::Refused(SkipReason::Foreign(foreign)) if foreign.role == ForeignRole::Program => {
                Group::Program
            }
            Self::Refused(
                SkipReason::Foreign(_) | SkipReason::Unsupported(_) | SkipReason::Encrypted,
            ) => Group::Packed,
            Self::Refused(SkipReason::Io(error)) => Group::Io(error.kind()),
            Self::Image(_) | Self::Symbols(_) | Self::Refused(SkipReason::Damaged(_)) => {
                Group::Damaged
            }
            Self::Refused(_) | Self::Empty => Group::Other,
        }
    }

    /// The words behind the count of its kind: singular and plural.
    fn kind(&self) -> (String, String) {
        let same = |words: String| (words.clone(), words);
        match self {
            Self::NoProgram(Some(foreign)) | Self::Refused(SkipReason::Foreign(foreign)) => {
                (foreign.noun().to_owned(), foreign.many.to_owned())
            }
            Self::NoProgram(None) => ("other file".to_owned(), "other files".to_owned()),
            Self::Refused(SkipReason::Io(error)) => match error.kind() {
                ErrorKind::NotFound => same("not there".to_owned()),
                ErrorKind::PermissionDenied => same("closed to this user".to_owned()),
                _ => (format!("that fails with: {error}"), format!("that fail with: {error}")),
            },
            Self::Refused(SkipReason::Encrypted) => same("encrypted".to_owned()),
            Self::Refused(SkipReason::Unsupported(what)) => same(what.clone()),
            Self::Image(_) | Self::Symbols(_) | Self::Refused(SkipReason::Damaged(_)) => {
                same("damaged".to_owned())
            }
            other => same(other.to_string()),
        }
    }
}

/// Reasons that share a line; they are printed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Other,
    Damaged,
    Io(ErrorKind),
    Packed,
    Program,
    NoProgram,
}

impl Group {
    /// Up to this number, each gets its own line. For kinds that need no details the maximum is 1.
    fn max_lines(self) -> usize {
        match self {
            Self::Packed | Self::Program | Self::NoProgram => 1,
            Self::Damaged | Self::Io(_) => 3,
            Self::Other => usize::MAX,
        }
    }
}

/// One file without an answer.
#[derive(Debug)]
struct UnreadFile {
    name: Name,
    layers: Vec<Layer>,
    is_error: bool,
    reason: UnreadReason,
}

/// All files without an answer.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<UnreadFile>);

/// Up to this number, a summary names all of a kind.
const NAMES: usize = 3;

impl Problems {
    pub(crate) fn add(
        &mut self,
        name: Name,
        named: bool,
        layers: Vec<Layer>,
        reason: UnreadReason,
    ) {
        let is_error = named && reason.is_error(!name.members().is_empty());
        self.0.push(UnreadFile { name, layers, is_error, reason });
    }

    /// Takes back that an archive or a folder is empty if an error already says that a part of it was not
    /// read.
    pub(crate) fn settle(&mut self) {
        let hides = |problem: &&UnreadFile| problem.reason.hides() && problem.is_error;
        let unread: BTreeSet<_> =
            self.0.iter().filter(hides).map(|problem| problem.name.file().to_owned()).collect();
        let is_wrong = |problem: &UnreadFile| {
            let place = problem.name.file();
            let is_empty = matches!(problem.reason, UnreadReason::Empty);
            is_empty && unread.iter().any(|file| file.starts_with(place))
        };
        self.0.retain(|problem| !is_wrong(problem));
    }

    /// Whether the run failed.
    pub(crate) fn are_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.is_error)
    }

    /// Those that may hide a program.
    pub(crate) fn unread(&self) -> Vec<Unread> {
        let hidden = self.0.iter().filter(|problem| problem.reason.hides());
        hidden
            .map(|UnreadFile { name, layers, reason, .. }| Unread {
                file: name.file().to_string_lossy().into_owned(),
                member: (!name.members().is_empty()).then(|| name.members().join("!")),
                reason: reason.to_string(),
                layers: layers.clone(),
            })
            .collect()
    }

    /// Prints errors, and unless `quiet` warnings, to stderr; with `verbose` a line for each.
    /// `named` is the number of files that the user named.
    pub(crate) fn print(&self, named: usize, verbose: bool, quiet: bool) {
        let shown = self.0.iter().filter(|problem| problem.is_error || !quiet);
        let mut groups: BTreeMap<(Group, bool), Vec<&UnreadFile>> = BTreeMap::new();
        for problem in shown {
            groups.entry((problem.reason.group(), problem.is_error)).or_default().push(problem);
        }
        for ((group, is_error), problems) in groups {
            let say = if is_error { terminal::failure } else { terminal::warning };
            let is_alone = group != Group::NoProgram || named == 1;
            if verbose || problems.len() <= group.max_lines() && is_alone {
                problems.iter().for_each(|problem| say(&problem.to_string()));
                let hints = problems.iter().filter_map(|it| it.reason.hint(&it.name));
                hints.collect::<BTreeSet<_>>().into_iter().for_each(terminal::hint);
            } else {
                let (line, is_short) = summary(group, &problems, named);
                say(&line);
                match group {
                    // With this many names, a shell has probably expanded the names of a whole
                    // folder.
                    Group::NoProgram if is_short => terminal::hint(
                        "name the folder instead, where rgo skips what is not a program; \
                         -v lists each",
                    ),
                    _ if is_short => terminal::hint("-v lists each"),
                    _ => {}
                }
            }
        }
    }
}

impl fmt::Display for UnreadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(place) = Layer::describe(&self.layers) {
            write!(f, " ({})", printable(&place))?;
        }
        write!(f, ": {}", printable(&self.reason.to_string()))
    }
}

/// A line for a whole group: the count of each kind, and names. Also returns whether it omits
/// names.
fn summary(group: Group, problems: &[&UnreadFile], named: usize) -> (String, bool) {
    let mut kinds: Vec<((String, String), Vec<&UnreadFile>)> = Vec::new();
    for problem in problems {
        let kind = problem.reason.kind();
        match kinds.iter_mut().find(|(of, _)| *of == kind) {
            Some((_, all)) => all.push(problem),
            None => kinds.push((kind, vec![problem])),
        }
    }
    let is_short = kinds.iter().any(|(_, all)| all.len() > NAMES);
    let kinds = kinds.iter().map(|((one, many), all)| {
        // Names can be long: if there are many, only the first is shown.
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
    let count = problems.len();
    let line = match group {
        Group::NoProgram if count == 1 => format!("1 of {named} files is not a program: {kinds}"),
        Group::NoProgram => format!("{count} of {named} files are not programs: {kinds}"),
        Group::Program => {
            format!("{count} programs are in formats that rgo does not read: {kinds}")
        }
        Group::Packed => format!("{count} files and members cannot be opened: {kinds}"),
        _ => format!("{count} files and members cannot be read: {kinds}"),
    };
    (line, is_short)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn problems(reason: &UnreadReason, count: usize) -> Vec<UnreadFile> {
        let name = |n: usize| Name::from_path(format!("f{n}").into());
        let problem = |n| UnreadFile {
            name: name(n),
            layers: Vec::new(),
            is_error: false,
            reason: reason.clone(),
        };
        (0..count).map(problem).collect()
    }

    fn io(kind: ErrorKind) -> UnreadReason {
        UnreadReason::Refused(SkipReason::Io(io::Error::from(kind).into()))
    }

    #[test]
    fn a_line_for_many_reads_as_a_sentence() {
        let sparse = UnreadReason::Refused(SkipReason::Unsupported("sparse".to_owned()));
        for (reason, count, expected) in [
            (&sparse, 2, "2 files and members cannot be opened: 2 sparse (f0, f1)"),
            (&sparse, 12, "12 files and members cannot be opened: 12 sparse (f0, and 11 more)"),
            (
                &io(ErrorKind::NotFound),
                5,
                "5 files and members cannot be read: 5 not there (f0, and 4 more)",
            ),
            (
                &io(ErrorKind::PermissionDenied),
                4,
                "4 files and members cannot be read: 4 closed to this user (f0, and 3 more)",
            ),
            (
                &io(ErrorKind::TimedOut),
                4,
                "4 files and members cannot be read: 4 that fail with: timed out (f0, and 3 more)",
            ),
            (
                &UnreadReason::NoProgram(None),
                2,
                "2 of 2 files are not programs: 2 other files (f0, f1)",
            ),
        ] {
            let all = problems(reason, count);
            let all: Vec<&UnreadFile> = all.iter().collect();
            let (line, is_short) = summary(reason.group(), &all, count);
            assert_eq!((line.as_str(), is_short), (expected, count > NAMES));
        }
    }

    #[test]
    fn a_hint_fits_the_name() {
        let hint = |name: &str, kind| io(kind).hint(&Name::from_path(name.into())).unwrap_or("");
        assert!(hint("", ErrorKind::NotFound).contains("empty"));
        assert!(hint("a/b", ErrorKind::NotFound).contains("relative"));
        // For an endless device, a pipe would not help either.
        assert!(!hint("/dev/zero", ErrorKind::InvalidInput).contains("pipe its bytes"));
    }
}
