//! The segment `__LINKEDIT`: tables for the loader and for tools, one behind the other, each with its
//! offset and size in a load command. This module takes the segment apart into tables, and lays them out
//! again when one has changed.
//!
//! ```text
//! rebase bind weak-bind lazy-bind export │ chained-fixups exports-trie │ split-info
//! function-starts data-in-code hints atom-info function-variants variant-fixups │
//! symbols relocations indirect-symbols strings │ code-sign-DRs │ signature
//! ```
//!
//! This is ld64's order, which code signing tools require. Each table starts at a multiple of 8,
//! which new versions of dyld require. If no table changes, all of them stay in place.

use std::borrow::Cow;
use std::ops::Range;

use object::macho as m;

use super::commands::Commands;
use crate::{Draft, Reason, bytes};
use rgo_binary::{Error, Result};

const WHAT: &str = "Mach-O __LINKEDIT";
pub(super) const ALIGN: u64 = 8;

/// The tables that edits read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkeditTable {
    Symbols,
    Strings,
    IndirectSymbols,
    /// The trie of exported names, in its old or its new load command.
    Exports,
    ChainedFixups,
    /// Relocations and tables of contents that name symbols by index; today's images have none.
    SymbolIndices,
    Other,
}

impl LinkeditTable {
    fn why(self) -> Reason {
        match self {
            Self::Symbols | Self::Strings | Self::IndirectSymbols => Reason::Symbols,
            Self::Exports | Self::ChainedFixups | Self::SymbolIndices | Self::Other => {
                Reason::LinkTables
            }
        }
    }
}

/// One table, and the field of the load commands that names it.
pub(super) struct Blob<'a> {
    pub(super) table: LinkeditTable,
    order: u8,
    command: usize,
    /// Offset of the field with the table's offset in its command; the size or count follows it.
    field: u64,
    /// Bytes per unit of the second field.
    unit: u64,
    /// Whether the field holds an offset although the table may be empty: then the offset still has
    /// to be inside.
    named: bool,
    /// Borrowed if it is unchanged.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Its offset and size in the input.
    offset: u64,
    size: u64,
}

/// A field of a load command that names a table: offset of the field, bytes per unit, place in
/// the order, table.
type Field = (u64, u64, u8, LinkeditTable);

pub(super) struct Linkedit<'a> {
    blobs: Vec<Blob<'a>>,
    /// Old ranges of tables whose load command was removed.
    freed: Vec<(u64, u64)>,
    /// Whether a table changed.
    changed: bool,
}

impl<'a> Linkedit<'a> {
    pub(super) fn parse(image: &'a [u8], commands: &Commands) -> Result<Self> {
        let segment = commands.segment("__LINKEDIT")?;
        let mut blobs = Vec::new();
        let mut total = 0;
        for (index, command) in commands.list.iter().enumerate() {
            for (field, unit, order, table) in fields(command.kind)?.iter().copied() {
                let offset = u64::from(command.u32(field)?);
                let size = u64::from(command.u32(field + 4)?) * unit;
                let bytes = if size == 0 { &[] } else { bytes::slice(image, offset, size, WHAT)? };
                let end = offset.saturating_add(size);
                if size > 0 && (offset < segment.file_offset || end > segment.file_end()) {
                    return Err(Error::malformed(WHAT, offset, "a table lies outside of it"));
                }
                total += size;
                if total > segment.file_size {
                    return Err(Error::malformed(WHAT, offset, "its tables overlap"));
                }
                let bytes = Cow::Borrowed(bytes);
                blobs.push(Blob {
                    table,
                    order,
                    command: index,
                    field,
                    unit,
                    named: offset != 0,
                    bytes,
                    offset,
                    size,
                });
            }
        }
        blobs.sort_by_key(|blob| blob.order);
        Ok(Self { blobs, freed: Vec::new(), changed: false })
    }

