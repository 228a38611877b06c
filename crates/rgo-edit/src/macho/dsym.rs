//! Makes the companion of a Mach-O image that contains its DWARF, as Go's linker writes it. The
//! companion has the file type of dsymutil's output, and debuggers find it by its UUID.
//!
//! ```text
//! header │ LC_UUID, version, LC_SYMTAB, segments without bytes, __LINKEDIT, __DWARF
//!        │ __LINKEDIT: symbols, strings
//!        │ __DWARF: __debug_info …          compressed ones (__zdebug_…) inflated
//! ```
//!
//! Sections keep their numbers, and loaded sections their addresses. Debuggers for Mach-O do not
//! read compressed sections, and lldb needs `__debug_aranges`.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use object::macho;

use super::commands::{
    Command, Commands, HEADER_SIZE, SECTION_SIZE, SEGMENT_SIZE, Section, Segment,
};
use super::symbols::{self, Symbol};
use super::{WHAT, added, aranges, uuid};
use crate::{Draft, Reason, bytes};
use rgo_binary::{Error, Limits, Result};

/// Segments start at a multiple of this on every machine: they are not loaded.
const PAGE: u64 = 0x1000;
/// Maximum number of object files that a refusal names.
const MAX_NAMED: usize = 3;
/// Full names of sections whose compressed names are cut off at 16 bytes.
const LONG_NAMES: [&str; 8] = [
    "__debug_pubnames",
    "__debug_pubtypes",
    "__debug_loclists",
    "__debug_rnglists",
    "__debug_str_offs",
    "__debug_line_str",
    "__debug_cu_index",
    "__debug_gdb_scri",
];

/// A section of `__DWARF`, ready to be written.
struct Debug<'a> {
    header: &'a [u8],
    name: String,
    align: u64,
    content: DsymContent,
}

enum DsymContent {
    /// Offset and size in the input.
    Copy(u64, u64),
    New(Vec<u8>, Reason),
}

impl DsymContent {
    fn bytes<'b>(&'b self, input: &'b [u8]) -> &'b [u8] {
        match self {
            Self::Copy(offset, size) => {
                bytes::slice(input, *offset, *size, WHAT).unwrap_or_default()
            }
            Self::New(bytes, _) => bytes,
        }
    }
}

/// Bytes of an `LC_SYMTAB`: cmd, cmdsize, then offset and count of symbols, offset and size of strings.
const SYMTAB_SIZE: u32 = 24;
/// The first of these four fields.
const SYMTAB_FIELDS: u64 = 8;

/// The companion of an image.
pub(crate) fn only_keep_debug(input: &[u8]) -> Result<Draft<'_>> {
    let mut commands = Commands::parse(input)?;
    match commands.file_type()? {
        macho::MH_DSYM => return Ok(Draft::of(input)),
        macho::MH_OBJECT => return refuse("it is a relocatable object, whose data are not placed"),
        _ => {}
    }
    if uuid::read(&commands)?.is_none() {
        return refuse("the image has no UUID, by which a debugger would find it");
    }
    let segments = commands.segments()?;
    let symbols = read_symbols(input, &commands)?;
    let Some(dwarf) = segments.iter().find(|segment| segment.is("__DWARF")) else {
        return refuse(&where_it_is(&symbols));
    };
    // No symbol is in an added section.
    let is_numbered = |other: &&Segment| other.sections > 0 && !other.is(added::SEGMENT);
    if segments.iter().filter(is_numbered).any(|other| other.number > dwarf.number) {
        return refuse("sections follow __DWARF, which symbols know by number");
    }
    let sections = commands.sections(dwarf)?.into_iter().map(|section| debug(input, &section));
    let mut sections = sections.collect::<Result<Vec<_>>>()?;
    add_aranges(input, &mut sections);

    // The size of the commands is known before their values are.
    let (mut list, symtab) = kept_commands(&commands, &segments)?;
    let own_segments = SEGMENT_SIZE * 2 + SECTION_SIZE * sections.len() as u64;
    let front = HEADER_SIZE + commands_size(&list) + own_segments;
    let mut output = Draft::empty(input);
    output.push(vec![0; bytes::index(front)], Reason::LoadCommands);
    let (file, command) = write_symbols(&mut output, &symbols, loaded_sections(&segments, dwarf))?;
    if let Some(place) = list.get_mut(symtab) {
        *place = command;
    }
    let end = segments.iter().map(|it| it.address.saturating_add(it.size)).max().unwrap_or(0);
    let linkedit = segments.iter().find(|segment| segment.is("__LINKEDIT"));
    let address = linkedit.map_or(end, |linkedit| linkedit.address);
    list.push(segment("__LINKEDIT", address, file, Vec::new())?);
    let address = end.max(address.saturating_add(file.1)).saturating_add(PAGE - 1) & !(PAGE - 1);
    let (file, headers) = write_sections(&mut output, sections, address)?;
    list.push(segment("__DWARF", address, file, headers)?);
    commands.list = list;
    commands.become_type(macho::MH_DSYM)?;
    output.put(0, &commands.to_vec()?, Reason::LoadCommands, WHAT)?;
    Ok(output)
}

