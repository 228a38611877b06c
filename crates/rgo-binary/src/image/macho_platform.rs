//! Reads the Apple system that a Mach-O image is for.
//!
//! ```text
//! LC_BUILD_VERSION 32          platform u32, oldest system, SDK, tools
//! LC_VERSION_MIN_… 24 25 2f 30 one for each system; older linkers write these instead
//! ```
//!
//! (`mach-o/loader.h`)

use object::Endianness;
use object::macho;
use object::read::macho::{LoadCommandVariant as Command, MachHeader, MachOFile};

use crate::Image;

/// The platform of a Mach-O image, such as [`macho::PLATFORM_MACOS`]; `None` for other images, and
/// for those without such a load command.
pub(crate) fn platform(image: &Image<'_>) -> Option<macho::Platform> {
    match image.object() {
        object::File::MachO32(file) => platform_of(file),
        object::File::MachO64(file) => platform_of(file),
        _ => None,
    }
}

fn platform_of<H: MachHeader<Endian = Endianness>>(
    file: &MachOFile<'_, H>,
) -> Option<macho::Platform> {
    let mut commands = file.macho_load_commands().ok()?;
    while let Some(command) = commands.next().ok()? {
        match command.variant().ok()? {
            Command::BuildVersion(build, _) => return Some(build.platform.get(file.endian())),
            Command::VersionMin(_) => {
                return Some(match command.cmd() {
                    macho::LC_VERSION_MIN_IPHONEOS => macho::PLATFORM_IOS,
                    macho::LC_VERSION_MIN_TVOS => macho::PLATFORM_TVOS,
                    macho::LC_VERSION_MIN_WATCHOS => macho::PLATFORM_WATCHOS,
                    _ => macho::PLATFORM_MACOS,
                });
            }
            _ => {}
        }
    }
    None
}
