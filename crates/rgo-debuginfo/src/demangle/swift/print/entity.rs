//! Prints declarations: what they are in, their names, and their types.

use super::super::node::{FunctionType, Kind, Nominal};
use super::super::tree::Id;
use super::Printer;

/// What the type of a declaration looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypeStyle {
    /// Not shown.
    Hidden,
    /// `name : type`.
    Colon,
    /// `name(arguments) -> result`.
    Function,
}

/// How a declaration is printed.
#[derive(Clone, Copy)]
struct Look<'a> {
    style: TypeStyle,
    has_name: bool,
    /// Instead of a name.
    name: &'a str,
    /// What it is beside its name: an accessor, a closure, an initializer.
    extra: &'a str,
    number: Option<u64>,
}

const PLAIN: Look<'static> =
    Look { style: TypeStyle::Hidden, has_name: true, name: "", extra: "", number: None };

/// Whether a node is a declaration, and prints its context.
pub(super) fn is_entity(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Nominal(_)
            | Kind::Function
            | Kind::BoundFunction
            | Kind::Variable
            | Kind::Subscript
            | Kind::Macro
            | Kind::GenericParameter
            | Kind::Accessor(_)
            | Kind::Closure(_)
            | Kind::DefaultArgument
            | Kind::Initializer(_)
            | Kind::Allocator
            | Kind::Constructor
            | Kind::Destructor(_)
            | Kind::Deallocator(_)
            | Kind::AttachedMacro(_)
            | Kind::FreeMacro(_)
    )
}

