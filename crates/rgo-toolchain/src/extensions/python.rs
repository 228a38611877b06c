//! What pyo3 has to be told: that a library is an extension, and which version of Python it is for.
//! pyo3 asks the Python of this machine for the version, and cannot for another system, where an
//! extension that keeps to the stable interface (abi3) alone needs none.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::cache::Env;
use crate::toolchain::Toolchain;

/// The variable by which pyo3 is told. It has no spelling with a target in it.
pub const VERSION: &str = "PYO3_CROSS_PYTHON_VERSION";
/// Since 0.26 pyo3 is told so that an extension does not link Python's library; before, by a feature.
const IS_EXTENSION: &str = "PYO3_BUILD_EXTENSION_MODULE";
/// Variables by which users tell pyo3 the version themselves.
const OF_USER: [&str; 3] = [VERSION, "PYO3_CONFIG_FILE", LIBRARY];
/// The variable that says where Python's library for the target is.
pub const LIBRARY: &str = "PYO3_CROSS_LIB_DIR";
/// Minor versions that there may be.
const MINORS: std::ops::Range<u32> = 0..100;

/// The variables for a build on `host`. `folders` are those of the packages and that of their workspace;
/// `libraries_alone` says that nothing of what is made is a program, which may embed Python.
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

/// The version to tell pyo3 of in a build for a toolchain; `None` where pyo3 knows by itself, where a
/// project leaves a choice, and where two packages name different ones.
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

/// The one version in the nearest `pyproject.toml` at a package's folder or above, up to the
/// workspace's.
fn of_package(folder: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(root));
    let mut files = folders.map(|folder| std::fs::read_to_string(folder.join("pyproject.toml")));
    let text = files.find_map(Result::ok)?;
    let project: toml::Table = text.parse().ok()?;
    let range = project.get("project")?.get("requires-python")?.as_str()?;
    the_one(range).map(|minor| format!("3.{minor}"))
}

/// Whether pyo3 takes a build on `host` for one that cannot run Python of the target.
fn is_foreign(triple: &str, host: &str) -> bool {
    let parts = |triple: &str| {
        let mut parts = triple.split('-').map(str::to_owned);
        (parts.next(), parts.nth(1))
    };
    let ((cpu, os), (own_cpu, own_os)) = (parts(triple), parts(host));
    // A Mac runs Python of both processors.
    os != own_os || cpu != own_cpu && os.as_deref() != Some("darwin")
}

/// The minor version of Python 3 that is the only one in a range of versions as Python's packages have
/// them: `==3.11.*`, `~=3.11.2`, `>=3.11,<3.12`.
fn the_one(range: &str) -> Option<u32> {
    let clauses: Vec<(&str, Vec<u32>)> =
        range.split(',').map(|clause| parse(clause.trim())).collect::<Option<_>>()?;
    let mut admitted = MINORS.filter(|minor| clauses.iter().all(|clause| admits(clause, *minor)));
    let one = admitted.next()?;
    admitted.next().is_none().then_some(one)
}

/// An operator and the parts of the version behind it.
fn parse(clause: &str) -> Option<(&str, Vec<u32>)> {
    const OPERATORS: [&str; 7] = ["===", "==", "~=", "!=", ">=", "<=", ">"];
    let operator = OPERATORS.iter().copied().chain(["<"]).find(|it| clause.starts_with(it))?;
    let version = clause.get(operator.len()..)?.trim();
    let parts = version.trim_end_matches(".*").split('.').map(|part| part.parse().ok());
    Some((operator, parts.collect::<Option<_>>()?))
}

/// Whether any Python 3.`minor` is in the range of a clause.
fn admits((operator, version): &(&str, Vec<u32>), minor: u32) -> bool {
    let major = version.first().copied().unwrap_or_default();
    // A version without its second number stands for its first one, but for `==` and `~=`.
    let theirs = version.get(1).copied();
    let patch = version.get(2).copied();
    let place = (3, minor).cmp(&(major, theirs.unwrap_or_default()));
    match *operator {
        "==" | "===" => major == 3 && theirs.is_none_or(|theirs| theirs == minor),
        // `~=3.11` is `>=3.11,<4`.
        "~=" if patch.is_none() => major == 3 && place.is_ge(),
        "~=" => place.is_eq(),
        // One patch is not a whole version.
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
        // Two packages that name different versions cannot be told of both.
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
        // The nearest file counts, and one that says nothing leaves it open.
        std::fs::write(inner.join("pyproject.toml"), "[build-system]\n").unwrap();
        assert_eq!(ask("windows-arm64", &[]), None);
    }
}
