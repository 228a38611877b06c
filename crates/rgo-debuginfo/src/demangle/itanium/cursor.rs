//! Reads a mangled name from left to right: bytes, numbers, and names with their length.
//!
//! ```text
//! <number>      ::= [n] <decimal digit>+          n: negative
//! <seq-id>      ::= <0-9A-Z>+                     base 36
//! <source-name> ::= <decimal digit>+ <identifier> the number is the identifier's length in bytes
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
    pub(super) const EMPTY: Self = Self { at: 0, len: 0 };

    /// The bytes of this part in its name.
    #[inline]
    pub(super) fn of(self, name: &[u8]) -> &[u8] {
        let start = self.at as usize;
        name.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// Whether an identifier stands for an unnamed namespace. Compilers add a word to it that is unique
/// to the file.
#[inline]
pub(super) fn is_anonymous(identifier: &[u8]) -> bool {
    identifier.first() == Some(&b'_') && identifier.starts_with(b"_GLOBAL__N")
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

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// A cursor for the same name that ends after `part`, and starts some bytes into it.
    pub(super) fn within(&self, part: Span, skipped: usize) -> Self {
        let end = part.at as usize + part.len as usize;
        let name = self.name.get(..end).unwrap_or(self.name);
        Self { name, at: (part.at as usize + skipped).min(end) }
    }

    /// The next byte, 0 at the end.
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        self.name.get(self.at).copied().unwrap_or(0)
    }

    /// The byte after `distance` others, 0 behind the end.
    #[inline]
    pub(super) fn peek_at(&self, distance: usize) -> u8 {
        self.name.get(self.at + distance).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn remaining(&self) -> usize {
        self.name.len() - self.at
    }

    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.name.len()
    }

    /// Goes forward, at most to the end.
    #[inline]
    pub(super) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.name.len());
    }

    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        // A branch is faster here than a store that mostly changes nothing.
        if self.name.get(self.at) != Some(&byte) {
            return false;
        }
        self.at += 1;
        true
    }

    #[inline]
    pub(super) fn eat_all(&mut self, bytes: &[u8]) -> bool {
        let is_next = self.name.get(self.at..).is_some_and(|rest| rest.starts_with(bytes));
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

    /// Takes everything up to the end.
    pub(super) fn rest(&mut self) -> Span {
        let start = self.at;
        self.at = self.name.len();
        self.since(start)
    }

    /// Reads digits; the part is empty if there are none.
    #[inline]
    pub(super) fn digits(&mut self) -> Span {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        self.since(start)
    }

    /// Reads a number that may start with `n`. The part is empty without digits, even after an `n`.
    pub(super) fn signed_digits(&mut self) -> Span {
        let start = self.at;
        self.eat(b'n');
        if !self.peek().is_ascii_digit() {
            return Span::EMPTY;
        }
        self.digits();
        self.since(start)
    }

    /// The value of the digits that come next.
    #[inline]
    pub(super) fn decimal(&mut self) -> Option<u64> {
        let (value, behind) = split_decimal(self.name.get(self.at..)?)?;
        self.at = self.name.len() - behind.len();
        Some(value)
    }

    /// The value of the digits in base 36 that come next.
    #[inline]
    pub(super) fn sequence_id(&mut self) -> Option<u64> {
        let mut rest = self.name.get(self.at..)?;
        let mut value = None;
        while let [byte, behind @ ..] = rest {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'A'..=b'Z' => byte - b'A' + 10,
                _ => break,
            };
            let before = value.unwrap_or(0_u64);
            value = Some(before.wrapping_mul(36).wrapping_add(u64::from(digit)));
            rest = behind;
        }
        self.at = self.name.len() - rest.len();
        value
    }

    /// Reads a length and as many bytes, at least one.
    #[inline]
    pub(super) fn counted(&mut self) -> Option<Span> {
        let (len, behind) = split_decimal(self.name.get(self.at..)?)?;
        if len == 0 || len > behind.len() as u64 {
            return None;
        }
        let at = self.name.len() - behind.len();
        self.at = at + len as usize;
        Some(Span { at: at as u32, len: len as u32 })
    }
}

/// Splits the digits from the start of a text, and returns their value.
#[inline]
pub(super) fn split_decimal(text: &[u8]) -> Option<(u64, &[u8])> {
    let [digit @ b'0'..=b'9', rest @ ..] = text else {
        return None;
    };
    let mut value = u64::from(digit - b'0');
    let mut rest = rest;
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        rest = behind;
    }
    Some((value, rest))
}
