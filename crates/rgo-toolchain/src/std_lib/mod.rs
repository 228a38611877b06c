//! Provides the standard library for a target: the compiler's own, else from rustup, else built
//! once from the compiler's source.

mod source;

use std::io;

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::cache::{self, Cache, CacheError, Env};
use crate::cargo::compiler::{Compiler, Rustup, rustup_command, std_in};
use crate::event::Event;
use crate::exec::{Cmd, ExecError};
use crate::rustup;
use crate::shim::Installed;
use crate::toolchain::Toolchain;

pub use source::SourceBuild;

/// A request for a standard library, with the means to provide it.
#[derive(Clone, Copy)]
pub struct StdRequest<'a> {
    /// The compiler to which it must belong.
    pub compiler: &'a Compiler,
    /// The toolchain that needs it.
    pub toolchain: &'a Toolchain,
    /// The toolchain's tools. A library that is also a dylib needs a linker.
    pub tools: Option<&'a Installed>,
    /// The cache for a library built from source.
    pub cache: &'a Cache,
    /// Whether the user forbids fetching.
    pub offline: bool,
    /// Reads a variable of rgo's environment.
    pub env: Env<'a>,
    /// The names of the variables in the environment.
    pub names: &'a [String],
}

/// Why rgo cannot provide a standard library.
#[derive(Debug, thiserror::Error)]
pub enum StdError {
    /// No way to provide it is open.
    #[error("there is no standard library for {triple} with rustc {release}{}", lines(.tried))]
    Unavailable {
        /// The target triple.
        triple: String,
        /// What rgo tried, and why each attempt failed.
        tried: Vec<String>,
        /// Commands, each of which would provide it.
        ways: Vec<String>,
        /// The compiler's version.
        release: String,
    },
    /// The build from source failed.
    #[error("the standard library for {triple} could not be built")]
    Build {
        /// The target triple.
        triple: String,
        /// cargo's error.
        source: ExecError,
    },
    /// The build succeeded without a standard library in its output.
    #[error("the build of the standard library for {triple} succeeded, but {folder} has no libstd")]
    Empty {
        /// The target triple.
        triple: String,
        /// The folder that should have it.
        folder: Utf8PathBuf,
    },
    /// rgo cannot write the library's files.
    #[error("cannot store the standard library for {triple} at {path}")]
    Store {
        /// The target triple.
        triple: String,
        /// The file or folder.
        path: Utf8PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The cache is not usable.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl StdError {
    /// The next step, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unavailable { ways, .. } => Some(match &ways[..] {
                [one] => one.clone(),
                several => format!("one of these mends it:{}", lines(several)),
            }),
            Self::Store { source, .. } => cache::hint_if_full(source),
            Self::Cache(error) => error.hint(),
            Self::Build { .. } | Self::Empty { .. } => None,
        }
    }

    /// The next steps, each of which is enough.
    #[must_use]
    pub fn ways(&self) -> Vec<String> {
        match self {
            Self::Unavailable { ways, .. } => ways.clone(),
            other => other.hint().into_iter().collect(),
        }
    }
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

/// The source of a standard library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It came with the compiler.
    Prebuilt,
    /// rustup added it during this run.
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

/// A standard library that is ready for use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StdLib {
    /// The source it comes from.
    pub origin: Origin,
    /// The value for `--sysroot`; `None` if the compiler finds the library by itself.
    pub sysroot: Option<Utf8PathBuf>,
}

/// The steps that provide a standard library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StdPlan {
    /// No step: the library is ready.
    Ready(StdLib),
    /// rgo asks rustup. If rustup fails, rgo builds from source, if the compiler has it.
    Rustup {
        /// The call of rustup.
        command: Cmd,
        /// The build to fall back on.
        source: Option<SourceBuild>,
    },
    /// rgo builds from source.
    Build(SourceBuild),
}

/// Plans how to provide the standard library. Changes nothing.
///
/// # Errors
/// If no way is open.
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
    let source = source::find(compiler, toolchain, cache);
    if let Some(source) = &source
        && std_in(&source.sysroot, triple)
    {
        let sysroot = Some(source.sysroot.clone());
        return Ok(StdPlan::Ready(StdLib { origin: Origin::Source, sysroot }));
    }
    match (&compiler.rustup, source) {
        (Some(rustup), source) if !offline && has_std(compiler, triple) => {
            Ok(StdPlan::Rustup { command: add_target(rustup, triple), source })
        }
        (_, Some(source)) => Ok(StdPlan::Build(source)),
        (rustup, None) => {
            let mut tried = vec![format!("{} has no lib/rustlib/{triple}", compiler.sysroot)];
            tried.push(match rustup {
                Some(rustup) if !has_std(compiler, triple) => {
                    format!("rustup has none for {triple} with {}", rustup.toolchain)
                }
                Some(_) => "rustup was not asked: --offline".to_owned(),
                None => format!("{} does not belong to rustup", compiler.rustc),
            });
            tried.push(no_source(compiler));
            Err(unavailable_error(compiler, triple, tried))
        }
    }
}

