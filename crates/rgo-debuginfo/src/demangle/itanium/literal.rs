//! Reads literals (Itanium C++ ABI, 5.1.6.4 `<expr-primary>`).
//!
//! ```text
//! L <type> <number> E         an integer, or a value of an enum
//! L f|d|e <hex digits> E      a floating-point number: its bytes, big-endian
//! L b 0|1 E                   false, true
//! L Dn [0] E                  nullptr
//! L A <array type> E          a string: the mangling has its type alone
//! L Ul <lambda> E             a lambda
//! L _Z <encoding> E           a function or a variable
//! ```

use super::cursor::Span;
use super::id::NodeId;
use super::node::Node;
use super::parser::Parser;

/// How the integers of a type are written: the letter, and the text before or behind the number. A
/// text of more than three bytes is a type in parentheses before it.
pub(super) const INTEGERS: [(u8, &str); 14] = [
    (b'i', ""),
    (b'j', "u"),
    (b'l', "l"),
    (b'm', "ul"),
    (b'x', "ll"),
    (b'y', "ull"),
    (b'c', "char"),
    (b'a', "signed char"),
    (b'h', "unsigned char"),
    (b's', "short"),
    (b't', "unsigned short"),
    (b'w', "wchar_t"),
    (b'n', "__int128"),
    (b'o', "unsigned __int128"),
];

impl Parser<'_> {
    pub(super) fn literal(&mut self) -> Option<NodeId> {
        if !self.cursor.eat(b'L') {
            return None;
        }
        let first = self.cursor.peek();
        if let Some(kind) = INTEGERS.iter().position(|(letter, _)| *letter == first) {
            self.cursor.skip(1);
            let value = self.cursor.signed_digits();
            self.end_of_literal(value)?;
            return self.add(Node::Integer { kind: kind as u8, value });
        }
        match first {
            b'b' => {
                let value = self.cursor.peek_at(1);
                self.cursor.skip(2);
                if !matches!(value, b'0' | b'1') || !self.cursor.eat(b'E') {
                    return None;
                }
                self.add(Node::Bool(value == b'1'))
            }
            b'f' => self.hex_digits(8).and_then(|it| self.add(Node::Float(it))),
            b'd' => self.hex_digits(16).and_then(|it| self.add(Node::Double(it))),
            b'e' => self.hex_digits(20).and_then(|it| self.add(Node::LongDouble(it))),
            b'_' => {
                if !self.cursor.eat_all(b"_Z") {
                    return None;
                }
                let of = self.encoding()?;
                self.cursor.eat(b'E').then_some(of)
            }
            b'D' => {
                if !self.cursor.eat_all(b"Dn") {
                    return None;
                }
                self.cursor.eat(b'0');
                self.cursor.eat(b'E').then(|| self.add(Node::Word(&"nullptr")))?
            }
            b'T' => None,
            _ => self.literal_of_type(first),
        }
    }

    fn literal_of_type(&mut self, first: u8) -> Option<NodeId> {
        match first {
            b'A' => {
                let of = self.type_()?;
                self.cursor.eat(b'E').then(|| self.add(Node::StringOf(of)))?
            }
            b'U' => {
                if self.cursor.peek_at(1) != b'l' {
                    return None;
                }
                let of = self.unnamed_type(None)?;
                self.cursor.eat(b'E').then(|| self.add(Node::Lambda(of)))?
            }
            _ => {
                let of = self.type_()?;
                let value = self.cursor.signed_digits();
                self.end_of_literal(value)?;
                self.add(Node::EnumValue { of, value })
            }
        }
    }

    fn end_of_literal(&mut self, value: Span) -> Option<()> {
        (value.len > 0 && self.cursor.eat(b'E')).then_some(())
    }

    /// Reads the letter of the type and a fixed number of digits, which are all in lower case.
    fn hex_digits(&mut self, count: usize) -> Option<Span> {
        self.cursor.skip(1);
        if self.cursor.remaining() <= count {
            return None;
        }
        let start = self.cursor.at();
        self.cursor.skip(count);
        let digits = self.cursor.since(start);
        let bytes = digits.of(self.cursor.name());
        let are_digits = bytes.iter().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        (are_digits && self.cursor.eat(b'E')).then_some(digits)
    }
}
