//! Edits archives of ELF objects (static libraries): each object by itself, and then the symbol
//! table of the archive, by which linkers find symbols.
//!
//! ```text
//! "!<arch>\n", then per member, at an even offset:
//! 16 name, 12 time, 6 owner, 6 group, 8 mode, 10 size (decimal texts, spaces after), "`\n" │ bytes
//! "/"        first: u32 count, an offset per symbol, their names; big-endian ("/SYM64/": u64)
//! "//"       long names, which others give as "/offset"
//! "#1/size"  BSD: so many of the member's first bytes are its name
//! ```
//!
//! Members that are not objects (a text, a compiler's metadata) stay unchanged. Times, owners and
//! modes stay too, unless the request asks for those of ar's `D`, which do not depend on who made
//! the members. (`ar(5)`)

use std::collections::{HashMap, HashSet};

use object::{Object, ObjectSymbol};

use super::{Draft, Edited, Edits, Reason, Strip, bytes};
use rgo_binary::{Error, FileKind, Image, Limits, Result, Slice};

const WHAT: &str = "archive";
/// LLVM bitcode, raw and as Apple wraps it. (LLVM, "LLVM Bitcode File Format")
const BITCODE: [&[u8]; 2] = [b"BC\xc0\xde", b"\xde\xc0\x17\x0b"];
const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: u64 = 60;
/// Offset of time, owner, group and mode in a member's header.
const ORIGIN: u64 = 16;
/// Offset and length of a member's size in its header.
const SIZE: (u64, usize) = (48, 10);

struct Member<'a> {
    /// Offset of its header.
    at: u64,
    name: &'a [u8],
    /// Its bytes, without a name in front of them, and their offset.
    content: &'a [u8],
    start: u64,
}

impl Member<'_> {
    /// Width of an offset in bytes, if this is the symbol table.
    fn symbols(&self) -> Option<usize> {
        match self.name {
            b"/" => Some(4),
            b"/SYM64/" => Some(8),
            _ => None,
        }
    }

    /// Whether this is the symbol table or the table of long names.
    fn is_table(&self) -> bool {
        self.symbols().is_some() || self.name == b"//"
    }

    /// Time, owner, group and mode as in ar's `D`; the table of long names has none.
    fn no_origin(&self) -> Option<String> {
        let mode = if self.symbols().is_some() { "0" } else { "644" };
        (self.name != b"//").then(|| format!("{0:<12}{0:<6}{0:<6}{mode:<8}", 0))
    }
}

/// An entry of the symbol table: the offset of its member's header, and its name.
type SymbolEntry<'a> = (u64, &'a [u8]);

/// A member with its content in the output.
struct MemberPart<'a> {
    member: Member<'a>,
    content: MemberContent<'a>,
}

enum MemberContent<'a> {
    Bytes(Draft<'a>),
    /// The symbol table.
    Symbols(SymbolTable<'a>),
}

impl MemberPart<'_> {
    /// Bytes of the content.
    fn size(&self) -> u64 {
        match &self.content {
            MemberContent::Bytes(draft) => draft.size(),
            MemberContent::Symbols(table) => table.size(),
        }
    }

    /// Bytes of the name that BSD's archives have in front of the content.
    fn inline_name(&self) -> u64 {
        self.member.start - self.member.at - HEADER
    }
}

/// Edits each object, and writes the archive anew.
pub(super) fn each<'a>(
    input: &'a [u8],
    edits: &Edits<'_>,
    edit: impl Fn(&'a [u8]) -> Result<Edited<'a>>,
) -> Result<Edited<'a>> {
    let mut whole = Edited::of(Draft::empty(input));
    // By the offset of a member, its remaining symbols.
    let mut left: HashMap<u64, Left> = HashMap::new();
    let mut parts = Vec::new();
    for member in members(input)? {
        let content = if let Some(width) = member.symbols() {
            MemberContent::Symbols(SymbolTable { width, entries: entries(&member, width)? })
        } else if FileKind::parse(member.content) == FileKind::Elf {
            let edited = edit(member.content)?;
            if may_lose_symbols(edits) {
                left.insert(member.at, Left::of(member.content, &edited.draft.to_vec())?);
            }
            whole.removed.extend(edited.removed);
            whole.unlinkable |= edited.unlinkable;
            whole.warnings.extend(edited.warnings);
            MemberContent::Bytes(edited.draft)
        } else {
            check_other(&member)?;
            MemberContent::Bytes(Draft::of(member.content))
        };
        parts.push(MemberPart { member, content });
    }
    whole.warnings.extend(bitcode_warning(&parts, edits));
    for part in &mut parts {
        if let MemberContent::Symbols(table) = &mut part.content {
            table.entries.retain(|(at, name)| left.get(at).is_none_or(|left| left.has(name)));
        }
    }
    let offsets = offsets(&parts);
    whole.draft.copy(0, MAGIC.len() as u64, WHAT)?;
    for part in parts {
        append(&mut whole.draft, part, &offsets, edits.deterministic)?;
    }
    Ok(whole)
}

