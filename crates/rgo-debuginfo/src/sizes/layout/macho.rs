//! The parts of a Mach-O file (Apple, `mach-o/loader.h`).
//!
//! ```text
//! mach_header, sizeofcmds bytes of load commands
//! LC_SEGMENT(_64)       segname vmaddr vmsize fileoff filesize …, then its sections
//! LC_SYMTAB             symoff nsyms stroff strsize
//! LC_DYSYMTAB           indirectsymoff nindirectsyms extreloff nextrel locreloff nlocrel …
//! LC_DYLD_INFO(_ONLY)   offset and size of rebases, binds, weak binds, lazy binds, exports
//! linkedit_data_command dataoff datasize: signatures, function starts, fixups, exports, …
//! ```

use object::macho;
use object::read::macho::{LoadCommandVariant, MachHeader, MachOFile, Section, Segment};

use crate::sizes::SizeError;
use crate::sizes::kind::ByteKind;
use crate::sizes::space::SpaceBuilder;

/// Bytes of a relocation.
const RELOCATION: u64 = 8;

pub(super) fn read<H: MachHeader>(
    file: &MachOFile<'_, H>,
    builder: &mut SpaceBuilder,
) -> Result<(), SizeError> {
    let (endian, header) = (file.endian(), file.macho_header());
    let size = size_of::<H>() as u64 + u64::from(header.sizeofcmds(endian));
    builder.header(0, size, "[headers]", ByteKind::Headers);
    // A companion has the segments of its program without their bytes.
    let is_companion = header.filetype(endian) == macho::MH_DSYM;
    let mut commands = file.macho_load_commands()?;
    while let Some(command) = commands.next()? {
        if let Some((segment, data)) = H::Segment::from_command(command)? {
            read_segment::<H>(endian, segment, data, is_companion, builder)?;
            continue;
        }
        read_tables::<H>(endian, &command.variant()?, builder);
    }
    Ok(())
}

fn read_segment<H: MachHeader>(
    endian: H::Endian,
    segment: &H::Segment,
    data: &[u8],
    is_companion: bool,
    builder: &mut SpaceBuilder,
) -> Result<(), SizeError> {
    let name = String::from_utf8_lossy(segment.name());
    let (start, size) = segment.file_range(endian);
    // No program may touch __PAGEZERO.
    let is_barrier = size == 0 && segment.maxprot(endian).0 == 0;
    let is_left_in_program = is_companion && size == 0;
    if !is_barrier && !is_left_in_program {
        let address = segment.vmaddr(endian).into();
        builder.segment(&name, start, size, address, segment.vmsize(endian).into())?;
    }
    for section in segment.sections(endian, data)? {
        let of = String::from_utf8_lossy(section.segname());
        let full =
            format!("{},{}", of.trim_end_matches('\0'), String::from_utf8_lossy(section.name()));
        let kind = section_kind(section.flags(endian), &full);
        let start: u64 = section.offset(endian).into();
        let (address, size) = (section.addr(endian).into(), section.size(endian).into());
        if kind == ByteKind::ZeroedData {
            builder.zeroed_section(address, size, &full);
        } else if !is_companion || kind == ByteKind::Debug {
            builder.section(start, size, &full, kind);
        }
        let relocations = u64::from(section.nreloc(endian)) * RELOCATION;
        builder.header(
            section.reloff(endian).into(),
            relocations,
            "[relocations]",
            ByteKind::Relocations,
        );
    }
    Ok(())
}

