//! What Go records of a build and what it leaves out, by what ten versions of Go recorded with
//! each flag on and with none (`fixtures/go-settings`).

use std::collections::{BTreeMap, BTreeSet};

use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::recovered::go::settings::left_out;

const RECORDS: &str = include_str!("fixtures/go-settings/records.txt");

/// Settings that are left out where they are off; that of gccgo's flags takes gccgo to record.
const LEFT_OUT: [&str; 17] = [
    "-asan",
    "-asmflags",
    "-cover",
    "-gcflags",
    "-ldflags",
    "-msan",
    "-pgo",
    "-race",
    "-tags",
    "-trimpath",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_LDFLAGS",
    "DefaultGODEBUG",
    "GOEXPERIMENT",
    "GOFIPS140",
];

/// The records by toolchain and by what was on.
fn records() -> BTreeMap<&'static str, BTreeMap<&'static str, BuildInfo>> {
    let mut records: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    let lines: Vec<&str> = RECORDS.lines().collect();
    for pair in lines.chunks(2) {
        let [head, settings] = pair else { panic!("a record is two lines: {pair:?}") };
        let (toolchain, what) = head.split_once('\t').expect("a toolchain and what was on");
        let settings = settings.trim_start().split('\t').map(|setting| {
            let (key, value) = setting.split_once('=').expect("key=value");
            (key.to_owned(), value.to_owned())
        });
        let info = BuildInfo {
            toolchain: toolchain.to_owned(),
            settings: settings.collect(),
            ..BuildInfo::default()
        };
        records.entry(toolchain).or_default().insert(what, info);
    }
    records
}

#[test]
fn a_setting_is_known_to_be_off_where_the_same_go_records_it_when_it_is_on() {
    let records = records();
    assert_eq!(records.len(), 10);
    for (toolchain, builds) in &records {
        let recorded: BTreeSet<&str> = builds
            .values()
            .flat_map(|info| info.settings.iter().map(|(key, _)| key.as_str()))
            .collect();
        let plain = &builds["plain"];
        for key in LEFT_OUT.into_iter().filter(|key| plain.setting(key).is_none()) {
            // Go 1.18 records what -trimpath erases, and not whether it was there.
            let hidden = *toolchain == "go1.18.10" && key == "-ldflags";
            let known = left_out(plain, key).is_ok();
            assert_eq!(known, recorded.contains(key) && !hidden, "{key} of {toolchain}");
        }
    }
}

#[test]
fn nothing_is_said_of_what_trimpath_erased() {
    for (toolchain, builds) in &records() {
        let trimmed = &builds["trimpath"];
        assert_eq!(trimmed.setting("-ldflags"), None, "{toolchain}");
        for key in ["-ldflags", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"] {
            assert!(left_out(trimmed, key).is_err(), "{key} of {toolchain}");
        }
        assert_eq!(left_out(trimmed, "-race"), Ok("false"), "{toolchain}");
    }
}
