//! zig as a compiler of C and C++ for every system.

use std::path::{Path, PathBuf};
use std::process::Command;

use rgo_toolchain::cache::Cache;
use rgo_toolchain::zig::{self, RuntimeFolders, Zig};

use super::{machine, native};

/// Nothing here uses the sanitizer whose runtime zig would build for each system.
const PLAIN: &str = "-fno-sanitize=undefined";

/// A call of zig's tool of this name (`cc`, `c++`, `ar`, `ld.lld`). It shares the runtimes of rgo-build's links: each
/// library of C++ takes a minute. What else zig makes on the way is in `scratch`.
pub(crate) fn zig(name: &str, scratch: &Path) -> Command {
    let (cache, zig) = found();
    let folder = cache.zig_cache(&zig.version.to_string());
    std::fs::create_dir_all(folder.join("runtimes")).expect("made");
    #[cfg(unix)]
    let _ = std::os::unix::fs::symlink(&zig.lib_dir, folder.join("lib"));
    // The descriptor is opened by a shell: those of this process would go to rgo-build, which has its own.
    let (mut command, runtimes) = if cfg!(target_os = "linux") {
        let mut command = native("bash");
        command.args(["-c", "exec 250<\"$0\" && exec \"$@\""]).arg(&folder).arg(&zig.program);
        (command, RuntimeFolders::within("/proc/self/fd/250".into()))
    } else {
        (native(&zig.program), RuntimeFolders::new(&folder, &zig.lib_dir))
    };
    command.args(&zig.args).arg(name);
    if ["cc", "c++"].contains(&name) {
        command.arg(PLAIN);
    }
    command.envs(runtimes.variables());
    command.env("ZIG_LOCAL_CACHE_DIR", scratch.join("zig-cache"));
    command
}

/// The folder of zig's libraries and headers.
pub(crate) fn zig_lib() -> PathBuf {
    found().1.lib_dir.as_std_path().to_owned()
}

fn found() -> (Cache, Zig) {
    let env = |name: &str| machine().var(name);
    let cache = Cache::open(&env).expect("a cache");
    let zig = zig::discover(&cache, &env, false, &mut |_| {}).expect("a zig");
    (cache, zig)
}
