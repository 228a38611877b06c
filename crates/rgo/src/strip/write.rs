//! Writes a draft to a file. Its copied ranges go from file to file within the kernel if possible.

use std::fs::File;
use std::io;

use rgo_edit::{Draft, Piece};
use rgo_files::atomic_file::Durability;
use rgo_files::replace::{CopySource, ResultPiece, assemble};

/// Writes the output to the file `to`; the draft's input is the file `from`. `to` already has the
/// first `already` bytes of the input, and no others.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(
    draft: &Draft<'_>,
    from: &File,
    to: &File,
    durability: Durability,
    already: u64,
) -> io::Result<()> {
    let pieces = draft.pieces().iter().map(|piece| match piece {
        Piece::Copy(range) => ResultPiece::Copy(range.clone()),
        Piece::New(bytes, _) => ResultPiece::Bytes(bytes),
        Piece::Zeros(size, _) => ResultPiece::Zeros(*size),
    });
    let source = CopySource { file: from, bytes: draft.input() };
    assemble(pieces, draft.size(), source, to, durability, already)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rgo_edit::{Edits, Strip, edit};

    use super::*;

    #[test]
    fn a_draft_is_written_whatever_is_there_already() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../rgo-binary/tests/fixtures/read/sample.elf");
        let from = File::open(&path).expect("is there");
        let input = fs::read(&path).expect("reads");
        let edits = Edits { strip: Strip::All, ..Edits::default() };
        let draft = edit(&input, &edits).expect("strips").draft;
        let expected = draft.to_vec();
        assert!(expected.len() < input.len());
        for size in (0..input.len()).step_by(97).chain([expected.len(), input.len()]) {
            let to = tempfile::NamedTempFile::new().expect("a file");
            fs::write(to.path(), &input[..size]).expect("writes");
            let size_bytes = size as u64;
            write(&draft, &from, to.as_file(), Durability::Cached, size_bytes).expect("writes");
            assert_eq!(fs::read(to.path()).expect("reads"), expected, "{size} bytes ahead");
        }
    }
}
