//! A Mach-O header and its load commands as values, to read, change and write back. The bytes behind the
//! commands do not move, so commands may grow into the header's padding and no further.
//!
//! ```text
//!  0  32  mach_header_64: magic feedfacf, cputype, cpusubtype, filetype,
//!         ncmds, sizeofcmds, flags, reserved — eight u32
//! 32   …  ncmds commands, each: u32 cmd, u32 cmdsize, then cmdsize - 8 bytes
//!  …   …  zeros up to the first section's bytes
//! ```
//!
//! (`mach-o/loader.h`)

use object::macho;

use crate::bytes::ReadBytes;
use crate::{Draft, Reason, bytes};
use rgo_binary::{Error, Result};

pub(super) const HEADER_SIZE: u64 = 32;
/// Bytes of an `LC_SEGMENT_64` before its sections, and of each section.
pub(super) const SEGMENT_SIZE: u64 = 72;
pub(super) const SECTION_SIZE: u64 = 80;

/// The largest alignment of a section, a page, as a power of two.
const MAX_ALIGN: u32 = 14;

const WHAT: &str = "Mach-O load commands";

/// One load command; `data` is all of it, `cmd` and `cmdsize` included.
#[derive(Clone)]
pub(super) struct Command {
    pub(super) kind: u32,
    pub(super) data: Vec<u8>,
}

/// The fields of an `LC_SEGMENT_64`.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    /// Index among the load commands.
    pub(super) command: usize,
    /// Index among the segments.
    pub(super) number: usize,
    pub(super) name: [u8; 16],
    pub(super) address: u64,
    /// Its size in memory, in bytes.
    pub(super) size: u64,
    pub(super) file_offset: u64,
    pub(super) file_size: u64,
    pub(super) sections: u32,
}

/// One `section_64` of a segment.
///
/// ```text
///  0 16  name        32  8  address    48  4  file offset
/// 16 16  segment     40  8  size       52 28  alignment, relocations, flags
/// ```
pub(super) struct Section<'a> {
    pub(super) header: &'a [u8],
}

pub(super) struct Commands {
    header: Vec<u8>,
    pub(super) list: Vec<Command>,
    /// The end of the commands when they were read.
    end: u64,
}

impl Command {
    pub(super) fn u32(&self, at: u64) -> Result<u32> {
        bytes::u32_at(&self.data, at, WHAT)
    }

    pub(super) fn u64(&self, at: u64) -> Result<u64> {
        bytes::u64_at(&self.data, at, WHAT)
    }

    pub(super) fn set_u32(&mut self, at: u64, value: u32) -> Result<()> {
        self.put(at, &value.to_le_bytes())
    }

    pub(super) fn set_u64(&mut self, at: u64, value: u64) -> Result<()> {
        self.put(at, &value.to_le_bytes())
    }

    pub(super) fn put(&mut self, at: u64, value: &[u8]) -> Result<()> {
        bytes::put(&mut self.data, at, value, WHAT)
    }
}

impl<'a> Section<'a> {
    pub(super) fn name(&self) -> String {
        let name = self.header.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(name.get(..16).unwrap_or(name)).into_owned()
    }

    /// Its offset and size in the file. The size is 0 if only the loader makes its bytes, which are
    /// zeros: then the offset is within the header.
    pub(super) fn place(&self) -> Result<(u64, u64)> {
        let (size, offset) = (
            bytes::u64_at(self.header, 40, WHAT)?,
            u64::from(bytes::u32_at(self.header, 48, WHAT)?),
        );
        Ok((offset, if offset < HEADER_SIZE { 0 } else { size }))
    }

    /// Its start must be a multiple of this.
    pub(super) fn align(&self) -> Result<u64> {
        Ok(1 << bytes::u32_at(self.header, 52, WHAT)?.min(MAX_ALIGN))
    }

    pub(super) fn bytes<'i>(&self, image: &'i [u8]) -> Result<&'i [u8]> {
        let (offset, size) = self.place()?;
        if size == 0 { Ok(&[]) } else { bytes::slice(image, offset, size, WHAT) }
    }
}

impl Segment {
    pub(super) fn name(&self) -> String {
        let name = self.name.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.split(|byte| *byte == 0).next() == Some(name.as_bytes())
    }

    pub(super) fn file_end(&self) -> u64 {
        self.file_offset.saturating_add(self.file_size)
    }
}

impl Commands {
    pub(super) fn parse(data: &[u8]) -> Result<Self> {
        if !data.starts_with(&macho::MH_MAGIC_64.to_le_bytes()) {
            return Err(Error::unsupported(
                "editing this Mach-O image",
                "only 64-bit little-endian images are edited",
            ));
        }
        let header = bytes::slice(data, 0, HEADER_SIZE, WHAT)?.to_vec();
        let count = bytes::u32_at(&header, 16, WHAT)?;
        let size = u64::from(bytes::u32_at(&header, 20, WHAT)?);
        let area = bytes::slice(data, HEADER_SIZE, size, WHAT)?;
        let mut list = Vec::new();
        let mut at = 0;
        for _ in 0..count {
            let kind = bytes::u32_at(area, at, WHAT)?;
            let size = u64::from(bytes::u32_at(area, at + 4, WHAT)?);
            if size < 8 {
                let why = format!("a command of {size} bytes");
                return Err(Error::malformed(WHAT, HEADER_SIZE + at, why));
            }
            list.push(Command { kind, data: bytes::slice(area, at, size, WHAT)?.to_vec() });
            at += size;
        }
        Ok(Self { header, list, end: HEADER_SIZE + size })
    }

