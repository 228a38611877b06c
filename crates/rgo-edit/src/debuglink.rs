//! The content of `.gnu_debuglink`, by which an ELF or PE image names its companion.
//!
//! ```text
//! name of the file, NUL, zeros up to a multiple of 4, CRC-32 of the file (u32, byte order of the image)
//! ```
//! (gdb, "Separate Debug Files")

use rgo_binary::{Error, Result};

use crate::{Draft, bytes};

/// The section that names a companion (ELF, PE).
pub(crate) const DEBUGLINK: &[u8] = b".gnu_debuglink";

/// CRC-32 of a companion, for `.gnu_debuglink` (IEEE 802.3, as in zlib).
#[must_use]
pub fn debuglink_crc(companion: &Draft<'_>) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    companion.chunks().for_each(|chunk| crc.update(chunk));
    crc.finalize()
}

/// Makes the section's content for a companion of this name. `crc` is in the byte order of the
/// image.
///
/// # Errors
/// [`Error::Unsupported`] for a name with a NUL.
pub(crate) fn debuglink(name: &str, crc: [u8; 4]) -> Result<Vec<u8>> {
    if name.contains('\0') {
        return Err(Error::unsupported("this name of a debug file", "it contains a NUL"));
    }
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut content = name.as_bytes().to_vec();
    content.push(0);
    bytes::pad(&mut content, 4);
    content.extend(crc);
    Ok(content)
}
