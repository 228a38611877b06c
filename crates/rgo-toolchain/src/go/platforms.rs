//! The platforms of Go. Go without cgo builds for every pair of `go tool dist list`; a pair that no
//! file of `toolchains/` describes becomes a toolchain of its own here, without zig.

use std::sync::{Mutex, PoisonError};

use camino::Utf8Path;
use rgo_binary::Arch;
use rgo_binary::system::Os;
use serde::Deserialize;

use super::compiler::Go;
use super::error::GoError;
use crate::toolchain::{self, Libc, RunnerSpec, Toolchain};

/// A pair of `go tool dist list`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Platform {
    /// `GOOS`.
    #[serde(rename = "GOOS")]
    pub os: String,
    /// `GOARCH`.
    #[serde(rename = "GOARCH")]
    pub arch: String,
}

/// The platforms of a Go.
///
/// # Errors
/// If go cannot list them.
pub fn list(go: &Go, folder: &Utf8Path) -> Result<Vec<Platform>, GoError> {
    let cmd = go.command(folder).args(["tool", "dist", "list", "-json"]);
    let text = cmd.capture()?;
    serde_json::from_str(&text)
        .map_err(|source| GoError::Answer { command: cmd.to_string(), source })
}

/// Whether Go links programs for a platform only by a C compiler, even those without C code.
/// (`MustLinkExternal` in `internal/platform/supported.go` of Go; for ios/amd64 the PIE, which is
/// Go's default there. The NDK's and Apple's compilers link such programs, and zig does not.)
#[must_use]
pub fn is_linked_by_c_compiler(toolchain: &Toolchain) -> bool {
    match toolchain.os {
        Os::Android => toolchain.arch != Arch::Arm64,
        Os::Ios => true,
        _ => false,
    }
}

/// The toolchain of a platform: that of `toolchains/` if there is one, else one without zig. `None`
/// for a system that rgo does not know.
#[must_use]
pub fn toolchain(platform: &Platform) -> Option<&'static Toolchain> {
    static MADE: Mutex<Vec<&'static Toolchain>> = Mutex::new(Vec::new());
    let name = format!("{}-{}", platform.os, platform.arch);
    if let Some(known) = toolchain::by_name(&name) {
        return Some(known);
    }
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = made.iter().find(|it| it.name == name) {
        return Some(known);
    }
    // There is one of each platform as long as the process runs, as of those in files.
    let new: &'static Toolchain = Box::leak(Box::new(plain(platform, name)?));
    made.push(new);
    Some(new)
}

fn plain(platform: &Platform, name: String) -> Option<Toolchain> {
    let (os, arch) = (platform.os.as_str(), platform.arch.as_str());
    let runner = (os == "linux").then(|| emulator(arch)).flatten().map(|program| RunnerSpec {
        programs: vec![program.to_owned()],
        args: Vec::new(),
        needs: Vec::new(),
        debian: vec!["qemu-user".to_owned()],
        dlls: Vec::new(),
    });
    Some(Toolchain {
        os: Os::named(os)?,
        arch: match arch {
            "amd64" => Arch::Amd64,
            "arm64" => Arch::Arm64,
            other => Arch::Other(other.to_owned()),
        },
        libc: vec![Libc::Static],
        variant: None,
        triple: format!("{os}/{arch}"),
        all: false,
        crate_types: vec!["bin".to_owned()],
        oldest_rust: None,
        floor: None,
        oldest: None,
        zig: None,
        rustflags: Vec::new(),
        static_pie: false,
        refuses: toolchain::Refusals::default(),
        runner,
        name,
    })
}

/// The emulator of a processor, by qemu's name for the processor.
fn emulator(arch: &str) -> Option<&'static str> {
    Some(match arch {
        "386" => "qemu-i386",
        "arm" => "qemu-arm",
        "loong64" => "qemu-loongarch64",
        "mips" => "qemu-mips",
        "mipsle" => "qemu-mipsel",
        "mips64" => "qemu-mips64",
        "mips64le" => "qemu-mips64el",
        "ppc64" => "qemu-ppc64",
        "ppc64le" => "qemu-ppc64le",
        "riscv64" => "qemu-riscv64",
        "s390x" => "qemu-s390x",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_one_toolchain() {
        let of = |os: &str, arch: &str| {
            toolchain(&Platform { os: os.to_owned(), arch: arch.to_owned() })
        };
        let known = of("linux", "amd64").expect("a toolchain");
        assert!(known.zig.is_some(), "that of the file");
        let made = of("freebsd", "riscv64").expect("a toolchain");
        assert_eq!(
            (made.name.as_str(), made.spec().as_str()),
            ("freebsd-riscv64", "freebsd/riscv64")
        );
        assert!(made.zig.is_none() && made.runner.is_none());
        assert!(std::ptr::eq(made, of("freebsd", "riscv64").expect("a toolchain")));
        let emulated = of("linux", "s390x").and_then(|it| it.runner.as_ref());
        assert_eq!(emulated.map(|it| it.programs.as_slice()), Some(&["qemu-s390x".to_owned()][..]));
        assert!(of("templeos", "amd64").is_none());
        for (os, arch, expected) in [
            ("android", "amd64", true),
            ("android", "arm64", false),
            ("ios", "amd64", true),
            ("ios", "arm64", true),
            ("freebsd", "arm", false),
        ] {
            let made = of(os, arch).expect("a toolchain");
            assert_eq!(is_linked_by_c_compiler(made), expected, "{os}/{arch}");
        }
    }
}
