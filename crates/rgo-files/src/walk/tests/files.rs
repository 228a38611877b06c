//! Files and folders as arguments: which ones the walk visits, and in which order.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::{Found, Options, visit};
use super::build::{gz, image, tar, zip};
use super::{line, words};

fn visited(args: &[PathBuf]) -> Vec<Found<String>> {
    visit(args, &Options::default(), &|_| {}, &words)
}

/// The lines, without the path of the test's folder.
fn lines(root: &Path, found: &[Found<String>]) -> Vec<String> {
    let root = format!("{}/", root.display());
    found.iter().map(|found| line(found).replace(&root, "")).collect()
}

#[test]
fn folders_are_walked_in_order_and_silent_about_text() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for n in 0..700 {
        fs::write(root.join(format!("{n:03}")), image(40 + n)).unwrap();
    }
    fs::create_dir(root.join("b")).unwrap();
    fs::write(root.join("b/app.tgz"), gz(&tar(&[("app", &image(40))]))).unwrap();
    fs::write(root.join("b/notes"), "text").unwrap();
    fs::write(root.join("b/empty"), "").unwrap();
    let looked = AtomicUsize::new(0);
    let inspect = |item: &super::Item<'_>| {
        looked.fetch_add(1, Ordering::Relaxed);
        words(item)
    };
    let found = visit(&[root.to_owned()], &Options::default(), &|_| {}, &inspect);
    let lines = lines(root, &found);
    let mut expected: Vec<_> = (0..700).map(|n| format!("{n:03} image {}", 40 + n)).collect();
    expected.extend(["b/app.tgz!app image 40".to_owned(), "b/app.tgz Gzip 1/1".to_owned()]);
    assert_eq!(lines, expected);
    assert_eq!(looked.into_inner(), 702);
    assert!(found.iter().all(|found| !found.named));
}

#[test]
fn named_files_are_never_met_with_silence() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("text"), "text").unwrap();
    fs::write(root.join("a.zip"), zip(&[("app", &image(40))])).unwrap();
    let args = ["gone", "text", "a.zip"].map(|name| root.join(name));
    let found = visited(&args);
    assert!(found.iter().all(|found| found.named));
    let lines = lines(root, &found);
    assert!(lines[0].starts_with("gone refused: "), "{lines:?}");
    assert_eq!(lines[1..], ["text a text file", "a.zip!app image 40", "a.zip Zip 1/1"]);
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_count_as_what_they_lead_to() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("app"), image(40)).unwrap();
    std::os::unix::fs::symlink("app", root.join("link")).unwrap();
    std::os::unix::fs::symlink(".", root.join("circle")).unwrap();
    std::os::unix::fs::symlink("gone", root.join("nowhere")).unwrap();
    assert_eq!(lines(root, &visited(&[root.to_owned()])), ["app image 40", "link image 40"]);
}

#[cfg(target_os = "linux")] // rustix makes no pipe on macOS
#[test]
fn a_pipe_is_read_where_it_is_named_and_passed_over_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let here = rustix::fs::CWD;
    rustix::fs::mknodat(here, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(visited(&[folder.path().to_owned()]).is_empty());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, gz(&tar(&[("app", &image(40))])))
    });
    let lines = lines(folder.path(), &visited(&[pipe]));
    writer.join().unwrap().unwrap();
    assert_eq!(lines, ["pipe!app image 40", "pipe Gzip 1/1"]);
    let device = visited(&["/dev/null".into()]);
    assert_eq!(line(&device[0]), "/dev/null refused: neither a file nor a pipe");
}