impl Printer<'_> {
    pub(super) fn declared(&mut self, id: Id, kind: Kind, is_context: bool) -> Option<Option<Id>> {
        let function = Look { style: TypeStyle::Function, ..PLAIN };
        let unnamed = Look { has_name: false, ..PLAIN };
        let is_in_class = self.child_is(id, 0, Kind::Nominal(Nominal::Class));
        let look = match kind {
            Kind::Nominal(_) | Kind::GenericParameter => PLAIN,
            Kind::Variable => Look { style: TypeStyle::Colon, ..PLAIN },
            Kind::Function | Kind::BoundFunction => function,
            Kind::Subscript => Look { has_name: false, name: "subscript", ..function },
            Kind::Macro if self.tree.len(id) == 3 => Look { style: TypeStyle::Colon, ..PLAIN },
            Kind::Macro => function,
            Kind::Accessor(extra) => return self.accessor(id, extra, is_context),
            Kind::Closure(extra) => {
                let number = Some(self.number(id, 1)? + 1);
                Look { has_name: false, extra, number, ..function }
            }
            Kind::DefaultArgument => {
                let number = Some(self.number(id, 1)?);
                Look { extra: "default argument ", number, ..unnamed }
            }
            Kind::Initializer(extra) => Look { extra, ..unnamed },
            Kind::Allocator => {
                let extra = if is_in_class { "__allocating_init" } else { "init" };
                Look { has_name: false, extra, ..function }
            }
            Kind::Constructor => {
                // The name is that of a private initializer.
                Look { has_name: self.tree.len(id) > 2, extra: "init", ..function }
            }
            Kind::Destructor(extra) => Look { extra, ..unnamed },
            Kind::Deallocator(extra) if is_in_class => Look { extra, ..unnamed },
            Kind::Deallocator(_) => Look { extra: "deinit", ..unnamed },
            Kind::AttachedMacro(role) => return self.attached_macro(id, role, is_context),
            Kind::FreeMacro(extra) => {
                let number = Some(self.number(id, 2)? + 1);
                Look { extra, number, ..PLAIN }
            }
            _ => return None,
        };
        self.entity(id, look, is_context)
    }

    fn number(&self, id: Id, index: usize) -> Option<u64> {
        self.tree.index(self.tree.child(id, index)?)
    }

    #[inline(never)]
    fn attached_macro(&mut self, id: Id, role: &str, is_context: bool) -> Option<Option<Id>> {
        let name = self.tree.text(self.tree.child(id, 2)?)?;
        let extra = format!("{role} macro @{} expansion #", String::from_utf8_lossy(name));
        let number = Some(self.number(id, 3)? + 1);
        self.entity(id, Look { extra: &extra, number, ..PLAIN }, is_context)
    }

    /// Prints a part of a variable or a subscript.
    fn accessor(&mut self, id: Id, extra: &str, is_context: bool) -> Option<Option<Id>> {
        let storage = self.tree.first(id)?;
        let look = Look { style: TypeStyle::Colon, extra, ..PLAIN };
        match self.tree.kind(storage) {
            Kind::Variable => self.entity(storage, look, is_context),
            Kind::Subscript => {
                let look = Look { has_name: false, name: "subscript", ..look };
                self.entity(storage, look, is_context)
            }
            _ => None,
        }
    }

    fn entity(&mut self, id: Id, look: Look<'_>, is_context: bool) -> Option<Option<Id>> {
        let (id, arguments) = match self.tree.kind(id) {
            Kind::BoundFunction => (self.tree.first(id)?, Some(self.tree.child(id, 1)?)),
            _ => (id, None),
        };
        let is_local = look.has_name && self.child_is(id, 1, Kind::LocalName);
        // Several words stand before what they are in.
        let is_before = look.extra.contains(' ') || is_local;
        if is_context && (look.style != TypeStyle::Hidden || is_before) {
            return Some(Some(id));
        }
        let context = self.tree.first(id)?;
        let mut rest = None;
        if is_before {
            rest = Some(context);
        } else {
            let start = self.out.len();
            rest = self.print_in(context, true)?.or(rest);
            if self.out.len() > start {
                self.put(".");
            }
        }
        self.entity_name(id, look, is_before)?;
        if look.style != TypeStyle::Hidden {
            self.entity_type(id, look.style, is_before, arguments)?;
        }
        if is_context {
            return Some(rest);
        }
        if let Some(rest) = rest {
            let is_of = matches!(self.tree.kind(id), Kind::DefaultArgument | Kind::Initializer(_));
            self.put(if is_of { " of " } else { " in " });
            self.print(rest)?;
        }
        Some(None)
    }

    fn entity_name(&mut self, id: Id, look: Look<'_>, is_before: bool) -> Option<()> {
        let Look { mut extra, mut number, .. } = look;
        if look.has_name || !look.name.is_empty() {
            if !extra.is_empty() && is_before {
                self.extra(extra, number);
                self.put(" of ");
                extra = "";
                number = None;
            }
            let start = self.out.len();
            if look.name.is_empty() {
                let name = self.tree.child(id, 1)?;
                if !self.tree.is(name, Kind::PrivateName) {
                    self.print(name)?;
                }
                if let Some(private) = self.tree.child_of_kind(id, Kind::PrivateName) {
                    self.print(private)?;
                }
            } else {
                self.put(look.name);
            }
            if self.out.len() > start && !extra.is_empty() {
                self.put(".");
            }
        }
        self.extra(extra, number);
        Some(())
    }

    fn extra(&mut self, extra: &str, number: Option<u64>) {
        if !extra.is_empty() {
            self.put(extra);
            if let Some(number) = number {
                self.put_formatted(format_args!("{number}"));
            }
        }
    }

    fn entity_type(
        &mut self,
        id: Id,
        style: TypeStyle,
        is_before: bool,
        arguments: Option<Id>,
    ) -> Option<()> {
        let whole = self.tree.child_of_kind(id, Kind::Type)?;
        let whole = self.tree.first(whole)?;
        let mut inner = whole;
        while self.tree.is(inner, Kind::GenericType) {
            inner = self.tree.first(self.tree.child(inner, 1)?)?;
        }
        let is_function = matches!(
            self.tree.kind(inner),
            Kind::FunctionType(
                FunctionType::Plain
                    | FunctionType::NoEscape
                    | FunctionType::Uncurried
                    | FunctionType::C
                    | FunctionType::Thin
                    | FunctionType::CalledOnce
            )
        );
        if style == TypeStyle::Colon || !is_function {
            self.put(" : ");
        } else if is_before || self.needs_space(whole) {
            self.put(" ");
        }
        let labels = self.tree.child_of_kind(id, Kind::LabelList);
        if labels.is_none() && arguments.is_none() {
            return self.print(whole);
        }
        if let Some(arguments) = arguments {
            self.put("<");
            self.print_children(arguments, 0, ", ")?;
            self.put(">");
        }
        let mut function = whole;
        if self.tree.is(whole, Kind::GenericType) {
            if arguments.is_none() {
                self.print_child(whole, 0)?;
            }
            let dependent = self.tree.child(whole, 1)?;
            if self.needs_space(dependent) {
                self.put(" ");
            }
            function = self.tree.first(dependent)?;
        }
        self.function_type(labels, function)
    }

    /// Whether a type cannot follow a name without a space.
    pub(super) fn needs_space(&self, id: Id) -> bool {
        let id = if self.tree.is(id, Kind::Type) { self.tree.first(id).unwrap_or(id) } else { id };
        !matches!(
            self.tree.kind(id),
            Kind::FunctionType(
                FunctionType::Plain
                    | FunctionType::NoEscape
                    | FunctionType::Uncurried
                    | FunctionType::CalledOnce
            ) | Kind::GenericType
        )
    }
}
