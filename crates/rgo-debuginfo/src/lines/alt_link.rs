//! Reads which supplementary file an image refers to. `dwz` moves there what several images have in common.
//!
//! ```text
//! .gnu_debugaltlink  path\0, build ID up to the end
//! .debug_sup         u16 5, u8 0 (1 in the supplement itself), path\0, uleb128 length, ID    DWARF 5, section 7.3.6
//! ```

use object::Object;
use rgo_binary::{Endian, Image};

/// The path of the supplementary file, and its ID in hexadecimal digits.
pub(super) fn read(image: &Image<'_>) -> Option<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if let Ok(Some((path, id))) = image.object().gnu_debugaltlink() {
        return Some((text(path), hex::encode(id)));
    }
    let (is_supplement, path, id) = section(image)?;
    (!is_supplement).then(|| (text(path), hex::encode(id)))
}

/// The ID of a supplementary file, in DWARF 5's form.
pub(super) fn own_id(image: &Image<'_>) -> Option<String> {
    let (is_supplement, _, id) = section(image)?;
    is_supplement.then(|| hex::encode(id))
}

fn section<'a>(image: &Image<'a>) -> Option<(bool, &'a [u8], &'a [u8])> {
    let bytes = image.section(".debug_sup")?.data;
    let (version, rest) = bytes.split_first_chunk()?;
    let version = match image.endian() {
        Endian::Little => u16::from_le_bytes(*version),
        Endian::Big => u16::from_be_bytes(*version),
    };
    let (is_supplement, rest) = rest.split_first()?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (path, rest) = rest.split_at_checked(end)?;
    // An ID of 128 bytes or more would have a longer length; hashes are shorter.
    let (length, id) = rest.get(1..)?.split_first()?;
    let id = id.get(..usize::from(*length))?;
    (version == 5 && *length < 0x80).then_some((*is_supplement == 1, path, id))
}
