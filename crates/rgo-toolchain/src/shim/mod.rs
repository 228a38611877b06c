//! The link shim. Cargo runs it as the linker for a foreign target, and build scripts run it as
//! their C compiler. It translates each call for zig, which does the work.
//!
//! ```text
//! shims/<toolchain>/rgo-link           the linker; its path and bytes never change, because cargo
//!                                      recompiles everything when a path in rustflags changes
//! shims/<toolchain>-<hash>/cc c++ …    the C tools; the hash names what they do, so that
//!                                      cargo recompiles C code when the floor or zig changes
//! shims/<toolchain>-<hash>/recipe.json the recipe that these tools follow
//! shims/<toolchain>-<hash>/go/rgo-cc … the C tools of Go's cgo, see [`go`]
//! shims/on-path/first last             resource compilers for Windows, see [`resources`]
//! ```
//!
//! On Unix each tool is a small script. It runs the rgo that runs the build (`RGO_SHIM`), else the
//! rgo that wrote the script. So the script stays valid when the user upgrades or moves rgo, or
//! when two versions build at once. On other systems each tool is a copy of rgo, which knows its
//! role by its own file name. A [`Recipe`] describes the link; the variable `RGO_LINK_<TRIPLE>` has
//! its path.

mod after_link;
mod answer;
pub mod args;
mod autolink;
mod directives;
mod error;
pub mod go;
mod io;
mod link;
pub mod link_request;
mod link_result;
mod lld;
mod merge_definitions;
mod module_definition;
mod note_object;
mod options;
mod query;
pub mod resources;
pub mod response;
mod run;
mod search;
mod section_object;
mod windows;
mod zig_call;
mod zig_macho;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::Arch;
use rgo_binary::system::Os;
use serde::{Deserialize, Serialize};

use crate::cache::{self, Cache, CacheError};
use crate::darwin::{headers, stubs};
use crate::exec;
use crate::extensions::import_libraries;
use crate::toolchain::{Floor, Toolchain};
use crate::zig::Zig;
pub use error::{PostLinkError, ShimError};
pub(crate) use link::CRASHED;
pub use run::{ShimCall, invoked_as, run};

/// The variable with the path of the rgo that the scripts run.
pub const PROGRAM: &str = "RGO_SHIM";
/// The variable with the path prefixes that the C compilers replace in debug data and `__FILE__`:
/// one `from=to` a line. `CFLAGS` does not serve: it is the user's, and each build system splits it
/// at spaces in its own way.
pub const PATH_REMAPS: &str = "RGO_TRIM";
/// The hidden first argument that a script passes to rgo, in front of its own path.
pub const CALL: &str = "__rgo-shim";
/// The linker's file name. rustc infers the linker's flavor from it: it would pass ld's options to
/// a linker whose name ends in `-ld`.
const LINKER: &str = "rgo-link";
const RECIPE: &str = "recipe.json";
const TOOLS: [&str; 7] = ["cc", "c++", "ar", "ranlib", "lib", "dlltool", FORTRAN];
/// Stands for the Fortran compiler that zig lacks, so that no build script runs the host's instead.
const FORTRAN: &str = "fc";
/// Raise this when the shim produces other bytes from the same recipe.
pub const REVISION: u32 = 6;

/// How to link for one toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// The toolchain's name.
    pub toolchain: String,
    /// The target's operating system.
    pub os: Os,
    /// The target's instruction set.
    pub arch: Arch,
    /// The target triple that rustc builds for.
    pub triple: String,
    /// The zig program.
    pub zig: Utf8PathBuf,
    /// The arguments that the zig program needs before the subcommand (`-m ziglang`).
    pub zig_args: Vec<String>,
    /// The version of zig.
    pub zig_version: String,
    /// The folder of zig's library.
    pub zig_lib: Utf8PathBuf,
    /// The target in zig's notation, which includes the floor.
    pub zig_target: String,
    /// The folder that zig works in; zig's cache is inside.
    pub work: Utf8PathBuf,
    /// The version of rustc.
    pub rustc_version: String,
    /// The space to reserve for the build's record in executables and shared libraries.
    pub note: Option<NoteRoom>,
    /// Whether to add an ELF build-id.
    pub build_id: bool,
    /// Whether to link static executables as position-independent.
    pub static_pie: bool,
    /// Folders in the layout of Apple's SDK, in search order: the user's (`SDKROOT`), then the
    /// stubs. Empty for other systems.
    pub sdks: Vec<Utf8PathBuf>,
    /// The folder of the macOS C headers that zig lacks; `None` for other systems.
    pub headers: Option<Utf8PathBuf>,
    /// The content of the section `__TEXT,__info_plist` in programs for macOS.
    pub info_plist: Option<InfoPlist>,
    /// The folder of the import libraries of Python and Node, for Windows.
    pub import_libraries: Option<Utf8PathBuf>,
}

