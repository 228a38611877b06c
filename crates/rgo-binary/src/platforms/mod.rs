//! Finds the systems that an image runs on, as a download page lists them. It compares the loader's
//! requirements with a table of the versions in each system.
//!
//! ```text
//! no loader, no library   every Linux, even an empty container
//! musl's loader           Alpine and other systems with musl
//! glibc's loader          distributions with the glibc of its highest symbol version, or newer
//! LC_BUILD_VERSION        macOS from minos on; never before 11 on arm64
//! PE subsystem version    Windows from there on, or from the first that has all its DLLs
//! ```
//!
//! Only the C library counts. The system must have the other libraries as well; the result lists
//! them.

mod systems;

use object::read::pe::{ImageNtHeaders, ImageOptionalHeader};
use serde::Serialize;

use crate::image::macho_platform::platform;
use crate::linkage::Kind;
use crate::release::Release;
use crate::system::{ImageSystem, Os, c_library, place_of};
use crate::{Arch, Confidence, Evidence, Format, Image, Linkage, Version};

use systems::{DISTRIBUTIONS, DLLS, MACOS, MAKERS, REDISTRIBUTABLE, WINDOWS};

/// The most symbols that a reason lists.
const CAUSES: usize = 5;

/// Where an image runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RunsOn {
    /// A verdict for each system of its format.
    pub verdicts: Vec<PlatformVerdict>,
    /// Libraries beyond the C library, which the user may have to install.
    pub also_needs: Vec<String>,
}

/// Whether an image runs on a system, and from which release on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PlatformVerdict {
    /// `scratch` (a container with nothing else in it), `alpine`, `debian`, `ubuntu`, `rhel`,
    /// `macos`, `windows`; or the name of another system.
    pub system: &'static str,
    /// Whether it runs on any release that this crate knows.
    pub runs: bool,
    /// The oldest release that this crate knows and that runs it; `None` if the release does not
    /// matter.
    pub since: Option<String>,
    /// The common name of that release.
    pub name: Option<&'static str>,
    /// The reason, in words.
    pub reason: String,
    /// The evidence for it.
    #[serde(flatten, serialize_with = "crate::evidence::all")]
    #[schemars(schema_with = "crate::evidence::all_schema")]
    pub evidence: Vec<Evidence>,
}

/// Finds the systems that run an image, on processors of its kind. Empty for objects, debug
/// companions, core files, and images for no system.
#[must_use]
pub fn runs_on(image: &Image<'_>, linkage: &Linkage, system: Option<&ImageSystem>) -> RunsOn {
    if !linkage.kind.is_loaded() {
        return RunsOn::default();
    }
    let verdicts = match image.format() {
        Format::Elf => of_elf(image, linkage, system),
        Format::MachO => macho(image, linkage).into_iter().collect(),
        Format::Pe => windows(image, linkage).into_iter().collect(),
    };
    RunsOn { verdicts, also_needs: also_needs(image.format(), linkage) }
}

impl RunsOn {
    /// Adds the requirements of the compiler's runtime, which may need functions that no import
    /// table lists. The compiler's name is like `go1.26.5` or `rustc 1.95.0`.
    pub fn weigh_toolchain(&mut self, toolchain: &str) {
        let Some(release) = Release::parse(toolchain) else { return };
        let known = MAKERS.iter().find(|maker| {
            let version = release.numbers().filter(|_| release.compiler == maker.compiler);
            version.is_some_and(|version| version >= maker.from)
        });
        let Some(maker) = known else { return };
        for verdict in self.verdicts.iter_mut().filter(|verdict| verdict.system == "windows") {
            let now = WINDOWS.iter().find(|(_, short, _)| verdict.since.as_deref() == Some(*short));
            let wanted = WINDOWS.iter().find(|(version, ..)| *version == maker.windows);
            let (Some((now, ..)), Some((wanted, short, long))) = (now, wanted) else { continue };
            if now < wanted && *now >= maker.above {
                verdict.since = Some((*short).to_owned());
                verdict.name = Some(long);
                verdict.reason = format!("{toolchain} makes programs for {long} and newer");
                verdict.evidence.push(Evidence::new("compiler", toolchain, Confidence::Likely));
            }
        }
    }
}

/// Needed libraries that do not belong to the C library.
fn also_needs(format: Format, linkage: &Linkage) -> Vec<String> {
    let own = |library: &&String| match format {
        Format::Elf => {
            let name = library.rsplit('/').next().unwrap_or(library);
            let of_libc =
                ["libc.", "libm.so", "libpthread.so", "libdl.so", "librt.so", "libutil.so"];
            let loader =
                ["ld-linux", "ld64.so", "ld-musl-", "libresolv.so", "libnsl.so", "libanl.so"];
            !of_libc.iter().chain(&loader).any(|start| name.starts_with(start))
        }
        Format::MachO => {
            !["/usr/lib/", "/System/"].iter().any(|folder| library.starts_with(folder))
        }
        Format::Pe => {
            let name = library.to_lowercase();
            REDISTRIBUTABLE.iter().any(|start| name.starts_with(start))
        }
    };
    linkage.needed.iter().filter(own).cloned().collect()
}

