//! Reads the declarations at the top level of a Go file, without those of functions' bodies:
//!
//! ```text
//! const ( a = "x"; b )          b repeats the type and the value of a
//! var c, d T = e, f             each name has a value
//! var g, h = i()                several names have one value
//! type j = string               an alias; `type j string` declares another type
//! func k[T any]() { … }
//! func (l) m() { … }            a method, which is no name of the package
//! ```
//!
//! Specification: <https://go.dev/ref/spec#Declarations_and_scope>

use std::rc::Rc;

use super::token::{Kind, Token, Tokens};

/// The declarations of a file.
#[derive(Debug, Default)]
pub(super) struct File<'t> {
    /// The name in the package clause.
    pub(super) package: Option<&'t str>,
    /// Without `_` and `init`, which nothing can refer to.
    pub(super) declarations: Vec<Named<'t>>,
    /// The first line that is not Go, as far as this reader sees.
    pub(super) unreadable: Option<u32>,
}

/// A declaration and its name.
#[derive(Debug)]
pub(super) struct Named<'t> {
    pub(super) name: &'t str,
    pub(super) line: u32,
    pub(super) declaration: Declaration<'t>,
}

#[derive(Debug)]
pub(super) enum Declaration<'t> {
    Variable(Value<'t>),
    Constant(Value<'t>),
    /// The type that it is another name of.
    Alias(Rc<Source<'t>>),
    Type,
    Function,
}

/// The type and the value of a variable or constant, as they are written.
#[derive(Debug)]
pub(super) struct Value<'t> {
    pub(super) declared_type: Option<Rc<Source<'t>>>,
    pub(super) initial: Initial<'t>,
}

#[derive(Debug)]
pub(super) enum Initial<'t> {
    None,
    One(Rc<Source<'t>>),
    /// One expression with values for several names.
    Several(Rc<Source<'t>>),
}

/// A type or an expression. What is within braces is left out of the tokens: no constant and no name
/// of a type has braces, and tables are long.
#[derive(Debug)]
pub(super) struct Source<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    /// All of it, as it is written.
    pub(super) text: &'t str,
}

impl<'t> Source<'t> {
    fn new(file: &'t str, tokens: &[Token<'t>]) -> Rc<Self> {
        let start = tokens.first().map_or(0, |token| token.offset);
        let end = tokens.last().map_or(0, |token| token.offset + token.text.len());
        let text = file.get(start..end).unwrap_or_default();
        Rc::new(Self { tokens: tokens.to_vec(), text })
    }
}

/// Reads a file. What it cannot read, it skips.
pub(super) fn read(text: &str) -> File<'_> {
    let mut reader =
        Reader { text, tokens: Tokens::new(text), peeked: None, file: File::default() };
    reader.read_file();
    let damaged = reader.tokens.damaged();
    let mut file = reader.file;
    file.unreadable = file.unreadable.into_iter().chain(damaged).min();
    file
}

struct Reader<'t> {
    text: &'t str,
    tokens: Tokens<'t>,
    peeked: Option<Token<'t>>,
    file: File<'t>,
}

/// How a statement ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// By a semicolon.
    Statement,
    /// By a bracket that it did not open, such as the last of a group.
    Group,
    File,
}

/// The type and the values of the last constant that has them.
type Repeated<'t> = (Option<Rc<Source<'t>>>, Vec<Rc<Source<'t>>>);

