//! Renders failures as a SARIF log, for pages that show results of code scanning (Static Analysis
//! Results Interchange Format 2.1.0, OASIS).
//!
//! ```text
//! runs[0].tool.driver.rules   one per distinct requirement, its id the requirement itself
//! runs[0].results             one per failure: rule, message, place, fingerprint
//! runs[0].invocations[0]      exit code, and as notifications the problems of the whole run
//! ```
//!
//! A binary has no lines, but pages show nothing without a region, so it is line 1. The fingerprint
//! is derived from requirement and place, so that a result keeps its identity in every run.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{JudgedRequirement, Outcome, Subject};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A whole log.
#[derive(Debug, Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun {
    tool: SarifTool,
    invocations: [SarifInvocation; 1],
    results: Vec<Outcoming>,
    column_kind: &'static str,
}

#[derive(Debug, Serialize)]
struct SarifTool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: String,
    semantic_version: String,
    information_uri: &'static str,
    rules: Vec<SarifDescriptor>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifDescriptor {
    id: String,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: SarifConfiguration,
}

#[derive(Debug, Serialize)]
struct SarifConfiguration {
    level: &'static str,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifInvocation {
    execution_successful: bool,
    exit_code: u8,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcoming {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
    logical_locations: [Logical; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: SarifArtifact,
    region: SarifRegion,
}

#[derive(Debug, Serialize)]
struct SarifArtifact {
    uri: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprints {
    #[serde(rename = "rgoRequirement/v1")]
    requirement: String,
    /// The one that GitHub reads; by default it would derive it from the text of a line.
    primary_location_line_hash: String,
}

impl Message {
    /// Literal text. Braces are doubled because they mark arguments, and links are broken up,
    /// because the text may come from a file.
    fn new(text: &str) -> Self {
        Self { text: text.replace('{', "{{").replace('}', "}}").replace("](", "] (") }
    }
}

/// The end of a run.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: u8,
    /// Whether the tool itself worked, whatever the verdict.
    pub is_successful: bool,
}

/// The log for a run of a tool with this name and version, and its end.
#[must_use]
pub fn log(tool: &str, version: &str, outcome: &Outcome, ended: Ended) -> Log {
    let mut rules: Vec<SarifDescriptor> = Vec::new();
    let findings = outcome.judgements.iter().flat_map(|judgement| &judgement.findings);
    for finding in findings {
        if !rules.iter().any(|rule| rule.id == finding.expression) {
            rules.push(descriptor(finding));
        }
    }
    let index =
        |finding: &JudgedRequirement| rules.iter().position(|rule| rule.id == finding.expression);
    let results = outcome
        .failures()
        .map(|(subject, finding)| result(subject, finding, index(finding).unwrap_or_default()))
        .collect();
    let notification =
        |level| move |text: &String| Notification { level, message: Message::new(text) };
    let problems = outcome.problems.iter().map(notification("error"));
    let others = outcome.notes.iter().chain(&outcome.unread).map(notification("warning"));
    let invocation = SarifInvocation {
        execution_successful: ended.is_successful,
        exit_code: ended.code,
        tool_execution_notifications: problems.chain(others).collect(),
    };
    let driver = Driver {
        name: tool.to_owned(),
        semantic_version: version.to_owned(),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules,
    };
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [SarifRun {
            tool: SarifTool { driver },
            invocations: [invocation],
            results,
            column_kind: "unicodeCodePoints",
        }],
    }
}

fn descriptor(finding: &JudgedRequirement) -> SarifDescriptor {
    let about = format!("{}: {}.", finding.expression, finding.about);
    let help = format!(
        "Expected: {}. `rgo help policy` explains every fact that can be required.",
        finding.expected
    );
    SarifDescriptor {
        id: finding.expression.clone(),
        short_description: Message::new(&format!("{} is required", finding.expression)),
        full_description: Message::new(&about),
        help: Message::new(&help),
        default_configuration: SarifConfiguration { level: "error" },
    }
}

fn result(subject: &Subject, finding: &JudgedRequirement, rule_index: usize) -> Outcoming {
    let name = subject.to_string();
    let identity = format!("{}\0{name}", finding.expression);
    let hash = Sha256::digest(identity.as_bytes());
    let requirement: String = hex::encode(hash);
    let line: String = requirement.chars().take(16).collect();
    let artifact_location = SarifArtifact { uri: uri(&subject.file) };
    Outcoming {
        rule_id: finding.expression.clone(),
        rule_index,
        level: "error",
        message: Message::new(&format!("{name}: {finding}")),
        locations: [Location {
            physical_location: Physical {
                artifact_location,
                region: SarifRegion { start_line: 1 },
            },
            logical_locations: [Logical { fully_qualified_name: name }],
        }],
        partial_fingerprints: Fingerprints {
            requirement,
            primary_location_line_hash: format!("{line}:1"),
        },
    }
}

/// A path as a URI reference (RFC 3986): relative paths stay relative to the root of the sources.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let drive = matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    let mut out = String::new();
    if drive {
        out.push_str("file:///");
    } else if path.starts_with('/') {
        out.push_str("file://");
    }
    for (index, byte) in path.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if plain || (drive && index == 1) {
            out.push(char::from(byte));
        } else {
            // A write to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        let cases = [
            ("dist/app", "dist/app"),
            ("./dist/app", "dist/app"),
            ("/tmp/a b", "file:///tmp/a%20b"),
            ("C:\\dist\\app.exe", "file:///C:/dist/app.exe"),
            ("a:b/c#d?e%", "a%3Ab/c%23d%3Fe%25"),
            ("dist/a:é", "dist/a%3A%C3%A9"),
            ("-", "-"),
        ];
        for (path, expected) in cases {
            assert_eq!(uri(path), expected, "{path}");
        }
    }
}
