//! `rgo-strip` on the libraries of a published Python wheel. auditwheel has copied what they need
//! into the wheel and had patchelf put new names into segments behind their debug data.

use std::fs;
use std::path::{Path, PathBuf};

use crate::published::corpus_folder;
use crate::support::stripping::{done, size};
use crate::support::{Outcome, machine, native, scratch, tool};

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

#[test]
fn libraries_that_auditwheel_repaired_are_as_small_as_by_llvm_and_load() {
    let Some(wheel) = corpus_folder("Pillow-9.1.0-") else { return };
    let before = libraries(&wheel);
    assert_eq!(before.len(), 20);
    let ours = stripped(&wheel, "ours", |files| {
        let outcome = Outcome::of(tool("rgo-strip").args(files)).ended(0);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    });
    let llvm = stripped(&wheel, "llvm", |files| {
        let mut strip = native(machine().must("RGO_TEST_LLVM_STRIP"));
        done(strip.args(["--strip-all", "--keep-section=.comment"]).args(files));
    });
    let total = |files: &[PathBuf]| files.iter().map(|file| size(file)).sum::<u64>();
    for ((before, ours), llvm) in before.iter().zip(&ours).zip(&llvm) {
        assert!(size(ours) <= size(llvm), "{}: {}", ours.display(), size(llvm));
        assert!(size(ours) <= size(before), "{}: {}", ours.display(), size(before));
    }
    assert!(total(&ours) * 100 < total(&before) * 63, "{} -> {}", total(&before), total(&ours));
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let names = loaded(&before);
        assert!(names.lines().count() >= 13, "{names}");
        assert_eq!(loaded(&ours), names);
    }
    // A second strip has nothing to do.
    let first: Vec<Vec<u8>> = ours.iter().map(|file| fs::read(file).expect("read")).collect();
    done(tool("rgo-strip").args(&ours));
    let second: Vec<Vec<u8>> = ours.iter().map(|file| fs::read(file).expect("read")).collect();
    assert!(first == second);
}

/// By each mode that there is for debug data.
#[test]
fn debug_data_of_repaired_libraries_is_split_off() {
    let Some(wheel) = corpus_folder("Pillow-9.1.0-") else { return };
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
