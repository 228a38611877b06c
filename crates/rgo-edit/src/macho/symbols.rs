//! Rewrites the symbol table of a Mach-O image, and everything that depends on its order: symbols
//! are in three groups (local, defined and external, undefined) whose bounds are in `LC_DYSYMTAB`,
//! and stubs and pointers of the image refer to symbols by index.
//!
//! ```text
//! nlist_64, 16 bytes: u32 name in the strings, u8 type, u8 section, u16 desc, u64 value
//! type: e0 debugging (N_STAB) │ 10 private extern │ 0e kind (0 undefined, e section) │ 01 extern
//! indirect symbols: u32 indices; 80000000 and 40000000 mark entries without a symbol
//! ```
//!
//! (`mach-o/nlist.h`)

use std::borrow::Cow;
use std::collections::HashMap;

use object::macho;

use super::commands::Commands;
use super::linkedit::{Linkedit, LinkeditTable};
use crate::bytes;
use rgo_binary::{Error, Result};

const WHAT: &str = "Mach-O symbol table";
pub(super) const SIZE: usize = 16;
const N_STAB: u8 = 0xe0;
const N_PEXT: u8 = 0x10;
const N_TYPE: u8 = 0x0e;
const N_EXT: u8 = 0x01;
const N_UNDF: u8 = 0x00;
const N_PBUD: u8 = 0x0c;
const N_ABS: u8 = 0x02;
const REFERENCED_DYNAMICALLY: u16 = 0x10;
const WEAK_DEFINITION: u16 = 0x80;
const NO_SYMBOL: u32 = 0xc000_0000;
/// Debugging symbols that name files: a source, an object file, an included source.
const N_SO: u8 = 0x64;
const N_OSO: u8 = 0x66;
const N_SOL: u8 = 0x84;

/// One symbol, with facts from other tables.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Symbol<'a> {
    pub(super) name: Cow<'a, [u8]>,
    kind: u8,
    /// Number of its section, from 1; 0 for none.
    pub(super) section: u8,
    desc: u16,
    value: u64,
    /// Whether a stub or pointer of the image refers to it.
    indirect: bool,
}

/// The decision about a symbol.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    Drop,
    /// It goes, and stubs and pointers no longer refer to a symbol.
    Erase,
}

impl Symbol<'_> {
    /// The object file that it names, if it does.
    pub(super) fn object_file(&self) -> Option<&[u8]> {
        (self.kind == N_OSO).then_some(&*self.name)
    }

    /// Makes it visible only within the image.
    pub(super) fn make_private(&mut self) {
        self.kind = self.kind & !N_EXT | N_PEXT;
    }

    /// The source file that it names, or an empty name at the end of a file's symbols.
    pub(super) fn source_file(&self) -> Option<&[u8]> {
        (self.kind == N_SO).then_some(&*self.name)
    }

    /// Whether dyld may choose one of several definitions of its name.
    pub(super) fn is_weak_definition(&self) -> bool {
        self.is_exported() && self.desc & WEAK_DEFINITION != 0
    }

    /// Whether it is global and absolute, and not 0 unless it stands for a class of old
    /// Objective-C.
    pub(super) fn is_absolute(&self) -> bool {
        let is_class = || self.name.starts_with(b".objc_class_name_");
        self.is_exported() && self.kind & N_TYPE == N_ABS && (self.value != 0 || is_class())
    }

    /// Whether Swift made its name.
    pub(super) fn is_swift(&self) -> bool {
        !self.is_debugging() && (self.name.starts_with(b"_$s") || self.name.starts_with(b"_$S"))
    }

    /// Whether it names a file for debuggers.
    pub(super) fn names_file(&self) -> bool {
        matches!(self.kind, N_SO | N_OSO | N_SOL)
    }

    /// Clears the time of the object file. Readers of a debug map accept 0 as any time.
    pub(super) fn forget_time(&mut self) {
        if self.kind == N_OSO {
            self.value = 0;
        }
    }

    /// Whether only debuggers need it.
    pub(super) fn is_debugging(&self) -> bool {
        self.kind & N_STAB != 0
    }

    pub(super) fn is_undefined(&self) -> bool {
        !self.is_debugging() && matches!(self.kind & N_TYPE, N_UNDF | N_PBUD)
    }

    /// Whether other images can look it up by name.
    pub(super) fn is_exported(&self) -> bool {
        !self.is_debugging() && self.kind & N_EXT != 0 && !self.is_undefined()
    }

    /// Whether it names something in the image that no other image can look up.
    pub(super) fn is_local(&self) -> bool {
        !self.is_debugging() && self.kind & N_EXT == 0 && !self.is_undefined()
    }

    /// Whether the loader needs it, by name or by index.
    pub(super) fn is_needed(&self) -> bool {
        self.is_undefined()
            || !self.is_debugging() && self.indirect
            || !self.is_debugging() && self.desc & REFERENCED_DYNAMICALLY != 0
    }

    fn group(&self) -> usize {
        match () {
            () if self.is_undefined() => 2,
            () if self.is_exported() => 1,
            () => 0,
        }
    }
}

