//! Checks ELF files as Go does (`debug/elf`, `NewFile`), and maps their data: all program headers
//! count, whatever their type.

use object::elf::{
    FileHeader32, FileHeader64, PF_W, PF_X, PT_LOAD, SHF_COMPRESSED, SHT_NULL, SHT_STRTAB,
};
use object::read::elf::{
    CompressionHeader as _, FileHeader, ProgramHeader as _, SectionHeader as _,
};
use object::{BigEndian, LittleEndian};

use super::{MappedPart, Refusal, Space, exact, is_signed, present, read_at};

/// From this number on, the first section's header holds the number of sections.
const RESERVED: u64 = 0xff00;
const NAME_ELSEWHERE: u16 = 0xffff;

pub(super) fn space(data: &[u8]) -> Option<Space<'_>> {
    // Class, encoding, version.
    match *data.get(4..7)?.first_chunk::<3>()? {
        [1, 1, 1] => read::<FileHeader32<LittleEndian>>(data, LittleEndian),
        [1, 2, 1] => read::<FileHeader32<BigEndian>>(data, BigEndian),
        [2, 1, 1] => read::<FileHeader64<LittleEndian>>(data, LittleEndian),
        [2, 2, 1] => read::<FileHeader64<BigEndian>>(data, BigEndian),
        _ => None,
    }
}

fn read<H: FileHeader>(data: &[u8], e: H::Endian) -> Option<Space<'_>> {
    let header: &H = read_at(data, 0)?;
    let (phoff, shoff): (u64, u64) = (header.e_phoff(e).into(), header.e_shoff(e).into());
    let (phnum, shnum) = (header.e_phnum(e), header.e_shnum(e));
    // Go checks the lowest byte of the version only.
    let bad = header.e_version(e) as u8 != 1
        || !is_signed(phoff)
        || !is_signed(shoff)
        || (shoff == 0 && shnum != 0)
        || (shnum > 0 && header.e_shstrndx(e).0 >= shnum)
        || (phnum > 0 && usize::from(header.e_phentsize(e)) < size_of::<H::ProgramHeader>());
    if bad {
        return None;
    }
    let mut space = Space { place: (0, 0), base: 0, parts: Vec::new(), unmapped: Refusal::Format };
    let mut writable = None;
    let stride = u64::from(header.e_phentsize(e));
    let table = exact(data, phoff, u64::from(phnum) * stride)?;
    for index in 0..u64::from(phnum) {
        let program: &H::ProgramHeader = read_at(table, index * stride)?;
        let (offset, size) = (program.p_offset(e).into(), program.p_filesz(e).into());
        if !is_signed(offset) || !is_signed(size) {
            return None;
        }
        let address = program.p_vaddr(e).into();
        space.parts.push(MappedPart::new(address, size, present(data, offset, size)));
        let flags = program.p_flags(e).0 & (PF_X.0 | PF_W.0);
        if program.p_type(e) == PT_LOAD && flags == PF_W.0 {
            writable.get_or_insert((address, program.p_memsz(e).into()));
        }
    }
    space.place = named::<H>(data, e, header)?.or(writable).unwrap_or_default();
    Some(space)
}

/// The blob's section. The outer `None` means that Go refuses the section headers.
fn named<H: FileHeader>(data: &[u8], e: H::Endian, header: &H) -> Option<Option<(u64, u64)>> {
    let shoff = header.e_shoff(e).into();
    let mut count = u64::from(header.e_shnum(e));
    let mut names_in = u64::from(header.e_shstrndx(e).0);
    if shoff > 0 && count == 0 {
        let first: &H::SectionHeader = read_at(data, shoff)?;
        count = first.sh_size(e).into();
        if first.sh_type(e) != SHT_NULL || !is_signed(count) || count < RESERVED {
            return None;
        }
        if header.e_shstrndx(e).0 == NAME_ELSEWHERE {
            names_in = u64::from(first.sh_link(e));
            if names_in < RESERVED {
                return None;
            }
        }
    }
    let stride = u64::from(header.e_shentsize(e));
    if count > 0 && stride < size_of::<H::SectionHeader>() as u64 {
        return None;
    }
    let table = exact(data, shoff, count.checked_mul(stride)?)?;
    let section = |index: u64| read_at::<H::SectionHeader>(table, index.checked_mul(stride)?);
    // A compressed section has its size in its own header.
    let size_of_section = |section: &H::SectionHeader| {
        let (offset, size) = (section.sh_offset(e).into(), section.sh_size(e).into());
        if !is_signed(offset) || !is_signed(size) {
            return None;
        }
        if section.sh_flags(e).0 & SHF_COMPRESSED.0 == 0 {
            return Some(size);
        }
        let bytes = present(data, offset, size);
        read_at::<H::CompressionHeader>(bytes, 0).map(|header| header.ch_size(e).into())
    };
    for index in 0..count {
        size_of_section(section(index)?)?;
    }
    if count == 0 || names_in == 0 {
        return Some(None);
    }
    let names = section(names_in)?;
    // Go would inflate compressed names; no known tool writes such a table.
    if names.sh_type(e) != SHT_STRTAB || names.sh_flags(e).0 & SHF_COMPRESSED.0 != 0 {
        return None;
    }
    let names = exact(data, names.sh_offset(e).into(), names.sh_size(e).into())?;
    let end_of_names = memchr::memrchr(0, names)?;
    let mut found = None;
    for index in 0..count {
        let section = section(index)?;
        let start = usize::try_from(section.sh_name(e)).ok().filter(|at| *at <= end_of_names)?;
        if found.is_none() && names.get(start..)?.starts_with(b".go.buildinfo\0") {
            found = Some((section.sh_addr(e).into(), size_of_section(section)?));
        }
    }
    Some(found)
}
