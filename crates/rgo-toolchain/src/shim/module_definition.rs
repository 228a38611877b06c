//! Module definitions: files that list the exports of a DLL. rustc passes one for every library, a
//! crate may pass another, and `lld-link` reads only the last. So this module merges them into one.
//! Pure.
//!
//! ```text
//! LIBRARY plug.dll BASE=0x180000000
//! VERSION 2.5
//! STACKSIZE 0x300000,0x2000
//! EXPORTS
//!     plug_add @7                    by name and by ordinal
//!     plug_sum=plug_add @8 NONAME    by ordinal alone
//!     plug_count DATA                data, not a function
//!     plug_ticks=KERNEL32.GetTickCount    forwarded to another DLL
//! ```
//!
//! `lld-link` reads only decimal numbers. It accepts no byte order mark, and none of the statements
//! that other linkers ignore. (Microsoft, "Module-Definition (.Def) Files"; GNU binutils,
//! `ld/deffilep.y`)

use std::collections::HashMap;
use std::fmt::Write;

/// The content of all definitions of a link, merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Definition {
    /// The library's name, with its extension.
    pub(super) library: Option<String>,
    base: Option<u64>,
    version: Option<(u64, u64)>,
    stack: Option<(u64, Option<u64>)>,
    heap: Option<(u64, Option<u64>)>,
    exports: Vec<DefinedExport>,
    /// The indexes in `exports` for each name.
    places: HashMap<String, Places>,
}

/// The indexes of the exports with one name. The name has several if it stands for several symbols.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Places {
    first: Option<usize>,
    /// The export whose symbol no definition has named yet; it is then the only one of its name.
    without_internal: Option<usize>,
    by_internal: HashMap<String, usize>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct DefinedExport {
    name: String,
    /// The symbol, if it differs from the name.
    internal: Option<String>,
    /// The name in import libraries.
    imported: Option<String>,
    ordinal: Option<u64>,
    flags: Flags,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    noname: bool,
    data: bool,
    private: bool,
    constant: bool,
}

impl Flags {
    fn set(&mut self, word: &str) -> bool {
        let flag = match word {
            "NONAME" | "noname" => &mut self.noname,
            "DATA" | "data" => &mut self.data,
            "PRIVATE" | "private" => &mut self.private,
            "CONSTANT" | "constant" => &mut self.constant,
            _ => return false,
        };
        *flag = true;
        true
    }
}

/// Words that begin a statement.
const STATEMENTS: [&str; 11] = [
    "EXPORTS",
    "LIBRARY",
    "NAME",
    "BASE",
    "VERSION",
    "STACKSIZE",
    "HEAPSIZE",
    "DESCRIPTION",
    "SECTIONS",
    "SEGMENTS",
    "IMPORTS",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    /// A word, and whether quotes enclosed it.
    Word(&'t str, bool),
    Sign(&'t str),
}

/// The tokens of a text, each with its line number.
fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut found = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let (token, after) = match first {
                ';' => break,
                '"' | '\'' => {
                    let inner = rest.get(1..).unwrap_or_default();
                    let (word, after) = inner.split_once(first).unwrap_or((inner, ""));
                    (Token::Word(word, true), after)
                }
                '=' => {
                    let length = if rest.starts_with("==") { 2 } else { 1 };
                    let (sign, after) = rest.split_at(length);
                    (Token::Sign(sign), after)
                }
                ',' | '@' => {
                    let (sign, after) = rest.split_at(1);
                    (Token::Sign(sign), after)
                }
                _ => {
                    let is_end = |c: char| c.is_whitespace() || matches!(c, '=' | ',' | ';' | '"');
                    let (word, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
                    (Token::Word(word, false), after)
                }
            };
            found.push((number, token));
            rest = after.trim_start();
        }
    }
    found
}

struct TokenReader<'t> {
    tokens: std::iter::Peekable<std::vec::IntoIter<(usize, Token<'t>)>>,
}

