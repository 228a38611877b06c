//! Examines the machine for `rgo-build doctor`: the parts that a build needs, their condition, and
//! the command that repairs each. Returns data; the command prints it.

mod machine;
mod toolchain;

use std::error::Error;
use std::fmt::Display;

use rgo_binary::system::Os;
use serde::Serialize;

use crate::cache::{Cache, Env};
use crate::cargo::compiler::{Compiler, CompilerError};
use crate::causes::with_causes;
use crate::go::compiler::Go;
use crate::go::error::GoError;
use crate::target_spec;
use crate::toolchain::Toolchain;
use crate::zig;

/// The condition of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Condition {
    /// `compiler`, `go`, `zig`, `git`, `dsymutil`, `std`, `linker`, `runner`, `debugger`, `ptrace`, `cache`.
    pub what: &'static str,
    /// Whether builds can use it.
    pub state: State,
    /// A description of what rgo found.
    pub detail: String,
    /// The repair: one command or step, or several, each of which is enough.
    pub mend: Vec<String>,
}

impl Condition {
    fn new(what: &'static str, state: State, detail: impl Display) -> Self {
        Self { what, state, detail: detail.to_string(), mend: Vec::new() }
    }

    fn ok(what: &'static str, detail: impl Display) -> Self {
        Self::new(what, State::Ok, detail)
    }

    fn on_demand(what: &'static str, detail: impl Display) -> Self {
        Self::new(what, State::OnDemand, detail)
    }

    fn optional(what: &'static str, detail: impl Display, mend: Option<impl Into<String>>) -> Self {
        let mend = mend.map(Into::into).into_iter().collect();
        Self { mend, ..Self::new(what, State::Optional, detail) }
    }

    /// A missing part: its error in one line, and the steps, each of which repairs it.
    fn missing(
        what: &'static str,
        error: &dyn Error,
        mend: impl IntoIterator<Item = String>,
    ) -> Self {
        let text = with_causes(error);
        let detail: Vec<&str> = text.lines().map(str::trim).collect();
        let mend = mend.into_iter().collect();
        Self { mend, ..Self::new(what, State::Missing, detail.join("; ")) }
    }
}

/// Whether builds can use a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It works.
    Ok,
    /// The first build will make it.
    OnDemand,
    /// It is missing, and builds work without it.
    Optional,
    /// It is missing, and builds fail without it.
    Missing,
}

/// The conditions for one toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Checkup {
    /// The toolchain's name.
    pub toolchain: String,
    /// The target triple.
    pub triple: String,
    /// Whether a build for it can start.
    pub builds: bool,
    /// The conditions of its parts.
    pub findings: Vec<Condition>,
}

/// The result of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Diagnosis {
    /// The conditions of the parts that all toolchains share.
    pub machine: Vec<Condition>,
    /// The conditions for each toolchain.
    pub toolchains: Vec<Checkup>,
}

impl Diagnosis {
    /// Whether builds for all examined toolchains can start.
    pub fn well(&self) -> bool {
        self.toolchains.iter().all(|t| t.builds)
    }
}

/// The builders that the project needs. A part of another builder is optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Whether cargo builds it.
    pub cargo: bool,
    /// Whether go builds it.
    pub go: bool,
}

/// What is known of the machine before the examination.
pub struct Machine<'a> {
    /// The builders that the project needs.
    pub needed: Needed,
    /// The compiler of Rust.
    pub compiler: &'a Result<Compiler, CompilerError>,
    /// Go.
    pub go: &'a Result<Go, GoError>,
    /// The cache.
    pub cache: &'a Cache,
    /// Whether builds of the project need zig. Asked only if there is none.
    pub needs_zig: &'a dyn Fn() -> bool,
    /// The environment.
    pub env: Env<'a>,
    /// The linker that the user's configuration names for a toolchain.
    pub linker: &'a dyn Fn(&Toolchain) -> Option<String>,
    /// Whether there is no network.
    pub offline: bool,
}