/// The space that a link reserves for facts that are known only after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRoom {
    /// The space for the note's text, in bytes.
    pub note_bytes: u32,
    /// The space for the compressed dependency list, in bytes.
    pub audit_bytes: u32,
    /// The text in the note until the build fills it.
    pub text: String,
}

/// A property list to link into programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InfoPlist {
    /// The file.
    pub path: Utf8PathBuf,
    /// The hash of its content.
    pub hash: String,
}

impl InfoPlist {
    /// The property list at `path`, whose bytes are `content`.
    #[must_use]
    pub fn new(path: Utf8PathBuf, content: &[u8]) -> Self {
        Self { path, hash: cache::short_hash(&[content]) }
    }
}

/// The places of one toolchain's tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// The linker.
    pub linker: Utf8PathBuf,
    /// The folder of the C tools.
    pub tools: Utf8PathBuf,
    /// The recipe that the linker follows.
    pub recipe: Utf8PathBuf,
    /// The environment variables that a build with these tools needs.
    pub env: Vec<(String, String)>,
}

impl Recipe {
    /// The recipe for a toolchain that zig links; `None` if zig does not link for it. Reads
    /// `SDKROOT` from `env`.
    pub fn new(
        toolchain: &Toolchain,
        floor: Option<&Floor>,
        zig: &Zig,
        rustc: &semver::Version,
        cache: &Cache,
        env: cache::Env<'_>,
    ) -> Option<Self> {
        Some(Self {
            toolchain: toolchain.name.clone(),
            os: toolchain.os,
            arch: toolchain.arch.clone(),
            triple: toolchain.triple.clone(),
            zig: zig.program.clone(),
            zig_args: zig.args.clone(),
            zig_version: zig.version.to_string(),
            zig_lib: zig.lib_dir.clone(),
            zig_target: toolchain.zig_target(floor)?,
            work: cache.zig_cache(&zig.version.to_string()),
            rustc_version: rustc.to_string(),
            note: None,
            build_id: toolchain.is(Os::Linux),
            static_pie: toolchain.static_pie,
            sdks: if toolchain.is(Os::Darwin) { sdks(cache, env) } else { Vec::new() },
            headers: toolchain.is(Os::Darwin).then(|| headers::place(cache)),
            info_plist: None,
            import_libraries: import_libraries::place(toolchain, cache),
        })
    }

