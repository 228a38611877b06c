//! Finds a runner for a toolchain's programs: this machine itself, or a program that the
//! toolchain's file names, such as an emulator.

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::Arch;
use serde::Serialize;

use crate::exec::{self, Cmd};
use crate::target_spec::host_toolchain;
use crate::toolchain::{RunnerSpec, Toolchain};

/// A way to run programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Runner {
    /// The machine runs them directly.
    Native,
    /// Another program runs them.
    Through {
        /// The other program.
        #[schemars(with = "String")]
        program: Utf8PathBuf,
        /// The arguments before the path of the program to run.
        args: Vec<String>,
    },
    /// Nothing on this machine runs them.
    None {
        /// The reason.
        why: String,
        /// The step that provides a runner, if there is one.
        mend: Option<String>,
    },
}

impl Runner {
    /// The command that runs `program` with these arguments; `None` without a runner.
    pub fn command(&self, program: &Utf8Path, args: &[String]) -> Option<Cmd> {
        match self {
            Runner::Native => Some(Cmd::new(program).args(args.iter().cloned())),
            Runner::Through { program: runner, args: before } => {
                let cmd =
                    Cmd::new(runner.clone()).args(before.iter().cloned()).arg(program.as_str());
                Some(cmd.args(args.iter().cloned()))
            }
            Runner::None { .. } => None,
        }
    }
}

/// Finds the runner for a toolchain's programs on a host with this triple.
pub fn find(toolchain: &Toolchain, host_triple: &str) -> Runner {
    choose(toolchain, host_triple, &exec::find_program, &|path| Utf8Path::new(path).exists())
}

fn choose(
    toolchain: &Toolchain,
    host_triple: &str,
    program: &dyn Fn(&str) -> Option<Utf8PathBuf>,
    exists: &dyn Fn(&str) -> bool,
) -> Runner {
    let is_native = |host: &Toolchain| {
        // A processor for amd64 runs programs for 386 too.
        let is_narrower = host.arch == Arch::Amd64 && toolchain.arch.name() == "386";
        host.os == toolchain.os && (host.arch == toolchain.arch || is_narrower)
    };
    if host_toolchain(host_triple).is_some_and(is_native) {
        return Runner::Native;
    }
    let Some(spec) = &toolchain.runner else {
        return Runner::None {
            why: format!("nothing here runs {} programs", toolchain.spec()),
            mend: None,
        };
    };
    let mend = || Some(format!("apt-get install {}", spec.debian.join(" ")));
    let Some(found) = spec.programs.iter().find_map(|name| program(name)) else {
        return Runner::None { why: format!("{} is not installed", names(spec)), mend: mend() };
    };
    match spec.needs.iter().find(|path| !exists(path)) {
        Some(missing) => Runner::None { why: format!("{missing} is missing"), mend: mend() },
        None => Runner::Through { program: found, args: spec.args.clone() },
    }
}

fn names(spec: &RunnerSpec) -> &str {
    spec.programs.first().map_or("its runner", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::by_name;

    #[test]
    fn who_runs_what() {
        let linux = "x86_64-unknown-linux-gnu";
        let there = |name: &str| Some(Utf8PathBuf::from(format!("/usr/bin/{name}")));
        let run =
            |name: &str, host: &str, program: &dyn Fn(&str) -> Option<Utf8PathBuf>, files: bool| {
                choose(by_name(name).unwrap(), host, program, &|_| files)
            };
        assert_eq!(run("linux-amd64-static", linux, &there, true), Runner::Native);
        assert_eq!(run("darwin-arm64", "aarch64-apple-darwin", &there, true), Runner::Native);
        let qemu = run("linux-arm64", linux, &there, true);
        let line = qemu.command("/p".into(), &["-v".into()]).unwrap().to_string();
        assert_eq!(line, "/usr/bin/qemu-aarch64 -L /usr/aarch64-linux-gnu /p -v");
        let Runner::None { why, mend } = run("linux-arm64", linux, &there, false) else { panic!() };
        assert!(why.contains("ld-linux-aarch64") && mend.unwrap().contains("libc6-arm64-cross"));
        let Runner::None { mend, .. } = run("windows-amd64", linux, &|_| None, true) else {
            panic!()
        };
        assert_eq!(mend.as_deref(), Some("apt-get install wine64"));
        assert!(matches!(
            run("darwin-arm64", linux, &there, true),
            Runner::None { mend: None, .. }
        ));
    }
}
