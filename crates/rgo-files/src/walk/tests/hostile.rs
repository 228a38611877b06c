//! Archives made to do harm: the walk reports each with a reason, never panics and stays within the
//! limits.

use proptest::prelude::*;

use super::super::{Limits, Options, visit};
use super::build::{append, ar, bz2, gz, image, layer, stored, tar, xz, zip, zst};
use super::{check, line, mapped, streamed, words};

const KIB: u64 = 1 << 10;

fn small() -> Limits {
    Limits {
        max_member: 64 * KIB,
        max_decompressed: 4 << 20,
        max_ratio: 50,
        ratio_from: 256 * KIB,
        max_members: 250,
        max_name: 60,
        ..Limits::default()
    }
}

#[test]
fn a_member_too_large_is_told_and_the_rest_goes_on() {
    let (large, app) = (image(70_000), image(40));
    let words =
        "refused: too large: 70000 bytes, more than the 65536 bytes that are read of a member";
    let large_in_stream = format!("x!large {words}");
    let members: [(&str, &[u8]); 2] = [("large", &large), ("app", &app)];
    let expected = [large_in_stream.as_str(), "x!app image 40", "x Gzip 1/2"];
    check(&gz(&tar(&members)), small(), &expected);
    let expected = [large_in_stream.as_str(), "x!app image 40", "x Zip 1/2"];
    let options = Options { limits: small(), ..Options::default() };
    assert_eq!(mapped(&zip(&members), &options), expected);
    let alone = mapped(&gz(&large), &options);
    assert!(alone[0].starts_with("x!x refused: too large: more than"), "{alone:?}");
}

#[test]
fn bombs_stop_by_their_ratio_and_the_sum() {
    let zeros = vec![0; 2 << 20];
    let bomb = tar(&[("zeros", &zeros), ("app", &image(40))]);
    let bombs =
        [(gz(&bomb), "Gzip"), (xz(&bomb), "Xz"), (zst(&bomb), "Zstd"), (bz2(&bomb), "Bzip2")];
    for (bytes, kind) in bombs {
        let lines = mapped(&bytes, &Options { limits: small(), ..Options::default() });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("x refused: a decompression bomb: "), "{lines:?}");
        assert_eq!(lines[1], format!("x {kind} 0/1"));
    }
    // Each layer is harmless, but all together are not.
    let one = gz(&tar(&[("noise", &image(60_000))]));
    let many: Vec<(String, &[u8])> = (0..90).map(|n| (format!("{n}"), one.as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(n, bytes)| (n.as_str(), *bytes)).collect();
    let options = Options { limits: small(), ..Options::default() };
    for bytes in [tar(&many), gz(&tar(&many)), stored(&many)] {
        for lines in [mapped(&bytes, &options), streamed(&bytes, &options)] {
            if lines[0].contains("too large") {
                continue;
            }
            let refused: Vec<_> = lines.iter().filter(|line| line.contains("refused")).collect();
            assert_eq!(refused.len(), 1, "{refused:?}");
            let words = "it decompresses to more than 4194304 bytes: the rest is not looked into";
            assert!(refused[0].ends_with(words), "{refused:?}");
        }
    }
}

#[test]
fn a_file_is_held_to_the_ratio_as_a_whole() {
    // Each of these is below the size at which its own ratio counts.
    let one = gz(&tar(&[("zeros", &vec![0; 200 << 10])]));
    let many: Vec<(String, &[u8])> = (0..12).map(|n| (format!("{n}"), one.as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(n, bytes)| (n.as_str(), *bytes)).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), gz(&tar(&many))).unwrap();
    let options = Options { limits: small(), ..Options::default() };
    let found = visit(&[file.path().to_owned()], &options, &|_| {}, &words);
    let lines: Vec<_> = found.iter().map(line).collect();
    let words = "refused: it decompresses to more than 1048576 bytes: the rest is not looked into";
    assert_eq!(lines.iter().filter(|line| line.ends_with(words)).count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.contains("refused")).count(), 1, "{lines:?}");
}

#[test]
fn a_window_too_large_is_told_from_damage() {
    // A frame header: no single segment, window of 2^28.
    let zstd = b"\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00";
    let words = "a zstd window of more than 134217728 bytes, which is not supported";
    check(zstd, small(), &[&format!("x refused: {words}"), "x Zstd 0/0"]);
}

#[test]
fn members_are_counted_and_names_measured() {
    let names: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b"text"[..])).collect();
    let words = "x refused: more than 250 members: the rest is not looked into";
    check(&tar(&many), small(), &[words, "x Tar 0/251"]);
    check(&ar(&many), small(), &[words, "x Ar 0/251"]);
    let options = Options { limits: small(), ..Options::default() };
    assert_eq!(mapped(&zip(&many), &options), [words, "x Zip 0/251"]);
    let long = "n".repeat(90);
    let lines = mapped(&tar(&[(&long, &image(40)), ("app", &image(40))]), &options);
    let words = "… refused: its name has 90 bytes, over the limit of 60";
    assert_eq!(lines[0], format!("x!{}{words}", &long[..60]));
    assert_eq!(lines[1..], ["x!app image 40", "x Tar 1/2"]);
}

