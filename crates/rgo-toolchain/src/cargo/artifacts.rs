//! Picks from cargo's files those to ship, with the files that belong beside them. Cargo reports
//! every file of every unit and does not say which one a build selection meant.

use super::messages::{Side, Unit};
use super::targets::BuildOutput;
use crate::output_kind::OutputKind;
use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Package, TargetKind};

/// A linked file with the unit that made it.
#[derive(Clone, Debug)]
pub struct Linked<'a> {
    /// The file.
    pub file: &'a Utf8Path,
    /// Files that cargo made with it: an import library, a PDB.
    pub beside: Vec<&'a Utf8Path>,
    /// Its unit.
    pub unit: &'a Unit,
}

/// Finds the file that the build made for an output on one triple; `None` if it made none.
#[must_use]
pub fn find<'a>(units: &'a [Unit], wanted: &BuildOutput, triple: &str) -> Option<Linked<'a>> {
    let unit = units.iter().find(|unit| {
        unit.package == wanted.package
            && unit.name == wanted.name
            && unit.side == Side::Target(triple.to_owned())
            && is_kind(unit, wanted.kind)
    })?;
    let file = match wanted.kind {
        OutputKind::Bin | OutputKind::Example => unit.executable.as_deref()?,
        OutputKind::Cdylib => library(unit, &["so", "dylib", "dll", "wasm"])?,
        // On Windows, import libraries and static libraries have the same extension.
        OutputKind::Staticlib => unit.files.iter().map(Utf8PathBuf::as_path).find(|file| {
            matches!(file.extension(), Some("a" | "lib")) && !is_import_library(file)
        })?,
    };
    let mut beside: Vec<&Utf8Path> = Vec::new();
    if wanted.kind != OutputKind::Staticlib {
        let companion = |f: &&Utf8PathBuf| is_import_library(f) || f.extension() == Some("pdb");
        beside.extend(unit.files.iter().filter(companion).map(Utf8PathBuf::as_path));
    }
    Some(Linked { file, beside, unit })
}

fn is_kind(unit: &Unit, kind: OutputKind) -> bool {
    let is = |kind: &TargetKind| unit.kinds.contains(kind);
    match kind {
        OutputKind::Bin => is(&TargetKind::Bin),
        OutputKind::Example => is(&TargetKind::Example),
        OutputKind::Cdylib | OutputKind::Staticlib => {
            !is(&TargetKind::Bin) && !is(&TargetKind::Example) && !is(&TargetKind::CustomBuild)
        }
    }
}

fn library<'a>(unit: &'a Unit, extensions: &[&str]) -> Option<&'a Utf8Path> {
    let mut files = unit.files.iter();
    files.find(|f| f.extension().is_some_and(|e| extensions.contains(&e))).map(Utf8PathBuf::as_path)
}

/// Whether a file is an import library: `x.dll.lib` (MSVC) or `libx.dll.a` (GNU).
fn is_import_library(file: &Utf8Path) -> bool {
    file.as_str().ends_with(".dll.lib") || file.as_str().ends_with(".dll.a")
}

/// Finds the C header of a library: in its package, or in the `OUT_DIR` of its build script.
#[must_use]
pub fn header(package: &Package, library: &str, out_dirs: &[&Utf8Path]) -> Option<Utf8PathBuf> {
    let root = package.manifest_path.parent()?;
    let names = [format!("{library}.h"), format!("{}.h", package.name)];
    let folders = [root.join("include"), root.to_owned()];
    let folders = folders.iter().map(Utf8PathBuf::as_path).chain(out_dirs.iter().copied());
    folders
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str, kind: TargetKind, files: &[&str], executable: Option<&str>) -> Unit {
        Unit {
            package: cargo_metadata::PackageId { repr: "p".into() },
            side: Side::Target("t".into()),
            name: name.into(),
            kinds: vec![kind],
            features: std::collections::BTreeSet::new(),
            files: files.iter().map(Utf8PathBuf::from).collect(),
            executable: executable.map(Into::into),
            fresh: true,
            debuginfo: 0,
        }
    }

    fn wanted(name: &str, kind: OutputKind) -> BuildOutput {
        BuildOutput {
            package: cargo_metadata::PackageId { repr: "p".into() },
            package_name: "p".into(),
            name: name.into(),
            kind,
            explicit: false,
            requires: Vec::new(),
        }
    }

    #[test]
    fn a_bin_and_a_lib_of_one_name_are_told_apart() {
        let units = [
            unit("x", TargetKind::CDyLib, &["/t/x.dll", "/t/libx.dll.a", "/t/libx.a"], None),
            unit("x", TargetKind::Bin, &["/t/x.exe"], Some("/t/x.exe")),
        ];
        let found = |kind, triple| {
            find(&units, &wanted("x", kind), triple).map(|linked| linked.file.to_string())
        };
        assert_eq!(found(OutputKind::Bin, "t").as_deref(), Some("/t/x.exe"));
        assert_eq!(found(OutputKind::Cdylib, "t").as_deref(), Some("/t/x.dll"));
        assert_eq!(found(OutputKind::Staticlib, "t").as_deref(), Some("/t/libx.a"));
        assert_eq!(found(OutputKind::Bin, "other"), None);
        let library = find(&units, &wanted("x", OutputKind::Cdylib), "t").expect("is there");
        assert_eq!(library.beside, ["/t/libx.dll.a"]);
    }
}
