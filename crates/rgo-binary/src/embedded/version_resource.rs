//! Reads the version resource of a PE image, which Explorer shows under "Details".
//!
//! ```text
//! resource directory   type 16 ─▶ name (1) ─▶ language ─▶ { address u32, size u32, … }
//! node                 length u16, length of the value u16, type u16, key in UTF-16 with NUL,
//!                      zeros to 4, value, zeros to 4, nodes
//! VS_VERSION_INFO      value: feef04bd, version, file version u32 × 2, product version u32 × 2,
//!                      flags mask, flags, OS, type, subtype, date u32 × 2; then
//!   StringFileInfo     one table per language ("040904b0"), each with strings as nodes
//!   VarFileInfo        Translation: language u16, code page u16
//! ```
//!
//! Tree and nodes have three levels; the reader goes no deeper. (Microsoft, "PE Format", "The .rsrc
//! Section", and "VS_VERSIONINFO")

use std::collections::BTreeMap;

use object::LittleEndian as LE;
use object::pe;
use object::read::pe::{ResourceDirectory, ResourceDirectoryEntryData, ResourceDirectoryTable};
use serde::Serialize;

use crate::image::pe_tables::{PeTables, le_u16, le_u32};
use crate::{Error, Image, Result};

const WHAT: &str = "PE version resource";
const RT_VERSION: u16 = 16;
const ROOT_KEY: &str = "VS_VERSION_INFO";
const FIXED_SIGNATURE: u32 = 0xfeef_04bd;
const NODE_HEADER: usize = 6;
/// Real resources have a dozen strings.
const MAX_STRINGS: usize = 1000;

/// The version resource of a PE image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct VersionResource {
    /// The file's version in numbers, `1.2.3.4`.
    pub fixed_file_version: Option<String>,
    /// The product's version in numbers.
    pub fixed_product_version: Option<String>,
    /// The flag for a debug build.
    pub debug: bool,
    /// The flag for a pre-release.
    pub prerelease: bool,
    /// Language and code page of the strings, in hexadecimal digits: `040904b0`.
    pub language: Option<String>,
    /// The strings of the first language by key: `FileVersion`, `ProductVersion`, `CompanyName`,
    /// `ProductName`, `OriginalFilename`, `FileDescription`, `LegalCopyright`, ….
    pub strings: BTreeMap<String, String>,
}

/// Reads the version resource; `None` if the image has none or is not a PE image.
///
/// # Errors
/// [`Error::Malformed`] for a resource tree or a version resource that contradicts itself.
pub fn version_info(image: &Image<'_>) -> Result<Option<VersionResource>> {
    let Some(tables) = PeTables::of(image) else { return Ok(None) };
    let Some((address, size)) = tables.directory(pe::IMAGE_DIRECTORY_ENTRY_RESOURCE) else {
        return Ok(None);
    };
    if (address, size) == (0, 0) {
        return Ok(None);
    }
    let bad = |why: &dyn std::fmt::Display| Error::malformed(WHAT, address.into(), why);
    let data = tables.at(address).ok_or_else(|| bad(&"the resources are not in the file"))?;
    let Some((address, size)) = find(data).map_err(|why| bad(&why))? else { return Ok(None) };
    let bytes = usize::try_from(size).ok().and_then(|size| tables.at(address)?.get(..size));
    let bytes = bytes.ok_or_else(|| bad(&"its bytes are not in the file"))?;
    parse(bytes).map(Some).ok_or_else(|| bad(&"no version information"))
}

/// Address and size of the first version resource.
fn find(data: &[u8]) -> object::Result<Option<(u32, u32)>> {
    let directory = ResourceDirectory::new(data);
    let root = directory.root()?;
    let entry = root.entries.iter().find(|it| it.name_or_id().id() == Some(RT_VERSION));
    let first = |table: Option<ResourceDirectoryTable<'_>>| {
        let entry = table.as_ref().and_then(|table| table.entries.first());
        entry.map(|entry| entry.data(directory)).transpose()
    };
    let Some(entry) = entry else { return Ok(None) };
    let names = entry.data(directory)?.table();
    let languages = first(names)?.and_then(ResourceDirectoryEntryData::table);
    let leaf = first(languages)?.and_then(ResourceDirectoryEntryData::data);
    Ok(leaf.map(|leaf| (leaf.offset_to_data.get(LE), leaf.size.get(LE))))
}

/// One node. Offsets count from the start of the resource, because padding does.
struct ResourceNode<'a> {
    key: String,
    /// The length of the value in the node's header: bytes, or characters of text.
    value_length: usize,
    /// The value and the child nodes.
    body: Span<'a>,
}