/// Whether rustup can add a target. `true` if its manifest does not tell.
fn has_std(compiler: &Compiler, triple: &str) -> bool {
    rustup::has_std(&compiler.sysroot, triple) != Some(false)
}

fn no_source(compiler: &Compiler) -> String {
    format!("no library source at {}", compiler.sysroot.join("lib/rustlib/src/rust/library"))
}

fn unavailable_error(compiler: &Compiler, triple: &str, tried: Vec<String>) -> StdError {
    StdError::Unavailable {
        triple: triple.to_owned(),
        tried,
        ways: ways(compiler, triple),
        release: compiler.version.release.to_string(),
    }
}

/// Commands that provide a standard library or its source, by the origin of the compiler.
fn ways(compiler: &Compiler, triple: &str) -> Vec<String> {
    let Some(Rustup { toolchain, .. }) = &compiler.rustup else {
        return vec![
            "apt-get install rust-src   # on Debian 12 rust-web-src, beside rustc-web; rgo then builds it"
                .to_owned(),
        ];
    };
    let source =
        format!("rustup component add rust-src --toolchain {toolchain}   # rgo then builds it");
    let target = format!("rustup target add {triple} --toolchain {toolchain}");
    let target = has_std(compiler, triple).then_some(target);
    target.into_iter().chain([source]).collect()
}

fn add_target(rustup: &Rustup, triple: &str) -> Cmd {
    let args = ["target", "add", triple, "--toolchain", rustup.toolchain.as_str()];
    rustup_command(&rustup.program).args(args)
}

impl StdPlan {
    /// The commands of the plan, as shell.
    #[must_use]
    pub fn steps(&self, sought: &StdRequest<'_>) -> Vec<String> {
        match self {
            StdPlan::Ready(_) => Vec::new(),
            StdPlan::Rustup { command, .. } => vec![command.to_string()],
            StdPlan::Build(source) => vec![
                format!("# in {}: a package that depends on {}", source.staging, source.library),
                source.command(sought).to_string(),
                format!("# then: keep the libraries in {}", source.sysroot),
            ],
        }
    }
}

/// Carries out a plan.
///
/// # Errors
/// See [`StdError`].
pub fn ensure(
    plan: StdPlan,
    sought: &StdRequest<'_>,
    on: &mut dyn FnMut(Event),
) -> Result<StdLib, StdError> {
    let StdRequest { compiler, cache, .. } = *sought;
    let triple = &sought.toolchain.triple;
    let source = match plan {
        StdPlan::Ready(std_lib) => {
            if let Some(sysroot) = &std_lib.sysroot {
                cache.touch(sysroot);
            }
            return Ok(std_lib);
        }
        StdPlan::Rustup { command, source } => match add(&command, sought, on)? {
            None => return Ok(StdLib { origin: Origin::Rustup, sysroot: None }),
            Some(why) => {
                on(Event::TargetNotAdded { triple: triple.clone(), why: why.clone() });
                let tried = vec![format!("`{command}`: {why}"), no_source(compiler)];
                source.ok_or_else(|| unavailable_error(compiler, triple, tried))?
            }
        },
        StdPlan::Build(source) => source,
    };
    let lock = format!("std/{}", source.key);
    let _guard = cache.lock(&lock, &mut || {
        on(Event::Waiting { what: format!("std for {triple} to be built") })
    })?;
    if !std_in(&source.sysroot, triple) {
        on(Event::BuildingStd { triple: triple.clone() });
        source.build(sought, on)?;
        cache.touch(&source.sysroot);
    }
    Ok(StdLib { origin: Origin::Source, sysroot: Some(source.sysroot) })
}

