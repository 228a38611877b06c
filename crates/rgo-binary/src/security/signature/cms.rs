//! Parses the parts of a signed message that name the signer and the signed hash (RFC 5652
//! "Cryptographic Message Syntax", the successor of PKCS#7; RFC 5280 for certificates).
//!
//! ```text
//! ContentInfo   { OID signedData, [0] SignedData }
//! SignedData    { version, SET of algorithms, { OID, [0] content }, [0] certificates,
//!                 [1] revocation lists, SET of SignerInfo }
//! SignerInfo    { version, { issuer, serial } or [0] key, { hash algorithm }, [0] signed
//!                 attributes, { algorithm }, signature, [1] unsigned attributes }
//! Attribute     { OID, SET of values }
//! Certificate   { { [0] version, serial, { algorithm }, issuer, validity, subject, … }, … }
//! Name          { SET of { OID, string }, … }
//! ```

use super::der::{
    CONTEXT_0, CONTEXT_1, Element, Elements, INTEGER, OCTET_STRING, OID, SEQUENCE, SET,
};
use super::{Algorithm, Signer};

const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const BMP_STRING: u8 = 0x1e;
/// Real chains have three or four.
const MAX_CERTIFICATES: usize = 64;
const MAX_NAME: usize = 1024;

/// A parsed signed message.
pub(super) struct SignedMessage<'a> {
    /// The type of the content and, unless it is detached, the content.
    pub(super) content: Option<Element<'a>>,
    /// The signer.
    pub(super) signer: Signer,
    /// The hash algorithm of the signer, if it is a known one.
    pub(super) algorithm: Option<Algorithm>,
    /// The hash of the content, from the signed attributes.
    pub(super) message_digest: Option<&'a [u8]>,
    /// Attributes that the signature does not cover.
    unsigned: Option<Elements<'a>>,
}

/// The parts of a certificate that matter.
struct Certificate<'a> {
    serial: &'a [u8],
    issuer: Element<'a>,
    subject: Element<'a>,
}

impl<'a> SignedMessage<'a> {
    /// Parses a message with its first signer; bytes behind the message (padding) are ignored.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut info = Element::first(bytes)?.children(SEQUENCE)?;
        info.next_of(OID).filter(|oid| oid.content == SIGNED_DATA)?;
        let mut data = Element::first(info.next_of(CONTEXT_0)?.content)?.children(SEQUENCE)?;
        data.next_of(INTEGER)?;
        data.next_of(SET)?;
        let mut content = data.next_of(SEQUENCE)?.children(SEQUENCE)?;
        content.next_of(OID)?;
        let content = content.next_of(CONTEXT_0).and_then(|it| Element::first(it.content));
        let certificates: Vec<_> = data
            .next_of(CONTEXT_0)
            .map(|all| Elements(all.content).take(MAX_CERTIFICATES).filter_map(certificate))
            .into_iter()
            .flatten()
            .collect();
        data.next_of(CONTEXT_1);
        let signers = data.next_of(SET)?;
        let mut message = Self {
            content,
            signer: Signer {
                certificates: certificates.iter().filter_map(|it| name(it.subject)).collect(),
                ..Signer::default()
            },
            algorithm: None,
            message_digest: None,
            unsigned: None,
        };
        if let Some(info) = Element::first(signers.content) {
            message.read_signer(info, &certificates);
        }
        Some(message)
    }

    fn read_signer(&mut self, info: Element<'a>, certificates: &[Certificate<'a>]) -> Option<()> {
        let mut info = info.children(SEQUENCE)?;
        info.next_of(INTEGER)?;
        // A signer may have a key identifier instead. This reader does not search for its
        // certificate.
        if let Some(id) = info.next_of(SEQUENCE) {
            let mut id = Elements(id.content);
            let issuer = id.next_of(SEQUENCE)?;
            let serial = id.next_of(INTEGER)?.content;
            self.signer.issuer = name(issuer);
            let found = certificates
                .iter()
                .find(|it| it.serial == serial && it.issuer.content == issuer.content);
            self.signer.subject = found.and_then(|it| name(it.subject));
        } else {
            info.next()?;
        }
        let mut algorithm = info.next_of(SEQUENCE)?.children(SEQUENCE)?;
        self.algorithm = Algorithm::by_oid(algorithm.next_of(OID)?.content);
        if let Some(signed) = info.next_of(CONTEXT_0) {
            self.message_digest = attribute(Elements(signed.content), MESSAGE_DIGEST)
                .and_then(|values| Element::first(values.0)?.value(OCTET_STRING));
        }
        info.next_of(SEQUENCE)?;
        info.next_of(OCTET_STRING)?;
        self.unsigned = info.next_of(CONTEXT_1).map(|it| Elements(it.content));
        Some(())
    }

    /// The values of an unsigned attribute.
    pub(super) fn unsigned_attribute(&self, oid: &[u8]) -> Option<Elements<'a>> {
        attribute(self.unsigned?, oid)
    }
}

fn attribute<'a>(mut attributes: Elements<'a>, oid: &[u8]) -> Option<Elements<'a>> {
    attributes.find_map(|attribute| {
        let mut parts = attribute.children(SEQUENCE)?;
        parts.next_of(OID).filter(|found| found.content == oid)?;
        parts.next_of(SET)?.children(SET)
    })
}