/// The commands of a companion: those that it takes over, its own `LC_SYMTAB` without values, and
/// the program's segments without bytes. Also returns the index of the `LC_SYMTAB`.
fn kept_commands(commands: &Commands, segments: &[Segment]) -> Result<(Vec<Command>, usize)> {
    const KEPT: [macho::LoadCommandType; 7] = [
        macho::LC_UUID,
        macho::LC_BUILD_VERSION,
        macho::LC_SOURCE_VERSION,
        macho::LC_VERSION_MIN_MACOSX,
        macho::LC_VERSION_MIN_IPHONEOS,
        macho::LC_VERSION_MIN_TVOS,
        macho::LC_VERSION_MIN_WATCHOS,
    ];
    let is_kept = |command: &&Command| KEPT.contains(&macho::LoadCommandType(command.kind));
    let mut list: Vec<Command> = commands.list.iter().filter(is_kept).cloned().collect();
    let symtab = list.len();
    list.push(Command { kind: macho::LC_SYMTAB.0, data: vec![0; SYMTAB_SIZE as usize] });
    for segment in segments.iter().filter(|it| !it.is("__DWARF") && !it.is("__LINKEDIT")) {
        list.push(without_bytes(commands.get(segment.command)?)?);
    }
    Ok((list, symtab))
}

/// How many sections are in the segments before `__DWARF`.
fn loaded_sections(segments: &[Segment], dwarf: &Segment) -> u64 {
    let before = segments.iter().filter(|other| other.number < dwarf.number);
    before.map(|segment| u64::from(segment.sections)).sum()
}

/// Writes the symbols of the first `loaded` sections. Returns their range in the file, and their
/// `LC_SYMTAB`.
fn write_symbols(
    output: &mut Draft<'_>,
    symbols: &[Symbol<'_>],
    loaded: u64,
) -> Result<((u64, u64), Command)> {
    let is_kept = |symbol: &&Symbol<'_>| {
        !symbol.is_debugging() && !symbol.is_undefined() && u64::from(symbol.section) <= loaded
    };
    let (table, strings) = symbols::encode(symbols.iter().filter(is_kept))?;
    output.pad(PAGE);
    let start = output.size();
    let strings_start = start + table.len() as u64;
    let count = table.len() / symbols::SIZE;
    let fields = [bytes::index(start), count, bytes::index(strings_start), strings.len()];
    output.push(table, Reason::Symbols);
    output.push(strings, Reason::Symbols);
    let kind = macho::LC_SYMTAB.0;
    let mut command = Command { kind, data: vec![0; SYMTAB_SIZE as usize] };
    command.set_u32(0, kind)?;
    command.set_u32(4, SYMTAB_SIZE)?;
    for (at, field) in (SYMTAB_FIELDS..).step_by(4).zip(fields) {
        command.set_u32(at, bytes::word(field, WHAT)?)?;
    }
    Ok(((start, output.size() - start), command))
}

/// Writes the sections of `__DWARF`, which is at `address`. Returns their range in the file, and
/// their headers.
fn write_sections(
    output: &mut Draft<'_>,
    sections: Vec<Debug<'_>>,
    address: u64,
) -> Result<((u64, u64), Vec<u8>)> {
    output.pad(PAGE);
    let start = output.size();
    let mut headers = Vec::new();
    for section in sections {
        output.pad(section.align);
        let offset = output.size();
        let size = match section.content {
            DsymContent::Copy(from, size) => output.copy(from, size, WHAT).map(|()| size)?,
            DsymContent::New(bytes, why) => {
                let size = bytes.len() as u64;
                output.push(bytes, why);
                size
            }
        };
        let place = SectionPlace { address: address.saturating_add(offset - start), size, offset };
        headers.extend(place.header(section.header, &section.name)?);
    }
    Ok(((start, output.size() - start), headers))
}

/// Place of a section in memory and in the file.
struct SectionPlace {
    address: u64,
    size: u64,
    offset: u64,
}

impl SectionPlace {
    /// Makes a `section_64` like `old`, with this name and this place; [`Section`] draws its
    /// fields.
    fn header(&self, old: &[u8], name: &str) -> Result<Vec<u8>> {
        let mut header = old.to_vec();
        let offset = bytes::word(bytes::index(self.offset), WHAT)?;
        bytes::zero(&mut header, 0, 16, WHAT)?;
        bytes::put(&mut header, 0, name.as_bytes(), WHAT)?;
        bytes::put(&mut header, 32, &self.address.to_le_bytes(), WHAT)?;
        bytes::put(&mut header, 40, &self.size.to_le_bytes(), WHAT)?;
        bytes::put(&mut header, 48, &offset.to_le_bytes(), WHAT)?;
        Ok(header)
    }
}

fn refuse<T>(why: &str) -> Result<T> {
    Err(Error::unsupported("a companion of this Mach-O image", why))
}