impl<'t> TokenReader<'t> {
    fn next_if(&mut self, is: impl Fn(usize, Token<'t>) -> bool) -> Option<(usize, Token<'t>)> {
        self.tokens.next_if(|(line, token)| is(*line, *token))
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.next_if(|_, token| token == Token::Sign(sign)).is_some()
    }

    /// Takes the next word, unless it begins a statement.
    fn name(&mut self) -> Option<(usize, &'t str)> {
        let found = self.next_if(|_, token| {
            matches!(token, Token::Word(word, quoted) if quoted || !STATEMENTS.contains(&word))
        });
        match found {
            Some((line, Token::Word(word, _))) => Some((line, word)),
            _ => None,
        }
    }

    fn word(&mut self, of: &str) -> Result<&'t str, String> {
        match self.tokens.next() {
            Some((_, Token::Word(word, _))) => Ok(word),
            _ => Err(format!("{of} is not followed by a name")),
        }
    }

    fn number(&mut self, of: &str) -> Result<u64, String> {
        let word = self.word(of)?;
        let number = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => word.parse(),
        };
        number.map_err(|_| format!("{of} is not followed by a number, but by `{word}`"))
    }

    fn sizes(&mut self, of: &str) -> Result<(u64, Option<u64>), String> {
        let reserved = self.number(of)?;
        let committed = self.sign(",").then(|| self.number(of)).transpose()?;
        Ok((reserved, committed))
    }

    fn export(&mut self, line: usize, name: &str) -> Result<DefinedExport, String> {
        let mut export = DefinedExport { name: name.to_owned(), ..DefinedExport::default() };
        let of = format!("the export {name}");
        if self.sign("=") {
            export.internal = Some(self.word(&of)?.to_owned());
        }
        if self.sign("==") {
            export.imported = Some(self.word(&of)?.to_owned());
        }
        let names = [Some(name), export.internal.as_deref(), export.imported.as_deref()];
        if names.into_iter().flatten().any(|name| name.contains('"')) {
            return Err(format!("{of} has a quotation mark"));
        }
        loop {
            if self.sign("@") {
                export.ordinal = Some(self.number(&of)?);
                continue;
            }
            // A flag in lower case on the next line may be the name of the next export.
            let is_flag = |at: usize, token: Token<'t>| match token {
                Token::Word(word, false) => {
                    let is_loud = word.chars().all(|c| c.is_ascii_uppercase());
                    Flags::default().set(word) && (is_loud || at == line)
                }
                _ => false,
            };
            match self.next_if(is_flag) {
                Some((_, Token::Word(word, _))) => export.flags.set(word),
                _ => return Ok(export),
            };
        }
    }
}

