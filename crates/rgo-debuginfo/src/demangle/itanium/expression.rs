//! Reads expressions (Itanium C++ ABI, 5.1.6.1).
//!
//! ```text
//! <expression> ::= [gs] <operator> <operands>                     gs: a leading `::`
//!              ::= L <literal> | <template-param> | <function-param> | <unresolved-name>
//!              ::= il <braced>* E | tl <type> <braced>* E
//!              ::= f <l | r | L | R> <operator> <expression> [<expression>]   a fold
//!              ::= sp <expression> | nx <expression> | tw <expression> | tr
//!              ::= sZ <template-param> | sZ <function-param> | sP <template-arg>* E
//!              ::= mc <type> <expression> [<number>] E
//!              ::= so <type> <expression> [<number>] (_ [<number>])* [p] E
//!              ::= u <source-name> <template-arg>* E              a vendor's function
//!              ::= rq <requirement>+ E | rQ <type>* _ <requirement>+ E
//! <operands>   ::= cl | cp: <expression>+ E    cv: <type> <expression> | <type> _ <expression>* E
//!              ::= nw | na: <expression>* _ <type> [pi <expression>*] E     pp | mm: [_] before
//! <braced>     ::= <expression> | di <source-name> <braced> | dx <expression> <braced>
//!              ::= dX <expression> <expression> <braced>
//! <function-param> ::= fpT | fp <CV-qualifiers> [<number>] _
//!                  ::= fL <number> p <CV-qualifiers> [<number>] _
//! ```

