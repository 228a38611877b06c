//! Container images, small ones that are made here: what a container sees of them is the same in
//! every form that an image comes in.

use std::fs;

use super::super::{Found, Layer, Limits, Options, visit};
use super::build::{gz, image, layer, tar, xz, zst};
use super::{found, line, words};
use crate::input::visitor::Body;

/// The members of an archive or the files of a folder.
type Files = Vec<(String, Vec<u8>)>;

/// One image of these layers as `docker save` wrote it for years, the list at the end.
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

fn packed(files: &Files) -> Vec<u8> {
    let members: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    tar(&members)
}

/// What is met, without the name of the whole before it, and where it is.
fn told(found: Vec<Found<String>>, whole: &str) -> Vec<String> {
    let text = |found: Found<String>| {
        let value = line(&found);
        let value = value.strip_prefix(whole).unwrap_or(&value).to_owned();
        let place = Layer::describe(&found.layers);
        format!("{value}{}", place.map(|place| format!(" ({place})")).unwrap_or_default())
    };
    let lines = found.into_iter().map(text);
    // There is a line for the whole and for each layer, as for all archives; and for links.
    let others = [" Tar ", " Gzip ", " Xz ", " Zstd ", " -> "];
    lines.filter(|line| !others.iter().any(|other| line.contains(other))).collect()
}

/// What is met in an image in all of its forms; each time the same.
#[track_caller]
fn seen(layers: &[Vec<u8>], all_layers: bool) -> Vec<String> {
    let options = Options { all_layers, ..Options::default() };
    let mut answers: Vec<Vec<String>> = Vec::new();
    for mut files in [saved(layers), oci(layers)] {
        for _ in 0..2 {
            let tar = packed(&files);
            for bytes in [tar.clone(), gz(&tar), xz(&tar)] {
                answers.push(told(found(Body::Bytes(&bytes), &options), "x!"));
                let mut reader = super::Pieces(&bytes);
                let body = Body::Stream { reader: &mut reader, size: None };
                answers.push(told(found(body, &options), "x!"));
            }
            files.reverse();
        }
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in &files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let found = visit(&[folder.path().to_owned()], &options, &|_| {}, &words);
        answers.push(told(found, &format!("{}!", folder.path().display())));
    }
    let first = answers.remove(0);
    for other in answers {
        assert_eq!(other, first);
    }
    first
}

/// The paths that a container sees, and with all layers those that it does not, with the layer
/// that hides them.
#[track_caller]
fn check(layers: &[&[(&str, &[u8])]], visible: &[&str], hidden: &[&str]) {
    let layers: Vec<Vec<u8>> = layers.iter().map(|entries| layer(entries)).collect();
    let of = layers.len();
    let short = |line: &String| {
        line.replace(" image 40 (image app:1 linux/arm64 layer", "")
            .replace(&format!(" of {of}"), "")
            .replace(')', "")
    };
    let shown: Vec<String> = seen(&layers, false).iter().map(short).collect();
    assert_eq!(shown, visible);
    let mut all: Vec<String> = seen(&layers, true).iter().map(short).collect();
    all.retain(|line| line.contains("hidden"));
    assert_eq!(all, hidden);
}

fn app() -> Vec<u8> {
    image(40)
}

#[test]
fn a_container_sees_no_file_that_an_upper_layer_deletes_or_replaces() {
    let app = app();
    check(
        &[
            &[("usr/bin/", b""), ("usr/bin/old", &app), ("usr/bin/same", &app), ("a/b/c", &app)],
            &[("usr/bin/.wh.old", b""), ("./usr/bin/same", &app), ("a/.wh.b", b"")],
        ],
        &["usr/bin/same 2"],
        &[
            "a/b/c 1, hidden by layer 2",
            "usr/bin/old 1, hidden by layer 2",
            "usr/bin/same 1, hidden by layer 2",
        ],
    );
}

