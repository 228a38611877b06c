//! The CodeDirectory of a signature: the range of signed bytes, and their hashes. An edit keeps the
//! version of the old header and changes only counts, sizes and offsets.
//!
//! ```text
//!  0 magic fade0c02   16 hash of page 0 at  32 code limit            40 (zero)
//!  4 length           20 identifier at      36 hash size, type,      44 scatter list at   20100
//!  8 version          24 special slots         platform, log2 of     48 team at           20200
//! 12 flags            28 pages                 page size   (u8 each) 56 code limit, u64   20300
//! 64 __TEXT: start, size, flags (u64)  20400    88 runtime, pre-encryption hashes at  20500
//! 96 linkage: two u8, u16, where, size 20600    then identifier, NUL, [team, NUL],
//!                                               hashes of special slots n…1, of pages 0…
//! ```
//!
//! All numbers are big-endian, and u32 unless the table gives a size. The right column has the
//! version that added the field. (XNU's `osfmk/kern/cs_blobs.h`)

use std::ops::Range;

use object::macho;
use object::read::macho as read;
use sha2::digest::DynDigest;

use crate::{Draft, bytes};
use rgo_binary::{Error, Result};

pub(super) const WHAT: &str = "Mach-O code signature";

/// Maximum number of special slots with hashes to carry over; XNU knows 11.
const MAX_SPECIAL: u32 = 32;
/// Versions, and the length of the header since each.
const HEADERS: [(u32, usize); 7] = [
    (0x2_0000, 44),
    (0x2_0100, 48),
    (0x2_0200, 52),
    (0x2_0300, 64),
    (0x2_0400, 88),
    (0x2_0500, 96),
    (0x2_0600, 108),
];
const VERSION_TEAM: u32 = 0x2_0200;
const VERSION_EXEC_SEGMENT: u32 = 0x2_0400;
const SCATTER: u64 = 44;
const TEAM: u64 = 48;
const CODE_LIMIT_64: u64 = 56;
const EXEC_SEGMENT_FLAGS: u64 = 80;
const PRE_ENCRYPTION: u64 = 92;
const LINKAGE_SIZE: u64 = 104;

/// The hash of pages and blobs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash {
    kind: macho::CsHashType,
    size: u8,
}

impl Hash {
    fn of(kind: macho::CsHashType) -> Option<Self> {
        let size = match kind {
            macho::CS_HASHTYPE_SHA1 | macho::CS_HASHTYPE_SHA256_TRUNCATED => 20,
            macho::CS_HASHTYPE_SHA256 => 32,
            macho::CS_HASHTYPE_SHA384 => 48,
            _ => return None,
        };
        Some(Self { kind, size })
    }

    pub(super) fn hasher(self) -> Box<dyn DynDigest> {
        match self.kind {
            macho::CS_HASHTYPE_SHA1 => Box::<sha1::Sha1>::default(),
            macho::CS_HASHTYPE_SHA384 => Box::<sha2::Sha384>::default(),
            _ => Box::<sha2::Sha256>::default(),
        }
    }

    /// Cuts a hash to its stored length.
    pub(super) fn cut(self, hash: &[u8]) -> &[u8] {
        hash.get(..usize::from(self.size)).unwrap_or(hash)
    }

    fn once(self, data: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(data);
        self.cut(&hasher.finalize()).to_vec()
    }
}

pub(super) struct CodeDirectoryDraft {
    pub(super) slot: macho::CsSlot,
    hash: Hash,
    /// As a power of two; 0 means one page without end.
    page: u8,
    header: Vec<u8>,
    team: Option<Vec<u8>>,
    /// Hashes of special slots 1, 2, …; zeros for an empty slot.
    special: Vec<Vec<u8>>,
}

