//! Large files wait for the small ones, and results come in the order of the walk.

use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::super::folders::Walk;
use super::super::results::Visits;
use super::super::{Found, Item, ItemContent, Options, at_once, visit};
use super::build::image;

/// Makes an image of a size, most of which takes no room on the disk.
fn sparse_image(path: &Path, size: u64) {
    let mut file = File::create(path).unwrap();
    file.write_all(&image(40)).unwrap();
    file.set_len(size).unwrap();
}

/// The sizes of the images in a folder: in the order in which one thread visits them, and in the
/// order of the results.
fn orders(folder: &Path) -> (Vec<usize>, Vec<usize>) {
    let options = Options::default();
    let visited = Mutex::new(Vec::new());
    let inspect = |item: &Item<'_>| {
        let ItemContent::Image(bytes) = item.content else { return None };
        visited.lock().unwrap().push(bytes.len());
        Some(bytes.len())
    };
    let visits = Visits { options: &options, begin: &|_| {}, inspect: &inspect };
    let mut results = Vec::new();
    let args = [folder.to_owned()];
    at_once::run(Walk::new(&args, &options), true, &visits, &mut |found: Found<usize>| {
        results.push(found.value);
        ControlFlow::Continue(())
    });
    (visited.into_inner().unwrap(), results)
}

#[test]
fn the_largest_file_comes_first_behind_the_small_ones() {
    let folder = tempfile::tempdir().unwrap();
    let sizes = [2 << 20, 40, 4 << 20, 3 << 20, 50];
    for (number, size) in sizes.iter().enumerate() {
        sparse_image(&folder.path().join(format!("{number}")), *size as u64);
    }
    let (visited, results) = orders(folder.path());
    assert_eq!(visited, [40, 50, 4 << 20, 3 << 20, 2 << 20]);
    assert_eq!(results, sizes);
}

#[test]
fn few_files_are_open_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let sizes: Vec<usize> = (0..at_once::MAX_WAITING + 3).map(|more| (1 << 20) + more).collect();
    for size in &sizes {
        sparse_image(&folder.path().join(format!("{size:08}")), *size as u64);
    }
    let (visited, results) = orders(folder.path());
    // One more file than may wait has been opened when the first is visited.
    assert_eq!(visited[..3], sizes[at_once::MAX_WAITING..]);
    assert_eq!(results, sizes);
}

#[test]
fn many_files_have_their_results_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3000 {
        let path = folder.path().join(format!("{}", number % 50)).join(format!("{number:05}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Every third file is of no interest.
        fs::write(path, if number % 3 == 0 { b"text".to_vec() } else { image(40) }).unwrap();
    }
    let inspect = |item: &Item<'_>| Some(item.name.file().to_owned());
    let args = [folder.path().to_owned()];
    let found = visit(&args, &Options::default(), &|_| {}, &inspect);
    let found: Vec<PathBuf> = found.into_iter().map(|found| found.value).collect();
    assert_eq!(found.len(), 2000);
    assert!(found.is_sorted());
}
