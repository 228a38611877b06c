//! One call of zig: its arguments, its working folder and environment, and the second process in
//! which `cargo_zigbuild` translates the call.

use camino::Utf8Path;

use super::error::ShimError;
use super::io::response_file;
use super::{PATH_REMAPS, Recipe, response};
use crate::exec::{self, Cmd};

/// The hidden first argument of the second stage.
pub(super) const ZIG_CALL: &str = "__rgo-zig";

/// The variable from which compilers take the date, in seconds since 1970.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

pub(super) fn run_zig(
    recipe: &Recipe,
    subcommand: &str,
    args: Vec<String>,
    link: bool,
) -> Result<i32, ShimError> {
    let (args, file) = zig_arguments(recipe, subcommand, args, link)?;
    let code = zig_command(recipe, subcommand, args, link)?.run()?;
    // zig has read the response file.
    drop(file);
    Ok(code)
}

/// The arguments for zig, and the folder of the response file, which must exist while zig reads it.
pub(super) fn zig_arguments(
    recipe: &Recipe,
    subcommand: &str,
    args: Vec<String>,
    link: bool,
) -> Result<(Vec<String>, Option<tempfile::TempDir>), ShimError> {
    let mut all = Vec::new();
    if matches!(subcommand, "cc" | "c++") {
        // Without -g zig strips what it links. Its sanitizers need runtimes that a Rust program
        // lacks.
        if link {
            all.push("-g".to_owned());
        }
        all.extend([
            "-fno-sanitize=all".to_owned(),
            // `all` alone lets zig build the runtime of a sanitizer that nothing uses, for ten seconds.
            "-fno-sanitize=undefined".to_owned(),
            "-target".to_owned(),
            recipe.zig_target.clone(),
        ]);
        if !link {
            // zig refuses code that uses `__DATE__` or `__TIME__`, because its cache does not cover
            // them.
            all.push("-Wno-date-time".to_owned());
            all.push(format!("-D__RGO_EPOCH__={}", epoch()));
            all.extend(prefix_maps(&std::env::var(PATH_REMAPS).unwrap_or_default()));
            // The compiler takes the last mapping that fits. These give zig's headers one name,
            // wherever zig lies and by whatever link rgo found it.
            let real = recipe.zig_lib.canonicalize_utf8().ok();
            for lib in real.iter().chain([&recipe.zig_lib]) {
                all.extend(prefix_maps(&format!("{lib}=/rgo/zig/lib")));
            }
            if let Some(headers) = &recipe.headers {
                all.extend(["-idirafter".to_owned(), headers.to_string()]);
                all.extend(prefix_maps(&format!("{headers}=/rgo/darwin/headers")));
            }
        }
    }
    if link && response::needed(&args) {
        let (argument, folder) = response_file(recipe, &args)?;
        all.push(argument);
        return Ok((all, Some(folder)));
    }
    all.extend(args);
    Ok((all, None))
}

/// The date for C code: the user's, else 1970. Not the commit's: cargo would have to recompile all
/// C code for every commit, or keep objects with the date of another commit.
fn epoch() -> String {
    std::env::var(EPOCH).ok().filter(|given| !given.is_empty()).unwrap_or_else(|| "0".to_owned())
}

fn prefix_maps(trim: &str) -> impl Iterator<Item = String> + '_ {
    trim.lines().filter(|map| map.contains('=')).map(|map| format!("-ffile-prefix-map={map}"))
}

/// The second stage as a command.
///
/// zig compiles runtimes and writes three paths into their debug data: its working folder, its
/// library folder and its cache folder. It then keeps the runtimes in its cache for later links by
/// other builds. So a link runs in a folder that contains the cache and the library. On a system
/// that has one fixed name for the current folder (`/proc/self/cwd`), zig sees only that name.
pub(super) fn zig_command(
    recipe: &Recipe,
    subcommand: &str,
    args: Vec<String>,
    link: bool,
) -> Result<Cmd, ShimError> {
    let own = exec::own_executable()
        .map_err(|source| ShimError::Read { path: "/proc/self/exe".into(), source })?;
    let mut cmd = Cmd::new(own)
        .arg(ZIG_CALL)
        .arg(subcommand)
        .args(args)
        .env("CARGO_ZIGBUILD_ZIG_COMMAND", recipe.zig.as_str())
        .env("CARGO_ZIGBUILD_ZIG_COMMAND_ARGS", recipe.zig_args.join(" "))
        .env("CARGO_ZIGBUILD_ZIG_VERSION", recipe.zig_version.clone())
        .env("CARGO_ZIGBUILD_RUSTC_VERSION", recipe.rustc_version.clone())
        .env("CARGO_ZIGBUILD_CACHE_DIR", recipe.work.as_str());
    if link {
        cmd = in_surroundings(cmd, recipe);
    } else {
        cmd = cmd.env(EPOCH, epoch());
        let cache = tools_cache(recipe);
        cmd = cmd.env("ZIG_LOCAL_CACHE_DIR", cache.clone()).env("ZIG_GLOBAL_CACHE_DIR", cache);
    }
    Ok(cmd)
}

/// zig's cache for build scripts. It is separate from the cache of links, because a build script's
/// test programs compile runtimes in another folder, and these must not get into links.
pub(super) fn tools_cache(recipe: &Recipe) -> String {
    recipe.work.join("tools").into_string()
}

/// Lets a command run in the working folder of links.
pub(super) fn in_surroundings(mut cmd: Cmd, recipe: &Recipe) -> Cmd {
    const HERE: &str = "/proc/self/cwd";
    let named = Utf8Path::new(HERE).exists() && recipe.work.join("lib").exists();
    let (cache, lib) = if named {
        (format!("{HERE}/c"), format!("{HERE}/lib"))
    } else {
        (recipe.work.join("c").into_string(), recipe.zig_lib.to_string())
    };
    cmd = cmd.cwd(&recipe.work).env("ZIG_LIB_DIR", lib);
    if named {
        // clang takes the name of the working folder from `PWD`, if that name leads to it.
        cmd = cmd.env("PWD", HERE);
    }
    cmd.env("ZIG_LOCAL_CACHE_DIR", cache.clone()).env("ZIG_GLOBAL_CACHE_DIR", cache)
}

/// The second stage.
pub(super) fn zig(subcommand: &str, args: Vec<String>) -> Result<i32, ShimError> {
    use cargo_zigbuild::Zig;
    let zig = match subcommand {
        "cc" => Zig::Cc { args },
        "c++" => Zig::Cxx { args },
        "ar" => Zig::Ar { args },
        "ranlib" => Zig::Ranlib { args },
        "lib" => Zig::Lib { args },
        "dlltool" => Zig::Dlltool { args },
        other => return Err(ShimError::Zig(format!("rgo has no tool `{other}`"))),
    };
    zig.execute().map_err(|e| ShimError::Zig(format!("{e:#}")))?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_c_tools_never_share_a_cache() {
        let recipe = Recipe::example("linux");
        let link = zig_command(&recipe, "cc", vec![], true).unwrap();
        let tool = zig_command(&recipe, "cc", vec![], false).unwrap();
        assert_eq!(link.cwd.as_deref(), Some(recipe.work.as_path()));
        assert_eq!(tool.cwd, None);
        assert_ne!(link.env["ZIG_GLOBAL_CACHE_DIR"], tool.env["ZIG_GLOBAL_CACHE_DIR"]);
    }
}
