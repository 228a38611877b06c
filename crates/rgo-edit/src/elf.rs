//! Edits ELF images: removes sections that no segment holds, and moves up those behind them. The
//! contents of segments are copied unchanged.
//!
//! ```text
//! before  header, segments … end │ .comment .debug_* .symtab .strtab .shstrtab │ section headers
//! after   header, segments … end │ .comment .shstrtab │ section headers
//! ```
//!
//! A segment that lies behind such sections moves up as well ([`extents`]). Go puts the section
//! headers inside the first segment: there they stay. Section numbers occur in headers (`sh_link`,
//! `sh_info`, `e_shstrndx`), in groups, in symbols and, past 65,279 sections, in `.symtab_shndx`;
//! the edit updates them all. (System V ABI, chapters 4 and 5)
//!
//! An object for a linker has no segments: all of its sections may move. The symbols that its
//! relocations name stay.

mod claims;
mod companion;
mod compress;
mod extents;
mod layout;
mod module_signature;
mod names;
mod relocations;
mod section;
mod select;
mod symtab;
mod write;

pub(super) use companion::companion;
use layout::Layout;
use section::Section;

use super::{Discard, Draft, Edited, Edits, Reason, SignaturePolicy, Strip, debuglink};
use rgo_binary::{Error, Result};

pub(super) fn apply<'a>(filled: Draft<'a>, edits: &Edits<'_>) -> Result<Edited<'a>> {
    if edits.sign == SignaturePolicy::AdHoc {
        let why = "nothing that loads ELF knows one";
        return Err(Error::unsupported("an ad-hoc signature of an ELF image", why));
    }
    if asks_nothing(edits) {
        return Ok(Edited::of(filled));
    }
    let mut layout = Layout::parse(filled)?;
    if layout.sections.len() <= 1 {
        return without_sections(layout, edits);
    }
    let mut warnings = select::sections(&mut layout, edits)?;
    let adds = add(&mut layout, edits)?;
    let restored = match edits.compression {
        Some(how) => compress::debug_sections(&mut layout, how)?,
        None => false,
    };
    let symbols_gone = symtab::edit(&mut layout, edits)?;
    let unlinkable = symbols_gone && edits.strip == Strip::All && layout.is_relocatable();
    let removed = layout.removed();
    let is_signed = module_signature::is_at(&layout);
    if let Some((offset, size)) =
        layout.overlay().filter(|_| !is_signed || edits.sign != SignaturePolicy::None)
    {
        // Programs find such data by its distance from the start (AppImage: from the section
        // headers) or from the end: it can stay only if nothing moves.
        if adds || restored || symbols_gone || !removed.is_empty() {
            if is_signed {
                let signer = "the key of a kernel module".to_owned();
                return Err(Error::SignedByIdentity { signer });
            }
            let why = format!(
                "{size} bytes at {offset:#x} belong to no section and would be lost, or not be \
                 found at another place"
            );
            return Err(Error::unsupported("stripping an image with data at its end", why));
        }
        let what = if is_signed { "are its signature" } else { "belong to no section" };
        warnings.push(format!("the last {size} bytes {what}, and stay"));
        return Ok(Edited { warnings, ..Edited::of(layout.source) });
    }
    let draft = layout.write()?;
    Ok(Edited { removed, warnings, unlinkable, identity_dropped: is_signed, ..Edited::of(draft) })
}

/// Keeps an image without section headers as it is: the use of the bytes outside of its segments is
/// unknown.
fn without_sections<'a>(layout: Layout<'a>, edits: &Edits<'_>) -> Result<Edited<'a>> {
    let what = "the image has no section headers";
    if edits.debuglink.is_some() || !edits.added.is_empty() {
        return Err(Error::unsupported("adding a section", what));
    }
    let warnings = layout.overlay().map(|(offset, size)| {
        format!("{what} that say what the {size} bytes at {offset:#x} are: they stay")
    });
    let warnings = warnings.into_iter().collect();
    let unchanged = Some(format!("{what} that say what could go"));
    Ok(Edited { warnings, unchanged, ..Edited::of(layout.source) })
}

fn asks_nothing(edits: &Edits<'_>) -> bool {
    edits.strip == Strip::None
        && edits.discard == Discard::None
        && edits.symbols.is_empty()
        && edits.sections.is_empty()
        && edits.added.is_empty()
        && edits.compression.is_none()
        && edits.debuglink.is_none()
}

/// Adds the requested sections. Returns whether there are any.
fn add(layout: &mut Layout<'_>, edits: &Edits<'_>) -> Result<bool> {
    for (name, content) in edits.added {
        let is_there = |section: &Section<'_>| section.kept && section.name == name.as_bytes();
        let what = || format!("adding section {name}");
        if name.is_empty() || name.contains('\0') {
            return Err(Error::unsupported(what(), "that is no name for a section"));
        }
        if layout.sections.iter().any(is_there) {
            return Err(Error::unsupported(what(), "there is one of that name"));
        }
        let section = Section::new(name.as_bytes(), content.to_vec(), 1, Reason::AddedSection);
        layout.sections.push(section);
    }
    if let Some((name, crc)) = edits.debuglink {
        // An existing link names an old companion.
        for section in layout.sections.iter_mut().filter(|section| !section.in_segment) {
            section.kept &= section.name != debuglink::DEBUGLINK;
        }
        let crc = relocations::bytes_of(layout.encoder.endian(), crc);
        let content = debuglink::debuglink(name, crc)?;
        layout.sections.push(Section::new(debuglink::DEBUGLINK, content, 4, Reason::DebugLink));
    }
    Ok(!edits.added.is_empty() || edits.debuglink.is_some())
}
