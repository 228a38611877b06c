//! Prints how a function was specialized.

use super::super::super::limits::Budget;
use super::super::node::Kind;
use super::super::parse::specialization::change;
use super::super::symbol;
use super::super::tree::Id;
use super::Printer;

/// The bits that can be set together, in the order in which they are printed.
const CHANGES: [(u64, &str); 5] = [
    (change::EXISTENTIAL_TO_GENERIC, "Existential To Protocol Constrained Generic"),
    (change::DEAD, "Dead"),
    (change::OWNED_TO_GUARANTEED, "Owned To Guaranteed"),
    (change::GUARANTEED_TO_OWNED, "Guaranteed To Owned"),
    (change::EXPLODED, "Exploded"),
];

/// Whether nothing more is said of a change.
fn is_bare(number: u64) -> bool {
    number > change::ESCAPING_CLOSURE
        || matches!(number, change::BOX_TO_VALUE | change::BOX_TO_STACK | change::INOUT_TO_OUT)
}

/// Whether a node for it follows at once.
fn has_payload(number: u64) -> bool {
    matches!(
        number,
        change::CONSTANT_INTEGER
            | change::CONSTANT_FLOAT
            | change::CONSTANT_STRING
            | change::CLOSURE
            | change::ESCAPING_CLOSURE
            | change::CLOSURE_AGAIN
    )
}