/// Whether objects may define fewer symbols after the edit.
fn may_lose_symbols(edits: &Edits<'_>) -> bool {
    edits.strip == Strip::All || edits.symbols.drop.is_some() || edits.sections.drop.is_some()
}

/// The warning that some members are bitcode and keep their debug data and symbols.
fn bitcode_warning(parts: &[MemberPart<'_>], edits: &Edits<'_>) -> Option<String> {
    let is_bitcode =
        |part: &&MemberPart<'_>| BITCODE.iter().any(|magic| part.member.content.starts_with(magic));
    let bitcode = parts.iter().filter(is_bitcode).count();
    let count = parts.iter().filter(|part| !part.member.is_table()).count();
    (bitcode > 0 && edits.strip != Strip::None).then(|| {
        format!("{bitcode} of {count} members are LLVM bitcode, whose debug data and symbols stay")
    })
}

/// The new offset of each member, by the old one.
fn offsets(parts: &[MemberPart<'_>]) -> HashMap<u64, u64> {
    let mut offsets = HashMap::with_capacity(parts.len());
    let mut end = MAGIC.len() as u64;
    for part in parts {
        offsets.insert(part.member.at, end);
        end += (HEADER + part.inline_name() + part.size()).next_multiple_of(2);
    }
    offsets
}

/// Appends a member: its header with the new size, its content, and padding.
fn append<'a>(
    output: &mut Draft<'a>,
    part: MemberPart<'a>,
    offsets: &HashMap<u64, u64>,
    is_deterministic: bool,
) -> Result<()> {
    let inline_name = part.inline_name();
    let MemberPart { member, content } = part;
    let content = match content {
        MemberContent::Bytes(draft) => draft,
        MemberContent::Symbols(table) => table.draft(member.content, offsets)?,
    };
    let header = output.size();
    output.copy(member.at, HEADER + inline_name, WHAT)?;
    let size = format!("{:<1$}", inline_name + content.size(), SIZE.1);
    output.put(header + SIZE.0, size.as_bytes(), Reason::FileHeader, WHAT)?;
    if let Some(origin) = member.no_origin().filter(|_| is_deterministic) {
        output.put(header + ORIGIN, origin.as_bytes(), Reason::FileHeader, WHAT)?;
    }
    output.append(content, member.start);
    if !output.size().is_multiple_of(2) {
        output.push(b"\n".to_vec(), Reason::Padding);
    }
    Ok(())
}

/// The objects of an archive, for the check of an edit. Fails if an entry of the symbol table names
/// no member.
pub(super) fn objects(data: &[u8]) -> Result<Vec<Slice<'_>>> {
    let members = members(data)?;
    let places: HashSet<u64> = members.iter().map(|member| member.at).collect();
    let mut found = Vec::new();
    for member in &members {
        if let Some(width) = member.symbols() {
            for (at, _) in entries(member, width)? {
                if !places.contains(&at) {
                    return Err(bad(member.at, "a symbol is said to be where no member is"));
                }
            }
        }
        if FileKind::parse(member.content) == FileKind::Elf {
            let image = Image::parse(member.content, &Limits::default())?;
            found.push(Slice { arch: image.arch().clone(), offset: member.start, image });
        }
    }
    Ok(found)
}

fn bad(offset: u64, why: &str) -> Error {
    Error::malformed(WHAT, offset, why)
}

fn members(input: &[u8]) -> Result<Vec<Member<'_>>> {
    if !input.starts_with(MAGIC) {
        let why = "its members are other files, which can be edited themselves";
        return Err(Error::unsupported("a thin archive", why));
    }
    let mut members = Vec::new();
    let mut at = MAGIC.len() as u64;
    while at < input.len() as u64 {
        let header = bytes::slice(input, at, HEADER, WHAT)?;
        let text = |from: usize, size: usize| {
            header.get(from..from + size).unwrap_or_default().trim_ascii_end()
        };
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u64>().ok();
        if !header.ends_with(b"`\n") {
            return Err(bad(at, "a member has no header"));
        }
        let size = number(text(48, 10)).ok_or_else(|| bad(at, "a member has no size"))?;
        let mut name = text(0, 16);
        let mut start = at + HEADER;
        let mut content = bytes::slice(input, start, size, WHAT)?;
        if let Some(inline) = name.strip_prefix(b"#1/") {
            let size = number(inline).map(bytes::index);
            let parts = size.and_then(|size| content.split_at_checked(size));
            (name, content) = parts.ok_or_else(|| bad(at, "a member has no name"))?;
            start += name.len() as u64;
        }
        members.push(Member { at, name, content, start });
        at = (at + HEADER).saturating_add(size).next_multiple_of(2);
    }
    Ok(members)
}

