//! Which files with debug data a report is made from.

use rgo_report::{Document, printable};
use serde::Serialize;

/// A file that an image names for its debug data, and that was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(in crate::symbols) struct DebugFileRow {
    /// The file.
    pub(in crate::symbols) file: String,
    /// Why it is not used, in words: it belongs to another build, or it is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::symbols) unused_because: Option<String>,
}

impl DebugFileRow {
    /// A line for people.
    pub(in crate::symbols) fn text(&self) -> String {
        let file = printable(&self.file);
        match &self.unused_because {
            None => format!("debug data: {file}"),
            Some(why) => format!("{file} is not used: {}", printable(why)),
        }
    }
}

/// Adds a line for each file.
pub(in crate::symbols) fn add_lines(document: Document, rows: &[DebugFileRow]) -> Document {
    rows.iter().fold(document, |document, row| document.line(row.text()))
}
