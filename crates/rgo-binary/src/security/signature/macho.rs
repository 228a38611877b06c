//! Reads and checks Apple's code signature (XNU's `osfmk/kern/cs_blobs.h`; all numbers big-endian).
//!
//! ```text
//! SuperBlob      fade0cc0, length, count, then per blob: slot, offset
//! CodeDirectory  slot 0 and, for further hash algorithms, 1000…1004: fade0c02, length, version,
//!                flags, offset of hash 0, offset of identifier, special slots, code slots,
//!                code limit, hash size u8, hash type u8, platform u8, log2 of page size u8, …
//! hashes         special slot n at hash 0 - n × size; page n at hash 0 + n × size
//! CMS            slot 10000, fade0b01: a signed message about the first CodeDirectory
//! ```
//!
//! Slots 1 (Info.plist) and 3 (resources of a bundle) are hashes of files beside the image. A
//! program without a bundle has its Info.plist in `__TEXT,__info_plist` instead.

use std::collections::BTreeSet;

use object::macho;
use object::read::macho::{CodeDirectory as Directory, CodeSignature as Blobs};
use object::read::macho::{MachHeader, MachOFile};
use object::{BigEndian as BE, Endianness, Object, ReadRef};

use super::cms::SignedMessage;
use super::{Algorithm, CodeDirectory, CodeSignature, Signature, SignatureKind, SpecialSlot, all};
use crate::{Error, Image, Result, TriState};

const WHAT: &str = "Mach-O code signature";
/// The longest identifier or team.
const MAX_TEXT: usize = 4096;
/// Real signatures have about ten blobs.
const MAX_BLOBS: usize = 100;
/// XNU has 11 special slots.
const MAX_SPECIAL: u32 = 32;
const INFO_PLIST: u32 = 1;

const FLAGS: [(macho::CsFlags, &str); 14] = [
    (macho::CS_ADHOC, "ADHOC"),
    (macho::CS_GET_TASK_ALLOW, "GET_TASK_ALLOW"),
    (macho::CS_INSTALLER, "INSTALLER"),
    (macho::CS_FORCED_LV, "FORCED_LV"),
    (macho::CS_INVALID_ALLOWED, "INVALID_ALLOWED"),
    (macho::CS_HARD, "HARD"),
    (macho::CS_KILL, "KILL"),
    (macho::CS_CHECK_EXPIRATION, "CHECK_EXPIRATION"),
    (macho::CS_RESTRICT, "RESTRICT"),
    (macho::CS_ENFORCEMENT, "ENFORCEMENT"),
    (macho::CS_REQUIRE_LV, "REQUIRE_LV"),
    (macho::CS_ENTITLEMENTS_VALIDATED, "ENTITLEMENTS_VALIDATED"),
    (macho::CS_RUNTIME, "RUNTIME"),
    (macho::CS_LINKER_SIGNED, "LINKER_SIGNED"),
];

const SLOTS: [(u32, &str); 10] = [
    (INFO_PLIST, "info-plist"),
    (2, "requirements"),
    (3, "resources"),
    (4, "application"),
    (5, "entitlements"),
    (7, "entitlements-der"),
    (8, "launch-constraint-self"),
    (9, "launch-constraint-parent"),
    (10, "launch-constraint-responsible"),
    (11, "library-constraint"),
];

/// A CodeDirectory's hash: algorithm, stored bytes, name.
fn hash_type(kind: macho::CsHashType) -> Option<(Algorithm, usize, &'static str)> {
    match kind {
        macho::CS_HASHTYPE_SHA1 => Some((Algorithm::Sha1, 20, "sha1")),
        macho::CS_HASHTYPE_SHA256 => Some((Algorithm::Sha256, 32, "sha256")),
        macho::CS_HASHTYPE_SHA256_TRUNCATED => Some((Algorithm::Sha256, 20, "sha256-truncated")),
        macho::CS_HASHTYPE_SHA384 => Some((Algorithm::Sha384, 48, "sha384")),
        _ => None,
    }
}

/// The parts of a signature.
struct SignatureParts<'a> {
    /// Its offset in the image.
    offset: u64,
    /// CodeDirectories with their bytes, that of slot 0 first.
    directories: Vec<(Directory<'a>, &'a [u8])>,
    /// Blobs in special slots.
    special: Vec<(u32, &'a [u8])>,
    cms: &'a [u8],
}

