//! Being the shim: one call of the linker or of a C tool.
//!
//! A call has two stages, two processes. The first reads the recipe and rewrites the arguments; the second hands them to
//! `cargo_zigbuild`, which rewrites them further, runs zig, and ends its process by itself when zig fails. The first
//! thereby keeps control, sets zig's surroundings as the environment of a child instead of its own, and goes on after it.

use std::io::{self, Write};
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};

use super::args;
use super::link::{Linked, link};
use super::query::{self, Query};
use super::{CALL, FORTRAN, LINKER, RECIPE, Recipe, TRIM, resources, response, zig_macho};
use crate::exec::{self, Cmd, ExecError};

/// The hidden first argument of the second stage.
const ZIG_CALL: &str = "__rgo-zig";

/// Why a call failed before or after zig.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// Not called by a build.
    #[error("{tool}: {variable} is not set: this linker works only within rgo-build")]
    NoRecipe {
        /// Which linker.
        tool: Utf8PathBuf,
        /// The variable.
        variable: String,
    },
    /// A file is missing or damaged.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file can't be written.
    #[error("cannot write a response file: {0}")]
    Write(io::Error),
    /// A section can't be made of a file.
    #[error("{0}")]
    Section(String),
    /// The recipe isn't one.
    #[error(
        "{path} is not a recipe of this rgo: {source}\nhint: `rgo-build cache prune`, then build again"
    )]
    Recipe {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// zig can't be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The pass after the link failed.
    #[error("after linking {output}: {why}")]
    PostLink {
        /// What was linked.
        output: Utf8PathBuf,
        /// What the pass says.
        why: String,
    },
    /// A build script calls the Fortran compiler.
    #[error("there is no Fortran compiler for {0}: zig has none; FC_<target> names another")]
    Fortran(String),
    /// A module definition asks for what LLD cannot do.
    #[error("{path}: {why}")]
    Definition {
        /// The file.
        path: Utf8PathBuf,
        /// What that is.
        why: String,
    },
    /// A resource compiler is asked for what it cannot do.
    #[error("{tool}: {why}")]
    Resource {
        /// Its name.
        tool: String,
        /// What that is.
        why: String,
    },
    /// `cargo_zigbuild` refused.
    #[error("{0}")]
    Zig(String),
}

/// A call that is meant for the shim and not for the program that contains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShimCall {
    /// First stage: as this tool, with these arguments.
    Tool {
        /// The path it was called by.
        tool: Utf8PathBuf,
        /// Its arguments.
        args: Vec<String>,
    },
    /// Second stage: `zig <subcommand> <args>` through `cargo_zigbuild`.
    Zig {
        /// `cc`, `c++`, `ar`, …
        subcommand: String,
        /// Its arguments.
        args: Vec<String>,
    },
}

/// In which compilers look for the date, in seconds since 1970.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Whether this process was started as the shim. `args` are the arguments without the program.
pub fn invoked_as(argv0: &str, args: &[String]) -> Option<ShimCall> {
    match args.split_first() {
        Some((first, rest)) if first == CALL => {
            let (tool, rest) = rest.split_first()?;
            return Some(ShimCall::Tool { tool: tool.into(), args: rest.to_vec() });
        }
        Some((first, rest)) if first == ZIG_CALL => {
            let (subcommand, rest) = rest.split_first()?;
            return Some(ShimCall::Zig { subcommand: subcommand.clone(), args: rest.to_vec() });
        }
        _ => {}
    }
    // Where there are no scripts, copies of the program are told apart by their names.
    let tool = Utf8Path::new(argv0);
    let is_shim = tool.file_stem() == Some(LINKER)
        || tool.with_file_name(RECIPE).is_file()
        || resources::is_on_path(tool);
    (cfg!(windows) && is_shim)
        .then(|| ShimCall::Tool { tool: tool.to_owned(), args: args.to_vec() })
}

