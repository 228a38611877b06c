//! Resource compilers for Windows. Build scripts call one of many programs to compile icons,
//! version and manifest into an object. rgo stands in for all of them: `zig rc` makes the object,
//! for the processor of the target.
//!
//! ```text
//! shims/windows-arm64-<hash>/windres rc    by WINDRES_<triple>, RC_<triple>, cmake's file
//! shims/on-path/first/windres llvm-windres llvm-rc x86_64-w64-mingw32-windres …    in front of PATH
//! shims/on-path/last/rc llvm-ar            behind PATH: another program may have this name
//! ```
//!
//! The tools on PATH are the same for all targets. They find the target by their own name, else by
//! cargo's `TARGET`. If zig does not link for that target, they run the next program of the same
//! name on PATH.

pub(super) mod archives;
mod rc;
mod windres;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::ShimError;
use super::{RECIPE, Recipe, put_tool};
use super::{io, zig_call};
use crate::cache::{Cache, CacheError};
use crate::exec::Cmd;

/// The tools in the folder of a toolchain.
pub(super) const TOOLS: [&str; 2] = ["windres", "rc"];
/// The folder of the tools that go on PATH.
const ON_PATH: &str = "on-path";
/// Names that only resource compilers have.
const FIRST: [&str; 5] = [
    "windres",
    "llvm-windres",
    "llvm-rc",
    "x86_64-w64-mingw32-windres",
    "aarch64-w64-mingw32-windres",
];
/// Names that other programs may have too. The crate `winresource` calls the archiver.
const LAST: [&str; 2] = ["rc", "llvm-ar"];
/// The part between the processor and `windres` in the names of mingw-w64's tools.
const MINGW: &str = "-w64-mingw32-";
/// The part after the processor in Rust's triples.
const TRIPLE: &str = "-pc-windows-gnullvm";

/// The task of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ResourceCall {
    /// Print this.
    Answer(String),
    /// Compile a resource.
    Compile(ResourceJob),
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A resource script.
    Rc,
    /// A compiled script.
    Res,
    /// An object file.
    Coff,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Rc => "rc",
            Self::Res => "res",
            Self::Coff => "coff",
        }
    }
}

/// A resource to compile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ResourceJob {
    /// zig's options.
    options: Vec<String>,
    input: Option<String>,
    output: Option<String>,
    /// If the command line names no format, the extension of the file decides.
    input_form: Option<Form>,
    output_form: Option<Form>,
    /// The processor in zig's notation, if the command line names one.
    machine: Option<&'static str>,
    code_page: Option<u16>,
    is_preprocessed: bool,
    /// Whether to ignore the folders in the variable `INCLUDE`.
    ignores_include: bool,
}

impl ResourceJob {
    fn option(&mut self, name: &str, value: &str) {
        self.options.extend([name.to_owned(), value.to_owned()]);
    }

    /// Takes a file that stands without an option: the input, then the output.
    fn file(&mut self, path: &str) -> Result<(), String> {
        let place = if self.input.is_none() { &mut self.input } else { &mut self.output };
        if place.is_some() {
            return Err(format!("`{path}` is neither input nor output: there are both already"));
        }
        *place = Some(path.to_owned());
        Ok(())
    }

    /// The same job, with both formats known.
    fn checked(mut self) -> Result<Self, String> {
        const NEEDED: &str = "has to be a file that is named: zig reads and writes no stream";
        let input = self.input.as_deref().filter(|it| *it != "-");
        let output = self.output.as_deref().filter(|it| *it != "-");
        let input = input.ok_or_else(|| format!("the input {NEEDED}"))?;
        let output = output.ok_or_else(|| format!("the output {NEEDED}"))?;
        let extension =
            |path: &str| Utf8Path::new(path).extension().unwrap_or_default().to_ascii_lowercase();
        let from = self.input_form.unwrap_or_else(|| match extension(input).as_str() {
            "res" => Form::Res,
            "o" | "obj" | "exe" | "dll" => Form::Coff,
            _ => Form::Rc,
        });
        let to = self.output_form.unwrap_or_else(|| match extension(output).as_str() {
            "res" => Form::Res,
            "rc" => Form::Rc,
            _ => Form::Coff,
        });
        if !matches!((from, to), (Form::Rc, Form::Res | Form::Coff) | (Form::Res, Form::Coff)) {
            return Err(format!(
                "zig makes no {} of {}: it makes res or coff of rc, and coff of res",
                to.name(),
                from.name()
            ));
        }
        (self.input_form, self.output_form) = (Some(from), Some(to));
        Ok(self)
    }

