//! All calls that were inlined, for those who count bytes rather than look up addresses.

use super::super::frame::Inlined;
use super::DwarfLines;
use super::names::NameScope;
use super::unit::{Unit, UnitTables};

impl<'a> DwarfLines<'a> {
    /// Calls `each` with all that is inlined. Damaged functions and those of missing files are left out. What is read
    /// of a unit is not kept.
    pub(in super::super) fn each_inlined(&self, each: &mut dyn FnMut(Inlined<'a>)) {
        for index in 0..self.tables.len() {
            let Some(root) = self.units.get(&self.dwarf, index, &self.budget) else { continue };
            let tables = UnitTables::default();
            let unit = Unit { root, tables: &tables };
            let Ok(half) = self.split.half(index, unit, &self.dwarf, &self.budget) else {
                continue;
            };
            let (dwarf, described) = half.unwrap_or((&self.dwarf, unit));
            let scope = NameScope {
                dwarf,
                unit: &described.root.unit,
                units: half.is_none().then_some(&self.units),
                supplement: self.dwarf.sup().zip(self.supplement.as_ref()),
            };
            let functions = described.functions(dwarf, self.first_code, &self.budget);
            for function in functions.iter().flat_map(|functions| functions.all()) {
                let Ok(content) = function.content(&scope, &self.budget) else { continue };
                content.called().for_each(|name| each(Inlined::Call(name)));
                for (begin, end, name) in content.inlined() {
                    each(Inlined::Code(begin, end, name));
                }
            }
        }
    }
}
