//! `rgo-strip` on the libraries of published Python wheels. auditwheel has copied what they need
//! into the wheels and had patchelf put new names into segments behind their debug data.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol, elf};

use crate::support::corpus::corpus_folder;
use crate::support::stripping::{done, size};
use crate::support::{Outcome, can, machine, native, not_tested, scratch, tool, zig};

const AMD64: &str = "Pillow-9.1.0-cp310-cp310-manylinux_2_17_x86_64";
const ARM64: &str = "Pillow-9.1.0-cp310-cp310-manylinux_2_17_aarch64";

/// Loads each library by itself, the others beside it; prints the names of those that do.
const LOAD: &str = "
import ctypes, os, sys
for path in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            ctypes.CDLL(path)
            os._exit(0)
        except OSError:
            os._exit(1)
    if os.waitpid(child, 0)[1] == 0:
        print(os.path.basename(path))
";

/// The same, for a system that this machine has no Python for.
const LOADER: &str = r#"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **paths) {
    for (int i = 1; i < count; i++) {
        if (fork() == 0)
            _exit(dlopen(paths[i], RTLD_NOW) ? 0 : 1);
        int status;
        if (wait(&status) > 0 && status == 0)
            puts(strrchr(paths[i], '/') + 1);
        fflush(stdout);
    }
}
"#;

fn libraries(wheel: &Path) -> Vec<PathBuf> {
    let folders = ["Pillow.libs", "PIL"].map(|name| wheel.join(name));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let files = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.to_string_lossy().contains(".so")).collect();
    files.sort();
    files
}

fn loaded(files: &[PathBuf]) -> String {
    let libraries = files[0].parent().and_then(Path::parent).expect("a wheel").join("Pillow.libs");
    let mut python = native("python3");
    python.args(["-c", LOAD]).args(files).env("LD_LIBRARY_PATH", libraries);
    Outcome::of(&mut python).ended(0).stdout
}

/// Copies the wheel, so that libraries find each other, and strips the copy by what `strip` makes.
fn stripped(wheel: &Path, name: &str, strip: impl FnOnce(&[PathBuf])) -> Vec<PathBuf> {
    let copy = scratch(&format!("wheel-{name}"));
    let files = libraries(wheel).into_iter().map(|file| {
        let to = copy.join(file.strip_prefix(wheel).expect("in the wheel"));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(&file, &to).expect("copied");
        to
    });
    let files: Vec<PathBuf> = files.collect();
    strip(&files);
    files
}

/// Names that libraries take from Python and from zlib, which no wheel has.
fn from_elsewhere(files: &[PathBuf]) -> BTreeSet<String> {
    const ZLIB: [&str; 8] =
        ["deflate", "inflate", "adler32", "crc32", "compress", "uncompress", "zError", "zlib"];
    let mut names = BTreeSet::new();
    for file in files {
        let data = fs::read(file).expect("read");
        let file = object::File::parse(&*data).expect("ELF");
        let undefined = file.dynamic_symbols().filter(ObjectSymbol::is_undefined);
        names.extend(undefined.map(|symbol| symbol.name().expect("UTF-8").to_owned()));
    }
    let is_pythons = |name: &str| name.starts_with("Py") || name.starts_with("_Py");
    names.retain(|name| is_pythons(name) || ZLIB.iter().any(|start| name.starts_with(start)));
    names
}

/// A folder with a C program for linux arm64 that loads libraries, and has what they take from
/// elsewhere. None of it is called.
fn arm64_loader(files: &[PathBuf]) -> PathBuf {
    let folder = scratch("wheel-loader");
    let names = from_elsewhere(files).into_iter().map(|name| format!("long {name}[64];\n"));
    fs::write(folder.join("load.c"), names.chain([LOADER.to_owned()]).collect::<String>())
        .expect("written");
    fs::write(folder.join("none.c"), "").expect("written");
    let calls = [
        &["load.c", "-w", "-rdynamic", "-o", "load"][..],
        &["none.c", "-shared", "-o", "libz.so.1"],
    ];
    for call in calls {
        let mut compile = zig("cc", &folder);
        compile.current_dir(&folder).args(["-target", "aarch64-linux-gnu.2.31"]).args(call);
        done(&mut compile);
    }
    folder
}