/// Rewrites the symbol table by the decisions and changes of `fate`, with its strings, the indirect
/// symbols' indices and the groups' bounds. Returns whether a symbol changed or was removed.
pub(super) fn edit(
    linkedit: &mut Linkedit<'_>,
    commands: &mut Commands,
    mut fate: impl FnMut(&mut Symbol<'_>) -> Fate,
) -> Result<bool> {
    if !linkedit.bytes(LinkeditTable::SymbolIndices).is_empty() {
        let why = "relocations or a table of contents name its symbols by index";
        return Err(Error::unsupported("changing the symbols of this old Mach-O image", why));
    }
    let indirect = linkedit.bytes(LinkeditTable::IndirectSymbols);
    let symbols = parse(
        linkedit.bytes(LinkeditTable::Symbols),
        linkedit.bytes(LinkeditTable::Strings),
        indirect,
    )?;
    let mut groups: [Vec<(usize, Symbol<'_>)>; 3] = Default::default();
    let mut moved = vec![None; symbols.len()];
    let mut changed = false;
    for (index, symbol) in symbols.into_iter().enumerate() {
        let mut edited = symbol.clone();
        let fate = fate(&mut edited);
        let dropped = fate != Fate::Keep;
        if let Some(place) = moved.get_mut(index).filter(|_| fate == Fate::Erase) {
            *place = Some(NO_SYMBOL);
        }
        changed |= dropped || edited != symbol;
        if let Some(group) = groups.get_mut(edited.group()).filter(|_| !dropped) {
            group.push((index, edited));
        }
    }
    let counts = groups.each_ref().map(Vec::len);
    for (new, (old, _)) in groups.iter().flatten().enumerate() {
        if let Some(place) = moved.get_mut(*old) {
            *place = Some(bytes::word(new, WHAT)?);
        }
    }
    let (table, strings) = encode(groups.iter().flatten().map(|(_, symbol)| symbol))?;
    // Even an unchanged table can have been written with less care.
    if !changed && strings.len() >= linkedit.bytes(LinkeditTable::Strings).len() {
        return Ok(false);
    }
    let indirect = renumber(indirect, &moved)?;
    linkedit.replace(LinkeditTable::Symbols, table);
    linkedit.replace(LinkeditTable::Strings, strings);
    linkedit.replace(LinkeditTable::IndirectSymbols, indirect);
    if let Some(command) = commands.find(macho::LC_DYSYMTAB) {
        let command = commands.get_mut(command)?;
        let mut first = 0;
        for (field, count) in [8, 16, 24].into_iter().zip(counts) {
            command.set_u32(field, bytes::word(first, WHAT)?)?;
            command.set_u32(field + 4, bytes::word(count, WHAT)?)?;
            first += count;
        }
    }
    Ok(changed)
}

/// A symbol table and its strings.
pub(super) fn encode<'a>(
    symbols: impl Iterator<Item = &'a Symbol<'a>> + Clone,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let strings = StringTable::new(symbols.clone().map(|symbol| &*symbol.name))?;
    let mut table = Vec::new();
    for symbol in symbols {
        table.extend(strings.offset(&symbol.name).to_le_bytes());
        table.extend([symbol.kind, symbol.section]);
        table.extend(symbol.desc.to_le_bytes());
        table.extend(symbol.value.to_le_bytes());
    }
    Ok((table, strings.bytes))
}

/// Parses the symbols of a table, and marks those in `indirect`.
pub(super) fn parse<'a>(
    table: &'a [u8],
    strings: &'a [u8],
    indirect: &[u8],
) -> Result<Vec<Symbol<'a>>> {
    let mut symbols = Vec::with_capacity(table.len() / SIZE);
    for at in (0..table.len() as u64).step_by(SIZE) {
        let name = u64::from(bytes::u32_at(table, at, WHAT)?);
        let name = strings
            .get(bytes::index(name)..)
            .and_then(|rest| rest.split(|byte| *byte == 0).next())
            .ok_or_else(|| Error::malformed(WHAT, at, "a name lies outside of the strings"))?;
        let kind = bytes::slice(table, at + 4, 2, WHAT)?;
        symbols.push(Symbol {
            name: Cow::Borrowed(name),
            kind: kind.first().copied().unwrap_or_default(),
            section: kind.last().copied().unwrap_or_default(),
            desc: bytes::u16_at(table, at + 6, WHAT)?,
            value: bytes::u64_at(table, at + 8, WHAT)?,
            indirect: false,
        });
    }
    for index in indirect_indices(indirect) {
        if index & NO_SYMBOL == 0 {
            let symbol = symbols.get_mut(index as usize).ok_or_else(|| {
                Error::malformed(WHAT, 0, format!("there is no symbol {index} for a stub"))
            })?;
            symbol.indirect = true;
        }
    }
    Ok(symbols)
}

