//! Makes the note of a Go program. Go's own build information stays as Go wrote it; the note has
//! what Go does not know: zig, floors, how C code was compiled, and the values of `-X`.

use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::embedded::go_slot::GoSlot;

use super::GoBuild;
use super::target::GoTarget;
use crate::go::cgo::Cgo;
use crate::request::StripMode;
use crate::toolchain::Floor;

/// Room for longer values, in bytes, beside that of the slots.
const SPARE: u32 = 64;

/// The text of the note for a program with these slots.
///
/// No line may contain a path of this machine: the note is part of bytes that must be the same from
/// any folder.
pub(super) fn text(build: &GoBuild, target: &GoTarget, package: &str, slots: &[GoSlot]) -> String {
    let mut settings: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            settings.push((key.to_owned(), value.to_owned()));
        }
    };
    let toolchain = target.settings.toolchain;
    add("toolchain", &toolchain.name);
    match &target.floor {
        Some(Floor::Glibc(version)) if target.settings.cgo == Cgo::Zig => add("glibc", version),
        Some(Floor::Macos(version)) => add("macos", version),
        _ => {}
    }
    add(
        "cgo",
        match target.settings.cgo {
            Cgo::Off => "off",
            Cgo::Zig => "zig",
            Cgo::Own => "CC",
        },
    );
    add("zig", target.zig_version.as_deref().unwrap_or_default());
    add("rgo", env!("CARGO_PKG_VERSION"));
    add(
        "strip",
        match build.context.strip {
            StripMode::None => "none",
            StripMode::Debug => "debug",
            StripMode::All => "all",
            StripMode::Split => "split",
        },
    );
    for (name, value) in &build.context.values {
        if slots.iter().any(|slot| slot.name == *name) {
            add("-X", &format!("{name}={value}"));
        }
    }
    BuildInfo {
        toolchain: build.go.version.clone(),
        rgo: Some(env!("CARGO_PKG_VERSION").to_owned()),
        path: package.to_owned(),
        settings,
        ..BuildInfo::default()
    }
    .to_string()
}

/// Room for a note's text, and for the longest values that its slots can have. Quotes can double a
/// value.
pub(super) fn capacity(text: &str, slots: &[GoSlot]) -> u32 {
    let values = slots.iter().map(|slot| slot.capacity.saturating_mul(2)).sum::<u32>();
    let used = u32::try_from(text.len()).unwrap_or(u32::MAX);
    used.saturating_add(values).saturating_add(SPARE).next_multiple_of(16)
}
