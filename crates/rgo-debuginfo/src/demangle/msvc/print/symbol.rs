//! Writes symbols: functions, variables, tables, string literals.

use super::super::node::{Access, Characters, List, NodeId, Qualifiers};
use super::Printer;

impl Printer<'_> {
    pub(super) fn function_symbol(&mut self, name: List, function: u32) {
        let arena = self.arena;
        let Some(function) = arena.function(function) else {
            return;
        };
        self.left_of_function(function);
        self.space();
        self.name(name);
        self.right_of_function(function);
    }

    pub(super) fn variable(&mut self, access: Access, name: List, of: Option<NodeId>) {
        self.access(access);
        if access != Access::None {
            self.word("static ");
        }
        if let Some(of) = of {
            self.left(of);
        }
        self.space();
        self.name(name);
        if let Some(of) = of {
            self.right(of);
        }
    }

    pub(super) fn table(&mut self, qualifiers: Qualifiers, name: NodeId, bases: List) {
        self.qualifiers(qualifiers, false);
        if qualifiers != Qualifiers::NONE {
            self.word(" ");
        }
        self.print(name);
        let arena = self.arena;
        for (index, base) in arena.items(bases).iter().enumerate() {
            self.word(if index == 0 { "{for `" } else { "'s `" });
            self.print(*base);
            if !self.budget.step() {
                return;
            }
        }
        if bases.count > 0 {
            self.word("'}");
        }
    }

    pub(super) fn literal(&mut self, characters: Characters, is_cut_off: bool, text: List) {
        self.word(match characters {
            Characters::Char => "\"",
            Characters::Char16 => "u\"",
            Characters::Char32 => "U\"",
            Characters::Wide => "L\"",
        });
        let start = text.start as usize;
        let text = self.arena.text.get(start..start + text.count as usize);
        self.out.extend_from_slice(text.unwrap_or_default());
        self.word(if is_cut_off { "\"..." } else { "\"" });
    }
}
