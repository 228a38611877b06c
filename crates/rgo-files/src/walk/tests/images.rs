//! Small container images, made here, in every form of an image.

mod lists;
mod squash;

use std::fs;
use std::path::Path;

use super::super::{Found, Layer, Options, visit};
use super::build::{gz, image, tar, xz, zst};
use super::{found, line, words};
use crate::walk::visitor::Body;

/// The members of an archive or the files of a folder.
type Files = Vec<(String, Vec<u8>)>;

/// An image with these layers in the older form of `docker save`, the list at the end.
fn saved(layers: &[Vec<u8>]) -> Files {
    let path = |n: usize| format!("{n:064x}/layer.tar");
    let mut files: Files = (0..).map(path).zip(layers.iter().cloned()).collect();
    let names: Vec<String> = (0..layers.len()).map(|n| format!("\"{}\"", path(n))).collect();
    let config = r#"{"os":"linux","architecture":"arm64"}"#;
    files.push(("c.json".to_owned(), config.into()));
    let list =
        format!(r#"[{{"Config":"c.json","RepoTags":["app:1"],"Layers":[{}]}}]"#, names.join(","));
    files.push(("manifest.json".to_owned(), list.into()));
    files
}

/// The same image as an OCI layout, the layers compressed in turn.
fn oci(layers: &[Vec<u8>]) -> Files {
    let pack = [gz, zst, |bytes: &[u8]| bytes.to_vec()];
    let mut files: Files = Vec::new();
    let mut digests = Vec::new();
    for (n, layer) in layers.iter().enumerate() {
        files.push((format!("blobs/sha256/a{n}"), pack[n % 3](layer)));
        digests.push(format!(r#"{{"digest":"sha256:a{n}"}}"#));
    }
    let manifest =
        format!(r#"{{"config":{{"digest":"sha256:cc"}},"layers":[{}]}}"#, digests.join(","));
    let index = r#"{"manifests":[{"digest":"sha256:dd","annotations":{
        "io.containerd.image.name":"docker.io/library/app:1",
        "org.opencontainers.image.ref.name":"1"}}]}"#;
    files.push(("blobs/sha256/cc".into(), br#"{"os":"linux","architecture":"arm64"}"#.into()));
    files.push(("blobs/sha256/dd".into(), manifest.into()));
    files.push(("index.json".into(), index.into()));
    files.push(("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.into()));
    files
}

/// The same image as `skopeo copy … dir:` writes it.
fn directory(layers: &[Vec<u8>]) -> Files {
    let mut files: Files = Vec::new();
    let mut digests = Vec::new();
    for (n, layer) in layers.iter().enumerate() {
        let hex = format!("{n:064x}");
        digests.push(format!(
            r#"{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:{hex}"}}"#
        ));
        files.push((hex, gz(layer)));
    }
    let config = format!("c0ffee{:058x}", 0);
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"digest":"sha256:{config}",
        "mediaType":"application/vnd.oci.image.config.v1+json"}},"layers":[{}]}}"#,
        digests.join(",")
    );
    files.push((config, br#"{"os":"linux","architecture":"arm64"}"#.into()));
    files.push(("manifest.json".into(), manifest.into()));
    files.push(("version".into(), b"Directory Transport Version: 1.1\n".into()));
    files
}

fn packed(files: &Files) -> Vec<u8> {
    let members: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    tar(&members)
}

/// A line for each result: its name without that of the archive, its text, its place.
fn report(found: Vec<Found<String>>, whole: &str) -> Vec<String> {
    let text = |found: Found<String>| {
        let value = line(&found);
        let value = value.strip_prefix(whole).unwrap_or(&value).to_owned();
        let place = Layer::describe(&found.layers);
        format!("{value}{}", place.map(|place| format!(" ({place})")).unwrap_or_default())
    };
    let lines = found.into_iter().map(text);
    // Archives and links have lines of their own: the image as a whole, and each layer.
    let others = [" Tar ", " Gzip ", " Xz ", " Zstd ", " -> "];
    lines.filter(|line| !others.iter().any(|other| line.contains(other))).collect()
}

/// The lines for an image, which are the same for all of its forms, except that a folder of
/// skopeo's has no name for it.
#[track_caller]
fn seen(layers: &[Vec<u8>], all_layers: bool) -> Vec<String> {
    let options = Options { all_layers, ..Options::default() };
    let mut answers: Vec<Vec<String>> = Vec::new();
    for mut files in [saved(layers), oci(layers), directory(layers)] {
        for _ in 0..2 {
            let tar = packed(&files);
            for bytes in [tar.clone(), gz(&tar), xz(&tar)] {
                answers.push(report(found(Body::Bytes(&bytes), &options), "x!"));
                let mut reader = super::Pieces(&bytes);
                let body = Body::Stream { reader: &mut reader, size: None };
                answers.push(report(found(body, &options), "x!"));
            }
            files.reverse();
        }
        let folder = folder(&files);
        let found = visit(&[folder.path().to_owned()], &options, &|_| {}, &words);
        answers.push(report(found, &format!("{}!", folder.path().display())));
    }
    for line in answers.iter_mut().flatten() {
        *line = line.replace("(image c0ffee000000 ", "(image app:1 ");
    }
    let first = answers.remove(0);
    for other in answers {
        assert_eq!(other, first);
    }
    first
}

/// A folder with these files.
fn folder(files: &Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(files, folder.path());
    folder
}

fn write(files: &Files, folder: &Path) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn app() -> Vec<u8> {
    image(40)
}

/// A hand-made OCI layout: everything but the layers.
fn oci_layout(index: &str, blobs: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files: Files = Vec::new();
    for (digest, bytes) in blobs {
        files.push((format!("blobs/sha256/{digest}"), bytes.to_vec()));
    }
    files.push(("index.json".to_owned(), index.into()));
    packed(&files)
}
