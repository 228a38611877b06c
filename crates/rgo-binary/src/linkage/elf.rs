//! Reads the tables of an ELF image that the loader uses (System V gABI, "Program Loading and
//! Dynamic Linking"; LSB, "Symbol Versioning"). All of them are found by program headers, so an
//! image may lack section headers.
//!
//! ```text
//! PT_INTERP  ─▶ path\0
//! PT_DYNAMIC ─▶ (tag, value)…  DT_NEEDED, DT_SONAME, DT_RUNPATH, DT_RPATH: offsets in
//!                              DT_STRTAB; DT_VERNEED ─▶ files ─▶ "GLIBC_2.17", index
//!                              DT_VERSYM ─▶ index per dynamic symbol
//! ```

use std::collections::BTreeSet;

use goblin::container::{Container, Ctx, Endian};
use goblin::elf::dynamic::{DF_1_PIE, DT_DEBUG, DT_NEEDED, DT_RPATH, DT_RUNPATH, Dynamic};
use goblin::elf::program_header::{PT_INTERP, ProgramHeader};
use goblin::elf::section_header::{SHT_GNU_VERNEED, SHT_GNU_VERSYM};
use goblin::elf::symver::{VER_FLG_WEAK, VerneedSection, VersymSection};
use goblin::elf::{Elf, SectionHeader, header};
use object::Object;

use super::{GlibcFloor, Kind, Linkage, NameList, Version};
use crate::image::dynamic_symbols::dynamic_symbols;
use crate::{Error, Image, Result};

/// Versions without a symbol, by which a linker requires a feature of the loader: the version's
/// name, the first glibc that has it, the feature.
const MARKERS: [(&str, Version, &str); 4] = [
    ("GLIBC_ABI_DT_RELR", Version::new(2, 36), "relative relocations"),
    ("GLIBC_ABI_GNU_TLS", Version::new(2, 42), "thread-local storage"),
    ("GLIBC_ABI_GNU2_TLS", Version::new(2, 42), "descriptors of thread-local storage"),
    ("GLIBC_ABI_DT_X86_64_PLT", Version::new(2, 42), "marks of the PLT"),
];

/// The feature that a version without symbols stands for.
pub(super) fn meaning(marker: &str) -> Option<&'static str> {
    MARKERS.iter().find(|(name, ..)| *name == marker).map(|(.., meaning)| *meaning)
}

pub(super) fn linkage(image: &Image<'_>) -> Result<Linkage> {
    let bad = |why: goblin::error::Error| Error::malformed("ELF headers", 0, why);
    let data = image.data();
    let head = Elf::parse_header(data).map_err(bad)?;
    let ctx = context(image);
    if head.e_type == header::ET_REL {
        return Ok(Linkage::empty(Kind::Object));
    }
    if image.is_debug_companion() {
        return Ok(Linkage::empty(Kind::DebugCompanion));
    }
    let at = usize::try_from(head.e_phoff).unwrap_or(usize::MAX);
    let programs = ProgramHeader::parse(data, at, head.e_phnum.into(), ctx)
        .map_err(|why| Error::malformed("ELF program headers", head.e_phoff, why))?;
    let dynamic = Dynamic::parse(data, &programs, ctx)
        .map_err(|why| Error::malformed("ELF dynamic segment", 0, why))?;
    let table = dynamic.as_ref().map(|dynamic| DynamicTable { image, ctx, dynamic });

    let mut linkage = Linkage::empty(Kind::Other);
    linkage.interpreter = interpreter(data, &programs)?;
    if let Some(table) = &table {
        linkage.needed = table.strings(DT_NEEDED)?;
        linkage.soname = match table.dynamic.info.soname {
            0 => None,
            at => Some(table.string(at)?),
        };
        linkage.runpath = paths(table.strings(DT_RUNPATH)?);
        if linkage.runpath.is_empty() {
            linkage.runpath = paths(table.strings(DT_RPATH)?);
        }
        linkage.glibc_floor = table.glibc_floor()?;
    }
    linkage.exports = exports(image)?;
    linkage.static_ = linkage.interpreter.is_none() && linkage.needed.is_empty();
    linkage.kind = match head.e_type {
        header::ET_EXEC if linkage.static_ => Kind::StaticExecutable,
        header::ET_EXEC => Kind::Executable,
        header::ET_DYN if !is_pie(&linkage, table.as_ref()) => Kind::SharedLibrary,
        header::ET_DYN if linkage.static_ => Kind::StaticPie,
        header::ET_DYN => Kind::Pie,
        _ => Kind::Other,
    };
    linkage.static_ &= linkage.kind.is_loaded();
    Ok(linkage)
}

