//! Sets the environment for C and C++ code in a build: per target, the compiler, the archiver and
//! the header folders.
//!
//! The variables name the target in their own names, because code for the host must not see them. A
//! value that the user has set in any spelling stays. There are two exceptions to the naming.
//! `MACOSX_DEPLOYMENT_TARGET` has no spelling with a target. But only compilers for Apple's systems
//! read it, and its value is the floor, in which the user's own value already counts. And for
//! Windows `PATH` gets folders with resource compilers, which find out by themselves for which
//! target they run.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::Arch;
use rgo_binary::system::Os;

use crate::cache::{Cache, CacheError, Env};
use crate::shim::{Installed, Recipe, resources};
use crate::toolchain::{Floor, Toolchain};
use crate::zig::Zig;

const CMAKE_FILE: &str = "CMAKE_TOOLCHAIN_FILE";

/// Writes the toolchain file that describes the target to cmake.
///
/// # Errors
/// If rgo cannot write it.
pub fn install(
    toolchain: &Toolchain,
    floor: Option<&Floor>,
    tools: &Installed,
    sdks: &[Utf8PathBuf],
    cache: &Cache,
) -> Result<(), CacheError> {
    cache.put(&cmake_path(tools), cmake_file(toolchain, floor, tools, sdks).as_bytes())
}

fn cmake_path(tools: &Installed) -> Utf8PathBuf {
    tools.tools.join("toolchain.cmake")
}

/// The variable by which the crate `cmake` finds that file for a triple.
#[must_use]
pub fn cmake_variable(triple: &str) -> String {
    format!("{CMAKE_FILE}_{}", triple.replace('-', "_"))
}

/// The variables for one target. They set no compiler flags: the shim adds rgo's flags to each
/// call.
pub fn env(
    toolchain: &Toolchain,
    floor: Option<&Floor>,
    tools: &Installed,
    recipe: &Recipe,
    zig: &Zig,
    user: Env<'_>,
) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    let under = toolchain.triple.replace('-', "_");
    // The crate `cc` reads NAME_<triple>, NAME_<triple_with_underscores>, TARGET_NAME, NAME, in
    // this order.
    let mut set = |name: &str, value: String| {
        let spellings = [
            format!("{name}_{}", toolchain.triple),
            format!("{name}_{under}"),
            format!("TARGET_{name}"),
        ];
        if spellings.iter().all(|spelling| user(spelling).is_none()) {
            vars.insert(format!("{name}_{under}"), value);
        }
    };
    set("CC", tools.tool("cc").into_string());
    set("CXX", tools.tool("c++").into_string());
    set("AR", tools.tool("ar").into_string());
    set("RANLIB", tools.tool("ranlib").into_string());
    set("FC", tools.tool("fc").into_string());
    set(CMAKE_FILE, cmake_path(tools).into_string());
    set(
        "BINDGEN_EXTRA_CLANG_ARGS",
        clang_args(toolchain, recipe, zig, user("BINDGEN_EXTRA_CLANG_ARGS")),
    );
    if toolchain.is(Os::Windows) {
        // Both are only for Windows, so a value in a spelling without a target counts too.
        for name in ["WINDRES", "RC"].into_iter().filter(|name| user(name).is_none()) {
            set(name, tools.tool("windres").into_string());
        }
    }
    // The host's .pc files describe the host's libraries. Even for the same processor and system,
    // the C library differs in kind or floor. The user can name a folder for the target; rgo then
    // keeps it.
    set("PKG_CONFIG_LIBDIR", tools.tools.join("pkg-config").into_string());
    set("PKG_CONFIG_ALLOW_CROSS", "1".to_owned());
    if let Some(Floor::Macos(version)) = floor.or(toolchain.floor.as_ref()) {
        vars.insert("MACOSX_DEPLOYMENT_TARGET".into(), version.clone());
    }
    if toolchain.is(Os::Windows) {
        vars.insert("PATH".into(), resources::path(&tools.tools, user("PATH")));
    }
    vars
}

