//! What a link command of rustc's becomes before zig sees it. Pure, but for asking whether a file exists.
//!
//! `cargo_zigbuild` rewrites what it can; this module comes before it and does what falls short there:
//!
//! | rustc says | zig does | so here it becomes |
//! |---|---|---|
//! | a relative path | meant for the folder of rustc, but zig runs in its own | an absolute path |
//! | `-static-pie` | ignores it, ET_EXEC comes out | `-static -pie` |
//! | `-Wl,…/list.def` | dropped, a DLL exports everything | the `.def` as an input |
//! | `-Wl,-exported_symbols_list,F` | dropped, a dylib exports everything | noted, for the pass after the link |

use camino::{Utf8Path, Utf8PathBuf};

use super::Recipe;
use crate::exec::absolute;

/// What a link makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// A program.
    Executable,
    /// A shared library.
    Library,
}

/// A link command in zig's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The arguments of `zig cc`.
    pub args: Vec<String>,
    /// What comes out.
    pub output: Option<Utf8PathBuf>,
    /// What it is.
    pub kind: LinkKind,
    /// The file with the only symbols that a dylib may export, one a line, which zig drops.
    pub export_list: Option<Utf8PathBuf>,
}

/// Options whose value is the next argument and a path.
const PATH_NEXT: [&str; 9] =
    ["-o", "-L", "-F", "-T", "-I", "-isystem", "-iframework", "-include", "-isysroot"];
/// Options whose value is the rest of the argument and a path.
const PATH_REST: [&str; 4] = ["-L", "-F", "-I", "-B"];
/// Linker options whose value is a path that need not exist yet.
const LINKER_OUTPUTS: [&str; 3] = ["--out-implib", "-Map", "-pdb"];
/// Linker options whose value means something at run time and is no path of this machine.
const RUNTIME_PATHS: [&str; 7] = [
    "-rpath",
    "--rpath",
    "-install_name",
    "-soname",
    "--soname",
    "-dynamic-linker",
    "--dynamic-linker",
];

/// Rewrites the arguments of one link in `cwd`, already read out of response files.
pub fn rewrite(
    args: &[String],
    cwd: &Utf8Path,
    recipe: &Recipe,
    exists: &dyn Fn(&Utf8Path) -> bool,
) -> Rewritten {
    let kind = if args
        .iter()
        .any(|a| matches!(a.as_str(), "-shared" | "-dynamiclib" | "-dylib" | "-Wl,-dylib"))
    {
        LinkKind::Library
    } else {
        LinkKind::Executable
    };
    let mut state = State { out: Vec::new(), output: None, export_list: None };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if PATH_NEXT.contains(&arg.as_str()) {
            if let Some(path) = rest.next() {
                let path = absolute(cwd, Utf8Path::new(path));
                if arg == "-o" {
                    state.output = Some(path.clone());
                }
                state.out.extend([arg.clone(), path.into_string()]);
            }
            continue;
        }
        match arg.as_str() {
            "-static-pie" => state.push_all(["-static", "-pie"]),
            // rustc knows no static-pie for some targets whose code is position-independent all the same.
            "-no-pie" if recipe.static_pie && kind == LinkKind::Executable => {
                state.push_all(["-pie"])
            }
            "-Wl,-exported_symbols_list" => {
                let path = rest.next().map(|a| a.strip_prefix("-Wl,").unwrap_or(a));
                state.export_list = path.map(|p| absolute(cwd, Utf8Path::new(p)));
            }
            _ => state.one(arg, cwd, recipe, exists),
        }
    }
    state.out.extend(additions(recipe));
    let named = args.iter().any(|arg| arg.contains("-install_name"));
    if let (true, LinkKind::Library, Some(output)) = (recipe.os == "darwin", kind, &state.output)
        && !named
    {
        // zig would write the output's whole path, whose length then decides how the file is laid
        // out: two folders, two libraries.
        let name = output.file_name().unwrap_or_default();
        state.out.push(format!("-Wl,-install_name,@rpath/{name}"));
    }
    Rewritten { args: state.out, output: state.output, kind, export_list: state.export_list }
}