/// What a load command says of the bytes that the linker made for itself and the loader.
fn read_tables<H: MachHeader>(
    endian: H::Endian,
    command: &LoadCommandVariant<'_, H::Endian>,
    builder: &mut SpaceBuilder,
) {
    let mut part =
        |start: u32, size: u64, name: &str, kind| builder.header(start.into(), size, name, kind);
    match command {
        LoadCommandVariant::Symtab(table) => {
            let size = u64::from(table.nsyms.get(endian)) * size_of::<H::Nlist>() as u64;
            part(table.symoff.get(endian), size, "[symbols]", ByteKind::Symbols);
            let size = table.strsize.get(endian).into();
            part(table.stroff.get(endian), size, "[names of symbols]", ByteKind::Symbols);
        }
        LoadCommandVariant::Dysymtab(table) => {
            let size = u64::from(table.nindirectsyms.get(endian)) * 4;
            part(table.indirectsymoff.get(endian), size, "[indirect symbols]", ByteKind::Linking);
            for (start, count) in
                [(&table.extreloff, &table.nextrel), (&table.locreloff, &table.nlocrel)]
            {
                let size = u64::from(count.get(endian)) * RELOCATION;
                part(start.get(endian), size, "[relocations]", ByteKind::Relocations);
            }
        }
        LoadCommandVariant::DyldInfo(info) => {
            for (start, size, name, kind) in [
                (&info.rebase_off, &info.rebase_size, "[rebases]", ByteKind::Relocations),
                (&info.bind_off, &info.bind_size, "[binds]", ByteKind::Linking),
                (&info.weak_bind_off, &info.weak_bind_size, "[binds]", ByteKind::Linking),
                (&info.lazy_bind_off, &info.lazy_bind_size, "[binds]", ByteKind::Linking),
                (&info.export_off, &info.export_size, "[exports]", ByteKind::Linking),
            ] {
                part(start.get(endian), size.get(endian).into(), name, kind);
            }
        }
        LoadCommandVariant::LinkeditData(data) => {
            let (name, kind) = match data.cmd.get(endian) {
                macho::LC_CODE_SIGNATURE => ("[code signature]", ByteKind::Signature),
                macho::LC_DYLIB_CODE_SIGN_DRS => ("[code signature]", ByteKind::Signature),
                macho::LC_FUNCTION_STARTS => ("[function starts]", ByteKind::Symbols),
                macho::LC_DATA_IN_CODE => ("[data in code]", ByteKind::Symbols),
                macho::LC_DYLD_EXPORTS_TRIE => ("[exports]", ByteKind::Linking),
                macho::LC_DYLD_CHAINED_FIXUPS => ("[fixups]", ByteKind::Relocations),
                _ => ("[link edit data]", ByteKind::Other),
            };
            part(data.dataoff.get(endian), data.datasize.get(endian).into(), name, kind);
        }
        _ => {}
    }
}

fn section_kind(flags: macho::SectionFlags, name: &str) -> ByteKind {
    let (segment, section) = name.split_once(',').unwrap_or_default();
    match flags.typ() {
        macho::S_ZEROFILL | macho::S_GB_ZEROFILL | macho::S_THREAD_LOCAL_ZEROFILL => {
            return ByteKind::ZeroedData;
        }
        macho::S_NON_LAZY_SYMBOL_POINTERS
        | macho::S_LAZY_SYMBOL_POINTERS
        | macho::S_LAZY_DYLIB_SYMBOL_POINTERS
        | macho::S_SYMBOL_STUBS => return ByteKind::Linking,
        _ => {}
    }
    match (segment, section) {
        ("__DWARF", _) => ByteKind::Debug,
        (_, "__eh_frame" | "__unwind_info" | "__compact_unwind" | "__gcc_except_tab") => {
            ByteKind::Unwind
        }
        (_, "__stub_helper") => ByteKind::Linking,
        _ if flags.contains(macho::S_ATTR_DEBUG) => ByteKind::Debug,
        _ if flags
            .intersects(macho::S_ATTR_PURE_INSTRUCTIONS | macho::S_ATTR_SOME_INSTRUCTIONS) =>
        {
            ByteKind::Code
        }
        ("__TEXT" | "__DATA_CONST", _) | (_, "__const") => ByteKind::ReadOnlyData,
        _ => ByteKind::Data,
    }
}
