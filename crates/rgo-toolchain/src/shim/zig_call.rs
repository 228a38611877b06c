//! One call of zig: its arguments, its working folder and environment, and the second process in
//! which `cargo_zigbuild` translates the call.

use std::path::Path;

use super::error::ShimError;
use super::io::response_file;
use super::{PATH_REMAPS, Recipe, response};
use crate::exec::{self, Cmd};
use crate::zig::RuntimeFolders;

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
        // Without -g zig strips what it links, as no other compiler does, and strips the runtimes that it
        // compiles for that. Its sanitizers need runtimes that a Rust program lacks.
        if link || links(&args) {
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
            if links(&args)
                && let Some(folder) = working_folder()
            {
                // Such a call compiles too, and what it compiles is not in the folder of the runtimes.
                all.push(format!("-ffile-compilation-dir={folder}"));
            }
            all.extend(prefix_maps(&std::env::var(PATH_REMAPS).unwrap_or_default()));
            // The compiler takes the last mapping that fits. These give zig's headers one name,
            // wherever zig lies and by whatever link rgo found it.
            let real = recipe.zig_lib.canonicalize_utf8().ok();
            let shared = runtimes(recipe).library;
            for lib in real.iter().chain([&recipe.zig_lib, &shared]) {
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

/// The working folder by the name that clang writes: that of `PWD`, if it leads there.
fn working_folder() -> Option<String> {
    let folder = std::env::current_dir().ok()?;
    let named = std::env::var("PWD").ok().filter(|name| {
        let leads_to = Path::new(name).canonicalize().ok();
        leads_to.is_some() && leads_to == folder.canonicalize().ok()
    });
    named.or_else(|| folder.into_os_string().into_string().ok())
}

fn prefix_maps(trim: &str) -> impl Iterator<Item = String> + '_ {
    trim.lines().filter(|map| map.contains('=')).map(|map| format!("-ffile-prefix-map={map}"))
}

/// The second stage as a command.
pub(super) fn zig_command(
    recipe: &Recipe,
    subcommand: &str,
    args: Vec<String>,
    link: bool,
) -> Result<Cmd, ShimError> {
    let own = exec::own_executable()
        .map_err(|source| ShimError::Read { path: "/proc/self/exe".into(), source })?;
    let shares = link || matches!(subcommand, "cc" | "c++") && links(&args);
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
        return Ok(of_links(cmd, recipe));
    }
    let cache = tools_cache(recipe);
    cmd = cmd.env(EPOCH, epoch()).env("ZIG_LOCAL_CACHE_DIR", cache.clone());
    Ok(if shares {
        cmd.envs(runtimes(recipe).variables())
    } else {
        cmd.env("ZIG_GLOBAL_CACHE_DIR", cache)
    })
}

/// zig's cache for build scripts: for what their compilers compile, and for the runtimes of the calls that do
/// not use those of links.
pub(super) fn tools_cache(recipe: &Recipe) -> String {
    recipe.work.join("tools").into_string()
}

/// Gives a command the library and the caches of links.
pub(super) fn of_links(cmd: Cmd, recipe: &Recipe) -> Cmd {
    let runtimes = runtimes(recipe);
    cmd.env("ZIG_LOCAL_CACHE_DIR", runtimes.cache.as_str()).envs(runtimes.variables())
}

fn runtimes(recipe: &Recipe) -> RuntimeFolders {
    RuntimeFolders::new(&recipe.work, &recipe.zig_lib)
}

/// Whether a compiler's call links. A call that writes the names of headers, of which some are zig's, does not
/// count: only zig itself and what it starts can read them by the name that links have for them.
fn links(args: &[String]) -> bool {
    let stops = |arg: &String| {
        matches!(arg.as_str(), "-c" | "-S" | "-E" | "-###" | "-fsyntax-only" | "--version")
            || ["-M", "-save-temps"].iter().any(|start| arg.starts_with(start))
    };
    !args.iter().any(stops)
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
    fn compilers_of_build_scripts_share_the_runtimes_of_links_and_nothing_else() {
        let recipe = Recipe::example("linux");
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let cache = |command: &str, args: &str, link| {
            let call = zig_command(&recipe, command, words(args), link).unwrap();
            (call.env["ZIG_GLOBAL_CACHE_DIR"].clone(), call.env["ZIG_LOCAL_CACHE_DIR"].clone())
        };
        let (runtimes, own) = cache("cc", "a.o -o a", true);
        assert_eq!(runtimes, own);
        let tools = tools_cache(&recipe);
        assert_ne!(tools, runtimes);
        for args in ["a.c -o a", "--target=x a.o b.c -lm", "-v -shared @objects"] {
            assert_eq!(cache("c++", args, false), (runtimes.clone(), tools.clone()), "{args}");
        }
        for args in ["-c a.c", "-E a.c", "-MD a.c -o a", "--version"] {
            assert_eq!(cache("cc", args, false), (tools.clone(), tools.clone()), "{args}");
        }
        assert_eq!(cache("ar", "rcs a.a a.o", false), (tools.clone(), tools));
    }

    #[test]
    fn what_a_call_compiles_and_links_is_in_its_own_folder() {
        let recipe = Recipe::example("linux");
        let folder = |args: &[&str], link| {
            let args = args.iter().map(|&arg| arg.to_owned()).collect();
            let (all, _) = zig_arguments(&recipe, "cc", args, link).unwrap();
            let found = all.iter().find_map(|arg| arg.strip_prefix("-ffile-compilation-dir="));
            found.map(|folder| Path::new(folder).canonicalize().unwrap())
        };
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(folder(&["a.c", "-o", "a"], false), Some(here));
        assert_eq!(folder(&["-c", "a.c"], false), None, "clang's own is the same");
        assert_eq!(folder(&["a.o"], true), None, "rustc links objects");
    }
}
