//! The parts of a parsed C++ name. A part refers to others by number, so that one vector holds
//! them all, and a part that the name refers back to exists once.

use super::cursor::Span;
use super::id::{List, NodeId};
use super::operator::{Operator, Precedence};

/// A text that no name contains. The indirection keeps a node small.
pub(super) type Word = &'static &'static str;

/// `const`, `volatile` and `restrict`, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Qualifiers(pub(super) u8);

impl Qualifiers {
    pub(super) const CONST: u8 = 1;
    pub(super) const VOLATILE: u8 = 2;
    pub(super) const RESTRICT: u8 = 4;
}

/// The `&` or `&&` behind a member function's parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RefQualifier {
    #[default]
    None,
    Left,
    Right,
}

/// What a function has besides its name; for a type, `suffix` is its exception specification, and
/// for a function its `enable_if` conditions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prototype {
    pub(super) result: Option<NodeId>,
    pub(super) parameters: List,
    pub(super) qualifiers: Qualifiers,
    pub(super) reference: RefQualifier,
    pub(super) suffix: Option<NodeId>,
    pub(super) requires: Option<NodeId>,
}

/// The parts of a lambda's type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closure {
    pub(super) template_parameters: List,
    pub(super) requires: Option<NodeId>,
    pub(super) parameters: List,
    pub(super) requires_behind: Option<NodeId>,
    pub(super) number: Span,
}

/// The parts of a new expression: `::new[](placement) Type(values)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct New {
    pub(super) placement: List,
    pub(super) of: NodeId,
    pub(super) values: List,
    pub(super) is_global: bool,
    pub(super) is_array: bool,
}

/// The names of `std` that have a letter in the mangling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StdName {
    Allocator,
    BasicString,
    String,
    Istream,
    Ostream,
    Iostream,
}

/// The kind of an invented template parameter: `$T`, `$N`, `$TT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterKind {
    Type,
    Value,
    Template,
}

/// One part of a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    // Names.
    Text(Span),
    Word(Word),
    /// An identifier in a scope that is no path.
    Scoped {
        scope: NodeId,
        name: Span,
    },
    /// Identifiers in a row, from `at` on in the mangled name, with the scopes before the last.
    Path {
        at: u32,
        last: Span,
    },
    /// The same, within `std`.
    StdPath {
        at: u32,
        last: Span,
    },
    OperatorName(Operator),
    Nested {
        scope: NodeId,
        name: NodeId,
    },
    Friend {
        scope: NodeId,
        name: NodeId,
    },
    Global(NodeId),
    Local {
        function: NodeId,
        entity: NodeId,
    },
    Module {
        parent: Option<NodeId>,
        name: NodeId,
        is_partition: bool,
    },
    InModule {
        module: NodeId,
        name: NodeId,
    },
    WithArguments {
        name: NodeId,
        arguments: List,
    },
    AbiTag {
        base: NodeId,
        tag: Span,
    },
    Std(StdName),
    /// A name of `std` with all its template arguments: what a constructor is a member of.
    StdInFull(StdName),
    Structor {
        of: NodeId,
        is_destructor: bool,
    },
    Destructor(NodeId),
    Unnamed(Span),
    Closure(u32),
    Bindings(List),
    Conversion(NodeId),
    LiteralOperator(NodeId),
    Special {
        word: Word,
        of: NodeId,
    },
    ConstructionVtable {
        of: NodeId,
        inside: NodeId,
    },
    Suffixed {
        name: NodeId,
        suffix: Span,
    },
    Encoding {
        name: NodeId,
        prototype: u32,
    },
    EnableIf(List),

    // Templates.
    ArgumentPack(List),
    /// An argument with the declaration of its parameter, which is not printed.
    Declared(NodeId),
    Pack {
        items: List,
        count: u32,
    },
    Expansion(NodeId),
    Forward(u32),
    Invented {
        kind: ParameterKind,
        number: u32,
    },
    TypeParameter(NodeId),
    ConstrainedParameter {
        constraint: NodeId,
        name: NodeId,
    },
    ValueParameter {
        name: NodeId,
        of: NodeId,
    },
    TemplateParameter {
        name: NodeId,
        parameters: List,
        requires: Option<NodeId>,
    },
    PackParameter(NodeId),

    // Types.
    Qualified {
        of: NodeId,
        qualifiers: Qualifiers,
    },
    Pointer(NodeId),
    Reference {
        to: NodeId,
        is_right: bool,
        is_printing: bool,
    },
    MemberPointer {
        class: NodeId,
        member: NodeId,
    },
    Array {
        of: NodeId,
        size: Option<NodeId>,
    },
    Function(u32),
    Noexcept(NodeId),
    Throws(List),
    ExplicitObject(NodeId),
    Vector {
        of: NodeId,
        size: Option<NodeId>,
    },
    PixelVector(NodeId),
    BinaryFloat(Span),
    BitInt {
        size: NodeId,
        is_signed: bool,
    },
    Postfixed {
        of: NodeId,
        word: Word,
    },
    Elaborated {
        of: NodeId,
        word: Word,
    },
    Transformed {
        transform: Span,
        of: NodeId,
    },
    VendorQualified {
        of: NodeId,
        qualifier: NodeId,
    },
    ObjcProtocol {
        of: NodeId,
        protocol: Span,
    },

    // Expressions.
    Binary {
        operator: Operator,
        left: NodeId,
        right: NodeId,
    },
    Prefix {
        operator: Operator,
        of: NodeId,
    },
    Postfix {
        operator: Operator,
        of: NodeId,
    },
    Member {
        operator: Operator,
        left: NodeId,
        right: NodeId,
    },
    Subscript {
        of: NodeId,
        index: NodeId,
    },
    Conditional {
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    },
    Call {
        callee: NodeId,
        arguments: List,
        has_parentheses: bool,
    },
    NamedCast {
        operator: Operator,
        to: NodeId,
        of: NodeId,
    },
    Cast {
        to: NodeId,
        values: List,
    },
    New(u32),
    Delete {
        of: NodeId,
        is_global: bool,
        is_array: bool,
    },
    /// `sizeof (…)`, `decltype(…)`.
    Enclosing {
        word: Word,
        of: NodeId,
        precedence: Precedence,
    },
    SizeofPack(NodeId),
    PackOf(List),
    Subobject {
        of: NodeId,
        expression: NodeId,
        offset: Option<NodeId>,
    },
    MemberPointerCast {
        to: NodeId,
        of: NodeId,
    },
    InitList {
        of: Option<NodeId>,
        values: List,
    },
    Designated {
        designator: NodeId,
        value: NodeId,
        is_index: bool,
    },
    DesignatedRange {
        first: NodeId,
        last: NodeId,
        value: NodeId,
    },
    Fold {
        operator: Operator,
        pack: NodeId,
        init: Option<NodeId>,
        is_left: bool,
    },
    Throw(NodeId),
    Parameter(Span),
    Requires {
        parameters: List,
        requirements: List,
    },
    ExpressionRequirement {
        of: NodeId,
        is_noexcept: bool,
        constraint: Option<NodeId>,
    },
    TypeRequirement(NodeId),
    NestedRequirement(NodeId),

    // Literals.
    Bool(bool),
    Integer {
        kind: u8,
        value: Span,
    },
    EnumValue {
        of: NodeId,
        value: Span,
    },
    Float(Span),
    Double(Span),
    LongDouble(Span),
    StringOf(NodeId),
    Lambda(NodeId),
}

const _: () = assert!(size_of::<Node>() == 16);
