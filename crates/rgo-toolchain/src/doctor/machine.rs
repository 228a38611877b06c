//! Checks what all toolchains on this machine share: the compiler, zig, the cache, and tools that
//! some uses need.

use camino::Utf8PathBuf;

use super::{Condition, Machine, State};
use crate::cache::Cache;
use crate::cargo::compiler::{Compiler, CompilerError};
use crate::dsymutil;
use crate::exec::{self, Cmd};
use crate::go::compiler::Go;
use crate::go::error::GoError;
use crate::zig::{self, Zig, ZigError};

/// The conditions of all of them. `darwin`: the check includes a toolchain for macOS.
pub(super) fn findings(
    known: &Machine<'_>,
    zig: &Result<Option<Zig>, ZigError>,
    darwin: bool,
) -> Vec<Condition> {
    let mut findings = vec![
        if_needed(&|| known.needed.cargo, of_compiler(known.compiler)),
        if_needed(&|| known.needed.go, of_go(known.go)),
        if_needed(known.needs_zig, of_zig(zig, known.cache, known.offline)),
        Condition::ok("cache", known.cache.root()),
        tool(
            "git",
            exec::find_program("git"),
            "git is not installed: programs will not say of which commit they are",
            "apt-get install git",
        ),
    ];
    if darwin {
        findings.push(tool(
            "dsymutil",
            dsymutil::find(),
            "there is none: for darwin neither --strip split is possible nor debug data of Go programs with C code",
            "apt-get install llvm",
        ));
    }
    findings.extend(debuggers(&|name| exec::find_program(name).is_some()));
    findings.extend(ptrace(&|path| std::fs::read_to_string(path).ok()));
    findings
}

fn of_compiler(compiler: &Result<Compiler, CompilerError>) -> Condition {
    match compiler {
        Ok(found) => Condition::ok(
            "compiler",
            format!(
                "{} at {}, with {} (by {})",
                found.version.line, found.rustc, found.cargo, found.choice
            ),
        ),
        Err(error) => Condition::missing("compiler", error, error.hint()),
    }
}

fn of_go(go: &Result<Go, GoError>) -> Condition {
    match go {
        Ok(found) => Condition::ok(
            "go",
            format!("{} at {} (by {})", found.version, found.program, found.chosen_by),
        ),
        Err(error) => Condition::missing("go", error, error.hint()),
    }
}

/// A part is optional if the builds of the project do not need it.
fn if_needed(is_needed: &dyn Fn() -> bool, finding: Condition) -> Condition {
    match finding.state {
        State::Missing if !is_needed() => Condition { state: State::Optional, ..finding },
        _ => finding,
    }
}

fn of_zig(zig: &Result<Option<Zig>, ZigError>, cache: &Cache, offline: bool) -> Condition {
    match zig {
        Ok(Some(found)) => Condition::ok(
            "zig",
            format!("{} at {} (by {})", found.version, found.program, found.found),
        ),
        Ok(None) if offline => no_zig(&ZigError::Offline { pin: zig::pinned_version() }),
        Ok(None) => fetched("none", cache),
        Err(ZigError::TooOld { found, program, named: false, .. }) if !offline => {
            fetched(&format!("{found} at {program} is too old"), cache)
        }
        Err(error) => no_zig(error),
    }
}

fn no_zig(error: &ZigError) -> Condition {
    Condition::missing("zig", error, error.hint())
}

/// The condition of a zig that the first build will fetch, if it can. `now` describes what is
/// installed.
fn fetched(now: &str, cache: &Cache) -> Condition {
    if let Err(error) = zig::to_be_fetched(cache) {
        return no_zig(&error);
    }
    let python = exec::find_program("python3").or_else(|| exec::find_program("python"));
    let pip = python
        .is_some_and(|python| Cmd::new(python).args(["-m", "pip", "--version"]).capture().is_ok());
    if !pip {
        let why = "python3 has no pip".to_owned();
        return no_zig(&ZigError::Fetch { why, pin: zig::pinned_version() });
    }
    let pin = zig::pinned_version();
    Condition::on_demand("zig", format!("{now}; the first build fetches {pin} by pip"))
}

/// The condition of a tool that some uses need.
fn tool(what: &'static str, found: Option<Utf8PathBuf>, lack: &str, mend: &str) -> Condition {
    match found {
        Some(path) => Condition::ok(what, path),
        None => Condition::optional(what, lack, Some(mend)),
    }
}

fn debuggers(there: &dyn Fn(&str) -> bool) -> Vec<Condition> {
    [
        ("gdb", "apt-get install gdb"),
        ("lldb", "apt-get install lldb"),
        ("dlv", "go install github.com/go-delve/delve/cmd/dlv@latest"),
    ]
    .into_iter()
    .map(|(name, mend)| match there(name) {
        true => Condition::ok("debugger", name),
        false => Condition::optional("debugger", format!("{name} is not installed"), Some(mend)),
    })
    .collect()
}

/// Whether a debugger may attach to processes, from what the kernel and the container show. `None`
/// on systems other than Linux.
fn ptrace(read: &dyn Fn(&str) -> Option<String>) -> Option<Condition> {
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
    Some(match state {
        State::Ok => Condition::ok("ptrace", detail),
        _ => Condition::optional("ptrace", detail, mend),
    })
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_debugger_that_is_not_there_is_no_fault() {
        let found = debuggers(&|name| name == "gdb");
        assert_eq!((found[0].state, found[1].state), (State::Ok, State::Optional));
        assert_eq!(found[1].mend, ["apt-get install lldb"]);
    }
}
