//! One row for each image, the source of `--short`, `--summary`, CSV and Markdown.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use rgo_binary::{Kind, TriState};
use rgo_report::{Column, Document, Table, printable};
use serde::Serialize;

use crate::app::inspected::Inspected;
use crate::app::words::{self, counted, word};

/// One image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct SummaryRow {
    file: String,
    member: String,
    slice: String,
    format: String,
    arch: String,
    kind: String,
    size_bytes: u64,
    language: String,
    toolchain: String,
    package: String,
    version: String,
    /// `None` if no dependencies are known, which does not prove that there are none.
    dependencies: Option<usize>,
    /// The system that it is for.
    os: String,
    libc: String,
    oldest_system: String,
    debug: String,
    signed: String,
    revision: String,
    modified: String,
    /// Findings that deserve attention, as text.
    findings: String,
    /// The container image and the layer that contain it, as text.
    image: String,
}

impl SummaryRow {
    pub(super) fn of(image: &Inspected) -> Self {
        let inspection = &image.inspection;
        let facts = inspection.facts.as_ref();
        let linkage = facts.and_then(|facts| facts.linkage.known());
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let oldest = linkage.and_then(|linkage| {
            let glibc =
                linkage.glibc_floor.as_ref().map(|floor| format!("glibc {}", floor.version));
            glibc.or_else(|| {
                let verdicts = &facts?.runs_on.known()?.verdicts;
                let systems = [("macos", "macOS"), ("windows", "Windows")];
                systems.iter().find_map(|(system, name)| {
                    let verdict = verdicts.iter().find(|verdict| verdict.system == *system)?;
                    Some(format!("{name} {}", verdict.since.as_deref()?))
                })
            })
        });
        let signature = facts.and_then(|facts| facts.signature.known());
        let graph = inspection.packages();
        Self {
            file: image.file.clone(),
            member: text(image.member.as_deref()),
            slice: text(image.slice.as_deref()),
            format: inspection.format.to_string(),
            arch: inspection.arch.to_string(),
            kind: linkage.map(|linkage| kind(linkage.kind)).unwrap_or_default(),
            size_bytes: facts.map(|facts| facts.size_bytes).unwrap_or_default(),
            language: inspection.language().map(|it| it.to_string()).unwrap_or_default(),
            toolchain: inspection.toolchain().map(|it| it.to_string()).unwrap_or_default(),
            package: text(inspection.package()),
            version: text(inspection.version()),
            dependencies: Some(graph.dependencies().count())
                .filter(|count| *count > 0 || graph.is_full()),
            os: facts.and_then(|facts| facts.os.known()).map(words::os).unwrap_or_default(),
            libc: text(inspection.c_library()),
            oldest_system: oldest.unwrap_or_default(),
            debug: facts
                .and_then(|facts| facts.debug.known())
                .map(|debug| word(&debug.level))
                .unwrap_or_default(),
            signed: signature.map(|signature| word(&signature.kind)).unwrap_or_default(),
            revision: text(inspection.setting("vcs.revision")),
            modified: text(inspection.setting("vcs.modified")),
            findings: findings(image).join("; "),
            image: image.container().unwrap_or_default(),
        }
    }

    fn name(&self) -> String {
        let member =
            if self.member.is_empty() { String::new() } else { format!("!{}", self.member) };
        let others = [&self.slice, &self.image].into_iter().filter(|other| !other.is_empty());
        let others: String = others.map(|other| format!(" ({other})")).collect();
        format!("{}{member}{others}", self.file)
    }

    /// The oldest system, else the C library if there is one, else the system.
    fn system(&self) -> &str {
        match self.libc.as_str() {
            _ if !self.oldest_system.is_empty() => &self.oldest_system,
            "" | "none" => &self.os,
            libc => libc,
        }
    }

