//! Every format, undamaged.

use std::io::Write;

use super::super::{Limits, Options};
use super::build::{append, ar, bz2, gz, image, stored, tar, xz, zip, zip_with, zst};
use super::{check, mapped, streamed};

#[test]
fn an_image_is_one_and_text_is_nothing() {
    check(&image(900), Limits::default(), &["x image 900"]);
    let options = Options::default();
    assert_eq!(mapped(&[b'a'; 900], &options), ["x a text file"]);
    assert_eq!(mapped(b"", &options), ["x an empty file"]);
    assert_eq!(streamed(b"#!/bin/sh\n", &options), ["x a script"]);
}

#[test]
fn go_objects_are_read_if_they_are_asked_for() {
    let object = b"go object linux amd64 go1.26.8\n\n!\n\0go120ld";
    let export_data = b"go object linux amd64 go1.26.8\n\n$$B\nu";
    let archive = ar(&[("__.PKGDEF", export_data), ("_go_.o", object)]);
    let size = object.len();
    let asked = Options { go_objects: true, ..Options::default() };
    let read = [format!("x!_go_.o go object {size}"), "x Ar 1/2".to_owned()];
    assert_eq!(mapped(object, &asked), [format!("x go object {size}")]);
    assert_eq!(streamed(object, &asked), [format!("x go object {size}")]);
    assert_eq!(mapped(&archive, &asked), read);
    let packed = streamed(&gz(&tar(&[("p.a", &archive), ("a.o", object)])), &asked);
    let inner = [format!("x!p.a!_go_.o go object {size}"), "x!p.a Ar 1/2".to_owned()];
    let outer = [format!("x!a.o go object {size}"), "x Gzip 2/2".to_owned()];
    assert_eq!(packed, [inner, outer].concat());
    let refused = "x refused: a Go object, which is not supported";
    assert_eq!(mapped(object, &Options::default()), [refused]);
}

#[test]
fn tars_are_read_bare_and_compressed() {
    let app = image(3000);
    let bare = tar(&[("README", b"text"), ("bin/app", &app), ("empty", b""), ("lib/a.so", &app)]);
    let members = ["x!bin/app image 3000", "x!lib/a.so image 3000"];
    for (bytes, kind) in [
        (bare.clone(), "Tar"),
        (gz(&bare), "Gzip"),
        (xz(&bare), "Xz"),
        (zst(&bare), "Zstd"),
        (bz2(&bare), "Bzip2"),
    ] {
        let summary = format!("x {kind} 2/4");
        check(&bytes, Limits::default(), &[members[0], members[1], &summary]);
    }
    let two_frames = [gz(&bare[..700]), gz(&bare[700..])].concat();
    check(&two_frames, Limits::default(), &[members[0], members[1], "x Gzip 2/4"]);
    let skipped = b"\x51\x2a\x4d\x18\x03\0\0\0abc";
    let frames = [skipped, &zst(&bare[..700])[..], skipped, &zst(&bare[700..])].concat();
    check(&frames, Limits::default(), &[members[0], members[1], "x Zstd 2/4"]);
    let streams = [bz2(&bare[..700]), bz2(&bare[700..])].concat();
    check(&streams, Limits::default(), &[members[0], members[1], "x Bzip2 2/4"]);
}

#[test]
fn a_tar_may_end_with_its_last_byte() {
    let whole = tar(&[("first", &image(600)), ("app", &image(40))]);
    let bytes = &whole[..512 + 1024 + 512 + 40];
    let members = ["x!first image 600", "x!app image 40"];
    check(bytes, Limits::default(), &[members[0], members[1], "x Tar 2/2"]);
    check(&gz(bytes), Limits::default(), &[members[0], members[1], "x Gzip 2/2"]);
}