    /// Whether the tables have to be written again.
    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// The end of the last table in the input.
    pub(super) fn end(&self) -> Option<u64> {
        let tables = self.blobs.iter().filter(|blob| blob.size > 0);
        tables.map(|blob| blob.offset + blob.size).max()
    }

    /// Fails if there are bytes between the tables, which a new layout would lose. `range` is the
    /// range of all tables in the image.
    pub(super) fn refuse_unnamed(&self, image: &[u8], range: Range<u64>) -> Result<()> {
        let places = self.blobs.iter().map(|blob| (blob.offset, blob.size)).filter(|it| it.1 > 0);
        let mut places: Vec<_> = places.chain(self.freed.iter().copied()).collect();
        places.sort_unstable();
        places.push((range.end, 0));
        let mut at = range.start;
        for (offset, size) in places {
            refuse_bytes(image, at..offset, "no load command names them")?;
            at = at.max(offset + size);
        }
        Ok(())
    }

    /// The bytes of a table; empty if the image has none.
    pub(super) fn bytes(&self, table: LinkeditTable) -> &[u8] {
        let blob = self.blobs.iter().find(|blob| blob.table == table && !blob.bytes.is_empty());
        blob.map(|blob| &*blob.bytes).unwrap_or_default()
    }

    /// Replaces a table that the image has.
    pub(super) fn replace(&mut self, table: LinkeditTable, bytes: Vec<u8>) {
        let mut blobs = self.blobs.iter_mut();
        if let Some(blob) = blobs.find(|blob| blob.table == table && !blob.bytes.is_empty())
            && *blob.bytes != bytes
        {
            blob.bytes = Cow::Owned(bytes);
            self.changed = true;
        }
    }

    /// Removes the tables of a removed load command, and corrects the command indices of the
    /// others.
    pub(super) fn command_removed(&mut self, index: usize) {
        let gone = self.blobs.extract_if(.., |blob| blob.command == index);
        self.freed.extend(gone.map(|blob| (blob.offset, blob.size)).filter(|it| it.1 > 0));
        self.changed |= !self.freed.is_empty();
        for blob in &mut self.blobs {
            blob.command -= usize::from(blob.command > index);
        }
    }

    /// Corrects the command indices for a new command.
    pub(super) fn command_inserted(&mut self, index: usize) {
        for blob in &mut self.blobs {
            blob.command += usize::from(blob.command >= index);
        }
        self.lay_out_again();
    }

    /// Has all tables written again although none changed: what is before them did.
    pub(super) fn lay_out_again(&mut self) {
        self.changed = true;
    }

    /// Appends all tables to `image`, which ends at the start of the segment, and writes their
    /// offsets into the load commands.
    pub(super) fn write(&self, image: &mut Draft<'_>, commands: &mut Commands) -> Result<()> {
        for blob in &self.blobs {
            let size = blob.bytes.len() as u64;
            let mut offset = 0;
            if blob.named {
                image.pad(ALIGN);
                offset = bytes::word(bytes::index(image.size()), WHAT)?;
                match &blob.bytes {
                    Cow::Borrowed(_) => image.copy(blob.offset, size, WHAT)?,
                    Cow::Owned(bytes) => image.push(bytes.clone(), blob.table.why()),
                }
            }
            let command = commands.get_mut(blob.command)?;
            command.set_u32(blob.field, offset)?;
            let count = bytes::word(bytes::index(size / blob.unit), WHAT)?;
            command.set_u32(blob.field + 4, count)?;
        }
        Ok(())
    }
}

/// Fails if these bytes of an image, which an edit would drop, are not just padding.
pub(super) fn refuse_bytes(image: &[u8], range: Range<u64>, what: &str) -> Result<()> {
    let size = range.end.saturating_sub(range.start);
    if bytes::slice(image, range.start, size, WHAT)?.iter().any(|byte| *byte != 0) {
        let why = format!("it has {size} bytes at {:#x}, and {what}", range.start);
        return Err(Error::unsupported("editing this Mach-O image", why));
    }
    Ok(())
}