/// Distance of address and offset of each segment that is loaded, modulo the largest page.
fn distances(file: &Path) -> Vec<u64> {
    let data = fs::read(file).expect("read");
    let header = elf::FileHeader64::<Endianness>::parse(&*data).expect("ELF");
    let endian = header.endian().expect("an order");
    let segments = header.program_headers(endian, &*data).expect("headers").iter();
    let loaded = segments.filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
    loaded.map(|it| it.p_vaddr(endian).wrapping_sub(it.p_offset(endian)) % (64 << 10)).collect()
}

/// Strips a wheel by rgo-strip and LLVM's, holds that ours is no larger, and that a second strip
/// has nothing to do; gives the libraries before and after.
fn as_small_as_by_llvm(start: &str, name: &str) -> Option<(Vec<PathBuf>, Vec<PathBuf>)> {
    let wheel = corpus_folder(start)?;
    let before = libraries(&wheel);
    assert_eq!(before.len(), 20);
    let ours = stripped(&wheel, &format!("{name}-ours"), |files| {
        let outcome = Outcome::of(tool("rgo-strip").args(files)).ended(0);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    });
    let llvm = stripped(&wheel, &format!("{name}-llvm"), |files| {
        let mut strip = native(machine().must("RGO_TEST_LLVM_STRIP"));
        done(strip.args(["--strip-all", "--keep-section=.comment"]).args(files));
    });
    for ((before, ours), llvm) in before.iter().zip(&ours).zip(&llvm) {
        assert!(size(ours) <= size(llvm), "{}: {}", ours.display(), size(llvm));
        assert!(size(ours) <= size(before), "{}: {}", ours.display(), size(before));
    }
    // A second strip has nothing to do.
    let first: Vec<Vec<u8>> = ours.iter().map(|file| fs::read(file).expect("read")).collect();
    done(tool("rgo-strip").args(&ours));
    let second: Vec<Vec<u8>> = ours.iter().map(|file| fs::read(file).expect("read")).collect();
    assert!(first == second);
    Some((before, ours))
}

fn total(files: &[PathBuf]) -> u64 {
    files.iter().map(|file| size(file)).sum()
}

#[test]
fn libraries_that_auditwheel_repaired_are_as_small_as_by_llvm_and_load() {
    let Some((before, ours)) = as_small_as_by_llvm(AMD64, "amd64") else { return };
    assert!(total(&ours) * 100 < total(&before) * 63, "{} -> {}", total(&before), total(&ours));
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let names = loaded(&before);
        assert!(names.lines().count() >= 13, "{names}");
        assert_eq!(loaded(&ours), names);
    }
}

/// Where offset and address were congruent modulo 64 KiB, systems with such pages load the result.
#[test]
fn repaired_libraries_for_arm64_load_from_pages_of_each_size() {
    let Some((before, ours)) = as_small_as_by_llvm(ARM64, "arm64") else { return };
    assert!(total(&ours) * 100 < total(&before) * 70, "{} -> {}", total(&before), total(&ours));
    let mut aligned = 0;
    for (before, ours) in before.iter().zip(&ours) {
        for (old, new) in distances(before).into_iter().zip(distances(ours)) {
            assert!(old != 0 || new == 0, "{}", ours.display());
            aligned += usize::from(new == 0);
        }
    }
    assert!(aligned >= 40, "{aligned}");
    if !can("qemu-aarch64") {
        not_tested("loading them, for there is no qemu-aarch64");
        return;
    }
    let loader = arm64_loader(&before);
    let names = [&before, &ours].map(|files| {
        let wheel = files[0].parent().and_then(Path::parent).expect("a wheel");
        let path = format!("{}:{}", wheel.join("Pillow.libs").display(), loader.display());
        let mut load = native("qemu-aarch64");
        load.args(["-L", "/usr/aarch64-linux-gnu", "-E"]).arg(format!("LD_LIBRARY_PATH={path}"));
        Outcome::of(load.arg(loader.join("load")).args(files)).ended(0).stdout
    });
    assert!(names[0].lines().count() >= 19, "{}", names[0]);
    assert_eq!(names[0], names[1]);
}

/// By each mode that there is for debug data.
#[test]
fn debug_data_of_repaired_libraries_is_split_off() {
    let Some(wheel) = corpus_folder(AMD64) else { return };
    let store = scratch("wheel-store");
    let split = stripped(&wheel, "split", |files| {
        let mut strip = tool("rgo-strip");
        strip.arg("--split").arg(&store).args(["-R", ".comment"]).args(files);
        Outcome::of(&mut strip).ended(0);
    });
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        assert_eq!(loaded(&split), loaded(&libraries(&wheel)));
    }
    assert!(store.join(".build-id").is_dir());
}
