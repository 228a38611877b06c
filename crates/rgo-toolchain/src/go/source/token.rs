//! Splits Go source into tokens, with the semicolons that Go inserts at the ends of lines. A token
//! that Go rejects ends at the next character or line, and marks the file as damaged.
//!
//! Specification: <https://go.dev/ref/spec#Lexical_elements>

/// The class of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier or a keyword.
    Name,
    /// An integer, such as `0x1F`.
    Integer,
    /// A floating-point or imaginary number.
    Float,
    /// `'a'`.
    Rune,
    /// `"a"` or `` `a` ``.
    Text,
    /// An operator or bracket.
    Operator,
    /// A semicolon, or the end of a line where Go inserts one.
    End,
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// Where it begins in the file, in bytes.
    pub(super) offset: usize,
    /// The line in which it begins, from 1.
    pub(super) line: u32,
}

impl Token<'_> {
    /// Whether it is this operator or bracket.
    pub(super) fn is(&self, operator: &str) -> bool {
        self.kind == Kind::Operator && self.text == operator
    }

    /// Whether it is a name that a program may declare.
    pub(super) fn is_identifier(&self) -> bool {
        self.kind == Kind::Name && !KEYWORDS.contains(&self.text)
    }

    /// Whether Go inserts a semicolon if this token is the last of its line.
    fn ends_statement(&self) -> bool {
        match self.kind {
            Kind::Name => self.is_identifier() || BEFORE_SEMICOLON.contains(&self.text),
            Kind::Operator => matches!(self.text, "++" | "--" | ")" | "]" | "}"),
            Kind::End => false,
            Kind::Integer | Kind::Float | Kind::Rune | Kind::Text => true,
        }
    }
}

const KEYWORDS: [&str; 25] = [
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
];

/// The keywords after which the end of a line ends the statement.
const BEFORE_SEMICOLON: [&str; 4] = ["break", "continue", "fallthrough", "return"];

/// The operators of several characters, longest first.
const LONG_OPERATORS: [&str; 25] = [
    "<<=", ">>=", "&^=", "...", "&&", "||", "<-", "++", "--", "==", "!=", "<=", ">=", ":=", "+=",
    "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "&^",
];

