//! The types of the standard library that have a letter, and the builtin types.

use super::super::node::{Kind, Nominal};
use super::super::tree::Id;
use super::Parser;

use Nominal::{Class, Enum, Protocol, Structure};

/// After `S`.
const STANDARD: [(u8, (Nominal, &str)); 48] = [
    (b'A', (Structure, "AutoreleasingUnsafeMutablePointer")),
    (b'a', (Structure, "Array")),
    (b'b', (Structure, "Bool")),
    (b'D', (Structure, "Dictionary")),
    (b'd', (Structure, "Double")),
    (b'f', (Structure, "Float")),
    (b'h', (Structure, "Set")),
    (b'I', (Structure, "DefaultIndices")),
    (b'i', (Structure, "Int")),
    (b'J', (Structure, "Character")),
    (b'N', (Structure, "ClosedRange")),
    (b'n', (Structure, "Range")),
    (b'O', (Structure, "ObjectIdentifier")),
    (b'P', (Structure, "UnsafePointer")),
    (b'p', (Structure, "UnsafeMutablePointer")),
    (b'R', (Structure, "UnsafeBufferPointer")),
    (b'r', (Structure, "UnsafeMutableBufferPointer")),
    (b'S', (Structure, "String")),
    (b's', (Structure, "Substring")),
    (b'u', (Structure, "UInt")),
    (b'V', (Structure, "UnsafeRawPointer")),
    (b'v', (Structure, "UnsafeMutableRawPointer")),
    (b'W', (Structure, "UnsafeRawBufferPointer")),
    (b'w', (Structure, "UnsafeMutableRawBufferPointer")),
    (b'q', (Enum, "Optional")),
    (b'B', (Protocol, "BinaryFloatingPoint")),
    (b'E', (Protocol, "Encodable")),
    (b'e', (Protocol, "Decodable")),
    (b'F', (Protocol, "FloatingPoint")),
    (b'G', (Protocol, "RandomNumberGenerator")),
    (b'H', (Protocol, "Hashable")),
    (b'j', (Protocol, "Numeric")),
    (b'K', (Protocol, "BidirectionalCollection")),
    (b'k', (Protocol, "RandomAccessCollection")),
    (b'L', (Protocol, "Comparable")),
    (b'l', (Protocol, "Collection")),
    (b'M', (Protocol, "MutableCollection")),
    (b'm', (Protocol, "RangeReplaceableCollection")),
    (b'Q', (Protocol, "Equatable")),
    (b'T', (Protocol, "Sequence")),
    (b't', (Protocol, "IteratorProtocol")),
    (b'U', (Protocol, "UnsignedInteger")),
    (b'X', (Protocol, "RangeExpression")),
    (b'x', (Protocol, "Strideable")),
    (b'Y', (Protocol, "RawRepresentable")),
    (b'y', (Protocol, "StringProtocol")),
    (b'Z', (Protocol, "SignedInteger")),
    (b'z', (Protocol, "BinaryInteger")),
];

/// After `Sc`.
const CONCURRENCY: [(u8, (Nominal, &str)); 19] = [
    (b'A', (Protocol, "Actor")),
    (b'C', (Structure, "CheckedContinuation")),
    (b'c', (Structure, "UnsafeContinuation")),
    (b'E', (Structure, "CancellationError")),
    (b'e', (Structure, "UnownedSerialExecutor")),
    (b'F', (Protocol, "Executor")),
    (b'f', (Protocol, "SerialExecutor")),
    (b'G', (Structure, "TaskGroup")),
    (b'g', (Structure, "ThrowingTaskGroup")),
    (b'h', (Protocol, "TaskExecutor")),
    (b'I', (Protocol, "AsyncIteratorProtocol")),
    (b'i', (Protocol, "AsyncSequence")),
    (b'J', (Structure, "UnownedJob")),
    (b'M', (Class, "MainActor")),
    (b'P', (Structure, "TaskPriority")),
    (b'S', (Structure, "AsyncStream")),
    (b's', (Structure, "AsyncThrowingStream")),
    (b'T', (Structure, "Task")),
    (b't', (Structure, "UnsafeCurrentTask")),
];

