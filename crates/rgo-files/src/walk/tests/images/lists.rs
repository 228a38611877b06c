//! The lists of images: the images that exist, their names and platforms, and missing layers.

use super::super::super::{Options, visit};
use super::super::build::{gz, layer, tar, zst};
use super::super::{found, line, words};
use super::{app, oci, oci_layout, packed, report, saved};
use crate::walk::visitor::Body;

/// An index with several images.
const INDEX: &str = r#"{"manifests":[
    {"digest":"sha256:ee","annotations":{"org.opencontainers.image.ref.name":"app"}},
    {"digest":"sha256:d3","annotations":{"org.opencontainers.image.ref.name":"other"}},
    {"digest":"sha256:d3","annotations":{"org.opencontainers.image.ref.name":"again"}},
    {"digest":"sha256:99"}]}"#;

/// The files that it lists, except the layers: each by its digest.
const LISTED: [(&str, &[u8]); 7] = [
    // An index within the index, which lists itself as well; and an image that is missing.
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
    // An attestation of BuildKit is no image.
    (
        "a7",
        br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:77",
        "mediaType":"application/vnd.in-toto+json"}]}"#,
    ),
    ("77", br#"{"predicateType":"https://slsa.dev/provenance/v1"}"#),
    ("c3", br#"{"os":"linux","architecture":"amd64"}"#),
];

#[test]
fn every_image_of_an_index_has_its_own_title() {
    let app = app();
    let (one, two) = (layer(&[("a", &app), ("b", &app)]), layer(&[("a", &app)]));
    let deletes = layer(&[(".wh.b", b"")]);
    let layers = [("a1", gz(&one)), ("a2", zst(&two)), ("a3", deletes)];
    let layers: Vec<_> = layers.iter().map(|(digest, bytes)| (*digest, &**bytes)).collect();
    let bytes = oci_layout(INDEX, &[&LISTED[..], &layers].concat());
    let answer = report(found(Body::Bytes(&bytes), &Options::default()), "x!");
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
fn a_layer_that_cannot_be_read_is_reported_and_hides_nothing() {
    let app = app();
    let bytes = oci_layout(
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
    let answer = report(found(Body::Bytes(&bytes), &Options::default()), "x!");
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
        format!(
            "blobs/sha256/a5 refused: damaged: this layer of an image is not a tar {}",
            place(5)
        ),
    ];
    assert_eq!(answer, expected);
}

#[test]
fn a_directory_of_skopeo_may_have_the_images_of_several_platforms() {
    let app = app();
    let (hex, platforms) = (|n: usize| format!("{n:064x}"), ["amd64", "arm64"]);
    let mut files: super::Files = Vec::new();
    let mut listed = Vec::new();
    for (n, arch) in platforms.into_iter().enumerate() {
        let (manifest, config, blob) = (hex(10 + n), hex(20 + n), hex(30 + n));
        listed.push(format!(
            r#"{{"digest":"sha256:{manifest}","platform":{{"os":"linux","architecture":"{arch}"}}}}"#
        ));
        let text = format!(
            r#"{{"config":{{"digest":"sha256:{config}"}},"layers":[{{"digest":"sha256:{blob}"}}]}}"#
        );
        files.push((format!("{manifest}.manifest.json"), text.into()));
        files.push((config, format!(r#"{{"os":"linux","architecture":"{arch}"}}"#).into()));
        files.push((blob, gz(&layer(&[(arch, &app)]))));
    }
    files.push((
        "manifest.json".into(),
        format!(r#"{{"manifests":[{}]}}"#, listed.join(",")).into(),
    ));
    let expected = [
        "amd64 image 40 (image 000000000000 linux/amd64 layer 1 of 1)",
        "arm64 image 40 (image 000000000000 linux/arm64 layer 1 of 1)",
    ];
    let answer = report(found(Body::Bytes(&packed(&files)), &Options::default()), "x!");
    assert_eq!(answer, expected);
    let folder = super::folder(&files);
    let found = visit(&[folder.path().to_owned()], &Options::default(), &|_| {}, &words);
    assert_eq!(report(found, &format!("{}!", folder.path().display())), expected);
}

/// The tar of an image and its folder are the same image. A missing layer is a failure if the user
/// named the image, and none if the user named a folder around it.
#[test]
fn an_image_that_was_named_is_named_with_its_layers_in_every_form() {
    let upper = layer(&[("b", &app())]);
    for form in [saved, oci, super::directory] {
        let mut files = form(&[layer(&[("a", &app())]), upper.clone()]);
        // Removes the first layer and the bytes of the second.
        let (_, second) = (files.remove(0), &mut files[0].1);
        *second = b"text".into();
        let around = tempfile::tempdir().unwrap();
        super::write(&files, &around.path().join("folder/image"));
        std::fs::create_dir(around.path().join("tar")).unwrap();
        std::fs::write(around.path().join("tar/image.tar"), packed(&files)).unwrap();
        let named = |path: &str| -> Vec<(bool, String)> {
            let path = around.path().join(path);
            let found = visit(&[path], &Options::default(), &|_| {}, &words);
            let refused = found.iter().filter(|found| found.value.contains("refused"));
            refused.map(|found| (found.named, found.value.clone())).collect()
        };
        for (name, expected) in
            [("folder/image", true), ("tar/image.tar", true), ("folder", false), ("tar", false)]
        {
            let refused = named(name);
            assert_eq!(refused.len(), 2, "{name}: {refused:?}");
            assert!(refused.iter().all(|(named, _)| *named == expected), "{name}: {refused:?}");
        }
    }
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
    // Two tars, one behind the other: the first without its end marker.
    let bytes = [&link[..512], &packed(&files)].concat();
    let answer = report(found(Body::Bytes(&bytes), &Options::default()), "x!");
    assert_eq!(answer, ["a image 40 (image app:1 linux/arm64 layer 1 of 1, and in 1 more image)"]);
}

#[test]
fn two_images_of_one_name_show_their_digests() {
    let app = app();
    let (one, two) = (layer(&[("a", &app)]), layer(&[("b", &app)]));
    let bytes = oci_layout(
        r#"{"manifests":[{"digest":"sha256:d1"},{"digest":"sha256:d2"}]}"#,
        &[
            ("d1", br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:a1"}]}"#),
            ("d2", br#"{"config":{"digest":"sha256:c1"},"layers":[{"digest":"sha256:a2"}]}"#),
            ("a1", &one),
            ("a2", &two),
        ],
    );
    let answer = report(found(Body::Bytes(&bytes), &Options::default()), "x!");
    let expected =
        ["a image 40 (image c1 d1 layer 1 of 1)", "b image 40 (image c1 d2 layer 1 of 1)"];
    assert_eq!(answer, expected);
}

#[test]
fn lists_are_followed_by_whatever_names_a_tool_gives() {
    let (app, digest) = (app(), "e7".repeat(32));
    let packed_layer = gz(&layer(&[("a", &app)]));
    let config = br#"{"os":"linux","architecture":"arm64"}"#;
    for (config_name, layer_name) in [
        (format!("sha256:{digest}"), "d4.tar.gz".to_owned()),
        (format!("{digest}.json"), "d4/layer.tar".to_owned()),
        (format!("./{digest}.json"), "./d4.tar".to_owned()),
        (format!("blobs/sha256/{digest}"), "blobs/sha256/d4".to_owned()),
    ] {
        let list = format!(r#"[{{"Config":"{config_name}","Layers":["{layer_name}"]}}]"#);
        let bytes = tar(&[
            (&config_name, config),
            (&layer_name, &packed_layer),
            ("manifest.json", list.as_bytes()),
        ]);
        let answer = report(found(Body::Bytes(&bytes), &Options::default()), "x!");
        let title = "e7e7e7e7e7e7 linux/arm64";
        assert_eq!(answer, [format!("a image 40 (image {title} layer 1 of 1)")], "{layer_name}");
    }
}

#[test]
fn newer_docker_writes_both_lists_for_one_image() {
    let app = app();
    let mut files = oci(&[layer(&[("a", &app)])]);
    let list = br#"[{"Config":"blobs/sha256/cc","RepoTags":["app:1","app:latest"],
        "Layers":["blobs/sha256/a0"]}]"#;
    files.push(("manifest.json".to_owned(), list.into()));
    let answer = report(found(Body::Bytes(&packed(&files)), &Options::default()), "x!");
    assert_eq!(answer, ["a image 40 (image app:1, app:latest linux/arm64 layer 1 of 1)"]);
}

#[test]
fn annotations_of_every_list_are_kept() {
    let bytes = oci_layout(
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
fn what_no_list_names_is_an_archive_like_others() {
    let app = app();
    let bytes = oci_layout(r#"{"manifests":[]}"#, &[("a1", &layer(&[("a", &app)]))]);
    let answer = report(found(Body::Bytes(&bytes), &Options::default()), "x!");
    assert_eq!(answer, ["blobs/sha256/a1!a image 40"]);
}
