//! Why an output has bytes that its input does not have. Reports show the reasons, and the check of an
//! edit allows each at some places only.

use std::fmt;

/// Why bytes of an output are not the input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The file header says where tables are, and how many.
    FileHeader,
    /// ELF: where segments are, in a companion.
    ProgramHeaders,
    /// Tables of sections: fewer of them, at other places.
    SectionHeaders,
    /// Names of sections.
    SectionNames,
    /// Mach-O: load commands.
    LoadCommands,
    /// Symbols, their names and what counts them.
    Symbols,
    /// Mach-O: other tables of `__LINKEDIT`, which know symbols or segments by number.
    LinkTables,
    /// A code signature.
    Signature,
    /// PE: the directory of debug data names offsets into the file.
    DebugDirectory,
    /// PE: the sum of all bytes.
    Checksum,
    /// PE: times that the linker set, and what identifies the PDB.
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
    /// A section that was asked for.
    AddedSection,
    /// Zeros up to an alignment, or over what is gone.
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
