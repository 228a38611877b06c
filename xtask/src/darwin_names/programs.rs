//! Collects the names that published Mach-O programs and libraries import, and the libraries that
//! they name for each.

use std::fs;
use std::path::Path;

use anyhow::Context;
use object::macho::{MH_TWOLEVEL, MachHeader64};
use object::read::macho::{FatArch, LoadCommandVariant, MachHeader, MachOFatFile32, Nlist};
use object::{Endianness, FileKind};
use serde::Deserialize;
use walkdir::WalkDir;

use super::{Claim, Source};
use crate::cache;
use crate::corpus::Package;

const LIST: &str = "xtask/darwin-names/programs.toml";
/// Folders of libraries that every macOS has.
const PUBLIC: [&str; 2] = ["/System/Library/Frameworks/", "/usr/lib/"];
/// Libraries for which zig has its own stubs.
const BY_ZIG: [&str; 3] =
    ["/usr/lib/libSystem.B.dylib", "/usr/lib/libc++.1.dylib", "/usr/lib/libc++abi.dylib"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    package: Vec<Program>,
}

#[derive(Deserialize)]
struct Program {
    license: String,
    #[serde(flatten)]
    package: Package,
}

/// The names and libraries of one package.
#[derive(Default)]
pub(super) struct Shown {
    pub libraries: Vec<Loaded>,
    pub claims: Vec<Claim>,
}

/// A library that a program loads, with the versions in its load command.
pub(super) struct Loaded {
    pub install_name: String,
    pub compatibility: u32,
    pub current: u32,
}

pub(super) fn all() -> anyhow::Result<Vec<Shown>> {
    let list: List = toml::from_str(&fs::read_to_string(LIST).context(LIST)?).context(LIST)?;
    let root = cache::root()?.join("xtask/darwin-names");
    fs::create_dir_all(&root)?;
    let mut all = Vec::new();
    for Program { license, package } in &list.package {
        let place = root.join(package.folder()?);
        package.provide(&place).with_context(|| package.name.clone())?;
        let name = format!("{} {}", package.name, package.version);
        let source = Source { name, license: license.clone() };
        all.push(of_folder(&place.join("files"), &source)?);
    }
    Ok(all)
}

fn of_folder(folder: &Path, source: &Source) -> anyhow::Result<Shown> {
    let mut shown = Shown::default();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if !entry.file_type().is_file() || entry.metadata()?.len() < 4096 {
            continue;
        }
        let data = fs::read(entry.path())?;
        for slice in slices(&data) {
            // Ignores errors: programs for Apple's other systems and deliberately damaged ones are
            // of no use here.
            let _ = of_image(slice, source, &mut shown);
        }
    }
    Ok(shown)
}

fn slices(data: &[u8]) -> Vec<&[u8]> {
    match FileKind::parse(data) {
        Ok(FileKind::MachO64) => vec![data],
        Ok(FileKind::MachOFat32) => MachOFatFile32::parse(data)
            .map(|fat| fat.arches().iter().filter_map(|arch| arch.data(data).ok()).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The libraries of an image, and its undefined names with their library's number.
fn of_image(data: &[u8], source: &Source, shown: &mut Shown) -> object::Result<()> {
    let header = MachHeader64::<Endianness>::parse(data, 0)?;
    let endian = header.endian()?;
    if header.flags(endian).0 & MH_TWOLEVEL.0 == 0 {
        return Ok(());
    }
    let mut libraries = Vec::new();
    let mut table = None;
    let mut commands = header.load_commands(endian, data, 0)?;
    while let Some(command) = commands.next()? {
        match command.variant()? {
            LoadCommandVariant::Dylib(dylib) => {
                let name = command.string(endian, dylib.dylib.name)?;
                let name = String::from_utf8_lossy(name).into_owned();
                if is_wanted(&name) {
                    shown.libraries.push(Loaded {
                        install_name: name.clone(),
                        compatibility: dylib.dylib.compatibility_version.get(endian).0,
                        current: dylib.dylib.current_version.get(endian).0,
                    });
                }
                libraries.push(name);
            }
            LoadCommandVariant::Symtab(symtab) => {
                table = Some(symtab.symbols::<MachHeader64<Endianness>, _>(endian, data)?);
            }
            _ => {}
        }
    }
    let Some(table) = table else { return Ok(()) };
    for symbol in table.iter() {
        let is_import = symbol.is_undefined() && symbol.n_value(endian) == 0;
        let ordinal = usize::from(symbol.library_ordinal(endian).0);
        let library = ordinal.checked_sub(1).and_then(|place| libraries.get(place));
        let Some(library) = library.filter(|library| is_import && is_wanted(library)) else {
            continue;
        };
        let name = symbol.name(endian, table.strings())?;
        let name = String::from_utf8_lossy(name).into_owned();
        shown.claims.push(Claim { library: library.clone(), name, source: source.clone() });
    }
    Ok(())
}

fn is_wanted(library: &str) -> bool {
    PUBLIC.iter().any(|place| library.starts_with(place))
        && !BY_ZIG.contains(&library)
        && !library.starts_with("/usr/lib/swift/")
        && !library.starts_with("/usr/lib/system/")
}
