//! `--format ndjson`: a line for each image, written while later files are read. Of a policy's
//! verdicts only those are kept that do not simply hold, so that memory does not grow with the
//! number of images.

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

/// Writes the lines, and ends as the policy says.
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
            // Where a policy asks, the exit code is an answer too, which no reader is needed for.
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
