//! Implements `--format ndjson`: writes a line for each image while later files are read. It keeps
//! only a policy's verdicts that do not simply hold, so that memory does not grow with the number
//! of images.

use anyhow::Result;
use rgo_policy::Policy;
use rgo_policy::run::Keep;

use super::args::VersionM;
use super::gate::Ending;
use super::inspected::Inspected;
use super::report::json_line;
use super::survey::Survey;
use crate::app::exit::Exit;
use crate::app::output_writer::OutputWriter;

/// Writes the lines, and ends with the policy's verdict.
///
/// # Errors
/// If the output cannot be written.
pub(super) fn run(args: &VersionM, policy: &Policy) -> Result<Exit> {
    let mut output = OutputWriter::open(args.output.as_deref())?;
    let mut judged = policy.run(if args.verbose { Keep::All } else { Keep::NotHolding });
    let survey = Survey::new(args, !policy.is_empty());
    let mut error = None;
    let problems = survey.each(&mut |image: Inspected| {
        if !policy.is_empty() {
            judged.add(policy.judge(image.subject(), &image));
        }
        let line = json_line(&image, args.evidence);
        match line.and_then(|line| output.write(line.as_bytes())) {
            // With a policy the exit code is an answer too, so the run continues after the reader
            // closed the pipe.
            Ok(is_read) => is_read || !policy.is_empty(),
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
    let ending = Ending::of(args, policy, judged, &problems);
    output.finish()?;
    ending.tell(args);
    Ok(ending.exit)
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

    use super::super::gate::policy;
    use super::super::samples;
    use super::*;

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
        let args = ["rgo-version-m", "--format", "ndjson", "-o", &output, &first, &last];
        let args = VersionM::try_parse_from(args.into_iter().chain(["--require", "size<=1"]));
        let args = args.expect("parses");
        let run = thread::spawn(move || {
            let policy = policy(&args).expect("a policy");
            run(&args, &policy)
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
