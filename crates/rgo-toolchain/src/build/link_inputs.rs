//! What the links of one target need, and how a file is told from one that was linked otherwise.
//!
//! A hash of the whole recipe is the note's first text: by it rgo sees whether a file was linked as the
//! recipe says, which cargo does not know.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Limits, slices};
use rgo_files::atomic_file;

use super::error::BuildError;
use super::note_capacity::NoteCapacity;
use crate::cargo::targets::OutputKind;
use crate::finish;
use crate::shim::{self, NoteRoom, Recipe};
use crate::std_lib::{StdLib, StdPlan};

/// What the links of one target need.
pub struct LinkInputs {
    /// Rust flags: the linker, the standard library.
    pub rustflags: Vec<String>,
    /// Variables for C code and for the shim.
    pub env: BTreeMap<String, String>,
    /// What has to be done for the standard library.
    pub std_plan: StdPlan,
    /// The standard library as it is then.
    pub std: StdLib,
    /// What the shim is told; `None` where the platform's own linker links.
    pub shim: Option<ShimInputs>,
}

/// What the link shim is told, and where.
pub struct ShimInputs {
    /// What it links, and how.
    pub recipe: Recipe,
    /// The file that the shim reads.
    pub file: Utf8PathBuf,
    pub(super) capacity: NoteCapacity,
}

impl LinkInputs {
    /// The version of zig, if zig links.
    #[must_use]
    pub fn zig_version(&self) -> Option<&str> {
        self.shim.as_ref().map(|shim| shim.recipe.zig_version.as_str())
    }

    /// Writes the recipe that the shim follows, with room for at least this.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write_recipe(&self, least: NoteCapacity) -> Result<(), BuildError> {
        let Some(shim) = &self.shim else { return Ok(()) };
        atomic_file::write(&shim.file, shim.text(least)?.as_bytes(), None)?;
        Ok(())
    }

    /// Whether files of this kind are linked by the shim.
    #[must_use]
    pub(super) fn links(&self, kind: OutputKind) -> bool {
        self.shim.is_some() && kind != OutputKind::Staticlib
    }

    /// Whether a file was linked by the recipe with room for at least this.
    #[must_use]
    pub(super) fn linked(&self, file: &Utf8Path, least: NoteCapacity) -> bool {
        let Some(shim) = &self.shim else { return true };
        let id = shim.id(shim.capacity.max(least));
        let has_id = |data: &[u8]| -> bool {
            let slices = slices(data, &Limits::default()).unwrap_or_default();
            let note = |image| rgo_note::find(image).ok().flatten();
            !slices.is_empty()
                && slices.iter().all(|it| note(&it.image).is_some_and(|note| note.text == id))
        };
        finish::map(file).is_ok_and(|data| has_id(&data))
    }
}

impl ShimInputs {
    /// The recipe as the shim reads it, with room for at least this.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(super) fn text(&self, least: NoteCapacity) -> Result<String, BuildError> {
        let room = self.capacity.max(least);
        let note = NoteRoom { note_bytes: room.note, audit_bytes: room.audit, text: self.id(room) };
        let recipe = Recipe { note: Some(note), ..self.recipe.clone() };
        serde_json::to_string(&recipe).map_err(BuildError::Json)
    }

    /// Names everything that the bytes of a linked file depend on, beside cargo's inputs. No
    /// path of this machine may be among it: linkers hash it into build IDs.
    fn id(&self, room: NoteCapacity) -> String {
        let Recipe { zig_version, zig_target, static_pie, build_id, sdks, info_plist, .. } =
            &self.recipe;
        let sdks: Vec<String> = sdks.iter().map(|sdk| shim::sdk_name(sdk)).collect();
        let plist = info_plist.as_ref().map_or("-", |plist| plist.hash.as_str());
        format!(
            "build\trgo.link={zig_version} {zig_target} {static_pie} {build_id} {} {} {} {} {} {plist}\n",
            env!("CARGO_PKG_VERSION"),
            shim::REVISION,
            room.note,
            room.audit,
            sdks.join("+")
        )
    }
}
