//! Chooses the sections that an edit removes. Loaded sections always stay.

use object::elf;

use super::extents::Extents;
use super::layout::Layout;
use super::relocations;
use super::section::Section;
use crate::{Edits, Strip};
use rgo_binary::{Error, Result};

/// Removes the chosen sections, except symbols and their names. Returns warnings about the sections
/// that the mode would remove and that cannot be removed.
pub(super) fn sections(layout: &mut Layout<'_>, edits: &Edits<'_>) -> Result<Vec<String>> {
    let names = layout.names_number();
    let relocatable = layout.is_relocatable();
    let is_symbol_table = |section: &Section<'_>| section.header.sh_type == elf::SHT_SYMTAB;
    let symtab = layout.sections.iter().position(is_symbol_table);
    let mut stuck = HeldBack::default();
    for (number, section) in layout.sections.iter_mut().enumerate().skip(1) {
        let chosen = edits.sections.of(&section.name);
        if chosen == Some(false) {
            check_removable(section, number == names, relocatable, &layout.extents)?;
        }
        if number != names && chosen.is_none() && goes(section, edits.strip, symtab) {
            stuck.add(section, &layout.extents);
        }
        let is_fixed = number == names
            || section.in_segment
            || section.header.sh_type == elf::SHT_NULL
            || is_symbols(section);
        section.kept = is_fixed || chosen.unwrap_or_else(|| !goes(section, edits.strip, symtab));
    }
    follow_targets(layout, edits);
    relocations::shrink_groups(layout);
    check_links(layout)?;
    Ok(stuck.text().into_iter().collect())
}

/// Sections that the mode would remove, but that a part of the file holds that has to stay.
#[derive(Default)]
struct HeldBack {
    names: Vec<String>,
    size: u64,
    why: Option<String>,
}

impl HeldBack {
    fn add(&mut self, section: &Section<'_>, extents: &Extents) {
        if section.in_segment && section.size() > 0 {
            self.names.push(String::from_utf8_lossy(&section.name).into_owned());
            self.size += section.size();
            self.why.get_or_insert_with(|| extents.hold_because(section.header.sh_offset));
        }
    }

    fn text(&self) -> Option<String> {
        let why = self.why.as_ref()?;
        let (first, more) = self.names.split_at_checked(3).unwrap_or((&self.names, &[]));
        let more =
            if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        Some(format!("{} bytes of {}{more} stay: {why}", self.size, first.join(", ")))
    }
}

/// Removes relocation sections with their targets, and in a full strip all that no name keeps.
fn follow_targets(layout: &mut Layout<'_>, edits: &Edits<'_>) {
    let stays: Vec<bool> = layout.sections.iter().map(|section| section.kept).collect();
    for section in &mut layout.sections {
        if !section.is_relocations() || section.in_segment || section.header.sh_info == 0 {
            continue;
        }
        let has_target = stays.get(section.header.sh_info as usize).copied().unwrap_or_default();
        let chosen = edits.sections.of(&section.name);
        // Relocations are useless without symbols.
        section.kept = has_target && chosen.unwrap_or(edits.strip != Strip::All);
    }
}

fn check_removable(
    section: &Section<'_>,
    is_names: bool,
    relocatable: bool,
    extents: &Extents,
) -> Result<()> {
    let why = if is_names {
        "it holds the names of the sections".to_owned()
    } else if section.is_loaded() && !relocatable {
        "it is loaded".to_owned()
    } else if section.in_segment {
        extents.hold_because(section.header.sh_offset)
    } else {
        return Ok(());
    };
    let what = format!("removing section {}", String::from_utf8_lossy(&section.name));
    Err(Error::unsupported(what, why))
}

/// Fails if a removed section orders one that stays (`SHF_LINK_ORDER`).
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

/// Whether it is a symbol table or its names, which a later step handles symbol by symbol.
fn is_symbols(section: &Section<'_>) -> bool {
    matches!(section.header.sh_type, elf::SHT_SYMTAB | elf::SHT_SYMTAB_SHNDX)
}

/// Whether the mode removes a section. Sections with unknown names stay: one may be the purpose of
/// the program.
fn goes(section: &Section<'_>, strip: Strip, symtab: Option<usize>) -> bool {
    if section.is_loaded() || strip == Strip::None {
        return false;
    }
    let is_about_symbols = || {
        is_symbols(section)
            || section.header.sh_type == elf::SHT_STRTAB
            || symtab.is_some_and(|symtab| section.header.sh_link as usize == symtab)
            || section.name == b".gnu_debugdata"
    };
    is_debug(&section.name)
        || strip == Strip::Unneeded && is_symbols(section)
        || strip == Strip::All && is_about_symbols()
}

/// Whether only debuggers read a section. Sections that GCC names `.gnu.debuglto_.debug…` do not
/// count: as a plugin of the linker, its compiler reads them and makes debug data from them.
pub(super) fn is_debug(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b".gdb_index", b".line", b".gnu_debugaltlink"];
    const PREFIXES: [&[u8]; 4] = [b".debug", b".zdebug", b".stab", b".gnu.linkonce.wi."];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