/// Lets rustup add the target. Returns the reason if it could not.
fn add(
    command: &Cmd,
    sought: &StdRequest<'_>,
    on: &mut dyn FnMut(Event),
) -> Result<Option<String>, StdError> {
    let StdRequest { compiler, cache, .. } = *sought;
    let triple = &sought.toolchain.triple;
    // rustup does not lock its folders against another rustup.
    let toolchain = compiler.rustup.as_ref().map_or("", |rustup| &rustup.toolchain);
    let lock = format!("rustup-{}", toolchain.replace(['/', '\\', ':'], "_"));
    let _guard = cache.lock(&lock, &mut || {
        on(Event::Waiting { what: format!("rustup to add targets to {toolchain}") })
    })?;
    if compiler.has_std(triple) {
        return Ok(None);
    }
    on(Event::AddingTarget { triple: triple.clone() });
    on(Event::Running(command.clone()));
    Ok(match command.capture() {
        Ok(_) if compiler.has_std(triple) => None,
        Ok(_) => Some(format!("it says it is there, but {} has none", compiler.sysroot)),
        Err(ExecError::Failed { stderr, status, .. }) => {
            let last = stderr.lines().rfind(|l| !l.trim().is_empty()).map(str::to_owned);
            Some(last.unwrap_or(status))
        }
        Err(error) => Some(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::compiler::{Choice, parse_version};
    use crate::toolchain;
    use camino::Utf8Path;
    use std::fs;

    pub(super) fn compiler(root: &Utf8Path, rustup: bool) -> Compiler {
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

    fn sought<'a>(
        compiler: &'a Compiler,
        toolchain: &'a Toolchain,
        cache: &'a Cache,
        offline: bool,
    ) -> StdRequest<'a> {
        StdRequest { compiler, toolchain, tools: None, cache, offline, env: &|_| None, names: &[] }
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
        let musl = toolchain::by_name("linux-arm64-static").unwrap();
        let plain = compiler(root, false);
        let rustup = compiler(root, true);

        let error = plan(&plain, musl, &cache, false).unwrap_err();
        assert!(error.to_string().contains("does not belong to rustup"), "{error}");
        let hint = error.hint().unwrap();
        assert!(hint.starts_with("apt-get install rust-src"), "{hint}");
        assert_eq!(error.ways(), [hint]);
        let error = plan(&rustup, musl, &cache, true).unwrap_err();
        assert!(error.to_string().contains("--offline"), "{error}");
        let [target, source] = &error.ways()[..] else { panic!("{error:?}") };
        assert_eq!(target, "rustup target add aarch64-unknown-linux-musl --toolchain stable-x");
        assert!(source.starts_with("rustup component add rust-src --toolchain stable-x"));
        let hint = error.hint().unwrap();
        assert_eq!(hint, format!("one of these mends it:\n  {target}\n  {source}"));
        let StdPlan::Rustup { command, source: None } = plan(&rustup, musl, &cache, false).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            command.to_string(),
            "RUST_BACKTRACE=0 false target add aarch64-unknown-linux-musl --toolchain stable-x"
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
    fn rustup_is_not_asked_for_what_it_does_not_have() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let cache = Cache::at(root.join("cache")).unwrap();
        let musl = toolchain::by_name("linux-arm64-static").unwrap();
        let rustup = compiler(root, true);
        put(root.join(rustup::MANIFEST));
        let offers = |available: bool| {
            let table = format!("[pkg.rust-std.target.{}]\navailable = {available}\n", musl.triple);
            fs::write(root.join(rustup::MANIFEST), table).unwrap();
        };
        offers(true);
        assert!(matches!(plan(&rustup, musl, &cache, false), Ok(StdPlan::Rustup { .. })));
        offers(false);
        let error = plan(&rustup, musl, &cache, false).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("rustup has none for aarch64-unknown-linux-musl"), "{text}");
        assert!(!text.contains("target add"), "{text}");
        assert!(!error.ways().iter().any(|way| way.contains("target add")), "{error:?}");
        put(root.join("lib/rustlib/src/rust/library/std/Cargo.toml"));
        assert!(matches!(plan(&rustup, musl, &cache, false), Ok(StdPlan::Build(_))));
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
        let musl = toolchain::by_name("linux-amd64-static").unwrap();
        let todo = plan(&broken, musl, &cache, true).unwrap();
        let StdPlan::Build(source) = &todo else { panic!() };
        let left = source.staging.join("target/half");
        put(left.clone());
        let mut events = Vec::new();
        let sought = sought(&broken, musl, &cache, true);
        let steps = todo.steps(&sought);
        let result = ensure(todo, &sought, &mut |e| events.push(e.to_string()));
        assert!(matches!(result, Err(StdError::Build { .. })), "{result:?}");
        assert!(events[0].starts_with("building std for x86_64-unknown-linux-musl"), "{events:?}");
        assert_eq!(events[1], steps[1], "what is shown is what is done");
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
        let musl = toolchain::by_name("linux-amd64-static").unwrap();
        let lib = root.join("lib/rustlib").join(&musl.triple).join("lib");
        // This rustup fails if another one runs or has run.
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
                let sought = sought(&compiler, musl, &cache, false);
                ensure(todo.clone(), &sought, &mut |_| ())
            };
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap().unwrap().origin).collect()
        });
        assert_eq!(origins, [Origin::Rustup, Origin::Rustup, Origin::Rustup]);
    }
}