/// Commands that name no table. The signature is among them because it is made anew.
const WITHOUT_TABLES: [m::LoadCommandType; 30] = [
    m::LC_SEGMENT_64,
    m::LC_UNIXTHREAD,
    m::LC_LOAD_DYLIB,
    m::LC_ID_DYLIB,
    m::LC_LOAD_DYLINKER,
    m::LC_ID_DYLINKER,
    m::LC_SUB_FRAMEWORK,
    m::LC_SUB_UMBRELLA,
    m::LC_SUB_CLIENT,
    m::LC_SUB_LIBRARY,
    m::LC_LOAD_WEAK_DYLIB,
    m::LC_ROUTINES_64,
    m::LC_UUID,
    m::LC_RPATH,
    m::LC_CODE_SIGNATURE,
    m::LC_REEXPORT_DYLIB,
    m::LC_LAZY_LOAD_DYLIB,
    m::LC_ENCRYPTION_INFO_64,
    m::LC_LOAD_UPWARD_DYLIB,
    m::LC_VERSION_MIN_MACOSX,
    m::LC_VERSION_MIN_IPHONEOS,
    m::LC_VERSION_MIN_TVOS,
    m::LC_VERSION_MIN_WATCHOS,
    m::LC_DYLD_ENVIRONMENT,
    m::LC_MAIN,
    m::LC_SOURCE_VERSION,
    m::LC_LINKER_OPTION,
    m::LC_TARGET_TRIPLE,
    m::LC_PREBIND_CKSUM,
    m::LC_BUILD_VERSION,
];

/// The tables that a command names.
fn fields(kind: u32) -> Result<&'static [Field]> {
    use LinkeditTable::{
        ChainedFixups, Exports, IndirectSymbols, Other, Strings, SymbolIndices, Symbols,
    };
    Ok(match m::LoadCommandType(kind) {
        m::LC_DYLD_INFO | m::LC_DYLD_INFO_ONLY => &[
            (8, 1, 0, Other),
            (16, 1, 1, Other),
            (24, 1, 2, Other),
            (32, 1, 3, Other),
            (40, 1, 4, Exports),
        ],
        m::LC_DYLD_CHAINED_FIXUPS => &[(8, 1, 5, ChainedFixups)],
        m::LC_DYLD_EXPORTS_TRIE => &[(8, 1, 6, Exports)],
        m::LC_SEGMENT_SPLIT_INFO => &[(8, 1, 7, Other)],
        m::LC_FUNCTION_STARTS => &[(8, 1, 8, Other)],
        m::LC_DATA_IN_CODE => &[(8, 1, 9, Other)],
        m::LC_LINKER_OPTIMIZATION_HINT => &[(8, 1, 10, Other)],
        m::LC_ATOM_INFO => &[(8, 1, 11, Other)],
        m::LC_FUNCTION_VARIANTS => &[(8, 1, 12, Other)],
        m::LC_FUNCTION_VARIANT_FIXUPS => &[(8, 1, 13, Other)],
        m::LC_SYMTAB => &[(8, 16, 14, Symbols), (16, 1, 22, Strings)],
        m::LC_TWOLEVEL_HINTS => &[(8, 4, 15, SymbolIndices)],
        m::LC_DYSYMTAB => &[
            (32, 8, 16, SymbolIndices),
            (40, 56, 17, SymbolIndices),
            (48, 4, 18, SymbolIndices),
            (64, 8, 19, SymbolIndices),
            (72, 8, 20, SymbolIndices),
            (56, 4, 21, IndirectSymbols),
        ],
        m::LC_DYLIB_CODE_SIGN_DRS => &[(8, 1, 23, Other)],
        known if WITHOUT_TABLES.contains(&known) => &[],
        other => {
            return Err(Error::unsupported(
                format!("load command {:#x}", other.0),
                "it may name a place in __LINKEDIT, which this edit lays out again",
            ));
        }
    })
}
