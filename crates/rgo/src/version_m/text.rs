//! Renders an image as lines: words separated by tabs, which people can read and `grep` and `cut`
//! can process. A build record has the layout of `go version -m`; other lines begin with a word for
//! their kind: `recovered`, `fact`, `layer`.

mod facts;

use rgo_binary::inspect::{Inspection, OtherContent, OtherRecord, RecordFormat};
use rgo_binary::recovered::go;
use rgo_files::walk::Layer;
use rgo_report::printable;

use crate::app::inspected::Inspected;
use crate::app::words::{counted, in_words, word};

/// The level of detail of the lines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Verbosity {
    /// The evidence of each fact, too.
    pub(super) evidence: bool,
    /// Whether to print long lists completely.
    pub(super) verbose: bool,
}

/// The lines of one image.
struct Lines(Vec<String>);

impl Lines {
    /// Adds a line of words behind a tab.
    fn add(&mut self, words: &[&str]) {
        let words: Vec<_> = words.iter().map(|word| printable(word)).collect();
        self.0.push(format!("\t{}", words.join("\t")));
    }
}

/// `path: toolchain`, then a line for each fact behind a tab.
pub(super) fn text(image: &Inspected, verbosity: Verbosity) -> String {
    let inspection = &image.inspection;
    let toolchain = inspection.toolchain();
    let toolchain = toolchain.map_or_else(|| "(unknown compiler)".to_owned(), |it| it.to_string());
    let mut lines = Lines(vec![format!("{}: {}", image.shown_name(), printable(&toolchain))]);
    if let Some(record) = inspection.record.known() {
        let text = record.info.to_string();
        text.lines().for_each(|line| lines.add(&line.split('\t').collect::<Vec<_>>()));
        for other in &record.others {
            lines.add(&["also", record_name(other.format), &content(other)]);
        }
    }
    for Recovered { kind, name, version, evidence } in recovered(inspection) {
        let mut words = vec!["recovered", kind, name.as_str()];
        words.extend(version.as_deref());
        words.extend(evidence.as_deref().filter(|_| verbosity.evidence));
        lines.add(&words);
    }
    if let Some(facts) = &inspection.facts {
        for line in facts::lines(inspection, facts, verbosity) {
            let mut words = vec!["fact", line.name.as_ref(), line.value.as_str()];
            words.extend(line.evidence.as_deref().filter(|_| verbosity.evidence));
            lines.add(&words);
        }
    }
    image.layers.iter().for_each(|layer| add_layer(layer, &mut lines));
    image.problems.iter().for_each(|problem| lines.add(&["unreadable", problem]));
    lines.0.join("\n") + "\n"
}

fn record_name(format: RecordFormat) -> &'static str {
    match format {
        RecordFormat::RgoNote => "rgo note",
        RecordFormat::GoBuildinfo => "Go build information",
        RecordFormat::DepV0 => ".dep-v0",
        RecordFormat::GoSlots => "slots for -X",
    }
}

/// A summary of a record that is not the image's own.
fn content(other: &OtherRecord) -> String {
    let (one, many) = match other.format {
        RecordFormat::GoBuildinfo => ("module", "modules"),
        RecordFormat::RgoNote | RecordFormat::DepV0 => ("package", "packages"),
        RecordFormat::GoSlots => ("slot", "slots"),
    };
    match &other.content {
        OtherContent::Packages { toolchain: Some(toolchain), package_count } => {
            format!("{toolchain}, {}", counted(*package_count, one, many))
        }
        OtherContent::Packages { toolchain: None, package_count } => {
            counted(*package_count, one, many)
        }
        OtherContent::Damaged { error } => format!("unreadable: {error}"),
    }
}

fn add_layer(layer: &Layer, lines: &mut Lines) {
    let image = &layer.image;
    let names = match image.names.as_slice() {
        [] => image.id.clone().unwrap_or_else(|| "an image without a name".to_owned()),
        names => names.join(", "),
    };
    let place = format!("{} of {}", layer.number, image.layer_count);
    let hidden = layer.hidden_by.map(|by| format!("hidden by layer {by}"));
    let platform = image.platform.as_deref().unwrap_or("any platform");
    let mut words = vec!["layer", &names, platform, &place];
    words.extend(hidden.as_deref());
    words.extend(layer.path.as_deref());
    lines.add(&words);
    for (key, value) in image.annotations.iter().chain(layer.annotations.iter()) {
        lines.add(&["annotation", &format!("{key}={value}")]);
    }
}

/// A recovered fact of an image without a record.
struct Recovered {
    /// The word for it in a record: `path`, `mod`, `dep`, `package`.
    kind: &'static str,
    name: String,
    version: Option<String>,
    evidence: Option<String>,
}

fn recovered(inspection: &Inspection) -> Vec<Recovered> {
    let mut all: Vec<Recovered> = Vec::new();
    if let Some(found) = inspection.recovered_go.known() {
        recovered_go(found, &mut all);
    }
    all.extend(inspection.crates().map(|one| Recovered {
        kind: "dep",
        name: one.name.clone(),
        version: one.version.as_ref().map(|version| format!("v{version}")),
        evidence: one.evidence.first().map(in_words),
    }));
    all
}

fn recovered_go(found: &go::RecoveredProgram, all: &mut Vec<Recovered>) {
    let package = |kind, package: &go::FoundText| Recovered {
        kind,
        name: package.value.clone(),
        version: None,
        evidence: Some(word(&package.evidence)),
    };
    let module = |kind, module: &go::RecoveredModule| Recovered {
        kind,
        name: module.path.clone(),
        version: module.version.clone(),
        evidence: Some(word(&module.evidence)),
    };
    all.extend(found.main_package.as_ref().map(|main| package("path", main)));
    all.extend(found.main_module.as_ref().map(|main| module("mod", main)));
    all.extend(found.modules.iter().map(|one| module("dep", one)));
    all.extend(found.packages.iter().map(|one| package("package", one)));
}