impl CodeDirectoryDraft {
    /// Makes one with SHA-256 that covers only code.
    pub(super) fn new(page: u8, is_program: bool) -> Result<Self> {
        let kind = macho::CS_HASHTYPE_SHA256;
        let hash = Hash { kind, size: 32 };
        let mut header = vec![0; 88];
        put(&mut header, 0, macho::CSMAGIC_CODEDIRECTORY)?;
        put(&mut header, 8, VERSION_EXEC_SEGMENT)?;
        put(&mut header, 12, macho::CS_ADHOC.0)?;
        bytes::put(&mut header, 36, &[hash.size, kind.0, 0, page], WHAT)?;
        if is_program {
            bytes::put(
                &mut header,
                EXEC_SEGMENT_FLAGS,
                &macho::CS_EXECSEG_MAIN_BINARY.0.to_be_bytes(),
                WHAT,
            )?;
        }
        let slot = macho::CSSLOT_CODEDIRECTORY;
        Ok(Self { slot, hash, page, header, team: None, special: Vec::new() })
    }

    /// Reads one. Drops the team and the platform of an identity's signature.
    pub(super) fn read(
        slot: macho::CsSlot,
        directory: &read::CodeDirectory<'_>,
        data: &[u8],
        blobs: &[(macho::CsSlot, Vec<u8>)],
        by_identity: bool,
    ) -> Result<Self> {
        let refuse = |why: String| Err(Error::unsupported("renewing this code signature", why));
        let bad = |why: object::Error| Error::malformed(WHAT, 0, why);
        let version = number(data, 8)?;
        let known = HEADERS.iter().rev().find(|(first, _)| version >= *first);
        let Some((_, size)) = known.filter(|_| version <= 0x2_0600) else {
            return refuse(format!("its CodeDirectory has version {version:#x}"));
        };
        let mut header = bytes::slice(data, 0, *size as u64, WHAT)?.to_vec();
        let kind = directory.header().hash_type;
        let Some(hash) = Hash::of(kind).filter(|hash| Some(&hash.size) == header.get(36)) else {
            return refuse(format!("it hashes in a way that is not known (type {})", kind.0));
        };
        let page = header.get(39).copied().unwrap_or_default();
        if !matches!(page, 0 | 12..=16) {
            return Err(Error::malformed(WHAT, 0, format!("pages of 2^{page} bytes")));
        }
        for (field, what) in [
            (SCATTER, "it leaves out parts of the image"),
            (PRE_ENCRYPTION, "it has hashes of encrypted pages"),
            (LINKAGE_SIZE, "it is linked to another signature"),
        ] {
            if field < *size as u64 && number(&header, field)? != 0 {
                return refuse(what.to_owned());
            }
        }
        let flags = number(&header, 12)? | macho::CS_ADHOC.0;
        put(&mut header, 12, flags)?;
        let mut team = directory.team_id().map_err(bad)?.map(<[u8]>::to_vec);
        if by_identity {
            team = None;
            bytes::put(&mut header, 38, &[0], WHAT)?;
        }
        let special = (1..=number(data, 24)?.min(MAX_SPECIAL))
            .map(|slot| {
                // Blobs are hashed anew. Files beside the image (Info.plist) have not changed.
                let slot = macho::CsSlot(slot);
                match blobs.iter().find(|(other, _)| *other == slot) {
                    Some((_, blob)) => Ok(hash.once(blob)),
                    None => directory.special_hash(slot).map(<[u8]>::to_vec).map_err(bad),
                }
            })
            .collect::<Result<_>>()?;
        Ok(Self { slot, hash, page, header, team, special })
    }

    /// Stores a blob's hash in its special slot, and sets the flags that it adds to the code
    /// segment.
    pub(super) fn vouch(&mut self, slot: macho::CsSlot, blob: &[u8], flags: u64) -> Result<()> {
        let place = slot.0.saturating_sub(1) as usize;
        let none = vec![0; usize::from(self.hash.size)];
        if self.special.len() <= place {
            self.special.resize(place + 1, none);
        }
        if let Some(special) = self.special.get_mut(place) {
            *special = self.hash.once(blob);
        }
        if number(&self.header, 8)? >= VERSION_EXEC_SEGMENT {
            let flags = bytes::u64_at(&self.header, EXEC_SEGMENT_FLAGS, WHAT)?.swap_bytes() | flags;
            bytes::put(&mut self.header, EXEC_SEGMENT_FLAGS, &flags.to_be_bytes(), WHAT)?;
        }
        Ok(())
    }

