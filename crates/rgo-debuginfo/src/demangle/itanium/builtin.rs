//! Reads the types of the language that start with `D`; the arena has those with one letter (Itanium C++ ABI,
//! 5.1.5.2 `<builtin-type>`).
//!
//! ```text
//! D <letter>               char8_t, auto, std::nullptr_t …
//! DF16b | DF [<number>] _  std::bfloat16_t, _Float<number>
//! DB <size> _ | DU <size> _            _BitInt, unsigned _BitInt
//! [DS] DA <size> | [DS] DR <size>      _Accum, _Fract; DS: _Sat; size: s t i j l m
//! Dk <name> | DK <name>    auto and decltype(auto) with a concept
//! ```

use super::id::NodeId;
use super::node::{Node, Word};
use super::parser::Parser;

/// The type for a letter behind `D`.
fn behind_d(letter: u8) -> Option<Word> {
    let word: Word = match letter {
        b'd' => &"decimal64",
        b'e' => &"decimal128",
        b'f' => &"decimal32",
        b'h' => &"half",
        b'i' => &"char32_t",
        b's' => &"char16_t",
        b'u' => &"char8_t",
        b'a' => &"auto",
        b'c' => &"decltype(auto)",
        b'n' => &"std::nullptr_t",
        _ => return None,
    };
    Some(word)
}

/// The fixed-point type for its kind and size.
fn fixed_point(is_saturated: bool, kind: u8, size: u8) -> Option<Word> {
    let word: Word = match (is_saturated, kind, size) {
        (false, b'A', b's') => &"short _Accum",
        (false, b'A', b't') => &"unsigned short _Accum",
        (false, b'A', b'i') => &"_Accum",
        (false, b'A', b'j') => &"unsigned _Accum",
        (false, b'A', b'l') => &"long _Accum",
        (false, b'A', b'm') => &"unsigned long _Accum",
        (false, b'R', b's') => &"short _Fract",
        (false, b'R', b't') => &"unsigned short _Fract",
        (false, b'R', b'i') => &"_Fract",
        (false, b'R', b'j') => &"unsigned _Fract",
        (false, b'R', b'l') => &"long _Fract",
        (false, b'R', b'm') => &"unsigned long _Fract",
        (true, b'A', b's') => &"_Sat short _Accum",
        (true, b'A', b't') => &"_Sat unsigned short _Accum",
        (true, b'A', b'i') => &"_Sat _Accum",
        (true, b'A', b'j') => &"_Sat unsigned _Accum",
        (true, b'A', b'l') => &"_Sat long _Accum",
        (true, b'A', b'm') => &"_Sat unsigned long _Accum",
        (true, b'R', b's') => &"_Sat short _Fract",
        (true, b'R', b't') => &"_Sat unsigned short _Fract",
        (true, b'R', b'i') => &"_Sat _Fract",
        (true, b'R', b'j') => &"_Sat unsigned _Fract",
        (true, b'R', b'l') => &"_Sat long _Fract",
        (true, b'R', b'm') => &"_Sat unsigned long _Fract",
        _ => return None,
    };
    Some(word)
}

impl Parser<'_> {
    /// Reads a type of the language that starts with `D`. It is not remembered for substitutions.
    pub(super) fn builtin_by_d(&mut self) -> Option<NodeId> {
        let letter = self.cursor.peek_at(1);
        if let Some(word) = behind_d(letter) {
            self.cursor.skip(2);
            return self.add(Node::Word(word));
        }
        match letter {
            b'F' => self.binary_float(),
            b'A' | b'R' => {
                let word = fixed_point(false, letter, self.cursor.peek_at(2))?;
                self.cursor.skip(3);
                self.add(Node::Word(word))
            }
            b'S' if self.cursor.peek_at(2) == b'D' => {
                let word = fixed_point(true, self.cursor.peek_at(3), self.cursor.peek_at(4))?;
                self.cursor.skip(5);
                self.add(Node::Word(word))
            }
            b'k' => self.constrained(&" auto"),
            b'K' => self.constrained(&" decltype(auto)"),
            _ => None,
        }
    }

    fn binary_float(&mut self) -> Option<NodeId> {
        self.cursor.skip(2);
        if self.cursor.eat_all(b"16b") {
            return self.add(Node::Word(&"std::bfloat16_t"));
        }
        let bits = self.cursor.digits();
        if !self.cursor.eat(b'_') {
            return None;
        }
        self.add(Node::BinaryFloat(bits))
    }

    /// Reads `DB` or `DU`. Unlike the others, it is remembered for substitutions.
    pub(super) fn bit_int(&mut self, is_signed: bool) -> Option<NodeId> {
        self.cursor.skip(2);
        let size = if self.cursor.peek().is_ascii_digit() {
            let digits = self.cursor.digits();
            self.add(Node::Text(digits))?
        } else {
            self.expression()?
        };
        if !self.cursor.eat(b'_') {
            return None;
        }
        self.add(Node::BitInt { size, is_signed })
    }

    fn constrained(&mut self, word: Word) -> Option<NodeId> {
        self.cursor.skip(2);
        let of = self.name(None)?;
        self.add(Node::Postfixed { of, word })
    }
}
