//! Limits on work and memory. Input may be hostile: each reader stays within the caller's limits,
//! whatever a file claims.

/// Upper bounds for reading one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest image, in bytes.
    pub max_file: u64,
    /// Largest result of inflating one compressed section, in bytes.
    pub max_inflated: u64,
    /// Most symbols, imports or exports listed of one image.
    pub max_symbols: usize,
    /// Most DWARF units read.
    pub max_units: usize,
    /// Most bytes of one image to search for texts.
    pub max_searched: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file: 8 << 30,
            max_inflated: 256 << 20,
            max_symbols: 4_000_000,
            max_units: 1_000_000,
            max_searched: 512 << 20,
        }
    }
}
