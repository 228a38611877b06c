//! Makes `__debug_aranges`, which maps addresses to DWARF units. lldb finds the units of a dSYM
//! only by this table. dsymutil always writes it; Go's linker does not.
//!
//! ```text
//! per unit: u32 length, u16 version 2, u32 offset of the unit, u8 8, u8 0, u32 padding,
//!           per range u64 start and u64 size, then two zeros
//! ```
//!
//! (DWARF 5, section 6.1.2)

use gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};

/// Bytes of a unit's header behind the length.
const HEADER: usize = 12;
/// Real tables take a few MiB. Units of hostile DWARF could share lists of ranges without a bound.
const MAX_SIZE: usize = 64 << 20;

/// Makes the table; `section` returns a section's bytes by its Mach-O name. `None` if there are no
/// ranges, or if the DWARF cannot be read.
pub(super) fn make<'s>(section: impl Fn(&str) -> &'s [u8]) -> Option<Vec<u8>> {
    let load = |id: SectionId| {
        let name: String = id.name().replacen('.', "__", 1).chars().take(16).collect();
        Ok::<_, gimli::Error>(EndianSlice::new(section(&name), LittleEndian))
    };
    let dwarf = Dwarf::load(load).ok()?;
    let mut table = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().ok()? {
        let offset = header.debug_info_offset().and_then(|it| u32::try_from(it.0).ok());
        let (Some(offset), 8) = (offset, header.address_size()) else { continue };
        let unit = dwarf.unit(header).ok()?;
        let mut ranges = dwarf.unit_ranges(&unit).ok()?;
        let mut pairs = Vec::new();
        while let Some(range) = ranges.next().ok()? {
            if table.len() + pairs.len() * 8 > MAX_SIZE {
                return None;
            }
            if range.end > range.begin {
                pairs.extend([range.begin, range.end - range.begin]);
            }
        }
        if pairs.is_empty() {
            continue;
        }
        pairs.extend([0, 0]);
        let length = u32::try_from(HEADER + pairs.len() * 8).ok()?;
        table.extend(length.to_le_bytes());
        table.extend(2_u16.to_le_bytes());
        table.extend(offset.to_le_bytes());
        table.extend([8, 0, 0, 0, 0, 0]);
        pairs.into_iter().for_each(|word| table.extend(word.to_le_bytes()));
    }
    (!table.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_found_by_its_addresses() {
        // A unit without children: low_pc as an address, high_pc as a size.
        let abbreviations = [1, 0x11, 0, 0x11, 1, 0x12, 7, 0, 0, 0];
        let mut info = vec![24, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1];
        info.extend(0x1_0000_4000_u64.to_le_bytes());
        info.extend(0x123_u64.to_le_bytes());
        info.resize(28, 0);
        let twice = [&info[..], &info].concat();
        let table = make(|name| match name {
            "__debug_info" => &twice,
            "__debug_abbrev" => &abbreviations,
            _ => &[],
        });
        let set = |offset: u8| {
            let mut set = vec![44, 0, 0, 0, 2, 0, offset, 0, 0, 0, 8, 0, 0, 0, 0, 0];
            set.extend([0x1_0000_4000, 0x123, 0, 0].into_iter().flat_map(u64::to_le_bytes));
            set
        };
        assert_eq!(table, Some([set(0), set(28)].concat()));
        assert_eq!(make(|_| &[]), None);
        assert_eq!(make(|_| &[7; 100]), None, "damaged");
    }
}
