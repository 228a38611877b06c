//! The PDB of a program, changed as the fuzzer likes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_binary::{Image, Limits};
use rgo_debuginfo::lines::{DebugFiles, LineTable};

const PROGRAM: &[u8] =
    include_bytes!("../../crates/rgo-debuginfo/tests/fixtures/lines/program.dll");

fuzz_target!(|data: &[u8]| {
    let image = Image::parse(PROGRAM, &Limits::default()).expect("an image");
    let mut files = DebugFiles::new(&image).expect("an image without DWARF");
    if files.add_pdb(data).is_err() {
        return;
    }
    if let Ok(table) = LineTable::new(&files) {
        let mut frames = Vec::new();
        for address in (0x1_8000_0000..0x1_8000_4000).step_by(16) {
            table.frames_at(address, &mut frames);
        }
    }
});
