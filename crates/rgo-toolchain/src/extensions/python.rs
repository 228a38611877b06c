//! The variables for pyo3's build script: that a library is an extension, and the version of Python
//! for which to build it. In a native build pyo3 asks the installed Python for the version. It
//! cannot do so in a build for another system. There only an extension with just the stable
//! interface (abi3) needs no version.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::cache::Env;
use crate::toolchain::Toolchain;

/// The variable from which pyo3 takes the version. No spelling of it names a target.
pub const VERSION: &str = "PYO3_CROSS_PYTHON_VERSION";
/// The variable that tells pyo3, since 0.26, not to link Python's library; before, a feature did
/// this.
const IS_EXTENSION: &str = "PYO3_BUILD_EXTENSION_MODULE";
/// Variables by which users set the version themselves.
const OF_USER: [&str; 3] = [VERSION, "PYO3_CONFIG_FILE", LIBRARY];
/// The variable with the folder of Python's library for the target.
pub const LIBRARY: &str = "PYO3_CROSS_LIB_DIR";
/// The minor versions of Python 3 to consider.
const MINORS: std::ops::Range<u32> = 0..100;

/// The variables for a build on `host`. `folders` are the folders of the packages and that of their
/// workspace. `libraries_alone`: the build makes no program, which might embed Python.
pub fn env(
    toolchain: &Toolchain,
    host: &str,
    folders: (&[&Utf8Path], &Utf8Path),
    libraries_alone: bool,
    user: Env<'_>,
) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    if libraries_alone && user(IS_EXTENSION).is_none() {
        vars.insert(IS_EXTENSION.to_owned(), "1".to_owned());
    }
    let version = version(toolchain, host, folders, user);
    vars.extend(version.map(|version| (VERSION.to_owned(), version)));
    vars
}

/// The Python version that rgo passes to pyo3. `None` if pyo3 finds it by itself, if the project
/// allows several, or if two packages name different ones.
fn version(
    toolchain: &Toolchain,
    host: &str,
    (packages, root): (&[&Utf8Path], &Utf8Path),
    user: Env<'_>,
) -> Option<String> {
    if !is_foreign(&toolchain.triple, host) || OF_USER.iter().any(|name| user(name).is_some()) {
        return None;
    }
    let mut versions = packages.iter().map(|folder| of_package(folder, root));
    let first = versions.next()??;
    versions.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The version in the nearest `pyproject.toml`, if it allows only one. The search goes from the
/// package's folder up to the workspace's.
fn of_package(folder: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(root));
    let mut files = folders.map(|folder| std::fs::read_to_string(folder.join("pyproject.toml")));
    let text = files.find_map(Result::ok)?;
    let project: toml::Table = text.parse().ok()?;
    let range = project.get("project")?.get("requires-python")?.as_str()?;
    the_one(range).map(|minor| format!("3.{minor}"))
}

/// Whether pyo3 considers a build on `host` unable to run the target's Python.
fn is_foreign(triple: &str, host: &str) -> bool {
    let parts = |triple: &str| {
        let mut parts = triple.split('-').map(str::to_owned);
        (parts.next(), parts.nth(1))
    };
    let ((cpu, os), (own_cpu, own_os)) = (parts(triple), parts(host));
    // A Mac runs the Python of both processors.
    os != own_os || cpu != own_cpu && os.as_deref() != Some("darwin")
}

/// The minor version of Python 3, if a range allows only one. The range has the syntax of Python
/// packages: `==3.11.*`, `~=3.11.2`, `>=3.11,<3.12`.
fn the_one(range: &str) -> Option<u32> {
    let clauses: Vec<(&str, Vec<u32>)> =
        range.split(',').map(|clause| parse(clause.trim())).collect::<Option<_>>()?;
    let mut admitted = MINORS.filter(|minor| clauses.iter().all(|clause| admits(clause, *minor)));
    let one = admitted.next()?;
    admitted.next().is_none().then_some(one)
}

/// Splits a clause into its operator and the parts of its version.
fn parse(clause: &str) -> Option<(&str, Vec<u32>)> {
    const OPERATORS: [&str; 7] = ["===", "==", "~=", "!=", ">=", "<=", ">"];
    let operator = OPERATORS.iter().copied().chain(["<"]).find(|it| clause.starts_with(it))?;
    let version = clause.get(operator.len()..)?.trim();
    let parts = version.trim_end_matches(".*").split('.').map(|part| part.parse().ok());
    Some((operator, parts.collect::<Option<_>>()?))
}

