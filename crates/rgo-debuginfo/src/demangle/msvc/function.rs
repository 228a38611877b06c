//! Reads functions.
//!
//! ```text
//! <function>             ::= [$$J0] <class> [<number>{1,2,4}] <function type>
//!                        ::= [$$J0] 9                  extern "C": no types
//! <class>                ::= <A-Z>                     see `class_of_letter`
//!                        ::= $ [R] <0-5>               a thunk for virtual bases
//! <member function type> ::= <pointer qualifiers> [G &|H &&] <qualifiers> <function type>
//! <function type>        ::= <convention> (@|<type>) <parameters> (Z|_E noexcept)
//! <parameters>           ::= X                         (void)
//!                        ::= (<type>|<0-9>)* (@|Z)     Z: and more
//! ```
//!
//! The function of a class that is neither static nor global has a member function type.

use super::node::{Access, Function, List, Node, NodeId, Thunk};
use super::parser::Parser;
use super::types::Position;

/// What a function is to its class, as the letter before its type says.
#[derive(Clone, Copy, Debug, Default)]
struct Class {
    access: Access,
    is_static: bool,
    is_virtual: bool,
    adjustment: Adjustment,
}

/// The numbers of a thunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Adjustment {
    #[default]
    None,
    Static,
    Virtual,
    VirtualBase,
}

impl Parser<'_> {
    /// Reads a function behind its name, and returns its index.
    pub(super) fn function(&mut self) -> Option<u32> {
        let is_extern_c = self.cursor.eat_all(b"$$J0");
        if self.cursor.eat(b'9') {
            let function = Function { is_extern_c: true, has_no_list: true, ..Function::default() };
            return Some(self.store.arena.add_function(function));
        }
        let class = self.class().unwrap_or_else(|| {
            self.is_broken = true;
            Class { access: Access::Public, ..Class::default() }
        });
        let thunk = self.thunk(class.adjustment)?;
        let index = self.function_type(class.access != Access::None && !class.is_static)?;
        let function = self.store.arena.function_mut(index)?;
        function.access = class.access;
        function.is_static = class.is_static;
        function.is_virtual = class.is_virtual;
        function.is_extern_c = is_extern_c;
        function.thunk = thunk;
        Some(index)
    }

    fn class(&mut self) -> Option<Class> {
        let letter = self.cursor.next()?;
        if letter != b'$' {
            return class_of_letter(letter);
        }
        let adjustment =
            if self.cursor.eat(b'R') { Adjustment::VirtualBase } else { Adjustment::Virtual };
        let access = match self.cursor.next()? {
            b'0' | b'1' => Access::Private,
            b'2' | b'3' => Access::Protected,
            b'4' | b'5' => Access::Public,
            _ => return None,
        };
        Some(Class { access, is_static: false, is_virtual: true, adjustment })
    }

    /// Reads how a thunk moves `this`. The numbers have 32 bits.
    fn thunk(&mut self, adjustment: Adjustment) -> Option<Thunk> {
        let count = match adjustment {
            Adjustment::None => return Some(Thunk::None),
            Adjustment::Static => 1,
            Adjustment::Virtual => 2,
            Adjustment::VirtualBase => 4,
        };
        let mut numbers = [0; 4];
        for number in numbers.iter_mut().take(count) {
            let before = self.cursor;
            let value = self.cursor.signed().unwrap_or_else(|| {
                self.cursor = before;
                self.cursor.eat(b'?');
                self.is_broken = true;
                0
            });
            *number = i64::from(value as i32) as u64;
        }
        // The last one has no sign.
        if let Some(last) = numbers.get_mut(count - 1) {
            *last = u64::from(*last as u32);
        }
        let numbers = self.store.arena.add_numbers(numbers.get(..count)?);
        Some(match adjustment {
            Adjustment::Static => Thunk::Adjustor(numbers),
            Adjustment::Virtual => Thunk::Displacement(numbers),
            _ => Thunk::BaseDisplacement(numbers),
        })
    }

    /// The node for the type of a function.
    pub(super) fn function_node(&mut self, function: u32) -> Option<NodeId> {
        self.add(Node::Function(function))
    }

    /// Reads the type of a function, and returns its index.
    pub(super) fn function_type(&mut self, is_of_member: bool) -> Option<u32> {
        let mut function = Function::default();
        if is_of_member {
            function.qualifiers = self.pointer_qualifiers();
            if self.cursor.eat(b'G') {
                function.reference = " &";
            } else if self.cursor.eat(b'H') {
                function.reference = " &&";
            }
            function.qualifiers = function.qualifiers.with(self.qualifiers_before_type());
        }
        function.convention = self.convention()?;
        // Constructors and destructors have no result.
        if self.is_broken || !self.cursor.eat(b'@') {
            function.result = Some(self.type_at(Position::Result)?);
        }
        if !self.cursor.eat(b'X') {
            let (parameters, is_variadic) = self.parameters()?;
            function.parameters = Some(parameters);
            function.is_variadic = is_variadic;
        }
        if self.cursor.eat_all(b"_E") {
            function.is_noexcept = true;
        } else if !self.cursor.eat(b'Z') {
            return None;
        }
        Some(self.store.arena.add_function(function))
    }

    /// Reads parameters, and whether more can follow.
    fn parameters(&mut self) -> Option<(List, bool)> {
        let start = self.start_list();
        let is_variadic = loop {
            match self.cursor.peek() {
                b'@' => break false,
                b'Z' => break true,
                b'0'..=b'9' => {
                    let parameter = self.memorized_parameter()?;
                    self.push(parameter);
                }
                _ => {
                    let at = self.cursor.at();
                    let parameter = self.type_at(Position::Plain)?;
                    // A digit would not be shorter than a letter.
                    if self.cursor.at() - at > 1 {
                        self.memorize_parameter(parameter);
                    }
                    self.push(parameter);
                }
            }
        };
        self.cursor.skip(1);
        Some((self.end_list(start), is_variadic))
    }

    /// Reads a calling convention. LLVM prints nothing for one that it does not know.
    pub(super) fn convention(&mut self) -> Option<&'static str> {
        Some(match self.cursor.next()? {
            b'A' | b'B' => "__cdecl",
            b'C' | b'D' => "__pascal",
            b'E' | b'F' => "__thiscall",
            b'G' | b'H' => "__stdcall",
            b'I' | b'J' => "__fastcall",
            b'M' | b'N' => "__clrcall",
            b'O' | b'P' => "__eabi",
            b'Q' => "__vectorcall",
            // LLVM prints a space of its own behind these.
            b'S' => "__attribute__((__swiftcall__)) ",
            b'W' => "__attribute__((__swiftasynccall__)) ",
            _ => "",
        })
    }
}

/// The letters `A` to `X` are three groups of eight, by access. In a group, two letters each are a
/// function, a static one, a virtual one, and a thunk; the second of the two is for far calls.
fn class_of_letter(letter: u8) -> Option<Class> {
    let index = letter.checked_sub(b'A')?;
    let access = match index / 8 {
        0 => Access::Private,
        1 => Access::Protected,
        2 => Access::Public,
        _ => Access::None,
    };
    if access == Access::None {
        return matches!(letter, b'Y' | b'Z').then(Class::default);
    }
    let kind = index % 8 / 2;
    Some(Class {
        access,
        is_static: kind == 1,
        // LLVM takes a private thunk for one of a function that is not virtual.
        is_virtual: kind == 2 || kind == 3 && access != Access::Private,
        adjustment: if kind == 3 { Adjustment::Static } else { Adjustment::None },
    })
}