/// Word size and byte order, in goblin's type.
fn context(image: &Image<'_>) -> Ctx {
    let file = image.object();
    let container = if file.is_64() { Container::Big } else { Container::Little };
    let order = if file.is_little_endian() { Endian::Little } else { Endian::Big };
    Ctx::new(container, order)
}

/// Position-independent programs and shared libraries have the same type. New linkers set a flag
/// for programs; old linkers write `DT_DEBUG` for programs only.
fn is_pie(linkage: &Linkage, table: Option<&DynamicTable<'_, '_>>) -> bool {
    let Some(DynamicTable { dynamic, .. }) = table else { return true };
    dynamic.info.flags_1 & DF_1_PIE != 0
        || linkage.soname.is_none() && dynamic.dyns.iter().any(|entry| entry.d_tag == DT_DEBUG)
}

fn interpreter(data: &[u8], programs: &[ProgramHeader]) -> Result<Option<String>> {
    let Some(program) = programs.iter().find(|program| program.p_type == PT_INTERP) else {
        return Ok(None);
    };
    range(data, program.p_offset, program.p_filesz)
        .and_then(|bytes| bytes.split(|byte| *byte == 0).next())
        .map(|path| Some(String::from_utf8_lossy(path).into_owned()))
        .ok_or_else(|| {
            Error::malformed("ELF interpreter", program.p_offset, "reaches outside the file")
        })
}

fn range(data: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    data.get(start..end)
}

/// Splits entries at colons.
fn paths(entries: Vec<String>) -> Vec<String> {
    entries.iter().flat_map(|entry| entry.split(':')).map(str::to_owned).collect()
}

/// Symbols that other images may bind. Absolute symbols are left out: they name versions and
/// section ends.
fn exports(image: &Image<'_>) -> Result<Vec<String>> {
    let mut names = NameList::new(image.limits());
    for symbol in dynamic_symbols(image).filter(|symbol| symbol.is_exported) {
        names.add(symbol.name)?;
    }
    Ok(names.sorted())
}

/// The dynamic segment with the tables that it points at.
struct DynamicTable<'a, 'i> {
    image: &'i Image<'a>,
    ctx: Ctx,
    dynamic: &'i Dynamic,
}

impl DynamicTable<'_, '_> {
    /// The string at an offset in `DT_STRTAB`.
    fn string(&self, at: usize) -> Result<String> {
        let info = &self.dynamic.info;
        range(self.image.data(), info.strtab as u64, info.strsz as u64)
            .and_then(|strings| strings.get(at..))
            .and_then(|rest| rest.split(|byte| *byte == 0).next())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .ok_or_else(|| {
                let why = format!("no string at {at:#x} in a table of {:#x} bytes", info.strsz);
                Error::malformed("ELF dynamic strings", info.strtab as u64, why)
            })
    }

    /// The strings of all entries with a tag.
    fn strings(&self, tag: u64) -> Result<Vec<String>> {
        let entries = self.dynamic.dyns.iter().filter(|entry| entry.d_tag == tag);
        let mut names = NameList::new(self.image.limits());
        for entry in entries {
            names
                .add(self.string(usize::try_from(entry.d_val).unwrap_or(usize::MAX))?.as_bytes())?;
        }
        Ok(names.in_order())
    }

