//! Installs the distribution's packages on Debian and Ubuntu. Elsewhere, the tests that need a
//! missing program report it.

use std::fs;

use anyhow::Context;

use super::{Setup, doing, done};
use crate::shell::{command, on_path, output, quiet, succeeds};

/// Packages for the tests: compilers and build tools for programs with C code, programs that run
/// foreign programs, that inspect, strip or sign them, that make and unpack container images, the
/// installer of Python packages, and what reads completions and man pages.
const PACKAGES: [&str; 33] = [
    "autoconf",
    "automake",
    "binutils-aarch64-linux-gnu",
    "binutils-mingw-w64-x86-64",
    "cmake",
    "debuginfod",
    "dwz",
    "elfutils",
    "fish",
    "g++",
    "gcc",
    "gdb",
    "git",
    "hyperfine",
    "libc6-arm64-cross",
    "libgcc-s1-arm64-cross",
    "libstdc++6-arm64-cross",
    "libtool",
    "make",
    "man-db",
    "openssl",
    "osslsigncode",
    "pkg-config",
    "python3-dev",
    "python3-pip",
    "python3-venv",
    "qemu-user",
    "skopeo",
    "time",
    "umoci",
    "wine64",
    "xxd",
    "zsh",
];

/// LLVM tools that tests call; distributions name them differently.
const LLVM_TOOLS: [&str; 13] = [
    "dsymutil",
    "lldb",
    "llvm-cxxfilt",
    "llvm-dwarfdump",
    "llvm-dwp",
    "llvm-lipo",
    "llvm-nm",
    "llvm-objdump",
    "llvm-pdbutil",
    "llvm-readobj",
    "llvm-strip",
    "llvm-symbolizer",
    "llvm-undname",
];

pub(super) fn ensure(setup: &mut Setup) -> anyhow::Result<()> {
    if available() {
        let llvm = newest("llvm-", "", |name| name.strip_prefix("llvm-")?.parse::<u32>().ok())
            .context("no package llvm-<version> is known to apt")?;
        // lldb in the same version; not every release has it.
        let lldb = llvm.replacen("llvm", "lldb", 1);
        let mut names: Vec<&str> = PACKAGES.to_vec();
        names.push(&llvm);
        names.extend(known(&lldb).then_some(lldb.as_str()));
        // The browser that tests pages, with a font. Ubuntu has no package of it.
        names.extend(
            known("chromium").then_some(["chromium", "fonts-dejavu-core"]).into_iter().flatten(),
        );
        install(&names)?;
    } else {
        done("packages", "not a Debian or Ubuntu; taking what is there");
    }
    for tool in LLVM_TOOLS {
        if let Some(path) = llvm_tool(tool) {
            let name = format!("RGO_TEST_{}", tool.to_uppercase().replace('-', "_"));
            setup.say(&name, &path);
        }
    }
    Ok(())
}

/// Whether this system has packages that set-up knows.
pub(super) fn available() -> bool {
    cfg!(target_os = "linux") && on_path("apt-get") && on_path("dpkg-query")
}

/// Installs the missing ones, in one call.
pub(super) fn install(names: &[&str]) -> anyhow::Result<()> {
    let missing: Vec<_> = names.iter().filter(|name| !installed(name)).copied().collect();
    if !missing.is_empty() {
        doing("packages", &format!("installing {}", missing.join(" ")));
        if apt(&["install"], &missing).is_err() {
            apt(&["update"], &[])?;
            apt(&["install"], &missing)?;
        }
    }
    done("packages", &names.join(" "));
    Ok(())
}

fn installed(name: &str) -> bool {
    let mut query = command("dpkg-query");
    quiet(query.args(["--show", "--showformat=${db:Status-Status}", name]))
        .is_ok_and(|status| status == "installed")
}

fn apt(verb: &[&str], names: &[&str]) -> anyhow::Result<()> {
    let root = output(command("id").arg("-u"))?.trim() == "0";
    let mut apt = if root { command("env") } else { command("sudo") };
    apt.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]);
    apt.args(verb);
    if !names.is_empty() {
        apt.args(["-y", "--no-install-recommends"]).args(names);
    }
    quiet(&mut apt).map(drop)
}

/// The package of a family with the highest version; `version` parses each name.
pub(super) fn newest<V: Ord>(
    prefix: &str,
    suffix: &str,
    version: impl Fn(&str) -> Option<V>,
) -> Option<String> {
    let list = || {
        let names = quiet(command("apt-cache").arg("pkgnames").arg(prefix)).ok()?;
        let known = names.lines().filter(|name| name.ends_with(suffix));
        known
            .filter_map(|name| Some((version(name)?, name.to_owned())))
            .max_by(|a, b| a.0.cmp(&b.0))
    };
    // A fresh machine or container has no package lists yet.
    let found = list().or_else(|| apt(&["update"], &[]).ok().and_then(|()| list()));
    found.map(|(_, name)| name)
}

/// An LLVM tool: Debian's with the highest version, or by its plain name on PATH. (Debian's plain
/// name belongs to the version with which the release began.)
pub(crate) fn llvm_tool(name: &str) -> Option<String> {
    let versioned = format!("{name}-");
    let entries = fs::read_dir("/usr/bin").into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let file = entry.file_name().into_string().ok()?;
        Some((file.strip_prefix(&versioned)?.parse::<u32>().ok()?, entry.path()))
    });
    let newest = found.max().and_then(|(_, path)| path.to_str().map(str::to_owned));
    newest.or_else(|| on_path(name).then(|| name.to_owned()))
}

/// Whether apt knows the package.
pub(super) fn known(name: &str) -> bool {
    succeeds(command("apt-cache").args(["show", name]))
}
