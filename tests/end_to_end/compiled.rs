//! C and C++ programs made here by zig for every system, and a Rust one by `cargo auditable`: what
//! `rgo-version-m` says of them, against readers that are not ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::{Outcome, Project, machine, native, readobj, scratch, tool, zig};

/// A system that zig makes programs for.
pub(crate) struct System {
    /// As zig spells it, with the oldest version that programs in C are for.
    pub(crate) zig: &'static str,
    /// The same for C++: the version that rgo-build links for, whose library both share.
    cxx: &'static str,
    /// Its format, as rgo calls it.
    pub(crate) format: &'static str,
}

const SYSTEMS: [System; 8] = [
    System { zig: "x86_64-linux-gnu.2.17", cxx: "x86_64-linux-gnu.2.17", format: "elf" },
    System { zig: "aarch64-linux-gnu.2.28", cxx: "aarch64-linux-gnu.2.17", format: "elf" },
    System { zig: "x86_64-linux-musl", cxx: "x86_64-linux-musl", format: "elf" },
    System { zig: "aarch64-linux-musl", cxx: "aarch64-linux-musl", format: "elf" },
    System { zig: "x86_64-macos.11.0", cxx: "x86_64-macos.11.0", format: "macho" },
    System { zig: "aarch64-macos.12.0", cxx: "aarch64-macos.11.0", format: "macho" },
    System { zig: "x86_64-windows-gnu", cxx: "x86_64-windows-gnu", format: "pe" },
    System { zig: "aarch64-windows-gnu", cxx: "aarch64-windows-gnu", format: "pe" },
];

/// A program, made of one source file.
pub(crate) struct Made {
    pub(crate) system: &'static System,
    language: &'static str,
    pub(crate) file: PathBuf,
    pub(crate) stripped: bool,
}

/// Both languages for all systems, with debug data and without; made once.
pub(crate) fn made() -> &'static [Made] {
    static MADE: OnceLock<Vec<Made>> = OnceLock::new();
    MADE.get_or_init(|| {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/c-hello");
        let folder = scratch("compiled");
        let mut all = Vec::new();
        for system in &SYSTEMS {
            let languages =
                [("C", "cc", "hello.c", system.zig), ("C++", "c++", "hello.cpp", system.cxx)];
            for (language, compiler, source, target) in languages {
                let object = folder.join(format!("{target}-{compiler}.o"));
                let mut compile = zig(compiler, &folder);
                compile.args(["-g", "-O1", "-target", target, "-c"]).arg(source).arg("-o");
                Outcome::of(compile.arg(&object).current_dir(&sources)).ended(0);
                let file = folder.join(format!("{}-{compiler}", system.zig));
                let mut link = zig(compiler, &folder);
                link.args(["-g", "-target", target]).arg(&object).arg("-o").arg(&file);
                Outcome::of(&mut link).ended(0);
                let stripped = folder.join(format!("{}-{compiler}-stripped", system.zig));
                let mut strip = native(machine().must("RGO_TEST_LLVM_STRIP"));
                Outcome::of(strip.arg(&file).arg("-o").arg(&stripped)).ended(0);
                for (file, stripped) in [(file, false), (stripped, true)] {
                    all.push(Made { system, language, file, stripped });
                }
            }
        }
        all
    })
}

