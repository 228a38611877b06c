//! Symbols, lines and sizes of an image or of Go's objects, on whatever bytes: no panic, no endless work, and every byte
//! counts once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_binary::{Limits, slices};
use rgo_debuginfo::diff::{Diff, Snapshot, exports};
use rgo_debuginfo::go_object::{self, Content, GoObject};
use rgo_debuginfo::lines::{DebugFiles, LineTable};
use rgo_debuginfo::list::{self, Sources};
use rgo_debuginfo::nm::{Listing, NmOptions};
use rgo_debuginfo::symbols::{SymbolTable, TableKind};
use rgo_debuginfo::{debuggability, go_nm, sizes};

fuzz_target!(|data: &[u8]| {
    for entry in go_object::entries(data).into_iter().flatten() {
        let Content::Go(bytes) = entry.content else { continue };
        let Ok(object) = GoObject::parse(bytes) else { continue };
        let mut symbols = go_nm::symbols_of_object(&object);
        go_nm::sort(&mut symbols, go_nm::GoOrder::Name);
        let _ = list::of_go_object(&object, Sources::Best);
        let sizes = sizes::attribute_go_object(&object, bytes.len() as u64);
        let sum: u64 = sizes.parts.iter().map(|part| part.file_bytes).sum();
        assert_eq!(bytes.len() as u64, sum);
    }
    let limits = Limits { max_inflated: 1 << 20, max_searched: 1 << 20, ..Limits::default() };
    for slice in slices(data, &limits).into_iter().flatten() {
        let image = &slice.image;
        for sources in [Sources::Best, Sources::Loader] {
            let _ = list::list(image, sources);
        }
        for kind in [TableKind::Full, TableKind::Dynamic] {
            if let Ok(table) = SymbolTable::read(image.object(), kind) {
                let _ = Listing::new(&table, &NmOptions::default());
            }
        }
        let _ = go_nm::symbols(image.object());
        let _ = exports(image);
        let _ = debuggability::DebugSources::of(image);
        let debug = DebugFiles::new(image).ok();
        if let Some(Ok(table)) = debug.as_ref().map(LineTable::new) {
            let mut frames = Vec::new();
            for address in (0..0x4000).step_by(64) {
                table.frames_at(address, &mut frames);
                let _ = table.wanted_at(address);
            }
        }
        if let Ok(sizes) = sizes::attribute(image, debug.as_ref()) {
            assert_eq!(sizes.file_bytes, image.data().len() as u64);
            let sum: u64 = sizes.parts.iter().map(|part| part.file_bytes).sum();
            assert_eq!(sizes.file_bytes, sum);
        }
        if let Ok(snapshot) = Snapshot::of(image, debug.as_ref()) {
            let bytes = snapshot.to_bytes("fuzz").expect("memory takes all bytes");
            let read = Snapshot::parse(&bytes).expect("what was written is read");
            let _ = Diff::of(snapshot, read)
                .groups(1, true, &|sizes, part, _| sizes.name(part, sizes::Key::Symbol));
        }
    }
});
