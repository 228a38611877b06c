//! What names which target, what is refused, and where hints lead.

use super::*;
use crate::target_words::Meaning;
use crate::toolchain::Floor;
use proptest::prelude::*;
use rgo_binary::system::Os;

const LINUX: &str = "x86_64-unknown-linux-gnu";

fn names(spec: &str, libc: Option<Libc>, host: &str) -> Result<String, SelectError> {
    let specs = if spec.is_empty() { vec![] } else { vec![spec.to_owned()] };
    Ok(resolve(&specs, libc, host)?
        .iter()
        .map(|chosen| match &chosen.floor {
            Some(floor) => format!("{}@{floor}", chosen.toolchain.name),
            None => chosen.toolchain.name.clone(),
        })
        .collect::<Vec<_>>()
        .join(" "))
}

/// A target as it is written, `--libc`, the host, and the names of the toolchains that are meant.
type Case = (&'static str, Option<Libc>, &'static str, &'static str);

#[track_caller]
fn check(cases: &[Case]) {
    for (spec, libc, host, expected) in cases {
        assert_eq!(names(spec, *libc, host).as_deref(), Ok(*expected), "{spec} {libc:?}");
    }
}

#[test]
fn a_target_is_named_by_its_words_or_its_triple() {
    use Libc::{Dynamic, Static};
    check(&[
        ("", None, LINUX, "linux-amd64"),
        ("", Some(Static), LINUX, "linux-amd64-static"),
        ("host", None, "aarch64-apple-darwin", "darwin-arm64"),
        ("host", None, "x86_64-pc-windows-msvc", "windows-amd64-msvc"),
        ("host", Some(Static), "x86_64-pc-windows-msvc", "windows-amd64-msvc-static"),
        ("host", None, "x86_64-pc-windows-gnu", "windows-amd64"),
        ("host", None, "aarch64-unknown-linux-musl", "linux-arm64-static"),
        ("linux/amd64", None, LINUX, "linux-amd64"),
        ("linux/amd64", Some(Static), LINUX, "linux-amd64-static"),
        ("linux-amd64", Some(Static), LINUX, "linux-amd64-static"),
        ("linux/amd64/static", None, LINUX, "linux-amd64-static"),
        ("linux/amd64/static", Some(Static), LINUX, "linux-amd64-static"),
        ("linux/amd64/dynamic", None, LINUX, "linux-amd64"),
        ("linux/amd64/dynamic", Some(Dynamic), LINUX, "linux-amd64"),
        ("windows/amd64/msvc", Some(Static), LINUX, "windows-amd64-msvc-static"),
        ("windows/amd64/msvc/static", None, LINUX, "windows-amd64-msvc-static"),
        ("windows/amd64", Some(Dynamic), LINUX, "windows-amd64"),
        ("windows/amd64/dynamic", None, LINUX, "windows-amd64"),
        ("windows/amd64/msvc", None, LINUX, "windows-amd64-msvc"),
        ("windows/arm64/msvc-static", None, LINUX, "windows-arm64-msvc-static"),
        ("darwin/arm64/dynamic", None, LINUX, "darwin-arm64"),
        ("aarch64-unknown-linux-musl", None, LINUX, "linux-arm64-static"),
        ("x86_64-pc-windows-gnullvm", None, LINUX, "windows-amd64"),
        ("x86_64-pc-windows-msvc", Some(Static), LINUX, "windows-amd64-msvc-static"),
    ]);
}

#[test]
fn other_words_name_the_same_target() {
    use Libc::Static;
    check(&[
        ("macos/arm64", None, LINUX, "darwin-arm64"),
        ("mac/arm64", None, LINUX, "darwin-arm64"),
        ("osx/x64", None, LINUX, "darwin-amd64"),
        ("arm64-apple-macos", None, LINUX, "darwin-arm64"),
        ("linux/x86_64", None, LINUX, "linux-amd64"),
        ("linux/aarch64", None, LINUX, "linux-arm64"),
        ("linux/x86_64", Some(Static), LINUX, "linux-amd64-static"),
        ("linux/amd64/musl", None, LINUX, "linux-amd64-static"),
        ("linux/amd64/musl", Some(Static), LINUX, "linux-amd64-static"),
        ("linux/amd64/gnu", None, LINUX, "linux-amd64"),
        ("Linux-x86_64", None, LINUX, "linux-amd64"),
        ("x86_64-linux", None, LINUX, "linux-amd64"),
        ("linux_amd64", None, LINUX, "linux-amd64"),
        ("x86_64-pc-linux-gnu", None, LINUX, "linux-amd64"),
        ("aarch64-linux-gnu", None, LINUX, "linux-arm64"),
        ("aarch64-macos-none", None, LINUX, "darwin-arm64"),
        ("windows/x64", None, LINUX, "windows-amd64"),
        ("win-x64", None, LINUX, "windows-amd64"),
        ("windows/x64/msvc", None, LINUX, "windows-amd64-msvc"),
        ("windows/x64/msvc", Some(Static), LINUX, "windows-amd64-msvc-static"),
        ("x86_64-unknown-linux-gnu.2.28", None, LINUX, "linux-amd64@2.28"),
        ("aarch64-macos.13.0-none", None, LINUX, "darwin-arm64@13.0"),
        ("Host", None, LINUX, "linux-amd64"),
    ]);
}

#[test]
fn some_words_name_several_targets() {
    use Libc::Static;
    check(&[
        ("linux/arm64,darwin/arm64, linux/arm64", None, LINUX, "linux-arm64 darwin-arm64"),
        ("linux/gnu.2.28", None, LINUX, "linux-amd64@2.28 linux-arm64@2.28"),
        ("linux,x86_64-linux-gnu.2.28", None, LINUX, "linux-amd64@2.28 linux-arm64"),
        ("linux", None, LINUX, "linux-amd64 linux-arm64"),
        ("linux", Some(Static), LINUX, "linux-amd64-static linux-arm64-static"),
        ("linux/musl", None, LINUX, "linux-amd64-static linux-arm64-static"),
        ("mac", None, LINUX, "darwin-amd64 darwin-arm64"),
        ("windows", None, "aarch64-apple-darwin", "windows-amd64 windows-arm64"),
        ("windows/msvc", None, LINUX, "windows-amd64-msvc windows-arm64-msvc"),
        ("all", Some(Static), LINUX, "linux-amd64-static linux-arm64-static"),
    ]);
    assert_eq!(names("all", None, LINUX).unwrap().split(' ').count(), 8);
}

#[test]
fn refusals() {
    let table = [
        ("linux/amd46", None, "did you mean `linux/amd64`?"),
        ("mcos/arm64", None, "did you mean `darwin/arm64`?"),
        ("linx", None, "did you mean `linux`?"),
        ("ALLL", None, "did you mean `all`?"),
        ("x86_64-uknown-linux-gnu", None, "did you mean `linux/amd64`?"),
        ("darwin/arm64", Some(Libc::Static), "libSystem is always loaded"),
        ("darwin/arm64/static", None, "leave `static` out for darwin/arm64\n"),
        ("mac/arm64/static", None, "libSystem is always loaded"),
        ("mac", Some(Libc::Static), "libSystem is always loaded"),
        ("aarch64-apple-darwin", Some(Libc::Static), "libSystem is always loaded"),
        ("windows/amd64", Some(Libc::Static), "leave `static` out for windows/amd64\n"),
        ("windows/arm64/static", None, "windows/arm64/msvc-static links Microsoft's C runtime in"),
        ("windows", Some(Libc::Static), "a part of Windows"),
        ("x86_64-pc-windows-gnullvm", Some(Libc::Static), "a part of Windows"),
        ("windows/amd64/msvc/dynamic", Some(Libc::Static), "--libc says static"),
        ("linux/amd64/static", Some(Libc::Dynamic), "--libc says dynamic"),
        ("linux/amd64/musl", Some(Libc::Dynamic), "--libc says dynamic"),
        ("x86_64-unknown-linux-gnu", Some(Libc::Static), "--libc says static"),
        ("windos/amd64", None, "did you mean `windows/amd64`?"),
        ("linux/amd64,,darwin/arm64", None, "empty target"),
        (
            "x86_64-pc-windows-gnu",
            None,
            "for windows/amd64 there are: windows/amd64, windows/amd64/msvc,",
        ),
        ("darwin/arm64/musl", None, "for darwin/arm64 there are: darwin/arm64\n"),
        (
            "linux/amd64/gnu/static",
            None,
            "for linux/amd64 there are: linux/amd64, linux/amd64/static\n",
        ),
        (
            "linux/riscv64",
            None,
            "for linux there are: linux/amd64, linux/amd64/static, linux/arm64, linux/arm64/static\n",
        ),
        ("macos/msvc", None, "for darwin there are: darwin/amd64, darwin/arm64\n"),
        ("linux/darwin", None, "`rgo-build targets`"),
        (
            "arm64",
            None,
            "`arm64` names no system\nname the system too: darwin/arm64, linux/arm64, windows/arm64\n",
        ),
        ("x86_64", None, "name the system too: darwin/amd64, linux/amd64, windows/amd64\n"),
        ("musl", None, "`musl` names no system"),
        ("unknown", None, "names no system"),
        ("zzz", None, "`rgo-build targets`"),
        ("/", None, "names no system"),
        ("linux/amd64/gnu.2.17,linux/amd64/gnu.2.28", None, "two floors, 2.17 and 2.28"),
    ];
    for (spec, libc, words) in table {
        let error = names(spec, libc, LINUX).unwrap_err();
        let shown = format!("{error}\n{}\n", error.hint().unwrap());
        assert!(shown.contains(words), "{spec}: {shown}");
    }
    assert!(names("host", None, "s390x-unknown-linux-gnu").is_err());
}

/// Whatever the order of their words, and whichever words are taken.
#[test]
fn no_alias_names_two_targets() {
    let words = target_words::words();
    let meaning = |meaning: Meaning| {
        let same = words.iter().filter(move |(_, other)| *other == meaning);
        same.map(|(word, _)| *word).collect::<Vec<_>>()
    };
    for toolchain in toolchain::all() {
        let mut tags: Vec<&str> = toolchain.variant.as_deref().into_iter().collect();
        let spells_libc = toolchain.name.ends_with("static");
        tags.extend(spells_libc.then_some("static"));
        for os in meaning(Meaning::Os(toolchain.os.name())) {
            for arch in meaning(Meaning::Arch(toolchain.arch.name())) {
                for parts in [[&[os, arch][..], &tags], [&tags, &[arch, os]]] {
                    for separator in ["/", "-", "_"] {
                        let spec = parts.concat().join(separator);
                        assert_eq!(
                            names(&spec, None, LINUX).as_ref(),
                            Ok(&toolchain.name),
                            "{spec}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn each_name_of_a_target_leads_back_to_it() {
    for toolchain in toolchain::all() {
        let host = names("host", None, &toolchain.triple).unwrap();
        let by_triple = toolchain::by_triple(&toolchain.triple).unwrap();
        assert_eq!(names(&toolchain.triple, None, LINUX).as_ref(), Ok(&by_triple.name));
        assert_eq!(host, by_triple.name);
        for name in [toolchain.name.clone(), toolchain.spec(), toolchain.spec().to_uppercase()] {
            assert_eq!(names(&name, None, LINUX).as_ref(), Ok(&toolchain.name), "{name}");
        }
        for libc in &toolchain.libc {
            let triple = names(&toolchain.triple, Some(*libc), LINUX);
            assert_eq!(triple.as_ref(), Ok(&toolchain.name), "{} {libc}", toolchain.triple);
        }
        // zig's name, but for windows, where `gnu` is another ABI in Rust's words.
        if let Some(zig) = toolchain.zig_target(None).filter(|_| !toolchain.is(Os::Windows)) {
            let floor = toolchain.floor.as_ref().map(Floor::version);
            let expected = match floor {
                Some(floor) => format!("{}@{floor}", toolchain.name),
                None => toolchain.name.clone(),
            };
            assert_eq!(names(&zig, None, LINUX), Ok(expected), "{zig}");
        }
    }
}

/// The systems of `go tool dist list`.
const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "linux",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
];

/// The processors of `go tool dist list`, and the first words of Rust's triples.
const PROCESSORS: &[&str] = &[
    "386",
    "amd64",
    "arm",
    "arm64",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mipsle",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "wasm",
    "aarch64_be",
    "armv7",
    "armv7a",
    "i586",
    "i686",
    "x86",
    "x32",
    "arm64e",
    "arm64ec",
    "arm64_32",
    "x86_64h",
    "sparc64",
    "wasm32",
];

#[test]
fn no_hint_leads_to_another_system_or_processor() {
    let ours = ["linux", "darwin", "windows"];
    for os in SYSTEMS {
        for arch in PROCESSORS {
            for spec in [format!("{os}/{arch}"), format!("{arch}-unknown-{os}")] {
                match names(&spec, None, LINUX) {
                    Ok(name) => assert_eq!(name, format!("{os}-{arch}"), "{spec}"),
                    Err(error) => {
                        let hint = error.hint().unwrap();
                        assert!(!hint.contains("did you mean"), "{error}: {hint}");
                        let others = ours.iter().filter(|other| *other != os);
                        let led = others.filter(|other| hint.contains(*other)).count();
                        assert_eq!(led, 0, "{error}: {hint}");
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_an_answer_or_an_error(spec in "[a-zA-Z0-9/,._-]{0,24}|\\PC{0,12}", host in "[a-z0-9-]{0,12}") {
        if let Ok(found) = names(&spec, None, &host) {
            prop_assert!(!found.is_empty());
        }
    }

    /// One letter of a target's name is lost, doubled or changed.
    #[test]
    fn a_slip_of_the_hand_leads_nowhere_else(at in 0..64usize, index in 0..64usize, how in 0..3, letter in "[a-z0-9/]") {
        let all = toolchain::all();
        let toolchain = &all[index % all.len()];
        let mut spec = toolchain.spec();
        let at = at % spec.len();
        match how {
            0 => { spec.remove(at); }
            1 => spec.insert(at, spec.as_bytes()[at].into()),
            _ => spec.replace_range(at..=at, &letter),
        }
        let hint = match names(&spec, None, LINUX) {
            Ok(_) => return Ok(()),
            Err(error) => error.hint().unwrap(),
        };
        if let Some((_, rest)) = hint.split_once("did you mean `") {
            let meant = rest.split('`').next().unwrap();
            prop_assert!(toolchain.spec().starts_with(meant), "{} -> {}", spec, meant);
        }
    }
}
