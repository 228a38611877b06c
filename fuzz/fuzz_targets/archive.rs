//! Archives of every kind, nested as they like, within small limits.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use rgo_files::walk::{self, Limits, Options};

fuzz_target!(|data: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(data).expect("written");
    let limits = Limits {
        max_member: 1 << 20,
        max_decompressed: 16 << 20,
        max_members: 1000,
        ..Limits::default()
    };
    let is_even = data.len().is_multiple_of(2);
    let options = Options { archives: true, all_layers: is_even, go_objects: is_even, limits };
    let look = |item: &walk::Item<'_>| Some(item.name.to_string().len());
    let found = walk::visit(&[file.path().to_owned()], &options, &|_| (), &look);
    assert!(!found.is_empty(), "what was named is told of, whatever it is");
});
