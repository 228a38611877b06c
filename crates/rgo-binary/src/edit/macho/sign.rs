//! Apple's code signature, ad hoc: hashes of the image's pages and no certificate. macOS on
//! arm64 starts nothing without one, so every edit ends here.
//!
//! ```text
//! SuperBlob      fade0cc0, length, count, then per blob: slot, offset   (all u32, big-endian)
//! CodeDirectory  slot 0, fade0c02: 88 bytes of header (version 20400), identifier, NUL,
//!                hashes of special slots n…1, hashes of pages 0…m up to the code limit
//! other blobs    slot 2 requirements, 5 entitlements, 7 entitlements in DER, …
//! 10000          CMS: an identity's signature over the CodeDirectory; empty or absent here
//! ```
//!
//! The code limit is where the signature starts. What an input's signature says beside its
//! hashes (identifier, flags, page size, entitlements) is carried over. (XNU's
//! `osfmk/kern/cs_blobs.h`)

use std::ops::Range;

use object::macho;
use object::read::macho::{CodeDirectory, CodeSignature};
use object::write::macho::{self as encoder, CodeSignatureEncoder};
use sha2::{Digest, Sha256};

use super::commands::Commands;
use crate::edit::{Draft, Why, bytes};
use crate::{Error, Result};

/// The signature starts at a multiple of this.
pub(super) const ALIGN: u64 = 16;
const WHAT: &str = "Mach-O code signature";
const HASH_SIZE: usize = 32;
/// Special slots that hashes can be carried over for; XNU knows 11.
const MAX_SPECIAL: u32 = 32;
const ENCODER: CodeSignatureEncoder = CodeSignatureEncoder;

/// A signature without its page hashes.
pub(super) struct Signature {
    /// Where the input's signature starts.
    pub(super) offset: u64,
    pub(super) identifier: Vec<u8>,
    /// Who signed, if an identity did.
    pub(super) signer: Option<String>,
    flags: macho::CsFlags,
    /// As a power of two.
    page: u8,
    exec_flags: macho::CsExecSegFlags,
    /// Blobs which the CodeDirectory vouches for, by slot.
    blobs: Vec<(macho::CsSlot, Vec<u8>)>,
    /// Hashes of special slots 1, 2, …; zeros where there is nothing.
    special: Vec<[u8; HASH_SIZE]>,
}

