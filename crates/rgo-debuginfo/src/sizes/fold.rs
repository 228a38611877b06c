//! Folds the instances of a generic function into one name: `Vec<u8>::push` and `Vec<u32>::push` are `Vec<_>::push`.

use std::sync::OnceLock;

/// Names without the arguments of generics, made when one is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded(OnceLock<Vec<Option<String>>>);

impl Folded {
    /// The folded name of a number; `None` if it has no arguments. `is_go`: the names are a Go program's.
    pub(super) fn name(&self, names: &[String], is_go: bool, number: usize) -> Option<&str> {
        let all = self.0.get_or_init(|| names.iter().map(|name| fold(name, is_go)).collect());
        all.get(number)?.as_deref()
    }
}

/// A demangled name with `_` in place of the arguments of generics, if it has some.
fn fold(name: &str, is_go: bool) -> Option<String> {
    let (open, close) = if is_go { ('[', ']') } else { ('<', '>') };
    if !name.contains(open) {
        return None;
    }
    let mut folded = String::with_capacity(name.len());
    // Brackets that are open within arguments, and where the text goes on that is copied.
    let (mut depth, mut rest) = (0_u32, 0);
    for (at, bracket) in name.match_indices([open, close]) {
        if depth == 0 {
            if !bracket.starts_with(open) {
                continue;
            }
            let end = at + bracket.len();
            folded.push_str(&name[rest..end]);
            rest = end;
            if starts_arguments(&folded, open) {
                depth = 1;
                folded.push('_');
            }
        } else if bracket.starts_with(open) {
            depth += 1;
        } else if !name[..at].ends_with(['-', '=']) {
            depth -= 1;
            // The bracket is copied with what follows.
            rest = at;
        }
    }
    if depth == 0 {
        folded.push_str(&name[rest..]);
    }
    (folded != name).then_some(folded)
}

/// Whether the bracket at the end of a text begins arguments: it follows a name. A bracket at the start of a path
/// is around a type of Rust, and one behind `operator` is that operator.
fn starts_arguments(text: &str, open: char) -> bool {
    let before = text.strip_suffix(open).unwrap_or(text);
    let before = before.strip_suffix("::").unwrap_or(before);
    let is_operator = before.trim_end_matches('<').ends_with("operator");
    !is_operator
        && before
            .ends_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_generics_are_left_out() {
        let (rust, cpp, go) = (false, false, true);
        for (name, is_go, expected) in [
            (
                "core::ptr::drop_in_place::<alloc::vec::Vec<u8>>",
                rust,
                "core::ptr::drop_in_place::<_>",
            ),
            ("core::ptr::drop_in_place<[u8]>", rust, "core::ptr::drop_in_place<_>"),
            (
                "<alloc::vec::Vec<u8> as core::ops::drop::Drop>::drop",
                rust,
                "<alloc::vec::Vec<_> as core::ops::drop::Drop>::drop",
            ),
            ("<F as a::G<fn() -> u8>>::call", rust, "<F as a::G<_>>::call"),
            ("a::b::{closure#0}::<u8>", rust, "a::b::{closure#0}::<_>"),
            ("std::map<int, std::less<int>>::at(int)", cpp, "std::map<_>::at(int)"),
            ("operator<(a<int> const&)", cpp, "operator<(a<_> const&)"),
            ("a& operator<< <char>(a&, char)", cpp, "a& operator<< <char>(a&, char)"),
            ("a<(b)1>::operator->()", cpp, "a<_>::operator->()"),
            ("main.Map[go.shape.int,go.shape.[]uint8].Get", go, "main.Map[_].Get"),
            ("type:.eq.[8]internal/cpu.option", go, "type:.eq.[8]internal/cpu.option"),
            ("main", go, "main"),
        ] {
            assert_eq!(fold(name, is_go).as_deref().unwrap_or(name), expected);
        }
    }
}
