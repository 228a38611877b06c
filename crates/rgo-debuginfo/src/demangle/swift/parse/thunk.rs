//! Reads thunks, attributes of functions, and more that follows a `T`.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;

const ATTRIBUTES: [(u8, Kind); 13] = [
    (b'o', Kind::Attribute("@objc ")),
    (b'O', Kind::Attribute("@nonobjc ")),
    (b'D', Kind::Attribute("dynamic ")),
    (b'd', Kind::Attribute("super ")),
    (b'E', Kind::Attribute("distributed thunk ")),
    (b'F', Kind::Attribute("distributed accessor for ")),
    (b'a', Kind::PartialApply("partial apply ObjC forwarder")),
    (b'A', Kind::PartialApply("partial apply forwarder")),
    (b'm', Kind::Attribute("merged ")),
    (b'X', Kind::Attribute("dynamically replaceable variable for ")),
    (b'x', Kind::Attribute("dynamically replaceable key for ")),
    (b'I', Kind::Attribute("dynamically replaceable thunk for ")),
    (b'u', Kind::Attribute("async function pointer to ")),
];
/// After `Tw`.
const MORE_ATTRIBUTES: [(u8, Kind); 5] = [
    (b'b', Kind::Attribute("back deployment thunk for ")),
    (b'B', Kind::Attribute("back deployment fallback for ")),
    (b'c', Kind::Attribute("coro function pointer to ")),
    (b'd', Kind::Attribute("default override of ")),
    (b'S', Kind::Attribute("#_hasSymbol query for ")),
];
const OF_ENTITY: [(u8, &str); 4] = [
    (b'c', "curry thunk of {0}"),
    (b'j', "dispatch thunk of {0}"),
    (b'q', "method descriptor for {0}"),
    (b'S', "protocol self-conformance witness for {0}"),
];

