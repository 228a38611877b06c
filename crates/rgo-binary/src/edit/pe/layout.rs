//! Which sections a PE image keeps, and where in the file they go.

use super::headers::{Directory, Headers, SECTION_SIZE, Section};
use crate::edit::bytes;
use crate::{Error, Result};

const WHAT: &str = "PE image";
const INITIALISED_DATA: u32 = 0x40;

/// A new file under construction: sections behind each other, after the headers.
struct Layout<'a> {
    input: &'a [u8],
    headers: Headers,
    file_align: u64,
    section_align: u64,
    headers_size: u64,
}

/// Takes debug sections and the COFF symbol table out. Answers the image and the names of the
/// sections that are gone.
pub(super) fn strip(input: &[u8]) -> Result<(Vec<u8>, Vec<String>)> {
    let layout = Layout::parse(input)?;
    layout.refuse_overlay()?;
    let used = layout.used_addresses()?;
    let is_removable = |section: &Section| {
        layout.is_debug(section)
            && !used.iter().any(|address| {
                address.checked_sub(section.address).is_some_and(|at| at < section.memory())
            })
    };
    let mut kept: Vec<Section> = Vec::new();
    let mut removed = Vec::new();
    let mut gap = false;
    for section in &layout.headers.sections {
        // Nothing stands before the first section that could take its addresses.
        if !kept.is_empty() && is_removable(section) {
            removed.push(section.name.clone());
            gap = true;
            continue;
        }
        if let (true, Some(before)) = (gap, kept.last_mut()) {
            before.size = section.address.checked_sub(before.address).ok_or_else(|| {
                Error::malformed(WHAT, layout.headers.table, "sections are not in order")
            })?;
        }
        gap = false;
        kept.push(section.clone());
    }
    let mut output = layout.begin()?;
    for section in &mut kept {
        layout.place(&mut output, section)?;
    }
    let names = layout.long_names(&mut kept)?;
    layout.end(&mut output, &kept, (&names, 0))?;
    Ok((output, removed))
}

/// The debug file of an image: the same sections at the same addresses, with the bytes of debug
/// sections alone, and the symbol table.
pub(in crate::edit) fn only_keep_debug(input: &[u8]) -> Result<Vec<u8>> {
    let layout = Layout::parse(input)?;
    let mut sections = layout.headers.sections.clone();
    let mut output = layout.begin()?;
    let debug = layout.headers.directory(input, Directory::Debug)?;
    let mut has_directory = false;
    for section in &mut sections {
        let is_build_id = section.name == ".buildid";
        if layout.is_debug(section) || is_build_id {
            has_directory |= is_build_id && debug.0 >= section.address;
            layout.place(&mut output, section)?;
        } else {
            section.size = section.memory();
            (section.file_offset, section.file_size) = (0, 0);
        }
    }
    // What the other directories name has no bytes here.
    for number in 0..layout.headers.directories(input)? {
        if number != Directory::Debug as u64 || !has_directory {
            bytes::zero(&mut output, layout.headers.directory_at(number), 8, WHAT)?;
        }
    }
    let (at, size) = layout.headers.symbols;
    let symbols = bytes::slice(input, at, size, WHAT)?;
    let count = bytes::u32_at(input, layout.headers.coff(12), WHAT)?;
    layout.end(&mut output, &sections, (symbols, count))?;
    super::canonical::renew_checksum(&mut output)?;
    Ok(output)
}

impl<'a> Layout<'a> {
    fn parse(input: &'a [u8]) -> Result<Self> {
        let headers = Headers::parse(input)?;
        let field = |at| bytes::u32_at(input, headers.optional(at), WHAT).map(u64::from);
        let (section_align, file_align, headers_size) = (field(32)?, field(36)?, field(60)?);
        let bad = |why: &str| Error::malformed(WHAT, headers.optional(32), why);
        if !file_align.is_power_of_two() || file_align > 0x1_0000 {
            return Err(bad("its file alignment is no power of two up to 64 KiB"));
        }
        if !section_align.is_power_of_two() || section_align > 0x1000_0000 {
            return Err(bad("its section alignment is no power of two up to 256 MiB"));
        }
        bytes::slice(input, 0, headers_size, "PE headers")?;
        let table = headers.table + headers.sections.len() as u64 * SECTION_SIZE;
        let mut total = headers_size;
        for section in headers.sections.iter().filter(|section| section.file_size > 0) {
            total += u64::from(section.file_size);
            if u64::from(section.file_offset) < headers_size || table > headers_size {
                return Err(bad("a section lies within the headers"));
            }
        }
        if total > input.len() as u64 {
            return Err(bad("its sections overlap"));
        }
        Ok(Self { input, headers, file_align, section_align, headers_size })
    }

    /// DWARF; and Go's `.symtab`, a section which is the COFF symbol table.
    fn is_debug(&self, section: &Section) -> bool {
        section.name.starts_with(".debug")
            || section.name.starts_with(".zdebug")
            || section.file_size > 0 && u64::from(section.file_offset) == self.headers.symbols.0
    }

