//! Finds the commit that a build comes from. Git reports it, and pure functions parse git's output,
//! so that every special repository (none, shallow, another user's, empty) has a test and a
//! message.

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use crate::exec::{Cmd, ExecError};
use crate::secrets::hidden;

/// Git's facts about the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vcs {
    /// The full commit id.
    pub revision: String,
    /// The commit's time, in seconds since 1970.
    pub time: i64,
    /// The files that differ from it, from the repository's root. Untracked files count, rgo's
    /// output does not.
    pub modified_files: Vec<String>,
    /// Whether the clone is shallow, so that tags may be missing.
    pub shallow: bool,
    /// The folder of the work tree.
    pub root: Utf8PathBuf,
}

/// Why there is no commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// `git` is not installed.
    #[error("git is not installed")]
    NoGit,
    /// The project is in no repository.
    #[error("the project is not in a git repository")]
    NoRepository,
    /// The repository has no commit yet.
    #[error("the git repository has no commit yet")]
    NoCommit,
    /// Git refuses to read another user's repository.
    #[error("git does not trust this repository, because another user owns it")]
    ForeignOwner {
        /// The repository's folder, as git names it.
        repository: String,
    },
    /// Git failed in another way.
    #[error("git failed: {0}")]
    Failed(String),
}

impl Absent {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoGit => "install git, or pass --vcs off".to_owned(),
            Self::NoRepository => "run `git init` and commit, or pass --vcs off".to_owned(),
            Self::NoCommit => "commit, or pass --vcs off".to_owned(),
            Self::ForeignOwner { repository } => {
                format!("git config --global --add safe.directory {repository}, or pass --vcs off")
            }
            Self::Failed(_) => "run `git status` there, or pass --vcs off".to_owned(),
        }
    }
}

/// What a build itself writes into the work tree: no change of the user's.
#[derive(Clone, Copy, Debug)]
pub struct OwnWrites<'a> {
    /// Folders for results. Nothing below them counts as a change.
    pub folders: &'a [Utf8PathBuf],
    /// Files beside the results: reports and logs, and folders with earlier results. They count only
    /// where the repository tracks them.
    pub files: &'a [Utf8PathBuf],
}

/// Reads the commit of the project at `folder`.
///
/// # Errors
/// If there is no commit; the error says why.
pub fn read(folder: &Utf8Path, own: OwnWrites<'_>) -> Result<Vcs, Absent> {
    let log = git(folder, ["log", "-1", "--no-show-signature", "--format=%H %ct"])?;
    let (revision, time) = parse_log(&log).ok_or_else(|| Absent::Failed(log.clone()))?;
    let root = git(folder, ["rev-parse", "--show-toplevel", "--is-shallow-repository"])?;
    let (root, shallow) = root.trim_end().rsplit_once('\n').unwrap_or((root.trim_end(), "false"));
    // Git reports the root's real path. An ignored path may lead through a symbolic link, and may
    // not exist yet.
    let real = |path: &Utf8PathBuf| {
        let parent = path.parent()?.canonicalize_utf8().ok()?;
        path.canonicalize_utf8().ok().or_else(|| Some(parent.join(path.file_name()?)))
    };
    let inside = |path: &Utf8PathBuf| {
        let inside = real(path)?.strip_prefix(root).ok()?.to_owned();
        (!inside.as_str().is_empty()).then_some(inside)
    };
    let exclude = own.folders.iter().filter_map(inside);
    let exclude: Vec<String> = exclude.map(|it| format!(":(top,exclude,literal){it}")).collect();
    let status = ["status", "--porcelain", "-z", "--untracked-files=all", "--", ":(top)"];
    let status = git(folder, status.into_iter().chain(exclude.iter().map(String::as_str)))?;
    let own: Vec<Utf8PathBuf> = own.files.iter().filter_map(inside).collect();
    let modified_files = changed(&status, &own);
    Ok(Vcs { revision, time, modified_files, shallow: shallow == "true", root: root.into() })
}

