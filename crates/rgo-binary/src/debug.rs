//! What a debugger would find in an image.

use serde::Serialize;

/// How much a debugger learns of a program's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DebugLevel {
    /// Nothing.
    None,
    /// Names of functions and data, by a symbol table that the loader does not need.
    Symbols,
    /// Files and lines, for backtraces.
    Lines,
    /// Variables and types too.
    Full,
}

/// The debug data of an image, and the identities that match it with a companion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DebugData {
    /// The most that any part of the image has; `units` says how much of it.
    pub level: DebugLevel,
    /// DWARF compile units that are really there, by what they hold.
    pub units: Units,
    /// Bytes that DWARF takes in the file.
    pub bytes: u64,
    /// Object files that a Mach-O debug map refers to: the DWARF stayed there.
    pub object_files: usize,
    /// The ELF build ID, in hexadecimal digits.
    pub build_id: Option<String>,
    /// The Mach-O UUID, as `dwarfdump --uuid` writes it.
    pub uuid: Option<String>,
    /// The PDB that a PE image names.
    pub pdb: Option<Pdb>,
    /// The companion that an ELF or PE image names.
    pub debuglink: Option<Debuglink>,
}

/// Compile units by what they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Units {
    /// With variables or types.
    pub full: usize,
    /// With lines, and at most names of functions.
    pub lines: usize,
}

/// A PE image's reference to its PDB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pdb {
    /// The path that the linker wrote.
    pub path: String,
    /// The GUID, in upper case with dashes.
    pub guid: String,
    /// How often the PDB was written.
    pub age: u32,
}

/// A reference to a file with debug data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Debuglink {
    /// Its file name.
    pub name: String,
    /// The CRC-32 of its content.
    pub crc32: u32,
}
