//! The answer of `rgo-version-m` in each of its forms.

use anyhow::{Context, Result};
use rgo_binary::serialized;
use rgo_report::{Document, Report, Style, render};
use serde::Serialize;
use serde_json::Value;

use super::cyclonedx;
use super::dossier::Dossier;
use super::lines::{self, Saying};
use super::row::{self, Row};
use super::unread::Unread;
use crate::app::exit::Exit;
use crate::version_m::args::{VersionFormat, VersionM};
use rgo_policy::sarif::Ended;
use rgo_policy::{Outcome, sarif};

/// What the files say, in the order they were named or walked.
#[derive(Debug, Serialize)]
pub(super) struct VersionReport {
    pub(super) files: Vec<Dossier>,
    /// What could not be looked into, with the reason: a program may be in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unread: Vec<Unread>,
    /// The verdict, if something was required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Outcome>,
    #[serde(skip)]
    pub(super) shape: Shape,
    /// How the run ends.
    #[serde(skip)]
    pub(super) exit: Exit,
}

/// How much is shown, and in how many words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub(super) short: bool,
    pub(super) summary: bool,
    pub(super) facts: bool,
    /// A table suits Markdown better than lines.
    pub(super) table: bool,
    pub(super) saying: Saying,
    /// A verdict only if something does not hold.
    pub(super) quiet: bool,
}

impl Shape {
    pub(super) fn of(args: &VersionM) -> Self {
        let saying = Saying { evidence: args.evidence, verbose: args.verbose };
        Self {
            short: args.short,
            summary: args.summary,
            facts: args.facts || args.evidence,
            table: args.format == VersionFormat::Markdown,
            saying,
            quiet: args.quiet,
        }
    }
}

impl VersionReport {
    /// The whole answer as text.
    ///
    /// # Errors
    /// For SARIF without a policy, or if something cannot be serialised.
    pub(super) fn text(&self, format: VersionFormat, style: Style) -> Result<String> {
        Ok(match format {
            VersionFormat::Text => render(self, rgo_report::Format::Text, style)?,
            VersionFormat::Markdown => render(self, rgo_report::Format::Markdown, style)?,
            VersionFormat::Json => serialized(self.shape.saying.evidence, || {
                render(self, rgo_report::Format::Json, style)
            })?,
            VersionFormat::Ndjson => self.ndjson()?,
            VersionFormat::Csv => row::csv(&self.rows())?,
            VersionFormat::Cyclonedx => pretty(&cyclonedx::bom(&self.files))?,
            VersionFormat::Sarif => {
                let outcome =
                    self.policy.as_ref().context("SARIF is made of what a policy found")?;
                let version = env!("CARGO_PKG_VERSION");
                let ended =
                    Ended { code: self.exit.code(), is_successful: self.exit != Exit::Failed };
                let log = sarif::log("rgo-version-m", version, outcome, ended);
                pretty(&serde_json::to_value(log)?)?
            }
        })
    }

    fn rows(&self) -> Vec<Row> {
        self.files.iter().map(Row::of).collect()
    }

    /// An object per line.
    fn ndjson(&self) -> Result<String> {
        let mut text = String::new();
        for dossier in &self.files {
            text += &serialized(self.shape.saying.evidence, || serde_json::to_string(dossier))?;
            text.push('\n');
        }
        Ok(text)
    }
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

impl Report for VersionReport {
    const SCHEMA: &'static str = "rgo.version-m/1";

    fn document(&self) -> Document {
        let Shape { short, summary, facts, table, saying, quiet } = self.shape;
        let mut document = Document::new();
        if summary {
            document = row::summary(&self.rows());
        } else if short {
            document = document.raw(self.rows().iter().map(Row::line).collect::<String>());
        } else if table && !facts {
            document = document.table(row::table(&self.rows()));
        } else if self.policy.is_none() || facts {
            let text: String = self.files.iter().map(|file| lines::text(file, saying)).collect();
            if !text.is_empty() {
                document = document.raw(text);
            }
        }
        match &self.policy {
            Some(outcome) if quiet && outcome.holds => document,
            Some(outcome) => outcome.document(document, saying.verbose),
            None => document,
        }
    }
}

#[cfg(test)]
mod tests {
    use rgo_binary::embedded::version_resource::VersionInfo;
    use serde_json::Value;

    use super::super::samples;
    use super::*;

    fn json(files: Vec<Dossier>, evidence: bool, format: VersionFormat) -> Value {
        let saying = Saying { evidence, ..Saying::default() };
        let shape = Shape { saying, ..Shape::default() };
        let report =
            VersionReport { files, unread: Vec::new(), policy: None, shape, exit: Exit::Done };
        let text = report.text(format, Style::default()).expect("renders");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Where a key stands in a value, as paths.
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
                |evidence| json(vec![samples::dossier(&path)], evidence, VersionFormat::Json);
            assert_eq!(places(&json(false), "evidence", ""), [""; 0], "{}", path.display());
            all.extend(places(&json(true), "evidence", ""));
            // How sure a conclusion is stands there either way.
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

    /// Keys that the image brings are not those of this report.
    #[test]
    fn a_version_string_of_the_name_evidence_is_kept() {
        let pe = samples::paths()
            .into_iter()
            .find(|path| path.ends_with("sample.pe"))
            .expect("a PE image");
        for format in [VersionFormat::Json, VersionFormat::Ndjson] {
            let mut image = samples::dossier(&pe);
            let strings = [("evidence".to_owned(), "kept".to_owned())].into();
            let info = VersionInfo { strings, ..VersionInfo::default() };
            image.facts.as_mut().expect("facts").version_info = Some(info);
            let json = json(vec![image], false, format);
            let image = json.pointer("/files/0").unwrap_or(&json);
            assert_eq!(image["facts"]["version_info"]["strings"]["evidence"], "kept");
        }
    }
}