#[test]
fn what_hides_a_file_is_not_what_merely_looks_like_it() {
    let app = app();
    check(
        &[
            &[("usr/bin/app", &app), ("usr/bin/apps", &app), ("bin/app", &app), ("app", &app)],
            // A folder hides nothing in it, and a mark counts in its own folder alone.
            &[("usr/", b""), ("usr/bin/", b""), ("usr/.wh.app", b""), ("usr/bin/.wh.ap", b"")],
            // A file that is written next to its mark is new.
            &[("bin/.wh.app", b""), ("bin/app", &app)],
            // Notes of the file system AUFS, and a mark without a name.
            &[(".wh..wh.aufs", b""), (".wh.", b""), (".wh...", b""), ("usr/.wh..wh.plnk/x", b"")],
        ],
        &["app 1", "bin/app 3", "usr/bin/app 1", "usr/bin/apps 1"],
        &["bin/app 1, hidden by layer 3"],
    );
}

#[test]
fn an_opaque_folder_hides_all_that_was_in_it_and_nothing_of_its_own() {
    let app = app();
    check(
        &[
            &[("opt/", b""), ("opt/a", &app), ("opt/d/b", &app), ("opted", &app)],
            &[("opt/c", &app), ("opt/.wh..wh..opq", b"")],
        ],
        &["opt/c 2", "opted 1"],
        &["opt/a 1, hidden by layer 2", "opt/d/b 1, hidden by layer 2"],
    );
    check(
        &[&[("a", &app), ("d/b", &app)], &[(".wh..wh..opq", b""), ("c", &app)]],
        &["c 2"],
        &["a 1, hidden by layer 2", "d/b 1, hidden by layer 2"],
    );
}

#[test]
fn a_folder_that_becomes_a_file_or_a_link_hides_what_was_in_it() {
    let app = app();
    check(
        &[
            &[("a/one", &app), ("b/two", &app), ("c/three", &app), ("d", &app), ("e", &app)],
            &[("a -> elsewhere", b""), ("b", b"text"), ("c => b", b""), ("d/", b""), ("e/f", b"")],
        ],
        &[],
        &[
            "a/one 1, hidden by layer 2",
            "b/two 1, hidden by layer 2",
            "c/three 1, hidden by layer 2",
            "d 1, hidden by layer 2",
            "e 1, hidden by layer 2",
        ],
    );
}

#[test]
fn what_was_deleted_and_is_there_again_is_seen() {
    let app = app();
    check(
        &[&[("d/app", &app)], &[(".wh.d", b"")], &[("d/app", &app)]],
        &["d/app 3"],
        &["d/app 1, hidden by layer 2"],
    );
}

#[test]
fn a_second_name_outlives_the_first() {
    let app = app();
    check(
        &[
            &[("bin/git", &app), ("libexec/git => bin/git", b""), ("x/git => libexec/git", b"")],
            &[("bin/.wh.git", b"")],
            &[(".wh.libexec", b"")],
        ],
        &["x/git 1"],
        &[],
    );
    // An upper layer can give it the name.
    check(
        &[&[("bin/git", &app)], &[("new => bin/git", b"")], &[("bin/.wh.git", b"")]],
        &["new 1"],
        &[],
    );
    // But not after it was deleted.
    check(
        &[&[("bin/git", &app)], &[("bin/.wh.git", b"")], &[("new => bin/git", b"")]],
        &[],
        &["bin/git 1, hidden by layer 2"],
    );
}

#[test]
fn of_two_members_of_one_name_the_last_counts() {
    let app = app();
    check(
        &[&[("a", &app), ("b", &app), ("a", b"text"), ("./b", &app)]],
        &["b 1"],
        &["a 1, hidden by the same layer", "b 1, hidden by the same layer"],
    );
}

