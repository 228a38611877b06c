//! The code of a Go program as its runtime knows it: the functions, the calls inlined into them, and for each
//! instruction its file and line.

use super::inline_tree::{GoFrame, GoInlined, TreePlaces, TreeReader};
use super::locate::Located;
use super::pclntab::{GoFunction, PclnTable};
use super::pclntab_header::PclntabLayout;
use super::types::{self, GoTypes};

/// The code of a Go program.
pub struct GoProgram<'a> {
    located: Located<'a>,
    places: Option<TreePlaces>,
}

impl<'a> GoProgram<'a> {
    pub(super) fn new(located: Located<'a>) -> Self {
        let candidates = match (located.table.layout(), &located.module) {
            (PclntabLayout::Go12, _) | (_, None) => Vec::new(),
            (PclntabLayout::Go116, _) => {
                vec![TreePlaces::Pointers { table_address: located.address }]
            }
            (_, Some(module)) => {
                module.gofunc.iter().map(|base| TreePlaces::Offsets { base: *base }).collect()
            }
        };
        let places = candidates.into_iter().find(|places| {
            let (table, memory) = (&located.table, &located.memory);
            TreeReader { table, memory, places: *places }.is_plausible()
        });
        Self { located, places }
    }

    /// The functions.
    #[must_use]
    pub fn table(&self) -> &PclnTable<'a> {
        &self.located.table
    }

    /// Whether the program says which calls are inlined. Programs of Go before 1.16 are not read, and a program
    /// may have none.
    #[must_use]
    pub fn has_inline_trees(&self) -> bool {
        self.places.is_some()
    }

    /// Appends the frames of an instruction, the innermost first; none if no function has it.
    pub fn frames_at(&self, address: u64, frames: &mut Vec<GoFrame<'a>>) {
        let table = self.table();
        let Some(function) = table.function_at(address) else { return };
        let distance = address - function.entry;
        match self.trees() {
            Some(trees) => trees.frames(&function, distance, frames),
            None => frames.push(GoFrame {
                function: function.name,
                file: table.file_at(&function, distance),
                line: table.line_at(&function, distance),
                is_inlined: false,
            }),
        }
    }

    /// Calls `each` for each call that was inlined, with the function that it was inlined into. A damaged program
    /// may have some left out.
    pub fn inlined(&self, mut each: impl FnMut(&GoFunction<'a>, GoInlined<'a>)) {
        let Some(trees) = self.trees() else { return };
        // Linkers write each table of values once for all functions that have the same.
        let mut budget = self.table().byte_count().saturating_mul(4);
        for function in self.table().functions() {
            trees.inlined(&function, &mut budget, |inlined| each(&function, inlined));
        }
    }

    /// Calls `each` for each stretch of code that is inlined: its first address, the address behind it, and the
    /// innermost function that it is from. A damaged program may have some left out.
    pub fn inlined_code(&self, mut each: impl FnMut(u64, u64, &'a str)) {
        let Some(trees) = self.trees() else { return };
        let mut budget = self.table().byte_count().saturating_mul(4);
        for function in self.table().functions() {
            let size = function.size.unwrap_or_default();
            trees.inlined_code(&function, &mut budget, |start, end, name| {
                let address = |distance: u64| function.entry.saturating_add(distance.min(size));
                if start < size {
                    each(address(start), address(end), name);
                }
            });
        }
    }

    /// Calls `each` for the address of each part of the function table that a function needs: its record, its name,
    /// its tables of values, and the data for the runtime. Functions share parts. None before Go 1.16.
    pub fn table_parts(&self, function: &GoFunction<'a>, mut each: impl FnMut(u64)) {
        let Located { table, address, memory, .. } = &self.located;
        table.parts(function, |offset| each(address.saturating_add(offset as u64)));
        let runtime_data = 0..table.runtime_data_count(function);
        match self.places {
            Some(TreePlaces::Offsets { base }) => runtime_data
                .filter_map(|number| table.runtime_offset(function, number))
                .for_each(|offset| each(base.saturating_add(offset.into()))),
            Some(TreePlaces::Pointers { table_address }) => runtime_data
                .filter_map(|number| table.place_of_runtime_pointer(function, number))
                .filter_map(|place| memory.pointer(table_address.checked_add(place as u64)?))
                .for_each(each),
            None => {}
        }
    }

    /// The types, and whose they are; none where the linker's record of the program's parts is not found, and before
    /// Go 1.16.
    #[must_use]
    pub fn types(&self) -> GoTypes {
        let Located { table, module, memory, .. } = &self.located;
        let places = module.as_ref().and_then(|module| module.types.as_ref());
        places.map_or_else(GoTypes::default, |places| {
            types::read(memory, table.header.words, places, table.layout())
        })
    }

    fn trees(&self) -> Option<TreeReader<'_, 'a>> {
        let (table, memory) = (&self.located.table, &self.located.memory);
        self.places.map(|places| TreeReader { table, memory, places })
    }
}
