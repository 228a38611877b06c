//! [`Image`]: one image of any format, the input of all other readers. They treat formats
//! differently only for tables that not all formats have.

pub(crate) mod debug_companion;
pub(crate) mod dynamic_symbols;
pub(crate) mod elf_notes;
pub(crate) mod file_kind;
pub(crate) mod macho_platform;
pub(crate) mod memory;
pub(crate) mod multi_search;
pub(crate) mod pe_tables;
pub(crate) mod regions;
pub(crate) mod symbol_names;
pub(crate) mod words;

use std::fmt;

use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{Object, ObjectSection};

use crate::image::file_kind::MAX_FAT_SLICES;
use crate::{Arch, Endian, Error, FileKind, Format, Limits, Result, arch};

/// One ELF, Mach-O or PE image: an executable, a library or a relocatable object.
pub struct Image<'a> {
    data: &'a [u8],
    file: object::File<'a>,
    format: Format,
    arch: Arch,
    endian: Endian,
    limits: Limits,
}

/// One section of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionRef<'a> {
    /// Segment; only in Mach-O, otherwise empty.
    pub segment: &'a str,
    /// Name; empty if the name in the image is not UTF-8.
    pub name: &'a str,
    /// Virtual address; in PE with the preferred image base.
    pub address: u64,
    /// Size in memory, in bytes.
    pub size: u64,
    /// Offset of its bytes in the image; `None` if it has none (`.bss`).
    pub file_offset: Option<u64>,
    /// Its bytes in the file, compressed or not. May be shorter than `size`.
    pub data: &'a [u8],
}

impl SectionRef<'_> {
    /// Whether it has bytes in the file.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.file_offset.is_some_and(|offset| offset > 0)
    }
}

/// One architecture of a file: a thin file has one slice, a fat Mach-O file several.
#[derive(Debug)]
pub struct Slice<'a> {
    /// The architecture in the fat header, or in the image itself.
    pub arch: Arch,
    /// Where the image starts, in bytes from the start of the file.
    pub offset: u64,
    /// The image.
    pub image: Image<'a>,
}

impl<'a> Image<'a> {
    /// Parses the headers of a thin image. Other methods read sections, symbols and the rest on
    /// demand.
    ///
    /// # Errors
    /// [`Error::Unrecognized`], [`Error::Unsupported`] for a fat file, [`Error::Limit`], or
    /// [`Error::Malformed`].
    pub fn parse(data: &'a [u8], limits: &Limits) -> Result<Self> {
        let size = data.len() as u64;
        if size > limits.max_file {
            return Err(Error::limit("the image's size in bytes", size, limits.max_file));
        }
        let format = match FileKind::parse(data) {
            FileKind::Elf => Format::Elf,
            FileKind::MachO => Format::MachO,
            FileKind::Pe => Format::Pe,
            FileKind::FatMachO => {
                return Err(Error::unsupported(
                    "a fat Mach-O file",
                    "one image was expected: take its slices one by one",
                ));
            }
            FileKind::Archive => {
                return Err(Error::unsupported(
                    "an archive of objects",
                    "one image was expected: take its members one by one",
                ));
            }
            FileKind::Other => return Err(Error::Unrecognized),
        };
        let file =
            object::File::parse(data).map_err(|why| Error::malformed(headers(format), 0, why))?;
        let (arch, endian) = arch::of(&file);
        Ok(Self { data, file, format, arch, endian, limits: *limits })
    }

    /// The bytes that were passed to [`Image::parse`].
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// ELF, Mach-O or PE.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The instruction set.
    #[must_use]
    pub fn arch(&self) -> &Arch {
        &self.arch
    }

    /// The byte order of its numbers.
    #[must_use]
    pub fn endian(&self) -> Endian {
        self.endian
    }

    /// The limits that were passed to [`Image::parse`].
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same image in the types of `object`.
    #[must_use]
    pub fn object(&self) -> &object::File<'a> {
        &self.file
    }

    /// All sections, in the order of their headers. `data` is empty for a section whose bytes lie
    /// outside the image.
    pub fn sections(&self) -> impl Iterator<Item = SectionRef<'a>> + '_ {
        self.file.sections().map(|section| SectionRef {
            segment: self.text(section.segment_name_bytes().ok().flatten()),
            name: self.text(section.name_bytes().ok()),
            address: section.address(),
            size: section.size(),
            file_offset: section.file_range().map(|(offset, _)| offset),
            data: section.data().unwrap_or_default(),
        })
    }

    /// Whether an ELF image is a debug companion: `objcopy --only-keep-debug` keeps all headers but
    /// only the bytes of debug data, so that the program headers point at wrong bytes.
    pub(crate) fn is_debug_companion(&self) -> bool {
        self.sections().any(|section| section.name == ".text" && section.file_offset.is_none())
    }

    /// The first section with a name, without its segment: `.dep-v0`, `__go_buildinfo`.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<SectionRef<'a>> {
        self.sections().find(|section| section.name == name)
    }

    /// The first section with a name that has bytes in the file. A debug companion has the headers
    /// of its program's sections without their bytes.
    #[must_use]
    pub fn filled_section(&self, name: &str) -> Option<SectionRef<'a>> {
        self.sections().find(|section| section.name == name && section.is_filled())
    }

    /// Returns `bytes` with the image's lifetime. `object` lends a name only as long as its
    /// section, so this takes the same bytes from the image again.
    fn text(&self, bytes: Option<&[u8]>) -> &'a str {
        let Some(bytes) = bytes else { return "" };
        let start = (bytes.as_ptr() as usize).wrapping_sub(self.data.as_ptr() as usize);
        start
            .checked_add(bytes.len())
            .and_then(|end| self.data.get(start..end))
            .and_then(|name| std::str::from_utf8(name).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("format", &self.format)
            .field("arch", &self.arch)
            .field("size", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// Splits a file into its images: one for a thin file, one per architecture for a fat one.
///
/// # Errors
/// As [`Image::parse`]; [`Error::Malformed`] for a slice that does not lie within the file.
pub fn slices<'a>(data: &'a [u8], limits: &Limits) -> Result<Vec<Slice<'a>>> {
    if FileKind::parse(data) != FileKind::FatMachO {
        let image = Image::parse(data, limits)?;
        return Ok(vec![Slice { arch: image.arch().clone(), offset: 0, image }]);
    }
    let bad = |why: object::Error| Error::malformed("fat Mach-O header", 0, why);
    if data.starts_with(&0xcafe_babf_u32.to_be_bytes()) {
        fat_slices(data, MachOFatFile64::parse(data).map_err(bad)?.arches(), limits)
    } else {
        fat_slices(data, MachOFatFile32::parse(data).map_err(bad)?.arches(), limits)
    }
}

fn fat_slices<'a, F: FatArch>(
    data: &'a [u8],
    arches: &[F],
    limits: &Limits,
) -> Result<Vec<Slice<'a>>> {
    debug_assert!(arches.len() <= MAX_FAT_SLICES as usize);
    arches
        .iter()
        .map(|arch| {
            let (offset, size) = (arch.offset().into(), arch.size().into());
            let bytes = arch.data(data).map_err(|_| {
                let why = format!("{size} bytes at {offset:#x} reach outside the file");
                Error::malformed("slice of a fat Mach-O file", offset, why)
            })?;
            let image = Image::parse(bytes, limits)?;
            Ok(Slice { arch: image.arch().clone(), offset, image })
        })
        .collect()
}

fn headers(format: Format) -> &'static str {
    match format {
        Format::Elf => "ELF headers",
        Format::MachO => "Mach-O headers",
        Format::Pe => "PE headers",
    }
}