#[test]
fn what_is_compressed_alone_is_one_member() {
    for (bytes, kind) in [
        (gz(&image(70)), "Gzip"),
        (xz(&image(70)), "Xz"),
        (zst(&image(70)), "Zstd"),
        (bz2(&image(70)), "Bzip2"),
    ] {
        let summary = format!("x {kind} 1/1");
        check(&bytes, Limits::default(), &["x!x image 70", &summary]);
    }
    check(&gz(b"text"), Limits::default(), &["x Gzip 0/1"]);
    check(&bz2(b""), Limits::default(), &["x Bzip2 0/1"]);
}

#[test]
fn gzip_may_say_more_and_be_padded() {
    let builder = flate2::GzBuilder::new().filename("a.tar").comment("c").extra(vec![1; 300]);
    let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar(&[("app", &image(70))])).unwrap();
    let whole = encoder.finish().unwrap();
    let met = ["x!app image 70", "x Gzip 1/1"];
    check(&whole, Limits::default(), &met);
    check(&[&whole[..], &[0; 900]].concat(), Limits::default(), &met);
    let words = "x refused: damaged: what stands behind a gzip stream is none";
    check(&[&whole[..], &[7; 900]].concat(), Limits::default(), &[met[0], words, met[1]]);
    let mut wrong = whole;
    let end = wrong.len();
    wrong[end - 8] ^= 1;
    let words = "x refused: damaged: the checksum of a gzip stream does not match";
    check(&wrong, Limits::default(), &[met[0], words, met[1]]);
}

#[test]
fn zips_are_read_in_the_order_of_their_directory() {
    let app = image(3000);
    let members: [(&str, &[u8]); 4] =
        [("z/app", &app), ("notes.txt", b"text"), ("folder/", b""), ("a.dll", &app)];
    let expected = ["x!z/app image 3000", "x!a.dll image 3000", "x Zip 2/4"];
    check(&zip(&members), Limits::default(), &expected);
    check(&stored(&members), Limits::default(), &expected);
    let large = zip::write::SimpleFileOptions::default().large_file(true);
    check(&zip_with(&members, large), Limits::default(), &expected);
    check(&zip(&[]), Limits::default(), &["x Zip 0/0"]);
}

#[test]
fn members_of_a_zip_can_be_packed_as_other_files_are() {
    let app = image(3000);
    for (method, packed) in [(12_u16, bz2(&app)), (93, zst(&app)), (95, xz(&app))] {
        let mut bytes = stored(&[("app", &packed)]);
        let mut crc = flate2::Crc::new();
        crc.update(&app);
        let entry = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
        bytes[entry + 10..entry + 12].copy_from_slice(&method.to_le_bytes());
        bytes[entry + 16..entry + 20].copy_from_slice(&crc.sum().to_le_bytes());
        bytes[entry + 24..entry + 28].copy_from_slice(&3000_u32.to_le_bytes());
        check(&bytes, Limits::default(), &["x!app image 3000", "x Zip 1/1"]);
    }
}

