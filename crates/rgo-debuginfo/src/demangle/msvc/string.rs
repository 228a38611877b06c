//! Reads string literals.
//!
//! ```text
//! <string literal> ::= @_0 <number> <checksum> @ <byte>* @      the number of bytes with the end
//!                  ::= @_1 <number> <checksum> @ (<byte> <byte>)* @    wchar_t, high byte first
//! <byte>           ::= ?$ <A-P> <A-P>     base 16
//!                  ::= ? <0-9>            one of `,/\:. \n\t'-`
//!                  ::= ? <a-zA-Z>         the letter and 0x80
//!                  ::= <any other byte>
//! ```
//!
//! A compiler writes the first 32 bytes or wide characters. `char`, `char16_t` and `char32_t` have
//! the same code; the zeros in the bytes have to show which it is.

use super::super::append_formatted;
use super::node::{Characters, List, Node, NodeId};
use super::parser::Parser;

/// Some old compilers wrote more than 32 bytes.
const MOST_BYTES: usize = 128;

/// Wide characters that a compiler writes, in bytes.
const MOST_WIDE_BYTES: u64 = 64;

impl Parser<'_> {
    /// Reads a string literal behind its code.
    pub(super) fn string_literal(&mut self) -> Option<NodeId> {
        if !self.cursor.eat_all(b"@_") {
            return None;
        }
        let is_wide = match self.cursor.next()? {
            b'0' => false,
            b'1' => true,
            _ => return None,
        };
        let size = self.cursor.unsigned()?;
        if size < if is_wide { 2 } else { 1 } {
            return None;
        }
        self.cursor.until_at()?;
        let start = self.store.arena.text.len();
        let (characters, is_cut_off) = if is_wide {
            (Characters::Wide, self.wide_text(size)?)
        } else {
            self.narrow_text(size)?
        };
        let count = (self.store.arena.text.len() - start) as u32;
        let text = List { start: start as u32, count };
        self.add(Node::Literal { characters, is_cut_off, text })
    }

    /// Reads the text of a wide literal, and returns whether there was more.
    fn wide_text(&mut self, size: u64) -> Option<bool> {
        let is_cut_off = size > MOST_WIDE_BYTES;
        let mut left = size;
        if self.cursor.is_at_end() {
            return None;
        }
        while !self.cursor.eat(b'@') {
            if left == 0 || !left.is_multiple_of(2) {
                return None;
            }
            let high = self.byte()?;
            let low = self.byte()?;
            // The last one ends the string.
            if left != 2 || is_cut_off {
                self.character(u32::from(high) << 8 | u32::from(low));
            }
            left -= 2;
        }
        Some(is_cut_off)
    }

    /// Reads the text of another literal, and returns the type of its characters and whether there
    /// was more.
    fn narrow_text(&mut self, size: u64) -> Option<(Characters, bool)> {
        let mut buffer = [0; MOST_BYTES];
        let mut count = 0;
        while !self.cursor.eat(b'@') {
            *buffer.get_mut(count)? = self.byte()?;
            count += 1;
        }
        let bytes = buffer.get(..count)?;
        let is_cut_off = size > count as u64;
        let width = guess_width(bytes, size);
        let mut characters = bytes.chunks_exact(width).peekable();
        while let Some(bytes) = characters.next() {
            if characters.peek().is_some() || is_cut_off {
                let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                self.character(value);
            }
        }
        let characters = match width {
            1 => Characters::Char,
            2 => Characters::Char16,
            _ => Characters::Char32,
        };
        Some((characters, is_cut_off))
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.cursor.next()?;
        if byte != b'?' {
            return Some(byte);
        }
        match self.cursor.next()? {
            b'$' => {
                let mut digit = || self.cursor.next()?.checked_sub(b'A').filter(|it| *it < 16);
                let (high, low) = (digit()?, digit()?);
                Some(high << 4 | low)
            }
            digit @ b'0'..=b'9' => b",/\\:. \n\t'-".get(usize::from(digit - b'0')).copied(),
            letter @ (b'a'..=b'z' | b'A'..=b'Z') => Some(letter | 0x80),
            _ => None,
        }
    }

    /// Writes a character as in a source file.
    fn character(&mut self, value: u32) {
        let text = &mut self.store.arena.text;
        let escaped = match value {
            0 => "\\0",
            0x07 => "\\a",
            0x08 => "\\b",
            0x09 => "\\t",
            0x0A => "\\n",
            0x0B => "\\v",
            0x0C => "\\f",
            0x0D => "\\r",
            0x22 => "\\\"",
            0x27 => "\\'",
            0x5C => "\\\\",
            0x20..=0x7E => return text.push(value as u8),
            _ => {
                // A byte has two digits, and bytes that are 0 are left out at the front.
                let digits = (4 - value.leading_zeros() as usize / 8) * 2;
                return append_formatted(text, format_args!("\\x{value:0digits$X}"));
            }
        };
        text.extend_from_slice(escaped.as_bytes());
    }
}

/// Guesses the bytes of a character, as LLVM does.
fn guess_width(bytes: &[u8], size: u64) -> usize {
    if size % 2 == 1 {
        return 1;
    }
    let is_divisible = size.is_multiple_of(4);
    if size < 32 {
        // The end of the string is there.
        return match bytes.iter().rev().take_while(|byte| **byte == 0).count() {
            4.. if is_divisible => 4,
            2.. => 2,
            _ => 1,
        };
    }
    // Most texts have few characters beyond the first 256: the rest of their bytes are 0.
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    if zeros >= 2 * bytes.len() / 3 && is_divisible {
        4
    } else if zeros >= bytes.len() / 3 {
        2
    } else {
        1
    }
}