use super::id::{List, NodeId};
use super::node::{New, Node};
use super::operator::{Kind, Operator, Precedence};
use super::parser::Parser;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Option<NodeId> {
        self.nested(|it| {
            let is_global = it.cursor.eat_all(b"gs");
            match it.operator() {
                Some(operator) => it.operation(operator, is_global),
                None => it.other_expression(is_global),
            }
        })
    }

    fn operation(&mut self, operator: Operator, is_global: bool) -> Option<NodeId> {
        match operator.kind() {
            Kind::Binary => {
                let left = self.expression()?;
                let right = self.expression()?;
                self.add(Node::Binary { operator, left, right })
            }
            Kind::Prefix => {
                let of = self.expression()?;
                self.add(Node::Prefix { operator, of })
            }
            Kind::Postfix => {
                let is_prefix = self.cursor.eat(b'_');
                let of = self.expression()?;
                self.add(match is_prefix {
                    true => Node::Prefix { operator, of },
                    false => Node::Postfix { operator, of },
                })
            }
            Kind::Subscript => {
                let of = self.expression()?;
                let index = self.expression()?;
                self.add(Node::Subscript { of, index })
            }
            Kind::Arrow | Kind::Dot => {
                let left = self.expression()?;
                let right = self.expression()?;
                self.add(Node::Member { operator, left, right })
            }
            Kind::Conditional => {
                let condition = self.expression()?;
                let then = self.expression()?;
                let otherwise = self.expression()?;
                self.add(Node::Conditional { condition, then, otherwise })
            }
            kind => self.other_operation(operator, kind, is_global),
        }
    }

    fn other_operation(
        &mut self,
        operator: Operator,
        kind: Kind,
        is_global: bool,
    ) -> Option<NodeId> {
        match kind {
            Kind::New { is_array } => self.new_expression(is_global, is_array),
            Kind::Delete { is_array } => {
                let of = self.expression()?;
                self.add(Node::Delete { of, is_global, is_array })
            }
            Kind::Call { has_parentheses } => {
                let callee = self.expression()?;
                let arguments = self.expressions()?;
                self.add(Node::Call { callee, arguments, has_parentheses })
            }
            Kind::Cast => self.cast(),
            Kind::NamedCast => {
                let to = self.type_()?;
                let of = self.expression()?;
                self.add(Node::NamedCast { operator, to, of })
            }
            Kind::OfType | Kind::OfValue => {
                let of = if kind == Kind::OfType { self.type_()? } else { self.expression()? };
                let precedence = operator.precedence();
                self.add(Node::Enclosing { word: operator.word(), of, precedence })
            }
            _ => None,
        }
    }

    fn new_expression(&mut self, is_global: bool, is_array: bool) -> Option<NodeId> {
        let placement = self.list_until(b'_', Self::expression)?;
        let of = self.type_()?;
        let values = if self.cursor.eat_all(b"pi") {
            self.expressions()?
        } else if self.cursor.eat(b'E') {
            List(0)
        } else {
            return None;
        };
        let index = self.store.arena.news.len() as u32;
        self.store.arena.news.push(New { placement, of, values, is_global, is_array });
        self.add(Node::New(index))
    }

    fn cast(&mut self) -> Option<NodeId> {
        let takes_arguments = std::mem::replace(&mut self.takes_arguments, false);
        let to = self.type_()?;
        self.takes_arguments = takes_arguments;
        let values = if self.cursor.eat(b'_') {
            self.expressions()?
        } else {
            let start = self.stack_len();
            let value = self.expression()?;
            self.push(value);
            self.pop_list(start)
        };
        self.add(Node::Cast { to, values })
    }

    fn other_expression(&mut self, is_global: bool) -> Option<NodeId> {
        let (first, second) = (self.cursor.peek(), self.cursor.peek_at(1));
        if self.cursor.remaining() < 2 {
            return None;
        }
        match (first, second) {
            (b'L', _) => self.literal(),
            (b'T', _) => self.template_parameter(),
            (b'f', b'p') => self.function_parameter(),
            (b'f', b'L') if self.cursor.peek_at(2).is_ascii_digit() => self.function_parameter(),
            (b'f', _) => self.fold(),
            (b'r', b'q' | b'Q') => self.requires_expression(),
            (b'u', _) => self.vendor_call(),
            (b'i', b'l')
            | (b'm', b'c')
            | (b'n', b'x')
            | (b's', b'o' | b'p' | b'Z' | b'P')
            | (b't', b'l' | b'r' | b'w') => {
                self.cursor.skip(2);
                self.expression_by_letters(first, second)
            }
            _ => self.unresolved_name(is_global),
        }
    }

    fn expression_by_letters(&mut self, first: u8, second: u8) -> Option<NodeId> {
        match (first, second) {
            (b'i', _) => {
                let values = self.list_until(b'E', Self::braced)?;
                self.add(Node::InitList { of: None, values })
            }
            (b't', b'l') => {
                let of = Some(self.type_()?);
                let values = self.list_until(b'E', Self::braced)?;
                self.add(Node::InitList { of, values })
            }
            (b't', b'r') => self.add(Node::Word(&"throw")),
            (b't', _) => {
                let of = self.expression()?;
                self.add(Node::Throw(of))
            }
            (b'm', _) => {
                let to = self.type_()?;
                let of = self.expression()?;
                self.cursor.signed_digits();
                self.cursor.eat(b'E').then(|| self.add(Node::MemberPointerCast { to, of }))?
            }
            (b'n', _) => {
                let of = self.expression()?;
                let precedence = Precedence::Unary;
                self.add(Node::Enclosing { word: &"noexcept ", of, precedence })
            }
            (_, b'o') => self.subobject(),
            (_, b'p') => {
                let of = self.expression()?;
                self.add(Node::Expansion(of))
            }
            (_, b'Z') if self.cursor.peek() == b'T' => {
                let pack = self.template_parameter()?;
                self.add(Node::SizeofPack(pack))
            }
            (_, b'Z') => {
                let of = self.function_parameter()?;
                self.sizeof_pack_of(of)
            }
            _ => {
                let items = self.list_until(b'E', Self::template_argument)?;
                let of = self.add(Node::PackOf(items))?;
                self.sizeof_pack_of(of)
            }
        }
    }

    fn sizeof_pack_of(&mut self, of: NodeId) -> Option<NodeId> {
        let precedence = Precedence::Primary;
        self.add(Node::Enclosing { word: &"sizeof... ", of, precedence })
    }

    fn subobject(&mut self) -> Option<NodeId> {
        let of = self.type_()?;
        let expression = self.expression()?;
        let offset = self.cursor.signed_digits();
        while self.cursor.eat(b'_') {
            self.cursor.digits();
        }
        self.cursor.eat(b'p');
        if !self.cursor.eat(b'E') {
            return None;
        }
        let offset = if offset.len > 0 { Some(self.add(Node::Text(offset))?) } else { None };
        self.add(Node::Subobject { of, expression, offset })
    }

    fn function_parameter(&mut self) -> Option<NodeId> {
        if self.cursor.eat_all(b"fpT") {
            return self.add(Node::Word(&"this"));
        }
        if self.cursor.eat_all(b"fL") {
            if self.cursor.digits().len == 0 || !self.cursor.eat(b'p') {
                return None;
            }
        } else if !self.cursor.eat_all(b"fp") {
            return None;
        }
        self.qualifiers();
        let number = self.cursor.digits();
        self.cursor.eat(b'_').then(|| self.add(Node::Parameter(number)))?
    }

    fn fold(&mut self) -> Option<NodeId> {
        let kind = self.cursor.peek_at(1);
        self.cursor.skip(2);
        if !matches!(kind, b'l' | b'r' | b'L' | b'R') {
            return None;
        }
        let operator = self.operator().filter(|it| it.is_foldable())?;
        let is_left = matches!(kind, b'l' | b'L');
        let first = self.expression()?;
        let (pack, init) = match kind {
            b'L' => (self.expression()?, Some(first)),
            b'R' => (first, Some(self.expression()?)),
            _ => (first, None),
        };
        self.add(Node::Fold { operator, pack, init, is_left })
    }

    fn vendor_call(&mut self) -> Option<NodeId> {
        self.cursor.skip(1);
        let callee = self.source_name()?;
        let is_uuid = match self.store.arena.get(callee) {
            Node::Text(name) => name.of(self.cursor.name()) == b"__uuidof",
            _ => false,
        };
        let start = self.stack_len();
        // Microsoft's operator has one argument and no end.
        let arguments = if is_uuid && self.cursor.eat(b't') {
            let of = self.type_()?;
            self.push(of);
            self.pop_list(start)
        } else if is_uuid && self.cursor.eat(b'z') {
            let of = self.expression()?;
            self.push(of);
            self.pop_list(start)
        } else {
            self.list_until(b'E', Self::template_argument)?
        };
        self.add(Node::Call { callee, arguments, has_parentheses: false })
    }

    pub(super) fn braced(&mut self) -> Option<NodeId> {
        let kind = self.cursor.peek_at(1);
        if self.cursor.peek() != b'd' || !matches!(kind, b'i' | b'x' | b'X') {
            return self.expression();
        }
        self.cursor.skip(2);
        self.nested(|it| {
            let first = if kind == b'i' { it.source_name()? } else { it.expression()? };
            if kind == b'X' {
                let last = it.expression()?;
                let value = it.braced()?;
                return it.add(Node::DesignatedRange { first, last, value });
            }
            let value = it.braced()?;
            it.add(Node::Designated { designator: first, value, is_index: kind == b'x' })
        })
    }
}
