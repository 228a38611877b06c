//! Verdicts, from what the loader is asked for.

use rgo_binary::platforms::{self, PlatformVerdict, RunsOn};
use rgo_binary::system::libc::{self, ImageLibc};
use rgo_binary::system::{ImageSystem, Texts, system};
use rgo_binary::{GlibcFloor, Image, Kind, Limits, Linkage, Version};

use crate::support::samples::{ELF, MACHO, PE};

fn image(data: &[u8]) -> (Image<'_>, Linkage) {
    let image = Image::parse(data, &Limits::default()).expect("a sample parses");
    let linkage = image.linkage().expect("reads");
    (image, linkage)
}

fn system_of(image: &Image<'_>, linkage: &Linkage) -> (Option<ImageSystem>, Texts) {
    let texts = Texts::of(image, linkage);
    (system(image, linkage, &texts, None), texts)
}

fn runs_on(image: &Image<'_>, linkage: &Linkage) -> RunsOn {
    platforms::runs_on(image, linkage, system_of(image, linkage).0.as_ref())
}

fn libc(image: &Image<'_>, linkage: &Linkage) -> Option<ImageLibc> {
    let (system, texts) = system_of(image, linkage);
    libc::libc(image, linkage, system.as_ref(), &texts)
}

/// An ELF program with an interpreter and libraries.
fn program(
    interpreter: Option<&str>,
    needed: &[&str],
    floor: Option<Version>,
) -> Vec<PlatformVerdict> {
    let (image, mut linkage) = image(ELF);
    linkage.kind = Kind::Pie;
    linkage.interpreter = interpreter.map(str::to_owned);
    linkage.needed = needed.iter().map(|name| (*name).to_owned()).collect();
    linkage.static_ = linkage.interpreter.is_none() && linkage.needed.is_empty();
    linkage.glibc_floor = floor.map(|version| GlibcFloor {
        version,
        symbols: vec!["fcntl64".to_owned()],
        markers: Vec::new(),
    });
    runs_on(&image, &linkage).verdicts
}

/// `debian 10`, `alpine`, `!scratch`.
fn short(verdicts: &[PlatformVerdict]) -> Vec<String> {
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

#[test]
fn a_static_program_of_another_unix_runs_nowhere_else() {
    for (os_abi, system) in [(9, "freebsd"), (2, "netbsd"), (12, "openbsd")] {
        let mut marked = ELF.to_vec();
        marked[7] = os_abi;
        let (image, mut linkage) = image(&marked);
        linkage.kind = Kind::StaticExecutable;
        linkage.needed.clear();
        linkage.glibc_floor = None;
        linkage.static_ = true;
        assert_eq!(short(&runs_on(&image, &linkage).verdicts), [system]);
    }
}

#[test]
fn a_core_file_runs_nowhere() {
    let mut core = ELF.to_vec();
    core[16] = 4;
    let (image, linkage) = image(&core);
    assert_eq!(linkage.kind, Kind::Other);
    assert!(!linkage.static_);
    assert!(runs_on(&image, &linkage).verdicts.is_empty());
}

#[test]
fn compilers_need_a_newer_windows_than_headers_say() {
    let (image, mut linkage) = image(PE);
    linkage.subsystem = Some("console".to_owned());
    let since = |linkage: &Linkage, toolchain: &str| {
        let mut found = runs_on(&image, linkage);
        found.weigh_toolchain(toolchain);
        found.verdicts.first().and_then(|it| it.since.clone()).expect("a release")
    };
    linkage.needed = vec!["KERNEL32.dll".to_owned()];
    assert_eq!(since(&linkage, "go1.26.5"), "10");
    assert_eq!(since(&linkage, "go1.21rc2"), "10");
    assert_eq!(since(&linkage, "go1.20.14"), "7");
    // As rustc's targets for Windows 7 are.
    assert_eq!(since(&linkage, "rustc 1.95.0"), since(&linkage, "GCC 14.2.0"));
    linkage.needed.push("api-ms-win-core-synch-l1-2-0.dll".to_owned());
    assert_eq!(since(&linkage, "rustc 1.77.2"), "8");
    assert_eq!(since(&linkage, "rustc 1.95.0 (59807616e 2026-04-14)"), "10");
    assert_eq!(since(&linkage, "devel"), "8");
}

#[test]
fn a_c_library_is_named_only_where_something_tells_it() {
    let named = |data: &[u8], change: &dyn Fn(&mut Linkage)| {
        let (image, mut linkage) = image(data);
        change(&mut linkage);
        libc(&image, &linkage).map(|libc| (libc.name, libc.linked_in))
    };
    let alone = |linkage: &mut Linkage| {
        linkage.kind = Kind::StaticPie;
        linkage.interpreter = None;
        linkage.needed.clear();
        linkage.glibc_floor = None;
        linkage.static_ = true;
    };
    // In the place of other data, the text of a C library.
    let with = |texts: &[&str]| {
        let mut data = ELF.to_vec();
        let (image, _) = image(ELF);
        let data_of = image.section(".rgo-x").expect("is there");
        let mut at = usize::try_from(data_of.file_offset.expect("in the file")).expect("small");
        let end = at + data_of.data.len();
        for text in texts {
            let text = format!("\0{text}\0");
            assert!(at + text.len() <= end, "no room for {text}");
            data[at..at + text.len()].copy_from_slice(text.as_bytes());
            at += text.len();
        }
        data
    };
    assert_eq!(named(ELF, &|_| {}), Some(("glibc", false)));
    assert_eq!(named(ELF, &alone), None);
    assert_eq!(named(&with(&["GLIBC_TUNABLES"]), &alone), Some(("glibc", true)));
    assert_eq!(named(&with(&["No error information"]), &alone), Some(("musl", true)));
    assert_eq!(named(&with(&["GLIBC_TUNABLES", "No error information"]), &alone), None);
    let data = with(&["GLIBC_TUNABLES", "/etc/nsswitch.conf"]);
    let (static_, mut linkage) = image(&data);
    alone(&mut linkage);
    assert_eq!(libc(&static_, &linkage).and_then(|libc| libc.loads), Some("libnss_*.so"));
    assert_eq!(named(MACHO, &|linkage| linkage.needed.clear()), None);
    assert_eq!(named(ELF, &|linkage| linkage.kind = Kind::Object), None);
}
