//! Inspects the files of a call.

use rgo_binary::inspect::Detail;

use super::args::{VersionFormat, VersionM};
use crate::app::images::Images;
use crate::app::inspected::Inspected;
use crate::app::survey::{Seen, Survey, SurveyOptions};

/// Prepares the survey of a call; `is_judged` tells whether a policy judges its images.
pub(super) fn survey(args: &VersionM, is_judged: bool) -> Survey<'_, Inspected> {
    let wants_facts = args.facts
        || args.evidence
        || args.short
        || args.summary
        || is_judged
        || args.formats().any(|it| matches!(it, VersionFormat::Csv | VersionFormat::Markdown));
    let detail = if wants_facts { Detail::Facts } else { Detail::Record };
    Survey::new(options(args), move |_, data| {
        let Images { images, problems } = Images::read(data, detail, !args.no_archives);
        Seen { images, problems: problems.into_iter().map(Into::into).collect() }
    })
}

/// How a call reads files.
pub(super) fn options(args: &VersionM) -> SurveyOptions<'_> {
    SurveyOptions {
        files: &args.files,
        archives: !args.no_archives,
        all_layers: args.all_layers,
        go_objects: false,
        max_member: args.max_member,
        max_depth: args.max_depth,
        verbose: args.verbose,
        quiet: args.quiet,
    }
}
