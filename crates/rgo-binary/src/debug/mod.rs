//! Determines the debug data of an image, and the files that it names for the rest. [`build_id`]
//! reads the identities that match a companion with its program.
//!
//! ```text
//! ELF, PE (MinGW)  .gnu_debuglink: name\0, zeros to 4, CRC-32
//! Mach-O           symbol table: paths of object files (OSO)
//! ```

pub mod build_id;
pub(crate) mod dwarf;

use std::borrow::Cow;

use object::{Object, ObjectSymbol};
use serde::Serialize;

use crate::{Error, Format, Image, Result};

/// How much of a program's source a debugger knows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DebugLevel {
    /// Nothing.
    None,
    /// Names of functions and data, by a symbol table that the loader does not need.
    Symbols,
    /// Files and lines, for backtraces.
    Lines,
    /// Variables and types too.
    Full,
}

/// The debug data of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DebugData {
    /// The highest level that any part of the image has. Often that part is not the author's code,
    /// but a C runtime or the standard library; `units` tells how many parts have it.
    pub level: DebugLevel,
    /// DWARF compile units that have debug data, by its level.
    pub units: Units,
    /// Size of the DWARF sections in the file, in bytes.
    pub bytes: u64,
    /// Object files that a Mach-O debug map names: the DWARF is in them.
    pub object_files: usize,
    /// The debug companion that an ELF or PE image names.
    pub debuglink: Option<Debuglink>,
}

/// Numbers of compile units by the level of their debug data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Units {
    /// With variables or types.
    pub full: usize,
    /// With lines, and at most names of functions.
    pub lines: usize,
    /// With a reference to a `.dwo` file for the rest.
    pub split: usize,
}

/// A reference to a file with debug data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Debuglink {
    /// Its file name.
    pub name: String,
    /// The CRC-32 of its content.
    pub crc32: u32,
}

impl<'a> Image<'a> {
    /// Finds a debug section by its ELF name (`.debug_info`), in each format. Its bytes are inflated if they are
    /// compressed, and borrowed from the image if they are not.
    ///
    /// # Errors
    /// [`Error::Malformed`] if they cannot be inflated, [`Error::Limit`] if they would be larger than
    /// [`crate::Limits::max_inflated`].
    pub fn debug_section(&self, name: &str) -> Result<Option<Cow<'a, [u8]>>> {
        Ok(dwarf::section(self, name)?.map(|(bytes, _)| bytes))
    }

    /// Determines the image's debug data.
    ///
    /// # Errors
    /// [`Error::Malformed`] for debug data that contradicts itself, [`Error::Limit`] if there is
    /// more of it than the image's limits allow.
    pub fn debug_data(&self) -> Result<DebugData> {
        let file = self.object();
        let units = dwarf::units(self)?;
        let object_files = file.object_map().objects().len();
        Ok(DebugData {
            level: level(&units, has_symbols(self)),
            units,
            bytes: dwarf_bytes(self),
            object_files,
            debuglink: debuglink(self)?,
        })
    }
}

fn level(units: &Units, symbols: bool) -> DebugLevel {
    if units.full > 0 {
        DebugLevel::Full
    } else if units.lines > 0 || units.split > 0 {
        DebugLevel::Lines
    } else if symbols {
        DebugLevel::Symbols
    } else {
        DebugLevel::None
    }
}

/// Whether there are symbols beyond those that the loader binds: in the symbol table, or compressed
/// in Fedora's `.gnu_debugdata`. Mach-O keeps both kinds in one table, so there only local ones
/// count.
pub fn has_symbols(image: &Image<'_>) -> bool {
    if image.section(".gnu_debugdata").is_some_and(|section| !section.data.is_empty()) {
        return true;
    }
    image.object().symbols().any(|symbol| {
        let local = image.format() != Format::MachO || !symbol.is_global();
        local && !symbol.is_undefined() && symbol.name_bytes().is_ok_and(|name| !name.is_empty())
    })
}

/// Size of the DWARF sections in the file, in bytes.
fn dwarf_bytes(image: &Image<'_>) -> u64 {
    let prefixes = [".debug_", ".zdebug_", "__debug_", "__zdebug_", "__apple_"];
    image
        .sections()
        .filter(|section| prefixes.iter().any(|prefix| section.name.starts_with(prefix)))
        .map(|section| section.data.len() as u64)
        .sum()
}

fn debuglink(image: &Image<'_>) -> Result<Option<Debuglink>> {
    let Some(section) = image.section(".gnu_debuglink") else { return Ok(None) };
    let offset = section.file_offset.unwrap_or_default();
    let bad = || Error::malformed("debug link", offset, "cut short");
    let length = section.data.iter().position(|byte| *byte == 0).ok_or_else(bad)?;
    let (name, _) = section.data.split_at(length);
    let crc = section.data.get((length + 1).next_multiple_of(4)..);
    let crc = *crc.and_then(|rest| rest.first_chunk()).ok_or_else(bad)?;
    let little = image.object().is_little_endian();
    let crc32 = if little { u32::from_le_bytes(crc) } else { u32::from_be_bytes(crc) };
    Ok(Some(Debuglink { name: String::from_utf8_lossy(name).into_owned(), crc32 }))
}
