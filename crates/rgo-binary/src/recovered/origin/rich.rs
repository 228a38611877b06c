//! Reads the Rich header, in which Microsoft's linker counts the linked objects by the tools that
//! made them. Microsoft never described it; this is known from reverse engineering:
//!
//! ```text
//! between the DOS stub and "PE\0\0", every word xored with one key (a checksum):
//!   "DanS" 0 0 0   (u16 build, u16 product, u32 count)…   "Rich" key
//! ```
//!
//! Up to Visual Studio 2010, products have numbers in the order of their appearance. Since then,
//! each release takes the next 18 numbers in the same order.

use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};
use serde::Serialize;

use super::Findings;
use super::tools::ToolRole;
use crate::{Confidence, Evidence, Image};

const PLACE: &str = "Rich header";
/// The most entries kept; a real header has about twenty.
const KEPT: usize = 256;

/// The objects of one tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RichEntry {
    /// The product's number.
    pub product: u16,
    /// Its build number.
    pub build: u16,
    /// The number of its objects; for imports, of symbols.
    pub count: u32,
    /// Its name; `None` if the number is unknown.
    pub tool: Option<String>,
    /// The Visual Studio of this tool.
    pub visual_studio: Option<&'static str>,
}

/// The tools of a release, in the order of their numbers.
const ORDER: [(&str, ToolRole); 18] = [
    ("aliasobj", ToolRole::Other),
    ("cvtpgd", ToolRole::Other),
    ("cvtres", ToolRole::Other),
    ("link (exports)", ToolRole::Other),
    ("link (import library)", ToolRole::Other),
    ("link", ToolRole::Linker),
    ("masm", ToolRole::Assembler),
    ("cl (C)", ToolRole::Compiler),
    ("cl (C++)", ToolRole::Compiler),
    ("cl (C from CIL)", ToolRole::Compiler),
    ("cl (C++ from CIL)", ToolRole::Compiler),
    ("cl (C, LTCG)", ToolRole::Compiler),
    ("cl (C++, LTCG)", ToolRole::Compiler),
    ("cl (MSIL, LTCG)", ToolRole::Compiler),
    ("cl (C, profiled)", ToolRole::Compiler),
    ("cl (C++, profiled)", ToolRole::Compiler),
    ("cl (C, by profile)", ToolRole::Compiler),
    ("cl (C++, by profile)", ToolRole::Compiler),
];

/// First numbers of the releases that follow [`ORDER`]. The last number is for all since 2015.
const RELEASES: [(u16, &str); 5] =
    [(0xb5, "2010 SP1"), (0xc7, "2012"), (0xd9, "2013"), (0xeb, "2013 (12.10)"), (0xfd, "2015+")];

/// Earlier products, if real programs have them.
const BEFORE: [(u16, &str, ToolRole, Option<&str>); 41] = [
    (0x00, "objects without a mark", ToolRole::Other, None),
    (0x01, "imported symbols", ToolRole::Other, None),
    (0x04, "link", ToolRole::Linker, Some("6.0")),
    (0x06, "cvtres", ToolRole::Other, Some("97")),
    (0x0a, "cl (C)", ToolRole::Compiler, Some("6.0")),
    (0x0b, "cl (C++)", ToolRole::Compiler, Some("6.0")),
    (0x0e, "masm", ToolRole::Assembler, Some("6.0")),
    (0x1c, "cl (C)", ToolRole::Compiler, Some(".NET 2002")),
    (0x1d, "cl (C++)", ToolRole::Compiler, Some(".NET 2002")),
    (0x3d, "link", ToolRole::Linker, Some(".NET 2002")),
    (0x40, "masm", ToolRole::Assembler, Some(".NET 2002")),
    (0x5a, "link", ToolRole::Linker, Some(".NET 2003")),
    (0x5c, "link (exports)", ToolRole::Other, Some(".NET 2003")),
    (0x5d, "link (import library)", ToolRole::Other, Some(".NET 2003")),
    (0x5e, "cvtres", ToolRole::Other, Some(".NET 2003")),
    (0x5f, "cl (C)", ToolRole::Compiler, Some(".NET 2003")),
    (0x60, "cl (C++)", ToolRole::Compiler, Some(".NET 2003")),
    (0x6d, "cl (C)", ToolRole::Compiler, Some("2005")),
    (0x6e, "cl (C++)", ToolRole::Compiler, Some("2005")),
    (0x71, "cl (C, LTCG)", ToolRole::Compiler, Some("2005")),
    (0x72, "cl (C++, LTCG)", ToolRole::Compiler, Some("2005")),
    (0x78, "link", ToolRole::Linker, Some("2005")),
    (0x7a, "link (exports)", ToolRole::Other, Some("2005")),
    (0x7b, "link (import library)", ToolRole::Other, Some("2005")),
    (0x7c, "cvtres", ToolRole::Other, Some("2005")),
    (0x7d, "masm", ToolRole::Assembler, Some("2005")),
    (0x83, "cl (C)", ToolRole::Compiler, Some("2008")),
    (0x84, "cl (C++)", ToolRole::Compiler, Some("2008")),
    (0x89, "cl (C, LTCG)", ToolRole::Compiler, Some("2008")),
    (0x8a, "cl (C++, LTCG)", ToolRole::Compiler, Some("2008")),
    (0x91, "link", ToolRole::Linker, Some("2008")),
    (0x92, "link (exports)", ToolRole::Other, Some("2008")),
    (0x93, "link (import library)", ToolRole::Other, Some("2008")),
    (0x94, "cvtres", ToolRole::Other, Some("2008")),
    (0x95, "masm", ToolRole::Assembler, Some("2008")),
    (0x9a, "cvtres", ToolRole::Other, Some("2010")),
    (0x9b, "link (exports)", ToolRole::Other, Some("2010")),
    (0x9d, "link", ToolRole::Linker, Some("2010")),
    (0x9e, "masm", ToolRole::Assembler, Some("2010")),
    (0xaa, "cl (C)", ToolRole::Compiler, Some("2010")),
    (0xab, "cl (C++)", ToolRole::Compiler, Some("2010")),
];

