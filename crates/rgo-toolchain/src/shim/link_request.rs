//! What a link command asks of its output, so that rgo can compare the two: linkers, zig first of
//! all, accept options and ignore some of them.

use camino::Utf8PathBuf;

use super::module_definition::Definition;

/// The requests of one link command. It holds only those whose effect the output shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkRequest {
    /// `-soname`: the library's soname.
    pub soname: Option<String>,
    /// `-install_name`: the install name of a Mach-O library.
    pub install_name: Option<String>,
    /// `-rpath`: folders in which the loader looks for libraries.
    pub rpaths: Vec<String>,
    /// `-Bsymbolic`: the library binds its references to its own symbols.
    pub symbolic: bool,
    /// The stack size of the first thread, as the command writes it.
    pub stack_size: Option<String>,
    /// `--subsystem`, without a version: `windows`, `console`, …
    pub subsystem: Option<String>,
    /// The oldest version of Windows for the PE header: `6.1`.
    pub os_version: Option<String>,
    /// The oldest version of the subsystem for the PE header: `6.1`.
    pub subsystem_version: Option<String>,
    /// Shared libraries, in the notation of `-l`, that the file must need even if it does not use
    /// them.
    pub needed: Vec<String>,
    /// DLLs to load only at the first call of one of their functions.
    pub delayed: Vec<String>,
    /// The entry point of a program.
    pub entry: Option<String>,
    /// Whether a program exports all its global symbols.
    pub exports_all: bool,
    /// Symbols to export, each from an option of its own.
    pub exported: Vec<String>,
    /// `-undefined dynamic_lookup`: the loader looks up symbols that no library defines.
    pub dynamic_lookup: bool,
    /// Files that list exports.
    pub lists: Vec<ExportList>,
}

/// A file that lists exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportList {
    /// The file.
    pub path: Utf8PathBuf,
    /// The syntax of the file.
    pub form: ListForm,
}

/// The syntax of a list of exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListForm {
    /// `VERSION { global: a; b*; local: *; };`
    VersionScript,
    /// `{ a; b*; };`: these in addition to others.
    DynamicList,
    /// One name a line: these and no others (Mach-O).
    Names,
    /// `EXPORTS`, then one name a line: these and no others (PE).
    Definition,
}

impl LinkRequest {
    /// Remembers a linker option. `name` has no dashes.
    pub(super) fn note(&mut self, name: &str, value: Option<&str>) {
        let value = value.unwrap_or_default();
        let text = || Some(value.to_owned());
        match name {
            "soname" | "h" => self.soname = text(),
            "install_name" | "dylib_install_name" => self.install_name = text(),
            "rpath" | "R" => self.rpaths.push(value.to_owned()),
            "Bsymbolic" => self.symbolic = true,
            "stack" | "stack_size" => self.stack_size = text(),
            "z" => {
                if let Some(size) = value.strip_prefix("stack-size=") {
                    self.stack_size = Some(size.to_owned());
                }
            }
            "subsystem" => {
                let mut parts = value.split(':').map(str::to_owned);
                self.subsystem = parts.next();
                self.subsystem_version = parts.next();
            }
            "delayload" => self.delayed.push(value.to_owned()),
            "e" | "entry" => self.entry = text(),
            "undefined" => self.dynamic_lookup |= value == "dynamic_lookup",
            "E" | "export-dynamic" | "export-all-symbols" => self.exports_all = true,
            "export-dynamic-symbol" | "exported_symbol" => self.exported.push(value.to_owned()),
            "version-script" => self.list(value, ListForm::VersionScript),
            "dynamic-list" | "export-dynamic-symbol-list" => {
                self.list(value, ListForm::DynamicList);
            }
            "exported_symbols_list" => self.list(value, ListForm::Names),
            _ => {}
        }
    }

    /// Remembers a file that lists exports.
    pub(super) fn list(&mut self, path: &str, form: ListForm) {
        self.lists.push(ExportList { path: path.into(), form });
    }
}

/// The patterns of the names that a list exports, in the syntax of [`glob`].
///
/// [`glob`]: https://man7.org/linux/man-pages/man7/glob.7.html
pub fn exported_by(text: &str, form: ListForm) -> Vec<String> {
    match form {
        ListForm::Names => names(text),
        ListForm::Definition => definition(text),
        ListForm::DynamicList => script(text, true),
        ListForm::VersionScript => script(text, false),
    }
}

/// One name a line; `#` begins a comment.
fn names(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The names in a module definition. The link has already reported its errors.
fn definition(text: &str) -> Vec<String> {
    let mut definition = Definition::default();
    let _ = definition.add(text);
    definition.names()
}

/// The global names of a version script, or all names of a dynamic list. `extern "C++" { … }` lists
/// demangled names, which cannot be compared with symbols; such a list allows everything.
fn script(text: &str, all: bool) -> Vec<String> {
    let mut found = Vec::new();
    let (mut is_global, mut is_inside) = (true, false);
    let words = words(&without_comments(text));
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        match (word, words.peek().copied()) {
            ("extern", _) => return vec!["*".to_owned()],
            ("global", Some(":")) => is_global = true,
            ("local", Some(":")) => is_global = false,
            ("{", _) => (is_global, is_inside) = (true, true),
            ("}", _) => is_inside = false,
            (name, Some(";")) if is_inside && (all || is_global) && name != ";" => {
                found.push(name.to_owned());
            }
            _ => {}
        }
    }
    found
}

/// Splits a script into names and punctuation.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut in_quotes = false;
    for letter in text.chars() {
        match letter {
            '"' => in_quotes = !in_quotes,
            ';' | '{' | '}' | ':' if !in_quotes => {
                words.extend([letter.to_string(), String::new()]);
            }
            letter if letter.is_whitespace() && !in_quotes => words.push(String::new()),
            letter => {
                if let Some(word) = words.last_mut() {
                    word.push(letter);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    let lines = plain.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_each_form() {
        for (form, text, expected) in [
            (ListForm::Names, "_a\n# no\n _b # yes\n\n", &["_a", "_b"][..]),
            (ListForm::Definition, "LIBRARY x\nEXPORTS\n  a\n  b=c @1 DATA ; d\n", &["a", "b"]),
            (ListForm::Definition, "EXPORTS a\n\"b\"\nc @1 NONAME\nVERSION 1\nc\n", &["a", "b"]),
            (ListForm::DynamicList, "{ a; \"b c\"; d*; };", &["a", "b c", "d*"]),
            (
                ListForm::VersionScript,
                "{\n  global:\n    a;\n    b;\n\n  local:\n    *;\n};",
                &["a", "b"],
            ),
            (ListForm::VersionScript, "V_1 { a; /* b; */ local: c; global: d; };", &["a", "d"]),
            (ListForm::VersionScript, "V_1 { global: a; local: *; }; V_2 { b; } V_1;", &["a", "b"]),
            (ListForm::VersionScript, "{ extern \"C++\" { ns::*; }; };", &["*"]),
            (ListForm::VersionScript, "", &[]),
            (ListForm::VersionScript, "}};;{:", &[]),
        ] {
            assert_eq!(exported_by(text, form), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "[a-c{};:*/\" \n#]{0,40}") {
            for form in [ListForm::VersionScript, ListForm::DynamicList, ListForm::Definition] {
                let _ = exported_by(&text, form);
            }
        }
    }
}
