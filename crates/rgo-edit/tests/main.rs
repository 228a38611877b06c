//! Every edit, on images of every format, read back by code that shares none with the writer. One
//! test program: it is linked once.

mod support;

mod added;
mod companion;
mod elf;
mod extents;
mod go_slots;
mod macho;
mod macho_added;
mod macho_chained;
mod macho_parts;
mod macho_signature;
mod macho_strip;
mod mutations;
mod note_object;
mod objects;
mod pe;
mod pe_sections;
mod reserved;
mod strip;
