//! The `build` lines of a note: how a program was built, in Go's style of `key=value`.

use jiff::Timestamp;
use rgo_toolchain::cargo_messages::Unit;
use rgo_toolchain::plan::TargetPlan;
use rgo_toolchain::target::Floor;

use super::finish::StripMode;
use super::link::Linking;
use super::prepare::Prepared;

/// The lines for one target, and for one program of it if its unit is known.
///
/// Nothing here may hold a path of this machine: the note is part of bytes that must be the same
/// from any folder.
#[must_use]
pub(super) fn lines(
    prepared: &Prepared,
    plan: &TargetPlan,
    linking: &Linking,
    unit: Option<&Unit>,
) -> Vec<(String, String)> {
    let toolchain = plan.toolchain;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: String| {
        if !value.is_empty() {
            lines.push((key.to_owned(), value));
        }
    };
    add("profile", prepared.request.profile.clone());
    add("target", toolchain.triple.clone());
    add("toolchain", toolchain.name.clone());
    add("libc", libc(plan));
    match &plan.floor {
        Some(Floor::Glibc(version)) => add("glibc", version.clone()),
        Some(Floor::Macos(version)) => add("macos", version.clone()),
        None => {}
    }
    if let Some(unit) = unit {
        add("features", unit.features.iter().cloned().collect::<Vec<_>>().join(","));
    }
    add("rustc", prepared.compiler.version.release.to_string());
    add("rustc.commit", prepared.compiler.version.commit_hash.clone().unwrap_or_default());
    add("std", linking.std.as_ref().map(|origin| origin.to_string()).unwrap_or_default());
    add("rustflags", rustflags(prepared, plan));
    add("zig", linking.zig_version.clone().unwrap_or_default());
    add("rgo", env!("CARGO_PKG_VERSION").to_owned());
    add("strip", strip(prepared.strip).to_owned());
    for (name, value) in &prepared.values {
        add("-X", format!("{name}={value}"));
    }
    if let Some(vcs) = &prepared.vcs {
        add("vcs", "git".to_owned());
        add("vcs.revision", vcs.revision.clone());
        add(
            "vcs.time",
            Timestamp::from_second(vcs.time).map(|t| t.to_string()).unwrap_or_default(),
        );
        add("vcs.modified", vcs.modified.to_string());
    }
    lines
}

fn libc(plan: &TargetPlan) -> String {
    let toolchain = plan.toolchain;
    let name = match toolchain.os.as_str() {
        "darwin" => "libSystem",
        "windows" => "UCRT",
        _ if toolchain.triple.contains("musl") => "musl",
        _ => "glibc",
    };
    // Where both values of --libc name one program, neither says anything.
    match toolchain.libc.as_slice() {
        [one] => format!("{name} {one}"),
        _ => name.to_owned(),
    }
}

/// The user's flags and the toolchain's; rgo's others are paths, and said elsewhere.
fn rustflags(prepared: &Prepared, plan: &TargetPlan) -> String {
    let hidden = |flag: &&String| {
        let path = |text: &str| text.split(['=', ',', ':']).any(|part| part.starts_with('/'));
        !path(flag)
    };
    let user = plan.flags.user.iter().chain(&prepared.request.rustc_flags);
    let all: Vec<&str> =
        user.chain(&plan.toolchain.rustflags).filter(hidden).map(String::as_str).collect();
    all.join(" ")
}

fn strip(mode: StripMode) -> &'static str {
    match mode {
        StripMode::None => "none",
        StripMode::Debug => "debug",
        StripMode::All => "all",
        StripMode::Split => "split",
    }
}
