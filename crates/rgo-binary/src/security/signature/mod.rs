//! Determines whether an image is signed, the signer's name in the certificates, and whether the
//! bytes are still the signed ones. This module computes and compares hashes. It does not check
//! trust in certificates or the signature over a hash: that needs the platform's root certificates,
//! its clock and its network.
//!
//! ```text
//! Mach-O  LC_CODE_SIGNATURE ─▶ CodeDirectory ─▶ hashes of pages        [`macho`]
//!                           ─▶ CMS ─▶ certificates, hash of the CodeDirectory
//! PE      certificate table ─▶ PKCS#7 ─▶ certificates, digest of the image   [`pe`]
//! ELF     the format has no signature
//! ```

mod cms;
mod der;
mod macho;
mod pe;

use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{Format, Image, Result, TriState};

pub(crate) use macho::code_directory_flags;

/// The kind of an image's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureKind {
    /// The format has no place for a signature, or the image is input for a linker.
    NotApplicable,
    /// No signature.
    None,
    /// Apple's, with hashes but without a certificate.
    #[serde(rename = "adhoc")]
    AdHoc,
    /// Apple's, with certificates.
    Identity,
    /// Microsoft's, with certificates.
    Authenticode,
}

/// The signature of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Signature {
    /// The kind of the signature.
    pub kind: SignatureKind,
    /// Whether the image is the signed one: every hash was computed and compared. This does not
    /// mean that the signer is trustworthy.
    pub holds: TriState,
    /// Apple's code signature.
    pub apple: Option<CodeSignature>,
    /// Signatures in the certificate table of a PE image, each nested one behind its outer one.
    pub authenticode: Vec<Authenticode>,
}

/// The signer, according to the certificates in the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Signer {
    /// Common name (else organization) in the signer's certificate; `None` if the image does not
    /// contain it.
    pub subject: Option<String>,
    /// Common name (else organization) of its issuer.
    pub issuer: Option<String>,
    /// Names of all certificates in the image, in its order.
    pub certificates: Vec<String>,
}

/// Apple's code signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CodeSignature {
    /// The identifier: the bundle's, or the file's name at link time.
    pub identifier: String,
    /// The developer team.
    pub team_id: Option<String>,
    /// Flags of the CodeDirectory by their names in XNU, without `CS_`: `ADHOC`, `RUNTIME`, ….
    pub flags: Vec<&'static str>,
    /// The linker made it, as a placeholder for a real signature.
    pub linker_signed: bool,
    /// It requests the hardened runtime.
    pub hardened_runtime: bool,
    /// The signer; `None` for an ad-hoc signature.
    pub signer: Option<Signer>,
    /// The CMS part contains the hash of one of the CodeDirectories; not applicable without CMS.
    pub directory_signed: TriState,
    /// Every CodeDirectory covers everything before the signature.
    pub covers_all: bool,
    /// Every CodeDirectory: one per hash algorithm.
    pub directories: Vec<CodeDirectory>,
    /// The other hashes in the first CodeDirectory.
    pub special_slots: Vec<SpecialSlot>,
}

/// One CodeDirectory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CodeDirectory {
    /// `sha1`, `sha256`, `sha256-truncated`, `sha384`, or `type N`.
    pub hash: String,
    /// Bytes per page; 0 if all is one page.
    pub page_bytes: u32,
    /// The number of hashed pages.
    pub pages: u32,
    /// The number of pages with a wrong hash.
    pub changed_pages: u32,
    /// Whether all pages up to the code limit have a hash, and it is right.
    pub holds: TriState,
}

/// A hash of something other than pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SpecialSlot {
    /// Its number.
    pub slot: u32,
    /// Its purpose: `info-plist`, `requirements`, `entitlements`, ….
    pub name: &'static str,
    /// Whether the blob in the image has this hash; unknown if the slot is for a file beside the
    /// image.
    pub holds: TriState,
}

/// One signature of a PE image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Authenticode {
    /// The signer.
    pub signer: Signer,
    /// `sha1`, `sha256`, `sha384`, `sha512` or an object identifier in hexadecimal digits.
    pub hash: String,
    /// The image's digest in the signature, in hexadecimal digits.
    pub digest: String,
    /// Whether the image has this digest.
    pub holds: TriState,
    /// Whether the signed attributes contain the hash of the content that holds the digest.
    pub digest_signed: TriState,
}

impl Signature {
    /// The signer of Apple's signature, or of the first Authenticode signature.
    #[must_use]
    pub fn signer(&self) -> Option<&Signer> {
        let apple = self.apple.as_ref().and_then(|it| it.signer.as_ref());
        apple.or_else(|| self.authenticode.first().map(|it| &it.signer))
    }

    fn of_kind(kind: SignatureKind, holds: TriState) -> Self {
        Self { kind, holds, apple: None, authenticode: Vec::new() }
    }
}

/// Reads and checks the signature of an image. Hashes the whole image if it is signed.
///
/// # Errors
/// [`crate::Error::Malformed`] for a signature that cannot be read.
pub fn signature(image: &Image<'_>) -> Result<Signature> {
    match image.format() {
        Format::Elf => {
            Ok(Signature::of_kind(SignatureKind::NotApplicable, TriState::NotApplicable))
        }
        Format::MachO => macho::signature(image),
        Format::Pe => pe::signature(image),
    }
}

/// Combines several answers: yes only if all are yes.
fn all(answers: impl IntoIterator<Item = TriState>) -> TriState {
    answers.into_iter().fold(TriState::Yes, |sum, answer| match (sum, answer) {
        (TriState::No, _) | (_, TriState::No) => TriState::No,
        (TriState::Unknown, _) | (_, TriState::Unknown) => TriState::Unknown,
        _ => TriState::Yes,
    })
}

/// A hash algorithm that signatures use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// Object identifiers, as the content of their DER encoding.
    const OIDS: [(&'static [u8], Self); 4] = [
        (&[0x2b, 0x0e, 0x03, 0x02, 0x1a], Self::Sha1),
        (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], Self::Sha256),
        (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], Self::Sha384),
        (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03], Self::Sha512),
    ];

    fn by_oid(oid: &[u8]) -> Option<Self> {
        Self::OIDS.iter().find(|(known, _)| *known == oid).map(|(_, algorithm)| *algorithm)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The hash of several consecutive ranges.
    fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        fn hash<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut hasher = D::new();
            parts.iter().for_each(|part| hasher.update(part));
            hasher.finalize().to_vec()
        }
        match self {
            Self::Sha1 => hash::<Sha1>(parts),
            Self::Sha256 => hash::<Sha256>(parts),
            Self::Sha384 => hash::<Sha384>(parts),
            Self::Sha512 => hash::<Sha512>(parts),
        }
    }
}