/// The flags for libclang, which knows nothing of zig. They add zig's headers and definitions in
/// zig's order, and exclude the host's headers. A clang's own headers fit no other version. So the
/// headers of the libclang in use come first, as always; zig's serve a libclang without any.
fn clang_args(
    toolchain: &Toolchain,
    recipe: &Recipe,
    zig: &Zig,
    general: Option<String>,
) -> String {
    let mut args = vec![format!("--target={}", clang_target(toolchain)), "-nostdlibinc".to_owned()];
    let mut folders = include_folders(&zig.lib_dir, &recipe.zig_target);
    folders.push(zig.lib_dir.join("include"));
    for folder in folders {
        args.extend(["-idirafter".to_owned(), folder.into_string()]);
    }
    if let Some(minor) =
        recipe.zig_target.rsplit_once("gnu.2.").and_then(|(_, m)| m.split('.').next())
    {
        args.push(format!("-D__GLIBC_MINOR__={minor}"));
    }
    if toolchain.is(Os::Windows) {
        // zig's values: Windows 10 and its C runtime.
        args.extend(["-D_WIN32_WINNT=0x0a00".to_owned(), "-D__MSVCRT_VERSION__=0xE00".to_owned()]);
    }
    let own = shell_words::join(args);
    general.map_or(own.clone(), |general| format!("{own} {general}"))
}

fn clang_target(toolchain: &Toolchain) -> &str {
    // Older clangs do not know rustc's name for "gnu, but by LLVM".
    match toolchain.triple.strip_suffix("llvm") {
        Some(gnu) => gnu,
        None => &toolchain.triple,
    }
}

/// The folders of zig's libc headers for a target, the most specific first. Some versions of zig
/// lack some of them; compilers skip missing folders.
fn include_folders(lib: &Utf8Path, zig_target: &str) -> Vec<Utf8PathBuf> {
    let mut parts = zig_target.split('-');
    let cpu = parts.next().unwrap_or_default();
    let os = parts.next().unwrap_or_default().split('.').next().unwrap_or_default();
    let abi = parts.next().unwrap_or_default().split('.').next().unwrap_or_default();
    let arch = if cpu == "x86_64" { "x86" } else { cpu };
    let libc = lib.join("libc/include");
    let mut folders = Vec::new();
    match os {
        "linux" => {
            folders.push(libc.join(format!("{cpu}-linux-{abi}")));
            // zig has one folder of glibc headers for both widths of a processor, and two of musl
            // headers.
            if abi == "musl" {
                folders.push(libc.join("generic-musl"));
            } else {
                folders.push(libc.join(format!("{arch}-linux-{abi}")));
                folders.push(libc.join("generic-glibc"));
            }
            folders.push(libc.join(format!("{arch}-linux-any")));
            folders.push(libc.join("any-linux-any"));
        }
        "macos" => {
            folders.push(libc.join(format!("{cpu}-macos-any")));
            folders.push(libc.join("any-macos-any"));
            folders.push(libc.join("any-darwin-any"));
        }
        "windows" => folders.push(libc.join("any-windows-any")),
        _ => {}
    }
    folders
}

/// cmake's name for the processor, which is the target system's own name.
fn cmake_processor(toolchain: &Toolchain) -> &str {
    match (&toolchain.arch, toolchain.os) {
        (Arch::Amd64, Os::Windows) => "AMD64",
        (Arch::Amd64, _) => "x86_64",
        (Arch::Arm64, Os::Windows) => "ARM64",
        (Arch::Arm64, Os::Darwin) => "arm64",
        (Arch::Arm64, _) => "aarch64",
        // A test in `toolchain` checks that no toolchain has one.
        (Arch::Other(name), _) => name,
    }
}

