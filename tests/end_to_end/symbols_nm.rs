//! `rgo-symbols nm` beside LLVM's, and `rgo-symbols go-nm` beside Go's, on what this machine has: libraries and
//! programs of rustc, gcc, zig and Go in three formats, archives, objects, packages of Go.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::stripping::done;
use crate::support::{
    can, cannot_test, corpus, libraries, machine, made, native, not_tested, scratch, tool,
};

/// Rows that have to be compared, and the files of each format.
const ROWS: usize = 5_000_000;
const FILES: usize = 12;

/// Files with symbols, each with its format: programs that the tests make, published ones, the standard libraries
/// of all targets, what cargo compiled for the tests, the system's libraries.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = made::made().iter().map(|made| made.file.clone()).collect();
    files.extend(corpus::corpus().into_iter().map(|published| published.file));
    files.extend(libraries(|path| {
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
        // cargo's programs have no extension.
        matches!(extension, "rlib" | "a" | "so" | "")
    }));
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    files
}

/// What a command prints.
fn printed(command: &mut Command) -> String {
    String::from_utf8_lossy(&command.output().expect("runs").stdout).into_owned()
}

/// Address, letter and name of each symbol, sorted.
fn rows(text: &str) -> Vec<String> {
    // GNU's addresses have 16 digits in PE too, LLVM's at least 8.
    let row = |line: &str| line.trim().trim_start_matches('0').trim_start().to_owned();
    let mut rows: Vec<String> = text.lines().map(row).filter(|line| !line.is_empty()).collect();
    rows.sort_unstable();
    rows
}

#[test]
fn symbols_are_those_of_llvm() {
    let llvm = machine().must("RGO_TEST_LLVM_NM");
    let (mut compared, mut with_symbols, mut wrong) = (0, BTreeMap::new(), Vec::new());
    for file in files() {
        // A machine can have any number of libraries.
        if compared > 2 * ROWS {
            break;
        }
        // With the symbols for debuggers, and without them.
        for flags in ["-p", "-pa"] {
            // rustc's objects for macOS have bitcode too, which LLVM would list in place of the object.
            let theirs = printed(native(&llvm).args(["--no-llvm-bc", flags]).arg(&file));
            let ours = printed(tool("rgo-symbols").args(["nm", flags]).arg(&file));
            compared += theirs.lines().filter(|line| !line.is_empty()).count();
            if !theirs.is_empty() && flags == "-p" {
                *with_symbols.entry(format_of(&file)).or_insert(0) += 1;
            }
            // Most are the same text, and sorting takes longer than all the rest.
            let (ours, theirs) = match ours == theirs {
                true => continue,
                false => (rows(&ours), rows(&theirs)),
            };
            if ours != theirs {
                let missing = theirs.iter().find(|row| ours.binary_search(row).is_err());
                let extra = ours.iter().find(|row| theirs.binary_search(row).is_err());
                let file = file.display();
                wrong.push(format!("{file} {flags}: lacks {missing:?}, has {extra:?}"));
            }
        }
    }
    println!("compared: {compared} rows of {with_symbols:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= ROWS, "only {compared} rows were compared");
    assert!(with_symbols.len() == 3 && with_symbols.values().sum::<usize>() >= FILES);
}

/// The format of an image, or of the first object of an archive.
fn format_of(file: &Path) -> &'static str {
    let data = fs::read(file).expect("read");
    let of = |data: &[u8]| match object::FileKind::parse(data) {
        Ok(object::FileKind::Elf32 | object::FileKind::Elf64) => Some("elf"),
        Ok(
            object::FileKind::MachO32
            | object::FileKind::MachO64
            | object::FileKind::MachOFat32
            | object::FileKind::MachOFat64,
        ) => Some("macho"),
        Ok(object::FileKind::Coff | object::FileKind::Pe32 | object::FileKind::Pe64) => Some("pe"),
        _ => None,
    };
    let of_archive = || {
        let archive = object::read::archive::ArchiveFile::parse(&*data).ok()?;
        archive.members().filter_map(Result::ok).find_map(|member| of(member.data(&*data).ok()?))
    };
    of(&data).or_else(of_archive).unwrap_or("elf")
}

/// The flags that LLVM and GNU give the same lines for, and those whose lines are GNU's alone.
const OF_BOTH: [&[&str]; 9] =
    [&["-n"], &["-n", "-r"], &["-g"], &["-U"], &["-t", "o"], &["-j"], &["-W"], &["-C", "-n"], &[]];
const OF_GNU: [&[&str]; 9] = [
    &["-r"],
    &["-S", "--defined-only"],
    &["-P"],
    &["-P", "-t", "d"],
    &["-A"],
    &["-u"],
    &["--size-sort", "-S"],
    &["-D", "-n"],
    &["-a", "-p"],
];

