//! Decodes identifiers that are not ASCII (RFC 3492, with `_` instead of `-` as the delimiter), for
//! the manglings of Rust and Swift.
//!
//! ```text
//! <identifier> ::= [<ASCII characters> _] <deltas>
//! ```
//!
//! Each delta, a number with a variable number of digits, tells the next character and where to
//! insert it.

use super::limits::Budget;

const BASE: u64 = 36;
const LOWEST: u64 = 1;
const HIGHEST: u64 = 26;
const SKEW: u64 = 38;
const FIRST_BIAS: u64 = 72;
const FIRST_CHARACTER: u64 = 0x80;
/// Characters whose move takes as long as a step.
const MOVED_IN_STEP: usize = 64;

/// Which digits stand for 26 to 35; those before are a–z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// 0–9, as in the RFC.
    Rust,
    /// A–J. An ASCII character that no symbol can have is 0xD800 above itself.
    Swift,
}

/// Appends the decoded identifier in UTF-8; `None` if it is malformed or takes too much work.
pub(super) fn append(
    identifier: &[u8],
    alphabet: Alphabet,
    budget: &mut Budget,
    out: &mut Vec<u8>,
) -> Option<()> {
    let delimiter = identifier.iter().rposition(|byte| *byte == b'_');
    let (ascii, deltas) = match delimiter {
        Some(at) => (identifier.get(..at)?, identifier.get(at + 1..)?),
        None => (&[][..], identifier),
    };
    let mut characters: Vec<char> = ascii.iter().copied().map(char::from).collect();
    let mut deltas = deltas.iter();
    let (mut character, mut position, mut bias) = (FIRST_CHARACTER, 0_u64, FIRST_BIAS);
    let mut is_first = true;
    while !deltas.as_slice().is_empty() {
        let before = position;
        position = add_delta(position, bias, alphabet, &mut deltas)?;
        let count = characters.len() as u64 + 1;
        bias = adapted(position - before, count, is_first);
        is_first = false;
        character = character.checked_add(position / count)?;
        position %= count;
        let index = position as usize;
        budget.take(1 + (characters.len() - index) / MOVED_IN_STEP);
        if !budget.step() {
            return None;
        }
        let scalar = match (alphabet, character) {
            (Alphabet::Swift, 0xD800..0xD880) => character - 0xD800,
            _ => character,
        };
        characters.insert(index, char::from_u32(u32::try_from(scalar).ok()?)?);
        position += 1;
    }
    let mut buffer = [0; 4];
    for character in characters {
        out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
    }
    Some(())
}

/// Adds the next delta to a position.
fn add_delta(
    mut position: u64,
    bias: u64,
    alphabet: Alphabet,
    deltas: &mut std::slice::Iter<'_, u8>,
) -> Option<u64> {
    let mut weight = 1_u64;
    let mut threshold_base = BASE;
    loop {
        let digit = match (*deltas.next()?, alphabet) {
            (letter @ b'a'..=b'z', _) => u64::from(letter - b'a'),
            (digit @ b'0'..=b'9', Alphabet::Rust) => u64::from(digit - b'0') + 26,
            (letter @ b'A'..=b'J', Alphabet::Swift) => u64::from(letter - b'A') + 26,
            _ => return None,
        };
        position = position.checked_add(digit.checked_mul(weight)?)?;
        let threshold = threshold_base.saturating_sub(bias).clamp(LOWEST, HIGHEST);
        if digit < threshold {
            return Some(position);
        }
        weight = weight.checked_mul(BASE - threshold)?;
        threshold_base += BASE;
    }
}

/// The bias for the next delta (RFC 3492, 6.1).
fn adapted(delta: u64, count: u64, is_first: bool) -> u64 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut steps = 0;
    while delta > (BASE - LOWEST) * HIGHEST / 2 {
        delta /= BASE - LOWEST;
        steps += BASE;
    }
    steps + (BASE - LOWEST + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    fn decode(identifier: &str, alphabet: Alphabet) -> Option<String> {
        let mut out = Vec::new();
        let mut budget = Budget::new(&Limits::default());
        append(identifier.as_bytes(), alphabet, &mut budget, &mut out)?;
        String::from_utf8(out).ok()
    }

    #[test]
    fn identifiers_are_decoded() {
        for (identifier, expected) in [
            ("gdel_5qa", Some("gödel")),
            ("fiq228c", Some("中文")),
            ("abc_", Some("abc")),
            ("_", Some("")),
            ("abc_9", None),
            ("99999999999999999999", None),
            ("a-b", None),
        ] {
            let decoded = decode(identifier, Alphabet::Rust);
            assert_eq!(decoded.as_deref(), expected, "{identifier}");
        }
    }

    #[test]
    fn swift_has_other_digits_and_characters_that_no_symbol_can_have() {
        for (identifier, expected) in [
            ("ihqwcrbEcvIaIdqgAFGpqjye", Some("他们为什么不说中文")),
            ("ab_qgJk", Some("a b")),
            ("5qa", None),
        ] {
            let decoded = decode(identifier, Alphabet::Swift);
            assert_eq!(decoded.as_deref(), expected, "{identifier}");
        }
    }

    #[test]
    fn a_long_identifier_takes_limited_work() {
        let identifier = format!("{}_{}", "a".repeat(100_000), "a".repeat(100_000));
        assert_eq!(decode(&identifier, Alphabet::Rust), None);
    }
}
