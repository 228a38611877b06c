//! Writes a tool's output: data to stdout or a file, messages to stderr and to
//! the log, color on terminals only.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anyhow::Context;
use camino::Utf8Path;
use rgo_report::{Rendering, Report, Style, printable};

use super::error::CommandError;
use super::log_file::{self, LoggedStderr};
use super::message::Message;
use super::progress_arg::{self, ProgressArg};
use rgo_files::atomic_file;
use rgo_files::output::{self, Output};

/// Renders a report to stdout in one write.
///
/// # Errors
/// If stdout cannot be written.
pub(crate) fn print_as<R: Report>(report: &R, format: impl Into<Rendering>) -> anyhow::Result<()> {
    let text =
        rgo_report::render(report, format.into(), style(None)).context("rendering the report")?;
    write(text.as_bytes())
}

/// Writes data to stdout. A closed pipe is not an error: `head` closes it once it has its lines,
/// and the exit code still shows the result of the command.
///
/// # Errors
/// If stdout cannot be written.
pub(crate) fn write(data: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(data).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes data to a file by temporary file and rename, in a folder that is made if it is missing, or to stdout if there is no file. A device,
/// a pipe or a file that is held open is written to, not replaced.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write_output(data: &[u8], file: Option<&Path>) -> anyhow::Result<()> {
    let Some(file) = file else { return write(data) };
    match Output::of(file)? {
        Output::Stdout => write(data),
        Output::Stream(path) => output::write_into(&path, &mut &*data, &status)
            .with_context(|| format!("writing {}", path.display())),
        Output::File { path, .. } => {
            let path = Utf8Path::from_path(&path)
                .with_context(|| format!("the path {} is not UTF-8", path.display()))?;
            let folder = rgo_files::parent(path.as_std_path());
            std::fs::create_dir_all(folder)
                .with_context(|| format!("creating the folder {}", folder.display()))?;
            atomic_file::write(path, data, None)?;
            Ok(())
        }
    }
}

/// Prints text to stderr as it is.
pub(crate) fn eprint_raw(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}

/// Prints a line to stderr without a label, such as a command.
pub(crate) fn eprint_line(text: &dyn Display) {
    eprint_raw(&format!("{text}\n"));
}

/// The stream for messages of this process and of those that it runs.
pub(crate) fn stderr() -> Box<dyn Write + Send> {
    match progress_arg::chosen() {
        ProgressArg::Json => Box::new(JsonLines::default()),
        _ => Box::new(LoggedStderr),
    }
}

/// Prints a message for another program.
pub(crate) fn json_message(message: &Message<'_>) {
    if let Ok(line) = serde_json::to_string(message) {
        let _ = LoggedStderr.write_all(format!("{line}\n").as_bytes());
    }
}

/// Text that becomes a JSON object a line.
#[derive(Default)]
struct JsonLines {
    /// The start of a line.
    start: Vec<u8>,
}

impl Write for JsonLines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            self.start.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end_line();
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl JsonLines {
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.start);
        let line = String::from_utf8_lossy(&anstream::adapter::strip_bytes(&line).into_vec())
            .trim_end_matches(['\r', '\n'])
            .to_owned();
        json_message(&Message::Output { text: line.into() });
    }
}

impl Drop for JsonLines {
    fn drop(&mut self) {
        if !self.start.is_empty() {
            self.end_line();
        }
    }
}

/// Renders a report to stderr, for calls whose stdout belongs to another program.
///
/// # Errors
/// If it cannot be rendered.
pub(crate) fn print_to_stderr<R: Report>(
    report: &R,
    format: impl Into<Rendering>,
) -> anyhow::Result<()> {
    let style = Style { color: has_color(&io::stderr()) };
    let text = rgo_report::render(report, format.into(), style).context("rendering the report")?;
    eprint_raw(&text);
    Ok(())
}

/// Prints an error with its causes on one line, and its hints below.
pub(crate) fn error(error: &CommandError) {
    failure(&error.text());
    error.hints.iter().for_each(|text| hint(text));
}

/// Prints an error message.
pub(crate) fn failure(text: &str) {
    let text = shown(text);
    message("error", "\u{1b}[1;31m", &text, Message::Error { text: (&text).into() });
}

/// Prints a warning.
pub(crate) fn warning(text: &str) {
    let text = shown(text);
    message("warning", "\u{1b}[1;33m", &text, Message::Warning { text: (&text).into() });
}

/// Prints a step of long work, unless `--progress never` was given.
pub(crate) fn status(text: &str) {
    if progress_arg::chosen() != ProgressArg::Never {
        let text = shown(text);
        message("rgo", "\u{1b}[1;32m", &text, Message::Step { text: (&text).into() });
    }
}

/// Prints the next step after a message.
pub(crate) fn hint(text: &str) {
    let text = shown(text);
    message("hint", "", &text, Message::Hint { text: (&text).into() });
}

/// Escapes control characters, but for line ends and tabs: messages quote names of files and of
/// their entries.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let line = part.trim_end_matches(['\n', '\t']);
        shown.push_str(&printable(line));
        shown.push_str(part.strip_prefix(line).unwrap_or_default());
    }
    shown
}

// Ignores failures: a message that cannot be printed has nowhere else to go.
fn message(label: &str, ansi: &str, text: &str, for_programs: Message<'_>) {
    if progress_arg::chosen() == ProgressArg::Json {
        return json_message(&for_programs);
    }
    log_file::add(format!("{label}: {text}\n").as_bytes());
    let mut stderr = io::stderr().lock();
    let _ = if ansi.is_empty() || !has_color(&io::stderr()) {
        writeln!(stderr, "{label}: {text}")
    } else {
        writeln!(stderr, "{ansi}{label}\u{1b}[0m: {text}")
    };
}

/// Whether to write color: `--color` decides, then `NO_COLOR` and `CLICOLOR_FORCE`, then whether
/// the stream is a terminal that is not a dumb one.
pub(crate) fn has_color(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// The style for [`write_output`]. A file is no terminal.
#[must_use]
pub(crate) fn style(file: Option<&Path>) -> Style {
    let color = match file {
        Some(_) => ColorChoice::global() == ColorChoice::Always,
        None => has_color(&io::stdout()),
    };
    Style { color }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn devices_and_links_are_written_to_and_stay() {
        use std::os::unix::fs::FileTypeExt;
        let null = Path::new("/dev/null");
        write_output(b"text", Some(null)).expect("takes all");
        assert!(null.metadata().expect("is there").file_type().is_char_device());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").expect("writes");
        std::os::unix::fs::symlink(&file, &link).expect("links");
        write_output(b"text", Some(&link)).expect("writes");
        assert_eq!(std::fs::read(&file).expect("reads"), b"text");
        assert!(link.is_symlink());
        // A link to a file that does not exist yet.
        std::fs::remove_file(&file).expect("is there");
        write_output(b"new", Some(&link)).expect("writes");
        assert_eq!(std::fs::read(&file).expect("reads"), b"new");
        assert!(link.is_symlink());
    }

    #[test]
    fn messages_have_lines_and_no_commands() {
        assert_eq!(shown("a\u{1b}[31mb\nc\td\r"), "a\\u{1b}[31mb\nc\td\\r");
    }
}
