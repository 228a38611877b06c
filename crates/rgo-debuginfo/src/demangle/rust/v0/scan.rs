//! Reads identifiers and numbers, and writes to the output.

use super::super::super::append_formatted;
use super::super::super::punycode::{self, Alphabet};
use super::{Identifier, Printer};

impl<'a> Printer<'a, '_> {
    pub(super) fn peek(&self) -> u8 {
        self.body.get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = *self.body.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.body.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn identifier(&mut self) -> Option<Identifier<'a>> {
        let is_punycode = self.eat(b'u');
        let len = self.decimal()?;
        // It separates the length from a name that starts with a digit.
        self.eat(b'_');
        let len = usize::try_from(len).ok()?;
        let name = self.body.get(self.at..)?.get(..len)?;
        self.at += len;
        let is_valid = name.iter().all(|it| it.is_ascii_alphanumeric() || *it == b'_');
        is_valid.then_some(Identifier { name, is_punycode })
    }

    pub(super) fn decimal(&mut self) -> Option<u64> {
        if !self.peek().is_ascii_digit() {
            return None;
        }
        if self.eat(b'0') {
            return Some(0);
        }
        let mut value = 0_u64;
        while let digit @ b'0'..=b'9' = self.peek() {
            value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        Some(value)
    }

    pub(super) fn disambiguator(&mut self) -> Option<u64> {
        self.optional_base_62(b's')
    }

    /// Reads a number behind a tag, and adds 1; 0 without the tag.
    pub(super) fn optional_base_62(&mut self, tag: u8) -> Option<u64> {
        if self.eat(tag) { self.base_62()?.checked_add(1) } else { Some(0) }
    }

    pub(super) fn base_62(&mut self) -> Option<u64> {
        if self.eat(b'_') {
            return Some(0);
        }
        let mut value = 0_u64;
        loop {
            let digit = match self.next()? {
                b'_' => return value.checked_add(1),
                digit @ b'0'..=b'9' => digit - b'0',
                letter @ b'a'..=b'z' => letter - b'a' + 10,
                letter @ b'A'..=b'Z' => letter - b'A' + 36,
                _ => return None,
            };
            value = value.checked_mul(62)?.checked_add(u64::from(digit))?;
        }
    }

    /// Reads hexadecimal digits without leading zeros, and the `_` behind them.
    pub(super) fn hex_digits(&mut self) -> Option<&'a [u8]> {
        let rest = self.body.get(self.at..)?;
        let len = rest.iter().position(|it| !matches!(it, b'0'..=b'9' | b'a'..=b'f'))?;
        let (digits, behind) = rest.split_at(len);
        let is_valid = digits == b"0" || !digits.is_empty() && !digits.starts_with(b"0");
        if !is_valid || !behind.starts_with(b"_") {
            return None;
        }
        self.at += len + 1;
        Some(digits)
    }

    pub(super) fn print(&mut self, text: &str) {
        self.print_bytes(text.as_bytes());
    }

    pub(super) fn print_bytes(&mut self, text: &[u8]) {
        if !self.is_silent {
            self.out.extend_from_slice(text);
        }
    }

    pub(super) fn print_number(&mut self, number: u64) {
        if !self.is_silent {
            append_formatted(self.out, format_args!("{number}"));
        }
    }

    pub(super) fn print_identifier(&mut self, identifier: &Identifier<'_>) -> Option<()> {
        if identifier.is_punycode && !self.is_silent {
            return punycode::append(identifier.name, Alphabet::Rust, &mut self.budget, self.out);
        }
        self.print_bytes(identifier.name);
        Some(())
    }

    /// Prints a lifetime by its distance from the innermost binder's last one, from 1; 0 is `'_`.
    pub(super) fn print_lifetime(&mut self, index: u64) -> Option<()> {
        if index == 0 {
            self.print("'_");
            return Some(());
        }
        match self.lifetimes.checked_sub(index)? {
            depth @ 0..26 => self.print_bytes(&[b'\'', b'a' + depth as u8]),
            depth => {
                self.print("'z");
                self.print_number(depth - 25);
            }
        }
        Some(())
    }
}