/// Iterates over the tokens of a file.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// Whether a semicolon is inserted at the next end of a line.
    ends_statement: bool,
    /// The line of the first text that is no token of Go.
    damaged: Option<u32>,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // Go ignores a byte order mark at the beginning.
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, line: 1, ends_statement: false, damaged: None }
    }

    /// The line of the first text, of what was read so far, that is no token of Go.
    pub(super) fn damaged(&self) -> Option<u32> {
        self.damaged
    }

    /// The line that is read.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn damage(&mut self) {
        self.damaged.get_or_insert(self.line);
    }

    /// Takes this many bytes.
    fn take(&mut self, kind: Kind, length: usize) -> Token<'t> {
        let (offset, line) = (self.at, self.line);
        let text = self.rest().get(..length).unwrap_or(self.rest());
        self.advance(text);
        let token = Token { kind, text, offset, line };
        self.ends_statement = token.ends_statement();
        token
    }

    fn advance(&mut self, text: &str) {
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at += text.len();
    }

    /// Skips a comment. Returns whether it acts like the end of a line.
    fn skip_comment(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("//") {
            // The end of the line is read by itself.
            let end = rest.find('\n').unwrap_or(rest.len());
            self.at += end;
            return false;
        }
        let end = rest.get(2..).and_then(|rest| rest.find("*/")).map(|end| end + 4);
        if end.is_none() {
            self.damage();
        }
        let comment = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        self.advance(comment);
        comment.contains('\n')
    }

    /// Skips blanks and comments. Returns whether a semicolon is to be inserted here.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let is_line_end = match rest.as_bytes() {
                [b'\n', ..] => {
                    self.advance("\n");
                    true
                }
                [b' ' | b'\t' | b'\r', ..] => {
                    self.at += 1;
                    false
                }
                [b'/', b'/' | b'*', ..] => self.skip_comment(),
                [] => return std::mem::take(&mut self.ends_statement),
                _ => return false,
            };
            if is_line_end && std::mem::take(&mut self.ends_statement) {
                return true;
            }
        }
    }

    /// Takes a literal between quotes. A line's end within it is damage.
    fn take_quoted(&mut self, kind: Kind, quote: u8) -> Token<'t> {
        let bytes = self.rest().as_bytes();
        let mut end = 1;
        loop {
            match bytes.get(end) {
                Some(b'\\') if !matches!(bytes.get(end + 1), None | Some(b'\n')) => end += 2,
                Some(byte) if *byte == quote => return self.take(kind, end + 1),
                Some(b'\n') | None => {
                    self.damage();
                    return self.take(kind, end);
                }
                Some(_) => end += 1,
            }
        }
    }

    fn take_raw(&mut self) -> Token<'t> {
        let rest = self.rest();
        let end = rest.get(1..).and_then(|rest| rest.find('`'));
        if end.is_none() {
            self.damage();
        }
        self.take(Kind::Text, end.map_or(rest.len(), |end| end + 2))
    }

    /// Takes a number. Its letters are not checked.
    fn take_number(&mut self) -> Token<'t> {
        let bytes = self.rest().as_bytes();
        let is_hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
        let is_exponent = |byte: &u8| matches!((byte | 0x20, is_hex), (b'e', false) | (b'p', true));
        let (mut end, mut is_float) = (0, false);
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'.' => is_float = true,
                b'+' | b'-' if end > 0 && bytes.get(end - 1).is_some_and(is_exponent) => {}
                _ if byte.is_ascii_alphanumeric() || *byte == b'_' => {
                    is_float |= is_exponent(byte) || *byte == b'i';
                }
                _ => break,
            }
            end += 1;
        }
        self.take(if is_float { Kind::Float } else { Kind::Integer }, end)
    }

    fn take_operator(&mut self) -> Token<'t> {
        let rest = self.rest();
        if let Some(operator) = LONG_OPERATORS.iter().find(|it| rest.starts_with(**it)) {
            return self.take(Kind::Operator, operator.len());
        }
        let first = rest.chars().next().unwrap_or_default();
        if !"+-*/%&|^<>=!()[]{},.:~".contains(first) {
            self.damage();
        }
        self.take(Kind::Operator, first.len_utf8())
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        if self.skip_blanks() {
            return Some(self.take(Kind::End, 0));
        }
        let rest = self.rest();
        let first = rest.chars().next()?;
        Some(match first {
            ';' => self.take(Kind::End, 1),
            '"' => self.take_quoted(Kind::Text, b'"'),
            '\'' => self.take_quoted(Kind::Rune, b'\''),
            '`' => self.take_raw(),
            '0'..='9' => self.take_number(),
            '.' if rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => self.take_number(),
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                self.take(Kind::Name, end.unwrap_or(rest.len()))
            }
            _ => self.take_operator(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The tokens' texts; an inserted semicolon is `#`.
    fn texts(text: &str) -> Vec<&str> {
        Tokens::new(text)
            .map(|token| if token.text.is_empty() { "#" } else { token.text })
            .collect()
    }

    #[test]
    fn semicolons_are_inserted_where_the_specification_has_them() {
        for (text, expected) in [
            ("a\n", "a #"),
            ("a", "a #"),
            ("a; b\n", "a ; b #"),
            ("a +\nb", "a + b #"),
            ("return\nif\n", "return # if"),
            ("break\ncontinue\nfallthrough\ngoto\n", "break # continue # fallthrough # goto"),
            ("1\n1.5\n'a'\n`a`\n", "1 # 1.5 # 'a' # `a` #"),
            (")\n]\n}\n(\n", ") # ] # } # ("),
            ("a++\nb--\nc =\n", "a ++ # b -- # c ="),
            ("a // comment\nb", "a # b #"),
            ("a /* one line */ b", "a b #"),
            ("a /* two\nlines */ b", "a # b #"),
            ("a /* two\n", "a #"),
            ("\n\n//\n", ""),
            ("", ""),
        ] {
            assert_eq!(texts(text).join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn tokens_are_gos() {
        for (text, expected) in [
            ("名=x_1", "名 = x_1 #"),
            ("a.b...c<<=1&^=2", "a . b ... c <<= 1 &^= 2 #"),
            (r#""a\"b\\" '\'' '\u00e4'"#, r#""a\"b\\" '\'' '\u00e4' #"#),
            ("`a\\\nb`", "`a\\\nb` #"),
            ("1e+5 0x1e+5 0x1p-2 .5 1_000 0b1i", "1e+5 0x1e + 5 0x1p-2 .5 1_000 0b1i #"),
            ("a<-b", "a <- b #"),
            ("[~int|string]", "[ ~ int | string ] #"),
            ("\u{feff}package x", "package x #"),
        ] {
            assert_eq!(texts(text).join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn kinds_of_numbers() {
        for (text, kind) in [
            ("12", Kind::Integer),
            ("0x1F", Kind::Integer),
            ("0xe", Kind::Integer),
            ("1.", Kind::Float),
            ("1e5", Kind::Float),
            ("0x1p4", Kind::Float),
            ("3i", Kind::Float),
        ] {
            let kinds: Vec<Kind> = Tokens::new(text).map(|token| token.kind).collect();
            assert_eq!(kinds, [kind, Kind::End], "{text}");
        }
    }

    #[test]
    fn what_is_no_token_is_damage_in_its_line() {
        for (text, line) in [
            ("a\n\"b\nc", Some(2)),
            ("'\n", Some(1)),
            ("\n\n`a\nb", Some(3)),
            ("/* a\n", Some(1)),
            ("a\nb @ c", Some(2)),
            ("\"\\\n", Some(1)),
            ("\"\\", Some(1)),
            ("a := `b\n`\n", None),
        ] {
            let mut tokens = Tokens::new(text);
            tokens.by_ref().for_each(drop);
            assert_eq!(tokens.damaged(), line, "{text:?}");
        }
    }

    proptest! {
        /// Any text is read to its end, and each token is where it says.
        #[test]
        fn any_text_is_read(text in "([a-z0-9 \"'`/*\\\\.;\n(){}=+<-]|.){0,60}") {
            let mut end = 0;
            for token in Tokens::new(&text) {
                prop_assert!(token.offset >= end);
                prop_assert!(!token.text.is_empty() || token.kind == Kind::End);
                end = token.offset + token.text.len();
                prop_assert_eq!(&text[token.offset..end], token.text);
            }
        }
    }
}
