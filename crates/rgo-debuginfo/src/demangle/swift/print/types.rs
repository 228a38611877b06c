//! Prints types that are no functions and not generic, and what types are in.

use super::super::node::{Kind, Nominal};
use super::super::tree::Id;
use super::Printer;

/// The short form of a type of the standard library.
enum Sugar {
    Optional(&'static str),
    Array,
    Dictionary,
}

impl Printer<'_> {
    pub(super) fn any_type(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::Static => self.form(id, "static {0}")?,
            Kind::Extension => self.extension(id)?,
            Kind::AnonymousContext => {
                self.form(id, "{1}.(unknown context at {0})")?;
                if self.tree.child(id, 2).is_some_and(|types| self.tree.len(types) > 0) {
                    self.form(id, "<{2}>")?;
                }
            }
            Kind::Bound(nominal) => self.bound(id, nominal)?,
            Kind::TypeList => self.print_children(id, 0, "")?,
            Kind::LabelList => {}
            Kind::BuiltinTuple => self.put("Builtin.TheTupleType"),
            Kind::Tuple => {
                self.put("(");
                self.print_children(id, 0, ", ")?;
                self.put(")");
            }
            Kind::TupleElement => self.tuple_element(id)?,
            Kind::Pack(before) => {
                self.put(before);
                self.print_children(id, 0, ", ")?;
                self.put("}");
            }
            Kind::Metatype
            | Kind::ExistentialMetatype
            | Kind::ProtocolList
            | Kind::ProtocolListWithClass
            | Kind::ProtocolListWithAnyObject => self.existential(id, kind)?,
            Kind::ConstrainedRequirements => self.print_children(id, 0, ", ")?,
            Kind::SelfType => self.put("Self"),
            Kind::AssociatedTypeRef => {
                self.print_child(id, 0)?;
                self.put(".");
                self.put_text(self.tree.child(id, 1)?)?;
            }
            Kind::Box => self.form(id, "@box {0}")?,
            Kind::BoxWithLayout => self.boxed(id)?,
            Kind::BoxLayout => {
                self.put("{ ");
                self.print_children(id, 0, ", ")?;
                self.put(" }");
            }
            Kind::BoxField(before) => {
                self.put(before);
                self.print_child(id, 0)?;
            }
            Kind::SugaredOptional => {
                self.with_parentheses(self.tree.first(id)?)?;
                self.put("?");
            }
            Kind::OpaqueReturnType => self.put("some"),
            Kind::OpaqueReturnTypeOf => self.form(id, "<<opaque return type of {*}>>")?,
            Kind::ErrorType => self.put("<ERROR TYPE>"),
            // What has no form of its own.
            _ => return None,
        }
        Some(())
    }

    /// Metatypes, and types of which only the protocols are known.
    fn existential(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::Metatype => {
                let inner = self.represented(id)?;
                let inner = self.tree.first(inner)?;
                self.with_parentheses(inner)?;
                let is_existential = matches!(
                    self.tree.kind(inner),
                    Kind::ExistentialMetatype
                        | Kind::ProtocolList
                        | Kind::ProtocolListWithClass
                        | Kind::ProtocolListWithAnyObject
                );
                self.put(if is_existential { ".Protocol" } else { ".Type" });
            }
            Kind::ExistentialMetatype => {
                let inner = self.represented(id)?;
                self.print(inner)?;
                self.put(".Type");
            }
            Kind::ProtocolList => {
                let types = self.tree.first(id)?;
                if self.tree.len(types) == 0 {
                    self.put("Any");
                } else {
                    self.print_children(types, 0, " & ")?;
                }
            }
            Kind::ProtocolListWithClass => {
                self.form(id, "{1} & ")?;
                self.print_children(self.tree.first(self.tree.first(id)?)?, 0, " & ")?;
            }
            Kind::ProtocolListWithAnyObject => {
                let types = self.tree.first(self.tree.first(id)?)?;
                if self.tree.len(types) > 0 {
                    self.print_children(types, 0, " & ")?;
                    self.put(" & ");
                }
                self.put("Swift.AnyObject");
            }
            _ => return None,
        }
        Some(())
    }

    fn extension(&mut self, id: Id) -> Option<()> {
        self.put("(extension in ");
        self.print_in(self.tree.first(id)?, true)?;
        self.put("):");
        self.print_child(id, 1)?;
        if self.tree.len(id) == 3 {
            self.print_child(id, 2)?;
        }
        Some(())
    }

    fn tuple_element(&mut self, id: Id) -> Option<()> {
        if let Some(name) = self.tree.child_of_kind(id, Kind::ElementName) {
            self.put_text(name)?;
            self.put(": ");
        }
        self.print(self.tree.child_of_kind(id, Kind::Type)?)?;
        if self.tree.child_of_kind(id, Kind::Variadic).is_some() {
            self.put("...");
        }
        Some(())
    }

    /// Prints how a metatype is represented, and returns what it is of.
    fn represented(&mut self, id: Id) -> Option<Id> {
        if self.tree.len(id) == 2 {
            self.print_child(id, 0)?;
            self.put(" ");
        }
        self.tree.last(id)
    }

    fn boxed(&mut self, id: Id) -> Option<()> {
        if self.tree.len(id) == 3 {
            self.form(id, "{1} {0} <")?;
            self.print_children(self.tree.child(id, 2)?, 0, ", ")?;
            self.put(">");
            return Some(());
        }
        self.print_child(id, 0)
    }

    fn bound(&mut self, id: Id, nominal: Nominal) -> Option<()> {
        let arguments = self.tree.child(id, 1)?;
        if self.tree.len(id) == 2 {
            if nominal == Nominal::Protocol {
                self.print_children(arguments, 0, "")?;
                self.put(" as ");
                return self.print_child(id, 0);
            }
            match self.sugar(id, nominal, arguments) {
                Some(Sugar::Optional(mark)) => {
                    self.with_parentheses(self.tree.first(arguments)?)?;
                    self.put(mark);
                    return Some(());
                }
                Some(Sugar::Array) => return self.form(arguments, "[{0}]"),
                Some(Sugar::Dictionary) => return self.form(arguments, "[{0} : {1}]"),
                None => {}
            }
        }
        self.print_child(id, 0)?;
        self.put("<");
        self.print_children(arguments, 0, ", ")?;
        self.put(">");
        Some(())
    }

    fn sugar(&self, id: Id, nominal: Nominal, arguments: Id) -> Option<Sugar> {
        let unbound = self.tree.first(self.tree.first(id)?)?;
        let module = self.tree.first(unbound)?;
        let name = self.tree.child(unbound, 1)?;
        if !self.tree.has_text(module, Kind::Module, "Swift")
            || !self.tree.is(name, Kind::Identifier)
        {
            return None;
        }
        match (nominal, self.tree.text(name)?, self.tree.len(arguments)) {
            (Nominal::Enum, b"Optional", 1) => Some(Sugar::Optional("?")),
            (Nominal::Enum, b"ImplicitlyUnwrappedOptional", 1) => Some(Sugar::Optional("!")),
            (Nominal::Structure, b"Array", 1) => Some(Sugar::Array),
            (Nominal::Structure, b"Dictionary", 2) => Some(Sugar::Dictionary),
            _ => None,
        }
    }

    pub(super) fn with_parentheses(&mut self, id: Id) -> Option<()> {
        if self.is_simple(id) {
            return self.print(id);
        }
        self.put("(");
        self.print(id)?;
        self.put(")");
        Some(())
    }

    /// Whether something can follow a type without parentheses.
    fn is_simple(&self, id: Id) -> bool {
        let id = if self.tree.is(id, Kind::Type) { self.tree.first(id).unwrap_or(id) } else { id };
        let protocols = |id| self.tree.first(id).map_or(0, |types| self.tree.len(types));
        match self.tree.kind(id) {
            Kind::AssociatedTypeRef
            | Kind::Bound(_)
            | Kind::BoundFunction
            | Kind::BuiltinName
            | Kind::BuiltinTuple
            | Kind::BuiltinForm(_)
            | Kind::Nominal(_)
            | Kind::GenericType
            | Kind::MemberType
            | Kind::GenericParameterType
            | Kind::SelfType
            | Kind::ErrorType
            | Kind::ExistentialMetatype
            | Kind::Metatype
            | Kind::MetatypeRepresentation
            | Kind::Module
            | Kind::Tuple
            | Kind::Pack(_)
            | Kind::ConstrainedRequirements
            | Kind::Returns
            | Kind::Box
            | Kind::BoxWithLayout
            | Kind::ElementName
            | Kind::TypeList
            | Kind::LabelList
            | Kind::SugaredOptional
            | Kind::Sugar(_)
            | Kind::Integer
            | Kind::NegativeInteger => true,
            Kind::ProtocolList => protocols(id) <= 1,
            Kind::ProtocolListWithAnyObject => {
                self.tree.first(id).is_some_and(|list| protocols(list) == 0)
            }
            _ => false,
        }
    }
}
