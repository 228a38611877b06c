//! zig as a compiler of C and C++ for every system.

use std::path::Path;
use std::process::Command;

use rgo_toolchain::cache::Cache;
use rgo_toolchain::zig::{self, Zig};

use super::{machine, native};

/// Nothing here uses the sanitizer whose runtime zig would build for each system.
const PLAIN: &str = "-fno-sanitize=undefined";

/// A call of zig's tool of this name (`cc`, `c++`, `ar`). What it makes on the way is kept with what
/// rgo-build makes, and in `scratch`.
pub(crate) fn zig(name: &str, scratch: &Path) -> Command {
    let (cache, zig) = found();
    let mut command = native(&zig.program);
    command.args(&zig.args).arg(name);
    if name != "ar" {
        command.arg(PLAIN);
    }
    command
        .env("ZIG_GLOBAL_CACHE_DIR", cache.zig_cache(&zig.version.to_string()))
        .env("ZIG_LOCAL_CACHE_DIR", scratch.join("zig-cache"));
    command
}

/// A call of zig's tool of this name that links objects, which are named by absolute paths. It runs where
/// rgo-build links, so that both use one library of C++ for each system: each takes a minute.
pub(crate) fn zig_link(name: &str) -> Command {
    let (cache, zig) = found();
    let folder = cache.zig_cache(&zig.version.to_string());
    std::fs::create_dir_all(folder.join("c")).expect("made");
    let mut command = native(&zig.program);
    command.args(&zig.args).args([name, "-g", PLAIN]).current_dir(&folder);
    let here = Path::new("/proc/self/cwd");
    let lib = folder.join("lib");
    if here.exists() {
        #[cfg(unix)]
        let _ = std::os::unix::fs::symlink(&zig.lib_dir, &lib);
        command.env("ZIG_LIB_DIR", here.join("lib")).env("PWD", here);
        command.env("ZIG_GLOBAL_CACHE_DIR", here.join("c"));
        command.env("ZIG_LOCAL_CACHE_DIR", here.join("c"));
    }
    command
}

fn found() -> (Cache, Zig) {
    let env = |name: &str| machine().var(name);
    let cache = Cache::open(&env).expect("a cache");
    let zig = zig::discover(&cache, &env, false, &mut |_| {}).expect("a zig");
    (cache, zig)
}
