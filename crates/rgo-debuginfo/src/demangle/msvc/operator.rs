//! Reads the codes of operators and of functions that compilers invent.
//!
//! ```text
//! <operator code> ::= 0 | 1                 constructor, destructor
//!                 ::= B                     conversion
//!                 ::= <0-9A-Z>              see BASIC
//!                 ::= _ <0-9A-Z>            see UNDER
//!                 ::= __ <0-9A-Z>           see DOUBLE_UNDER
//!                 ::= __K <identifier> @    operator of a literal
//! ```
//!
//! Codes without a text are those of other productions, and unused ones: LLVM prints nothing.

use super::name::Kind;
use super::node::{Node, NodeId};
use super::parser::Parser;

/// By code, `0` to `9` and `A` to `Z`.
static BASIC: [&str; 36] = [
    "",
    "",
    "operator new",
    "operator delete",
    "operator=",
    "operator>>",
    "operator<<",
    "operator!",
    "operator==",
    "operator!=",
    "operator[]",
    "",
    "operator->",
    "operator*",
    "operator++",
    "operator--",
    "operator-",
    "operator+",
    "operator&",
    "operator->*",
    "operator/",
    "operator%",
    "operator<",
    "operator<=",
    "operator>",
    "operator>=",
    "operator,",
    "operator()",
    "operator~",
    "operator^",
    "operator|",
    "operator&&",
    "operator||",
    "operator*=",
    "operator+=",
    "operator-=",
];

/// The codes behind `_`.
static UNDER: [&str; 36] = [
    "operator/=",
    "operator%=",
    "operator>>=",
    "operator<<=",
    "operator&=",
    "operator|=",
    "operator^=",
    "",
    "",
    "",
    "",
    "",
    "",
    "`vbase dtor'",
    "`vector deleting dtor'",
    "`default ctor closure'",
    "`scalar deleting dtor'",
    "`vector ctor iterator'",
    "`vector dtor iterator'",
    "`vector vbase ctor iterator'",
    "`virtual displacement map'",
    "`eh vector ctor iterator'",
    "`eh vector dtor iterator'",
    "`eh vector vbase ctor iterator'",
    "`copy ctor closure'",
    "",
    "",
    "",
    "",
    "`local vftable ctor closure'",
    "operator new[]",
    "operator delete[]",
    "",
    "",
    "",
    "",
];

/// The codes behind `__`, from `A` on. Digits have no text.
static DOUBLE_UNDER: [&str; 26] = [
    "`managed vector ctor iterator'",
    "`managed vector dtor iterator'",
    "`EH vector copy ctor iterator'",
    "`EH vector vbase copy ctor iterator'",
    "",
    "",
    "`vector copy ctor iterator'",
    "`vector vbase copy constructor iterator'",
    "`managed vector vbase copy constructor iterator'",
    "",
    "",
    "operator co_await",
    "operator<=>",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
];

static NO_TEXT: &str = "";

impl Parser<'_> {
    /// Reads an operator's code, from its `?` on.
    pub(super) fn operator(&mut self) -> Option<(NodeId, Kind)> {
        self.cursor.skip(1);
        if self.cursor.eat_all(b"__K") {
            let suffix = self.cursor.identifier()?;
            return Some((self.add(Node::LiteralOperator(suffix))?, Kind::Complete));
        }
        let word = if self.cursor.eat_all(b"__") {
            let index = self.code()?;
            index.checked_sub(10).and_then(|letter| DOUBLE_UNDER.get(letter)).unwrap_or(&NO_TEXT)
        } else if self.cursor.eat(b'_') {
            UNDER.get(self.code()?)?
        } else {
            match self.cursor.peek() {
                code @ (b'0' | b'1') => {
                    self.cursor.skip(1);
                    let node = Node::Structor { of: None, is_destructor: code == b'1' };
                    return Some((self.add(node)?, Kind::Structor));
                }
                b'B' => {
                    self.cursor.skip(1);
                    let node = Node::Conversion { to: None, arguments: None };
                    return Some((self.add(node)?, Kind::Conversion));
                }
                _ => BASIC.get(self.code()?)?,
            }
        };
        Some((self.add(Node::Word(word))?, Kind::Complete))
    }

    /// Takes a code, and returns its index in a table.
    fn code(&mut self) -> Option<usize> {
        match self.cursor.next()? {
            digit @ b'0'..=b'9' => Some(usize::from(digit - b'0')),
            letter @ b'A'..=b'Z' => Some(usize::from(letter - b'A') + 10),
            _ => None,
        }
    }
}
