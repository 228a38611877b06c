//! Reads the data that the system's loader uses: how the program starts, the libraries that it
//! needs, the oldest system, the exports. The source is the loader's own tables (program headers,
//! load commands, data directories), because section headers and file names have no effect on
//! loading.

mod elf;
pub mod load_options;
mod macho;
mod pe;
mod pe_exports;
mod trie;
mod version;

use object::Object;
use serde::Serialize;

use crate::{Error, Image, Limits, Result};

pub use version::Version;

/// The kind of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Runs at the address it was linked for, with shared libraries.
    Executable,
    /// Runs at any address, with shared libraries.
    Pie,
    /// Runs at the address it was linked for, without shared libraries.
    StaticExecutable,
    /// Runs at any address, without shared libraries.
    StaticPie,
    /// Loaded by others: `.so`, `.dylib`, bundle, `.dll`.
    SharedLibrary,
    /// Input for a linker.
    Object,
    /// Debug data alone (a dSYM's companion file).
    DebugCompanion,
    /// Anything else: a core file, a kernel extension.
    Other,
}

impl Kind {
    /// Whether a system loads it: a program or a library.
    #[must_use]
    pub fn is_loaded(self) -> bool {
        !matches!(self, Self::Object | Self::DebugCompanion | Self::Other)
    }
}

/// The requirements of an image on the system that loads it, and its exports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Linkage {
    /// Its kind.
    pub kind: Kind,
    /// The loader: `PT_INTERP`, `LC_LOAD_DYLINKER`.
    pub interpreter: Option<String>,
    /// The libraries that it needs, in the order of the file: `DT_NEEDED`, dylib load commands,
    /// import and delay import tables.
    pub needed: Vec<String>,
    /// Its own library name: `DT_SONAME`, `LC_ID_DYLIB`, the export table's DLL name.
    pub soname: Option<String>,
    /// The folders in which the loader searches libraries: `DT_RUNPATH`, else `DT_RPATH`;
    /// `LC_RPATH`.
    pub runpath: Vec<String>,
    /// The oldest glibc that has all symbol versions; `None` if it requires no version.
    pub glibc_floor: Option<GlibcFloor>,
    /// The oldest macOS (or other Apple system) that it was built for.
    pub macos_min: Option<Version>,
    /// The SDK that it was built with.
    pub macos_sdk: Option<Version>,
    /// The oldest Windows in its header, major and minor.
    pub windows_os: Option<(u16, u16)>,
    /// The Windows subsystem: `console`, `gui`, `native` or a number.
    pub subsystem: Option<String>,
    /// The exported names, sorted, in the format's spelling (Mach-O: with the leading underscore),
    /// without exports that have only an ordinal.
    pub exports: Vec<String>,
    /// It has neither an interpreter nor a needed library.
    #[serde(rename = "static")]
    pub static_: bool,
}

/// The oldest glibc that an image can run with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GlibcFloor {
    /// The highest `GLIBC_x.y` that it requires.
    pub version: Version,
    /// The symbols that require this version, sorted; empty if no symbol is bound to it by name.
    pub symbols: Vec<String>,
    /// Names such as `GLIBC_ABI_DT_RELR` that require this version without a symbol, sorted: each
    /// stands for a feature that the loader must have.
    pub markers: Vec<String>,
}

impl GlibcFloor {
    /// The causes of this version: at most `most` of them by name, and the number of the others.
    #[must_use]
    pub fn causes(&self, most: usize) -> String {
        let markers = self.markers.iter().map(|marker| {
            let meaning = elf::meaning(marker);
            meaning.map_or_else(|| marker.clone(), |meaning| format!("{meaning} ({marker})"))
        });
        let all: Vec<String> = markers.chain(self.symbols.iter().cloned()).collect();
        if all.is_empty() {
            // The list of versions names it, but its symbols cannot be read.
            return "symbols that cannot be told".to_owned();
        }
        let shown = all.get(..most).unwrap_or(&all).join(", ");
        match all.len().saturating_sub(most) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}

impl Linkage {
    /// A linkage with a kind and nothing else.
    #[must_use]
    pub fn empty(kind: Kind) -> Self {
        Self {
            kind,
            interpreter: None,
            needed: Vec::new(),
            soname: None,
            runpath: Vec::new(),
            glibc_floor: None,
            macos_min: None,
            macos_sdk: None,
            windows_os: None,
            subsystem: None,
            exports: Vec::new(),
            static_: false,
        }
    }
}

impl Image<'_> {
    /// Reads the requirements of the image on the system that loads it.
    ///
    /// # Errors
    /// [`Error::Malformed`] for tables that contradict themselves or reach outside the image,
    /// [`Error::Limit`] for more names than the image's limits allow.
    pub fn linkage(&self) -> Result<Linkage> {
        match self.object() {
            object::File::Elf32(_) | object::File::Elf64(_) => elf::linkage(self),
            object::File::MachO32(file) => macho::linkage(self, file),
            object::File::MachO64(file) => macho::linkage(self, file),
            object::File::Pe32(file) => pe::linkage(self, file),
            object::File::Pe64(file) => pe::linkage(self, file),
            _ => Err(Error::Unrecognized),
        }
    }
}

impl Image<'_> {
    /// The libraries that the image needs, as in [`Linkage::needed`], and nothing else.
    ///
    /// # Errors
    /// As of [`Image::linkage`].
    pub fn needed(&self) -> Result<Vec<String>> {
        let bad = |why: object::Error| Error::malformed("needed libraries", 0, why);
        let mut names = NameList::new(self.limits());
        for library in self.object().import_libraries().into_iter().flatten() {
            names.add(library.map_err(bad)?.name())?;
        }
        let names = names.in_order();
        // Section headers may be missing or broken; the loader's tables have the names as well.
        if names.is_empty() { Ok(self.linkage()?.needed) } else { Ok(names) }
    }
}

/// Names of one list, within limits: in a small file, overlapping strings can have a large total
/// length.
struct NameList {
    names: Vec<String>,
    bytes: u64,
    limits: Limits,
}

impl NameList {
    fn new(limits: &Limits) -> Self {
        Self { names: Vec::new(), bytes: 0, limits: *limits }
    }

    /// Adds a name, unless it is empty.
    fn add(&mut self, name: &[u8]) -> Result<()> {
        if name.is_empty() {
            return Ok(());
        }
        let count = self.names.len() + 1;
        if count > self.limits.max_symbols {
            let limit = self.limits.max_symbols as u64;
            return Err(Error::limit("the number of names in a table", count as u64, limit));
        }
        self.bytes += name.len() as u64;
        if self.bytes > self.limits.max_inflated {
            let what = "the names of a table in bytes";
            return Err(Error::limit(what, self.bytes, self.limits.max_inflated));
        }
        self.names.push(String::from_utf8_lossy(name).into_owned());
        Ok(())
    }

    fn in_order(self) -> Vec<String> {
        self.names
    }

    /// Sorted, each name once.
    fn sorted(mut self) -> Vec<String> {
        self.names.sort_unstable();
        self.names.dedup();
        self.names
    }
}