impl Definition {
    /// Reads a text and merges it. If two texts contradict each other, the first wins.
    ///
    /// # Errors
    /// A message that names the statement that is incomplete, or that LLD lacks.
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
        let mut reader = TokenReader { tokens: tokens(text).into_iter().peekable() };
        while let Some((_, token)) = reader.tokens.next() {
            let Token::Word(statement, false) = token else {
                return Err("it has something before its first statement".to_owned());
            };
            match statement {
                "EXPORTS" => {
                    while let Some((line, name)) = reader.name() {
                        let export = reader.export(line, name)?;
                        self.export(export);
                    }
                }
                "LIBRARY" | "NAME" => {
                    let name = reader.name().map(|(_, name)| name);
                    if reader.next_if(|_, token| token == Token::Word("BASE", false)).is_some() {
                        if !reader.sign("=") {
                            return Err("BASE is not followed by `=`".to_owned());
                        }
                        self.base = self.base.or(Some(reader.number("BASE")?));
                    }
                    if statement == "LIBRARY" && self.library.is_none() {
                        self.library = name.map(with_extension);
                    }
                }
                "VERSION" => {
                    let word = reader.word("VERSION")?;
                    let (major, minor) = word.split_once('.').unwrap_or((word, "0"));
                    let version = major.parse().ok().zip(minor.parse().ok());
                    let version = version.ok_or_else(|| {
                        format!("VERSION is not followed by a version, but by `{word}`")
                    })?;
                    self.version = self.version.or(Some(version));
                }
                "STACKSIZE" => self.stack = self.stack.or(Some(reader.sizes("STACKSIZE")?)),
                "HEAPSIZE" => self.heap = self.heap.or(Some(reader.sizes("HEAPSIZE")?)),
                // All linkers ignore it.
                "DESCRIPTION" => {
                    reader.word("DESCRIPTION")?;
                }
                other => return Err(format!("LLD has nothing for its `{other}`")),
            }
        }
        Ok(())
    }

    /// Merges two mentions of one export: rustc lists every export, and the crate's list adds the
    /// details.
    fn export(&mut self, new: DefinedExport) {
        let next = self.exports.len();
        let places = self.places.entry(new.name.clone()).or_default();
        let known = match &new.internal {
            None => places.first,
            Some(internal) => {
                let known = places.without_internal.take();
                let known = known.or_else(|| places.by_internal.get(internal).copied());
                places.by_internal.insert(internal.clone(), known.unwrap_or(next));
                known
            }
        };
        let Some(old) = known.and_then(|place| self.exports.get_mut(place)) else {
            places.first = places.first.or(Some(next));
            places.without_internal = new.internal.is_none().then_some(next);
            return self.exports.push(new);
        };
        old.internal = old.internal.take().or(new.internal);
        old.imported = old.imported.take().or(new.imported);
        old.ordinal = old.ordinal.or(new.ordinal);
        old.flags.noname |= new.flags.noname;
        old.flags.data |= new.flags.data;
        old.flags.private |= new.flags.private;
        old.flags.constant |= new.flags.constant;
    }

    /// The names of the exports, without those that have only an ordinal.
    #[must_use]
    pub(super) fn names(&self) -> Vec<String> {
        let named = self.exports.iter().filter(|export| !export.flags.noname);
        named.map(|export| export.name.clone()).collect()
    }

    /// Whether it exports nothing, neither by name nor by ordinal.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.exports.is_empty()
    }

    /// Further options for `lld-link`. In a definition, it reads the base only after a name, and
    /// that name would go into import libraries.
    #[must_use]
    pub(super) fn options(&self) -> Vec<String> {
        self.base.map(|base| format!("-BASE:{base}")).into_iter().collect()
    }

    /// The merged definition in the syntax of `lld-link`.
    #[must_use]
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{words}");
        };
        if let Some((major, minor)) = self.version {
            line(format_args!("VERSION {major}.{minor}"));
        }
        for (statement, sizes) in [("STACKSIZE", self.stack), ("HEAPSIZE", self.heap)] {
            match sizes {
                Some((reserved, Some(committed))) => {
                    line(format_args!("{statement} {reserved},{committed}"));
                }
                Some((reserved, None)) => line(format_args!("{statement} {reserved}")),
                None => {}
            }
        }
        line(format_args!("EXPORTS"));
        for export in &self.exports {
            let Flags { noname, data, private, constant } = export.flags;
            let mut words = format!("\"{}\"", export.name);
            for (sign, name) in [("=", &export.internal), ("==", &export.imported)] {
                if let Some(name) = name {
                    words += &format!("{sign}\"{name}\"");
                }
            }
            if let Some(ordinal) = export.ordinal {
                words += &format!(" @{ordinal}");
            }
            let flags =
                [(noname, "NONAME"), (data, "DATA"), (private, "PRIVATE"), (constant, "CONSTANT")];
            for (_, flag) in flags.into_iter().filter(|(is, _)| *is) {
                words += &format!(" {flag}");
            }
            line(format_args!("    {words}"));
        }
        text
    }
}