fn lines(command: &mut Command, flags: &[&str], file: &Path) -> Vec<String> {
    let output = command.args(flags).arg(file).output().expect("runs");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Word for word, on programs of several compilers.
#[test]
fn flags_are_those_of_llvm_and_gnu() {
    let llvm = machine().must("RGO_TEST_LLVM_NM");
    let mut wrong = Vec::new();
    let mut checked = 0;
    let ours = |flags: &[&str], file: &Path| lines(tool("rgo-symbols").arg("nm"), flags, file);
    for made in made::made().iter().filter(|made| made.format != "pe") {
        for flags in OF_BOTH {
            checked += 1;
            let theirs = lines(native(&llvm).arg("--no-llvm-bc"), flags, &made.file);
            let is_by_address = flags.contains(&"-n");
            if squeezed(&ours(flags, &made.file), is_by_address) != squeezed(&theirs, is_by_address)
            {
                wrong.push(format!("{} {flags:?} of LLVM", made.name));
            }
        }
        // GNU's nm of this machine knows its own processor. patchelf leaves sections to which GNU and LLVM give
        // different letters; rgo's are LLVM's.
        let is_gnus = made.platform.starts_with("linux-amd64") && !made.name.contains("patchelf");
        if is_gnus && can("nm") {
            for flags in OF_GNU {
                checked += 1;
                let theirs = lines(&mut native("nm"), flags, &made.file);
                let mut lines = [ours(flags, &made.file), theirs];
                // Symbols of one size have no order.
                if flags.contains(&"--size-sort") {
                    lines.iter_mut().for_each(|lines| lines.sort());
                }
                if lines[0] != lines[1] {
                    wrong.push(format!("{} {flags:?} of GNU", made.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 0, "no program was made");
}

/// The words of each line: LLVM pads other columns than GNU. LLVM gives symbols of one name any order.
fn squeezed(lines: &[String], is_by_address: bool) -> Vec<Vec<&str>> {
    let mut words: Vec<Vec<&str>> =
        lines.iter().map(|line| line.split_whitespace().collect()).collect();
    if !is_by_address {
        words.sort();
    }
    words
}

/// Compares with Go's nm, with all orders, and returns how many rows there were.
fn compared_with_gos(files: &[&Path]) -> usize {
    let flags =
        [&[][..], &["-size", "-type"], &["-n"], &["-sort", "size"], &["-sort=none", "-size=true"]];
    let compare = |flags: &[&str]| {
        let output = |command: &mut Command| {
            let output = command.args(flags).args(files).output().expect("runs");
            let [stdout, stderr] = [output.stdout, output.stderr];
            (output.status.code(), stdout, String::from_utf8_lossy(&stderr).into_owned())
        };
        let theirs = output(native("go").args(["tool", "nm"]));
        let ours = output(tool("rgo-symbols").arg("go-nm"));
        assert_eq!((ours.0, &ours.2), (theirs.0, &theirs.2), "{files:?} {flags:?}");
        assert!(ours.1 == theirs.1, "{files:?} {flags:?}");
        theirs.1.iter().filter(|byte| **byte == b'\n').count()
    };
    flags.into_iter().map(compare).sum()
}

/// Byte for byte, with all orders.
#[test]
fn go_nm_is_gos() {
    let version = native("go").arg("version").output();
    if version.is_err() {
        return cannot_test("go-nm beside Go's nm, for there is no go");
    }
    let programs = made::made().iter().filter(|made| made.name.starts_with("go "));
    let compared: usize = programs.map(|made| compared_with_gos(&[&made.file])).sum();
    if compared == 0 {
        return not_tested("go-nm: no Go program was made");
    }
    println!("compared with go tool nm: {compared} rows");
}

/// Packages of the standard library: plain Go, with assembly, with C, with marks for the linker.
const PACKAGES: [&str; 6] =
    ["fmt", "sort", "math/big", "crypto/internal/fips140/sha256", "os/user", "runtime/cgo"];
const PLATFORMS: [(&str, &str); 4] =
    [("linux", "amd64"), ("linux", "arm64"), ("darwin", "arm64"), ("windows", "amd64")];

/// A package's archive as `go build -o` writes it.
fn archive(package: &str, (system, arch): (&str, &str), cgo: &str, folder: &Path) -> PathBuf {
    let file = folder.join(format!("{}-{system}-{arch}-{cgo}.a", package.replace('/', "-")));
    let mut go = native("go");
    go.args(["build", "-o"]).arg(&file).arg(package).current_dir(folder);
    go.envs([("GOOS", system), ("GOARCH", arch), ("CGO_ENABLED", cgo)]);
    done(go.envs([("GOTOOLCHAIN", "local"), ("GOFLAGS", ""), ("GOPROXY", "off")]));
    file
}

/// Objects of Go's compiler and assembler, and the archives of them, byte for byte.
#[test]
fn go_nm_of_packages_is_gos() {
    if !can("go") {
        return cannot_test("go-nm of packages beside Go's nm, for there is no go");
    }
    let folder = scratch("go-packages");
    let mut files = Vec::new();
    for platform in PLATFORMS {
        let plain = PACKAGES.iter().filter(|package| **package != "runtime/cgo");
        files.extend(plain.map(|package| archive(package, platform, "0", &folder)));
    }
    if can("gcc") {
        let platform = (env("GOOS"), env("GOARCH"));
        let platform = (&*platform.0, &*platform.1);
        files.extend(["os/user", "runtime/cgo"].map(|it| archive(it, platform, "1", &folder)));
    } else {
        not_tested("go-nm of packages with C, for there is no gcc");
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rgo-debuginfo/tests/fixtures/go");
    let [object, package] = ["small.o", "small.a"].map(|name| fixtures.join(name));
    let several = folder.join("several.a");
    let mut pack = native("go");
    done(pack.args(["tool", "pack", "c"]).args([&several, &package, &object, &object]));
    files.extend([object, package, several]);
    let mut compared: usize = files.iter().map(|file| compared_with_gos(&[file])).sum();
    let all: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    compared += compared_with_gos(&all);
    println!("compared with go tool nm: {compared} rows of {} packages", files.len());
}

/// A setting of Go.
fn env(name: &str) -> String {
    let output = native("go").args(["env", name]).output().expect("runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