    /// `name: description`, in one line.
    pub(super) fn line(&self) -> String {
        let package = format!("{} {}", self.package, self.version);
        let platform = format!("{} {}", self.format, self.arch);
        let system = self.system();
        let parts = [package.trim(), &self.toolchain, &platform, &self.kind, system];
        let mut parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if self.debug == "none" {
            parts.push("stripped");
        }
        parts.extend(Some(self.findings.as_str()).filter(|findings| !findings.is_empty()));
        format!("{}: {}\n", printable(&self.name()), printable(&parts.join(", ")))
    }
}

fn kind(kind: Kind) -> String {
    word(&kind)
}

/// Findings that deserve attention, whatever the requirements.
fn findings(image: &Inspected) -> Vec<&'static str> {
    let mut found = Vec::new();
    if image.inspection.setting("vcs.modified") == Some("true") {
        found.push("from changed sources");
    }
    if !image.problems.is_empty() {
        found.push("damaged in part");
    }
    let Some(facts) = &image.inspection.facts else { return found };
    if facts.signature.known().is_some_and(|signature| signature.holds == TriState::No) {
        found.push("changed since it was signed");
    }
    if facts.packer.is_known() {
        found.push("packed");
    }
    if facts.appended.known().is_some_and(|appended| !appended.is_padding()) {
        found.push("data behind the image");
    }
    if facts.hardening.known().is_some_and(|hardening| hardening.nx.answer == TriState::No) {
        found.push("executable stack or data");
    }
    if !facts.build_paths.folders.is_empty() {
        found.push("names folders of its build");
    }
    found
}

/// The rows with a header, in the format of RFC 4180.
///
/// # Errors
/// If a row cannot be written, which only a lack of memory could cause.
pub(super) fn csv(rows: &[SummaryRow]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).context("writing CSV")?;
    }
    let bytes = writer.into_inner().context("writing CSV")?;
    String::from_utf8(bytes).context("writing CSV")
}

/// The columns for people.
pub(super) fn table(rows: &[SummaryRow]) -> Table {
    let titles = ["file", "made by", "package", "version", "platform", "kind", "runs on"];
    let mut table =
        Table::new(titles.map(Column::left).into_iter().chain([Column::right("dependencies")]));
    for row in rows {
        let system = row.system();
        table.row([
            row.name().into(),
            row.toolchain.as_str().into(),
            row.package.as_str().into(),
            row.version.as_str().into(),
            format!("{} {}", row.format, row.arch).into(),
            row.kind.as_str().into(),
            system.into(),
            row.dependencies.map(|count| count.to_string()).unwrap_or_default().into(),
        ]);
    }
    table
}

/// Computes a property of an image, such as its system.
type Sort = fn(&SummaryRow) -> String;

/// Counts the images by each property.
pub(super) fn summary(rows: &[SummaryRow]) -> Document {
    let mut table = Table::new([Column::left("of"), Column::left("sort"), Column::right("images")]);
    let sorts: [(&str, Sort); 9] = [
        ("language", |row| row.language.clone()),
        ("toolchain", |row| row.toolchain.clone()),
        ("platform", |row| format!("{} {}", row.format, row.arch)),
        ("kind", |row| row.kind.clone()),
        ("os", |row| row.os.clone()),
        ("libc", |row| row.libc.clone()),
        ("oldest system", |row| row.oldest_system.clone()),
        ("debug data", |row| row.debug.clone()),
        ("signature", |row| row.signed.clone()),
    ];
    for (what, sort) in sorts {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        rows.iter().for_each(|row| *counts.entry(sort(row)).or_default() += 1);
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        for (name, count) in counts {
            let name = if name.is_empty() { "unknown".to_owned() } else { name };
            table.row([what.into(), name.into(), count.to_string().into()]);
        }
    }
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    let each = rows.iter().flat_map(|row| row.findings.split("; "));
    each.filter(|one| !one.is_empty()).for_each(|one| *found.entry(one).or_default() += 1);
    for (finding, count) in found {
        table.row(["finding".into(), finding.into(), count.to_string().into()]);
    }
    let bytes: u64 = rows.iter().map(|row| row.size_bytes).sum();
    Document::new().table(table).line(format!(
        "{}, {}",
        counted(rows.len(), "image", "images"),
        counted(bytes, "byte", "bytes")
    ))
}
