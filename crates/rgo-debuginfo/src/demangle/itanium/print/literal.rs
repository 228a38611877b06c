//! Writes literals and lists of values.

use super::super::super::append_formatted;
use super::super::cursor::Span;
use super::super::float;
use super::super::id::{List, NodeId};
use super::super::literal::INTEGERS;
use super::super::node::Node;
use super::Printer;

impl Printer<'_> {
    pub(super) fn left_of_literal(&mut self, node: Node) {
        match node {
            Node::Bool(value) => self.word(if value { "true" } else { "false" }),
            Node::Integer { kind, value } => {
                let text = INTEGERS.get(usize::from(kind)).map_or("", |(_, text)| text);
                if text.len() > 3 {
                    self.open(b'(');
                    self.word(text);
                    self.close(b')');
                    self.signed(value);
                } else {
                    self.signed(value);
                    self.word(text);
                }
            }
            Node::EnumValue { of, value } => {
                self.in_parentheses(of);
                self.signed(value);
            }
            Node::Float(digits) => float::append_float(digits.of(self.name), self.out),
            Node::Double(digits) => float::append_double(digits.of(self.name), self.out),
            Node::LongDouble(digits) => float::append_long_double(digits.of(self.name), self.out),
            Node::StringOf(of) => {
                self.word("\"<");
                self.print(of);
                self.word(">\"");
            }
            Node::Lambda(of) => {
                self.word("[]");
                if let Node::Closure(index) = self.arena.get(of)
                    && let Some(closure) = self.arena.closures.get(index as usize).copied()
                {
                    self.declarator_of_closure(&closure);
                }
                self.word("{...}");
            }
            _ => self.left_of_initializer(node),
        }
    }

    fn left_of_initializer(&mut self, node: Node) {
        match node {
            Node::InitList { of, values } => {
                if let Some(of) = of {
                    if self.is_char_array(of) && self.string(values) {
                        return;
                    }
                    self.print(of);
                }
                self.word("{");
                self.list(values);
                self.word("}");
            }
            Node::Designated { designator, value, is_index } => {
                self.word(if is_index { "[" } else { "." });
                self.print(designator);
                if is_index {
                    self.word("]");
                }
                self.designated(value);
            }
            Node::DesignatedRange { first, last, value } => {
                self.word("[");
                self.print(first);
                self.word(" ... ");
                self.print(last);
                self.word("]");
                self.designated(value);
            }
            _ => {}
        }
    }

    fn designated(&mut self, value: NodeId) {
        let is_more =
            matches!(self.arena.get(value), Node::Designated { .. } | Node::DesignatedRange { .. });
        if !is_more {
            self.word(" = ");
        }
        self.print(value);
    }

    /// Prints a number whose sign is an `n`.
    pub(super) fn signed(&mut self, number: Span) {
        match number.of(self.name) {
            [b'n', digits @ ..] => {
                self.out.push(b'-');
                self.out.extend_from_slice(digits);
            }
            digits => self.out.extend_from_slice(digits),
        }
    }

    fn is_char_array(&self, id: NodeId) -> bool {
        let Node::Array { of, .. } = self.arena.get(id) else {
            return false;
        };
        match self.arena.get(of) {
            Node::Word(word) => **word == *"char",
            Node::Text(text) => text.of(self.name) == b"char",
            _ => false,
        }
    }

    /// Prints bytes as a string. Prints nothing and returns false if one is no plain byte.
    fn string(&mut self, values: List) -> bool {
        let start = self.out.len();
        self.out.push(b'"');
        let mut is_behind_number = false;
        let mut index = values.0 as usize;
        while let Some(item) = self.arena.item(index) {
            index += 1;
            let Some(byte) = self.byte(item) else {
                self.out.truncate(start);
                return false;
            };
            // A digit would belong to the number before it.
            if is_behind_number && byte.is_ascii_hexdigit() {
                self.word("\"\"");
            }
            is_behind_number = self.escaped(byte);
        }
        self.out.push(b'"');
        true
    }

    fn byte(&self, id: NodeId) -> Option<u8> {
        let Node::Integer { value, .. } = self.arena.get(id) else {
            return None;
        };
        let mut number = 0_u32;
        for digit in value.of(self.name) {
            // LLVM refuses a longer number so, even with zeros in front.
            if !digit.is_ascii_digit() || number > 25 {
                return None;
            }
            number = number * 10 + u32::from(digit - b'0');
        }
        u8::try_from(number).ok()
    }

    /// Prints a byte of a string; returns whether it is a number.
    fn escaped(&mut self, byte: u8) -> bool {
        let letter = match byte {
            7 => b'a',
            8 => b'b',
            9 => b't',
            10 => b'n',
            11 => b'v',
            12 => b'f',
            13 => b'r',
            b'"' | b'\\' => byte,
            0..=31 | 127 => {
                self.out.push(b'\\');
                if byte > 7 {
                    self.out.push(b'x');
                }
                append_formatted(self.out, format_args!("{byte:X}"));
                return true;
            }
            _ => {
                self.out.push(byte);
                return false;
            }
        };
        self.out.extend_from_slice(&[b'\\', letter]);
        false
    }
}
