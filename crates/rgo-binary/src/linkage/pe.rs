//! Reads the parts of a PE image that the Windows loader uses (Microsoft, "PE Format"): the
//! optional header and its data directories.
//!
//! ```text
//! optional header    operating system version, subsystem, DLL characteristics
//! directory 0        export table: DLL name, names, addresses
//! directory 1        import descriptors, one per DLL
//! directory 13       delay import descriptors, one per DLL
//! ```

use object::pe;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};
use object::{LittleEndian as LE, Object};

use super::{Kind, Linkage, NameList, pe_exports};
use crate::{Error, Image, Result};

pub(super) fn linkage<H: ImageNtHeaders>(
    image: &Image<'_>,
    file: &PeFile<'_, H>,
) -> Result<Linkage> {
    let header = file.nt_headers().optional_header();
    let kind = file.nt_headers().file_header().characteristics.get(LE);
    let anywhere = header.dll_characteristics();
    let anywhere = anywhere.contains(pe::IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE);
    let mut linkage = Linkage::empty(if kind.contains(pe::IMAGE_FILE_DLL) {
        Kind::SharedLibrary
    } else if anywhere {
        Kind::Pie
    } else {
        Kind::Executable
    });
    linkage.needed = needed(image, file)?;
    linkage.static_ = linkage.needed.is_empty();
    linkage.windows_os =
        Some((header.major_operating_system_version(), header.minor_operating_system_version()));
    linkage.subsystem = Some(match header.subsystem() {
        pe::IMAGE_SUBSYSTEM_NATIVE => "native".to_owned(),
        pe::IMAGE_SUBSYSTEM_WINDOWS_GUI => "gui".to_owned(),
        pe::IMAGE_SUBSYSTEM_WINDOWS_CUI => "console".to_owned(),
        pe::IMAGE_SUBSYSTEM_EFI_APPLICATION => "efi".to_owned(),
        other => other.0.to_string(),
    });
    let exports = pe_exports::read(image)?;
    (linkage.soname, linkage.exports) = (exports.dll, exports.names);
    Ok(linkage)
}

/// The DLLs of both import tables, without repeats.
fn needed<H: ImageNtHeaders>(image: &Image<'_>, file: &PeFile<'_, H>) -> Result<Vec<String>> {
    let bad = |why: object::Error| Error::malformed("PE import tables", 0, why);
    let mut names = NameList::new(image.limits());
    for library in file.import_libraries().map_err(bad)? {
        names.add(library.map_err(bad)?.name())?;
    }
    let mut needed: Vec<String> = Vec::new();
    for name in names.in_order() {
        if !needed.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            needed.push(name);
        }
    }
    Ok(needed)
}
