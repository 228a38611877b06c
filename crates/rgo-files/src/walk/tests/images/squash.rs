//! The files that a container sees of an image, which are the same in every form of it.

use super::super::super::{Limits, Options};
use super::super::build::{layer, zip};
use super::super::found;
use super::{app, packed, report, saved, seen};
use crate::walk::visitor::Body;

/// The paths that a container sees, and with all layers also the hidden ones, with the layer that
/// hides each.
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
            // A folder does not hide the files in it, and a whiteout counts only in its own folder.
            &[("usr/", b""), ("usr/bin/", b""), ("usr/.wh.app", b""), ("usr/bin/.wh.ap", b"")],
            // A file that is written next to its whiteout is new.
            &[("bin/.wh.app", b""), ("bin/app", &app)],
            // Metadata of the file system AUFS, and a whiteout without a name.
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
    // An upper layer can add the name.
    check(
        &[&[("bin/git", &app)], &[("new => bin/git", b"")], &[("bin/.wh.git", b"")]],
        &["new 1"],
        &[],
    );
    // But not after a layer deleted it.
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
        report(found(Body::Bytes(&packed(&files)), &Options::default()), "x!")
    };
    let title = "a image 40 (image without a name linux/arm64 layer";
    assert_eq!(layers(&[0, 1, 0]), [format!("{title} 3 of 3)")]);
    assert_eq!(layers(&[0, 0]), [format!("{title} 2 of 2)")]);
    assert!(layers(&[0, 0, 1]).is_empty());
}

#[test]
fn archives_in_a_layer_are_hidden_with_it() {
    let app = app();
    let jar = zip(&[("lib.so", &app)]);
    check(
        &[&[("opt/a.jar", &jar), ("opt/b.jar", &jar)], &[("opt/.wh.a.jar", b"")]],
        &["opt/b.jar!lib.so 1", "opt/b.jar Zip 1/1 (image app:1 linux/arm64 layer 1"],
        &[
            "opt/a.jar!lib.so 1, hidden by layer 2",
            "opt/a.jar Zip 1/1 (image app:1 linux/arm64 layer 1, hidden by layer 2",
        ],
    );
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
fn an_image_that_is_too_large_to_squash_shows_all_and_says_so() {
    let app = app();
    let lower = layer(&[("a", &app), ("b", &app), ("c", &app)]);
    let files = saved(&[lower, layer(&[(".wh.a", b""), (".wh.b", b"")])]);
    let lines = |limits: Limits| {
        let options = Options { limits, ..Options::default() };
        report(found(Body::Bytes(&packed(&files)), &options), "x!")
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
    let answer = report(found(Body::Bytes(&packed(&files)), &Options::default()), "x!");
    // It has the name of the layer's own file, since no container has it.
    assert!(answer[0].ends_with(&format!("/layer.tar!{deep}a image 40")), "{answer:?}");
    assert!(answer[1].contains("refused: its name has 5001 bytes"), "{answer:?}");
}
