//! Names of every mangling, on whatever bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_debuginfo::demangle::{Demangler, Limits, NameStyle};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { output_bytes: 1 << 16, steps: 1 << 16, ..Limits::default() };
    let mut demangler = Demangler::new(limits);
    for name in data.split(|byte| *byte == b'\n') {
        for style in [NameStyle::Llvm, NameStyle::People] {
            let mut text = Vec::new();
            let _ = demangler.demangle(name, style, &mut text);
            assert!(text.len() <= limits.output_bytes + 2);
        }
        let _ = demangler.instantiating_crate(name);
    }
});
