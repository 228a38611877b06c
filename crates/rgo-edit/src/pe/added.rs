//! Adds sections to a PE image. PE maps every section, so a new one goes behind all others, in
//! memory and in the file, read-only and discardable, if the header has room for it.

use super::headers::Section;
use super::layout::Layout;
use crate::debuglink::{DEBUGLINK, debuglink};
use crate::{Edits, Reason, bytes};
use rgo_binary::{Error, Result};

const WHAT: &str = "PE section";

/// Appends the requested sections. Returns their contents, padded to the file alignment.
pub(super) fn add(
    layout: &Layout<'_, '_>,
    sections: &mut Vec<Section>,
    edits: &Edits<'_>,
) -> Result<Vec<(Vec<u8>, Reason)>> {
    let mut contents = Vec::new();
    let asked = edits
        .added
        .iter()
        .map(|(name, content)| (name.as_bytes(), content.to_vec(), Reason::AddedSection));
    let link = match edits.debuglink {
        Some((name, crc)) => {
            Some((DEBUGLINK, debuglink(name, crc.to_le_bytes())?, Reason::DebugLink))
        }
        None => None,
    };
    for (name, mut content, why) in asked.chain(link) {
        let shown = String::from_utf8_lossy(name).into_owned();
        let refused = |why: &str| Err(Error::unsupported(format!("adding section {shown}"), why));
        if name.is_empty() || name.starts_with(b"/") || name.contains(&0) {
            return refused("no section can be called that");
        }
        if sections.iter().any(|section| section.name == name) {
            return refused("there is one already");
        }
        if content.is_empty() {
            return refused("Windows loads no image with an empty section");
        }
        layout.refuse_flat(&format!("adding section {shown}"))?;
        let address = bytes::word(bytes::index(layout.memory_end(sections)), WHAT)?;
        let mut section = Section::new(name, bytes::word(content.len(), WHAT)?, address);
        bytes::pad(&mut content, layout.file_align);
        section.file_size = bytes::word(content.len(), WHAT)?;
        sections.push(section);
        contents.push((content, why));
    }
    Ok(contents)
}
