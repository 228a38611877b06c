//! Sections by name, for the tools that give out what is in one.

use anyhow::anyhow;
use rgo_binary::Slice;

use crate::app::error::Annotate;

/// The bytes of a section as they are in the file, of the first image that has it.
pub(crate) fn find<'a>(slices: &[Slice<'a>], name: &str) -> Option<&'a [u8]> {
    slices.iter().find_map(|slice| slice.image.section(name)).map(|section| section.data)
}

/// The error for a name that no image has.
pub(crate) fn absent(name: &str) -> anyhow::Error {
    anyhow!("no section {name} is there")
        .hint("llvm-readobj --sections lists them; Mach-O names its own like __text")
}
