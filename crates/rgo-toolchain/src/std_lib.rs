//! The standard library for a target: prebuilt, else from rustup, else built once from the compiler's own source.
//!
//! A built one is a sysroot of its own, `std/<key>/lib/rustlib/<triple>/lib`, in rgo's cache. It is made the way the
//! official one is (bitcode inside so that fat LTO works, line tables, frame pointers) and holds no
//! path of this machine: cargo is driven in the library's own workspace, whose packages it names relative to the
//! workspace, and what remains is remapped. So two machines with the same compiler build the same bytes.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::cache::{self, Cache, CacheError, Env};
use crate::compiler::{Compiler, Rustup, std_in};
use crate::event::Event;
use crate::exec::{Cmd, ExecError};
use crate::shim::Installed;
use crate::target::Toolchain;

/// Raised whenever a library built by the same compiler from the same source would differ.
const REVISION: u32 = 2;

/// No standard library can be had.
#[derive(Debug, thiserror::Error)]
pub enum StdError {
    /// None of the ways is open.
    #[error("{}", unavailable(.triple, .tried, .toolchain.as_deref(), .release))]
    Unavailable {
        /// For this triple.
        triple: String,
        /// What was tried and why it failed.
        tried: Vec<String>,
        /// The rustup toolchain in use, if there is one.
        toolchain: Option<String>,
        /// The compiler's release.
        release: String,
    },
    /// Its build failed.
    #[error("the standard library for {triple} could not be built: {source}")]
    Build {
        /// For this triple.
        triple: String,
        /// cargo's words.
        source: ExecError,
    },
    /// Its build gave no standard library.
    #[error("the build of the standard library for {triple} succeeded, but {folder} has no libstd")]
    Empty {
        /// For this triple.
        triple: String,
        /// Where it should be.
        folder: Utf8PathBuf,
    },
    /// Files can't be copied.
    #[error(
        "cannot store the standard library for {triple} at {path}: {source}\nhint: is the disk full? nothing half-written was kept; RGO_CACHE names another place"
    )]
    Store {
        /// For this triple.
        triple: String,
        /// Where.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The cache fails.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

fn unavailable(triple: &str, tried: &[String], toolchain: Option<&str>, release: &str) -> String {
    let tried: String = tried.iter().map(|t| format!("\n  {t}")).collect();
    let flag = toolchain.map(|t| format!(" --toolchain {t}")).unwrap_or_default();
    format!(
        "there is no standard library for {triple} with rustc {release}{tried}\nhint: one of these mends it:\n  \
         rustup target add {triple}{flag}\n  rustup component add rust-src{flag}   # rgo then builds it from source\n  \
         apt-get install rust-src             # a distribution's compiler (on Debian 12: rust-web-src beside rustc-web)"
    )
}

/// Where a standard library comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It came with the compiler.
    Prebuilt,
    /// rustup added it now.
    Rustup,
    /// rgo built it from source.
    Source,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Origin::Prebuilt => "prebuilt",
            Origin::Rustup => "rustup",
            Origin::Source => "source",
        })
    }
}

/// A standard library that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StdLib {
    /// Where it comes from.
    pub origin: Origin,
    /// What `--sysroot` must say; `None` where the compiler finds it by itself.
    pub sysroot: Option<Utf8PathBuf>,
}

/// What has to be done for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StdPlan {
    /// Nothing, it is there.
    Ready(StdLib),
    /// rustup is asked, and if it fails the source is built if there is one.
    Rustup {
        /// The command.
        command: Cmd,
        /// The way out.
        source: Option<Source>,
    },
    /// It is built.
    Build(Source),
}

/// A build from source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The `library` folder.
    pub library: Utf8PathBuf,
    /// The name of the result.
    pub key: String,
    /// The sysroot that it will be.
    pub sysroot: Utf8PathBuf,
}