/// Examines the machine for these toolchains. Changes nothing and fetches nothing.
pub fn examine(toolchains: &[&Toolchain], known: &Machine<'_>) -> Diagnosis {
    let zig = zig::find(known.cache, known.env);
    let darwin = toolchains.iter().any(|toolchain| toolchain.is(Os::Darwin));
    let machine = machine::findings(known, &zig, darwin);
    let is_missing = |what: &str| {
        machine.iter().any(|finding| finding.what == what && finding.state == State::Missing)
    };
    let has_builders = !is_missing("compiler") && !is_missing("go");
    let no_zig = is_missing("zig");
    let checkup = |toolchain: &&Toolchain| {
        let findings = of_toolchain(toolchain, known);
        let builds = has_builders
            && !(toolchain.zig.is_some() && no_zig)
            && !findings.iter().any(|finding| finding.state == State::Missing);
        let Toolchain { name, triple, .. } = toolchain;
        Checkup { toolchain: name.clone(), triple: triple.clone(), builds, findings }
    };
    let toolchains = toolchains.iter().map(checkup).collect();
    Diagnosis { machine, toolchains }
}

fn of_toolchain(toolchain: &Toolchain, known: &Machine<'_>) -> Vec<Condition> {
    let Machine { needed, cache, env, offline, .. } = *known;
    let mut findings = Vec::new();
    if let (true, Ok(compiler)) = (needed.cargo, known.compiler) {
        findings.push(toolchain::std(toolchain, compiler, cache, offline));
    }
    let host = match known.compiler {
        Ok(compiler) => compiler.version.host.clone(),
        Err(_) => target_spec::this_machine(),
    };
    findings.push(toolchain::runner(toolchain, &host, env));
    if toolchain.zig.is_none() && needed.cargo {
        findings.push(toolchain::linker(toolchain, (known.linker)(toolchain).as_deref()));
    }
    if needed.go && toolchain.variant.is_some() {
        let error = GoError::not_for(toolchain);
        findings.push(Condition::missing("go", &error, error.hint()));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::std_lib::StdError;
    use crate::toolchain::by_name;
    use camino::Utf8Path;

    #[test]
    fn what_is_missing_names_what_mends_it() {
        let diagnoses = {
            let dir = tempfile::tempdir().unwrap();
            let cache = Cache::at(Utf8Path::from_path(dir.path()).unwrap()).unwrap();
            let named = |name: &str| (name == "RGO_ZIG").then(|| "/no/zig".to_owned());
            let linux = by_name("linux-amd64").unwrap();
            [(true, false), (false, true), (true, true)].map(|(cargo, go)| {
                let known = Machine {
                    needed: Needed { cargo, go },
                    compiler: &Err(CompilerError::NoCargo),
                    go: &Err(GoError::NoGo),
                    cache: &cache,
                    needs_zig: &|| true,
                    env: &named,
                    linker: &|_| None,
                    offline: true,
                };
                examine(&[linux], &known)
            })
        };
        let expected = [&["compiler", "zig"][..], &["go", "zig"], &["compiler", "go", "zig"]];
        for (diagnosis, expected) in diagnoses.iter().zip(expected) {
            assert!(!diagnosis.well());
            let broken: Vec<_> =
                diagnosis.machine.iter().filter(|f| f.state == State::Missing).collect();
            assert_eq!(broken.iter().map(|f| f.what).collect::<Vec<_>>(), expected);
            assert!(
                broken.iter().all(|f| !f.mend.is_empty() && !f.detail.contains("hint")),
                "{broken:?}"
            );
        }
    }

    #[test]
    fn no_finding_has_two_lines_in_one() {
        let words = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        let unavailable = StdError::Unavailable {
            triple: "t".to_owned(),
            tried: words(&["no a", "no b"]),
            ways: words(&["first", "second   # why"]),
            release: "1".to_owned(),
        };
        let store = StdError::Store {
            triple: "t".to_owned(),
            path: "/p".into(),
            source: std::io::Error::other("it is gone"),
        };
        for (error, detail, mend) in [
            (
                unavailable,
                "there is no standard library for t with rustc 1; no a; no b",
                &["first", "second   # why"][..],
            ),
            (store, "cannot store the standard library for t at /p: it is gone", &[]),
        ] {
            let finding = Condition::missing("std", &error, error.ways());
            assert_eq!((finding.detail.as_str(), finding.mend), (detail, words(mend)));
        }
    }
}
