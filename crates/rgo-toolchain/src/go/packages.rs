//! The packages of a build, as `go list -deps -json` reports them for one target.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::error::GoError;
use crate::exec::Cmd;

/// The fields to ask for. Go computes some of the others at a high cost.
const FIELDS: &str = "-json=ImportPath,Name,Dir,Standard,DepOnly,Module,GoFiles,CgoFiles,CXXFiles,\
                      HFiles,CgoCFLAGS,CgoCPPFLAGS,CgoCXXFLAGS,CgoLDFLAGS,CgoPkgConfig,Error";

/// A package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GoPackage {
    /// Its import path.
    pub import_path: String,
    /// Its name: `main` for a program.
    pub name: String,
    /// Its folder.
    pub dir: Utf8PathBuf,
    /// Whether it is part of Go.
    pub standard: bool,
    /// Whether only other packages need it.
    pub dep_only: bool,
    /// Its module; none for packages of Go.
    pub module: Option<GoModule>,
    /// Its Go files for this target, without those that import "C".
    pub go_files: Vec<String>,
    /// Its Go files that import "C".
    pub cgo_files: Vec<String>,
    /// Its C++ files.
    #[serde(rename = "CXXFiles")]
    pub cxx_files: Vec<String>,
    /// Flags of `#cgo CFLAGS`, with `${SRCDIR}` replaced.
    #[serde(rename = "CgoCFLAGS")]
    pub cgo_cflags: Vec<String>,
    /// Flags of `#cgo CPPFLAGS`.
    #[serde(rename = "CgoCPPFLAGS")]
    pub cgo_cppflags: Vec<String>,
    /// Flags of `#cgo CXXFLAGS`.
    #[serde(rename = "CgoCXXFLAGS")]
    pub cgo_cxxflags: Vec<String>,
    /// Flags of `#cgo LDFLAGS`.
    #[serde(rename = "CgoLDFLAGS")]
    pub cgo_ldflags: Vec<String>,
    /// Packages of `#cgo pkg-config`.
    pub cgo_pkg_config: Vec<String>,
    /// Why it cannot be loaded.
    pub error: Option<LoadError>,
}

/// A module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GoModule {
    /// Its path.
    pub path: String,
    /// Its version; none for a module of the project.
    pub version: String,
    /// Whether it is the project's own.
    pub main: bool,
    /// Its folder.
    pub dir: Utf8PathBuf,
}

/// Why a package cannot be loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadError {
    /// The way from the command line to the package.
    pub import_stack: Vec<String>,
    /// The place in a file.
    pub pos: String,
    /// The text.
    pub err: String,
}

impl GoPackage {
    /// Whether it is a program that the call names.
    #[must_use]
    pub fn is_selected_main(&self) -> bool {
        self.name == "main" && !self.dep_only
    }

    /// Whether it contains C code of the project or of its dependencies. Packages of Go have a
    /// variant without C.
    #[must_use]
    pub fn needs_cgo(&self) -> bool {
        !self.cgo_files.is_empty() && !self.standard
    }

    /// The paths of its Go files.
    pub fn files(&self) -> impl Iterator<Item = Utf8PathBuf> {
        self.go_files.iter().chain(&self.cgo_files).map(|file| self.dir.join(file))
    }
}

/// Reads the packages that a `go list` command reports. `list` is the command up to its patterns.
///
/// # Errors
/// [`GoError::Load`] with go's text if a package cannot be loaded.
pub fn read(list: &Cmd, patterns: &[String]) -> Result<Vec<GoPackage>, GoError> {
    let cmd = list.clone().args(["-e", "-deps", FIELDS, "--"]).args(patterns.to_vec());
    let output = cmd.output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(GoError::Load { text: stderr.trim_end().to_owned(), hint: None });
    }
    let packages = parse(&output.stdout)
        .map_err(|source| GoError::Answer { command: cmd.to_string(), source })?;
    match failure(&packages) {
        Some(text) => Err(GoError::Load { text, hint: None }),
        None => Ok(packages),
    }
}

/// Reads the objects, which stand in sequence and not in an array.
fn parse(text: &[u8]) -> Result<Vec<GoPackage>, serde_json::Error> {
    serde_json::Deserializer::from_slice(text).into_iter().collect()
}

/// The errors of the packages, each once, as `go build` writes them.
fn failure(packages: &[GoPackage]) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    for error in packages.iter().filter_map(|package| package.error.as_ref()) {
        let place = if error.pos.is_empty() { String::new() } else { format!("{}: ", error.pos) };
        let text = format!("{place}{}", error.err.trim_end());
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// The folder of a module of the project among the packages.
#[must_use]
pub fn main_module(packages: &[GoPackage]) -> Option<&Utf8Path> {
    let selected = packages.iter().find(|package| package.is_selected_main());
    let module = selected.and_then(|package| package.module.as_ref());
    module.map(|module| module.dir.as_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_stand_in_sequence() {
        let text = br#"{"ImportPath": "fmt", "Standard": true, "CgoFiles": ["x.go"], "DepOnly": true}
            {"ImportPath": "a.b/c", "Name": "main", "Dir": "/w", "GoFiles": ["m.go"],
             "CgoFiles": ["c.go"], "CgoCFLAGS": ["-I/x"], "Module": {"Path": "a.b/c", "Main": true}}"#;
        let packages = parse(text).expect("parses");
        assert!(!packages[0].needs_cgo() && packages[1].needs_cgo());
        assert!(!packages[0].is_selected_main() && packages[1].is_selected_main());
        assert_eq!(packages[1].cgo_cflags, ["-I/x"]);
        assert_eq!(packages[1].files().collect::<Vec<_>>(), ["/w/m.go", "/w/c.go"]);
        assert!(parse(b"{\"ImportPath\": ").is_err() && parse(b"").expect("none").is_empty());
    }

    #[test]
    fn errors_are_those_of_go_build() {
        let broken = |pos: &str, err: &str| GoPackage {
            error: Some(LoadError { pos: pos.into(), err: err.into(), ..LoadError::default() }),
            ..GoPackage::default()
        };
        let packages = [
            broken("m.go:2:8", "no required module provides package q; to add it:\n\tgo get q"),
            broken("m.go:2:8", "no required module provides package q; to add it:\n\tgo get q"),
            broken("", "no Go files in /w"),
        ];
        assert_eq!(
            failure(&packages).as_deref(),
            Some(
                "m.go:2:8: no required module provides package q; to add it:\n\tgo get q\nno Go files in /w"
            )
        );
        assert_eq!(failure(&[GoPackage::default()]), None);
    }
}
