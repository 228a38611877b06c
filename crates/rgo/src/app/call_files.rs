//! Checks the files that a call writes its reports and its log to, before the work begins: an hour of
//! building must not end with a report that cannot be written, and no report may take the place of a
//! file that the call reads.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use camino::Utf8Path;
use rgo_files::output::{Output, is_same_file};

use super::error::Usage;

/// The files that a call names.
#[derive(Debug, Default)]
pub struct CallFiles {
    /// What it reads, and where its results go.
    pub inputs: Vec<PathBuf>,
    /// Where its reports and its log go.
    pub reports: Vec<PathBuf>,
}

impl CallFiles {
    /// Checks that each report has a file of its own, which can be written.
    ///
    /// # Errors
    /// [`Usage`] if a report would replace an input or another report; else if a file cannot be
    /// written.
    pub(crate) fn check(&self) -> Result<()> {
        for (number, report) in self.reports.iter().enumerate() {
            let Output::File { path, .. } = Output::of(report)? else { continue };
            let shown = report.display();
            if self.inputs.iter().any(|input| is_one_place(input, report)) {
                let text =
                    format!("{shown} is an input or a result, so no report or log can replace it");
                return Err(Usage::new(text).hint("name another file for it").into());
            }
            let mut earlier = self.reports.iter().take(number);
            if earlier.any(|other| is_one_place(other, report)) {
                let text = format!("{shown} is named for two reports, or a report and the log");
                return Err(Usage::new(text).hint("give each a file of its own").into());
            }
            let folder = Utf8Path::from_path(rgo_files::parent(&path))
                .with_context(|| format!("the path {shown} is not UTF-8"))?;
            rgo_files::check_writable(folder).with_context(|| format!("writing {shown}"))?;
        }
        Ok(())
    }
}

/// Whether two names lead to one file, or would if it were there.
fn is_one_place(one: &Path, other: &Path) -> bool {
    let is_one_name = one.file_name().is_some() && one.file_name() == other.file_name();
    let folder = rgo_files::parent;
    one == other
        || is_same_file(one, other)
        || is_one_name && is_same_file(folder(one), folder(other))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::app::error::{CommandError, ErrorKind};

    #[test]
    fn each_report_has_a_file_of_its_own_that_can_be_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("input"), "").expect("written");
        fs::hard_link(path("input"), path("link")).expect("linked");
        let answer = |inputs: &[&str], reports: &[&str]| {
            let files = CallFiles {
                inputs: inputs.iter().map(|name| path(name)).collect(),
                reports: reports.iter().map(|name| path(name)).collect(),
            };
            files.check().map_err(|error| CommandError::from(error).kind)
        };
        for (inputs, reports, expected) in [
            (&["input"][..], &["new", "other"][..], Ok(())),
            (&["input"], &["new-folder/new"], Ok(())),
            (&["absent"], &["absent"], Err(ErrorKind::Usage)),
            (&["absent"], &["./absent"], Err(ErrorKind::Usage)),
            (&["input"], &["input"], Err(ErrorKind::Usage)),
            (&["input"], &["link"], Err(ErrorKind::Usage)),
            (&[], &["new", "new"], Err(ErrorKind::Usage)),
            (&[], &["input", "link"], Err(ErrorKind::Usage)),
            (&[], &["input/below"], Err(ErrorKind::Input)),
            (&[], &["."], Err(ErrorKind::Input)),
        ] {
            assert_eq!(answer(inputs, reports), expected, "{inputs:?} {reports:?}");
        }
        assert!(!path("new").exists() && !path("new-folder").exists());
        assert_eq!(fs::read(path("input")).expect("stays"), b"");
    }
}