/// Visual Studio since 2015, by the minor version of its linker.
const SINCE_2015: [(u8, &str); 5] =
    [(0, "2015"), (10, "2017"), (20, "2019"), (30, "2022"), (50, "2026")];

struct Product {
    name: &'static str,
    role: ToolRole,
    visual_studio: Option<&'static str>,
}

fn product(number: u16) -> Option<Product> {
    if let Some((_, name, role, visual_studio)) = BEFORE.iter().find(|(known, ..)| *known == number)
    {
        return Some(Product { name, role: *role, visual_studio: *visual_studio });
    }
    let (first, release) = RELEASES.iter().rev().find(|(first, _)| *first <= number)?;
    let (name, role) = ORDER.get(usize::from(number - first))?;
    Some(Product { name, role: *role, visual_studio: Some(release) })
}

/// Adds the tools in the headers of a PE image.
pub(super) fn read(image: &Image<'_>, findings: &mut Findings) {
    match image.object() {
        object::File::Pe32(file) => headers(file, findings),
        object::File::Pe64(file) => headers(file, findings),
        _ => {}
    }
}

fn headers<H: ImageNtHeaders>(file: &PeFile<'_, H>, findings: &mut Findings) {
    let header = file.nt_headers().optional_header();
    let linker = (header.major_linker_version(), header.minor_linker_version());
    findings.linker_version = Some(linker);
    let mut build = None;
    let entries = file.rich_header_info().map(|rich| rich.unmasked_entries());
    for entry in entries.into_iter().flatten().take(KEPT) {
        let number = u16::try_from(entry.comp_id >> 16).unwrap_or_default();
        let known = product(number);
        let entry = RichEntry {
            product: number,
            build: u16::try_from(entry.comp_id & 0xffff).unwrap_or_default(),
            count: entry.count,
            tool: known.as_ref().map(|product| product.name.to_owned()),
            visual_studio: known.as_ref().and_then(|product| product.visual_studio),
        };
        if let Some(product) = known.filter(|product| product.role != ToolRole::Other) {
            if product.role == ToolRole::Linker {
                build = Some(entry.build);
            } else {
                let found = format!("product {number:#x}, build {}", entry.build);
                let evidence =
                    Evidence::counted(PLACE, &found, entry.count.into(), Confidence::Likely);
                let version = format!("build {}", entry.build);
                findings.tool(product.role, product.name.to_owned(), Some(version), evidence);
            }
        }
        findings.rich.push(entry);
    }
    if let Some((name, version, evidence)) = linker_of(linker, build, findings) {
        findings.tool(ToolRole::Linker, name.to_owned(), Some(version), evidence);
    }
}

/// The linker, from the version in the optional header. Each linker has its own use of this field,
/// so the meaning depends on the other evidence.
fn linker_of(
    (major, minor): (u8, u8),
    build: Option<u16>,
    findings: &Findings,
) -> Option<(&'static str, String, Evidence)> {
    let version = format!("{major}.{minor}");
    let evidence = |confidence| {
        let mut found = format!("linker version {major}.{minor}");
        let studio = SINCE_2015.iter().rev().find(|(first, _)| *first <= minor);
        if let (14, Some(_), Some((_, name))) = (major, build, studio) {
            found.push_str(&format!(" (Visual Studio {name})"));
        }
        Evidence::new("PE optional header", &found, confidence)
    };
    match (major, build) {
        (_, Some(build)) => {
            Some(("link", format!("{version}.{build}"), evidence(Confidence::Likely)))
        }
        // GNU ld writes its own version; Delphi's linker also writes 2.25.
        (2, None) => Some(("GNU ld", version, evidence(Confidence::Likely))),
        (3, None) if findings.is_go() => Some(("Go", version, evidence(Confidence::Likely))),
        // lld claims to be link 14.0, but writes no Rich header.
        (14, None) if minor == 0 => Some(("lld", version, evidence(Confidence::Guess))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_named() {
        let cases = [
            (0x0b, "cl (C++)", Some("6.0")),
            (0xab, "cl (C++)", Some("2010")),
            (0xcc, "link", Some("2012")),
            (0xe0, "cl (C)", Some("2013")),
            (0xff, "cvtres", Some("2015+")),
            (0x102, "link", Some("2015+")),
            (0x103, "masm", Some("2015+")),
            (0x105, "cl (C++)", Some("2015+")),
            (0x10e, "cl (C++, by profile)", Some("2015+")),
            (0x01, "imported symbols", None),
        ];
        for (number, name, studio) in cases {
            let found = product(number).expect(name);
            assert_eq!((found.name, found.visual_studio), (name, studio), "{number:#x}");
        }
        for number in [0x10f, 0xffff, 0x02, 0xb4] {
            assert!(product(number).is_none(), "{number:#x}");
        }
    }
}