/// The text of a toolchain file for cmake, which finds system libraries in `sdks`.
fn cmake_file(
    toolchain: &Toolchain,
    floor: Option<&Floor>,
    tools: &Installed,
    sdks: &[Utf8PathBuf],
) -> String {
    let system = match toolchain.os {
        Os::Darwin => "Darwin",
        Os::Windows => "Windows",
        _ => "Linux",
    };
    let tool = |name: &str| cmake_quote(tools.tool(name).as_str());
    let mut lines = vec![
        format!("set(CMAKE_SYSTEM_NAME {system})"),
        format!("set(CMAKE_SYSTEM_PROCESSOR {})", cmake_processor(toolchain)),
        format!("set(CMAKE_C_COMPILER {})", tool("cc")),
        format!("set(CMAKE_CXX_COMPILER {})", tool("c++")),
        format!("set(CMAKE_AR {})", tool("ar")),
        format!("set(CMAKE_RANLIB {})", tool("ranlib")),
        // Otherwise cmake would take the host's Fortran compiler.
        "if(NOT CMAKE_Fortran_COMPILER)".into(),
        format!("  set(CMAKE_Fortran_COMPILER $ENV{{FC_{}}})", toolchain.triple.replace('-', "_")),
        "endif()".into(),
        // cmake may find the host's programs, but none of its libraries, headers and packages.
        "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)".into(),
        "set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)".into(),
        "set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)".into(),
        "set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)".into(),
        "set(CMAKE_LINK_DEPENDS_USE_LINKER FALSE)".into(),
    ];
    match toolchain.os {
        Os::Darwin => lines.extend(cmake_for_macos(toolchain, floor, sdks)),
        Os::Windows => lines.extend(cmake_for_windows(tools)),
        _ => {}
    }
    lines.join("\n") + "\n"
}

fn cmake_for_macos(
    toolchain: &Toolchain,
    floor: Option<&Floor>,
    sdks: &[Utf8PathBuf],
) -> Vec<String> {
    let sdks: Vec<String> = sdks.iter().map(|sdk| cmake_quote(sdk.as_str())).collect();
    let mut lines = vec![
        format!("set(CMAKE_OSX_ARCHITECTURES {})", cmake_processor(toolchain)),
        "set(CMAKE_OSX_SYSROOT \"\")".to_owned(),
        format!("list(APPEND CMAKE_FIND_ROOT_PATH {})", sdks.join(" ")),
    ];
    if let Some(Floor::Macos(version)) = floor.or(toolchain.floor.as_ref()) {
        lines.push(format!("set(CMAKE_OSX_DEPLOYMENT_TARGET {version})"));
    }
    lines
}

/// The resource compiler. The crate `cmake` sets the C compiler in its place unless that is named
/// gcc.
fn cmake_for_windows(tools: &Installed) -> [String; 3] {
    let tool = |name: &str| cmake_quote(tools.tool(name).as_str());
    let is = |name: &str| format!("CMAKE_RC_COMPILER STREQUAL {}", tool(name));
    [
        format!("if(NOT CMAKE_RC_COMPILER OR {} OR {})", is("cc"), is("c++")),
        format!("  set(CMAKE_RC_COMPILER {} CACHE FILEPATH \"\" FORCE)", tool("windres")),
        "endif()".to_owned(),
    ]
}