/// The flags of the first CodeDirectory; `None` if the image has no readable one.
pub(crate) fn code_directory_flags(image: &Image<'_>) -> Option<macho::CsFlags> {
    let parts = parts(image).ok()??;
    parts.directories.first().map(|(directory, _)| directory.header().flags.get(BE))
}

pub(super) fn signature(image: &Image<'_>) -> Result<Signature> {
    let Some(parts) = parts(image)? else {
        let loadable = image.object().kind() != object::ObjectKind::Relocatable;
        return Ok(if loadable {
            Signature::of_kind(SignatureKind::None, TriState::NotApplicable)
        } else {
            Signature::of_kind(SignatureKind::NotApplicable, TriState::NotApplicable)
        });
    };
    let bad = |why: object::Error| Error::malformed(WHAT, parts.offset, why);
    let Some((first, _)) = parts.directories.first() else {
        return Err(Error::malformed(WHAT, parts.offset, "it has no CodeDirectory"));
    };
    let flags = first.header().flags.get(BE);
    let directories: Vec<_> =
        parts.directories.iter().map(|(directory, _)| check_pages(image, directory)).collect();
    let covers_all =
        parts.directories.iter().all(|(directory, _)| directory.code_limit() == parts.offset);
    let special_slots = special_slots(image, &parts, first);
    let message = SignedMessage::parse(parts.cms);
    let apple = CodeSignature {
        identifier: text(first.ident().map_err(bad)?),
        team_id: first.team_id().map_err(bad)?.map(text),
        flags: FLAGS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, it)| *it).collect(),
        linker_signed: flags.contains(macho::CS_LINKER_SIGNED),
        hardened_runtime: flags.contains(macho::CS_RUNTIME),
        directory_signed: match &message {
            Some(message) => directory_signed(message, &parts),
            None if parts.cms.is_empty() => TriState::NotApplicable,
            None => TriState::Unknown,
        },
        signer: message.map(|message| message.signer),
        covers_all,
        directories,
        special_slots,
    };
    let holds = all(apple
        .directories
        .iter()
        .map(|directory| directory.holds)
        .chain([covers_all.into(), apple.directory_signed])
        // Unknown slots hash files beside the image, so they do not count.
        .chain(apple.special_slots.iter().map(|slot| slot.holds).filter(|it| *it == TriState::No)));
    let kind = if parts.cms.is_empty() { SignatureKind::AdHoc } else { SignatureKind::Identity };
    Ok(Signature { apple: Some(apple), ..Signature::of_kind(kind, holds) })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MAX_TEXT).unwrap_or(bytes)).into_owned()
}

fn parts<'a>(image: &Image<'a>) -> Result<Option<SignatureParts<'a>>> {
    let place = match image.object() {
        object::File::MachO32(file) => place(file),
        object::File::MachO64(file) => place(file),
        _ => Ok(None),
    };
    let Some((offset, size)) = place? else { return Ok(None) };
    let bad = |why: object::Error| Error::malformed(WHAT, offset.into(), why);
    let data = image
        .data()
        .read_bytes_at(offset.into(), size.into())
        .map_err(|()| Error::malformed(WHAT, offset.into(), "it reaches outside the image"))?;
    let mut parts = SignatureParts {
        offset: offset.into(),
        directories: Vec::new(),
        special: Vec::new(),
        cms: &[],
    };
    let alternates =
        macho::CSSLOT_ALTERNATE_CODEDIRECTORIES..macho::CSSLOT_ALTERNATE_CODEDIRECTORY_LIMIT;
    // A blob that is listed a thousand times would be hashed as many times.
    let (mut seen, mut total) = (BTreeSet::new(), 0);
    let blobs = Blobs::parse(data).map_err(bad)?;
    if blobs.index().len() > MAX_BLOBS {
        let count = blobs.index().len() as u64;
        return Err(Error::limit("the number of blobs in a signature", count, MAX_BLOBS as u64));
    }
    for blob in blobs.blobs() {
        let blob = blob.map_err(bad)?;
        let slot = blob.slot();
        total += blob.data().len();
        if total > data.len() || !seen.insert(slot.0) {
            let why = format!("the blob in slot {:#x} overlaps another one", slot.0);
            return Err(Error::malformed(WHAT, parts.offset, why));
        }
        if slot == macho::CSSLOT_CODEDIRECTORY || alternates.contains(&slot.0) {
            let directory = blob.code_directory().map_err(bad)?.ok_or_else(|| {
                Error::malformed(WHAT, parts.offset, "no CodeDirectory in the slot of one")
            })?;
            let at = if slot.0 == 0 { 0 } else { parts.directories.len() };
            parts.directories.insert(at, (directory, blob.data()));
        } else if slot == macho::CSSLOT_SIGNATURESLOT {
            parts.cms = blob.contents();
        } else if slot.0 <= MAX_SPECIAL {
            parts.special.push((slot.0, blob.data()));
        }
    }
    Ok(Some(parts))
}

