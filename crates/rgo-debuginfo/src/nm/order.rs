//! The orders of `nm`. Symbols that are equal stay in the order of their table.
//!
//! Names of C++ share long beginnings, and a comparison of two names reads memory at two random places. So
//! names are sorted by eight bytes at a time, and only those that are equal so far are read on.

use super::{NmOptions, NmSort, Row};

/// Fewer rows than this are sorted by comparing whole names.
const FEW: usize = 16;
/// Deeper than this, whole names are compared: they are equal, or made to be slow.
const MAX_DEPTH: usize = 4096;

/// Sorts rows as the options say.
pub(super) fn sort(rows: &mut [Row<'_, '_>], options: &NmOptions) {
    if options.sort == NmSort::None {
        return;
    }
    // Twice reversed, equal symbols are in the order of their table again.
    if options.reverse {
        rows.reverse();
    }
    by_name(rows);
    match options.sort {
        NmSort::Name | NmSort::None => {}
        // The address of an undefined symbol, if it has one, is that of a stub.
        NmSort::Address => {
            rows.sort_by_key(|row| (!row.symbol.is_undefined()).then(|| row.value()));
        }
        NmSort::Size => rows.sort_by_key(|row| row.symbol.size),
    }
    if options.reverse {
        rows.reverse();
    }
}

fn by_name(rows: &mut [Row<'_, '_>]) {
    let mut keys: Vec<Key> = (0..rows.len()).map(|row| Key { piece: 0, row }).collect();
    sort_keys(&mut keys, rows, 0);
    let sorted: Vec<_> = keys.iter().filter_map(|key| rows.get(key.row).copied()).collect();
    rows.copy_from_slice(&sorted);
}

/// A row, with the bytes of its name that are compared now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Eight bytes as a big-endian number; zeros behind the name's end.
    piece: u64,
    row: usize,
}

/// Sorts rows whose names are equal up to `depth`.
fn sort_keys(keys: &mut [Key], rows: &[Row<'_, '_>], depth: usize) {
    if keys.len() < FEW || depth > MAX_DEPTH {
        let name = |key: &Key| rows.get(key.row).map(|row| row.symbol.name);
        keys.sort_by(|one, other| name(one).cmp(&name(other)).then(one.row.cmp(&other.row)));
        return;
    }
    for key in keys.iter_mut() {
        key.piece = rows.get(key.row).map_or(0, |row| piece(row.symbol.name, depth));
    }
    keys.sort_unstable();
    for equal in keys.chunk_by_mut(|one, other| one.piece == other.piece) {
        // A zero at its end: these names end here, and are equal.
        let ends = equal.first().is_none_or(|key| key.piece & 0xff == 0);
        if equal.len() > 1 && !ends {
            sort_keys(equal, rows, depth + 8);
        }
    }
}

/// The eight bytes of a name from `depth` on.
fn piece(name: &[u8], depth: usize) -> u64 {
    let rest = name.get(depth..).unwrap_or_default();
    if let Some(bytes) = rest.first_chunk() {
        return u64::from_be_bytes(*bytes);
    }
    let mut bytes = [0; 8];
    for (place, byte) in bytes.iter_mut().zip(rest) {
        *place = *byte;
    }
    u64::from_be_bytes(bytes)
}
