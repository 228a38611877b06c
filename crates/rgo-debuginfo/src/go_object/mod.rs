//! Reads Go's own objects, which its compiler and its assembler leave for its linker, and the archives that a
//! package of them is.
//!
//! ```text
//! 'go object linux amd64 go1.26.8 …\n' … '\n!\n'   words: system, architecture, compiler; then bytes from 0
//!   0  00 'go120ld'    magic: Go 1.20 and later; go118ld: 1.18; go117ld, go116ld: with one block more
//!   8  u8[8], u32      fingerprint, flags
//!  20  u32[19 or 20]   where each block begins, and the end of the last one:
//!        packages to load │ packages │ source files
//!        symbols: of this package │ by short hash │ by hash │ of no package │ those that it refers to
//!        flags of references │ short hashes │ hashes
//!        relocations, others, data: per definition the first of its own │ relocations │ others │ data
//!        (line tables, before 1.18) │ names of symbols in other packages
//!
//! text (8)      u32 bytes, u32 where          symbol (21)  text name, u16 ABI, u8 kind, u8[2] flags, u32 size,
//! reference (8) u32 package, u32 number                    u32 alignment
//! other (9)     u8 kind, reference            name (16)    reference, text
//! relocation    23 bytes; 22 in go116ld
//! ```
//!
//! (Go, `cmd/internal/goobj/objfile.go`, `cmd/internal/objabi/symkind.go`.) Kinds of symbols are numbers that Go 1.24
//! changed without a new magic, so the compiler's version decides over them.

mod archive;
mod bytes;
mod kind;
mod place;

use std::ops::Range;

pub use archive::{Content, Entry, entries};
use bytes::{Text, u16_at, u32_at};
pub use kind::Kind;

/// How a Go object begins.
pub const START: &[u8] = b"go object ";
/// What ends the words at its start.
const END_OF_WORDS: &[u8] = b"\n!\n";
/// Where the list of blocks begins.
const OFFSETS: usize = 20;
/// Bytes of a text's place, of a symbol, of a named reference, of one of the others, of a number.
const TEXT: usize = 8;
const SYMBOL: usize = 21;
const NAME: usize = 16;
const OTHER: usize = 9;
const WORD: usize = 4;
/// The ABI of what only its own object sees.
const STATIC: u16 = u16::MAX;
/// Names of symbols, and of the files of functions, have at most this many times the bytes of their object. A compiler
/// writes each text once, few symbols share one, and a function takes more bytes than its file's name.
const MAX_NAMES: u64 = 32;

/// Why a Go object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoObjectError {
    /// It is something else.
    #[error("it is no Go object")]
    Unrecognized,
    /// A format of a Go that is too old, or too new.
    #[error("a Go object of a version that is not read: {0}")]
    Version(String),
    /// It contradicts itself.
    #[error("malformed Go object: {0}")]
    Malformed(&'static str),
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GoFormat {
    /// Go 1.16.
    Go116,
    /// Go 1.17.
    Go117,
    /// Go 1.18 and 1.19.
    Go118,
    /// Go 1.20 and later.
    Go120,
}

/// The blocks of an object, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Packages to load.
    Autolib,
    /// Packages that are referred to.
    Packages,
    /// Source files.
    Files,
    /// Symbols of this package.
    Own,
    /// Symbols that a short hash of their content stands for.
    Hashed64,
    /// Symbols that a hash of their content stands for.
    Hashed,
    /// Symbols of no package.
    Unowned,
    /// Symbols of no package that other objects define.
    Undefined,
    /// Flags of references.
    ReferenceFlags,
    /// Short hashes.
    ShortHashes,
    /// Hashes.
    Hashes,
    /// The first relocation of each definition.
    RelocationIndex,
    /// The first of the others that belong to each definition.
    OtherIndex,
    /// Where the data of each definition begin.
    DataIndex,
    /// Relocations.
    Relocations,
    /// Symbols that belong to others.
    Others,
    /// Data.
    Data,
    /// Line tables; a block of its own before Go 1.18.
    LineTables,
    /// Names of symbols in other packages.
    Names,
}

const BLOCKS: usize = Block::Names as usize + 1;

