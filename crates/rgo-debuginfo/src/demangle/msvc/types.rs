//! Reads types.
//!
//! ```text
//! <type>       ::= <letter> | _ <letter> | $$T              see `primitive`
//!              ::= (T|U|V|W4) <type name>                   union, struct, class, enum
//!              ::= Y <number> <number>* [$$C <qualifiers>] <type>    array: rank, dimensions
//!              ::= $$A6 <function type> | $$A8@@ <member function type>
//!              ::= ? <type identifier> @                    a type of the compiler
//!              ::= <pointing> 6 <function type>
//!              ::= <pointing> 8 <type name> <member function type>
//!              ::= <pointing> <pointer qualifiers> [<authentication>] <A-D> <type>
//!              ::= <pointing> <pointer qualifiers> <Q-T> <type name> <type>   data member
//! <pointing>   ::= P | Q const | R volatile | S const volatile | A & | $$Q &&
//! <qualifiers> ::= (A|Q) none | (B|R) const | (C|S) volatile | (D|T) const volatile
//! <pointer qualifiers> ::= [E 64 bits] [I __restrict] [F __unaligned]
//! <authentication>     ::= __ptrauth <number>{3}
//! ```
//!
//! The position of a type decides whether qualifiers stand before it.

use std::num::NonZeroU32;

use super::node::{Node, NodeId, Pointing, Qualifiers, Tag};
use super::parser::Parser;

/// Where a type stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// It has no qualifiers of its own.
    Plain,
    /// It starts with qualifiers.
    Qualified,
    /// It starts with qualifiers if there is a `?`.
    Result,
}

