//! Every reader of an image, on whatever bytes: no panic, no endless work.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_binary::{Limits, appended, audit, go, goinfo, gotool, note, slices, slot};
use rgo_binary::{build_paths, hardening, identity, libc, origin, package_note, packer};
use rgo_binary::{recovered_crates, resource, runs_on, signature, system};

fuzz_target!(|data: &[u8]| {
    let _ = gotool::read(data);
    let limits = Limits { max_inflated: 1 << 20, max_searched: 1 << 20, ..Limits::default() };
    for slice in slices(data, &limits).into_iter().flatten() {
        let image = &slice.image;
        if let Ok(linkage) = image.linkage() {
            let texts = system::Texts::of(image, &linkage);
            let system = system::system(image, &linkage, &texts, None);
            let _ = libc::libc(image, &linkage, system.as_ref(), &texts);
            let _ = runs_on::runs_on(image, &linkage, system.as_ref());
        }
        let _ = image.debug_data();
        let _ = note::find(image);
        let _ = audit::find(image);
        let _ = goinfo::find(image).map(|found| found.map(|info| info.build_info()));
        let _ = slot::list(image);
        let _ = go::recovered(image);
        let _ = go::build_id(image);
        let _ = origin::origin(image);
        let _ = recovered_crates::recovered_crates(image);
        let _ = build_paths::build_paths(image);
        let _ = hardening::hardening(image);
        let _ = identity::identities(image);
        let _ = signature::signature(image);
        let _ = resource::version_info(image);
        let _ = package_note::package_note(image);
        let _ = packer::packer(image);
        let _ = appended::appended(image);
    }
});
