//! Reads which calls Go's compiler inlined into a function. A function that exists only inlined is in no symbol
//! table, and still has its name here (Go, `runtime/symtabinl.go`, `runtime/symtab.go`, `internal/abi/symtab.go`).
//!
//! ```text
//! record    … tables of values: u32 each; then data for the runtime, by number:
//!           offset from moduledata's gofunc, u32, ffffffff none; up to Go 1.17: aligned pointer
//! table 2   the call that each instruction comes from: its index in the tree, -1 for none
//! data 3    the tree
//!
//! a call    Go 1.20    0 kind   4 name, u32   8 caller: distance of one of its instructions   12 line of `func`
//!           before     0 index of the caller, i16   2 kind   4 file of the call   8 its line   12 name, u32
//!                      16 distance of an instruction
//! ```
//!
//! The calls have no count. Those that the table names are there, and those that inlined these.

use std::collections::HashSet;

use super::pc_values::PcValues;
use super::pclntab::{GoFunction, PclnTable};
use super::pclntab_header::PclntabLayout;
use crate::image::memory::Memory;

/// Number of the values that name calls.
const TREE_INDEX: usize = 2;
/// Number of the tree among the data for the runtime.
const TREE: usize = 3;
/// Deepest nesting of inlined calls: the compiler stops long before.
const MAX_DEPTH: usize = 512;
/// Calls that show where the trees are.
const LOOK_AT: usize = 1 << 14;

/// A function on the way to an instruction: the one that the program calls, or one inlined into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoFrame<'a> {
    /// The linker's name for the function.
    pub function: &'a str,
    /// The file of the instruction, or of the call that was inlined.
    pub file: Option<&'a str>,
    /// The line in the file.
    pub line: Option<u32>,
    /// Whether the function is inlined into the next one.
    pub is_inlined: bool,
}

/// A function whose code is inside another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoInlined<'a> {
    /// The linker's name for it.
    pub function: &'a str,
    /// Its file.
    pub file: Option<&'a str>,
    /// The line of its word `func`; `None` before Go 1.20.
    pub start_line: Option<u32>,
}

/// Where the trees of a program are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TreePlaces {
    /// At pointers, since the records of a table at this address have them.
    Pointers { table_address: u64 },
    /// At offsets from this address.
    Offsets { base: u64 },
}

/// A call of a tree.
struct Call<'a> {
    function: &'a str,
    start_line: Option<u32>,
    caller: Caller,
}

/// How a call says what it is in.
enum Caller {
    /// In what this instruction comes from.
    At { distance: u64 },
    /// In a call, or in the function itself if there is no index, at a file and line.
    Is { index: Option<usize>, file: Option<usize>, line: Option<u32> },
}

/// Reads the trees of one program.
#[derive(Clone, Copy)]
pub(super) struct TreeReader<'r, 'a> {
    pub(super) table: &'r PclnTable<'a>,
    pub(super) memory: &'r Memory<'a>,
    pub(super) places: TreePlaces,
}

