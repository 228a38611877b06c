//! [`LineError`]: why lines and inlined frames cannot be read.

/// Why lines cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LineError {
    /// The image itself is damaged, or a section cannot be inflated.
    #[error(transparent)]
    Image(#[from] rgo_binary::Error),
    /// DWARF contradicts itself.
    #[error("malformed DWARF")]
    Dwarf(#[from] gimli::Error),
    /// A PDB contradicts itself.
    #[error("malformed PDB: {0}")]
    Pdb(&'static str),
    /// The file is no PDB, or of a kind that is not read.
    #[error("not a PDB that is read: {0}")]
    PdbKind(&'static str),
    /// The mini symbol table of Fedora cannot be decompressed.
    #[error("malformed .gnu_debugdata: {0}")]
    MiniSymbols(std::sync::Arc<std::io::Error>),
    /// Relocations of an object file that are not known.
    #[error("relocations of debug data that are not known: {0}")]
    Relocation(String),
    /// A symbol table is damaged.
    #[error("{0}")]
    Symbols(String),
    /// More bytes than the image's limits allow.
    #[error("{what} would be inflated to more than {limit} bytes")]
    Inflated {
        /// What is compressed.
        what: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// A table would be far larger than the bytes that it is made of.
    #[error("debug data that expands without bound")]
    TooMuch,
}