/// A verdict from one observation.
fn verdict(system: &'static str, runs: bool, reason: &str, evidence: &Evidence) -> PlatformVerdict {
    PlatformVerdict {
        system,
        runs,
        since: None,
        name: None,
        reason: reason.to_owned(),
        evidence: vec![evidence.clone()],
    }
}

fn of_elf(
    image: &Image<'_>,
    linkage: &Linkage,
    system: Option<&ImageSystem>,
) -> Vec<PlatformVerdict> {
    let Some(system) = system else {
        let found = linkage.needed.first().map_or("an unknown loader", String::as_str);
        let evidence = Evidence::new("needed library", found, Confidence::Likely);
        let reason = "it needs libraries, and none of them is a known C library";
        return vec![verdict("scratch", false, reason, &evidence)];
    };
    match system.os {
        Os::Linux if linkage.static_ => by_itself(linkage, system),
        Os::Linux => on_linux(image, linkage, system),
        // There is no system to run on.
        Os::BareMetal => Vec::new(),
        os => {
            let reason = match system.evidence.place.as_str() {
                "interpreter" => "it asks for this system's loader",
                "needed library" => "it needs a library of this system",
                "build record" => "its builder recorded this system",
                "ELF header" | "note" => "it is marked for this system",
                _ => "a part of it is made for this system",
            };
            vec![verdict(os.name(), true, reason, &system.evidence)]
        }
    }
}

/// A program for Linux that needs a C library.
fn on_linux(image: &Image<'_>, linkage: &Linkage, system: &ImageSystem) -> Vec<PlatformVerdict> {
    let (scratch, alpine) = ("scratch", "alpine");
    let library = c_library(image, linkage);
    let name = library.as_ref().map(|library| library.name);
    let evidence = library.as_ref().map_or_else(
        || system.evidence.clone(),
        |it| Evidence::new(place_of(linkage, it.found), it.found, Confidence::Certain),
    );
    match name {
        Some("glibc") => {
            let mut verdicts = vec![
                verdict(scratch, false, "it needs glibc", &evidence),
                verdict(alpine, false, "it needs glibc, and Alpine has musl", &evidence),
            ];
            verdicts.extend(
                DISTRIBUTIONS
                    .iter()
                    .map(|(system, releases)| by_floor(system, releases, linkage, &evidence)),
            );
            verdicts
        }
        Some("musl") => {
            let mut verdicts = vec![
                verdict(scratch, false, "it needs musl's shared libc", &evidence),
                verdict(alpine, true, "it asks for musl's libc", &evidence),
            ];
            verdicts.extend(DISTRIBUTIONS.iter().map(|(system, _)| {
                verdict(system, false, "it needs musl, which has to be installed there", &evidence)
            }));
            verdicts
        }
        // A loader or C library of no listed distribution.
        other => {
            let other = other.unwrap_or("a loader or libraries that it names");
            let reason = format!("it needs {other}");
            let systems = [scratch, alpine].into_iter();
            let systems = systems.chain(DISTRIBUTIONS.iter().map(|(system, _)| *system));
            systems.map(|system| verdict(system, false, &reason, &evidence)).collect()
        }
    }
}

/// An image without requirements. A program runs on any Linux. A library runs with any program that
/// loads it, but this is less certain: it may use symbols of that program.
fn by_itself(linkage: &Linkage, system: &ImageSystem) -> Vec<PlatformVerdict> {
    let reason = match linkage.kind {
        Kind::SharedLibrary => "it needs no other library; what loads it has to run there",
        _ if system.is_known() => "it has no interpreter and needs no library",
        _ => "it has no interpreter, needs no library, and is probably for Linux",
    };
    let systems = ["scratch", "alpine"].into_iter();
    systems
        .chain(DISTRIBUTIONS.iter().map(|(system, _)| *system))
        .map(|name| verdict(name, true, reason, &system.evidence))
        .collect()
}

fn by_floor(
    system: &'static str,
    releases: &[systems::DistributionRelease],
    linkage: &Linkage,
    glibc: &Evidence,
) -> PlatformVerdict {
    let Some(floor) = &linkage.glibc_floor else {
        return verdict(system, true, "it needs glibc, of no particular version", glibc);
    };
    let causes = floor.causes(CAUSES);
    let version = floor.version;
    let found = format!("GLIBC_{version}: {causes}");
    let evidence = Evidence::new("symbol versions", &found, Confidence::Certain);
    let reason = format!("it needs glibc {version} for {causes}");
    let mut it = verdict(system, true, &reason, &evidence);
    match releases.iter().find(|release| release.glibc >= version) {
        Some(release) => {
            it.since = Some(release.version.to_owned());
            it.name = Some(release.name).filter(|name| !name.is_empty());
        }
        None => {
            it.runs = false;
            it.reason.push_str(", which no known release has");
        }
    }
    it
}