/// What rgo adds to every link.
fn additions(recipe: &Recipe) -> Vec<String> {
    let mut more = Vec::new();
    if recipe.build_id {
        more.push("-Wl,--build-id=sha1".to_owned());
    }
    if let Some(note) = &recipe.note {
        more.push(note.to_string());
        more.extend(recipe.keep.iter().map(|symbol| format!("-Wl,-u,{symbol}")));
    }
    more
}

struct State {
    out: Vec<String>,
    output: Option<Utf8PathBuf>,
    export_list: Option<Utf8PathBuf>,
}

impl State {
    fn push_all<'a>(&mut self, args: impl IntoIterator<Item = &'a str>) {
        self.out.extend(args.into_iter().map(str::to_owned));
    }

    fn one(
        &mut self,
        arg: &str,
        cwd: &Utf8Path,
        recipe: &Recipe,
        exists: &dyn Fn(&Utf8Path) -> bool,
    ) {
        if let Some(linker) = arg.strip_prefix("-Wl,") {
            return self.linker(linker, cwd, recipe, exists);
        }
        if let Some(path) = arg.strip_prefix("-o").filter(|p| !p.is_empty()) {
            let path = absolute(cwd, Utf8Path::new(path));
            self.output = Some(path.clone());
            return self.out.push(format!("-o{path}"));
        }
        for option in PATH_REST {
            if let Some(path) = arg.strip_prefix(option).filter(|p| !p.is_empty()) {
                return self.out.push(format!("{option}{}", absolute(cwd, Utf8Path::new(path))));
            }
        }
        self.out.push(if arg.starts_with('-') {
            arg.to_owned()
        } else {
            existing(arg, cwd, exists)
        });
    }

    /// The value of `-Wl,`: commas part its words.
    fn linker(
        &mut self,
        value: &str,
        cwd: &Utf8Path,
        recipe: &Recipe,
        exists: &dyn Fn(&Utf8Path) -> bool,
    ) {
        if recipe.os == "windows" && value.ends_with(".def") && !value.starts_with('-') {
            return self.out.push(absolute(cwd, Utf8Path::new(value)).into_string());
        }
        if let Some(list) = value.strip_prefix("-exported_symbols_list,") {
            self.export_list = Some(absolute(cwd, Utf8Path::new(list)));
            return;
        }
        let mut words: Vec<String> = Vec::new();
        let mut before = String::new();
        for word in value.split(',') {
            let fixed = match word.split_once('=') {
                Some((option, path)) if LINKER_OUTPUTS.contains(&option) => {
                    format!("{option}={}", absolute(cwd, Utf8Path::new(path)))
                }
                Some((option, _)) if RUNTIME_PATHS.contains(&option) => word.to_owned(),
                Some((option, path)) => format!("{option}={}", existing(path, cwd, exists)),
                None if RUNTIME_PATHS.contains(&before.as_str()) => word.to_owned(),
                None if LINKER_OUTPUTS.contains(&before.as_str()) => {
                    absolute(cwd, Utf8Path::new(word)).into_string()
                }
                None => existing(word, cwd, exists),
            };
            before = word.to_owned();
            words.push(fixed);
        }
        self.out.push(format!("-Wl,{}", words.join(",")));
    }
}

/// A relative path that exists is meant as one; anything else is a word that only looks like it.
fn existing(word: &str, cwd: &Utf8Path, exists: &dyn Fn(&Utf8Path) -> bool) -> String {
    let path = Utf8Path::new(word);
    if word.is_empty() || word.starts_with('-') || path.is_absolute() {
        return word.to_owned();
    }
    let full = absolute(cwd, path);
    if exists(&full) { full.into_string() } else { word.to_owned() }
}

