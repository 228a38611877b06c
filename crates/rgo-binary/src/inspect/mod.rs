//! Collects everything about one image: the builder's record, traces that replace a missing record,
//! and, on request, the facts that every image has.
//!
//! ```text
//! Image ─┬─ record           rgo's note, Go's build information, cargo-auditable's list
//!        ├─ origin           languages and tools     ┐ without a record,
//!        ├─ recovered_go     toolchain and modules   │ or with Detail::Facts
//!        ├─ recovered_crates                         ┘ (the last two without a record alone)
//!        └─ facts            linkage, system, debug data, defenses, signature, …
//! ```

mod build_record;
mod fact;
mod facts;
mod packages;
mod toolchain;

use serde::Serialize;

use crate::recovered::crates::{CrateSource, RecoveredCrate, RecoveredCrates, recovered_crates};
use crate::recovered::go::{self, RecoveredProgram};
use crate::recovered::origin::{self, ImageOrigin, Language};
use crate::system::{ImageSystem, Os};
use crate::{Arch, Endian, Error, Format, Image, Kind};

pub use build_record::{BuildRecord, OtherContent, OtherRecord, RecordFormat};
pub use fact::{Cause, Fact};
pub use facts::Facts;
pub use toolchain::ImageToolchain;

/// How much to read of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The record, or the traces that replace it.
    Record,
    /// Everything.
    Facts,
}

/// Everything that was read of one image.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Inspection {
    /// The file format: `elf`, `macho` or `pe`.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub format: Format,
    /// The instruction set, by GOARCH's name if Go has one.
    #[serde(serialize_with = "as_text")]
    pub arch: Arch,
    /// The byte order.
    pub endian: Endian,
    /// Its builder's record.
    #[serde(flatten, skip_serializing_if = "Fact::is_not_known")]
    #[schemars(with = "Option<BuildRecord>")]
    pub record: Fact<BuildRecord>,
    /// The languages and tools that made it, as recovered; `None` if this was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<ImageOrigin>,
    /// The traces of a Go program without a record.
    #[serde(skip_serializing_if = "Fact::is_not_known")]
    pub recovered_go: Fact<RecoveredProgram>,
    /// The crates of a Rust program without a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_crates: Option<RecoveredCrates>,
    /// The facts of every image; `None` if they were not requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads an image to the extent of `detail`. A damaged part becomes an unknown fact; see
/// [`Inspection::damage`].
///
/// ```
/// use rgo_binary::inspect::{Detail, inspect};
/// use rgo_binary::{Limits, slices};
///
/// # let bytes = include_bytes!("../../tests/fixtures/read/sample.elf");
/// for slice in slices(bytes, &Limits::default())? {
///     let inspection = inspect(&slice.image, Detail::Facts);
///     assert_eq!(inspection.format.to_string(), "elf");
///     assert!(inspection.facts.is_some_and(|facts| facts.linkage.is_known()));
/// }
/// # Ok::<(), rgo_binary::Error>(())
/// ```
#[must_use]
pub fn inspect(image: &Image<'_>, detail: Detail) -> Inspection {
    let mut record = BuildRecord::find(image);
    let is_recorded = record.is_known();
    let facts = (detail == Detail::Facts).then(|| {
        let target = record.known().and_then(BuildRecord::target);
        Facts::read(image, target)
    });
    let origin = (!is_recorded || facts.is_some()).then(|| origin::origin(image));
    if let Some(record) = record.known_mut().filter(|it| it.format == RecordFormat::DepV0) {
        // The dependency list has no compiler.
        let known = origin.as_ref().map(|origin| origin.rust.clone());
        let known = known.unwrap_or_else(|| origin::rust_toolchains(image));
        if let Some(version) = known.into_iter().find_map(|rust| rust.version) {
            record.info.toolchain = format!("rustc {version}");
        }
    }
    let recovered_go = match is_recorded {
        true => Fact::Absent,
        false => Fact::find(go::recovered(image)),
    };
    // The search takes long, and only Rust programs have crates.
    let is_rust =
        |origin: &ImageOrigin| origin.languages.iter().any(|used| used.language == Language::Rust);
    let may_have_crates =
        !is_recorded && !recovered_go.is_known() && origin.as_ref().is_some_and(is_rust);
    let crates = may_have_crates.then(|| recovered_crates(image));
    let mut inspection = Inspection {
        format: image.format(),
        arch: image.arch().clone(),
        endian: image.endian(),
        record,
        origin,
        recovered_go,
        recovered_crates: crates.filter(|found| !found.crates.is_empty()),
        facts,
    };
    inspection.weigh_toolchain();
    inspection
}

impl Inspection {
    /// Raises the oldest systems in `runs_on` to those that the toolchain supports.
    fn weigh_toolchain(&mut self) {
        let Some(toolchain) = self.toolchain() else { return };
        let facts = self.facts.as_mut();
        if let Some(runs_on) = facts.and_then(|facts| facts.runs_on.known_mut()) {
            runs_on.weigh_toolchain(&toolchain.to_string());
        }
    }

    /// The errors of all damaged parts that were read.
    pub fn damage(&self) -> impl Iterator<Item = &Error> {
        let facts = self.facts.iter().flat_map(Facts::damage);
        self.record.damage().into_iter().chain(facts).chain(self.recovered_go.damage())
    }

    /// The version of the main module or package, without a `v`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        let main = self.record.known()?.info.main.as_ref()?;
        let version = main.version.strip_prefix('v').unwrap_or(&main.version);
        (!version.is_empty()).then_some(version)
    }

    /// The main package's name or path.
    #[must_use]
    pub fn package(&self) -> Option<&str> {
        match self.record.known() {
            Some(record) if !record.info.path.is_empty() => Some(&record.info.path),
            Some(_) => None,
            None => Some(&self.recovered_go.known()?.main_package.as_ref()?.value),
        }
    }

    /// A build setting that its builder recorded.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.record.known()?.info.setting(key)
    }

    /// The name of the C library: as recorded, otherwise as found. `none` only if that is certain.
    #[must_use]
    pub fn c_library(&self) -> Option<&str> {
        let facts = self.facts.as_ref()?;
        let linkage = facts.linkage.known()?;
        let recorded = self.setting("libc").and_then(|libc| libc.split(' ').next());
        if let Some(name) = recorded.or(facts.libc.known().map(|libc| libc.name)) {
            return Some(name);
        }
        // Go's own runtime calls the kernel directly. With cgo there is a C library, which the
        // lines above have returned.
        let os = facts.os.known().and_then(ImageSystem::known);
        let asks_kernel = match (self.format, os) {
            (Format::Pe, None | Some(Os::Windows)) => linkage.kind.is_loaded(),
            _ => matches!(linkage.kind, Kind::StaticExecutable | Kind::StaticPie),
        };
        (asks_kernel && self.language() == Some(Language::Go)).then_some("none")
    }

    /// The recovered crates, without those of the standard library, which every Rust program has.
    pub fn crates(&self) -> impl Iterator<Item = &RecoveredCrate> {
        let all = self.recovered_crates.iter().flat_map(|found| &found.crates);
        all.filter(|one| one.source != CrateSource::StandardLibrary)
    }
}
