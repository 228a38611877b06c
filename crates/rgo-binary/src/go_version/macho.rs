//! Checks Mach-O files as Go does (`debug/macho`, `NewFile` and `NewFatFile`), and maps their data.
//! Go checks symbols, indirect symbols and relocations and refuses the file for a flaw in them,
//! although the blob needs none of these.

use std::collections::HashSet;

use object::macho::{
    DylibCommand, DysymtabCommand, FatArch32, LC_DYSYMTAB, LC_LOAD_DYLIB, LC_RPATH, LC_SEGMENT,
    LC_SEGMENT_64, LC_SYMTAB, LoadCommand, MachHeader32, MachHeader64, RpathCommand,
    SegmentCommand32, SegmentCommand64, SymtabCommand,
};
use object::read::macho::{MachHeader, Nlist as _, Section as _, Segment};
use object::{BigEndian, Endian, LittleEndian};

use super::{MappedPart, Refusal, Space, exact, is_signed, present, read_at};
use crate::image::file_kind::MAX_FAT_SLICES;

const READ_WRITE: u32 = 3;

pub(super) fn space(data: &[u8]) -> Option<Space<'_>> {
    image(data).map(|image| image.space)
}

/// A slice's data, with the file type that all slices must share.
struct SliceSpace<'a> {
    space: Space<'a>,
    kind: u32,
}

fn image(data: &[u8]) -> Option<SliceSpace<'_>> {
    match u32::from_be_bytes(*data.first_chunk()?) {
        0xfeed_face => Loader::read::<MachHeader32<BigEndian>>(data, BigEndian),
        0xfeed_facf => Loader::read::<MachHeader64<BigEndian>>(data, BigEndian),
        0xcefa_edfe => Loader::read::<MachHeader32<LittleEndian>>(data, LittleEndian),
        0xcffa_edfe => Loader::read::<MachHeader64<LittleEndian>>(data, LittleEndian),
        _ => None,
    }
}

/// The first slice of a fat file, if all slices are sound. A file with more slices than any real
/// one is refused; Go would read all of them.
pub(super) fn fat_space(data: &[u8]) -> Option<Space<'_>> {
    let count = u32::from_be_bytes(*data.get(4..)?.first_chunk()?);
    if count > MAX_FAT_SLICES {
        return None;
    }
    let mut seen = HashSet::new();
    let mut first: Option<SliceSpace<'_>> = None;
    for index in 0..u64::from(count) {
        let arch: &FatArch32 = read_at(data, 8 + index * size_of::<FatArch32>() as u64)?;
        let (offset, size) = (arch.offset.get(BigEndian), arch.size.get(BigEndian));
        let slice = image(present(data, offset.into(), size.into()))?;
        if !seen.insert((arch.cputype.get(BigEndian).0, arch.cpusubtype.get(BigEndian).0)) {
            return None;
        }
        match &first {
            None => first = Some(slice),
            Some(first) if first.kind != slice.kind => return None,
            Some(_) => {}
        }
    }
    first.map(|image| image.space)
}

/// The results of the load commands.
struct Loader<'a> {
    data: &'a [u8],
    parts: Vec<MappedPart<'a>>,
    named: Option<(u64, u64)>,
    writable: Option<(u64, u64)>,
    symbols: Option<u32>,
}

