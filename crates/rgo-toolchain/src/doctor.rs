//! What is there, what is missing, and the command that mends it: facts for `rgo-build doctor`, as data.

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::cache::{Cache, Env};
use crate::compiler::{Compiler, CompilerError};
use crate::dsymutil;
use crate::exec;
use crate::runner::{self, Runner};
use crate::std_lib::{self, StdPlan};
use crate::target::Toolchain;
use crate::zig::{self, Zig, ZigError};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `compiler`, `zig`, `git`, `dsymutil`, `std`, `linker`, `runner`, `debugger`, `ptrace`, `cache`.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was found, in words.
    pub detail: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It works.
    Ok,
    /// It will be made at the first build.
    OnDemand,
    /// It is missing, and builds go on without it.
    Optional,
    /// It is missing, and builds fail without it.
    Missing,
}

/// One toolchain's findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkup {
    /// The toolchain's name.
    pub toolchain: String,
    /// Its triple.
    pub triple: String,
    /// Whether a build for it can begin.
    pub builds: bool,
    /// What was looked at.
    pub findings: Vec<Finding>,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What all toolchains share.
    pub machine: Vec<Finding>,
    /// Each toolchain.
    pub toolchains: Vec<Checkup>,
}

impl Diagnosis {
    /// Whether every toolchain that was looked at can be built for.
    pub fn well(&self) -> bool {
        self.toolchains.iter().all(|t| t.builds)
    }
}

/// Looks at the machine and these toolchains. Changes nothing and fetches nothing.
pub fn examine(
    toolchains: &[&Toolchain],
    compiler: &Result<Compiler, CompilerError>,
    cache: &Cache,
    env: Env<'_>,
    offline: bool,
) -> Diagnosis {
    let zig = zig::find(cache, env);
    let mut machine = vec![of_compiler(compiler), of_zig(&zig, offline)];
    machine.push(Finding {
        what: "cache",
        state: State::Ok,
        detail: cache.root().to_string(),
        mend: None,
    });
    machine.push(tool(
        "git",
        exec::find_program("git"),
        "git is not installed: programs will not say of which commit they are",
        "apt-get install git",
    ));
    if toolchains.iter().any(|toolchain| toolchain.is("darwin")) {
        machine.push(tool(
            "dsymutil",
            dsymutil::find(),
            "there is none: --strip split is not possible for darwin",
            "apt-get install llvm",
        ));
    }
    machine.extend(debuggers(&|name| exec::find_program(name).is_some()));
    machine.extend(ptrace(&|path| std::fs::read_to_string(path).ok()));
    let zig_comes = matches!(&zig, Ok(Some(_))) || (matches!(&zig, Ok(None)) && !offline);
    let toolchains = toolchains
        .iter()
        .map(|toolchain| {
            let mut findings = Vec::new();
            if let Ok(compiler) = compiler {
                findings.push(of_std(toolchain, compiler, cache, offline));
                findings.push(of_runner(toolchain, &compiler.version.host));
            }
            if toolchain.zig.is_none() {
                findings.push(of_own_linker(toolchain, cfg!(windows)));
            }
            let builds = compiler.is_ok()
                && (toolchain.zig.is_none() || zig_comes)
                && findings.iter().all(|f| f.state != State::Missing);
            Checkup {
                toolchain: toolchain.name.clone(),
                triple: toolchain.triple.clone(),
                builds,
                findings,
            }
        })
        .collect();
    Diagnosis { machine, toolchains }
}

/// An error's first line is what is wrong; its `hint:` is what mends it.
fn missing(what: &'static str, error: &dyn std::fmt::Display) -> Finding {
    let text = error.to_string();
    let (detail, hint) = match text.split_once("\nhint: ") {
        Some((detail, hint)) => (detail, Some(hint.to_owned())),
        None => (text.as_str(), None),
    };
    Finding { what, state: State::Missing, detail: detail.to_owned(), mend: hint }
}

fn of_compiler(compiler: &Result<Compiler, CompilerError>) -> Finding {
    match compiler {
        Ok(found) => Finding {
            what: "compiler",
            state: State::Ok,
            detail: format!(
                "{} at {}, with {} (by {})",
                found.version.line, found.rustc, found.cargo, found.choice
            ),
            mend: None,
        },
        Err(error) => missing("compiler", error),
    }
}

