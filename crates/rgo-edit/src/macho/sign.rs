//! Makes Apple's code signature, ad hoc: hashes of the image's pages without a certificate. macOS
//! on arm64 starts no program without one, so every edit ends here.
//!
//! ```text
//! SuperBlob      fade0cc0, length, count, then per blob: slot, offset   (all u32, big-endian)
//! CodeDirectory  slot 0, and 1000…1004 for the same pages by other hashes
//! other blobs    slot 2 requirements, 5 entitlements, 7 entitlements in DER, …
//! 10000          CMS: an identity's signature over the CodeDirectory; empty or absent here
//! ```
//!
//! The new signature keeps the identifier, page size, hash algorithms, entitlements, requirements
//! and flags of the old one. One flag marks a linker's signature, which codesign replaces without
//! `--force`. (XNU's `osfmk/kern/cs_blobs.h`)

use std::ops::Range;

use object::macho;
use object::read::macho::CodeSignature;

use super::code_directory::{CodeDirectoryDraft, WHAT};
use super::commands::Commands;
use crate::entitlements::Entitlements;
use crate::{Draft, Reason, bytes};
use rgo_binary::{Error, Result};

/// The signature starts at a multiple of this.
pub(super) const ALIGN: u64 = 16;
/// Bytes of an `LC_CODE_SIGNATURE`.
pub(super) const COMMAND_SIZE: u32 = 16;
/// Slots from here on describe the signature; the CodeDirectory does not cover them.
const FIRST_ABOUT: u32 = 0x1_0000;

/// A signature without its page hashes.
pub(super) struct SignatureDraft {
    /// Where the input's signature starts; `None` if the image had none.
    pub(super) offset: Option<u64>,
    pub(super) identifier: Vec<u8>,
    /// The identity that signed, if one did.
    pub(super) signer: Option<String>,
    directories: Vec<CodeDirectoryDraft>,
    /// Blobs that the CodeDirectories cover, by slot.
    blobs: Vec<(macho::CsSlot, Vec<u8>)>,
}

impl SignatureDraft {
    /// Makes the signature of an image that had none.
    pub(super) fn new(commands: &Commands, identifier: Vec<u8>) -> Result<Self> {
        let is_program = commands.file_type()? == macho::MH_EXECUTE;
        let directory =
            CodeDirectoryDraft::new(commands.page()?.trailing_zeros() as u8, is_program)?;
        Ok(Self {
            offset: None,
            identifier,
            signer: None,
            directories: vec![directory],
            blobs: Vec::new(),
        })
    }

    /// Reads the signature of an image; `None` if it has none.
    pub(super) fn read(image: &[u8], commands: &Commands) -> Result<Option<Self>> {
        let Some(index) = commands.find(macho::LC_CODE_SIGNATURE) else { return Ok(None) };
        let command = commands.get(index)?;
        let (offset, size) = (u64::from(command.u32(8)?), u64::from(command.u32(12)?));
        let data = bytes::slice(image, offset, size, WHAT)?;
        if offset + size != image.len() as u64 {
            return Err(Error::malformed(WHAT, offset, "it is not at the end of the image"));
        }
        let bad = |why: object::Error| Error::malformed(WHAT, offset, why);
        let mut found = Vec::new();
        let mut blobs: Vec<(macho::CsSlot, Vec<u8>)> = Vec::new();
        let mut cms = false;
        let mut total = 0;
        for blob in CodeSignature::parse(data).map_err(bad)?.blobs() {
            let blob = blob.map_err(bad)?;
            total += blob.data().len();
            if total > data.len() {
                return Err(Error::malformed(WHAT, offset, "its blobs overlap"));
            }
            let slot = blob.slot();
            match blob.code_directory().map_err(bad)? {
                Some(directory) => found.push((slot, directory, blob.data())),
                None if slot == macho::CSSLOT_SIGNATURESLOT => cms |= !blob.contents().is_empty(),
                None if slot.0 < FIRST_ABOUT => blobs.push((slot, blob.data().to_vec())),
                None => {}
            }
        }
        found.sort_by_key(|(slot, ..)| slot.0);
        let Some((_, first, _)) = found.first() else {
            return Err(Error::malformed(WHAT, offset, "it has no CodeDirectory"));
        };
        let team = first.team_id().map_err(bad)?.map(String::from_utf8_lossy);
        let signer = team.map_or("a certificate".to_owned(), |team| format!("team {team}"));
        if cms {
            // Requirements name certificates, which the image no longer has.
            for (_, blob) in
                blobs.iter_mut().filter(|(slot, _)| *slot == macho::CSSLOT_REQUIREMENTS)
            {
                *blob = no_requirements();
            }
        }
        let identifier = first.ident().map_err(bad)?.to_vec();
        let at = |error| match error {
            Error::Malformed { what, why, .. } => Error::malformed(what, offset, why),
            other => other,
        };
        let directories = found.iter().map(|(slot, directory, data)| {
            CodeDirectoryDraft::read(*slot, directory, data, &blobs, cms).map_err(at)
        });
        let directories = directories.collect::<Result<_>>()?;
        Ok(Some(Self {
            offset: Some(offset),
            identifier,
            signer: cms.then_some(signer),
            directories,
            blobs,
        }))
    }

