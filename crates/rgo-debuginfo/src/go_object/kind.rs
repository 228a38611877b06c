//! What a symbol of a Go object is, by its number.
//!
//! ```text
//! to Go 1.23   0 nothing  1 code   2 constant   3 no pointers   4 data            5 zeroed  6 no pointers  7 per thread
//! from 1.24    0 nothing  1 2 code 3 4 constant 5 6 no pointers 7 8 data          9 zeroed 10 no pointers 11 per thread
//! ```
//!
//! The second of each two is of the module for FIPS 140. Debug data and other tables have the numbers above.

use super::GoFormat;

/// What a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Code.
    Code,
    /// A constant.
    ReadOnlyData,
    /// A variable without pointers, with a value.
    DataWithoutPointers,
    /// A variable with a value.
    Data,
    /// A variable that is zero at the start.
    ZeroedData,
    /// A variable that each thread has for itself.
    ThreadLocal,
    /// Debug data.
    Debug,
    /// Something else.
    Other,
}

/// How many numbers behind that of variables per thread are of debug data in objects.
const DEBUG: u8 = 9;

impl Kind {
    /// The kind of a number. `is_divided` says whether the module for FIPS 140 has kinds of its own.
    pub(super) fn of(number: u8, is_divided: bool) -> Self {
        let number = match number {
            1..=8 if is_divided => number.div_ceil(2),
            9.. if is_divided => number - 4,
            number => number,
        };
        match number {
            1 => Self::Code,
            2 => Self::ReadOnlyData,
            3 => Self::DataWithoutPointers,
            4 => Self::Data,
            5 | 6 => Self::ZeroedData,
            7 => Self::ThreadLocal,
            8.. if number < 8 + DEBUG => Self::Debug,
            _ => Self::Other,
        }
    }
}

/// The word of a first line that is the compiler's version.
pub(super) fn compiler(first_line: &[u8]) -> &str {
    let line = str::from_utf8(first_line).unwrap_or_default();
    line.split_whitespace().find(|word| word.starts_with("go1.")).unwrap_or_default()
}

/// Whether a compiler numbers the kinds as Go 1.24 does.
pub(super) fn is_divided(compiler: &str, format: GoFormat) -> bool {
    let minor = compiler.strip_prefix("go1.").unwrap_or_default();
    let end = minor.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(minor.len());
    let minor = minor.get(..end).and_then(|minor| minor.parse::<u32>().ok());
    // A compiler without a version is one that someone builds of today's sources.
    minor.map_or(format == GoFormat::Go120, |minor| minor >= 24)
}
