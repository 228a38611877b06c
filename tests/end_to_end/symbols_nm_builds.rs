//! `rgo-symbols nm` in place of nm in the builds of others: libtool's, CMake's, and makefiles as the kernel has them.
//! Each build comes out as with the system's nm.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Outcome, can, copy_tree, native, no_gcc, not_tested, root, scratch};

/// A name by which configure and CMake know a nm for a target.
const LINK: &str = "x86_64-linux-gnu-nm";

/// A copy of a project of `testdata/nm`, in a folder of its own.
fn project(name: &str, scratch_name: &str) -> PathBuf {
    let folder = scratch(scratch_name).join(name);
    copy_tree(&root().join("testdata/nm").join(name), &folder);
    folder
}

/// Whether this machine has what such builds need.
fn has(programs: &[&str]) -> bool {
    if !(cfg!(target_arch = "x86_64") && can("gcc")) {
        no_gcc("builds that call nm");
        return false;
    }
    if let Some(missing) = programs.iter().find(|program| !can(program)) {
        not_tested(format!("builds that call nm; there is no {missing}"));
        return false;
    }
    true
}

/// `rgo-symbols` under another name, in a folder.
fn link(folder: &Path) -> PathBuf {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("made");
    let link = bin.join(LINK);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rgo-symbols"), &link).expect("linked");
    link
}

/// A command that finds these folders' programs first.
fn with_path(command: &mut Command, folders: &[&Path]) {
    let path = std::env::var_os("PATH").expect("a PATH");
    let folders = folders.iter().map(|folder| folder.to_path_buf());
    let all = std::env::join_paths(folders.chain(std::env::split_paths(&path))).expect("a PATH");
    command.env("PATH", all).env("LC_ALL", "C");
}

/// The folder of rgo-symbols.
fn own_folder() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rgo-symbols")).parent().expect("a folder")
}

/// What a build of the libtool project came to: configure's words on nm, the exports that libtool chose, what the
/// program prints.
#[derive(Debug, PartialEq)]
struct LibtoolBuild {
    exports: String,
    dynamic: Vec<String>,
    printed: String,
}

/// Configures and builds in a folder beside the sources. `nm` is configure's variable; without it configure looks for
/// the nm of its host.
fn libtool_build(
    sources: &Path,
    name: &str,
    nm: Option<&str>,
    path: &[&Path],
) -> (String, LibtoolBuild) {
    let folder = sources.with_file_name(name);
    fs::create_dir(&folder).expect("made");
    let mut configure = native("bash");
    configure.arg(sources.join("configure")).current_dir(&folder);
    match nm {
        Some(nm) => configure.arg(format!("NM={nm}")),
        None => configure.args(["--build=x86_64-linux-gnu", "--host=x86_64-linux-gnu"]),
    };
    with_path(&mut configure, path);
    let words = Outcome::of(&mut configure).ended(0).stdout;
    let mut make = native("make");
    make.current_dir(&folder);
    with_path(&mut make, path);
    Outcome::of(&mut make).ended(0);
    let printed = Outcome::of(&mut native(folder.join("pair"))).ended(0).stdout;
    let library = folder.join(".libs/libpair.so");
    let names = Outcome::of(native("nm").args(["-D", "--defined-only", "-j"]).arg(&library));
    let build = LibtoolBuild {
        exports: fs::read_to_string(folder.join(".libs/libpair.exp")).expect("a list of exports"),
        dynamic: names.ended(0).stdout.lines().map(str::to_owned).collect(),
        printed,
    };
    (words, build)
}

#[test]
fn libtool_reads_the_symbols_of_objects_by_it() {
    if !has(&["autoreconf", "libtoolize", "aclocal", "make", "nm"]) {
        return;
    }
    let sources = project("autotools", "nm-autotools");
    Outcome::of(native("autoreconf").args(["--force", "--install"]).current_dir(&sources)).ended(0);
    let link = link(&sources);
    let (_, theirs) = libtool_build(&sources, "by-nm", Some("nm"), &[]);
    let exported = ["pair_count", "pair_name", "pair_sum", "pair_weak", "pair_zeros"];
    assert_eq!(theirs.dynamic, exported);
    let verb = libtool_build(&sources, "by-verb", Some("rgo-symbols nm"), &[own_folder()]);
    let found = link.parent().expect("a folder");
    let name = libtool_build(&sources, "by-name", None, &[found]);
    for ((words, ours), program) in
        [(verb, "rgo-symbols nm".to_owned()), (name, format!("{} -B", link.display()))]
    {
        for line in [
            format!("checking for BSD- or MS-compatible name lister (nm)... {program}"),
            format!("checking the name lister ({program}) interface... BSD nm"),
        ] {
            assert!(words.contains(&line), "{line}\n{words}");
        }
        let parses = |line: &str| {
            line.starts_with(&format!("checking command to parse {program} output from "))
                && line.ends_with(" object... ok")
        };
        assert!(words.lines().any(parses), "{words}");
        assert_eq!(ours, theirs, "{program}");
    }
    assert!(theirs.printed.contains("\nnumber is the number\n"), "{theirs:?}");
}

/// The files that a makefile made, but for objects and programs.
fn lists(folder: &Path) -> BTreeMap<String, String> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let texts = entries.filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        Some((name, fs::read_to_string(&path).ok()?))
    });
    texts.collect()
}

#[test]
fn makefiles_get_from_it_what_they_get_from_nm() {
    if !has(&["make", "nm", "awk", "sed"]) {
        return;
    }
    let build = |scratch_name: &str, nm: &str, path: &[&Path]| {
        let folder = project("kernel", scratch_name);
        let mut make = native("make");
        make.arg(format!("NM={nm}")).current_dir(&folder);
        with_path(&mut make, path);
        Outcome::of(&mut make).ended(0);
        lists(&folder)
    };
    let theirs = build("nm-kernel", "nm", &[]);
    let link = link(&scratch("nm-kernel-link"));
    let found = link.parent().expect("a folder");
    for ours in [
        build("nm-kernel-verb", "rgo-symbols nm", &[own_folder()]),
        build("nm-kernel-name", LINK, &[found]),
    ] {
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
        for (name, text) in &theirs {
            assert_eq!(&ours[name], text, "{name}");
        }
    }
    let made = |name: &str| theirs[name].lines().count();
    assert!(made("System.map") >= 10 && made("voffset.h") == 3, "{theirs:#?}");
    assert_eq!(theirs["kallsyms.txt"], "has exports\n");
    assert!(theirs.values().all(|text| !text.is_empty()), "{theirs:#?}");
}

#[test]
fn cmake_calls_it_by_the_name_of_nm() {
    if !has(&["cmake", "make"]) {
        return;
    }
    let folder = scratch("nm-cmake");
    let link = link(&folder);
    let mut configure = native("cmake");
    configure.arg("-S").arg(root().join("testdata/nm/cmake")).arg("-B").arg(&folder);
    configure.arg(format!("-DCMAKE_NM={}", link.display()));
    Outcome::of(configure.args(["-G", "Unix Makefiles"])).ended(0);
    Outcome::of(native("cmake").arg("--build").arg(&folder)).ended(0);
    let ours = fs::read_to_string(folder.join("exports.txt")).expect("a list");
    let mut nm = native("nm");
    nm.args(["-D", "--defined-only", "-P"]).arg(folder.join("libpair.so"));
    assert_eq!(ours, Outcome::of(&mut nm).ended(0).stdout);
    assert!(ours.contains("pair_sum T "), "{ours}");
}
