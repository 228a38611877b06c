//! Finds the names of inlined functions in the streams of types (LLVM, "The PDB TPI and IPI Streams").
//!
//! ```text
//! header      version, header size, first and last ID, bytes of records: u32
//! 1601        function: scope u32, type u32, name         1602 method: class u32, type u32, name
//! 1605        text: list u32, text                        1504, 1505, 1519 class; 1506 union; 1507 enumeration
//! ```

use std::borrow::Cow;

use super::super::LineError;
use super::super::budget::Budget;
use super::bytes::{PdbBytes, Record, records};

const FUNCTION: u16 = 0x1601;
const METHOD: u16 = 0x1602;
const TEXT: u16 = 0x1605;

/// The longest name, in bytes.
const MAX_NAME: usize = 1 << 16;

/// A stream of types or of items.
#[derive(Debug)]
pub(super) struct TypeStream<'d> {
    bytes: Cow<'d, [u8]>,
    first: u32,
    /// Where each record starts.
    offsets: Vec<u32>,
}

impl<'d> TypeStream<'d> {
    /// Finds the records of a stream.
    pub(super) fn read(bytes: Cow<'d, [u8]>, budget: &Budget) -> Result<Self, LineError> {
        let mut header = PdbBytes(&bytes);
        let sizes = header.u32().and_then(|_| Some((header.size()?, header.u32()?)));
        let Some((header_size, first)) = sizes else {
            return Ok(Self { bytes, first: 0, offsets: Vec::new() });
        };
        let mut offsets = Vec::new();
        for record in records(&bytes, header_size) {
            offsets.push(u32::try_from(record.offset).unwrap_or(u32::MAX));
        }
        budget.keep(offsets.len() as u64 / 4)?;
        Ok(Self { bytes, first, offsets })
    }

    fn record(&self, id: u32) -> Option<Record<'_>> {
        let index = usize::try_from(id.checked_sub(self.first)?).ok()?;
        let offset = usize::try_from(*self.offsets.get(index)?).ok()?;
        records(&self.bytes, offset).next()
    }
}

/// The name of a function by its ID, with the class or namespace that it is in.
pub(super) fn function_name(
    items: &TypeStream<'_>,
    types: &TypeStream<'_>,
    id: u32,
) -> Option<Vec<u8>> {
    let record = items.record(id)?;
    let mut content = PdbBytes(record.content);
    let scope = content.u32()?;
    content.skip(4)?;
    let name = content.text()?;
    let scope = match record.kind {
        FUNCTION => items.record(scope).and_then(|scope| text(&scope)),
        METHOD => types.record(scope).and_then(|class| class_name(&class)),
        _ => return None,
    };
    let length = scope.map_or(0, <[u8]>::len) + name.len() + 2;
    if length > MAX_NAME {
        return None;
    }
    let mut whole = Vec::with_capacity(length);
    for part in scope.into_iter().filter(|scope| !scope.is_empty()) {
        whole.extend_from_slice(part);
        whole.extend_from_slice(b"::");
    }
    whole.extend_from_slice(name);
    Some(whole)
}

fn text<'s>(record: &Record<'s>) -> Option<&'s [u8]> {
    let mut content = PdbBytes(record.content);
    content.skip(4)?;
    if record.kind == TEXT { content.text() } else { None }
}

/// `members u16, flags u16`, then for a class three types, for a union one, for an enumeration two; but for the
/// enumeration a size follows; the name.
fn class_name<'s>(record: &Record<'s>) -> Option<&'s [u8]> {
    let mut content = PdbBytes(record.content);
    let (types, has_size) = match record.kind {
        0x1504 | 0x1505 | 0x1519 => (3, true),
        0x1506 => (1, true),
        0x1507 => (2, false),
        _ => return None,
    };
    content.skip(4 + 4 * types)?;
    if has_size {
        // A number below 8000 is itself; above, it says how long the number behind it is.
        let size = match content.u16()? {
            0x8000 => 1,
            0x8001 | 0x8002 => 2,
            0x8003 | 0x8004 => 4,
            0x8009 | 0x800a => 8,
            _ => 0,
        };
        content.skip(size)?;
    }
    content.text()
}
