//! One section of an ELF image during an edit: its header, and its old or new bytes.

use object::elf;
use object::write::elf::SectionHeader;
use rgo_binary::{Error, Result};

use crate::{Draft, Piece, Reason};

/// Sections that move are not loaded, or belong to an object, and need the alignment of a cache
/// line at most.
const MAX_ALIGN: u64 = 0x1000;

/// One section, from the input or new.
pub(crate) struct Section<'a> {
    pub(crate) name: Vec<u8>,
    pub(crate) header: SectionHeader,
    pub(crate) content: SectionContent<'a>,
    /// Whether its bytes lie in the part of the file that segments hold.
    pub(crate) in_segment: bool,
    pub(crate) kept: bool,
}

/// A section's bytes.
pub(crate) enum SectionContent<'a> {
    /// Bytes of the input, and their offset.
    Input(&'a [u8], u64),
    New(Vec<Piece>),
}

impl<'a> Section<'a> {
    /// Makes a section that is not loaded.
    pub(super) fn new(name: &[u8], content: Vec<u8>, align: u64, why: Reason) -> Self {
        let header = SectionHeader {
            sh_type: elf::SHT_PROGBITS,
            sh_addralign: align,
            ..SectionHeader::default()
        };
        let content = SectionContent::New(vec![Piece::New(content, why)]);
        Section { name: name.to_vec(), header, content, in_segment: false, kept: true }
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.header.sh_flags.0 & elf::SHF_ALLOC.0 != 0
    }

    pub(super) fn is(&self, flags: elf::SectionFlags) -> bool {
        self.header.sh_flags.0 & flags.0 != 0
    }

    /// Whether it has relocations that a linker still has to apply, or kept for other tools.
    pub(super) fn is_relocations(&self) -> bool {
        matches!(self.header.sh_type, elf::SHT_REL | elf::SHT_RELA | elf::SHT_CREL)
            && !self.is_loaded()
    }

    /// Its bytes in the input.
    pub(crate) fn input(&self) -> &'a [u8] {
        match &self.content {
            SectionContent::Input(bytes, _) => bytes,
            SectionContent::New(_) => &[],
        }
    }

    pub(super) fn size(&self) -> u64 {
        match &self.content {
            SectionContent::Input(bytes, _) => bytes.len() as u64,
            SectionContent::New(pieces) => pieces.iter().map(Piece::size).sum(),
        }
    }

    /// Replaces its bytes, unless they are equal.
    pub(crate) fn set(&mut self, content: Vec<u8>, why: Reason) {
        if self.input() != content {
            self.content = SectionContent::New(vec![Piece::New(content, why)]);
        }
    }

    /// Appends its bytes, aligned, and records their offset. `source` is the input with its
    /// reserved values written.
    pub(crate) fn place<'b>(&mut self, output: &mut Draft<'b>, source: &Draft<'b>) -> Result<()> {
        let align = self.header.sh_addralign;
        if align > MAX_ALIGN || align != 0 && !align.is_power_of_two() {
            let why = format!("an alignment of {align:#x}");
            return Err(Error::malformed("ELF section", self.header.sh_offset, why));
        }
        output.pad(align);
        self.header.sh_offset = output.size();
        self.header.sh_size = self.size();
        match &mut self.content {
            SectionContent::Input(bytes, from) => {
                output.take(source, *from, bytes.len() as u64, "ELF section")?;
            }
            SectionContent::New(pieces) => {
                for piece in std::mem::take(pieces) {
                    match piece {
                        Piece::Copy(range) => {
                            output.copy(range.start, range.end - range.start, "ELF section")?;
                        }
                        Piece::New(bytes, why) => output.push(bytes, why),
                        Piece::Zeros(size, why) => output.zeros(size, why),
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn has_no_bytes(&self) -> bool {
        matches!(self.header.sh_type, elf::SHT_NOBITS | elf::SHT_NULL)
    }
}
