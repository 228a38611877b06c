//! Finds the part of a selection that a target can have. A target without dynamic linking has no
//! shared libraries, and cargo refuses a whole invocation if one library has no other crate type:
//!
//! ```text
//! crate-type = ["cdylib", "rlib"]   linux/amd64/static: cargo leaves the cdylib out
//! crate-type = ["cdylib"]           linux/amd64/static: cargo refuses, for all targets of the call
//! ```

use std::collections::BTreeSet;

use cargo_metadata::{CrateType, Metadata, PackageId, TargetKind};

use crate::cargo::targets::{BuildOutput, Selection};
use crate::toolchain::Toolchain;

/// The part of the selection that a target can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Makeable {
    /// All that cargo makes for the user's selection.
    AsSelected,
    /// All that cargo makes for this selection, which leaves out the packages that it would refuse.
    Part(Box<Selection>),
    /// Nothing, or not a file that the user asked for by name.
    Nothing,
}

/// Finds the part of a selection that a target can have.
#[must_use]
pub fn makeable(
    metadata: &Metadata,
    wanted: &[BuildOutput],
    selection: &Selection,
    toolchain: &Toolchain,
) -> Makeable {
    let can = |one: &&BuildOutput| toolchain.makes(one.kind.crate_type());
    let is_lacking = wanted.iter().any(|one| one.explicit && !can(&one));
    if is_lacking || !wanted.iter().any(|one| can(&one)) {
        return Makeable::Nothing;
    }
    let refused: BTreeSet<&PackageId> = wanted
        .iter()
        .filter(|one| !can(one) && is_refused(metadata, &one.package, toolchain))
        .map(|one| &one.package)
        .collect();
    if refused.is_empty() || selection.mode.is_some() {
        return Makeable::AsSelected;
    }
    let left: Vec<&BuildOutput> = wanted.iter().filter(can).collect();
    let packages: BTreeSet<&PackageId> = left.iter().map(|one| &one.package).collect();
    let with_programs_alone = packages.iter().any(|package| refused.contains(package));
    let has_library = left.iter().any(|one| one.kind.crate_type() != "bin");
    if with_programs_alone && has_library {
        // Cargo has no flag for the library of one package and the programs of another.
        return Makeable::Nothing;
    }
    Makeable::Part(Box::new(Selection {
        packages: packages.into_iter().map(|package| package.repr.clone()).collect(),
        workspace: false,
        all_bins: selection.all_bins || with_programs_alone && selection.bins.is_empty(),
        ..selection.clone()
    }))
}

