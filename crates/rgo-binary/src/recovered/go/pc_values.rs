//! Reads the tables that give each instruction of a Go function a value: its file, its line, the call that was
//! inlined there (Go, `runtime/symtab.go`, `pcvalue`).
//!
//! ```text
//! pairs of varints:  zigzag change of the value, change of the address in smallest instructions
//! the value starts at -1, the address at the function's entry; a first byte of zero, unless it is the first pair's,
//! ends the table
//! ```

/// A stretch of a function with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PcValue {
    /// Distance from the function's entry to the first byte, in bytes.
    pub(super) start: u64,
    /// Distance to the byte after the last one.
    pub(super) end: u64,
    pub(super) value: i32,
}

/// The stretches of a table, in the order of addresses. It ends early if the table is damaged.
#[derive(Clone, Debug)]
pub(super) struct PcValues<'a> {
    rest: &'a [u8],
    /// Bytes of the smallest instruction.
    quantum: u64,
    end: u64,
    value: i32,
    is_first: bool,
}

/// More pairs than these in a row for no instruction are damage.
const MAX_EMPTY: usize = 8;
/// No function has more stretches than these.
const MAX_STRETCHES: usize = 1 << 20;

impl<'a> PcValues<'a> {
    /// The table at `offset` of the values; an empty one for offset 0, which stands for no table.
    pub(super) fn new(values: &'a [u8], offset: u32, quantum: u8) -> Self {
        let rest = values.get(offset as usize..).filter(|_| offset != 0).unwrap_or_default();
        Self { rest, quantum: quantum.into(), end: 0, value: -1, is_first: true }
    }

    /// The value at a distance from the function's entry.
    pub(super) fn at(mut self, distance: u64) -> Option<i32> {
        let mut all = self.by_ref().take(MAX_STRETCHES);
        all.find(|stretch| distance < stretch.end).map(|stretch| stretch.value)
    }
}

impl Iterator for PcValues<'_> {
    type Item = PcValue;

    fn next(&mut self) -> Option<PcValue> {
        for _ in 0..=MAX_EMPTY {
            let change = varint(&mut self.rest).filter(|change| *change != 0 || self.is_first)?;
            self.is_first = false;
            let half = (change >> 1).cast_signed();
            self.value = self.value.wrapping_add(if change & 1 == 0 { half } else { !half });
            let size = u64::from(varint(&mut self.rest)?) * self.quantum;
            let start = self.end;
            self.end += size;
            if size > 0 {
                return Some(PcValue { start, end: self.end, value: self.value });
            }
        }
        self.rest = &[];
        None
    }
}

fn varint(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in (0..32).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_follow_each_other_until_the_end_of_the_table() {
        // From -1: +6 for 3, -2 for 128; the end; more that belongs to another table.
        let values = [9, 12, 3, 3, 0x80, 1, 0, 2, 2];
        let all: Vec<_> = PcValues::new(&values, 1, 4).collect();
        let stretch = |start, end, value| PcValue { start, end, value };
        assert_eq!(all, [stretch(0, 12, 5), stretch(12, 524, 3)]);
        assert_eq!(PcValues::new(&values, 1, 4).at(11), Some(5));
        assert_eq!(PcValues::new(&values, 1, 4).at(12), Some(3));
        assert_eq!(PcValues::new(&values, 1, 4).at(524), None);
    }

    #[test]
    fn the_first_value_may_be_minus_one() {
        let all: Vec<_> = PcValues::new(&[9, 0, 2, 2, 1, 0], 1, 1).collect();
        let stretch = |start, end, value| PcValue { start, end, value };
        assert_eq!(all, [stretch(0, 2, -1), stretch(2, 3, 0)]);
    }

    #[test]
    fn a_table_that_is_cut_or_absent_has_no_more_stretches() {
        assert_eq!(PcValues::new(&[9, 12], 1, 1).next(), None);
        assert_eq!(PcValues::new(&[9, 12, 3], 0, 1).next(), None);
        assert_eq!(PcValues::new(&[9, 12, 3], 99, 1).next(), None);
        assert_eq!(PcValues::new(&[9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 1, 1).next(), None);
    }
}