fn with_extension(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.dll") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(texts: &[&str]) -> Result<Definition, String> {
        let mut definition = Definition::default();
        texts.iter().try_for_each(|text| definition.add(text))?;
        Ok(definition)
    }

    #[test]
    fn definitions_become_one_that_lld_reads() {
        let rustcs = "EXPORTS\n    plug_add\n    plug_count DATA\n    version\n";
        for (texts, expected) in [
            (&[rustcs][..], "EXPORTS\n \"plug_add\"\n \"plug_count\" DATA\n \"version\"\n"),
            (
                &[
                    "EXPORTS\n plug_add @7 NONAME\n plug_sum=plug_add @ 0x8\n plug_count data\n",
                    rustcs,
                ],
                "EXPORTS\n \"plug_add\" @7 NONAME\n \"plug_sum\"=\"plug_add\" @8\n \"plug_count\" DATA\n \"version\"\n",
            ),
            (
                &[rustcs, "EXPORTS plug_add PRIVATE"],
                "EXPORTS\n \"plug_add\" PRIVATE\n \"plug_count\" DATA\n \"version\"\n",
            ),
            (
                &[
                    "\u{feff}LIBRARY plug BASE=0x190000000 ; c\r\nVERSION 2.5\r\nSTACKSIZE 0x300000,0x2000\r\n\
                   HEAPSIZE 327680\r\nDESCRIPTION \"EXPORTS x\"\r\nEXPORTS\r\n t=KERNEL32.GetTickCount\r\n",
                ],
                "VERSION 2.5\nSTACKSIZE 3145728,8192\nHEAPSIZE 327680\nEXPORTS\n \
                 \"t\"=\"KERNEL32.GetTickCount\"\n",
            ),
            (
                &["VERSION 3\nEXPORTS\n a==b\n \"?x@@YA\"=y\n"],
                "VERSION 3.0\nEXPORTS\n \"a\"==\"b\"\n \"?x@@YA\"=\"y\"\n",
            ),
            (&["EXPORTS\n a\n data\n b DATA\n"], "EXPORTS\n \"a\"\n \"data\"\n \"b\" DATA\n"),
            (&["EXPORTS\n \"EXPORTS\"\n _f@8 @3\n"], "EXPORTS\n \"EXPORTS\"\n \"_f@8\" @3\n"),
            (&["NAME prog.exe\nEXPORTS\n"], "EXPORTS\n"),
            (&[""], "EXPORTS\n"),
        ] {
            let text = read(texts).expect("reads").text();
            assert_eq!(text.replace("    ", " "), expected, "{texts:?}");
        }
        let definition = read(&["LIBRARY a\nEXPORTS\n b\n c @1 NONAME\n"]).expect("reads");
        assert_eq!(definition.library.as_deref(), Some("a.dll"));
        assert_eq!(definition.names(), ["b"]);
        assert!(!definition.is_empty());
        let definition = read(&["LIBRARY b BASE=0x190000000\n"]).expect("reads");
        assert_eq!(definition.options(), ["-BASE:6710886400"]);
        let definition = read(&["LIBRARY b.ocx\n"]).expect("reads");
        assert_eq!(definition.library.as_deref(), Some("b.ocx"));
        assert!(definition.is_empty());
    }

    #[test]
    fn a_statement_that_nothing_follows_is_named() {
        for (text, words) in [
            ("SECTIONS\n .text READ\n", "`SECTIONS`"),
            ("IMPORTS\n a=b.c\n", "`IMPORTS`"),
            ("STUB:x\n", "`STUB:x`"),
            ("STACKSIZE x\n", "STACKSIZE"),
            ("EXPORTS a @x", "the export a"),
            ("EXPORTS a=", "the export a"),
            ("LIBRARY a BASE", "BASE"),
            ("VERSION x", "VERSION"),
            ("= a", "before its first statement"),
            ("HEAPSIZE", "HEAPSIZE"),
            ("EXPORTS 'a\"b'", "quotation mark"),
        ] {
            let why = read(&[text]).expect_err(text);
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_its_own_text_again(text in "(EXPORTS|LIBRARY|BASE|a|b|=|==|@|,|;|\"|'|1|DATA|data| |\n|ü){0,30}") {
            if let Ok(definition) = read(&[&text]) {
                let again = read(&[&definition.text()]).expect("reads");
                prop_assert_eq!(again.names(), definition.names());
            }
        }
    }
}
