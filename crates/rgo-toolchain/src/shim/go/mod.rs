//! The C compiler of Go's cgo. `go build` runs it by its bare name, `CC=rgo-cc`, from a folder at the start of PATH:
//! a path would reach the build id, and so the bytes.
//!
//! ```text
//! shims/<toolchain>-<hash>/go/rgo-cc rgo-c++    compile and link
//! shims/<toolchain>-<hash>/go/ar                makes static libraries (c-archive)
//! shims/<toolchain>-<hash>/go/strip             takes debug data out of programs for darwin
//! shims/<toolchain>-<hash>/go/recipe.json       the recipe that these tools follow
//! ```
//!
//! A call goes the first of these ways that fits:
//!
//! ```text
//! question   who are you, where is strip      identity, question, shim/query
//! refusal    what zig cannot do               link_line
//! probe      do you know this flag            probe
//! link       objects alone                    link_line, link, shim/link
//! compile    the rest                         compile, coff_object
//! ```
//!
//! Everything that could differ between two machines or two calls is settled here and not after the build: Go hashes
//! each file that a tool writes, and puts the hash into the program.

mod coff_object;
mod compile;
mod identity;
mod link;
mod link_line;
mod probe;
mod question;
mod strip;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::system::Os;
use serde::Serialize;

use super::answer::answer;
use super::error::ShimError;
use super::io::{complain, current_folder, expand_with, read_recipe, say};
use super::{PROGRAM, RECIPE, Recipe, put_tool, query, response};
use crate::cache::{Cache, CacheError};
use crate::dsymutil;
pub use identity::INPUTS;

/// The C compiler's name.
pub const CC: &str = "rgo-cc";
/// The C++ compiler's name.
pub const CXX: &str = "rgo-c++";
const STRIP: &str = "strip";
/// The tools that are Go's alone.
const OWN: [&str; 3] = [CC, CXX, STRIP];
const FOLDER: &str = "go";
/// An archive of nothing, with the list of symbols that Go's own linker requires of libgcc: a header of 60 bytes (name,
/// time, user, group, mode, size), and the number of symbols. (`hostArchive` in `cmd/link/internal/ld/ar.go`)
const NO_SYMBOLS: &[u8] =
    b"!<arch>\n/               0           0     0     0       4         `\n\0\0\0\0";

/// A library that -race needs. Go names it to the linker only if the compiler has a place for it; `cargo_zigbuild`
/// then gives zig the library that zig has in its place.
const SYNCHRONIZATION: &str = "libsynchronization.a";

/// The places of the tools for one toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoTools {
    /// The folder of the tools, which has to come first in PATH.
    pub folder: Utf8PathBuf,
    /// The other environment variables that `go build` needs to use these tools.
    pub env: Vec<(String, String)>,
}

