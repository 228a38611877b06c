//! The operators of C++: their two letters in a mangled name, their spelling, and how tightly they
//! bind, which decides about parentheses (Itanium C++ ABI, 5.1.3 `<operator-name>`).

/// How tightly an expression binds; the first binds most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Primary,
    Postfix,
    Unary,
    Cast,
    PointerToMember,
    Multiplicative,
    Additive,
    Shift,
    Spaceship,
    Relational,
    Equality,
    And,
    Xor,
    Or,
    AndIf,
    OrIf,
    Conditional,
    Assign,
    Comma,
}

/// What an operator stands before, behind or between, and whether a function can have its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Prefix,
    Postfix,
    Binary,
    Subscript,
    /// `->` and `->*`.
    Arrow,
    /// `.` and `.*`, which no function has as its name.
    Dot,
    New {
        is_array: bool,
    },
    Delete {
        is_array: bool,
    },
    Call {
        has_parentheses: bool,
    },
    Cast,
    Conditional,
    /// The name of a function, but no expression.
    NameOnly,
    /// `static_cast<…>(…)`; no function has this name.
    NamedCast,
    /// `sizeof (type)`; no function has this name.
    OfType,
    /// `sizeof (value)`; no function has this name.
    OfValue,
}

struct Row(&'static [u8; 2], &'static str, Kind, Precedence);

use Kind as K;
use Precedence as P;

const ROWS: [Row; 63] = [
    Row(b"ps", "+", K::Prefix, P::Unary),
    Row(b"ng", "-", K::Prefix, P::Unary),
    Row(b"ad", "&", K::Prefix, P::Unary),
    Row(b"de", "*", K::Prefix, P::Unary),
    Row(b"co", "~", K::Prefix, P::Unary),
    Row(b"nt", "!", K::Prefix, P::Unary),
    Row(b"pp", "++", K::Postfix, P::Postfix),
    Row(b"mm", "--", K::Postfix, P::Postfix),
    Row(b"ml", "*", K::Binary, P::Multiplicative),
    Row(b"rm", "%", K::Binary, P::Multiplicative),
    // LLVM gives a division the precedence of an assignment.
    Row(b"dv", "/", K::Binary, P::Assign),
    Row(b"pl", "+", K::Binary, P::Additive),
    Row(b"mi", "-", K::Binary, P::Additive),
    Row(b"ls", "<<", K::Binary, P::Shift),
    Row(b"rs", ">>", K::Binary, P::Shift),
    Row(b"ss", "<=>", K::Binary, P::Spaceship),
    Row(b"lt", "<", K::Binary, P::Relational),
    Row(b"gt", ">", K::Binary, P::Relational),
    Row(b"le", "<=", K::Binary, P::Relational),
    Row(b"ge", ">=", K::Binary, P::Relational),
    Row(b"eq", "==", K::Binary, P::Equality),
    Row(b"ne", "!=", K::Binary, P::Equality),
    Row(b"an", "&", K::Binary, P::And),
    Row(b"eo", "^", K::Binary, P::Xor),
    Row(b"or", "|", K::Binary, P::Or),
    Row(b"aa", "&&", K::Binary, P::AndIf),
    Row(b"oo", "||", K::Binary, P::OrIf),
    Row(b"aS", "=", K::Binary, P::Assign),
    Row(b"pL", "+=", K::Binary, P::Assign),
    Row(b"mI", "-=", K::Binary, P::Assign),
    Row(b"mL", "*=", K::Binary, P::Assign),
    Row(b"dV", "/=", K::Binary, P::Assign),
    Row(b"rM", "%=", K::Binary, P::Assign),
    Row(b"aN", "&=", K::Binary, P::Assign),
    Row(b"oR", "|=", K::Binary, P::Assign),
    Row(b"eO", "^=", K::Binary, P::Assign),
    Row(b"lS", "<<=", K::Binary, P::Assign),
    Row(b"rS", ">>=", K::Binary, P::Assign),
    Row(b"cm", ",", K::Binary, P::Comma),
    Row(b"ix", "[]", K::Subscript, P::Postfix),
    Row(b"pt", "->", K::Arrow, P::Postfix),
    Row(b"pm", "->*", K::Arrow, P::PointerToMember),
    Row(b"dt", ".", K::Dot, P::Postfix),
    Row(b"ds", ".*", K::Dot, P::PointerToMember),
    Row(b"nw", "new", K::New { is_array: false }, P::Unary),
    Row(b"na", "new[]", K::New { is_array: true }, P::Unary),
    Row(b"dl", "delete", K::Delete { is_array: false }, P::Unary),
    Row(b"da", "delete[]", K::Delete { is_array: true }, P::Unary),
    Row(b"cl", "()", K::Call { has_parentheses: false }, P::Postfix),
    Row(b"cp", "()", K::Call { has_parentheses: true }, P::Postfix),
    Row(b"cv", "", K::Cast, P::Cast),
    Row(b"qu", "?", K::Conditional, P::Conditional),
    Row(b"aw", "co_await", K::NameOnly, P::Primary),
    Row(b"sc", "static_cast", K::NamedCast, P::Postfix),
    Row(b"dc", "dynamic_cast", K::NamedCast, P::Postfix),
    Row(b"cc", "const_cast", K::NamedCast, P::Postfix),
    Row(b"rc", "reinterpret_cast", K::NamedCast, P::Postfix),
    Row(b"st", "sizeof ", K::OfType, P::Unary),
    Row(b"sz", "sizeof ", K::OfValue, P::Unary),
    Row(b"at", "alignof ", K::OfType, P::Unary),
    Row(b"az", "alignof ", K::OfValue, P::Unary),
    Row(b"ti", "typeid ", K::OfType, P::Postfix),
    Row(b"te", "typeid ", K::OfValue, P::Postfix),
];

