//! Reads template arguments.
//!
//! ```text
//! <template argument> ::= $S | $$V | $$$V | $$Z     the place of a pack: no argument
//!                     ::= [$M <type>] <value>       with the type that `auto` stands for
//!                     ::= $$Y <type name>           an alias template
//!                     ::= $$B <type>                an array
//!                     ::= $$C <qualifiers> <type>
//!                     ::= $E <symbol>               a reference
//!                     ::= <type>
//! <value> ::= $0 <number>                           an integer
//!         ::= $1 [<symbol>]                         an address, or a pointer to a member function
//!         ::= $H [<symbol>] <number>                the same, with multiple inheritance
//!         ::= $I [<symbol>] <number>{2}             with virtual inheritance
//!         ::= $J [<symbol>] <number>{3}             with unknown inheritance
//!         ::= $F <number>{2}                        a pointer to a data member, likewise
//!         ::= $G <number>{3}
//! ```
//!
//! Behind `$M`, a value has no `$`.

use super::node::{List, Node, NodeId};
use super::parser::Parser;
use super::types::Position;

impl Parser<'_> {
    /// Reads arguments up to the `@` behind them.
    pub(super) fn template_arguments(&mut self) -> Option<List> {
        let start = self.start_list();
        while !self.cursor.eat(b'@') {
            if self.cursor.peek() == b'$' {
                if let Some(argument) = self.dollar_argument()? {
                    self.push(argument);
                }
            } else {
                let argument = self.type_at(Position::Plain)?;
                self.push(argument);
            }
        }
        Some(self.end_list(start))
    }

    /// Reads what starts with `$`. It can be no argument.
    fn dollar_argument(&mut self) -> Option<Option<NodeId>> {
        let is_pack =
            [&b"$S"[..], b"$$V", b"$$$V", b"$$Z"].iter().any(|it| self.cursor.eat_all(it));
        if is_pack {
            return Some(None);
        }
        let is_auto = self.cursor.eat_all(b"$M");
        if is_auto {
            // The type is not printed.
            self.type_at(Position::Plain)?;
        }
        self.argument(is_auto).map(Some)
    }

    fn argument(&mut self, is_auto: bool) -> Option<NodeId> {
        if self.cursor.eat_all(b"$$Y") {
            let name = self.type_name()?;
            return self.add(Node::Name(name));
        }
        if self.cursor.eat_all(b"$$B") {
            return self.type_at(Position::Plain);
        }
        if self.cursor.eat_all(b"$$C") {
            return self.type_at(Position::Qualified);
        }
        let code = match *self.cursor.rest() {
            [b'$', b'E', b'?', ..] => b'E',
            [b'$', code, ..] if !is_auto => code,
            [code, ..] if is_auto => code,
            _ => 0,
        };
        let offsets = match code {
            b'E' if self.cursor.peek() == b'$' => {
                self.cursor.skip(2);
                let symbol = Some(self.symbol()?.node);
                let offsets = List::default();
                return self.add(Node::Address { symbol, offsets, is_pointer: false });
            }
            b'0' | b'1' => 0,
            b'H' => 1,
            b'I' | b'F' => 2,
            b'J' | b'G' => 3,
            _ => return self.type_at(Position::Plain),
        };
        self.cursor.skip(if is_auto { 1 } else { 2 });
        match code {
            b'0' => {
                let number = self.cursor.number()?;
                self.add(Node::Integer(number))
            }
            b'F' | b'G' => self.address(None, offsets, false),
            _ => {
                let symbol = self.addressed()?;
                self.address(symbol, offsets, true)
            }
        }
    }

    /// Reads the symbol whose address is an argument. Its identifier is memorized.
    fn addressed(&mut self) -> Option<Option<NodeId>> {
        if self.cursor.peek() != b'?' {
            return Some(None);
        }
        let start = self.cursor.at();
        let symbol = self.symbol()?;
        self.memorize(symbol.identifier?, start)?;
        Some(Some(symbol.node))
    }

    fn address(
        &mut self,
        symbol: Option<NodeId>,
        count: usize,
        is_pointer: bool,
    ) -> Option<NodeId> {
        let mut offsets = [0; 3];
        for offset in offsets.iter_mut().take(count) {
            *offset = self.cursor.signed()? as u64;
        }
        let offsets = self.store.arena.add_numbers(offsets.get(..count)?);
        self.add(Node::Address { symbol, offsets, is_pointer })
    }
}