/// Fails for objects of other formats and for BSD's symbol table, which this module cannot edit.
fn check_other(member: &Member<'_>) -> Result<()> {
    let is_object = object::FileKind::parse(member.content)
        .is_ok_and(|kind| !matches!(kind, object::FileKind::Archive));
    if is_object || member.name.starts_with(b"__.SYMDEF") {
        return Err(Error::unsupported("an archive of objects other than ELF", "they would stay"));
    }
    Ok(())
}

/// Parses the offsets and names of a symbol table.
fn entries<'a>(member: &Member<'a>, width: usize) -> Result<Vec<SymbolEntry<'a>>> {
    let short = || bad(member.at, "its table of symbols is cut short");
    let number = |index: usize| {
        let bytes = member.content.get(index.checked_mul(width)?..)?.get(..width)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    let count = bytes::index(number(0).ok_or_else(short)?);
    let names = count.checked_add(1).and_then(|count| count.checked_mul(width));
    let names = names.and_then(|start| member.content.get(start..)).ok_or_else(short)?;
    let mut names = names.split(|byte| *byte == 0);
    (1..=count).map(|index| number(index).zip(names.next()).ok_or_else(short)).collect()
}

/// The symbol table.
struct SymbolTable<'a> {
    /// Bytes of the count and of each offset.
    width: usize,
    entries: Vec<SymbolEntry<'a>>,
}

impl SymbolTable<'_> {
    fn size(&self) -> u64 {
        let entries = self.entries.iter().map(|(_, name)| self.width + name.len() + 1);
        (self.width + entries.sum::<usize>()) as u64
    }

    /// Makes the table with the members' new offsets, to replace `input`.
    fn draft<'a>(&self, input: &'a [u8], offsets: &HashMap<u64, u64>) -> Result<Draft<'a>> {
        let mut numbers = vec![self.entries.len() as u64];
        for (at, _) in &self.entries {
            let offset = offsets.get(at).copied();
            numbers
                .push(offset.ok_or_else(|| bad(*at, "a symbol is said to be where no member is"))?);
        }
        let mut content = Vec::new();
        for number in numbers {
            if self.width < 8 && number >> (8 * self.width) != 0 {
                let why = "its offsets have 32 bits";
                return Err(Error::unsupported("an archive of this size", why));
            }
            content.extend(number.to_be_bytes().get(8 - self.width..).unwrap_or_default());
        }
        for (_, name) in &self.entries {
            content.extend_from_slice(name);
            content.push(0);
        }
        let mut draft = Draft::empty(input);
        draft.push(content, Reason::Symbols);
        Ok(draft)
    }
}

/// The names that an edited object still defines for others.
struct Left {
    names: HashSet<Vec<u8>>,
    /// The names that the object defined before the edit, if it has code that GCC compiles at link
    /// time: the names in that code are in no symbol table of the object.
    before: Option<HashSet<Vec<u8>>>,
}

impl Left {
    fn of(before: &[u8], after: &[u8]) -> Result<Self> {
        let (before, after) =
            (Image::parse(before, &Limits::default())?, Image::parse(after, &Limits::default())?);
        let is_compiled_later = after.sections().any(|it| it.name.starts_with(".gnu.lto_"));
        Ok(Self { names: defined(&after), before: is_compiled_later.then(|| defined(&before)) })
    }

    fn has(&self, name: &[u8]) -> bool {
        let is_compiled_later = || self.before.as_ref().is_some_and(|names| !names.contains(name));
        self.names.contains(name) || is_compiled_later()
    }
}

/// The names that an object defines for others.
fn defined(object: &Image<'_>) -> HashSet<Vec<u8>> {
    let symbols = object.object().symbols();
    let names = symbols.filter(|symbol| symbol.is_global() && !symbol.is_undefined());
    names.filter_map(|symbol| symbol.name_bytes().ok().map(<[u8]>::to_vec)).collect()
}
