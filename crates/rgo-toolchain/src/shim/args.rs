//! Translates rustc's link command for zig. Pure, except that it asks whether files exist.
//!
//! `cargo_zigbuild` runs after this module and rewrites many arguments. This module covers the
//! rest:
//!
//! | rustc passes | zig | so this module writes |
//! |---|---|---|
//! | a relative path | resolves it in its own folder, not in rustc's | an absolute path |
//! | `-static-pie` | ignores it and writes ET_EXEC | `-static -pie` |
//! | `.def` files | takes the last, and none in `-Wl,` | nothing; see `merge_definitions` |
//! | `-Wl,-exported_symbols_list,F` | refuses it | nothing; the pass after the link reads it |
//! | `-Wl,-exported_symbol,NAME` | refuses it | nothing; the same pass reads it |
//! | `-sectcreate SEG SECT F` | refuses it | nothing; an object gets that section |
//! | `-mwindows`, `-mconsole` | ignores them | `-Wl,--subsystem,…` |
//! | a second version script | takes only the last | the others for LLD, see `shim/lld` |
//! | `-Wl,-Bdynamic` | then takes no static library | `-Wl,-search_paths_first` |
//! | an unknown option | refuses it | the option for LLD, where LLD links |

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::system::Os;

use super::Recipe;
use super::link_request::{LinkRequest, ListForm};
use super::options::{self, OptionValue};
use super::windows::{self, Versions};
use crate::exec::absolute;

/// The kind of file that a link makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// A program.
    Executable,
    /// A shared library.
    Library,
}

/// A link command, translated for zig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The arguments of `zig cc`.
    pub args: Vec<String>,
    /// Further arguments for LLD, in its own syntax.
    pub lld: Vec<String>,
    /// Whether to leave out the system's start files.
    pub no_start_files: bool,
    /// The output file.
    pub output: Option<Utf8PathBuf>,
    /// The kind of the output.
    pub kind: LinkKind,
    /// What the command asks of the output.
    pub asked: LinkRequest,
    /// Sections for a Mach-O program. Each has a segment name, a section name and the file with its
    /// content.
    pub sections: Vec<[String; 3]>,
}

/// Options that have a path joined to their name.
const PATH_REST: [&str; 4] = ["-L", "-F", "-I", "-B"];
/// The extensions of files that linkers read.
const INPUTS: [&str; 9] = ["o", "a", "so", "lib", "obj", "def", "ld", "rlib", "dylib"];

/// Translates the arguments of one link that runs in `cwd`. `args` has no response files any more.
pub fn rewrite(
    args: &[String],
    cwd: &Utf8Path,
    recipe: &Recipe,
    exists: &dyn Fn(&Utf8Path) -> bool,
) -> Rewritten {
    let is_library =
        |arg: &String| matches!(arg.as_str(), "-shared" | "-dynamiclib" | "-dylib" | "-Wl,-dylib");
    let kind = if args.iter().any(is_library) { LinkKind::Library } else { LinkKind::Executable };
    let mut rewriter = Rewriter {
        cwd,
        recipe,
        exists,
        kind,
        out: Vec::new(),
        lld: Vec::new(),
        no_start_files: false,
        output: None,
        asked: LinkRequest::default(),
        open: None,
        version_script: None,
        is_after_unknown: false,
        versions: Versions::default(),
        needs: Needs::default(),
        sections: Vec::new(),
    };
    let mut rest = args.iter().map(String::as_str);
    while let Some(arg) = rest.next() {
        rewriter.argument(arg, &mut rest);
    }
    rewriter.finish(args)
}

/// The padding for further load commands in a Mach-O header, in bytes.
const ROOM_FOR_COMMANDS: &str = "-Wl,-headerpad,0x40";
const VERSION_SCRIPT: &str = "--version-script";
/// An option that rustc always adds, joined to its -z. `cargo_zigbuild` recognizes only this
/// spelling.
const RUSTCS_Z: &str = "nostart-stop-gc";

/// A linker option that still lacks values.
struct Open {
    name: String,
    values: Vec<String>,
    wanted: &'static [OptionValue],
}

struct Rewriter<'a> {
    cwd: &'a Utf8Path,
    recipe: &'a Recipe,
    exists: &'a dyn Fn(&Utf8Path) -> bool,
    kind: LinkKind,
    out: Vec<String>,
    lld: Vec<String>,
    no_start_files: bool,
    output: Option<Utf8PathBuf>,
    asked: LinkRequest,
    open: Option<Open>,
    /// The index in `out` of the version script that zig will take.
    version_script: Option<usize>,
    /// Whether the last linker word is an option that the tables do not list.
    is_after_unknown: bool,
    versions: Versions,
    needs: Needs,
    sections: Vec<[String; 3]>,
}

