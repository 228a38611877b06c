//! Writes the note, the dependency list and the slots into the room that the linker reserved. No
//! layout changes, so the three formats share this code: the bytes of such a place are
//! uncompressed in the file.

use super::{Draft, Edits, Reason, bytes};
use rgo_binary::embedded::auditable;
use rgo_binary::embedded::go_slot::{self, GoSlot};
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot;
use rgo_binary::{Error, Image, Result, SectionRef, WordFormat};

/// Writes the requested values into their reserved places. Returns for each slot name the number of
/// written slots.
pub(super) fn write_reserved(
    image: &Image<'_>,
    edits: &Edits<'_>,
    draft: &mut Draft<'_>,
) -> Result<Vec<(String, usize)>> {
    if let Some(text) = edits.note {
        fill_note(image, text, draft)?;
    }
    if let Some(list) = edits.audit {
        fill_audit(image, list, draft)?;
    }
    fill_slots(image, edits, draft)
}

/// Overwrites a section's bytes from offset `at` on.
fn write(
    draft: &mut Draft<'_>,
    section: &SectionRef<'_>,
    at: u64,
    bytes: &[u8],
    why: Reason,
) -> Result<()> {
    let offset = section.file_offset.unwrap_or_default() + at;
    draft.put(offset, bytes, why, "room for an edit")
}

fn fill_note(image: &Image<'_>, text: &str, draft: &mut Draft<'_>) -> Result<()> {
    let section = reserved(image, rgo_note::section_name(image.format()), "a build note")?;
    let capacity = rgo_note::parse(section.data)?.capacity;
    write(draft, &section, 0, &rgo_note::encode(text, capacity)?, Reason::Note)
}

fn fill_audit(image: &Image<'_>, list: &[u8], draft: &mut Draft<'_>) -> Result<()> {
    let section = reserved(image, auditable::SECTION, "a dependency list")?;
    // The bytes of a PE section extend to the file alignment, past the mapped ones.
    let capacity = section.size.min(section.data.len() as u64);
    if list.len() as u64 > capacity {
        let needed = list.len() as u64;
        return Err(Error::NoteTooSmall { what: "dependency list".into(), needed, capacity });
    }
    let mut padded = list.to_vec();
    padded.resize(bytes::index(capacity), 0);
    write(draft, &section, 0, &padded, Reason::DependencyList)
}

/// Writes the values into the recorded slots and into Go's found ones.
fn fill_slots(
    image: &Image<'_>,
    edits: &Edits<'_>,
    draft: &mut Draft<'_>,
) -> Result<Vec<(String, usize)>> {
    let is_named = |slot: &&GoSlot| edits.slots.iter().any(|(name, _)| *name == slot.name);
    if let Some(slot) = edits.go_slots.iter().find(|slot| !is_named(slot)) {
        return Err(Error::SlotWithoutValue { name: slot.name.clone() });
    }
    if edits.slots.is_empty() {
        return Ok(Vec::new());
    }
    let mut slots = slot::list(image)?;
    slots.extend(slot::of_go(image, edits.go_slots)?);
    let words = WordFormat::of(image);
    let mut slots_written = Vec::new();
    for (name, value) in edits.slots {
        let mut written = 0;
        for slot in slots.iter().filter(|slot| slot.name == *name) {
            for patch in slot.patches(value, words)? {
                draft.put(patch.offset, &patch.bytes, Reason::Slot, "room for an edit")?;
            }
            written += 1;
        }
        if written == 0 {
            let mut known: Vec<_> = slots.iter().map(|slot| slot.name.clone()).collect();
            known.sort();
            known.dedup();
            return Err(Error::UnknownSlot { name: name.clone(), known });
        }
        slots_written.push((name.clone(), written));
    }
    Ok(slots_written)
}

/// The section that records Go's found slots: its name and content.
pub(super) fn go_index(
    image: &Image<'_>,
    edits: &Edits<'_>,
) -> Result<Option<(&'static str, Vec<u8>)>> {
    if edits.go_slots.is_empty() {
        return Ok(None);
    }
    let name = go_slot::section_name(image.format());
    Ok(Some((name, go_slot::encode(edits.go_slots)?)))
}

fn reserved<'a>(image: &Image<'a>, name: &str, what: &str) -> Result<SectionRef<'a>> {
    image.section(name).filter(|section| section.file_offset.is_some()).ok_or_else(|| {
        Error::unsupported(
            format!("writing {what}"),
            format!("the image was linked without room for it (no section {name})"),
        )
    })
}
