//! Demangles Rust names for people: without hashes, in both manglings, as `rustfilt` does, by the
//! same crate.
//!
//! ```text
//! v0      _R <path> …                                             see v0
//! legacy  _ZN (<length> <text>)+ 17h <16 hex digits> E [. <suffix>]   a C++ name but for the hash
//! ```

pub(super) mod v0;

use std::fmt::{self, Write as _};

use super::{DemangleError, Limits, Scheme};

/// Steps that one piece of output counts for. The crate follows up to 500 references back for a
/// piece.
const STEPS_OF_PIECE: u32 = 8;

/// Appends the demangled form of a Rust name; `None` for another name.
pub(super) fn for_people(
    name: &[u8],
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Option<Result<Scheme, DemangleError>> {
    let scheme = match name {
        [b'_', b'R', ..] => Scheme::RustV0,
        _ if is_legacy(name) => Scheme::RustLegacy,
        _ => return None,
    };
    Some(append(name, limits, out).map(|()| scheme))
}

fn append(name: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<(), DemangleError> {
    let text = std::str::from_utf8(name).map_err(|_| DemangleError::Malformed)?;
    let demangled = rustc_demangle::try_demangle(text).map_err(|_| DemangleError::Malformed)?;
    let end = out.len().saturating_add(limits.output_bytes);
    let mut output = Output { out, end, pieces: limits.steps / STEPS_OF_PIECE, error: None };
    let result = write!(output, "{demangled:#}");
    match output.error {
        Some(error) => Err(error),
        None => result.map_err(|_| DemangleError::TooLong),
    }
}

/// Whether a name that starts like a C++ name ends with a Rust hash.
fn is_legacy(name: &[u8]) -> bool {
    let Some(mut rest) = name.strip_prefix(b"_ZN") else {
        return false;
    };
    let mut last: &[u8] = &[];
    while let [b'0'..=b'9', ..] = rest {
        let digits = rest.iter().take_while(|it| it.is_ascii_digit()).count();
        let (number, behind) = rest.split_at(digits);
        let len = std::str::from_utf8(number).ok().and_then(|it| it.parse().ok());
        let Some((element, behind)) = len.and_then(|len| behind.split_at_checked(len)) else {
            return false;
        };
        (last, rest) = (element, behind);
    }
    let has_hash = last.len() == 17
        && last.starts_with(b"h")
        && last.iter().skip(1).all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    has_hash && matches!(rest, [b'E'] | [b'E', b'.', ..])
}

/// Takes the output of the crate within the limits.
struct Output<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
    pieces: u32,
    error: Option<DemangleError>,
}

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.out.len() + text.len() > self.end {
            self.error = Some(DemangleError::TooLong);
        } else if self.pieces == 0 {
            self.error = Some(DemangleError::TooMuchWork);
        }
        if self.error.is_some() {
            return Err(fmt::Error);
        }
        self.pieces -= 1;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hash_at_the_end_makes_a_legacy_name() {
        for (name, expected) in [
            ("_ZN3foo17h05af221e174051e9E", true),
            ("_ZN3foo17h05af221e174051e9E.llvm.123", true),
            ("_ZN3foo17h05af221e174051e9Ev", false),
            ("_ZN3foo17h05af221e174051e9", false),
            ("_ZN3foo17h05AF221e174051e9E", false),
            ("_ZN3foo3barE", false),
            ("_ZN17h05af221e174051e93fooE", false),
            ("_ZN99999999999999999999999aE", false),
            ("_ZN3fo", false),
            ("_ZNK3foo17h05af221e174051e9E", false),
        ] {
            assert_eq!(is_legacy(name.as_bytes()), expected, "{name}");
        }
    }
}