/// Whether the file must need the libraries that follow, even if it does not use them
/// (`--no-as-needed`).
#[derive(Default)]
struct Needs {
    now: bool,
    pushed: Vec<bool>,
}

impl Needs {
    fn note(&mut self, name: &str) {
        match name {
            "as-needed" => self.now = false,
            "no-as-needed" => self.now = true,
            "push-state" => self.pushed.push(self.now),
            "pop-state" => self.now = self.pushed.pop().unwrap_or_default(),
            _ => {}
        }
    }
}

impl Rewriter<'_> {
    /// Translates one argument of the compiler, with the values that follow it.
    fn argument<'w>(&mut self, arg: &'w str, rest: &mut impl Iterator<Item = &'w str>) {
        let is_program = self.kind == LinkKind::Executable;
        let is_windows = self.recipe.os == Os::Windows;
        let is_darwin = self.recipe.os == Os::Darwin;
        match arg {
            // After `-Bdynamic` zig takes only shared libraries; other linkers take static ones
            // too.
            "-Wl,-Bdynamic" if self.recipe.os == Os::Linux => {
                self.push(["-Wl,-search_paths_first"])
            }
            "-Xlinker" => rest.by_ref().take(1).for_each(|word| self.linker_word(word)),
            _ if ["-z", "-T"].contains(&arg) || options::is_handed_on(arg) => {
                let count = options::of_linker(arg).map_or(0, <[OptionValue]>::len);
                for word in std::iter::once(arg).chain(rest.by_ref().take(count)) {
                    self.linker_word(word);
                }
            }
            "-static-pie" => self.push(["-static", "-pie"]),
            // For some targets rustc does not use static-pie although their code is
            // position-independent.
            "-no-pie" if self.recipe.static_pie && is_program => self.push(["-pie"]),
            "-mwindows" if is_windows => self.linker_word("--subsystem=windows"),
            "-mconsole" if is_windows => self.linker_word("--subsystem=console"),
            "-nostartfiles" if self.recipe.os == Os::Linux => self.no_start_files = true,
            // clang takes this word for a library; for `-bundle` zig's clang would make a program.
            _ if is_darwin && (arg == "-bundle" || options::is_apples_word(arg)) => {
                self.linker_word(arg);
            }
            _ => match arg.strip_prefix("-Wl,") {
                Some(words) => words.split(',').for_each(|word| self.linker_word(word)),
                None => self.compiler_option(arg, rest),
            },
        }
    }

    fn compiler_option<'w>(&mut self, arg: &str, rest: &mut impl Iterator<Item = &'w str>) {
        if let Some(wanted) = options::of_compiler(arg) {
            self.out.push(arg.to_owned());
            for (value, kind) in rest.by_ref().zip(wanted.iter().copied()).collect::<Vec<_>>() {
                let value = if kind == OptionValue::Word {
                    value.to_owned()
                } else {
                    absolute(self.cwd, Utf8Path::new(value)).into_string()
                };
                match arg {
                    "-l" => self.library(&value),
                    "-o" => self.output = Some(value.clone().into()),
                    "-e" => self.asked.note("e", Some(&value)),
                    "-undefined" => self.asked.note("undefined", Some(&value)),
                    _ => {}
                }
                self.out.push(value);
            }
            return;
        }
        if let Some(path) = arg.strip_prefix("-o").filter(|path| !path.is_empty()) {
            let path = absolute(self.cwd, Utf8Path::new(path));
            self.out.push(format!("-o{path}"));
            self.output = Some(path);
            return;
        }
        if arg == "-rdynamic" {
            self.asked.exports_all = true;
        }
        if let Some(name) = arg.strip_prefix("-l") {
            self.library(name);
        }
        for option in PATH_REST {
            if let Some(path) = arg.strip_prefix(option).filter(|path| !path.is_empty()) {
                let path = absolute(self.cwd, Utf8Path::new(path));
                return self.out.push(format!("{option}{path}"));
            }
        }
        if self.definition(Utf8Path::new(arg)) {
            return;
        }
        let arg = if arg.starts_with('-') { arg.to_owned() } else { self.existing(arg) };
        self.out.push(arg);
    }

    /// Remembers a file if it is a module definition. Returns whether it is one.
    fn definition(&mut self, path: &Utf8Path) -> bool {
        let is = self.recipe.os == Os::Windows
            && !path.as_str().starts_with('-')
            && path.extension().is_some_and(|it| it.eq_ignore_ascii_case("def"));
        if is {
            let path = absolute(self.cwd, path);
            self.asked.list(path.as_str(), ListForm::Definition);
        }
        is
    }

    /// zig links the parts of the C library by itself, and each part only if the program uses it.
    fn library(&mut self, name: &str) {
        let is_glibc = self.recipe.zig_target.contains("gnu") && self.recipe.os == Os::Linux;
        if self.needs.now && is_glibc && options::is_of_libc(name) {
            self.asked.needed.push(name.to_owned());
        }
    }

    fn push<'w>(&mut self, args: impl IntoIterator<Item = &'w str>) {
        self.out.extend(args.into_iter().map(str::to_owned));
    }

    /// Translates one word for the linker: an option, a value of the option before it, or a file.
    fn linker_word(&mut self, word: &str) {
        if let Some(mut open) = self.open.take() {
            let kind = open.wanted.get(open.values.len()).copied().unwrap_or(OptionValue::Word);
            open.values.push(self.value(word, kind));
            if open.values.len() < open.wanted.len() {
                self.open = Some(open);
            } else {
                self.linker_option(&open.name, &open.values, false);
            }
            return;
        }
        if !word.starts_with('-') {
            return self.linker_file(word);
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let wanted = options::of_linker(name);
        self.is_after_unknown = wanted.is_none();
        match (value, wanted) {
            (Some(value), wanted) => {
                let kind = wanted.and_then(|wanted| wanted.first()).copied();
                let value = self.value(value, kind.unwrap_or(OptionValue::Word));
                self.linker_option(name, &[value], true);
            }
            (None, Some(wanted)) => {
                self.open = Some(Open { name: name.to_owned(), values: Vec::new(), wanted });
            }
            (None, None) => self.linker_option(name, &[], false),
        }
    }

    fn value(&self, value: &str, kind: OptionValue) -> String {
        match kind {
            _ if value.is_empty() => String::new(),
            OptionValue::Word => value.to_owned(),
            // Linkers look for scripts in their own folders too.
            OptionValue::Input => self.existing(value),
            OptionValue::Output => absolute(self.cwd, Utf8Path::new(value)).into_string(),
        }
    }

    /// A word that is not the value of any known option.
    fn linker_file(&mut self, word: &str) {
        let path = Utf8Path::new(word);
        let is_input = path.extension().is_some_and(|it| INPUTS.contains(&it));
        if self.is_after_unknown && !word.contains('/') && !is_input {
            return self.for_zig(&[word.to_owned()]);
        }
        if self.definition(path) {
            return;
        }
        let path = self.existing(word);
        self.for_zig(&[path]);
    }

    /// Translates a complete option. `is_one`: `=` joined its value to its name.
    fn linker_option(&mut self, name: &str, values: &[String], is_one: bool) {
        let plain = name.trim_start_matches('-');
        let value = values.first().map(String::as_str);
        // Libraries and their folders go to the compiler, not through `-Wl,`: their order matters.
        let is_word = self.recipe.os == Os::Darwin && options::is_apples_word(name);
        let joined = ["l", "L"].iter().find_map(|it| Some((*it, plain.strip_prefix(it)?)));
        let joined = joined.filter(|_| !is_word);
        let of_library = match (joined, value) {
            (Some((option, "")), Some(value)) => Some((option, value.to_owned())),
            (Some(("l", library)), None) if !library.is_empty() => Some(("l", library.to_owned())),
            (Some(("L", path)), None) if !path.is_empty() => {
                Some(("L", absolute(self.cwd, Utf8Path::new(path)).into_string()))
            }
            _ => None,
        };
        if let Some((option, value)) = of_library {
            if option == "l" {
                self.library(&value);
            }
            return self.out.push(format!("-{option}{value}"));
        }
        self.asked.note(plain, value);
        self.needs.note(plain);
        match (plain, values) {
            ("exported_symbols_list", _) => return,
            // The pass after the link restricts the exports.
            ("exported_symbol", _) if self.recipe.os == Os::Darwin => return,
            // Among linker words zig takes it for an optimization level.
            ("ObjC", []) if self.recipe.os == Os::Darwin => return self.push(["-ObjC"]),
            ("sectcreate", [segment, section, file]) if self.recipe.os == Os::Darwin => {
                return self.sections.push([segment.clone(), section.clone(), file.clone()]);
            }
            _ => {}
        }
        // zig reads a -z keyword only as a word of its own.
        let of_z = plain.strip_prefix('z').filter(|word| !word.is_empty() && *word != RUSTCS_Z);
        if let Some(word) = of_z {
            let word =
                value.filter(|_| is_one).map_or(word.to_owned(), |it| format!("{word}={it}"));
            return self.linker_option("-z", &[word], false);
        }
        let words: Vec<String> = match (is_one, value) {
            (true, Some(value)) => vec![format!("{name}={value}")],
            _ => std::iter::once(name.to_owned()).chain(values.iter().cloned()).collect(),
        };
        match self.recipe.os {
            Os::Darwin => self.for_zig(&words),
            Os::Windows if self.versions.take(plain, value.unwrap_or_default()) => {}
            Os::Windows => match windows::words(plain, value) {
                Some(words) => self.lld.extend(words),
                None => self.for_zig(&words),
            },
            _ => self.elf_option(plain, value, &words),
        }
    }

    fn elf_option(&mut self, plain: &str, value: Option<&str>, words: &[String]) {
        let is_library = self.kind == LinkKind::Library;
        let is_script = plain == "version-script";
        if options::is_for_zig(plain, value, is_library) {
            if is_script {
                self.give_way(self.out.len());
            }
            return self.for_zig(words);
        }
        if is_script {
            // A package's link-args reach its programs too, which lack the library's symbols.
            self.lld.push("--undefined-version".to_owned());
        }
        self.lld.extend_from_slice(words);
    }

    /// zig takes the last of several version scripts. This moves the previous one to LLD.
    fn give_way(&mut self, place: usize) {
        if let Some(before) = self.version_script.replace(place)
            && let Some(words) = self.out.get_mut(before).map(std::mem::take)
        {
            let script = words.rsplit([',', '=']).next().unwrap_or_default();
            self.lld.extend([VERSION_SCRIPT.to_owned(), script.to_owned()]);
        }
    }

    fn for_zig(&mut self, words: &[String]) {
        // zig splits `-Wl,` at commas, but not `-Xlinker`.
        if words.iter().any(|word| word.contains(',')) {
            let parts = words.iter().flat_map(|word| word.splitn(2, '='));
            for part in parts {
                self.push(["-Xlinker", part]);
            }
        } else {
            self.out.push(format!("-Wl,{}", words.join(",")));
        }
    }

    /// Makes a relative path absolute if the file exists; otherwise the word only looks like a
    /// path.
    fn existing(&self, word: &str) -> String {
        let path = Utf8Path::new(word);
        if word.is_empty() || word.starts_with('-') || path.is_absolute() {
            return word.to_owned();
        }
        let full = absolute(self.cwd, path);
        if (self.exists)(&full) { full.into_string() } else { word.to_owned() }
    }

    fn finish(mut self, args: &[String]) -> Rewritten {
        // If there are several scripts, LLD gets all of them.
        let place = self.version_script.filter(|_| self.lld.iter().any(|it| it == VERSION_SCRIPT));
        if let Some(words) = place.and_then(|place| self.out.get(place)) {
            let script = words.rsplit([',', '=']).next().unwrap_or_default().to_owned();
            self.lld.extend([VERSION_SCRIPT.to_owned(), script]);
        }
        if let Some(open) = self.open.take() {
            // The linker reports the missing value.
            self.for_zig(&std::iter::once(open.name).chain(open.values).collect::<Vec<_>>());
        }
        self.out.retain(|arg| !arg.is_empty());
        self.lld.extend(self.versions.words(&mut self.asked));
        let is_id = |arg: &String| arg.contains("--build-id") || arg.contains("-build-id=");
        let has_id = self.out.iter().any(is_id);
        let has_room = self.out.iter().any(|arg| arg.contains("-headerpad"));
        self.out.extend(additions(self.recipe, has_id, has_room));
        let named = args.iter().any(|arg| arg.contains("-install_name"));
        if let (true, LinkKind::Library, Some(output)) =
            (self.recipe.os == Os::Darwin, self.kind, &self.output)
            && !named
        {
            // zig would write the whole path of the output. Its length changes the layout of the
            // file, so two folders would give two different libraries.
            let name = output.file_name().unwrap_or_default();
            self.out.push(format!("-Wl,-install_name,@rpath/{name}"));
        }
        Rewritten {
            args: self.out,
            lld: self.lld,
            no_start_files: self.no_start_files,
            output: self.output,
            kind: self.kind,
            asked: self.asked,
            sections: self.sections,
        }
    }
}

/// The options that add the folders of SDKs to a linker's search path.
pub(super) fn folders(sdks: &[Utf8PathBuf]) -> impl Iterator<Item = String> + '_ {
    sdks.iter().flat_map(|sdk| {
        let frameworks = sdk.join("System/Library/Frameworks");
        [format!("-F{frameworks}"), format!("-L{}", sdk.join("usr/lib"))]
    })
}

/// The arguments that rgo adds to every link.
fn additions(recipe: &Recipe, has_id: bool, has_room: bool) -> Vec<String> {
    let mut more = Vec::new();
    if recipe.os == Os::Darwin && !has_room {
        // zig leaves no space for another load command, such as the one for a signature.
        more.push(ROOM_FOR_COMMANDS.to_owned());
    }
    more.extend(folders(&recipe.sdks));
    if recipe.build_id && !has_id {
        more.push("-Wl,--build-id=sha1".to_owned());
    }
    // Last, so that the user's libraries take precedence.
    more.extend(recipe.import_libraries.iter().map(|folder| format!("-L{folder}")));
    more
}

#[cfg(test)]
mod tests;
