//! Removes cmake's configuration of a package's native code if it used another toolchain file: that
//! of an older rgo, of another floor, or none.
//!
//! A configured folder keeps its compiler. If cmake gets another one, it configures again and
//! forgets the options of its command line, among them the system: a build for Windows then makes
//! objects for the host. So rgo removes the configuration before the build.
//!
//! ```text
//! <build>/<triple>/<profile>/build/<package>-<hash>/out/build/CMakeCache.txt     before cargo 1.100
//! <build>/<triple>/<profile>/build/<package>/<hash>/out/build/CMakeCache.txt     since
//!                                                             CMakeFiles/
//! ```

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

const CACHE: &str = "CMakeCache.txt";

/// Removes the configurations for a triple that used another toolchain file than this one. `build`
/// is cargo's build folder.
///
/// # Errors
/// If a file or folder cannot be removed.
pub fn forget_others(build: &Utf8Path, triple: &str, toolchain_file: &str) -> io::Result<()> {
    for profile in folders(&build.join(triple)) {
        for out in outs(&profile) {
            // The crate `cmake` builds in the subfolder `build` of its output folder.
            let inner = folders(&out).into_iter().flat_map(|it| [it.join("build"), it]);
            for folder in inner.chain([out]).filter(|it| is_of_another(it, toolchain_file)) {
                let files = folder.join("CMakeFiles");
                if files.is_dir() {
                    fs::remove_dir_all(files)?;
                }
                fs::remove_file(folder.join(CACHE))?;
            }
        }
    }
    Ok(())
}

/// The output folders of build scripts, in both of cargo's layouts. `profile` is cargo's folder for
/// a target's profile.
#[must_use]
pub fn outs(profile: &Utf8Path) -> Vec<Utf8PathBuf> {
    let packages = folders(&profile.join("build"));
    let units = packages.iter().flat_map(|package| folders(package));
    let all = packages.iter().cloned().chain(units).map(|unit| unit.join("out"));
    all.filter(|out| out.is_dir()).collect()
}

fn is_of_another(folder: &Utf8Path, toolchain_file: &str) -> bool {
    let Ok(cache) = fs::read_to_string(folder.join(CACHE)) else { return false };
    let mut lines = cache.lines().filter_map(|line| line.strip_prefix("CMAKE_TOOLCHAIN_FILE:"));
    let told = lines.next().and_then(|line| line.split_once('='));
    told.is_none_or(|(_, file)| file != toolchain_file)
}

fn folders(place: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = place.read_dir_utf8().into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()));
    folders.map(camino::Utf8DirEntry::into_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_file_configured_is_forgotten() {
        let temp = tempfile::tempdir().expect("a folder");
        let build = Utf8Path::from_path(temp.path()).expect("UTF-8");
        let configured = |package: &str, cache: &str| {
            let folder = build.join("t/debug/build").join(package);
            fs::create_dir_all(folder.join("CMakeFiles/a.dir")).expect("made");
            fs::write(folder.join(CACHE), cache).expect("written");
            fs::write(folder.join("liba.a"), "").expect("written");
            folder
        };
        let ours = "X:STRING=1\nCMAKE_TOOLCHAIN_FILE:UNINITIALIZED=/new.cmake\n";
        let kept = configured("kept-1/out/build", ours);
        let gone = [
            configured("old-1/out/build", "CMAKE_TOOLCHAIN_FILE:FILEPATH=/old.cmake\n"),
            configured("none-1/out", "CMAKE_CXX_COMPILER:FILEPATH=/usr/bin/c++\n"),
            configured("deep-1/out/inner/build", ""),
            configured("package/0123456789abcdef/out/build", ""),
        ];
        let other = build.join("other/debug/build/x-1/out/build");
        fs::create_dir_all(&other).expect("made");
        fs::write(other.join(CACHE), "").expect("written");
        for _ in 0..2 {
            forget_others(build, "t", "/new.cmake").expect("removed");
            assert!(kept.join(CACHE).exists() && kept.join("CMakeFiles").exists());
            assert!(other.join(CACHE).exists());
            for folder in &gone {
                assert!(!folder.join(CACHE).exists() && !folder.join("CMakeFiles").exists());
                assert!(folder.join("liba.a").exists());
            }
        }
        forget_others(build, "never-built", "/new.cmake").expect("nothing is there");
    }
}