impl Recipe {
    /// The places of the tools for Go's cgo. Creates nothing. `own` is the executable of this rgo.
    #[must_use]
    pub fn go_tools(&self, cache: &Cache, own: &Utf8Path) -> GoTools {
        let env = [("CC", CC), ("CXX", CXX), (PROGRAM, own.as_str())];
        GoTools {
            folder: self.places(cache, own).tools.join(FOLDER),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }

    /// Writes the tools for Go's cgo, and returns their places. `own` is the executable of this rgo.
    ///
    /// # Errors
    /// If the cache is not writable.
    pub fn install_go(&self, cache: &Cache, own: &Utf8Path) -> Result<GoTools, CacheError> {
        let tools = self.go_tools(cache, own);
        let recipe = serde_json::to_vec_pretty(&self.for_go()).unwrap_or_default();
        cache.put(&tools.folder.join(RECIPE), &recipe)?;
        for name in OWN.into_iter().chain(["ar"]) {
            let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            put_tool(cache, &tools.folder.join(file), own)?;
        }
        cache.put(&tools.folder.join(query::LIBGCC.0), NO_SYMBOLS)?;
        if self.os == Os::Windows {
            cache.put(&tools.folder.join(SYNCHRONIZATION), NO_SYMBOLS)?;
        }
        self.prepare(cache)?;
        if let Some(folder) = tools.folder.parent() {
            cache.touch(folder);
        }
        Ok(tools)
    }

    /// The recipe of a Go program: Go itself writes what it is built from, and decides whether it can be moved.
    fn for_go(&self) -> Self {
        Self { note: None, info_plist: None, static_pie: false, ..self.clone() }
    }
}

/// Whether a tool of this name is Go's alone.
pub(super) fn is_tool(name: &str) -> bool {
    OWN.contains(&name)
}

/// Runs a call of one of Go's tools.
pub(super) fn call(tool: &Utf8Path, args: Vec<String>) -> Result<i32, ShimError> {
    let compiler = match tool.file_stem() {
        Some(STRIP) => return strip::strip(&args),
        Some(CXX) => "c++",
        _ => "cc",
    };
    let recipe = read_recipe(&tool.with_file_name(RECIPE))?;
    let folder = tool.parent().unwrap_or(tool);
    let cwd = current_folder()?;
    let args = expand_with(args, &cwd, response::parse_quoted)?;
    if let Some(question) = question::read(&args) {
        say_own(&question, &recipe, folder);
        return Ok(0);
    }
    if let Some(code) = answer(&recipe, compiler, tool, &args)? {
        return Ok(code);
    }
    if let Some(link_line::Refusal { text, hint }) = link_line::refused(&args) {
        return Err(ShimError::Refused { why: text, hint });
    }
    match probe::answer(&args, recipe.os, &probe::is_empty_program) {
        Some(probe::Answer::Known) => Ok(0),
        Some(probe::Answer::Unknown) => {
            complain("error: unsupported argument");
            Ok(1)
        }
        None if link_line::is_link(&args) => link::link(recipe, compiler, args, &cwd),
        None => compile::compile(&recipe, compiler, args),
    }
}

/// Prints the answer to a question of Go's.
fn say_own(question: &question::Question, recipe: &Recipe, folder: &Utf8Path) {
    use question::Question;
    match question {
        // Go reads both outputs; clang prints this to stderr.
        Question::Identity => {
            let inputs = std::env::var(INPUTS).unwrap_or_default();
            complain(&identity::line(recipe, &inputs));
        }
        Question::Program(name) => {
            let exists = |path: &Utf8Path| path.is_file();
            say(&question::program(name, folder, &exists, dsymutil::find));
        }
        Question::Linker => say(&question::linker(&recipe.zig_version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libgcc_is_an_archive_with_an_empty_list() {
        let archive = object::read::archive::ArchiveFile::parse(NO_SYMBOLS).expect("an archive");
        assert_eq!(archive.members().count(), 0);
        let mut symbols = archive.symbols().expect("readable").expect("a list");
        assert!(symbols.next().is_none());
        assert_eq!(NO_SYMBOLS.len(), 8 + 60 + 4);
    }

    #[test]
    fn go_gets_bare_names_and_decides_itself_about_pie() {
        let cache = tempfile::tempdir().expect("a folder");
        let place = cache.path().display().to_string();
        let env = |name: &str| (name == "RGO_CACHE").then(|| place.clone());
        let cache = Cache::open(&env).expect("opens");
        let recipe = Recipe { static_pie: true, ..Recipe::example("linux") };
        let tools = recipe.go_tools(&cache, "/b/rgo-build".into());
        let names: Vec<_> =
            tools.env.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
        assert_eq!(names, [("CC", CC), ("CXX", CXX), (PROGRAM, "/b/rgo-build")]);
        assert!(!tools.folder.exists(), "nothing is made");
        let made = Recipe { work: tools.folder.join("work"), ..recipe }
            .install_go(&cache, "/b/rgo-build".into())
            .expect("writable");
        let read = read_recipe(&made.folder.join(RECIPE)).expect("a recipe");
        assert!(!read.static_pie);
        for name in [CC, CXX, STRIP, "ar"] {
            let tool = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            assert!(made.folder.join(tool).is_file(), "{name}");
        }
    }
}
