//! zig as a compiler of C and C++ for every system.

use std::path::Path;
use std::process::Command;

use rgo_toolchain::cache::Cache;
use rgo_toolchain::zig;

use super::{machine, native};

/// A call of zig's tool of this name (`cc`, `c++`, `ar`). What it makes on the way is kept with what
/// rgo-build makes, and in `scratch`.
pub(crate) fn zig(name: &str, scratch: &Path) -> Command {
    let env = |name: &str| machine().var(name);
    let cache = Cache::open(&env).expect("a cache");
    let zig = zig::discover(&cache, &env, false, &mut |_| {}).expect("a zig");
    let mut command = native(&zig.program);
    command.args(&zig.args).arg(name);
    if name != "ar" {
        // Nothing here uses the sanitizer whose runtime zig would build for each system.
        command.arg("-fno-sanitize=undefined");
    }
    command
        .env("ZIG_GLOBAL_CACHE_DIR", cache.zig_cache(&zig.version.to_string()))
        .env("ZIG_LOCAL_CACHE_DIR", scratch.join("zig-cache"));
    command
}
