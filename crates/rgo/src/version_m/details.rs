//! The facts that every image has, whoever made it: what it is, what it needs, how it is
//! protected, signed and identified. A part that is damaged is named, and hides no other.

use rgo_binary::appended::{Appended, appended};
use rgo_binary::debug::build_id::{Identities, identities};
use rgo_binary::embedded::package_note::{PackageNote, package_note};
use rgo_binary::embedded::version_resource::{VersionInfo, version_info};
use rgo_binary::packer::{Packer, packer};
use rgo_binary::platforms::{RunsOn, runs_on};
use rgo_binary::recovered::build_paths::{BuildPaths, build_paths};
use rgo_binary::recovered::go;
use rgo_binary::security::hardening::{Hardening, hardening};
use rgo_binary::security::signature::{Signature, signature};
use rgo_binary::system::libc::{Libc, libc};
use rgo_binary::system::{System, Texts, system};
use rgo_binary::{DebugData, DebugLevel, Image, Linkage, Result};
use serde::Serialize;

/// What can be told of any image.
#[derive(Debug, Serialize)]
pub(super) struct Details {
    /// Size of the image in bytes.
    pub(super) size_bytes: u64,
    /// What its loader wants.
    pub(super) linkage: Option<Linkage>,
    /// The system that it is for.
    pub(super) os: Option<System>,
    /// Its C library.
    pub(super) libc: Option<Libc>,
    /// The systems that it runs on.
    pub(super) runs_on: Option<RunsOn>,
    /// What a debugger finds.
    pub(super) debug: Option<DebugData>,
    /// Build IDs.
    pub(super) identities: Option<Identities>,
    /// Go's own.
    pub(super) go_build_id: Option<String>,
    /// Its defences.
    pub(super) hardening: Option<Hardening>,
    /// Who signed it.
    pub(super) signature: Option<Signature>,
    /// Windows' version resource.
    pub(super) version_info: Option<VersionInfo>,
    /// systemd's package note.
    pub(super) package_note: Option<PackageNote>,
    /// What compressed it.
    pub(super) packer: Option<Packer>,
    /// Folders of the machine that it was built on.
    pub(super) build_paths: BuildPaths,
    /// Bytes behind the image.
    pub(super) appended: Option<Appended>,
}

impl Details {
    /// Reads them; what cannot be read is added to `problems`. `recorded` is the target that the
    /// image's builder recorded: a value of `GOOS`, or a triple.
    pub(super) fn read(
        image: &Image<'_>,
        recorded: Option<&str>,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut read = Reading { problems };
        let linkage = read.part(image.linkage());
        let texts = linkage.as_ref().map(|linkage| Texts::of(image, linkage)).unwrap_or_default();
        let os = linkage.as_ref().and_then(|linkage| system(image, linkage, &texts, recorded));
        Self {
            size_bytes: image.data().len() as u64,
            runs_on: linkage.as_ref().map(|linkage| runs_on(image, linkage, os.as_ref())),
            libc: linkage.as_ref().and_then(|linkage| libc(image, linkage, os.as_ref(), &texts)),
            os,
            linkage,
            debug: read.part(image.debug_data()),
            identities: read.part(identities(image)),
            go_build_id: read.part(go::build_id(image)).flatten(),
            hardening: read.part(hardening(image)),
            signature: read.part(signature(image)),
            version_info: read.part(version_info(image)).flatten(),
            package_note: read.part(package_note(image)).flatten(),
            packer: packer(image),
            build_paths: build_paths(image),
            appended: appended(image),
        }
    }

    /// Whether neither symbols nor debug data are left.
    pub(super) fn stripped(&self) -> Option<bool> {
        self.debug.as_ref().map(|debug| debug.level == DebugLevel::None)
    }
}

struct Reading<'p> {
    problems: &'p mut Vec<String>,
}

impl Reading<'_> {
    fn part<T>(&mut self, part: Result<T>) -> Option<T> {
        part.map_err(|error| self.problems.push(error.to_string())).ok()
    }
}