fn indirect_indices(table: &[u8]) -> impl Iterator<Item = u32> + '_ {
    table.as_chunks::<4>().0.iter().map(|index| u32::from_le_bytes(*index))
}

fn renumber(indirect: &[u8], moved: &[Option<u32>]) -> Result<Vec<u8>> {
    let mut table = Vec::with_capacity(indirect.len());
    for index in indirect_indices(indirect) {
        let new = if index & NO_SYMBOL == 0 {
            moved.get(index as usize).copied().flatten().ok_or_else(|| {
                Error::malformed(WHAT, 0, format!("symbol {index} is gone and a stub needs it"))
            })?
        } else {
            index
        };
        table.extend(new.to_le_bytes());
    }
    Ok(table)
}

/// A string table with the empty name at 0. A name that ends another one is stored as a part of it.
struct StringTable<'a> {
    bytes: Vec<u8>,
    offsets: HashMap<&'a [u8], u32>,
}

impl<'a> StringTable<'a> {
    fn new(names: impl Iterator<Item = &'a [u8]>) -> Result<Self> {
        let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        // Sorted by their ends, so that each name is next to those that it ends with, the longest
        // first.
        names.sort_unstable_by(|a, b| b.iter().rev().cmp(a.iter().rev()));
        names.dedup();
        let mut bytes = vec![0];
        let mut offsets = HashMap::with_capacity(names.len());
        let mut last: &[u8] = &[];
        for name in names {
            if !last.ends_with(name) {
                bytes.extend_from_slice(name);
                bytes.push(0);
                last = name;
            }
            offsets.insert(name, bytes::word(bytes.len() - 1 - name.len(), WHAT)?);
        }
        Ok(Self { bytes, offsets })
    }

    fn offset(&self, name: &[u8]) -> u32 {
        self.offsets.get(name).copied().unwrap_or_default()
    }
}