#[test]
fn a_layer_that_is_there_twice_is_seen_once() {
    let app = app();
    let one: &[(&str, &[u8])] = &[("a", &app)];
    let [lower, upper] = [layer(one), layer(&[(".wh.a", b"")])];
    let files = saved(&[lower, upper]);
    let layers = |order: &[usize]| {
        let names: Vec<String> = order.iter().map(|n| format!("\"{n:064x}/layer.tar\"")).collect();
        let list = format!(r#"[{{"Config":"c.json","Layers":[{}]}}]"#, names.join(","));
        let mut files = files.clone();
        files.last_mut().unwrap().1 = list.into();
        told(found(Body::Bytes(&packed(&files)), &Options::default()), "x!")
    };
    let title = "a image 40 (image without a name linux/arm64 layer";
    assert_eq!(layers(&[0, 1, 0]), [format!("{title} 3 of 3)")]);
    assert_eq!(layers(&[0, 0]), [format!("{title} 2 of 2)")]);
    assert!(layers(&[0, 0, 1]).is_empty());
}

#[test]
fn archives_in_a_layer_are_hidden_with_it() {
    let app = app();
    let jar = super::build::zip(&[("lib.so", &app)]);
    check(
        &[&[("opt/a.jar", &jar), ("opt/b.jar", &jar)], &[("opt/.wh.a.jar", b"")]],
        &["opt/b.jar!lib.so 1", "opt/b.jar Zip 1/1 (image app:1 linux/arm64 layer 1"],
        &[
            "opt/a.jar!lib.so 1, hidden by layer 2",
            "opt/a.jar Zip 1/1 (image app:1 linux/arm64 layer 1, hidden by layer 2",
        ],
    );
}

/// An OCI layout that is put together by hand: everything but the layers.
fn layout(index: &str, blobs: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files: Files = Vec::new();
    for (digest, bytes) in blobs {
        files.push((format!("blobs/sha256/{digest}"), bytes.to_vec()));
    }
    files.push(("index.json".to_owned(), index.into()));
    packed(&files)
}

#[test]
fn every_image_of_an_index_is_told_apart() {
    let app = app();
    let (one, two) = (layer(&[("a", &app), ("b", &app)]), layer(&[("a", &app)]));
    let deletes = layer(&[(".wh.b", b"")]);
    let bytes = layout(
        r#"{"manifests":[
            {"digest":"sha256:ee","annotations":{"org.opencontainers.image.ref.name":"app"}},
            {"digest":"sha256:d3","annotations":{"org.opencontainers.image.ref.name":"other"}},
            {"digest":"sha256:d3","annotations":{"org.opencontainers.image.ref.name":"again"}},
            {"digest":"sha256:99"}]}"#,
        &[
            // An index within the index, which lists itself as well; and an image that is not here.
            (
                "ee",
                br#"{"manifests":[{"digest":"sha256:d1","platform":{"os":"linux","architecture":"amd64"}},
                {"digest":"sha256:d2","platform":{"os":"linux","architecture":"arm","variant":"v7"}},
                {"digest":"sha256:dd","platform":{"os":"linux","architecture":"s390x"}},
                {"digest":"sha256:a7","platform":{"os":"unknown","architecture":"unknown"}},
                {"digest":"sha256:a7"}, {"digest":"sha256:ee"}]}"#,
            ),
            ("d1", br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:a1"}]}"#),
            ("d2", br#"{"config":{"digest":"sha256:c2"},"layers":[{"digest":"sha256:a2"}]}"#),
            (
                "d3",
                br#"{"config":{"digest":"sha256:c3"},
                "layers":[{"digest":"sha256:a1"},{"digest":"sha256:a3"}]}"#,
            ),
            // What BuildKit attests is no image.
            (
                "a7",
                br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:77",
                "mediaType":"application/vnd.in-toto+json"}]}"#,
            ),
            ("77", br#"{"predicateType":"https://slsa.dev/provenance/v1"}"#),
            ("c3", br#"{"os":"linux","architecture":"amd64"}"#),
            ("a1", &gz(&one)),
            ("a2", &zst(&two)),
            ("a3", &deletes),
        ],
    );
    let answer = told(found(Body::Bytes(&bytes), &Options::default()), "x!");
    assert_eq!(
        answer,
        [
            "a image 40 (image app linux/amd64 layer 1 of 1, and in 1 more image)",
            "b image 40 (image app linux/amd64 layer 1 of 1)",
            "a image 40 (image app linux/arm/v7 layer 1 of 1)",
        ]
    );
    let all = found(Body::Bytes(&bytes), &Options { all_layers: true, ..Options::default() });
    let b = all.iter().find(|found| line(found).starts_with("x!b ")).unwrap();
    let places: Vec<_> =
        b.layers.iter().map(|l| (l.image.title(), l.number, l.hidden_by)).collect();
    assert_eq!(
        places,
        [
            ("app linux/amd64".to_owned(), 1, None),
            ("again, other linux/amd64".to_owned(), 1, Some(2))
        ]
    );
}