    /// A hash of everything that a link depends on.
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        cache::short_hash(&[&REVISION.to_le_bytes(), &text])
    }

    /// A hash of everything that a C compilation depends on.
    fn tools_hash(&self) -> String {
        let zig_args = self.zig_args.join("\0");
        let headers = self.headers.as_ref().map_or("", |folder| folder.as_str());
        let sdks = self.sdks.iter().map(|sdk| format!("{sdk}\0{}\0", sdk_name(sdk)));
        let sdks: String = sdks.collect();
        let parts = [
            &self.zig_version,
            &self.zig_target,
            self.zig.as_str(),
            &zig_args,
            self.work.as_str(),
            headers,
            &sdks,
        ];
        let revision = REVISION.to_le_bytes();
        let mut all: Vec<&[u8]> = vec![&revision];
        all.extend(parts.iter().map(|part| part.as_bytes()));
        cache::short_hash(&all)
    }

    /// The places of the tools. Creates nothing.
    pub fn places(&self, cache: &Cache, own: &Utf8Path) -> Installed {
        let shims = cache.folder("shims");
        let folder = shims.join(&self.toolchain);
        let recipe = folder.join(format!("{}.json", self.hash()));
        Installed {
            linker: folder.join(format!("{LINKER}{}", std::env::consts::EXE_SUFFIX)),
            tools: shims.join(format!("{}-{}", self.toolchain, self.tools_hash())),
            env: vec![
                (self.link_variable(), recipe.to_string()),
                (PROGRAM.to_owned(), own.to_string()),
            ],
            recipe,
        }
    }

    /// Writes the tools and this recipe, and returns their places. `own` is the executable of this
    /// rgo.
    ///
    /// # Errors
    /// If the cache is not writable.
    pub fn install(&self, cache: &Cache, own: &Utf8Path) -> Result<Installed, CacheError> {
        let places = self.places(cache, own);
        cache.put(&places.recipe, &serde_json::to_vec_pretty(self).unwrap_or_default())?;
        let plain = Recipe { note: None, ..self.clone() };
        let plain = serde_json::to_vec_pretty(&plain).unwrap_or_default();
        cache.put(&places.tools.join(RECIPE), &plain)?;
        put_tool(cache, &places.linker, own)?;
        for tool in TOOLS {
            put_tool(cache, &places.tool(tool), own)?;
        }
        if self.os == Os::Windows {
            for tool in resources::TOOLS {
                put_tool(cache, &places.tool(tool), own)?;
            }
            resources::install(cache, &places.tools, own)?;
        }
        let (libgcc, empty) = query::LIBGCC;
        cache.put(&places.tools.join(libgcc), empty)?;
        self.prepare(cache)?;
        cache.touch(&places.tools);
        if let Some(folder) = places.linker.parent() {
            cache.touch(folder);
        }
        Ok(places)
    }

    /// Makes what all tools need besides themselves: the folders of zig's caches, Apple's stubs and headers.
    fn prepare(&self, cache: &Cache) -> Result<(), CacheError> {
        prepare_work(&self.work, &self.zig_lib)?;
        if self.os == Os::Darwin {
            stubs::install(cache)?;
            headers::install(cache)?;
        }
        Ok(())
    }

    /// The variable that names this recipe to the linker.
    pub fn link_variable(&self) -> String {
        link_variable(&self.triple)
    }

    #[cfg(test)]
    pub(crate) fn example(os: &str) -> Self {
        Self {
            toolchain: format!("{os}-amd64"),
            os: Os::named(os).expect("a system"),
            arch: Arch::Amd64,
            triple: "x86_64-unknown-linux-gnu".into(),
            zig: "/z/zig".into(),
            zig_args: vec![],
            zig_version: "0.15.2".into(),
            zig_lib: "/z/lib".into(),
            zig_target: "x86_64-linux-gnu.2.17".into(),
            work: "/c/zig-cache/0.15.2".into(),
            rustc_version: "1.96.0".into(),
            note: None,
            build_id: false,
            static_pie: false,
            sdks: vec![],
            headers: None,
            info_plist: None,
            import_libraries: None,
        }
    }
}

/// The user's own SDK (`SDKROOT`). A relative path counts from rgo's working folder.
#[must_use]
pub fn own_sdk(env: cache::Env<'_>) -> Option<Utf8PathBuf> {
    let path = env("SDKROOT").filter(|path| !path.is_empty())?;
    let absolute = std::path::absolute(&path).ok().and_then(|path| exec::utf8(path).ok());
    Some(absolute.unwrap_or_else(|| path.into()))
}

/// Identifies an SDK, wherever it lies: a hash of its `SDKSettings.json`, else of its stubs. The
/// folder of rgo's own stubs is already named by a hash of its content.
#[must_use]
pub fn sdk_name(sdk: &Utf8Path) -> String {
    let name = sdk.file_name().unwrap_or_default();
    if sdk.parent().and_then(Utf8Path::file_name) == Some(stubs::FOLDER) {
        return name.to_owned();
    }
    let told = match std::fs::read(sdk.join("SDKSettings.json")) {
        Ok(settings) => vec![settings],
        Err(_) => stub_files(sdk),
    };
    let parts: Vec<&[u8]> = told.iter().map(Vec::as_slice).collect();
    format!("{name}-{}", cache::short_hash(&parts))
}

/// For each stub library (`.tbd`) of an SDK, its path in the SDK and its content.
fn stub_files(sdk: &Utf8Path) -> Vec<Vec<u8>> {
    let all = walkdir::WalkDir::new(sdk).sort_by_file_name().into_iter().flatten();
    let stubs = all.filter(|entry| entry.path().extension().is_some_and(|it| it == "tbd"));
    let parts = stubs.flat_map(|entry| {
        let place = entry.path().strip_prefix(sdk).unwrap_or(entry.path());
        [
            place.as_os_str().as_encoded_bytes().to_vec(),
            std::fs::read(entry.path()).unwrap_or_default(),
        ]
    });
    parts.collect()
}

fn sdks(cache: &Cache, env: cache::Env<'_>) -> Vec<Utf8PathBuf> {
    own_sdk(env).into_iter().chain([stubs::place(cache)]).collect()
}

/// The variable that names the recipe to the linker for a triple.
fn link_variable(triple: &str) -> String {
    format!("RGO_LINK_{}", triple.to_uppercase().replace('-', "_"))
}

