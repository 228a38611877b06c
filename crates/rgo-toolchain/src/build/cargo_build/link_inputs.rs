//! The inputs of one target's links, and the check whether a file was linked with them.
//!
//! The note's first text identifies the recipe. From it rgo sees whether a file was linked by the
//! current recipe, which cargo does not know.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Limits, slices};
use rgo_files::atomic_file;

use super::note_capacity::NoteCapacity;
use crate::build::error::BuildError;
use crate::finish;
use crate::output_kind::OutputKind;
use crate::shim::{self, NoteRoom, Recipe};
use crate::std_lib::{StdLib, StdPlan};

/// The inputs of one target's links.
pub struct LinkInputs {
    /// Rust flags: the linker, the standard library.
    pub rustflags: Vec<String>,
    /// Variables for C code and for the shim.
    pub env: BTreeMap<String, String>,
    /// The steps that provide the standard library.
    pub std_plan: StdPlan,
    /// The standard library after these steps.
    pub std: StdLib,
    /// The shim's inputs; `None` where the platform's own linker links.
    pub shim: Option<ShimInputs>,
}

/// The recipe for the link shim, and its file.
pub struct ShimInputs {
    /// The recipe.
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

    /// Writes the shim's recipe, with room for at least `least`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write_recipe(&self, least: NoteCapacity) -> Result<(), BuildError> {
        let Some(shim) = &self.shim else { return Ok(()) };
        atomic_file::write(&shim.file, shim.text(least)?.as_bytes(), None)?;
        Ok(())
    }

    /// Whether the shim links files of this kind.
    #[must_use]
    pub(super) fn links(&self, kind: OutputKind) -> bool {
        self.shim.is_some() && kind != OutputKind::Staticlib
    }

    /// Whether a file was linked by the recipe, with room for at least `least`.
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
    /// The recipe as the shim reads it, with room for at least `least`.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(super) fn text(&self, least: NoteCapacity) -> Result<String, BuildError> {
        let room = self.capacity.max(least);
        let note = NoteRoom { note_bytes: room.note, audit_bytes: room.audit, text: self.id(room) };
        let recipe = Recipe { note: Some(note), ..self.recipe.clone() };
        serde_json::to_string(&recipe).map_err(BuildError::Json)
    }

    /// Identifies everything that the bytes of a linked file depend on, beside cargo's inputs. It
    /// may not contain a path of this machine: linkers hash it into build IDs.
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
