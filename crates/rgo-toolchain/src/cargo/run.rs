//! Runs cargo and reads both of its streams while it works: stdout for the files that it made,
//! stderr for the user. Cargo's stderr, with its progress bar, is passed on at once. The end of it
//! is kept, because cargo reports the failure of a build script nowhere else.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8PathBuf;
use cargo_metadata::PackageId;

use crate::cargo::failure_hints;
use crate::cargo::messages::{CargoMessage, Folders, Side, Unit, event};
use crate::cargo::rebuild_reasons::{Explainer, Rebuilt};
use crate::exec::{Cmd, ExecError, exit_code};
use crate::interrupt;
use crate::secrets;
use crate::show::Show;

/// What cargo did.
#[derive(Clone, Debug, Default)]
pub struct CargoOutcome {
    /// Its exit code.
    pub code: i32,
    /// The units that were compiled or found fresh.
    pub units: Vec<Unit>,
    /// The `OUT_DIR` of each build script.
    pub out_dirs: Vec<(PackageId, Side, Utf8PathBuf)>,
    /// The native libraries to link beside static libraries, by package.
    pub native_libs: Vec<(PackageId, Vec<String>)>,
    /// Compile errors as rustc lays them out, each text once.
    pub errors: Vec<String>,
    /// The end of its stderr.
    pub stderr_tail: String,
    /// The crates that were compiled, and why.
    pub rebuilt: Vec<Rebuilt>,
}

/// How much of stderr is kept, in bytes.
const TAIL: usize = 64 * 1024;

/// The user's stderr, shared by the two readers.
type Sink = Arc<Mutex<Box<dyn Write + Send>>>;

/// Runs a cargo command that has `--message-format json…` among its flags.
///
/// # Errors
/// If cargo cannot be started. A failed build is no error here: see [`CargoOutcome::code`].
pub fn run(
    cmd: &Cmd,
    folders: &Folders,
    triples: &[&str],
    show: Show,
    sink: Box<dyn Write + Send>,
) -> Result<CargoOutcome, ExecError> {
    let mut child = with_terminal(cmd, show).spawn_piped()?;
    let sink: Sink = Arc::new(Mutex::new(sink));
    let stderr = child.stderr.take();
    let reader = {
        let sink = Arc::clone(&sink);
        std::thread::spawn(move || stderr.map(|stderr| read_stderr(stderr, &sink, show)))
    };
    let stdout = child.stdout.take();
    let mut ran =
        stdout.map(|stdout| read_stdout(stdout, folders, triples, &sink, show)).unwrap_or_default();
    let status = child.wait();
    if let Ok(status) = status {
        interrupt::checkpoint(status);
    }
    if let Ok(Some((tail, explainer))) = reader.join() {
        ran.stderr_tail = tail;
        ran.rebuilt = explainer.finish(&ran.units);
    }
    ran.code = status.map_or(1, exit_code);
    Ok(ran)
}

/// Tells cargo, whose stderr is a pipe, that its output goes to a terminal.
fn with_terminal(cmd: &Cmd, show: Show) -> Cmd {
    let cmd = cmd.clone();
    if !show.terminal {
        return cmd;
    }
    cmd.env("CARGO_TERM_COLOR", "always")
        .env("CARGO_TERM_PROGRESS_WHEN", if show.explain { "never" } else { "always" })
        .env("CARGO_TERM_PROGRESS_WIDTH", "80")
}

/// Collects cargo's messages and shows those of the compiler.
fn read_stdout(
    stdout: ChildStdout,
    folders: &Folders,
    triples: &[&str],
    sink: &Sink,
    show: Show,
) -> CargoOutcome {
    let mut ran = CargoOutcome::default();
    let mut shown: HashSet<String> = HashSet::new();
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    while read_line(&mut stdout, &mut line) {
        let text = String::from_utf8_lossy(&line);
        match event(text.trim_end(), folders, triples) {
            Some(CargoMessage::Unit(unit)) => ran.units.push(*unit),
            Some(CargoMessage::BuildScript { package, side, out_dir }) => {
                ran.out_dirs.push((package, side, out_dir));
            }
            Some(CargoMessage::NativeLibs { package, libs }) => {
                ran.native_libs.push((package, libs))
            }
            Some(CargoMessage::Diagnostic { error, rendered, .. }) => {
                let rendered = secrets::hidden(&rendered);
                // The same crate compiled for eight targets gives the same message eight times.
                if failure_hints::is_noise(&rendered) || !shown.insert(rendered.clone()) {
                    continue;
                }
                if !(error && show.hold_errors) {
                    diagnostic(sink, &rendered, show);
                }
                if error {
                    ran.errors.push(rendered);
                }
            }
            None => {}
        }
    }
    ran
}

fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    line.clear();
    matches!(from.read_until(b'\n', line), Ok(read) if read > 0)
}

fn read_stderr(stderr: ChildStderr, sink: &Sink, show: Show) -> (String, Explainer) {
    let mut tail: Vec<u8> = Vec::new();
    let mut explainer = Explainer::default();
    if show.explain {
        let mut lines = BufReader::new(stderr);
        let mut line = Vec::new();
        while read_line(&mut lines, &mut line) {
            let text = secrets::hidden(&String::from_utf8_lossy(&line));
            let ours = explainer.take(text.trim_end());
            keep(&mut tail, text.as_bytes());
            if !ours || show.verbose {
                write(sink, text.as_bytes());
            }
        }
    } else {
        let mut stderr = stderr;
        let mut buffer = [0_u8; 8192];
        // Bytes not shown yet: a word whose end has not been read. A secret must be whole to be
        // hidden.
        let mut begun: Vec<u8> = Vec::new();
        let mut show = |bytes: &[u8]| {
            let text = secrets::hidden(&String::from_utf8_lossy(bytes));
            keep(&mut tail, text.as_bytes());
            write(sink, text.as_bytes());
        };
        while let Ok(read @ 1..) = stderr.read(&mut buffer) {
            begun.extend_from_slice(buffer.get(..read).unwrap_or_default());
            let whole = begun.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
            if whole > 0 || begun.len() > TAIL {
                let rest = begun.split_off(if whole > 0 { whole } else { begun.len() });
                show(&begun);
                begun = rest;
            }
        }
        show(&begun);
    }
    (String::from_utf8_lossy(&tail).into_owned(), explainer)
}

fn keep(tail: &mut Vec<u8>, bytes: &[u8]) {
    tail.extend_from_slice(bytes);
    if tail.len() > 2 * TAIL {
        tail.drain(..tail.len() - TAIL);
    }
}

fn diagnostic(sink: &Sink, rendered: &str, show: Show) {
    // Clears cargo's progress bar from the line; cargo draws it again below the message.
    let clear = if show.terminal && !show.explain { "\r\u{1b}[K" } else { "" };
    write(sink, format!("{clear}{rendered}").as_bytes());
}

// Ignores errors: a closed terminal must not stop the build.
fn write(sink: &Sink, bytes: &[u8]) {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = sink.write_all(bytes);
    let _ = sink.flush();
}
