//! Every edit of an image: what comes out parses, or nothing does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_binary::edit::{self, Finish, Sign, Strip};
use rgo_binary::{Limits, slices};

fuzz_target!(|data: &[u8]| {
    let values = [("a::B".to_owned(), "value".to_owned())];
    // Formats that have no ad-hoc signature refuse one.
    let is_macho = !data.starts_with(b"\x7fELF") && !data.starts_with(b"MZ");
    let finish = |strip| Finish {
        strip,
        identifier: Some("an.identifier"),
        timestamp: Some(1),
        trims: &[("/", "/elsewhere")],
        sign: if is_macho { Sign::AdHoc } else { Sign::None },
        ..Finish::default()
    };
    let strips = [Strip::None, Strip::Debug, Strip::All];
    let finished = strips.map(|strip| edit::finish(data, &finish(strip)).map(|done| done.bytes));
    let others = [
        edit::settle(data),
        edit::only_keep_debug(data).map(|companion| companion.to_vec()),
        edit::restrict_exports(data, &[]),
        edit::stamp(data, &values, Sign::AdHoc).map(|done| done.bytes),
    ];
    for output in finished.into_iter().chain(others).flatten() {
        slices(&output, &Limits::default()).expect("what comes out parses");
    }
});
