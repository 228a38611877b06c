//! Finds the path of an ELF image's supplementary file, into which dwz moved the debug data that
//! several images share.
//!
//! ```text
//! .gnu_debugaltlink   path, NUL, the build-id of the file at the path
//! .debug_sup          u16 version, u8 0, path, NUL, size and bytes of a checksum
//! ```
//! (gdb, "Separate Debug Files"; DWARF 5, section 7.3.6)

use std::ops::Range;

use rgo_binary::Image;

/// The sections that name a supplementary file (ELF), and the offset of the path in each.
pub(crate) const SUPPLEMENTS: [(&str, usize); 2] = [(".gnu_debugaltlink", 0), (".debug_sup", 3)];

/// The path of the supplementary file of an ELF image. A path that is not absolute starts from the image's folder.
#[must_use]
pub fn supplement<'a>(image: &Image<'a>) -> Option<&'a str> {
    SUPPLEMENTS.iter().find_map(|(name, start)| {
        let data = image.section(name)?.data;
        std::str::from_utf8(data.get(path_range(data, *start)?)?).ok()
    })
}

/// The range of the path in such a section. (A supplementary file has a `.debug_sup` of its own,
/// without a path.)
pub(crate) fn path_range(data: &[u8], start: usize) -> Option<Range<usize>> {
    let size = data.get(start..)?.iter().position(|byte| *byte == 0)?;
    let is_link = data.get(..start)?.last().is_none_or(|is_supplement| *is_supplement == 0);
    (is_link && size > 0).then_some(start..start + size)
}
