//! Reads a mangled name from left to right: bytes, identifiers and numbers.
//!
//! ```text
//! <identifier> ::= <byte>+ @
//! <number>     ::= [?] <0-9>        1 to 10;  ?: negative
//!              ::= [?] <A-P>* @     base 16, A is 0
//! ```
//!
//! Numbers wrap around at 64 bits, as they do in LLVM.

/// A part of the mangled name, by its offset and length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) at: u32,
    pub(super) len: u32,
}

impl Span {
    /// The bytes of this part in its name.
    #[inline]
    pub(super) fn of(self, name: &[u8]) -> &[u8] {
        let start = self.at as usize;
        name.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// A number with its sign. A 0 can be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: u64,
    pub(super) is_negative: bool,
}

/// A position in a mangled name, whose length fits into 32 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    name: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(name: &'a [u8]) -> Self {
        Self { name, at: 0 }
    }

    pub(super) fn name(&self) -> &'a [u8] {
        self.name
    }

    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.name.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.name.len()
    }

    /// The next byte, 0 at the end.
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        self.name.get(self.at).copied().unwrap_or(0)
    }

    /// Takes the next byte.
    #[inline]
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.name.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    /// Goes forward, at most to the end.
    #[inline]
    pub(super) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.name.len());
    }

    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        if self.name.get(self.at) != Some(&byte) {
            return false;
        }
        self.at += 1;
        true
    }

    #[inline]
    pub(super) fn eat_all(&mut self, bytes: &[u8]) -> bool {
        let is_next = self.rest().starts_with(bytes);
        if is_next {
            self.at += bytes.len();
        }
        is_next
    }

    /// The part from `start` to the position.
    #[inline]
    pub(super) fn since(&self, start: usize) -> Span {
        Span { at: start as u32, len: self.at.saturating_sub(start) as u32 }
    }

    /// Takes everything up to the next `@`, and the `@`, which is not in the part.
    #[inline]
    pub(super) fn until_at(&mut self) -> Option<Span> {
        let len = find_at(self.rest())?;
        let part = Span { at: self.at as u32, len: len as u32 };
        self.at += len + 1;
        Some(part)
    }

    /// Takes an identifier; it has at least one byte.
    #[inline]
    pub(super) fn identifier(&mut self) -> Option<Span> {
        self.until_at().filter(|part| part.len > 0)
    }

    pub(super) fn number(&mut self) -> Option<Number> {
        let is_negative = self.eat(b'?');
        let first = self.next()?;
        if first.is_ascii_digit() {
            return Some(Number { value: u64::from(first - b'0') + 1, is_negative });
        }
        let (mut value, mut byte) = (0_u64, first);
        while byte != b'@' {
            let digit = byte.checked_sub(b'A').filter(|digit| *digit < 16)?;
            value = value << 4 | u64::from(digit);
            byte = self.next()?;
        }
        Some(Number { value, is_negative })
    }

    /// A number without a sign.
    pub(super) fn unsigned(&mut self) -> Option<u64> {
        self.number().filter(|it| !it.is_negative).map(|it| it.value)
    }

    /// A number that fits into 64 bits with its sign.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let Number { value, is_negative } = self.number()?;
        let value = i64::try_from(value).ok()?;
        Some(if is_negative { -value } else { value })
    }
}

/// The index of the first `@`. Eight bytes are compared at once: most identifiers have more.
#[inline]
fn find_at(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (chunks, rest) = text.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let differences = u64::from_le_bytes(*chunk) ^ (ONES * b'@' as u64);
        // The lowest bit that is set is the highest of the first byte that is 0.
        let zeros = differences.wrapping_sub(ONES) & !differences & (ONES << 7);
        if zeros != 0 {
            return Some(index * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    let in_rest = rest.iter().position(|byte| *byte == b'@')?;
    Some(chunks.len() * 8 + in_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_at_is_found_wherever_it_is() {
        for len in 0..40 {
            let mut text = vec![b'A'; len];
            assert_eq!(find_at(&text), None);
            for at in (0..len).rev() {
                // Bytes around it differ in one bit from an `@`, or in the highest.
                text[at] = b'@';
                assert_eq!(find_at(&text), Some(at));
                if at + 1 < len {
                    text[at + 1] = 0xC0;
                    assert_eq!(find_at(&text), Some(at));
                }
            }
        }
    }
}