    /// The arguments for zig. `machine` is the processor if the job names none, `code_page` is the
    /// one that the script declares, and `input` is the file to read in place of the job's.
    fn zig(&self, machine: &str, code_page: Option<u16>, input: Option<&str>) -> Vec<String> {
        let mut args = vec!["rc"];
        args.extend(self.ignores_include.then_some("/x"));
        args.extend(self.is_preprocessed.then_some("/:no-preprocess"));
        args.extend(["/:auto-includes", "gnu"]);
        let name = |form: Option<Form>| form.map_or("", Form::name);
        args.extend(["/:input-format", name(self.input_form)]);
        args.extend(["/:output-format", name(self.output_form)]);
        if self.output_form == Some(Form::Coff) {
            args.extend(["/:target", self.machine.unwrap_or(machine)]);
        }
        let is_script = self.input_form == Some(Form::Rc);
        let code_page = self.code_page.or(code_page).filter(|_| is_script);
        let code_page = code_page.map(|number| number.to_string());
        if let Some(number) = &code_page {
            args.extend(["/c", number]);
        }
        args.extend(self.options.iter().map(String::as_str));
        args.push("--");
        args.extend(input.or(self.input.as_deref()));
        args.extend(self.output.as_deref());
        args.into_iter().map(str::to_owned).collect()
    }
}

/// The code page that a script declares before anything else. rgo passes it as an option, so that
/// it holds for the output too. From a leading pragma zig takes it for the input alone, as
/// Microsoft's compiler does, and that would break a manifest with non-ASCII characters.
fn leading_code_page(script: &[u8]) -> Option<u16> {
    let mut rest = script.strip_prefix(b"\xef\xbb\xbf").unwrap_or(script);
    loop {
        rest = rest.trim_ascii_start();
        let after = |end: &[u8], from: &[u8]| {
            from.windows(end.len()).position(|it| it == end).map(|at| at + end.len())
        };
        let end = match rest.get(..2) {
            Some(b"//") => after(b"\n", rest),
            Some(b"/*") => after(b"*/", rest),
            _ => break,
        };
        rest = rest.get(end?..)?;
    }
    let line = rest.split(|byte| *byte == b'\n').next()?;
    let line: String = std::str::from_utf8(line).ok()?.split_whitespace().collect();
    line.strip_prefix("#pragmacode_page(")?.split(')').next()?.parse().ok()
}

/// Whether this is the name of a resource tool.
pub(super) fn is_tool(name: &str) -> bool {
    FIRST.contains(&name) || LAST.contains(&name)
}

/// Whether a program lies in one of rgo's folders on PATH.
pub(super) fn is_on_path(tool: &Utf8Path) -> bool {
    tool.parent().is_some_and(is_own_folder)
}

fn is_own_folder(folder: &Utf8Path) -> bool {
    ["first", "last"].iter().any(|it| folder.ends_with(Utf8Path::new(ON_PATH).join(it)))
}

/// The folders in front of PATH and behind it. `tools` is the folder of a toolchain's tools.
fn folders(tools: &Utf8Path) -> [Utf8PathBuf; 2] {
    let on_path = tools.with_file_name(ON_PATH);
    ["first", "last"].map(|it| on_path.join(it))
}