/// The symbols of a Mach-O export list: one a line, `#` begins a comment.
pub fn parse_export_list(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(os: &str, static_pie: bool, note: bool, line: &str) -> (String, Rewritten) {
        let mut recipe = Recipe::example(os);
        recipe.static_pie = static_pie;
        recipe.build_id = os == "linux";
        if note {
            recipe.note = Some("/n/note.o".into());
            recipe.keep = vec!["RGO_NOTE".into()];
        }
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let is_there = |p: &Utf8Path| ["/w/a.o", "/w/x.ld", "/w/list"].contains(&p.as_str());
        let rewritten = rewrite(&args, Utf8Path::new("/w"), &recipe, &is_there);
        (rewritten.args.join(" "), rewritten)
    }

    #[test]
    fn a_dylib_is_named_by_its_file_and_not_by_its_folder() {
        let line = |more: &str| {
            let args: Vec<String> = format!("-dynamiclib -o /t/libx.dylib{more}")
                .split(' ')
                .map(str::to_owned)
                .collect();
            rewrite(&args, "/w".into(), &Recipe::example("darwin"), &|_| false).args.join(" ")
        };
        assert!(line("").ends_with("-Wl,-install_name,@rpath/libx.dylib"));
        assert!(!line(" -Wl,-install_name,/mine").contains("@rpath"));
    }

    #[test]
    fn links() {
        let table = [
            (
                "darwin",
                false,
                false,
                "a.o b.o -o out/p -Llib -L /abs",
                "/w/a.o b.o -o /w/out/p -L/w/lib -L /abs",
            ),
            (
                "linux",
                true,
                false,
                "-static-pie -no-pie /a.o",
                "-static -pie -pie /a.o -Wl,--build-id=sha1",
            ),
            ("linux", false, false, "-no-pie", "-no-pie -Wl,--build-id=sha1"),
            ("linux", true, false, "-shared -no-pie", "-shared -no-pie -Wl,--build-id=sha1"),
            ("darwin", false, true, "-o/p", "-o/p /n/note.o -Wl,-u,RGO_NOTE"),
            ("windows", false, false, "-shared -Wl,/t/list.def", "-shared /t/list.def"),
            ("windows", false, false, "-Wl,--out-implib=x.a", "-Wl,--out-implib=/w/x.a"),
            (
                "darwin",
                false,
                false,
                "-Wl,-rpath,list -Wl,-T,x.ld",
                "-Wl,-rpath,list -Wl,-T,/w/x.ld",
            ),
            ("darwin", false, false, "-Wl,--version-script=x.ld", "-Wl,--version-script=/w/x.ld"),
            ("darwin", false, false, "-Wl,--as-needed -lc a", "-Wl,--as-needed -lc a"),
        ];
        for (os, pie, note, line, expected) in table {
            assert_eq!(run(os, pie, note, line).0, expected, "{os}: {line}");
        }
    }

    #[test]
    fn what_is_made_and_exported() {
        for line in [
            "-dynamiclib -Wl,-exported_symbols_list,list",
            "-shared -Wl,-exported_symbols_list -Wl,list",
        ] {
            let (args, rewritten) = run("darwin", false, false, line);
            assert!(!args.contains("list"), "{args}");
            assert_eq!(rewritten.export_list.as_deref(), Some(Utf8Path::new("/w/list")));
            assert_eq!(rewritten.kind, LinkKind::Library);
        }
        let (_, rewritten) = run("linux", false, false, "-o p");
        assert_eq!((rewritten.kind, rewritten.output), (LinkKind::Executable, Some("/w/p".into())));
        assert_eq!(parse_export_list("_a\n# no\n _b # yes\n\n"), ["_a", "_b"]);
    }

    proptest! {
        #[test]
        fn no_argument_list_panics_and_absolute_words_stay(args in proptest::collection::vec("[-a-zW,=./]{0,10}", 0..8)) {
            let recipe = Recipe::example("linux");
            let rewritten = rewrite(&args, Utf8Path::new("/w"), &recipe, &|_| false);
            for arg in args.iter().filter(|a| a.starts_with('/')) {
                prop_assert!(rewritten.args.iter().any(|r| r.contains(arg.as_str())) || args.iter().any(|a| a.starts_with("-Wl,-exp")));
            }
        }
    }
}
