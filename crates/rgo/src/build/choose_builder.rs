//! Chooses the builder of a project: cargo for Cargo.toml, go for go.mod or go.work.

use camino::Utf8Path;

use super::args::{BuildArgs, BuilderArg};
use crate::app::error::Usage;

/// The builders to run, in order. `folder` is the project's.
///
/// # Errors
/// If the folder belongs to a project of both kinds and the call names neither, or if a flag is for
/// another builder.
pub(super) fn builders(args: &BuildArgs, folder: &Utf8Path) -> Result<Vec<BuilderArg>, Usage> {
    let chosen = chosen(args, folder)?;
    for (builder, flags) in [(BuilderArg::Go, for_go(args)), (BuilderArg::Cargo, for_cargo(args))] {
        let given = flags.iter().find(|(is_given, _)| *is_given);
        if let (Some((_, flag)), false) = (given, chosen.contains(&builder)) {
            let (this, other) = (builder.name(), chosen.first().map_or("", |it| it.name()));
            return Err(Usage::new(format!(
                "{flag} is for {this}, and {other} builds this project"
            ))
            .hint(format!("leave it out, or choose with --builder {this}")));
        }
    }
    Ok(chosen)
}

fn chosen(args: &BuildArgs, folder: &Utf8Path) -> Result<Vec<BuilderArg>, Usage> {
    if !args.builders.is_empty() {
        let mut chosen = args.builders.clone();
        chosen.dedup();
        return Ok(chosen);
    }
    if args.manifest_path.is_some() {
        return Ok(vec![BuilderArg::Cargo]);
    }
    if let Some((above, builders)) = of_project(folder) {
        return match builders.as_slice() {
            [_] => Ok(builders),
            _ => Err(Usage::new(format!("{above} has a Cargo.toml and a go.mod")).hint(
                "choose with --builder cargo or --builder go; --builder cargo,go builds both",
            )),
        };
    }
    // Files of Go build without a module. Otherwise cargo's error names what is missing.
    let has_go_file = args.packages_by_word.iter().any(|word| word.ends_with(".go"));
    Ok(vec![if has_go_file { BuilderArg::Go } else { BuilderArg::Cargo }])
}

/// The folder of the nearest project, this one or one above, and its builders.
pub(super) fn of_project(folder: &Utf8Path) -> Option<(&Utf8Path, Vec<BuilderArg>)> {
    folder.ancestors().find_map(|above| {
        let has = |name: &str| above.join(name).is_file();
        let cargo = has("Cargo.toml").then_some(BuilderArg::Cargo);
        let go = (has("go.mod") || has("go.work")).then_some(BuilderArg::Go);
        let builders: Vec<_> = cargo.into_iter().chain(go).collect();
        (!builders.is_empty()).then_some((above, builders))
    })
}

fn for_go(args: &BuildArgs) -> Vec<(bool, &'static str)> {
    vec![
        (!args.tags.is_empty(), "--tags"),
        (args.race, "--race"),
        (args.pgo.is_some(), "--pgo"),
        (!args.go_flags.is_empty(), "--go-flag"),
        (args.go.is_some(), "--go"),
    ]
}

fn for_cargo(args: &BuildArgs) -> Vec<(bool, &'static str)> {
    vec![
        (args.manifest_path.is_some(), "--manifest-path"),
        (!args.packages.is_empty(), "--package"),
        (args.workspace, "--workspace"),
        (!args.bins.is_empty(), "--bin"),
        (args.all_bins, "--bins"),
        (!args.examples.is_empty(), "--example"),
        (args.lib, "--lib"),
        (!args.features.is_empty(), "--features"),
        (args.all_features, "--all-features"),
        (args.no_default_features, "--no-default-features"),
        (!args.config.is_empty(), "--config"),
        (args.cargo.is_some(), "--cargo"),
        (!args.cargo_flags.is_empty(), "--cargo-flag"),
        (!args.rustc_flags.is_empty(), "--rustc-flag"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::args::Build;
    use clap::Parser;

    fn choose(files: &[&str], words: &[&str]) -> Result<String, String> {
        let guard = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(guard.path()).expect("UTF-8").join("a/b");
        std::fs::create_dir_all(&folder).expect("made");
        for file in files {
            std::fs::write(folder.join(file), "").expect("written");
        }
        let args = Build::parse_from(["rgo-build"].iter().chain(words)).build;
        let chosen = builders(&args, &folder).map_err(|error| error.text.clone())?;
        Ok(chosen.iter().map(|it| it.name()).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn the_nearest_project_decides() {
        for (files, words, expected) in [
            (&["go.mod"][..], &[][..], Ok("go")),
            (&["../go.work"], &[], Ok("go")),
            (&["Cargo.toml", "../go.mod"], &[], Ok("cargo")),
            (&["Cargo.toml", "go.mod"], &["--builder", "go"], Ok("go")),
            (&["Cargo.toml", "go.mod"], &["--builder", "cargo,go"], Ok("cargo,go")),
            (&[], &[], Ok("cargo")),
            (&[], &["x.go"], Ok("go")),
            (&["Cargo.toml", "go.mod"], &[], Err("has a Cargo.toml and a go.mod")),
            (&["go.mod"], &["--features", "x"], Err("--features is for cargo, and go builds")),
            (&["Cargo.toml"], &["--race"], Err("--race is for go, and cargo builds")),
        ] {
            match (choose(files, words), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{files:?} {words:?}"),
                (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
                other => panic!("{files:?} {words:?}: {other:?}"),
            }
        }
    }
}