/// A range of the resource.
#[derive(Clone, Copy)]
struct Span<'a> {
    all: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Span<'a> {
    fn bytes(self) -> &'a [u8] {
        self.all.get(self.start..self.end).unwrap_or_default()
    }

    fn skip(self, size: usize) -> Self {
        let start = self.start.saturating_add(size).checked_next_multiple_of(4);
        Self { start: start.unwrap_or(self.end).min(self.end), ..self }
    }

    /// The nodes of this range, up to the first that does not fit.
    fn nodes(self) -> impl Iterator<Item = ResourceNode<'a>> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let bytes = rest.bytes();
            let length = usize::from(le_u16(bytes, 0)?);
            let node = bytes.get(..length).filter(|node| node.len() >= NODE_HEADER)?;
            let (units, _) = node.get(NODE_HEADER..)?.as_chunks::<2>();
            let size = units.iter().position(|unit| *unit == [0, 0])?;
            let key = utf16(units.get(..size)?);
            let span = Span { end: rest.start + length, ..rest };
            let body = span.skip(NODE_HEADER + (size + 1) * 2);
            rest = rest.skip(length);
            Some(ResourceNode { key, value_length: le_u16(node, 2)?.into(), body })
        })
    }
}

fn utf16(units: &[[u8; 2]]) -> String {
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    String::from_utf16_lossy(&units)
}

fn parse(bytes: &[u8]) -> Option<VersionResource> {
    let all = Span { all: bytes, start: 0, end: bytes.len() };
    let root = all.nodes().next().filter(|root| root.key == ROOT_KEY)?;
    let mut info = fixed(root.body.bytes()).unwrap_or_default();
    let parts = root.body.skip(root.value_length).nodes();
    let table =
        parts.filter(|part| part.key == "StringFileInfo").flat_map(|part| part.body.nodes()).next();
    if let Some(table) = table {
        for string in table.body.nodes().take(MAX_STRINGS) {
            let (units, _) = string.body.bytes().as_chunks::<2>();
            let text = units.split(|unit| *unit == [0, 0]).next().unwrap_or_default();
            if string.value_length > 0 {
                info.strings.entry(string.key).or_insert_with(|| utf16(text));
            }
        }
        info.language = Some(table.key);
    }
    Some(info)
}

fn fixed(value: &[u8]) -> Option<VersionResource> {
    le_u32(value, 0).filter(|signature| *signature == FIXED_SIGNATURE)?;
    let version = |at| {
        let (high, low) = (le_u32(value, at)?, le_u32(value, at + 4)?);
        Some(format!("{}.{}.{}.{}", high >> 16, high & 0xffff, low >> 16, low & 0xffff))
    };
    let flags = le_u32(value, 24)? & le_u32(value, 28)?;
    Some(VersionResource {
        fixed_file_version: version(8),
        fixed_product_version: version(16),
        debug: flags & 1 != 0,
        prerelease: flags & 2 != 0,
        ..VersionResource::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    /// `units` is the value's length in the node's header.
    fn node(key: &str, units: u16, value: &[u8], nodes: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0; NODE_HEADER];
        bytes.extend(wide(key));
        for part in std::iter::once(value).chain(nodes.iter().map(Vec::as_slice)) {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes.extend(part);
        }
        let length = u16::try_from(bytes.len()).expect("short");
        bytes[..2].copy_from_slice(&length.to_le_bytes());
        bytes[2..4].copy_from_slice(&units.to_le_bytes());
        bytes
    }

    fn string(key: &str, value: &str) -> Vec<u8> {
        let bytes = wide(value);
        node(key, u16::try_from(bytes.len() / 2).expect("short"), &bytes, &[])
    }

    fn sample() -> Vec<u8> {
        let words = [FIXED_SIGNATURE, 0x1_0000, 0x1_0002, 0x3_0004, 0x5_0006, 0x7_0008, 3, 2];
        let mut fixed: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        fixed.resize(52, 0);
        let strings = [string("CompanyName", "Größe"), string("FileVersion", "1.2.3-rc1")];
        let table = node("040904b0", 0, &[], &strings);
        let translation = node("Translation", 4, &[9, 4, 0xb0, 4], &[]);
        let parts =
            [node("VarFileInfo", 0, &[], &[translation]), node("StringFileInfo", 0, &[], &[table])];
        node(ROOT_KEY, 52, &fixed, &parts)
    }

    #[test]
    fn numbers_and_strings_are_read() {
        let info = parse(&sample()).expect("reads");
        assert_eq!(info.fixed_file_version.as_deref(), Some("1.2.3.4"));
        assert_eq!(info.fixed_product_version.as_deref(), Some("5.6.7.8"));
        assert_eq!((info.debug, info.prerelease), (false, true));
        assert_eq!(info.language.as_deref(), Some("040904b0"));
        let strings: Vec<_> = info.strings.iter().map(|(key, it)| (&**key, &**it)).collect();
        assert_eq!(strings, [("CompanyName", "Größe"), ("FileVersion", "1.2.3-rc1")]);
    }

    #[test]
    fn damage_is_answered() {
        let bytes = sample();
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end]).is_none(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                let _ = parse(&bytes);
            }
        }
    }

    proptest! {
        #[test]
        fn any_tree_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = find(&bytes);
            let _ = parse(&bytes);
        }
    }
}