fn certificate(element: Element<'_>) -> Option<Certificate<'_>> {
    let mut parts = Element::first(element.value(SEQUENCE)?)?.children(SEQUENCE)?;
    parts.next_of(CONTEXT_0);
    let serial = parts.next_of(INTEGER)?.content;
    parts.next_of(SEQUENCE)?;
    let issuer = parts.next_of(SEQUENCE)?;
    parts.next_of(SEQUENCE)?;
    Some(Certificate { serial, issuer, subject: parts.next_of(SEQUENCE)? })
}

/// The common name in a distinguished name, else the organization. Of several, the last, because
/// the most specific comes last.
fn name(element: Element<'_>) -> Option<String> {
    let find = |oid: &[u8]| {
        let sets = Elements(element.content);
        let pairs = sets.filter_map(|set| set.children(SET)).flatten();
        let texts = pairs.filter_map(|pair| {
            let mut pair = pair.children(SEQUENCE)?;
            pair.next_of(OID).filter(|found| found.content == oid)?;
            text(pair.next()?)
        });
        texts.last()
    };
    find(COMMON_NAME).or_else(|| find(ORGANISATION))
}

/// The text of a string of any type that names use.
fn text(element: Element<'_>) -> Option<String> {
    let bytes = element.content.get(..MAX_NAME).unwrap_or(element.content);
    match element.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        // Latin-1 in practice.
        TELETEX_STRING => Some(bytes.iter().copied().map(char::from).collect()),
        BMP_STRING => {
            let (units, _) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            Some(String::from_utf16_lossy(&units))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let mut bytes = vec![tag, 0x82];
        bytes.extend(u16::try_from(content.len()).expect("short").to_be_bytes());
        bytes.extend(content);
        bytes
    }

    fn distinguished(pairs: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        let sets: Vec<Vec<u8>> = pairs
            .iter()
            .map(|(oid, tag, text)| {
                let pair = element(SEQUENCE, &[&element(OID, &[oid]), &element(*tag, &[text])]);
                element(SET, &[&pair])
            })
            .collect();
        element(SEQUENCE, &sets.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    fn certificate(serial: u8, issuer: &[u8], subject: &[u8]) -> Vec<u8> {
        let version = element(CONTEXT_0, &[&[INTEGER, 1, 2]]);
        let empty = element(SEQUENCE, &[]);
        let body = [&version[..], &[INTEGER, 1, serial], &empty, issuer, &empty, subject];
        element(SEQUENCE, &[&element(SEQUENCE, &body), &empty])
    }

    /// A message signed with the second certificate.
    fn message(hash: &[u8]) -> Vec<u8> {
        let root = distinguished(&[(COMMON_NAME, UTF8_STRING, "Wurzel".as_bytes())]);
        let leaf = distinguished(&[
            (ORGANISATION, PRINTABLE_STRING, b"Example Ltd"),
            (COMMON_NAME, BMP_STRING, b"\0E\0x\x20\xac"),
        ]);
        let other = distinguished(&[(ORGANISATION, TELETEX_STRING, b"Stra\xdfe")]);
        let certificates = [
            certificate(1, &root, &root),
            certificate(2, &root, &leaf),
            certificate(2, &other, &other),
        ];
        let certificates: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
        let algorithm = element(SEQUENCE, &[&element(OID, &[Algorithm::OIDS[1].0])]);
        let values = element(SET, &[&element(OCTET_STRING, &[hash])]);
        let attribute = element(SEQUENCE, &[&element(OID, &[MESSAGE_DIGEST]), &values]);
        let signer = element(
            SEQUENCE,
            &[
                &[INTEGER, 1, 1],
                &element(SEQUENCE, &[&root, &[INTEGER, 1, 2]]),
                &algorithm,
                &element(CONTEXT_0, &[&attribute]),
                &element(SEQUENCE, &[]),
                &element(OCTET_STRING, &[b"signature"]),
                &element(CONTEXT_1, &[&attribute]),
            ],
        );
        let content = element(CONTEXT_0, &[&element(OCTET_STRING, &[b"content"])]);
        let data = element(
            SEQUENCE,
            &[
                &[INTEGER, 1, 1],
                &element(SET, &[&algorithm]),
                &element(SEQUENCE, &[&element(OID, &[b"x"]), &content]),
                &element(CONTEXT_0, &certificates),
                &element(SET, &[&signer]),
            ],
        );
        element(SEQUENCE, &[&element(OID, &[SIGNED_DATA]), &element(CONTEXT_0, &[&data])])
    }

    #[test]
    fn the_signer_is_found_among_the_certificates() {
        let bytes = message(b"hash");
        let message = SignedMessage::parse(&bytes).expect("reads");
        assert_eq!(message.signer.subject.as_deref(), Some("Ex\u{20ac}"));
        assert_eq!(message.signer.issuer.as_deref(), Some("Wurzel"));
        assert_eq!(message.signer.certificates, ["Wurzel", "Ex\u{20ac}", "Stra\u{df}e"]);
        assert_eq!(message.algorithm, Some(Algorithm::Sha256));
        assert_eq!(message.message_digest, Some(&b"hash"[..]));
        assert_eq!(message.content.expect("there").content, b"content");
        let values = message.unsigned_attribute(MESSAGE_DIGEST).expect("there");
        assert_eq!(values.map(|value| value.content).collect::<Vec<_>>(), [b"hash"]);
        assert!(message.unsigned_attribute(COMMON_NAME).is_none());
    }

    #[test]
    fn damage_is_answered() {
        let bytes = message(b"hash");
        for end in 0..bytes.len() {
            assert!(SignedMessage::parse(&bytes[..end]).is_none(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << bit;
                let _ = SignedMessage::parse(&bytes);
            }
        }
    }
}