impl Installed {
    /// The path of one C tool: `cc`, `c++`, `ar`, `ranlib`, `lib`, `dlltool`; `fc`, which only
    /// fails; for Windows also `windres` and `rc`.
    pub fn tool(&self, name: &str) -> Utf8PathBuf {
        self.tools.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

#[cfg(unix)]
fn put_tool(cache: &Cache, path: &Utf8Path, own: &Utf8Path) -> Result<(), CacheError> {
    use std::os::unix::fs::PermissionsExt;
    let name = path.file_name().unwrap_or_default();
    // The linker script outlives the rgo that wrote it, so it has no default; outside a build it
    // fails with a message. The C tools have one: the caches of build systems such as cmake name
    // their paths, and they run without a build too.
    let default =
        if name == LINKER { String::new() } else { shell_words::quote(own.as_str()).into_owned() };
    let script = if default.is_empty() {
        format!(
            "#!/bin/sh\n[ -n \"${PROGRAM}\" ] || {{ echo \"{LINKER} works only within rgo-build\" >&2; exit 1; }}\n\
             exec \"${PROGRAM}\" {CALL} \"$0\" \"$@\"\n"
        )
    } else {
        format!("#!/bin/sh\nrgo={default}\nexec \"${{{PROGRAM}:-$rgo}}\" {CALL} \"$0\" \"$@\"\n")
    };
    let fresh = !std::fs::read(path).is_ok_and(|old| old == script.as_bytes());
    if fresh {
        // Make it executable before the rename, or another build finds a script that it may not
        // run.
        let staged = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let fail = |doing| move |source| CacheError { path: path.to_owned(), doing, source };
        cache.put(&staged, script.as_bytes())?;
        std::fs::set_permissions(&staged, std::fs::Permissions::from_mode(0o755))
            .map_err(fail("making it runnable"))?;
        std::fs::rename(&staged, path).map_err(fail("putting it in place"))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn put_tool(_cache: &Cache, path: &Utf8Path, own: &Utf8Path) -> Result<(), CacheError> {
    let fail = |doing| move |source| CacheError { path: path.to_owned(), doing, source };
    let size = |p: &Utf8Path| p.metadata().map(|m| (m.len(), m.modified().ok()));
    if size(path).ok() == size(own).ok() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        cache::make_folder(folder)?;
    }
    cache::remove(path)?;
    std::fs::hard_link(own, path)
        .or_else(|_| std::fs::copy(own, path).map(|_| ()))
        .map_err(fail("copying rgo"))
}

/// Makes the folder with zig's caches. Its link `lib` leads to zig's library: see [`RuntimeFolders`].
///
/// [`RuntimeFolders`]: crate::zig::RuntimeFolders
fn prepare_work(work: &Utf8Path, zig_lib: &Utf8Path) -> Result<(), CacheError> {
    cache::make_folder(&work.join("runtimes"))?;
    #[cfg(unix)]
    {
        let link = work.join("lib");
        if std::fs::read_link(&link).is_ok_and(|to| to == zig_lib.as_std_path()) {
            return Ok(());
        }
        let fail = |doing| {
            let path = link.clone();
            move |source| CacheError { path, doing, source }
        };
        let staged = work.join(format!(".lib.{}", std::process::id()));
        cache::remove(&staged)?;
        std::os::unix::fs::symlink(zig_lib, &staged).map_err(fail("linking to zig's library"))?;
        std::fs::rename(&staged, &link).map_err(fail("putting the link in place"))?;
    }
    #[cfg(not(unix))]
    let _ = zig_lib;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sdks_are_told_apart_by_what_is_in_them() {
        let temp = tempfile::tempdir().expect("a folder");
        let base = Utf8Path::from_path(temp.path()).expect("UTF-8");
        let sdk = |place: &str, file: &str, text: &str| {
            let folder = base.join(place).join("x.sdk");
            std::fs::create_dir_all(folder.join("usr/lib")).expect("made");
            std::fs::write(folder.join(file), text).expect("written");
            sdk_name(&folder)
        };
        let first = sdk("a", "usr/lib/libz.tbd", "1");
        assert_eq!(sdk("b", "usr/lib/libz.tbd", "1"), first);
        assert_ne!(sdk("c", "usr/lib/libz.tbd", "2"), first);
        assert_ne!(sdk("d", "usr/lib/liby.tbd", "1"), first);
        let told = sdk("b", "SDKSettings.json", "{}");
        assert_ne!(told, first);
        assert_eq!(sdk("c", "SDKSettings.json", "{}"), told);
        assert_eq!(sdk_name(&base.join("darwin-stubs/0f")), "0f");
    }
}
