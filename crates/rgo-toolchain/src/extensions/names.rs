//! The names that Python and Node offer to extensions, from `toolchains/python-names.txt` and
//! `toolchains/node-names.txt`. The head of each file explains its columns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::toolchain;

pub(super) const PYTHON: &str = "python-names.txt";
pub(super) const NODE: &str = "node-names.txt";

/// The versions of CPython with a library of their own, in the order that ranges use.
const WITH_LOCK: [&str; 8] = ["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];
const WITHOUT_LOCK: [&str; 2] = ["3.13t", "3.14t"];

/// A name that a library exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Export<'n> {
    /// The spelling in C code.
    pub name: &'n str,
    /// Whether it is data; otherwise it is a function.
    pub is_data: bool,
}

/// A program that offers names to extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Python of any version and implementation.
    Python,
    /// Node.
    Node,
}

/// The host that offers a name; `None` if neither does. `name` has the spelling of C code.
#[must_use]
pub fn host(name: &str) -> Option<Host> {
    static NAMES: LazyLock<[BTreeSet<&str>; 2]> = LazyLock::new(|| {
        [PYTHON, NODE]
            .map(|file| lines(file).filter_map(|line| Some(export(line)?.0.name)).collect())
    });
    let [python, node] = &*NAMES;
    if python.contains(name) {
        Some(Host::Python)
    } else {
        node.contains(name).then_some(Host::Node)
    }
}

/// The exports of each library for Windows, by the name that a link uses: `python3`, `python311`,
/// `python313t`, `node`.
#[must_use]
pub fn libraries() -> BTreeMap<String, Vec<Export<'static>>> {
    let mut found: BTreeMap<String, Vec<Export<'static>>> = BTreeMap::new();
    for (export, words) in lines(PYTHON).filter_map(export) {
        for word in words.split(' ') {
            for library in libraries_of(word) {
                found.entry(library).or_default().push(export);
            }
        }
    }
    let node = lines(NODE).filter_map(export).map(|(export, _)| export);
    found.insert("node".to_owned(), node.collect());
    found
}

/// The libraries that one word of the list names: `3.9-3.10` is python39 and python310.
fn libraries_of(word: &str) -> Vec<String> {
    if word == "3" {
        return vec!["python3".to_owned()];
    }
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let versions: &[&str] = if first.ends_with('t') { &WITHOUT_LOCK } else { &WITH_LOCK };
    let from = versions.iter().position(|version| *version == first);
    let to = versions.iter().position(|version| *version == last);
    let range = from.zip(to).and_then(|(from, to)| versions.get(from..=to)).unwrap_or_default();
    range.iter().map(|version| format!("python{}", version.replace('.', ""))).collect()
}

fn lines(file: &str) -> impl Iterator<Item = &'static str> {
    // The files are part of this program. A test below checks that each exists and is well-formed.
    let text = toolchain::data_file(file).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Parses a line into the name and the rest.
fn export(line: &'static str) -> Option<(Export<'static>, &'static str)> {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let plain = name.trim_end_matches('=');
    (!plain.is_empty()).then_some((Export { name: plain, is_data: plain != name }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_name_and_known_libraries() {
        for file in [PYTHON, NODE] {
            let all: Vec<_> = lines(file).collect();
            assert!(all.len() > 100, "{file}");
            assert!(all.is_sorted(), "{file}: the names are in order, each once");
            for line in all {
                let (export, rest) = export(line).unwrap();
                let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
                assert!(export.name.chars().all(is_letter), "{line}");
                for word in rest.split(' ').filter(|word| !["", "-", "pypy"].contains(word)) {
                    assert!(!libraries_of(word).is_empty(), "{line}: {word}");
                }
            }
        }
    }

    #[test]
    fn names_have_hosts() {
        for (name, expected) in [
            ("PyList_New", Some(Host::Python)),
            ("_Py_NoneStruct", Some(Host::Python)),
            ("_Py_Dealloc", Some(Host::Python)),
            ("PyPyList_New", Some(Host::Python)),
            ("PyOS_AfterFork_Child", Some(Host::Python)),
            ("napi_create_function", Some(Host::Node)),
            ("node_api_symbol_for", Some(Host::Node)),
            ("PyList_Nwe", None),
            ("napi_creat_function", None),
            ("napi_register_module_v1", None),
            ("PyBool_Check", None),
            ("CFRelease", None),
            ("", None),
        ] {
            assert_eq!(host(name), expected, "{name}");
        }
    }

    #[test]
    fn libraries_have_what_their_version_has() {
        let all = libraries();
        let names: Vec<&str> = all.keys().map(String::as_str).collect();
        let expected = [
            "node",
            "python3",
            "python310",
            "python311",
            "python312",
            "python313",
            "python313t",
            "python314",
            "python314t",
            "python37",
            "python38",
            "python39",
        ];
        assert_eq!(names, expected);
        let has = |library: &str, name: &str| {
            all[library].iter().find(|export| export.name == name).map(|export| export.is_data)
        };
        assert_eq!(has("python3", "PyList_New"), Some(false));
        assert_eq!(has("python3", "PyBool_Type"), Some(true));
        assert_eq!(has("python37", "PyAST_Compile"), Some(false));
        assert_eq!(has("python310", "PyAST_Compile"), None);
        // Not part of the stable interface.
        assert_eq!(has("python311", "PyUnicode_New"), Some(false));
        assert_eq!(has("python3", "PyUnicode_New"), None);
        assert_eq!(has("node", "napi_create_function"), Some(false));
    }
}