/// Finds out what has to be done. Reads, but changes nothing.
///
/// # Errors
/// When no way is open.
pub fn plan(
    compiler: &Compiler,
    toolchain: &Toolchain,
    cache: &Cache,
    offline: bool,
) -> Result<StdPlan, StdError> {
    let triple = &toolchain.triple;
    if compiler.has_std(triple) {
        return Ok(StdPlan::Ready(StdLib { origin: Origin::Prebuilt, sysroot: None }));
    }
    let source = source(compiler, toolchain, cache);
    if let Some(source) = &source
        && std_in(&source.sysroot, triple)
    {
        let sysroot = Some(source.sysroot.clone());
        return Ok(StdPlan::Ready(StdLib { origin: Origin::Source, sysroot }));
    }
    match (&compiler.rustup, source) {
        (Some(rustup), source) if !offline => {
            Ok(StdPlan::Rustup { command: add_target(rustup, triple), source })
        }
        (_, Some(source)) => Ok(StdPlan::Build(source)),
        (rustup, None) => {
            let mut tried = vec![format!("{} has no lib/rustlib/{triple}", compiler.sysroot)];
            tried.push(match rustup {
                Some(_) => "rustup was not asked: --offline".to_owned(),
                None => format!("{} does not belong to rustup", compiler.rustc),
            });
            tried.push(no_source(compiler));
            Err(unavailable_error(compiler, triple, tried))
        }
    }
}

fn no_source(compiler: &Compiler) -> String {
    format!("no library source at {}", compiler.sysroot.join("lib/rustlib/src/rust/library"))
}

fn unavailable_error(compiler: &Compiler, triple: &str, tried: Vec<String>) -> StdError {
    StdError::Unavailable {
        triple: triple.to_owned(),
        tried,
        toolchain: compiler.rustup.as_ref().map(|r| r.toolchain.clone()),
        release: compiler.version.release.to_string(),
    }
}

fn add_target(rustup: &Rustup, triple: &str) -> Cmd {
    Cmd::new(rustup.program.clone()).args([
        "target",
        "add",
        triple,
        "--toolchain",
        rustup.toolchain.as_str(),
    ])
}

fn source(compiler: &Compiler, toolchain: &Toolchain, cache: &Cache) -> Option<Source> {
    let library = compiler.library_source()?;
    let key = key(compiler, toolchain, &library);
    let sysroot = cache.folder("std").join(&key);
    Some(Source { library, key, sysroot })
}

/// Names a build by all that it depends on: the compiler, the source, how it is built, for what.
fn key(compiler: &Compiler, toolchain: &Toolchain, library: &Utf8Path) -> String {
    let lock = fs::read(library.join("Cargo.lock")).unwrap_or_default();
    // A distribution may patch its source without another version: then its files have another time.
    let time = fs::metadata(library.join("std/Cargo.toml"))
        .and_then(|m| m.modified())
        .ok()
        .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |d| d.as_nanos());
    let hash = cache::short_hash(&[
        compiler.version.verbose.as_bytes(),
        &lock,
        &time.to_le_bytes(),
        library.as_str().as_bytes(),
        &REVISION.to_le_bytes(),
        toolchain.rustflags.join("\x1f").as_bytes(),
        toolchain.triple.as_bytes(),
    ]);
    format!("{}-{}-{hash}", toolchain.name, compiler.version.release)
}