fn of_zig(zig: &Result<Option<Zig>, ZigError>, offline: bool) -> Finding {
    let install = format!("pip install ziglang=={}", zig::pinned_version());
    match zig {
        Ok(Some(found)) => Finding {
            what: "zig",
            state: State::Ok,
            detail: format!("{} at {} (by {})", found.version, found.program, found.found),
            mend: None,
        },
        Ok(None) if offline => Finding {
            what: "zig",
            state: State::Missing,
            detail: "none, and offline".into(),
            mend: Some(install),
        },
        Ok(None) if exec::find_program("python3").is_none() => Finding {
            what: "zig",
            state: State::Missing,
            detail: "none, and no python3 whose pip could fetch it".into(),
            mend: Some("apt-get install python3-pip".into()),
        },
        Ok(None) => Finding {
            what: "zig",
            state: State::OnDemand,
            detail: format!("none; {} is fetched at the first build", zig::pinned_version()),
            mend: Some(install),
        },
        Err(error) => missing("zig", error),
    }
}

fn of_std(toolchain: &Toolchain, compiler: &Compiler, cache: &Cache, offline: bool) -> Finding {
    let finding = |state, detail: String, mend| Finding { what: "std", state, detail, mend };
    match std_lib::plan(compiler, toolchain, cache, offline) {
        Ok(StdPlan::Ready(std_lib)) => {
            let place = std_lib.sysroot.as_ref().unwrap_or(&compiler.sysroot);
            finding(State::Ok, format!("{} in {place}", std_lib.origin), None)
        }
        Ok(StdPlan::Rustup { command, source }) => {
            let otherwise = if source.is_some() { ", else built from source" } else { "" };
            finding(
                State::OnDemand,
                format!("asked of rustup at the first build{otherwise}"),
                Some(command.to_string()),
            )
        }
        Ok(StdPlan::Build(source)) => finding(
            State::OnDemand,
            format!("built from {} at the first build", source.library),
            None,
        ),
        Err(error) => missing("std", &error),
    }
}

fn of_runner(toolchain: &Toolchain, host: &str) -> Finding {
    let finding = |state, detail: String, mend| Finding { what: "runner", state, detail, mend };
    match runner::find(toolchain, host) {
        Runner::Native => finding(State::Ok, "this machine".into(), None),
        Runner::Through { program, .. } => finding(State::Ok, program.into_string(), None),
        Runner::None { why, mend } => finding(State::Optional, why, mend),
    }
}

fn of_own_linker(toolchain: &Toolchain, windows: bool) -> Finding {
    let finding = |state, detail: &str, mend: Option<&str>| Finding {
        what: "linker",
        state,
        detail: detail.to_owned(),
        mend: mend.map(str::to_owned),
    };
    if toolchain.is(std::env::consts::OS) && windows {
        finding(State::Ok, "Microsoft's, which rustc finds by itself", None)
    } else {
        finding(
            State::Missing,
            "Microsoft's linker runs on Windows alone",
            Some("build on Windows, or for the toolchain without `msvc`"),
        )
    }
}

/// A tool that some uses need.
fn tool(what: &'static str, found: Option<Utf8PathBuf>, lack: &str, mend: &str) -> Finding {
    match found {
        Some(path) => Finding { what, state: State::Ok, detail: path.into_string(), mend: None },
        None => Finding {
            what,
            state: State::Optional,
            detail: lack.to_owned(),
            mend: Some(mend.to_owned()),
        },
    }
}

fn debuggers(there: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    [
        ("gdb", "apt-get install gdb"),
        ("lldb", "apt-get install lldb"),
        ("dlv", "go install github.com/go-delve/delve/cmd/dlv@latest"),
    ]
    .into_iter()
    .map(|(name, mend)| {
        let found = there(name);
        Finding {
            what: "debugger",
            state: if found { State::Ok } else { State::Optional },
            detail: if found { name.to_owned() } else { format!("{name} is not installed") },
            mend: (!found).then(|| mend.to_owned()),
        }
    })
    .collect()
}