impl<'a> TreeReader<'_, 'a> {
    /// Whether the trees of the first functions are at these places.
    pub(super) fn is_plausible(&self) -> bool {
        let mut seen = 0;
        for function in self.table.functions().take(LOOK_AT) {
            if seen > LOOK_AT {
                break;
            }
            let Some(tree) = self.tree(&function) else { continue };
            let size = function.size.unwrap_or_default();
            let last = self.indexes(&function).take(LOOK_AT).map(|stretch| stretch.value).max();
            let Some(last) = last.and_then(|last| usize::try_from(last).ok()) else { continue };
            for index in 0..=last.min(LOOK_AT) {
                let fits = self.call(tree, index).is_some_and(|call| match call.caller {
                    Caller::At { distance } => distance < size,
                    Caller::Is { index: caller, .. } => caller.is_none_or(|caller| caller < index),
                });
                if !fits {
                    return false;
                }
                seen += 1;
            }
        }
        seen > 0
    }

    /// Appends the frames of an instruction of a function, the innermost first.
    pub(super) fn frames(
        &self,
        function: &GoFunction<'a>,
        mut distance: u64,
        frames: &mut Vec<GoFrame<'a>>,
    ) {
        let tree = self.tree(function);
        let mut index = self.index_at(function, distance);
        let mut file = self.table.file_at(function, distance);
        let mut line = self.table.line_at(function, distance);
        for _ in 0..MAX_DEPTH {
            let call = index.and_then(|index| self.call(tree?, index));
            let Some(call) = call else { break };
            frames.push(GoFrame { function: call.function, file, line, is_inlined: true });
            (index, file, line) = match call.caller {
                Caller::At { distance: at } => {
                    distance = at;
                    (
                        self.index_at(function, distance),
                        self.table.file_at(function, distance),
                        self.table.line_at(function, distance),
                    )
                }
                Caller::Is { index, file, line } => {
                    let file = file.and_then(|file| self.table.file_of_unit(function, file));
                    (index, file, line)
                }
            };
        }
        frames.push(GoFrame { function: function.name, file, line, is_inlined: false });
    }

    /// Calls `each` for the calls that were inlined into a function and have instructions there. Takes the
    /// stretches that it reads from `budget`.
    pub(super) fn inlined(
        &self,
        function: &GoFunction<'a>,
        budget: &mut usize,
        mut each: impl FnMut(GoInlined<'a>),
    ) {
        let Some(tree) = self.tree(function) else { return };
        let mut seen = HashSet::new();
        for stretch in self.indexes(function) {
            let Some(left) = budget.checked_sub(1) else { return };
            *budget = left;
            let Ok(index) = usize::try_from(stretch.value) else { continue };
            let call = seen.insert(index).then(|| self.call(tree, index)).flatten();
            let Some(call) = call else { continue };
            each(GoInlined {
                function: call.function,
                file: self.table.file_at(function, stretch.start),
                start_line: call.start_line,
            });
        }
    }

    /// Calls `each` for each stretch of a function that is from an inlined call, with the distances of its start and
    /// end and the function that is called. Takes the stretches that it reads from `budget`.
    pub(super) fn inlined_code(
        &self,
        function: &GoFunction<'a>,
        budget: &mut usize,
        mut each: impl FnMut(u64, u64, &'a str),
    ) {
        let Some(tree) = self.tree(function) else { return };
        for stretch in self.indexes(function) {
            let Some(left) = budget.checked_sub(1) else { return };
            *budget = left;
            let index = usize::try_from(stretch.value).ok();
            if let Some(call) = index.and_then(|index| self.call(tree, index)) {
                each(stretch.start, stretch.end, call.function);
            }
        }
    }

    fn indexes(&self, function: &GoFunction<'a>) -> PcValues<'a> {
        self.table.runtime_values(function, TREE_INDEX)
    }

    fn index_at(&self, function: &GoFunction<'a>, distance: u64) -> Option<usize> {
        usize::try_from(self.indexes(function).at(distance)?).ok()
    }

    fn tree(&self, function: &GoFunction<'a>) -> Option<&'a [u8]> {
        let address = match self.places {
            TreePlaces::Pointers { table_address } => {
                let place = self.table.place_of_runtime_pointer(function, TREE)?;
                self.memory.pointer(table_address.checked_add(place as u64)?)?
            }
            TreePlaces::Offsets { base } => {
                let offset = self.table.runtime_offset(function, TREE)?;
                base.checked_add(offset.into())?
            }
        };
        self.memory.at(address).filter(|_| address != 0)
    }

    fn call(&self, tree: &'a [u8], index: usize) -> Option<Call<'a>> {
        let words = self.table.header.words;
        let is_new = self.table.layout() >= PclntabLayout::Go120;
        let size = if is_new { 16 } else { 20 };
        let at = index.checked_mul(size)?;
        let bytes = tree.get(at..at.checked_add(size)?)?;
        let number = |at: usize| words.u32(bytes, at);
        let positive = |at: usize| number(at).filter(|it| *it > 0 && it.cast_signed() > 0);
        if is_new {
            return Some(Call {
                function: self.table.name_at(number(4)?)?,
                start_line: positive(12),
                caller: Caller::At { distance: number(8)?.into() },
            });
        }
        let caller = if words.big { [bytes[1], bytes[0]] } else { [bytes[0], bytes[1]] };
        Some(Call {
            function: self.table.name_at(number(12)?)?,
            start_line: None,
            caller: Caller::Is {
                index: usize::try_from(i16::from_le_bytes(caller)).ok(),
                file: usize::try_from(number(4)?).ok(),
                line: positive(8),
            },
        })
    }
}