#[test]
fn a_layer_that_cannot_be_read_is_told_and_hides_nothing() {
    let app = app();
    let bytes = layout(
        r#"{"manifests":[{"digest":"sha256:d1"}]}"#,
        &[
            (
                "d1",
                br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:a1"},
                {"digest":"sha256:a2"}, {"digest":"sha256:a3",
                "mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
                {"digest":"sha256:a4",
                "mediaType":"application/vnd.oci.image.layer.v1.tar+gzip+encrypted"},
                {"digest":"sha256:a5"},{"digest":"sha256:a6"},{"digest":"sha256:a7"}]}"#,
            ),
            ("a1", &layer(&[("a", &app)])),
            ("a4", b"\xdb\x12\x88 and so on"),
            ("a5", b"text"),
            // A tar without members, bare and compressed.
            ("a6", &[0; 1024]),
            ("a7", &gz(&[0; 1024])),
        ],
    );
    let answer = told(found(Body::Bytes(&bytes), &Options::default()), "x!");
    let place = |n: usize| format!("(image c1 layer {n} of 7)");
    let missing = "what it holds, deletes and replaces is unknown";
    let expected = [
        format!("a image 40 {}", place(1)),
        format!("blobs/sha256/a2 refused: this layer is not there: {missing} {}", place(2)),
        format!(
            "blobs/sha256/a3 refused: this layer is not there (its author keeps it): {missing} {}",
            place(3)
        ),
        format!("blobs/sha256/a4 refused: encrypted {}", place(4)),
        format!("blobs/sha256/a5 refused: damaged: this layer of an image is no tar {}", place(5)),
    ];
    assert_eq!(answer, expected);
}

#[test]
fn a_layer_that_docker_wrote_once_for_two_images_is_found_by_its_link() {
    let app = app();
    let mut files = saved(&[layer(&[("a", &app)])]);
    let name = files[0].0.clone();
    let list = format!(
        r#"[{{"Config":"c.json","RepoTags":["app:1"],"Layers":["{name}"]}},
            {{"Config":"d.json","RepoTags":["app:2"],"Layers":["second/layer.tar"]}}]"#
    );
    files.last_mut().unwrap().1 = list.into();
    let link = layer(&[(&format!("second/layer.tar -> ../{name}"), b"")]);
    // Two tars behind each other: the first without the zeros of its end.
    let bytes = [&link[..512], &packed(&files)].concat();
    let answer = told(found(Body::Bytes(&bytes), &Options::default()), "x!");
    assert_eq!(answer, ["a image 40 (image app:1 linux/arm64 layer 1 of 1, and in 1 more image)"]);
}

#[test]
fn two_images_of_one_name_are_told_apart_by_their_digests() {
    let app = app();
    let (one, two) = (layer(&[("a", &app)]), layer(&[("b", &app)]));
    let bytes = layout(
        r#"{"manifests":[{"digest":"sha256:d1"},{"digest":"sha256:d2"}]}"#,
        &[
            ("d1", br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:a1"}]}"#),
            ("d2", br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:a2"}]}"#),
            ("a1", &one),
            ("a2", &two),
        ],
    );
    let answer = told(found(Body::Bytes(&bytes), &Options::default()), "x!");
    let expected =
        ["a image 40 (image c1 d1 layer 1 of 1)", "b image 40 (image c1 d2 layer 1 of 1)"];
    assert_eq!(answer, expected);
}

#[test]
fn newer_docker_writes_both_lists_for_one_image() {
    let app = app();
    let mut files = oci(&[layer(&[("a", &app)])]);
    let list = br#"[{"Config":"blobs/sha256/cc","RepoTags":["app:1","app:latest"],
        "Layers":["blobs/sha256/a0"]}]"#;
    files.push(("manifest.json".to_owned(), list.into()));
    let answer = told(found(Body::Bytes(&packed(&files)), &Options::default()), "x!");
    assert_eq!(answer, ["a image 40 (image app:1, app:latest linux/arm64 layer 1 of 1)"]);
}

