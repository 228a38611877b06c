//! A call of zig: what it is given, where it runs, and the second process in which `cargo_zigbuild`
//! translates it.

use camino::Utf8Path;

use super::error::ShimError;
use super::io::response_file;
use super::{PATH_REMAPS, Recipe, response};
use crate::exec::{self, Cmd};

/// The hidden first argument of the second stage.
pub(super) const ZIG_CALL: &str = "__rgo-zig";

/// In which compilers look for the date, in seconds since 1970.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

pub(super) fn run_zig(
    recipe: &Recipe,
    subcommand: &str,
    args: Vec<String>,
    link: bool,
) -> Result<i32, ShimError> {
    let (args, file) = zig_arguments(recipe, subcommand, args, link)?;
    let code = zig_command(recipe, subcommand, args, link)?.run()?;
    // It has been read.
    drop(file);
    Ok(code)
}

/// What zig is given, and a folder that has to be there while zig reads it.
pub(super) fn zig_arguments(
    recipe: &Recipe,
    subcommand: &str,
    args: Vec<String>,
    link: bool,
) -> Result<(Vec<String>, Option<tempfile::TempDir>), ShimError> {
    let mut all = Vec::new();
    if matches!(subcommand, "cc" | "c++") {
        // Without -g zig strips what it links; its sanitizers need runtimes that a program of Rust's hasn't.
        if link {
            all.push("-g".to_owned());
        }
        all.extend([
            "-fno-sanitize=all".to_owned(),
            "-target".to_owned(),
            recipe.zig_target.clone(),
        ]);
        if !link {
            // zig refuses code that asks for the date, because its cache does not know of it.
            all.push("-Wno-date-time".to_owned());
            all.push(format!("-D__RGO_EPOCH__={}", epoch()));
            all.extend(prefix_maps(&std::env::var(PATH_REMAPS).unwrap_or_default()));
            // The last that fits is taken: zig's headers have one name wherever zig is, and by
            // whatever link it was found.
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

/// The date that C code is told: the user's, else one that says nothing. Not the commit's: cargo
/// would have to compile all C code again for every commit, or keep what says another's.
fn epoch() -> String {
    std::env::var(EPOCH).ok().filter(|given| !given.is_empty()).unwrap_or_else(|| "0".to_owned())
}

fn prefix_maps(trim: &str) -> impl Iterator<Item = String> + '_ {
    trim.lines().filter(|map| map.contains('=')).map(|map| format!("-ffile-prefix-map={map}"))
}

/// The second stage as a command.
///
/// zig writes the folder it works in, that of its library and that of its cache into the debug data of the runtimes it
/// compiles, and keeps these in its cache whoever comes next. So a link runs in a folder below which both are found,
/// and where the system has a name for "the folder I am in" that is the same for everybody, that name is all that
/// zig gets to see.
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

/// zig's cache for build scripts. It is one of their own: what a build script's test programs have
/// compiled in its folder must not get into links.
pub(super) fn tools_cache(recipe: &Recipe) -> String {
    recipe.work.join("tools").into_string()
}

/// A command that links, in the folder that links run in.
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
        // clang takes the working folder's name from here, if it is one for it.
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
