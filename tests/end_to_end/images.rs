//! A container image of two layers, made of published programs by umoci, with files deleted,
//! replaced and moved in the upper one. What rgo-version-m finds in it is what umoci unpacks: the
//! one view of a container that is not ours. skopeo writes the same image as `docker save` does, and as a
//! `dir:`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::corpus::corpus;
use crate::support::{Outcome, can, native, not_tested, tool};

/// The image, and the folder into which umoci has unpacked it.
struct Image {
    folder: tempfile::TempDir,
}

impl Image {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn umoci(&self, args: &[&str]) {
        let mut command = native("umoci");
        Outcome::of(command.args(args).current_dir(self.folder.path())).ended(0);
    }

    /// Unpacks the image as it is by now.
    fn unpack(&self, to: &str) -> PathBuf {
        self.umoci(&["unpack", "--rootless", "--image", "layout:app", to]);
        self.path(to).join("rootfs")
    }

    /// Makes what has changed in an unpacked image its next layer.
    fn repack(&self, from: &str) {
        self.umoci(&["repack", "--image", "layout:app", from]);
    }

    /// Two layers; none without the programs that it takes.
    fn make() -> Option<Self> {
        if !can("umoci") || !can("skopeo") {
            not_tested("a container image, for there is no umoci or no skopeo");
            return None;
        }
        let mut programs: Vec<PathBuf> = corpus()
            .into_iter()
            .filter(|one| one.is.contains("elf") && one.file.is_file())
            .map(|one| one.file)
            .collect();
        programs.sort_by_key(|program| fs::metadata(program).map(|file| file.len()).ok());
        let [small, middle, large, ..] = programs.as_slice() else { return None };
        let image = Self { folder: tempfile::tempdir().expect("a folder") };
        image.umoci(&["init", "--layout", "layout"]);
        image.umoci(&["new", "--image", "layout:app"]);
        let root = image.unpack("one");
        for (program, name) in [
            (small, "usr/bin/kept"),
            (small, "usr/bin/deleted"),
            (small, "usr/bin/replaced"),
            (small, "usr/bin/folder"),
            (middle, "usr/bin/first"),
            (small, "opt/tool/bin/cmd"),
            (small, "opt/linked/cmd"),
            (small, "opt/file/cmd"),
        ] {
            put(program, &root.join(name));
        }
        fs::hard_link(root.join("usr/bin/first"), root.join("usr/bin/second")).expect("links");
        image.repack("one");
        let root = image.unpack("two");
        let at = |name: &str| root.join(name);
        fs::remove_file(at("usr/bin/deleted")).expect("is deleted");
        fs::remove_file(at("usr/bin/first")).expect("is deleted");
        fs::remove_file(at("usr/bin/replaced")).expect("is deleted");
        put(middle, &at("usr/bin/replaced"));
        fs::remove_file(at("usr/bin/folder")).expect("is deleted");
        put(large, &at("usr/bin/folder/inside"));
        fs::remove_dir_all(at("opt/tool")).expect("is deleted");
        fs::remove_dir_all(at("opt/linked")).expect("is deleted");
        symlink("../usr/bin", at("opt/linked")).expect("links");
        fs::remove_dir_all(at("opt/file")).expect("is deleted");
        fs::write(at("opt/file"), "text").expect("is written");
        image.repack("two");
        Some(image)
    }
}

fn put(program: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    fs::copy(program, to).expect("a copy");
}

/// The programs below a folder, each with all of its names: links to it are no names.
fn programs(root: &Path) -> BTreeSet<BTreeSet<String>> {
    let mut files: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry.expect("an entry");
        let is_program = || fs::read(entry.path()).expect("a file").starts_with(b"\x7fELF");
        if entry.file_type().is_file() && is_program() {
            let name = entry.path().strip_prefix(root).expect("below it").to_str().expect("UTF-8");
            let file = entry.metadata().expect("metadata").ino();
            files.entry(file).or_default().insert(name.to_owned());
        }
    }
    files.into_values().collect()
}

/// What is found: the path in the container, and the layer that hides it.
fn found(image: &Path, flags: &[&str]) -> Vec<(String, Option<u64>)> {
    let mut command = tool("rgo-version-m");
    command.args(["--format", "json"]).args(flags);
    if image.is_file() {
        command.arg("-").stdin(Stdio::from(fs::File::open(image).expect("a file")));
    } else {
        command.arg(image);
    }
    let answer: Value =
        serde_json::from_str(&Outcome::of(&mut command).ended(0).stdout).expect("JSON");
    let files = answer["files"].as_array().expect("files").iter();
    files
        .map(|file| {
            let layer = &file["layers"][0];
            assert_eq!(layer["image"]["layer_count"], 2, "{file}");
            let platform = layer["image"]["platform"].as_str().expect("text");
            assert!(platform.starts_with("linux/"), "{file}");
            (file["member"].as_str().expect("text").to_owned(), layer["hidden_by"].as_u64())
        })
        .collect()
}

#[test]
fn an_image_has_what_a_container_sees_and_all_layers_have_the_rest() {
    let Some(image) = Image::make() else { return };
    let theirs = programs(&image.unpack("three"));
    assert_eq!(theirs.len(), 4, "{theirs:?}");
    let saved = image.path("saved.tar");
    let layout = image.path("layout");
    let from = format!("oci:{}:app", layout.display());
    let to = format!("docker-archive:{}:example.org/app:1.0", saved.display());
    Outcome::of(native("skopeo").args(["copy", "--quiet", &from, &to])).ended(0);
    let tar = image.path("layout.tar");
    Outcome::of(native("tar").arg("-C").arg(&layout).arg("-cf").arg(&tar).arg(".")).ended(0);
    // The manifest, and beside it every blob under its hash.
    let directory = image.path("directory");
    let to = format!("dir:{}", directory.display());
    Outcome::of(native("skopeo").args(["copy", "--quiet", &from, &to])).ended(0);
    let tar_of_directory = image.path("directory.tar");
    let mut pack = native("tar");
    pack.arg("-C").arg(&directory).arg("-cf").arg(&tar_of_directory).arg(".");
    Outcome::of(&mut pack).ended(0);
    for image in [&layout, &tar, &saved, &directory, &tar_of_directory] {
        let ours: Vec<String> = found(image, &[]).into_iter().map(|(name, _)| name).collect();
        let named = |names: &BTreeSet<String>| ours.iter().any(|name| names.contains(name));
        assert!(theirs.iter().all(named), "{}: {ours:?}, not {theirs:?}", image.display());
        assert_eq!(ours.len(), theirs.len(), "{}: {ours:?}", image.display());
        let all = found(image, &["--all-layers"]);
        let hidden = all.iter().filter(|(_, by)| *by == Some(2)).map(|(name, _)| name.as_str());
        // Of a second name that outlives the first umoci writes a new file.
        let hidden: Vec<&str> = hidden.filter(|name| *name != "usr/bin/first").collect();
        assert_eq!(
            hidden,
            [
                "opt/file/cmd",
                "opt/linked/cmd",
                "opt/tool/bin/cmd",
                "usr/bin/deleted",
                "usr/bin/folder",
                "usr/bin/replaced",
            ]
        );
    }
}
