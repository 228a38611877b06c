//! Reads what debuggers and profilers read of a binary: its symbols and their names, the lines of its code, and where its
//! bytes went. Pure: bytes in, values and bytes out.
//!
//! ```text
//! bytes ─▶ object::File ─▶ SymbolTable ─┬▶ letters of nm
//!                                       ├▶ list: for people and reports, with Go's functions
//!                                       ├▶ nm: lines of text
//!                                       └▶ go_nm: lines of text
//! Go's objects and archives ─▶ GoObject ─▶ list, go_nm, sizes
//! name ─▶ Demangler ─▶ name as in the source
//! image and its companions ─▶ DebugFiles ─┬▶ LineTable ─▶ frames of an address
//!                                         └▶ debug_list: the list with what the companions know
//! image ─▶ sizes: Attribution ─▶ groups;  two of them ─▶ diff
//! image ─▶ debuggability: what a debugger can do with it
//! ```

pub mod debug_list;
pub mod debuggability;
pub mod demangle;
pub mod diff;
pub mod go_nm;
pub mod go_object;
pub mod lines;
pub mod list;
pub mod nm;
pub mod sizes;
pub mod symbols;