impl Parser<'_> {
    pub(super) fn thunk(&mut self) -> Option<Id> {
        if let Some(kind) = self.eat_of(&ATTRIBUTES) {
            return self.tree.node(kind);
        }
        if let Some(form) = self.eat_of(&OF_ENTITY) {
            return self.of_entity(Kind::Form(form));
        }
        match self.next()? {
            b'T' if self.eat(b'I') => self.of_entity(Kind::Form("identity thunk of {0}")),
            b'w' => {
                let kind = self.eat_of(&MORE_ATTRIBUTES)?;
                self.tree.node(kind)
            }
            b'Q' => self.resumed("({0}) await resume partial function for "),
            b'Y' => self.resumed("({0}) suspend resume partial function for "),
            b'C' => self.of_type(Kind::Form("coroutine continuation prototype for {0}")),
            b'z' => self.completion_handler(""),
            b'Z' => self.completion_handler("checked "),
            b'V' => {
                let base = self.pop_if(Kind::is_entity)?;
                let derived = self.pop_if(Kind::is_entity)?;
                let kind = Kind::Form("vtable thunk for {1} dispatching to {0}");
                self.tree.with_children(kind, &[derived, base])
            }
            b'W' => {
                let entity = self.pop_if(Kind::is_entity)?;
                let conformance = self.pop_protocol_conformance()?;
                let kind = Kind::Form("protocol witness for {1} in conformance {0}");
                self.tree.with_children(kind, &[conformance, entity])
            }
            b'R' => self.reabstraction(Kind::ReabstractionThunk("reabstraction thunk helper ")),
            b'r' => self.reabstraction(Kind::ReabstractionThunk("reabstraction thunk ")),
            b'y' => self.reabstraction(Kind::ReabstractionThunkWithSelf),
            b'U' => {
                let actor = self.pop(Kind::Type)?;
                let thunk = self.pop_any()?;
                let kind = Kind::Form("{0} with global actor constraint {1}");
                self.tree.with_children(kind, &[thunk, actor])
            }
            letter @ (b'K' | b'k') => self.key_path(letter),
            b'H' => self.key_path_index("key path index equality operator for "),
            b'h' => self.key_path_index("key path index hash operator for "),
            b'v' => {
                let index = self.index()?;
                let kind = if self.eat(b'r') {
                    Kind::NumberedAttribute("outlined read-only object #{0} of ")
                } else {
                    Kind::NumberedAttribute("outlined variable #{0} of ")
                };
                self.tree.with_index(kind, index.into())
            }
            b'e' => self.bridged_method(),
            b'J' => self.derivative(),
            letter => self.descriptor_or_specialization(letter),
        }
    }

    fn descriptor_or_specialization(&mut self, letter: u8) -> Option<Id> {
        match letter {
            b'l' => {
                let name = self.pop_member_name()?;
                self.tree.with_children(Kind::Form("associated type descriptor for {0}"), &[name])
            }
            b'L' => self.of_protocol(Kind::Form("protocol requirements base descriptor for {0}")),
            b'M' => {
                let name = self.pop_member_name()?;
                let form = "default associated type metadata accessor for {0}";
                self.tree.with_children(Kind::Form(form), &[name])
            }
            b'n' => self.associated("associated conformance descriptor for {0}.{1}: {2}"),
            b'N' => self.associated("default associated conformance accessor for {0}.{1}: {2}"),
            b'b' => {
                let requirement = self.pop_protocol()?;
                let protocol = self.pop(Kind::Type)?;
                let kind = Kind::Form("base conformance descriptor for {0}: {1}");
                self.tree.with_children(kind, &[protocol, requirement])
            }
            _ => self.specialization(letter),
        }
    }

    fn resumed(&mut self, form: &'static str) -> Option<Id> {
        let index = self.index_node()?;
        self.tree.with_children(Kind::FormAttribute(form), &[index])
    }

    fn completion_handler(&mut self, before: &'static str) -> Option<Id> {
        let flag = self.index_node()?;
        let signature = self.pop(Kind::Signature);
        let result = self.pop(Kind::Type)?;
        let block = self.pop(Kind::Type)?;
        let list = [block, result, flag];
        let handler = self.tree.with_children(Kind::CompletionHandler(before), &list)?;
        if let Some(signature) = signature {
            self.tree.add(handler, signature)?;
        }
        Some(handler)
    }

    fn reabstraction(&mut self, kind: Kind) -> Option<Id> {
        let thunk = self.tree.node(kind)?;
        if let Some(signature) = self.pop(Kind::Signature) {
            self.tree.add(thunk, signature)?;
        }
        let count = if kind == Kind::ReabstractionThunkWithSelf { 3 } else { 2 };
        for _ in 0..count {
            let id = self.pop(Kind::Type)?;
            self.tree.add(thunk, id)?;
        }
        Some(thunk)
    }

    fn key_path(&mut self, letter: u8) -> Option<Id> {
        let kind = Kind::KeyPathThunk(if self.eat_all(b"mu") {
            "key path unapplied method "
        } else if self.eat_all(b"MA") {
            "key path applied method "
        } else if letter == b'K' {
            "key path getter for "
        } else {
            "key path setter for "
        });
        let is_serialized = self.eat(b'q');
        let mut types = vec![self.pop(Kind::Type)?];
        while let Some(id) = self.pop(Kind::Type) {
            types.push(id);
        }
        let mut entity = self.pop_any()?;
        let signature = Some(entity).filter(|id| self.tree.is(*id, Kind::Signature));
        if signature.is_some() {
            entity = self.pop_any()?;
        }
        let thunk = self.tree.with_children(kind, &[entity])?;
        for id in signature.into_iter().chain(types.into_iter().rev()) {
            self.tree.add(thunk, id)?;
        }
        self.mark_serialized(thunk, is_serialized)
    }

    fn key_path_index(&mut self, text: &'static str) -> Option<Id> {
        let is_serialized = self.eat(b'q');
        let signature = self.pop(Kind::Signature);
        let thunk = self.tree.node(Kind::KeyPathIndexThunk(text))?;
        if self.stack.is_empty() && signature.is_none() {
            return None;
        }
        for id in std::mem::take(&mut self.stack) {
            if !self.tree.is(id, Kind::Type) {
                return None;
            }
            self.tree.add(thunk, id)?;
        }
        if let Some(signature) = signature {
            self.tree.add(thunk, signature)?;
        }
        self.mark_serialized(thunk, is_serialized)
    }

    fn mark_serialized(&mut self, id: Id, is_serialized: bool) -> Option<Id> {
        if is_serialized {
            let mark = self.tree.node(Kind::Serialized)?;
            self.tree.add(id, mark)?;
        }
        Some(id)
    }

    fn associated(&mut self, form: &'static str) -> Option<Id> {
        let requirement = self.pop_protocol()?;
        let is_parameter = |parser: &Self, id| {
            let inner = parser.tree.first(id);
            inner.is_some_and(|inner| parser.tree.is(inner, Kind::GenericParameterType))
        };
        let top = self.stack.last().copied();
        let subject = match top {
            Some(id) if self.tree.is(id, Kind::Type) && is_parameter(self, id) => {
                self.pop(Kind::Type)?
            }
            _ => self.pop_member_path()?,
        };
        let protocol = self.pop(Kind::Type)?;
        self.tree.with_children(Kind::Form(form), &[protocol, subject, requirement])
    }

    fn bridged_method(&mut self) -> Option<Id> {
        let start = self.at;
        if !matches!(self.next()?, b'o' | b'p' | b'a' | b'm') {
            return None;
        }
        while matches!(self.peek()?, b'n' | b'b' | b'g') {
            self.at += 1;
        }
        let text = self.name.get(start..self.at)?;
        if !self.eat(b'_') {
            return None;
        }
        self.tree.with_text(Kind::NumberedAttribute("outlined bridged method ({0}) of "), text)
    }

    /// Adds all that is on the stack.
    pub(super) fn take_all(&mut self, parent: Id) -> Option<()> {
        for id in std::mem::take(&mut self.stack) {
            self.tree.add(parent, id)?;
        }
        Some(())
    }

    fn derivative(&mut self) -> Option<Id> {
        let kind = match self.peek()? {
            b'S' => Kind::AutoDiffSubset,
            b'V' => Kind::AutoDiffVTableThunk,
            b'O' => return self.self_reordering(),
            _ => Kind::AutoDiffFunction,
        };
        self.at += usize::from(kind != Kind::AutoDiffFunction);
        let derivative = self.tree.node(kind)?;
        self.take_all(derivative)?;
        self.derivative_kind(derivative)?;
        self.index_subset(derivative, b'p')?;
        self.index_subset(derivative, b'r')?;
        if kind == Kind::AutoDiffSubset {
            self.index_subset(derivative, b'P')?;
        }
        Some(derivative)
    }

    fn self_reordering(&mut self) -> Option<Id> {
        self.at += 1;
        let thunk = self.tree.node(Kind::AutoDiffSelfReordering)?;
        let signature = self.pop(Kind::Signature);
        let to = self.pop(Kind::Type)?;
        let from = self.pop(Kind::Type)?;
        for child in [Some(from), Some(to), signature].into_iter().flatten() {
            self.tree.add(thunk, child)?;
        }
        self.derivative_kind(thunk)?;
        Some(thunk)
    }

    fn derivative_kind(&mut self, parent: Id) -> Option<()> {
        let letter = self.next().filter(|letter| b"frdp".contains(letter))?;
        let kind = self.tree.with_index(Kind::AutoDiffMode, letter.into())?;
        self.tree.add(parent, kind)
    }

    /// Which parameters or results, before a letter.
    pub(super) fn index_subset(&mut self, parent: Id, letter: u8) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'S' | b'U')) {
            self.at += 1;
        }
        let text = self.name.get(start..self.at).filter(|text| !text.is_empty())?;
        let subset = self.tree.with_text(Kind::IndexSubset, text)?;
        self.tree.add(parent, subset)?;
        if self.eat(letter) { Some(()) } else { None }
    }
}