    /// Offset of the hash of page 0.
    fn hashes_at(&self, identifier: usize) -> usize {
        let team = self.team.as_ref().map_or(0, |team| team.len() + 1);
        let special = self.special.len() * usize::from(self.hash.size);
        self.header.len() + identifier + 1 + team + special
    }

    fn pages(&self, limit: u64) -> u64 {
        if self.page == 0 { 1 } else { limit.div_ceil(1 << self.page) }
    }

    /// Its size in bytes for an image of `limit` bytes and an identifier of `identifier` bytes.
    pub(super) fn size(&self, identifier: usize, limit: u64) -> u64 {
        self.hashes_at(identifier) as u64 + self.pages(limit) * u64::from(self.hash.size)
    }

    /// Appends it, with the hashes of all bytes that `image` has so far.
    pub(super) fn write(
        &self,
        identifier: &[u8],
        image: &Draft<'_>,
        text: &Range<u64>,
        output: &mut Vec<u8>,
    ) -> Result<()> {
        let limit = image.size();
        let word = |size: u64| bytes::word(bytes::index(size), WHAT);
        let mut header = self.header.clone();
        put(&mut header, 4, word(self.size(identifier.len(), limit))?)?;
        put(&mut header, 16, word(self.hashes_at(identifier.len()) as u64)?)?;
        put(&mut header, 20, word(self.header.len() as u64)?)?;
        put(&mut header, 24, word(self.special.len() as u64)?)?;
        put(&mut header, 28, word(self.pages(limit))?)?;
        put(&mut header, 32, word(limit)?)?;
        let version = number(&header, 8)?;
        if version >= VERSION_TEAM {
            let after = (self.header.len() + identifier.len() + 1) as u64;
            put(&mut header, TEAM, if self.team.is_some() { word(after)? } else { 0 })?;
        }
        if version >= VERSION_EXEC_SEGMENT {
            let size = text.end - text.start;
            for (at, value) in [(CODE_LIMIT_64, 0), (64, text.start), (72, size)] {
                bytes::put(&mut header, at, &value.to_be_bytes(), WHAT)?;
            }
        }
        output.append(&mut header);
        for text in [Some(identifier), self.team.as_deref()].into_iter().flatten() {
            output.extend_from_slice(text);
            output.push(0);
        }
        self.special.iter().rev().for_each(|hash| output.extend_from_slice(hash));
        hash_pages(image, self.hash, self.page, output);
        Ok(())
    }
}

fn number(data: &[u8], at: u64) -> Result<u32> {
    bytes::u32_at(data, at, WHAT).map(u32::swap_bytes)
}

fn put(data: &mut [u8], at: u64, value: u32) -> Result<()> {
    bytes::put(data, at, &value.to_be_bytes(), WHAT)
}

/// Appends the hash of each page of 2^`page` bytes; 0 means one page without end.
pub(super) fn hash_pages(image: &Draft<'_>, hash: Hash, page: u8, hashes: &mut Vec<u8>) {
    let page = if page == 0 { usize::MAX } else { 1 << page };
    let (mut hasher, mut hashed) = (hash.hasher(), 0);
    for mut chunk in image.chunks() {
        while !chunk.is_empty() {
            let (now, later) = chunk.split_at(chunk.len().min(page - hashed));
            hasher.update(now);
            hashed += now.len();
            if hashed == page {
                hashes.extend_from_slice(hash.cut(&hasher.finalize_reset()));
                hashed = 0;
            }
            chunk = later;
        }
    }
    if hashed > 0 {
        hashes.extend_from_slice(hash.cut(&hasher.finalize()));
    }
}
