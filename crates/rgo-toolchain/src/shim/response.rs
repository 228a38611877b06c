//! Response files: `@file` stands for arguments that are too long for a command line.
//!
//! rustc writes one argument a line and escapes `\` and space by a backslash, in the syntax of GNU
//! ld. The shim reads the arguments back, because it must see all of them to translate them
//! correctly. It writes them again in rustc's syntax, because `cargo_zigbuild` converts that syntax
//! to zig's. Go writes one quoted argument a line, as GCC reads them.

/// The largest total length, in bytes, of arguments that the shim passes without a response file.
/// Windows allows 32,767 characters for the whole command line; Linux and macOS allow more.
pub const DIRECT: usize = 30_000;

/// The arguments in a response file that rustc wrote.
pub fn parse(text: &str) -> Vec<String> {
    text.split_terminator('\n').map(unescape).collect()
}

fn unescape(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some(next)) => {
                plain.push(next);
                chars.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// The arguments in a response file for GCC: separated by white space, in quotes of either kind, with a backslash
/// before a character that stands for itself. (`@file` in GCC's manual, `buildargv` in libiberty)
pub fn parse_quoted(text: &str) -> Vec<String> {
    let mut args = Vec::new();
    let mut open: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => open.get_or_insert_default().extend(chars.next()),
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(c);
                // An empty argument is one too.
                open.get_or_insert_default();
            }
            _ if quote.is_none() && c.is_whitespace() => args.extend(open.take()),
            _ => open.get_or_insert_default().push(c),
        }
    }
    args.extend(open);
    args
}

/// A response file with these arguments, in rustc's syntax.
pub fn write(args: &[String]) -> String {
    let mut text = String::new();
    for arg in args {
        for c in arg.chars() {
            if matches!(c, '\\' | ' ' | '\'' | '"') {
                text.push('\\');
            }
            text.push(c);
        }
        text.push('\n');
    }
    text
}

/// Whether these arguments need a response file.
pub fn needed(args: &[String]) -> bool {
    args.iter().map(|a| a.len() + 3).sum::<usize>() > DIRECT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rustcs_escapes() {
        assert_eq!(parse("-o\nC:\\\\x\\ y\n"), ["-o", "C:\\x y"]);
        assert_eq!(parse("tail\\"), ["tail\\"]);
        assert_eq!(write(&["a b".into(), "\\".into()]), "a\\ b\n\\\\\n");
        assert!(!needed(&["x".into()]) && needed(&["x".repeat(DIRECT)]));
    }

    #[test]
    fn gos_quotes() {
        let go = "\"-o\"\n\"/a b/c\"\n\"C:\\\\x\"\n\"say \\\"hi\\\"\"\n\"\"\n";
        assert_eq!(parse_quoted(go), ["-o", "/a b/c", "C:\\x", "say \"hi\"", ""]);
        assert_eq!(parse_quoted(" a  b'c d'e\tf\\"), ["a", "bc de", "f"]);
        assert!(parse_quoted(" \n").is_empty());
    }

    proptest! {
        #[test]
        fn quoted_words_are_read_back(args in proptest::collection::vec("[ -~]{0,12}", 0..6)) {
            let quoted = |arg: &String| format!("\"{}\"\n", arg.replace('\\', "\\\\").replace('"', "\\\""));
            prop_assert_eq!(parse_quoted(&args.iter().map(quoted).collect::<String>()), args);
        }

        #[test]
        fn reads_back(args in proptest::collection::vec("[^\n]{0,12}", 0..6)) {
            prop_assert_eq!(parse(&write(&args)), args);
        }
    }
}
