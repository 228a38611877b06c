//! Compares chained fixups: the loader has to find the same pointers to change, and the same
//! imports, in each segment. The list of segments may have another length, and what follows it may
//! have moved.

use object::read::macho::MachOFile64;
use object::{Endianness, Object, ObjectSegment};

use super::{bad, number};
use rgo_binary::Result;

/// Fields of the header: offsets of starts, imports and symbols, and where those of the imports'
/// number and the formats begin and end.
const STARTS: usize = 4;
const IMPORTS: usize = 8;
const SYMBOLS: usize = 12;
const REST: std::ops::Range<usize> = 16..28;
/// In the starts of a segment: the address of the segment, from the start of the image.
const SEGMENT_ADDRESS: usize = 8;

/// The starts of a segment.
#[derive(PartialEq, Eq)]
struct Starts<'a> {
    /// The segment's number.
    number: usize,
    bytes: &'a [u8],
}

/// Checks that `new` is `old`, or has the same starts in a list for the segments of `after`.
pub(super) fn same(
    old: &[u8],
    new: &[u8],
    before: &MachOFile64<'_, Endianness>,
    after: &MachOFile64<'_, Endianness>,
) -> Result<()> {
    let different = || Err(bad(0, "other chained fixups than the input's".to_owned()));
    if old == new {
        return Ok(());
    }
    let fixed = |data: &[u8]| {
        Ok::<_, rgo_binary::Error>((
            data.get(..STARTS).map(<[u8]>::to_vec),
            data.get(REST).map(<[u8]>::to_vec),
            number(data, STARTS)?,
            number(data, SYMBOLS)?.checked_sub(number(data, IMPORTS)?),
            data.get(number(data, IMPORTS)?..).map(<[u8]>::to_vec),
        ))
    };
    let (was, is) = (starts(old)?, starts(new)?);
    let same_bytes = was.iter().map(|it| it.bytes).eq(is.iter().map(|it| it.bytes));
    if fixed(old)? != fixed(new)? || !same_bytes {
        return different();
    }
    if number(new, number(new, STARTS)?)? != after.segments().count() {
        return Err(bad(0, "chained fixups for another number of segments".to_owned()));
    }
    for (was, is) in was.iter().zip(&is) {
        if is_of_its_segment(was, before) && !is_of_its_segment(is, after) {
            return different();
        }
    }
    Ok(())
}

/// The starts of the segments that have any.
fn starts(data: &[u8]) -> Result<Vec<Starts<'_>>> {
    let base = number(data, STARTS)?;
    let mut found = Vec::new();
    for segment in 0..number(data, base)? {
        let entry = base.saturating_add(4 + segment * 4);
        let offset = number(data, entry)?;
        if offset == 0 {
            continue;
        }
        let start = base.saturating_add(offset);
        let size = number(data, start)?;
        let bytes = data.get(start..start.saturating_add(size));
        let bytes = bytes.ok_or_else(|| bad(start as u64, "a table is cut short".to_owned()))?;
        found.push(Starts { number: segment, bytes });
    }
    Ok(found)
}

/// Whether the segment of that number has the address for which these starts are.
fn is_of_its_segment(starts: &Starts<'_>, file: &MachOFile64<'_, Endianness>) -> bool {
    let address = starts.bytes.get(SEGMENT_ADDRESS..).and_then(|rest| rest.first_chunk().copied());
    let text = file.segments().find(|segment| segment.name() == Ok(Some("__TEXT")));
    let (Some(text), Some(segment)) = (text, file.segments().nth(starts.number)) else {
        return false;
    };
    address.map(u64::from_le_bytes) == Some(segment.address().wrapping_sub(text.address()))
}
