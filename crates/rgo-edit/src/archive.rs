//! Archives of ELF objects (static libraries): each object edited as if it stood alone, and the
//! table that linkers find symbols by made to follow.
//!
//! ```text
//! "!<arch>\n", then per member, at an even offset:
//! 16 name, 12 time, 6 owner, 6 group, 8 mode, 10 size (decimal texts, spaces after), "`\n" │ bytes
//! "/"        first: u32 count, an offset per symbol, their names; big-endian ("/SYM64/": u64)
//! "//"       long names, which others give as "/offset"
//! "#1/size"  BSD: so many of the member's first bytes are its name
//! ```
//!
//! What is no object (a text, a compiler's metadata) stays. Times, owners and modes stay as they
//! are too, or become those that ar's `D` gives: the same whoever made the members. (`ar(5)`)

use std::collections::{HashMap, HashSet};

use object::{Object, ObjectSymbol};

use super::{Draft, Edited, Finish, Strip, Why, bytes};
use rgo_binary::{Error, FileKind, Image, Limits, Result, Slice};

const WHAT: &str = "archive";
/// LLVM bitcode, raw and as Apple wraps it. (LLVM, "LLVM Bitcode File Format")
const BITCODE: [&[u8]; 2] = [b"BC\xc0\xde", b"\xde\xc0\x17\x0b"];
const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: u64 = 60;
/// Where time, owner, group and mode begin in a member's header.
const ORIGIN: u64 = 16;
/// Where a member's size is in its header, and how long.
const SIZE: (u64, usize) = (48, 10);

struct Member<'a> {
    /// Where its header is.
    at: u64,
    name: &'a [u8],
    /// Its bytes, without a name in front of them, and where they are.
    content: &'a [u8],
    start: u64,
}

impl Member<'_> {
    /// Bytes of an offset in the table of symbols, if it is one.
    fn symbols(&self) -> Option<usize> {
        match self.name {
            b"/" => Some(4),
            b"/SYM64/" => Some(8),
            _ => None,
        }
    }

    /// Whether it is about the other members.
    fn is_table(&self) -> bool {
        self.symbols().is_some() || self.name == b"//"
    }

    /// Time, owner, group and mode as ar's `D` gives them; the table of long names has none.
    fn no_origin(&self) -> Option<String> {
        let mode = if self.symbols().is_some() { "0" } else { "644" };
        (self.name != b"//").then(|| format!("{0:<12}{0:<6}{0:<6}{mode:<8}", 0))
    }
}

