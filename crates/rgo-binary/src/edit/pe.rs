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

use super::{Draft, Edited, Finish, Sign, Strip, Why};
use crate::{Error, Result};
use headers::{Directory, Headers};

pub(super) use layout::only_keep_debug;

pub(super) fn finish<'a>(mut image: Draft<'a>, edits: &Finish<'_>) -> Result<Edited<'a>> {
    let headers = Headers::parse(&image)?;
    let identity_dropped = drop_certificate(&mut image, &headers, edits.sign)?;
    let mut removed = Vec::new();
    if edits.strip != Strip::None {
        (image, removed) = layout::strip(&image)?;
    }
    if let Some(timestamp) = edits.timestamp {
        canonical::canonicalise(&mut image, timestamp)?;
    }
    canonical::renew_checksum(&mut image)?;
    Ok(Edited { removed, identity_dropped, ..Edited::of(image) })
}

/// An edit voids the certificate, which is not part of what is mapped.
fn drop_certificate(image: &mut Draft<'_>, headers: &Headers, sign: Sign) -> Result<bool> {
    let (offset, size) = headers.directory(image, Directory::Certificate)?;
    if size == 0 {
        return Ok(false);
    }
    if sign == Sign::Keep {
        let signer = "an Authenticode certificate".to_owned();
        return Err(Error::SignedByIdentity { signer });
    }
    let (offset, end) = (u64::from(offset), u64::from(offset) + u64::from(size));
    // Its size is rounded up, or not, by different signing tools.
    if end > image.size() || image.size() - end >= 8 {
        let why = "the certificate is not at its end";
        return Err(Error::malformed("PE image", offset, why));
    }
    image.truncate(offset);
    headers.set_directory(image, Directory::Certificate, (0, 0), Why::Signature)?;
    Ok(true)
}