/// Does what was asked and gives the code to exit with; says on stderr what went wrong.
/// `post_link` is called with every program and shared library that was linked.
pub fn run(call: ShimCall, post_link: &dyn Fn(&Linked) -> Result<(), String>) -> ExitCode {
    let result = match call {
        ShimCall::Tool { tool, args } if tool.file_stem() == Some(LINKER) => {
            link(&tool, args, post_link)
        }
        ShimCall::Tool { tool, args } => c_tool(&tool, args),
        ShimCall::Zig { subcommand, args } => zig(&subcommand, args),
    };
    match result {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            // Whoever read stderr may have gone.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A folder that goes with the value. It is below the folder of the build, which goes even if this
/// process is killed.
pub(super) fn scratch(recipe: &Recipe) -> Result<tempfile::TempDir, ShimError> {
    let place = std::env::var(recipe.link_variable()).map(Utf8PathBuf::from).ok();
    let folder = match place.as_deref().and_then(Utf8Path::parent) {
        Some(work) => tempfile::tempdir_in(work),
        None => tempfile::tempdir(),
    };
    folder.map_err(ShimError::Write)
}

/// A response file, as an argument; it goes with the folder.
pub(super) fn response_file(
    recipe: &Recipe,
    args: &[String],
) -> Result<(String, tempfile::TempDir), ShimError> {
    let folder = scratch(recipe)?;
    // The name by which cargo_zigbuild knows that it is to translate it.
    let path = folder.path().join("linker-arguments");
    std::fs::write(&path, response::write(args)).map_err(ShimError::Write)?;
    Ok((format!("@{}", path.display()), folder))
}

/// A compiler or archiver for a build script: zig's, for the target that its folder is for.
fn c_tool(tool: &Utf8Path, args: Vec<String>) -> Result<i32, ShimError> {
    if tool.file_stem().is_some_and(resources::is_tool) {
        return resources::run(tool, args);
    }
    let recipe = read_recipe(&tool.with_file_name(RECIPE))?;
    let name = tool.file_stem().unwrap_or_default();
    if name == FORTRAN {
        return Err(ShimError::Fortran(recipe.toolchain));
    }
    if matches!(name, "cc" | "c++")
        && let Some(code) = answer(&recipe, name, tool, &args)?
    {
        return Ok(code);
    }
    let mut args = args;
    let mut objects = Vec::new();
    if recipe.os == "darwin" && matches!(name, "cc" | "c++") {
        // What is meant stands in response files too.
        let all = expand(args.clone(), &current_folder()?)?;
        objects = zig_macho::compiled(&all);
        if links(&all) {
            // Last, so that folders of the user's go first.
            args.extend(args::folders(&recipe.sdks));
        }
    }
    let code = run_zig(&recipe, name, args, false)?;
    if code == 0 {
        objects.iter().try_for_each(|path| mend(path))?;
    }
    Ok(code)
}

/// Whether a call of a C compiler links what it compiles: build systems look so whether a library is
/// there.
fn links(args: &[String]) -> bool {
    let stops = ["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"];
    !args.iter().any(|arg| stops.contains(&arg.as_str()))
}

/// Changes an object file for macOS where zig's linker would get it wrong.
fn mend(path: &Utf8Path) -> Result<(), ShimError> {
    // A pipe or a terminal is not read back, and a dry run writes nothing.
    if path.is_file()
        && !path.starts_with("/dev")
        && let Ok(data) = std::fs::read(path)
        && let Some(mended) = zig_macho::mended(&data)
    {
        std::fs::write(path, mended).map_err(ShimError::Write)?;
    }
    Ok(())
}

/// Answers a call that is a question; `None` for one that has something to compile or link.
fn answer(
    recipe: &Recipe,
    subcommand: &str,
    tool: &Utf8Path,
    args: &[String],
) -> Result<Option<i32>, ShimError> {
    let folder = tool.parent().unwrap_or(tool);
    Ok(match query::read(args, recipe, folder, &|path| path.is_file()) {
        Some(Query::Answer(text)) => {
            say(&text);
            Some(0)
        }
        Some(Query::Zig(args)) => {
            let said = zig_command(recipe, subcommand, args, false)?.output()?;
            // Whoever asked may have gone.
            let _ = io::stdout().write_all(query::answered(&said.stdout, recipe).as_bytes());
            let _ = io::stderr().write_all(query::answered(&said.stderr, recipe).as_bytes());
            Some(exec::exit_code(said.status))
        }
        None => None,
    })
}

/// Answers on stdout.
pub(super) fn say(text: &str) {
    // Whoever asked may have gone.
    let _ = writeln!(io::stdout(), "{text}");
}

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
            all.extend(prefix_maps(&std::env::var(TRIM).unwrap_or_default()));
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
fn zig(subcommand: &str, args: Vec<String>) -> Result<i32, ShimError> {
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

/// Puts the content of response files in their place.
pub(super) fn expand(args: Vec<String>, cwd: &Utf8Path) -> Result<Vec<String>, ShimError> {
    let mut plain = Vec::with_capacity(args.len());
    for arg in args {
        match arg.strip_prefix('@') {
            // `@rpath/libx.dylib` is one only if there is such a file, as compilers have it.
            Some(file) if exec::absolute(cwd, Utf8Path::new(file)).is_file() => {
                plain.extend(response::parse(&read(&exec::absolute(cwd, Utf8Path::new(file)))?));
            }
            _ => plain.push(arg),
        }
    }
    Ok(plain)
}

pub(super) fn read_recipe(path: &Utf8Path) -> Result<Recipe, ShimError> {
    serde_json::from_str(&read(path)?)
        .map_err(|source| ShimError::Recipe { path: path.to_owned(), source })
}

pub(super) fn read(path: &Utf8Path) -> Result<String, ShimError> {
    std::fs::read_to_string(path)
        .map_err(|source| ShimError::Read { path: path.to_owned(), source })
}

pub(super) fn current_folder() -> Result<Utf8PathBuf, ShimError> {
    std::env::current_dir()
        .and_then(exec::utf8)
        .map_err(|source| ShimError::Read { path: ".".into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_by_their_first_argument() {
        let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let call = invoked_as("rgo-build", &args("__rgo-shim /s/linux-amd64/rgo-link -o x"));
        assert_eq!(
            call,
            Some(ShimCall::Tool { tool: "/s/linux-amd64/rgo-link".into(), args: args("-o x") })
        );
        let call = invoked_as("rgo-build", &args("__rgo-zig cc -v"));
        assert_eq!(call, Some(ShimCall::Zig { subcommand: "cc".into(), args: args("-v") }));
        assert_eq!(invoked_as("rgo-build", &args("__rgo-shim")), None);
        assert_eq!(invoked_as("rgo-build", &args("--target all")), None);
        assert_eq!(invoked_as("rgo-build", &[]), None);
    }

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
