//! The images that edits are tried on.

pub(crate) const ELF_AMD64: &[u8] =
    include_bytes!("../../../rgo-binary/tests/fixtures/edit/elf-amd64");
pub(crate) const ELF_ARM64: &[u8] =
    include_bytes!("../../../rgo-binary/tests/fixtures/edit/elf-arm64");
pub(crate) const MACHO_AMD64: &[u8] =
    include_bytes!("../../../rgo-binary/tests/fixtures/edit/macho-amd64");
pub(crate) const MACHO_ARM64: &[u8] =
    include_bytes!("../../../rgo-binary/tests/fixtures/edit/macho-arm64.dylib");
pub(crate) const PE_AMD64: &[u8] =
    include_bytes!("../../../rgo-binary/tests/fixtures/edit/pe-amd64.exe");
pub(crate) const PE_ARM64: &[u8] =
    include_bytes!("../../../rgo-binary/tests/fixtures/edit/pe-arm64.exe");

/// All fixtures, by name.
pub(crate) const ALL: [(&str, &[u8]); 6] = [
    ("elf-amd64", ELF_AMD64),
    ("elf-arm64", ELF_ARM64),
    ("macho-amd64", MACHO_AMD64),
    ("macho-arm64.dylib", MACHO_ARM64),
    ("pe-amd64.exe", PE_AMD64),
    ("pe-arm64.exe", PE_ARM64),
];

pub(crate) fn u32_le(data: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

pub(crate) fn put_u32(data: &mut [u8], at: usize, value: u32) {
    data[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A fat file of thin images, 32-bit header, slices aligned to 16 KiB.
pub(crate) fn fat(slices: &[&[u8]]) -> Vec<u8> {
    let mut file = vec![0; 8 + 20 * slices.len()];
    file[..4].copy_from_slice(&0xcafe_babe_u32.to_be_bytes());
    file[4..8].copy_from_slice(&(slices.len() as u32).to_be_bytes());
    for (number, slice) in slices.iter().enumerate() {
        file.resize(file.len().next_multiple_of(0x4000), 0);
        let (offset, size) = (file.len() as u32, slice.len() as u32);
        let words = [u32_le(slice, 4), u32_le(slice, 8), offset, size, 14];
        for (field, word) in words.into_iter().enumerate() {
            let at = 8 + 20 * number + 4 * field;
            file[at..at + 4].copy_from_slice(&word.to_be_bytes());
        }
        file.extend_from_slice(slice);
    }
    file
}

/// Load commands of a thin Mach-O image: kind, offset and size.
pub(crate) fn load_commands(image: &[u8]) -> Vec<(u32, usize, usize)> {
    let mut at = 32;
    (0..u32_le(image, 16))
        .map(|_| {
            let (kind, size) = (u32_le(image, at), u32_le(image, at + 4) as usize);
            at += size;
            (kind, at - size, size)
        })
        .collect()
}

/// File offset of the COFF header of a PE image.
pub(crate) fn coff_header(image: &[u8]) -> usize {
    u32_le(image, 0x3c) as usize + 4
}
