//! Demangles D names as far as LLVM does: variables and what a compiler generates, but neither
//! functions nor templates (<https://dlang.org/spec/abi.html#name_mangling>).
//!
//! ```text
//! <name>       ::= _D <symbol>+ <type> | _D <symbol>+ Z | _Dmain
//! <symbol>     ::= 0                            without a name: skipped
//!              ::= <length> <identifier>        __S<digits>: skipped; some have a meaning
//!              ::= Q <distance>                 an identifier again, as far back
//! <type>       ::= i                            int: the one type that LLVM 22 reads; not printed
//!              ::= Q <distance>                 a type again
//! <distance>   ::= <A-Z>* <a-z>                 base 26
//! ```
//!
//! A production returns `None` if the name breaks the grammar.

use super::{DemangleError, Limits};

/// Identifiers with a meaning, each with the `Z` that has to follow, and the text for it.
const GENERATED: [(&[u8], &str); 5] = [
    (b"__initZ", "initializer for "),
    (b"__vtblZ", "vtable for "),
    (b"__ClassZ", "ClassInfo for "),
    (b"__InterfaceZ", "Interface for "),
    (b"__ModuleInfoZ", "ModuleInfo for "),
];

/// Appends the demangled form of a name that starts with `_D`.
///
/// # Errors
/// If the name breaks the grammar or the limits. `out` can end with a part of it then.
pub(super) fn append(name: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<(), DemangleError> {
    if name == b"_Dmain" {
        out.extend_from_slice(b"D main");
        return Ok(());
    }
    let start = out.len();
    let end = start.saturating_add(limits.output_bytes);
    let mut reader = Reader { name, at: 2, start, end, before: Vec::new(), out };
    match reader.whole() {
        _ if out.len() > end => Err(DemangleError::TooLong),
        Some(()) if out.len() > start => Ok(()),
        _ => Err(DemangleError::Malformed),
    }
}

struct Reader<'a> {
    name: &'a [u8],
    at: usize,
    /// Where this name starts in the output.
    start: usize,
    end: usize,
    /// What comes before the output, from right to left.
    before: Vec<&'static str>,
    out: &'a mut Vec<u8>,
}

impl Reader<'_> {
    fn whole(&mut self) -> Option<()> {
        self.symbols()?;
        if self.peek()? == b'Z' {
            self.at += 1;
        } else {
            self.skip_type()?;
        }
        self.insert();
        (self.at == self.name.len()).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.name.get(self.at).copied()
    }

    fn insert(&mut self) {
        let text: String = self.before.drain(..).rev().collect();
        self.out.splice(self.start..self.start, text.bytes());
    }

    fn symbols(&mut self) -> Option<()> {
        let mut is_first = true;
        loop {
            if self.peek() == Some(b'0') {
                while self.peek() == Some(b'0') {
                    self.at += 1;
                }
            } else {
                if !is_first {
                    self.out.push(b'.');
                }
                is_first = false;
                self.symbol()?;
            }
            if !self.is_symbol() || self.out.len() + self.before.len() > self.end {
                return Some(());
            }
        }
    }

    fn is_symbol(&self) -> bool {
        match self.peek() {
            Some(b'0'..=b'9') => true,
            Some(b'Q') => {
                let target = self.reference(self.at).map(|(target, _)| target);
                target.and_then(|it| self.name.get(it)).is_some_and(u8::is_ascii_digit)
            }
            _ => false,
        }
    }

    fn symbol(&mut self) -> Option<()> {
        loop {
            if self.peek()? == b'Q' {
                let (target, behind) = self.reference(self.at)?;
                let (identifier, len) = self.length(target)?;
                self.identifier(identifier, len);
                self.at = behind;
                return (identifier + len < self.name.len()).then_some(());
            }
            let (identifier, len) = self.length(self.at).filter(|(_, len)| *len > 0)?;
            self.at = identifier + len;
            let bytes = self.name.get(identifier..self.at)?;
            // A parent that only makes the name unique.
            let is_unique = matches!(bytes, [b'_', b'_', b'S', digits @ ..]
                if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit));
            if !is_unique {
                self.identifier(identifier, len);
                return Some(());
            }
        }
    }

    /// Reads a length that is within 32 bits and the name. Returns the position behind it, too.
    fn length(&self, mut at: usize) -> Option<(usize, usize)> {
        let mut value: Option<u32> = None;
        while let Some(digit @ b'0'..=b'9') = self.name.get(at) {
            let before = value.unwrap_or(0);
            value = Some(before.checked_mul(10)?.checked_add(u32::from(digit - b'0'))?);
            at += 1;
        }
        let len = value? as usize;
        (at < self.name.len() && len <= self.name.len() - at).then_some((at, len))
    }

    fn identifier(&mut self, at: usize, len: usize) {
        let rest = self.name.get(at..).unwrap_or_default();
        let is_generated =
            |(text, _): &&(&[u8], &str)| text.len() == len + 1 && rest.starts_with(text);
        match GENERATED.iter().find(is_generated) {
            Some((_, description)) => {
                self.before.push(description);
                if self.out.len() == self.start {
                    self.insert();
                }
                // The dot before the identifier.
                self.out.pop();
            }
            None => self.out.extend_from_slice(rest.get(..len).unwrap_or_default()),
        }
    }

    /// The position that a `Q` refers to, and the one behind the reference.
    fn reference(&self, at: usize) -> Option<(usize, usize)> {
        let mut distance = 0_u64;
        let letters = self.name.get(at + 1..)?;
        for (letter, behind) in letters.iter().zip(at + 2..) {
            let digit = match letter {
                b'a'..=b'z' => letter - b'a',
                b'A'..=b'Z' => letter - b'A',
                _ => return None,
            };
            distance = distance.checked_mul(26)?.checked_add(u64::from(digit))?;
            if letter.is_ascii_lowercase() {
                let distance = usize::try_from(distance).ok().filter(|it| *it > 0)?;
                return Some((at.checked_sub(distance)?, behind));
            }
        }
        None
    }

    /// Reads a type, and follows its references.
    fn skip_type(&mut self) -> Option<()> {
        let mut at = self.at;
        let mut is_outermost = true;
        while self.name.get(at) == Some(&b'Q') {
            let (target, behind) = self.reference(at)?;
            if is_outermost {
                self.at = behind;
            } else if behind == self.name.len() {
                return None;
            }
            is_outermost = false;
            at = target;
        }
        self.at += usize::from(is_outermost);
        (self.name.get(at) == Some(&b'i')).then_some(())
    }
}
