//! Which sections go. What is loaded stays, whatever is asked.

use object::elf;

use super::layout::{Layout, Section};
use super::relocations;
use crate::edit::{Finish, Strip};
use crate::{Error, Result};

/// Takes out what is to go, but for symbols and their names.
pub(super) fn sections(layout: &mut Layout<'_>, edits: &Finish<'_>) -> Result<()> {
    let names = layout.names_number();
    let relocatable = layout.is_relocatable();
    for (number, section) in layout.sections.iter_mut().enumerate().skip(1) {
        let chosen = edits.sections.of(&section.name);
        if chosen == Some(false) {
            check_removable(section, number == names, relocatable)?;
        }
        let is_fixed = number == names
            || section.in_segment
            || section.header.sh_type == elf::SHT_NULL
            || is_symbols(section);
        section.kept = is_fixed || chosen.unwrap_or_else(|| survives(section, edits.strip));
    }
    follow_targets(layout, edits);
    relocations::shrink_groups(layout);
    check_links(layout)
}

/// What a relocation section of an image is for decides about it.
fn follow_targets(layout: &mut Layout<'_>, edits: &Finish<'_>) {
    let stays: Vec<bool> = layout.sections.iter().map(|section| section.kept).collect();
    for section in &mut layout.sections {
        if !section.is_relocations() || section.in_segment || section.header.sh_info == 0 {
            continue;
        }
        let has_target = stays.get(section.header.sh_info as usize).copied().unwrap_or_default();
        let chosen = edits.sections.of(&section.name);
        // Without symbols relocations are nothing.
        section.kept = has_target && chosen.unwrap_or(edits.strip != Strip::All);
    }
}

fn check_removable(section: &Section<'_>, is_names: bool, relocatable: bool) -> Result<()> {
    let why = if is_names {
        "it holds the names of the sections"
    } else if section.in_segment || section.is_loaded() && !relocatable {
        "it is loaded"
    } else {
        return Ok(());
    };
    let what = format!("removing section {}", String::from_utf8_lossy(&section.name));
    Err(Error::unsupported(what, why))
}

/// A section that is ordered by another one cannot do without it.
fn check_links(layout: &Layout<'_>) -> Result<()> {
    for section in layout.sections.iter().filter(|section| section.kept) {
        let link = section.header.sh_link as usize;
        let linked = layout.sections.get(link).filter(|_| link != 0);
        if let Some(linked) = linked.filter(|linked| !linked.kept)
            && section.is(elf::SHF_LINK_ORDER)
        {
            let what = format!("removing section {}", String::from_utf8_lossy(&linked.name));
            let why = format!("{} belongs to it", String::from_utf8_lossy(&section.name));
            return Err(Error::unsupported(what, why));
        }
    }
    Ok(())
}

/// Symbols and their names, of which is decided by symbol.
fn is_symbols(section: &Section<'_>) -> bool {
    matches!(section.header.sh_type, elf::SHT_SYMTAB | elf::SHT_SYMTAB_SHNDX)
}

fn survives(section: &Section<'_>, strip: Strip) -> bool {
    match strip {
        Strip::None => true,
        Strip::Debug | Strip::Unneeded => section.is_loaded() || !is_debug(&section.name),
        Strip::All => section.is_loaded() || survives_all(&section.name),
    }
}

/// Sections that debuggers alone read. Those that GCC names `.gnu.debuglto_.debug…` are not: its
/// compiler reads them when it is the linker's plugin, and makes debug data of them.
pub(super) fn is_debug(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b".gdb_index", b".line", b".gnu_debugaltlink"];
    const PREFIXES: [&[u8]; 4] = [b".debug", b".zdebug", b".stab", b".gnu.linkonce.wi."];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Sections without an address that even a full strip leaves: what tells a program's origin,
/// and what tools (linkers, debuggers) need to be told.
fn survives_all(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] =
        [b".comment", b".dep-v0", b".gnu_debuglink", b".ARM.attributes", b".riscv.attributes"];
    const PREFIXES: [&[u8]; 3] = [b".rgo", b".note", b".gnu.warning"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