    /// The highest glibc version that the image requires, and the symbols that require it.
    fn glibc_floor(&self) -> Result<Option<GlibcFloor>> {
        let (mut floor, mut indices) = (Version::default(), BTreeSet::new());
        let mut markers = BTreeSet::new();
        let needs = self.version_needs()?;
        // The list of every file may claim the same bytes again, so the steps are counted.
        let mut steps = 0_usize;
        for need in needs.iter().flat_map(VerneedSection::iter) {
            for version in need.iter() {
                steps += 1;
                let limit = self.image.limits().max_symbols;
                if steps > limit {
                    let steps = steps as u64;
                    return Err(Error::limit("the number of symbol versions", steps, limit as u64));
                }
                // The loader ignores a missing version if only weak symbols need it.
                if version.vna_flags & VER_FLG_WEAK != 0 {
                    continue;
                }
                let name = self.string(version.vna_name)?;
                let Some(asked) = glibc_version(&name) else { continue };
                if asked > floor {
                    floor = asked;
                    indices.clear();
                    markers.clear();
                }
                if asked == floor {
                    indices.insert(version.vna_other & 0x7fff);
                    markers.extend(meaning(&name).map(|_| name));
                }
            }
        }
        if floor == Version::default() {
            return Ok(None);
        }
        let markers = markers.into_iter().collect();
        Ok(Some(GlibcFloor { version: floor, symbols: self.bound_to(&indices)?, markers }))
    }

    /// `DT_VERNEED`, passed to goblin as a section.
    fn version_needs(&self) -> Result<Option<VerneedSection<'_>>> {
        let info = &self.dynamic.info;
        if info.verneed == 0 {
            return Ok(None);
        }
        self.section(SHT_GNU_VERNEED, info.verneed, u32::try_from(info.verneednum))
            .and_then(|section| VerneedSection::parse(self.image.data(), &[section], self.ctx).ok())
            .ok_or_else(|| {
                Error::malformed("ELF version needs", info.verneed, "reach outside the file")
            })
    }

    /// A section from `offset` to the end of the file.
    fn section<E>(
        &self,
        sh_type: u32,
        sh_offset: u64,
        sh_info: std::result::Result<u32, E>,
    ) -> Option<SectionHeader> {
        let sh_size = (self.image.data().len() as u64).checked_sub(sh_offset)?;
        let sh_info = sh_info.ok()?;
        Some(SectionHeader { sh_type, sh_offset, sh_size, sh_info, ..SectionHeader::new() })
    }

    /// Names of the undefined symbols whose version has one of the indices.
    fn bound_to(&self, indices: &BTreeSet<u16>) -> Result<Vec<String>> {
        let mut names = NameList::new(self.image.limits());
        let versym = self.dynamic.info.versym;
        let versions = self
            .section(SHT_GNU_VERSYM, versym, Ok::<_, ()>(0))
            .and_then(|section| VersymSection::parse(self.image.data(), &[section], self.ctx).ok())
            .flatten();
        let Some(versions) = versions.filter(|_| versym != 0) else { return Ok(Vec::new()) };
        for symbol in dynamic_symbols(self.image).filter(|symbol| symbol.is_undefined) {
            let version = versions.get_at(symbol.index);
            if version.is_some_and(|version| indices.contains(&version.version())) {
                names.add(symbol.name)?;
            }
        }
        Ok(names.sorted())
    }
}

/// The version in a name like `GLIBC_2.17`; `None` for `GLIBC_PRIVATE` and others.
fn glibc_version(name: &str) -> Option<Version> {
    let marker = MARKERS.iter().find(|(marker, ..)| *marker == name);
    marker.map(|(_, floor, _)| *floor).or_else(|| name.strip_prefix("GLIBC_")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_markers() {
        assert_eq!(glibc_version("GLIBC_2.17"), Some(Version::new(2, 17)));
        assert_eq!(glibc_version("GLIBC_2.2.5"), Some(Version { major: 2, minor: 2, patch: 5 }));
        assert_eq!(glibc_version("GLIBC_ABI_DT_RELR"), Some(Version::new(2, 36)));
        for other in ["GLIBC_PRIVATE", "GCC_3.0", "GLIBC_", "GLIBCXX_3.4", "LIBFOO_2.17"] {
            assert_eq!(glibc_version(other), None, "{other}");
        }
    }
}