/// PATH with the folders of the resource tools.
#[must_use]
pub fn path(tools: &Utf8Path, current: Option<String>) -> String {
    let [first, last] = folders(tools);
    let current = current.unwrap_or_default();
    // In a build inside a build, PATH has them already.
    let own = |folder: &std::path::PathBuf| Utf8Path::from_path(folder).is_some_and(is_own_folder);
    let others = std::env::split_paths(&current).filter(|folder| !own(folder));
    let all = std::iter::once(first.into_std_path_buf())
        .chain(others.filter(|folder| !folder.as_os_str().is_empty()))
        .chain([last.into_std_path_buf()]);
    let joined = std::env::join_paths(all).ok().and_then(|path| path.into_string().ok());
    joined.unwrap_or(current)
}

/// Writes the tools for PATH. `own` is the executable of this rgo.
pub(super) fn install(cache: &Cache, tools: &Utf8Path, own: &Utf8Path) -> Result<(), CacheError> {
    let names: [&[&str]; 2] = [&FIRST, &LAST];
    for (folder, names) in folders(tools).iter().zip(names) {
        for name in names {
            put_tool(cache, &folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)), own)?;
        }
    }
    cache.touch(&tools.with_file_name(ON_PATH));
    Ok(())
}

/// Runs a resource tool and returns its exit code.
pub(super) fn run(tool: &Utf8Path, args: Vec<String>) -> Result<i32, ShimError> {
    let name = tool.file_stem().unwrap_or_default();
    let Some(recipe) = recipe(tool, name)? else { return pass_on(tool, name, args) };
    if name == "llvm-ar" {
        return zig_call::run_zig(&recipe, "ar", args, false);
    }
    let said = |why: String| ShimError::Resource { tool: name.to_owned(), why };
    let args = expand(args)?;
    let version = |options: &str| {
        let (own, zig) = (env!("CARGO_PKG_VERSION"), &recipe.zig_version);
        format!("rgo {own}, {options}, by zig {zig}")
    };
    let call = if name.ends_with("windres") {
        windres::read(&args, &version("with the options of GNU windres"))
    } else {
        let version = version("a Resource Converter with the options of rc and llvm-rc");
        rc::read(&args, &version, &|path| path.is_file())
    };
    match call.map_err(said)? {
        ResourceCall::Answer(text) => {
            io::say(&text);
            Ok(0)
        }
        ResourceCall::Compile(job) => compile(&recipe, &job),
    }
}

/// The recipe for the tool's target; `None` if zig does not link for the target.
fn recipe(tool: &Utf8Path, name: &str) -> Result<Option<Recipe>, ShimError> {
    let beside = tool.with_file_name(RECIPE);
    if !is_on_path(tool) {
        return io::read_recipe(&beside).map(Some);
    }
    let triples = match name.split_once(MINGW) {
        Some((cpu, _)) => vec![format!("{cpu}{TRIPLE}")],
        // The format of archives does not depend on the target.
        None if name == "llvm-ar" => {
            ["x86_64", "aarch64"].map(|cpu| format!("{cpu}{TRIPLE}")).into()
        }
        None => std::env::var("TARGET").into_iter().filter(|it| it.ends_with(TRIPLE)).collect(),
    };
    let path = triples.iter().find_map(|it| std::env::var(super::link_variable(it)).ok());
    path.map(|path| io::read_recipe(Utf8Path::new(&path))).transpose()
}

/// Runs the next program with this name on PATH.
fn pass_on(tool: &Utf8Path, name: &str, args: Vec<String>) -> Result<i32, ShimError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path)
        .filter(|folder| !Utf8Path::from_path(folder).is_some_and(is_own_folder));
    let others = std::env::join_paths(others).ok();
    let found = others.and_then(|path| which::which_in(name, Some(path), ".").ok());
    match found.and_then(|found| Utf8PathBuf::from_path_buf(found).ok()) {
        Some(next) => Ok(Cmd::new(next).args(args).run()?),
        None => Err(ShimError::Resource {
            tool: name.to_owned(),
            why: format!(
                "there is no {name} beside rgo's ({tool}), which serves the build scripts of what is built for \
                 windows/amd64 and windows/arm64"
            ),
        }),
    }
}

