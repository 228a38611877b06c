//! The facts that every image has, whatever its language and builder: its linkage, system,
//! defenses, signature and identities. A damaged part makes only its own facts unknown.

use serde::Serialize;

use super::fact::{Cause, Fact};
use crate::appended::{Appended, appended};
use crate::debug::build_id::{Identities, identities};
use crate::embedded::package_note::{PackageNote, package_note};
use crate::embedded::slot;
use crate::embedded::version_resource::{VersionResource, version_info};
use crate::image::debug_companion::has_debug_data_alone;
use crate::packer::{Packer, packer};
use crate::platforms::{RunsOn, runs_on};
use crate::recovered::build_paths::{BuildPaths, build_paths};
use crate::recovered::go;
use crate::security::hardening::{Hardening, hardening};
use crate::security::signature::{Signature, signature};
use crate::system::libc::{ImageLibc, libc};
use crate::system::{ImageSystem, Texts, system};
use crate::{DebugData, DebugLevel, Error, Image, Linkage, Result};

/// The facts of an image.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Facts {
    /// Size of the image in bytes.
    pub size_bytes: u64,
    /// The data that the loader uses.
    pub linkage: Fact<Linkage>,
    /// The system that it is for; absent for images that no system loads, such as an object file.
    pub os: Fact<ImageSystem>,
    /// Its C library; absent for images that no system loads.
    pub libc: Fact<ImageLibc>,
    /// The systems that it runs on.
    pub runs_on: Fact<RunsOn>,
    /// Whether it is a file of debug data alone: a loader could run nothing of it.
    #[serde(skip)]
    pub is_companion: bool,
    /// Its debug data.
    pub debug: Fact<DebugData>,
    /// Build IDs.
    pub identities: Fact<Identities>,
    /// The Go command's own build ID.
    pub go_build_id: Fact<String>,
    /// Names of the slots for `-X`. Their values are written after the link, so the build IDs and the UUID are the same
    /// for every value, and so is the companion.
    pub slots: Fact<Vec<String>>,
    /// Its defenses.
    pub hardening: Fact<Hardening>,
    /// Its signature.
    pub signature: Fact<Signature>,
    /// Windows' version resource.
    pub version_info: Fact<VersionResource>,
    /// systemd's package note.
    pub package_note: Fact<PackageNote>,
    /// The packer that compressed it.
    pub packer: Fact<Packer>,
    /// Folders of the machine that built it.
    pub build_paths: BuildPaths,
    /// Bytes behind the image.
    pub appended: Fact<Appended>,
}

const NO_LINKAGE: Cause = Cause::NotShown("its linkage could not be read");
const NO_SYSTEM: Cause = Cause::NotShown("nothing shows its system");
const NO_LIBC: Cause = Cause::NotShown("nothing shows which C library it uses");

impl Facts {
    /// Reads the facts. `recorded` is the target that the builder recorded: a value of `GOOS`, or a
    /// triple.
    pub(super) fn read(image: &Image<'_>, recorded: Option<&str>) -> Self {
        let linkage = Fact::read(image.linkage());
        let PlatformFacts { os, libc, runs_on } = match &linkage {
            Fact::Known(linkage) => PlatformFacts::of(image, linkage, recorded),
            Fact::Absent | Fact::Unknown(_) => PlatformFacts {
                os: Fact::Unknown(NO_LINKAGE),
                libc: Fact::Unknown(NO_LINKAGE),
                runs_on: Fact::Unknown(NO_LINKAGE),
            },
        };
        Self {
            size_bytes: image.data().len() as u64,
            linkage,
            os,
            libc,
            runs_on,
            is_companion: has_debug_data_alone(image),
            debug: Fact::read(image.debug_data()),
            identities: Fact::read(identities(image)),
            go_build_id: Fact::find(go::build_id(image)),
            slots: Fact::find(slots(image)),
            hardening: Fact::read(hardening(image)),
            signature: Fact::read(signature(image)),
            version_info: Fact::find(version_info(image)),
            package_note: Fact::find(package_note(image)),
            packer: Fact::or(packer(image), Fact::Absent),
            build_paths: build_paths(image),
            appended: Fact::or(appended(image), Fact::Absent),
        }
    }

    /// Whether it has neither symbols nor debug data; `None` if its debug data is damaged.
    #[must_use]
    pub fn is_stripped(&self) -> Option<bool> {
        self.debug.known().map(|debug| debug.level == DebugLevel::None)
    }

    /// The errors of the damaged parts.
    pub(super) fn damage(&self) -> impl Iterator<Item = &Error> {
        let all = [
            self.linkage.damage(),
            self.debug.damage(),
            self.identities.damage(),
            self.go_build_id.damage(),
            self.slots.damage(),
            self.hardening.damage(),
            self.signature.damage(),
            self.version_info.damage(),
            self.package_note.damage(),
        ];
        all.into_iter().flatten()
    }
}

/// The names of the slots, each once, in their order.
fn slots(image: &Image<'_>) -> Result<Option<Vec<String>>> {
    let mut names: Vec<String> = slot::list(image)?.into_iter().map(|slot| slot.name).collect();
    names.sort();
    names.dedup();
    Ok(Some(names).filter(|names| !names.is_empty()))
}

/// The facts that depend on the linkage.
struct PlatformFacts {
    os: Fact<ImageSystem>,
    libc: Fact<ImageLibc>,
    runs_on: Fact<RunsOn>,
}

impl PlatformFacts {
    fn of(image: &Image<'_>, linkage: &Linkage, recorded: Option<&str>) -> Self {
        let texts = Texts::of(image, linkage);
        let os = system(image, linkage, &texts, recorded);
        let libc = libc(image, linkage, os.as_ref(), &texts);
        let runs_on = Fact::Known(runs_on(image, linkage, os.as_ref()));
        if linkage.kind.is_loaded() {
            let (no_os, no_libc) = (Fact::Unknown(NO_SYSTEM), Fact::Unknown(NO_LIBC));
            Self { os: Fact::or(os, no_os), libc: Fact::or(libc, no_libc), runs_on }
        } else {
            Self { os: Fact::or(os, Fact::Absent), libc: Fact::or(libc, Fact::Absent), runs_on }
        }
    }
}
