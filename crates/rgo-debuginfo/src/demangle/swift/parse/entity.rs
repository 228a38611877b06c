//! Reads what is declared: functions, variables, accessors, closures, macros.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;

const ACCESSORS: [(u8, &str); 13] = [
    (b'm', "materializeForSet"),
    (b's', "setter"),
    (b'g', "getter"),
    (b'G', "getter"),
    (b'w', "willset"),
    (b'W', "didset"),
    (b'r', "read"),
    (b'y', "yielding_borrow"),
    (b'M', "modify"),
    (b'x', "yielding_mutate"),
    (b'i', "init"),
    (b'b', "borrow"),
    (b'z', "mutate"),
];
const MUTABLE_ADDRESSORS: [(u8, &str); 4] = [
    (b'O', "owningMutableAddressor"),
    (b'o', "nativeOwningMutableAddressor"),
    (b'P', "nativePinningMutableAddressor"),
    (b'u', "unsafeMutableAddressor"),
];
const ADDRESSORS: [(u8, &str); 4] = [
    (b'O', "owningAddressor"),
    (b'o', "nativeOwningAddressor"),
    (b'p', "nativePinningAddressor"),
    (b'u', "unsafeAddressor"),
];
/// What has no more than a context.
const OF_CONTEXT: [(u8, Kind); 9] = [
    (b'D', Kind::Deallocator("__deallocating_deinit")),
    (b'd', Kind::Destructor("deinit")),
    (b'Z', Kind::Deallocator("__isolated_deallocating_deinit")),
    (b'E', Kind::Destructor("__ivar_destroyer")),
    (b'e', Kind::Destructor("__ivar_initializer")),
    (b'i', Kind::Initializer("variable initialization expression")),
    (b'P', Kind::Initializer("property wrapper backing initializer")),
    (b'F', Kind::Initializer("property wrapped field init accessor")),
    (b'W', Kind::Initializer("property wrapper init from projected value")),
];
const ATTACHED_MACROS: [(u8, &str); 8] = [
    (b'a', "accessor"),
    (b'r', "memberAttribute"),
    (b'm', "member"),
    (b'p', "peer"),
    (b'c', "conformance"),
    (b'e', "extension"),
    (b'q', "preamble"),
    (b'b', "body"),
];