#[test]
fn annotations_of_every_list_are_kept() {
    let bytes = layout(
        r#"{"manifests":[{"digest":"sha256:dd","annotations":{"a":"1"},
        "platform":{"os":"linux","architecture":"arm64","variant":"v8"}}]}"#,
        &[
            (
                "dd",
                br#"{"config":{"digest":"sha256:cc"},"annotations":{"b":"2"},
                "layers":[{"digest":"sha256:aa","annotations":{"t":"app"}}]}"#,
            ),
            ("cc", br#"{"os":"linux","architecture":"arm64","config":{"Labels":{"l":"3"}}}"#),
            ("aa", &layer(&[("app", &app())])),
        ],
    );
    let found = found(Body::Bytes(&bytes), &Options::default());
    let [layer] = found[0].layers.as_slice() else { panic!("{:?}", found[0].layers) };
    assert_eq!(layer.image.platform.as_deref(), Some("linux/arm64/v8"));
    let keys: Vec<_> = layer.image.annotations.keys().collect();
    assert_eq!(keys, ["a", "b", "l"]);
    assert_eq!(layer.annotations["t"], "app");
    assert_eq!(layer.blob.as_ref(), "blobs/sha256/aa");
    assert_eq!(layer.image.digest.as_deref(), Some("sha256:dd"));
    assert_eq!(layer.image.id.as_deref(), Some("sha256:cc"));
}

#[test]
fn an_image_within_an_image_is_squashed_too() {
    let app = app();
    let inner = packed(&saved(&[layer(&[("a", &app), ("b", &app)]), layer(&[(".wh.b", b"")])]));
    let outer =
        [layer(&[("kept.tar", &inner), ("gone.tar", &inner)]), layer(&[(".wh.gone.tar", b"")])];
    let place = "image app:1 linux/arm64 layer 1 of 2";
    let kept = format!("kept.tar!a image 40 ({place})");
    assert_eq!(seen(&outer, false), [kept.as_str()]);
    let gone = |name: &str| format!("gone.tar!{name} image 40 ({place}, hidden by layer 2)");
    let hidden = format!("kept.tar!b image 40 ({place}, hidden by layer 2)");
    assert_eq!(seen(&outer, true), [gone("a"), gone("b"), kept, hidden]);
}

#[test]
fn what_no_list_names_is_an_archive_like_others() {
    let app = app();
    let bytes = layout(r#"{"manifests":[]}"#, &[("a1", &layer(&[("a", &app)]))]);
    let answer = told(found(Body::Bytes(&bytes), &Options::default()), "x!");
    assert_eq!(answer, ["blobs/sha256/a1!a image 40"]);
}

#[test]
fn an_image_that_is_too_large_to_squash_shows_all_and_says_so() {
    let app = app();
    let lower = layer(&[("a", &app), ("b", &app), ("c", &app)]);
    let files = saved(&[lower, layer(&[(".wh.a", b""), (".wh.b", b"")])]);
    let lines = |limits: Limits| {
        let options = Options { limits, ..Options::default() };
        told(found(Body::Bytes(&packed(&files)), &options), "x!")
    };
    let shown = |name: &str| format!("{name} image 40 (image app:1 linux/arm64 layer 1 of 2)");
    assert_eq!(lines(Limits::default()), [shown("c")]);
    let words = "x refused: the layers of the image app:1 linux/arm64 are too large to tell which \
                 files the upper ones hide: more is shown than a container sees";
    let all = [&shown("a"), &shown("b"), &shown("c"), words];
    for max_paths in [0, 7, 12, 19] {
        assert_eq!(lines(Limits { max_paths, ..Limits::default() }).last().unwrap(), words);
    }
    assert_eq!(lines(Limits { max_paths: 19, ..Limits::default() }), all);
    assert_eq!(lines(Limits { max_hidings: 3, ..Limits::default() }), all);
    assert_eq!(lines(Limits { max_paths: 64, max_hidings: 64, ..Limits::default() }), [shown("c")]);
}

#[test]
fn paths_that_no_system_takes_hide_nothing() {
    let app = app();
    let deep = "d/".repeat(300);
    let mut builder = tar::Builder::new(Vec::new());
    for name in [format!("{deep}a"), format!("{}a", "n".repeat(5000))] {
        let mut header = tar::Header::new_gnu();
        header.set_size(40);
        builder.append_data(&mut header, name, app.as_slice()).unwrap();
    }
    let lower = builder.into_inner().unwrap();
    let files = saved(&[lower, layer(&[("d/.wh.d", b"")])]);
    let answer = told(found(Body::Bytes(&packed(&files)), &Options::default()), "x!");
    // Found under the name of the layer's own file, since no container has it.
    assert!(answer[0].ends_with(&format!("/layer.tar!{deep}a image 40")), "{answer:?}");
    assert!(answer[1].contains("refused: its name has 5001 bytes"), "{answer:?}");
}