impl<'a> Loader<'a> {
    fn read<H: MachHeader>(data: &'a [u8], e: H::Endian) -> Option<SliceSpace<'a>> {
        // Both headers begin alike; Go does not check the rest of the longer one.
        let header: &MachHeader32<H::Endian> = read_at(data, 0)?;
        let (kind, count) = (header.filetype.get(e).0, header.ncmds.get(e));
        let size = header.sizeofcmds.get(e);
        let mut commands = exact(data, size_of::<H>() as u64, size.into())?;
        let mut loader =
            Self { data, parts: Vec::new(), named: None, writable: None, symbols: None };
        for _ in 0..count {
            let head: &LoadCommand<H::Endian> = read_at(commands, 0)?;
            let size = usize::try_from(head.cmdsize.get(e)).ok().filter(|size| *size >= 8)?;
            let (command, rest) = commands.split_at_checked(size)?;
            commands = rest;
            loader.command::<H>(head.cmd.get(e).0, command, e)?;
        }
        let place = loader.named.or(loader.writable).unwrap_or_default();
        let space = Space { place, base: 0, parts: loader.parts, unmapped: Refusal::Format };
        Some(SliceSpace { space, kind })
    }

    fn command<H: MachHeader>(&mut self, kind: u32, command: &[u8], e: H::Endian) -> Option<()> {
        let inside = |offset: u32| ((offset as usize) < command.len()).then_some(());
        if kind == LC_RPATH.0 {
            inside(read_at::<RpathCommand<H::Endian>>(command, 0)?.path.offset.get(e))
        } else if kind == LC_LOAD_DYLIB.0 {
            inside(read_at::<DylibCommand<H::Endian>>(command, 0)?.dylib.name.offset.get(e))
        } else if kind == LC_SYMTAB.0 {
            self.symbols::<H>(read_at(command, 0)?, e)
        } else if kind == LC_DYSYMTAB.0 {
            self.indirect(read_at(command, 0)?, e)
        } else if kind == LC_SEGMENT.0 {
            self.segment::<SegmentCommand32<H::Endian>>(command, e)
        } else if kind == LC_SEGMENT_64.0 {
            self.segment::<SegmentCommand64<H::Endian>>(command, e)
        } else {
            Some(())
        }
    }

    fn symbols<H: MachHeader>(
        &mut self,
        command: &SymtabCommand<H::Endian>,
        e: H::Endian,
    ) -> Option<()> {
        let strings = command.strsize.get(e);
        exact(self.data, command.stroff.get(e).into(), strings.into())?;
        let count = command.nsyms.get(e);
        let stride = size_of::<H::Nlist>();
        let table = exact(
            self.data,
            command.symoff.get(e).into(),
            u64::from(count).checked_mul(stride as u64)?,
        )?;
        for symbol in table.chunks_exact(stride) {
            if read_at::<H::Nlist>(symbol, 0)?.n_strx(e) >= strings {
                return None;
            }
        }
        self.symbols = Some(count);
        Some(())
    }

    fn indirect<E: Endian>(&self, command: &DysymtabCommand<E>, e: E) -> Option<()> {
        let symbols = self.symbols?;
        let undefined = command.iundefsym.get(e);
        // The sum wraps in Go.
        let end = undefined.wrapping_add(command.nundefsym.get(e));
        let size = u64::from(command.nindirectsyms.get(e)) * 4;
        exact(self.data, command.indirectsymoff.get(e).into(), size)?;
        (undefined <= symbols && end <= symbols).then_some(())
    }

    fn segment<S: Segment>(&mut self, command: &[u8], e: S::Endian) -> Option<()> {
        let segment: &S = read_at(command, 0)?;
        let stride = size_of::<S::Section>() as u64;
        for index in 0..u64::from(segment.nsects(e)) {
            let section: &S::Section = read_at(command, size_of::<S>() as u64 + index * stride)?;
            exact(self.data, section.reloff(e).into(), u64::from(section.nreloc(e)) * 8)?;
            if section.name() == b"__go_buildinfo" {
                self.named.get_or_insert((section.addr(e).into(), section.size(e).into()));
            }
        }
        let (offset, size) = (segment.fileoff(e).into(), segment.filesize(e).into());
        if !is_signed(offset) || !is_signed(size) {
            return None;
        }
        let address = segment.vmaddr(e).into();
        if segment.name() != b"__PAGEZERO" {
            self.parts.push(MappedPart::new(address, size, present(self.data, offset, size)));
        }
        let writable = segment.initprot(e).0 == READ_WRITE && segment.maxprot(e).0 == READ_WRITE;
        if address != 0 && size != 0 && writable {
            self.writable.get_or_insert((address, segment.vmsize(e).into()));
        }
        Some(())
    }
}
