//! Verdicts, from what the loader is asked for.

mod common;

use common::{ELF, MACHO, PE};
use rgo_binary::runs_on::{Verdict, runs_on};
use rgo_binary::{GlibcFloor, Image, Kind, Limits, Linkage, Version};

fn image(data: &[u8]) -> (Image<'_>, Linkage) {
    let image = Image::parse(data, &Limits::default()).expect("a sample parses");
    let linkage = image.linkage().expect("reads");
    (image, linkage)
}

/// An ELF program with an interpreter and libraries.
fn program(interpreter: Option<&str>, needed: &[&str], floor: Option<Version>) -> Vec<Verdict> {
    let (image, mut linkage) = image(ELF);
    linkage.kind = Kind::Pie;
    linkage.interpreter = interpreter.map(str::to_owned);
    linkage.needed = needed.iter().map(|name| (*name).to_owned()).collect();
    linkage.static_ = linkage.interpreter.is_none() && linkage.needed.is_empty();
    linkage.glibc_floor =
        floor.map(|version| GlibcFloor { version, symbols: vec!["fcntl64".to_owned()] });
    runs_on(&image, &linkage).verdicts
}

/// `debian 10`, `alpine`, `!scratch`.
fn short(verdicts: &[Verdict]) -> Vec<String> {
    let words = verdicts.iter().map(|verdict| {
        let not = if verdict.runs { "" } else { "!" };
        let since = verdict.since.as_ref().map(|since| format!(" {since}")).unwrap_or_default();
        format!("{not}{}{since}", verdict.system)
    });
    words.collect()
}

#[test]
fn linux_is_told_by_the_c_library() {
    const GLIBC: Option<&str> = Some("/lib64/ld-linux-x86-64.so.2");
    let glibc = |minor| program(GLIBC, &["libc.so.6"], Some(Version::new(2, minor)));
    let cases = [
        (program(None, &[], None), "scratch alpine debian ubuntu rhel"),
        (
            program(Some("/lib/ld-musl-x86_64.so.1"), &["libc.musl-x86_64.so.1"], None),
            "!scratch alpine !debian !ubuntu !rhel",
        ),
        (program(None, &["libc.so"], None), "!scratch alpine !debian !ubuntu !rhel"),
        (program(GLIBC, &["libc.so.6"], None), "!scratch !alpine debian ubuntu rhel"),
        (glibc(17), "!scratch !alpine debian 8 ubuntu 14.04 rhel 7"),
        (glibc(28), "!scratch !alpine debian 10 ubuntu 20.04 rhel 8"),
        (glibc(29), "!scratch !alpine debian 11 ubuntu 20.04 rhel 9"),
        (glibc(34), "!scratch !alpine debian 12 ubuntu 22.04 rhel 9"),
        (glibc(41), "!scratch !alpine debian 13 ubuntu 26.04 !rhel"),
        (glibc(90), "!scratch !alpine !debian !ubuntu !rhel"),
        (program(Some("/system/bin/linker64"), &["libc.so"], None), "android"),
        (program(Some("/libexec/ld-elf.so.1"), &["libc.so.7"], None), "freebsd"),
        (program(None, &["libfoo.so.1"], None), "!scratch"),
    ];
    for (verdicts, expected) in cases {
        assert_eq!(short(&verdicts).join(" "), expected);
        assert!(verdicts.iter().all(|it| !it.reason.is_empty() && !it.evidence.is_empty()));
    }
    let debian = glibc(28).into_iter().find(|it| it.system == "debian").expect("is there");
    assert_eq!(debian.name, Some("buster"));
    assert_eq!(debian.reason, "it needs glibc 2.28 for fcntl64");
}

#[test]
fn libraries_beside_the_c_library_are_listed() {
    let (image, mut linkage) = image(ELF);
    linkage.needed =
        ["libgcc_s.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2", "libz.so.1"]
            .map(str::to_owned)
            .to_vec();
    assert_eq!(runs_on(&image, &linkage).also_needs, ["libgcc_s.so.1", "libz.so.1"]);
}

#[test]
fn objects_run_nowhere() {
    let (image, mut linkage) = image(ELF);
    linkage.kind = Kind::Object;
    assert!(runs_on(&image, &linkage).verdicts.is_empty());
}

#[test]
fn macos_is_told_by_its_version() {
    let (image, mut linkage) = image(MACHO);
    for (version, since, name) in [
        ("10.9", "10.9", Some("Mavericks")),
        ("10.15.4", "10.15.4", Some("Catalina")),
        ("11", "11.0", Some("Big Sur")),
        ("13.3", "13.3", Some("Ventura")),
        ("26", "26.0", Some("Tahoe")),
        ("20", "20.0", None),
    ] {
        linkage.macos_min = Some(version.parse().expect("valid"));
        let found = runs_on(&image, &linkage).verdicts;
        let [macos] = found.as_slice() else { panic!("one verdict: {found:?}") };
        assert_eq!((macos.since.as_deref(), macos.name), (Some(since), name), "{version}");
    }
}

#[test]
fn windows_is_told_by_header_and_imports() {
    let (image, mut linkage) = image(PE);
    linkage.subsystem = Some("console".to_owned());
    for (needed, since, also) in [
        (&["KERNEL32.dll"][..], "Vista", 0),
        (&["api-ms-win-core-synch-l1-2-0.dll"], "8", 0),
        (&["api-ms-win-core-file-l1-1-0.dll"], "7", 0),
        (&["api-ms-win-crt-heap-l1-1-0.dll", "VCRUNTIME140.dll"], "10", 1),
        (&["ucrtbase.dll", "api-ms-win-core-synch-l1-2-0.dll"], "10", 0),
    ] {
        linkage.needed = needed.iter().map(|name| (*name).to_owned()).collect();
        let found = runs_on(&image, &linkage);
        let [windows] = found.verdicts.as_slice() else { panic!("one verdict: {found:?}") };
        assert_eq!(windows.since.as_deref(), Some(since), "{needed:?}");
        assert_eq!(found.also_needs.len(), also);
    }
    linkage.subsystem = Some("efi".to_owned());
    assert!(runs_on(&image, &linkage).verdicts.is_empty());
}
