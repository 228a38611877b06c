//! The edits that change no layout: room that was linked in is written over. The same for the
//! three formats, because a section's bytes lie in the file as they are.

use std::ops::Range;

use super::{Finish, bytes};
use crate::{Error, Image, Result, SectionRef, audit, note, slot};

/// A copy of an image with its reserved places written.
pub(super) struct Filled {
    pub(super) bytes: Vec<u8>,
    /// For each name asked for, how many slots were written.
    pub(super) slots_written: Vec<(String, usize)>,
    /// Addresses that were written.
    pub(super) edited: Vec<Range<u64>>,
}

pub(super) fn fill(image: &Image<'_>, edits: &Finish<'_>) -> Result<Filled> {
    let mut filled =
        Filled { bytes: image.data().to_vec(), slots_written: Vec::new(), edited: Vec::new() };
    if let Some(text) = edits.note {
        fill_note(image, text, &mut filled)?;
    }
    if let Some(list) = edits.audit {
        fill_audit(image, list, &mut filled)?;
    }
    if !edits.slots.is_empty() {
        fill_slots(image, edits.slots, &mut filled)?;
    }
    Ok(filled)
}

impl Filled {
    /// Writes over the start of a section.
    fn write(&mut self, section: &SectionRef<'_>, at: u64, bytes: &[u8]) -> Result<()> {
        let offset = section.file_offset.unwrap_or_default() + at;
        bytes::put(&mut self.bytes, offset, bytes, "room for an edit")?;
        let address = section.address.saturating_add(at);
        self.edited.push(address..address.saturating_add(bytes.len() as u64));
        Ok(())
    }
}

fn fill_note(image: &Image<'_>, text: &str, filled: &mut Filled) -> Result<()> {
    let section = reserved(image, note::section_name(image.format()), "a build note")?;
    let capacity = note::parse(section.data)?.capacity;
    filled.write(&section, 0, &note::encode(text, capacity)?)
}

fn fill_audit(image: &Image<'_>, list: &[u8], filled: &mut Filled) -> Result<()> {
    let section = reserved(image, audit::SECTION, "a dependency list")?;
    // A PE section's bytes run on to the file alignment, past what is mapped.
    let capacity = section.size.min(section.data.len() as u64);
    if list.len() as u64 > capacity {
        let needed = list.len() as u64;
        return Err(Error::NoteTooSmall { what: "dependency list".into(), needed, capacity });
    }
    let mut padded = list.to_vec();
    padded.resize(bytes::index(capacity), 0);
    filled.write(&section, 0, &padded)
}

fn fill_slots(image: &Image<'_>, values: &[(String, String)], filled: &mut Filled) -> Result<()> {
    let name = slot::section_name(image.format());
    let mut slots = Vec::new();
    for section in image.sections().filter(|section| section.name == name) {
        let base = section.file_offset.unwrap_or_default();
        slots.extend(slot::parse(section.data, base)?.into_iter().map(|slot| (section, slot)));
    }
    for (name, value) in values {
        let mut written = 0;
        for (section, slot) in slots.iter().filter(|(_, slot)| slot.name == *name) {
            let base = section.file_offset.unwrap_or_default();
            let record = slot::encode(name, slot.capacity, value)?;
            filled.write(section, slot.file_offset - base, &record)?;
            written += 1;
        }
        if written == 0 {
            let mut known: Vec<_> = slots.iter().map(|(_, slot)| slot.name.clone()).collect();
            known.sort();
            known.dedup();
            return Err(Error::UnknownSlot { name: name.clone(), known });
        }
        filled.slots_written.push((name.clone(), written));
    }
    Ok(())
}

fn reserved<'a>(image: &Image<'a>, name: &str, what: &str) -> Result<SectionRef<'a>> {
    image.section(name).filter(|section| section.file_offset.is_some()).ok_or_else(|| {
        Error::unsupported(
            format!("writing {what}"),
            format!("the image was linked without room for it (no section {name})"),
        )
    })
}
