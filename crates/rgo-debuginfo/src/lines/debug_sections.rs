//! [`DebugSections`]: the DWARF sections of one file, ready to be read: borrowed from the file if that has them as
//! they are, else inflated and relocated once.

use std::borrow::Cow;
use std::collections::HashMap;

use gimli::{EndianSlice, RunTimeEndian, SectionId};
use object::Object;
use rgo_binary::{Endian, Image};

use super::LineError;
use super::relocations;

/// gimli's reader of borrowed bytes.
pub(super) type DwarfReader<'a> = EndianSlice<'a, RunTimeEndian>;

/// The sections that frames are found with, of an image or of a `.dwo`.
const SECTIONS: [SectionId; 12] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugAranges,
    SectionId::DebugCuIndex,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugTuIndex,
];

/// Sections of a package that are not read. Its index says which part of each belongs to a unit, and gimli asks for all.
const OF_PACKAGE: [SectionId; 5] = [
    SectionId::DebugLoc,
    SectionId::DebugLocLists,
    SectionId::DebugMacinfo,
    SectionId::DebugMacro,
    SectionId::DebugTypes,
];

/// The DWARF sections of one file: of an image, its companion, a `.dwo`, a `.dwp`, an object file, or a supplement
/// of `dwz`.
#[derive(Debug)]
pub struct DebugSections<'d> {
    order: RunTimeEndian,
    /// By the name in ELF.
    sections: HashMap<&'static str, Cow<'d, [u8]>>,
    /// The addresses that sections of an object file have here: in the file they all begin at 0.
    bases: HashMap<usize, u64>,
}

impl<'d> DebugSections<'d> {
    /// Reads the sections of a file. Uncompressed ones are not copied, unless they are relocated.
    ///
    /// # Errors
    /// If one cannot be inflated or relocated, or if together they would be larger than
    /// [`rgo_binary::Limits::max_inflated`] once they are inflated.
    pub fn read(image: &Image<'d>) -> Result<Self, LineError> {
        let is_object = image.object().kind() == object::ObjectKind::Relocatable;
        let bases = if is_object { relocations::layout(image) } else { HashMap::new() };
        let mut read = Self { bases, ..Self::none(image) };
        let limit = image.limits().max_inflated;
        let mut copied = 0_u64;
        for name in names() {
            if read.sections.contains_key(name) {
                continue;
            }
            let Some(mut bytes) = image.debug_section(name)? else { continue };
            relocations::apply(image, name, &read.bases, &mut bytes)?;
            if matches!(bytes, Cow::Owned(_)) {
                copied = copied.saturating_add(bytes.len() as u64);
            }
            if copied > limit {
                return Err(LineError::Inflated { what: "debug sections", limit });
            }
            read.sections.insert(name, bytes);
        }
        Ok(read)
    }

    /// No sections, of a file whose own cannot be read.
    pub(super) fn none(image: &Image<'_>) -> Self {
        let order = match image.endian() {
            Endian::Big => RunTimeEndian::Big,
            Endian::Little => RunTimeEndian::Little,
        };
        Self { order, sections: HashMap::new(), bases: HashMap::new() }
    }

    /// Whether there is DWARF about the file itself.
    #[must_use]
    pub fn has_units(&self) -> bool {
        !self.bytes(SectionId::DebugInfo.name()).is_empty()
    }

    /// The address that lines and symbols of a section of an object file begin at here, by its index in the file.
    #[must_use]
    pub fn base_of_section(&self, index: usize) -> Option<u64> {
        self.bases.get(&index).copied()
    }

    /// The size of all sections in bytes.
    pub(crate) fn byte_count(&self) -> u64 {
        self.sections.values().map(|bytes| bytes.len() as u64).sum()
    }

    fn bytes(&self, name: &str) -> &[u8] {
        self.sections.get(name).map(AsRef::as_ref).unwrap_or_default()
    }

    fn section(&self, name: Option<&str>) -> DwarfReader<'_> {
        EndianSlice::new(name.map(|name| self.bytes(name)).unwrap_or_default(), self.order)
    }

    /// A section without bytes.
    pub(super) fn empty(&self) -> DwarfReader<'_> {
        self.section(None)
    }

    /// A section of a `.dwo` or `.dwp`.
    pub(super) fn split_section(&self, id: SectionId) -> DwarfReader<'_> {
        self.section(id.dwo_name())
    }

    /// The sections of an image.
    pub(crate) fn dwarf(&self) -> gimli::Dwarf<DwarfReader<'_>> {
        self.load(|id| Some(id.name()))
    }

    /// The sections of a `.dwo`.
    pub(super) fn split_dwarf(&self) -> gimli::Dwarf<DwarfReader<'_>> {
        let mut dwarf = self.load(SectionId::dwo_name);
        dwarf.file_type = gimli::DwarfFileType::Dwo;
        dwarf
    }

    fn load(
        &self,
        name: impl Fn(SectionId) -> Option<&'static str>,
    ) -> gimli::Dwarf<DwarfReader<'_>> {
        let load = |id| Ok::<_, std::convert::Infallible>(self.section(name(id)));
        match gimli::Dwarf::load(load) {
            Ok(dwarf) => dwarf,
            Err(never) => match never {},
        }
    }
}

/// The names of all sections that are read, some of them twice.
fn names() -> impl Iterator<Item = &'static str> {
    let of_image = SECTIONS.iter().map(|id| id.name());
    let split = SECTIONS.iter().chain(&OF_PACKAGE).filter_map(|id| id.dwo_name());
    of_image.chain(split)
}
