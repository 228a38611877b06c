//! Rewrites the COFF symbol table and the string table of an image after an edit removed symbols or
//! sections. The string table has the long names of both.
//!
//! ```text
//! record, 18 bytes: name 8 (or u32 0, u32 offset into the strings), value u32, section i16,
//!                   type u16, class u8, auxiliary records behind it u8
//! auxiliary         of a function       u32 symbol, …, at 12 u32 symbol of the next function
//!                   of a weak symbol    u32 symbol that stands in
//!                   of a section        at 12 u16 section, at 14 u8 5 if that is its leader
//!                   of a source file    its name, or u32 0, u32 offset into the strings
//! strings           u32 size with these 4 bytes, names with NULs
//! ```
//!
//! No loader reads them. (Microsoft, "PE Format", "COFF Symbol Table")

use std::collections::HashSet;

use object::write::StringTable;

use super::headers::{Headers, SYMBOL_SIZE, Section};
use crate::bytes::{self, ReadBytes};
use crate::{Discard, Draft, Edits, Strip};
use rgo_binary::{Error, Result};

const WHAT: &str = "PE symbol table";
const EXTERNAL: u8 = 2;
const STATIC: u8 = 3;
const FUNCTION: u8 = 101;
const FILE: u8 = 103;
const WEAK: u8 = 105;
/// Classes that linkers know: nothing, external, static, external definition, label, undefined
/// label, section, weak. All others are for debuggers: source files, blocks, types.
const LINKED: [u8; 8] = [0, EXTERNAL, STATIC, 5, 6, 7, 104, WEAK];
/// The section number of symbols that are for debuggers.
const DEBUG: i16 = -2;

/// Records of symbols with their strings.
pub(super) struct CoffSymbols {
    /// How many records there are.
    pub(super) count: u64,
    pub(super) bytes: Vec<u8>,
}

/// Makes the remaining table. Sets the offsets of long names in `sections`.
pub(super) fn rebuild(
    headers: &Headers,
    source: &Draft<'_>,
    numbers: &[Option<u16>],
    sections: &mut [Section],
    edits: &Edits<'_>,
) -> Result<CoffSymbols> {
    let symbols = headers.symbols;
    let records = source.read(symbols.at, symbols.count * SYMBOL_SIZE, WHAT)?;
    let strings = symbols.read_strings(source)?;
    let old = Old { records: &records, strings: &strings, at: symbols.at };
    let kept = old.choose(numbers, edits)?;
    let mut new = Vec::new();
    let mut names = StringTable::new();
    // The places of name offsets.
    let mut places = Vec::new();
    for symbol in old.all() {
        let symbol = symbol?;
        if kept.number(symbol.number).is_some() {
            old.renew(&symbol, &kept, numbers, &mut new, |at, name| {
                places.push((at, names.add(name)));
            })?;
        }
    }
    let long_names: Vec<_> =
        sections.iter().map(|it| it.is_long.then(|| it.name.clone())).collect();
    let long_names: Vec<_> =
        long_names.iter().map(|name| name.as_ref().map(|name| names.add(name))).collect();
    if new.is_empty() && names.is_empty() {
        return Ok(CoffSymbols { count: 0, bytes: new });
    }
    let strings_at = new.len() as u64;
    new.extend([0; 4]);
    let size = names
        .write(&mut new, 4)
        .map_err(|why| Error::malformed("PE string table", symbols.at, why))?;
    bytes::put(&mut new, strings_at, &size.to_le_bytes(), WHAT)?;
    for (at, name) in places {
        bytes::put(&mut new, at, &names.get_offset(name).to_le_bytes(), WHAT)?;
    }
    for (section, name) in sections.iter_mut().zip(long_names) {
        if let Some(name) = name {
            section.set_long_name(names.get_offset(name))?;
        }
    }
    Ok(CoffSymbols { count: kept.all.into(), bytes: new })
}

struct Old<'a> {
    records: &'a [u8],
    strings: &'a [u8],
    /// Its file offset.
    at: u64,
}

struct Symbol<'a> {
    number: usize,
    /// Its record, with its auxiliary records.
    bytes: &'a [u8],
    name: &'a [u8],
    /// Whether its name is in the strings.
    is_long: bool,
    section: i16,
    class: u8,
}

