//! Checks which crate of the workspace depends on which. A new edge is a decision: it must be added
//! here, or the check fails.

use anyhow::Context;

/// Each crate with its allowed dependencies, including those of tests.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("rgo-stamp", &[]),
    ("rgo-report", &[]),
    ("rgo-packages", &[]),
    ("rgo-binary", &["rgo-packages"]),
    ("rgo-debuginfo", &["rgo-binary"]),
    ("rgo-edit", &["rgo-binary"]),
    ("rgo-files", &["rgo-binary", "rgo-report"]),
    ("rgo-policy", &["rgo-binary", "rgo-report"]),
    ("rgo-toolchain", &["rgo-binary", "rgo-edit", "rgo-files", "rgo-packages", "rgo-report"]),
    (
        "rgo",
        &[
            "rgo-binary",
            "rgo-debuginfo",
            "rgo-edit",
            "rgo-files",
            "rgo-packages",
            "rgo-policy",
            "rgo-report",
            "rgo-toolchain",
        ],
    ),
    ("xtask", &[]),
];
/// The crate that users' programs depend on. It has no dependencies at all.
const ALONE: &str = "rgo-stamp";

/// A crate of the workspace: its name, and its Cargo.toml.
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) text: String,
}

/// The forbidden edges.
pub(super) fn broken(manifests: &[Manifest]) -> anyhow::Result<Vec<String>> {
    let names: Vec<&str> = manifests.iter().map(|it| it.name.as_str()).collect();
    let mut broken = Vec::new();
    for Manifest { name, text } in manifests {
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            broken.push(format!("{name}: is not in the list of what crates may depend on"));
            continue;
        };
        let manifest: toml::Table = text.parse().with_context(|| format!("{name}'s Cargo.toml"))?;
        let listed = dependencies(&manifest);
        let is_wrong = |other: &&String| {
            let is_own = names.contains(&other.as_str());
            is_own && !allowed.contains(&other.as_str()) || name == ALONE
        };
        let wrong = listed.iter().filter(is_wrong);
        broken.extend(wrong.map(|other| format!("{name}: may not depend on {other}")));
    }
    Ok(broken)
}

/// The names in every table of dependencies in the manifest, including those for one target and for
/// tests.
fn dependencies(table: &toml::Table) -> Vec<String> {
    let own = table.iter().filter(|(key, _)| key.ends_with("dependencies"));
    let names = own.filter_map(|(_, names)| names.as_table()).flat_map(toml::Table::keys).cloned();
    let targets = table.get("target").and_then(toml::Value::as_table);
    let theirs = targets.into_iter().flat_map(toml::Table::values);
    names.chain(theirs.filter_map(toml::Value::as_table).flat_map(dependencies)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, table: &str, dependency: &str) -> Manifest {
        let text = format!("[package]\nname = \"{name}\"\n[{table}]\n{dependency} = \"1\"\n");
        Manifest { name: name.to_owned(), text }
    }

    #[test]
    fn only_edges_of_the_list_are_allowed() {
        for (name, dependency, is_allowed) in [
            ("rgo", "rgo-binary", true),
            ("rgo-binary", "rgo", false),
            ("rgo-binary", "rgo-edit", false),
            ("rgo-binary", "serde", true),
            ("rgo-stamp", "serde", false),
            ("rgo-new", "serde", false),
        ] {
            for table in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
                let others = ["rgo", "rgo-edit", "rgo-binary"].map(|it| manifest(it, "x", "y"));
                let all: Vec<Manifest> =
                    others.into_iter().chain([manifest(name, table, dependency)]).collect();
                let broken = broken(&all).expect("parses");
                assert_eq!(
                    broken.is_empty(),
                    is_allowed,
                    "{name} {dependency} {table}: {broken:?}"
                );
            }
        }
    }
}
