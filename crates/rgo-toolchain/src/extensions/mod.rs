//! Extensions: libraries that Python or Node loads, and that call functions of their host. On Linux
//! and macOS these symbols stay undefined until the host loads the extension. On Windows the linker
//! must know which DLL has them.
//!
//! | crates | need, in a build for another system | rgo provides it by |
//! |---|---|---|
//! | pyo3 < 0.28, C code | `python3.lib`, `python311.lib` | [`import_libraries`], in the link |
//! | pyo3 without abi3 | the version of Python | [`python`] |
//! | pyo3's `generate-import-lib` | a `dlltool` | [`env()`] |
//! | napi-build | a folder with a `libnode.dll`, and `node.lib` | [`env()`], [`import_libraries`] |
//! | on macOS | `-undefined dynamic_lookup`, only for names in [`names`] | the check after the link |

pub(crate) mod hint;
pub mod import_libraries;
pub mod names;
pub mod python;

use std::collections::BTreeMap;

use rgo_binary::system::Os;

use crate::cache::{Cache, Env};
use crate::toolchain::Toolchain;
use crate::zig::Zig;

/// The variables in which the build scripts of extensions for Windows look for tools and libraries.
/// No spelling of them names a target. This is harmless: build scripts for other systems do not
/// read them, and their values are the same for all processors.
pub fn env(
    toolchain: &Toolchain,
    zig: &Zig,
    cache: &Cache,
    user: Env<'_>,
) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    if !toolchain.is(Os::Windows) {
        return vars;
    }
    let mut set = |name: &str, value: String| {
        if user(name).is_none() {
            vars.insert(name.to_owned(), value);
        }
    };
    // napi-build looks for `libnode.dll` in this folder, but links `node.lib`.
    set("LIBNODE_PATH", import_libraries::folder(cache).into_string());
    // The crate python3-dll-a splits the value at spaces and runs it.
    let words = std::iter::once(zig.program.as_str()).chain(zig.args.iter().map(String::as_str));
    let words: Vec<&str> = words.collect();
    if words.iter().all(|word| !word.contains(char::is_whitespace)) {
        set("ZIG_COMMAND", words.join(" "));
    }
    vars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain;
    use crate::zig::ZigOrigin;

    fn vars(name: &str, program: &str, user: &[(&str, &str)]) -> BTreeMap<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_str().unwrap()).unwrap();
        let zig = Zig {
            program: program.into(),
            args: vec!["-m".into(), "ziglang".into()],
            version: semver::Version::new(0, 15, 2),
            lib_dir: "/z/lib".into(),
            found: ZigOrigin::Path,
        };
        let env = |name: &str| user.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned());
        super::env(toolchain::by_name(name).unwrap(), &zig, &cache, &env)
    }

    #[test]
    fn only_builds_for_windows_get_variables() {
        for toolchain in toolchain::all().iter().filter(|toolchain| toolchain.zig.is_some()) {
            let names: Vec<String> = vars(&toolchain.name, "/z/python", &[]).into_keys().collect();
            let expected: &[&str] =
                if toolchain.is(Os::Windows) { &["LIBNODE_PATH", "ZIG_COMMAND"] } else { &[] };
            assert_eq!(names, expected, "{}", toolchain.name);
        }
        assert_eq!(vars("windows-arm64", "/z/python", &[])["ZIG_COMMAND"], "/z/python -m ziglang");
    }

    #[test]
    fn what_the_user_has_set_stays_and_no_path_is_split() {
        let of_user = [("LIBNODE_PATH", "/mine"), ("ZIG_COMMAND", "zig")];
        assert!(vars("windows-amd64", "/z/python", &of_user).is_empty());
        let names: Vec<String> = vars("windows-amd64", "/a b/zig", &[]).into_keys().collect();
        assert_eq!(names, ["LIBNODE_PATH"]);
    }
}
