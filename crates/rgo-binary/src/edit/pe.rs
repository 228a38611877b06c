//! Edits to PE images: debug data out, and the linker's random numbers replaced.
//!
//! ```text
//! DOS stub, headers, section table │ sections, each at a multiple of the file alignment │
//! COFF symbols, string table │ certificate
//! ```
//!
//! Windows wants the sections' addresses without gaps (Wine does not mind them), so a section
//! that is taken out of the middle leaves its address range to the one before it. Offsets into
//! the file occur in section headers, the debug directory, the symbol table's pointer and the
//! certificate's directory entry; all else counts in addresses. (Microsoft, "PE Format")

mod canonical;
mod headers;
mod layout;

use super::{Finish, ResignPolicy, Shaped, Strip};
use crate::{Error, Result};
use headers::{Directory, Headers};

pub(super) use layout::only_keep_debug;

pub(super) fn finish(mut image: Vec<u8>, edits: &Finish<'_>) -> Result<Shaped> {
    let headers = Headers::parse(&image)?;
    let identity_dropped = drop_certificate(&mut image, &headers, edits.resign)?;
    let mut removed = Vec::new();
    if edits.strip != Strip::None {
        (image, removed) = layout::strip(&image)?;
    }
    let mut edited = Vec::new();
    if let Some(timestamp) = edits.timestamp {
        edited = canonical::canonicalise(&mut image, timestamp)?;
    } else if edits.strip != Strip::None {
        // The debug directory says where in the file its data are.
        edited.push(canonical::debug_directory(&Headers::parse(&image)?, &image)?);
    }
    canonical::renew_checksum(&mut image)?;
    Ok(Shaped { bytes: image, edited, removed, identity_dropped })
}

/// An edit voids the certificate, which is not part of what is mapped.
fn drop_certificate(image: &mut Vec<u8>, headers: &Headers, resign: ResignPolicy) -> Result<bool> {
    let (offset, size) = headers.directory(image, Directory::Certificate)?;
    if size == 0 {
        return Ok(false);
    }
    if resign == ResignPolicy::Refuse {
        let signer = "an Authenticode certificate".to_owned();
        return Err(Error::SignedByIdentity { signer });
    }
    let (offset, end) = (u64::from(offset), u64::from(offset) + u64::from(size));
    // Its size is rounded up, or not, by different signing tools.
    if end > image.len() as u64 || image.len() as u64 - end >= 8 {
        let why = "the certificate is not at its end";
        return Err(Error::malformed("PE image", offset, why));
    }
    image.truncate(super::bytes::index(offset));
    headers.set_directory(image, Directory::Certificate, (0, 0))?;
    Ok(true)
}
