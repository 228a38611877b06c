//! Signatures: of osslsigncode and of zig's linker, and laid out here; bytes changed afterwards
//! are found.

use rgo_binary::TriState::{self, No, NotApplicable, Unknown, Yes};
use rgo_binary::security::hardening::hardening;
use rgo_binary::security::signature::{CodeSignature, Signature, SignatureKind, signature};
use sha2::{Digest, Sha256};

use crate::support::facts::{
    ELF, MACHO_PROGRAM, MACHO_SIGNED, OID_SHA256, PE_PROGRAM, SIGNED_PE, der, image,
    optional_header, put, signed_message, u32_le,
};

fn of(data: &[u8]) -> Signature {
    signature(&image(data)).expect("reads")
}

fn apple(data: &[u8]) -> CodeSignature {
    of(data).apple.expect("there")
}

#[test]
fn what_is_not_signed_says_so() {
    for (data, kind) in [
        (ELF, SignatureKind::NotApplicable),
        (MACHO_PROGRAM, SignatureKind::None),
        (PE_PROGRAM, SignatureKind::None),
    ] {
        let signature = of(data);
        assert_eq!((signature.kind, signature.holds), (kind, NotApplicable));
        assert_eq!(signature.signer(), None);
    }
}

#[test]
fn a_linkers_signature_holds_until_a_byte_changes() {
    let signature = of(MACHO_SIGNED);
    assert_eq!((signature.kind, signature.holds), (SignatureKind::AdHoc, Yes));
    let apple_part = apple(MACHO_SIGNED);
    assert_eq!(apple_part.flags, ["ADHOC", "LINKER_SIGNED"]);
    assert!(apple_part.linker_signed && apple_part.covers_all && !apple_part.hardened_runtime);
    assert_eq!((apple_part.signer, apple_part.directory_signed), (None, NotApplicable));
    let directory = &apple_part.directories[0];
    assert_eq!((&*directory.hash, directory.changed_pages), ("sha256", 0));
    let mut data = MACHO_SIGNED.to_vec();
    data[0x5000] ^= 1;
    data[0x9000] ^= 1;
    assert_eq!(of(&data).holds, No);
    assert_eq!(apple(&data).directories[0].changed_pages, 2);
}

/// Offset of the load command that names the signature.
fn signature_command(data: &[u8]) -> usize {
    let mut at = 32;
    while u32_le(data, at) != 0x1d {
        at += u32_le(data, at + 4) as usize;
    }
    at
}

/// The signed fixture with an identity's signature: CodeDirectory, requirements, CMS.
fn with_identity(message: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut data = MACHO_SIGNED.to_vec();
    let command = signature_command(&data);
    let start = u32_le(&data, command + 8) as usize;
    data.truncate(start);
    let requirements = [&0xfade_0c01_u32.to_be_bytes()[..], &12_u32.to_be_bytes(), &[0; 4]];
    let requirements = requirements.concat();
    // The hashes are as long as those now there; the load command changes, so a dry run tells
    // the size first.
    let build = |data: &[u8]| {
        let pages = data.len().div_ceil(0x1000);
        let (ident, team) = (b"org.example\0", b"TEAM123456\0");
        let hashes = 52 + ident.len() + team.len() + 5 * 32;
        let words = [
            0xfade_0c02,
            (hashes + pages * 32) as u32,
            0x2_0200,
            0x1_0000,
            hashes as u32,
            52,
            5,
            pages as u32,
            data.len() as u32,
            0x2002_000c,
            0,
            0,
            52 + ident.len() as u32,
        ];
        let mut directory: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        directory.extend(ident);
        directory.extend(team);
        // Slots 5 to 1: an entitlement that is missing, nothing, nothing, requirements, plist.
        for hash in [[7; 32], [0; 32], [0; 32], Sha256::digest(&requirements).into(), [9; 32]] {
            directory.extend(hash);
        }
        data.chunks(0x1000).for_each(|page| directory.extend(Sha256::digest(page)));
        let cms = message(&directory);
        let cms_size = (cms.len() + 8) as u32;
        let cms = [&0xfade_0b01_u32.to_be_bytes()[..], &cms_size.to_be_bytes(), &cms].concat();
        let blobs = [(0_u32, directory), (2, requirements.clone()), (0x10000, cms)];
        let mut at = 12 + 8 * blobs.len() as u32;
        let total = at + blobs.iter().map(|(_, blob)| blob.len() as u32).sum::<u32>();
        let mut signature: Vec<u8> =
            [0xfade_0cc0, total, 3].iter().flat_map(|word: &u32| word.to_be_bytes()).collect();
        for (slot, blob) in &blobs {
            signature.extend(slot.to_be_bytes());
            signature.extend(at.to_be_bytes());
            at += blob.len() as u32;
        }
        blobs.iter().for_each(|(_, blob)| signature.extend(blob));
        signature
    };
    let size = build(&data).len() as u32;
    put(&mut data, command + 12, &size.to_le_bytes());
    let signature = build(&data);
    data.extend(signature);
    data
}

fn message_for(directory: &[u8]) -> Vec<u8> {
    signed_message("Developer ID Application: Example", &Sha256::digest(directory), None)
}

