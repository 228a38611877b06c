//! Writes expressions, with parentheses where the precedence of operators or a `>` within template
//! arguments needs them.

use super::super::id::{List, NodeId};
use super::super::node::{New, Node};
use super::super::operator::{Operator, Precedence};
use super::Printer;

impl Printer<'_> {
    pub(super) fn left_of_expression(&mut self, node: Node) {
        match node {
            Node::Binary { operator, left, right } => self.binary(operator, left, right),
            Node::Prefix { operator, of } => {
                self.word(operator.symbol());
                self.operand(of, operator.precedence(), false);
            }
            Node::Postfix { operator, of } => {
                self.operand(of, operator.precedence(), true);
                self.word(operator.symbol());
            }
            Node::Member { operator, left, right } => {
                self.operand(left, operator.precedence(), true);
                self.word(operator.symbol());
                self.operand(right, operator.precedence(), false);
            }
            Node::Subscript { of, index } => {
                self.operand(of, Precedence::Postfix, false);
                self.open(b'[');
                self.print(index);
                self.close(b']');
            }
            Node::Conditional { condition, then, otherwise } => {
                self.operand(condition, Precedence::Conditional, false);
                self.word(" ? ");
                self.print(then);
                self.word(" : ");
                self.operand(otherwise, Precedence::Assign, true);
            }
            Node::Call { callee, arguments, has_parentheses } => {
                if has_parentheses {
                    self.in_parentheses(callee);
                } else {
                    self.print(callee);
                }
                self.list_in_parentheses(arguments);
            }
            Node::Enclosing { word, of, .. } => {
                self.word(word);
                self.in_parentheses(of);
            }
            Node::Parameter(number) => {
                self.word("fp");
                self.text(number);
            }
            Node::Fold { operator, pack, init, is_left } => {
                self.fold(operator, pack, init, is_left);
            }
            Node::SizeofPack(pack) => {
                self.word("sizeof...");
                self.expansion_in_parentheses(pack);
            }
            _ => self.left_of_cast(node),
        }
    }

    fn left_of_cast(&mut self, node: Node) {
        match node {
            Node::NamedCast { operator, to, of } => {
                self.word(operator.symbol());
                let is_in_angles = std::mem::replace(&mut self.is_in_angles, true);
                self.word("<");
                // LLVM prints a pointer to a function so: `static_cast<int (*>(…)`.
                self.left(to);
                self.word(">");
                self.is_in_angles = is_in_angles;
                self.in_parentheses(of);
            }
            Node::Cast { to, values } => {
                self.in_parentheses(to);
                self.list_in_parentheses(values);
            }
            Node::MemberPointerCast { to, of } => {
                self.in_parentheses(to);
                self.in_parentheses(of);
            }
            Node::New(index) => {
                if let Some(new) = self.arena.news.get(index as usize).copied() {
                    self.new_expression(&new);
                }
            }
            Node::Delete { of, is_global, is_array } => {
                self.word(if is_global { "::delete" } else { "delete" });
                self.word(if is_array { "[] " } else { " " });
                self.print(of);
            }
            Node::Throw(of) => {
                self.word("throw ");
                self.print(of);
            }
            Node::Subobject { of, expression, offset } => {
                self.print(expression);
                self.word(".<");
                self.print(of);
                self.word(" at offset ");
                match offset.map(|it| self.arena.get(it)) {
                    Some(Node::Text(offset)) => self.signed(offset),
                    _ => self.word("0"),
                }
                self.word(">");
            }
            _ => self.left_of_requires(node),
        }
    }

    fn binary(&mut self, operator: Operator, left: NodeId, right: NodeId) {
        self.choices += u32::from(operator.closes_angle());
        let is_surrounded = self.depth_in_angles == 0 && operator.closes_angle();
        if is_surrounded {
            self.open(b'(');
        }
        let precedence = operator.precedence();
        // An assignment groups from the right.
        let is_assignment = precedence == Precedence::Assign;
        let left_precedence = if is_assignment { Precedence::OrIf } else { precedence };
        self.operand(left, left_precedence, !is_assignment);
        if operator.symbol() != "," {
            self.word(" ");
        }
        self.word(operator.symbol());
        self.word(" ");
        self.operand(right, precedence, is_assignment);
        if is_surrounded {
            self.close(b')');
        }
    }

    fn new_expression(&mut self, new: &New) {
        self.word(if new.is_global { "::new" } else { "new" });
        if new.is_array {
            self.word("[]");
        }
        self.list_if_any(new.placement);
        self.word(" ");
        self.print(new.of);
        self.list_if_any(new.values);
    }

    fn list_if_any(&mut self, list: List) {
        if !self.arena.is_empty(list) {
            self.list_in_parentheses(list);
        }
    }

    fn expansion_in_parentheses(&mut self, pack: NodeId) {
        self.open(b'(');
        self.expansion(pack);
        self.close(b')');
    }

    /// Prints `(pack + ...)`, `(... + pack)`, `(pack + ... + init)` or `(init + ... + pack)`.
    fn fold(&mut self, operator: Operator, pack: NodeId, init: Option<NodeId>, is_left: bool) {
        let symbol = operator.symbol();
        self.open(b'(');
        if is_left {
            if let Some(init) = init {
                self.operand(init, Precedence::Cast, true);
                self.spaced(symbol);
            }
            self.word("...");
            self.spaced(symbol);
            self.expansion_in_parentheses(pack);
        } else {
            self.expansion_in_parentheses(pack);
            self.spaced(symbol);
            self.word("...");
            if let Some(init) = init {
                self.spaced(symbol);
                self.operand(init, Precedence::Cast, true);
            }
        }
        self.close(b')');
    }

    fn spaced(&mut self, symbol: &str) {
        self.word(" ");
        self.word(symbol);
        self.word(" ");
    }

    fn left_of_requires(&mut self, node: Node) {
        match node {
            Node::Requires { parameters, requirements } => {
                self.word("requires");
                if !self.arena.is_empty(parameters) {
                    self.word(" ");
                    self.list_in_parentheses(parameters);
                }
                self.word(" ");
                self.open(b'{');
                let mut index = requirements.0 as usize;
                while let Some(requirement) = self.arena.item(index) {
                    self.print(requirement);
                    index += 1;
                    if self.is_stopped() {
                        return;
                    }
                }
                self.word(" ");
                self.close(b'}');
            }
            Node::ExpressionRequirement { of, is_noexcept, constraint } => {
                self.expression_requirement(of, is_noexcept, constraint);
            }
            Node::TypeRequirement(of) => {
                self.word(" typename ");
                self.print(of);
                self.word(";");
            }
            Node::NestedRequirement(of) => {
                self.word(" requires ");
                self.print(of);
                self.word(";");
            }
            _ => self.left_of_literal(node),
        }
    }

    fn expression_requirement(
        &mut self,
        of: NodeId,
        is_noexcept: bool,
        constraint: Option<NodeId>,
    ) {
        self.word(" ");
        if is_noexcept || constraint.is_some() {
            self.open(b'{');
            self.print(of);
            self.close(b'}');
        } else {
            self.print(of);
        }
        if is_noexcept {
            self.word(" noexcept");
        }
        if let Some(constraint) = constraint {
            self.word(" -> ");
            self.print(constraint);
        }
        self.word(";");
    }
}
