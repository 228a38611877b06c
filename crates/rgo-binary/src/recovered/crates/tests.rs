//! Recovers crates from paths and symbols of real programs.

use super::paths::name_and_version;
use super::symbols::{legacy_crate, v0_crates};
use super::*;

fn of(text: &[u8]) -> Vec<(String, Option<String>, CrateSource)> {
    let mut found = Traces::default();
    paths::read(&Region { name: ".rodata", data: text }, &mut found);
    let crates = found.conclude().crates.into_iter();
    crates.map(|it| (it.name, it.version.map(|version| version.to_string()), it.source)).collect()
}

#[test]
fn folders_are_taken_apart_where_the_version_begins() {
    let cases = [
        ("aho-corasick-1.1.3", Some(("aho-corasick", "1.1.3"))),
        ("zstd-sys-2.0.15+zstd.1.5.7", Some(("zstd-sys", "2.0.15+zstd.1.5.7"))),
        ("rand_core-0.10.0-rc-2", Some(("rand_core", "0.10.0-rc-2"))),
        ("sha-1-0.10.1", Some(("sha-1", "0.10.1"))),
        ("a-1.0.0-2.0.0", Some(("a", "1.0.0-2.0.0"))),
        ("base64", None),
        ("base64-0.22", None),
        ("-1.0.0", None),
        ("rustc-1.96.0-src", Some(("rustc", "1.96.0-src"))),
        ("x y-1.0.0", None),
    ];
    for (folder, expected) in cases {
        let found = name_and_version(folder).map(|(name, it)| (name, it.to_string()));
        let found = found.as_ref().map(|(name, version)| (*name, version.as_str()));
        assert_eq!(found, expected, "{folder}");
    }
}

#[test]
fn every_kind_of_path_is_read_from_the_middle_of_text() {
    let text = b"asser/root/.cargo/registry/src/index.example.org-1949cf8c6b5b557f/memchr-2.7.4/src/a.rsErr\
        C:\\Users\\r\\.cargo\\registry\\src\\example.com-1ecc6299db9ec823\\log-0.4.22\\src\\lib.rs\
        /rust/deps\\hashbrown-0.15.2\\src/raw.rs\
        /x/git/checkouts/pubgrub-0123456789abcdef/1a2b3c4/src/lib.rs\
        /x/git/checkouts/tokio-0123456789abcdef/1a2b3c4/tokio-util/src/lib.rs\
        /b/vendor/itoa-1.0.1/src/lib.rs\0vendor\\ryu\\src\\d2s.rs\
        /remapped/serde_json-1.0.128/src/de.rs";
    let registry = |index: &str| CrateSource::Registry { index: index.to_owned() };
    let git = |repository: &str| CrateSource::Git {
        repository: repository.to_owned(),
        revision: "1a2b3c4".to_owned(),
    };
    let expected = [
        ("hashbrown", Some("0.15.2"), CrateSource::StandardLibrary),
        ("itoa", Some("1.0.1"), CrateSource::Vendored),
        ("log", Some("0.4.22"), registry("example.com-1ecc6299db9ec823")),
        ("memchr", Some("2.7.4"), registry("index.example.org-1949cf8c6b5b557f")),
        ("pubgrub", None, git("pubgrub")),
        ("ryu", None, CrateSource::Vendored),
        ("serde_json", Some("1.0.128"), CrateSource::Unknown),
        ("tokio-util", None, git("tokio")),
    ];
    let expected = expected
        .map(|(name, version, source)| (name.to_owned(), version.map(str::to_owned), source));
    assert_eq!(of(text), expected);
}

#[test]
fn paths_of_other_programs_are_none_of_these() {
    for text in [
        "/build/openssl-3.0.1/src/x.c",
        "/usr/src/rustc-1.96.0/compiler/a.rs",
        "vendor/golang.org/x/net/http.go",
        "registry/src/",
        "registry/src/a/b/c",
        "tailaho-1.0.0/src/lib.rs",
        "git/checkouts/a-1/2/src/lib.rs",
    ] {
        assert_eq!(of(text.as_bytes()), [], "{text}");
    }
}

#[test]
fn symbols_name_crates() {
    let v0 = "<regex[0123456789abcdef]::Regex as core[fedcba9876543210]::any::Any>::f::<[u8; 4]>";
    assert_eq!(v0_crates(v0).collect::<Vec<_>>(), ["regex", "core"]);
    for (text, name) in [
        ("core::fmt::write::h0123456789abcdef", Some("core")),
        ("<&mut regex::Regex as core::any::Any>::f", Some("regex")),
        ("<T as core::any::Any>::type_id::h12", None),
        ("main", None),
    ] {
        assert_eq!(legacy_crate(text), name, "{text}");
    }
}
