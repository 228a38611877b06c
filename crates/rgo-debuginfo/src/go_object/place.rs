//! Says where in the source a function of a Go object begins.
//!
//! ```text
//! definition ─▶ others: 8 table of files, 9 table of lines ─▶ each a symbol with data
//! table: varint difference, varint distance, …; a value begins at -1, and an odd difference is negative
//! ```
//!
//! (Go, `cmd/internal/objfile/goobj.go`.) Before Go 1.17 these tables have no symbols.

use super::bytes::{Text, u32_at};
use super::{Block, Definition, GoObject, OTHER, Place, SYMBOL, TEXT};

/// Kinds of symbols that belong to a function.
const FILES: u8 = 8;
const LINES: u8 = 9;
/// Numbers that stand for packages, and say which block a symbol is in.
const UNOWNED: u32 = 0x7fff_ffff;
const HASHED64: u32 = 0x7fff_fffe;
const HASHED: u32 = 0x7fff_fffd;
const OWN: u32 = 0x7fff_fffb;

impl<'a> GoObject<'a> {
    /// The source files.
    pub fn files(&self) -> impl Iterator<Item = &'a [u8]> {
        let list = self.bytes_of(Block::Files).chunks_exact(TEXT);
        list.filter_map(|file| Text::at(file, 0)?.of(self.data()))
    }

    /// The source file of a function, and the line where it begins.
    pub(super) fn place(&self, function: &Definition<'a>) -> Option<Place<'a>> {
        let file = self.first_value(function, FILES)?;
        let at = usize::try_from(file).ok()?.checked_mul(TEXT)?;
        let file = Text::at(self.bytes_of(Block::Files), at)?.of(self.data())?;
        let line = self.first_value(function, LINES).and_then(|line| u32::try_from(line).ok());
        let file = str::from_utf8(file).ok()?;
        // The mark that the compiler used to give to its names of files.
        Some(Place { file: file.strip_prefix("gofile..").unwrap_or(file), line })
    }

    /// The numbers of the definitions that belong to another.
    pub fn others(&self, of: &Definition<'a>) -> impl Iterator<Item = (u8, usize)> {
        let list = self.data().get(of.others.clone()).unwrap_or_default();
        list.chunks_exact(OTHER).filter_map(|other| {
            let [package, number] = [1, 5].map(|at| u32_at(other, at));
            Some((*other.first()?, self.number(package?, number?)?))
        })
    }

    /// The number of the definition that a reference is to.
    fn number(&self, package: u32, number: u32) -> Option<usize> {
        let number = usize::try_from(number).ok()?;
        let block = match package {
            OWN => Block::Own,
            HASHED64 => Block::Hashed64,
            HASHED => Block::Hashed,
            UNOWNED => Block::Unowned,
            _ => return None,
        };
        let before = (self.block(block).start - self.block(Block::Own).start) / SYMBOL;
        before.checked_add(number).filter(|number| *number < self.definitions.len())
    }

    /// The value of a table at the start of a function.
    fn first_value(&self, function: &Definition<'a>, table: u8) -> Option<i64> {
        let (_, number) = self.others(function).find(|(kind, _)| *kind == table)?;
        let table = self.data().get(self.definitions.get(number)?.data.clone())?;
        let mut difference = 0_u32;
        for (index, byte) in (0..5).zip(table) {
            difference |= u32::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let half = i64::from(difference >> 1);
                return Some(if difference & 1 == 0 { half - 1 } else { -half - 2 });
            }
        }
        None
    }
}
