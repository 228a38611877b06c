//! Reads the defenses of Mach-O images: header flags, one segment, the code signature's flags, and
//! the names of symbols (`mach-o/loader.h`; XNU's `osfmk/kern/cs_blobs.h`).
//!
//! ```text
//! header flags   200000 PIE, 20000 ALLOW_STACK_EXECUTION (programs only)
//! cpusubtype     2 of arm64: arm64e, with pointer authentication
//! __RESTRICT     section __restrict: dyld ignores DYLD_ variables
//! CodeDirectory  flags 10000 RUNTIME, 800 RESTRICT
//! ```

use object::macho;
use object::read::macho::{MachHeader, MachOFile};
use object::{Endianness, Object, ObjectSegment};

use super::symbols::Calls;
use super::{Defense, Hardening, TriState};
use crate::security::signature;
use crate::{Image, Result};

pub(super) fn hardening<H: MachHeader<Endian = Endianness>>(
    image: &Image<'_>,
    file: &MachOFile<'_, H>,
) -> Result<Hardening> {
    let header = file.macho_header();
    let (kind, flags) = (header.filetype(file.endian()), header.flags(file.endian()));
    let mut result = Hardening::none();
    if kind == macho::MH_DSYM {
        return Ok(result);
    }
    // The C library is always shared, and a symbol table always lists the imports.
    let calls = Calls::of(image, true);
    result.stack_protector = calls.stack_protector();
    result.fortify = calls.fortify();
    if file.architecture() == object::Architecture::Aarch64 {
        let arm64e = file.sub_architecture() == Some(object::SubArchitecture::Arm64E);
        let name = if arm64e { "arm64e" } else { "arm64, not arm64e" };
        result.pac = Defense::new(arm64e, name);
    }
    if kind == macho::MH_OBJECT {
        return Ok(result);
    }
    if kind == macho::MH_EXECUTE {
        result.pie = Defense::flag(flags.contains(macho::MH_PIE), "MH_PIE");
        let executable = flags.contains(macho::MH_ALLOW_STACK_EXECUTION);
        let stack = Defense::flag(executable, "MH_ALLOW_STACK_EXECUTION");
        result.nx = Defense { answer: (!executable).into(), ..stack };
        let restrict = file
            .segments()
            .any(|segment| segment.name_bytes().is_ok_and(|name| name == Some(b"__RESTRICT")));
        let state = if restrict { "a segment __RESTRICT" } else { "no segment __RESTRICT" };
        result.restrict = Defense::new(restrict, state);
        result.hardened_runtime = match signature::code_directory_flags(image) {
            Some(flags) => Defense::flag(flags.contains(macho::CS_RUNTIME), "CS_RUNTIME"),
            None => Defense::new(TriState::No, "no code signature"),
        };
    } else {
        result.nx = Defense::new(TriState::NotApplicable, "the program that loads it decides");
    }
    Ok(result)
}