impl<'t> Reader<'t> {
    fn peek(&mut self) -> Option<Token<'t>> {
        if self.peeked.is_none() {
            self.peeked = self.tokens.next();
        }
        self.peeked
    }

    fn next(&mut self) -> Option<Token<'t>> {
        self.peeked.take().or_else(|| self.tokens.next())
    }

    fn cannot_read(&mut self, line: u32) {
        self.file.unreadable.get_or_insert(line);
    }

    fn read_file(&mut self) {
        while let Some(token) = self.peek() {
            match (token.kind, token.text) {
                (Kind::End, _) => _ = self.next(),
                (Kind::Name, "const" | "var" | "type") => {
                    self.next();
                    self.read_group(token.text);
                }
                (Kind::Name, "package" | "import" | "func") => {
                    self.next();
                    let statement = self.whole_statement();
                    self.add_other(token.text, &statement);
                }
                _ => {
                    self.cannot_read(token.line);
                    self.statement();
                }
            }
        }
    }

    /// The rest of a statement, and how it ended.
    fn statement(&mut self) -> (Vec<Token<'t>>, Ended) {
        let (mut kept, mut depth, mut braces) = (Vec::new(), 0_usize, 0_usize);
        while let Some(token) = self.next() {
            let is_kept = braces == 0;
            if token.kind == Kind::End && depth == 0 {
                return (kept, Ended::Statement);
            }
            match opens(&token) {
                Some(true) => {
                    depth += 1;
                    braces += usize::from(token.text == "{");
                }
                Some(false) if depth == 0 => return (kept, Ended::Group),
                Some(false) => {
                    depth -= 1;
                    braces = braces.saturating_sub(usize::from(token.text == "}"));
                }
                None => {}
            }
            if is_kept || braces == 0 {
                kept.push(token);
            }
        }
        if depth > 0 {
            self.cannot_read(self.tokens.line());
        }
        (kept, Ended::File)
    }

    /// The rest of a statement that is in no group.
    fn whole_statement(&mut self) -> Vec<Token<'t>> {
        let line = self.tokens.line();
        let (tokens, ended) = self.statement();
        if ended == Ended::Group {
            self.cannot_read(line);
        }
        tokens
    }

    /// Reads what follows `const`, `var` or `type`.
    fn read_group(&mut self, keyword: &str) {
        let mut repeated = (None, Vec::new());
        if !self.peek().is_some_and(|token| token.is("(")) {
            let statement = self.whole_statement();
            self.add(keyword, &statement, &mut repeated);
            return;
        }
        self.next();
        let mut ended = Ended::Statement;
        while ended == Ended::Statement {
            let (tokens, how) = self.statement();
            if !tokens.is_empty() {
                self.add(keyword, &tokens, &mut repeated);
            }
            ended = how;
        }
        let after = self.whole_statement();
        if let Some(token) = after.first() {
            self.cannot_read(token.line);
        }
        if ended == Ended::File {
            self.cannot_read(self.tokens.line());
        }
    }

    fn add(&mut self, keyword: &str, tokens: &[Token<'t>], repeated: &mut Repeated<'t>) {
        let is_read = match keyword {
            "type" => self.add_type(tokens),
            _ => self.add_values(keyword == "const", tokens, repeated),
        };
        if is_read.is_none() {
            let line = tokens.first().map_or(self.tokens.line(), |token| token.line);
            self.cannot_read(line);
        }
    }

    fn declare(&mut self, name: &Token<'t>, declaration: Declaration<'t>) {
        if name.text != "_" {
            let named = Named { name: name.text, line: name.line, declaration };
            self.file.declarations.push(named);
        }
    }

    /// Adds a package clause or a function.
    fn add_other(&mut self, keyword: &str, statement: &[Token<'t>]) {
        let name = statement.first().filter(|token| token.is_identifier());
        match (keyword, name) {
            ("package", Some(name)) => self.file.package = Some(name.text),
            ("func", Some(name)) if name.text != "init" => {
                self.declare(name, Declaration::Function);
            }
            _ => {}
        }
    }

    /// `NAME TYPE`, `NAME = TYPE`, or either with type parameters.
    fn add_type(&mut self, tokens: &[Token<'t>]) -> Option<()> {
        let (name, rest) = tokens.split_first()?;
        if !name.is_identifier() || rest.is_empty() {
            return None;
        }
        let declaration = match split(rest, "=").as_slice() {
            [_, target @ ..] if !target.is_empty() => {
                Declaration::Alias(Source::new(self.text, target.first()?))
            }
            _ => Declaration::Type,
        };
        self.declare(name, declaration);
        Some(())
    }

    /// `NAME, NAME TYPE = VALUE, VALUE`, where type and values may be missing.
    fn add_values(
        &mut self,
        is_constant: bool,
        tokens: &[Token<'t>],
        repeated: &mut Repeated<'t>,
    ) -> Option<()> {
        let (names, rest) = names(tokens)?;
        let (declared_type, values) = match split(rest, "=").as_slice() {
            [declared_type] => (*declared_type, Vec::new()),
            [declared_type, values] => (*declared_type, split(values, ",")),
            _ => return None,
        };
        let source = |tokens: &[Token<'t>]| Source::new(self.text, tokens);
        let mut declared_type = (!declared_type.is_empty()).then(|| source(declared_type));
        let mut values: Vec<_> = values.into_iter().map(source).collect();
        if is_constant && values.is_empty() {
            (declared_type, values) = repeated.clone();
        } else if is_constant {
            *repeated = (declared_type.clone(), values.clone());
        }
        for (at, name) in names.iter().enumerate() {
            let initial = match (values.as_slice(), values.get(at)) {
                ([], _) => Initial::None,
                ([one], _) if names.len() > 1 => Initial::Several(Rc::clone(one)),
                (_, Some(value)) => Initial::One(Rc::clone(value)),
                (_, None) => return None,
            };
            let value = Value { declared_type: declared_type.clone(), initial };
            let declaration = match is_constant {
                true => Declaration::Constant(value),
                false => Declaration::Variable(value),
            };
            self.declare(name, declaration);
        }
        Some(())
    }
}

/// Whether the token opens or closes a bracket, if it is one.
fn opens(token: &Token<'_>) -> Option<bool> {
    match token.text {
        "(" | "[" | "{" if token.kind == Kind::Operator => Some(true),
        ")" | "]" | "}" if token.kind == Kind::Operator => Some(false),
        _ => None,
    }
}

/// The names at the start of a statement, and its rest.
fn names<'s, 't>(tokens: &'s [Token<'t>]) -> Option<(Vec<Token<'t>>, &'s [Token<'t>])> {
    let (mut names, mut rest) = (Vec::new(), tokens);
    loop {
        let (name, after) = rest.split_first()?;
        if !name.is_identifier() {
            return None;
        }
        names.push(*name);
        match after.split_first() {
            Some((comma, after)) if comma.is(",") => rest = after,
            _ => return Some((names, after)),
        }
    }
}

/// The parts between these operators, outside of brackets.
fn split<'s, 't>(tokens: &'s [Token<'t>], operator: &str) -> Vec<&'s [Token<'t>]> {
    let mut depth = 0_usize;
    let is_between = |token: &Token<'t>| {
        match opens(token) {
            Some(true) => depth += 1,
            Some(false) => depth = depth.saturating_sub(1),
            None => {}
        }
        depth == 0 && token.is(operator)
    };
    tokens.split(is_between).collect()
}