/// Whether the target has none of the crate types of a package's library.
fn is_refused(metadata: &Metadata, package: &PackageId, toolchain: &Toolchain) -> bool {
    // Every target has the other types.
    let is_had = |kind: &CrateType| {
        !matches!(kind, CrateType::CDyLib | CrateType::DyLib) || toolchain.makes("cdylib")
    };
    let package = metadata.packages.iter().find(|other| other.id == *package);
    let mut targets = package.iter().flat_map(|package| &package.targets);
    let is_library = |kinds: &[TargetKind]| {
        use TargetKind::{CDyLib, DyLib, Lib, RLib, StaticLib};
        kinds.iter().any(|kind| matches!(kind, Lib | RLib | DyLib | CDyLib | StaticLib))
    };
    let library = targets.find(|target| is_library(&target.kind));
    library.is_some_and(|library| !library.crate_types.iter().any(is_had))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::targets::Mode;
    use crate::output_kind::OutputKind;
    use crate::toolchain;

    /// Packages with a library of these crate types, and a program if asked.
    fn metadata(packages: &[(&str, &[&str], bool)]) -> Metadata {
        let target = |name: &str, kinds: &[&str]| {
            serde_json::json!({
                "name": name, "kind": kinds, "crate_types": kinds, "src_path": "/p/src/x.rs",
                "edition": "2021", "doc": true, "doctest": true, "test": true,
            })
        };
        let packages = packages.iter().map(|(name, kinds, has_program)| {
            let library = (!kinds.is_empty()).then(|| target(name, kinds));
            let program = has_program.then(|| target(name, &["bin"]));
            let targets: Vec<_> = library.into_iter().chain(program).collect();
            serde_json::json!({
                "name": name, "version": "1.0.0", "id": name, "dependencies": [],
                "features": {}, "manifest_path": format!("/{name}/Cargo.toml"), "targets": targets,
            })
        });
        serde_json::from_value(serde_json::json!({
            "packages": packages.collect::<Vec<_>>(), "workspace_members": [], "resolve": null,
            "workspace_root": "/", "target_directory": "/t", "version": 1, "metadata": null,
        }))
        .expect("is as cargo prints it")
    }

    fn wanted(package: &str, kind: OutputKind, explicit: bool) -> BuildOutput {
        BuildOutput {
            package: PackageId { repr: package.into() },
            package_name: package.into(),
            name: package.into(),
            kind,
            explicit,
            requires: Vec::new(),
        }
    }

    #[test]
    fn what_a_target_without_dynamic_linking_can_have() {
        use OutputKind::{Bin, Cdylib, Staticlib};
        let (alone, with): (&[&str], &[&str]) = (&["cdylib"], &["cdylib", "rlib"]);
        let part = |packages: &[&str], all_bins| {
            let packages = packages.iter().map(|it| (*it).to_owned()).collect();
            Makeable::Part(Box::new(Selection { packages, all_bins, ..Selection::default() }))
        };
        let table = [
            // A cdylib and nothing else.
            (vec![("a", alone, false)], vec![wanted("a", Cdylib, false)], Makeable::Nothing),
            // Cargo leaves the cdylib out by itself, and then nothing is left to make.
            (vec![("a", with, false)], vec![wanted("a", Cdylib, false)], Makeable::Nothing),
            (
                vec![("a", with, true)],
                vec![wanted("a", Cdylib, false), wanted("a", Bin, false)],
                Makeable::AsSelected,
            ),
            (
                vec![("a", alone, true)],
                vec![wanted("a", Cdylib, false), wanted("a", Bin, false)],
                part(&["a"], true),
            ),
            (
                vec![("a", alone, false), ("b", &[], true)],
                vec![wanted("a", Cdylib, false), wanted("b", Bin, false)],
                part(&["b"], false),
            ),
            (
                vec![("a", alone, true), ("b", &["staticlib"], false)],
                vec![
                    wanted("a", Cdylib, false),
                    wanted("a", Bin, false),
                    wanted("b", Staticlib, false),
                ],
                Makeable::Nothing,
            ),
            (vec![("a", alone, true)], vec![wanted("a", Cdylib, true)], Makeable::Nothing),
        ];
        let fixed = toolchain::by_name("linux-amd64-static").expect("a toolchain");
        let dynamic = toolchain::by_name("linux-amd64").expect("a toolchain");
        for (packages, wanted, expected) in table {
            let metadata = metadata(&packages);
            let selection = Selection::default();
            let found = makeable(&metadata, &wanted, &selection, fixed);
            assert_eq!(found, expected, "{packages:?}");
            let found = makeable(&metadata, &wanted, &selection, dynamic);
            assert_eq!(found, Makeable::AsSelected, "{packages:?}");
        }
    }

    #[test]
    fn a_shared_library_of_any_package_is_not_for_all_targets() {
        let metadata = metadata(&[("a", &["rlib"], false)]);
        let selection = Selection { mode: Some(Mode::CShared), ..Selection::default() };
        for (name, expected) in [
            ("linux-arm64-static", Makeable::Nothing),
            ("linux-arm64", Makeable::AsSelected),
            ("windows-amd64", Makeable::AsSelected),
        ] {
            let toolchain = toolchain::by_name(name).expect("a toolchain");
            let wanted = [wanted("a", OutputKind::Cdylib, true)];
            assert_eq!(makeable(&metadata, &wanted, &selection, toolchain), expected, "{name}");
        }
    }
}
