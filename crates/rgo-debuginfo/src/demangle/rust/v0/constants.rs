//! Prints the constants among generic arguments: integers, `bool` and `char`, which are all that
//! LLVM knows.

use super::Printer;

impl Printer<'_, '_> {
    pub(super) fn constant(&mut self) -> Option<()> {
        self.nested(|it| match it.next()? {
            b'a' | b's' | b'l' | b'x' | b'n' | b'i' | b'h' | b't' | b'm' | b'y' | b'o' | b'j' => {
                it.constant_integer()
            }
            b'b' => {
                let name = match it.hex_digits()? {
                    b"0" => "false",
                    b"1" => "true",
                    _ => return None,
                };
                it.print(name);
                Some(())
            }
            b'c' => it.constant_character(),
            b'p' => {
                it.print("_");
                Some(())
            }
            b'B' => it.back(Self::constant).map(|_| ()),
            _ => None,
        })
    }

    pub(super) fn constant_integer(&mut self) -> Option<()> {
        if self.eat(b'n') {
            self.print("-");
        }
        let digits = self.hex_digits()?;
        match hex_value(digits) {
            Some(value) => self.print_number(value),
            None => {
                self.print("0x");
                self.print_bytes(digits);
            }
        }
        Some(())
    }

    pub(super) fn constant_character(&mut self) -> Option<()> {
        let digits = self.hex_digits().filter(|it| it.len() <= 6)?;
        self.print("'");
        match hex_value(digits)? {
            0x09 => self.print("\\t"),
            0x0d => self.print("\\r"),
            0x0a => self.print("\\n"),
            0x5c => self.print("\\\\"),
            0x27 => self.print("\\'"),
            printable @ 0x20..=0x7e => self.print_bytes(&[printable as u8]),
            _ => {
                self.print("\\u{");
                self.print_bytes(digits);
                self.print("}");
            }
        }
        self.print("'");
        Some(())
    }
}

/// The value of at most sixteen hexadecimal digits.
fn hex_value(digits: &[u8]) -> Option<u64> {
    if digits.len() > 16 {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
