//! Inflates `.gnu_debugdata`: an ELF image with the local symbols of functions, compressed by xz, that Fedora leaves in
//! stripped programs.

use std::io::{BufReader, Read};
use std::sync::Arc;

use lzma_rust2::XzReader;
use rgo_binary::Image;

use super::LineError;

/// The largest dictionary, in KiB. xz uses 8 MiB unless asked, and 64 MiB at its highest level.
const MAX_DICTIONARY_KIB: u32 = 80 << 10;

/// The inflated image; `None` if there is none.
pub(super) fn inflate(image: &Image<'_>) -> Result<Option<Vec<u8>>, LineError> {
    let Some(section) = image.filled_section(".gnu_debugdata") else { return Ok(None) };
    let limit = image.limits().max_inflated;
    let reader = XzReader::new_mem_limit(BufReader::new(section.data), true, MAX_DICTIONARY_KIB);
    let mut bytes = Vec::new();
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| LineError::MiniSymbols(Arc::new(error)))?;
    if bytes.len() as u64 > limit {
        return Err(LineError::Inflated { what: ".gnu_debugdata", limit });
    }
    Ok(Some(bytes))
}
