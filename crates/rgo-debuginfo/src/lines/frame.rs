//! [`Frame`]: one function that an instruction belongs to; and [`Gap`]: what an answer lacks.

use std::borrow::Cow;

use super::{LineError, Wanted};

/// A function that an instruction belongs to, and the place in its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its name, mangled if the source has that form; without the underscore that Mach-O adds.
    pub function: Option<Cow<'a, [u8]>>,
    /// The address of its first instruction; `None` for inlined functions.
    pub function_start: Option<u64>,
    /// The source file with its folder, as the compiler wrote it.
    pub file: Option<Cow<'a, [u8]>>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in bytes, from 1.
    pub column: Option<u32>,
    /// Whether it was inlined into the next frame.
    pub is_inlined: bool,
    /// Where it is listed.
    pub source: FrameSource,
}

/// Where a frame is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrameSource {
    /// DWARF.
    Dwarf,
    /// A PDB.
    Pdb,
    /// Go's function table.
    GoFunctions,
    /// A symbol table: it has names and no lines.
    #[default]
    Symbols,
}

/// What an answer lacks. Frames may be there all the same, from other sources or without the inlined ones.
#[derive(Clone, Debug)]
pub enum Gap {
    /// A file that was not given.
    Missing(Wanted),
    /// Damaged data.
    Damaged(LineError),
}

/// What of a function is inlined into another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inlined<'a> {
    /// A call of a function, mangled if the source has that form.
    Call(&'a [u8]),
    /// The code between two addresses: the innermost function that it is from.
    Code(u64, u64, &'a [u8]),
}
