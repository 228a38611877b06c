//! Implements `--format ndjson`: writes a line for each image while later files are read. It keeps
//! only a policy's verdicts that do not simply hold, so that memory does not grow with the number
//! of images.

use anyhow::Result;
use rgo_policy::run::Keep;

use super::args::VersionM;
use super::report::json_line;
use super::survey::survey;
use crate::app::exit::Exit;
use crate::app::inspected::Inspected;
use crate::app::output_writer::OutputWriter;
use crate::app::policy::{self, Gate};

/// Where the lines go.
pub(super) struct Outputs(Vec<OutputWriter>);

impl Outputs {
    /// Stdout, and the files of `--report ndjson=FILE`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn new(args: &VersionM) -> Result<Self> {
        let files = args.report.to_files.paths().map(|path| OutputWriter::open(Some(&path)));
        let all = std::iter::once(OutputWriter::open(None)).chain(files);
        Ok(Self(all.collect::<Result<_>>()?))
    }

    /// Writes a line. Returns whether anything still takes lines.
    fn write(&mut self, line: &str) -> Result<bool> {
        let mut is_read = false;
        for output in &mut self.0 {
            is_read |= output.write(line.as_bytes())?;
        }
        Ok(is_read)
    }

    fn finish(self) -> Result<()> {
        self.0.into_iter().try_for_each(OutputWriter::finish)
    }
}

/// Writes the lines, and ends with the policy's verdict.
///
/// # Errors
/// If the output cannot be written.
pub(super) fn run(args: &VersionM, gate: &Gate<'_>, mut output: Outputs) -> Result<Exit> {
    let mut judged = gate.run(if args.verbose { Keep::All } else { Keep::NotHolding });
    let survey = survey(args, !gate.is_empty());
    let mut error = None;
    let problems = survey.each(&mut |image: Inspected| {
        gate.judge(&mut judged, &image);
        let line = json_line(&image, args.evidence);
        match line.and_then(|line| output.write(&line)) {
            // With a policy the exit code is an answer too, so the run continues after the reader
            // closed the pipe.
            Ok(is_read) => is_read || !gate.is_empty(),
            Err(failed) => {
                error = Some(failed);
                false
            }
        }
    });
    survey.print(&problems);
    if let Some(error) = error {
        return Err(error);
    }
    let unread = problems.unread().iter().map(ToString::to_string).collect();
    let outcome = gate.conclude(judged, unread);
    output.finish()?;
    policy::tell(outcome.as_ref(), false, args.verbose);
    let exit = if problems.are_errors() { Exit::Failed } else { Exit::Done };
    Ok(policy::exit(exit, outcome.as_ref()))
}

#[cfg(all(test, target_os = "linux"))] // rustix makes no pipe on macOS
mod tests {
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader};
    use std::path::Path;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::app::samples;

    fn pipe(folder: &Path, name: &str) -> String {
        let path = folder.join(name);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).expect("makes a pipe");
        path.to_string_lossy().into_owned()
    }

    #[test]
    fn the_first_line_is_written_before_the_last_file_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (last, output) = (pipe(folder.path(), "last"), pipe(folder.path(), "output"));
        let sample = samples::paths().remove(0);
        let first = sample.to_string_lossy().into_owned();
        let args = ["rgo-version-m", "--format", "ndjson", &first, &last];
        let args = VersionM::try_parse_from(args.into_iter().chain(["--require", "size<=1"]));
        let args = args.expect("parses");
        let to = output.clone();
        let run = thread::spawn(move || {
            let gate = Gate::new(&args.gate, super::super::TOOL).expect("a policy");
            let output = OutputWriter::open(Some(Path::new(&to))).expect("opens");
            run(&args, &gate, Outputs(vec![output]))
        });
        let (sender, lines) = channel();
        thread::spawn(move || {
            let file = BufReader::new(File::open(output).expect("opens"));
            file.lines().for_each(|line| sender.send(line.expect("a line")).expect("is read"));
        });
        let next = || lines.recv_timeout(Duration::from_secs(30)).expect("a line");
        assert!(next().contains(&first));
        assert!(lines.try_recv().is_err(), "the last file has no bytes yet");
        fs::copy(&sample, &last).expect("writes");
        assert!(next().contains(&last));
        assert_eq!(run.join().expect("ends").expect("writes"), Exit::NotHeld);
    }
}