/// A Go object.
#[derive(Clone, Debug)]
pub struct GoObject<'a> {
    /// The architecture, as Go calls it.
    pub arch: &'a str,
    /// The compiler's version, as `go1.26.8`.
    pub compiler: &'a str,
    /// The format.
    pub format: GoFormat,
    /// The symbols that it defines, in the order of their blocks.
    pub definitions: Vec<Definition<'a>>,
    /// Names of symbols that other objects define.
    pub references: Vec<&'a [u8]>,
    /// Bytes of the words before it.
    pub words: usize,
    /// What is behind the words: addresses count from its start.
    data: &'a [u8],
    blocks: [Range<usize>; BLOCKS],
}

/// A symbol that an object defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition<'a> {
    /// Its name; empty for what only other symbols refer to.
    pub name: &'a [u8],
    /// Whether only its own object sees it.
    pub is_static: bool,
    /// What it is.
    pub kind: Kind,
    /// Whether other objects may define it too.
    pub is_shared: bool,
    /// Its size in memory.
    pub size: u32,
    /// Its bytes in the object. What has none has an address, too.
    pub data: Range<usize>,
    /// The bytes of the list of symbols that belong to it.
    pub others: Range<usize>,
    /// Where a function begins in the source.
    pub place: Option<Place<'a>>,
}

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file.
    pub file: &'a str,
    /// The line.
    pub line: Option<u32>,
}

/// The texts of an object, as far as they have a sane size together.
struct Texts<'a> {
    data: &'a [u8],
    left: u64,
}

impl<'a> Texts<'a> {
    fn named_at(&mut self, entry: &[u8], at: usize) -> Result<&'a [u8], GoObjectError> {
        let text = Text::at(entry, at).and_then(|text| text.of(self.data));
        let text = text.ok_or(GoObjectError::Malformed("a name is outside of it"))?;
        self.take(text.len())?;
        Ok(text)
    }

    fn take(&mut self, bytes: usize) -> Result<(), GoObjectError> {
        let is_over = GoObjectError::Malformed("its symbols share too many names");
        self.left = self.left.checked_sub(bytes as u64).ok_or(is_over)?;
        Ok(())
    }
}

impl<'a> GoObject<'a> {
    /// Reads an object from the words at its start on.
    ///
    /// # Errors
    /// If it is none, is of a version that is not read, or contradicts itself.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, GoObjectError> {
        let (words, data) = split(bytes).ok_or(GoObjectError::Unrecognized)?;
        let format = format(data)?;
        let mut fields =
            words.get(START.len()..).unwrap_or_default().split(u8::is_ascii_whitespace);
        let mut field = || fields.find(|field| !field.is_empty()).unwrap_or_default();
        let (_system, arch) = (field(), field());
        let first_line = words.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let compiler = kind::compiler(first_line);
        let is_divided = kind::is_divided(compiler, format);
        let mut object = Self {
            arch: str::from_utf8(arch).unwrap_or_default(),
            compiler,
            format,
            definitions: Vec::new(),
            references: Vec::new(),
            words: words.len(),
            data,
            blocks: blocks(data, format)?,
        };
        object.read(is_divided)?;
        Ok(object)
    }

    /// Where a block is.
    #[must_use]
    pub fn block(&self, block: Block) -> Range<usize> {
        self.blocks.get(block as usize).cloned().unwrap_or_default()
    }

    /// Where the magic, the flags and the list of blocks are.
    #[must_use]
    pub fn header(&self) -> Range<usize> {
        0..header_bytes(self.format)
    }

    /// The bytes behind the words.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    fn bytes_of(&self, block: Block) -> &'a [u8] {
        self.data.get(self.block(block)).unwrap_or_default()
    }

    /// The entries of a block.
    fn entries_of(
        &self,
        block: Block,
        size: usize,
    ) -> Result<std::slice::ChunksExact<'a, u8>, GoObjectError> {
        let entries = self.bytes_of(block).chunks_exact(size);
        match entries.remainder() {
            [] => Ok(entries),
            _ => Err(GoObjectError::Malformed("a block ends within an entry")),
        }
    }

    fn read(&mut self, is_divided: bool) -> Result<(), GoObjectError> {
        let mut texts = Texts { data: self.data, left: MAX_NAMES * self.data.len() as u64 };
        for block in [Block::Own, Block::Hashed64, Block::Hashed, Block::Unowned] {
            for symbol in self.entries_of(block, SYMBOL)? {
                let number = self.definitions.len();
                let [kind, flags] = [10, 11].map(|at| symbol.get(at).copied().unwrap_or_default());
                self.definitions.push(Definition {
                    name: texts.named_at(symbol, 0)?,
                    is_static: u16_at(symbol, 8) == Some(STATIC),
                    kind: Kind::of(kind, is_divided),
                    is_shared: flags & 1 != 0,
                    size: u32_at(symbol, 13).unwrap_or_default(),
                    data: self.own(number, Block::DataIndex, Block::Data, 1)?,
                    others: self.own(number, Block::OtherIndex, Block::Others, OTHER)?,
                    place: None,
                });
            }
        }
        for (block, size, at) in [(Block::Undefined, SYMBOL, 0), (Block::Names, NAME, 8)] {
            for entry in self.entries_of(block, size)? {
                self.references.push(texts.named_at(entry, at)?);
            }
        }
        for number in 0..self.definitions.len() {
            let function = self.definitions.get(number).filter(|it| it.kind == Kind::Code);
            let Some(place) = function.and_then(|it| self.place(it)) else { continue };
            texts.take(place.file.len())?;
            if let Some(function) = self.definitions.get_mut(number) {
                function.place = Some(place);
            }
        }
        Ok(())
    }

    /// The part of a block that belongs to a definition, by an index to it.
    fn own(
        &self,
        number: usize,
        index: Block,
        block: Block,
        size: usize,
    ) -> Result<Range<usize>, GoObjectError> {
        let index = self.bytes_of(index);
        let block = self.block(block);
        let edge = |number: usize| {
            let distance =
                usize::try_from(u32_at(index, number * WORD)?).ok()?.checked_mul(size)?;
            block.start.checked_add(distance).filter(|at| *at <= block.end)
        };
        match (edge(number), edge(number + 1)) {
            (Some(start), Some(end)) if start <= end => Ok(start..end),
            _ => Err(GoObjectError::Malformed("an index is outside of its block")),
        }
    }
}

