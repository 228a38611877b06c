//! Finds sections by name, for the tools that print a section.

use anyhow::anyhow;
use rgo_binary::Slice;

use crate::app::error::Annotate;

/// The bytes of a section as in the file. If several images have it, the first one's.
pub(crate) fn find<'a>(slices: &[Slice<'a>], name: &str) -> Option<&'a [u8]> {
    slices.iter().find_map(|slice| slice.image.section(name)).map(|section| section.data)
}

/// The error if no image has a section of this name.
pub(crate) fn absent(name: &str) -> anyhow::Error {
    anyhow!("no section {name} is there")
        .hint("llvm-readobj --sections lists them; Mach-O names its own like __text")
}
