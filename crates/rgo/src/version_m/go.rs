//! Implements `rgo-version-m --go`: prints the output of `go version` for the same arguments, byte
//! for byte: answers, messages, their order and the exit code (Go, `cmd/go`, `go help version`).
//! [`rgo_binary::go_version`] reads a file like Go; this module chooses the files and the messages.

mod json;

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use crate::app::error::Annotate;
use crate::app::exit::Exit;
use crate::app::terminal;
use crate::version_m::args::VersionM;
use anyhow::anyhow;
use rayon::prelude::*;
use rgo_binary::go_version::{self, Info, Refusal};
use rgo_files::mmap;
use rgo_toolchain::exec::{self, Cmd};
use walkdir::WalkDir;

/// Go's name for the system call that fails for a missing file.
const STAT: &str = if cfg!(windows) { "GetFileAttributesEx" } else { "stat" };

/// C libraries differ in their texts for an error; Go has its own texts, which equal glibc's.
const WORDS: [(&str, &str); 3] = [
    ("filename too long", "file name too long"),
    ("i/o error", "input/output error"),
    ("symbolic link loop", "too many levels of symbolic links"),
];

/// Runs like `go version`.
///
/// # Errors
/// If stdout cannot be written; for a call without files, if Go is not installed.
pub(super) fn run(args: &VersionM) -> anyhow::Result<Exit> {
    let asked = GoFlags { modules: args.modules, json: args.json(), verbose: args.verbose };
    let flags = [("-m", asked.modules), ("-v", asked.verbose), ("-json", asked.json)];
    let mut streams = Streams::default();
    if args.files.is_empty() {
        return match flags.iter().find(|(_, given)| *given) {
            Some((flag, _)) => {
                let line = format!("go: 'go version' only accepts {flag} flag with arguments");
                streams.message(line.as_bytes()).map(|()| Exit::Usage)
            }
            None => own_version(),
        };
    }
    if asked.json && !asked.modules {
        let line = "go: 'go version' with -json flag requires -m flag";
        return streams.message(line.as_bytes()).map(|()| Exit::Usage);
    }
    let mut exit = Exit::Done;
    for path in &args.files {
        match fs::metadata(path) {
            Err(error) => {
                exit = Exit::Failed;
                let mut line = format!("{STAT} ").into_bytes();
                line.extend(bytes(path));
                line.extend(format!(": {}", in_words_of_go(&error)).as_bytes());
                streams.message(&line)?;
            }
            Ok(what) if what.is_dir() => {
                let found = walk(path);
                let scan = |found: &ListedFile| asked.scan(&found.path, found.link, asked.verbose);
                let scanned: Vec<_> = found.par_iter().map(scan).collect();
                scanned.into_iter().try_for_each(|scanned| streams.take(scanned))?;
            }
            Ok(_) => {
                let scanned = asked.scan(path, false, true);
                if asked.modules && !matches!(scanned, Scanned::Program(_)) {
                    exit = Exit::Failed;
                }
                streams.take(scanned)?;
            }
        }
    }
    streams.flush()?;
    Ok(exit)
}

/// Prints the output of `go version` without files, which only Go itself knows.
fn own_version() -> anyhow::Result<Exit> {
    let go = exec::find_program("go").ok_or_else(|| {
        anyhow!("there is no go on PATH to say its version")
            .hint("name the files to look into: rgo-version-m --go FILE")
    })?;
    let code = Cmd::new(go).arg("version").run()?;
    Ok(Exit::Program(u8::try_from(code).unwrap_or(1)))
}

/// The flags of `go version`.
struct GoFlags {
    modules: bool,
    json: bool,
    verbose: bool,
}

/// The result for a file.
enum Scanned {
    /// A Go program: text for stdout.
    Program(Vec<u8>),
    /// Not a Go program: a line for stderr.
    Message(Vec<u8>),
    /// Not a Go program, and Go prints nothing.
    Nothing,
}

impl GoFlags {
    /// Scans a file. `link` marks a link found in a folder; `report` makes Go print a message for a
    /// file that is no Go program.
    fn scan(&self, path: &Path, link: bool, report: bool) -> Scanned {
        let name = bytes(path);
        let message = |parts: &[&[u8]]| {
            if report { Scanned::Message(parts.concat()) } else { Scanned::Nothing }
        };
        if link && !path.metadata().is_ok_and(|what| what.is_file()) {
            return message(&[name, b": symlink"]);
        }
        match read(path) {
            Ok(info) if self.modules && self.json => Scanned::Program(json::render(&info)),
            Ok(info) => Scanned::Program(self.text(name, &info)),
            // For an unreadable file Go prints only the name.
            Err(Failure::Read) => message(&[name]),
            Err(Failure::Refused(_)) if report && !is_candidate(path) => Scanned::Nothing,
            Err(Failure::Refused(why)) => message(&[
                name,
                b": could not read Go build info from ",
                name,
                b": ",
                why.to_string().as_bytes(),
            ]),
        }
    }

