//! Takes CodeView debug data out of an object file for Windows. clang writes its own command line and the name of
//! its output there, and zig gives it an output with a random name. Go hashes objects, so one random byte changes
//! the build id of the program.
//!
//! ```text
//! file header   20 bytes: 0 machine u16, 2 sections u16, 4 time u32, 8 symbols at u32, 12 symbols u32,
//!               16 size of the optional header u16, 18 flags u16
//! big header    56 bytes: 0 u16 0, 2 u16 0xffff, 4 version u16, 6 machine u16, 8 time u32, 12 class 16 bytes,
//!               44 sections u32, 48 symbols at u32, 52 symbols u32
//! section       40 bytes: 0 name, 8 size u32, 12 address u32, 16 data size u32, 20 data at u32,
//!               24 relocations at u32, 28 lines at u32, 32 relocations u16, 34 lines u16, 36 flags u32
//! relocation    10 bytes; if there are more than u16 can count, 0 of the first is their number
//! line          6 bytes
//! symbol        18 bytes (big: 20): 8 value u32, 12 section i16 (big: i32), then type u16, class u8, records u8
//!   record      of a section: 0 size u32, 4 relocations u16, 6 lines u16, 8 checksum u32
//! strings       size u32, which counts itself; then names
//! ```
//!
//! (Microsoft, "PE Format"; `IMAGE_BIGOBJ` in `winnt.h`)
//!
//! The sections stay, empty, so that neither symbols nor the groups of sections need new numbers. The other parts
//! move together.

/// The sections that hold CodeView.
const CODE_VIEW: [&[u8; 8]; 2] = [b".debug$S", b".debug$T"];

const SECTION: usize = 40;
const RELOCATION: usize = 10;
const LINE: usize = 6;
/// The flag of a section with more relocations than its header can count.
const MANY_RELOCATIONS: u32 = 0x0100_0000;
/// The class of a symbol that stands for a section.
const STATIC: u8 = 3;
const BIG_CLASS: [u8; 16] = [
    0xc7, 0xa1, 0xba, 0xd1, 0xee, 0xba, 0xa9, 0x4b, 0xaf, 0x20, 0xfa, 0xf6, 0x6a, 0xa4, 0xdc, 0xb8,
];
/// The machines that rgo builds for: amd64, arm64.
const MACHINES: [u16; 2] = [0x8664, 0xaa64];

/// The object without CodeView and without a time. `None` if it is no object for Windows, if it is damaged, or if
/// there is nothing to remove.
pub(super) fn without_code_view(data: &[u8]) -> Option<Vec<u8>> {
    let header = Header::read(data)?;
    let rows = data.get(header.size..header.size + header.sections * SECTION)?;
    let is_code_view = |row: &[u8]| row.first_chunk().is_some_and(|name| CODE_VIEW.contains(&name));
    let emptied: Vec<bool> = rows
        .chunks_exact(SECTION)
        .map(|row| is_code_view(row) && u32_at(row, 16) != Some(0))
        .collect();
    if !emptied.contains(&true) && u32_at(data, header.time)? == 0 {
        return None;
    }
    let mut output = data.get(..header.size)?.to_vec();
    output.extend_from_slice(rows);
    for (number, row) in rows.chunks_exact(SECTION).enumerate() {
        let at = header.size + number * SECTION;
        if emptied.get(number).copied()? {
            output.get_mut(at + 16..at + 36)?.fill(0);
            put(&mut output, at + 36, u32_at(row, 36)? & !MANY_RELOCATIONS)?;
        } else {
            copy_section(data, row, &mut output, at)?;
        }
    }
    copy_symbols(data, &header, &emptied, &mut output)?;
    put(&mut output, header.time, 0)?;
    Some(output)
}

/// The parts of either file header.
struct Header {
    size: usize,
    sections: usize,
    /// The places of two fields.
    time: usize,
    symbols_at: usize,
    symbols: usize,
    symbol_size: usize,
}

