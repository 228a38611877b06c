//! Renders the images as text, JSON, CSV, Markdown, CycloneDX or SARIF.

use anyhow::{Context, Result};
use rgo_binary::serialized;
use rgo_report::{Document, Report, Style, render};
use serde::Serialize;
use serde_json::Value;

use super::cyclonedx;
use super::summary_row::{self, SummaryRow};
use super::text::{self, Verbosity};
use crate::app::exit::Exit;
use crate::app::inspected::Inspected;
use crate::app::unread::Unread;
use crate::version_m::args::{VersionFormat, VersionM};
use rgo_policy::sarif::Ended;
use rgo_policy::{Outcome, sarif};

/// The images, in the order in which they were named or walked.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct VersionReport<'r> {
    pub(super) files: &'r [Inspected],
    /// Files that could not be read, with the reason: a program may be in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unread: Vec<Unread>,
    /// The verdict, if there were requirements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<&'r Outcome>,
    #[serde(skip)]
    pub(super) shape: Shape,
    /// The end of the run.
    #[serde(skip)]
    pub(super) exit: Exit,
}

/// The level of detail.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub(super) short: bool,
    pub(super) summary: bool,
    pub(super) facts: bool,
    /// Whether to use a table, which suits Markdown better than lines.
    pub(super) table: bool,
    pub(super) verbosity: Verbosity,
    /// Whether to show a verdict only if something does not hold.
    pub(super) quiet: bool,
}

impl Shape {
    /// The shape that a call asks for in a format.
    pub(super) fn of(args: &VersionM, format: VersionFormat) -> Self {
        let verbosity = Verbosity { evidence: args.evidence, verbose: args.verbose };
        Self {
            short: args.short && format.is_for_people(),
            summary: args.summary && format.is_for_people(),
            facts: args.facts || args.evidence,
            table: format == VersionFormat::Markdown,
            verbosity,
            quiet: args.quiet,
        }
    }
}

impl VersionReport<'_> {
    /// Renders the whole answer.
    ///
    /// # Errors
    /// For SARIF without a policy, or if something cannot be serialized.
    pub(super) fn text(&self, format: VersionFormat, style: Style) -> Result<String> {
        Ok(match format {
            VersionFormat::Text => render(self, rgo_report::Rendering::Text, style)?,
            VersionFormat::Markdown => render(self, rgo_report::Rendering::Markdown, style)?,
            VersionFormat::Json => serialized(self.shape.verbosity.evidence, || {
                render(self, rgo_report::Rendering::Json, style)
            })?,
            VersionFormat::Ndjson => {
                let evidence = self.shape.verbosity.evidence;
                let lines = self.files.iter().map(|file| json_line(file, evidence));
                lines.collect::<Result<String>>()?
            }
            VersionFormat::Csv => summary_row::csv(&self.rows())?,
            VersionFormat::Cyclonedx => pretty(&cyclonedx::document(self.files))?,
            VersionFormat::Sarif => {
                let outcome = self.policy.context("SARIF is made of what a policy found")?;
                let version = env!("CARGO_PKG_VERSION");
                let ended =
                    Ended { code: self.exit.code(), is_successful: self.exit != Exit::Failed };
                let log = sarif::log("rgo-version-m", version, outcome, ended);
                pretty(&serde_json::to_value(log)?)?
            }
        })
    }

    fn rows(&self) -> Vec<SummaryRow> {
        self.files.iter().map(SummaryRow::of).collect()
    }
}

/// An image as one line of JSON.
///
/// # Errors
/// If it cannot be serialized.
pub(super) fn json_line(image: &Inspected, evidence: bool) -> Result<String> {
    Ok(serialized(evidence, || serde_json::to_string(image))? + "\n")
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

impl Report for VersionReport<'_> {
    const SCHEMA: &'static str = "rgo.version-m/1";

    fn document(&self) -> Document {
        let Shape { short, summary, facts, table, verbosity, quiet } = self.shape;
        let mut document = Document::new();
        if summary {
            document = summary_row::summary(&self.rows());
        } else if short {
            document = document.raw(self.rows().iter().map(SummaryRow::line).collect::<String>());
        } else if table && !facts {
            document = document.table(summary_row::table(&self.rows()));
        } else if self.policy.is_none() || facts {
            let text: String = self.files.iter().map(|file| text::text(file, verbosity)).collect();
            if !text.is_empty() {
                document = document.raw(text);
            }
        }
        match self.policy {
            Some(outcome) if quiet && outcome.holds => document,
            Some(outcome) => outcome.document(document, verbosity.verbose),
            None => document,
        }
    }
}

#[cfg(test)]
mod tests {
    use rgo_binary::embedded::version_resource::VersionResource;
    use rgo_binary::inspect::Fact;
    use serde_json::Value;

    use super::*;
    use crate::app::samples;

    fn json(files: Vec<Inspected>, evidence: bool, format: VersionFormat) -> Value {
        let verbosity = Verbosity { evidence, ..Verbosity::default() };
        let shape = Shape { verbosity, ..Shape::default() };
        let report = VersionReport {
            files: &files,
            unread: Vec::new(),
            policy: None,
            shape,
            exit: Exit::Done,
        };
        let text = report.text(format, Style::default()).expect("renders");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The paths of a key in a value.
    fn places(value: &Value, key: &str, path: &str) -> Vec<String> {
        match value {
            Value::Array(items) => items.iter().flat_map(|item| places(item, key, path)).collect(),
            Value::Object(map) => map
                .iter()
                .flat_map(|(name, item)| {
                    let path = format!("{path}/{name}");
                    let own = (name == key).then(|| path.clone());
                    own.into_iter().chain(places(item, key, &path)).collect::<Vec<_>>()
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn evidence_is_in_json_where_it_was_asked_for() {
        let mut all = Vec::new();
        for path in samples::paths() {
            let json =
                |evidence| json(vec![samples::inspected(&path)], evidence, VersionFormat::Json);
            assert_eq!(places(&json(false), "evidence", ""), [""; 0], "{}", path.display());
            all.extend(places(&json(true), "evidence", ""));
            // The confidence of a conclusion is there in both cases.
            let sure = |value: &Value| {
                let mut all = places(value, "confidence", "");
                all.retain(|path| !path.contains("/evidence/"));
                all
            };
            assert_eq!(sure(&json(false)), sure(&json(true)), "{}", path.display());
        }
        for place in ["origin/languages", "origin/tools", "facts/libc", "facts/hardening/nx"] {
            let place = format!("/files/{place}/evidence");
            assert!(all.contains(&place), "{place}");
        }
    }

    /// Keys of an image do not collide with keys of this report.
    #[test]
    fn a_version_string_of_the_name_evidence_is_kept() {
        let pe = samples::paths()
            .into_iter()
            .find(|path| path.ends_with("sample.pe"))
            .expect("a PE image");
        for format in [VersionFormat::Json, VersionFormat::Ndjson] {
            let mut image = samples::inspected(&pe);
            let strings = [("evidence".to_owned(), "kept".to_owned())].into();
            let info = VersionResource { strings, ..VersionResource::default() };
            image.inspection.facts.as_mut().expect("facts").version_info = Fact::Known(info);
            let json = json(vec![image], false, format);
            let image = json.pointer("/files/0").unwrap_or(&json);
            assert_eq!(image["facts"]["version_info"]["strings"]["evidence"], "kept");
        }
    }
}