/// Whether a debugger may attach, as far as the kernel and the container tell. Nothing outside of Linux.
fn ptrace(read: &dyn Fn(&str) -> Option<String>) -> Option<Finding> {
    const YAMA: &str = "/proc/sys/kernel/yama/ptrace_scope";
    let status = read("/proc/self/status")?;
    let seccomp = field(&status, "Seccomp").is_some_and(|v| v == "2");
    // Bit 19 of the effective capabilities is CAP_SYS_PTRACE (linux/capability.h).
    let capable = field(&status, "CapEff")
        .and_then(|v| u64::from_str_radix(v, 16).ok())
        .is_some_and(|c| c >> 19 & 1 == 1);
    let scope = read(YAMA).and_then(|s| s.trim().parse::<u8>().ok()).unwrap_or(0);
    let (state, detail, mend) = match scope {
        0 => (State::Ok, "debuggers may attach to your own processes".to_owned(), None),
        1 | 2 if capable => (State::Ok, "debuggers may attach (CAP_SYS_PTRACE)".to_owned(), None),
        1 => (
            State::Optional,
            "debuggers may start programs, but not attach to running ones".to_owned(),
            Some("sysctl kernel.yama.ptrace_scope=0"),
        ),
        2 => (
            State::Optional,
            "only root may debug".to_owned(),
            Some("sysctl kernel.yama.ptrace_scope=1"),
        ),
        _ => (
            State::Optional,
            "nobody may debug until the next boot".to_owned(),
            Some("set kernel.yama.ptrace_scope=1 in /etc/sysctl.d and reboot"),
        ),
    };
    let detail = if seccomp && !capable {
        format!(
            "{detail}; this is a container with a seccomp filter, which may forbid it (docker: --cap-add=SYS_PTRACE)"
        )
    } else {
        detail
    };
    Some(Finding { what: "ptrace", state, detail, mend: mend.map(str::to_owned) })
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::by_name;
    use camino::Utf8Path;

    #[test]
    fn ptrace_in_all_its_states() {
        let table = [
            ("0", "0", "0000000000000000", State::Ok, "may attach"),
            ("1", "0", "0000000000000000", State::Optional, "not attach"),
            ("1", "0", "000001ffffffffff", State::Ok, "CAP_SYS_PTRACE"),
            ("2", "2", "00000000a80425fb", State::Optional, "seccomp"),
            ("3", "0", "000001ffffffffff", State::Optional, "next boot"),
        ];
        for (scope, seccomp, caps, state, words) in table {
            let read = |path: &str| {
                Some(if path.contains("yama") {
                    format!("{scope}\n")
                } else {
                    format!("Name:\tx\nCapEff:\t{caps}\nSeccomp:\t{seccomp}\n")
                })
            };
            let finding = ptrace(&read).unwrap();
            assert!(
                finding.state == state && finding.detail.contains(words),
                "{scope} {finding:?}"
            );
        }
        assert_eq!(ptrace(&|_| None), None);
    }

    #[test]
    fn what_is_missing_names_what_mends_it() {
        let error = CompilerError::NoCargo;
        let diagnosis = {
            let dir = tempfile::tempdir().unwrap();
            let cache = Cache::at(Utf8Path::from_path(dir.path()).unwrap()).unwrap();
            let named = |name: &str| (name == "RGO_ZIG").then(|| "/no/zig".to_owned());
            examine(&[by_name("linux-amd64").unwrap()], &Err(error), &cache, &named, true)
        };
        assert!(!diagnosis.well());
        let broken: Vec<_> =
            diagnosis.machine.iter().filter(|f| f.state == State::Missing).collect();
        assert_eq!(broken.iter().map(|f| f.what).collect::<Vec<_>>(), ["compiler", "zig"]);
        assert!(
            broken.iter().all(|f| f.mend.is_some() && !f.detail.contains("hint")),
            "{broken:?}"
        );
        let found = debuggers(&|name| name == "gdb");
        assert_eq!((found[0].state, found[1].state), (State::Ok, State::Optional));
        assert_eq!(
            of_own_linker(by_name("windows-amd64-msvc").unwrap(), false).state,
            State::Missing
        );
    }
}