/// Replaces response files by their content.
fn expand(args: Vec<String>) -> Result<Vec<String>, ShimError> {
    let mut plain = Vec::with_capacity(args.len());
    for arg in args {
        match arg.strip_prefix('@').map(Utf8Path::new) {
            Some(file) if file.is_file() => {
                let text = io::read(file)?;
                // If a quote is not closed, split the text at spaces.
                let words = shell_words::split(&text);
                plain.extend(
                    words.unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect()),
                );
            }
            _ => plain.push(arg),
        }
    }
    Ok(plain)
}

fn compile(recipe: &Recipe, job: &ResourceJob) -> Result<i32, ShimError> {
    let cpu = recipe.triple.split('-').next().unwrap_or_default();
    let input = job.input.as_deref().unwrap_or_default();
    // zig reports an unreadable file.
    let script = std::fs::read(input).unwrap_or_default();
    let code_page = leading_code_page(&script);
    let mut job = job.clone();
    let mut folder = None;
    if job.is_preprocessed && !script.is_empty() {
        let made = tempfile::tempdir().map_err(ShimError::Write)?;
        let marked = made.path().join("preprocessed.rc");
        std::fs::write(&marked, rc::with_line_marks(&script)).map_err(ShimError::Write)?;
        // The script names its icons relative to its own folder.
        let beside = Utf8Path::new(input).parent().filter(|it| !it.as_str().is_empty());
        job.option("/i", beside.map_or(".", Utf8Path::as_str));
        folder = Some((marked.display().to_string(), made));
    }
    let marked = folder.as_ref().map(|(path, _)| path.as_str());
    let args = job.zig(cpu, code_page, marked);
    let cache = zig_call::tools_cache(recipe);
    let command = Cmd::new(&recipe.zig).args(recipe.zig_args.clone()).args(args);
    let command =
        command.env("ZIG_LOCAL_CACHE_DIR", cache.clone()).env("ZIG_GLOBAL_CACHE_DIR", cache);
    let code = command.run()?;
    // zig has read the file.
    drop(folder);
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_page_that_stands_first_is_found() {
        for (script, expected) in [
            (&b"#pragma code_page(65001)\n1 24 {}"[..], Some(65001)),
            (b"\xef\xbb\xbf// a\n/* b\n*/\n  # pragma  code_page( 1252 ) // c\r\n", Some(1252)),
            (b"#include <winver.h>\n#pragma code_page(65001)\n", None),
            (b"1 24 {}\n#pragma code_page(65001)\n", None),
            (b"#pragma code_page(default)\n", None),
            (b"#pragma code_page(99999)\n", None),
            (b"/* #pragma code_page(65001)", None),
            (b"#\0p\0", None),
            (b"", None),
        ] {
            assert_eq!(leading_code_page(script), expected, "{script:?}");
        }
    }

    #[test]
    fn a_path_has_the_folders_once() {
        let tools = Utf8Path::new("/c/shims/windows-amd64-1");
        let join = |folders: &[&str]| {
            std::env::join_paths(folders).expect("joins").into_string().expect("UTF-8")
        };
        let [first, last] = ["/c/shims/on-path/first", "/c/shims/on-path/last"];
        let expected = join(&[first, "/bin", "/usr/bin", last]);
        assert_eq!(path(tools, Some(join(&["/bin", "/usr/bin"]))), expected);
        assert_eq!(path(tools, Some(expected.clone())), expected);
        assert_eq!(path(tools, None), join(&[first, last]));
        assert_eq!(path(tools, Some(String::new())), join(&[first, last]));
    }

    #[test]
    fn what_is_in_front_of_the_path_compiles_resources() {
        assert!(FIRST.iter().all(|name| name.ends_with("windres") || *name == "llvm-rc"));
        assert!(is_on_path("/c/shims/on-path/first/windres".into()));
        assert!(!is_on_path("/c/shims/windows-amd64-1/windres".into()));
        assert!(!is_on_path("windres".into()));
    }
}
