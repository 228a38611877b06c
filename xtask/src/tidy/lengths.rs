//! Checks the length of functions and files. A longer one does more than one thing, and its parts
//! have no names.
//!
//! The check reads the tokens of a file and not its syntax tree, in which functions in the call of
//! a macro like `proptest!` would be missing.

use anyhow::anyhow;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Source;

/// Maximum number of lines of a function, from its `fn` to its closing brace.
const LONGEST_FUNCTION: usize = 60;
/// Maximum number of lines of a file.
const LONGEST_FILE: usize = 500;
/// The mean length of all crates' files must be below this.
const MEAN_OF_FILES: usize = 200;

/// The functions and files that are too long.
///
/// # Errors
/// If a file cannot be split into Rust tokens.
pub(super) fn broken(sources: &[Source]) -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    for Source { path, text } in sources {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            broken.push(format!("{path}: {lines} lines, more than {LONGEST_FILE}"));
        }
        let mut found = Vec::new();
        functions(text.parse().map_err(|_| anyhow!("{path}: not the tokens of Rust"))?, &mut found);
        let long = found.into_iter().filter(|it| it.lines > LONGEST_FUNCTION);
        broken.extend(long.map(|Function { name, line, lines }| {
            format!("{path}:{line}: `{name}` has {lines} lines, more than {LONGEST_FUNCTION}")
        }));
    }
    broken.extend(mean_rule(sources));
    Ok(broken)
}

/// Checks the mean length of the crates' files; tests outside of `src` do not count.
fn mean_rule(sources: &[Source]) -> Option<String> {
    let of_crates = sources.iter().filter(|it| {
        let parts: Vec<&str> = it.path.split('/').collect();
        matches!(parts[..], ["crates", _, "src", ..])
    });
    let lines: Vec<usize> = of_crates.map(|it| it.text.lines().count()).collect();
    let mean = lines.iter().sum::<usize>() / lines.len().max(1);
    (mean >= MEAN_OF_FILES).then(|| {
        format!("crates/*/src: {mean} lines in a file on average, not less than {MEAN_OF_FILES}")
    })
}

struct Function {
    name: String,
    /// The line of its `fn`, from 1.
    line: usize,
    lines: usize,
}

/// Collects the functions with a body, at any depth.
fn functions(tokens: TokenStream, found: &mut Vec<Function>) {
    // The function whose body follows.
    let mut begun: Option<Function> = None;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "fn" => {
                // A type such as `fn(u8)` has no name.
                if let Some(TokenTree::Ident(name)) = tokens.peek() {
                    let line = word.span().start().line;
                    begun = Some(Function { name: name.to_string(), line, lines: 0 });
                }
            }
            // A required function of a trait has no body.
            TokenTree::Punct(sign) if sign.as_char() == ';' => begun = None,
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Brace
                    && let Some(function) = begun.take()
                {
                    let lines = group.span_close().end().line - function.line + 1;
                    found.push(Function { lines, ..function });
                }
                functions(group.stream(), found);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        broken(&[Source { path: path.to_owned(), text: text.to_owned() }]).expect("tokens")
    }

    /// A function with this many lines.
    fn function(lines: usize) -> String {
        format!("fn long(\n    a: u8,\n) -> u8 {{\n{}}}\n", "    a;\n".repeat(lines - 4))
    }

    #[test]
    fn a_long_function_is_found_wherever_it_is() {
        let long = function(LONGEST_FUNCTION + 1);
        for text in [
            long.clone(),
            format!("#[test]\npub const {long}"),
            format!("mod tests {{ impl A {{ fn short();\n{long} }} }}"),
            format!("proptest! {{ {long} }}"),
            format!("type A = fn(u8) -> u8;\n{long}"),
        ] {
            let line = text.lines().position(|line| line.contains("fn long")).expect("is in") + 1;
            let expected = format!("tests/a.rs:{line}: `long` has 61 lines, more than 60");
            assert_eq!(check("tests/a.rs", &text), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_around_a_short_function_is_not_its_own() {
        let short = function(LONGEST_FUNCTION);
        let blank = "\n".repeat(LONGEST_FUNCTION);
        for text in [
            short.clone(),
            format!("trait A {{ fn a();{blank}type B; }}"),
            format!("struct A {{ a: fn(u8),{blank} }}"),
            format!("const A: &str = \"fn a() {{{blank}}}\";\n{short}{short}"),
        ] {
            assert_eq!(check("tests/a.rs", &text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_long_file_is_found() {
        let text = |lines| "// A line.\n".repeat(lines);
        assert_eq!(check("tests/a.rs", &text(LONGEST_FILE)), Vec::<String>::new());
        let found = check("tests/a.rs", &text(LONGEST_FILE + 1));
        assert_eq!(found, ["tests/a.rs: 501 lines, more than 500"]);
    }

    #[test]
    fn the_mean_is_that_of_the_crates_sources() {
        let file = |path: &str, lines| Source {
            path: path.to_owned(),
            text: "// A line.\n".repeat(lines),
        };
        let long = || file("crates/a/src/a.rs", 300);
        let found = broken(&[long(), file("crates/b/src/b.rs", 100)]).expect("tokens");
        let expected = "crates/*/src: 200 lines in a file on average, not less than 200";
        assert_eq!(found, [expected]);
        let found = broken(&[long(), file("crates/b/src/b.rs", 99)]).expect("tokens");
        assert_eq!(found, Vec::<String>::new());
        for other in ["crates/a/tests/b.rs", "xtask/src/b.rs"] {
            let found = broken(&[long(), file(other, 99)]).expect("tokens");
            assert_eq!(found.len(), 1, "{other}");
        }
    }
}
