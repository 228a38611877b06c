//! Writes the note, the dependency list and the slots into the room that the linker reserved. No
//! layout changes, so the three formats share this code: the bytes of such a section are
//! uncompressed in the file.

use super::{Draft, Edits, Reason, bytes};
use rgo_binary::embedded::auditable;
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot;
use rgo_binary::{Error, Image, Result, SectionRef};

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
    if edits.slots.is_empty() { Ok(Vec::new()) } else { fill_slots(image, edits.slots, draft) }
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

fn fill_slots(
    image: &Image<'_>,
    values: &[(String, String)],
    draft: &mut Draft<'_>,
) -> Result<Vec<(String, usize)>> {
    let name = slot::section_name(image.format());
    let mut slots = Vec::new();
    for section in image.sections().filter(|section| section.name == name) {
        let base = section.file_offset.unwrap_or_default();
        slots.extend(slot::parse(section.data, base)?.into_iter().map(|slot| (section, slot)));
    }
    let mut slots_written = Vec::new();
    for (name, value) in values {
        let mut written = 0;
        for (section, slot) in slots.iter().filter(|(_, slot)| slot.name == *name) {
            let base = section.file_offset.unwrap_or_default();
            let record = slot::encode(name, slot.capacity, value)?;
            write(draft, section, slot.file_offset - base, &record, Reason::Slot)?;
            written += 1;
        }
        if written == 0 {
            let mut known: Vec<_> = slots.iter().map(|(_, slot)| slot.name.clone()).collect();
            known.sort();
            known.dedup();
            return Err(Error::UnknownSlot { name: name.clone(), known });
        }
        slots_written.push((name.clone(), written));
    }
    Ok(slots_written)
}

fn reserved<'a>(image: &Image<'a>, name: &str, what: &str) -> Result<SectionRef<'a>> {
    image.section(name).filter(|section| section.file_offset.is_some()).ok_or_else(|| {
        Error::unsupported(
            format!("writing {what}"),
            format!("the image was linked without room for it (no section {name})"),
        )
    })
}
