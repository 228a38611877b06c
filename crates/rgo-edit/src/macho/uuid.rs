//! Derives the UUID of a Mach-O image, by which a debugger finds the companion. Linkers derive it
//! from the whole file, including the debug map with its folders and times. This module derives it
//! from the loaded bytes, so it does not depend on where the image was linked.
//!
//! ```text
//! LC_UUID: u32 cmd 1b, u32 cmdsize 24, 16 bytes
//!          of these, byte 6 is 8x and byte 8 is 8x-bx: a UUID of a form that its maker defines
//! ```
//!
//! (`mach-o/loader.h`; RFC 9562, 5.8)

use object::macho;
use sha2::{Digest, Sha256};

use super::commands::Commands;
use crate::bytes;
use rgo_binary::Result;

/// Offset of the UUID in its command.
const AT: u64 = 8;

/// The UUID of an image, if it has one.
pub(super) fn read(commands: &Commands) -> Result<Option<[u8; 16]>> {
    let Some(index) = commands.find(macho::LC_UUID) else { return Ok(None) };
    let uuid = bytes::slice(&commands.get(index)?.data, AT, 16, "LC_UUID")?;
    Ok(uuid.first_chunk().copied())
}

/// Derives the UUID from the type of the image, and from name, address and bytes of every section.
/// An image without a UUID gets none.
pub(super) fn write(image: &[u8], commands: &mut Commands) -> Result<()> {
    let Some(index) = commands.find(macho::LC_UUID) else { return Ok(()) };
    let mut hash = Sha256::new();
    hash.update(commands.cpu_type()?.0.to_le_bytes());
    hash.update(commands.file_type()?.0.to_le_bytes());
    for segment in commands.segments()? {
        for section in commands.sections(&segment)? {
            // Headers have a fixed size, so that no two lists of sections hash alike.
            hash.update(section.header);
            hash.update(section.bytes(image)?);
        }
    }
    let digest = hash.finalize();
    let mut uuid: [u8; 16] = std::array::from_fn(|at| digest[at]);
    uuid[6] = uuid[6] & 0x0f | 0x80;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    commands.get_mut(index)?.put(AT, &uuid)
}
