//! Which sections a PE image keeps, and where in the file they go.

use super::headers::{Directory, Headers, SECTION_SIZE, Section};
use crate::edit::bytes::{self, Source};
use crate::edit::{Draft, Removed, Why};
use crate::{Error, Result};

const WHAT: &str = "PE image";
const INITIALISED_DATA: u32 = 0x40;

/// A new file under construction: sections behind each other, after the headers.
struct Layout<'a, 'i> {
    /// The input, with what was filled in.
    source: &'a Draft<'i>,
    headers: Headers,
    file_align: u64,
    section_align: u64,
    headers_size: u64,
}

/// Takes debug sections and the COFF symbol table out. Answers the image and the names of the
/// sections that are gone.
pub(super) fn strip<'i>(source: &Draft<'i>) -> Result<(Draft<'i>, Vec<Removed>)> {
    let layout = Layout::parse(source)?;
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
            removed.push(Removed { name: section.name.clone(), size: section.file_size.into() });
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
    layout.end(&mut output, &kept, (names, 0))?;
    Ok((output, removed))
}

/// The debug file of an image: the same sections at the same addresses, with the bytes of debug
/// sections alone, and the symbol table.
pub(in crate::edit) fn only_keep_debug(input: &[u8]) -> Result<Draft<'_>> {
    let source = Draft::of(input);
    let layout = Layout::parse(&source)?;
    let mut sections = layout.headers.sections.clone();
    let mut output = layout.begin()?;
    let debug = layout.headers.directory(&source, Directory::Debug)?;
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
    for number in 0..layout.headers.directories(&source)? {
        if number != Directory::Debug as u64 || !has_directory {
            output.zero(layout.headers.directory_at(number), 8, Why::FileHeader, WHAT)?;
        }
    }
    let (at, size) = layout.headers.symbols;
    let mut symbols = Draft::empty(input);
    symbols.copy(at, size, WHAT)?;
    let count = bytes::u32_at(&source, layout.headers.coff(12), WHAT)?;
    layout.end(&mut output, &sections, (symbols, count))?;
    super::canonical::renew_checksum(&mut output)?;
    Ok(output)
}

impl<'a, 'i> Layout<'a, 'i> {
    fn parse(source: &'a Draft<'i>) -> Result<Self> {
        let headers = Headers::parse(source)?;
        let field = |at| bytes::u32_at(source, headers.optional(at), WHAT).map(u64::from);
        let (section_align, file_align, headers_size) = (field(32)?, field(36)?, field(60)?);
        let bad = |why: &str| Error::malformed(WHAT, headers.optional(32), why);
        if !file_align.is_power_of_two() || file_align > 0x1_0000 {
            return Err(bad("its file alignment is no power of two up to 64 KiB"));
        }
        if !section_align.is_power_of_two() || section_align > 0x1000_0000 {
            return Err(bad("its section alignment is no power of two up to 256 MiB"));
        }
        source.check(0, headers_size, "PE headers")?;
        let table = headers.table + headers.sections.len() as u64 * SECTION_SIZE;
        let mut total = headers_size;
        for section in headers.sections.iter().filter(|section| section.file_size > 0) {
            total += u64::from(section.file_size);
            if u64::from(section.file_offset) < headers_size || table > headers_size {
                return Err(bad("a section lies within the headers"));
            }
        }
        if total > source.size() {
            return Err(bad("its sections overlap"));
        }
        Ok(Self { source, headers, file_align, section_align, headers_size })
    }

    /// DWARF; and Go's `.symtab`, a section which is the COFF symbol table.
    fn is_debug(&self, section: &Section) -> bool {
        section.name.starts_with(".debug")
            || section.name.starts_with(".zdebug")
            || section.file_size > 0 && u64::from(section.file_offset) == self.headers.symbols.0
    }

    /// Addresses which the loader is sent to.
    fn used_addresses(&self) -> Result<Vec<u32>> {
        let mut used = vec![bytes::u32_at(self.source, self.headers.optional(16), WHAT)?];
        for number in 0..self.headers.directories(self.source)? {
            let (address, size) = self.headers.numbered_directory(self.source, number)?;
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
        let extra = self.source.size().saturating_sub(end);
        let extra = self.source.read(end.min(self.source.size()), extra, WHAT)?;
        let is_padding = extra.len() as u64 <= self.file_align && extra.iter().all(|b| *b == 0);
        if !is_padding {
            return Err(Error::unsupported(
                "stripping an image with data at its end",
                format!("{} bytes at {end:#x} belong to no section and would be lost", extra.len()),
            ));
        }
        Ok(())
    }

    fn begin(&self) -> Result<Draft<'i>> {
        let mut output = Draft::empty(self.source.input());
        output.take(self.source, 0, self.headers_size, "PE headers")?;
        Ok(output)
    }

    /// Appends a section's bytes.
    fn place(&self, output: &mut Draft<'i>, section: &mut Section) -> Result<()> {
        if section.file_size == 0 {
            return Ok(());
        }
        let (offset, size) = (section.file_offset.into(), section.file_size.into());
        output.pad(self.file_align);
        section.file_offset = bytes::word(bytes::index(output.size()), WHAT)?;
        output.take(self.source, offset, size, "PE section")
    }

    /// A string table with the names that do not fit a section header; empty if all do.
    fn long_names(&self, sections: &mut [Section]) -> Result<Draft<'i>> {
        let mut table = vec![0; 4];
        for section in sections.iter_mut().filter(|section| section.has_long_name()) {
            section.set_long_name(table.len())?;
            table.extend_from_slice(section.name.as_bytes());
            table.push(0);
        }
        if table.len() == 4 {
            return Ok(Draft::empty(self.source.input()));
        }
        let size = bytes::word(table.len(), WHAT)?;
        bytes::put(&mut table, 0, &size.to_le_bytes(), WHAT)?;
        let mut names = Draft::empty(self.source.input());
        names.push(table, Why::SectionNames);
        Ok(names)
    }

    /// Completes the headers; appends the symbol table, given with the number of its symbols.
    fn end(
        &self,
        output: &mut Draft<'i>,
        sections: &[Section],
        (symbols, count): (Draft<'i>, u32),
    ) -> Result<()> {
        output.pad(self.file_align);
        let mut symbols_at = 0;
        let is_section = self.headers.sections.iter().position(|section| {
            section.file_size > 0 && u64::from(section.file_offset) == self.headers.symbols.0
        });
        if symbols.size() > 0 {
            symbols_at = match is_section.and_then(|number| sections.get(number)) {
                Some(section) => section.file_offset,
                None => {
                    let at = bytes::word(bytes::index(output.size()), WHAT)?;
                    output.append(symbols, 0);
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
        let headers_at = (headers.table, "PE section table");
        output.zero(headers_at.0, old, Why::SectionHeaders, headers_at.1)?;
        output.put(headers_at.0, &table, Why::SectionHeaders, headers_at.1)?;
        let number = u16::try_from(sections.len()).unwrap_or(u16::MAX);
        output.put(headers.coff(2), &number.to_le_bytes(), Why::FileHeader, WHAT)?;
        output.put(headers.coff(8), &symbols_at.to_le_bytes(), Why::FileHeader, WHAT)?;
        output.put(headers.coff(12), &count.to_le_bytes(), Why::FileHeader, WHAT)?;
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
            output.put(headers.optional(at), &value.to_le_bytes(), Why::FileHeader, WHAT)?;
        }
        super::canonical::relocate_debug_data(output)
    }
}
