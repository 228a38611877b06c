//! References in an object file: its relocations.

use object::{Object, ObjectSection, ObjectSymbol, Relocation, RelocationKind, RelocationTarget};
use rgo_binary::{Arch, Format, Image};

use super::Gatherer;

/// Adds the target of each relocation.
pub(super) fn gather(image: &Image<'_>, gatherer: &mut Gatherer<'_>) {
    let file = image.object();
    // `object` counts the sections of COFF from 1.
    let first = usize::from(image.format() == Format::Pe);
    let number = |index: object::SectionIndex| index.0.checked_sub(first);
    for section in file.sections() {
        let start = if gatherer.space.is_object() { 0 } else { section.address() };
        for (offset, relocation) in section.relocations() {
            let target = match relocation.target() {
                RelocationTarget::Symbol(index) => file
                    .symbol_by_index(index)
                    .ok()
                    .and_then(|symbol| Some((number(symbol.section_index()?), symbol.address()))),
                RelocationTarget::Section(index) => Some((number(index), 0)),
                _ => None,
            };
            let from = gatherer.space.locate(number(section.index()), start.saturating_add(offset));
            let (Some(from), Some((of, address))) = (from, target) else { continue };
            let to = address.wrapping_add_signed(distance(image.arch(), &relocation));
            if let Some(to) = gatherer.space.locate(of, to) {
                gatherer.add_place(from, to);
            }
        }
    }
}

/// How far behind its symbol a relocation points. On amd64, addresses count from the end of the instruction, mostly
/// 4 bytes behind the place.
fn distance(arch: &Arch, relocation: &Relocation) -> i64 {
    let is_relative = relocation.kind() != RelocationKind::Absolute;
    let behind = if is_relative && *arch == Arch::Amd64 { 4 } else { 0 };
    relocation.addend().saturating_add(behind)
}
