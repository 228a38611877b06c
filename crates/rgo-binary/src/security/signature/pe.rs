//! Reads and checks Authenticode signatures (Microsoft, "Windows Authenticode Portable Executable
//! Signature Format").
//!
//! ```text
//! directory 4        file offset and size of the certificate table
//! table entry        length u32, revision u16, type u16 (2: PKCS#7), message; padded to 8
//! message's content  { { OID, … }, { { hash OID, … }, OCTET STRING digest } }
//! digest             of the whole file but the checksum in the optional header (64), directory
//!                    entry 4, and the table itself
//! ```
//!
//! A second signature with another hash is in an unsigned attribute of the first.

use object::pe;

use super::cms::SignedMessage;
use super::der::{Element, OCTET_STRING, OID, SEQUENCE};
use super::{Algorithm, Authenticode, Signature, SignatureKind, all};
use crate::image::pe_tables::{PeTables, le_u16, le_u32, range};
use crate::{Error, Image, Result, TriState};

const WHAT: &str = "PE certificate table";
const PKCS_SIGNED_DATA: u16 = 2;
const ENTRY_HEADER: usize = 8;
/// 1.3.6.1.4.1.311.2.4.1
const NESTED_SIGNATURE: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 1];
/// Offsets in the optional header: of the checksum, and of directory entry 4 in 32-bit and
/// 64-bit images.
const CHECKSUM: usize = 64;
const DIRECTORY_4: [usize; 2] = [128, 144];
/// Two are common: one for old systems and one for new ones.
const MAX_SIGNATURES: usize = 8;

pub(super) fn signature(image: &Image<'_>) -> Result<Signature> {
    let tables = PeTables::of(image).ok_or(Error::Unrecognized)?;
    let place = tables.directory(pe::IMAGE_DIRECTORY_ENTRY_SECURITY);
    let Some((offset, size)) = place.filter(|place| *place != (0, 0)) else {
        return Ok(Signature::of_kind(SignatureKind::None, TriState::NotApplicable));
    };
    let bad = |why: &str| Error::malformed(WHAT, offset.into(), why);
    let table = range(image.data(), offset, size).ok_or_else(|| bad("it is not in the file"))?;
    let mut messages = entries(table);
    if messages.is_empty() {
        return Err(bad("it has no signed message"));
    }
    let parts = signed_parts(image.data(), tables.is_64, offset, size)
        .ok_or_else(|| bad("it starts within the headers"))?;
    let mut digests = Digests { parts, known: Vec::new() };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(bytes) = messages.get(at).copied() {
        at += 1;
        let message = SignedMessage::parse(bytes).ok_or_else(|| bad("no PKCS#7 message"))?;
        let nested = message.unsigned_attribute(NESTED_SIGNATURE).into_iter().flatten();
        messages.extend(nested.map(|element| element.raw).take(MAX_SIGNATURES));
        messages.truncate(MAX_SIGNATURES);
        found.push(check(message, &mut digests).ok_or_else(|| bad("no digest of an image"))?);
    }
    let holds = all(found.iter().flat_map(|it| [it.holds, it.digest_signed]));
    Ok(Signature { authenticode: found, ..Signature::of_kind(SignatureKind::Authenticode, holds) })
}

/// The signed messages in the certificate table.
fn entries(table: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    let mut rest = table;
    while messages.len() < MAX_SIGNATURES {
        let Some(size) = le_u32(rest, 0).and_then(|size| usize::try_from(size).ok()) else { break };
        let Some(message) = rest.get(ENTRY_HEADER..size) else { break };
        if le_u16(rest, 6) == Some(PKCS_SIGNED_DATA) {
            messages.push(message);
        }
        let Some(next) = size.checked_next_multiple_of(8) else { break };
        rest = rest.get(next..).unwrap_or_default();
    }
    messages
}

/// The ranges that the digest covers: the file with three gaps.
fn signed_parts(data: &[u8], is_64: bool, offset: u32, size: u32) -> Option<[&[u8]; 4]> {
    let optional = usize::try_from(le_u32(data, 0x3c)?).ok()?.checked_add(24)?;
    let checksum = optional.checked_add(CHECKSUM)?;
    let directory = optional.checked_add(DIRECTORY_4[usize::from(is_64)])?;
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    Some([
        data.get(..checksum)?,
        data.get(checksum.checked_add(4)?..directory)?,
        data.get(directory.checked_add(8)?..start)?,
        data.get(end..)?,
    ])
}

/// Digests of the image. Each is computed once.
struct Digests<'a> {
    parts: [&'a [u8]; 4],
    known: Vec<(Algorithm, Vec<u8>)>,
}

impl Digests<'_> {
    fn is(&mut self, algorithm: Algorithm, digest: &[u8]) -> bool {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| *known == algorithm) {
            return known == digest;
        }
        let computed = algorithm.hash(&self.parts);
        let same = computed == digest;
        self.known.push((algorithm, computed));
        same
    }
}

fn check(message: SignedMessage<'_>, digests: &mut Digests<'_>) -> Option<Authenticode> {
    let content = message.content?;
    let mut fields = content.children(SEQUENCE)?;
    fields.next_of(SEQUENCE)?;
    let mut info = fields.next_of(SEQUENCE)?.children(SEQUENCE)?;
    let oid = Element::first(info.next_of(SEQUENCE)?.content)?.value(OID)?;
    let digest = info.next_of(OCTET_STRING)?.content;
    let algorithm = Algorithm::by_oid(oid);
    let holds = algorithm.map_or(TriState::Unknown, |it| digests.is(it, digest).into());
    // The attribute is a hash of the content without its outermost tag and length.
    let digest_signed = match (message.algorithm, message.message_digest) {
        (Some(algorithm), Some(hash)) => (algorithm.hash(&[content.content]) == hash).into(),
        _ => TriState::Unknown,
    };
    Some(Authenticode {
        hash: algorithm.map_or_else(|| hex::encode(oid), |it| it.name().to_owned()),
        digest: hex::encode(digest),
        holds,
        digest_signed,
        signer: message.signer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_padded_to_eight() {
        let entry = |size: u32, kind: u16, content: &[u8]| {
            let mut bytes = size.to_le_bytes().to_vec();
            bytes.extend([0, 2]);
            bytes.extend(kind.to_le_bytes());
            bytes.extend(content);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            bytes
        };
        let table = [entry(11, 2, b"one"), entry(10, 1, b"no"), entry(13, 2, b"three")].concat();
        assert_eq!(entries(&table), [&b"one"[..], b"three"]);
        for forged in [0, 7, 1000, u32::MAX] {
            assert!(entries(&entry(forged, 2, b"x")).is_empty(), "{forged}");
        }
    }

    #[test]
    fn three_holes_are_left_out() {
        let data: Vec<u8> = (0..=255).collect();
        let mut data = data;
        data[0x3c..0x40].copy_from_slice(&8_u32.to_le_bytes());
        let parts = signed_parts(&data, false, 200, 50).expect("fits");
        let lengths = parts.map(<[u8]>::len);
        assert_eq!(lengths, [96, 60, 32, 6]);
        assert_eq!((parts[1][0], parts[2][0], parts[3][0]), (100, 168, 250));
        assert!(signed_parts(&data, false, 100, 50).is_none(), "within the headers");
        assert!(signed_parts(&data, false, 200, 57).is_none(), "past the end");
    }
}