/// Does what has to be done. `tools` are those of this toolchain (a library that is also a dylib has to be linked);
/// `env` and `names` are our environment and the names in it.
///
/// # Errors
/// See [`StdError`].
#[allow(clippy::too_many_arguments)] // Each is a different fact; a struct would be used here alone.
pub fn ensure(
    plan: StdPlan,
    compiler: &Compiler,
    toolchain: &Toolchain,
    tools: Option<&Installed>,
    cache: &Cache,
    offline: bool,
    env: Env<'_>,
    names: &[String],
    on: &mut dyn FnMut(Event),
) -> Result<StdLib, StdError> {
    let triple = toolchain.triple.clone();
    let source = match plan {
        StdPlan::Ready(std_lib) => {
            if let Some(sysroot) = &std_lib.sysroot {
                cache.touch(sysroot);
            }
            return Ok(std_lib);
        }
        StdPlan::Rustup { command, source } => {
            // rustup does not guard its folders against another rustup.
            let toolchain = compiler.rustup.as_ref().map_or("", |rustup| &rustup.toolchain);
            let lock = format!("rustup-{}", toolchain.replace(['/', '\\', ':'], "_"));
            let _guard = cache.lock(&lock, &mut || {
                on(Event::Waiting { what: format!("rustup to add targets to {toolchain}") })
            })?;
            if compiler.has_std(&triple) {
                return Ok(StdLib { origin: Origin::Rustup, sysroot: None });
            }
            on(Event::AddingTarget { triple: triple.clone() });
            let why = match command.capture() {
                Ok(_) if compiler.has_std(&triple) => {
                    return Ok(StdLib { origin: Origin::Rustup, sysroot: None });
                }
                Ok(_) => format!("it says it is there, but {} has none", compiler.sysroot),
                Err(ExecError::Failed { stderr, status, .. }) => {
                    let last = stderr.lines().rfind(|l| !l.trim().is_empty()).map(str::to_owned);
                    last.unwrap_or(status)
                }
                Err(error) => error.to_string(),
            };
            on(Event::TargetNotAdded { triple: triple.clone(), why: why.clone() });
            let tried = vec![format!("`{command}`: {why}"), no_source(compiler)];
            source.ok_or_else(|| unavailable_error(compiler, &triple, tried))?
        }
        StdPlan::Build(source) => source,
    };
    let lock = format!("std/{}", source.key);
    let _guard = cache.lock(&lock, &mut || {
        on(Event::Waiting { what: format!("std for {triple} to be built") })
    })?;
    let built = StdLib { origin: Origin::Source, sysroot: Some(source.sysroot.clone()) };
    if std_in(&source.sysroot, &triple) {
        return Ok(built);
    }
    on(Event::BuildingStd { triple: triple.clone() });
    let staging = cache.folder("std").join(format!(".tmp-{}", source.key));
    // The lock is ours: what is there was left by a build that was killed.
    cache::remove(&staging)?;
    cache::make_folder(&staging)?;
    let result = build(&source, &staging, compiler, toolchain, tools, offline, env, names)
        .and_then(|()| {
            cache::remove(&source.sysroot)?;
            fs::rename(staging.join("sysroot"), &source.sysroot).map_err(|e| StdError::Store {
                triple: triple.clone(),
                path: source.sysroot.clone(),
                source: e,
            })
        });
    cache::remove(&staging)?;
    result?;
    cache.touch(&source.sysroot);
    Ok(built)
}

#[allow(clippy::too_many_arguments)]
fn build(
    source: &Source,
    staging: &Utf8Path,
    compiler: &Compiler,
    toolchain: &Toolchain,
    tools: Option<&Installed>,
    offline: bool,
    env: Env<'_>,
    names: &[String],
) -> Result<(), StdError> {
    let triple = &toolchain.triple;
    let cargo_home = env("CARGO_HOME")
        .map(Utf8PathBuf::from)
        .or_else(|| env("HOME").map(|h| Utf8Path::new(&h).join(".cargo")));
    let cmd =
        command(source, staging, compiler, toolchain, tools, cargo_home.as_deref(), offline, names);
    write_package(&source.library, staging).map_err(|source| StdError::Store {
        triple: triple.clone(),
        path: staging.to_owned(),
        source,
    })?;
    cmd.capture().map_err(|error| StdError::Build { triple: triple.clone(), source: error })?;
    let from = staging.join("target").join(triple).join("release/deps");
    let to = staging.join("sysroot/lib/rustlib").join(triple).join("lib");
    let fail = |path: &Utf8Path| {
        let path = path.to_owned();
        let triple = triple.clone();
        move |source| StdError::Store { triple, path, source }
    };
    fs::create_dir_all(&to).map_err(fail(&to))?;
    for file in from.read_dir_utf8().map_err(fail(&from))?.flatten() {
        // Libraries for rustc and for the linker, but not cargo's own dep-info and metadata.
        if matches!(file.path().extension(), Some("rlib" | "so" | "dylib" | "dll" | "a" | "o")) {
            let path = to.join(file.file_name());
            fs::rename(file.path(), &path).map_err(fail(&path))?;
        }
    }
    if std_in(&staging.join("sysroot"), triple) {
        Ok(())
    } else {
        Err(StdError::Empty { triple: triple.clone(), folder: from })
    }
}

