//! Reads the names in Go's own tree:
//! `//go:cgo_import_dynamic x509_CFRelease CFRelease "/System/…"`.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::{Claim, Source};
use crate::shell::{command, output};

pub(super) fn claims() -> anyhow::Result<Vec<Claim>> {
    let root = output(command("go").args(["env", "GOROOT"]))?;
    let version = output(command("go").args(["env", "GOVERSION"]))?;
    let source =
        Source { name: format!("Go {}", version.trim()), license: "BSD-3-Clause".to_owned() };
    let mut claims = Vec::new();
    for entry in WalkDir::new(Path::new(root.trim()).join("src")).sort_by_file_name() {
        let entry = entry?;
        let is_source = entry.path().extension().is_some_and(|extension| extension == "go");
        if !is_source || !entry.file_type().is_file() {
            continue;
        }
        let text = fs::read_to_string(entry.path())?;
        for line in text.lines() {
            let words = line.strip_prefix("//go:cgo_import_dynamic ").unwrap_or_default();
            let [_, name, library] = words.split(' ').collect::<Vec<_>>()[..] else { continue };
            let library = library.trim_matches('"');
            let is_public =
                ["/System/Library/Frameworks/", "/usr/lib/libresolv", "/usr/lib/libobjc"]
                    .iter()
                    .any(|start| library.starts_with(start));
            if is_public {
                claims.push(Claim {
                    library: library.to_owned(),
                    name: format!("_{name}"),
                    source: source.clone(),
                });
            }
        }
    }
    Ok(claims)
}
