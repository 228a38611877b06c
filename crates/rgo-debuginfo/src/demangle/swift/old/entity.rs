//! Reads declarations, and what they are in.

use super::super::node::{Kind, Nominal};
use super::super::tree::Id;
use super::Reader;

/// Accessors, by one letter.
const ACCESSORS: [(u8, &str); 8] = [
    (b'g', "getter"),
    (b'G', "getter"),
    (b's', "setter"),
    (b'm', "materializeForSet"),
    (b'w', "willset"),
    (b'W', "didset"),
    (b'r', "read"),
    (b'M', "modify"),
];
const MUTABLE_ADDRESSORS: [(u8, &str); 4] = [
    (b'O', "owningMutableAddressor"),
    (b'o', "nativeOwningMutableAddressor"),
    (b'p', "nativePinningMutableAddressor"),
    (b'u', "unsafeMutableAddressor"),
];
const ADDRESSORS: [(u8, &str); 4] = [
    (b'O', "owningAddressor"),
    (b'o', "nativeOwningAddressor"),
    (b'p', "nativePinningAddressor"),
    (b'u', "unsafeAddressor"),
];
const DESTRUCTORS: [(u8, Kind); 5] = [
    (b'D', Kind::Deallocator("__deallocating_deinit")),
    (b'Z', Kind::Deallocator("__isolated_deallocating_deinit")),
    (b'd', Kind::Destructor("deinit")),
    (b'e', Kind::Destructor("__ivar_initializer")),
    (b'E', Kind::Destructor("__ivar_destroyer")),
];

impl Reader<'_> {
    pub(super) fn context(&mut self) -> Option<Id> {
        self.deeper(Self::context_here)
    }

    fn context_here(&mut self) -> Option<Id> {
        match self.peek()? {
            letter @ (b'E' | b'e') => {
                self.at += 1;
                let module = self.module()?;
                let signature = if letter == b'e' { Some(self.signature()?) } else { None };
                let extended = self.context()?;
                let extension = self.tree.with_children(Kind::Extension, &[module, extended])?;
                if let Some(signature) = signature {
                    self.tree.add(extension, signature)?;
                }
                Some(extension)
            }
            b'S' => {
                self.at += 1;
                self.substitution()
            }
            b's' => {
                self.at += 1;
                self.swift_module()
            }
            b'G' => {
                self.at += 1;
                self.bound_generic_type()
            }
            b'F' | b'I' | b'v' | b'P' | b'Z' | b'C' | b'V' | b'O' => self.entity(),
            _ => self.module(),
        }
    }

    pub(super) fn declaration(&mut self, nominal: Nominal) -> Option<Id> {
        let context = self.context()?;
        let name = self.declaration_name()?;
        let id = self.tree.with_children(Kind::Nominal(nominal), &[context, name])?;
        Some(self.remember(id))
    }

    pub(super) fn nominal_type(&mut self) -> Option<Id> {
        match self.next()? {
            b'S' => self.substitution(),
            b'V' => self.declaration(Nominal::Structure),
            b'O' => self.declaration(Nominal::Enum),
            b'C' => self.declaration(Nominal::Class),
            b'P' => self.declaration(Nominal::Protocol),
            _ => None,
        }
    }

    /// A protocol, as a type.
    pub(super) fn protocol_name(&mut self) -> Option<Id> {
        let protocol = if self.eat(b'S') {
            let id = self.substitution()?;
            match self.tree.kind(id) {
                Kind::Nominal(Nominal::Protocol) => id,
                Kind::Module => self.protocol_in(id)?,
                _ => return None,
            }
        } else if self.eat(b's') {
            let module = self.swift_module()?;
            self.protocol_in(module)?
        } else {
            self.declaration(Nominal::Protocol)?
        };
        self.tree.with_children(Kind::Type, &[protocol])
    }

    pub(super) fn protocol_in(&mut self, context: Id) -> Option<Id> {
        let name = self.declaration_name()?;
        let kind = Kind::Nominal(Nominal::Protocol);
        let protocol = self.tree.with_children(kind, &[context, name])?;
        Some(self.remember(protocol))
    }

    pub(super) fn entity(&mut self) -> Option<Id> {
        self.deeper(Self::entity_here)
    }

    fn entity_here(&mut self) -> Option<Id> {
        let is_static = self.eat(b'Z');
        let kind = match self.peek()? {
            b'F' => Kind::Function,
            b'v' => Kind::Variable,
            b'I' => Kind::Initializer("variable initialization expression"),
            b'i' => Kind::Subscript,
            _ => return self.nominal_type(),
        };
        self.at += 1;
        let context = self.context()?;
        let entity = self.entity_in(context, kind)?;
        if is_static {
            return self.tree.with_children(Kind::Static, &[entity]);
        }
        Some(entity)
    }

    fn entity_in(&mut self, context: Id, kind: Kind) -> Option<Id> {
        if let Some(kind) = self.eat_of(&DESTRUCTORS) {
            return self.tree.with_children(kind, &[context]);
        }
        if let Some(name) = self.eat_of(&ACCESSORS) {
            return self.accessor(context, name);
        }
        match self.peek()? {
            b'C' => self.typed(context, Kind::Allocator, None),
            b'c' => self.typed(context, Kind::Constructor, None),
            b'a' => {
                self.at += 1;
                let name = self.eat_of(&MUTABLE_ADDRESSORS)?;
                self.accessor(context, name)
            }
            b'l' => {
                self.at += 1;
                let name = self.eat_of(&ADDRESSORS)?;
                self.accessor(context, name)
            }
            b'U' => self.closure(context, "closure #"),
            b'u' => self.closure(context, "implicit closure #"),
            letter if matches!(kind, Kind::Initializer(_)) => {
                self.at += 1;
                match letter {
                    b'A' => {
                        let index = self.index_node()?;
                        self.tree.with_children(Kind::DefaultArgument, &[context, index])
                    }
                    b'i' => self.tree.with_children(kind, &[context]),
                    _ => None,
                }
            }
            _ => {
                let name = self.declaration_name()?;
                let id = self.any_type()?;
                self.tree.with_children(kind, &[context, name, id])
            }
        }
    }

    fn closure(&mut self, context: Id, text: &'static str) -> Option<Id> {
        self.at += 1;
        let index = self.index_node()?;
        let id = self.any_type()?;
        self.tree.with_children(Kind::Closure(text), &[context, index, id])
    }

    fn typed(&mut self, context: Id, kind: Kind, private: Option<Id>) -> Option<Id> {
        if private.is_none() && kind != Kind::Subscript {
            self.at += 1;
        }
        let id = self.any_type()?;
        let entity = self.tree.with_children(kind, &[context, id])?;
        if let Some(private) = private {
            self.tree.add(entity, private)?;
        }
        Some(entity)
    }

    /// An accessor of a variable, or of a subscript by its name.
    fn accessor(&mut self, context: Id, text: &'static str) -> Option<Id> {
        let name = self.declaration_name()?;
        let is_private = self.tree.is(name, Kind::PrivateName);
        let word = if is_private { self.tree.child(name, 1)? } else { name };
        let storage = if self.tree.has_text(word, Kind::Identifier, "subscript") {
            let private = if is_private {
                let discriminator = self.tree.first(name)?;
                Some(self.tree.with_children(Kind::PrivateName, &[discriminator])?)
            } else {
                None
            };
            self.typed(context, Kind::Subscript, private)?
        } else {
            let id = self.any_type()?;
            self.tree.with_children(Kind::Variable, &[context, name, id])?
        };
        self.tree.with_children(Kind::Accessor(text), &[storage])
    }
}