fn cmake_quote(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "/").replace('"', "\\\"").replace('$', "\\$"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::by_name;
    use crate::zig::ZigOrigin;

    fn vars(name: &str, floor: Option<&Floor>, user: &[(&str, &str)]) -> BTreeMap<String, String> {
        let toolchain = by_name(name).unwrap();
        let tools = Installed {
            linker: "/c/shims/x/rgo-link".into(),
            tools: "/c/a b".into(),
            recipe: "/c/r.json".into(),
            env: vec![],
        };
        let mut recipe = Recipe::example(toolchain.os.name());
        recipe.zig_target = toolchain.zig_target(None).unwrap();
        let zig = Zig {
            program: "/z/zig".into(),
            args: vec![],
            version: semver::Version::new(0, 15, 2),
            lib_dir: "/z/lib".into(),
            found: ZigOrigin::Path,
        };
        let env = |name: &str| user.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned());
        super::env(toolchain, floor, &tools, &recipe, &zig, &env)
    }

    #[test]
    fn variables_name_their_target() {
        let vars = vars("linux-arm64", None, &[]);
        assert_eq!(
            vars["CC_aarch64_unknown_linux_gnu"],
            format!("/c/a b/cc{}", std::env::consts::EXE_SUFFIX)
        );
        let clang = &vars["BINDGEN_EXTRA_CLANG_ARGS_aarch64_unknown_linux_gnu"];
        for part in [
            "--target=aarch64-unknown-linux-gnu",
            "aarch64-linux-gnu ",
            "generic-glibc",
            "__GLIBC_MINOR__=17",
        ] {
            assert!(clang.contains(part), "{part}: {clang}");
        }
    }

    #[test]
    fn only_the_floor_of_macos_and_the_path_for_windows_name_no_target() {
        for toolchain in crate::toolchain::all().iter().filter(|t| t.zig.is_some()) {
            let under = format!("_{}", toolchain.triple.replace('-', "_"));
            let vars = vars(&toolchain.name, None, &[]);
            let others: Vec<&String> = vars.keys().filter(|k| !k.ends_with(&under)).collect();
            let expected: &[&str] = match toolchain.os {
                Os::Darwin => &["MACOSX_DEPLOYMENT_TARGET"],
                Os::Windows => &["PATH"],
                _ => &[],
            };
            assert_eq!(others, expected, "{}", toolchain.name);
        }
    }

    #[test]
    fn the_floor_that_was_decided_holds_against_the_environment() {
        let macos = |version: &str| Floor::Macos(version.into());
        for (floor, of_user, expected) in [
            (None, None, "11.0"),
            (None, Some(""), "11.0"),
            (Some(macos("12")), Some("12"), "12"),
            (Some(macos("11.0")), Some("12"), "11.0"),
        ] {
            let user: Vec<_> =
                of_user.map(|v| ("MACOSX_DEPLOYMENT_TARGET", v)).into_iter().collect();
            let vars = vars("darwin-arm64", floor.as_ref(), &user);
            assert_eq!(vars["MACOSX_DEPLOYMENT_TARGET"], expected, "{floor:?} {of_user:?}");
        }
    }

    #[test]
    fn what_the_user_has_set_stays() {
        for spelling in ["CC_x86_64-apple-darwin", "CC_x86_64_apple_darwin", "TARGET_CC"] {
            let vars = vars("darwin-amd64", None, &[(spelling, "mine"), ("CFLAGS", "-Dx")]);
            assert!(!vars.contains_key("CC_x86_64_apple_darwin"), "{spelling}");
            assert!(!vars.keys().any(|name| name.contains("CFLAGS")), "{vars:?}");
        }
    }

    #[test]
    fn resource_compilers_are_for_windows_and_give_way_to_the_users() {
        let of = |user: &[(&str, &str)]| {
            let vars = vars("windows-arm64", None, user);
            ["WINDRES", "RC"]
                .map(|it| vars.contains_key(&format!("{it}_aarch64_pc_windows_gnullvm")))
        };
        assert_eq!(of(&[]), [true, true]);
        assert_eq!(of(&[("RC", "llvm-rc")]), [true, false]);
        assert_eq!(
            of(&[("TARGET_WINDRES", "x"), ("RC_aarch64-pc-windows-gnullvm", "x")]),
            [false; 2]
        );
        let vars = vars("linux-arm64", None, &[("PATH", "/bin")]);
        assert!(!vars.keys().any(|name| name.starts_with("RC") || name == "PATH"), "{vars:?}");
    }

    #[test]
    fn cmake_knows_the_system() {
        let tools =
            Installed { linker: "".into(), tools: "/c/$ b".into(), recipe: "".into(), env: vec![] };
        let text = cmake_file(by_name("darwin-arm64").unwrap(), None, &tools, &["/s".into()]);
        for line in
            ["CMAKE_SYSTEM_NAME Darwin", "OSX_DEPLOYMENT_TARGET 11.0", "C_COMPILER \"/c/\\$ b/cc"]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(
            cmake_file(by_name("windows-amd64").unwrap(), None, &tools, &[])
                .contains("PROCESSOR AMD64")
        );
    }
}
