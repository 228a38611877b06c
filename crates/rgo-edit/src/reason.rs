//! Reasons why an output has bytes that its input does not have. Reports show them, and the check
//! of an edit allows each only at some places.

use std::fmt;

/// Why bytes of an output are not those of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The file header: offsets and sizes of tables.
    FileHeader,
    /// ELF: the offsets of segments, in a companion.
    ProgramHeaders,
    /// Section headers: fewer of them, or other offsets.
    SectionHeaders,
    /// Names of sections.
    SectionNames,
    /// Mach-O: load commands.
    LoadCommands,
    /// Symbols, their names and their counts.
    Symbols,
    /// Mach-O: other tables of `__LINKEDIT`, which refer to symbols or segments by number.
    LinkTables,
    /// A code signature.
    Signature,
    /// PE: file offsets in the debug directory.
    DebugDirectory,
    /// PE: the checksum of the file.
    Checksum,
    /// PE: the linker's times, and the identity of the PDB.
    Identity,
    /// The build note.
    Note,
    /// The list of dependencies.
    DependencyList,
    /// A slot's value.
    Slot,
    /// The link to the companion.
    DebugLink,
    /// A section's bytes, compressed or decompressed.
    Compression,
    /// A section that the user added.
    AddedSection,
    /// Zeros up to an alignment, or over removed bytes.
    Padding,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FileHeader => "file header",
            Self::ProgramHeaders => "program headers",
            Self::SectionHeaders => "section headers",
            Self::SectionNames => "section names",
            Self::LoadCommands => "load commands",
            Self::Symbols => "symbols",
            Self::LinkTables => "link tables",
            Self::Signature => "signature",
            Self::DebugDirectory => "debug directory",
            Self::Checksum => "checksum",
            Self::Identity => "identity",
            Self::Note => "build note",
            Self::DependencyList => "dependency list",
            Self::Slot => "slot",
            Self::DebugLink => "debug link",
            Self::Compression => "compression",
            Self::AddedSection => "added section",
            Self::Padding => "padding",
        })
    }
}
