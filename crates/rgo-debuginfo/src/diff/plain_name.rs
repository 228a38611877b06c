//! Takes from a name what differs from build to build, so that a diff does not take a function for another.
//!
//! ```text
//! round   Rust                        C++                    Go
//! Stable  crate disambiguators,       .llvm.123, .cold.1,    .func1 ─▶ .func, of closures
//!         {closure#0}, .llvm.123      ?A0x12ab34cd, $_0
//! Path    a::B<_>::c ─▶ a::B::c       without parameters     without type arguments
//! ```

/// How much of a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plainness {
    /// Without what compilers number.
    Stable,
    /// Also without the arguments of generics, and the parameters of functions.
    Path,
}

/// The part of a demangled name that stays the same between builds.
pub(super) fn plain_name(name: &str, plainness: Plainness) -> String {
    let name = without_suffix(name);
    let name = without_numbers(name);
    match plainness {
        Plainness::Stable => name,
        Plainness::Path => path_alone(&name),
    }
}

/// The name without the marks of copies that a compiler made: ` (.llvm.123)`, ` [clone .cold]`, `.llvm.123`.
fn without_suffix(name: &str) -> &str {
    let mut name = name;
    loop {
        let bare =
            name.strip_suffix(')').and_then(|it| it.rsplit_once(" (.")).map(|(bare, _)| bare);
        let bare = bare.or_else(|| Some(name.rsplit_once(" [clone .")?.0));
        let bare = bare.or_else(|| {
            let at = [".llvm.", ".cold", ".constprop.", ".isra.", ".part.", ".lto_priv."];
            at.iter()
                .filter_map(|mark| name.find(mark))
                .min()
                .filter(|at| *at > 0)
                .and_then(|at| name.get(..at))
        });
        match bare {
            Some(bare) => name = bare,
            None => return name,
        }
    }
}

/// Leaves the numbers out that compilers count with.
fn without_numbers(name: &str) -> String {
    const COUNTED: [&str; 10] = [
        "closure#",
        "shim#",
        "impl#",
        "constructor#",
        "lambda#",
        "'lambda",
        "'unnamed",
        "?A0x",
        "$_",
        ".func",
    ];
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(letter) = rest.chars().next() {
        let mark = COUNTED.iter().find(|mark| rest.starts_with(**mark));
        let taken = mark.map_or(letter.len_utf8(), |mark| mark.len());
        let (head, tail) = rest.split_at(taken);
        rest = tail;
        let is_number = |letter: char| match mark {
            Some(&"?A0x") => letter.is_ascii_hexdigit(),
            Some(_) => letter.is_ascii_digit(),
            None => false,
        };
        rest = rest.trim_start_matches(is_number);
        plain.push_str(head.strip_suffix('#').unwrap_or(head));
    }
    // Legacy Rust names have two brackets.
    plain.replace("{{closure}}", "{closure}")
}

/// Leaves out the arguments of generics and the parameters, and the brackets around a type of Rust.
fn path_alone(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    let mut depth = 0_usize;
    // Whether each open bracket is around a type, whose path counts.
    let mut open = Vec::new();
    let mut before = ' ';
    for letter in name.chars() {
        let is_arrow = letter == '>' && matches!(before, '-' | '=');
        match letter {
            '<' | '(' | '[' if !path.ends_with("operator") => {
                let follows_name =
                    before.is_alphanumeric() || matches!(before, '_' | ':' | '}' | '*' | '>');
                let is_type = letter == '<' && !follows_name;
                depth += usize::from(!is_type);
                open.push(is_type);
            }
            '>' | ')' | ']' if !is_arrow => {
                if let Some(false) = open.pop() {
                    depth -= 1;
                }
            }
            _ if depth == 0 => path.push(letter),
            _ => {}
        }
        before = letter;
    }
    while let Some(at) = path.find("::::") {
        path.replace_range(at..at + 2, "");
    }
    path.trim_end_matches("::").trim_end_matches(" const").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_two_builds_are_the_same() {
        for (one, other) in [
            ("a::b::{closure#0}", "a::b::{closure#1}"),
            ("a::b (.llvm.123)", "a::b"),
            ("f() [clone .cold]", "f()"),
            ("f.llvm.456", "f"),
            ("?A0x12ab34cd::f", "?A0x99::f"),
            ("main.main.func1", "main.main.func2"),
            ("a::{{closure}}", "a::{closure#3}"),
        ] {
            assert_eq!(plain_name(one, Plainness::Stable), plain_name(other, Plainness::Stable));
        }
        assert_ne!(plain_name("a::b1", Plainness::Stable), plain_name("a::b2", Plainness::Stable));
    }

    #[test]
    fn paths_are_those_of_both_manglings() {
        for (name, expected) in [
            ("alloc::vec::Vec<T,A>::push", "alloc::vec::Vec::push"),
            ("<alloc::vec::Vec<u8>>::push", "alloc::vec::Vec::push"),
            (
                "<alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop",
                "alloc::vec::Vec as core::ops::drop::Drop::drop",
            ),
            ("core::ptr::drop_in_place::<alloc::string::String>", "core::ptr::drop_in_place"),
            ("std::vector<int>::push_back(int const&)", "std::vector::push_back"),
            ("main.Map[go.shape.int].Get", "main.Map.Get"),
        ] {
            assert_eq!(plain_name(name, Plainness::Path), expected);
        }
    }
}