impl Signature {
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
        let mut directory: Option<CodeDirectory<'_>> = None;
        let mut blobs = Vec::new();
        let mut cms = false;
        let mut total = 0;
        for blob in CodeSignature::parse(data).map_err(bad)?.blobs() {
            let blob = blob.map_err(bad)?;
            total += blob.data().len();
            if total > data.len() {
                return Err(Error::malformed(WHAT, offset, "its blobs overlap"));
            }
            match blob.code_directory().map_err(bad)? {
                // Of alternates, the one with the hash that is used here.
                Some(found) if found.header().hash_type == macho::CS_HASHTYPE_SHA256 => {
                    directory = Some(found);
                }
                Some(found) => directory = directory.or(Some(found)),
                None if blob.slot() == macho::CSSLOT_SIGNATURESLOT => {
                    cms |= !blob.contents().is_empty();
                }
                None => blobs.push((blob.slot(), blob.data().to_vec())),
            }
        }
        let directory =
            directory.ok_or_else(|| Error::malformed(WHAT, offset, "it has no CodeDirectory"))?;
        let header = encoder::CodeDirectory::from_raw(&directory);
        if !matches!(header.page_size, 0 | 12..=16) {
            let why = format!("pages of 2^{} bytes", header.page_size);
            return Err(Error::malformed(WHAT, offset, why));
        }
        let is_executable = commands.file_type()? == macho::MH_EXECUTE;
        let exec_flags = match directory.exec_seg() {
            Some(_) => header.exec_seg_flags,
            None if is_executable => macho::CS_EXECSEG_MAIN_BINARY,
            None => macho::CsExecSegFlags(0),
        };
        let team = directory.team_id().map_err(bad)?.map(String::from_utf8_lossy);
        let signer = team.map_or("a certificate".to_owned(), |team| format!("team {team}"));
        let mut signature = Self {
            offset,
            identifier: directory.ident().map_err(bad)?.to_vec(),
            signer: cms.then_some(signer),
            flags: macho::CsFlags(header.flags.0 | macho::CS_ADHOC.0),
            page: header.page_size,
            exec_flags,
            blobs,
            special: Vec::new(),
        };
        signature.carry_special_hashes(&directory, header.n_special_slots);
        Ok(Some(signature))
    }

    /// Special slots vouch for blobs, which are hashed anew, and for files beside the image
    /// (`Info.plist`), whose hashes are carried over.
    fn carry_special_hashes(&mut self, directory: &CodeDirectory<'_>, count: u32) {
        let is_sha256 = directory.header().hash_type == macho::CS_HASHTYPE_SHA256;
        for slot in 1..=count.min(MAX_SPECIAL) {
            let slot = macho::CsSlot(slot);
            let blob = self.blobs.iter().find(|(other, _)| *other == slot);
            let old = directory.special_hash(slot).ok().filter(|_| is_sha256);
            let hash = match blob {
                Some((_, data)) => Sha256::digest(data).into(),
                None => old.and_then(<[u8]>::first_chunk).copied().unwrap_or_default(),
            };
            self.special.push(hash);
        }
    }

    fn directory_size(&self, limit: u64) -> u64 {
        let pages = match self.page {
            0 => 1,
            page => limit.div_ceil(1 << page),
        };
        self.hashes_at() + pages * HASH_SIZE as u64
    }

    /// Where in the CodeDirectory the hash of page 0 is.
    fn hashes_at(&self) -> u64 {
        let header = u64::from(ENCODER.code_directory_size(macho::CS_SUPPORTSEXECSEG));
        header + self.identifier.len() as u64 + 1 + (self.special.len() * HASH_SIZE) as u64
    }

    fn blobs_at(&self) -> u64 {
        let index = u64::from(ENCODER.blob_index_size()) * (1 + self.blobs.len() as u64);
        u64::from(ENCODER.super_blob_size()) + index
    }

    /// Bytes that the signature of an image of `limit` bytes takes.
    pub(super) fn size(&self, limit: u64) -> Result<u64> {
        let blobs = self.blobs.iter().map(|(_, data)| data.len() as u64).sum::<u64>();
        let size = self.blobs_at() + self.directory_size(limit) + blobs;
        if size > u64::from(u32::MAX) || limit > u64::from(u32::MAX) {
            return Err(Error::unsupported("signing this image", "it is over 4 GiB"));
        }
        Ok(size)
    }

    /// Signs all of `image` and appends the signature. `text` is the file range of `__TEXT`.
    pub(super) fn write(&self, image: &mut Draft<'_>, text: Range<u64>) -> Result<()> {
        let limit = image.size();
        let directory_size = self.directory_size(limit);
        let word = |size: u64| bytes::word(bytes::index(size), WHAT);
        let header = encoder::CodeDirectory {
            length: word(directory_size)?,
            version: macho::CS_SUPPORTSEXECSEG,
            flags: self.flags,
            hash_offset: word(self.hashes_at())?,
            ident_offset: ENCODER.code_directory_size(macho::CS_SUPPORTSEXECSEG),
            n_special_slots: word(self.special.len() as u64)?,
            n_code_slots: if self.page == 0 { 1 } else { word(limit.div_ceil(1 << self.page))? },
            code_limit: limit,
            hash_size: HASH_SIZE as u8,
            hash_type: macho::CS_HASHTYPE_SHA256,
            platform: 0,
            page_size: self.page,
            scatter_offset: 0,
            team_offset: 0,
            exec_seg_base: text.start,
            exec_seg_limit: text.end - text.start,
            exec_seg_flags: self.exec_flags,
        };
        let mut signature = Vec::with_capacity(bytes::index(self.size(limit)?));
        let count = word(1 + self.blobs.len() as u64)?;
        ENCODER.signature_super_blob(&mut signature, word(self.size(limit)?)?, count);
        let mut at = self.blobs_at();
        ENCODER.blob_index(&mut signature, macho::CSSLOT_CODEDIRECTORY, word(at)?);
        at += directory_size;
        for (slot, data) in &self.blobs {
            ENCODER.blob_index(&mut signature, *slot, word(at)?);
            at += data.len() as u64;
        }
        ENCODER.code_directory(&mut signature, &header);
        signature.extend_from_slice(&self.identifier);
        signature.push(0);
        for hash in self.special.iter().rev() {
            signature.extend_from_slice(hash);
        }
        hash_pages(image, self.page, &mut signature);
        for (_, data) in &self.blobs {
            signature.extend_from_slice(data);
        }
        image.push(signature, Why::Signature);
        Ok(())
    }
}

/// Appends the hash of each page of 2^`page` bytes; 0 stands for one page without end.
fn hash_pages(image: &Draft<'_>, page: u8, hashes: &mut Vec<u8>) {
    let page = if page == 0 { usize::MAX } else { 1 << page };
    let (mut hash, mut hashed) = (Sha256::new(), 0);
    for mut chunk in image.chunks() {
        while !chunk.is_empty() {
            let (now, later) = chunk.split_at(chunk.len().min(page - hashed));
            hash.update(now);
            hashed += now.len();
            if hashed == page {
                hashes.extend(hash.finalize_reset());
                hashed = 0;
            }
            chunk = later;
        }
    }
    if hashed > 0 {
        hashes.extend(hash.finalize());
    }
}