/// Explains where the debug data of an image without DWARF are.
fn where_it_is(symbols: &[Symbol<'_>]) -> String {
    let mut files: Vec<_> = symbols.iter().filter_map(Symbol::object_file).collect();
    files.sort_unstable();
    files.dedup();
    let named: Vec<_> =
        files.iter().take(MAX_NAMED).map(|name| String::from_utf8_lossy(name)).collect();
    let named = named.join(", ");
    match files.len().saturating_sub(MAX_NAMED) {
        _ if files.is_empty() => "it has no debug data".to_owned(),
        0 => format!("its debug data are in object files, where dsymutil collects them: {named}"),
        more => format!(
            "its debug data are in object files, where dsymutil collects them: {named} and {more} more"
        ),
    }
}

fn read_symbols<'a>(input: &'a [u8], commands: &Commands) -> Result<Vec<Symbol<'a>>> {
    let Some(index) = commands.find(macho::LC_SYMTAB) else { return Ok(Vec::new()) };
    let command = commands.get(index)?;
    let table = |at: u64, unit: u64| {
        let (offset, count) = (u64::from(command.u32(at)?), u64::from(command.u32(at + 4)?));
        if count == 0 { Ok(&[][..]) } else { bytes::slice(input, offset, count * unit, WHAT) }
    };
    symbols::parse(table(8, symbols::SIZE as u64)?, table(16, 1)?, &[])
}

/// Prepares a section of `__DWARF`, decompressed if necessary.
fn debug<'a>(input: &[u8], section: &Section<'a>) -> Result<Debug<'a>> {
    let (offset, size) = section.place()?;
    let (header, align, name) = (section.header, section.align()?, section.name());
    let data = section.bytes(input)?;
    let Some(short) = name.strip_prefix("__zdebug_") else {
        return Ok(Debug { header, name, align, content: DsymContent::Copy(offset, size) });
    };
    let bad = |why: &str| Error::malformed(format!("section {name}"), offset, why);
    let (size, stream) = data
        .strip_prefix(b"ZLIB")
        .and_then(|rest| rest.split_first_chunk())
        .ok_or_else(|| bad("no ZLIB header"))?;
    let (size, limit) = (u64::from_be_bytes(*size), Limits::default().max_inflated);
    if size > limit {
        return Err(Error::limit(format!("the inflated size of {name} in bytes"), size, limit));
    }
    let inflated = decompress_to_vec_zlib_with_limit(stream, bytes::index(size))
        .ok()
        .filter(|inflated| inflated.len() as u64 == size)
        .ok_or_else(|| bad("its compressed bytes are damaged"))?;
    let name = full_name(short);
    Ok(Debug { header, name, align, content: DsymContent::New(inflated, Reason::Compression) })
}

/// Adds the table by which lldb finds units, unless it exists.
fn add_aranges(input: &[u8], sections: &mut Vec<Debug<'_>>) {
    const NAME: &str = "__debug_aranges";
    let find = |name: &str| sections.iter().find(|section| section.name == name);
    let (None, Some(info)) = (find(NAME), find("__debug_info")) else { return };
    let content = |name: &str| find(name).map_or(&[][..], |section| section.content.bytes(input));
    if let Some(table) = aranges::make(content) {
        let content = DsymContent::New(table, Reason::AddedSection);
        sections.push(Debug { header: info.header, name: NAME.to_owned(), align: 1, content });
    }
}

/// The full name for a compressed name, which starts with `__zdebug_` and may be cut off.
fn full_name(short: &str) -> String {
    let name = format!("__debug_{short}");
    let cut = short.len() + "__zdebug_".len() == 16;
    let full = LONG_NAMES.iter().find(|full| cut && full.starts_with(&name));
    full.map_or(name.clone(), |full| (*full).to_owned())
}

/// Removes the bytes of a segment, which only the program has.
fn without_bytes(command: &Command) -> Result<Command> {
    let mut command = command.clone();
    command.put(40, &[0; 16])?;
    for number in 0..u64::from(command.u32(64)?) {
        // Offset, and offset of relocations; the alignment between them stays.
        let at = SEGMENT_SIZE + number * SECTION_SIZE;
        command.set_u32(at + 48, 0)?;
        command.put(at + 56, &[0; 8])?;
    }
    Ok(command)
}

fn segment(name: &str, address: u64, file: (u64, u64), sections: Vec<u8>) -> Result<Command> {
    let kind = macho::LC_SEGMENT_64.0;
    let mut command = Command { kind, data: vec![0; SEGMENT_SIZE as usize] };
    command.data.extend_from_slice(&sections);
    let size = bytes::word(command.data.len(), WHAT)?;
    command.set_u32(0, kind)?;
    command.set_u32(4, size)?;
    command.put(8, name.as_bytes())?;
    for (field, value) in
        [(24, address), (32, file.1.next_multiple_of(PAGE)), (40, file.0), (48, file.1)]
    {
        command.set_u64(field, value)?;
    }
    // Protection as in dsymutil's output.
    command.set_u32(56, 7)?;
    command.set_u32(60, 3)?;
    command.set_u32(64, bytes::word(sections.len() / SECTION_SIZE as usize, WHAT)?)?;
    Ok(command)
}

fn commands_size(list: &[Command]) -> u64 {
    list.iter().map(|command| command.data.len() as u64).sum()
}
