//! [`DebugFiles`]: an image with the files that have its debug data. It checks that each belongs to the image, and says
//! which are missing.

use object::{Object, ObjectSection, SectionKind};
use rgo_binary::debug::build_id::{Identities, identities};
use rgo_binary::{Format, Image};

use super::debug_sections::DebugSections;
use super::mini_symbols;
use super::pdb::{PdbFile, PdbModule, PdbSymbol};
use super::wanted::{FileError, Mismatch, Wanted};
use super::{LineError, alt_link};

/// An image with the files that have its debug data.
#[derive(Debug)]
pub struct DebugFiles<'d> {
    pub(super) image: &'d Image<'d>,
    pub(super) sections: DebugSections<'d>,
    pub(super) companion: Option<&'d Image<'d>>,
    companion_sections: Option<DebugSections<'d>>,
    pub(super) supplement: Option<DebugSections<'d>>,
    pub(super) package: Option<DebugSections<'d>>,
    pub(super) pdb: Option<PdbFile<'d>>,
    /// Fedora's table of symbols, an ELF image of its own.
    pub(super) mini_symbols: Option<Vec<u8>>,
    identities: Identities,
    /// Why the image's own sections are not read.
    pub(super) damage: Option<LineError>,
}

impl<'d> DebugFiles<'d> {
    /// The image alone. Its compressed sections are inflated here, the others are borrowed. If one is damaged, or larger
    /// than the image's limits allow, none is read, and [`super::LineTable::damage`] says why.
    ///
    /// # Errors
    /// If the image is damaged.
    pub fn new(image: &'d Image<'d>) -> Result<Self, LineError> {
        let (sections, damage) = match DebugSections::read(image) {
            Ok(sections) => (sections, None),
            Err(damage) => (DebugSections::none(image), Some(damage)),
        };
        Ok(Self {
            image,
            sections,
            damage,
            companion: None,
            companion_sections: None,
            supplement: None,
            package: None,
            pdb: None,
            mini_symbols: mini_symbols::inflate(image)?,
            identities: identities(image)?,
        })
    }

    /// The instruction set of the image.
    #[must_use]
    pub fn arch(&self) -> String {
        self.image.arch().to_string()
    }

    /// Adds the companion: what `objcopy --only-keep-debug` or `dsymutil` made.
    ///
    /// # Errors
    /// If its build ID, UUID or CRC-32 is not the one that the image asks for, or if it is damaged.
    pub fn add_companion(&mut self, companion: &'d Image<'d>) -> Result<(), FileError> {
        self.check_companion(companion)?;
        let sections = DebugSections::read(companion)?;
        if self.mini_symbols.is_none() {
            self.mini_symbols = mini_symbols::inflate(companion)?;
        }
        self.companion_sections = Some(sections);
        self.companion = Some(companion);
        Ok(())
    }

    /// Adds the file that `.gnu_debugaltlink` or `.debug_sup` names. Add the companion before it.
    ///
    /// # Errors
    /// If its build ID is not the one that the image or its companion asks for, or if it is damaged.
    pub fn add_supplement(&mut self, supplement: &'d Image<'d>) -> Result<(), FileError> {
        let Some((_, wanted)) = alt_link::read(self.described()) else {
            return Err(Mismatch::NotNamed.into());
        };
        let own = alt_link::own_id(supplement);
        let found = own.or(identities(supplement).map_err(LineError::from)?.gnu_build_id);
        if found.as_ref() != Some(&wanted) {
            return Err(Mismatch::BuildId { wanted, found: or_none(found) }.into());
        }
        self.supplement = Some(DebugSections::read(supplement)?);
        Ok(())
    }

    /// Adds a `.dwp`. It has no mark of its image: an address of a unit that it lacks has a
    /// [`super::Gap::Missing`].
    ///
    /// # Errors
    /// If it is for another instruction set, or if it is damaged.
    pub fn add_package(&mut self, package: &Image<'d>) -> Result<(), FileError> {
        self.check_arch(package)?;
        self.package = Some(DebugSections::read(package)?);
        Ok(())
    }

    /// Adds a PDB.
    ///
    /// # Errors
    /// If its GUID or age is not the image's, or if it is damaged.
    pub fn add_pdb(&mut self, bytes: &'d [u8]) -> Result<(), FileError> {
        let Some(wanted) = &self.identities.pdb else { return Err(Mismatch::NotNamed.into()) };
        let pdb = PdbFile::open(bytes)?;
        if pdb.guid() != wanted.guid || pdb.age() != wanted.age {
            return Err(Mismatch::Pdb {
                wanted: format!("{} age {}", wanted.guid, wanted.age),
                found: format!("{} age {}", pdb.guid(), pdb.age()),
            }
            .into());
        }
        self.pdb = Some(pdb);
        Ok(())
    }