/// The files of `git status --porcelain -z`, without untracked ones that the build itself writes.
///
/// ```text
/// XY path NUL                 changed, or untracked (`??`)
/// XY path NUL old path NUL    renamed or copied
/// ```
fn changed(status: &str, own: &[Utf8PathBuf]) -> Vec<String> {
    let mut files = Vec::new();
    let mut entries = status.split_terminator('\0');
    while let Some((state, path)) = entries.next().and_then(|entry| entry.split_at_checked(3)) {
        if state.contains(['R', 'C']) {
            entries.next();
        }
        if state != "?? " || !own.iter().any(|own| Utf8Path::new(path).starts_with(own)) {
            files.push(path.to_owned());
        }
    }
    files
}

/// The tag at the commit, or the nearest earlier one with the distance, as `git describe` prints
/// it.
///
/// # Errors
/// If no tag can be found; the error says why.
pub fn tag(folder: &Utf8Path) -> Result<String, Absent> {
    git(folder, ["describe", "--tags"]).map(|tag| tag.trim_end().to_owned())
}

fn git<'a>(folder: &Utf8Path, args: impl IntoIterator<Item = &'a str>) -> Result<String, Absent> {
    // `LC_ALL=C`: the code below reads the messages. No optional locks: a build must not disturb
    // the user's own git.
    let cmd = Cmd::new("git")
        .args(["-C", folder.as_str(), "--no-optional-locks"])
        .args(args)
        .env("LC_ALL", "C");
    let output = cmd.output().map_err(|error| match &error {
        ExecError::Start { why, .. } if why.kind() == ErrorKind::NotFound => Absent::NoGit,
        _ => Absent::Failed(error.to_string()),
    })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(reason(&String::from_utf8_lossy(&output.stderr)))
    }
}

fn reason(stderr: &str) -> Absent {
    if let Some((_, rest)) = stderr.split_once("dubious ownership in repository at '") {
        let repository = rest.lines().next().unwrap_or_default().trim_end_matches('\'');
        return Absent::ForeignOwner { repository: repository.to_owned() };
    }
    let known = [
        ("not a git repository", Absent::NoRepository),
        ("does not have any commits yet", Absent::NoCommit),
        ("bad default revision", Absent::NoCommit),
    ];
    known.into_iter().find(|(text, _)| stderr.contains(text)).map_or_else(
        || Absent::Failed(hidden(stderr.lines().next().unwrap_or("no message"))),
        |(_, absent)| absent,
    )
}

fn parse_log(log: &str) -> Option<(String, i64)> {
    let (revision, time) = log.trim().split_once(' ')?;
    let hex = revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    Some((revision.to_owned(), time.parse().ok()?)).filter(|_| hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_answers_are_told_apart() {
        for (stderr, expected) in [
            (
                "fatal: not a git repository (or any of the parent directories): .git",
                Absent::NoRepository,
            ),
            (
                "fatal: detected dubious ownership in repository at '/x y'\nTo add an exception",
                Absent::ForeignOwner { repository: "/x y".into() },
            ),
            ("fatal: your current branch 'main' does not have any commits yet", Absent::NoCommit),
            ("fatal: boom\nmore", Absent::Failed("fatal: boom".into())),
            ("", Absent::Failed("no message".into())),
        ] {
            assert_eq!(reason(stderr), expected, "{stderr}");
        }
    }

    #[test]
    fn the_changed_files_are_those_of_others() {
        let own = ["out/report.json".into(), "log".into(), "dist/linux-amd64".into()];
        for (status, expected) in [
            ("", &[][..]),
            (" M src/a b.rs\0?? new.rs\0", &["src/a b.rs", "new.rs"]),
            ("R  new\0old\0 D gone\0", &["new", "gone"]),
            ("?? out/report.json\0?? out/other.json\0", &["out/other.json"]),
            (" M log\0", &["log"]),
            ("?? log\0", &[]),
            ("?? dist/linux-amd64/app\0?? dist/linux-amd64.txt\0", &["dist/linux-amd64.txt"]),
            (" M dist/linux-amd64/app\0", &["dist/linux-amd64/app"]),
            ("??", &[]),
        ] {
            assert_eq!(changed(status, &own), expected, "{status:?}");
        }
    }

    #[test]
    fn only_a_commit_and_a_time_are_a_log() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(parse_log(&format!("{id} 1700000000\n")), Some((id.to_owned(), 1_700_000_000)));
        assert_eq!(parse_log("abc 1700000000"), None);
        assert_eq!(parse_log(&format!("{id} soon")), None);
        assert_eq!(parse_log(""), None);
    }
}