#[test]
fn a_directory_can_be_found_by_its_zip64_end() {
    let whole = zip(&[("app", &image(70))]);
    let end = whole.len() - 22;
    let field = |at: usize| u32::from_le_bytes(whole[end + at..end + at + 4].try_into().unwrap());
    let mut bytes = whole[..end].to_vec();
    bytes.extend(b"PK\x06\x06");
    bytes.extend(44_u64.to_le_bytes());
    bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([1, 1, u64::from(field(12)), u64::from(field(16))].map(u64::to_le_bytes).concat());
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend((end as u64).to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([0xff; 12]);
    bytes.extend([0; 2]);
    check(&bytes, Limits::default(), &["x!app image 70", "x Zip 1/1"]);
    let behind = [image(50), bytes].concat();
    let whole = format!("x image {}", behind.len());
    check(&behind, Limits::default(), &[&whole, "x!app image 70", "x Zip 1/1"]);
}

#[test]
fn a_program_with_a_zip_behind_it_is_both() {
    let packed = [image(500), zip(&[("app", &image(60))])].concat();
    let expected =
        [format!("x image {}", packed.len()), "x!app image 60".into(), "x Zip 1/1".into()];
    check(&packed, Limits::default(), &expected.each_ref().map(String::as_str));
    let script = [b"#!/usr/bin/env python3\n".to_vec(), zip(&[("m.so", &image(60))])].concat();
    check(&script, Limits::default(), &["x!m.so image 60", "x Zip 1/1"]);
}

#[test]
fn libraries_and_debian_packages_are_ar() {
    let library = ar(&[("a.o", &image(61)), ("b.o", &image(64)), ("lib.rmeta", b"meta")]);
    check(&library, Limits::default(), &["x!a.o image 61", "x!b.o image 64", "x Ar 2/3"]);
    let data = tar(&[("./usr/bin/app", &image(70))]);
    for (name, data, kind) in [
        ("data.tar.gz", gz(&data), "Gzip"),
        ("data.tar.xz", xz(&data), "Xz"),
        ("data.tar.zst", zst(&data), "Zstd"),
    ] {
        let control = gz(&tar(&[("./control", b"Package: app\n")]));
        let package =
            ar(&[("debian-binary", b"2.0\n"), ("control.tar.gz", &control), (name, &data)]);
        let expected = [
            "x!control.tar.gz Gzip 0/1".to_owned(),
            format!("x!{name}!./usr/bin/app image 70"),
            format!("x!{name} {kind} 1/1"),
            "x Ar 1/3".to_owned(),
        ];
        check(&package, Limits::default(), &expected.each_ref().map(String::as_str));
    }
}

#[test]
fn archives_are_opened_within_each_other_up_to_the_limit() {
    let inner = zip(&[("app", &image(40))]);
    let middle = gz(&tar(&[("lib/inner.jar", &inner)]));
    let outer = zip(&[("linux/app.tar.gz", &middle)]);
    check(
        &outer,
        Limits::default(),
        &[
            "x!linux/app.tar.gz!lib/inner.jar!app image 40",
            "x!linux/app.tar.gz!lib/inner.jar Zip 1/1",
            "x!linux/app.tar.gz Gzip 1/1",
            "x Zip 1/1",
        ],
    );
    let limits = Limits { max_depth: 2, ..Limits::default() };
    check(
        &outer,
        limits,
        &[
            "x!linux/app.tar.gz!lib/inner.jar refused: nested deeper than the limit of 2",
            "x!linux/app.tar.gz Gzip 0/1",
            "x Zip 0/1",
        ],
    );
}

#[test]
fn names_of_every_dialect_of_tar_are_found() {
    let deep = format!("{}/app", "folder/".repeat(30));
    let mut gnu = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(40);
    gnu.append_data(&mut header, &deep, image(40).as_slice()).unwrap();
    let mut pax = tar::Builder::new(Vec::new());
    pax.append_pax_extensions([("path", deep.as_bytes()), ("mtime", b"1.5")]).unwrap();
    append(&mut pax, "short", tar::EntryType::Regular, &image(40));
    let mut ustar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_path(&deep).unwrap();
    header.set_size(40);
    header.set_cksum();
    ustar.append(&header, image(40).as_slice()).unwrap();
    for builder in [gnu, pax, ustar] {
        let bytes = builder.into_inner().unwrap();
        let names = mapped(&bytes, &Options::default());
        assert_eq!(names[0].replace("//", "/"), format!("x!{deep} image 40").replace("//", "/"));
        assert_eq!(names[1], "x Tar 1/1");
    }
}

#[test]
fn links_are_named_and_not_followed() {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, target, kind) in
        [("a", "/etc/passwd", tar::EntryType::Symlink), ("b", "../b\n", tar::EntryType::Link)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_path(name).unwrap();
        header.set_link_name_literal(target).unwrap();
        header.set_cksum();
        builder.append(&header, &[][..]).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    check(&bytes, Limits::default(), &["x!a -> /etc/passwd", "x!b -> ../b\\n", "x Tar 0/2"]);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.add_symlink("a", "../b", zip::write::SimpleFileOptions::default()).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    check(&bytes, Limits::default(), &["x!a -> ../b", "x Zip 0/1"]);
}

#[test]
fn without_archives_they_are_files_like_others() {
    let options = Options { archives: false, ..Options::default() };
    let packed = tar(&[("app", &image(40))]);
    assert_eq!(mapped(&packed, &options), ["x other"]);
    assert_eq!(streamed(&gz(&packed), &options).len(), 1);
    assert_eq!(mapped(&image(40), &options), ["x image 40"]);
}

#[test]
fn programs_of_other_formats_are_told_wherever_they_are() {
    let wasm: &[u8] = b"\0asm\x01\0\0\0\0\x08name";
    let words = "refused: a WebAssembly module, which is not supported";
    check(wasm, Limits::default(), &[&format!("x {words}")]);
    let members: [(&str, &[u8]); 3] =
        [("a.wasm", wasm), ("a.png", b"\x89PNG"), ("app", &image(40))];
    let line = format!("x!a.wasm {words}");
    check(&gz(&tar(&members)), Limits::default(), &[&line, "x!app image 40", "x Gzip 1/3"]);
    check(&zip(&members), Limits::default(), &[&line, "x!app image 40", "x Zip 1/3"]);
    check(&stored(&members), Limits::default(), &[&line, "x!app image 40", "x Zip 1/3"]);
    check(&ar(&members), Limits::default(), &[&line, "x!app image 40", "x Ar 1/3"]);
    // Archives that stay closed are no programs, but unread programs are still reported.
    let options = Options { archives: false, ..Options::default() };
    assert_eq!(mapped(wasm, &options), [format!("x {words}")]);
    assert_eq!(streamed(wasm, &options), [format!("x {words}")]);
}

#[test]
fn a_program_for_dos_is_one_and_what_is_behind_it_too() {
    let mut dos = vec![0; 700];
    dos[..10].copy_from_slice(b"MZ\xbc\0\x02\0\0\0\x20\0");
    let words = "x refused: a DOS program, which is not supported";
    check(&dos, Limits::default(), &[words]);
    let packed = [dos, zip(&[("app", &image(40))])].concat();
    check(&packed, Limits::default(), &[words, "x!app image 40", "x Zip 1/1"]);
    assert_eq!(mapped(b"MZ and other words", &Options::default()), ["x a text file"]);
}

/// The magic number is far from the start, which only reading through the archive reaches.
#[test]
fn a_disk_in_an_archive_is_told_as_a_disk() {
    // Incompressible data, so that its zip is as long.
    let mut state = 1_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    let noise: Vec<u8> = (0..70_000).map(|_| next()).collect();
    let iso = [&[0; 0x8001][..], b"CD001", &noise].concat();
    let dmg = [&noise, b"koly\0\0\0\x04\0\0\x02\0".as_slice(), &[0; 500]].concat();
    let script = b"#!/bin/sh\n# This script was generated using Makeself 2.4.5\n".to_vec();
    for (bytes, what) in [
        (iso, "an image of an optical disk (.iso)"),
        (dmg, "an Apple disk image (.dmg)"),
        (script, "a makeself archive"),
    ] {
        let members: [(&str, &[u8]); 2] = [("disk", &bytes), ("app", &image(40))];
        let tar = tar(&members);
        for archive in [tar.clone(), gz(&tar), zip(&members), stored(&members)] {
            let refused = format!("x!disk refused: {what}, which is not supported");
            for lines in [mapped, streamed].map(|read| read(&archive, &Options::default())) {
                assert_eq!(lines[..2], [refused.clone(), "x!app image 40".to_owned()]);
            }
        }
        let closed = Options { archives: false, ..Options::default() };
        assert!(!mapped(&bytes, &closed).concat().contains("refused"), "{what}");
    }
}