    /// Replaces the entitlements.
    pub(super) fn entitle(&mut self, entitlements: &Entitlements) -> Result<()> {
        for (slot, magic, content) in [
            (macho::CSSLOT_ENTITLEMENTS, macho::CSMAGIC_EMBEDDED_ENTITLEMENTS, &entitlements.xml),
            (
                macho::CSSLOT_DER_ENTITLEMENTS,
                macho::CSMAGIC_EMBEDDED_DER_ENTITLEMENTS,
                &entitlements.der,
            ),
        ] {
            let length = bytes::word(content.len() + 8, WHAT)?;
            let mut blob: Vec<u8> =
                [magic, length].into_iter().flat_map(u32::to_be_bytes).collect();
            blob.extend_from_slice(content);
            for directory in &mut self.directories {
                directory.vouch(slot, &blob, entitlements.flags)?;
            }
            self.blobs.retain(|(other, _)| *other != slot);
            self.blobs.push((slot, blob));
        }
        self.blobs.sort_by_key(|(slot, _)| slot.0);
        Ok(())
    }

    /// Adds the hash of the Info.plist in the image.
    pub(super) fn vouch_for_property_list(&mut self, content: &[u8]) -> Result<()> {
        for directory in &mut self.directories {
            directory.vouch(macho::CSSLOT_INFOSLOT, content, 0)?;
        }
        Ok(())
    }

    fn blobs_at(&self) -> u64 {
        12 + 8 * (self.directories.len() + self.blobs.len()) as u64
    }

    /// Size of the signature of an image of `limit` bytes.
    pub(super) fn size(&self, limit: u64) -> Result<u64> {
        let directories =
            self.directories.iter().map(|it| it.size(self.identifier.len(), limit)).sum::<u64>();
        let blobs = self.blobs.iter().map(|(_, data)| data.len() as u64).sum::<u64>();
        let size = self.blobs_at() + directories + blobs;
        if size > u64::from(u32::MAX) || limit > u64::from(u32::MAX) {
            return Err(Error::unsupported("signing this image", "it is over 4 GiB"));
        }
        Ok(size)
    }

    /// Signs all of `image` and appends the signature. `text` is the file range of `__TEXT`.
    pub(super) fn write(&self, image: &mut Draft<'_>, text: Range<u64>) -> Result<()> {
        let limit = image.size();
        let mut content = Vec::with_capacity(bytes::index(self.size(limit)?));
        let mut index = Vec::new();
        let mut add = |slot: macho::CsSlot, size: u64| -> Result<()> {
            index.push((slot, bytes::word(bytes::index(size), WHAT)?));
            Ok(())
        };
        let mut at = self.blobs_at();
        for directory in &self.directories {
            add(directory.slot, at)?;
            at += directory.size(self.identifier.len(), limit);
            directory.write(&self.identifier, image, &text, &mut content)?;
        }
        for (slot, data) in &self.blobs {
            add(*slot, at)?;
            at += data.len() as u64;
            content.extend_from_slice(data);
        }
        let mut signature = Vec::with_capacity(bytes::index(at));
        signature.extend(macho::CSMAGIC_EMBEDDED_SIGNATURE.to_be_bytes());
        signature.extend(bytes::word(bytes::index(at), WHAT)?.to_be_bytes());
        signature.extend(bytes::word(index.len(), WHAT)?.to_be_bytes());
        for (slot, at) in index {
            signature.extend(slot.0.to_be_bytes());
            signature.extend(at.to_be_bytes());
        }
        signature.append(&mut content);
        image.push(signature, Reason::Signature);
        Ok(())
    }
}

/// A set of no requirements, as codesign writes it when it signs ad hoc.
fn no_requirements() -> Vec<u8> {
    [macho::CSMAGIC_REQUIREMENTS, 12, 0].into_iter().flat_map(u32::to_be_bytes).collect()
}