impl Printer<'_> {
    #[inline(never)]
    pub(super) fn specialized(&mut self, id: Id, kind: Kind) -> Option<()> {
        match kind {
            Kind::Specialization(text) => self.specialization(id, text)?,
            Kind::SpecializationParameter => {
                self.print_child(id, 0)?;
                for index in 1..self.tree.len(id) {
                    self.put(if index == 1 { " with " } else { " and " });
                    self.print_child(id, index)?;
                }
            }
            Kind::Serialized => self.put("serialized"),
            Kind::DroppedArgument => {
                let index = self.tree.index(id)?;
                self.put_formatted(format_args!("param{index}-removed"));
            }
            Kind::ParameterChange => self.change(self.tree.index(id)?)?,
            Kind::ParameterPayload => match self.tree.index(id) {
                Some(index) => self.put_formatted(format_args!("{index}")),
                None => self.payload(id)?,
            },
            _ => return None,
        }
        Some(())
    }

    fn specialization(&mut self, id: Id, text: &str) -> Option<()> {
        if self.child_is(id, 0, Kind::RepresentationChanged) {
            self.put("representation changed of ");
            return Some(());
        }
        self.put(text);
        self.put(" <");
        let before = if text.contains("partial") { "Signature = " } else { "" };
        let mut separator = "";
        let mut argument = 0_u32;
        for index in 0..self.tree.len(id) {
            let child = self.tree.child(id, index)?;
            match self.tree.kind(child) {
                Kind::PassId | Kind::DroppedArgument => continue,
                Kind::Serialized => {
                    self.put(separator);
                    separator = ", ";
                    self.print(child)?;
                    continue;
                }
                _ => {}
            }
            if self.tree.len(child) > 0 {
                self.put(separator);
                separator = ", ";
                self.put(before);
                match self.tree.kind(child) {
                    Kind::FunctionParameter => {
                        self.put_formatted(format_args!("Arg[{argument}] = "));
                        self.changes(child)?;
                    }
                    Kind::FunctionReturn => {
                        self.put("Return = ");
                        self.changes(child)?;
                    }
                    _ => self.print(child)?,
                }
            }
            argument += 1;
        }
        self.put("> of ");
        Some(())
    }

    fn change(&mut self, number: u64) -> Option<()> {
        let mut separator = "";
        for (bit, text) in CHANGES {
            if number & bit != 0 {
                self.put(separator);
                self.put(text);
                separator = " and ";
            }
        }
        if !separator.is_empty() {
            return Some(());
        }
        self.put(match number {
            change::BOX_TO_VALUE => "Value Promoted from Box",
            change::BOX_TO_STACK => "Stack Promoted from Box",
            change::INOUT_TO_OUT => "InOut Converted to Out",
            change::CONSTANT_FUNCTION => "Constant Propagated Function",
            change::CONSTANT_GLOBAL => "Constant Propagated Global",
            change::CONSTANT_INTEGER => "Constant Propagated Integer",
            change::CONSTANT_FLOAT => "Constant Propagated Float",
            change::CONSTANT_STRING => "Constant Propagated String",
            change::CONSTANT_KEY_PATH => "Constant Propagated KeyPath",
            change::CONSTANT_STRUCT => "Constant Propagated Struct",
            change::CLOSURE => "Closure Propagated",
            change::ESCAPING_CLOSURE => "Escaping Closure Propagated",
            change::CLOSURE_AGAIN => "Same As Argument",
            _ => return None,
        });
        Some(())
    }

    /// What was done to one parameter.
    fn changes(&mut self, id: Id) -> Option<()> {
        let count = self.tree.len(id);
        let mut index = 0;
        // Values are after all kinds, and taken in their order.
        let mut value = 0;
        while index < count {
            let child = self.tree.child(id, index)?;
            let Some(number) = self.tree.index(child) else { return Some(()) };
            index += 1;
            if is_bare(number) {
                self.print(child)?;
                continue;
            }
            let has_payload = has_payload(number);
            if has_payload && index >= count {
                return Some(());
            }
            self.put("[");
            self.print(child)?;
            self.put(if number == change::CLOSURE_AGAIN { " " } else { " : " });
            if has_payload {
                self.print_child(id, index)?;
                index += 1;
            }
            match number {
                change::CONSTANT_STRING => {
                    self.put("'");
                    self.value(id, &mut value, number)?;
                    self.put("'");
                }
                change::CONSTANT_KEY_PATH => {
                    self.value(id, &mut value, number)?;
                    self.put("<");
                    self.value(id, &mut value, number)?;
                    self.put(",");
                    self.value(id, &mut value, number)?;
                    self.put(">");
                }
                change::CLOSURE | change::ESCAPING_CLOSURE => {
                    // As `swift demangle` does: one bracket stays open.
                    index = self.captured(id, index)?;
                    continue;
                }
                _ if has_payload => {}
                _ => self.value(id, &mut value, number)?,
            }
            self.put("]");
        }
        Some(())
    }

    /// The types that a closure captures. Returns the index after them.
    fn captured(&mut self, id: Id, mut index: usize) -> Option<usize> {
        self.put(", Argument Types : [");
        while self.child_is(id, index, Kind::Type) {
            self.print_child(id, index)?;
            index += 1;
            // As `swift demangle` does: types have no text.
            let next = self.tree.child(id, index);
            if next.is_some_and(|next| self.tree.text(next).is_some()) {
                self.put(", ");
            }
        }
        self.put("]");
        Some(index)
    }

    /// The next value of a parameter.
    fn value(&mut self, id: Id, at: &mut usize, number: u64) -> Option<()> {
        while let Some(child) = self.tree.child(id, *at) {
            *at += 1;
            if matches!(self.tree.kind(child), Kind::ParameterChange | Kind::ParameterPayload) {
                continue;
            }
            return match number {
                change::CONSTANT_STRING => match self.tree.text(child) {
                    Some([b'_', rest @ ..]) => {
                        self.out.extend_from_slice(rest);
                        Some(())
                    }
                    _ => self.print(child),
                },
                change::CONSTANT_FUNCTION | change::CONSTANT_GLOBAL => self.payload(child),
                _ => self.print(child),
            };
        }
        Some(())
    }

    /// Prints a text, demangled if it is a mangled name.
    fn payload(&mut self, id: Id) -> Option<()> {
        let text = self.tree.text(id)?.to_vec();
        if !self.tree.budget.enter() {
            return None;
        }
        let start = self.out.len();
        let is_printed = match symbol(self.tree, &text) {
            Some(inner) => self.print(inner).is_some(),
            None => false,
        };
        if self.is_too_long() || self.tree.budget.is_over() {
            return None;
        }
        if !is_printed {
            self.out.truncate(start);
            self.out.extend_from_slice(&text);
        }
        Budget::leave(&mut self.tree.budget);
        Some(())
    }
}
