//! What bytes are for, whoever they belong to.

use serde::Serialize;

/// What bytes are for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ByteKind {
    /// Instructions.
    Code,
    /// Constants.
    ReadOnlyData,
    /// Variables with values in the file.
    Data,
    /// Variables without bytes in the file.
    ZeroedData,
    /// Debug data.
    Debug,
    /// Tables of symbols, and their names.
    Symbols,
    /// Tables by which exceptions and panics unwind the stack.
    Unwind,
    /// Places that the linker or loader has to change.
    Relocations,
    /// What the loader reads to bind libraries: names, hashes, offset and linkage tables.
    Linking,
    /// Headers of the format.
    Headers,
    /// Notes and comments of the tools that made the file.
    Notes,
    /// Resources, such as icons and manifests.
    Resources,
    /// A code signature.
    Signature,
    /// Zeros that align what follows.
    Padding,
    /// What follows the last part that the format knows.
    Appended,
    /// Anything else.
    Other,
}

impl ByteKind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::Code,
        Self::ReadOnlyData,
        Self::Data,
        Self::ZeroedData,
        Self::Debug,
        Self::Symbols,
        Self::Unwind,
        Self::Relocations,
        Self::Linking,
        Self::Headers,
        Self::Notes,
        Self::Resources,
        Self::Signature,
        Self::Padding,
        Self::Appended,
        Self::Other,
    ];

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::ReadOnlyData => "read-only data",
            Self::Data => "data",
            Self::ZeroedData => "zeroed data",
            Self::Debug => "debug data",
            Self::Symbols => "symbol tables",
            Self::Unwind => "unwind tables",
            Self::Relocations => "relocations",
            Self::Linking => "dynamic linking",
            Self::Headers => "headers",
            Self::Notes => "notes",
            Self::Resources => "resources",
            Self::Signature => "signature",
            Self::Padding => "padding",
            Self::Appended => "appended data",
            Self::Other => "other",
        }
    }

    /// Whether bytes of this kind are no one's: they are there for the format, and their kind says all. Bytes of
    /// other kinds should belong to a function, a variable or a unit.
    #[must_use]
    pub fn is_overhead(self) -> bool {
        !matches!(
            self,
            Self::Code
                | Self::ReadOnlyData
                | Self::Data
                | Self::ZeroedData
                | Self::Debug
                | Self::Other
        )
    }

    /// The kind of an ELF section that has no type or flags of its own for it, or of a PE section.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        const STARTS: [(&str, ByteKind); 25] = [
            (".debug_frame", ByteKind::Unwind),
            (".debug_gdb_scripts", ByteKind::Notes),
            (".debug_", ByteKind::Debug),
            (".zdebug_", ByteKind::Debug),
            (".stab", ByteKind::Debug),
            (".gnu_debug", ByteKind::Debug),
            (".gdb_index", ByteKind::Debug),
            (".debug$", ByteKind::Debug),
            (".eh_frame", ByteKind::Unwind),
            (".gcc_except_table", ByteKind::Unwind),
            (".ARM.ex", ByteKind::Unwind),
            (".pdata", ByteKind::Unwind),
            (".xdata", ByteKind::Unwind),
            (".reloc", ByteKind::Relocations),
            (".idata", ByteKind::Linking),
            (".didat", ByteKind::Linking),
            (".edata", ByteKind::Linking),
            (".plt", ByteKind::Linking),
            (".got", ByteKind::Linking),
            (".interp", ByteKind::Linking),
            (".comment", ByteKind::Notes),
            (".note", ByteKind::Notes),
            (".rsrc", ByteKind::Resources),
            (".drectve", ByteKind::Notes),
            // What rustc wants to know of a library of Rust.
            (".rustc", ByteKind::Notes),
        ];
        STARTS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, kind)| *kind)
    }
}
