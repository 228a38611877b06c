//! Builds the standard library from the compiler's own source, for targets without a prebuilt one.
//! The result is a sysroot of its own, `std/<key>/lib/rustlib/<triple>/lib` in rgo's cache. The
//! build uses the official settings (bitcode, so that fat LTO works; line tables; frame pointers).
//! It remaps the paths that cargo and rustc would embed, so that the library names no folder of the
//! user. A compiler at the same place builds the same bytes on every machine.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::{StdError, StdRequest};
use crate::cache::{self, Cache};
use crate::cargo::compiler::{Compiler, std_in};
use crate::event::Event;
use crate::exec::Cmd;
use crate::toolchain::Toolchain;

/// Raise this when the same compiler would build another library from the same source.
const REVISION: u32 = 2;

/// A build from source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceBuild {
    /// The source's `library` folder.
    pub library: Utf8PathBuf,
    /// The name of the result in the cache.
    pub key: String,
    /// The sysroot that the build makes.
    pub sysroot: Utf8PathBuf,
    /// The folder in which the build runs.
    pub staging: Utf8PathBuf,
}

/// The build for a toolchain; `None` if the compiler has no source.
pub(super) fn find(
    compiler: &Compiler,
    toolchain: &Toolchain,
    cache: &Cache,
) -> Option<SourceBuild> {
    let library = compiler.library_source()?;
    let key = key(compiler, toolchain, &library);
    let folder = cache.folder("std");
    let (sysroot, staging) = (folder.join(&key), folder.join(format!(".tmp-{key}")));
    Some(SourceBuild { library, key, sysroot, staging })
}

