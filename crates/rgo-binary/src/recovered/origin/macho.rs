//! Reads the list of tools that Apple's linker writes (`mach-o/loader.h`).
//!
//! ```text
//! LC_BUILD_VERSION (0x32)   cmd, size, platform, minos, sdk, ntools
//!                           ntools × (u32 tool, u32 version xxxx.yy.zz)
//! ```

use object::endian::Endianness;
use object::macho;
use object::read::macho::{LoadCommandVariant as Command, MachHeader, MachOFile};

use super::Findings;
use super::tools::ToolRole;
use crate::{Confidence, Error, Evidence, Image, Result, Version};

const PLACE: &str = "LC_BUILD_VERSION";

/// Tools by number.
const TOOLS: [(macho::Tool, ToolRole, &str); 6] = [
    (macho::TOOL_CLANG, ToolRole::Compiler, "clang"),
    (macho::TOOL_SWIFT, ToolRole::Compiler, "swiftc"),
    (macho::TOOL_LD, ToolRole::Linker, "Apple ld"),
    (macho::Tool(4), ToolRole::Linker, "lld"),
    (macho::Tool(5), ToolRole::Linker, "zig"),
    (macho::TOOL_METAL, ToolRole::Compiler, "metal"),
];

/// Adds the tools in the load commands.
///
/// # Errors
/// [`Error::Malformed`] for load commands that reach outside the image.
pub(super) fn read(image: &Image<'_>, findings: &mut Findings) -> Result<()> {
    match image.object() {
        object::File::MachO32(file) => tools(file, findings),
        object::File::MachO64(file) => tools(file, findings),
        _ => Ok(()),
    }
}

fn tools<H: MachHeader<Endian = Endianness>>(
    file: &MachOFile<'_, H>,
    findings: &mut Findings,
) -> Result<()> {
    let bad = |why: object::Error| Error::malformed("Mach-O load commands", 0, why);
    let endian = file.endian();
    let mut commands = file.macho_load_commands().map_err(bad)?;
    while let Some(command) = commands.next().map_err(bad)? {
        let Command::BuildVersion(build, data) = command.variant().map_err(bad)? else { continue };
        for entry in build.tools(endian, data).map_err(bad)? {
            let tool = entry.tool.get(endian);
            let packed = entry.version.get(endian).0;
            let version = Version::packed(packed);
            let found = format!("tool {} version {version}", tool.0);
            // Zig's linker writes no version.
            let version = (packed != 0).then(|| version.to_string());
            let evidence = Evidence::new(PLACE, &found, Confidence::Certain);
            let known = TOOLS.iter().find(|(number, ..)| *number == tool);
            let (role, name) = known.map_or_else(
                || (ToolRole::Other, format!("tool {}", tool.0)),
                |(_, role, name)| (*role, (*name).to_owned()),
            );
            findings.tool(role, name, version, evidence);
        }
    }
    Ok(())
}
