//! Files and folders as arguments: which are met, and in which order.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::{Found, Options, visit};
use super::build::{gz, image, tar, zip};
use super::line;

fn visited(args: &[PathBuf]) -> Vec<Found<String>> {
    visit(args, &Options::default(), &|_| {}, &line)
}

/// The lines, without the folder in which everything is.
fn lines(root: &Path, found: &[Found<String>]) -> Vec<String> {
    let root = format!("{}/", root.display());
    found.iter().map(|found| found.value.replace(&root, "")).collect()
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
    let look = |item: &super::Item<'_>| {
        looked.fetch_add(1, Ordering::Relaxed);
        line(item)
    };
    let found = visit(&[root.to_owned()], &Options::default(), &|_| {}, &look);
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
    assert_eq!(lines[1..], ["text other 4", "a.zip!app image 40", "a.zip Zip 1/1"]);
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

#[test]
fn a_folder_can_be_an_image_layout() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("blobs/sha256")).unwrap();
    let files: [(&str, &[u8]); 5] = [
        ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
        ("index.json", br#"{"manifests":[{"digest":"sha256:dd"}]}"#),
        (
            "blobs/sha256/dd",
            br#"{"config":{"digest":"sha256:cc"},"layers":[{"digest":"sha256:aa"}]}"#,
        ),
        ("blobs/sha256/cc", br#"{"os":"linux","architecture":"amd64"}"#),
        ("blobs/sha256/aa", &gz(&tar(&[("app", &image(40))]))),
    ];
    for (name, content) in files {
        fs::write(root.join(name), content).unwrap();
    }
    let found = visited(&[root.to_owned()]);
    assert_eq!(found[0].layers[0].image.platform.as_deref(), Some("linux/amd64"));
    assert_eq!(lines(root, &found)[0], "blobs/sha256/aa!app image 40");
}