/// Edits each object, and puts the archive together again.
pub(super) fn each<'a>(
    input: &'a [u8],
    edits: &Finish<'_>,
    edit: impl Fn(&'a [u8]) -> Result<Edited<'a>>,
) -> Result<Edited<'a>> {
    let members = members(input)?;
    let may_lose =
        edits.strip == Strip::All || edits.symbols.drop.is_some() || edits.sections.drop.is_some();
    let mut whole = Edited::of(Draft::empty(input));
    let mut drafts = Vec::with_capacity(members.len());
    // By the place of a member, the symbols that linkers still find in it.
    let mut left: HashMap<u64, Left> = HashMap::new();
    let mut bitcode = 0;
    for member in &members {
        if FileKind::parse(member.content) != FileKind::Elf {
            check_other(member)?;
            bitcode += usize::from(BITCODE.iter().any(|magic| member.content.starts_with(magic)));
            drafts.push(Draft::of(member.content));
            continue;
        }
        let edited = edit(member.content)?;
        if may_lose {
            left.insert(member.at, Left::of(member.content, &edited.draft.to_vec())?);
        }
        whole.removed.extend(edited.removed);
        whole.unlinkable |= edited.unlinkable;
        whole.warnings.extend(edited.warnings);
        drafts.push(edited.draft);
    }
    if bitcode > 0 && edits.strip != Strip::None {
        let count = members.iter().filter(|member| !member.is_table()).count();
        whole.warnings.push(format!(
            "{bitcode} of {count} members are LLVM bitcode, whose debug data and symbols stay"
        ));
    }
    let stays = |at: u64, name: &[u8]| left.get(&at).is_none_or(|left| left.has(name));
    let mut tables = Vec::new();
    for member in &members {
        let table = member.symbols().map(|width| entries(member, width)).transpose()?;
        tables.push(table.map(|mut table| {
            table.retain(|(at, name)| stays(*at, name));
            table
        }));
    }
    // Where members will be is known when the sizes of all tables are.
    let mut places = HashMap::new();
    let mut end = MAGIC.len() as u64;
    for ((member, draft), table) in members.iter().zip(&drafts).zip(&tables) {
        places.insert(member.at, end);
        let size = table.as_ref().map_or(draft.size(), |table| {
            let width = member.symbols().unwrap_or_default();
            (width + table.iter().map(|(_, name)| width + name.len() + 1).sum::<usize>()) as u64
        });
        end += (member.start - member.at + size).next_multiple_of(2);
    }
    whole.draft.copy(0, MAGIC.len() as u64, WHAT)?;
    for ((member, draft), table) in members.iter().zip(drafts).zip(tables) {
        let draft = match table {
            Some(table) => renewed(member, &table, &places)?,
            None => draft,
        };
        let at = whole.draft.size();
        let named = member.start - member.at - HEADER;
        whole.draft.copy(member.at, HEADER + named, WHAT)?;
        let size = format!("{:<1$}", named + draft.size(), SIZE.1);
        whole.draft.put(at + SIZE.0, size.as_bytes(), Why::FileHeader, WHAT)?;
        if let Some(origin) = member.no_origin().filter(|_| edits.deterministic) {
            whole.draft.put(at + ORIGIN, origin.as_bytes(), Why::FileHeader, WHAT)?;
        }
        whole.draft.append(draft, member.start);
        if !whole.draft.size().is_multiple_of(2) {
            whole.draft.push(b"\n".to_vec(), Why::Padding);
        }
    }
    Ok(whole)
}

/// The objects of an archive, for the check of an edit; fails if symbols lead nowhere.
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

/// Fails for what would have to be edited, or to follow an edit, and is not known here.
fn check_other(member: &Member<'_>) -> Result<()> {
    let is_object = object::FileKind::parse(member.content)
        .is_ok_and(|kind| !matches!(kind, object::FileKind::Archive));
    if is_object || member.name.starts_with(b"__.SYMDEF") {
        return Err(Error::unsupported("an archive of objects other than ELF", "they would stay"));
    }
    Ok(())
}

/// Offsets and names of a table of symbols.
fn entries<'a>(member: &Member<'a>, width: usize) -> Result<Vec<(u64, &'a [u8])>> {
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

/// A table of symbols with the new places of members.
fn renewed<'a>(
    member: &Member<'a>,
    table: &[(u64, &[u8])],
    places: &HashMap<u64, u64>,
) -> Result<Draft<'a>> {
    let width = member.symbols().unwrap_or(4);
    let mut content = Vec::new();
    let mut add = |number: u64| {
        let bytes = number.to_be_bytes();
        content.extend(bytes.get(8 - width..).unwrap_or_default());
        (number >> (8 * width - 1)) >> 1 == 0
    };
    let mut fits = add(table.len() as u64);
    for (at, _) in table {
        let place = places.get(at).copied();
        fits &= add(place.ok_or_else(|| bad(*at, "a symbol is said to be where no member is"))?);
    }
    if !fits {
        return Err(Error::unsupported("an archive of this size", "its offsets have 32 bits"));
    }
    for (_, name) in table {
        content.extend_from_slice(name);
        content.push(0);
    }
    let mut draft = Draft::empty(member.content);
    draft.push(content, Why::Symbols);
    Ok(draft)
}

/// What an edited object still defines for others.
struct Left {
    names: HashSet<Vec<u8>>,
    /// What it defined before, if it has code that GCC compiles when it is linked: the names in
    /// that code are in no symbol table of the object.
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