/// After `B`, without an argument.
const BUILTIN: [(u8, &str); 14] = [
    (b'A', "Builtin.ImplicitActor"),
    (b'b', "Builtin.BridgeObject"),
    (b'B', "Builtin.UnsafeValueBuffer"),
    (b'e', "Builtin.Executor"),
    (b'I', "Builtin.IntLiteral"),
    (b'O', "Builtin.UnknownObject"),
    (b'o', "Builtin.NativeObject"),
    (b'p', "Builtin.RawPointer"),
    (b'j', "Builtin.Job"),
    (b'D', "Builtin.DefaultActorStorage"),
    (b'd', "Builtin.NonDefaultDistributedActorStorage"),
    (b'c', "Builtin.RawUnsafeContinuation"),
    (b't', "Builtin.SILToken"),
    (b'w', "Builtin.Word"),
];
/// Largest number in a builtin type.
const BUILTIN_SIZE: u32 = 4096;

impl Parser<'_> {
    pub(super) fn swift_type(&mut self, nominal: Nominal, name: &'static str) -> Option<Id> {
        let module = self.tree.with_word(Kind::Module, "Swift")?;
        let name = self.tree.with_word(Kind::Identifier, name)?;
        let id = self.tree.with_children(Kind::Nominal(nominal), &[module, name])?;
        self.wrap(id)
    }

    pub(super) fn standard_substitution(&mut self) -> Option<Id> {
        match self.peek()? {
            b'o' => {
                self.at += 1;
                self.tree.with_word(Kind::Module, "__C")
            }
            b'C' => {
                self.at += 1;
                self.tree.with_word(Kind::Module, "__C_Synthesized")
            }
            b'g' => {
                self.at += 1;
                let wrapped = self.pop(Kind::Type)?;
                let optional = self.swift_type(Enum, "Optional")?;
                let arguments = self.tree.with_children(Kind::TypeList, &[wrapped])?;
                let bound = self.tree.with_children(Kind::Bound(Enum), &[optional, arguments])?;
                let id = self.wrap(bound)?;
                Some(self.remember(id))
            }
            byte => {
                let count = if byte.is_ascii_digit() { Some(self.natural()?) } else { None };
                let (nominal, name) = if self.eat(b'c') {
                    self.eat_of(&CONCURRENCY)?
                } else {
                    self.eat_of(&STANDARD)?
                };
                let id = self.swift_type(nominal, name)?;
                self.push_again(count, id)
            }
        }
    }

    pub(super) fn builtin_type(&mut self) -> Option<Id> {
        let id = if let Some(name) = self.eat_of(&BUILTIN) {
            self.tree.with_word(Kind::BuiltinName, name)?
        } else {
            match self.next()? {
                b'f' => self.sized_builtin("Builtin.FPIEEE")?,
                b'i' => self.sized_builtin("Builtin.Int")?,
                b'v' => self.builtin_vector()?,
                b'V' => {
                    let element = self.pop(Kind::Type)?;
                    let size = self.pop(Kind::Type)?;
                    let kind = Kind::BuiltinForm("Builtin.FixedArray<{0}, {1}>");
                    self.tree.with_children(kind, &[size, element])?
                }
                b'W' => self.of_type(Kind::BuiltinForm("Builtin.Borrow<{0}>"))?,
                b'P' => self.tree.with_word(Kind::BuiltinName, "Builtin.PackIndex")?,
                b'T' => self.tree.node(Kind::BuiltinTuple)?,
                _ => return None,
            }
        };
        self.wrap(id)
    }

    fn builtin_size(&mut self) -> Option<u32> {
        self.index()?.checked_sub(1).filter(|size| (1..=BUILTIN_SIZE).contains(size))
    }

    fn sized_builtin(&mut self, name: &str) -> Option<Id> {
        let size = self.builtin_size()?;
        self.tree.with_text(Kind::BuiltinName, format!("{name}{size}").as_bytes())
    }

    fn builtin_vector(&mut self) -> Option<Id> {
        let count = self.builtin_size()?;
        let element = self.pop_inner_type()?;
        if !self.tree.is(element, Kind::BuiltinName) {
            return None;
        }
        let element = self.tree.text(element)?.strip_prefix(b"Builtin.")?;
        let text = [format!("Builtin.Vec{count}x").as_bytes(), element].concat();
        self.tree.with_text(Kind::BuiltinName, &text)
    }
}
