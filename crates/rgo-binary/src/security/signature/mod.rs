//! Whether an image is signed, by whom it says, and whether its bytes are still those that were
//! signed. Hashes are computed and compared. No certificate is trusted or distrusted and no
//! signature of a hash is verified: that takes the platform's roots, its clock and its network.
//!
//! ```text
//! Mach-O  LC_CODE_SIGNATURE ─▶ CodeDirectory ─▶ hashes of pages        [`macho`]
//!                           ─▶ CMS ─▶ certificates, hash of the CodeDirectory
//! PE      certificate table ─▶ PKCS#7 ─▶ certificates, digest of the image   [`pe`]
//! ELF     has no place for one
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

/// How an image is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureKind {
    /// The format has no place for a signature, or the image is input for a linker.
    NotApplicable,
    /// Not at all.
    None,
    /// Apple's, with hashes and no certificate.
    #[serde(rename = "adhoc")]
    AdHoc,
    /// Apple's, with certificates.
    Identity,
    /// Microsoft's, with certificates.
    Authenticode,
}

/// The signature of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// How the image is signed.
    pub kind: SignatureKind,
    /// Whether the image is what was signed: every hash was computed and compared. Not whether
    /// anybody should trust the signer.
    pub holds: TriState,
    /// Apple's code signature.
    pub apple: Option<CodeSignature>,
    /// Signatures in the certificate table of a PE image, nested ones behind the outer ones.
    pub authenticode: Vec<Authenticode>,
}

/// Who signed, as the certificates in the image say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// Common name (else organisation) of the certificate that signed; `None` if it is not
    /// among the certificates.
    pub subject: Option<String>,
    /// Common name (else organisation) of the one that issued it.
    pub issuer: Option<String>,
    /// Names of all certificates in the image, in its order.
    pub certificates: Vec<String>,
}

/// Apple's code signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeSignature {
    /// The identifier: a bundle's, or the file's name when it was linked.
    pub identifier: String,
    /// The developer team.
    pub team_id: Option<String>,
    /// Flags of the CodeDirectory by their names in XNU, `CS_` left off: `ADHOC`, `RUNTIME`, ….
    pub flags: Vec<&'static str>,
    /// Made by the linker, to be replaced by a real one.
    pub linker_signed: bool,
    /// Asks for the hardened runtime.
    pub hardened_runtime: bool,
    /// The signer; `None` for an ad-hoc signature.
    pub signer: Option<Signer>,
    /// The CMS part names the hash of one of the CodeDirectories; not applicable without one.
    pub directory_signed: TriState,
    /// Everything before the signature is covered by every CodeDirectory.
    pub covers_all: bool,
    /// Every CodeDirectory: one per hash algorithm.
    pub directories: Vec<CodeDirectory>,
    /// What else the first CodeDirectory vouches for.
    pub special_slots: Vec<SpecialSlot>,
}

/// One CodeDirectory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeDirectory {
    /// `sha1`, `sha256`, `sha256-truncated`, `sha384`, or `type N`.
    pub hash: String,
    /// Bytes per page; 0 if all is one page.
    pub page_bytes: u32,
    /// Pages that have a hash.
    pub pages: u32,
    /// Pages whose bytes have another hash.
    pub changed_pages: u32,
    /// All pages up to the code limit have a hash, and the right one.
    pub holds: TriState,
}

/// A slot for something beside the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpecialSlot {
    /// Its number.
    pub slot: u32,
    /// What it is for: `info-plist`, `requirements`, `entitlements`, ….
    pub name: &'static str,
    /// Whether the hash is that of the blob in the image; unknown if the thing is a file beside
    /// the image.
    pub holds: TriState,
}

/// One signature of a PE image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Authenticode {
    /// The signer.
    pub signer: Signer,
    /// `sha1`, `sha256`, `sha384`, `sha512` or an object identifier in hexadecimal digits.
    pub hash: String,
    /// The image's digest, as the signature says, in hexadecimal digits.
    pub digest: String,
    /// Whether the image has this digest.
    pub holds: TriState,
    /// Whether the signed attributes name the hash of the part that the digest is in.
    pub digest_signed: TriState,
}

impl Signature {
    /// The signer, of an identity's or the first Authenticode signature.
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

/// All of several answers.
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

    /// The hash of several ranges, one behind the other.
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
