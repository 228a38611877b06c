//! The parts of a parsed name. A part refers to others by number, so that one vector holds them all,
//! and a part that the name refers back to exists once.

use std::num::NonZeroU32;

use super::cursor::{Number, Span};

/// A part: its index in the arena, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(pub(super) NonZeroU32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0.get() as usize
    }
}

/// Parts or numbers in a row in the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) start: u32,
    pub(super) count: u32,
}

/// `const`, `volatile`, `__restrict` and `__unaligned`, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Qualifiers(pub(super) u8);

impl Qualifiers {
    pub(super) const NONE: Self = Self(0);
    pub(super) const CONST: u8 = 1;
    pub(super) const VOLATILE: u8 = 2;
    pub(super) const RESTRICT: u8 = 4;
    pub(super) const UNALIGNED: u8 = 8;

    pub(super) fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a pointer type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pointing {
    Pointer,
    Reference,
    RightReference,
}

/// The keyword before a type's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Class,
    Struct,
    Union,
    Enum,
}

/// Who may use a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Access {
    /// No member.
    #[default]
    None,
    Private,
    Protected,
    Public,
}

/// The type of a string literal's characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Characters {
    Char,
    Char16,
    Char32,
    Wide,
}

/// What a function does before it calls another. Its numbers are in the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Thunk {
    #[default]
    None,
    /// Calls a virtual function by its place in the table.
    Virtual,
    /// Moves `this` by a number.
    Adjustor(List),
    /// Moves `this` by a number that is in the object, and another.
    Displacement(List),
    /// The same with a virtual base, by four numbers.
    BaseDisplacement(List),
}

/// The type of a function, and what it is to its class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Function {
    pub(super) result: Option<NodeId>,
    /// `None` if it is `(void)`.
    pub(super) parameters: Option<List>,
    /// Set for a name that has no types in it.
    pub(super) has_no_list: bool,
    pub(super) is_variadic: bool,
    pub(super) is_noexcept: bool,
    pub(super) is_static: bool,
    pub(super) is_virtual: bool,
    pub(super) is_extern_c: bool,
    pub(super) access: Access,
    pub(super) qualifiers: Qualifiers,
    /// `&` or `&&` behind the parameters, with a space.
    pub(super) reference: &'static str,
    /// Empty for an unknown one.
    pub(super) convention: &'static str,
    pub(super) thunk: Thunk,
}

/// One part of a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    // Identifiers.
    Text(Span),
    Word(&'static &'static str),
    WithArguments {
        name: NodeId,
        arguments: List,
    },
    /// A constructor or destructor. Its class is known when the scopes are.
    Structor {
        of: Option<NodeId>,
        is_destructor: bool,
    },
    /// A conversion operator. Its type is known when the function's result is.
    Conversion {
        to: Option<NodeId>,
        arguments: Option<List>,
    },
    LiteralOperator(Span),
    /// The scope within a function: its symbol, and the number of the block.
    Local {
        function: NodeId,
        number: u64,
    },
    Guard {
        is_of_thread: bool,
        number: u32,
    },
    VirtualCall(u64),
    /// A function that runs before or after `main`, for a variable.
    Dynamic {
        of: NodeId,
        is_variable: bool,
        is_destructor: bool,
    },
    BaseClassDescriptor(List),
    /// An identifier to which a digit refers.
    Memorized(NodeId),
    /// An identifier and its scopes, the innermost first.
    Name(List),

    // Types.
    Primitive {
        word: &'static &'static str,
        qualifiers: Qualifiers,
    },
    Tagged {
        tag: Tag,
        qualifiers: Qualifiers,
        name: List,
    },
    Pointer {
        pointing: Pointing,
        qualifiers: Qualifiers,
        to: NodeId,
        class: Option<NodeId>,
        /// The index of the first of three numbers in the arena.
        authentication: Option<NonZeroU32>,
    },
    Array {
        qualifiers: Qualifiers,
        of: NodeId,
        dimensions: List,
    },
    Function(u32),
    Custom(NodeId),

    // Symbols.
    FunctionSymbol {
        name: List,
        function: u32,
    },
    Variable {
        access: Access,
        name: List,
        of: Option<NodeId>,
    },
    /// A table of a class, and the bases that it is for.
    Table {
        qualifiers: Qualifiers,
        name: NodeId,
        bases: List,
    },
    /// A string literal, by the place of its text in the arena.
    Literal {
        characters: Characters,
        is_cut_off: bool,
        text: List,
    },

    // Template arguments.
    Integer(Number),
    /// The address of a symbol, or a pointer to a member with its offsets.
    Address {
        symbol: Option<NodeId>,
        offsets: List,
        is_pointer: bool,
    },
}

const _: () = assert!(size_of::<Node>() <= 24);
