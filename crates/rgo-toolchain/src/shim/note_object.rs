//! The object file that reserves space for the build's record. The shim links it into every program
//! and shared library. It makes the object for each link, because only the recipe has the sizes.

use camino::Utf8PathBuf;
use rgo_binary::embedded::{auditable, rgo_note};
use rgo_binary::system::Os;
use rgo_edit::{NoteObject, note_object};

use super::error::ShimError;
use super::io::scratch;
use super::{NoteRoom, Recipe};
use crate::exec;

/// The object file for one link. Dropping the value removes it.
pub(super) struct NoteFile {
    /// The arguments that link the object in and keep its sections.
    pub args: Vec<String>,
    _folder: tempfile::TempDir,
}

impl NoteFile {
    /// Writes the object file that the recipe asks for; `None` if it asks for none.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn make(recipe: &Recipe) -> Result<Option<Self>, ShimError> {
        let Some(room) = &recipe.note else { return Ok(None) };
        let object = object(recipe, room).map_err(ShimError::Note)?;
        let folder = scratch(recipe)?;
        let path = exec::utf8(folder.path().join("note.o")).map_err(ShimError::Write)?;
        std::fs::write(&path, object).map_err(ShimError::Write)?;
        Ok(Some(Self { args: args(recipe, path), _folder: folder }))
    }
}

/// The arguments for the link. The symbols protect the sections from garbage collection; Mach-O
/// puts an underscore before their names.
fn args(recipe: &Recipe, path: Utf8PathBuf) -> Vec<String> {
    let prefix = if recipe.os == Os::Darwin { "_" } else { "" };
    let symbols = [rgo_note::SYMBOL, auditable::SYMBOL];
    let keep = symbols.iter().map(|symbol| format!("-Wl,-u,{prefix}{symbol}"));
    std::iter::once(path.into_string()).chain(keep).collect()
}

fn object(recipe: &Recipe, room: &NoteRoom) -> Result<Vec<u8>, rgo_binary::Error> {
    note_object(&NoteObject {
        format: recipe.os.format(),
        arch: &recipe.arch,
        capacity_note: room.note_bytes,
        capacity_audit: room.audit_bytes,
        text: &room.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rgo_binary::{Image, Limits};

    #[test]
    fn every_format_has_room_and_is_kept() {
        for (os, keep) in [("linux", "-Wl,-u,RGO_NOTE"), ("darwin", "-Wl,-u,_RGO_NOTE")] {
            let room =
                NoteRoom { note_bytes: 4096, audit_bytes: 8192, text: "build\tx=y\n".into() };
            let recipe = Recipe { note: Some(room), ..Recipe::example(os) };
            let made = NoteFile::make(&recipe).expect("is written").expect("is asked for");
            assert!(made.args.iter().any(|arg| arg == keep), "{:?}", made.args);
            let bytes = std::fs::read(&made.args[0]).expect("is there");
            let image = Image::parse(&bytes, &Limits::default()).expect("parses");
            let note = rgo_note::find(&image).expect("reads").expect("has a note");
            assert_eq!((note.text, note.capacity), ("build\tx=y\n", 4096), "{os}");
        }
        assert!(NoteFile::make(&Recipe::example("linux")).expect("works").is_none());
    }
}