/// Apple's systems by number.
const PLATFORMS: [(object::macho::Platform, &str); 12] = [
    (object::macho::PLATFORM_MACOS, "macos"),
    (object::macho::PLATFORM_IOS, "ios"),
    (object::macho::PLATFORM_TVOS, "tvos"),
    (object::macho::PLATFORM_WATCHOS, "watchos"),
    (object::macho::PLATFORM_BRIDGEOS, "bridgeos"),
    (object::macho::PLATFORM_MACCATALYST, "mac catalyst"),
    (object::macho::PLATFORM_IOSSIMULATOR, "ios simulator"),
    (object::macho::PLATFORM_TVOSSIMULATOR, "tvos simulator"),
    (object::macho::PLATFORM_WATCHOSSIMULATOR, "watchos simulator"),
    (object::macho::PLATFORM_DRIVERKIT, "driverkit"),
    (object::macho::PLATFORM_VISIONOS, "visionos"),
    (object::macho::PLATFORM_VISIONOSSIMULATOR, "visionos simulator"),
];

fn macho(image: &Image<'_>, linkage: &Linkage) -> Option<PlatformVerdict> {
    let platform = platform(image);
    let system = match platform {
        Some(number) => PLATFORMS.iter().find(|(known, _)| *known == number)?.1,
        None => "macos",
    };
    let Some(minimum) = linkage.macos_min else {
        let evidence = Evidence::new("load commands", "no version", Confidence::Guess);
        return Some(verdict(system, true, "it names no oldest system", &evidence));
    };
    let found = format!("minos {minimum}");
    let evidence = Evidence::new("load commands", &found, Confidence::Certain);
    let reason = format!("it was built for {system} {minimum} or newer");
    let mut it = verdict(system, true, &reason, &evidence);
    let mut since = minimum;
    if system == "macos" {
        let first = Version::new(11, 0);
        if is_arm(image.arch()) && minimum < first {
            since = first;
            it.reason.push_str(", and there is no older one for its processor");
        }
        let known = MACOS.iter().rev().find(|(version, _)| *version <= since);
        let same = |version: &Version| {
            version.major == since.major && (since.major > 10 || version.minor == since.minor)
        };
        it.name = known.filter(|(version, _)| same(version)).map(|(_, name)| *name);
    }
    it.since = Some(since.to_string());
    Some(it)
}

fn is_arm(arch: &Arch) -> bool {
    match arch {
        Arch::Arm64 => true,
        Arch::Other(name) => name == "arm64e",
        Arch::Amd64 => false,
    }
}

fn windows(image: &Image<'_>, linkage: &Linkage) -> Option<PlatformVerdict> {
    if !matches!(linkage.subsystem.as_deref(), Some("console" | "gui")) {
        return None;
    }
    // The loader compares the subsystem version; it ignores the operating system version.
    let subsystem = subsystem_version(image)?;
    let found = format!("subsystem version {}.{}", subsystem.0, subsystem.1);
    let mut evidence = vec![Evidence::new("PE optional header", &found, Confidence::Certain)];
    let mut since = subsystem;
    let mut reason = format!("its header asks for version {}.{}", subsystem.0, subsystem.1);
    let causes = linkage.needed.iter().filter_map(|library| {
        let name = library.to_lowercase();
        let dll = DLLS.iter().find(|dll| name.starts_with(dll.start) && name.contains(dll.part))?;
        Some((library, dll))
    });
    for (library, dll) in causes.filter(|(_, dll)| dll.since > subsystem) {
        let seen = Evidence::new("imports", library, Confidence::Likely);
        if dll.since > since {
            since = dll.since;
            evidence.truncate(1);
            reason = format!("it imports {library}");
            if !dll.or.is_empty() {
                reason.push_str(&format!("; or with {}", dll.or));
            }
        }
        if dll.since == since && evidence.len() <= CAUSES {
            evidence.push(seen);
        }
    }
    let arm = Arch::Arm64 == *image.arch();
    if arm && since < (10, 0) {
        since = (10, 0);
        reason.push_str(", and there is no older one for its processor");
    }
    let (_, short, long) = WINDOWS.iter().find(|(version, ..)| *version >= since)?;
    Some(PlatformVerdict {
        system: "windows",
        runs: true,
        since: Some((*short).to_owned()),
        name: Some(long),
        reason,
        evidence,
    })
}

fn subsystem_version(image: &Image<'_>) -> Option<(u16, u16)> {
    let of = |major: u16, minor: u16| Some((major, minor));
    match image.object() {
        object::File::Pe32(file) => {
            let header = file.nt_headers().optional_header();
            of(header.major_subsystem_version(), header.minor_subsystem_version())
        }
        object::File::Pe64(file) => {
            let header = file.nt_headers().optional_header();
            of(header.major_subsystem_version(), header.minor_subsystem_version())
        }
        _ => None,
    }
}
