//! Snapshots, on whatever bytes: as they are, and as JSON that is compressed here.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use rgo_debuginfo::diff::{Diff, Snapshot};
use rgo_debuginfo::sizes::Key;

fuzz_target!(|data: &[u8]| {
    let _ = Snapshot::parse(data);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("memory takes all bytes");
    let packed = encoder.finish().expect("memory takes all bytes");
    if let Ok(snapshot) = Snapshot::parse(&packed) {
        let diff = Diff::of(Snapshot::default(), snapshot);
        let _ = diff.groups(1, true, &|sizes, part, _| sizes.name(part, Key::Symbol));
    }
});