/// The words at the start, and what follows.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_end = |bytes: &[u8]| bytes == END_OF_WORDS;
    bytes.starts_with(START).then_some(())?;
    let end = bytes.windows(END_OF_WORDS.len()).position(is_end)? + END_OF_WORDS.len();
    bytes.split_at_checked(end)
}

fn format(data: &[u8]) -> Result<GoFormat, GoObjectError> {
    let magic = data.get(..8).ok_or(GoObjectError::Unrecognized)?;
    match magic {
        b"\0go120ld" => Ok(GoFormat::Go120),
        b"\0go118ld" => Ok(GoFormat::Go118),
        b"\0go117ld" => Ok(GoFormat::Go117),
        b"\0go116ld" => Ok(GoFormat::Go116),
        [0, b'g', b'o', b'1', .., b'l', b'd'] => {
            let magic = magic.get(1..).unwrap_or_default();
            Err(GoObjectError::Version(String::from_utf8_lossy(magic).into_owned()))
        }
        _ => Err(GoObjectError::Unrecognized),
    }
}

/// Bytes of the header, up to the names.
fn header_bytes(format: GoFormat) -> usize {
    OFFSETS + (BLOCKS + usize::from(format < GoFormat::Go118)) * WORD
}

/// Where the blocks are.
fn blocks(data: &[u8], format: GoFormat) -> Result<[Range<usize>; BLOCKS], GoObjectError> {
    let line_tables = Block::LineTables as usize;
    let is_missing = format >= GoFormat::Go118;
    // A missing block begins and ends where the next one begins.
    let edge = |number: usize| {
        let number = number - usize::from(is_missing && number > line_tables);
        usize::try_from(u32_at(data, OFFSETS + number * WORD)?).ok()
    };
    let mut blocks: [Range<usize>; BLOCKS] = std::array::from_fn(|_| 0..0);
    let mut before = header_bytes(format);
    for (number, block) in blocks.iter_mut().enumerate() {
        match (edge(number), edge(number + 1)) {
            (Some(start), Some(end)) if before <= start && start <= end && end <= data.len() => {
                *block = start..end;
                before = end;
            }
            _ => return Err(GoObjectError::Malformed("its blocks are out of order")),
        }
    }
    Ok(blocks)
}