    /// Addresses which the loader is sent to.
    fn used_addresses(&self) -> Result<Vec<u32>> {
        let mut used = vec![bytes::u32_at(self.input, self.headers.optional(16), WHAT)?];
        for number in 0..self.headers.directories(self.input)? {
            let (address, size) = self.headers.numbered_directory(self.input, number)?;
            if size > 0 && number != Directory::Certificate as u64 {
                used.push(address);
            }
        }
        used.retain(|address| *address != 0);
        Ok(used)
    }

    /// Fails if bytes follow everything that headers speak of: an installer's payload.
    fn refuse_overlay(&self) -> Result<()> {
        let (at, size) = self.headers.symbols;
        let sections = self.headers.sections.iter();
        let end = sections
            .map(|section| u64::from(section.file_offset) + u64::from(section.file_size))
            .chain([at + size, self.headers_size])
            .max()
            .unwrap_or_default();
        let extra = self.input.get(bytes::index(end)..).unwrap_or_default();
        let is_padding = extra.len() as u64 <= self.file_align && extra.iter().all(|b| *b == 0);
        if !is_padding {
            return Err(Error::unsupported(
                "stripping an image with data at its end",
                format!("{} bytes at {end:#x} belong to no section and would be lost", extra.len()),
            ));
        }
        Ok(())
    }

    fn begin(&self) -> Result<Vec<u8>> {
        let mut output = Vec::with_capacity(self.input.len());
        output.extend_from_slice(bytes::slice(self.input, 0, self.headers_size, "PE headers")?);
        Ok(output)
    }

    /// Appends a section's bytes.
    fn place(&self, output: &mut Vec<u8>, section: &mut Section) -> Result<()> {
        if section.file_size == 0 {
            return Ok(());
        }
        let (offset, size) = (section.file_offset.into(), section.file_size.into());
        let content = bytes::slice(self.input, offset, size, "PE section")?;
        bytes::pad(output, self.file_align);
        section.file_offset = bytes::word(output.len(), WHAT)?;
        output.extend_from_slice(content);
        Ok(())
    }

    /// A string table with the names that do not fit a section header; empty if all do.
    fn long_names(&self, sections: &mut [Section]) -> Result<Vec<u8>> {
        let mut table = vec![0; 4];
        for section in sections.iter_mut().filter(|section| section.has_long_name()) {
            section.set_long_name(table.len())?;
            table.extend_from_slice(section.name.as_bytes());
            table.push(0);
        }
        if table.len() == 4 {
            return Ok(Vec::new());
        }
        let size = bytes::word(table.len(), WHAT)?;
        bytes::put(&mut table, 0, &size.to_le_bytes(), WHAT)?;
        Ok(table)
    }

    /// Completes the headers; appends the symbol table, given with the number of its symbols.
    fn end(
        &self,
        output: &mut Vec<u8>,
        sections: &[Section],
        (symbols, count): (&[u8], u32),
    ) -> Result<()> {
        bytes::pad(output, self.file_align);
        let mut symbols_at = 0;
        let is_section = self.headers.sections.iter().position(|section| {
            section.file_size > 0 && u64::from(section.file_offset) == self.headers.symbols.0
        });
        if !symbols.is_empty() {
            symbols_at = match is_section.and_then(|number| sections.get(number)) {
                Some(section) => section.file_offset,
                None => {
                    let at = bytes::word(output.len(), WHAT)?;
                    output.extend_from_slice(symbols);
                    at
                }
            };
        }
        let headers = &self.headers;
        let mut table = Vec::new();
        for section in sections {
            table.extend(section.encode()?);
        }
        let old = headers.sections.len() as u64 * SECTION_SIZE;
        bytes::zero(output, headers.table, old, "PE section table")?;
        bytes::put(output, headers.table, &table, "PE section table")?;
        let number = u16::try_from(sections.len()).unwrap_or(u16::MAX);
        bytes::put(output, headers.coff(2), &number.to_le_bytes(), WHAT)?;
        bytes::put(output, headers.coff(8), &symbols_at.to_le_bytes(), WHAT)?;
        bytes::put(output, headers.coff(12), &count.to_le_bytes(), WHAT)?;
        let data: u64 = sections
            .iter()
            .filter(|section| section.characteristics & INITIALISED_DATA != 0)
            .map(|section| u64::from(section.file_size))
            .sum();
        let memory = sections
            .iter()
            .map(|section| u64::from(section.address) + u64::from(section.memory()))
            .max()
            .unwrap_or(self.headers_size)
            .next_multiple_of(self.section_align);
        for (at, value) in [(8, data), (56, memory)] {
            let value = bytes::word(bytes::index(value), WHAT)?;
            bytes::put(output, headers.optional(at), &value.to_le_bytes(), WHAT)?;
        }
        super::canonical::relocate_debug_data(output)
    }
}
