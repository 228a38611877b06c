//! [`Memorized`]: an identifier that digits can refer to, and what is known of its text.

use super::cursor::Span;
use super::node::{List, NodeId};

/// An identifier, with what is known about its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memorized {
    pub(super) node: NodeId,
    pub(super) key: Key,
    pub(super) text: Text,
    /// Where the demangled text is, once it was rendered.
    pub(super) rendered: Option<List>,
}

/// Tells most texts apart with one comparison: by the length, the first and the last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u32);

impl Key {
    /// What is not a text from the mangled name.
    pub(super) const NO_TEXT: Self = Self(u32::MAX);

    pub(super) fn new(text: &[u8]) -> Self {
        match *text {
            [] => Self(0),
            [first, .., last] => {
                // Only the comparison gets slower if a length does not fit.
                Self(
                    u32::from(text.len() as u16 & 0x7FFF) << 16
                        | u32::from(first) << 8
                        | u32::from(last),
                )
            }
            [only] => Self(u32::from(only)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    /// All of it.
    Whole(Span),
    /// It starts with this identifier and a `<`. The arguments make the mangled form longer.
    Template {
        identifier: Span,
        mangled: Span,
    },
    Unknown,
}

/// Whether two texts can be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sameness {
    Same,
    Different,
    /// Their demangled forms have to be compared.
    Unknown,
}

#[inline]
pub(super) fn compare(left: Text, right: Text, name: &[u8]) -> Sameness {
    let is_possible = match (left, right) {
        (Text::Whole(left), Text::Whole(right)) => {
            let is_same = left.len == right.len && left.of(name) == right.of(name);
            return if is_same { Sameness::Same } else { Sameness::Different };
        }
        (
            Text::Template { identifier: left, mangled: left_mangled },
            Text::Template { identifier: right, mangled: right_mangled },
        ) => {
            if left_mangled.of(name) == right_mangled.of(name) {
                return Sameness::Same;
            }
            let (left, right) = (left.of(name), right.of(name));
            left == right || goes_on_as_template(left, right) || goes_on_as_template(right, left)
        }
        (Text::Whole(text), Text::Template { identifier, .. })
        | (Text::Template { identifier, .. }, Text::Whole(text)) => {
            goes_on_as_template(text.of(name), identifier.of(name))
        }
        (Text::Unknown, _) | (_, Text::Unknown) => true,
    };
    if is_possible { Sameness::Unknown } else { Sameness::Different }
}

/// Whether a text starts with an identifier and a `<`. Compilers invent identifiers with a `<`.
fn goes_on_as_template(text: &[u8], identifier: &[u8]) -> bool {
    text.strip_prefix(identifier).is_some_and(|rest| rest.first() == Some(&b'<'))
}
