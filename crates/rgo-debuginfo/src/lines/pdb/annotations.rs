//! Reads the annotations of an inlined call: a program that says which of its instructions are from which line
//! (`BinaryAnnotationOpcode` in Microsoft's `cvinfo.h`).

use super::bytes::PdbBytes;

/// The most rows of one call.
const MAX_ROWS: usize = 1 << 16;

/// Instructions of one line of an inlined function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InlinedRow {
    /// Where they start, in bytes from the start of the function that they are inlined into.
    pub(super) start: u32,
    /// Where they end.
    pub(super) end: u32,
    /// Their file, as an offset in the module's table of files.
    pub(super) file: u32,
    /// Their line.
    pub(super) line: u32,
    /// Their column; 0 if it is unknown.
    pub(super) column: u32,
}

/// The state of the program.
struct Machine {
    rows: Vec<InlinedRow>,
    /// Whether the last row has its end.
    is_closed: bool,
    offset: u32,
    file: u32,
    line: u32,
    column: u32,
}

/// Runs the program of a call. `file` and `line` are those of the inlined function, `length` the size of the function
/// around it in bytes.
pub(super) fn rows(annotations: &[u8], file: u32, line: u32, length: u32) -> Vec<InlinedRow> {
    let mut machine =
        Machine { rows: Vec::new(), is_closed: true, offset: 0, file, line, column: 0 };
    let mut bytes = PdbBytes(annotations);
    while machine.rows.len() < MAX_ROWS
        && let Some(()) = machine.step(&mut bytes)
    {}
    if !machine.is_closed {
        machine.close(length);
    }
    machine.rows.retain(|row| row.start < row.end);
    machine.rows
}

impl Machine {
    /// Performs one instruction; `None` at the end.
    fn step(&mut self, bytes: &mut PdbBytes<'_>) -> Option<()> {
        match number(bytes)? {
            1 => self.offset = number(bytes)?,
            3 => {
                let distance = number(bytes)?;
                self.push(distance);
            }
            4 => {
                let length = number(bytes)?;
                self.offset = self.offset.wrapping_add(length);
                if !self.is_closed {
                    self.close(self.offset);
                }
            }
            5 => self.file = number(bytes)?,
            6 => self.line = self.line.wrapping_add_signed(signed(number(bytes)?)),
            9 => self.column = number(bytes)?,
            11 => {
                let both = number(bytes)?;
                self.line = self.line.wrapping_add_signed(signed(both >> 4));
                self.push(both & 0xf);
            }
            12 => {
                let (length, distance) = (number(bytes)?, number(bytes)?);
                self.push(distance);
                self.close(self.offset.wrapping_add(length));
            }
            // The base of offsets, the end of a line or column, the kind of a range.
            2 | 7 | 8 | 10 | 13 => {
                number(bytes)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn push(&mut self, distance: u32) {
        self.offset = self.offset.wrapping_add(distance);
        if !self.is_closed {
            self.close(self.offset);
        }
        let (start, file, line, column) = (self.offset, self.file, self.line, self.column);
        self.rows.push(InlinedRow { start, end: start, file, line, column });
        self.is_closed = false;
    }

    fn close(&mut self, end: u32) {
        if let Some(last) = self.rows.last_mut() {
            last.end = end;
        }
        self.is_closed = true;
    }
}

/// A number of one, two or four bytes, the highest bits first.
fn number(bytes: &mut PdbBytes<'_>) -> Option<u32> {
    let first = u32::from(bytes.u8()?);
    let mut more = || bytes.u8().map(u32::from);
    if first & 0x80 == 0 {
        Some(first)
    } else if first & 0xc0 == 0x80 {
        Some((first & 0x3f) << 8 | more()?)
    } else if first & 0xe0 == 0xc0 {
        Some((first & 0x1f) << 24 | more()? << 16 | more()? << 8 | more()?)
    } else {
        None
    }
}

/// A number whose sign is its lowest bit.
fn signed(number: u32) -> i32 {
    let size = (number >> 1).cast_signed();
    if number & 1 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_where_the_next_begins_or_a_length_says() {
        // Line +1 at 4; line +2 after 8 bytes; that one is 3 long; a gap of 16; one more of 5.
        let program = [6, 2, 3, 4, 11, 0x48, 4, 3, 12, 5, 16];
        let row = |start, end, line| InlinedRow { start, end, file: 7, line, column: 0 };
        let expected = vec![row(4, 12, 11), row(12, 15, 13), row(31, 36, 13)];
        assert_eq!(rows(&program, 7, 10, 100), expected);
        assert_eq!(rows(&[3, 4], 7, 10, 100), [row(4, 100, 10)]);
    }

    #[test]
    fn numbers_take_one_two_or_four_bytes() {
        let read = |bytes: &[u8]| number(&mut PdbBytes(bytes));
        assert_eq!(read(&[0x7f]), Some(0x7f));
        assert_eq!(read(&[0xbf, 0xff]), Some(0x3fff));
        assert_eq!(read(&[0xdf, 0xff, 0xff, 0xff]), Some(0x1fff_ffff));
        assert_eq!(read(&[0xff]), None);
        assert_eq!((signed(4), signed(5)), (2, -2));
    }
}
