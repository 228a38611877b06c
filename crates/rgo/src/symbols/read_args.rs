//! The arguments that say which files are read, and how far into them.

use std::path::PathBuf;

use clap::Args;
use rgo_policy::size_in_bytes;

use crate::app::survey::SurveyOptions;

/// Which files are read.
#[derive(Clone, Debug, Default, Args)]
pub struct ReadArgs {
    /// Files, folders and archives; - for stdin; @LIST for the arguments in the file LIST
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Leave archives closed
    #[arg(long, help_heading = "Limits")]
    pub no_archives: bool,
    /// Bytes of an archive's member that are read at most, as in 512MiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Limits")]
    pub max_member: Option<u64>,
    /// Archives within archives that are opened at most [default: 4]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub max_depth: Option<usize>,
}

impl ReadArgs {
    /// The options of the survey.
    pub(super) fn survey(&self, verbose: bool, quiet: bool) -> SurveyOptions<'_> {
        SurveyOptions {
            files: &self.files,
            archives: !self.no_archives,
            all_layers: false,
            go_objects: true,
            max_member: self.max_member,
            max_depth: self.max_depth,
            verbose,
            quiet,
        }
    }
}

fn size(text: &str) -> Result<u64, &'static str> {
    size_in_bytes(text).ok_or("it is a number of bytes, or of kB, MB, GB, KiB, MiB or GiB")
}
