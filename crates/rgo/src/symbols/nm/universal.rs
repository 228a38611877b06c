//! Chooses the slices of a universal file that `nm` lists: those that the call names; else this machine's; else
//! all.

use anyhow::{Context, Result, bail};
use object::macho;
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};

/// The name of all architectures.
const ALL: &str = "all";

/// A slice.
pub(super) struct FatSlice<'a> {
    /// The name of its architecture, as Apple's tools have it.
    pub(super) arch: String,
    /// Its bytes: an object, or an archive.
    pub(super) data: &'a [u8],
}

/// The slices to list.
///
/// # Errors
/// If the file is malformed, or lacks an architecture of the call.
pub(super) fn chosen<'a>(data: &'a [u8], wanted: &[String]) -> Result<Vec<FatSlice<'a>>> {
    let is_64 = data.starts_with(&macho::FAT_MAGIC_64.to_be_bytes());
    let all = if is_64 {
        slices(data, MachOFatFile64::parse(data)?.arches())?
    } else {
        slices(data, MachOFatFile32::parse(data)?.arches())?
    };
    if wanted.iter().any(|arch| arch == ALL) {
        return Ok(all);
    }
    for arch in wanted {
        if !all.iter().any(|slice| slice.arch == *arch) {
            let there: Vec<_> = all.iter().map(|slice| slice.arch.as_str()).collect();
            bail!("it has no architecture {arch}; it has {}", there.join(", "));
        }
    }
    let host = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        arch => arch,
    };
    let is_wanted = |slice: &FatSlice<'_>| match wanted {
        [] => slice.arch == host,
        wanted => wanted.contains(&slice.arch),
    };
    if all.iter().any(is_wanted) {
        return Ok(all.into_iter().filter(is_wanted).collect());
    }
    Ok(all)
}

/// Whether the slices that are listed are named.
pub(super) fn are_named(slices: &[FatSlice<'_>], wanted: &[String]) -> bool {
    slices.len() > 1 || wanted.len() > 1
}

fn slices<'a, F: FatArch>(data: &'a [u8], arches: &[F]) -> Result<Vec<FatSlice<'a>>> {
    let slice = |arch: &F| -> Result<FatSlice<'a>> {
        let name = name(arch.cputype(), arch.cpusubtype());
        let data = arch.data(data).context("a slice reaches outside of the file")?;
        Ok(FatSlice { arch: name, data })
    };
    arches.iter().map(slice).collect()
}

/// The name of an architecture, as Apple's tools have it.
fn name(kind: macho::CpuType, subtype: macho::CpuSubtype) -> String {
    let base = subtype.0 & 0x00ff_ffff;
    let name = match (kind, base) {
        (macho::CPU_TYPE_X86_64, 8) => "x86_64h",
        (macho::CPU_TYPE_X86_64, _) => "x86_64",
        (macho::CPU_TYPE_X86, _) => "i386",
        (macho::CPU_TYPE_ARM64, 2) => "arm64e",
        (macho::CPU_TYPE_ARM64, _) => "arm64",
        (macho::CPU_TYPE_ARM64_32, _) => "arm64_32",
        (macho::CPU_TYPE_ARM, 6) => "armv6",
        (macho::CPU_TYPE_ARM, 9) => "armv7",
        (macho::CPU_TYPE_ARM, 11) => "armv7s",
        (macho::CPU_TYPE_ARM, 12) => "armv7k",
        (macho::CPU_TYPE_ARM, _) => "arm",
        (macho::CPU_TYPE_POWERPC, _) => "ppc",
        (macho::CPU_TYPE_POWERPC64, _) => "ppc64",
        _ => return format!("cputype ({}) cpusubtype ({base})", kind.0),
    };
    name.to_owned()
}