    /// The files that the image names, that would be of use and that were not added. Those of single units are not
    /// among them: [`super::LineTable::wanted_at`] names these.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        if !self.main().has_units() {
            wanted.extend(self.wanted_companions());
        }
        if self.supplement.is_none()
            && let Some((path, build_id)) = alt_link::read(self.described())
        {
            wanted.push(Wanted::AltLink { path, build_id });
        }
        if self.pdb.is_none()
            && let Some(pdb) = &self.identities.pdb
        {
            let (path, guid, age) = (pdb.path.clone(), pdb.guid.clone(), pdb.age);
            wanted.push(Wanted::Pdb { path, guid, age });
        }
        wanted
    }

    fn wanted_companions(&self) -> Vec<Wanted> {
        if self.companion.is_some() {
            return Vec::new();
        }
        let link = self.image.object().gnu_debuglink().ok().flatten();
        let link = link.map(|(name, crc32)| Wanted::DebugLink {
            name: String::from_utf8_lossy(name).into_owned(),
            crc32,
        });
        let build_id = self.identities.gnu_build_id.clone().map(|id| Wanted::BuildId { id });
        let dsym = self.identities.uuid.clone().map(|uuid| Wanted::Dsym { uuid });
        link.into_iter().chain(build_id).chain(dsym).collect()
    }

    /// The file with the DWARF of the image: itself or its companion.
    fn described(&self) -> &'d Image<'d> {
        match self.companion {
            Some(companion) if !self.sections.has_units() => companion,
            _ => self.image,
        }
    }

    /// The DWARF sections of that file, and whether it is the image itself.
    pub(crate) fn described_sections(&self) -> (&DebugSections<'d>, bool) {
        (self.main(), self.companion_sections.is_none() || self.sections.has_units())
    }

    /// The image.
    pub(crate) fn image(&self) -> &'d Image<'d> {
        self.image
    }

    /// The companion.
    pub(crate) fn companion(&self) -> Option<&'d Image<'d>> {
        self.companion
    }

    /// Fedora's table of symbols, an ELF image of its own.
    pub(crate) fn mini_symbols(&self) -> Option<&[u8]> {
        self.mini_symbols.as_deref()
    }

    /// The functions and variables of the PDB.
    ///
    /// # Errors
    /// If its tables are damaged.
    pub(crate) fn pdb_symbols(&self) -> Result<Vec<PdbSymbol>, LineError> {
        let base = self.image.object().relative_address_base();
        self.pdb.as_ref().map_or(Ok(Vec::new()), |pdb| pdb.symbols(base))
    }

    /// The object files of the PDB, and what each has in the image.
    ///
    /// # Errors
    /// If its tables are damaged.
    pub(crate) fn pdb_modules(&self) -> Result<Vec<PdbModule>, LineError> {
        let base = self.image.object().relative_address_base();
        self.pdb.as_ref().map_or(Ok(Vec::new()), |pdb| pdb.modules(base))
    }

    /// The sections of that file.
    pub(super) fn main(&self) -> &DebugSections<'d> {
        match &self.companion_sections {
            Some(companion) if !self.sections.has_units() => companion,
            _ => &self.sections,
        }
    }

    /// The lowest address of code; 0 for object files and unknown kinds.
    pub(super) fn first_code(&self) -> u64 {
        if self.image.object().kind() == object::ObjectKind::Relocatable {
            return 0;
        }
        let sections = self.image.object().sections();
        let code = sections.filter(|section| section.kind() == SectionKind::Text);
        code.map(|section| section.address()).min().unwrap_or_default()
    }

    fn check_arch(&self, file: &Image<'_>) -> Result<(), Mismatch> {
        let (wanted, found) = (self.image.arch(), file.arch());
        if wanted == found && self.image.endian() == file.endian() {
            return Ok(());
        }
        let (wanted, found) = (wanted.to_string(), found.to_string());
        Err(Mismatch::Arch { wanted, found })
    }

    fn check_companion(&self, companion: &Image<'_>) -> Result<(), FileError> {
        self.check_arch(companion)?;
        let found = identities(companion).map_err(LineError::from)?;
        if let Some(wanted) = &self.identities.uuid {
            if found.uuid.as_ref() == Some(wanted) {
                return Ok(());
            }
            let (wanted, found) = (wanted.clone(), or_none(found.uuid));
            return Err(Mismatch::Uuid { wanted, found }.into());
        }
        let link = self.image.object().gnu_debuglink().ok().flatten();
        match (&self.identities.gnu_build_id, found.gnu_build_id, link) {
            (Some(wanted), Some(found), _) if *wanted == found => Ok(()),
            (Some(wanted), Some(found), _) => {
                Err(Mismatch::BuildId { wanted: wanted.clone(), found }.into())
            }
            (_, _, Some((_, wanted))) => {
                let found = crc32fast::hash(companion.data());
                if found == wanted {
                    return Ok(());
                }
                Err(Mismatch::Crc32 { wanted, found }.into())
            }
            (Some(wanted), found, None) => {
                Err(Mismatch::BuildId { wanted: wanted.clone(), found: or_none(found) }.into())
            }
            (None, _, None) => Err(Mismatch::NotNamed.into()),
        }
    }

    /// Whether object files may have the DWARF.
    pub(super) fn may_have_debug_map(&self) -> bool {
        self.image.format() == Format::MachO && !self.main().has_units()
    }
}

fn or_none(id: Option<String>) -> String {
    id.unwrap_or_else(|| "none".to_owned())
}
