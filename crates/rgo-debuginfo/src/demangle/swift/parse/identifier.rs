//! Reads identifiers.
//!
//! ```text
//! <identifier> ::= <length> <text>                          its words get letters
//!              ::= 0 (<a-z> | <length> <text>)* <A-Z> (<length> <text> | 0)
//!                                                           words from before, and text
//!              ::= 00 <length> [_] <punycode>               not ASCII
//! ```

use super::super::super::punycode::{self, Alphabet};
use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;

/// Most words of a name that have a letter.
const WORDS: usize = 26;
/// The characters that the letters of an operator stand for.
const OPERATOR_CHARACTERS: &[u8; 26] = b"& @/= >    <*!|+?%-~   ^ .";

/// Appends the characters of an operator.
pub(in super::super) fn operator_text(letters: &[u8]) -> Option<Vec<u8>> {
    let character = |letter: &u8| match letter {
        b'a'..=b'z' => OPERATOR_CHARACTERS
            .get(usize::from(letter - b'a'))
            .copied()
            .filter(|character| *character != b' '),
        0x80.. => Some(*letter),
        _ => None,
    };
    letters.iter().map(character).collect()
}

impl Parser<'_> {
    pub(super) fn identifier(&mut self) -> Option<Id> {
        let mut has_words = false;
        let mut is_punycode = false;
        if self.eat(b'0') {
            is_punycode = self.eat(b'0');
            has_words = !is_punycode;
        }
        let mut text = Vec::new();
        loop {
            while has_words && let Some(letter @ (b'a'..=b'z' | b'A'..=b'Z')) = self.peek() {
                self.at += 1;
                has_words = letter.is_ascii_lowercase();
                let index = usize::from(letter.to_ascii_lowercase() - b'a');
                let (start, end) = *self.words.get(index)?;
                text.extend_from_slice(self.name.get(start..end)?);
                self.check_length(&text)?;
            }
            if self.eat(b'0') {
                break;
            }
            self.part(is_punycode, &mut text)?;
            self.check_length(&text)?;
            if !has_words {
                break;
            }
        }
        if text.is_empty() {
            return None;
        }
        let identifier = self.tree.with_text(Kind::Identifier, &text)?;
        Some(self.remember(identifier))
    }

    /// Stops before words that are repeated take too much memory.
    fn check_length(&mut self, text: &[u8]) -> Option<()> {
        if text.len() > self.tree.text_bytes {
            self.tree.budget.stop();
        }
        self.tree.budget.step().then_some(())
    }

    /// A part with a length.
    fn part(&mut self, is_punycode: bool, text: &mut Vec<u8>) -> Option<()> {
        let len = self.natural().filter(|len| *len > 0)? as usize;
        if is_punycode {
            self.eat(b'_');
        }
        let start = self.at;
        let part = self.name.get(start..start.checked_add(len)?)?;
        self.at += len;
        if is_punycode {
            return punycode::append(part, Alphabet::Swift, &mut self.tree.budget, text);
        }
        text.extend_from_slice(part);
        self.find_words(start, part);
        Some(())
    }

    /// Notes where the words of a part are: they start after a digit or `_`, or with a capital letter.
    fn find_words(&mut self, offset: usize, part: &[u8]) {
        let mut start = None;
        for at in 0..=part.len() {
            let byte = part.get(at).copied().unwrap_or(0);
            if let Some(from) = start {
                let before: u8 = part.get(at - 1).copied().unwrap_or(0);
                let is_capital = byte.is_ascii_uppercase() && !before.is_ascii_uppercase();
                if byte == b'_' || byte == 0 || is_capital {
                    if at - from >= 2 && self.words.len() < WORDS {
                        self.words.push((offset + from, offset + at));
                    }
                    start = None;
                }
            }
            if start.is_none() && !byte.is_ascii_digit() && byte != b'_' && byte != 0 {
                start = Some(at);
            }
        }
    }

    pub(super) fn operator_identifier(&mut self) -> Option<Id> {
        let identifier = self.pop(Kind::Identifier)?;
        let text = operator_text(self.tree.text(identifier)?)?;
        let kind = match self.next()? {
            b'i' => Kind::Operator(" infix"),
            b'p' => Kind::Operator(" prefix"),
            b'P' => Kind::Operator(" postfix"),
            _ => return None,
        };
        self.tree.with_text(kind, &text)
    }

    /// A name that is private, local, or that of what an importer adds to another.
    pub(super) fn local_identifier(&mut self) -> Option<Id> {
        match self.peek()? {
            b'L' => {
                self.at += 1;
                let discriminator = self.pop(Kind::Identifier)?;
                let name = self.pop_if(Kind::is_declaration_name)?;
                self.tree.with_children(Kind::PrivateName, &[discriminator, name])
            }
            b'l' => {
                self.at += 1;
                let discriminator = self.pop(Kind::Identifier)?;
                self.tree.with_children(Kind::PrivateName, &[discriminator])
            }
            letter @ (b'a'..=b'j' | b'A'..=b'J') => {
                self.at += 1;
                let kind = self.tree.with_text(Kind::Identifier, &[letter])?;
                let name = self.pop_any()?;
                self.tree.with_children(Kind::RelatedName, &[kind, name])
            }
            _ => {
                let discriminator = self.index_node()?;
                let name = self.pop_if(Kind::is_declaration_name)?;
                self.tree.with_children(Kind::LocalName, &[discriminator, name])
            }
        }
    }
}
