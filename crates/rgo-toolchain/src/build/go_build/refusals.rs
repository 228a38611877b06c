//! What a target cannot have: rgo refuses it before go builds a file that would not work.

use rgo_binary::system::Os;

use crate::go::cgo::Cgo;
use crate::go::command::GoCall;
use crate::go::error::GoError;
use crate::go::flags;
use crate::go::options::{GoMode, GoOptions};
use crate::go::race;
use crate::toolchain::{Libc, Toolchain};

/// Flags of go that rgo decides itself, with its own flag.
const OWN: [(&str, &str); 7] = [
    ("o", "-o DIR"),
    ("C", "-C DIR"),
    ("buildmode", "--buildmode"),
    ("race", "--race"),
    ("trimpath", "--no-trimpath, or nothing: paths are trimmed"),
    ("n", "-n"),
    ("json", "--format json"),
];

/// Checks whether a target can have what the call asks for.
///
/// # Errors
/// [`GoError::Refused`].
pub(super) fn check(
    target: &Toolchain,
    options: &GoOptions,
    call: &GoCall<'_>,
) -> Result<(), GoError> {
    let refuse = |what: String, hint: &str| {
        Err(GoError::Refused { target: target.name.clone(), what, hint: hint.to_owned() })
    };
    let mode = options.mode.unwrap_or(GoMode::Exe);
    let is_musl = target.is(Os::Linux) && target.libc == [Libc::Static] && target.zig.is_some();
    if mode.is_library() && is_musl {
        let what = format!(
            "Go's {} crashes or cannot be loaded with musl, the C library of this target",
            mode.name()
        );
        return refuse(what, &format!("--target {}/{}, which has glibc", target.os, target.arch));
    }
    if options.race && !race::is_on_platform(target) {
        return refuse(
            format!("--race: Go has no race detector for {}", race::platform(target)),
            &format!("it has one for {}", race::PLATFORMS.join(", ")),
        );
    }
    let given = |flag: &str, name: &str| {
        let plain = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-')).unwrap_or_default();
        plain.split('=').next() == Some(name)
    };
    for (name, own) in OWN {
        if options.go_flags.iter().any(|flag| given(flag, name)) {
            return refuse(
                format!("--go-flag -{name}: rgo-build decides this"),
                &format!("take {own}"),
            );
        }
    }
    for name in ["asan", "msan"] {
        let environment = flags::split(call.go.setting("GOFLAGS").unwrap_or_default());
        let mut all = options.go_flags.iter().cloned().chain(environment.unwrap_or_default());
        if all.any(|flag| given(&flag, name)) {
            let what = format!("-{name}: zig has no runtime of this sanitizer");
            return refuse(what, "build with go itself and a C compiler that has it");
        }
    }
    Ok(())
}

/// Checks whether the C code of a target can be linked as the call asks for.
///
/// # Errors
/// [`GoError::Refused`].
pub(super) fn check_link(target: &Toolchain, cgo: Cgo, call: &GoCall<'_>) -> Result<(), GoError> {
    // zig's C library for Windows has functions, such as fprintf, that only zig's linker finds.
    match call.internal_linking().filter(|_| target.is(Os::Windows) && cgo == Cgo::Zig) {
        None => Ok(()),
        Some(given) => Err(GoError::Refused {
            target: target.name.clone(),
            what: format!(
                "{given}: Go's own linker cannot link C code for windows with zig's C library"
            ),
            hint: format!("leave {given} out, and zig links"),
        }),
    }
}
