//! The nodes that a Swift name parses into, in the order in which the name has them.
//!
//! Swift's mangling is a program for a stack: an operator takes nodes from the stack and pushes one.
//! Nodes are shared, since a name refers back to its parts: the nodes are a graph without cycles.

/// What a type declaration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nominal {
    Class,
    Structure,
    Enum,
    Protocol,
    /// A type of another language.
    Other,
    Alias,
}

/// How a function type is written in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FunctionType {
    Plain,
    NoEscape,
    Uncurried,
    CalledOnce,
    AutoClosure,
    Thin,
    C,
    Block,
    EscapingBlock,
}

/// What a node is. A kind that only has to be printed is the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Global,
    Suffix,
    /// A text of its own.
    Word(&'static str),
    /// A text with the children at `{0}` and so on, and all of them at `{*}`.
    Form(&'static str),
    /// A requirement of a generic signature, printed as a form.
    Requirement(&'static str),
    /// What the compiler made of a function, before the function.
    Attribute(&'static str),
    /// An attribute with a number or a text in its form.
    NumberedAttribute(&'static str),
    /// An attribute with a child in its form.
    FormAttribute(&'static str),
    PartialApply(&'static str),

    Module,
    Identifier,
    /// An operator, by where it stands.
    Operator(&'static str),
    LocalName,
    PrivateName,
    RelatedName,
    Index,
    UnknownIndex,

    Nominal(Nominal),
    Bound(Nominal),
    BoundFunction,
    Extension,
    AnonymousContext,
    Static,
    Function,
    Variable,
    Subscript,
    Macro,
    GenericParameter,
    Accessor(&'static str),
    Closure(&'static str),
    DefaultArgument,
    Initializer(&'static str),
    Allocator,
    Constructor,
    /// A destructor with one name for every type.
    Destructor(&'static str),
    /// A destructor, by its name in a class.
    Deallocator(&'static str),
    AttachedMacro(&'static str),
    /// Freestanding macros and unique names, by what is before the number.
    FreeMacro(&'static str),
    MacroLocation,
    OnceDeclarations,

    Type,
    TypeMangling,
    TypeList,
    LabelList,
    EmptyList,
    FirstElement,
    Variadic,
    BuiltinName,
    BuiltinTuple,
    /// A builtin type with arguments, printed as a form.
    BuiltinForm(&'static str),
    FunctionType(FunctionType),
    Arguments,
    Yields,
    Returns,
    Throws,
    TypedThrows,
    Sendable,
    Async,
    GlobalActor,
    IsolatedAny,
    NonIsolatedCaller,
    SendingResult,
    Differentiable,
    ClangType,
    Tuple,
    TupleElement,
    ElementName,
    /// A pack, by what is before it.
    Pack(&'static str),
    Metatype,
    ExistentialMetatype,
    MetatypeRepresentation,
    ProtocolList,
    ProtocolListWithClass,
    ProtocolListWithAnyObject,
    ConstrainedRequirements,
    /// `Self`, also of a constrained existential.
    SelfType,
    AssociatedTypeRef,
    AssociatedTypePath,
    MemberType,
    MemberName,
    GenericParameterType,
    GenericType,
    Signature,
    ParameterCount,
    PackMarker,
    ValueMarker,
    InverseRequirement,
    LayoutRequirement,
    Box,
    BoxWithLayout,
    BoxLayout,
    BoxField(&'static str),
    /// A type in the short form of the source, printed as a form.
    Sugar(&'static str),
    SugaredOptional,
    Integer,
    NegativeInteger,
    OpaqueReturnType,
    OpaqueReturnTypeOf,
    ErrorType,

    ImplFunction,
    ImplParameter,
    ImplResult,
    /// What is yielded or thrown, by what is before it.
    ImplOther(&'static str),
    ImplAttribute(&'static str),
    ImplConvention,
    ImplPatternSubstitutions,
    ImplInvocationSubstitutions,
    ImplSendingResult,

    ProtocolConformance,
    ConformanceList,
    ConcreteConformance,
    /// A conformance that a generic signature or another conformance gives.
    DependentConformance(&'static str),
    RetroactiveConformance,

    Specialization(&'static str),
    SpecializationParameter,
    Serialized,
    DroppedArgument,
    PassId,
    RepresentationChanged,
    FunctionParameter,
    FunctionReturn,
    ParameterChange,
    ParameterPayload,

    ValueWitness,
    Outlined(&'static str),
    ReabstractionThunk(&'static str),
    ReabstractionThunkWithSelf,
    KeyPathThunk(&'static str),
    KeyPathIndexThunk(&'static str),
    AutoDiffFunction,
    AutoDiffVTableThunk,
    AutoDiffSelfReordering,
    AutoDiffSubset,
    AutoDiffMode,
    DifferentiabilityWitness,
    DifferentiabilityMode,
    IndexSubset,
    CompletionHandler(&'static str),
}

/// Kinds with texts that parsers ask for.
pub(super) const INOUT: Kind = Kind::Form("inout {0}");
pub(super) const REF_IN_TYPE_MODULE: Kind =
    Kind::Form("protocol conformance ref (type's module) {*}");
pub(super) const REF_IN_PROTOCOL_MODULE: Kind =
    Kind::Form("protocol conformance ref (protocol's module) {*}");
pub(super) const PACK_CONFORMANCE: Kind = Kind::Form("pack protocol conformance {*}");
pub(super) const OPAQUE_CONFORMANCE: Kind = Kind::Form("opaque result conformance {0} of {1}");

impl Kind {
    /// Whether a declaration can be in it.
    pub(super) fn is_context(self) -> bool {
        matches!(
            self,
            Self::Module
                | Self::Nominal(_)
                | Self::Extension
                | Self::AnonymousContext
                | Self::Static
                | Self::Function
                | Self::Variable
                | Self::Subscript
                | Self::Accessor(_)
                | Self::Closure(_)
                | Self::DefaultArgument
                | Self::Initializer(_)
                | Self::Allocator
                | Self::Constructor
                | Self::Destructor(_)
                | Self::Deallocator(_)
                | Self::OpaqueReturnTypeOf
                | Self::AutoDiffFunction
                | Self::BuiltinTuple
        )
    }

    pub(super) fn is_entity(self) -> bool {
        self == Self::Type || self.is_context()
    }

    pub(super) fn is_declaration_name(self) -> bool {
        matches!(
            self,
            Self::Identifier
                | Self::LocalName
                | Self::PrivateName
                | Self::RelatedName
                | Self::Operator(_)
        )
    }

    /// Whether it is a type that can have generic arguments.
    pub(super) fn is_any_generic(self) -> bool {
        matches!(self, Self::Nominal(_) | Self::BuiltinTuple)
    }

    pub(super) fn is_requirement(self) -> bool {
        matches!(
            self,
            Self::Requirement(_)
                | Self::PackMarker
                | Self::ValueMarker
                | Self::InverseRequirement
                | Self::LayoutRequirement
        )
    }

    pub(super) fn is_function_attribute(self) -> bool {
        matches!(
            self,
            Self::Attribute(_)
                | Self::NumberedAttribute(_)
                | Self::FormAttribute(_)
                | Self::PartialApply(_)
                | Self::Specialization(_)
        )
    }

    pub(super) fn is_dependent_conformance(self) -> bool {
        matches!(self, Self::DependentConformance(_))
    }

    pub(super) fn is_conformance(self) -> bool {
        self.is_dependent_conformance()
            || self == Self::ConcreteConformance
            || self == PACK_CONFORMANCE
            || self == OPAQUE_CONFORMANCE
    }

    pub(super) fn is_macro_expansion(self) -> bool {
        matches!(self, Self::AttachedMacro(_) | Self::MacroLocation)
            || self == Self::FreeMacro("freestanding macro expansion #")
    }
}