/// Names a build by all its inputs: the compiler, the source, the settings and the target.
fn key(compiler: &Compiler, toolchain: &Toolchain, library: &Utf8Path) -> String {
    let lock = lockfile(library).unwrap_or_default();
    // A distribution may patch its source under the same version; then the files have another time.
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

impl SourceBuild {
    /// Builds in the staging folder and moves the result to its place. The caller holds the lock.
    pub(super) fn build(
        &self,
        sought: &StdRequest<'_>,
        on: &mut dyn FnMut(Event),
    ) -> Result<(), StdError> {
        // Any content is from a build that was killed.
        cache::remove(&self.staging)?;
        cache::make_folder(&self.staging)?;
        let built = self.stage(sought, on).and_then(|sysroot| {
            cache::remove(&self.sysroot)?;
            fs::rename(sysroot, &self.sysroot).map_err(store(sought, &self.sysroot))
        });
        cache::remove(&self.staging)?;
        built
    }

    /// Builds the library and returns the folder of the sysroot.
    fn stage(
        &self,
        sought: &StdRequest<'_>,
        on: &mut dyn FnMut(Event),
    ) -> Result<Utf8PathBuf, StdError> {
        let triple = &sought.toolchain.triple;
        let sysroot = self.staging.join("sysroot");
        write_package(&self.library, &self.staging).map_err(store(sought, &self.staging))?;
        let cmd = self.command(sought);
        on(Event::Running(cmd.clone()));
        cmd.capture().map_err(|error| StdError::Build { triple: triple.clone(), source: error })?;
        let from = self.staging.join("target").join(triple).join("release/deps");
        let to = sysroot.join("lib/rustlib").join(triple).join("lib");
        fs::create_dir_all(&to).map_err(store(sought, &to))?;
        for file in from.read_dir_utf8().map_err(store(sought, &from))?.flatten() {
            // Take the libraries for rustc and the linker, but not cargo's dep-info and metadata.
            if matches!(file.path().extension(), Some("rlib" | "so" | "dylib" | "dll" | "a" | "o"))
            {
                let path = to.join(file.file_name());
                fs::rename(file.path(), &path).map_err(store(sought, &path))?;
            }
        }
        if std_in(&sysroot, triple) {
            Ok(sysroot)
        } else {
            Err(StdError::Empty { triple: triple.clone(), folder: from })
        }
    }

    /// The command that builds the library.
    pub(super) fn command(&self, sought: &StdRequest<'_>) -> Cmd {
        let StdRequest { compiler, toolchain, names, .. } = *sought;
        let target = self.staging.join("target");
        let mut cmd = compiler
            .cargo_command(names.iter().map(String::as_str))
            .args(["build", "--quiet", "--release", "--target", toolchain.triple.as_str()])
            .cwd(&self.staging);
        if sought.offline {
            cmd = cmd.args(self.vendor_flags()).arg("--offline");
        }
        for name in names.iter().filter(|name| is_for_user_code(name)) {
            cmd = cmd.env_remove(name.clone());
        }
        cmd = cmd
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", self.rustflags(sought).join("\x1f"))
            .env("CARGO_TARGET_DIR", target.as_str())
            .env("CARGO_BUILD_BUILD_DIR", target.as_str())
            .env("CARGO_INCREMENTAL", "0")
            .envs(OFFICIAL_PROFILE)
            // Gives std's crates other metadata than a program's, or a program that shares a
            // dependency with std would contain two crates of one name.
            .env("__CARGO_DEFAULT_LIB_METADATA", "rgo-std");
        if let Some(tools) = sought.tools {
            cmd = cmd.envs(tools.env.iter().cloned());
            // In the environment and not as -Clinker: flags go into symbol names, and this path
            // must not.
            let linker = format!("CARGO_TARGET_{}_LINKER", toolchain.env_triple());
            cmd = cmd.env(linker, tools.linker.as_str());
        }
        cmd
    }

    fn rustflags(&self, sought: &StdRequest<'_>) -> Vec<String> {
        let StdRequest { compiler, toolchain, .. } = *sought;
        let SourceBuild { library, staging, .. } = self;
        // Older compilers do not know `non-leaf`.
        let knows_leaves = compiler.version.release >= semver::Version::new(1, 83, 0);
        let frame_pointers = if knows_leaves { "non-leaf" } else { "yes" };
        let mut flags = vec![
            // Without bitcode, programs with `lto = "fat"` do not link.
            "-Cembed-bitcode=yes".to_owned(),
            format!("-Cforce-frame-pointers={frame_pointers}"),
            "-Zunstable-options".to_owned(),
            // As in the official build: unmarked items are unstable.
            "-Zforce-unstable-if-unmarked".to_owned(),
            "-Aunexpected_cfgs".to_owned(),
        ];
        flags.extend(toolchain.rustflags.iter().cloned());
        // rustc takes the last prefix that matches, so the longer ones come last.
        if let Some(home) = cache::cargo_home(sought.env) {
            flags.push(format!("--remap-path-prefix={home}/registry/src=/rust/deps"));
        }
        flags.push(format!("--remap-path-prefix={staging}=/rustc/std-build"));
        flags.push(format!("--remap-path-prefix={library}={}", compiler.virtual_library()));
        flags
    }

    /// The flags that make cargo take the dependencies from the source's `vendor` folder. Only
    /// offline builds use them, because distributions leave out the crates that their own targets
    /// do not need.
    fn vendor_flags(&self) -> Vec<String> {
        let vendor = self.library.join("vendor");
        if !vendor.is_dir() {
            return Vec::new();
        }
        vec![
            "--config".to_owned(),
            "source.crates-io.replace-with=\"rgo-std-vendor\"".to_owned(),
            "--config".to_owned(),
            format!("source.rgo-std-vendor.directory={:?}", vendor.as_str()),
        ]
    }
}

/// The profile of the official library.
const OFFICIAL_PROFILE: [(&str, &str); 6] = [
    // Otherwise rustc looks for rust-objcopy, which only rustup's compilers have.
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "1"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_PANIC", "unwind"),
    // rgo compiles the library once, and it runs in every program.
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
];

/// Whether a variable sets flags, a wrapper or a profile for the user's own crates. The build of
/// the standard library runs without these.
fn is_for_user_code(name: &str) -> bool {
    name.starts_with("CARGO_PROFILE_") || name == "RUSTFLAGS" || name == "RUSTC_WORKSPACE_WRAPPER"
}

/// The error for a file that rgo cannot write.
fn store(sought: &StdRequest<'_>, path: &Utf8Path) -> impl FnOnce(io::Error) -> StdError {
    let (triple, path) = (sought.toolchain.triple.clone(), path.to_owned());
    move |source| StdError::Store { triple, path, source }
}

/// The settings that the library's own workspace has for two packages. Each intrinsic gets an
/// object of its own, so that none clashes with another compiler's runtime. And the panic runtime
/// is compiled with its own strategy, since rustc refuses another.
const PROFILE: &str = "
[profile.release.package.compiler_builtins]
codegen-units = 10000

[profile.release.package.panic_abort]
rustflags = [\"-Cpanic=abort\"]
";

/// Writes the empty package whose dependency is the standard library. The library's own workspace
/// does not serve: its tests and its other members need crates that distributions do not ship.
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
    // Copies the bytes and not the mode: the source may be read-only, and cargo must be able to
    // remove entries from the lockfile that this package does not need.
    fs::write(staging.join("Cargo.lock"), lockfile(library)?)
}

/// The library's lockfile: in its folder; before Rust 1.83, beside its folder.
fn lockfile(library: &Utf8Path) -> io::Result<Vec<u8>> {
    match fs::read(library.join("Cargo.lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::read(library.with_file_name("Cargo.lock"))
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::compiler;
    use super::*;
    use crate::toolchain;

    #[test]
    fn only_the_build_of_std_may_use_unstable_features_and_no_path_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(Utf8Path::from_path(dir.path()).unwrap().to_owned()).unwrap();
        let source = SourceBuild {
            library: "/l".into(),
            key: "k".into(),
            sysroot: "/c/std/k".into(),
            staging: "/s".into(),
        };
        let names = ["RUSTFLAGS".to_owned(), "CARGO_PROFILE_RELEASE_LTO".into()];
        let compiler = compiler("/r".into(), false);
        let cmd = source.command(&StdRequest {
            compiler: &compiler,
            toolchain: toolchain::by_name("linux-amd64-static").unwrap(),
            tools: None,
            cache: &cache,
            offline: false,
            env: &|name| (name == "HOME").then(|| "/h".to_owned()),
            names: &names,
        });
        assert_eq!(cmd.env["RUSTC_BOOTSTRAP"], "1");
        assert!(cmd.env_remove.contains("RUSTFLAGS"));
        assert_eq!(cmd.env["CARGO_PROFILE_RELEASE_LTO"], "off");
        let flags = &cmd.env["CARGO_ENCODED_RUSTFLAGS"];
        for flag in [
            "=/h/.cargo/registry/src=/rust/deps",
            "/s=/rustc/std-build",
            "/l=/rustc/1.96.0/library",
            "+crt-static",
        ] {
            assert!(flags.contains(flag), "{flags:?}");
        }
        assert!(!flags.contains("-Clinker="));
    }
}
