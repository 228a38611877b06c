//! Makes the `build` lines of a note. They record how a program was built, in Go's style of
//! `key=value`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rgo_binary::system::Os;

use super::CargoBuild;
use super::target::Target;
use crate::cargo::command::CargoTarget;
use crate::cargo::messages::Unit;
use crate::request::StripMode;
use crate::secrets::hidden;
use crate::std_lib::Origin;
use crate::toolchain::Floor;

/// Settings that a note leaves out if they are empty.
pub const LEFT_OUT: [&str; 4] = ["-X", "build-deps", "features", "zig"];

/// The lines for one program of a target. The names of its slots are part of them.
///
/// No line may contain a path of this machine: the note is part of bytes that must be the same from
/// any folder.
#[must_use]
pub(super) fn lines(
    build: &CargoBuild,
    target: &Target,
    unit: &Unit,
    slots: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let cargo = &target.cargo;
    let toolchain = cargo.toolchain;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: String| {
        if !value.is_empty() {
            lines.push((key.to_owned(), value));
        }
    };
    add("profile", build.options.profile.clone());
    add("target", toolchain.triple.clone());
    add("toolchain", toolchain.name.clone());
    add("libc", libc(cargo));
    match &cargo.floor {
        Some(Floor::Glibc(version)) => add("glibc", version.clone()),
        Some(Floor::Macos(version)) => add("macos", version.clone()),
        None => {}
    }
    add("features", unit.features.iter().cloned().collect::<Vec<_>>().join(","));
    add("rustc", build.compiler.version.release.to_string());
    add("rustc.commit", build.compiler.version.commit_hash.clone().unwrap_or_default());
    add("std", std(&target.link.std.origin).to_owned());
    add("rustflags", rustflags(build, cargo));
    add("zig", target.link.zig_version().unwrap_or_default().to_owned());
    add("rgo", env!("CARGO_PKG_VERSION").to_owned());
    add("strip", strip(build.context.strip).to_owned());
    for (name, value) in build.context.values.iter().filter(|(name, _)| slots.contains(name)) {
        add("-X", format!("{name}={value}"));
    }
    if let Some(vcs) = &build.context.vcs {
        add("vcs", "git".to_owned());
        add("vcs.revision", vcs.revision.clone());
        add(
            "vcs.time",
            Timestamp::from_second(vcs.time).map(|t| t.to_string()).unwrap_or_default(),
        );
        add("vcs.modified", (!vcs.modified_files.is_empty()).to_string());
    }
    lines
}

/// The origin of the standard library. rustup's is the same library whether it was installed before
/// the build or by it.
fn std(origin: &Origin) -> &'static str {
    match origin {
        Origin::Source => "source",
        Origin::Prebuilt | Origin::Rustup => "prebuilt",
    }
}

fn libc(cargo: &CargoTarget) -> String {
    let toolchain = cargo.toolchain;
    let name = match toolchain.os {
        Os::Darwin => "libSystem",
        Os::Windows => "UCRT",
        _ if toolchain.triple.contains("musl") => "musl",
        _ => "glibc",
    };
    // If both values of `--libc` give the same program, the line names neither.
    match toolchain.libc.as_slice() {
        [one] => format!("{name} {one}"),
        _ => name.to_owned(),
    }
}

/// The user's flags and the toolchain's. rgo's others are paths.
fn rustflags(build: &CargoBuild, cargo: &CargoTarget) -> String {
    let user = cargo.flags.user.iter().chain(&build.options.rustc_flags);
    let all: Vec<&str> = user.chain(&cargo.toolchain.rustflags).map(String::as_str).collect();
    hidden(&without_paths(&all))
}

/// Removes flags with a path of this machine. A flag and its value are one word (`-Lx`) or two
/// (`-L x`), and are removed together.
fn without_paths(flags: &[&str]) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut rest = flags;
    while let Some((flag, after)) = rest.split_first() {
        let is_value = |word: &&str| flag.starts_with('-') && !word.starts_with('-');
        let length = 1 + usize::from(after.first().is_some_and(is_value));
        let (words, after) = rest.split_at(length);
        if !words.iter().any(|word| has_path(word)) {
            kept.extend(words);
        }
        rest = after;
    }
    kept.join(" ")
}

/// Whether a word of a flag may contain an absolute path: `/x`, `C:\x`, `C:/x`, `\\x` or `~/x`. In
/// doubt, yes.
fn has_path(word: &str) -> bool {
    // In `-L/x` and `-I/x` nothing separates the flag from the path.
    let begins = |part: &str| {
        let glued = part.starts_with('-') && part.contains('/');
        part.starts_with(['/', '~']) || glued
    };
    let between = |c: char| c.is_whitespace() || "=,:;@'\"()[]{}".contains(c);
    word.contains('\\') || word.split(between).any(begins)
}

fn strip(mode: StripMode) -> &'static str {
    match mode {
        StripMode::None => "none",
        StripMode::Debug => "debug",
        StripMode::All => "all",
        StripMode::Split => "split",
    }
}

#[cfg(test)]
mod tests {
    use super::without_paths;

    #[test]
    fn no_path_of_this_machine_is_told() {
        for (flags, expected) in [
            (&["-Ctarget-cpu=native", "-Copt-level=3"][..], "-Ctarget-cpu=native -Copt-level=3"),
            (&["-C", "target-cpu=native", "-g"], "-C target-cpu=native -g"),
            (&["--cfg", "feature=\"x\"", "-lz"], "--cfg feature=\"x\" -lz"),
            (&["-Ctarget-feature=+crt-static,-avx"], "-Ctarget-feature=+crt-static,-avx"),
            (&["-Lnative=vendor/lib"], "-Lnative=vendor/lib"),
            (&["-L/opt/x"], ""),
            (&["-L", "/opt/x", "-lx"], "-lx"),
            (&["-L", "native=/opt/x", "-lx"], "-lx"),
            (&["-Clink-arg=-L/home/me/lib"], ""),
            (&["-C", "link-arg=-L/home/me/lib", "-g"], "-g"),
            (&["-C", "link-args=-lz -L /home/me/lib", "-g"], "-g"),
            (&["-Clink-arg=-Wl,-rpath,/home/me"], ""),
            (&["-Clink-arg=@/tmp/args"], ""),
            (&["--remap-path-prefix=/home/me=x"], ""),
            (&["--remap-path-prefix", "/home/me=x", "-g"], "-g"),
            (&["--cfg", "path=\"/home/me\""], ""),
            (&["-LC:\\libs"], ""),
            (&["-L", "C:\\libs"], ""),
            (&["-L", "C:/libs"], ""),
            (&["-Clink-arg=\\\\server\\x"], ""),
            (&["--sysroot=~/x", "--extern", "a=/x/liba.rlib"], ""),
            (&["-v", "-L"], "-v -L"),
            (&["stray", "-g"], "stray -g"),
            (&[], ""),
        ] {
            assert_eq!(without_paths(flags), expected, "{flags:?}");
        }
    }
}
