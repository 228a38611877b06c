//! Reads the names of metadata: what follows an `M`.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;

const OF_TYPE: [(u8, &str); 22] = [
    (b'a', "type metadata accessor for {0}"),
    (b'b', "canonical specialized generic type metadata accessor for {0}"),
    (b'B', "reflection metadata builtin descriptor {0}"),
    (b'D', "demangling cache variable for type metadata for {0}"),
    (b'f', "full type metadata for {0}"),
    (b'F', "reflection metadata field descriptor {0}"),
    (b'i', "type metadata instantiation function for {0}"),
    (b'I', "type metadata instantiation cache for {0}"),
    (b'l', "type metadata singleton initialization cache for {0}"),
    (b'L', "lazy cache variable for type metadata for {0}"),
    (b'm', "metaclass for {0}"),
    (b'M', "specialized generic metaclass for {0}"),
    (b'n', "nominal type descriptor for {0}"),
    (b'N', "noncanonical specialized generic type metadata for {0}"),
    (b'o', "class metadata base offset for {0}"),
    (b'P', "generic type metadata pattern for {0}"),
    (b'r', "type metadata completion function for {0}"),
    (b's', "ObjC resilient class stub for {0}"),
    (b't', "full ObjC resilient class stub for {0}"),
    (b'u', "method lookup function for {0}"),
    (b'U', "ObjC metadata update function for {0}"),
    (b'z', "flag for loading of canonical specialized generic type metadata for {0}"),
];
const OF_ANY: [(u8, &str); 8] = [
    (b'g', "opaque type descriptor accessor for {0}"),
    (b'h', "opaque type descriptor accessor impl for {0}"),
    (b'j', "opaque type descriptor accessor key for {0}"),
    (b'J', "cache variable for noncanonical specialized generic type metadata for {0}"),
    (b'k', "opaque type descriptor accessor var for {0}"),
    (b'K', "metadata instantiation cache for {0}"),
    (b'q', "uniquable {0}"),
    (b'Q', "opaque type descriptor for {0}"),
];
const OF_PROTOCOL: [(u8, &str); 2] =
    [(b'p', "protocol descriptor for {0}"), (b'S', "protocol self-conformance descriptor for {0}")];
const OF_CONFORMANCE: [(u8, &str); 2] = [
    (b'A', "reflection metadata associated type descriptor {0}"),
    (b'c', "protocol conformance descriptor for {0}"),
];

impl Parser<'_> {
    pub(super) fn metadata(&mut self) -> Option<Id> {
        if let Some(form) = self.eat_of(&OF_TYPE) {
            return self.of_type(Kind::Form(form));
        }
        if let Some(form) = self.eat_of(&OF_ANY) {
            return self.of_any(Kind::Form(form));
        }
        if let Some(form) = self.eat_of(&OF_PROTOCOL) {
            return self.of_protocol(Kind::Form(form));
        }
        if let Some(form) = self.eat_of(&OF_CONFORMANCE) {
            return self.of_conformance(Kind::Form(form));
        }
        match self.next()? {
            b'C' => {
                let id = self.pop(Kind::Type)?;
                let class = self.tree.first(id)?;
                let kind = Kind::Form("reflection metadata superclass descriptor {0}");
                let is_class = self.tree.kind(class).is_any_generic();
                if is_class { self.tree.with_children(kind, &[class]) } else { None }
            }
            b'V' => self.of_entity(Kind::Form("property descriptor for {0}")),
            b'X' => self.context_descriptor(),
            _ => None,
        }
    }

    fn context_descriptor(&mut self) -> Option<Id> {
        match self.next()? {
            b'E' => {
                let extension = self.pop_context()?;
                self.tree.with_children(Kind::Form("extension descriptor {0}"), &[extension])
            }
            b'M' => {
                let module = self.pop_module()?;
                self.tree.with_children(Kind::Form("module descriptor {0}"), &[module])
            }
            b'Y' => {
                let discriminator = self.pop_any()?;
                let context = self.pop_context()?;
                let list = [context, discriminator];
                self.tree.with_children(Kind::Form("anonymous descriptor {0}"), &list)
            }
            b'X' => {
                let context = self.pop_context()?;
                self.tree.with_children(Kind::Form("anonymous descriptor {0}"), &[context])
            }
            b'A' => {
                let path = self.pop_member_path()?;
                let base = self.pop(Kind::Type)?;
                let form = "generic parameter reference for associated type {*}";
                self.tree.with_children(Kind::Form(form), &[base, path])
            }
            _ => None,
        }
    }
}
