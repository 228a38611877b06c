//! Passes options that LLD knows and zig's front end does not. zig links with LLD. So the shim
//! first links with zig, which prints its call of LLD, and then repeats that call with the options
//! added.
//!
//! ```text
//! ZIG_VERBOSE_LINK=1 zig cc …   stderr: ld.lld -m elf_x86_64 -o out crt1.o a.o libc.so.6 …
//! zig ld.lld -m elf_x86_64 -o out crt1.o a.o libc.so.6 …  --dynamic-list a.list
//! ```
//!
//! zig separates words by spaces and quotes none. The arguments that zig got tell which words
//! contain spaces.

use camino::Utf8Path;

/// The variable that makes zig print its calls of LLD.
pub(super) const SHOW: &str = "ZIG_VERBOSE_LINK";
/// The names of LLD for ELF and for PE.
const LINKERS: [&str; 2] = ["ld.lld", "lld-link"];
/// The object files that compilers link before and after the inputs.
const START_FILES: [&str; 6] = ["crt1.o", "Scrt1.o", "rcrt1.o", "gcrt1.o", "crti.o", "crtn.o"];

/// A call of LLD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LldCall {
    /// The name of the linker, which is also zig's subcommand for it.
    pub linker: String,
    /// The arguments of the call.
    pub args: Vec<String>,
}

impl LldCall {
    /// Finds zig's call of LLD in zig's output. `given` are the arguments that zig got.
    pub(super) fn in_output(stderr: &str, given: &[String]) -> Option<Self> {
        stderr.lines().rev().find_map(|line| {
            let (linker, rest) = line.split_once(' ')?;
            let args = || split(rest, &with_spaces(given));
            LINKERS.contains(&linker).then(|| Self { linker: linker.to_owned(), args: args() })
        })
    }

    /// The same call, with these libraries needed even if the file does not use them. LLD takes the
    /// stronger of two mentions. This skips libraries that zig does not link: the comparison after
    /// the link reports them.
    pub(super) fn needing(mut self, libraries: &[String]) -> Self {
        let path = |name: &String| {
            let start = format!("lib{name}.so");
            let is_it = |arg: &&String| {
                Utf8Path::new(arg).file_name().is_some_and(|file| file.starts_with(&start))
            };
            self.args.iter().find(is_it).cloned()
        };
        let paths: Vec<String> = libraries.iter().filter_map(path).collect();
        if !paths.is_empty() {
            self.args.push("--no-as-needed".to_owned());
            self.args.extend(paths);
        }
        self
    }

    /// The same call with more options. If `more` has version scripts, it has all of them, in the
    /// order of the command; so this removes the one that zig passed.
    pub(super) fn with(mut self, more: &[String], no_start_files: bool) -> Self {
        if more.iter().any(|word| word == "--version-script") {
            let at = self.args.iter().position(|word| word == "-version-script");
            if let Some(at) = at.filter(|at| at + 1 < self.args.len()) {
                self.args.drain(at..at + 2);
            }
        }
        if no_start_files {
            let is_start_file = |arg: &String| {
                Utf8Path::new(arg).file_name().is_some_and(|name| START_FILES.contains(&name))
            };
            self.args.retain(|arg| !is_start_file(arg));
        }
        self.args.extend_from_slice(more);
        self
    }
}

/// The parts of arguments that contain spaces, the longest first: paths, their folders, and the
/// stems from which zig derives other names.
fn with_spaces(given: &[String]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for arg in given {
        let path = Utf8Path::new(arg);
        parts.push(arg.clone());
        parts.push(path.with_extension("").into_string());
        parts.extend(path.ancestors().skip(1).map(ToString::to_string));
        // Options like -L have their path joined to them.
        parts.extend(arg.find('/').and_then(|at| arg.get(at..)).map(str::to_owned));
    }
    parts.retain(|part| part.contains(' '));
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts.dedup();
    parts
}

fn split(line: &str, with_spaces: &[String]) -> Vec<String> {
    // No argument of a command can contain a NUL, so it can stand for a space.
    let line = with_spaces
        .iter()
        .fold(line.to_owned(), |line, part| line.replace(part.as_str(), &part.replace(' ', "\0")));
    line.split(' ').filter(|word| !word.is_empty()).map(|word| word.replace('\0', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[&str]) -> Vec<String> {
        text.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn what_zig_shows_is_read_back() {
        let given = words(&["-o", "/a b/lib c.so", "/a b/x 1.o", "-L/a b/c d", "/plain/y.o"]);
        let said = "ar rcs x\nld.lld -m elf -o /a b/lib c.so -L/a b/c d /a b/x 1.o /plain/y.o\nwarning: w\n";
        let call = LldCall::in_output(said, &given).expect("is there");
        assert_eq!(call.linker, "ld.lld");
        let args = ["-m", "elf", "-o", "/a b/lib c.so", "-L/a b/c d", "/a b/x 1.o", "/plain/y.o"];
        assert_eq!(call.args, args);
        let said =
            "lld-link -OUT:/a b/lib c.so -PDB:/a b/lib c.pdb -IMPLIB:/a b/x 1.lib /a b/x 1.o";
        let call = LldCall::in_output(said, &given).expect("is there");
        let args =
            ["-OUT:/a b/lib c.so", "-PDB:/a b/lib c.pdb", "-IMPLIB:/a b/x 1.lib", "/a b/x 1.o"];
        assert_eq!(call.args, args);
        assert_eq!(LldCall::in_output("error: unsupported linker arg: -x", &given), None);
        assert_eq!(LldCall::in_output("", &[]), None);
    }

    #[test]
    fn options_are_added_and_scripts_replaced() {
        let call = LldCall {
            linker: "ld.lld".into(),
            args: words(&["/c/crt1.o", "-version-script", "b", "a.o", "/c/crtn.o"]),
        };
        let more = words(&["--version-script", "a", "--version-script", "b"]);
        let with = call.clone().with(&more, false);
        assert_eq!(with.args, [&words(&["/c/crt1.o", "a.o", "/c/crtn.o"])[..], &more].concat());
        assert_eq!(call.with(&[], true).args, words(&["-version-script", "b", "a.o"]));
    }

    #[test]
    fn libraries_are_needed_by_the_path_that_zig_has_for_them() {
        let args = words(&["a.o", "--as-needed", "/c/libm.so.6", "/c/libmm.so.1"]);
        let call = LldCall { linker: "ld.lld".into(), args: args.clone() };
        let needing = call.needing(&words(&["m", "none"]));
        assert_eq!(needing.args, [args, words(&["--no-as-needed", "/c/libm.so.6"])].concat());
    }
}