/// Whether a clause allows any Python 3.`minor`.
fn admits((operator, version): &(&str, Vec<u32>), minor: u32) -> bool {
    let major = version.first().copied().unwrap_or_default();
    // A missing second number counts as 0, except for `==` and `~=`.
    let theirs = version.get(1).copied();
    let patch = version.get(2).copied();
    let place = (3, minor).cmp(&(major, theirs.unwrap_or_default()));
    match *operator {
        "==" | "===" => major == 3 && theirs.is_none_or(|theirs| theirs == minor),
        // `~=3.11` is `>=3.11,<4`.
        "~=" if patch.is_none() => major == 3 && place.is_ge(),
        "~=" => place.is_eq(),
        // A clause that excludes one patch release does not exclude the minor version.
        "!=" => patch.is_some() || place.is_ne(),
        ">=" => place.is_ge(),
        ">" => {
            if patch.is_some() {
                place.is_ge()
            } else {
                place.is_gt()
            }
        }
        "<=" => place.is_le(),
        "<" => {
            if patch.is_some_and(|patch| patch > 0) {
                place.is_le()
            } else {
                place.is_lt()
            }
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::by_name;

    #[test]
    fn a_range_with_one_version_says_which() {
        for (range, expected) in [
            ("==3.11.*", Some(11)),
            ("==3.11", Some(11)),
            ("== 3.11.4", Some(11)),
            ("~=3.11.2", Some(11)),
            (">=3.11,<3.12", Some(11)),
            (">=3.11, <3.12.0", Some(11)),
            (">3.10,<=3.11", Some(11)),
            (">=3.10,<3.12,!=3.10.*", Some(11)),
            (">=3.11,<3.12.1", None),
            (">=3.10,<3.12,!=3.10.4", None),
            (">=3.9", None),
            ("~=3.11", None),
            (">=3.9,<4", None),
            (">=3", None),
            ("==2.7", None),
            ("", None),
            ("3.11", None),
            ("==3.x", None),
            ("==3.99999999999999", None),
        ] {
            assert_eq!(the_one(range), expected, "{range}");
        }
    }

    #[test]
    fn foreign_is_what_this_machines_python_is_not() {
        let linux = "x86_64-unknown-linux-gnu";
        for (target, host, expected) in [
            (linux, linux, false),
            ("x86_64-unknown-linux-musl", linux, false),
            ("aarch64-unknown-linux-gnu", linux, true),
            ("x86_64-pc-windows-gnullvm", linux, true),
            ("x86_64-apple-darwin", "aarch64-apple-darwin", false),
            ("aarch64-apple-darwin", linux, true),
        ] {
            assert_eq!(is_foreign(target, host), expected, "{target} {host}");
        }
    }

    #[test]
    fn the_project_says_it_where_the_user_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let inner = root.join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        let text = "[project]\nname = \"x\"\nrequires-python = \"==3.12.*\"\n";
        std::fs::write(root.join("pyproject.toml"), text).unwrap();
        let linux = "x86_64-unknown-linux-gnu";
        let packages: &[&Utf8Path] = &[&inner];
        let env_of = |name: &str, host, folders, alone, user: Env<'_>| {
            super::env(by_name(name).unwrap(), host, folders, alone, user)
        };
        let ask = |name: &str, user: &[(&str, &str)]| {
            let env =
                |name: &str| user.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned());
            env_of(name, linux, (packages, root), false, &env).remove(VERSION)
        };
        assert_eq!(ask("windows-arm64", &[]).as_deref(), Some("3.12"));
        assert_eq!(ask("linux-amd64", &[]), None);
        for name in OF_USER {
            assert_eq!(ask("windows-arm64", &[(name, "3.9")]), None, "{name}");
        }
        let none = |_: &str| None;
        // rgo can pass only one version, so it passes none for two packages that differ.
        let other = root.join("other");
        std::fs::create_dir_all(&other).unwrap();
        let both: &[&Utf8Path] = &[&inner, &other];
        for (text, expected) in [("==3.12.*", Some("3.12")), ("==3.9.*", None), (">=3.9", None)] {
            let text = format!("[project]\nname = \"y\"\nrequires-python = \"{text}\"\n");
            std::fs::write(other.join("pyproject.toml"), text).unwrap();
            let found = env_of("windows-arm64", linux, (both, root), false, &none).remove(VERSION);
            assert_eq!(found.as_deref(), expected);
        }
        let alone = env_of("linux-amd64", linux, (packages, root), true, &none);
        assert_eq!(alone.into_iter().collect::<Vec<_>>(), [(IS_EXTENSION.into(), "1".into())]);
        let set = |_: &str| Some("0".to_owned());
        assert!(env_of("windows-arm64", linux, (packages, root), true, &set).is_empty());
        // Only the nearest file counts; if it names no version, there is none.
        std::fs::write(inner.join("pyproject.toml"), "[build-system]\n").unwrap();
        assert_eq!(ask("windows-arm64", &[]), None);
    }
}