/// What the library's own workspace says of two of its packages: each intrinsic in an object of its own, so that none
/// clashes with another compiler's runtime, and the panic runtime of the strategy it is for (rustc refuses another).
const PROFILE: &str = "
[profile.release.package.compiler_builtins]
codegen-units = 10000

[profile.release.package.panic_abort]
rustflags = [\"-Cpanic=abort\"]
";

/// The package that has the standard library built: it depends on it and is empty. The library's
/// own workspace would want what its tests and its other members depend on, which distributions
/// do not ship.
fn write_package(library: &Utf8Path, staging: &Utf8Path) -> io::Result<()> {
    let path = |name: &str| format!("{:?}", library.join(name).as_str());
    let patches: String = ["core", "alloc", "std"]
        .iter()
        .map(|name| {
            format!(
                "rustc-std-workspace-{name} = {{ path = {} }}\n",
                path(&format!("rustc-std-workspace-{name}"))
            )
        })
        .collect();
    let manifest = format!(
        "cargo-features = [\"profile-rustflags\"]\n\n[package]\nname = \"rgo-std\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\nstd = {{ path = {}, features = [\"panic-unwind\", \"backtrace\"] }}\n\
         sysroot = {{ path = {} }}\n\n[patch.crates-io]\n{patches}\n[workspace]\n{PROFILE}",
        path("std"),
        path("sysroot"),
    );
    fs::write(staging.join("Cargo.toml"), manifest)?;
    fs::write(staging.join("lib.rs"), "")?;
    // A copy of its bytes and not of its mode: the source may be read-only, and cargo drops from
    // the lock what nothing here needs.
    fs::write(staging.join("Cargo.lock"), fs::read(library.join("Cargo.lock"))?)
}

/// The build as a command.
#[allow(clippy::too_many_arguments)]
fn command(
    source: &Source,
    staging: &Utf8Path,
    compiler: &Compiler,
    toolchain: &Toolchain,
    tools: Option<&Installed>,
    cargo_home: Option<&Utf8Path>,
    offline: bool,
    names: &[String],
) -> Cmd {
    let library = &source.library;
    let mut flags = vec![
        // Without bitcode a program with `lto = "fat"` can't be linked.
        "-Cembed-bitcode=yes".to_owned(),
        "-Cforce-frame-pointers=non-leaf".to_owned(),
        "-Zunstable-options".to_owned(),
        // As the official build has it: what is not marked is unstable.
        "-Zforce-unstable-if-unmarked".to_owned(),
        "-Aunexpected_cfgs".to_owned(),
    ];
    flags.extend(toolchain.rustflags.iter().cloned());
    // The last that matches wins, so the more particular come last.
    if let Some(home) = cargo_home {
        flags.push(format!("--remap-path-prefix={home}/registry/src=/rust/deps"));
    }
    flags.push(format!("--remap-path-prefix={staging}=/rustc/std-build"));
    flags.push(format!("--remap-path-prefix={library}={}", compiler.virtual_library()));
    let mut cmd = compiler
        .cargo_command(names.iter().map(String::as_str))
        .args(["build", "--quiet", "--release", "--target", toolchain.triple.as_str()])
        .cwd(staging);
    // Distributions leave out of it what their own targets do not need, so it is for want of a
    // network alone.
    let vendor = library.join("vendor");
    if offline && vendor.is_dir() {
        cmd = cmd
            .arg("--config")
            .arg("source.crates-io.replace-with=\"rgo-std-vendor\"")
            .arg("--config")
            .arg(format!("source.rgo-std-vendor.directory={:?}", vendor.as_str()));
    }
    if offline {
        cmd = cmd.arg("--offline");
    }
    // The user's flags, wrappers of workspace crates and profiles are for the user's code.
    for name in names {
        if name.starts_with("CARGO_PROFILE_")
            || name == "RUSTFLAGS"
            || name == "RUSTC_WORKSPACE_WRAPPER"
        {
            cmd = cmd.env_remove(name.clone());
        }
    }
    cmd = cmd
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env("CARGO_TARGET_DIR", staging.join("target").as_str())
        .env("CARGO_BUILD_BUILD_DIR", staging.join("target").as_str())
        .env("CARGO_INCREMENTAL", "0")
        // Otherwise rustc looks for the rust-objcopy that only rustup's compilers bring.
        .env("CARGO_PROFILE_RELEASE_STRIP", "none")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "1")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_PANIC", "unwind")
        // As the official build has it: it is compiled once and runs in every program.
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        // Or a program that depends on a crate that std depends on too would have two of one name.
        .env("__CARGO_DEFAULT_LIB_METADATA", "rgo-std");
    if let Some(tools) = tools {
        cmd = cmd.envs(tools.env.iter().cloned());
        // By the environment and not by -Clinker: its path must not go into the names of symbols.
        cmd = cmd
            .env(format!("CARGO_TARGET_{}_LINKER", toolchain.env_triple()), tools.linker.as_str());
    }
    cmd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::{Choice, parse_version};
    use crate::target;

    fn compiler(root: &Utf8Path, rustup: bool) -> Compiler {
        Compiler {
            cargo: "cargo".into(),
            choice: Choice::Path,
            rustc: root.join("bin/rustc"),
            version: parse_version(
                "rustc 1.96.0\nrelease: 1.96.0\nhost: x86_64-unknown-linux-gnu\n",
            )
            .unwrap(),
            sysroot: root.to_owned(),
            rustup: rustup
                .then(|| Rustup { program: "false".into(), toolchain: "stable-x".into() }),
        }
    }

    fn put(path: Utf8PathBuf) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }

    #[test]
    fn the_order_of_the_ways() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let cache = Cache::at(root.join("cache")).unwrap();
        let musl = target::by_name("linux-arm64-static").unwrap();
        let plain = compiler(root, false);
        let rustup = compiler(root, true);

        let error = plan(&plain, musl, &cache, false).unwrap_err().to_string();
        for words in [
            "rustup target add aarch64-unknown-linux-musl",
            "rust-src",
            "does not belong to rustup",
        ] {
            assert!(error.contains(words), "{error}");
        }
        assert!(plan(&rustup, musl, &cache, true).unwrap_err().to_string().contains("--offline"));
        let StdPlan::Rustup { command, source: None } = plan(&rustup, musl, &cache, false).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            command.to_string(),
            "false target add aarch64-unknown-linux-musl --toolchain stable-x"
        );

        put(root.join("lib/rustlib/src/rust/library/std/Cargo.toml"));
        let StdPlan::Build(source) = plan(&rustup, musl, &cache, true).unwrap() else { panic!() };
        assert!(matches!(
            plan(&rustup, musl, &cache, false).unwrap(),
            StdPlan::Rustup { source: Some(_), .. }
        ));
        put(source.sysroot.join("lib/rustlib/aarch64-unknown-linux-musl/lib/libstd-1.rlib"));
        let StdPlan::Ready(ready) = plan(&rustup, musl, &cache, false).unwrap() else { panic!() };
        assert_eq!((ready.origin, ready.sysroot), (Origin::Source, Some(source.sysroot)));

        put(root.join("lib/rustlib/aarch64-unknown-linux-musl/lib/libstd-0.rlib"));
        let StdPlan::Ready(ready) = plan(&plain, musl, &cache, false).unwrap() else { panic!() };
        assert_eq!((ready.origin, ready.sysroot), (Origin::Prebuilt, None));
    }

    #[test]
    fn a_build_that_fails_leaves_nothing_and_clears_what_a_killed_one_left() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let cache = Cache::at(root.join("cache")).unwrap();
        put(root.join("lib/rustlib/src/rust/library/std/Cargo.toml"));
        put(root.join("lib/rustlib/src/rust/library/Cargo.lock"));
        let mut broken = compiler(root, false);
        broken.cargo = root.join("no-such-cargo");
        let musl = target::by_name("linux-amd64-static").unwrap();
        let todo = plan(&broken, musl, &cache, true).unwrap();
        let StdPlan::Build(source) = &todo else { panic!() };
        let left = cache.folder("std").join(format!(".tmp-{}/target/half", source.key));
        put(left.clone());
        let mut events = Vec::new();
        let result = ensure(todo, &broken, musl, None, &cache, true, &|_| None, &[], &mut |e| {
            events.push(e.to_string())
        });
        assert!(matches!(result, Err(StdError::Build { .. })), "{result:?}");
        assert!(events[0].starts_with("building std for x86_64-unknown-linux-musl"), "{events:?}");
        assert!(!left.exists());
        assert!(cache.ls().unwrap().is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn rustup_is_asked_by_one_at_a_time_and_once() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let cache = Cache::at(root.join("cache")).unwrap();
        let musl = target::by_name("linux-amd64-static").unwrap();
        let lib = root.join("lib/rustlib").join(&musl.triple).join("lib");
        // It fails if another one is at it, or was.
        let rustup = root.join("rustup");
        let script = format!(
            "#!/bin/sh\nmkdir {root}/busy && sleep 0.2 && mkdir -p {lib} && : > {lib}/libstd-1.rlib\n"
        );
        fs::write(&rustup, script).unwrap();
        fs::set_permissions(&rustup, fs::Permissions::from_mode(0o755)).unwrap();
        let mut compiler = compiler(root, true);
        compiler.rustup = Some(Rustup { program: rustup, toolchain: "my/own".into() });
        let todo = plan(&compiler, musl, &cache, false).unwrap();

        let origins: Vec<Origin> = std::thread::scope(|scope| {
            let ask = || {
                ensure(
                    todo.clone(),
                    &compiler,
                    musl,
                    None,
                    &cache,
                    false,
                    &|_| None,
                    &[],
                    &mut |_| (),
                )
            };
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap().unwrap().origin).collect()
        });
        assert_eq!(origins, [Origin::Rustup, Origin::Rustup, Origin::Rustup]);
    }

    #[test]
    fn only_the_build_of_std_may_use_unstable_features_and_no_path_is_kept() {
        let musl = target::by_name("linux-amd64-static").unwrap();
        let source = Source { library: "/l".into(), key: "k".into(), sysroot: "/c/std/k".into() };
        let names = ["RUSTFLAGS".to_owned(), "CARGO_PROFILE_RELEASE_LTO".into()];
        let home = Some(Utf8Path::new("/h"));
        let cmd = command(
            &source,
            "/s".into(),
            &compiler("/r".into(), false),
            musl,
            None,
            home,
            false,
            &names,
        );
        assert_eq!(cmd.env["RUSTC_BOOTSTRAP"], "1");
        assert!(cmd.env_remove.contains("RUSTFLAGS"));
        assert_eq!(cmd.env["CARGO_PROFILE_RELEASE_LTO"], "off");
        let flags = &cmd.env["CARGO_ENCODED_RUSTFLAGS"];
        for flag in
            ["=/rust/deps", "/s=/rustc/std-build", "/l=/rustc/1.96.0/library", "+crt-static"]
        {
            assert!(flags.contains(flag), "{flags:?}");
        }
        assert!(!flags.contains("-Clinker="));
    }
}
