//! The files that a Go build makes: one of each selected main package.

use super::error::GoError;
use super::options::GoMode;
use super::packages::GoPackage;
use crate::output_kind::OutputKind;

/// One file to make for each target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoOutput {
    /// The import path of the main package.
    pub package: String,
    /// Its name, from which the file's name is made.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
}

/// The outputs of the main packages among these.
///
/// # Errors
/// [`GoError::NoMain`], [`GoError::SameName`].
pub fn outputs(
    packages: &[GoPackage],
    mode: GoMode,
    patterns: &[String],
) -> Result<Vec<GoOutput>, GoError> {
    let kind = match mode {
        GoMode::Exe | GoMode::Pie => OutputKind::Bin,
        GoMode::CShared => OutputKind::Cdylib,
        GoMode::CArchive => OutputKind::Staticlib,
    };
    let mains = packages.iter().filter(|package| package.is_selected_main());
    let mut outputs: Vec<GoOutput> = Vec::new();
    for package in mains {
        let name = name(package);
        if let Some(other) = outputs.iter().find(|other| other.name == name) {
            let (first, second) = (other.package.clone(), package.import_path.clone());
            return Err(GoError::SameName { name, first, second });
        }
        outputs.push(GoOutput { package: package.import_path.clone(), name, kind });
    }
    if outputs.is_empty() {
        let patterns = patterns.join(" ");
        return Err(GoError::NoMain { patterns, elsewhere: Vec::new() });
    }
    Ok(outputs)
}

/// The name that go gives the program: the last part of the import path that is no major version,
/// or the name of the first file, if the call names files. (`go help build`)
fn name(package: &GoPackage) -> String {
    if package.import_path == "command-line-arguments" {
        let file = package.go_files.iter().chain(&package.cgo_files).next();
        let file = file.map_or("main", String::as_str);
        return file.strip_suffix(".go").unwrap_or(file).to_owned();
    }
    let mut parts = package.import_path.rsplit('/');
    let last = parts.next().unwrap_or_default();
    if is_major_version(last) { parts.next().unwrap_or(last) } else { last }.to_owned()
}

/// Whether a part of an import path is a major version: `v2` and later.
fn is_major_version(part: &str) -> bool {
    let Some(digits) = part.strip_prefix('v') else { return false };
    !digits.starts_with('0') && digits != "1" && digits.parse::<u32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main(path: &str) -> GoPackage {
        let import_path = path.to_owned();
        GoPackage {
            import_path,
            name: "main".into(),
            go_files: vec!["run.go".into()],
            ..GoPackage::default()
        }
    }

    #[test]
    fn programs_are_named_as_go_names_them() {
        for (path, expected) in [
            ("example.com/app", "app"),
            ("example.com/app/cmd/server", "server"),
            ("example.com/app/v2", "app"),
            ("example.com/app/v1", "v1"),
            ("example.com/app/v0", "v0"),
            ("example.com/v2ray", "v2ray"),
            ("command-line-arguments", "run"),
            ("app", "app"),
        ] {
            assert_eq!(name(&main(path)), expected, "{path}");
        }
    }

    #[test]
    fn two_programs_of_one_name_are_refused() {
        let patterns = ["./...".to_owned()];
        let packages = [main("a/x"), main("b/x")];
        let error = outputs(&packages, GoMode::Exe, &patterns).expect_err("refused").to_string();
        assert_eq!(error, "two results of one name: `x` is made by a/x and by b/x");
        let library = GoPackage { name: "x".into(), ..main("a/x") };
        assert!(matches!(outputs(&[library], GoMode::Exe, &patterns), Err(GoError::NoMain { .. })));
    }
}
