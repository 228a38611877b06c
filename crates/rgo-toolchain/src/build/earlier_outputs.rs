//! Finds the results of earlier builds in the default folder, where `-o` leads elsewhere now. They are
//! no changes of the user's. But another program may write there too, so only a folder with a file
//! that has rgo's note counts: a program of a target, whose companions are beside it.

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Image, Limits};
use rgo_files::mmap;

/// The folders with results below the default folder. None if the results of this build go there:
/// then nothing in it is a change.
pub(super) fn folders(default: &Utf8Path, output: &Utf8Path) -> Vec<Utf8PathBuf> {
    if default == output {
        return Vec::new();
    }
    let entries = default.read_dir_utf8().into_iter().flatten().flatten();
    entries.map(|entry| entry.into_path()).filter(|folder| has_results(folder)).collect()
}

fn has_results(folder: &Utf8Path) -> bool {
    let mut files = folder.read_dir_utf8().into_iter().flatten().flatten();
    files.any(|file| file.file_type().is_ok_and(|it| it.is_file()) && has_note(file.path()))
}

fn has_note(file: &Utf8Path) -> bool {
    let Ok(data) = mmap::map(file.as_std_path()) else { return false };
    let image = Image::parse(&data, &Limits::default());
    image.is_ok_and(|image| rgo_note::find(&image).is_ok_and(|note| note.is_some()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_without_a_program_of_rgo_are_the_users() {
        let guard = tempfile::tempdir().expect("a folder");
        let dist = Utf8Path::from_path(guard.path()).expect("UTF-8").join("dist");
        let elsewhere = dist.with_file_name("out");
        assert_eq!(folders(&dist, &elsewhere), Vec::<Utf8PathBuf>::new());
        fs::create_dir_all(dist.join("linux-amd64")).expect("made");
        fs::write(dist.join("linux-amd64/app"), "no program").expect("written");
        fs::copy(std::env::current_exe().expect("a path"), dist.join("linux-amd64/other"))
            .expect("copied");
        assert_eq!(folders(&dist, &elsewhere), Vec::<Utf8PathBuf>::new());
    }
}
