//! Reads types that are declared, have generic arguments, or have a form of their own.

use super::super::node::{FunctionType, INOUT, Kind, Nominal};
use super::super::tree::Id;
use super::Parser;

impl Parser<'_> {
    pub(super) fn nominal(&mut self, nominal: Nominal) -> Option<Id> {
        let name = self.pop_if(Kind::is_declaration_name)?;
        let context = self.pop_context()?;
        let id = self.tree.with_children(Kind::Nominal(nominal), &[context, name])?;
        let id = self.wrap(id)?;
        Some(self.remember(id))
    }

    pub(super) fn pop_any_generic(&mut self) -> Option<Id> {
        self.pop_inner_type().filter(|id| self.tree.kind(*id).is_any_generic())
    }

    fn pop_retroactive_conformances(&mut self) -> Option<Id> {
        let first = self.pop(Kind::RetroactiveConformance)?;
        let list = self.tree.with_children(Kind::TypeList, &[first])?;
        while let Some(conformance) = self.pop(Kind::RetroactiveConformance) {
            self.tree.add(list, conformance)?;
        }
        self.tree.reverse(list, 0);
        Some(list)
    }

    /// The generic arguments for each level, from the innermost on, and the conformances for them.
    pub(super) fn bound_generics(&mut self) -> Option<(Vec<Id>, Option<Id>)> {
        let conformances = self.pop_retroactive_conformances();
        let mut lists = Vec::new();
        loop {
            let list = self.tree.node(Kind::TypeList)?;
            while let Some(argument) = self.pop(Kind::Type) {
                self.tree.add(list, argument)?;
            }
            self.tree.reverse(list, 0);
            lists.push(list);
            if self.pop(Kind::EmptyList).is_some() {
                return Some((lists, conformances));
            }
            self.pop(Kind::FirstElement)?;
        }
    }

    pub(super) fn bound_generic_type(&mut self) -> Option<Id> {
        let (lists, conformances) = self.bound_generics()?;
        let nominal = self.pop_any_generic()?;
        let bound = self.bind(nominal, &lists)?;
        if let Some(conformances) = conformances {
            self.tree.add(bound, conformances)?;
        }
        let id = self.wrap(bound)?;
        Some(self.remember(id))
    }

    /// Gives a declaration and what it is in their generic arguments.
    fn bind(&mut self, nominal: Id, lists: &[Id]) -> Option<Id> {
        if !self.tree.budget.enter() {
            return None;
        }
        let bound = self.bind_one(nominal, lists);
        self.tree.budget.leave();
        bound
    }

    fn bind_one(&mut self, mut nominal: Id, lists: &[Id]) -> Option<Id> {
        let (arguments, outer) = lists.split_first()?;
        let context = self.tree.first(nominal)?;
        let takes_arguments = !matches!(
            self.tree.kind(nominal),
            Kind::Variable
                | Kind::Subscript
                | Kind::Closure(_)
                | Kind::DefaultArgument
                | Kind::Initializer(_)
                | Kind::Static
        );
        let outer = if takes_arguments { outer } else { lists };
        if !outer.is_empty() {
            let parent = if self.tree.is(context, Kind::Extension) {
                let extended = self.bind(self.tree.child(context, 1)?, outer)?;
                let module = self.tree.first(context)?;
                let parent = self.tree.with_children(Kind::Extension, &[module, extended])?;
                if self.tree.len(context) == 3 {
                    self.tree.add_all(parent, context, 2)?;
                }
                parent
            } else {
                self.bind(context, outer)?
            };
            let rebound = self.tree.with_children(self.tree.kind(nominal), &[parent])?;
            self.tree.add_all(rebound, nominal, 1)?;
            nominal = rebound;
        }
        if !takes_arguments || self.tree.len(*arguments) == 0 {
            return Some(nominal);
        }
        match self.tree.kind(nominal) {
            Kind::Nominal(kind) => {
                let unbound = self.wrap(nominal)?;
                self.tree.with_children(Kind::Bound(kind), &[unbound, *arguments])
            }
            Kind::Function | Kind::Constructor => {
                self.tree.with_children(Kind::BoundFunction, &[nominal, *arguments])
            }
            _ => None,
        }
    }

    /// What follows an `X`.
    pub(super) fn special_type(&mut self) -> Option<Id> {
        match self.next()? {
            b'E' => self.function_type(FunctionType::NoEscape),
            b'A' | b'K' => self.function_type(FunctionType::AutoClosure),
            b'f' => self.function_type(FunctionType::Thin),
            b'U' => self.function_type(FunctionType::Uncurried),
            b'L' => self.function_type(FunctionType::EscapingBlock),
            b'B' => self.function_type(FunctionType::Block),
            b'C' => self.function_type(FunctionType::C),
            b'O' => self.function_type(FunctionType::CalledOnce),
            b'z' => match self.next()? {
                b'B' => self.clang_function_type(FunctionType::Block),
                b'C' => self.clang_function_type(FunctionType::C),
                _ => None,
            },
            b'y' => self.parameters(Kind::Yields),
            b'o' => self.wrap_type(Kind::Form("unowned {0}")),
            b'u' => self.wrap_type(Kind::Form("unowned(unsafe) {0}")),
            b'w' => self.wrap_type(Kind::Form("weak {0}")),
            b'b' => self.wrap_type(Kind::Box),
            b'D' => self.wrap_type(Kind::SelfType),
            b'M' => self.represented_metatype(Kind::Metatype),
            b'm' => self.represented_metatype(Kind::ExistentialMetatype),
            b'p' => self.wrap_type(Kind::ExistentialMetatype),
            b'P' => self.constrained_existential(),
            b'c' => {
                let superclass = self.pop(Kind::Type)?;
                let protocols = self.protocol_list()?;
                let list = [protocols, superclass];
                let id = self.tree.with_children(Kind::ProtocolListWithClass, &list)?;
                self.wrap(id)
            }
            b'l' => {
                let protocols = self.protocol_list()?;
                let id = self.tree.with_children(Kind::ProtocolListWithAnyObject, &[protocols])?;
                self.wrap(id)
            }
            b'X' => self.boxed(true),
            b'x' => self.boxed(false),
            b'Y' => self.nominal(Nominal::Other),
            b'Z' => {
                let types = self.pop_types()?;
                let name = self.pop(Kind::Identifier)?;
                let parent = self.pop_context()?;
                self.tree.with_children(Kind::AnonymousContext, &[name, parent, types])
            }
            b'e' => {
                let error = self.tree.node(Kind::ErrorType)?;
                self.wrap(error)
            }
            b'S' => self.sugared_type(),
            // Shapes of existential types are only in the data of programs: `swift demangle` ends
            // with an error for them.
            _ => None,
        }
    }

    fn represented_metatype(&mut self, kind: Kind) -> Option<Id> {
        let representation = match self.next()? {
            b't' => "@thin",
            b'T' => "@thick",
            b'o' => "@objc_metatype",
            _ => return None,
        };
        let representation = self.tree.with_word(Kind::MetatypeRepresentation, representation)?;
        let id = self.pop(Kind::Type)?;
        let metatype = self.tree.with_children(kind, &[representation, id])?;
        self.wrap(metatype)
    }

    fn constrained_existential(&mut self) -> Option<Id> {
        let list = self.tree.node(Kind::ConstrainedRequirements)?;
        self.pop_elements(list, &mut |parser| parser.pop_if(Kind::is_requirement))?;
        self.tree.reverse(list, 0);
        let base = self.pop(Kind::Type)?;
        let id = self.tree.with_children(Kind::Form("any {0}<{1}>"), &[base, list])?;
        self.wrap(id)
    }

    /// A box on the heap, with the types of its fields.
    fn boxed(&mut self, is_generic: bool) -> Option<Id> {
        let generics = if is_generic {
            let signature = self.pop(Kind::Signature)?;
            let arguments = self.pop_types()?;
            Some([signature, arguments])
        } else {
            None
        };
        let fields = self.pop_types()?;
        let layout = self.tree.node(Kind::BoxLayout)?;
        for index in 0..self.tree.len(fields) {
            let mut field = self.tree.child(fields, index)?;
            let inner = self.tree.first(field)?;
            let is_mutable = self.tree.is(inner, INOUT);
            if is_mutable {
                field = self.wrap(self.tree.first(inner)?)?;
            }
            let kind = Kind::BoxField(if is_mutable { "var " } else { "let " });
            let field = self.tree.with_children(kind, &[field])?;
            self.tree.add(layout, field)?;
        }
        let boxed = self.tree.with_children(Kind::BoxWithLayout, &[layout])?;
        for id in generics.into_iter().flatten() {
            self.tree.add(boxed, id)?;
        }
        self.wrap(boxed)
    }

    fn sugared_type(&mut self) -> Option<Id> {
        match self.next()? {
            b'q' => self.wrap_type(Kind::SugaredOptional),
            b'a' => self.wrap_type(Kind::Sugar("[{0}]")),
            b'p' => self.wrap_type(Kind::Sugar("({0})")),
            letter @ (b'A' | b'D') => {
                let second = self.pop(Kind::Type)?;
                let first = self.pop(Kind::Type)?;
                let form = if letter == b'A' { "[{0} of {1}]" } else { "[{0} : {1}]" };
                let id = self.tree.with_children(Kind::Sugar(form), &[first, second])?;
                self.wrap(id)
            }
            _ => None,
        }
    }
}
