//! Finds what the source of a test passes to a program: its string literals, but for those that it
//! expects in an output. `--help` is tested by `tool.arg("--help")`, and not by `outcome.says("--help")`.

/// The callees whose literals are expectations or explanations.
const EXPECTATIONS: [&str; 10] = [
    "says",
    "says_nothing_of",
    "contains",
    "expect",
    "assert",
    "assert_eq",
    "assert_ne",
    "starts_with",
    "ends_with",
    "panic",
];

/// The words of literals in a source of Rust, each on a line of its own.
pub(crate) fn of_source(source: &str) -> String {
    let mut words = String::new();
    let mut callees: Vec<&str> = Vec::new();
    let mut rest = source;
    let mut before = 0;
    while let Some(at) = rest.find(['"', '\'', '(', ')', '/']) {
        let found = &rest[at..];
        let code = &source[..source.len() - rest.len() + at];
        let length = match found.as_bytes()[0] {
            b'(' => {
                callees.push(callee(&code[before..]));
                1
            }
            b')' => {
                callees.pop();
                1
            }
            b'/' if found.starts_with("//") => found.find('\n').unwrap_or(found.len()),
            b'\'' => character_length(found),
            b'"' => {
                let (literal, length) = literal(code, found);
                if !callees.iter().any(|callee| EXPECTATIONS.contains(callee)) {
                    words.extend(literal.split_whitespace().flat_map(|word| [word, "\n"]));
                }
                length
            }
            _ => 1,
        };
        before = code.len() + 1;
        rest = &found[length..];
    }
    words
}

/// The name at the end of some code, before the parenthesis of a call.
fn callee(code: &str) -> &str {
    let code = code.trim_end_matches('!');
    let start = code.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    &code[start..]
}

/// The length of what an apostrophe begins: a character, or a lifetime's first sign.
fn character_length(found: &str) -> usize {
    let mut characters = found.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), _) => found[2..].find('\'').map_or(1, |at| at + 3).max(4),
        (_, Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// A literal's content and its length with its quotes. `code` is what stands before it.
fn literal<'a>(code: &str, found: &'a str) -> (&'a str, usize) {
    let hashes = code.len() - code.trim_end_matches('#').len();
    if code.trim_end_matches('#').ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        let length = found[1..].find(&end).map_or(found.len() - 1, |at| at);
        return (&found[1..=length], length + 1 + end.len());
    }
    let mut is_escaped = false;
    let end = found.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    let end = end.map_or(found.len() - 1, |(at, _)| at);
    (&found[1..end], end + 1)
}

#[test]
fn what_is_expected_is_no_call() {
    let source = r##"
        // tool.arg("--comment")
        let quote = ['"', '\'', '\\']; fn of<'a>(text: &'a str) {}
        tool.args(["--one", "-n"]).env("A", r#"b "--two" c"#);
        call("rgo-build --three=x \"--four\"").says("--five").ended(0);
        assert!(text.contains("--six"), "{}", format!("--seven"));
        last("--eight")
    "##;
    let words = of_source(source);
    for word in ["--one", "-n", "\"--two\"", "--three=x", "\\\"--four\\\"", "--eight"] {
        assert!(words.lines().any(|line| line == word), "{word}: {words}");
    }
    for word in ["comment", "five", "six", "seven"] {
        assert!(!words.contains(word), "{word}: {words}");
    }
}
