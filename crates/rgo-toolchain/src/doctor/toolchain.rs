//! Checks the parts that one toolchain needs beside the machine's tools: its standard library, its
//! linker, and a runner for its programs on this machine.

use camino::Utf8Path;

use super::Condition;
use crate::cache::{Cache, Env};
use crate::cargo::compiler::Compiler;
use crate::exec;
use crate::own_linker;
use crate::runner::{self, Runner};
use crate::std_lib::{self, StdPlan};
use crate::toolchain::Toolchain;
use crate::wine::{self, Has};

/// The condition of the standard library.
pub(super) fn std(
    toolchain: &Toolchain,
    compiler: &Compiler,
    cache: &Cache,
    offline: bool,
) -> Condition {
    match std_lib::plan(compiler, toolchain, cache, offline) {
        Ok(StdPlan::Ready(std_lib)) => {
            let place = std_lib.sysroot.as_ref().unwrap_or(&compiler.sysroot);
            Condition::ok("std", format!("{} in {place}", std_lib.origin))
        }
        Ok(StdPlan::Rustup { source, .. }) => {
            let otherwise = if source.is_some() { ", or else builds it from source" } else { "" };
            Condition::on_demand("std", format!("the first build adds it by rustup{otherwise}"))
        }
        Ok(StdPlan::Build(source)) => {
            Condition::on_demand("std", format!("the first build makes it from {}", source.library))
        }
        Err(error) => Condition::missing("std", &error, error.ways()),
    }
}

/// The condition of the linker, for a toolchain that zig does not link. `named` is the linker in
/// the user's configuration.
pub(super) fn linker(toolchain: &Toolchain, named: Option<&str>) -> Condition {
    let program = |name: &str| exec::find_program(name);
    match own_linker::find(toolchain, named, std::env::consts::OS, &program) {
        Ok(words) => Condition::ok("linker", words),
        Err(error) => Condition::missing("linker", &error, error.hint()),
    }
}

/// The condition of the runner for the toolchain's programs.
pub(super) fn runner(toolchain: &Toolchain, host: &str, env: Env<'_>) -> Condition {
    match runner::find(toolchain, host) {
        Runner::Native => Condition::ok("runner", "this machine"),
        Runner::Through { program, .. } => {
            let real = program.canonicalize_utf8().unwrap_or_else(|_| program.clone());
            let exists = |path: &Utf8Path| path.is_file();
            let cpu = toolchain.triple.split('-').next().unwrap_or_default();
            let dlls = toolchain.runner.iter().flat_map(|runner| &runner.dlls);
            let found = dlls.map(|dll| (dll, wine::has(&real, cpu, dll, env, &exists)));
            through(&program, found)
        }
        Runner::None { why, mend } => Condition::optional("runner", why, mend),
    }
}

fn through<'d>(program: &Utf8Path, dlls: impl Iterator<Item = (&'d String, Has)>) -> Condition {
    let mut unknown = String::new();
    for (dll, has) in dlls {
        match has {
            Has::Yes => {}
            Has::Unknown => unknown.push_str(&format!("; whether it has {dll} is unknown")),
            Has::No => {
                return Condition::optional(
                    "runner",
                    format!(
                        "{program} has no {dll}, without which programs of Rust and Go do not start"
                    ),
                    Some(format!(
                        "install a newer wine, or put a {dll} into drive_c/windows/system32 of its prefix"
                    )),
                );
            }
        }
    }
    Condition::ok("runner", format!("{program}{unknown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_wine_without_what_rust_needs_is_not_ready() {
        let dll = "b.dll".to_owned();
        for (has, state, words) in [
            (Has::Yes, State::Ok, "/w"),
            (Has::No, State::Optional, "has no b.dll"),
            (Has::Unknown, State::Ok, "whether it has b.dll is unknown"),
        ] {
            let finding = through("/w".into(), [(&dll, has)].into_iter());
            assert_eq!(finding.state, state, "{has:?}");
            assert!(finding.detail.contains(words), "{}", finding.detail);
        }
    }

    #[test]
    #[cfg(not(windows))]
    fn microsofts_linker_is_missing_unless_named() {
        let msvc = crate::toolchain::by_name("windows-amd64-msvc").unwrap();
        assert_eq!(linker(msvc, Some("lld-link")).state, State::Ok);
        if exec::find_program("link.exe").is_none() {
            let finding = linker(msvc, None);
            assert_eq!(finding.state, State::Missing);
            let mend = finding.mend.join("\n");
            assert!(
                mend.contains("cargo xwin build --release --target x86_64-pc-windows-msvc"),
                "{mend}"
            );
        }
    }
}