#[test]
fn an_archive_that_holds_itself_ends_at_the_limit() {
    let mut quine = image(40);
    for _ in 0..12 {
        quine = zip(&[("r.zip", &quine)]);
    }
    let lines = mapped(&quine, &Options::default());
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[0], "x!r.zip!r.zip!r.zip!r.zip refused: nested deeper than the limit of 4");
}

#[test]
fn entries_that_share_their_bytes_are_read_once() {
    let mut bytes = stored(&[("one", &image(40)), ("two", &image(40))]);
    // The second entry of the directory gets the offset of the first one's bytes.
    let second = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].fill(0);
    check(
        &bytes,
        Limits::default(),
        &[
            "x!one image 40",
            "x!two refused: damaged: its bytes are another member's as well",
            "x Zip 1/2",
        ],
    );
}

#[test]
fn a_zip_says_what_it_cannot_give() {
    let whole = zip(&[("app", &image(40))]);
    let entry = memchr::memmem::rfind(&whole, b"PK\x01\x02").unwrap();
    let cases = [
        (8, 1, "encrypted"),
        (10, 9, "compressed by deflate64, which is not supported"),
        (10, 77, "compressed by method 77, which is not supported"),
        (23, 0x7f, "damaged: its bytes are not in the file"),
    ];
    for (at, value, words) in cases {
        let mut bytes = whole.clone();
        bytes[entry + at] = value;
        check(&bytes, Limits::default(), &[&format!("x!app refused: {words}"), "x Zip 0/1"]);
    }
    let mut bytes = stored(&[("app", &image(40))]);
    let entry = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
    bytes[entry + 16] ^= 1;
    let words = "x!app refused: damaged: its checksum does not match, so facts about it may be \
                 wrong";
    check(&bytes, Limits::default(), &["x!app image 40", words, "x Zip 1/1"]);
    let twice = zip(&[("app", &image(40)), ("aqq", &image(50))]);
    let mut same = twice;
    let at = memchr::memmem::rfind(&same, b"aqq").unwrap();
    same[at..at + 3].copy_from_slice(b"app");
    check(&same, Limits::default(), &["x!app image 40", "x!app image 50", "x Zip 2/2"]);
}

#[test]
fn a_tar_of_lies_is_met_with_words() {
    let cases: [(&[u8], &str); 2] = [
        (
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe",
            "the size of a tar member is no number",
        ),
        (b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", "it ends too early"),
    ];
    for (size, words) in cases {
        let mut header = tar::Header::new_gnu();
        header.set_path("app").unwrap();
        header.as_old_mut().size.copy_from_slice(size);
        header.set_cksum();
        let bytes = [header.as_bytes().as_slice(), &image(600)].concat();
        let lines = mapped(&bytes, &Options::default());
        assert_eq!(lines[0], format!("x refused: damaged: {words}"), "{lines:?}");
        let lines = streamed(&bytes, &Options::default());
        assert!(lines.contains(&format!("x refused: damaged: {words}")), "{lines:?}");
    }
    let mut bytes = tar(&[("app", &image(600))]);
    bytes[0] ^= 1;
    let words = "x refused: damaged: the checksum of a tar header does not match";
    check(&bytes, Limits::default(), &[words, "x Tar 0/0"]);
}

#[test]
fn sparse_members_are_refused_and_the_rest_goes_on() {
    let mut old = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_path("sparse").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.as_gnu_mut().unwrap().set_real_size(1 << 60);
    header.as_gnu_mut().unwrap().set_is_extended(true);
    header.set_size(512);
    header.set_cksum();
    let list = [0; 512];
    old.append(&header, [&list[..], &image(512)].concat().as_slice()).unwrap();
    append(&mut old, "app", tar::EntryType::Regular, &image(40));
    let mut pax = tar::Builder::new(Vec::new());
    let name = ("GNU.sparse.name", &b"sparse"[..]);
    pax.append_pax_extensions([name, ("GNU.sparse.realsize", b"1152921504606846976")]).unwrap();
    append(&mut pax, "GNUSparseFile.0/sparse", tar::EntryType::Regular, &image(512));
    append(&mut pax, "app", tar::EntryType::Regular, &image(40));
    for builder in [old, pax] {
        let words = "x!sparse refused: sparse, which is not supported";
        let bytes = builder.into_inner().unwrap();
        check(&bytes, Limits::default(), &[words, "x!app image 40", "x Tar 1/2"]);
    }
}

#[test]
fn an_extended_header_of_any_size_is_not_kept() {
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, "long", tar::EntryType::GNULongName, &vec![b'n'; 2 << 20]);
    append(&mut builder, "n", tar::EntryType::Regular, &image(40));
    append(&mut builder, "app", tar::EntryType::Regular, &image(40));
    let bytes = builder.into_inner().unwrap();
    let words = "x!n refused: its name has 2097152 bytes, over the limit of 1048576";
    check(&bytes, Limits::default(), &[words, "x!app image 40", "x Tar 1/2"]);
}