/// Offset and size of the signature in the file.
fn place<H: MachHeader<Endian = Endianness>>(
    file: &MachOFile<'_, H>,
) -> Result<Option<(u32, u32)>> {
    let bad = |why: object::Error| Error::malformed("Mach-O load commands", 0, why);
    let mut commands = file.macho_load_commands().map_err(bad)?;
    while let Some(command) = commands.next().map_err(bad)? {
        if command.cmd() == macho::LC_CODE_SIGNATURE {
            let data: &macho::LinkeditDataCommand<Endianness> = command.data().map_err(bad)?;
            let endian = file.endian();
            return Ok(Some((data.dataoff.get(endian), data.datasize.get(endian))));
        }
    }
    Ok(None)
}

fn check_pages(image: &Image<'_>, directory: &Directory<'_>) -> CodeDirectory {
    let header = directory.header();
    let pages = header.n_code_slots.get(BE);
    let page_bytes = match header.page_size {
        0 => Some(0),
        power @ 12..=16 => Some(1_u32 << power),
        _ => None,
    };
    let known = hash_type(header.hash_type);
    let name = known.map_or(format!("type {}", header.hash_type.0), |(.., name)| name.to_owned());
    let mut result = CodeDirectory {
        hash: name,
        page_bytes: page_bytes.unwrap_or_default(),
        pages,
        changed_pages: 0,
        holds: TriState::Unknown,
    };
    let scattered = directory.scatter_offset().unwrap_or_default() != 0;
    let (Some((algorithm, size, _)), Some(page_bytes), false) = (known, page_bytes, scattered)
    else {
        return result;
    };
    let limit = usize::try_from(directory.code_limit()).ok();
    let Some(code) = limit.and_then(|limit| image.data().get(..limit)) else {
        result.holds = TriState::No;
        return result;
    };
    let page = match page_bytes {
        0 => code.len().max(1),
        bytes => usize::try_from(bytes).unwrap_or(usize::MAX),
    };
    let mut checked = 0_u32;
    for (index, bytes) in (0..pages).zip(code.chunks(page)) {
        let hash = algorithm.hash(&[bytes]);
        let same = usize::from(header.hash_size) == size
            && directory.code_hash(index).is_ok_and(|expected| hash.get(..size) == Some(expected));
        result.changed_pages += u32::from(!same);
        checked += 1;
    }
    let complete = checked == pages && code.chunks(page).len() as u64 == u64::from(pages);
    result.holds = (complete && result.changed_pages == 0).into();
    result
}

fn special_slots(
    image: &Image<'_>,
    parts: &SignatureParts<'_>,
    directory: &Directory<'_>,
) -> Vec<SpecialSlot> {
    let header = directory.header();
    let count = header.n_special_slots.get(BE).min(MAX_SPECIAL);
    let mut slots = Vec::new();
    for slot in 1..=count {
        let Ok(expected) = directory.special_hash(macho::CsSlot(slot)) else { continue };
        let blob = parts.special.iter().find(|(other, _)| *other == slot).map(|(_, data)| *data);
        let blob = blob.or_else(|| {
            let plist = image.section("__info_plist").filter(|_| slot == INFO_PLIST);
            plist.map(|section| section.data)
        });
        if expected.iter().all(|byte| *byte == 0) && blob.is_none() {
            continue;
        }
        let holds = match (hash_type(header.hash_type), blob) {
            (Some((algorithm, size, _)), Some(blob)) => {
                (algorithm.hash(&[blob]).get(..size) == Some(expected)).into()
            }
            _ => TriState::Unknown,
        };
        let name = SLOTS.iter().find(|(number, _)| *number == slot).map_or("other", |(_, it)| *it);
        slots.push(SpecialSlot { slot, name, holds });
    }
    slots
}

/// The signed message has no content of its own: the CodeDirectory is its content.
fn directory_signed(message: &SignedMessage<'_>, parts: &SignatureParts<'_>) -> TriState {
    let (Some(algorithm), Some(digest)) = (message.algorithm, message.message_digest) else {
        return TriState::Unknown;
    };
    parts.directories.first().is_some_and(|(_, bytes)| algorithm.hash(&[bytes]) == digest).into()
}
