//! All calls that were inlined, for those who count bytes rather than look up addresses.

use std::collections::HashMap;

use super::PdbLines;

impl PdbLines<'_> {
    /// Calls `each` with the addresses of inlined code and the name of the innermost function that it is from. Damaged
    /// modules and functions are left out.
    pub(in super::super) fn each_inlined(&self, each: &mut dyn FnMut(u64, u64, &[u8])) {
        let mut names: HashMap<u32, Option<Vec<u8>>> = HashMap::new();
        let modules = (0..).zip(&self.modules);
        for module in modules.filter_map(|(index, _)| self.module(index)?.ok()) {
            for procedure in module.procedures.iter() {
                let calls = procedure.calls(&module.symbols, &module.lines, &self.budget);
                for (begin, end, function) in calls.iter().flat_map(|calls| calls.inlined()) {
                    let name = names.entry(function).or_insert_with(|| self.item_name(function));
                    let Some(name) = name else { continue };
                    let start = procedure.start.saturating_add(begin);
                    let each = &mut |address: u32, size: u32| {
                        let start = self.base.saturating_add(address.into());
                        each(start, start.saturating_add(size.into()), name);
                    };
                    if self.map.stretches_in_image(start, end - begin, &self.budget, each).is_err()
                    {
                        return;
                    }
                }
            }
        }
    }
}