impl Parser<'_> {
    pub(super) fn type_at(&mut self, position: Position) -> Option<NodeId> {
        let is_qualified = match position {
            Position::Plain => false,
            Position::Qualified => true,
            Position::Result => self.cursor.eat(b'?'),
        };
        let qualifiers =
            if is_qualified { self.qualifiers_before_type() } else { Qualifiers::NONE };
        if self.is_broken {
            self.forgive()?;
        }
        if let Some(word) = primitive(self.cursor.peek()) {
            self.cursor.skip(1);
            return self.add(Node::Primitive { word, qualifiers });
        }
        let id = self.nested(Self::compound)?;
        self.store.arena.qualify(id, qualifiers);
        Some(id)
    }

    fn compound(&mut self) -> Option<NodeId> {
        match self.cursor.peek() {
            b'T' => self.tagged(Tag::Union),
            b'U' => self.tagged(Tag::Struct),
            b'V' => self.tagged(Tag::Class),
            b'W' => self.tagged(Tag::Enum),
            b'A' | b'P'..=b'S' => self.pointer(),
            b'Y' => self.array(),
            b'?' => {
                self.cursor.skip(1);
                let name = self.type_identifier()?;
                self.cursor.eat(b'@').then_some(())?;
                self.add(Node::Custom(name))
            }
            b'_' => {
                self.cursor.skip(1);
                let word = extended(self.cursor.next()?)?;
                self.add(Node::Primitive { word, qualifiers: Qualifiers::NONE })
            }
            b'$' => self.dollar_type(),
            _ => None,
        }
    }

    fn dollar_type(&mut self) -> Option<NodeId> {
        if self.cursor.eat_all(b"$$T") {
            let word = &"std::nullptr_t";
            return self.add(Node::Primitive { word, qualifiers: Qualifiers::NONE });
        }
        let is_of_member = self.cursor.eat_all(b"$$A8@@");
        if is_of_member || self.cursor.eat_all(b"$$A6") {
            let function = self.function_type(is_of_member)?;
            return self.function_node(function);
        }
        if self.cursor.eat_all(b"$$Q") {
            return self.reference(Pointing::RightReference);
        }
        None
    }

    fn tagged(&mut self, tag: Tag) -> Option<NodeId> {
        self.cursor.skip(1);
        if tag == Tag::Enum && !self.cursor.eat(b'4') {
            return None;
        }
        let name = self.type_name()?;
        self.add(Node::Tagged { tag, qualifiers: Qualifiers::NONE, name })
    }

    fn pointer(&mut self) -> Option<NodeId> {
        let qualifiers = match self.cursor.next()? {
            b'A' => return self.reference(Pointing::Reference),
            b'P' => Qualifiers::NONE,
            b'Q' => Qualifiers(Qualifiers::CONST),
            b'R' => Qualifiers(Qualifiers::VOLATILE),
            _ => Qualifiers(Qualifiers::CONST | Qualifiers::VOLATILE),
        };
        if self.cursor.eat(b'8') {
            let class = self.type_name()?;
            let class = self.add(Node::Name(class))?;
            let function = self.function_type(true)?;
            let to = self.function_node(function)?;
            return self.add_pointer(qualifiers, to, Some(class));
        }
        if self.cursor.eat(b'6') {
            let function = self.function_type(false)?;
            let to = self.function_node(function)?;
            return self.add_pointer(qualifiers, to, None);
        }
        let qualifiers = qualifiers.with(self.pointer_qualifiers());
        match self.cursor.peek() {
            b'Q'..=b'T' => {
                let of_member = self.qualifiers()?;
                let class = self.type_name()?;
                let class = self.add(Node::Name(class))?;
                let to = self.type_at(Position::Plain)?;
                self.store.arena.set_qualifiers(to, of_member);
                self.add_pointer(qualifiers, to, Some(class))
            }
            b'A'..=b'D' => {
                let to = self.type_at(Position::Qualified)?;
                self.add_pointer(qualifiers, to, None)
            }
            b'_' => self.authenticated(Pointing::Pointer, qualifiers),
            _ => None,
        }
    }

    /// Reads what a reference refers to.
    fn reference(&mut self, pointing: Pointing) -> Option<NodeId> {
        if self.cursor.eat(b'6') {
            let function = self.function_type(false)?;
            let to = self.function_node(function)?;
            let (class, authentication) = (None, None);
            let qualifiers = Qualifiers::NONE;
            return self.add(Node::Pointer { pointing, qualifiers, to, class, authentication });
        }
        let qualifiers = self.pointer_qualifiers();
        self.authenticated(pointing, qualifiers)
    }

    /// Reads how a pointer is signed, if it is, and what it points to.
    fn authenticated(&mut self, pointing: Pointing, qualifiers: Qualifiers) -> Option<NodeId> {
        let mut authentication = None;
        if self.cursor.eat_all(b"__ptrauth") {
            let mut numbers = [0; 3];
            for number in &mut numbers {
                *number = self.cursor.unsigned()?;
            }
            // The arena has an unused number at index 0.
            authentication = NonZeroU32::new(self.store.arena.add_numbers(&numbers).start);
        }
        if pointing == Pointing::Pointer && !matches!(self.cursor.peek(), b'A'..=b'D') {
            return None;
        }
        let to = self.type_at(Position::Qualified)?;
        self.add(Node::Pointer { pointing, qualifiers, to, class: None, authentication })
    }

    fn add_pointer(
        &mut self,
        qualifiers: Qualifiers,
        to: NodeId,
        class: Option<NodeId>,
    ) -> Option<NodeId> {
        let pointing = Pointing::Pointer;
        self.add(Node::Pointer { pointing, qualifiers, to, class, authentication: None })
    }

    fn array(&mut self) -> Option<NodeId> {
        self.cursor.skip(1);
        let rank = self.cursor.unsigned().filter(|rank| *rank > 0)?;
        let mut dimensions = self.store.arena.add_numbers(&[]);
        // Each dimension takes a byte of the name or more, so a false rank ends soon.
        for _ in 0..rank {
            let dimension = self.cursor.unsigned()?;
            dimensions.count += self.store.arena.add_numbers(&[dimension]).count;
        }
        let mut qualifiers = Qualifiers::NONE;
        if self.cursor.eat_all(b"$$C") {
            if matches!(self.cursor.peek(), b'Q'..=b'T') {
                return None;
            }
            qualifiers = self.qualifiers_before_type();
        }
        let of = self.type_at(Position::Plain)?;
        self.add(Node::Array { qualifiers, of, dimensions })
    }

    pub(super) fn pointer_qualifiers(&mut self) -> Qualifiers {
        // That a pointer has 64 bits is not printed.
        self.cursor.eat(b'E');
        let mut bits = 0;
        for (letter, bit) in [(b'I', Qualifiers::RESTRICT), (b'F', Qualifiers::UNALIGNED)] {
            if self.cursor.eat(letter) {
                bits |= bit;
            }
        }
        Qualifiers(bits)
    }

    /// Reads qualifiers that a type follows.
    pub(super) fn qualifiers_before_type(&mut self) -> Qualifiers {
        self.qualifiers().unwrap_or_else(|| {
            self.is_broken = true;
            Qualifiers::NONE
        })
    }

    /// Goes on behind broken qualifiers, if a pointer or a reference follows.
    #[cold]
    fn forgive(&mut self) -> Option<()> {
        let is_forgiven =
            matches!(self.cursor.rest(), [b'A' | b'P'..=b'S', ..] | [b'$', b'$', b'Q', ..]);
        self.is_broken = false;
        is_forgiven.then_some(())
    }

    /// Reads qualifiers. The letters for a member and for anything else mean the same.
    #[inline]
    pub(super) fn qualifiers(&mut self) -> Option<Qualifiers> {
        let bits = match self.cursor.next()? {
            b'A' | b'Q' => 0,
            b'B' | b'R' => Qualifiers::CONST,
            b'C' | b'S' => Qualifiers::VOLATILE,
            b'D' | b'T' => Qualifiers::CONST | Qualifiers::VOLATILE,
            _ => return None,
        };
        Some(Qualifiers(bits))
    }
}

/// The type for one letter.
#[inline]
fn primitive(letter: u8) -> Option<&'static &'static str> {
    Some(match letter {
        b'X' => &"void",
        b'D' => &"char",
        b'C' => &"signed char",
        b'E' => &"unsigned char",
        b'F' => &"short",
        b'G' => &"unsigned short",
        b'H' => &"int",
        b'I' => &"unsigned int",
        b'J' => &"long",
        b'K' => &"unsigned long",
        b'M' => &"float",
        b'N' => &"double",
        b'O' => &"long double",
        _ => return None,
    })
}

/// The type for the letter behind a `_`.
fn extended(letter: u8) -> Option<&'static &'static str> {
    Some(match letter {
        b'N' => &"bool",
        b'J' => &"__int64",
        b'K' => &"unsigned __int64",
        b'W' => &"wchar_t",
        b'Q' => &"char8_t",
        b'S' => &"char16_t",
        b'U' => &"char32_t",
        b'P' => &"auto",
        b'T' => &"decltype(auto)",
        _ => return None,
    })
}