#[test]
fn an_identity_is_named() {
    let data = with_identity(message_for);
    let signature = of(&data);
    assert_eq!((signature.kind, signature.holds), (SignatureKind::Identity, Yes));
    let signer = signature.signer().expect("signed").clone();
    assert_eq!(signer.subject.as_deref(), Some("Developer ID Application: Example"));
    assert_eq!(signer.issuer.as_deref(), Some("Example Root"));
    assert_eq!(signer.certificates.len(), 2);
    let apple = apple(&data);
    assert_eq!(apple.identifier, "org.example");
    assert_eq!(apple.team_id.as_deref(), Some("TEAM123456"));
    assert_eq!((apple.flags, apple.directory_signed), (vec!["RUNTIME"], Yes));
    let slots: Vec<(&str, TriState)> =
        apple.special_slots.iter().map(|slot| (slot.name, slot.holds)).collect();
    let expected = [("info-plist", Unknown), ("requirements", Yes), ("entitlements", Unknown)];
    assert_eq!(slots, expected);
}

#[test]
fn a_message_about_another_directory_does_not_hold() {
    let data = with_identity(|_| message_for(b"another directory"));
    assert_eq!((of(&data).holds, apple(&data).directory_signed), (No, No));
    // A message that cannot be read is an identity's still, and nobody knows what it says.
    let data = with_identity(|_| b"not a message".to_vec());
    let signature = of(&data);
    assert_eq!((signature.kind, signature.holds), (SignatureKind::Identity, Unknown));
    assert_eq!(signature.signer(), None);
}

#[test]
fn changed_requirements_are_found() {
    let mut data = with_identity(message_for);
    let at = data.windows(4).position(|window| window == [0xfa, 0xde, 0x0c, 0x01]).expect("there");
    data[at + 11] ^= 1;
    assert_eq!(of(&data).holds, No);
    assert_eq!(apple(&data).special_slots[1].holds, No);
}

#[test]
fn forged_blob_tables_are_refused() {
    let data = with_identity(message_for);
    let start = u32_le(&data, signature_command(&data) + 8) as usize;
    // Twice the same slot; a blob past the end; more blobs than there are bytes; no directory.
    for (at, value) in [(20, 0), (16, u32::MAX), (8, u32::MAX), (12, 9)] {
        let mut data = data.clone();
        put(&mut data, start + at, &value.to_be_bytes());
        assert!(signature(&image(&data)).is_err(), "{at}");
    }
}

#[test]
fn the_runtime_flag_hardens_a_program() {
    let mut data = with_identity(message_for);
    // MH_EXECUTE: only programs are asked. The page hash is wrong now, the flags are not.
    put(&mut data, 12, &2_u32.to_le_bytes());
    assert_eq!(hardening(&image(&data)).expect("reads").hardened_runtime.answer, Yes);
}

#[test]
fn authenticode_of_a_real_signer_holds() {
    let signature = of(SIGNED_PE);
    assert_eq!((signature.kind, signature.holds), (SignatureKind::Authenticode, Yes));
    let hashes: Vec<_> = signature.authenticode.iter().map(|it| (&*it.hash, it.holds)).collect();
    assert_eq!(hashes, [("sha1", Yes), ("sha256", Yes)]);
    let signer = signature.signer().expect("signed");
    assert_eq!(signer.subject.as_deref(), Some("Example Code Signing"));
    // The checksum is not part of what is signed; anything else is.
    let checksum = optional_header(SIGNED_PE) + 64;
    for (at, expected) in [(checksum, Yes), (checksum - 4, No), (0x1000, No)] {
        let mut data = SIGNED_PE.to_vec();
        data[at] ^= 1;
        assert_eq!(of(&data).holds, expected, "{at:#x}");
    }
    let mut data = SIGNED_PE.to_vec();
    data.push(0);
    assert_eq!(of(&data).holds, No, "something behind the table");
}

#[test]
fn authenticode_laid_out_by_hand_holds() {
    let mut data = PE_PROGRAM.to_vec();
    data.resize(data.len().next_multiple_of(8), 0);
    let optional = optional_header(&data);
    let (checksum, directory) = (optional + 64, optional + 144);
    let signed = [&data[..checksum], &data[checksum + 4..directory], &data[directory + 8..]];
    let digest = Sha256::digest(signed.concat());
    let kind = der(0x30, &[&der(6, &[b"kind"])]);
    let hash = der(0x30, &[&der(0x30, &[&der(6, &[OID_SHA256])]), &der(4, &[&digest])]);
    let content = der(0x30, &[&kind, &hash]);
    let message = |about: &[u8]| signed_message("Example", &Sha256::digest(about), Some(&content));
    for (about, expected) in [([kind.clone(), hash.clone()].concat(), Yes), (content.clone(), No)] {
        let message = message(&about);
        let mut data = data.clone();
        let (offset, size) = (data.len() as u32, message.len() as u32 + 8);
        put(&mut data, directory, &offset.to_le_bytes());
        put(&mut data, directory + 4, &size.next_multiple_of(8).to_le_bytes());
        data.extend(size.to_le_bytes());
        data.extend([0, 2, 2, 0]);
        data.extend(&message);
        data.resize(data.len().next_multiple_of(8), 0);
        let signature = of(&data);
        assert_eq!(signature.holds, expected);
        let found = &signature.authenticode[0];
        assert_eq!((found.holds, found.digest_signed), (Yes, expected));
        assert_eq!(found.signer.subject.as_deref(), Some("Example"));
    }
}
