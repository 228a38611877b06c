//! Edits PE images: removes debug data and symbols, adds sections, and replaces the linker's random
//! numbers.
//!
//! ```text
//! DOS stub, headers, section table │ sections, each at a multiple of the file alignment │
//! COFF symbols, string table │ data in no section (installers) │ certificate
//! ```
//!
//! Windows requires section addresses without gaps (Wine does not), so a section that is removed
//! from the middle leaves its address range to the one before it. File offsets occur in section
//! headers, the debug directory, the symbol table's pointer and the certificate's directory entry;
//! everything else uses addresses. (Microsoft, "PE Format")

mod added;
mod canonical;
mod choice;
mod companion;
mod headers;
mod layout;
mod symbols;

use super::bytes::ReadBytes;
use super::{Compression, Discard, Draft, Edited, Edits, Piece, Reason, SignaturePolicy, Strip};
use headers::{DataDirectory, Headers};
use layout::Layout;
use rgo_binary::{Error, Result};

pub(super) use companion::only_keep_debug;

pub(super) fn apply<'a>(image: Draft<'a>, edits: &Edits<'_>) -> Result<Edited<'a>> {
    if let Some(Compression::Zlib | Compression::Zstd) = edits.compression {
        let why = "no debugger reads compressed debug data in PE";
        return Err(Error::unsupported("compressing debug data of a PE image", why));
    }
    if edits.sign == SignaturePolicy::AdHoc {
        let why = "an Authenticode signature needs a certificate; `none` leaves it unsigned";
        return Err(Error::unsupported("an ad-hoc signature of a PE image", why));
    }
    let headers = Headers::parse(&image)?;
    let certificate = certificate(&image, &headers)?;
    let mut bare = image.clone();
    if let Some(at) = certificate {
        bare.truncate(at);
    }
    let keeps_certificate = matches!(edits.sign, SignaturePolicy::Keep | SignaturePolicy::Renew);
    if certificate.is_some() && !keeps_certificate {
        headers.set_directory(&mut bare, DataDirectory::Certificate, (0, 0), Reason::Signature)?;
    }
    let all = 0..bare.size();
    let mut edited = restructure(bare, edits)?;
    if let Some(timestamp) = edits.timestamp {
        canonical::canonicalize(&mut edited.draft, timestamp)?;
    }
    let is_same = matches!(edited.draft.pieces(), [Piece::Copy(range)] if *range == all);
    if certificate.is_some() && keeps_certificate {
        if is_same {
            return Ok(Edited { draft: image, ..edited });
        }
        let signer = "an Authenticode certificate".to_owned();
        return Err(Error::SignedByIdentity { signer });
    }
    if certificate.is_some() {
        edited.warnings.push("its Authenticode certificate is gone: sign it again".to_owned());
    }
    if !is_same {
        canonical::renew_checksum(&mut edited.draft)?;
    }
    Ok(Edited { identity_dropped: certificate.is_some(), ..edited })
}

/// Fails for a COFF object, the linker's input for a PE image.
pub(super) fn refuse_object(input: &[u8]) -> Result<()> {
    match object::FileKind::parse(input) {
        Ok(object::FileKind::Coff | object::FileKind::CoffBig) => Err(Error::unsupported(
            "editing a COFF object",
            "its relocations know symbols and sections by number: edit what is linked of it",
        )),
        _ => Ok(()),
    }
}

/// Removes sections and symbols, and adds sections.
fn restructure<'a>(image: Draft<'a>, edits: &Edits<'_>) -> Result<Edited<'a>> {
    let is_asked = edits.strip != Strip::None
        || edits.discard != Discard::None
        || !edits.symbols.is_empty()
        || !edits.sections.is_empty()
        || !edits.added.is_empty()
        || edits.debuglink.is_some();
    if !is_asked {
        return Ok(Edited::of(image));
    }
    let layout = Layout::parse(&image)?;
    let mut chosen = choice::choose(&layout, edits)?;
    let added = added::add(&layout, &mut chosen.kept, edits)?;
    let (headers, source) = (&layout.headers, layout.source);
    let symbols = symbols::rebuild(headers, source, &chosen.numbers, &mut chosen.kept, edits)?;
    let draft = layout.write(&chosen.numbers, chosen.kept, added, symbols)?;
    Ok(Edited { removed: chosen.removed, warnings: chosen.warnings, ..Edited::of(draft) })
}

/// Offset of the certificate, which is not mapped and ends the file. Every edit voids it.
fn certificate(image: &Draft<'_>, headers: &Headers) -> Result<Option<u64>> {
    let (offset, size) = headers.directory(image, DataDirectory::Certificate)?;
    if size == 0 {
        return Ok(None);
    }
    let (offset, end) = (u64::from(offset), u64::from(offset) + u64::from(size));
    image.check(offset, u64::from(size), "PE certificate")?;
    // Some signing tools round its size up, others do not.
    if image.size() - end >= 8 {
        return Err(Error::unsupported(
            "editing an image with data behind its certificate",
            format!("{} bytes at {end:#x} would be moved", image.size() - end),
        ));
    }
    Ok(Some(offset))
}