    pub(super) fn cpu_type(&self) -> Result<macho::CpuType> {
        bytes::u32_at(&self.header, 4, WHAT).map(macho::CpuType)
    }

    pub(super) fn file_type(&self) -> Result<macho::FileType> {
        bytes::u32_at(&self.header, 12, WHAT).map(macho::FileType)
    }

    pub(super) fn flags(&self) -> Result<macho::FileFlags> {
        bytes::u32_at(&self.header, 24, WHAT).map(macho::FileFlags)
    }

    pub(super) fn add_flag(&mut self, flag: macho::FileFlags) -> Result<()> {
        let flags = self.flags()?.0 | flag.0;
        bytes::put(&mut self.header, 24, &flags.to_le_bytes(), WHAT)
    }

    /// The page size of the image's machine: segments start at a multiple of it.
    pub(super) fn page(&self) -> Result<u64> {
        Ok(if self.cpu_type()? == macho::CPU_TYPE_ARM64 { 0x4000 } else { 0x1000 })
    }

    pub(super) fn find(&self, kind: macho::LoadCommandType) -> Option<usize> {
        self.list.iter().position(|command| command.kind == kind.0)
    }

    pub(super) fn get(&self, index: usize) -> Result<&Command> {
        self.list.get(index).ok_or_else(|| Error::malformed(WHAT, HEADER_SIZE, "one is missing"))
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Result<&mut Command> {
        self.list
            .get_mut(index)
            .ok_or_else(|| Error::malformed(WHAT, HEADER_SIZE, "one is missing"))
    }

    pub(super) fn segments(&self) -> Result<Vec<Segment>> {
        let is_segment = |(_, command): &(usize, &Command)| command.kind == macho::LC_SEGMENT_64.0;
        let segments = self.list.iter().enumerate().filter(is_segment).enumerate();
        segments
            .map(|(number, (index, command))| {
                let name = bytes::slice(&command.data, 8, 16, WHAT)?;
                let sections = command.u32(64)?;
                let size = SEGMENT_SIZE + u64::from(sections) * SECTION_SIZE;
                bytes::slice(&command.data, 0, size, WHAT)?;
                Ok(Segment {
                    command: index,
                    number,
                    name: name.first_chunk().copied().unwrap_or_default(),
                    address: command.u64(24)?,
                    size: command.u64(32)?,
                    file_offset: command.u64(40)?,
                    file_size: command.u64(48)?,
                    sections,
                })
            })
            .collect()
    }

    pub(super) fn segment(&self, name: &str) -> Result<Segment> {
        self.segments()?.into_iter().find(|segment| segment.is(name)).ok_or_else(|| {
            Error::unsupported("editing this Mach-O image", format!("it has no segment {name}"))
        })
    }

    /// A segment's sections.
    pub(super) fn sections(&self, segment: &Segment) -> Result<Vec<Section<'_>>> {
        let command = self.get(segment.command)?;
        (0..u64::from(segment.sections))
            .map(|number| {
                let at = SEGMENT_SIZE + number * SECTION_SIZE;
                Ok(Section { header: bytes::slice(&command.data, at, SECTION_SIZE, WHAT)? })
            })
            .collect()
    }

    /// The offset of the first bytes behind the header: commands may grow up to here.
    fn room(&self, image: u64) -> Result<u64> {
        let mut room = image;
        for segment in self.segments()? {
            for section in self.sections(&segment)? {
                let (offset, size) = section.place()?;
                if size > 0 {
                    room = room.min(offset);
                }
            }
            if segment.file_offset > 0 {
                room = room.min(segment.file_offset);
            }
        }
        Ok(room)
    }

    /// Changes the type of the image and clears its flags.
    pub(super) fn become_type(&mut self, file_type: macho::FileType) -> Result<()> {
        bytes::put(&mut self.header, 12, &file_type.0.to_le_bytes(), WHAT)?;
        bytes::zero(&mut self.header, 24, 4, WHAT)
    }

    /// Bytes of header and commands.
    pub(super) fn size(&self) -> u64 {
        HEADER_SIZE + self.list.iter().map(|command| command.data.len() as u64).sum::<u64>()
    }

    /// Header and commands as bytes of a file.
    pub(super) fn to_vec(&self) -> Result<Vec<u8>> {
        let mut front = self.header.clone();
        bytes::put(&mut front, 16, &bytes::word(self.list.len(), WHAT)?.to_le_bytes(), WHAT)?;
        let size = bytes::word(bytes::index(self.size() - HEADER_SIZE), WHAT)?;
        bytes::put(&mut front, 20, &size.to_le_bytes(), WHAT)?;
        for command in &self.list {
            front.extend_from_slice(&command.data);
        }
        Ok(front)
    }

    /// Writes header and commands over the front of `image`, from which they were read.
    pub(super) fn write(&self, image: &mut Draft<'_>) -> Result<()> {
        let (end, room) = (self.size(), self.room(image.size())?);
        if end > room.max(self.end) {
            let missing = end - room.max(self.end);
            let why = format!(
                "{end} bytes of header are needed and there is room for {room}: {missing} are missing"
            );
            return Err(Error::unsupported("this change of load commands", why));
        }
        let fresh = end.saturating_sub(self.end);
        if fresh > 0 && image.read(self.end, fresh, WHAT)?.iter().any(|byte| *byte != 0) {
            let why = "there is something else where the commands would grow";
            return Err(Error::unsupported("this change of load commands", why));
        }
        image.put(0, &self.to_vec()?, Reason::LoadCommands, WHAT)?;
        image.zero(end, self.end.saturating_sub(end), Reason::LoadCommands, WHAT)
    }
}
