//! Response files: `@file` stands for arguments that are too long for a command line.
//!
//! rustc writes one argument a line and escapes `\` and space by a backslash, in the syntax of GNU
//! ld. The shim reads the arguments back, because it must see all of them to translate them
//! correctly. It writes them again in rustc's syntax, because `cargo_zigbuild` converts that syntax
//! to zig's.

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

    proptest! {
        #[test]
        fn reads_back(args in proptest::collection::vec("[^\n]{0,12}", 0..6)) {
            prop_assert_eq!(parse(&write(&args)), args);
        }
    }
}
