//! Makes the debug file of a PE image: the same sections at the same addresses, with only the bytes
//! of debug sections, and the symbol table.

use super::choice::is_debug;
use super::headers::DataDirectory;
use super::layout::Layout;
use crate::bytes;
use crate::{Draft, Reason};
use rgo_binary::Result;

const WHAT: &str = "PE image";

pub(crate) fn only_keep_debug(input: &[u8]) -> Result<Draft<'_>> {
    let source = Draft::of(input);
    let layout = Layout::parse(&source)?;
    let headers = &layout.headers;
    let mut output = Draft::empty(input);
    output.take(&source, 0, layout.headers_size, "PE headers")?;
    let debug = headers.directory(&source, DataDirectory::Debug)?;
    let (mut has_directory, mut symbols_at) = (false, None);
    let mut sections = headers.sections.clone();
    for section in &mut sections {
        let is_build_id = section.name == b".buildid";
        let is_symbols = layout.is_symbol_table(section);
        match section.bytes() {
            Some(range) if is_debug(section) || is_symbols || is_build_id => {
                has_directory |= is_build_id && section.contains(debug.0);
                output.pad(layout.file_align);
                if is_symbols {
                    symbols_at = Some(output.size());
                }
                section.file_offset = bytes::word(bytes::index(output.size()), WHAT)?;
                output.take(&source, range.start, range.end - range.start, "PE section")?;
            }
            _ => {
                section.size = section.memory();
                (section.file_offset, section.file_size) = (0, 0);
            }
        }
    }
    // The targets of the other directories have no bytes here.
    for number in 0..headers.directories(&source)? {
        if number != DataDirectory::Debug as u64 || !has_directory {
            output.zero(headers.directory_at(number), 8, Reason::FileHeader, WHAT)?;
        }
    }
    output.pad(layout.file_align);
    let symbols = headers.symbols;
    let at = symbols_at.unwrap_or(output.size());
    if symbols_at.is_none() {
        output.take(&source, symbols.at, symbols.size(), "PE symbol table")?;
    }
    let at = if symbols.at == 0 { 0 } else { at };
    layout.end(&mut output, &sections, layout.headers_size, (at, symbols.count))?;
    super::canonical::relocate_debug_data(&mut output, 0)?;
    super::canonical::renew_checksum(&mut output)?;
    Ok(output)
}
