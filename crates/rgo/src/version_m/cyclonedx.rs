//! Renders the images as a bill of materials.

use rgo_packages::cyclonedx::{Component, bom};
use serde_json::Value;

use crate::app::inspected::Inspected;

/// The CycloneDX document of these images.
pub(super) fn document(images: &[Inspected]) -> Value {
    let components: Vec<Component> = images.iter().map(component).collect();
    bom("rgo-version-m", env!("CARGO_PKG_VERSION"), &components)
}

fn component(image: &Inspected) -> Component {
    let inspection = &image.inspection;
    let path = image.name();
    let graph = inspection.packages();
    let properties = [
        ("rgo:file", Some(path.clone())),
        ("rgo:format", Some(inspection.format.to_string())),
        ("rgo:arch", Some(inspection.arch.to_string())),
        ("rgo:toolchain", inspection.toolchain().map(|it| it.to_string())),
        ("rgo:vcs.revision", inspection.setting("vcs.revision").map(str::to_owned)),
        ("rgo:partial", (!graph.is_full()).then(|| "true".to_owned())),
    ];
    let properties = properties.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Component {
        name: inspection.package().unwrap_or(&path).to_owned(),
        version: inspection.version().map(str::to_owned),
        properties: properties.collect(),
        path,
        graph,
    }
}