    fn text(&self, name: &[u8], info: &Info) -> Vec<u8> {
        let mut out = [name, b": ", &info.version, b"\n"].concat();
        if self.modules {
            for line in info.text().split_inclusive(|byte| *byte == b'\n') {
                out.push(b'\t');
                out.extend(line);
            }
        }
        out
    }
}

/// Why there is nothing to print for a file.
enum Failure {
    /// Opening it or reading failed.
    Read,
    Refused(Refusal),
}

/// Reads the build information. The first bytes rule out most files of a folder, which are then not
/// mapped.
fn read(path: &Path) -> Result<Info, Failure> {
    let mut file = File::open(path).map_err(|_| Failure::Read)?;
    let mut start = [0; 16];
    let refused = || Failure::Refused(Refusal::Format);
    file.read_exact(&mut start).map_err(|_| refused())?;
    if !go_version::worth_reading(&start) {
        return Err(refused());
    }
    let data = mmap::map(path).map_err(|_| refused())?;
    go_version::read(&data).map_err(|why| match why {
        Refusal::BeforeFile => Failure::Read,
        why => Failure::Refused(why),
    })
}

/// Whether Go takes a file for a possible program, and so explains why it is none.
fn is_candidate(path: &Path) -> bool {
    let name = bytes(path).to_ascii_lowercase();
    path.metadata().is_ok_and(|what| what.is_file() && is_executable(&what))
        || [&b".so"[..], b".exe", b".dll"].iter().any(|extension| name.ends_with(extension))
        || name.windows(4).any(|part| part == b".so.")
}

#[cfg(unix)]
fn is_executable(what: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    what.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

/// A file below a named folder.
struct ListedFile {
    path: PathBuf,
    link: bool,
}

/// The files and links below a folder, in order. Skips unreadable folders, like Go. A link that the
/// user named as a folder is not followed, and Go prints that it is a link.
fn walk(root: &Path) -> Vec<ListedFile> {
    let base = cleaned(root);
    let entries = WalkDir::new(root).follow_root_links(false).sort_by_file_name().into_iter();
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() || entry.file_type().is_symlink())
        .map(|entry| {
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let path = if entry.depth() == 0 { root.to_owned() } else { base.join(below) };
            ListedFile { path, link: entry.file_type().is_symlink() }
        })
        .collect()
}

/// A path without `.`, repeated separators, and `..` after a name.
fn cleaned(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.into_iter().collect()
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The system's message in Go's style: without Rust's error number, and not as a sentence.
fn in_words_of_go(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    let words = match chars.next() {
        Some(first) if !cfg!(windows) => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    };
    let known = WORDS.iter().find(|(other, _)| *other == words);
    known.map_or(words, |(_, go)| (*go).to_owned())
}

/// stdout and stderr. Output keeps its order if both end in one place.
#[derive(Default)]
struct Streams {
    out: Vec<u8>,
}

impl Streams {
    fn take(&mut self, scanned: Scanned) -> anyhow::Result<()> {
        match scanned {
            Scanned::Program(text) => self.out.extend(text),
            Scanned::Message(line) => self.message(&line)?,
            Scanned::Nothing => {}
        }
        Ok(())
    }

    fn message(&mut self, line: &[u8]) -> anyhow::Result<()> {
        self.flush()?;
        // Ignores failures: a message that cannot be printed has nowhere else to go.
        let _ = io::stderr().lock().write_all(&[line, b"\n"].concat());
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        terminal::write(&std::mem::take(&mut self.out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_in_go() {
        // The output of filepath.Clean in Go 1.26; an empty path stands for its ".".
        let cases = [
            (".", ""),
            ("./a", "a"),
            ("a//b/", "a/b"),
            ("a/../b", "b"),
            ("a/..", ""),
            ("..", ".."),
            ("../../a/./b", "../../a/b"),
            ("/..", "/"),
            ("/../a", "/a"),
            ("//a", "/a"),
        ];
        for (path, clean) in cases {
            assert_eq!(cleaned(Path::new(path)), Path::new(clean), "{path}");
        }
    }

    #[test]
    fn names_tell_candidates() {
        let cases = [
            ("no/such/lib.so", true),
            ("no/such/LIB.SO", true),
            ("no/such/lib.so.1", true),
            ("no/such.so.2/text", true),
            ("no/such/a.exe", true),
            ("no/such/a.dll", true),
            ("no/such/.so", true),
            ("no/such/so", false),
            ("no/such.so/text", false),
            ("no/such/lib.dylib", false),
        ];
        for (path, candidate) in cases {
            assert_eq!(is_candidate(Path::new(path)), candidate, "{path}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn errors_are_in_the_words_of_go() {
        let error = fs::metadata("/no/such/file").unwrap_err();
        assert_eq!(in_words_of_go(&error), "no such file or directory");
        let error = io::Error::other("Symbolic link loop");
        assert_eq!(in_words_of_go(&error), "too many levels of symbolic links");
    }
}
