//! Reads the signatures that compilers and linkers write into an image by default.
//!
//! ```text
//! ELF .comment    text\0 text\0 …        merged by the linker: a set, not one per object
//! PE  constants   … GCC: (GNU) 12\0 …    MinGW's, unmerged, at the end of .rdata
//! ```

use std::collections::BTreeMap;

use memchr::memmem;

use super::Findings;
use crate::image::regions;
use crate::{Confidence, Evidence, Format, Image};

/// The most bytes of the section read: a real one has a few hundred.
const READ: usize = 1 << 20;
/// The most different texts kept.
const KEPT: usize = 256;
/// The longest signature.
const LONGEST: usize = 1024;
const GCC: &[u8] = b"GCC: (";

pub(super) fn read(image: &Image<'_>, findings: &mut Findings) {
    let (place, texts) = match image.format() {
        Format::Elf => (".comment", elf(image)),
        Format::Pe => (".rdata", pe(image)),
        Format::MachO => return,
    };
    for (text, count) in texts {
        let text = String::from_utf8_lossy(text);
        findings.signature(&text, Evidence::counted(place, &text, count, Confidence::Certain));
    }
}

fn elf<'a>(image: &Image<'a>) -> BTreeMap<&'a [u8], u64> {
    let Some(section) = image.section(".comment") else { return BTreeMap::new() };
    let data = section.data.get(..READ).unwrap_or(section.data);
    count(data.split(|byte| *byte == 0))
}

fn pe<'a>(image: &Image<'a>) -> BTreeMap<&'a [u8], u64> {
    let places = regions::loaded(image);
    count(places.iter().flat_map(|place| {
        memmem::find_iter(place.data, GCC).filter_map(|at| {
            let rest = place.data.get(at..)?;
            let rest = rest.get(..LONGEST).unwrap_or(rest);
            rest.split(|byte| *byte == 0).next()
        })
    }))
}

fn count<'a>(texts: impl Iterator<Item = &'a [u8]>) -> BTreeMap<&'a [u8], u64> {
    let mut counts = BTreeMap::new();
    for text in texts.filter(|text| !text.is_empty() && text.len() < LONGEST) {
        let known = counts.len();
        match counts.entry(text) {
            std::collections::btree_map::Entry::Occupied(mut entry) => *entry.get_mut() += 1,
            std::collections::btree_map::Entry::Vacant(entry) if known < KEPT => {
                entry.insert(1);
            }
            std::collections::btree_map::Entry::Vacant(_) => {}
        }
    }
    counts
}
