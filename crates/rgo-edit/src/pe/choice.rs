//! Chooses the sections that a PE image keeps. Every section is mapped, so one may go only if it is
//! marked as discardable (`IMAGE_SCN_MEM_DISCARDABLE`) and no header refers to it; the section
//! before it takes over its addresses.

use super::headers::{DataDirectory, Section};
use super::layout::Layout;
use crate::bytes::{self, ReadBytes};
use crate::debuglink::DEBUGLINK;
use crate::{Edits, Removed, Strip};
use rgo_binary::{Error, Result};

const WHAT: &str = "PE image";
/// Offset in the load configuration of the number (from 1) of the section with dynamic relocations,
/// in 32-bit and 64-bit images.
const DYNAMIC_RELOCATIONS: [u32; 2] = [140, 228];

/// The result of a choice of sections.
pub(super) struct ChosenSections {
    /// The sections that stay, without new gaps between them.
    pub(super) kept: Vec<Section>,
    /// The new number of each old section, from 1.
    pub(super) numbers: Vec<Option<u16>>,
    pub(super) removed: Vec<Removed>,
    pub(super) warnings: Vec<String>,
}

/// Whether a section has DWARF or other data that only debuggers read.
pub(super) fn is_debug(section: &Section) -> bool {
    const PREFIXES: [&[u8]; 3] = [b".debug", b".zdebug", b".stab"];
    PREFIXES.iter().any(|prefix| section.name.starts_with(prefix)) || section.name == b".gdb_index"
}

/// Chooses by the request.
///
/// # Errors
/// If a named section is needed, or cannot go without moving bytes that must not move.
pub(super) fn choose(layout: &Layout<'_, '_>, edits: &Edits<'_>) -> Result<ChosenSections> {
    let needs = HeaderNeeds::of(layout)?;
    let mut chosen = ChosenSections {
        kept: Vec::new(),
        numbers: Vec::new(),
        removed: Vec::new(),
        warnings: Vec::new(),
    };
    let mut gap = false;
    for (number, section) in layout.headers.sections.iter().enumerate() {
        if goes(layout, &needs, number, edits, &mut chosen.warnings)? {
            let size = section.bytes().map_or(0, |bytes| bytes.end - bytes.start);
            chosen.removed.push(Removed { name: section.shown(), size });
            chosen.numbers.push(None);
            gap = true;
            continue;
        }
        if let (true, Some(before)) = (gap, chosen.kept.last_mut()) {
            layout
                .refuse_flat(&format!("taking out what is before section {}", section.shown()))?;
            before.size = section.address.checked_sub(before.address).ok_or_else(|| {
                Error::malformed(WHAT, layout.headers.table, "sections are not in order")
            })?;
        }
        gap = false;
        chosen.kept.push(section.clone());
        chosen.numbers.push(u16::try_from(chosen.kept.len()).ok());
    }
    if let Some(number) = needs.relocations
        && chosen.numbers.iter().take(number.into()).any(Option::is_none)
    {
        return Err(Error::unsupported(
            "stripping this PE image",
            format!("its load configuration knows section {number} by its number"),
        ));
    }
    Ok(chosen)
}

fn goes(
    layout: &Layout<'_, '_>,
    needs: &HeaderNeeds,
    number: usize,
    edits: &Edits<'_>,
    warnings: &mut Vec<String>,
) -> Result<bool> {
    let Some(section) = layout.headers.sections.get(number) else { return Ok(false) };
    let refused = |what: &str, why| {
        Err(Error::unsupported(format!("{what} section {}", section.shown()), why))
    };
    let needed = needs.why(number, section);
    let asked = edits.sections.of(&section.name);
    if layout.is_symbol_table(section) {
        // This is Go's `.symtab`, which is written anew as a table that is not mapped.
        return match (asked, needed) {
            (Some(true), _) => refused("keeping", "it is the symbol table: keep symbols by name"),
            (_, Some(why)) => refused("moving the symbol table out of", why),
            _ => Ok(true),
        };
    }
    let is_replaced = edits.debuglink.is_some() && section.name == DEBUGLINK;
    match (asked, needed) {
        (Some(true), _) => Ok(false),
        (Some(false), None) => Ok(true),
        (Some(false), Some(why)) => refused("removing", why),
        (None, None) => Ok(is_replaced || edits.strip != Strip::None && is_debug(section)),
        (None, Some(why)) if is_replaced => refused("replacing", why),
        (None, Some(why)) => {
            if edits.strip != Strip::None && is_debug(section) {
                warnings.push(format!("section {} is kept: {why}", section.shown()));
            }
            Ok(false)
        }
    }
}

/// The sections that the headers of an image refer to.
struct HeaderNeeds {
    addresses: Vec<u32>,
    /// The section with dynamic relocations.
    relocations: Option<u16>,
}

impl HeaderNeeds {
    fn of(layout: &Layout<'_, '_>) -> Result<Self> {
        let (source, headers) = (layout.source, &layout.headers);
        let mut addresses = vec![bytes::u32_at(source, headers.optional(16), WHAT)?];
        for number in 0..headers.directories(source)? {
            let (address, size) = headers.numbered_directory(source, number)?;
            if size > 0 && number != DataDirectory::Certificate as u64 {
                addresses.push(address);
            }
        }
        addresses.retain(|address| *address != 0);
        Ok(Self { addresses, relocations: relocations(layout)? })
    }

    /// Why a section has to stay.
    fn why(&self, number: usize, section: &Section) -> Option<&'static str> {
        if section.name == b".reloc" {
            Some("Windows moves the image by it")
        } else if self.addresses.iter().any(|address| section.contains(*address)) {
            Some("the headers lead to it")
        } else if !section.is_discardable() {
            Some("it is loaded, and not marked as discardable")
        } else if number == 0 {
            Some("no section is before it that could take over its addresses")
        } else {
            None
        }
    }
}

/// The number of the section with dynamic relocations, if the load configuration names one.
fn relocations(layout: &Layout<'_, '_>) -> Result<Option<u16>> {
    let (source, headers) = (layout.source, &layout.headers);
    let (address, size) = headers.directory(source, DataDirectory::LoadConfig)?;
    let [narrow, wide] = DYNAMIC_RELOCATIONS;
    let at = if headers.is_64 { wide } else { narrow };
    if size == 0 {
        return Ok(None);
    }
    // Its own size is the first field; some linkers give another one in the directory.
    let Ok(start) = headers.file_offset(address, 4) else { return Ok(None) };
    if bytes::u32_at(source, start, WHAT)? < at + 2 {
        return Ok(None);
    }
    let start = headers.file_offset(address, at + 2)?;
    source.check(start, u64::from(at) + 2, WHAT)?;
    let number = bytes::u16_at(source, start + u64::from(at), WHAT)?;
    Ok((number > 0).then_some(number))
}
