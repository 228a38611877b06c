//! Sizes of whole, cut and damaged images: every byte counts once, and nothing panics.

use proptest::prelude::*;
use rgo_binary::{Image, Limits};
use rgo_debuginfo::diff::{Change, Diff, DiffGroup, Snapshot, SnapshotError};
use rgo_debuginfo::lines::DebugFiles;
use rgo_debuginfo::sizes::{Key, attribute};

const IMAGES: [(&str, &[u8]); 9] = [
    ("elf", include_bytes!("../../rgo-binary/tests/fixtures/read/sample.elf")),
    ("macho", include_bytes!("../../rgo-binary/tests/fixtures/read/sample.macho")),
    ("pe", include_bytes!("../../rgo-binary/tests/fixtures/read/sample.pe")),
    ("elf with debug data", include_bytes!("../../rgo-binary/tests/fixtures/edit/elf-amd64")),
    ("elf for arm64", include_bytes!("../../rgo-binary/tests/fixtures/edit/elf-arm64")),
    ("macho with debug data", include_bytes!("../../rgo-binary/tests/fixtures/edit/macho-amd64")),
    ("pe for arm64", include_bytes!("../../rgo-binary/tests/fixtures/edit/pe-arm64.exe")),
    ("object", include_bytes!("fixtures/lines/object.o")),
    ("DWARF 5", include_bytes!("fixtures/lines/dwarf5")),
];

/// Attributes an image with its debug data. The parts add up to its size.
fn check(data: &[u8]) -> Option<u64> {
    let image = Image::parse(data, &Limits::default()).ok()?;
    let debug = DebugFiles::new(&image).ok();
    let sizes = attribute(&image, debug.as_ref()).ok()?;
    let sum = |of: fn(&rgo_debuginfo::sizes::Part) -> u64| sizes.parts.iter().map(of).sum::<u64>();
    assert_eq!(sizes.file_bytes, data.len() as u64);
    assert_eq!(sizes.file_bytes, sum(|part| part.file_bytes));
    assert_eq!(sizes.memory_bytes, sum(|part| part.memory_bytes));
    let nothing: u64 =
        sizes.parts.iter().filter(|it| it.is_unattributed()).map(|it| it.file_bytes).sum();
    Some(nothing)
}

#[test]
fn whole_images_are_attributed() {
    for (name, data) in IMAGES {
        let nothing = check(data).unwrap_or_else(|| panic!("{name} is not read"));
        assert!(nothing < data.len() as u64, "{name}");
    }
}

#[test]
fn cut_images_are_no_trouble() {
    for (_, data) in IMAGES {
        for length in (0..data.len()).step_by(37) {
            check(&data[..length]);
        }
    }
}

/// Numbers in headers decide over what is read.
#[test]
fn each_damaged_byte_of_headers_is_no_trouble() {
    for (_, data) in IMAGES {
        let mut damaged = data.to_vec();
        for at in 0..data.len().min(1200) {
            for value in [0, 0x7f, 0xff] {
                damaged[at] = value;
                check(&damaged);
            }
            damaged[at] = data[at];
        }
    }
}

proptest! {
    #[test]
    fn damaged_images_are_no_trouble(
        which in 0..IMAGES.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut data = IMAGES[which].1.to_vec();
        for (at, value) in damage {
            let at = at.index(data.len());
            data[at] = value;
        }
        check(&data);
    }
}

fn snapshot(data: &[u8]) -> Snapshot {
    let image = Image::parse(data, &Limits::default()).expect("an image");
    Snapshot::of(&image, DebugFiles::new(&image).ok().as_ref()).expect("a snapshot")
}

fn by_instance(diff: &Diff) -> Vec<DiffGroup> {
    diff.groups(1, true, &|sizes, part, _| sizes.name(part, Key::Instance))
}

#[test]
fn a_snapshot_is_read_as_it_was_written() {
    for (name, data) in IMAGES {
        let made = snapshot(data);
        let bytes = made.to_bytes("test").expect("written");
        assert_eq!(
            bytes,
            snapshot(data).to_bytes("test").expect("written"),
            "{name}: the same bytes"
        );
        assert!(Snapshot::is_likely(&bytes));
        let read = Snapshot::parse(&bytes).expect("read");
        assert_eq!(read.exports, made.exports, "{name}");
        let diff = Diff::of(made, read);
        assert!(by_instance(&diff).iter().all(|group| group.change() == Change::Same), "{name}");
        assert!(diff.exports_added.is_empty() && diff.exports_removed.is_empty(), "{name}");
    }
}

#[test]
fn damaged_snapshots_are_refused() {
    let bytes = snapshot(IMAGES[3].1).to_bytes("test").expect("written");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        let _ = Snapshot::parse(&damaged);
        assert!(Snapshot::parse(&bytes[..at]).is_err(), "cut at {at}");
    }
    assert!(matches!(Snapshot::parse(b"text"), Err(SnapshotError::Malformed(_))));
}
