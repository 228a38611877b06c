//! The answer of `rgo-version-m` in each of its forms.

use anyhow::{Context, Result};
use rgo_report::{Document, Report, Style, render};
use serde::Serialize;
use serde_json::Value;

use super::cyclonedx;
use super::dossier::Dossier;
use super::lines::{self, Saying};
use super::row::{self, Row};
use super::unread::Unread;
use crate::cli::version_m::{VersionFormat, VersionM};
use crate::exit::Exit;
use crate::policy::{Outcome, sarif};

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
            VersionFormat::Json => {
                let text = render(self, rgo_report::Format::Json, style)?;
                let mut value: Value = serde_json::from_str(&text).context("rendering JSON")?;
                self.without_evidence(&mut value);
                pretty(&value)?
            }
            VersionFormat::Ndjson => self.ndjson()?,
            VersionFormat::Csv => row::csv(&self.rows())?,
            VersionFormat::Cyclonedx => pretty(&cyclonedx::bom(&self.files))?,
            VersionFormat::Sarif => {
                let outcome =
                    self.policy.as_ref().context("SARIF is made of what a policy found")?;
                let version = env!("CARGO_PKG_VERSION");
                let log = sarif::log("rgo-version-m", version, outcome, self.exit);
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
            let mut value = serde_json::to_value(dossier)?;
            self.without_evidence(&mut value);
            text += &serde_json::to_string(&value)?;
            text.push('\n');
        }
        Ok(text)
    }

    /// Evidence is asked for by name: it is longer than what it proves.
    fn without_evidence(&self, value: &mut Value) {
        if !self.shape.saying.evidence {
            prune(value);
        }
    }
}

fn pretty(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// Takes every `evidence` out; how sure it makes a conclusion stays.
fn prune(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(prune),
        Value::Object(map) => {
            if let Some(confidence) = map.remove("evidence").as_ref().and_then(confidence) {
                map.entry("confidence").or_insert_with(|| confidence.into());
            }
            map.values_mut().for_each(prune);
        }
        _ => {}
    }
}

/// How sure the best of some evidence is.
fn confidence(evidence: &Value) -> Option<&'static str> {
    let of = |one: &Value| {
        let found = one.get("confidence")?.as_str()?.to_owned();
        SURE.iter().position(|sure| *sure == found)
    };
    let best = match evidence {
        Value::Array(all) => all.iter().filter_map(of).max(),
        one => of(one),
    };
    best.and_then(|at| SURE.get(at).copied())
}

/// The words of [`rgo_binary::origin::Confidence`], in its order.
const SURE: [&str; 3] = ["guess", "likely", "certain"];

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
