//! Chooses how to print a node that is no declaration.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Printer;

impl Printer<'_> {
    pub(super) fn by_kind(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::Word(text) | Kind::Attribute(text) => self.put(text),
            Kind::Form(form)
            | Kind::FormAttribute(form)
            | Kind::Requirement(form)
            | Kind::BuiltinForm(form)
            | Kind::Sugar(form) => self.form(id, form)?,
            Kind::Global => self.print_children(id, 0, "")?,
            Kind::Type => self.print_child(id, 0)?,
            Kind::Module
            | Kind::Identifier
            | Kind::BuiltinName
            | Kind::ClangType
            | Kind::MetatypeRepresentation
            | Kind::ImplConvention => self.put_text(id)?,
            Kind::Index | Kind::Integer => {
                let index = self.tree.index(id)?;
                self.put_formatted(format_args!("{index}"));
            }
            Kind::Suffix
            | Kind::NumberedAttribute(_)
            | Kind::Operator(_)
            | Kind::LocalName
            | Kind::PrivateName
            | Kind::RelatedName
            | Kind::NegativeInteger
            | Kind::UnknownIndex => self.name(id, kind)?,
            Kind::PartialApply(_)
            | Kind::Outlined(_)
            | Kind::ReabstractionThunk(_)
            | Kind::ReabstractionThunkWithSelf
            | Kind::KeyPathThunk(_)
            | Kind::KeyPathIndexThunk(_)
            | Kind::CompletionHandler(_)
            | Kind::ValueWitness
            | Kind::MacroLocation
            | Kind::OnceDeclarations => self.thunk(id, kind)?,
            Kind::AutoDiffFunction
            | Kind::AutoDiffVTableThunk
            | Kind::AutoDiffSelfReordering
            | Kind::AutoDiffSubset
            | Kind::AutoDiffMode
            | Kind::DifferentiabilityWitness
            | Kind::IndexSubset => self.derivative(id, kind)?,
            _ => self.by_type(id, kind)?,
        }
        Some(())
    }

    fn by_type(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::Specialization(_)
            | Kind::SpecializationParameter
            | Kind::Serialized
            | Kind::DroppedArgument
            | Kind::RepresentationChanged
            | Kind::ParameterChange
            | Kind::ParameterPayload => self.specialized(id, kind)?,
            Kind::FunctionType(_)
            | Kind::Arguments
            | Kind::Yields
            | Kind::Returns
            | Kind::Throws
            | Kind::TypedThrows
            | Kind::Sendable
            | Kind::Async
            | Kind::GlobalActor
            | Kind::IsolatedAny
            | Kind::NonIsolatedCaller
            | Kind::SendingResult
            | Kind::TypeMangling
            | Kind::ImplFunction
            | Kind::ImplParameter
            | Kind::ImplResult
            | Kind::ImplOther(_)
            | Kind::ImplAttribute(_)
            | Kind::ImplSendingResult => self.function(id, kind)?,
            Kind::Signature
            | Kind::InverseRequirement
            | Kind::LayoutRequirement
            | Kind::GenericParameterType
            | Kind::GenericType
            | Kind::MemberType
            | Kind::MemberName
            | Kind::AssociatedTypePath
            | Kind::ProtocolConformance
            | Kind::ConformanceList
            | Kind::ConcreteConformance
            | Kind::DependentConformance(_)
            | Kind::RetroactiveConformance => self.generic(id, kind)?,
            _ => self.any_type(id, kind)?,
        }
        Some(())
    }

    /// Prints a name, or what has one in it.
    #[inline(never)]
    fn name(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::Suffix => self.suffix(id)?,
            Kind::NumberedAttribute(form) => {
                let (before, after) = form.split_once("{0}")?;
                self.put(before);
                match self.tree.index(id) {
                    Some(index) => self.put_formatted(format_args!("{index}")),
                    None => self.put_text(id)?,
                }
                self.put(after);
            }
            Kind::Operator(place) => {
                self.put_text(id)?;
                self.put(place);
            }
            Kind::LocalName => {
                self.print_child(id, 1)?;
                let number = self.tree.index(self.tree.first(id)?)?.checked_add(1)?;
                self.put_formatted(format_args!(" #{number}"));
            }
            Kind::PrivateName => {
                let discriminator = self.tree.first(id)?;
                self.put("(");
                if self.tree.len(id) > 1 {
                    self.print_child(id, 1)?;
                    self.put(" ");
                }
                self.put("in ");
                self.put_text(discriminator)?;
                self.put(")");
            }
            Kind::RelatedName => {
                self.put("related decl '");
                self.put_text(self.tree.first(id)?)?;
                self.put("' for ");
                self.print_child(id, 1)?;
            }
            Kind::NegativeInteger => match self.tree.index(id)? {
                0 => self.put("0"),
                index => self.put_formatted(format_args!("-{index}")),
            },
            Kind::UnknownIndex => self.put("unknown index"),
            _ => return None,
        }
        Some(())
    }

    /// What no compiler mangled, in quotes.
    fn suffix(&mut self, id: Id) -> Option<()> {
        let text = self.tree.text(id)?.to_vec();
        self.put(" with unmangled suffix \"");
        for byte in text {
            match byte {
                b'\\' => self.put("\\\\"),
                b'\t' => self.put("\\t"),
                b'\n' => self.put("\\n"),
                b'\r' => self.put("\\r"),
                b'"' => self.put("\\\""),
                0 => self.put("\\0"),
                0x20..0x7F => self.out.push(byte),
                _ => self.put_formatted(format_args!("\\x{byte:02X}")),
            }
        }
        self.put("\"");
        Some(())
    }
}