/// For each pair of a small first letter and a second byte, the row; `ROWS.len()` without one.
const NO_ROW: u8 = ROWS.len() as u8;
static BY_LETTERS: [[u8; 128]; 26] = {
    let mut table = [[NO_ROW; 128]; 26];
    let mut row = 0;
    while row < ROWS.len() {
        let [first, second] = *ROWS[row].0;
        table[(first - b'a') as usize][second as usize] = row as u8;
        row += 1;
    }
    table
};

/// An operator, by its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator(u8);

impl Operator {
    /// The operator that two letters encode.
    #[inline]
    pub(super) fn of(first: u8, second: u8) -> Option<Self> {
        let letters = BY_LETTERS.get(usize::from(first.wrapping_sub(b'a')))?;
        let row = *letters.get(usize::from(second))?;
        (row != NO_ROW).then_some(Self(row))
    }

    fn row(self) -> &'static Row {
        static STORED: [Row; ROWS.len()] = ROWS;
        STORED.get(usize::from(self.0)).unwrap_or(&STORED[0])
    }

    pub(super) fn symbol(self) -> &'static str {
        self.row().1
    }

    /// The symbol, for a part of a name.
    pub(super) fn word(self) -> &'static &'static str {
        &self.row().1
    }

    pub(super) fn kind(self) -> Kind {
        self.row().2
    }

    pub(super) fn precedence(self) -> Precedence {
        self.row().3
    }

    /// Whether a function can have the name `operator` and the symbol. A conversion has the name of
    /// its type instead.
    pub(super) fn has_name(self) -> bool {
        !matches!(self.kind(), K::Dot | K::Cast | K::NamedCast | K::OfType | K::OfValue)
    }

    /// Whether a fold expression can have this operator.
    pub(super) fn is_foldable(self) -> bool {
        self.kind() == K::Binary || matches!(self.symbol(), "->*" | ".*")
    }

    /// Whether the operator reads like the end of template arguments.
    pub(super) fn closes_angle(self) -> bool {
        matches!(self.symbol(), ">" | ">>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_find_their_row() {
        for row in &ROWS {
            let [first, second] = *row.0;
            let operator = Operator::of(first, second).expect("has a row");
            assert_eq!(operator.symbol(), row.1);
        }
        for [first, second] in [*b"zz", *b"Aa", *b"a\xff", [0, 0]] {
            assert_eq!(Operator::of(first, second), None);
        }
    }
}
