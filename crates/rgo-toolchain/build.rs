//! Embeds `toolchains/`: the files in it as they are, and the names that macOS exports as one
//! compressed text, without the sources of each name.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;

fn main() {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let data = manifest.join("../../toolchains");
    let out = PathBuf::from(variable("OUT_DIR"));
    println!("cargo::rerun-if-changed={}", data.display());

    let mut files = String::from("&[\n");
    for path in sorted(&data, "toml").into_iter().chain(sorted(&data, "txt")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        let path = path.to_str().expect("UTF-8");
        files.push_str(&format!("    ({name:?}, include_str!({path:?})),\n"));
    }
    files.push_str("]\n");
    fs::write(out.join("toolchains.rs"), files).expect("can be written");

    let mut names = ZlibEncoder::new(Vec::new(), Compression::best());
    for path in sorted(&data.join("darwin-names"), "txt") {
        if path.ends_with("sources.txt") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("can be read");
        for (number, line) in text.lines().enumerate() {
            // The second line has two versions, and each later one a name with its sources.
            let kept = if number < 2 { line } else { line.split(' ').next().unwrap_or(line) };
            writeln!(names, "{kept}").expect("memory");
        }
        writeln!(names).expect("memory");
    }
    let names = names.finish().expect("memory");
    fs::write(out.join("darwin-names.z"), names).expect("can be written");
}

fn variable(name: &str) -> String {
    std::env::var(name).expect("cargo sets it")
}

fn sorted(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("is there").map(|entry| entry.expect("readable").path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    paths.sort();
    paths
}
