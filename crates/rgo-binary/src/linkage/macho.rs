//! Reads the load commands of a Mach-O image that dyld uses (`mach-o/loader.h`).
//!
//! ```text
//! LC_LOAD_DYLINKER             path of the loader
//! LC_LOAD_DYLIB and similar    install names of libraries      LC_ID_DYLIB  its own
//! LC_RPATH                     folder for @rpath
//! LC_BUILD_VERSION             platform, oldest system, SDK    (since 2018)
//! LC_VERSION_MIN_…             oldest system, SDK              (before)
//! LC_DYLD_EXPORTS_TRIE, LC_DYLD_INFO   names for others, see [`super::trie`]
//! ```

use object::endian::Endianness;
use object::macho;
use object::read::macho::{LoadCommandVariant as Command, MachHeader, MachOFile};
use object::{Object, ObjectSymbol};

use super::{Kind, Linkage, NameList, Version, trie};
use crate::{Error, Image, Result};

pub(super) fn linkage<H: MachHeader<Endian = Endianness>>(
    image: &Image<'_>,
    file: &MachOFile<'_, H>,
) -> Result<Linkage> {
    let bad = |why: object::Error| Error::malformed("Mach-O load commands", 0, why);
    let endian = file.endian();
    let header = file.macho_header();
    let mut linkage = Linkage::empty(Kind::Other);
    let (mut needed, mut runpath) = (NameList::new(image.limits()), NameList::new(image.limits()));
    let mut exports = None;
    let mut commands = file.macho_load_commands().map_err(bad)?;
    while let Some(command) = commands.next().map_err(bad)? {
        let bad = |why| Error::malformed("Mach-O load command", command.offset(), why);
        let string = |text| command.string(endian, text).map_err(bad);
        match command.variant().map_err(bad)? {
            Command::LoadDylinker(it) => linkage.interpreter = Some(lossy(string(it.name)?)),
            Command::Dylib(it) => needed.add(string(it.dylib.name)?)?,
            Command::IdDylib(it) => linkage.soname = Some(lossy(string(it.dylib.name)?)),
            Command::Rpath(it) => runpath.add(string(it.path)?)?,
            Command::BuildVersion(it, _) => {
                linkage.macos_min = Some(Version::packed(it.minos.get(endian).0));
                linkage.macos_sdk = known(it.sdk.get(endian).0);
            }
            Command::VersionMin(it) if linkage.macos_min.is_none() => {
                linkage.macos_min = Some(Version::packed(it.version.get(endian).0));
                linkage.macos_sdk = known(it.sdk.get(endian).0);
            }
            Command::DyldInfo(it) if exports.is_none() => {
                exports = Some((it.export_off.get(endian), it.export_size.get(endian)));
            }
            Command::LinkeditData(it) if command.cmd() == macho::LC_DYLD_EXPORTS_TRIE => {
                exports = Some((it.dataoff.get(endian), it.datasize.get(endian)));
            }
            _ => {}
        }
    }
    linkage.needed = needed.in_order();
    linkage.runpath = runpath.in_order();
    linkage.static_ = linkage.interpreter.is_none() && linkage.needed.is_empty();
    let anywhere = header.flags(endian).contains(macho::MH_PIE);
    linkage.kind = match header.filetype(endian) {
        macho::MH_EXECUTE => match (anywhere, linkage.static_) {
            (true, true) => Kind::StaticPie,
            (true, false) => Kind::Pie,
            (false, true) => Kind::StaticExecutable,
            (false, false) => Kind::Executable,
        },
        macho::MH_DYLIB | macho::MH_BUNDLE | macho::MH_DYLIB_STUB => Kind::SharedLibrary,
        macho::MH_OBJECT => Kind::Object,
        macho::MH_DSYM => Kind::DebugCompanion,
        _ => Kind::Other,
    };
    linkage.exports = match (linkage.kind, exports) {
        (Kind::Object | Kind::DebugCompanion, _) => Vec::new(),
        (_, Some(place)) => from_trie(image, place)?,
        (_, None) => from_symbols(image)?,
    };
    Ok(linkage)
}

/// 0 means that the linker did not record an SDK.
fn known(packed: u32) -> Option<Version> {
    (packed != 0).then(|| Version::packed(packed))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn from_trie(image: &Image<'_>, (offset, size): (u32, u32)) -> Result<Vec<String>> {
    let outside = || Error::malformed("Mach-O export trie", offset.into(), "lies outside the file");
    let start = usize::try_from(offset).map_err(|_| outside())?;
    let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
    let trie = end.and_then(|end| image.data().get(start..end)).ok_or_else(outside)?;
    trie::names(trie, offset.into(), image.limits())
}

/// Old images have no trie; their exports are the external defined symbols.
fn from_symbols(image: &Image<'_>) -> Result<Vec<String>> {
    let mut names = NameList::new(image.limits());
    for symbol in image.object().symbols() {
        if symbol.is_global() && !symbol.is_undefined() {
            names.add(symbol.name_bytes().unwrap_or_default())?;
        }
    }
    Ok(names.sorted())
}
