//! Every reader of an image, on whatever bytes: no panic, no endless work.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_binary::debug::build_id;
use rgo_binary::embedded::auditable;
use rgo_binary::embedded::go_buildinfo;
use rgo_binary::embedded::package_note;
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot;
use rgo_binary::embedded::version_resource;
use rgo_binary::go_version;
use rgo_binary::packer;
use rgo_binary::platforms;
use rgo_binary::recovered::build_paths;
use rgo_binary::recovered::crates;
use rgo_binary::recovered::go;
use rgo_binary::recovered::origin;
use rgo_binary::security::hardening;
use rgo_binary::security::signature;
use rgo_binary::system;
use rgo_binary::system::libc;
use rgo_binary::{Limits, appended, slices};

fuzz_target!(|data: &[u8]| {
    let _ = go_version::read(data);
    let limits = Limits { max_inflated: 1 << 20, max_searched: 1 << 20, ..Limits::default() };
    for slice in slices(data, &limits).into_iter().flatten() {
        let image = &slice.image;
        if let Ok(linkage) = image.linkage() {
            let texts = system::Texts::of(image, &linkage);
            let system = system::system(image, &linkage, &texts, None);
            let _ = libc::libc(image, &linkage, system.as_ref(), &texts);
            let _ = platforms::runs_on(image, &linkage, system.as_ref());
        }
        let _ = image.debug_data();
        let _ = rgo_note::find(image);
        let _ = auditable::find(image);
        let _ = go_buildinfo::find(image).map(|found| found.map(|info| info.build_info()));
        let _ = slot::list(image);
        let _ = go::recovered(image);
        let _ = go::build_id(image);
        let _ = origin::origin(image);
        let _ = crates::recovered_crates(image);
        let _ = build_paths::build_paths(image);
        let _ = hardening::hardening(image);
        let _ = build_id::identities(image);
        let _ = signature::signature(image);
        let _ = version_resource::version_info(image);
        let _ = package_note::package_note(image);
        let _ = packer::packer(image);
        let _ = appended::appended(image);
    }
});