/// New numbers of symbols.
struct Renumbering {
    /// For each record of the old table, how many of the records before it are kept.
    before: Vec<u32>,
    all: u32,
}

impl Renumbering {
    /// The new number, if the record is kept.
    fn number(&self, old: usize) -> Option<u32> {
        let (this, next) = (self.before.get(old)?, self.before.get(old + 1).unwrap_or(&self.all));
        (next > this).then_some(*this)
    }

    /// The new number of the record or, if it is removed, of the next one that stays.
    fn from(&self, old: usize) -> u32 {
        *self.before.get(old).unwrap_or(&self.all)
    }
}

impl<'a> Old<'a> {
    fn all(&self) -> impl Iterator<Item = Result<Symbol<'a>>> + use<'_, 'a> {
        let mut number = 0;
        std::iter::from_fn(move || {
            let start = number * bytes::index(SYMBOL_SIZE);
            let rest = self.records.get(start..).filter(|rest| !rest.is_empty())?;
            let symbol = self.symbol(number, rest);
            number += symbol.as_ref().map_or(usize::MAX / 32, |it| it.bytes.len() / 18);
            Some(symbol)
        })
    }

    fn symbol(&self, number: usize, rest: &'a [u8]) -> Result<Symbol<'a>> {
        let bad = |why| Error::malformed(WHAT, self.at + number as u64 * SYMBOL_SIZE, why);
        let count = 1 + usize::from(*rest.get(17).ok_or_else(|| bad("cut short"))?);
        let bytes = rest.get(..count * bytes::index(SYMBOL_SIZE));
        let bytes = bytes.ok_or_else(|| bad("auxiliary records are missing"))?;
        let long = self.long_name(bytes).map_err(|()| bad("a name is not in the strings"))?;
        let short = bytes.get(..8).unwrap_or_default();
        let short = short.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(Symbol {
            number,
            bytes,
            name: long.unwrap_or(short),
            is_long: long.is_some(),
            section: bytes::u16_at(bytes, 12, WHAT)?.cast_signed(),
            class: bytes.get(16).copied().unwrap_or_default(),
        })
    }

    /// The name in the strings to which a field of 8 bytes refers.
    fn long_name(&self, field: &[u8]) -> std::result::Result<Option<&'a [u8]>, ()> {
        let [0, 0, 0, 0, offset @ ..] = field.get(..8).unwrap_or_default() else {
            return Ok(None);
        };
        let offset = offset.try_into().map(u32::from_le_bytes).unwrap_or_default();
        if offset == 0 {
            return Ok(None);
        }
        let rest = self.strings.get(bytes::index(offset.into())..).ok_or(())?;
        Ok(rest.split(|byte| *byte == 0).next())
    }

    fn choose(&self, numbers: &[Option<u16>], edits: &Edits<'_>) -> Result<Renumbering> {
        let mut kept = Renumbering { before: Vec::with_capacity(self.records.len() / 18), all: 0 };
        let stand_ins = match edits.discard {
            Discard::None => HashSet::new(),
            _ => self.stand_ins()?,
        };
        for symbol in self.all() {
            let symbol = symbol?;
            let stays = stays(&symbol, numbers, edits, &stand_ins)?;
            for _ in 0..symbol.bytes.len() / 18 {
                kept.before.push(kept.all);
                kept.all += u32::from(stays);
            }
        }
        Ok(kept)
    }

    /// Numbers of the symbols that weak symbols name as their stand-in.
    fn stand_ins(&self) -> Result<HashSet<usize>> {
        let mut numbers = HashSet::new();
        for symbol in self.all() {
            let symbol = symbol?;
            if symbol.class == WEAK && symbol.bytes.len() as u64 > SYMBOL_SIZE {
                numbers.insert(bytes::u32_at(symbol.bytes, SYMBOL_SIZE, WHAT)? as usize);
            }
        }
        Ok(numbers)
    }

    /// Appends the records of a symbol that stays. Calls `name_at` with each place of a name
    /// offset.
    fn renew(
        &self,
        symbol: &Symbol<'a>,
        kept: &Renumbering,
        numbers: &[Option<u16>],
        new: &mut Vec<u8>,
        mut name_at: impl FnMut(u64, &'a [u8]),
    ) -> Result<()> {
        let start = new.len() as u64;
        new.extend_from_slice(symbol.bytes);
        if symbol.is_long {
            name_at(start + 4, symbol.name);
        }
        if let Some(number) = section(symbol.section, numbers) {
            bytes::put(new, start + 12, &number.to_le_bytes(), WHAT)?;
        }
        if symbol.class == FILE {
            // Its value is the number of the next source file, or of the symbol behind the last
            // one.
            let next = bytes::u32_at(new, start + 8, WHAT)? as usize;
            if next != 0 {
                bytes::put(new, start + 8, &kept.from(next).to_le_bytes(), WHAT)?;
            }
        }
        if symbol.bytes.len() as u64 > SYMBOL_SIZE {
            self.renew_aux(symbol, kept, numbers, new, name_at)?;
        }
        Ok(())
    }

    /// Renews the first auxiliary record of the symbol that `new` ends with.
    fn renew_aux(
        &self,
        symbol: &Symbol<'a>,
        kept: &Renumbering,
        numbers: &[Option<u16>],
        new: &mut Vec<u8>,
        mut name_at: impl FnMut(u64, &'a [u8]),
    ) -> Result<()> {
        let start = (new.len() - symbol.bytes.len()) as u64;
        let aux = start + SYMBOL_SIZE;
        let is_function = bytes::u16_at(new, start + 14, WHAT)? & 0x30 == 0x20;
        // Returns whether the symbol whose number is at this place still exists.
        let mut renumber = |at: u64| {
            let old = bytes::u32_at(new, at, WHAT)? as usize;
            let number = kept.number(old);
            if old != 0 && old < kept.before.len() {
                bytes::put(new, at, &number.unwrap_or_default().to_le_bytes(), WHAT)?;
            }
            Ok::<_, Error>(old == 0 || number.is_some())
        };
        match symbol.class {
            EXTERNAL | STATIC if is_function => {
                renumber(aux)?;
                renumber(aux + 12)?;
            }
            FUNCTION => {
                renumber(aux + 12)?;
            }
            WEAK if renumber(aux)? => {}
            WEAK => {
                let what = format!("removing what stands in for {}", shown(symbol.name));
                return Err(Error::unsupported(what, "the weak symbol stays"));
            }
            STATIC => {
                let leader = bytes::u16_at(new, aux + 12, WHAT)?.cast_signed();
                let number = section(leader, numbers).filter(|_| symbol.bytes.get(32) == Some(&5));
                if let Some(number) = number {
                    bytes::put(new, aux + 12, &number.to_le_bytes(), WHAT)?;
                }
            }
            FILE => {
                let name = symbol.bytes.get(bytes::index(SYMBOL_SIZE)..).unwrap_or_default();
                if let Ok(Some(name)) = self.long_name(name) {
                    name_at(aux + 4, name);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The new number of a section that stays.
fn section(number: i16, numbers: &[Option<u16>]) -> Option<u16> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    *numbers.get(index)?
}

fn stays(
    symbol: &Symbol<'_>,
    numbers: &[Option<u16>],
    edits: &Edits<'_>,
    stand_ins: &HashSet<usize>,
) -> Result<bool> {
    let index = usize::try_from(symbol.section).ok().and_then(|number| number.checked_sub(1));
    let lost_section = index.and_then(|index| numbers.get(index)) == Some(&None);
    let is_local = !matches!(symbol.class, EXTERNAL | WEAK) && !stand_ins.contains(&symbol.number);
    let is_discarded = match edits.discard {
        Discard::None => false,
        Discard::Temporary => is_local && symbol.name.starts_with(b".L"),
        Discard::All => is_local,
    };
    let by_default = match edits.strip {
        _ if is_discarded => false,
        Strip::None => true,
        Strip::Debug => LINKED.contains(&symbol.class) && symbol.section != DEBUG,
        Strip::Unneeded | Strip::All => false,
    };
    match edits.symbols.of(symbol.name) {
        Some(true) if lost_section => Err(Error::unsupported(
            format!("keeping symbol {}", shown(symbol.name)),
            "its section is taken out",
        )),
        Some(stays) => Ok(stays),
        None => Ok(by_default && !lost_section),
    }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