impl Parser<'_> {
    pub(super) fn plain_function(&mut self) -> Option<Id> {
        let signature = self.pop(Kind::Signature);
        let mut id = self.function_type(super::super::node::FunctionType::Plain)?;
        let labels = self.labels(Some(id));
        if let Some(signature) = signature {
            id = self.generic(signature, id)?;
        }
        self.named(Kind::Function, labels, id)
    }

    /// A declaration that has a name, a type, and maybe labels.
    fn named(&mut self, kind: Kind, labels: Option<Id>, id: Id) -> Option<Id> {
        let name = self.pop_if(Kind::is_declaration_name)?;
        let context = self.pop_context()?;
        let entity = self.tree.with_children(kind, &[context, name])?;
        if let Some(labels) = labels {
            self.tree.add(entity, labels)?;
        }
        self.tree.add(entity, id)?;
        Some(entity)
    }

    fn entity(&mut self, kind: Kind) -> Option<Id> {
        let id = self.pop(Kind::Type)?;
        let labels = self.labels(Some(id));
        self.named(kind, labels, id)
    }

    pub(super) fn variable(&mut self) -> Option<Id> {
        let variable = self.entity(Kind::Variable)?;
        self.accessor(variable)
    }

    pub(super) fn subscript(&mut self) -> Option<Id> {
        let private = self.pop(Kind::PrivateName);
        let id = self.pop(Kind::Type)?;
        let labels = self.labels(Some(id));
        let context = self.pop_context()?;
        let subscript = self.tree.with_children(Kind::Subscript, &[context])?;
        for child in [labels, Some(id), private].into_iter().flatten() {
            self.tree.add(subscript, child)?;
        }
        self.accessor(subscript)
    }

    /// A variable itself, or one of its accessors.
    fn accessor(&mut self, storage: Id) -> Option<Id> {
        if self.eat(b'p') {
            return Some(storage);
        }
        let name = if self.eat(b'a') {
            self.eat_of(&MUTABLE_ADDRESSORS)?
        } else if self.eat(b'l') {
            self.eat_of(&ADDRESSORS)?
        } else {
            self.eat_of(&ACCESSORS)?
        };
        self.tree.with_children(Kind::Accessor(name), &[storage])
    }

    /// What follows an `f`.
    pub(super) fn function_entity(&mut self) -> Option<Id> {
        if let Some(kind) = self.eat_of(&OF_CONTEXT) {
            let context = self.pop_context()?;
            return self.tree.with_children(kind, &[context]);
        }
        match self.next()? {
            b'C' => self.initializer(Kind::Allocator),
            b'c' => self.initializer(Kind::Constructor),
            b'U' => self.closure("closure #"),
            b'u' => self.closure("implicit closure #"),
            b'A' => {
                let index = self.index_node()?;
                let context = self.pop_context()?;
                self.tree.with_children(Kind::DefaultArgument, &[context, index])
            }
            b'm' => self.entity(Kind::Macro),
            b'M' => self.macro_expansion(),
            b'p' => self.entity(Kind::GenericParameter),
            _ => None,
        }
    }

    fn initializer(&mut self, kind: Kind) -> Option<Id> {
        let private = self.pop(Kind::PrivateName);
        let id = self.pop(Kind::Type)?;
        let labels = self.labels(Some(id));
        let context = self.pop_context()?;
        let entity = self.tree.with_children(kind, &[context])?;
        for child in [labels, Some(id), private].into_iter().flatten() {
            self.tree.add(entity, child)?;
        }
        Some(entity)
    }

    fn closure(&mut self, name: &'static str) -> Option<Id> {
        let index = self.index_node()?;
        let id = self.pop(Kind::Type)?;
        let context = self.pop_context()?;
        self.tree.with_children(Kind::Closure(name), &[context, index, id])
    }

    fn macro_expansion(&mut self) -> Option<Id> {
        if let Some(role) = self.eat_of(&ATTACHED_MACROS) {
            let name = self.pop(Kind::Identifier)?;
            let attached = self.pop_if(Kind::is_declaration_name)?;
            let context = self.pop_macro_context()?;
            let index = self.index_node()?;
            let list = [context, attached, name, index];
            return self.tree.with_children(Kind::AttachedMacro(role), &list);
        }
        match self.next()? {
            b'f' => {
                let name = self.pop(Kind::Identifier)?;
                let private = self.pop(Kind::PrivateName);
                let context = self.pop_macro_context()?;
                let index = self.index_node()?;
                let kind = Kind::FreeMacro("freestanding macro expansion #");
                let expansion = self.tree.with_children(kind, &[context, name, index])?;
                if let Some(private) = private {
                    self.tree.add(expansion, private)?;
                }
                Some(expansion)
            }
            b'u' => {
                let name = self.pop(Kind::Identifier)?;
                let context = self.pop_macro_context()?;
                let index = self.index_node()?;
                self.tree.with_children(Kind::FreeMacro("unique name #"), &[context, name, index])
            }
            b'X' => {
                let line = self.index_node()?;
                let column = self.index_node()?;
                let buffer = self.pop(Kind::Identifier)?;
                let module = self.pop(Kind::Identifier)?;
                let list = [module, buffer, line, column];
                self.tree.with_children(Kind::MacroLocation, &list)
            }
            _ => None,
        }
    }

    fn pop_macro_context(&mut self) -> Option<Id> {
        match self.pop_if(Kind::is_macro_expansion) {
            Some(expansion) => Some(expansion),
            None => self.pop_context(),
        }
    }
}
