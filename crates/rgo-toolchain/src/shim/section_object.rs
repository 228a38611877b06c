//! `-sectcreate SEGMENT SECTION FILE`: puts the content of a file into a section of a Mach-O
//! program, such as its Info.plist into `__TEXT,__info_plist`. zig does not know the option. So rgo
//! writes an object file with that section, and zig links it.

use object::write::{MachOBuildVersion, Object};
use object::{Architecture, BinaryFormat, Endianness, SectionFlags, SectionKind, macho};
use rgo_binary::Arch;

use super::Recipe;

/// A section to fill with a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileSection {
    /// The segment's name, at most 16 bytes.
    pub segment: String,
    /// The section's name, at most 16 bytes.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// Older than every system that a program can target, since linkers warn about newer objects.
const OLDEST_AMD64: macho::Version = macho::Version(10 << 16 | 12 << 8);
const OLDEST_ARM64: macho::Version = macho::Version(11 << 16);

/// An object file with these sections, which no linker drops as dead.
///
/// # Errors
/// If macOS runs on no such processor, a name is too long, or Mach-O cannot hold the content.
pub(super) fn object(recipe: &Recipe, sections: &[FileSection]) -> Result<Vec<u8>, String> {
    let (architecture, oldest) = match &recipe.arch {
        Arch::Amd64 => (Architecture::X86_64, OLDEST_AMD64),
        Arch::Arm64 => (Architecture::Aarch64, OLDEST_ARM64),
        Arch::Other(name) => return Err(format!("-sectcreate: macOS does not run on {name}")),
    };
    let mut object = Object::new(BinaryFormat::MachO, architecture, Endianness::Little);
    let mut version = MachOBuildVersion::default();
    version.platform = macho::PLATFORM_MACOS;
    version.minos = oldest;
    version.sdk = version.minos;
    object.set_macho_build_version(version);
    for FileSection { segment, name, content } in sections {
        if segment.len() > 16 || name.len() > 16 {
            return Err(format!("-sectcreate {segment} {name}: a name has 16 bytes at most"));
        }
        let kind = SectionKind::ReadOnlyData;
        let id = object.add_section(segment.clone().into(), name.clone().into(), kind);
        object.set_section_data(id, content.clone(), 1);
        *object.section_flags_mut(id) =
            SectionFlags::MachO { flags: macho::S_ATTR_NO_DEAD_STRIP, reserved2: 0 };
    }
    object.write().map_err(|why| format!("-sectcreate: {why}"))
}
