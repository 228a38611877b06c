//! Where Go's race detector runs. Go brings its runtime with it, which is C code: beyond darwin a program
//! with it is linked with cgo. (`internal/platform/supported.go` of Go)

use rgo_binary::system::Os;

use crate::toolchain::Toolchain;

/// The platforms on which Go's race detector runs.
pub const PLATFORMS: [&str; 12] = [
    "linux/amd64",
    "linux/arm64",
    "linux/loong64",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "freebsd/amd64",
    "netbsd/amd64",
    "darwin/amd64",
    "darwin/arm64",
    "windows/amd64",
    "openbsd/amd64",
];

/// Whether Go has a race detector for the platform of a toolchain.
#[must_use]
pub fn is_on_platform(toolchain: &Toolchain) -> bool {
    PLATFORMS.contains(&platform(toolchain).as_str())
}

/// Whether rgo-build makes programs with the race detector for a toolchain.
#[must_use]
pub fn is_built(toolchain: &Toolchain) -> bool {
    is_on_platform(toolchain) && (toolchain.zig.is_some() || toolchain.is(Os::Darwin))
}

/// `GOOS/GOARCH` of a toolchain.
#[must_use]
pub fn platform(toolchain: &Toolchain) -> String {
    format!("{}/{}", toolchain.os, toolchain.arch)
}