#[test]
fn what_is_cut_short_says_so() {
    let whole = tar(&[("first", &image(600)), ("app", &image(6000))]);
    let packings =
        [(gz(&whole), "Gzip"), (xz(&whole), "Xz"), (zst(&whole), "Zstd"), (bz2(&whole), "Bzip2")];
    for (packed, kind) in packings {
        let lines = mapped(&packed[..packed.len() - 2], &Options::default());
        let (summary, refused) = (lines.last().unwrap(), &lines[lines.len() - 2]);
        assert!(summary.starts_with(&format!("x {kind} ")), "{lines:?}");
        assert!(refused.starts_with("x refused: damaged: "), "{lines:?}");
        let lines = mapped(&packed[..packed.len() / 2], &Options::default());
        assert!(lines.iter().any(|line| line.contains("refused: damaged: ")), "{lines:?}");
    }
    let lines = mapped(&whole[..3000], &Options::default());
    assert_eq!(lines, ["x!first image 600", "x refused: damaged: it ends too early", "x Tar 1/2"]);
    let lines = streamed(&whole[..3000], &Options::default());
    assert_eq!(lines[1], "x!app refused: damaged: 5048 of its 6000 bytes are missing");
}

#[test]
fn what_is_not_opened_is_named() {
    let cases: [(&[u8], &str); 4] = [
        (b"\x04\x22\x4d\x18....", "an lz4 file"),
        (b"7z\xbc\xaf\x27\x1c..", "a 7z archive"),
        (b"\xed\xab\xee\xdb....", "an RPM package"),
        (b"!<thin>\n", "a thin archive, whose members are files of their own"),
    ];
    for (bytes, what) in cases {
        let lines = mapped(&tar(&[("m", bytes)]), &Options::default());
        assert_eq!(lines[0], format!("x!m refused: {what}, which is not supported"));
    }
}

/// One small archive of each kind, with another archive in it.
fn samples() -> Vec<Vec<u8>> {
    let app = image(700);
    let inner = zip(&[("inner", &app), ("text", b"text")]);
    let members: [(&str, &[u8]); 3] = [("app", &app), ("inner.zip", &inner), ("text", b"text")];
    let mut pax = tar::Builder::new(Vec::new());
    pax.append_pax_extensions([("path", &b"long/name"[..]), ("size", b"700")]).unwrap();
    append(&mut pax, "short", tar::EntryType::Regular, &app);
    let mut long = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(700);
    long.append_data(&mut header, "name/".repeat(30) + "app", app.as_slice()).unwrap();
    let bare = tar(&members);
    vec![
        gz(&bare),
        xz(&bare),
        zst(&bare),
        bz2(&bare),
        zip(&members),
        stored(&members),
        ar(&[("data.tar.gz", &gz(&bare)), ("a.o", &app)]),
        pax.into_inner().unwrap(),
        long.into_inner().unwrap(),
        [app.clone(), inner].concat(),
        gz(&app),
        tar(&[
            ("blobs/sha256/aa", &gz(&bare)),
            ("index.json", br#"{"manifests":[{"digest":"sha256:dd"}]}"#),
            ("manifest.json", br#"[{"Config":"c","Layers":["blobs/sha256/aa"]}]"#),
        ]),
        two_layers(),
        bare,
    ]
}

/// A container image with every effect that one layer can have on another.
fn two_layers() -> Vec<u8> {
    let app = image(700);
    let lower = layer(&[("bin/a", &app), ("bin/b", &app), ("c => bin/a", b""), ("d/e", &app)]);
    let upper = layer(&[("bin/.wh.a", b""), ("bin/b", &app), ("d/.wh..wh..opq", b"")]);
    tar(&[
        ("blobs/sha256/aa", &gz(&lower)),
        ("blobs/sha256/bb", &upper),
        ("blobs/sha256/cc", br#"{"os":"linux","architecture":"arm64"}"#),
        (
            "blobs/sha256/dd",
            br#"{"config":{"digest":"sha256:cc"},
            "layers":[{"digest":"sha256:aa"},{"digest":"sha256:bb"}]}"#,
        ),
        ("index.json", br#"{"manifests":[{"digest":"sha256:dd"},{"digest":"sha256:dd"}]}"#),
        ("manifest.json", br#"[{"Config":"c","Layers":["blobs/sha256/bb","blobs/sha256/aa"]}]"#),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Changes bytes, sets fields to extremes, cuts off the end.
    #[test]
    fn damage_never_panics_nor_escapes_the_limits(
        which in 0..14_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 1..9_usize), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        thread_local!(static SAMPLES: Vec<Vec<u8>> = samples());
        let mut bytes = SAMPLES.with(|samples| samples[which].clone());
        for (at, value, length) in changes {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + if matches!(value, 0 | 0xff) { length } else { 1 });
            bytes[at..end].fill(value);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let options = Options { limits: small(), all_layers: which % 2 == 0, ..Options::default() };
        for lines in [mapped(&bytes, &options), streamed(&bytes, &options)] {
            prop_assert!(lines.len() < 500);
        }
    }
}