impl Header {
    fn read(data: &[u8]) -> Option<Self> {
        let half = |at| u16_at(data, at).map(usize::from);
        let word = |at| u32_at(data, at).map(|it| it as usize);
        let is_big = half(0)? == 0 && half(2)? == 0xffff;
        let header = if is_big {
            let is_object = half(4)? >= 2 && *data.get(12..28)? == BIG_CLASS;
            Self {
                size: 56,
                sections: word(44).filter(|_| is_object)?,
                time: 8,
                symbols_at: 48,
                symbols: word(52)?,
                symbol_size: 20,
            }
        } else {
            // Images have an optional header.
            let is_object = half(16)? == 0;
            Self {
                size: 20,
                sections: half(2).filter(|_| is_object)?,
                time: 4,
                symbols_at: 8,
                symbols: word(12)?,
                symbol_size: 18,
            }
        };
        let machine = u16_at(data, if is_big { 6 } else { 0 })?;
        // The rest divides by what each entry needs, so no table is larger than the file.
        let fits = header.sections <= data.len() / SECTION
            && header.symbols <= data.len() / header.symbol_size;
        (MACHINES.contains(&machine) && fits).then_some(header)
    }
}

/// Appends the parts of the section with this `row`, whose copy is `at` in the output.
fn copy_section(data: &[u8], row: &[u8], output: &mut Vec<u8>, at: usize) -> Option<()> {
    let word = |place| u32_at(row, place);
    let (start, flags) = (word(24)? as usize, word(36)?);
    let mut relocations = usize::from(u16_at(row, 32)?);
    if flags & MANY_RELOCATIONS != 0 && relocations == usize::from(u16::MAX) {
        relocations = u32_at(data, start)? as usize;
    }
    let lines = usize::from(u16_at(row, 34)?);
    let parts = [
        (20, word(20)? as usize, word(16)? as usize),
        (24, start, relocations.checked_mul(RELOCATION)?),
        (28, word(28)? as usize, lines * LINE),
    ];
    for (field, from, size) in parts {
        // Sections of zeros have a size and no data. clang gives empty sections a place too.
        let to = match (from, size) {
            (0, _) | (_, 0) => 0,
            _ => append(output, data.get(from..from.checked_add(size)?)?, data.len())?,
        };
        put(output, at + field, to)?;
    }
    Some(())
}

/// Appends symbols and strings, and empties the records of the emptied sections.
fn copy_symbols(
    data: &[u8],
    header: &Header,
    emptied: &[bool],
    output: &mut Vec<u8>,
) -> Option<()> {
    let from = u32_at(data, header.symbols_at)? as usize;
    if from == 0 {
        return Some(());
    }
    let end = from.checked_add(header.symbols * header.symbol_size)?;
    let strings = u32_at(data, end)? as usize;
    let mut symbols = data.get(from..end)?.to_vec();
    let names = data.get(end..end.checked_add(strings.max(4))?)?;
    let mut rest = symbols.chunks_exact_mut(header.symbol_size);
    while let Some(symbol) = rest.next() {
        let section = match header.symbol_size {
            20 => i64::from(u32_at(symbol, 12)?.cast_signed()),
            _ => i64::from(u16_at(symbol, 12)?.cast_signed()),
        };
        let [class, records] = *symbol.last_chunk()?;
        let is_emptied = usize::try_from(section - 1)
            .is_ok_and(|number| emptied.get(number).copied().unwrap_or_default());
        for number in 0..records {
            let record = rest.next()?;
            if is_emptied && class == STATIC && number == 0 {
                record.get_mut(..12)?.fill(0);
            }
        }
    }
    let to = append(output, &symbols, data.len())?;
    append(output, names, data.len())?;
    put(output, header.symbols_at, to)
}

/// Appends a part and returns its place. The output stays as small as the input: in a
/// damaged file many sections can claim the same bytes.
fn append(output: &mut Vec<u8>, part: &[u8], limit: usize) -> Option<u32> {
    let at = output.len();
    (part.len() <= limit.checked_sub(at)?).then_some(())?;
    output.extend_from_slice(part);
    u32::try_from(at).ok()
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

fn put(output: &mut [u8], at: usize, value: u32) -> Option<()> {
    output.get_mut(at..at + 4)?.copy_from_slice(&value.to_le_bytes());
    Some(())
}

#[cfg(test)]
mod tests;