fn asked(file: &Path) -> Value {
    let mut command = tool("rgo-version-m");
    let outcome = Outcome::of(command.args(["--facts", "--format", "json"]).arg(file)).ended(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    answer["files"][0].clone()
}

/// Kind, libraries, and what the system is asked for, by lief.
const LIEF: &str = r#"
import json, sys, lief
lief.logging.disable()
def facts(b):
    if isinstance(b, lief.ELF.Binary):
        moves = b.header.file_type == lief.ELF.Header.FILE_TYPE.DYN
        if b.has_interpreter:
            return "pie" if moves else "executable", b.libraries, None
        return "static-pie" if moves else "static-executable", b.libraries, None
    if isinstance(b, lief.PE.Binary):
        header = b.optional_header
        moves = header.has(lief.PE.OptionalHeader.DLL_CHARACTERISTICS.DYNAMIC_BASE)
        version = [header.major_subsystem_version, header.minor_subsystem_version]
        return "pie" if moves else "executable", [i.name for i in b.imports], version
    moves = b.header.has(lief.MachO.Header.FLAGS.PIE)
    version = ".".join(str(part) for part in b.build_version.minos[:2])
    return "pie" if moves else "executable", [l.name for l in b.libraries], version
kind, needed, system = facts(lief.parse(sys.argv[1]))
print(json.dumps({"kind": kind, "needed": sorted(needed), "system": system}))
"#;

#[test]
fn facts_are_those_that_others_read() {
    for made in made() {
        let answer = asked(&made.file);
        let linkage = &answer["facts"]["linkage"];
        let mut needed: Vec<&str> = linkage["needed"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        needed.sort_unstable();
        let system = match made.system.format {
            "elf" => &Value::Null,
            "pe" => &linkage["windows_os"],
            _ => &linkage["macos_min"],
        };
        let ours = json!({ "kind": linkage["kind"], "needed": needed, "system": system });
        let mut lief = native(machine().must("RGO_TEST_PYTHON"));
        let theirs = Outcome::of(lief.args(["-c", LIEF]).arg(&made.file)).ended(0).stdout;
        let theirs: Value = serde_json::from_str(&theirs).expect("JSON");
        assert_eq!(ours, theirs, "{}", made.file.display());

        let name = |text: &str| text.trim().to_lowercase();
        let text = readobj(&["--needed-libs"], &made.file);
        let lines = text.lines().skip_while(|line| !line.starts_with("NeededLibraries")).skip(1);
        let theirs: BTreeSet<_> =
            lines.take_while(|line| !line.starts_with(']')).map(name).collect();
        let ours: BTreeSet<_> = needed.into_iter().map(name).collect();
        assert_eq!(ours, theirs, "{}", made.file.display());
    }
}

/// Without debug data nothing in a program of C with its library inside tells the language; a
/// runtime that zig adds makes it none of Zig.
#[test]
fn the_language_is_that_of_the_source() {
    for made in made() {
        let languages = &asked(&made.file)["origin"]["languages"];
        let found = languages[0]["language"].as_str();
        let stripped = made.file.to_string_lossy().ends_with("-stripped");
        let untold = stripped && made.language == "C" && made.system.zig.ends_with("-musl");
        let expected = (!untold).then_some(made.language);
        assert_eq!(found, expected, "{}: {languages}", made.file.display());
    }
}

/// No newer symbol than the glibc that was asked for, and the same floor as `readobj` finds.
#[test]
fn the_glibc_floor_is_the_newest_version_that_is_needed() {
    for made in made().iter().filter(|made| made.system.zig.contains("gnu.")) {
        let text = readobj(&["--version-info"], &made.file);
        let versions = text.split("Name: GLIBC_").skip(1).filter_map(|rest| {
            let version = rest.split_whitespace().next()?;
            version.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>()
        });
        let highest = versions.max().expect("a version");
        let floor = &asked(&made.file)["facts"]["linkage"]["glibc_floor"]["version"];
        let words: Vec<_> = highest.iter().map(ToString::to_string).collect();
        assert_eq!(*floor, words.join("."), "{}", made.file.display());
        let asked_for = made.system.zig.rsplit_once('.').and_then(|(_, minor)| minor.parse().ok());
        assert!(highest[1] <= asked_for.expect("a number"), "{highest:?}");
    }
}

/// The list that `cargo auditable` writes, in its own format and from its own hand.
#[test]
fn the_list_of_cargo_auditable_is_read_as_its_own_reader_does() {
    let project = Project::of("with-c");
    let auditable = PathBuf::from(machine().must("RGO_TEST_CARGO_AUDITABLE"));
    let mut build = native("cargo");
    machine().prepare(&mut build).current_dir(&project.folder);
    // Cargo finds its subcommands on PATH.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = auditable.parent().map(Path::to_owned).into_iter();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path))).expect("a PATH");
    let target = project.target.with_file_name("target-auditable");
    build.args(["auditable", "build", "--locked", "--release"]);
    Outcome::of(build.env("PATH", path).env("CARGO_TARGET_DIR", &target)).ended(0);
    let file = target.join("release").join(format!("with-c{}", std::env::consts::EXE_SUFFIX));

    let mut info = native(machine().must("RGO_TEST_AUDIT_INFO"));
    let theirs = Outcome::of(info.arg(&file)).ended(0).stdout;
    let theirs: Value = serde_json::from_str(&theirs).expect("JSON");
    let packages = |list: &Value| -> BTreeSet<(String, String)> {
        let packages = list["packages"].as_array().expect("packages").iter();
        packages.map(|one| (one["name"].to_string(), one["version"].to_string())).collect()
    };
    let answer = asked(&file);
    assert_eq!(answer["source"], "dep-v0");
    assert_eq!(packages(&answer["dep_v0"]), packages(&theirs));
    assert!(packages(&theirs).len() > 1, "{theirs}");
    let text = Outcome::of(tool("rgo-version-m").arg(&file)).ended(0).stdout;
    assert!(text.contains("\n\tmod\twith-c\tv"), "{text}");
    assert!(text.contains(": rustc 1."), "{text}");
}
