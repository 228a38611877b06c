//! Identities, package notes, version resources and packers.

use object::Object;
use rgo_binary::debug::build_id::identities;
use rgo_binary::embedded::package_note::package_note;
use rgo_binary::embedded::version_resource::version_info;
use rgo_binary::packer::packer;

use crate::support::facts::{
    self, ELF, ELF_PROGRAM, HARD_ELF, MACHO, MACHO_PROGRAM, PE, PE_PROGRAM, SIGNED_PE, elf, image,
    largest_section, note, optional_header, put, section_header, u32_le,
};

#[test]
fn identities_are_those_that_object_reads() {
    for data in [ELF, ELF_PROGRAM, HARD_ELF, MACHO, MACHO_PROGRAM, PE, PE_PROGRAM, SIGNED_PE] {
        let found = identities(&image(data)).expect("reads");
        let theirs = object::File::parse(data).expect("parses");
        let build_id = theirs.build_id().expect("reads");
        assert_eq!(found.gnu_build_id, build_id.map(hex::encode));
        let digits = found.uuid.map(|uuid| uuid.replace('-', ""));
        assert_eq!(digits, theirs.mach_uuid().expect("reads").map(hex::encode_upper));
        let pdb = theirs.pdb_info().expect("reads");
        assert_eq!(found.pdb.as_ref().map(|pdb| pdb.path.as_bytes()), pdb.map(|pdb| pdb.path()));
        assert_eq!(found.pdb.map(|pdb| pdb.age), pdb.map(|pdb| pdb.age()));
    }
    let found = identities(&image(HARD_ELF)).expect("reads");
    assert_eq!(found.gnu_build_id.as_deref(), Some("0123456789abcdef"));
    let found = identities(&image(PE)).expect("reads").reproducible.expect("lld marks it");
    let stamp = u32_le(PE, u32_le(PE, 0x3c) as usize + 8);
    assert_eq!((found.hash, found.stamp), (None, stamp));
}

#[test]
fn a_build_id_needs_no_section_headers() {
    let id = [&note(b"GNU\0", 1, &[0; 16], 4)[..], &note(b"GNU\0", 3, &[0xab; 8], 4)].concat();
    for align in [1, 4, 8, 4096] {
        let data = elf(2, 62, &[(4, 4, align, &id)]);
        let found = identities(&image(&data)).expect("reads");
        assert_eq!(found.gnu_build_id.as_deref(), Some("abababababababab"), "{align}");
    }
    // Another owner's type 3 is none.
    let data = elf(2, 62, &[(4, 4, 4, &note(b"stapsdt\0", 3, &[1; 8], 4))]);
    assert_eq!(identities(&image(&data)).expect("reads").gnu_build_id, None);
}

#[test]
fn a_package_note_is_read() {
    let note = package_note(&image(HARD_ELF)).expect("reads").expect("there");
    assert_eq!(note.kind.as_deref(), Some("deb"));
    assert_eq!((note.name.as_deref(), note.version.as_deref()), (Some("hello"), Some("1.2-3")));
    assert_eq!(note.other["vendor"], "Example Ltd");
    for data in [ELF, MACHO, PE] {
        assert_eq!(package_note(&image(data)).expect("reads"), None);
    }
    let broken = elf(3, 62, &[(4, 4, 4, &facts::note(b"FDO\0", 0xcafe_1a7e, b"{", 4))]);
    assert!(package_note(&image(&broken)).is_err());
}

/// Wide text with its NUL.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_version_resource_is_found_through_its_tree() {
    let mut data = PE_PROGRAM.to_vec();
    let optional = optional_header(&data);
    let (address, offset) = largest_section(&data);
    // Three tables of one entry each, the leaf, the resource: type 16, name 1, language 1033.
    let mut tree = Vec::new();
    for (id, next) in [(16_u32, 24 | 1 << 31), (1, 48 | 1 << 31), (1033, 72)] {
        tree.extend([0; 14]);
        tree.extend(1_u16.to_le_bytes());
        tree.extend(id.to_le_bytes());
        tree.extend(u32::to_le_bytes(next));
    }
    let key = wide("VS_VERSION_INFO");
    let mut resource = vec![0; 6];
    resource.extend(&key);
    resource.resize(resource.len().next_multiple_of(4), 0);
    let fixed = [0xfeef_04bd_u32, 0x1_0000, 0x2_0003, 0x4_0005, 0x2_0003, 0x4_0005, 0, 0];
    resource.extend(fixed.iter().flat_map(|word| word.to_le_bytes()));
    resource.resize(resource.len() + 20, 0);
    let size = resource.len() as u32;
    put(&mut resource, 0, &(size as u16).to_le_bytes());
    put(&mut resource, 2, &52_u16.to_le_bytes());
    for word in [address + 88, size, 0, 0] {
        tree.extend(word.to_le_bytes());
    }
    tree.extend(resource);
    put(&mut data, offset, &tree);
    put(&mut data, optional + 112 + 16, &address.to_le_bytes());
    put(&mut data, optional + 112 + 20, &(tree.len() as u32).to_le_bytes());
    let info = version_info(&image(&data)).expect("reads").expect("there");
    assert_eq!(info.fixed_file_version.as_deref(), Some("2.3.4.5"));
    assert!(info.strings.is_empty());
    // A table that is its own child ends after three levels, and is no resource.
    put(&mut data, offset + 20, &(1_u32 << 31).to_le_bytes());
    assert_eq!(version_info(&image(&data)).expect("reads"), None);
    // A leaf outside of the file.
    put(&mut data, offset + 20, &(24_u32 | 1 << 31).to_le_bytes());
    put(&mut data, offset + 72, &u32::MAX.to_le_bytes());
    assert!(version_info(&image(&data)).is_err());
    assert_eq!(version_info(&image(PE_PROGRAM)).expect("reads"), None);
}

#[test]
fn packers_are_told_by_their_marks() {
    for data in [ELF, ELF_PROGRAM, MACHO, MACHO_PROGRAM, PE, PE_PROGRAM] {
        assert_eq!(packer(&image(data)), None);
    }
    // UPX's header follows the program headers.
    let stub = [&[0; 4][..], b"UPX!", &[0, 8, 14, 22], b"\0$Id: UPX 4.24 Copyright (C)\n"].concat();
    let data = elf(2, 62, &[(1, 5, 4096, &stub)]);
    let found = packer(&image(&data)).expect("packed");
    assert_eq!((found.name, found.version.as_deref()), ("UPX", Some("4.24")));
    assert_eq!(found.evidence, "\"UPX!\" at offset 0x7c");
    let moved = [&[0; 5][..], &stub[4..]].concat();
    assert_eq!(packer(&image(&elf(2, 62, &[(1, 5, 4096, &moved)]))), None);
    // The first section gets the packer's name.
    for (name, packed_by) in [(b"UPX0\0\0\0\0", "UPX"), (b".aspack\0", "ASPack")] {
        let mut data = PE_PROGRAM.to_vec();
        let section = section_header(&data, 0);
        put(&mut data, section, name);
        let found = packer(&image(&data)).expect("packed");
        assert_eq!(found.name, packed_by);
        assert!(found.evidence.starts_with("section "));
    }
    let mut data = MACHO_PROGRAM.to_vec();
    let end = 32 + u32_le(&data, 20) as usize;
    put(&mut data, end + 4, b"UPX!");
    assert_eq!(packer(&image(&data)).expect("packed").name, "UPX");
}
